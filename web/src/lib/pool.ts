// Arithmetic of constant-product pools (Uniswap V2), for showing; the chain decides.

/** Largest integer whose square is at most `n`. */
export function isqrt(n: bigint): bigint {
  if (n < 2n) return n;
  let x = 1n << BigInt((n.toString(2).length + 1) >> 1);
  for (;;) {
    const y = (x + n / x) >> 1n;
    if (y >= x) return x;
    x = y;
  }
}

const E18 = 10n ** 18n;

/**
 * What a pool share is worth against holding the same tokens, when the price has changed by the factor `ratio`:
 * 2 sqrt(ratio) / (1 + ratio) - 1, in hundredths of a percent, never positive. `ratio` is in hundredths: 150 is +50 %.
 */
export function againstHolding(ratio: number): number {
  const r = (BigInt(ratio) * E18) / 100n;
  const value = (2n * isqrt(r * E18) * E18) / (E18 + r);
  const loss = ((E18 - value) * 10_000n + E18 / 2n) / E18;
  return loss === 0n ? 0 : -Number(loss);
}

/** The factors that the table shows: from a tenth of the price to four times it. */
export const PRICE_MOVES = [10, 50, 75, 90, 110, 125, 150, 200, 400] as const;

/** The other side of a deposit at the pool's price, rounded up, as the router asks for it. */
export function otherSide(amount: bigint, reserve: bigint, reserveOther: bigint): bigint {
  if (reserve === 0n) return 0n;
  return (amount * reserveOther + reserve - 1n) / reserve;
}

/** Pool shares that a deposit creates: the smaller of both ratios, rounded down. */
export function sharesOf(a: bigint, b: bigint, reserveA: bigint, reserveB: bigint, supply: bigint): bigint {
  if (supply === 0n) {
    const root = isqrt(a * b);
    return root > 1_000n ? root - 1_000n : 0n;
  }
  const [x, y] = [(a * supply) / reserveA, (b * supply) / reserveB];
  return x < y ? x : y;
}
