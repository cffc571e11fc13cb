import { LIMITS } from '@hearsay/common/limits';
import { describe, expect, test } from 'vitest';
import { type Answer, at, livenessReply, ScriptedPeer, SeedBench } from './seed-bench.js';

const one = '127.0.0.1:6001';

describe('Membership: a newcomer is shown once it has answered a liveness request', () => {
  test('one that listens already is asked at once, in its framing, and listed', () => {
    for (const framing of ['tagged', 'line', 'bare'] as const) {
      const bench = new SeedBench();
      const peer = bench.join(one, framing);
      expect(peer.asked).toHaveLength(1);
      expect(peer.asked[0]?.text).toMatch(
        framing === 'bare'
          ? /^Liveness Request:\d+\.\d{3}:127\.0\.0\.1:5001$/
          : /^Liveness Request:\d+\.\d{3}:127\.0\.0\.1:5001\n$/,
      );
      expect(bench.records('listed')).toEqual([{ event: 'listed', peer: one }]);
    }
  });

  test.each([1_000, 5_000, 19_000])(
    'one that begins to listen after %i ms is listed',
    (laterMs) => {
      const bench = new SeedBench();
      const link = bench.register(one, 'bare');
      bench.run(laterMs);
      expect(bench.list).toEqual([]);
      new ScriptedPeer(bench.world, one);
      bench.run(1.2 * bench.limits.dialBackPauseMsMax + 500);
      expect(bench.list).toEqual([one]);
      expect(link.ended).toBe(false);
    },
  );

  test('one that never listens is removed after dialBackMs and told so by the end of its link', () => {
    const bench = new SeedBench();
    const link = bench.register(one);
    const { dialBackMs, dialBackPauseMsMax } = bench.limits;
    bench.run(dialBackMs - 100);
    expect(bench.removals).toEqual([]);
    expect(link.ended).toBe(false);
    bench.run(100 + 1.2 * dialBackPauseMsMax + 10);
    expect(bench.removals).toEqual([`${one} never answered`]);
    expect(link.ended).toBe(true);
    expect(bench.records('seed-status').at(-1)?.unlisted).toEqual([]);
  });

  test.each([
    ['below', -1, []],
    ['at', 0, [`${one} never answered`]],
    ['above', 1, [`${one} never answered`]],
  ])('dialBackMs: a look that ends %s the bound removes it or not', (_, moreMs, removals) => {
    // The connection for it takes two milliseconds.
    const lookMs = 2 + LIMITS.probeMs;
    const bench = new SeedBench({ limits: { dialBackMs: lookMs - moreMs } });
    new ScriptedPeer(bench.world, one, () => undefined);
    // The answer to the registration has taken one of them.
    bench.register(one);
    bench.run(lookMs - 2);
    expect(bench.removals).toEqual([]);
    bench.run(1);
    expect(bench.removals).toEqual(removals);
  });

  test('the pauses between dial-backs grow from dialBackPauseMs to dialBackPauseMsMax', () => {
    const bench = new SeedBench();
    const peer = new ScriptedPeer(bench.world, one, () => 'New Connect Accepted');
    bench.register(one);
    bench.run(bench.limits.dialBackMs + 10_000);
    const { probeMs, dialBackPauseMs, dialBackPauseMsMax } = bench.limits;
    const times = peer.asked.map(({ atMs }) => atMs);
    const pauses = times.slice(1).map((atMs, n) => atMs - (times[n] as number) - probeMs);
    expect(pauses.length).toBeGreaterThan(5);
    for (const [n, pauseMs] of pauses.entries()) {
      const due = Math.min(dialBackPauseMs * 2 ** n, dialBackPauseMsMax);
      expect(pauseMs).toBeGreaterThanOrEqual(0.79 * due);
      expect(pauseMs).toBeLessThanOrEqual(1.21 * due + 10);
    }
  });

  test('registering again gives it the whole time again', () => {
    const bench = new SeedBench();
    const link = bench.register(one);
    bench.run(15_000);
    link.send(`${one}\n`);
    bench.run(15_000);
    expect(bench.removals).toEqual([]);
    new ScriptedPeer(bench.world, one);
    bench.run(6_000);
    expect(bench.list).toEqual([one]);
  });

  test('registering again and again does not make the seed knock more than 5 times a second', () => {
    const bench = new SeedBench();
    let knocks = 0;
    bench.world.listen(at(one), {
      onAccept: (client) => {
        knocks += 1;
        client.reset();
      },
    });
    const link = bench.register(one);
    for (let n = 0; n < 1_000; n += 1) {
      link.send(`${one}\n`);
      bench.run(10);
    }
    expect(knocks).toBeGreaterThan(20);
    expect(knocks).toBeLessThanOrEqual(50);
  });
});

describe('Membership: what is no answer to the dial-back', () => {
  const other: Record<string, Answer> = {
    'a reply that names another port': (text, own) => livenessReply(text, { ...own, port: 6002 }),
    'a reply with another timestamp': (text, own) =>
      livenessReply(text.replace(/:\d+\.\d+/, ':1700000000.5'), own),
    'the request itself': (text) => text,
    garbage: () => '\u0000\u0001\u0002',
    'an acceptance': () => 'New Connect Accepted',
    silence: () => undefined,
  };
  for (const [what, answer] of Object.entries(other)) {
    test(`${what} lists nobody`, () => {
      const bench = new SeedBench();
      const peer = new ScriptedPeer(bench.world, one, answer);
      bench.register(one);
      bench.run(10_000);
      expect(peer.asked.length).toBeGreaterThan(3);
      expect(bench.records('listed')).toEqual([]);
      peer.answer = livenessReply;
      bench.run(6_000);
      expect(bench.list).toEqual([one]);
    });
  }

  const forms: Record<string, Answer> = {
    'the ports left out': (text, own) =>
      livenessReply(text, own)?.replace(
        /^(Liveness Reply:[\d.]+:[\d.]+):\d+:([\d.]+):\d+$/,
        '$1:$2',
      ),
    'another IP of the same machine': (text, own) =>
      livenessReply(text, { ...own, ip: '10.0.0.9' }),
    'other lines before it': (text, own) => `hello\n${livenessReply(text, own)}`,
  };
  for (const [what, answer] of Object.entries(forms)) {
    test(`a reply with ${what} is one`, () => {
      const bench = new SeedBench();
      new ScriptedPeer(bench.world, one, answer);
      bench.register(one);
      bench.run(500);
      expect(bench.list).toEqual([one]);
    });
  }
});

describe('a seed that comes back with the peers it knew', () => {
  test('lists those who answer, in the old order, and forgets the others', () => {
    const bench = new SeedBench({ peers: ['127.0.0.1:6003', '127.0.0.1:6001', '127.0.0.1:6002'] });
    for (const address of ['127.0.0.1:6001', '127.0.0.1:6003']) {
      new ScriptedPeer(bench.world, address);
    }
    bench.run(30_000);
    expect(bench.list).toEqual(['127.0.0.1:6003', '127.0.0.1:6001']);
    expect(bench.removals).toEqual(['127.0.0.1:6002 never answered']);
  });
});
