/** What is said in a peer's name is no proof of its kind; what is heard at its address is. */
import type { Peer } from '@hearsay/peer/peer';
import { describe, expect, test } from 'vitest';
import type { Host } from '../../lab/src/simulator/host.js';
import type { World } from '../../lab/src/simulator/world.js';
import { recordsOf, Village } from '../../lab/test/core/village.js';
import {
  accepting,
  among,
  classic,
  Guest,
  neighborsOf,
  requestsAt,
  type Script,
  ScriptedNode,
  withGuests,
} from './stage.js';

const livenessIntervalMs = 13_000;
const id = '127.0.0.1:7001';

/** Asks a peer for a link as a classic program does. */
function askBare(world: World, peer: Host<Peer>, name: string): void {
  world.connect(peer.address).send(`New Connect Request From:${name}`);
  world.run({ forMs: 200 });
}

/** A peer with one neighbor, a classic one that has asked for the link. */
function withClassic() {
  const village = new Village({ seeds: 1, peer: { livenessIntervalMs } });
  const { world } = village;
  const peer = village.startPeer();
  world.run({ forMs: 100 });
  const home = new ScriptedNode(world, id, classic(id));
  askBare(world, peer, id);
  return { village, world, peer, home };
}

/** The neighbors that a peer has had, with their kinds. */
const kindsOf = (peer: Host<Peer>) =>
  recordsOf(peer, 'neighbor').map(({ neighbor, kind, dialedBy }) => [neighbor, kind, dialedBy]);

describe('a Hearsay request in the name of a living classic neighbor', () => {
  test('of one that started again as a Hearsay peer makes it a Hearsay neighbor at once', () => {
    const { world, peer, home } = withClassic();
    home.die();
    const again = home.reborn(accepting(id));
    const guest = new Guest(world, peer, id);
    world.run({ forMs: 100 });
    expect(guest.texts('New Connect')).toEqual(['New Connect Refused:duplicate']);
    expect(requestsAt(again)).toEqual(['New Connect Request From:127.0.0.1:6001:Hearsay/1']);
    expect(kindsOf(peer)).toEqual([
      [id, 'classic', 'it'],
      [id, 'hearsay', 'us'],
    ]);
    world.run({ forMs: 60_000 });
    expect(neighborsOf(peer)).toEqual([id]);
    expect(recordsOf(peer, 'strike')).toEqual([]);
  });

  test('of somebody else changes nothing, and the neighbor is asked once an interval at the most', () => {
    const { world, peer, home } = withClassic();
    for (let n = 0; n < 260; n += 1) {
      const guest = new Guest(world, peer, id);
      world.run({ forMs: 100 });
      expect(guest.texts('New Connect')).toEqual(['New Connect Refused:duplicate']);
    }
    expect(requestsAt(home).length).toBeGreaterThan(0);
    expect(requestsAt(home).length).toBeLessThanOrEqual(26_000 / livenessIntervalMs + 1);
    expect(kindsOf(peer)).toEqual([[id, 'classic', 'it']]);
    expect(neighborsOf(peer)).toEqual([id]);
    peer.type('/peers');
    world.run({ forMs: 0 });
    expect(peer.told).toContain(`${id}  classic  dialed by it  0/3 strikes`);
  });

  test('of one that this peer had dialed itself makes up for no other link that it owes', () => {
    const other = '127.0.0.1:7002';
    const refusing: Script = () => 'New Connect Refused:leaving\n';
    const { village, world, others, peer } = among(
      [id, other],
      (one) => (one === id ? classic(id) : refusing),
      { peer: { livenessIntervalMs, neighborsMin: 2 } },
    );
    world.run({ forMs: 1_000 });
    others[0]?.die();
    others[0]?.reborn(accepting(id));
    new Guest(world, peer, id);
    new Guest(world, peer, '127.0.0.1:7003');
    world.run({ forMs: 1_000 });
    expect(kindsOf(peer)).toEqual([
      [id, 'classic', 'us'],
      ['127.0.0.1:7003', 'hearsay', 'it'],
      [id, 'hearsay', 'us'],
    ]);
    if (others[1]) others[1].script = accepting(other);
    village.until(() => neighborsOf(peer).includes(other), 60_000);
  });

  test('does not have one that is full and silent taken for gone', () => {
    const { world, peer, home } = withClassic();
    const answer = classic(id);
    home.script = (text, client) =>
      text.startsWith('New Connect') ? undefined : answer(text, client);
    new Guest(world, peer, id);
    world.run({ forMs: 30_000 });
    expect(requestsAt(home)).toHaveLength(1);
    expect(neighborsOf(peer)).toEqual([id]);
    expect(recordsOf(peer, 'neighbor-lost')).toEqual([]);
  });
});

describe('a request in the name of a neighbor that has a link', () => {
  test('that came by itself: whoever answers at that address gets the link', () => {
    const { world, peer, guests } = withGuests(1, { peer: { livenessIntervalMs } });
    const [impostor] = guests;
    const home = new ScriptedNode(world, id, accepting(id));
    const real = new Guest(world, peer, id);
    world.run({ forMs: 100 });
    expect(real.texts('New Connect')).toEqual(['New Connect Refused:duplicate']);
    expect(requestsAt(home)).toEqual(['New Connect Request From:127.0.0.1:6001:Hearsay/1']);
    expect(impostor.client.ended).toBe(true);
    world.run({ forMs: 60_000 });
    expect(neighborsOf(peer)).toEqual([id]);
    expect([recordsOf(peer, 'strike'), recordsOf(peer, 'neighbor-lost')]).toEqual([[], []]);
  });

  test('and keeps it if its own peer says that it has one', () => {
    const { world, peer, guests } = withGuests(1, { peer: { livenessIntervalMs } });
    const home = new ScriptedNode(world, id, (text) =>
      text.startsWith('New Connect') ? 'New Connect Refused:duplicate\n' : undefined,
    );
    for (let n = 0; n < 50; n += 1) {
      new Guest(world, peer, id);
      world.run({ forMs: 100 });
    }
    expect(requestsAt(home)).toHaveLength(1);
    expect(guests[0].client.ended).toBe(false);
    expect(neighborsOf(peer)).toEqual([id]);
  });

  test('that this peer has dialed there: nobody is asked', () => {
    const { world, others, peer } = among([id], accepting, { peer: { livenessIntervalMs } });
    world.run({ forMs: 1_000 });
    for (let n = 0; n < 5; n += 1) {
      new Guest(world, peer, id);
      world.run({ forMs: 100 });
    }
    expect(requestsAt(others[0] as ScriptedNode)).toHaveLength(1);
    expect(neighborsOf(peer)).toEqual([id]);
  });
});

test('A5: a newcomer in whose name bare requests came everywhere has its neighbors within seconds', () => {
  for (let rng = 1; rng <= 5; rng += 1) {
    const village = new Village({ rng, peer: { livenessIntervalMs, gossipCount: 0 } }).startSeeds();
    const { world } = village;
    const others = village.startPeers(5);
    world.run({ forMs: 20_000 });
    for (const peer of others) askBare(world, peer, '127.0.0.1:6006');
    const newcomer = village.startPeer();
    village.until(() => recordsOf(newcomer, 'neighbor').length >= 4, 5_000);
    world.run({ forMs: 100 });
    const linked = others.filter((peer) =>
      kindsOf(peer).some(([name, kind]) => name === '127.0.0.1:6006' && kind === 'hearsay'),
    );
    expect(linked.length).toBeGreaterThanOrEqual(4);
    village.until(() => recordsOf(newcomer, 'gossip-made').length > 0, 5_000);
    const made = recordsOf(newcomer, 'gossip-made')[0]?.message;
    const hasIt = (peer: Host<Peer>) =>
      recordsOf(peer, 'gossip-received').some(({ message }) => message === made);
    village.until(() => others.every(hasIt), 1_000);
  }
});

test('what waits for a classic neighbor goes nowhere any more once it is none', () => {
  const { world, peer, guests } = withGuests(1, { peer: { livenessIntervalMs, gossipCount: 1 } });
  const home = new ScriptedNode(world, id, accepting(id));
  const [guest] = guests;
  const other = '127.0.0.1:7900';
  const late = new ScriptedNode(world, other, classic(other));
  askBare(world, peer, other);
  world.options.latencyMs = 100;
  for (let number = 1; number <= 40; number += 1) guest.say(guest.message(number));
  world.run({ forMs: 101 });
  late.die();
  const again = late.reborn(accepting(other));
  new Guest(world, peer, other);
  world.run({ forMs: 10_000 });
  expect(kindsOf(peer).slice(1)).toEqual([
    [other, 'classic', 'it'],
    [other, 'hearsay', 'us'],
  ]);
  // Those that were on their way when it started again.
  expect(again.texts().filter((text) => /^\d/.test(text)).length).toBeLessThan(20);
  expect(home.heard).toEqual([]);
});
