import { Random } from '@hearsay/common/random';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { RankedOverlay } from '../src/overlay.js';

const union = Array.from({ length: 20 }, (_, rank) => `peer ${rank + 1}`);
const everybody = () => true;

/** How often each rank is drawn when one peer is drawn at a time. */
function countsOf(alpha: number, draws: number, isEligible: (id: string) => boolean = everybody) {
  const overlay = new RankedOverlay(alpha);
  const random = new Random(42);
  const counts = new Map<string, number>();
  for (let draw = 0; draw < draws; draw += 1) {
    const [id] = overlay.pick(union, isEligible, 1, random);
    counts.set(id as string, (counts.get(id as string) ?? 0) + 1);
  }
  return counts;
}

/** Pearson's sum against P(rank j) ∝ j^-α over those who are eligible. */
function chiSquare(
  alpha: number,
  counts: Map<string, number>,
  isEligible: (id: string) => boolean = everybody,
): number {
  const draws = [...counts.values()].reduce((sum, count) => sum + count, 0);
  const weights = union.map((id, index) => (isEligible(id) ? (index + 1) ** -alpha : 0));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return union.reduce((sum, id, index) => {
    const expected = (draws * (weights[index] as number)) / total;
    return expected === 0 ? sum : sum + ((counts.get(id) ?? 0) - expected) ** 2 / expected;
  }, 0);
}

/** Nineteen degrees of freedom exceed this once in ten thousand honest runs. */
const chiSquareMax = 50;

describe('the overlay by rank', () => {
  test('A5: with α = 0 everybody is as likely as anybody', () => {
    expect(chiSquare(0, countsOf(0, 20_000))).toBeLessThan(chiSquareMax);
  });

  test.each([0.5, 1, 2])(
    'A6: with α = %d the j-th oldest is drawn in proportion to j^-α',
    (alpha) => {
      const counts = countsOf(alpha, 20_000);
      expect(chiSquare(alpha, counts)).toBeLessThan(chiSquareMax);
      // The measure tells exponents apart.
      expect(chiSquare(alpha + 0.2, counts)).toBeGreaterThan(2 * chiSquareMax);
    },
  );

  test('A6: a rank counts from the oldest of the union, not of those that may be drawn', () => {
    const isEligible = (id: string) => union.indexOf(id) >= 5;
    const counts = countsOf(1, 20_000, isEligible);
    expect(chiSquare(1, counts, isEligible)).toBeLessThan(chiSquareMax);
    expect([...counts.keys()].every(isEligible)).toBe(true);
  });

  test('A5: draws as many as are asked for or there are, all different, none who may not', () => {
    fc.assert(
      fc.property(
        fc.integer(),
        fc.uniqueArray(fc.nat(500), { maxLength: 40 }),
        fc.integer({ min: -2, max: 50 }),
        fc.nat(7),
        fc.double({ min: 0, max: 10, noNaN: true }),
        (rng, numbers, count, modulus, alpha) => {
          const ids = numbers.map(String);
          const isEligible = (id: string) => Number(id) % 8 !== modulus;
          const picks = new RankedOverlay(alpha).pick(ids, isEligible, count, new Random(rng));
          const eligible = ids.filter(isEligible);
          expect(picks).toHaveLength(Math.max(0, Math.min(count, eligible.length)));
          expect(new Set(picks).size).toBe(picks.length);
          expect(picks.every((id) => eligible.includes(id))).toBe(true);
        },
      ),
      { numRuns: 200 },
    );
  });

  test('A5: equal numbers draw the same, different ones do not', () => {
    const draw = (rng: number) => new RankedOverlay(0.5).pick(union, everybody, 5, new Random(rng));
    expect(draw(3)).toEqual(draw(3));
    expect(draw(3)).not.toEqual(draw(4));
  });
});

describe('the work of drawing', () => {
  test('A5: the smallest keys win, as if all were sorted', () => {
    fc.assert(
      fc.property(
        fc.integer(),
        fc.nat(30),
        fc.double({ min: 0, max: 2, noNaN: true }),
        (rng, count, alpha) => {
          const random = new Random(rng);
          const keys = union.map((id, index) => {
            const weight = (index + 1) ** -alpha;
            return { id, key: -Math.log(1 - random.fraction()) / weight };
          });
          const sorted = keys.sort((a, b) => a.key - b.key).map(({ id }) => id);
          const picks = new RankedOverlay(alpha).pick(union, everybody, count, new Random(rng));
          expect(picks).toEqual(sorted.slice(0, count));
        },
      ),
      { numRuns: 200 },
    );
  });

  test.each([0, -3])('of %d nobody is looked at, and nothing is left to chance', (count) => {
    const random = new Random(1);
    const isEligible = () => expect.unreachable();
    expect(new RankedOverlay(0.5).pick(union, isEligible, count, random)).toEqual([]);
    expect(random.fraction()).toBe(new Random(1).fraction());
  });
});
