import { describe, expect, test } from 'vitest';
import { type ScriptedPeer, SeedBench } from './seed-bench.js';

const one = '127.0.0.1:6001';
const two = '127.0.0.1:6002';

/** When a peer was asked, in milliseconds after a time. */
const askedAfter = (peer: ScriptedPeer, sinceMs: number) =>
  peer.asked.map(({ atMs }) => atMs - sinceMs).filter((ms) => ms > 0);

describe('Membership: a closed link removes nobody', () => {
  test.each([
    ['an end of stream', (peer: ScriptedPeer) => peer.link?.end()],
    ['a reset', (peer: ScriptedPeer) => peer.link?.reset()],
  ])('%s of the registration link', (_, close) => {
    const bench = new SeedBench();
    const peer = bench.join(one);
    close(peer);
    bench.run(600_000);
    expect(bench.list).toEqual([one]);
    expect(bench.removals).toEqual([]);
    expect(bench.records('seed-status').at(-1)?.links).toBe(0);
  });

  test('nor does the death of its process with its links, until somebody reports it', () => {
    const bench = new SeedBench();
    const peer = bench.join(one);
    peer.kill();
    bench.run(30_000);
    expect(bench.list).toEqual([one]);
    bench.report(one);
    bench.run(20);
    expect(bench.list).toEqual([]);
  });
});

describe('Membership: the slow sweep', () => {
  const settings = { probeIntervalMs: 10_000 };

  test('a listed peer that is silent for probeIntervalMs is asked, and stays if it answers', () => {
    const bench = new SeedBench({ settings });
    const peer = bench.join(one);
    const listedMs = bench.world.now;
    bench.run(9_900);
    expect(peer.asked).toHaveLength(1);
    bench.run(2_200);
    expect(peer.asked).toHaveLength(2);
    bench.run(100_000);
    expect(askedAfter(peer, listedMs).length).toBeGreaterThanOrEqual(8);
    expect(bench.removals).toEqual([]);
    expect(bench.list).toEqual([one]);
  });

  test.each([
    ['killed', (peer: ScriptedPeer) => peer.kill()],
    ['stopped', (peer: ScriptedPeer) => peer.stop()],
  ])(
    'one that was %s goes after sweepStrikesMax misses an interval apart, not before',
    (_, end) => {
      const bench = new SeedBench({ settings });
      const peer = bench.join(one);
      end(peer);
      const { sweepStrikesMax, sweepAnswerMs } = bench.limits;
      // The first probe comes after a whole interval, the others at least four fifths of one later.
      bench.run(10_000 + (sweepStrikesMax - 1) * 8_000 - 10);
      expect(bench.removals).toEqual([]);
      bench.run(
        sweepStrikesMax * (12_000 + sweepAnswerMs) + 100 - (10_000 + (sweepStrikesMax - 1) * 8_000),
      );
      expect(bench.removals).toEqual([`${one} silent`]);
      expect(peer.link?.ended).toBe(true);
    },
  );

  test.each([
    ['below', -20, []],
    ['above', 20, [`${one} silent`]],
  ])(
    'one of whom nobody complains may take its time to answer: %s sweepAnswerMs',
    (_, by, gone) => {
      const begin = () => {
        const bench = new SeedBench({ settings, limits: { sweepStrikesMax: 1 } });
        return { bench, peer: bench.join(one) };
      };
      // The same chance each time, so that a first run tells when it is asked.
      const rehearsal = begin();
      rehearsal.bench.until(() => rehearsal.peer.asked.length === 2);
      const askedMs = rehearsal.peer.asked[1]?.atMs as number;
      const { bench, peer } = begin();
      bench.run(askedMs - 10 - bench.world.now);
      peer.stop();
      bench.run(10 + bench.limits.sweepAnswerMs + by);
      peer.resume();
      bench.run(100);
      expect(bench.removals).toEqual(gone);
    },
  );

  test.each([1, 2, 3, 4, 5])(
    'one that missed two probes and answers the third stays, its misses forgotten: %i',
    (rng) => {
      const bench = new SeedBench({ settings, rng });
      const peer = bench.join(one);
      for (let round = 0; round < 3; round += 1) {
        const heard = peer.asked.length;
        peer.answer = () => undefined;
        bench.until(() => peer.asked.length === heard + 2);
        bench.run(1_000);
        const { answer } = bench.join(`127.0.0.1:${6100 + round}`);
        peer.answer = answer;
        bench.until(() => peer.asked.length === heard + 3);
      }
      bench.run(5_000);
      expect(bench.removals).toEqual([]);
    },
  );

  test.each([
    ['registrations', `${one}\n`],
    ['reports', 'Dead Node:127.0.0.1:6055:1700000000.5:127.0.0.1:6001\n'],
    ['liveness requests', 'Liveness Request:1700000000.5:127.0.0.1:6001\n'],
  ])('%s in its name put it off for nobody: whoever does not answer itself goes', (_, text) => {
    const bench = new SeedBench({ settings });
    const peer = bench.join(one);
    const listedMs = bench.world.now;
    const speak = (count: number) => {
      for (let n = 0; n < count; n += 1) {
        bench.run(5_000);
        peer.link?.send(text);
      }
    };
    speak(20);
    expect(askedAfter(peer, listedMs).length).toBeGreaterThanOrEqual(8);
    expect(bench.removals).toEqual([]);
    peer.answer = () => undefined;
    speak(8);
    expect(bench.removals).toEqual([`${one} silent`]);
  });

  test('a stranger that registers a dead peer over and over does not keep it on the list', () => {
    const bench = new SeedBench({ settings });
    bench.join(one).kill();
    const stranger = bench.tell('');
    for (let n = 0; n < 20; n += 1) {
      bench.tell(`${one}\n`);
      stranger.send(`${one}\n`);
      bench.run(3_000);
    }
    expect(bench.removals[0]).toBe(`${one} silent`);
  });
});

describe('a seed that itself stood still holds it against nobody', () => {
  test('for ten seconds, with reports, dial-backs and sweeps under way', () => {
    const bench = new SeedBench({ settings: { probeIntervalMs: 5_000 } });
    const peers = [one, two].map((address) => bench.join(address));
    bench.join('127.0.0.1:6003', 'bare');
    bench.run(4_000);
    bench.register('127.0.0.1:6004', 'bare');
    bench.report(one);
    bench.report('127.0.0.1');
    bench.run(3);
    bench.seed.stop();
    bench.run(10_000);
    bench.seed.resume();
    bench.run(5_000);
    expect(bench.removals).toEqual([]);
    expect(bench.records('woke-late')).toHaveLength(1);
    expect(bench.list).toEqual([one, two, '127.0.0.1:6003']);
    peers[0]?.kill();
    bench.report(one);
    bench.run(2_000);
    expect(bench.removals).toEqual([`${one} reported`]);
  });

  test.each([3, 4, 5, 6])('nor if the whole machine slept, %i ms after a report', (afterMs) => {
    const bench = new SeedBench();
    const peer = bench.join(one);
    bench.run(1_000);
    bench.report(one);
    bench.run(afterMs);
    bench.seed.stop();
    peer.stop();
    bench.run(60_000);
    bench.seed.resume();
    bench.run(100);
    peer.resume();
    bench.run(2_000);
    expect(bench.removals).toEqual([]);
    expect(bench.refusals).toEqual([`${one} it answers 127.0.0.1:6099`]);
  });

  test('but those who are dead indeed are found out afterwards', () => {
    const bench = new SeedBench();
    const peer = bench.join(one);
    bench.run(1_000);
    peer.stop();
    bench.report(one);
    bench.run(3);
    bench.seed.stop();
    bench.run(10_000);
    bench.seed.resume();
    bench.run(bench.limits.probeMs - 10);
    expect(bench.removals).toEqual([]);
    bench.run(20);
    expect(bench.removals).toEqual([`${one} reported`]);
  });

  test.each(['line', 'bare'] as const)('for any time, at any moment of a probe: %s', (framing) => {
    for (let stillMs = 100; stillMs <= 2_000; stillMs += 100) {
      for (let afterMs = 0; afterMs <= 10; afterMs += 1) {
        const bench = new SeedBench();
        bench.join(one, framing);
        bench.run(1_000);
        bench.report(one);
        bench.run(afterMs);
        bench.seed.stop();
        bench.run(stillMs);
        bench.seed.resume();
        bench.run(3_000);
        expect(bench.removals, `${afterMs} ms after the report, for ${stillMs} ms`).toEqual([]);
      }
    }
  });
});
