import { describe, expect, test } from 'vitest';
import { at, ScriptedPeer, SeedBench } from './seed-bench.js';

const one = '127.0.0.1:6001';

describe('peersMax', () => {
  const limits = { peersMax: 3 };
  const addresses = [6001, 6002, 6003].map((port) => `127.0.0.1:${port}`);

  test.each([
    ['below', 2],
    ['at', 3],
  ])('%s the bound nobody is evicted, and registering again takes no place', (_, count) => {
    const bench = new SeedBench({ limits });
    const joined = addresses.slice(0, count);
    for (const address of joined) bench.join(address);
    for (const address of joined) bench.register(address);
    bench.run(100);
    expect(bench.records('evicted')).toEqual([]);
    expect(bench.listed).toEqual(joined);
  });

  test('above the bound the one makes room whose last answer is longest ago, though it speaks', () => {
    const bench = new SeedBench({ limits });
    const peers = addresses.map((address) => bench.join(address));
    bench.run(1_000);
    for (const n of [0, 2]) bench.report(peers[n]?.id ?? '');
    peers[1]?.link?.send(`${peers[1].id}\n`);
    bench.run(1_000);
    bench.join('127.0.0.1:6004');
    bench.run(10);
    expect(bench.records('evicted')).toEqual([
      { event: 'evicted', bound: 'peersMax', from: '127.0.0.1:6002' },
    ]);
    expect(bench.removals).toEqual(['127.0.0.1:6002 evicted']);
    expect(peers.map(({ link }) => link?.ended)).toEqual([false, true, false]);
  });

  test('strangers take no place on the list, and none from a newcomer that answers', () => {
    const bench = new SeedBench({ limits });
    for (const address of addresses) bench.join(address);
    bench.run(5_000);
    for (let port = 7001; port <= 7020; port += 1) bench.register(`127.0.0.1:${port}`);
    bench.run(1_000);
    expect(bench.listed).toEqual(addresses);
    bench.join('127.0.0.1:6004');
    expect(bench.removals).toEqual(['127.0.0.1:6001 evicted']);
    expect(bench.listed).toEqual([...addresses.slice(1), '127.0.0.1:6004']);
  });
});

describe('probesMax', () => {
  /** Silent listed peers, all of them reported at once. */
  function reported(count: number) {
    const bench = new SeedBench({ limits: { probesMax: 2 } });
    const addresses = Array.from({ length: count }, (_, n) => `127.0.0.1:${6001 + n}`);
    const peers = addresses.map((address) => bench.join(address));
    bench.run(1_000);
    for (const peer of peers) peer.answer = () => undefined;
    const sinceMs = bench.world.now;
    for (const address of addresses) bench.report(address);
    return { bench, peers, sinceMs };
  }

  test.each([
    ['below', 1, 1],
    ['at', 2, 1],
    ['above', 3, 2],
    ['far above', 7, 4],
  ])('%s the bound: the rest wait their turn in order', (_, count, rounds) => {
    const { bench, peers, sinceMs } = reported(count);
    const { probeMs } = bench.limits;
    bench.run(rounds * (probeMs + 10));
    expect(bench.removals).toEqual(peers.map(({ id }) => `${id} reported`));
    const turns = peers.map(({ asked }) => Math.floor(((asked[1]?.atMs ?? 0) - sinceMs) / probeMs));
    expect(turns).toEqual(peers.map((_peer, n) => Math.floor(n / 2)));
  });

  test('whoever is on the list comes before strangers, so that they delay no report', () => {
    const bench = new SeedBench({ limits: { probesMax: 2, newcomerProbesMax: 1 } });
    const peer = bench.join(one);
    bench.run(1_000);
    for (let port = 1; port <= 300; port += 1) {
      bench.world.listen(at(`127.0.0.3:${port}`));
      bench.tell(`127.0.0.3:${port}\n`);
    }
    bench.run(10);
    peer.kill();
    bench.report(one);
    bench.run(bench.limits.probeMs + 20);
    expect(bench.removals).toEqual([`${one} reported`]);
  });

  test.each([
    ['below', 1, 1],
    ['at', 2, 2],
    ['above', 5, 2],
  ])(
    'newcomerProbesMax: %s the bound: of %d newcomers %d go before all the accused',
    (_, count, first) => {
      const bench = new SeedBench({ limits: { probesMax: 4, newcomerProbesMax: 2 } });
      const crowd = Array.from({ length: 40 }, (_none, n) => bench.join(`127.0.0.2:${6001 + n}`));
      bench.run(1_000);
      for (const peer of crowd) peer.stop();
      for (const { id } of crowd) bench.report(id);
      bench.run(10);
      const newcomers = Array.from({ length: count }, (_none, n) => {
        const peer = new ScriptedPeer(bench.world, `127.0.0.4:${7001 + n}`, () => undefined);

        bench.tell(`${peer.id}\n`);
        return peer;
      });
      bench.run(bench.limits.probeMs + 20);
      const asked = newcomers.filter((peer) => peer.asked.length > 0);
      expect(asked).toHaveLength(first);
      expect(bench.removals.length).toBeGreaterThan(0);
    },
  );

  test('of the accused whoever has just answered comes last: it keeps no dead one waiting', () => {
    const bench = new SeedBench({ limits: { probesMax: 2, refutedMs: 10 } });
    const lively = Array.from({ length: 20 }, (_, n) => bench.join(`127.0.0.2:${6001 + n}`));
    const dead = bench.join(one);
    bench.run(1_000);
    // Each takes nearly its whole time to answer, and is accused again at once.
    const accuse = () => {
      for (const { id } of lively) bench.report(id);
    };
    for (const peer of lively) peer.stop();
    accuse();
    bench.run(500);
    for (const peer of lively) peer.resume();
    bench.run(100);
    for (const peer of lively) peer.stop();
    accuse();
    dead.kill();
    bench.report(one);
    bench.run(2 * bench.limits.probeMs);
    expect(bench.removals).toContain(`${one} reported`);
  });

  test('an accused that is accused again keeps its turn', () => {
    const bench = new SeedBench({ limits: { probesMax: 1 } });
    const ids = [6001, 6002, 6003].map((port) => `127.0.0.1:${port}`);
    for (const peer of ids.map((id) => bench.join(id))) peer.stop();
    bench.run(1_000);
    for (const id of [...ids, ids[1] as string]) bench.report(id);
    bench.run(2 * (bench.limits.probeMs + 10));
    expect(bench.removals).toEqual(ids.slice(0, 2).map((id) => `${id} reported`));
  });

  test('one that is asked again because of a report does not wait behind those of a whole IP', () => {
    const bench = new SeedBench({ limits: { probesMax: 2 } });
    const peer = bench.join(one);
    const crowd = Array.from({ length: 50 }, (_, n) => bench.join(`127.0.0.2:${6001 + n}`));
    bench.run(1_000);
    bench.report(one);
    bench.until(() => bench.refusals.length === 1);
    for (const other of [peer, ...crowd]) other.stop();
    bench.report(one);
    bench.report('127.0.0.2');
    bench.run(bench.limits.refutedMs + 3 * bench.limits.probeMs);
    expect(bench.removals).toContain(`${one} reported`);
  });

  test('those who are off the list are asked no more, and hold up nobody', () => {
    const bench = new SeedBench({ limits: { probesMax: 1, unlistedPeersMax: 5 } });
    for (let port = 1; port <= 200; port += 1) {
      bench.world.listen(at(`127.0.0.3:${port}`));
      bench.tell(`127.0.0.3:${port}\n`);
    }
    bench.run(50);
    new ScriptedPeer(bench.world, one);
    bench.register(one);
    bench.run(5 * (bench.limits.probeMs + 10));
    expect(bench.list).toEqual([one]);
  });
});

describe('a flood leaves a real peer registered and served', () => {
  /** Whether a peer's own link still answers, and a newcomer is served and listed. */
  function expectServed(bench: SeedBench, peer: ScriptedPeer): void {
    const before = peer.link?.received ?? '';
    peer.link?.send(`${peer.id}\n`);
    bench.run(20);
    expect(peer.link?.received.slice(before.length)).toMatch(new RegExp(`${peer.id}\n$`));
    const newcomer = bench.join('127.0.0.1:6002');
    expect(newcomer.link?.received).toContain(peer.id);
    expect(bench.listed).toEqual([peer.id, newcomer.id]);
  }

  test('of a thousand connections that say nothing', () => {
    const bench = new SeedBench();
    const peer = bench.join(one);
    for (let n = 0; n < 1_000; n += 1) bench.world.connect(bench.seed.address);
    bench.run(1_100);
    expectServed(bench, peer);
    expect(bench.records('seed-status').at(-1)?.links).toBeGreaterThan(1_000);
    bench.run(bench.limits.firstWordMs + 2_000);
    expect(bench.records('seed-status').at(-1)?.links).toBeLessThan(10);
  });

  test.each([
    ['silent connections', ''],
    ['connections of garbage', 'garbage\n'],
    ['half a registration', '127.0.0.1'],
    ['false reports', `Dead Node:${one}:1700000000.5:127.0.0.1:6099\n`],
  ])('of more %s than seedLinksMax', (_, text) => {
    const bench = new SeedBench({ limits: { seedLinksMax: 40 } });
    const peer = bench.join(one);
    const flood = Array.from({ length: 200 }, () => {
      bench.run(1);
      return bench.tell(text);
    });
    bench.run(100);
    expect(flood.filter((link) => !link.ended).length).toBeLessThanOrEqual(39);
    expectServed(bench, peer);
    expect(bench.removals).toEqual([]);
  });

  test('of more bogus registrations than seedLinksMax, held open and repeated', () => {
    const bench = new SeedBench({ limits: { seedLinksMax: 40 } });
    const peer = bench.join(one);
    bench.run(10_000);
    for (let port = 1; port <= 400; port += 1) {
      const text = `127.0.0.9:${port}\n`;
      bench.tell(text).send(text);
      bench.run(2);
    }
    expectServed(bench, peer);
    expect(bench.removals).toEqual([]);
    bench.run(30_000);
    expect(bench.records('seed-status').at(-1)?.unlisted).toEqual([]);
    expect(bench.listed).toEqual([one, '127.0.0.1:6002']);
  });

  test.each([
    ['below', 39, 0],
    ['at', 40, 0],
    ['above', 41, 1],
  ])('seedLinksMax: %s the bound', (_, count, evicted) => {
    const bench = new SeedBench({ limits: { seedLinksMax: 40 } });
    const links = Array.from({ length: count }, () => bench.tell(''));
    bench.run(10);
    expect(bench.records('evicted')).toHaveLength(evicted);
    expect(links.filter((link) => link.ended)).toEqual(links.slice(0, evicted));
  });

  test('A13: each refused registration is written, however many come', () => {
    const bench = new SeedBench();
    bench.tell('127.0.0.1:5001\n'.repeat(50));
    bench.run(10);
    expect(bench.records('register-refused')).toHaveLength(50);
  });

  test('messageBytesMax: an oversized line is dropped, and the next one is heard', () => {
    const bench = new SeedBench();
    const teller = bench.tell(`${'1'.repeat(5_000)}\n127.0.0.1:6001\n`);
    bench.run(10);
    expect(bench.records('dropped').map(({ reason, bytes }) => [reason, bytes])).toEqual([
      ['too long', 5_000],
    ]);
    expect(teller.received).toBe('127.0.0.1:6001\n');
  });
});
