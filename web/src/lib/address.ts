import { type Address, getAddress, isAddress } from 'viem';

/** `0x1234…cdef`. */
export const shortHex = (hex: string, keep = 4) => `${hex.slice(0, 2 + keep)}…${hex.slice(-keep)}`;

/** The whole address in groups of four, as people compare them. */
export const inFours = (address: string) => ['0x', ...(address.slice(2).match(/.{4}/g) ?? [])];

export const same = (a?: string | null, b?: string | null) => !!a && !!b && a.toLowerCase() === b.toLowerCase();

export type AddressText =
  | { kind: 'empty' }
  | { kind: 'address'; address: Address }
  | { kind: 'checksum' }
  | { kind: 'malformed'; why: string };

/** What a person typed or pasted where an address belongs. */
export function readAddress(text: string): AddressText {
  const given = text.trim();
  if (given === '') return { kind: 'empty' };
  if (!/^0x/i.test(given)) return { kind: 'malformed', why: 'An address starts with 0x' };
  const body = given.slice(2);
  if (/[^0-9a-f]/i.test(body)) return { kind: 'malformed', why: 'An address has only the digits 0-9 and the letters a-f' };
  if (body.length !== 40) return { kind: 'malformed', why: `An address has 40 digits after 0x; this has ${body.length}` };
  const lower = `0x${body.toLowerCase()}` as Address;
  // One case throughout carries no checksum; mixed case must be the right mixture.
  if (body === body.toLowerCase() || body === body.toUpperCase()) return { kind: 'address', address: getAddress(lower) };
  return isAddress(`0x${body}`, { strict: true })
    ? { kind: 'address', address: getAddress(lower) }
    : { kind: 'checksum' };
}

/**
 * Bytes for an address's picture. Every digit stirs every byte, so that two addresses which begin and end alike look
 * different; no secret depends on it.
 */
export function stirred(address: string, bytes: number): number[] {
  let state = 0x811c9dc5;
  for (const digit of address.toLowerCase()) state = Math.imul(state ^ digit.charCodeAt(0), 0x01000193) >>> 0;
  return Array.from({ length: bytes }, () => {
    state = (state + 0x9e3779b9) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 16), 0x85ebca6b);
    mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
    return ((mixed ^ (mixed >>> 16)) >>> 0) & 255;
  });
}
