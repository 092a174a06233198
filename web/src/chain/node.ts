// The `limpid_*` methods that the app uses.
import { type Address, type Hex } from 'viem';
import { ask } from './rpc';

export interface Status {
  clientVersion: string;
  chainId: number;
  dev: boolean;
  coin: { symbol: string; decimals: number };
  head: { number: bigint; hash: Hex; timestamp: bigint };
  nextBaseFee: bigint;
  halted?: string;
}

interface RawStatus {
  clientVersion: string;
  chainId: Hex;
  dev: boolean;
  coin: { symbol: string; decimals: number };
  head: { number: Hex; hash: Hex; timestamp: Hex };
  nextBaseFee: Hex;
  halted?: string;
}

export async function status(): Promise<Status> {
  const raw = await ask<RawStatus>('limpid_status');
  const { number, hash, timestamp } = raw.head;
  return {
    ...raw,
    chainId: Number(raw.chainId),
    head: { number: BigInt(number), hash, timestamp: BigInt(timestamp) },
    nextBaseFee: BigInt(raw.nextBaseFee),
  };
}

export interface Contract {
  name: string;
  address: Address;
  native: boolean;
  summary: string;
}

export const contracts = () => ask<Contract[]>('limpid_contracts');

export interface Route {
  path: Address[];
  amounts: bigint[];
  priceImpactBps: number;
}

export type Side = 'exactIn' | 'exactOut';

/** The best ways to trade, the best first; none when there is no pool for it. */
export async function quote(tokenIn: Address, tokenOut: Address, amount: bigint, kind: Side): Promise<Route[]> {
  const request = { tokenIn, tokenOut, amount: `0x${amount.toString(16)}`, kind };
  const { routes } = await ask<{ routes: { path: Address[]; amounts: Hex[]; priceImpactBps: number }[] }>('limpid_quote', [request]);
  return routes.map((route) => ({ ...route, amounts: route.amounts.map(BigInt) }));
}

export interface HistoryRow {
  block: bigint;
  timestamp: bigint;
  txHash: Hex;
  direction: 'in' | 'out' | 'self';
  counterparty: Address | null;
  asset: Address | null;
  amount: bigint;
  fee: bigint;
  kind: 'transaction' | 'create' | 'token' | 'internal' | 'system';
  success: boolean;
  tokenId?: bigint;
}

type RawRow = Omit<HistoryRow, 'block' | 'timestamp' | 'amount' | 'fee' | 'tokenId'> & {
  block: Hex; timestamp: Hex; amount: Hex; fee: Hex; tokenId?: Hex;
};

export async function history(address: Address, before?: string, limit = 50): Promise<{ rows: HistoryRow[]; next?: string }> {
  const { rows, next } = await ask<{ rows: RawRow[]; next?: string }>('limpid_history', [address, { ...(before && { before }), limit }]);
  return {
    rows: rows.map(({ block, timestamp, amount, fee, tokenId, ...row }) => ({
      ...row,
      block: BigInt(block),
      timestamp: BigInt(timestamp),
      amount: BigInt(amount),
      fee: BigInt(fee),
      ...(tokenId && { tokenId: BigInt(tokenId) }),
    })),
    next,
  };
}

export interface BlockSignature {
  number: Hex;
  hash: Hex;
  signature: Hex;
  signer: Address | null;
}

/** The operator's signature of a block; null if nobody signed it. */
export const blockSignature = (hash: Hex) => ask<BlockSignature | null>('limpid_blockSignature', [hash]);
