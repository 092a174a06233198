import { type Address, type Hex, getAddress, keccak256, toRlp } from 'viem';
import { describe, expect, it } from 'vitest';
// What a node answered for the last block of the demo market.
import fixture from './fixture.json';
import { type Header, balanceSlot, headerHash, headerSigner, isLedger, provedAccount, provedSlot, valueInTrie } from './proof';

const header = fixture.header as unknown as Header;
const root = header.stateRoot;
const hex = (list: string[]) => list as Hex[];
const owner = fixture.owner as Address;

/** One digit of one text changed. */
const flip = (text: string, at: number) => text.slice(0, at) + (text[at] === '0' ? '1' : '0') + text.slice(at + 1);

describe('a header', () => {
  it('hashes to what the node says, and to something else when any field is changed', () => {
    expect(headerHash(header)).toBe(header.hash);
    for (const [name, value] of Object.entries(header)) {
      if (name === 'hash' || value === '0x') continue;
      // Numbers whose last digit changes stay well formed.
      const changed = { ...header, [name]: flip(value, value.length - 1) };
      expect(headerHash(changed as Header), name).not.toBe(header.hash);
    }
  });

  it('names its signer, and nobody else\'s chain or block', async () => {
    const { signature, signer } = fixture.signature;
    expect(await headerSigner(fixture.chainId, header.hash, signature as Hex)).toBe(getAddress(signer));
    expect(await headerSigner(1, header.hash, signature as Hex)).not.toBe(getAddress(signer));
    expect(await headerSigner(fixture.chainId, keccak256('0x01'), signature as Hex)).not.toBe(getAddress(signer));
  });
});

describe('a proof', () => {
  const { account, absent, ledger } = fixture;

  it('gives the account that the state has', () => {
    const proved = provedAccount(root, owner, hex(account.accountProof));
    expect(proved?.balance).toBe(BigInt(account.balance));
    expect(proved?.nonce).toBe(BigInt(account.nonce));
  });

  it('shows that there is none', () => {
    expect(provedAccount(root, fixture.nobody as Address, hex(absent.accountProof))).toBeUndefined();
  });

  it('gives a token balance, and shows that somebody has none', () => {
    const token = provedAccount(root, fixture.token as Address, hex(ledger.accountProof))!;
    expect(isLedger(token.codeHash)).toBe(true);
    const [held, none] = ledger.storageProof;
    expect(balanceSlot(fixture.holder as Address)).toBe(fixture.slot);
    expect(provedSlot(token.storageRoot, fixture.slot as Hex, hex(held!.proof))).toBe(BigInt(held!.value));
    expect(BigInt(held!.value)).toBeGreaterThan(0n);
    expect(provedSlot(token.storageRoot, fixture.empty as Hex, hex(none!.proof))).toBe(0n);
  });

  it('is refused when anything in it is changed', () => {
    const nodes = hex(account.accountProof);
    for (const [index, node] of nodes.entries()) {
      for (const at of [4, Math.floor(node.length / 2), node.length - 1]) {
        const forged = nodes.map((one, here) => (here === index ? flip(one, at) as Hex : one));
        expect(() => provedAccount(root, owner, forged), `node ${index}, digit ${at}`).toThrow();
      }
    }
    expect(() => provedAccount(flip(root, 30) as Hex, owner, nodes)).toThrow(/hash/);
    expect(() => provedAccount(root, owner, nodes.slice(0, -1))).toThrow(/ends before/);
    expect(() => provedAccount(root, owner, [])).toThrow(/ends before/);
    expect(() => provedAccount(root, owner, [...nodes, nodes[0]!])).toThrow(/nothing leads to/);
  });

  it('of one address says nothing of another', () => {
    const other = fixture.token as Address;
    const told = (() => {
      try {
        return provedAccount(root, other, hex(account.accountProof));
      } catch {
        return 'refused';
      }
    })();
    // Never the other's account: the token exists, so its absence cannot be proved either.
    expect(told).toBe('refused');
  });

  it('of an empty trie is empty', () => {
    const nothing = keccak256('0x80');
    expect(valueInTrie(nothing, keccak256('0x01'), [])).toBeUndefined();
    expect(valueInTrie(nothing, keccak256('0x01'), ['0x80'])).toBeUndefined();
  });

  it('walks extensions, short nodes and branches', () => {
    // A trie of two keys with a common beginning, built by hand: extension, branch, leaves inside the branch.
    const key = (last: string) => `0x${'a'.repeat(62)}${last}` as Hex;
    const leaf = (value: Hex): Hex[] => ['0x3' + '1' as Hex, value];
    const branch: (Hex | Hex[])[] = Array.from({ length: 17 }, () => '0x' as Hex);
    branch[1] = leaf('0x05');
    branch[2] = leaf('0x06');
    const branchNode = toRlp(branch);
    const extension = toRlp([`0x00${'a'.repeat(62)}` as Hex, keccak256(branchNode)]);
    const nodes = [extension, branchNode];
    expect(valueInTrie(keccak256(extension), key('11'), nodes)).toBe('0x05');
    expect(valueInTrie(keccak256(extension), key('21'), nodes)).toBe('0x06');
    expect(valueInTrie(keccak256(extension), key('31'), nodes)).toBeUndefined();
    expect(valueInTrie(keccak256(extension), key('12'), nodes)).toBeUndefined();
    expect(valueInTrie(keccak256(extension), `0xb${'a'.repeat(63)}`, [extension])).toBeUndefined();
  });
});
