// The newest block, pushed by the node over a WebSocket that comes back by itself.
import { useSyncExternalStore } from 'react';
import { type Hex } from 'viem';
import { ask, socketUrl } from './rpc';

export interface Head {
  number: bigint;
  hash: Hex;
  timestamp: bigint;
  baseFee: bigint;
  gasUsed: bigint;
  /** When it got here, by this machine's clock in milliseconds; 0 for the one that was there before us. */
  receivedAt: number;
}

export interface Live {
  head?: Head;
  /** `live`: pushed. `connecting`: not yet. `lost`: nothing comes any more. */
  link: 'connecting' | 'live' | 'lost';
  /** Seconds that the chain's clock is ahead of this machine's. */
  clockAhead: number;
}

interface RawHead {
  number: Hex; hash: Hex; timestamp: Hex; baseFeePerGas?: Hex; gasUsed: Hex;
}

/** Blocks can come many times a second; the page does not need to change that often. */
const CALM = 250;
/** The longest wait before the next attempt to connect. */
const PATIENCE = 8_000;

let state: Live = { link: 'connecting', clockAhead: 0 };
let pending: Head | undefined;
let timer: ReturnType<typeof setTimeout> | undefined;
const listeners = new Set<() => void>();

function set(next: Partial<Live>) {
  state = { ...state, ...next };
  for (const listener of listeners) listener();
}

const read = (raw: RawHead, receivedAt: number): Head => ({
  number: BigInt(raw.number),
  hash: raw.hash,
  timestamp: BigInt(raw.timestamp),
  baseFee: BigInt(raw.baseFeePerGas ?? '0x0'),
  gasUsed: BigInt(raw.gasUsed),
  receivedAt,
});

function arrived(head: Head) {
  pending = head;
  timer ??= setTimeout(() => {
    timer = undefined;
    const ahead = Number(pending!.timestamp) - Math.floor(pending!.receivedAt / 1_000);
    set({ head: pending, clockAhead: Math.abs(ahead) > 30 ? ahead : 0 });
  }, state.head && state.head.receivedAt > Date.now() - CALM ? CALM : 0);
}

/** The head and the chain's clock, asked for once when (re)connected: an idle chain pushes nothing. */
async function catchUp() {
  const [latest, next] = await Promise.all([
    ask<RawHead>('eth_getBlockByNumber', ['latest', false]),
    ask<RawHead>('eth_getBlockByNumber', ['pending', false]),
  ]);
  const head = read(latest, 0);
  const ahead = Number(next.timestamp) - Math.floor(Date.now() / 1_000);
  const clockAhead = Math.abs(ahead) > 30 ? ahead : 0;
  if (!state.head || head.hash !== state.head.hash) set({ head: { ...head, receivedAt: 0 }, clockAhead, link: 'live' });
  else set({ clockAhead, link: 'live' });
}

let started = false;
let recovered = () => {};
/** Tells when the node is back after it was gone: what failed meanwhile should be read again. */
export const onRecovery = (tell: () => void) => void (recovered = tell);

function connect(wait = 500) {
  const socket = new WebSocket(socketUrl);
  let alive = false;
  socket.onopen = () => {
    alive = true;
    socket.send('{"jsonrpc":"2.0","id":1,"method":"eth_subscribe","params":["newHeads"]}');
    const again = state.link === 'lost';
    catchUp().then(() => again && recovered(), () => set({ link: 'lost' }));
  };
  socket.onmessage = ({ data }) => {
    const message = JSON.parse(String(data)) as { method?: string; params?: { result: RawHead } };
    if (message.method === 'eth_subscription' && message.params) arrived(read(message.params.result, Date.now()));
  };
  socket.onclose = () => {
    set({ link: 'lost' });
    setTimeout(() => connect(alive ? 500 : Math.min(wait * 2, PATIENCE)), alive ? 300 : wait);
  };
}

function subscribe(listener: () => void) {
  if (!started) {
    started = true;
    connect();
  }
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export const useLive = () => useSyncExternalStore(subscribe, () => state);
/** The height, as part of query keys: what is shown is read again with each block. */
export const useHeight = () => useSyncExternalStore(subscribe, () => state.head?.number.toString() ?? '');
export const live = () => state;

/** Seconds since 1970 by the chain's clock, which on a development chain may be days ahead. */
export const chainNow = () => Math.floor(Date.now() / 1_000) + state.clockAhead;

/** A deadline so many minutes from now, by the chain's clock. */
export function deadlineIn(minutes: number): bigint {
  const now = Math.max(chainNow(), Number(state.head?.timestamp ?? 0n));
  return BigInt(now + minutes * 60);
}
