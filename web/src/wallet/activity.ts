// What this browser sent: kept over reloads, followed until it is in a block.
import { useEffect, useSyncExternalStore } from 'react';
import { type Address, type Hex } from 'viem';
import { useHeight } from '../chain/head';
import { ask } from '../chain/rpc';
import { keep, kept } from '../lib/storage';

export interface Sent {
  hash: Hex;
  from: Address;
  title: string;
  /** Milliseconds, by this machine's clock. */
  at: number;
  status: 'pending' | 'success' | 'failed' | 'dropped';
}

/** A transaction that the node knows nothing of for so long (ms) is gone. */
const PATIENCE = 60_000;
const MOST = 50;

let chain = 0;
let list: Sent[] = [];
const listeners = new Set<() => void>();

function set(next: Sent[]) {
  list = next.slice(0, MOST);
  keep(`sent.${chain}`, list);
  for (const listener of listeners) listener();
}

export function openActivity(chainId: number) {
  chain = chainId;
  list = kept<Sent[]>(`sent.${chain}`) ?? [];
}

export const addSent = (sent: Sent) => set([sent, ...list]);
const change = (hash: Hex, status: Sent['status']) => set(list.map((one) => (one.hash === hash ? { ...one, status } : one)));

export const useActivity = () =>
  useSyncExternalStore((listener) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  }, () => list);

async function follow({ hash, at }: Sent) {
  const receipt = await ask<{ status: Hex } | null>('eth_getTransactionReceipt', [hash]);
  if (receipt) return change(hash, receipt.status === '0x1' ? 'success' : 'failed');
  if (Date.now() - at > PATIENCE && !(await ask('eth_getTransactionByHash', [hash]))) change(hash, 'dropped');
}

/** Looks after pending transactions with each block, and now and then without one. */
export function useFollowing() {
  const height = useHeight();
  const pending = useActivity().filter(({ status }) => status === 'pending');
  const key = pending.map(({ hash }) => hash).join();
  useEffect(() => {
    const look = () => pending.forEach((sent) => void follow(sent).catch(() => {}));
    look();
    if (!key) return;
    const timer = setInterval(look, 1_500);
    return () => clearInterval(timer);
    // `key` stands for `pending`.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [height, key]);
}
