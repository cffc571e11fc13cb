import fc from 'fast-check';
import { expect, test } from 'vitest';
import { DigestSet, type Forgotten } from '../src/digest-set.js';

/** The dumb oracle: digests as texts in a Map, which keeps the order of arrival. */
class OracleSet {
  private readonly entries = new Map<string, { readonly atMs: number; readonly stampMs: number }>();

  constructor(private readonly entriesMax: number) {}

  get size(): number {
    return this.entries.size;
  }

  has(key: string): boolean {
    return this.entries.has(key);
  }

  add(key: string, atMs: number, stampMs: number): Forgotten | undefined {
    const [oldest] = this.entries;
    const evicted = this.size === this.entriesMax ? oldest : undefined;
    if (evicted !== undefined) this.entries.delete(evicted[0]);
    this.entries.set(key, { atMs, stampMs });
    return (
      evicted && {
        stampMs: 1_000 * Math.ceil(evicted[1].stampMs / 1_000),
        addedAtMs: wholeSecondMs(evicted[1].atMs) + 1_000,
      }
    );
  }

  forgetBefore(beforeMs: number): number | undefined {
    const stampsMs: number[] = [];
    for (const [key, { atMs, stampMs }] of this.entries) {
      if (wholeSecondMs(atMs) >= wholeSecondMs(beforeMs)) continue;
      stampsMs.push(1_000 * Math.ceil(stampMs / 1_000));
      this.entries.delete(key);
    }
    return stampsMs.length === 0 ? undefined : Math.max(...stampsMs);
  }
}

function wholeSecondMs(ms: number): number {
  return 1_000 * Math.floor(ms / 1_000);
}

/** Low halves that begin in the same few slots of any table, its last ones among them. */
const collidingLow = fc
  .tuple(fc.constantFrom(0, 1, 2, 0x3ff, 0x7fe, 0x7ff, 0xffff_ffff), fc.nat(7))
  .map(([slot, above]) => (slot ^ (above << 12)) >>> 0);

const digest = fc.tuple(fc.nat(40), collidingLow);

const steps = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: fc.record({ kind: fc.constant('add' as const), digest }) },
    {
      weight: 1,
      arbitrary: fc.record({ kind: fc.constant('forget' as const), ageMs: fc.nat(30_000) }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constant('flood' as const),
        count: fc.nat(1_300),
        salt: fc.nat(5),
      }),
    },
    { weight: 3, arbitrary: fc.record({ kind: fc.constant('pass' as const), ms: fc.nat(4_000) }) },
  ),
  { maxLength: 60 },
);

test('A8: the digest set behaves like a set that remembers the order of arrival, whatever collides, grows, ages or is evicted', () => {
  fc.assert(
    fc.property(steps, fc.constantFrom(1_024, 2_048, 4_096), (script, entriesMax) => {
      const set = new DigestSet(entriesMax);
      const oracle = new OracleSet(entriesMax);
      const seen: [number, number][] = [];
      let nowMs = 500;
      const add = (high: number, low: number) => {
        const key = `${high},${low}`;
        expect(set.has(high, low)).toBe(oracle.has(key));
        if (oracle.has(key)) return;
        seen.push([high, low]);
        const stampMs = nowMs + 700 * (high % 3);
        expect(set.add(high, low, nowMs, stampMs)).toEqual(oracle.add(key, nowMs, stampMs));
      };
      for (const step of script) {
        if (step.kind === 'add') add(...step.digest);
        else if (step.kind === 'pass') nowMs += step.ms;
        else if (step.kind === 'flood') {
          // Long chains: runs of neighboring slots, and a few digests a slot.
          for (let n = 0; n < step.count; n += 1) {
            add(1_000 * (1 + step.salt) + Math.floor(n / 300), (n * 7) % 300);
          }
        } else {
          const beforeMs = nowMs - step.ageMs;
          expect(set.forgetBefore(beforeMs)).toBe(oracle.forgetBefore(beforeMs));
        }
        expect(set.size).toBe(oracle.size);
      }
      for (const [high, low] of seen) {
        if (set.has(high, low) !== oracle.has(`${high},${low}`)) {
          throw new Error(`the two differ on ${high},${low}`);
        }
      }
    }),
    { numRuns: 60 },
  );
});

test('digestsMax: the set holds as many as its bound and no more, and the oldest makes room', () => {
  const set = new DigestSet(1_024);
  for (let n = 0; n < 1_024; n += 1) expect(set.add(n, n, 1_000 * n, 77_001 + n)).toBeUndefined();
  expect(set.size).toBe(1_024);
  expect(set.has(0, 0)).toBe(true);
  const evicted = set.add(5_000, 5_000, 2_000_000, 0);
  expect(evicted).toEqual({ stampMs: 78_000, addedAtMs: 1_000 });
  expect(set.size).toBe(1_024);
  expect([set.has(0, 0), set.has(1, 1), set.has(5_000, 5_000)]).toEqual([false, true, true]);
});

test('digestsMax: a bound that is no power of two is rounded up', () => {
  const set = new DigestSet(1_500);
  for (let n = 0; n < 2_048; n += 1) expect(set.add(n, n, 0, 0)).toBeUndefined();
  expect(set.add(9_999, 9_999, 0, 0)).toEqual({ stampMs: 0, addedAtMs: 1_000 });
  expect(set.size).toBe(2_048);
});

test('A8: a set that forgot its oldest and then grows loses nobody, and forgets in the same order', () => {
  const set = new DigestSet(4_096);
  for (let n = 0; n < 1_024; n += 1) set.add(n, n, 1_000 * n, 0);
  set.forgetBefore(600_000);
  for (let n = 1_024; n < 1_800; n += 1) set.add(n, n, 1_000 * n, 0);
  expect(set.size).toBe(1_200);
  set.forgetBefore(1_500_000);
  const held = Array.from({ length: 1_800 }, (_, n) => n).filter((n) => set.has(n, n));
  expect(held).toEqual(Array.from({ length: 300 }, (_, n) => 1_500 + n));
});

test('two digests that share 32 bits are two', () => {
  const set = new DigestSet(1_024);
  set.add(1, 2, 0, 0);
  expect([set.has(1, 2), set.has(2, 2), set.has(1, 1)]).toEqual([true, false, false]);
});
