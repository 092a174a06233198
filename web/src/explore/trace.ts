// The tree of calls of a transaction, from the node's own tracer; native contracts are named by their methods.
import { type Abi, type Address, type Hex, decodeFunctionData, getAddress } from 'viem';
import * as native from '../abi/native';
import { ask } from '../chain/rpc';

export interface TraceCall {
  type: string;
  to?: Address;
  method: string;
  value: bigint;
  gasUsed: bigint;
  error?: string;
  calls: TraceCall[];
}

interface Raw {
  type: string; to?: Address; input: Hex; value?: Hex; gasUsed: Hex; error?: string; revertReason?: string; calls?: Raw[];
}

const abi = Object.values(native).flat() as unknown as Abi;

function name(input: Hex): string {
  if (input.length < 10) return '';
  try {
    return decodeFunctionData({ abi, data: input }).functionName;
  } catch {
    return input.slice(0, 10);
  }
}

const shown = (raw: Raw): TraceCall => ({
  type: raw.type,
  to: raw.to && getAddress(raw.to),
  method: raw.type.startsWith('CREATE') ? '' : name(raw.input),
  value: BigInt(raw.value ?? '0x0'),
  gasUsed: BigInt(raw.gasUsed),
  error: raw.revertReason ?? raw.error,
  calls: (raw.calls ?? []).map(shown),
});

export const readTrace = async (hash: string) => shown(await ask<Raw>('debug_traceTransaction', [hash, { tracer: 'callTracer' }]));
