// The node, over the same origin that served this page. Nobody else is ever asked.
import { type Hex, createClient, http } from 'viem';

const origin = typeof location === 'undefined' ? 'http://localhost' : location.origin;
export const rpcUrl = `${origin}/rpc`;
export const socketUrl = rpcUrl.replace(/^http/, 'ws');

/** Reads of the chain: questions asked in one moment travel together. */
export const client = createClient({
  transport: http(rpcUrl, { batch: { batchSize: 50, wait: 4 }, retryCount: 1, timeout: 20_000 }),
});

/** A method of the node that viem does not know. */
export function ask<T>(method: string, params: unknown[] = []): Promise<T> {
  return client.request({ method, params } as never) as Promise<T>;
}

export const big = (hex: Hex | string) => BigInt(hex);
