// Errors of the chain, the node and wallets in plain words: what happened, what was not done, what to do.
import { BaseError, type Hex, decodeErrorResult, parseAbi } from 'viem';

const errors = parseAbi([
  'error Error(string)',
  'error Panic(uint256)',
  'error ERC20InsufficientBalance(address sender, uint256 balance, uint256 needed)',
  'error ERC20InsufficientAllowance(address spender, uint256 allowance, uint256 needed)',
  'error AllowanceExpired(address owner, address spender, uint64 expiredAt)',
  'error ERC20InvalidReceiver(address receiver)',
  'error Expired(uint256 deadline)',
  'error TooLittle(uint256 amount, uint256 least)',
  'error WrapFirst(address token)',
  'error ExpiryInThePast(uint64 expiresAt)',
]);

const moved = 'The price moved, and less would have arrived than your minimum. Nothing was traded. Try again, or allow a larger tolerance.';
const texts: [RegExp, string][] = [
  [/INSUFFICIENT_OUTPUT_AMOUNT|EXCESSIVE_INPUT_AMOUNT|TooLittle/, moved],
  [/INSUFFICIENT_[AB]_AMOUNT/, 'The pool\'s price moved further than you allowed. Nothing was paid in. Try again.'],
  [/EXPIRED|Expired\b/, 'The deadline passed before the transaction got into a block. Nothing was done. Try again.'],
  [/INSUFFICIENT_LIQUIDITY_MINTED/, 'That is too little to buy a share of the pool.'],
  [/INSUFFICIENT_LIQUIDITY/, 'The pool does not hold enough for that.'],
  [/ETH_TRANSFER_FAILED/, 'The receiver refused the coin. Nothing was done.'],
  [/ERC20InsufficientBalance|INSUFFICIENT_BALANCE/, 'The account does not hold enough of this token.'],
  [/AllowanceExpired/, 'The allowance has expired.'],
  [/ERC20InsufficientAllowance/, 'The allowance is too small.'],
  [/ERC20InvalidReceiver/, 'The token cannot be sent to that address.'],
  [/WrapFirst/, 'Pools hold native tokens only: wrap this token through the gateway first.'],
  [/insufficient funds|InsufficientFunds|-38014|exceeds the balance/i, 'Not enough LIM for the amount and the network cost.'],
  [/nonce too low/i, 'Another transaction of this account was faster. Try again.'],
  [/Failed to fetch|NetworkError|HTTP request failed|fetch failed/i, 'The node does not answer. Nothing was sent. Check that it runs, then try again.'],
];

/** Words for what a call reverted with. */
export function revertReason(data?: Hex): string | undefined {
  if (!data || data === '0x') return undefined;
  try {
    const { errorName, args } = decodeErrorResult({ abi: errors, data });
    if (errorName === 'Error') return String(args?.[0]);
    return errorName;
  } catch {
    return undefined;
  }
}

export const inWords = (reason: string): string => texts.find(([pattern]) => pattern.test(reason))?.[1] ?? reason;

/** Whether a wallet's error says that its owner refused. */
export function isRefusal(error: unknown): boolean {
  const found = error instanceof BaseError ? error.walk((inner) => (inner as { code?: number }).code === 4001) : error;
  return (found as { code?: number } | null)?.code === 4001 || /user (rejected|denied)/i.test(String((error as Error)?.message));
}

export function explain(error: unknown): string {
  if (isRefusal(error)) return 'You refused in your wallet. Nothing was sent.';
  if (error instanceof BaseError) {
    const inner = error.walk((one) => typeof (one as { data?: unknown }).data === 'string') as { data?: Hex } | null;
    const reason = revertReason(inner?.data);
    return inWords(reason ?? error.details ?? error.shortMessage);
  }
  return inWords(error instanceof Error ? error.message : String(error));
}
