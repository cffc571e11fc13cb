import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Random } from '../src/random.js';

const anyRng = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });

function draws(random: Random): unknown[] {
  const items = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];
  return Array.from({ length: 20 }, () => [
    random.fraction(),
    random.below(1_000_000),
    random.jitter(1_000),
    random.shuffle(items),
  ]).flat();
}

describe('chance', () => {
  test('from the same number is the same', () => {
    fc.assert(
      fc.property(anyRng, (rng) => {
        expect(draws(new Random(rng))).toEqual(draws(new Random(rng)));
      }),
    );
  });

  test('from another number is another, neighbors in number too', () => {
    const first = Array.from({ length: 100 }, (_, rng) => JSON.stringify(draws(new Random(rng))));
    expect(new Set(first).size).toBe(100);
  });

  test('is the same on every machine and in every version: runs are played again from a number', () => {
    const random = new Random(1);
    expect(Array.from({ length: 5 }, () => random.below(1_000))).toEqual([646, 328, 81, 997, 890]);
    expect(random.fraction()).toBe(0.21996196734989382);
  });
});

describe('a draw', () => {
  test('below a limit is an integer from 0 to one less, and reaches both', () => {
    fc.assert(
      fc.property(anyRng, fc.integer({ min: 1, max: 2 ** 31 }), (rng, limit) => {
        const drawn = new Random(rng).below(limit);
        expect(Number.isInteger(drawn) && drawn >= 0 && drawn < limit).toBe(true);
      }),
    );
    const random = new Random(1);
    expect(random.below(1)).toBe(0);
    const seen = new Set(Array.from({ length: 200 }, () => random.below(5)));
    expect([...seen].sort()).toEqual([0, 1, 2, 3, 4]);
  });

  test('of a fraction is at least 0, below 1, and even', () => {
    const random = new Random(7);
    const fractions = Array.from({ length: 10_000 }, () => random.fraction());
    expect(Math.min(...fractions)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...fractions)).toBeLessThan(1);
    const mean = fractions.reduce((sum, fraction) => sum + fraction, 0) / fractions.length;
    expect(mean).toBeCloseTo(0.5, 1);
  });

  test('of a jitter stays within a fifth, and uses it', () => {
    const random = new Random(7);
    const durations = Array.from({ length: 10_000 }, () => random.jitter(1_000));
    expect(Math.min(...durations)).toBeGreaterThanOrEqual(800);
    expect(Math.max(...durations)).toBeLessThan(1_200);
    expect(Math.min(...durations)).toBeLessThan(805);
    expect(Math.max(...durations)).toBeGreaterThan(1_195);
    expect(random.jitter(0)).toBe(0);
  });
});

describe('a shuffle', () => {
  test('is a permutation, and leaves the original as it is', () => {
    fc.assert(
      fc.property(anyRng, fc.array(fc.integer(), { size: 'large' }), (rng, items) => {
        const before = [...items];
        const shuffled = new Random(rng).shuffle(items);
        expect(items).toEqual(before);
        expect(shuffled).not.toBe(items);
        expect([...shuffled].sort()).toEqual([...before].sort());
      }),
    );
  });

  test('gives every order as often as any other', () => {
    const random = new Random(3);
    const counts = new Map<string, number>();
    for (let run = 0; run < 6_000; run += 1) {
      const order = random.shuffle(['a', 'b', 'c']).join('');
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    expect(counts.size).toBe(6);
    // A thousand each; five standard deviations are about 145.
    for (const count of counts.values()) expect(Math.abs(count - 1_000)).toBeLessThan(145);
  });
});
