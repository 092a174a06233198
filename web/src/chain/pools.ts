// The exchange's pools and an account's shares of them.
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { type Address, erc20Abi, getAddress } from 'viem';
import { multicall, readContract } from 'viem/actions';
import { IExchange, IExchangePair } from '../abi/native';
import { same } from '../lib/address';
import { at } from './addresses';
import { useHeight } from './head';
import { client } from './rpc';
import { type Asset, type Token, coin, tradedAs } from './tokens';

export interface Pool {
  pair: Address;
  /** The coin's side first, where there is one: people think of prices so. */
  tokens: [Address, Address];
  reserves: [bigint, bigint];
  supply: bigint;
  /** Whether a part of each fee goes to the community. */
  split: boolean;
  /** Whether the contract has the two tokens the other way round. */
  flipped: boolean;
}

/** What the contract says of its two tokens, in the order that is shown. */
const ordered = <T>(flipped: boolean, a: T, b: T): [T, T] => (flipped ? [b, a] : [a, b]);

const PAGE = 50n;
const MOST = 1_000n;

async function readPools(): Promise<Pool[]> {
  const found: Pool[] = [];
  for (let offset = 0n; offset < MOST; offset += PAGE) {
    const page = await readContract(client, { address: at.exchange, abi: IExchange, functionName: 'pools', args: [offset, PAGE] });
    for (const row of page) {
      const flipped = same(row.token1, at.weth);
      found.push({
        pair: getAddress(row.pair),
        flipped,
        tokens: ordered(flipped, getAddress(row.token0), getAddress(row.token1)),
        reserves: ordered(flipped, row.reserve0, row.reserve1),
        supply: row.totalSupply,
        split: row.mode === 1,
      });
    }
    if (BigInt(page.length) < PAGE) break;
  }
  return found;
}

/** Every pool, the oldest first, read again with each block. */
export function usePools() {
  const height = useHeight();
  return useQuery({ queryKey: ['pools', height], queryFn: readPools, enabled: height !== '', placeholderData: keepPreviousData });
}

export const findPool = (pools: Pool[] | undefined, a?: Asset, b?: Asset) =>
  a && b ? pools?.find(({ tokens }) => tokens.every((token) => same(token, tradedAs(a)) || same(token, tradedAs(b))) && !same(tradedAs(a), tradedAs(b))) : undefined;

/** People think in the coin, so the wrapped coin of a pool is shown as the coin. */
export function poolTokens(pool: Pool, tokens: Token[] | undefined): [Token, Token] | undefined {
  const find = (address: Address) => (same(address, at.weth) ? coin : tokens?.find((token) => same(token.asset, address)));
  const [a, b] = pool.tokens.map(find);
  return a && b ? [a, b] : undefined;
}

export interface Position {
  pool: Pool;
  liquidity: bigint;
  supply: bigint;
  amounts: [bigint, bigint];
  deposited: [bigint, bigint];
  fees: [bigint, bigint];
  /** Which token `value`, `heldValue` and `loss` are counted in, at the pool's price. */
  counted: 0 | 1;
  value: bigint;
  heldValue: bigint;
  loss: bigint;
}

async function readPositions(owner: Address, pools: Pool[]): Promise<Position[]> {
  const of = (address: Address) => ({ address, abi: erc20Abi, functionName: 'balanceOf', args: [owner] }) as const;
  const shares = await multicall(client, { multicallAddress: at.multicall, contracts: pools.map(({ pair }) => of(pair)) });
  const held = pools.filter((_, index) => (shares[index]?.result as bigint | undefined ?? 0n) > 0n);
  const info = (pair: Address) => ({ address: at.exchange, abi: IExchange, functionName: 'positionInfo', args: [owner, pair] }) as const;
  const rows = await multicall(client, { multicallAddress: at.multicall, contracts: held.map(({ pair }) => info(pair)), allowFailure: false });
  return rows.map((row, index) => {
    const pool = held[index]!;
    return {
      pool,
      liquidity: row.liquidity,
      supply: row.totalSupply,
      amounts: ordered(pool.flipped, row.amount0, row.amount1),
      deposited: ordered(pool.flipped, row.deposited0, row.deposited1),
      fees: ordered(pool.flipped, row.fees0, row.fees1),
      counted: pool.flipped ? 0 : 1,
      value: row.value,
      heldValue: row.heldValue,
      loss: row.impermanentLoss,
    };
  });
}

export function usePositions(owner?: Address) {
  const height = useHeight();
  const { data: pools } = usePools();
  return useQuery({
    queryKey: ['positions', owner, pools?.length, height],
    queryFn: () => readPositions(owner!, pools!),
    enabled: !!owner && !!pools,
    placeholderData: keepPreviousData,
  });
}

/** Fees paid since the pool was made: to makers and to the community, of both tokens. */
export function useFeesPaid({ pair, flipped }: Pool) {
  const height = useHeight();
  return useQuery({
    queryKey: ['fees', pair, height],
    queryFn: async () => {
      const [makers0, makers1, community0, community1] = await readContract(client, { address: pair, abi: IExchangePair, functionName: 'feesPaid' });
      return { makers: ordered(flipped, makers0, makers1), community: ordered(flipped, community0, community1) };
    },
    placeholderData: keepPreviousData,
  });
}

/** The fee of a swap in every pool: 0.3 % of what comes in. */
export const FEE_MILLIONTHS = 3_000n;
