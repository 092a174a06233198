import { decodeFunctionData } from 'viem';
import { describe, expect, it } from 'vitest';
import { IUniswapV2Router02 as abi } from '../abi/native';
import { at } from '../chain/addresses';
import { type Pool } from '../chain/pools';
import { addCall, coinSide, removeCall, shareOf } from './liquidity';

const usd = '0x5EBd612E948474880EF58727318b0ec9F697CC66' as const;
const eur = '0x6ebD612e948474880Ef58727318B0ec9f697cc66' as const;
const me = '0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266' as const;
const pool = (tokens: Pool['tokens']): Pool => ({ pair: me, tokens, reserves: [1_000n, 4_000n], supply: 2_000n, split: true, flipped: false });
const read = (call: { data?: `0x${string}` }) => decodeFunctionData({ abi, data: call.data! });

describe('deposits', () => {
  it('send the coin along, whichever side it is', () => {
    const right = addCall(pool([usd, at.weth]), [100n, 400n], 100, me, 7n);
    expect(coinSide(pool([usd, at.weth]))).toBe(1);
    expect(right.value).toBe(400n);
    expect(read(right)).toMatchObject({ functionName: 'addLiquidityETH', args: [usd, 100n, 99n, 396n, me, 7n] });
    const left = addCall(pool([at.weth, usd]), [100n, 400n], 100, me, 7n);
    expect(left.value).toBe(100n);
    expect(read(left)).toMatchObject({ args: [usd, 400n, 396n, 99n, me, 7n] });
  });

  it('of two tokens send none', () => {
    const call = addCall(pool([usd, eur]), [100n, 400n], 50, me, 7n);
    expect(call.value).toBe(0n);
    expect(read(call)).toMatchObject({ functionName: 'addLiquidity', args: [usd, eur, 100n, 400n, 100n, 398n, me, 7n] });
  });
});

describe('withdrawals', () => {
  it('name the least of both sides', () => {
    expect(shareOf(pool([usd, eur]), 500n)).toEqual([250n, 1_000n]);
    expect(read(removeCall(pool([usd, eur]), 500n, 100, me, 7n))).toMatchObject({ functionName: 'removeLiquidity', args: [usd, eur, 500n, 248n, 990n, me, 7n] });
    expect(read(removeCall(pool([at.weth, usd]), 500n, 100, me, 7n))).toMatchObject({ functionName: 'removeLiquidityETH', args: [usd, 500n, 990n, 248n, me, 7n] });
  });

  it('of an empty pool are nothing', () => {
    expect(shareOf({ ...pool([usd, eur]), supply: 0n }, 5n)).toEqual([0n, 0n]);
  });
});
