import { describe, expect, it } from 'vitest';
import { type Amount, type Pool, type Window } from '../chain/v1';
import { yearlyRate } from './pool-activity';

const amount = (units: bigint): Amount => ({ units: units.toString(), decimals: 18, symbol: 'x', asset: null });
const pool = (reserve0: bigint, reserve1: bigint) => ({ reserve0: amount(reserve0), reserve1: amount(reserve1), makersPercent: 40 }) as Pool;
const day = (fees0: bigint, fees1: bigint) => ({ fees0: amount(fees0), fees1: amount(fees1) }) as Window;

describe('the yearly rate of a pool', () => {
  it('counts both sides at the pool\'s price, and the makers\' part alone', () => {
    // A pool of 1,000 and 4,000 (worth 8,000 of the second) that took 1 and 4 in fees: 8 a day, 3.2 of it for makers.
    expect(yearlyRate(pool(1_000n, 4_000n), day(1n, 4n))).toBe(1_460);
    expect(yearlyRate(pool(1_000n, 4_000n), day(0n, 0n))).toBe(0);
    expect(yearlyRate(pool(0n, 0n), day(1n, 1n))).toBeUndefined();
  });
});
