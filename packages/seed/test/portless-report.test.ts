import { describe, expect, test } from 'vitest';
import { SeedBench } from './seed-bench.js';

const ip = '127.0.0.1';
const report = 'Dead Node:127.0.0.1:1700000000.5:127.0.0.1\n';

/** A seed with so many listed peers at one IP, quiet long enough for a report to be looked into. */
function crowd(count: number, options = {}) {
  const bench = new SeedBench(options);
  const peers = Array.from({ length: count }, (_, n) => bench.join(`${ip}:${6001 + n}`));
  bench.run(1_000);
  return { bench, peers };
}

describe('A12, A15: a report without a port on several peers is one accusation', () => {
  test('all are asked, the silent go, and one record says how many answered', () => {
    const { bench, peers } = crowd(5);
    peers[1]?.kill();
    peers[3]?.stop();
    bench.tell(report);
    bench.run(1_000);
    expect(bench.removals).toEqual([`${ip}:6002 reported`, `${ip}:6004 reported`]);
    expect(bench.refusals).toEqual([`${ip} 3 of 5 peers at this IP answered ${ip}`]);
    expect(bench.list).toEqual([`${ip}:6001`, `${ip}:6003`, `${ip}:6005`]);
  });

  test('where all are silent all go, and nothing is refused', () => {
    const { bench, peers } = crowd(3);
    for (const peer of peers) peer.kill();
    bench.tell(report);
    bench.run(1_000);
    expect(bench.removals).toEqual(peers.map(({ id }) => `${id} reported`));
    expect(bench.refusals).toEqual([]);
  });

  test('while they are asked and inquiryRestMs after that, further ones are refused in a word', () => {
    const { bench, peers } = crowd(3);
    peers[2]?.stop();
    for (let n = 0; n < 4; n += 1) bench.tell(report);
    bench.run(1_000);
    const refused = `${ip} the peers at this IP were just asked ${ip}`;
    const concluded = `${ip} 2 of 3 peers at this IP answered ${ip}`;
    expect(bench.refusals).toEqual([refused, refused, refused, concluded]);
    bench.tell(report);
    bench.run(10);
    expect(bench.refusals.at(-1)).toBe(refused);
    expect(peers[0]?.asked).toHaveLength(2);
    bench.run(bench.limits.inquiryRestMs);
    peers[0]?.kill();
    bench.tell(report);
    bench.run(1_000);
    expect(bench.removals.at(-1)).toBe(`${ip}:6001 reported`);
  });

  test.each([
    ['below', -1, 'the peers at this IP were just asked'],
    ['at', 0, '3 of 3 peers at this IP answered'],
    ['above', 1, '3 of 3 peers at this IP answered'],
  ])('inquiryRestMs after it was concluded, %s the bound: %i ms', (_, moreMs, reason) => {
    const { bench } = crowd(3);
    const second = bench.tell('');
    bench.tell(report);
    bench.until(() => bench.refusals.length === 1);
    // What is sent takes a millisecond to come.
    bench.run(bench.limits.inquiryRestMs + moreMs - 1);
    second.send(report);
    bench.run(100);
    expect(bench.refusals).toEqual([
      `${ip} 3 of 3 peers at this IP answered ${ip}`,
      `${ip} ${reason} ${ip}`,
    ]);
  });

  test('a flood of them costs one record each and a peer at most a probe a second', () => {
    const { bench, peers } = crowd(50);
    const flood = bench.tell('');
    for (let n = 0; n < 100; n += 1) {
      flood.send(report.repeat(20));
      bench.run(100);
    }
    expect(bench.records('dead-reported')).toHaveLength(2_000);
    expect(bench.records('report-refused').length).toBeLessThanOrEqual(2_000);
    for (const { asked } of peers) expect(asked.length).toBeLessThanOrEqual(11);
    bench.run(2_000);
    expect(bench.records('seed-status').at(-1)).toMatchObject({ reports: 2_000, refused: 2_000 });
    expect(bench.removals).toEqual([]);
  });

  test('one that waits among many at its IP is judged at once if it is named with its port', () => {
    const { bench, peers } = crowd(100, { limits: { probesMax: 2 } });
    for (const peer of peers) peer.stop();
    bench.tell(report);
    bench.run(10);
    bench.report(`${ip}:6100`);
    bench.run(3 * bench.limits.probeMs);
    expect(bench.removals).toContain(`${ip}:6100 reported`);
    expect(bench.removals.length).toBeLessThan(10);
  });

  test('one that meanwhile left the list in another way is waited for by nobody', () => {
    const { bench, peers } = crowd(3, { limits: { peersMax: 3 } });
    for (const peer of peers) peer.stop();
    bench.tell(report);
    bench.run(100);
    bench.join('127.0.0.2:6001');
    expect(bench.removals).toEqual([`${ip}:6001 evicted`]);
    peers[2]?.resume();
    bench.run(1_000);
    expect(bench.removals.slice(1)).toEqual([`${ip}:6002 reported`]);
    expect(bench.refusals).toEqual([`${ip} 1 of 3 peers at this IP answered ${ip}`]);
  });
});
