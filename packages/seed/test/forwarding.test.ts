import type { RecordOf } from '@hearsay/common/records';
import type { Host } from '@hearsay/lab/simulator/host';
import type { StandIn, StandInServer } from '@hearsay/lab/simulator/stand-in';
import { describe, expect, test } from 'vitest';
import type { Seed } from '../src/seed.js';
import { at, SeedBench } from './seed-bench.js';

const seeds = ['127.0.0.1:5001', '127.0.0.1:5002', '127.0.0.1:5003'];
const reporter = '127.0.0.1:6099';

/** A Hearsay seed that says it is one, at once or after a while, and keeps what it gets. */
class ScriptedSeed {
  /** What came, when, and on which connection. */
  readonly heard: { readonly atMs: number; readonly text: string; readonly by: StandIn }[] = [];
  readonly server: StandInServer;

  constructor(bench: SeedBench, address: string, answer?: string) {
    this.server = bench.world.listen(at(address), {
      onData: (by, text) => {
        this.heard.push({ atMs: bench.world.now, text, by });
        if (answer !== undefined && text.endsWith(':Hearsay/1')) by.send(answer);
      },
    });
  }

  get texts(): string[] {
    return this.heard.map(({ text }) => text);
  }
}

const hearsaySeed = (bench: SeedBench, address: string) =>
  new ScriptedSeed(bench, address, 'Extensions:\n');
const classicSeed = (bench: SeedBench, address: string) => new ScriptedSeed(bench, address);

/** Peers join, one after the other is killed and reported; their reports as they were sent. */
function buryPeers(bench: SeedBench, count: number, firstPort = 6001): string[] {
  const addresses = Array.from({ length: count }, (_, n) => `127.0.0.1:${firstPort + n}`);
  const peers = addresses.map((address) => bench.join(address));
  bench.run(1_000);
  for (const peer of peers) peer.kill();
  for (const address of addresses) bench.report(address);
  bench.run(3);
  return addresses.map((address) => `${address}:1700000000.5:${reporter}`);
}

describe('Membership: an accepted report goes on to the other seeds of the config', () => {
  test('once, the first one plain with the tag, later ones as lines `Dead Node Forwarded`', () => {
    const bench = new SeedBench({ seeds });
    const fellows = seeds.slice(1).map((address) => hearsaySeed(bench, address));
    const [a, b, c] = buryPeers(bench, 3);
    bench.run(5_000);
    for (const fellow of fellows) {
      expect(fellow.texts.join('')).toBe(
        `Dead Node:${a}:Hearsay/1Dead Node Forwarded:${b}\nDead Node Forwarded:${c}\n`,
      );
      expect(fellow.server.accepted).toHaveLength(1);
      expect(fellow.server.accepted[0]?.ended).toBe(false);
    }
    const forwarded = bench.records('report-forwarded');
    expect(forwarded.map(({ peer, seed }) => `${peer} ${seed}`).sort()).toEqual(
      [6001, 6002, 6003].flatMap((port) => [
        `127.0.0.1:${port} 127.0.0.1:5002`,
        `127.0.0.1:${port} 127.0.0.1:5003`,
      ]),
    );
    expect(forwarded[0]?.message).toBe(`Dead Node:${a}:Hearsay/1`);
  });

  test('not if it was refused, nor for the further reports on the same peer', () => {
    const bench = new SeedBench({ seeds });
    const fellow = hearsaySeed(bench, '127.0.0.1:5002');
    bench.join('127.0.0.1:6001');
    bench.run(1_000);
    bench.report('127.0.0.1:6001');
    bench.report('127.0.0.1:6055');
    bench.run(3_000);
    expect(fellow.texts).toEqual([]);
    const peer = bench.join('127.0.0.1:6002');
    bench.run(1_000);
    peer.kill();
    for (let n = 0; n < 5; n += 1) bench.report('127.0.0.1:6002');
    bench.run(3_000);
    expect(fellow.texts).toEqual([`Dead Node:127.0.0.1:6002:1700000000.5:${reporter}:Hearsay/1`]);
  });

  test('one without a port goes on once, though it removed several', () => {
    const bench = new SeedBench({ seeds });
    const fellow = hearsaySeed(bench, '127.0.0.1:5002');
    for (const port of [6001, 6002, 6003]) bench.join(`127.0.0.1:${port}`).kill();
    bench.run(1_000);
    bench.report('127.0.0.1');
    bench.run(3_000);
    expect(bench.removals).toHaveLength(3);
    expect(fellow.texts).toEqual([`Dead Node:127.0.0.1:1700000000.5:${reporter}:Hearsay/1`]);
  });

  test('--trust-reports: an accepted report goes on as well', () => {
    const bench = new SeedBench({ seeds, settings: { trustReports: true } });
    const fellow = hearsaySeed(bench, '127.0.0.1:5002');
    bench.join('127.0.0.1:6001');
    bench.report('127.0.0.1:6001');
    bench.run(1_000);
    expect(fellow.texts).toHaveLength(1);
  });
});

describe('Membership: a report that another seed hands on', () => {
  test.each([
    ['its first form', `Dead Node:127.0.0.1:6001:1700000000.5:${reporter}:Hearsay/1`],
    ['its later form', `Dead Node Forwarded:127.0.0.1:6001:1700000000.5:${reporter}\n`],
  ])('in %s: the accused is asked here too, and it never goes further', (_, message) => {
    const bench = new SeedBench({ seeds });
    const third = hearsaySeed(bench, '127.0.0.1:5003');
    const peer = bench.join('127.0.0.1:6001');
    bench.run(1_000);
    const fellow = bench.tell(message);
    bench.run(1_000);
    expect(peer.asked).toHaveLength(2);
    expect(bench.removals).toEqual([]);
    expect(bench.refusals).toEqual([`127.0.0.1:6001 it answers ${reporter}`]);
    peer.kill();
    fellow.send(message.endsWith('\n') ? message : `${message}\n`);
    bench.run(1_000);
    expect(bench.removals).toEqual(['127.0.0.1:6001 reported']);
    expect(third.texts).toEqual([]);
  });

  test('in its first form is answered with a line, which shows the kind', () => {
    const bench = new SeedBench({ seeds });
    const fellow = bench.tell(`Dead Node:127.0.0.1:6001:1700000000.5:${reporter}:Hearsay/1`);
    bench.run(5);
    expect(fellow.received).toBe('Extensions:\n');
    fellow.send(`Dead Node Forwarded:127.0.0.1:6002:1700000000.5:${reporter}\n`);
    bench.run(5);
    expect(fellow.received).toBe('Extensions:\n');
    expect(bench.records('dead-reported')).toHaveLength(2);
  });

  test('together with one at first hand: the one at first hand goes on', () => {
    const bench = new SeedBench({ seeds });
    const third = hearsaySeed(bench, '127.0.0.1:5003');
    bench.join('127.0.0.1:6001').stop();
    bench.run(1_000);
    bench.tell(`Dead Node Forwarded:127.0.0.1:6001:1700000000.5:${reporter}\n`);
    bench.run(10);
    bench.report('127.0.0.1:6001', '127.0.0.1:6098');
    bench.run(2_000);
    expect(third.texts).toEqual(['Dead Node:127.0.0.1:6001:1700000000.5:127.0.0.1:6098:Hearsay/1']);
  });
});

describe('Towards classic seeds', () => {
  test('all goes as bare reports with the mark over one held link, never two within classicSpacingMs', () => {
    const bench = new SeedBench({ seeds });
    const fellow = classicSeed(bench, '127.0.0.1:5002');
    const [first, ...reports] = buryPeers(bench, 6);
    bench.run(1_000);
    expect(fellow.texts).toEqual([`Dead Node:${first}:Hearsay/1`]);
    bench.run(2_000);
    const later = buryPeers(bench, 2, 6_101);
    bench.run(60_000);
    const marked = [first, ...reports, ...later].map((report) => `Dead Node:${report}:Hearsay/1`);
    expect(fellow.texts).toEqual(marked);
    const times = fellow.heard.map(({ atMs }) => atMs);
    for (const [n, atMs] of times.slice(1).entries()) {
      expect(atMs - (times[n] as number)).toBeGreaterThanOrEqual(bench.limits.classicSpacingMs);
    }
    expect(fellow.server.accepted).toHaveLength(1);
    expect(fellow.server.accepted[0]?.ended).toBe(false);
  });

  test('the link is not closed though both are silent for an hour', () => {
    const bench = new SeedBench({ seeds });
    const fellow = classicSeed(bench, '127.0.0.1:5002');
    buryPeers(bench, 1);
    bench.run(3_600_000);
    expect(fellow.server.accepted[0]?.open).toBe(true);
    expect(fellow.server.accepted[0]?.ended).toBe(false);
  });

  test.each([
    ['below', -1, 1],
    ['at', 0, 2],
    ['above', 1, 2],
  ])(
    'seedAnswerMs: a seed that is silent is waited for %s the bound, and not longer',
    (_, moreMs, count) => {
      const bench = new SeedBench({ seeds });
      const fellow = classicSeed(bench, '127.0.0.1:5002');
      const reports = buryPeers(bench, 2);
      bench.until(() => fellow.heard.length === 1);
      bench.run(bench.limits.seedAnswerMs + moreMs);
      const marked = reports.map((report) => `Dead Node:${report}:Hearsay/1`);
      expect(fellow.texts).toEqual(marked.slice(0, count));
    },
  );

  test.each([
    ['below', -1, 'Dead Node Forwarded:', '\n'],
    ['above', 1, 'Dead Node:', ':Hearsay/1'],
  ])(
    'seedAnswerMs: an answer %s the bound tells the kind in time or not',
    (_, moreMs, before, after) => {
      const bench = new SeedBench({ seeds });
      const fellow = classicSeed(bench, '127.0.0.1:5002');
      const [, second] = buryPeers(bench, 2);
      bench.until(() => fellow.heard.length === 1);
      // The report took a millisecond to the other seed, and its answer takes one back.
      bench.run(bench.limits.seedAnswerMs + moreMs - 2);
      fellow.server.accepted[0]?.send('Extensions:\n');
      bench.run(10);
      expect(fellow.texts.at(-1)).toBe(`${before}${second}${after}`);
    },
  );

  test.each([
    ['below', -1, 2],
    ['at', 0, 3],
    ['above', 1, 3],
  ])('classicSpacingMs: the next one comes %s the bound or not', (_, moreMs, count) => {
    const bench = new SeedBench({ seeds });
    const fellow = classicSeed(bench, '127.0.0.1:5002');
    buryPeers(bench, 3);
    bench.until(() => fellow.heard.length === 2);
    bench.run(bench.limits.classicSpacingMs + moreMs);
    expect(fellow.heard).toHaveLength(count);
  });

  test('a Hearsay seed that answers late is known as one from then on', () => {
    const bench = new SeedBench({ seeds });
    const fellow = classicSeed(bench, '127.0.0.1:5002');
    buryPeers(bench, 1);
    bench.run(bench.limits.seedAnswerMs + 100);
    fellow.server.accepted[0]?.send('Extensions:\n');
    bench.run(10);
    const [later] = buryPeers(bench, 1, 6_101);
    bench.run(100);
    expect(fellow.texts.at(-1)).toBe(`Dead Node Forwarded:${later}\n`);
  });
});

describe('Membership: another seed that is down does no harm', () => {
  test('what was for it is lost, and the next report reaches it when it is back', () => {
    const bench = new SeedBench({ seeds });
    const third = hearsaySeed(bench, '127.0.0.1:5003');
    buryPeers(bench, 2);
    bench.run(5_000);
    expect(third.texts).toHaveLength(2);
    expect(bench.records('report-forwarded').map(({ seed }) => seed)).toEqual(
      Array(2).fill('127.0.0.1:5003'),
    );
    const second = hearsaySeed(bench, '127.0.0.1:5002');
    const [later] = buryPeers(bench, 1, 6_101);
    bench.run(5_000);
    expect(second.texts).toEqual([`Dead Node:${later}:Hearsay/1`]);
  });

  test('a link that ends is dialed again for the next report, with the tag', () => {
    const bench = new SeedBench({ seeds });
    const fellow = hearsaySeed(bench, '127.0.0.1:5002');
    buryPeers(bench, 2);
    bench.run(2_000);
    fellow.server.accepted[0]?.end();
    bench.run(10);
    const [later] = buryPeers(bench, 1, 6_101);
    bench.run(2_000);
    expect(fellow.server.accepted).toHaveLength(2);
    expect(fellow.texts.at(-1)).toBe(`Dead Node:${later}:Hearsay/1`);
  });

  test('a classic seed that has come in its place is found out anew', () => {
    const bench = new SeedBench({ seeds });
    const fellow = hearsaySeed(bench, '127.0.0.1:5002');
    buryPeers(bench, 2);
    bench.run(2_000);
    fellow.server.close();
    fellow.server.accepted[0]?.end();
    bench.run(10);
    const classic = classicSeed(bench, '127.0.0.1:5002');
    const [first, second] = buryPeers(bench, 2, 6_101);
    bench.run(5_000);
    expect(classic.texts).toEqual([
      `Dead Node:${first}:Hearsay/1`,
      `Dead Node:${second}:Hearsay/1`,
    ]);
  });

  test.each([
    ['below', 3],
    ['at', 4],
    ['above', 9],
  ])('forwardsMax: reports wait for a seed that is slow to answer, %s the bound', (_, waiting) => {
    const bench = new SeedBench({ seeds, limits: { forwardsMax: 4 } });
    const fellow = classicSeed(bench, '127.0.0.1:5002');
    buryPeers(bench, 1);
    bench.run(20);
    const reports = buryPeers(bench, waiting, 6_101);
    bench.run(5_000);
    const marked = reports.slice(0, 4).map((each) => `Dead Node:${each}:Hearsay/1`);
    expect(fellow.texts.slice(1)).toEqual(marked);
  });
});

describe('three real seeds', () => {
  test('A12: told to one, a death is known to all; each has asked for itself', () => {
    const bench = new SeedBench({ seeds });
    const others = seeds.slice(1).map((address) => bench.startSeed(at(address)));
    const peers = ['127.0.0.1:6001', '127.0.0.1:6002'].map((address) => bench.join(address));
    for (const { address } of others) {
      for (const peer of peers) bench.world.connect(address).send(`${peer.id}\n`);
    }
    bench.run(2_000);
    peers[0]?.kill();
    for (const peer of peers) bench.report(peer.id);
    bench.run(5_000);
    for (const host of [bench.seed, ...others]) {
      expect(removedAt(bench, host).map(({ peer }) => peer)).toEqual(['127.0.0.1:6001']);
    }
    expect(bench.records('report-forwarded')).toHaveLength(2);
    for (const host of others) expect(bench.records('report-forwarded', host)).toEqual([]);
  });

  test('A15: a forged report about a living peer is forwarded to nobody', () => {
    const bench = new SeedBench({ seeds });
    const others = seeds.slice(1).map((address) => bench.startSeed(at(address)));
    bench.join('127.0.0.1:6001');
    bench.report('127.0.0.1:6001');
    bench.run(5_000);
    for (const host of others) expect(bench.records('dead-reported', host)).toEqual([]);
  });
});

function removedAt(bench: SeedBench, host: Host<Seed>): RecordOf<'removed'>[] {
  return bench.records('removed', host);
}
