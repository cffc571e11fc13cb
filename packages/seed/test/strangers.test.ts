/** Strangers announce addresses at which a socket takes connections and nobody ever answers. */
import type { StandIn } from '@hearsay/lab/simulator/stand-in';
import { describe, expect, test } from 'vitest';
import { at, livenessReply, ScriptedPeer, SeedBench } from './seed-bench.js';

const one = '127.0.0.1:6001';

/** Where a stranger's silent socket is; so many of them as there are numbers. */
const silentAddress = (n: number) => `127.10.${n >> 8}.${n & 255}:20000`;

/** Announces the address of a socket that takes connections and says nothing. */
function announceSilent(bench: SeedBench, n: number, onAccept = () => {}): StandIn {
  bench.world.listen(at(silentAddress(n)), { onAccept });
  return bench.tell(`${silentAddress(n)}\n`);
}

/** Silent strangers that register in every step: new ones, and such as were asked in vain. */
class Flood {
  private count = 0;
  private readonly registerAgain: (() => void)[] = [];

  constructor(
    private readonly bench: SeedBench,
    private readonly newCount: number,
    private readonly againCount: number,
  ) {}

  step(): void {
    for (let n = 0; n < this.newCount; n += 1) this.announce();
    for (const again of this.registerAgain.splice(0, this.againCount)) {
      again();
      this.registerAgain.push(again);
    }
  }

  private announce(): void {
    const number = this.count;
    this.count += 1;
    const again = () => link.send(`${silentAddress(number)}\n`);
    const link = announceSilent(this.bench, number, () => this.registerAgain.push(again));
  }
}

/** A peer that listens, registers and asks again as the real one does while it has no neighbors. */
class Newcomer {
  readonly peer: ScriptedPeer;
  private readonly cameAtMs: number;
  private askAtMs: number;
  private pauseMs = 250;

  constructor(
    private readonly bench: SeedBench,
    address: string,
  ) {
    this.peer = new ScriptedPeer(bench.world, address);
    this.peer.link = bench.tell(`${address}\n`);
    this.cameAtMs = bench.world.wallMs;
    this.askAtMs = this.cameAtMs + this.pauseMs;
  }

  live(): void {
    if (this.bench.world.wallMs < this.askAtMs) return;
    this.peer.link?.send(`${this.peer.id}\n`);
    this.pauseMs = Math.min(2 * this.pauseMs, 1_500);
    this.askAtMs += this.pauseMs;
  }

  /** Milliseconds that it took to be listed. */
  get listedAfterMs(): number {
    const listedAtMs = wallMsOf(this.bench, 'listed', this.peer.id) ?? Number.POSITIVE_INFINITY;
    return listedAtMs - this.cameAtMs;
  }
}

/** When the seed wrote down that a peer was listed or removed, by its wall clock. */
function wallMsOf(bench: SeedBench, event: 'listed' | 'removed', peer: string): number | undefined {
  const entries = bench.seed.records;
  return entries.find(({ record }) => record.event === event && record.peer === peer)?.wallMs;
}

describe.each([
  ['all new', 7, 0],
  ['and 1,400 of such as were asked in vain', 7, 14],
])('700 registrations a second of addresses at which nobody answers, %s', (_, ...counts) => {
  const floodMs = 30_000;

  function flooded(rng: number) {
    const bench = new SeedBench({
      rng,
      limits: { wantedRecordsMax: 1_000_000 },
      settings: { probeIntervalMs: 5_000 },
    });
    const residents = Array.from({ length: 20 }, (_, n) => bench.join(`127.0.0.1:${6001 + n}`));
    const newcomers: Newcomer[] = [];
    const flood = new Flood(bench, ...counts);
    let reportedAtMs = 0;
    for (let ms = 0; ms < floodMs + 8_000; ms += 10) {
      if (ms < floodMs) flood.step();
      if (ms < floodMs && ms % 1_000 === 500) {
        newcomers.push(new Newcomer(bench, `127.0.0.1:${7001 + newcomers.length}`));
      }
      if (ms === 15_000) {
        residents[0]?.stop();
        bench.report(one);
        reportedAtMs = bench.world.wallMs;
      }
      bench.run(10);
      for (const newcomer of newcomers) newcomer.live();
    }
    const removed = wallMsOf(bench, 'removed', one) ?? Number.POSITIVE_INFINITY;
    return { bench, newcomers, residents, removedAfterMs: removed - reportedAtMs };
  }

  test.each([1, 2])('honest newcomers get on the list, and nobody else is disturbed: %i', (rng) => {
    const { bench, newcomers, residents, removedAfterMs } = flooded(rng);
    const times = newcomers.map(({ listedAfterMs }) => listedAfterMs);
    expect(times).toHaveLength(30);
    expect(Math.max(...times)).toBeLessThan(8_000);
    expect(times.toSorted((a, b) => a - b)[15]).toBeLessThan(1_500);
    expect(removedAfterMs).toBeLessThan(1_000);
    expect(bench.removals.filter((text) => text.startsWith('127.0.0.1:'))).toEqual([
      `${one} reported`,
    ]);
    const residentIds = residents.slice(1).map(({ id }) => id);
    expect(bench.list).toEqual([...residentIds, ...newcomers.map(({ peer }) => peer.id)]);
    for (const { asked } of residents.slice(1)) expect(asked.length).toBeGreaterThan(5);
  });
});

describe('the order in which strangers are asked', () => {
  /** A seed that asks one at a time, and is busy with a stranger that does not answer. */
  function busy() {
    const bench = new SeedBench({ limits: { probesMax: 1 } });
    announceSilent(bench, 0);
    bench.run(10);
    return bench;
  }

  test('the newest first, and whoever registers again is the newest', () => {
    const bench = busy();
    const peers = [6001, 6002, 6003].map((port) => {
      const peer = new ScriptedPeer(bench.world, `127.0.0.1:${port}`);
      peer.link = bench.register(peer.id);
      return peer;
    });
    peers[1]?.link?.send(`${peers[1].id}\n`);
    bench.run(1_000);
    expect(bench.records('listed').map(({ peer }) => peer)).toEqual(
      [6002, 6003, 6001].map((port) => `127.0.0.1:${port}`),
    );
  });

  /** Announces silent strangers, and gives the order in which they are asked. */
  function announceMany(bench: SeedBench, count: number): number[] {
    const order: number[] = [];
    for (let n = 1; n <= count; n += 1) {
      bench.world.listen(at(silentAddress(n)), { onAccept: () => order.push(n) });
      bench.tell(`${silentAddress(n)}\n`);
    }
    return order;
  }

  test('those that were asked in vain come after those never asked', () => {
    const bench = busy();
    const times = announceMany(bench, 10);
    bench.run(12 * (bench.limits.probeMs + 5));
    expect(times.slice(0, 10)).toEqual([10, 9, 8, 7, 6, 5, 4, 3, 2, 1]);
  });

  test.each([
    ['registers again', true],
    ['does not register again', false],
  ])('one that listens late waits for no stranger that came before: it %s', (_, again) => {
    const bench = new SeedBench({ limits: { probesMax: 1 } });
    const link = bench.register(one);
    bench.run(50); // It was asked in vain, and its next question is not due yet.
    const order = announceMany(bench, 8);
    bench.run(20);
    new ScriptedPeer(bench.world, one);
    if (again) link.send(`${one}\n`);
    bench.until(() => bench.listed.includes(one));
    expect(order).toHaveLength(1);
  });

  test.each([
    ['registers again', true],
    ['does not register again', false],
  ])('one that let a question pass in silence comes last: it %s', (_, again) => {
    const bench = new SeedBench({ limits: { probesMax: 1 } });
    const peer = new ScriptedPeer(bench.world, one, () => undefined);
    const link = bench.register(one);
    const order = announceMany(bench, 8);
    bench.until(() => order.length > 0);
    peer.answer = livenessReply;
    for (let n = 0; again && n < 4; n += 1) {
      link.send(`${one}\n`);
      bench.run(500);
    }
    bench.until(() => bench.listed.includes(one));
    expect(order).toHaveLength(8);
  });
});

describe('unlistedPeersMax', () => {
  const limits = { unlistedPeersMax: 3 };
  const strangers = [7001, 7002, 7003, 7004, 7005].map((port) => `127.0.0.2:${port}`);

  test.each([
    ['below', 2, []],
    ['at', 3, []],
    ['above', 5, [`${strangers[0]} evicted`, `${strangers[1]} evicted`]],
  ])('%s the bound: the oldest that has not answered makes room', (_, count, removals) => {
    const bench = new SeedBench({ limits });
    bench.join(one);
    const links = strangers.slice(0, count).map((address) => bench.register(address));
    bench.run(100);
    expect(bench.removals).toEqual(removals);
    expect(links.filter(({ ended }) => ended)).toHaveLength(removals.length);
    expect(bench.records('evicted').map(({ bound }) => bound)).toEqual(
      removals.map(() => 'unlistedPeersMax'),
    );
    expect(bench.listed).toEqual([one]);
  });

  test('one that registers again is no longer the oldest', () => {
    const bench = new SeedBench({ limits });
    const [first] = strangers.slice(0, 3).map((address) => bench.register(address));
    first?.send(`${strangers[0]}\n`);
    bench.run(10);
    bench.register(strangers[3] as string);
    expect(bench.removals).toEqual([`${strangers[1]} evicted`]);
  });
});

describe('a seed that stood still', () => {
  test('asks the listed again at once, and strangers later', () => {
    const bench = new SeedBench();
    const peer = bench.join(one);
    bench.run(1_000);
    let knocks = 0;
    for (let n = 0; n < 50; n += 1) {
      bench.world.listen(at(silentAddress(n)), { onAccept: () => (knocks += 1) });
      bench.tell(`${silentAddress(n)}\n`);
    }
    bench.report(one);
    bench.run(3);
    bench.seed.stop();
    bench.run(10_000);
    expect(knocks).toBe(50);
    bench.seed.resume();
    bench.run(500);
    expect(peer.asked).toHaveLength(3);
    expect(bench.refusals).toEqual([`${one} it answers 127.0.0.1:6099`]);
    expect(knocks).toBe(50);
    bench.run(1_000);
    expect(knocks).toBe(100);
  });
});
