import { describe, expect, it } from 'vitest';
import { count, exact, gwei, nine, parseAmount, percent, plain, price, share, short } from './amount';

const E18 = 10n ** 18n;

describe('amounts', () => {
  it('are read to the last digit, or refused with a reason', () => {
    expect(parseAmount('1.000000000000000001', 18)).toEqual({ ok: true, value: E18 + 1n });
    expect(parseAmount(' 0.5 ', 6)).toEqual({ ok: true, value: 500_000n });
    expect(parseAmount('.5', 1)).toEqual({ ok: true, value: 5n });
    expect(parseAmount('5.', 2)).toEqual({ ok: true, value: 500n });
    expect(parseAmount('1.5000', 1)).toEqual({ ok: true, value: 15n });
    for (const bad of ['1,5', '1e5', '-1', '0x10', '.', '1.2.3', '１', 'NaN', '∞']) {
      const read = parseAmount(bad, 18);
      expect(read.ok, bad).toBe(false);
      expect(!read.ok && read.why, bad).not.toBe('');
    }
    expect(parseAmount('', 18)).toEqual({ ok: false, why: '' });
    expect(parseAmount('0.1234567', 6).ok).toBe(false);
    expect(parseAmount('9'.repeat(61), 18).ok).toBe(false);
  });

  it('survive the way through text', () => {
    for (const value of [0n, 1n, 999n, E18, 123_456_789n * E18 + 987n, 2n ** 256n - 1n]) {
      for (const decimals of [0, 6, 18]) {
        const read = parseAmount(plain(value, decimals), decimals);
        if (plain(value, decimals).split('.')[0]!.length <= 60) expect(read).toEqual({ ok: true, value });
        expect(exact(value, decimals).replaceAll(',', '')).toBe(plain(value, decimals));
      }
    }
  });

  it('are shown short, cut, and never as zero when they are not', () => {
    const cases: [bigint, number, string][] = [
      [0n, 18, '0'],
      [1n, 18, '<0.000000001'],
      [-1n, 18, '−<0.000000001'],
      [10n ** 9n, 18, '0.000000001'],
      [13_852n * 10n ** 9n, 18, '0.00001385'],
      [E18, 18, '1'],
      [1_315_942_271_710_050_252_319n, 18, '1,315.942'],
      [999_999_999_999_999_999n, 18, '0.9999'],
      [-1_999_999n, 6, '−1.9999'],
      [1_234_567n * E18 + E18 / 2n, 18, '1,234,567'],
      [12_345_678n * E18, 18, '12.34M'],
      [10_000_000n, 0, '10M'],
      [200_400_000_000n, 0, '200.4bn'],
      [5n * 10n ** 15n, 0, '>999tn'],
    ];
    for (const [value, decimals, text] of cases) expect(short(value, decimals)).toBe(text);
    for (let n = 1n; n < 10n ** 24n; n = n * 7n + 3n) {
      expect(short(n, 18)).not.toMatch(/^[0.,]*$/);
    }
  });

  it('are cut to nine digits, never in the whole ones', () => {
    expect(plain(nine(1_315_942_271_710_050_252_319n, 18), 18)).toBe('1315.94227');
    expect(plain(nine(123_456_789_012n, 2), 2)).toBe('1234567890');
    expect(nine(12_345n, 18)).toBe(12_345n);
  });

  it('keep their units', () => {
    expect(percent(50)).toBe('0.5 %');
    expect(percent(1_234)).toBe('12.34 %');
    expect(share(1n, 3n)).toBe('33.33 %');
    expect(share(1n, 10n ** 9n)).toBe('<0.01 %');
    expect(share(1n, 0n)).toBe('0 %');
    expect(gwei(117_188_396n)).toBe('0.1171 gwei');
    expect(count(1_234_567)).toBe('1,234,567');
    expect(price(2n * E18, 18, 262_000_000n, 6)).toBe(131n * E18);
    expect(price(0n, 18, 1n, 18)).toBeUndefined();
  });
});
