import type { Peer } from '@hearsay/peer/peer';
import { describe, expect, test } from 'vitest';
import type { Host } from '../../lab/src/simulator/host.js';
import { lastOf, recordsOf, Village, type VillageOptions } from '../../lab/test/core/village.js';
import { accepting, classic, Guest, listing, ScriptedNode } from './stage.js';

const intervalMs = 1_000;

/** A peer with one scripted Hearsay neighbor, and a seed that hears of its death. */
function withGuest(options: VillageOptions = {}) {
  const village = new Village({ seeds: 1, ...options });
  const { world } = village;
  const seed = new ScriptedNode(world, '127.0.0.1:5001', listing());
  const peer = village.startPeer();
  world.run({ forMs: 100 });
  const guest = new Guest(world, peer, '127.0.0.1:7001');
  world.run({ forMs: 10 });
  return { village, world, seed, peer, guest };
}

/** When a record of one kind was first written, in the world's milliseconds. */
function firstAtMs(village: Village, peer: Host<Peer>, event: string): number {
  const entry = peer.records.find(({ record }) => record.event === event);
  return (entry?.wallMs ?? Number.NaN) - (village.world.wallMs - village.world.now);
}

/** The seeds that show a peer to others. */
function listersOf(village: Village, id: string): string[] {
  return [...village.seeds]
    .filter(([, seed]) => lastOf(seed, 'seed-status')?.peers.includes(id))
    .map(([seed]) => seed);
}

const strikesOf = (peer: Host<Peer>) => recordsOf(peer, 'strike').map(({ strikes }) => strikes);

describe('asking', () => {
  test('A10: every neighbor gets a liveness request at once and each interval, in the words of the assignment', () => {
    const { world, guest } = withGuest();
    world.run({ forMs: 20_500 });
    const requests = guest.heard.filter(({ text }) => text.startsWith('Liveness Request:'));
    expect(requests).toHaveLength(21);
    for (const { text } of requests) {
      expect(text).toMatch(/^Liveness Request:\d{10}\.\d{3}:127\.0\.0\.1:6001\n$/);
    }
    const times = requests.map(({ atMs }) => atMs);
    expect(times.slice(1).map((ms, n) => ms - (times[n] as number))).toEqual(
      Array(20).fill(intervalMs),
    );
  });

  test('A10: a classic neighbor is asked over a connection of its own, bare, and answers there', () => {
    const { world, peer } = withGuest();
    const home = new ScriptedNode(world, '127.0.0.1:7101', classic('127.0.0.1:7101'));
    world.connect(peer.address).send('New Connect Request From:127.0.0.1:7101');
    world.run({ forMs: 10_200 });
    const asked = home.clients.filter(({ received }) => received.startsWith('Liveness Request:'));
    expect(asked).toHaveLength(10);
    for (const { received, ended } of asked) {
      expect(received).toMatch(/^Liveness Request:[\d.]+:127\.0\.0\.1:6001$/);
      expect(ended).toBe(true);
    }
    expect(strikesOf(peer)).toEqual([]);
  });

  test('A11: a classic neighbor that is silent or gone is found out like any other', () => {
    const { village, world, seed, peer } = withGuest();
    const home = new ScriptedNode(world, '127.0.0.1:7101', classic('127.0.0.1:7101'));
    world.connect(peer.address).send('New Connect Request From:127.0.0.1:7101');
    world.run({ forMs: 3_000 });
    home.script = () => undefined;
    village.until(() => recordsOf(peer, 'neighbor-lost').length === 1, 5_000);
    world.run({ forMs: 10 });
    expect(strikesOf(peer)).toEqual([1, 2, 3]);
    expect(seed.texts('Dead Node:127.0.0.1:7101:')).toHaveLength(1);
  });
});

describe('answering', () => {
  const askBare = (peer: Host<Peer>, village: Village, text: string, lineEnd = '') => {
    const client = village.world.connect(peer.address);
    client.send(text + lineEnd);
    village.world.run({ forMs: 300 });
    return client.received;
  };

  test.each([
    [
      'with a port',
      'Liveness Request:1700000000.250:10.0.0.7:9999',
      '1700000000.250:10.0.0.7:9999',
    ],
    ['without a port', 'Liveness Request:1700000000.25:10.0.0.7', '1700000000.25:10.0.0.7'],
    ['with a whole timestamp', 'Liveness Request:1700000000:10.0.0.7', '1700000000:10.0.0.7'],
  ])(
    'A10: a request %s of somebody who is no neighbor is answered with its own fields',
    (_, request, fields) => {
      const { village, peer } = withGuest();
      const reply = `Liveness Reply:${fields}:127.0.0.1:6001`;
      expect(askBare(peer, village, request)).toBe(reply);
      expect(askBare(peer, village, request, '\n')).toBe(`${reply}\n`);
    },
  );

  test('A10: a neighbor’s request is answered over its link', () => {
    const { world, guest } = withGuest();
    guest.say('Liveness Request:5.5:127.0.0.1:7001');
    world.run({ forMs: 10 });
    expect(guest.texts('Liveness Reply:')).toEqual([
      'Liveness Reply:5.5:127.0.0.1:7001:127.0.0.1:6001',
    ]);
  });
});

describe('strikes', () => {
  test('A11: two requests missed and then an answer: it lives, and its strikes are gone', () => {
    const { village, world, peer, guest } = withGuest();
    for (let round = 0; round < 3; round += 1) {
      guest.isAlive = false;
      village.until(() => strikesOf(peer).length === 2 * (round + 1), 5_000);
      expect(lastOf(peer, 'neighbor-lost')).toBeUndefined();
      guest.isAlive = true;
      world.run({ forMs: 3_000 });
    }
    expect(strikesOf(peer)).toEqual([1, 2, 1, 2, 1, 2]);
    expect(lastOf(peer, 'peer-status')?.struck).toEqual([]);
    expect(guest.client.ended).toBe(false);
  });

  test('A11: an answer that is late but comes before the next request costs nothing', () => {
    const { village, world, peer, guest } = withGuest();
    guest.isAlive = false;
    for (let round = 1; round <= 4; round += 1) {
      village.until(() => guest.texts('Liveness Request:').length === round, 5_000);
      world.run({ forMs: 900 });
      guest.say('Liveness Reply:1.0:127.0.0.1:6001:127.0.0.1:7001');
    }
    expect(strikesOf(peer)).toEqual([]);
  });

  test('A11: after the third the link is closed, every connected seed hears of it, and it is no neighbor', () => {
    const { village, world, seed, peer, guest } = withGuest();
    world.run({ forMs: 2_500 });
    guest.isAlive = false;
    village.until(() => recordsOf(peer, 'neighbor-lost').length === 1, 10_000);
    world.run({ forMs: 1_000 });
    expect(strikesOf(peer)).toEqual([1, 2, 3]);
    expect(guest.client.ended).toBe(true);
    const [report] = seed.texts('Dead Node:');
    expect(report).toMatch(/^Dead Node:127\.0\.0\.1:7001:\d{10}\.\d{3}:127\.0\.0\.1:6001$/);
    expect(recordsOf(peer, 'dead-reported')).toMatchObject([
      { peer: '127.0.0.1:7001', message: report, seeds: ['127.0.0.1:5001'] },
    ]);
    expect(lastOf(peer, 'peer-status')).toMatchObject({ neighbors: [], reports: 1 });
    expect(recordsOf(peer, 'neighbor-lost')).toMatchObject([{ reason: 'dead' }]);
  });

  test.each([1, 2, 5])('A11: with %d strikes allowed it takes as many', (strikesMax) => {
    const { village, peer, guest } = withGuest({ peer: { strikesMax } });
    guest.isAlive = false;
    village.until(() => recordsOf(peer, 'neighbor-lost').length === 1, 20_000);
    expect(strikesOf(peer)).toHaveLength(strikesMax);
  });

  /** What happens to a peer, and what its neighbor sees of it. */
  const deaths = {
    'killed, its connections reset': (host: Host<Peer>) => host.kill('reset'),
    'killed, its connections ended': (host: Host<Peer>) => host.kill('ended'),
    stopped: (host: Host<Peer>) => host.stop(),
  };

  test.each(Object.keys(deaths) as (keyof typeof deaths)[])(
    'A11: a neighbor that is %s is found within strikes + 1 intervals of its last answer, and not before strikes intervals',
    (death) => {
      for (const strikesMax of [1, 3]) {
        for (let offsetMs = 50; offsetMs < intervalMs; offsetMs += 190) {
          const village = new Village({ peer: { strikesMax } }).startSeeds();
          const { world } = village;
          const [watcher, victim] = village.startPeers(2) as [Host<Peer>, Host<Peer>];
          const id = '127.0.0.1:6002';
          world.run({ forMs: 5_000 + offsetMs });
          deaths[death](victim);
          const diedAtMs = world.now;
          village.until(() => recordsOf(watcher, 'neighbor-lost').length > 0, 20_000);
          const foundAtMs = firstAtMs(village, watcher, 'neighbor-lost');
          // The last answer came at most an interval before the death.
          expect(foundAtMs - diedAtMs).toBeLessThanOrEqual((strikesMax + 1) * intervalMs);
          expect(foundAtMs - diedAtMs).toBeGreaterThanOrEqual(strikesMax * intervalMs);
          world.run({ forMs: 1_900 });
          expect(listersOf(village, id)).toEqual([]);
          expect(recordsOf(watcher, 'dead-reported')).toMatchObject([{ peer: id }]);
        }
      }
    },
  );
});

describe('a process that stood still itself', () => {
  test('A11: counts no strikes against others, finds its way back into the overlay and to its seeds', () => {
    const village = new Village({ peer: { gossipCount: 0 } }).startSeeds();
    const { world } = village;
    const peers = village.startPeers(8);
    world.run({ forMs: 5_000 });
    const [, , , sleeper] = peers as [Host<Peer>, Host<Peer>, Host<Peer>, Host<Peer>];
    const id = '127.0.0.1:6004';
    sleeper.stop();
    world.run({ forMs: 20_000 });
    expect(listersOf(village, id)).toEqual([]);
    const struckBefore = recordsOf(sleeper, 'strike').length;
    sleeper.resume();
    world.run({ forMs: 10_000 });
    expect(recordsOf(sleeper, 'woke-late')).toHaveLength(1);
    expect(recordsOf(sleeper, 'strike')).toHaveLength(struckBefore);
    expect(recordsOf(sleeper, 'dead-reported')).toEqual([]);
    const status = lastOf(sleeper, 'peer-status');
    expect(status?.neighbors.length).toBeGreaterThanOrEqual(4);
    expect(status?.seeds.length).toBeGreaterThanOrEqual(2);
    for (const neighbor of status?.neighbors ?? []) {
      const other = village.peers.get(neighbor) as Host<Peer>;
      expect(lastOf(other, 'peer-status')?.neighbors).toContain(id);
    }
    expect(listersOf(village, id).length).toBeGreaterThanOrEqual(2);
    // Messages made from now on reach it.
    peers[0]?.type('welcome back');
    world.run({ forMs: 500 });
    const heard = recordsOf(sleeper, 'gossip-received').map(({ message }) => message);
    expect(heard.filter((message) => message.endsWith(':welcome back'))).toHaveLength(1);
  });

  test('A11: one that stands still for shorter than an interval is not taken for late', () => {
    const { world, peer } = withGuest();
    world.run({ forMs: 2_100 });
    peer.stop();
    world.run({ forMs: 950 });
    peer.resume();
    world.run({ forMs: 5_000 });
    expect(recordsOf(peer, 'woke-late')).toEqual([]);
    expect(recordsOf(peer, 'neighbor-lost')).toEqual([]);
  });

  test('A11: a request that stayed unanswered meanwhile is no strike', () => {
    const { village, world, peer, guest } = withGuest();
    world.run({ forMs: 2_500 });
    guest.isAlive = false;
    const asked = guest.texts('Liveness Request:').length;
    village.until(() => guest.texts('Liveness Request:').length > asked, 2_000);
    peer.stop();
    world.run({ forMs: 20_000 });
    guest.isAlive = true;
    peer.resume();
    world.run({ forMs: 5_000 });
    expect(recordsOf(peer, 'woke-late')).toHaveLength(1);
    expect(strikesOf(peer)).toEqual([]);
  });

  test('A11: no seed is taken for gone because its answer was due meanwhile', () => {
    const { village, world, seed, peer } = withGuest();
    world.run({ forMs: 1_000 });
    const answering = seed.script;
    seed.script = () => undefined;
    const asked = seed.heard.length;
    village.until(() => seed.heard.length > asked, 5_000);
    peer.stop();
    world.run({ forMs: 60_000 });
    peer.resume();
    world.run({ forMs: 500 });
    seed.clients[0]?.send('127.0.0.1:6001\n');
    seed.script = answering;
    world.run({ forMs: 10_000 });
    expect(recordsOf(peer, 'seed-lost')).toEqual([]);
  });
});

test('A11: a dead neighbor is replaced', () => {
  const village = new Village({ seeds: 1 });
  const { world } = village;
  const ids = [
    '127.0.0.1:7001',
    '127.0.0.1:7002',
    '127.0.0.1:7003',
    '127.0.0.1:7004',
    '127.0.0.1:7005',
  ];
  new ScriptedNode(world, '127.0.0.1:5001', listing(...ids));
  const others = ids.map((id) => new ScriptedNode(world, id, accepting(id)));
  const peer = village.startPeer();
  world.run({ forMs: 1_500 });
  const victim = others.find(({ id }) => lastOf(peer, 'peer-status')?.neighbors.includes(id));
  if (victim) victim.script = () => undefined;
  world.run({ forMs: 6_500 });
  const expected = ids.filter((id) => id !== victim?.id);
  expect([...(lastOf(peer, 'peer-status')?.neighbors ?? [])].sort()).toEqual(expected);
});
