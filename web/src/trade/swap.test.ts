import { decodeFunctionData } from 'viem';
import { describe, expect, it } from 'vitest';
import { IUniswapV2Router02, IWETH9 } from '../abi/native';
import { at } from '../chain/addresses';
import { type Token, coin } from '../chain/tokens';
import { type Trade, callOf, feeOf, kindOf, limitsOf } from './swap';

const usd: Token = { asset: '0x5EBd612E948474880EF58727318b0ec9F697CC66', symbol: 'mUSD', name: 'Market Dollar', decimals: 18 };
const weth: Token = { asset: at.weth, symbol: 'WLIM', name: 'Wrapped LIM', decimals: 18 };
const me = '0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266';
const trade = (more: Partial<Trade>): Trade => ({
  kind: 'swap', side: 'exactIn', pay: coin, get: usd, amountIn: 1_000n, amountOut: 131_000n, path: [at.weth, usd.asset as `0x${string}`], impact: 1, fee: 3n, others: [], ...more,
});
const decode = (given: Trade, slippage = 50) => {
  const call = callOf(given, limitsOf(given, slippage), me, 99n);
  return { call, ...decodeFunctionData({ abi: [...IUniswapV2Router02, ...IWETH9], data: call.data! }) };
};

describe('a swap', () => {
  it('carries its least and its deadline, and coin only when coin is paid', () => {
    const out = decode(trade({}));
    expect(out.functionName).toBe('swapExactETHForTokens');
    expect(out.args).toEqual([130_345n, [at.weth, usd.asset], me, 99n]);
    expect(out.call.value).toBe(1_000n);
    expect(out.call.to).toBe(at.router);

    const back = decode(trade({ pay: usd, get: coin, path: [usd.asset as `0x${string}`, at.weth] }));
    expect(back.functionName).toBe('swapExactTokensForETH');
    expect(back.call.value).toBe(0n);
    expect(back.args?.[0]).toBe(1_000n);
  });

  it('of an exact output carries the most to pay', () => {
    const out = decode(trade({ side: 'exactOut' }), 100);
    expect(out.functionName).toBe('swapETHForExactTokens');
    expect(out.args?.[0]).toBe(131_000n);
    expect(out.call.value).toBe(1_010n);
    expect(decode(trade({ side: 'exactOut', pay: usd, get: weth })).functionName).toBe('swapTokensForExactTokens');
    expect(decode(trade({ side: 'exactOut', pay: usd, get: coin })).args?.slice(0, 2)).toEqual([131_000n, 1_005n]);
  });

  it('of the coin and its wrapped form is one for one', () => {
    expect(kindOf('coin', at.weth)).toBe('wrap');
    expect(kindOf(at.weth.toLowerCase() as `0x${string}`, 'coin')).toBe('unwrap');
    expect(kindOf('coin', 'coin')).toBeUndefined();
    expect(kindOf('coin', usd.asset)).toBe('swap');
    const wrap = decode(trade({ kind: 'wrap', get: weth, amountOut: 1_000n }));
    expect([wrap.functionName, wrap.call.value, wrap.call.to]).toEqual(['deposit', 1_000n, at.weth]);
    const unwrap = decode(trade({ kind: 'unwrap', pay: weth, get: coin, amountOut: 1_000n }));
    expect([unwrap.functionName, unwrap.call.value, unwrap.args]).toEqual(['withdraw', 0n, [1_000n]]);
  });

  it('pays 0.3 % in each pool', () => {
    expect(feeOf(1_000_000n, 1)).toBe(3_000n);
    expect(feeOf(1_000_000n, 2)).toBe(5_991n);
    expect(feeOf(1n, 1)).toBe(1n);
  });
});
