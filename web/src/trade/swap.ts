// From what a person wants to the call that says so: quotes, limits, and the router's methods.
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { type Address, encodeFunctionData } from 'viem';
import { IUniswapV2Router02, IWETH9 } from '../abi/native';
import { at } from '../chain/addresses';
import { useHeight } from '../chain/head';
import { type Route, type Side, quote } from '../chain/node';
import { type Call } from '../chain/simulate';
import { type Asset, type Token, tradedAs } from '../chain/tokens';
import { same } from '../lib/address';
import { leastOf, mostOf } from '../lib/safety';

/** `wrap` and `unwrap` are one for one and need no pool. */
export type Kind = 'swap' | 'wrap' | 'unwrap';

export function kindOf(pay?: Asset, get?: Asset): Kind | undefined {
  if (!pay || !get || same(pay, get)) return undefined;
  if (pay === 'coin' && same(get, at.weth)) return 'wrap';
  if (get === 'coin' && same(pay, at.weth)) return 'unwrap';
  return 'swap';
}

export interface Trade {
  kind: Kind;
  side: Side;
  pay: Token;
  get: Token;
  amountIn: bigint;
  amountOut: bigint;
  path: Address[];
  impact: number;
  /** Per pool on the way, what comes in of the paid token and is kept as the fee, expressed in the paid token. */
  fee: bigint;
  others: Route[];
}

/** Each pool keeps 0.3 % of what comes in; all of it counted in the paid token at the way's own price. */
export function feeOf(amountIn: bigint, pools: number): bigint {
  let left = amountIn;
  for (let pool = 0; pool < pools; pool += 1) left -= (left * 3n + 999n) / 1_000n;
  return amountIn - left;
}

export function useTrade(pay: Token | undefined, get: Token | undefined, side: Side, amount: bigint | undefined) {
  const height = useHeight();
  const kind = kindOf(pay?.asset, get?.asset);
  return useQuery({
    queryKey: ['trade', pay?.asset, get?.asset, side, amount?.toString(), height],
    enabled: !!kind && !!amount,
    placeholderData: (before: Trade | null | undefined, query) => {
      // Of the same question at an earlier block only: never an answer to another question.
      const [, a, b, c, d] = query?.queryKey ?? [];
      return a === pay?.asset && b === get?.asset && c === side && d === amount?.toString() ? keepPreviousData(before) : undefined;
    },
    queryFn: async (): Promise<Trade | null> => {
      const common = { kind: kind!, side, pay: pay!, get: get! };
      if (kind !== 'swap') return { ...common, amountIn: amount!, amountOut: amount!, path: [], impact: 0, fee: 0n, others: [] };
      const [best, ...others] = await quote(tradedAs(pay!.asset), tradedAs(get!.asset), amount!, side);
      if (!best) return null;
      const [amountIn, amountOut] = [best.amounts[0]!, best.amounts.at(-1)!];
      return { ...common, amountIn, amountOut, path: best.path, impact: best.priceImpactBps, fee: feeOf(amountIn, best.path.length - 1), others };
    },
  });
}

export interface Limits {
  /** Exact input: the least that must arrive. */
  least: bigint;
  /** Exact output: the most that may leave. */
  most: bigint;
}

export function limitsOf({ kind, side, amountIn, amountOut }: Trade, slippage: number): Limits {
  if (kind !== 'swap') return { least: amountOut, most: amountIn };
  return side === 'exactIn' ? { least: leastOf(amountOut, slippage), most: amountIn } : { least: amountOut, most: mostOf(amountIn, slippage) };
}

/** The call that trades within the limits or not at all. */
export function callOf({ kind, side, pay, get, amountIn, amountOut, path }: Trade, { least, most }: Limits, to: Address, deadline: bigint): Call & { method: string } {
  if (kind === 'wrap') return { to: at.weth, value: amountIn, data: encodeFunctionData({ abi: IWETH9, functionName: 'deposit' }), method: 'deposit' };
  if (kind === 'unwrap') return { to: at.weth, value: 0n, data: encodeFunctionData({ abi: IWETH9, functionName: 'withdraw', args: [amountIn] }), method: 'withdraw' };
  const abi = IUniswapV2Router02;
  const call = (method: string, data: `0x${string}`, value = 0n) => ({ to: at.router, value, data, method });
  if (side === 'exactIn') {
    if (pay.asset === 'coin') {
      const functionName = 'swapExactETHForTokens';
      return call(functionName, encodeFunctionData({ abi, functionName, args: [least, path, to, deadline] }), amountIn);
    }
    const functionName = get.asset === 'coin' ? 'swapExactTokensForETH' : 'swapExactTokensForTokens';
    return call(functionName, encodeFunctionData({ abi, functionName, args: [amountIn, least, path, to, deadline] }));
  }
  if (pay.asset === 'coin') {
    const functionName = 'swapETHForExactTokens';
    return call(functionName, encodeFunctionData({ abi, functionName, args: [amountOut, path, to, deadline] }), most);
  }
  const functionName = get.asset === 'coin' ? 'swapTokensForExactETH' : 'swapTokensForExactTokens';
  return call(functionName, encodeFunctionData({ abi, functionName, args: [amountOut, most, path, to, deadline] }));
}
