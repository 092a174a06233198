import { type Address, type Hex, encodeAbiParameters, encodeErrorResult, pad, parseAbi, toHex } from 'viem';
import { describe, expect, it } from 'vitest';
import { changesOf, withMargin } from './simulate';
import { inWords, isRefusal, revertReason } from './words';

const me = '0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266' as Address;
const other = '0x70997970C51812dc3A010C7d01b50e0d17dc79C8' as Address;
const usd = '0x5ebd612e948474880ef58727318b0ec9f697cc66' as Address;
const coin = '0xEeeeeEeeeEeEeeEeEeEeeEEEeeeeEeeeeeeeEEeE' as Address;
const TRANSFER = '0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef';
const DEPOSIT = '0xe1fffcc4923d04b559f4d29a8bfc6cda04eb5b0d3c460751c2402c5c5cc9109c';
const WITHDRAWAL = '0x7fcf532c15f0a6db0bd6d0e038bea71d30d808c7d98cb3bf7268a95bf5081b65';
const word = (value: bigint) => toHex(value, { size: 32 });
const moved = (token: Address, from: Address, to: Address, amount: bigint, more: Hex[] = []) =>
  ({ address: token, topics: [TRANSFER, pad(from), pad(to), ...more] as Hex[], data: more.length > 0 ? '0x' as Hex : word(amount) });

describe('changes of a simulation', () => {
  it('are what came less what went, of each asset, whatever the case of an address', () => {
    const logs = [moved(coin, me, other, 10n), moved(usd, other, me, 30n), moved(usd, me, other, 4n), moved(usd, other, other, 99n)];
    expect(changesOf(me, logs)).toEqual([{ asset: 'coin', amount: -10n }, { asset: usd, amount: 26n }]);
  });

  it('count wrapping, and nothing that comes to nothing', () => {
    const weth = '0xc02aaa39b223fe8d0a0e5c4f27ead9083c756cc2' as Address;
    const wrapped = [moved(coin, me, weth, 5n), { address: weth, topics: [DEPOSIT, pad(me)] as Hex[], data: word(5n) }];
    expect(changesOf(me, wrapped)).toEqual([{ asset: 'coin', amount: -5n }, { asset: weth, amount: 5n }]);
    const back = [{ address: weth, topics: [WITHDRAWAL, pad(me)] as Hex[], data: word(5n) }, moved(coin, weth, me, 5n)];
    expect(changesOf(me, [...wrapped, ...back])).toEqual([]);
    expect(changesOf(other, wrapped)).toEqual([]);
  });

  it('do not take the number of a unique token for an amount', () => {
    expect(changesOf(me, [moved(usd, other, me, 0n, [word(7n)])])).toEqual([]);
  });

  it('leave gas for what may change until then', () => {
    expect(withMargin(100_000n)).toBe(135_000n);
  });
});

describe('failures in words', () => {
  it('are read from a revert, and say what to do', () => {
    const text = '0x08c379a0' + encodeAbiParameters([{ type: 'string' }], ['UniswapV2Router: INSUFFICIENT_OUTPUT_AMOUNT']).slice(2) as Hex;
    expect(inWords(revertReason(text)!)).toMatch(/^The price moved/);
    const short = encodeErrorResult({ abi: parseAbi(['error ERC20InsufficientBalance(address sender, uint256 balance, uint256 needed)']), args: [me, 1n, 2n] });
    expect(inWords(revertReason(short)!)).toBe('The account does not hold enough of this token.');
    expect(inWords('UniswapV2Router: EXPIRED')).toMatch(/^The deadline passed/);
    expect(revertReason('0x')).toBeUndefined();
    expect(revertReason('0x12345678')).toBeUndefined();
    expect(inWords('something new')).toBe('something new');
  });

  it('tell a refusal from a fault', () => {
    expect(isRefusal({ code: 4001 })).toBe(true);
    expect(isRefusal(new Error('User rejected the request.'))).toBe(true);
    expect(isRefusal(new Error('insufficient funds'))).toBe(false);
    expect(isRefusal(undefined)).toBe(false);
  });
});
