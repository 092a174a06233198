import { type Address } from 'viem';
import { describe, expect, it } from 'vitest';
import { inFours, readAddress, stirred } from './address';
import { type RecipientFacts, impactStep, isUnlimited, leastOf, lookAlike, mostOf, recipientWarnings, slippageHint } from './safety';

const me = '0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266' as Address;
const friend = '0x70997970C51812dc3A010C7d01b50e0d17dc79C8' as Address;
const copy = '0x70997aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa9C8' as Address;
const stranger = '0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC' as Address;

const facts = (more: Partial<RecipientFacts>): RecipientFacts => ({
  recipient: stranger, self: me, paid: new Map(), known: [], code: false, ...more,
});
const rules = (more: Partial<RecipientFacts>) => recipientWarnings(facts(more)).map(({ rule, level }) => `${rule}:${level}`);

describe('recipients', () => {
  it('that were never paid are named so, and those that were are not', () => {
    expect(rules({})).toEqual(['first:warn']);
    expect(rules({ paid: new Map([[stranger.toLowerCase(), 2]]) })).toEqual([]);
  });

  it('that imitate a known address are found', () => {
    expect(rules({ recipient: copy, paid: new Map([[friend.toLowerCase(), 1]]) })).toEqual(['look-alike:danger', 'first:warn']);
    expect(rules({ recipient: copy, known: [friend] })).toEqual(['look-alike:danger', 'first:warn']);
    expect(rules({ recipient: stranger, known: [friend] })).toEqual(['first:warn']);
    expect(lookAlike(friend, [friend.toLowerCase()]), 'an address does not imitate itself').toBeUndefined();
    const two = `0x70${'a'.repeat(36)}C8` as Address;
    expect(lookAlike(two, [friend]), 'two digits are chance').toBeUndefined();
  });

  it('that cannot give it back are refused', () => {
    expect(rules({ token: 'mUSD', code: true })).toEqual(['token:stop', 'first:warn']);
    expect(rules({ system: 'router', code: true })).toEqual(['system:stop', 'first:warn']);
    expect(rules({ code: true })).toEqual(['contract:danger', 'first:warn']);
    expect(rules({ recipient: `0x${'0'.repeat(40)}` })[0]).toBe('zero:stop');
    expect(rules({ recipient: me.toLowerCase() as Address })).toEqual(['self:warn']);
  });
});

describe('addresses', () => {
  it('are read in one case or with the right checksum', () => {
    expect(readAddress(` ${friend} `)).toEqual({ kind: 'address', address: friend });
    expect(readAddress(friend.toLowerCase())).toEqual({ kind: 'address', address: friend });
    expect(readAddress(`0x${friend.slice(2).toUpperCase()}`)).toEqual({ kind: 'address', address: friend });
    expect(readAddress(friend.replace('C51812dc', 'c51812dc')).kind).toBe('checksum');
    expect(readAddress(friend.slice(0, -1)).kind).toBe('malformed');
    expect(readAddress('vitalik.eth').kind).toBe('malformed');
    expect(readAddress(`0x${'g'.repeat(40)}`).kind).toBe('malformed');
    expect(readAddress('').kind).toBe('empty');
    expect(inFours(friend).join('')).toBe(friend);
  });
});

describe('pictures', () => {
  it('of addresses that begin and end alike differ', () => {
    const real = stirred(friend, 12);
    expect(stirred(friend.toLowerCase(), 12), 'whatever its case').toEqual(real);
    expect(new Set(real).size).toBeGreaterThan(6);
    for (const other of [copy, friend.replace('c3A0', 'c3A1'), `0x${'0'.repeat(39)}1`, `0x${'0'.repeat(39)}2`]) {
      expect(stirred(other, 12).filter((byte, at) => byte === real[at]).length).toBeLessThan(3);
    }
  });
});

describe('limits', () => {
  it('of price impact have steps', () => {
    const steps = [0, 99, 100, 299, 300, 499, 500, 999, 1_000, 1_499, 1_500].map(impactStep);
    expect(steps).toEqual([
      'fine', 'fine', 'notable', 'notable', 'warning', 'warning', 'severe', 'severe', 'confirm', 'confirm', 'blocked',
    ]);
  });

  it('are rounded for the trader', () => {
    expect(leastOf(1_000n, 50)).toBe(995n);
    expect(leastOf(1n, 50), 'never zero for something').toBe(1n);
    expect(leastOf(999n, 50)).toBe(995n);
    expect(mostOf(1_000n, 50)).toBe(1_005n);
    expect(mostOf(1n, 50)).toBe(1n);
  });

  it('of slippage are commented on', () => {
    expect(slippageHint(50)).toBeUndefined();
    expect(slippageHint(5)?.level).toBe('note');
    expect(slippageHint(101)?.level).toBe('warn');
    expect(slippageHint(2_001)?.level).toBe('danger');
    expect(slippageHint(5_001)?.level).toBe('stop');
  });

  it('without limit are recognised', () => {
    expect(isUnlimited(2n ** 256n - 1n)).toBe(true);
    expect(isUnlimited(2n ** 255n - 1n)).toBe(false);
  });
});
