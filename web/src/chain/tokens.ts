// Tokens and what an account holds of them.
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { type Address, erc20Abi, getAddress } from 'viem';
import { getBalance, multicall } from 'viem/actions';
import { same } from '../lib/address';
import { at } from './addresses';
import { useHeight } from './head';
import { ask, client } from './rpc';

/** The chain's own coin, or a token by its address. */
export type Asset = Address | 'coin';

export interface Token {
  asset: Asset;
  symbol: string;
  name: string;
  decimals: number;
}

export const coin: Token = { asset: 'coin', symbol: 'LIM', name: 'Limpid', decimals: 18 };

/** The coin trades through its wrapped form. */
export const tradedAs = (asset: Asset): Address => (asset === 'coin' ? at.weth : asset);

/** Names come from whoever made a token: no control characters, no invisible marks, and not too long. */
export const tame = (text: string, most = 32) => {
  const clean = text.replace(/[\p{C}\p{Z}]+/gu, ' ').trim();
  return clean.length > most ? `${clean.slice(0, most - 1)}…` : clean || '?';
};

async function readTokens(): Promise<Token[]> {
  const rows = await ask<{ address: Address; name: string; symbol: string; decimals: number }[]>('limpid_tokens');
  return [coin, ...rows.map(({ address, name, symbol, decimals }) => ({
    asset: getAddress(address), symbol: tame(symbol, 16), name: tame(name), decimals,
  }))];
}

/** The coin, the wrapped coin, then the factory's tokens in order of creation. */
export const useTokens = () => useQuery({ queryKey: ['tokens'], queryFn: readTokens, staleTime: 10_000, refetchInterval: 30_000 });

/** Any ERC-20, asked for what it calls itself; null when the address is no token. */
export async function readToken(address: Address): Promise<Token | null> {
  const of = { address, abi: erc20Abi } as const;
  const [symbol, name, decimals] = await multicall(client, {
    multicallAddress: at.multicall,
    contracts: [
      { ...of, functionName: 'symbol' },
      { ...of, functionName: 'name' },
      { ...of, functionName: 'decimals' },
    ],
  });
  if (symbol.status !== 'success' || decimals.status !== 'success') return null;
  return { asset: getAddress(address), symbol: tame(symbol.result, 16), name: tame(name.result ?? symbol.result), decimals: decimals.result };
}

/** A token by its address, known to the list or not. */
export function useToken(asset?: Asset) {
  const { data: tokens } = useTokens();
  const listed = tokens?.find((token) => same(token.asset, asset));
  const found = useQuery({
    queryKey: ['token', asset],
    queryFn: () => readToken(asset as Address),
    enabled: !!asset && asset !== 'coin' && !!tokens && !listed,
    staleTime: Infinity,
  });
  return listed ?? found.data ?? undefined;
}

/** Balances by lower-case asset; assets that do not answer are left out. */
export type Balances = ReadonlyMap<string, bigint>;

export async function readBalances(account: Address, assets: readonly Asset[]): Promise<Balances> {
  const tokens = assets.filter((asset): asset is Address => asset !== 'coin');
  const [own, answers] = await Promise.all([
    getBalance(client, { address: account }),
    tokens.length === 0
      ? []
      : multicall(client, {
          multicallAddress: at.multicall,
          contracts: tokens.map((address) => ({ address, abi: erc20Abi, functionName: 'balanceOf', args: [account] }) as const),
        }),
  ]);
  const found = new Map<string, bigint>([['coin', own]]);
  tokens.forEach((token, index) => {
    const answer = answers[index];
    if (answer?.status === 'success') found.set(token.toLowerCase(), answer.result as bigint);
  });
  return found;
}

/** What an account holds of every listed token (and of `more`), read again with each block. */
export function useBalances(account?: Address, more: readonly Asset[] = []) {
  const height = useHeight();
  const { data: tokens } = useTokens();
  const assets = [...new Set([...(tokens ?? []).map(({ asset }) => asset), ...more])];
  return useQuery({
    queryKey: ['balances', account, assets.join(), height],
    queryFn: () => readBalances(account!, assets),
    enabled: !!account && !!tokens,
    placeholderData: keepPreviousData,
  });
}

export const balanceOf = (balances: Balances | undefined, asset?: Asset) => (asset ? balances?.get(asset.toLowerCase()) : undefined);
