import { LIMITS } from '@hearsay/common/limits';
import { describe, expect, test } from 'vitest';
import { seekerAt } from './seeker.js';
import { idsOf, listing, type ScriptedNode } from './stage.js';

/** The times at which a seed was asked for its list again. */
function refreshesAt(seed: ScriptedNode): number[] {
  return seed.heard.filter(({ text }) => text === '127.0.0.1:6001\n').map(({ atMs }) => atMs);
}

test('knows: exactly those that are in the union, and not this peer itself', () => {
  const { world, seeds, seeker } = seekerAt([listing('127.0.0.1:7001'), listing('127.0.0.1:7002')]);
  const known = () =>
    [...idsOf(3), '127.0.0.1:6001'].filter((id) => seeker.discovery.knows(id)).join();
  expect(known()).toBe('');
  world.run({ forMs: 100 });
  expect(known()).toBe('127.0.0.1:7001,127.0.0.1:7002');
  for (const seed of seeds) seed.script = listing('127.0.0.1:7003');
  world.run({ forMs: 61_000 });
  expect(known()).toBe('127.0.0.1:7003');
});

describe('refreshSoon', () => {
  test('asks every seed for news once, within a moment, long before that is due anyway', () => {
    const { world, seeds, host } = seekerAt([listing(), listing()]);
    world.run({ forMs: 1_000 });
    host.type('soon');
    world.run({ forMs: 1.2 * LIMITS.refreshFirstMs + 10 });
    expect(seeds.map((seed) => refreshesAt(seed).length)).toEqual([1, 1]);
    world.run({ forMs: 30_000 });
    expect(seeds.map((seed) => refreshesAt(seed).length)).toEqual([1, 1]);
  });

  test('however often it is called, the seeds are asked no more often than with too few neighbors', () => {
    const { world, seeds, host } = seekerAt([listing()]);
    for (let n = 0; n < 1_000; n += 1) {
      host.type('soon');
      world.run({ forMs: 20 });
    }
    const times = refreshesAt(seeds[0]);
    const gaps = times.slice(1).map((ms, n) => ms - (times[n] as number));
    expect(gaps.length).toBeGreaterThan(9);
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(LIMITS.refreshFewMs);
  });

  test('with too few neighbors, too, the seeds are asked no more often than that', () => {
    const { world, seeds, host } = seekerAt([listing()]);
    world.run({ forMs: 10 });
    host.type('lacking');
    world.run({ forMs: 5_000 });
    for (let n = 0; n < 500; n += 1) {
      host.type('soon');
      world.run({ forMs: 20 });
    }
    const times = refreshesAt(seeds[0]).filter((ms) => ms > 5_000);
    const gaps = times.slice(1).map((ms, n) => ms - (times[n] as number));
    expect(gaps.length).toBeGreaterThan(5);
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(0.8 * LIMITS.refreshFewMs);
  });

  test('is not forgotten when there are enough neighbors in the meantime', () => {
    const { world, seeds, host } = seekerAt([listing()]);
    world.run({ forMs: 1_000 });
    host.type('soon');
    world.run({ forMs: 10 });
    host.type('lacking');
    host.type('enough');
    world.run({ forMs: 1_000 });
    expect(refreshesAt(seeds[0])).toHaveLength(1);
  });
});

describe('refreshFirstMs: with too few neighbors the seeds are asked', () => {
  test.each([100, 250, 1_000])(
    'for the first time after %i ms, a fifth sooner or later',
    (refreshFirstMs) => {
      const { world, seeds, host } = seekerAt([listing()], { refreshFirstMs });
      world.run({ forMs: 10 });
      const startMs = world.now;
      host.type('lacking');
      world.run({ forMs: 1.2 * refreshFirstMs + 5 });
      const [firstMs = 0, ...more] = refreshesAt(seeds[0]);
      expect(firstMs - startMs).toBeGreaterThanOrEqual(0.8 * refreshFirstMs);
      // The question takes a millisecond to the seed.
      expect(firstMs - startMs).toBeLessThanOrEqual(1.2 * refreshFirstMs + 2);
      expect(more).toEqual([]);
    },
  );
});

describe('classicSpacingMs: a classic seed', () => {
  test.each([
    ['below', -1, 1],
    ['at', 0, 2],
    ['above', 1, 2],
  ])('%s the bound has got the second of two messages or not', (_, moreMs, count) => {
    const { world, seeds, host } = seekerAt([() => '127.0.0.1:7001,127.0.0.1:6001']);
    world.run({ forMs: 1_000 });
    for (let n = 0; n < 2; n += 1) host.type('dead');
    const reports = () => seeds[0].texts('Dead Node:').length;
    expect(world.runUntil(() => reports() === 1, { withinMs: 10 })).toBe(true);
    world.run({ forMs: LIMITS.classicSpacingMs + moreMs });
    expect(reports()).toBe(count);
  });
});
