// What a transaction would do, by the node that will execute it: run on the newest state, changes read off its logs.
import { type Address, type Hex } from 'viem';
import { ask } from './rpc';
import { type Asset } from './tokens';
import { inWords, revertReason } from './words';

export interface Call {
  to: Address;
  data?: Hex;
  value: bigint;
}

export interface Change {
  asset: Asset;
  amount: bigint;
}

export interface Simulated {
  ok: boolean;
  /** Why it would fail, in words. */
  reason?: string;
  gasUsed: bigint;
  /** What the account would have more or less, the network cost not counted. */
  changes: Change[];
}

interface Log {
  address: Address;
  topics: Hex[];
  data: Hex;
}

const TRANSFER = '0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef';
const DEPOSIT = '0xe1fffcc4923d04b559f4d29a8bfc6cda04eb5b0d3c460751c2402c5c5cc9109c';
const WITHDRAWAL = '0x7fcf532c15f0a6db0bd6d0e038bea71d30d808c7d98cb3bf7268a95bf5081b65';
/** Where `traceTransfers` reports the coin. */
const COIN = '0xeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee';

const owner = (topic?: Hex) => (topic ? `0x${topic.slice(26)}`.toLowerCase() : '');

/** Sums up transfers to and from an account. */
export function changesOf(account: Address, logs: Log[]): Change[] {
  const me = account.toLowerCase();
  const sums = new Map<string, bigint>();
  const add = (asset: string, amount: bigint) => sums.set(asset, (sums.get(asset) ?? 0n) + amount);
  for (const { address, topics, data } of logs) {
    const asset = address.toLowerCase() === COIN ? 'coin' : address.toLowerCase();
    // A fourth topic is the number of a unique token, which is no amount.
    if (topics[0] === TRANSFER && topics.length === 3 && data !== '0x') {
      if (owner(topics[1]) === me) add(asset, -BigInt(data));
      if (owner(topics[2]) === me) add(asset, BigInt(data));
    } else if (topics[0] === DEPOSIT && owner(topics[1]) === me) add(asset, BigInt(data));
    else if (topics[0] === WITHDRAWAL && owner(topics[1]) === me) add(asset, -BigInt(data));
  }
  return [...sums].filter(([, amount]) => amount !== 0n).map(([asset, amount]) => ({ asset: asset as Asset, amount }));
}

export async function simulate(from: Address, call: Call): Promise<Simulated> {
  const one = { from, to: call.to, value: `0x${call.value.toString(16)}`, ...(call.data && { data: call.data }) };
  const payload = { blockStateCalls: [{ calls: [one] }], traceTransfers: true };
  interface Answer {
    calls: { status: Hex; gasUsed: Hex; maxUsedGas?: Hex; returnData: Hex; logs: Log[]; error?: { message: string; data?: Hex } }[];
  }
  const [block] = await ask<Answer[]>('eth_simulateV1', [payload, 'latest']);
  const result = block?.calls[0];
  if (!result) throw new Error('The node gave no answer to the simulation');
  const gasUsed = BigInt(result.maxUsedGas ?? result.gasUsed);
  if (result.status === '0x1') return { ok: true, gasUsed, changes: changesOf(from, result.logs) };
  const reason = revertReason(result.error?.data ?? result.returnData) ?? result.error?.message ?? 'It would fail, and the contract does not say why.';
  return { ok: false, reason: inWords(reason), gasUsed, changes: [] };
}

/** Gas with room for what may change until then: a price accumulator, a slot that becomes new. */
export const withMargin = (gas: bigint) => (gas * 13n) / 10n + 5_000n;
