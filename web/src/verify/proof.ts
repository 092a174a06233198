// Checks that trust nobody: a header's hash, who signed it, and whether an account or a slot is in the state that the
// header commits to. Ethereum's Merkle-Patricia trie (yellow paper, appendix D) and RLP (appendix B).
import { type Address, type Hex, concat, fromRlp, keccak256, numberToHex, pad, recoverAddress, stringToHex, toRlp, trim } from 'viem';

export class ProofError extends Error {}
const refuse = (why: string): never => {
  throw new ProofError(why);
};

/** RLP's view of a number: big-endian, without leading zeros, nothing at all for zero. */
const scalar = (hex: Hex): Hex => {
  const short = trim(hex);
  return short === '0x00' || short === '0x0' || short === '0x' ? '0x' : short.length % 2 ? `0x0${short.slice(2)}` : short;
};

export interface Header {
  number: Hex; hash: Hex; parentHash: Hex; sha3Uncles: Hex; miner: Hex; stateRoot: Hex; transactionsRoot: Hex; receiptsRoot: Hex; logsBloom: Hex;
  difficulty: Hex; gasLimit: Hex; gasUsed: Hex; timestamp: Hex; extraData: Hex; mixHash: Hex; nonce: Hex; baseFeePerGas: Hex; withdrawalsRoot: Hex;
  blobGasUsed: Hex; excessBlobGas: Hex; parentBeaconBlockRoot: Hex; requestsHash: Hex;
}

/** The hash of a header of Osaka's shape, from its fields. */
export function headerHash(h: Header): Hex {
  return keccak256(toRlp([
    h.parentHash, h.sha3Uncles, h.miner, h.stateRoot, h.transactionsRoot, h.receiptsRoot, h.logsBloom, scalar(h.difficulty), scalar(h.number),
    scalar(h.gasLimit), scalar(h.gasUsed), scalar(h.timestamp), h.extraData, h.mixHash, h.nonce, scalar(h.baseFeePerGas), h.withdrawalsRoot,
    scalar(h.blobGasUsed), scalar(h.excessBlobGas), h.parentBeaconBlockRoot, h.requestsHash,
  ]));
}

/** What an operator signs: keccak(0x19 "Limpid block" || chain id as 32 bytes || header hash). */
export const headerDigest = (chainId: number, hash: Hex): Hex => keccak256(concat(['0x19', stringToHex('Limpid block'), numberToHex(chainId, { size: 32 }), hash]));

export const headerSigner = (chainId: number, hash: Hex, signature: Hex): Promise<Address> => recoverAddress({ hash: headerDigest(chainId, hash), signature });

const nibbles = (hex: Hex) => [...hex.slice(2)].map((digit) => parseInt(digit, 16));

type Item = Hex | readonly Item[];

/** A node inside another: whole when short, by its hash otherwise. */
function child(item: Item | undefined): { hash: Hex } | { node: readonly Item[] } | undefined {
  if (Array.isArray(item)) return { node: item as readonly Item[] };
  const text = item as Hex | undefined;
  if (!text || text === '0x') return undefined;
  if (text.length !== 66) refuse('a child of a trie node is neither a hash nor a node');
  return { hash: text };
}

/**
 * What a trie with `root` has under `key` (already hashed), by the nodes on the way: its value, or undefined when the nodes
 * prove that there is none. Throws when they prove neither.
 */
export function valueInTrie(root: Hex, key: Hex, nodes: readonly Hex[]): Hex | undefined {
  const path = nibbles(key);
  let at = 0;
  let used = 0;
  let next: ReturnType<typeof child> = { hash: root };
  // The root of an empty trie is the hash of nothing.
  if (root === keccak256('0x80') && nodes.length <= 1 && (nodes.length === 0 || nodes[0] === '0x80')) return undefined;
  for (let depth = 0; depth <= 64; depth += 1) {
    if (!next) return finish(undefined);
    let node: readonly Item[];
    if ('node' in next) node = next.node;
    else {
      const given = nodes[used];
      if (!given) return refuse('the proof ends before the value');
      if (keccak256(given) !== next.hash) refuse('a node of the proof has another hash than its parent says');
      used += 1;
      const read = fromRlp(given, 'hex') as Item;
      if (!Array.isArray(read)) return refuse('a node of the proof is no list');
      node = read as readonly Item[];
    }
    if (node.length === 17) {
      if (at === path.length) return finish(node[16] === '0x' ? undefined : node[16] as Hex);
      next = child(node[path[at]!]);
      at += 1;
      continue;
    }
    if (node.length !== 2 || typeof node[0] !== 'string') return refuse('a node of the proof has a wrong shape');
    const packed = nibbles(node[0] as Hex);
    const flag = packed[0] ?? 0;
    if (flag > 3) refuse('a node of the proof has a wrong flag');
    const part = packed.slice(flag & 1 ? 1 : 2);
    const fits = part.every((digit, index) => path[at + index] === digit);
    if (!fits || at + part.length > path.length) return finish(undefined);
    at += part.length;
    if (flag & 2) return finish(at === path.length ? node[1] as Hex : undefined);
    next = child(node[1]);
    if (!next) return refuse('an extension of the proof leads nowhere');
  }
  return refuse('the proof is deeper than any trie');

  function finish(value: Hex | undefined) {
    if (used !== nodes.length) refuse('the proof has nodes that nothing leads to');
    return value;
  }
}

export interface ProvedAccount {
  nonce: bigint;
  balance: bigint;
  storageRoot: Hex;
  codeHash: Hex;
}

const number = (hex: Hex) => (hex === '0x' ? 0n : BigInt(hex));

/** The account that a state with `root` has at an address; undefined when it provably has none. */
export function provedAccount(root: Hex, address: Address, nodes: readonly Hex[]): ProvedAccount | undefined {
  const value = valueInTrie(root, keccak256(address), nodes);
  if (value === undefined) return undefined;
  const fields = fromRlp(value, 'hex');
  if (!Array.isArray(fields) || fields.length !== 4) return refuse('the account of the proof has a wrong shape');
  const [nonce, balance, storageRoot, codeHash] = fields as [Hex, Hex, Hex, Hex];
  return { nonce: number(nonce), balance: number(balance), storageRoot, codeHash };
}

/** What a slot holds in a storage with `root`: zero when it provably holds nothing. */
export function provedSlot(root: Hex, slot: Hex, nodes: readonly Hex[]): bigint {
  const value = valueInTrie(root, keccak256(pad(slot, { size: 32 })), nodes);
  return value === undefined ? 0n : number(fromRlp(value, 'hex') as Hex);
}

/** Codes of the native contracts that keep a ledger: tokens, the wrapped coin, pool shares. */
const LEDGERS = new Set(['0xef4c0200', '0xef4c0400', '0xef4c0600'].map((code) => keccak256(code as Hex)));
export const isLedger = (codeHash: Hex) => LEDGERS.has(codeHash);

/** Where a native ledger keeps an owner's balance: field 1, keyed by the address itself. */
export const balanceSlot = (owner: Address): Hex => concat(['0x01', pad(owner, { size: 31 })]);

