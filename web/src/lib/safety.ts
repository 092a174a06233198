// What a careful friend would say before you pay. Pure rules: the caller looks the facts up, these decide.
import { type Address } from 'viem';
import { same } from './address';

/** `stop` cannot be passed, `danger` has to be confirmed, `warn` and `note` are said. */
export type Level = 'stop' | 'danger' | 'warn' | 'note';
export interface Warning {
  rule: string;
  level: Level;
  text: string;
}

export interface RecipientFacts {
  recipient: Address;
  self: Address;
  /** Addresses that the sender has paid before, with how often. */
  paid: ReadonlyMap<string, number>;
  /** Other addresses that the sender knows: own ones, received from, tokens. */
  known: readonly Address[];
  /** Symbol, if the recipient is a token's contract. */
  token?: string;
  /** Whether code stands at the address. */
  code: boolean;
  /** A contract of the chain itself, by name. */
  system?: string;
}

/** How many leading and trailing digits two addresses share. */
function overlap(a: string, b: string): [head: number, tail: number] {
  const [x, y] = [a.slice(2).toLowerCase(), b.slice(2).toLowerCase()];
  let head = 0;
  while (head < 40 && x[head] === y[head]) head += 1;
  let tail = 0;
  while (tail < 40 && x[39 - tail] === y[39 - tail]) tail += 1;
  return [head, tail];
}

/** Three digits alike at both ends are no chance: one in sixteen million. */
const ALIKE = 3;

/** The known address that `address` imitates, if there is one. */
export function lookAlike(address: Address, known: Iterable<string>): string | undefined {
  for (const other of known) {
    if (same(address, other)) continue;
    const [head, tail] = overlap(address, other);
    if (head >= ALIKE && tail >= ALIKE) return other;
  }
  return undefined;
}

/** Everything worth saying about a recipient, the worst first. */
export function recipientWarnings(facts: RecipientFacts): Warning[] {
  const { recipient, self, paid, known, token, code, system } = facts;
  const found: Warning[] = [];
  const say = (rule: string, level: Level, text: string) => found.push({ rule, level, text });
  if (/^0x0{40}$/.test(recipient)) say('zero', 'stop', 'This is the zero address. Nobody can ever spend what is sent there.');
  if (token) say('token', 'stop', `This is the contract of the token ${token}, not a person. What is sent to it is lost for good.`);
  else if (system) say('system', 'stop', `This is a contract of the chain (${system}), not a person. What is sent to it is lost for good.`);
  else if (code) say('contract', 'danger', 'A contract lives at this address. Unless it was made to receive this, what you send may be lost.');
  const times = paid.get(recipient.toLowerCase()) ?? 0;
  if (times === 0 && !same(recipient, self)) {
    const other = lookAlike(recipient, [...paid.keys(), ...known, self]);
    if (other) say('look-alike', 'danger', `It looks like ${other}, which you know, but is another address. Thieves make such copies.`);
    say('first', 'warn', 'You have never sent anything to this address. Compare every digit with the one you were given.');
  }
  if (same(recipient, self)) say('self', 'warn', 'This is your own address.');
  const order: Level[] = ['stop', 'danger', 'warn', 'note'];
  return found.sort((a, b) => order.indexOf(a.level) - order.indexOf(b.level));
}

export type ImpactStep = 'fine' | 'notable' | 'warning' | 'severe' | 'confirm' | 'blocked';

/** Steps of a trade's price impact, in hundredths of a percent. */
export function impactStep(bps: number): ImpactStep {
  if (bps >= 1_500) return 'blocked';
  if (bps >= 1_000) return 'confirm';
  if (bps >= 500) return 'severe';
  if (bps >= 300) return 'warning';
  if (bps >= 100) return 'notable';
  return 'fine';
}

/** What to say about a tolerance, in hundredths of a percent. */
export function slippageHint(bps: number): Warning | undefined {
  if (bps > 5_000) return { rule: 'slippage-max', level: 'stop', text: 'More than 50 % would let anybody take half of it. Choose less.' };
  if (bps > 2_000) return { rule: 'slippage-huge', level: 'danger', text: 'You may receive far less than shown.' };
  if (bps > 100) return { rule: 'slippage-high', level: 'warn', text: 'More than most trades need; you may receive noticeably less.' };
  if (bps < 10) return { rule: 'slippage-low', level: 'note', text: 'So little that small moves make the trade fail. Failing costs only the network fee.' };
  return undefined;
}

/** The least to receive: cut downwards by at most the tolerance, in the trader's favour. */
export function leastOf(amount: bigint, slippageBps: number): bigint {
  const kept = amount * BigInt(10_000 - slippageBps);
  return (kept + 9_999n) / 10_000n;
}

/** The most to pay: rounded down, in the trader's favour. */
export function mostOf(amount: bigint, slippageBps: number): bigint {
  return (amount * BigInt(10_000 + slippageBps)) / 10_000n;
}

export const MAX_ALLOWANCE = 2n ** 256n - 1n;

/** Allowances from half the number range up are meant to be without limit. */
export const isUnlimited = (value: bigint) => value >= 2n ** 255n;
