import type { EventName } from '@hearsay/common/records';
import { describe, expect, test } from 'vitest';
import { SeedBench } from './seed-bench.js';

const one = '127.0.0.1:6001';

describe('A13: what strangers can have written is bounded, and the rest is counted', () => {
  const limits = { wantedRecordsMax: 100, wantedRecordsPerSecondMax: 10 };
  const reported = 'Dead Node:127.0.0.1:6055:1700000000.5:127.0.0.1:6099\n';

  test.each<[string, string, readonly EventName[]]>([
    ['dead reports', reported, ['dead-reported', 'report-refused']],
    ['reports without a port', reported.replace(':6055', ''), ['dead-reported', 'report-refused']],
    ['refused registrations', '127.0.0.1:5001\n', ['register-refused']],
  ])('of %s over one connection', (_, text, events) => {
    const bench = new SeedBench({ limits });
    bench.tell(text.repeat(5_000));
    bench.run(10);
    const written = events.flatMap((event) => bench.records(event));
    for (const event of events) {
      expect(bench.records(event).length).toBeGreaterThanOrEqual(100);
      expect(bench.records(event).length).toBeLessThanOrEqual(110);
    }
    bench.run(1_000);
    const [rest] = bench.records('dropped-more');
    expect(written.length + (rest?.count ?? 0)).toBe(5_000 * events.length);
  });

  test('of registrations of addresses at which nobody is, and of their end', () => {
    const bench = new SeedBench({ limits });
    for (let n = 0; n < 1_000; n += 1) {
      bench.tell(`127.0.${1 + (n >> 8)}.${n & 255}:7000\n`);
      bench.run(1);
    }
    bench.run(60_000);
    expect(bench.records('registered').length).toBeLessThanOrEqual(120);
    expect(bench.records('removed').length).toBeLessThanOrEqual(20 * 61);
    expect(bench.records('removed').length).toBeLessThan(1_000);
    const status = bench.records('seed-status').at(-1);
    expect(status).toMatchObject({ registrations: 1_000, removals: 1_000 });
  });

  test('of those who never answered the end is written as refusals are, twenty a second', () => {
    const bench = new SeedBench();
    for (let n = 0; n < 800; n += 1) bench.tell(`127.0.${1 + (n >> 8)}.${n & 255}:7000\n`);
    bench.run(40_000);
    expect(bench.records('seed-status').at(-1)?.removals).toBe(800);
    // They are asked for 20 s, with pauses of about 4 s at last.
    expect(bench.records('removed').length).toBeGreaterThanOrEqual(20);
    expect(bench.records('removed').length).toBeLessThanOrEqual(20 * 10);
  });

  test('of one address that is announced over and over: a few at once, then one a second', () => {
    const bench = new SeedBench();
    bench.join(one);
    for (let n = 0; n < 500; n += 1) {
      bench.tell(`${one}\n`);
      bench.run(10);
    }
    bench.run(1_000);
    const { linksPerPeerMax } = bench.limits;
    expect(bench.records('registered').length).toBeLessThanOrEqual(linksPerPeerMax + 6);
    expect(bench.records('registered').length).toBeGreaterThanOrEqual(linksPerPeerMax + 4);
    expect(bench.records('seed-status').at(-1)?.registrations).toBe(501);
    expect(bench.records('evicted').length).toBeLessThanOrEqual(20 * 6);
    const written = bench.records('registered').length + bench.records('evicted').length;
    const counted = bench.records('dropped-more').reduce((sum, { count }) => sum + count, 0);
    const evictions = 501 - linksPerPeerMax;
    expect(written + counted).toBe(501 + evictions);
  });
});

describe('unlistedPeersShownMax: a status record does not grow with what strangers announce', () => {
  test.each([
    ['below', 4],
    ['at', 5],
    ['above', 30],
  ])('%s the bound: the first are shown, and how many there are', (_, count) => {
    const bench = new SeedBench({ limits: { unlistedPeersShownMax: 5 } });
    const addresses = Array.from({ length: count }, (_none, n) => `127.0.0.3:${7001 + n}`);
    for (const address of addresses) bench.tell(`${address}\n`);
    bench.run(1_100);
    const status = bench.records('seed-status').at(-1);
    expect(status?.unlisted).toEqual(addresses.slice(0, 5));
    expect(status?.unlistedCount).toBe(count);
  });
});

describe('registeredRecordsPerSecondMax: of one address that is announced again and again', () => {
  test.each([
    ['below', 499, 0],
    ['at', 500, 1],
    ['above', 501, 1],
    ['below twice', 999, 1],
    ['at twice', 1_000, 2],
  ])('%s the bound: after %i ms so many more are written', (_, afterMs, count) => {
    const bench = new SeedBench({ limits: { registeredRecordsPerSecondMax: 2 } });
    const { linksPerPeerMax } = bench.limits;
    const announce = (times: number) => {
      for (let n = 0; n < times; n += 1) bench.tell(`${one}\n`);
    };
    announce(linksPerPeerMax + 1);
    bench.run(10);
    expect(bench.records('registered')).toHaveLength(linksPerPeerMax);
    bench.run(afterMs - 10);
    announce(count + 1);
    bench.run(10);
    expect(bench.records('registered')).toHaveLength(linksPerPeerMax + count);
  });
});
