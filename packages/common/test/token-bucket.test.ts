import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { TokenBucket } from '../src/token-bucket.js';

/** How many of so many tries succeed at one time. */
function taken(bucket: TokenBucket, tries: number, nowMs: number): number {
  return Array.from({ length: tries }, () => bucket.take(nowMs)).filter(Boolean).length;
}

describe('a token bucket', () => {
  test('gives its burst at once, and then one after another at its rate', () => {
    const bucket = new TokenBucket(5, 10);
    expect(taken(bucket, 9, 1_000)).toBe(5);
    expect(taken(bucket, 9, 1_099)).toBe(0);
    expect(taken(bucket, 9, 1_100)).toBe(1);
    expect(taken(bucket, 9, 1_400)).toBe(3);
  });

  test('saves up no more than its burst', () => {
    const bucket = new TokenBucket(5, 10);
    taken(bucket, 5, 0);
    expect(taken(bucket, 99, 3_600_000)).toBe(5);
  });

  test('says when the next one can be taken, and not a try earlier', () => {
    const bucket = new TokenBucket(1, 3);
    expect(bucket.readyAtMs(50)).toBe(50);
    bucket.take(50);
    const readyAtMs = bucket.readyAtMs(60);
    expect(bucket.take(readyAtMs - 1)).toBe(false);
    expect(bucket.take(readyAtMs)).toBe(true);
  });

  test('with a rate of 0 gives its burst and never anything more', () => {
    const bucket = new TokenBucket(2, 0);
    expect(taken(bucket, 9, 1_000)).toBe(2);
    expect(taken(bucket, 9, 3_600_000)).toBe(0);
    expect(bucket.readyAtMs(3_600_000)).toBe(Number.POSITIVE_INFINITY);
  });

  test('never gives more than burst and rate allow, whatever the times of the tries', () => {
    const pauses = fc.array(fc.double({ min: 0, max: 500, noNaN: true }), { maxLength: 200 });
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 9 }),
        fc.integer({ min: 0, max: 50 }),
        pauses,
        (...at) => {
          const [burst, perSecond, some] = at;
          const bucket = new TokenBucket(burst, perSecond);
          let nowMs = 0;
          let given = 0;
          for (const pauseMs of some) {
            nowMs += pauseMs;
            if (bucket.take(nowMs)) given += 1;
          }
          expect(given).toBeLessThanOrEqual(burst + (nowMs * perSecond) / 1_000 + 1e-6);
        },
      ),
    );
  });

  test('a clock that stands still or goes back gives nothing away', () => {
    const bucket = new TokenBucket(1, 1_000);
    expect([bucket.take(100), bucket.take(100), bucket.take(50)]).toEqual([true, false, false]);
  });
});
