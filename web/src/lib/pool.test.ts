import { describe, expect, it } from 'vitest';
import { PRICE_MOVES, againstHolding, isqrt, otherSide, sharesOf } from './pool';

describe('a pool share against holding', () => {
  it('loses what the formula says', () => {
    // 2 sqrt(r) / (1 + r) - 1 at r = 4 is -20 %, at r = 2 is -5.72 %.
    expect(againstHolding(100)).toBe(0);
    expect(againstHolding(400)).toBe(-2_000);
    expect(againstHolding(200)).toBe(-572);
    expect(againstHolding(50)).toBe(-572);
    expect(againstHolding(125)).toBe(-62);
    for (const move of PRICE_MOVES) expect(againstHolding(move)).toBeLessThanOrEqual(0);
  });
});

describe('deposits', () => {
  it('take the other side at the pool\'s price, rounded up', () => {
    expect(otherSide(1n, 3n, 10n)).toBe(4n);
    expect(otherSide(3n, 3n, 10n)).toBe(10n);
    expect(otherSide(3n, 0n, 10n)).toBe(0n);
  });

  it('create shares of the smaller side', () => {
    expect(sharesOf(10n, 100n, 100n, 1_000n, 500n)).toBe(50n);
    expect(sharesOf(20n, 100n, 100n, 1_000n, 500n)).toBe(50n);
    expect(sharesOf(10_000n, 10_000n, 0n, 0n, 0n)).toBe(9_000n);
  });

  it('use exact roots', () => {
    for (const n of [0n, 1n, 2n, 3n, 4n, 15n, 16n, 17n, 10n ** 36n, 2n ** 224n - 1n]) {
      const root = isqrt(n);
      expect(root * root <= n && (root + 1n) * (root + 1n) > n).toBe(true);
    }
  });
});
