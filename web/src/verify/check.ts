// Asks the node for what is needed to check one balance, and checks it.
import { type Address, type Hex } from 'viem';
import { blockSignature } from '../chain/node';
import { ask } from '../chain/rpc';
import { same } from '../lib/address';
import { keep, kept } from '../lib/storage';
import { type Header, ProofError, balanceSlot, headerHash, headerSigner, isLedger, provedAccount, provedSlot } from './proof';

interface RawProof {
  balance: Hex; accountProof: Hex[]; storageHash: Hex; storageProof: { key: Hex; value: Hex; proof: Hex[] }[];
}

export interface Verdict {
  /** Checked here, in the browser, by hashing. */
  balance: bigint;
  block: bigint;
  hash: Hex;
  stateRoot: Hex;
  nodes: number;
  /** Who signed the header; undefined when nobody did. */
  signer?: Address;
  /** How the signer stands to the one this browser saw first on this chain. */
  known: 'first' | 'same' | 'changed';
  /** The key of that first time. */
  before?: Address;
}

export async function verify(chainId: number, owner: Address, token?: Address): Promise<Verdict> {
  const header = await ask<Header>('eth_getBlockByNumber', ['latest', false]);
  const hash = headerHash(header);
  if (hash !== header.hash) throw new ProofError(`the header's fields hash to ${hash}, not to ${header.hash}`);
  const slot = balanceSlot(owner);
  const [proof, signature] = await Promise.all([
    ask<RawProof>('eth_getProof', [token ?? owner, token ? [slot] : [], header.number]),
    blockSignature(hash),
  ]);
  const account = provedAccount(header.stateRoot, token ?? owner, proof.accountProof);
  let balance: bigint;
  let nodes = proof.accountProof.length;
  if (!token) balance = account?.balance ?? 0n;
  else {
    if (!account || !isLedger(account.codeHash)) throw new ProofError('this token is a user\'s contract: where it keeps balances is not known, so there is nothing to check');
    const storage = proof.storageProof[0];
    if (!storage) throw new ProofError('the node gave no proof of the slot');
    balance = provedSlot(account.storageRoot, slot, storage.proof);
    nodes += storage.proof.length;
  }
  const signer = signature ? await headerSigner(chainId, hash, signature.signature) : undefined;
  const before = kept<Address>(`operator.${chainId}`);
  if (signer && !before) keep(`operator.${chainId}`, signer);
  const known = !before ? 'first' : same(before, signer) ? 'same' : 'changed';
  return { balance, block: BigInt(header.number), hash, stateRoot: header.stateRoot, nodes, signer, known, before };
}
