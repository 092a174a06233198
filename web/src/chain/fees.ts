import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useHeight } from './head';
import { ask } from './rpc';

export interface Prices {
  /** Wei per gas that a transaction of now pays. */
  expected: bigint;
  /** The most that wallets usually offer: room for some blocks of rising fees. */
  most: bigint;
}

async function readPrices(): Promise<Prices> {
  const price = BigInt(await ask<string>('eth_gasPrice'));
  return { expected: price, most: price * 2n };
}

export function usePrices() {
  const height = useHeight();
  return useQuery({ queryKey: ['gas price', height], queryFn: readPrices, placeholderData: keepPreviousData });
}
