// The one place where amounts become text and text becomes amounts. Only bigint: no amount ever passes through a float.

export type Parsed = { ok: true; value: bigint } | { ok: false; why: string };

/** Reads what a person typed. Commas are refused rather than guessed at: they mean different things to different people. */
export function parseAmount(text: string, decimals: number): Parsed {
  const given = text.trim();
  if (given === '') return { ok: false, why: '' };
  if (given.includes(',')) return { ok: false, why: 'Use a point for decimals and no commas' };
  const match = /^(\d*)(?:\.(\d*))?$/.exec(given);
  if (!match || given === '.') return { ok: false, why: 'Enter digits only, such as 12.5' };
  const [, whole = '', part = ''] = match;
  if (part.replace(/0+$/, '').length > decimals) {
    return { ok: false, why: `At most ${decimals} digits after the point` };
  }
  if (whole.replace(/^0+/, '').length > 60) return { ok: false, why: 'That is more than can exist' };
  return { ok: true, value: BigInt((whole || '0') + part.slice(0, decimals).padEnd(decimals, '0')) };
}

function split(value: bigint, decimals: number): { sign: string; whole: string; part: string } {
  const digits = (value < 0n ? -value : value).toString().padStart(decimals + 1, '0');
  const at = digits.length - decimals;
  return { sign: value < 0n ? '−' : '', whole: digits.slice(0, at), part: digits.slice(at) };
}

const grouped = (whole: string) => whole.replace(/\B(?=(\d{3})+$)/g, ',');

/** Every digit, without trailing zeros: `1,234.5`. */
export function exact(value: bigint, decimals: number): string {
  const { sign, whole, part } = split(value, decimals);
  const rest = part.replace(/0+$/, '');
  return sign + grouped(whole) + (rest ? `.${rest}` : '');
}

/** Every digit as an input field wants it: `1234.5`. */
export function plain(value: bigint, decimals: number): string {
  const { sign, whole, part } = split(value, decimals);
  const rest = part.replace(/0+$/, '');
  return sign.replace('−', '-') + whole + (rest ? `.${rest}` : '');
}

const UNITS = ['', '', 'M', 'bn', 'tn'];

/**
 * About six significant digits, cut and never rounded up, so that nobody is shown more than there is: `131.594`,
 * `0.000245`, `12.34M`. What is not zero never looks like zero.
 */
export function short(value: bigint, decimals: number): string {
  if (value === 0n) return '0';
  const { sign, whole, part } = split(value, decimals);
  if (whole.length > 15) return `${sign}>999tn`;
  if (whole.length > 7) {
    const step = Math.floor((whole.length - 1) / 3);
    const cut = whole.length - 3 * step;
    const rest = whole.slice(cut, cut + 2).replace(/0+$/, '');
    return `${sign}${whole.slice(0, cut)}${rest ? `.${rest}` : ''}${UNITS[step]}`;
  }
  if (whole !== '0') {
    const rest = part.slice(0, Math.max(0, Math.min(4, 7 - whole.length))).replace(/0+$/, '');
    return sign + grouped(whole) + (rest ? `.${rest}` : '');
  }
  const zeros = part.length - part.replace(/^0+/, '').length;
  if (zeros >= 9) return `${sign}<0.000000001`;
  return `${sign}0.${part.slice(0, zeros + 4).replace(/0+$/, '')}`;
}

/** Cut to about nine digits, for a field whose number was computed: who wants them all finds them in the review. */
export function nine(value: bigint, decimals: number): bigint {
  const extra = value.toString().length - 9;
  return value - (value % 10n ** BigInt(Math.max(0, Math.min(extra, decimals))));
}

/** Hundredths of a percent as a percentage: 50 is `0.5 %`. */
export function percent(bps: bigint | number): string {
  const value = BigInt(bps);
  return `${exact(value, 2)} %`;
}

/** A part of a whole in percent, cut to two decimals: `<0.01 %` rather than zero. */
export function share(part: bigint, whole: bigint): string {
  if (whole === 0n) return '0 %';
  const bps = (part * 10_000n) / whole;
  if (bps === 0n && part > 0n) return '<0.01 %';
  return percent(bps);
}

/** Price of one whole unit of `base` in `quote`, scaled by 10^18 and cut; undefined when there is no base. */
export function price(base: bigint, baseDecimals: number, quote: bigint, quoteDecimals: number): bigint | undefined {
  if (base === 0n) return undefined;
  return (quote * 10n ** BigInt(18 + baseDecimals)) / (base * 10n ** BigInt(quoteDecimals));
}

/** Wei as gwei: `0.117 gwei`. */
export const gwei = (wei: bigint) => `${short(wei, 9)} gwei`;

/** A plain count: `12,345`. */
export const count = (value: bigint | number) => exact(BigInt(value), 0);
