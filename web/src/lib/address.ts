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
