// Deposits into and withdrawals from a pool, as calls of the router with their limits.
import { type Address, encodeFunctionData } from 'viem';
import { IUniswapV2Router02 as abi } from '../abi/native';
import { at } from '../chain/addresses';
import { type Pool } from '../chain/pools';
import { type Call } from '../chain/simulate';
import { same } from '../lib/address';
import { leastOf } from '../lib/safety';

/** Which side of a pool is the coin: 0, 1, or neither. */
export const coinSide = ({ tokens }: Pool) => tokens.findIndex((token) => same(token, at.weth));

type Pair = [bigint, bigint];
type Made = Call & { method: string; least: Pair };

export function addCall(pool: Pool, amounts: Pair, slippage: number, to: Address, deadline: bigint): Made {
  const least: Pair = [leastOf(amounts[0], slippage), leastOf(amounts[1], slippage)];
  const coin = coinSide(pool);
  if (coin < 0) {
    const functionName = 'addLiquidity';
    const data = encodeFunctionData({ abi, functionName, args: [...pool.tokens, ...amounts, ...least, to, deadline] });
    return { to: at.router, value: 0n, data, method: functionName, least };
  }
  const token = 1 - coin as 0 | 1;
  const functionName = 'addLiquidityETH';
  const data = encodeFunctionData({ abi, functionName, args: [pool.tokens[token], amounts[token], least[token], least[coin as 0 | 1], to, deadline] });
  return { to: at.router, value: amounts[coin as 0 | 1], data, method: functionName, least };
}

/** What a number of shares takes out, rounded down as the pool does. */
export const shareOf = (pool: Pool, liquidity: bigint): Pair =>
  pool.supply === 0n ? [0n, 0n] : [(liquidity * pool.reserves[0]) / pool.supply, (liquidity * pool.reserves[1]) / pool.supply];

export function removeCall(pool: Pool, liquidity: bigint, slippage: number, to: Address, deadline: bigint): Made {
  const amounts = shareOf(pool, liquidity);
  const least: Pair = [leastOf(amounts[0], slippage), leastOf(amounts[1], slippage)];
  const coin = coinSide(pool);
  if (coin < 0) {
    const functionName = 'removeLiquidity';
    return { to: at.router, value: 0n, data: encodeFunctionData({ abi, functionName, args: [...pool.tokens, liquidity, ...least, to, deadline] }), method: functionName, least };
  }
  const token = 1 - coin as 0 | 1;
  const functionName = 'removeLiquidityETH';
  const data = encodeFunctionData({ abi, functionName, args: [pool.tokens[token], liquidity, least[token], least[coin as 0 | 1], to, deadline] });
  return { to: at.router, value: 0n, data, method: functionName, least };
}
