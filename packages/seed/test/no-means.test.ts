import { LIMITS } from '@hearsay/common/limits';
import { Random } from '@hearsay/common/random';
import type { LinkId, Runtime } from '@hearsay/common/runtime';
import { World } from '@hearsay/lab/simulator/world';
import { describe, expect, test } from 'vitest';
import { Seed } from '../src/seed.js';
import { at, livenessReply, ScriptedPeer, SeedBench } from './seed-bench.js';

/** A seed whose dials all fail while `isPoor` for want of means of its own. */
class PoorSeed {
  readonly world = new World();
  isPoor = false;
  /** How many dials have been refused, and those of them that have not failed yet. */
  refusals = 0;
  private refused: LinkId[] = [];
  readonly host = this.world.spawn(at('127.0.0.1:5001'), (runtime) => this.seedOn(runtime), 'seed');

  private seedOn(runtime: Runtime): Seed {
    const poor: Runtime = new Proxy(runtime, {
      get: (target, name: keyof Runtime) => {
        if (name !== 'dial' || !this.isPoor) {
          const value = target[name] as unknown;
          return typeof value === 'function' ? value.bind(target) : value;
        }
        return () => {
          this.refusals += 1;
          this.refused.push(-this.refusals);
          return -this.refusals;
        };
      },
    });
    return new Seed({
      runtime: poor,
      random: new Random(1),
      self: at('127.0.0.1:5001'),
      seeds: [at('127.0.0.1:5001')],
      settings: { trustReports: false, probeIntervalMs: 60_000, statusIntervalMs: 1_000 },
    });
  }

  /** Lets time pass; dials that were refused fail meanwhile. */
  run(forMs: number): void {
    for (let passed = 0; passed < forMs; passed += 100) {
      this.world.run({ forMs: 100 });
      this.fail();
    }
  }

  /** The dials that were refused fail, at this moment. */
  fail(): void {
    for (const link of this.refused.splice(0)) this.host.node.failed(link, 'no-resources');
  }

  events(event: string): unknown[] {
    return this.host.records.map(({ record }) => record).filter((record) => record.event === event);
  }
}

test('A15: a seed that has no means to ask convicts nobody; it asks as soon as it can', () => {
  const poor = new PoorSeed();
  const { world } = poor;
  const peer = new ScriptedPeer(world, '127.0.0.1:6001', livenessReply);
  world.connect(at('127.0.0.1:5001')).send('127.0.0.1:6001\n');
  poor.run(1_000);
  expect(poor.events('listed')).toHaveLength(1);
  poor.isPoor = true;
  const report = 'Dead Node:127.0.0.1:6001:1700000000.5:127.0.0.1:6099\n';
  world.connect(at('127.0.0.1:5001')).send(report);
  poor.run(20_000);
  expect(poor.events('removed')).toEqual([]);
  expect(poor.events('report-refused')).toEqual([]);
  poor.isPoor = false;
  poor.run(3_000);
  expect(poor.events('report-refused')).toMatchObject([{ reason: 'it answers' }]);
  peer.kill();
  poor.isPoor = true;
  world.connect(at('127.0.0.1:5001')).send(report);
  poor.run(5_000);
  expect(poor.events('removed')).toEqual([]);
  poor.isPoor = false;
  poor.run(3_000);
  expect(poor.events('removed')).toMatchObject([{ reason: 'reported' }]);
});

describe('probeAgainMs: a seed that had no means to ask', () => {
  test.each([
    ['below', -1, 1],
    ['at', 0, 2],
    ['above', 1, 2],
  ])('%s the bound: has tried again or not', (_, moreMs, tries) => {
    const poor = new PoorSeed();
    poor.isPoor = true;
    poor.world.connect(at('127.0.0.1:5001')).send('127.0.0.1:6001\n');
    expect(poor.world.runUntil(() => poor.refusals === 1, { withinMs: 1_000 })).toBe(true);
    poor.fail();
    poor.world.run({ forMs: LIMITS.probeAgainMs + moreMs });
    expect(poor.refusals).toBe(tries);
  });
});

test('a listed peer that starts again as a classic program is asked as one', () => {
  const bench = new SeedBench();
  const before = bench.join('127.0.0.1:6001', 'tagged');
  before.kill();
  // Classic programs give back the fields that came, a line end among them.
  const after = new ScriptedPeer(bench.world, '127.0.0.1:6001', (text, own) =>
    text.endsWith('\n') ? undefined : livenessReply(text, own),
  );
  bench.register('127.0.0.1:6001', 'bare');
  bench.run(1_000);
  bench.report('127.0.0.1:6001');
  bench.run(3_000);
  expect(after.asked.map(({ text }) => text.endsWith('\n'))).toEqual([false]);
  expect(bench.removals).toEqual([]);
  expect(bench.records('registered').map(({ kind }) => kind)).toEqual(['hearsay', 'classic']);
});

test('A2: the seed itself cannot be registered, nor by its address in the clothes of IPv6', () => {
  const bench = new SeedBench();
  for (const address of ['127.0.0.1:5001', '[::ffff:127.0.0.1]:5001', '[::FFFF:7f00:1]:5001']) {
    bench.register(address);
  }
  bench.run(2_000);
  expect(bench.listed).toEqual([]);
  expect(bench.records('register-refused')).toHaveLength(3);
});
