/** Peers that no seed has named, and how many of them a peer takes. */
import { describe, expect, test } from 'vitest';
import { lastOf, recordsOf, Village } from '../../lab/test/core/village.js';
import { accepting, askerOf, Guest, idsOf, listing, neighborsOf, ScriptedNode } from './stage.js';

/** A peer whose seed lists some that are not there, and so many guests that it does not list. */
function crowded(guestCount: number, neighborsMax = 64) {
  const village = new Village({ seeds: 1, peer: { neighborsMax } });
  const { world } = village;
  const seed = new ScriptedNode(world, '127.0.0.1:5001', listing(...idsOf(3)));
  const peer = village.startPeer();
  world.run({ forMs: 1_000 });
  const guests = idsOf(guestCount, 8_001).map((id) => new Guest(world, peer, id));
  world.run({ forMs: 100 });
  return { village, world, seed, peer, guests };
}

/** The first answer that each has got. */
function answersTo(guests: readonly Guest[]): (string | undefined)[] {
  return guests.map((guest) => guest.texts('New Connect')[0]);
}

const accepted = 'New Connect Accepted';
const full = 'New Connect Refused:full';

describe('strangers', () => {
  test.each([
    [64, 70, 32],
    [5, 6, 3],
    [1, 2, 1],
  ])('neighborsMax: of %d places they get half', (neighborsMax, count, half) => {
    const village = new Village({
      seeds: 1,
      peer: { neighborsMax, neighborsMin: Math.min(4, neighborsMax) },
    });
    const { world } = village;
    new ScriptedNode(world, '127.0.0.1:5001', listing('127.0.0.1:7001'));
    const peer = village.startPeer();
    world.run({ forMs: 1_000 });
    const guests = idsOf(count, 8_001).map((id) => new Guest(world, peer, id));
    world.run({ forMs: 100 });
    const answers = answersTo(guests);
    expect(answers.slice(0, half)).toEqual(Array(half).fill(accepted));
    expect(answers.slice(half)).toEqual(Array(count - half).fill(full));
  });

  test('one that a seed lists meanwhile is none any more, and neither is one that comes again then', () => {
    const { village, world, seed, peer, guests } = crowded(3, 4);
    expect(answersTo(guests)).toEqual([accepted, accepted, full]);
    seed.script = listing(...idsOf(3), ...guests.map(({ id }) => id));
    // It asks its seed for news because of the third.
    village.until(() => lastOf(peer, 'union')?.peers.includes('127.0.0.1:8003') === true, 3_000);
    const [, , third] = guests as [Guest, Guest, Guest];
    const again = new Guest(world, peer, third.id);
    const fourth = new Guest(world, peer, '127.0.0.1:8004');
    world.run({ forMs: 100 });
    expect(answersTo([again, fourth])).toEqual([accepted, accepted]);
  });

  test.each([
    [2, 0],
    [3, 1],
  ])('%d that come lead to so many questions for news: %d', (count, questions) => {
    const peerSettings = { neighborsMin: 1, neighborsMax: 4, livenessIntervalMs: 60_000 };
    const village = new Village({ seeds: 1, peer: peerSettings });
    const { world } = village;
    const seed = new ScriptedNode(world, '127.0.0.1:5001', listing('127.0.0.1:7001'));
    new ScriptedNode(world, '127.0.0.1:7001', accepting('127.0.0.1:7001'));
    const peer = village.startPeer();
    world.run({ forMs: 5_000 });
    const before = seed.heard.length;
    for (const id of idsOf(count, 8_001)) new Guest(world, peer, id);
    world.run({ forMs: 2_000 });
    expect(seed.heard.length - before).toBe(questions);
  });

  test('one that a seed has named for a moment is none, also when that seed starts again with a short list', () => {
    const { village, world, seed, peer, guests } = crowded(2, 4);
    const ids = guests.map(({ id }) => id);
    expect(answersTo(guests)).toEqual([accepted, accepted]);
    seed.script = listing(...idsOf(3), ...ids);
    village.until(() => lastOf(peer, 'union')?.peers.length === 5, 10_000);
    seed.die();
    seed.reborn(listing(...idsOf(3)));
    village.until(() => lastOf(peer, 'union')?.peers.length === 3, 60_000);
    const strangers = idsOf(3, 8_101).map((id) => new Guest(world, peer, id));
    world.run({ forMs: 100 });
    // They have the half of strangers, and the two that were named have the other.
    expect(answersTo(strangers)).toEqual([accepted, accepted, full]);
    const known = idsOf(3).map((id) => new Guest(world, peer, id));
    world.run({ forMs: 100 });
    expect(answersTo(known)).toEqual([accepted, accepted, full]);
    expect(guests.map(({ client }) => client.open)).toEqual([true, true]);
  });

  test('one that was named when it came is none, whatever the seed says afterwards', () => {
    const { village, world, seed, peer } = crowded(0, 4);
    const named = new Guest(world, peer, '127.0.0.1:7001');
    world.run({ forMs: 100 });
    seed.script = listing('127.0.0.1:7002', '127.0.0.1:7003');
    village.until(() => lastOf(peer, 'union')?.peers.length === 2, 60_000);
    const strangers = idsOf(3, 8_101).map((id) => new Guest(world, peer, id));
    world.run({ forMs: 100 });
    expect(answersTo(strangers)).toEqual([accepted, accepted, full]);
    expect(named.client.open).toBe(true);
  });

  test('at classic seeds, which name nobody who came later, have all places', () => {
    const village = new Village({ seeds: 1, peer: { neighborsMax: 6 } });
    const { world } = village;
    new ScriptedNode(world, '127.0.0.1:5001', (text) =>
      askerOf(text) === undefined ? undefined : '127.0.0.1:7001,127.0.0.1:6001',
    );
    const peer = village.startPeer();
    world.run({ forMs: 3_000 });
    expect(lastOf(peer, 'union')?.peers).toEqual(['127.0.0.1:7001']);
    const guests = idsOf(7, 8_001).map((id) => new Guest(world, peer, id));
    world.run({ forMs: 100 });
    expect(answersTo(guests)).toEqual([...Array(6).fill(accepted), full]);
  });

  test('a peer that knows nobody, since no seed has said anything, takes all it has places for', () => {
    const village = new Village({ seeds: 1 });
    const peer = village.startPeer();
    village.world.run({ forMs: 1_000 });
    const guests = idsOf(70).map((id) => new Guest(village.world, peer, id));
    village.world.run({ forMs: 100 });
    expect(answersTo(guests).filter((answer) => answer === accepted)).toHaveLength(64);
  });
});

describe('when all places are taken', () => {
  /** A peer whose places were taken by strangers when it knew nobody, and whose seed speaks now. */
  function taken(...listed: string[]) {
    const village = new Village({ seeds: 1, peer: { neighborsMax: 6 } });
    const { world } = village;
    const peer = village.startPeer();
    world.run({ forMs: 100 });
    const guests = idsOf(6, 8_001).map((id) => new Guest(world, peer, id));
    world.run({ forMs: 100 });
    expect(answersTo(guests)).toEqual(Array(6).fill(accepted));
    new ScriptedNode(world, '127.0.0.1:5001', listing(...listed));
    village.until(() => lastOf(peer, 'union')?.peers.length === listed.length, 60_000);
    return { village, world, peer, guests };
  }

  test('one that is known takes the place of the oldest stranger, which is told so', () => {
    const newcomer = '127.0.0.1:7001';
    const { world, peer, guests } = taken(newcomer, '127.0.0.1:8001');
    world.run({ forMs: 100 });
    const known = new Guest(world, peer, newcomer);
    const stranger = new Guest(world, peer, '127.0.0.1:8009');
    world.run({ forMs: 3_000 });
    expect(answersTo([known, stranger])).toEqual([accepted, full]);
    expect(guests.map((guest) => guest.texts('New Connect Refused').length)).toEqual([
      0, 1, 0, 0, 0, 0,
    ]);
    expect(guests[1]?.texts('New Connect Refused')).toEqual(['New Connect Refused:surplus']);
    expect(guests[1]?.client.ended).toBe(true);
    expect(recordsOf(peer, 'neighbor-lost')).toMatchObject([{ reason: 'surplus' }]);
    expect(neighborsOf(peer)).toHaveLength(6);
  });

  test('by strangers, its own picks get theirs, also where one refuses at first, and soon', () => {
    const ids = idsOf(4);
    const village = new Village({
      seeds: 1,
      peer: { neighborsMax: 6, livenessIntervalMs: 60_000 },
    });
    const { world } = village;
    const peer = village.startPeer();
    const picks = ids.map((id) => new ScriptedNode(world, id, () => 'New Connect Refused:full\n'));
    world.run({ forMs: 100 });
    for (const id of idsOf(6, 8_001)) new Guest(world, peer, id);
    world.run({ forMs: 100 });
    new ScriptedNode(world, '127.0.0.1:5001', listing(...ids));
    village.until(() => picks.every(({ heard }) => heard.length === 1), 40_000);
    for (const pick of picks) pick.script = accepting(pick.id);
    village.until(() => ids.every((id) => neighborsOf(peer).includes(id)), 10_000);
    expect(neighborsOf(peer)).toHaveLength(6);
  });

  test('by those who were strangers when it asked somebody itself, that one is turned away', () => {
    const village = new Village({ seeds: 1, peer: { neighborsMax: 4, neighborsMin: 1 } });
    const { world } = village;
    const peer = village.startPeer();
    world.run({ forMs: 100 });
    const guests = idsOf(4, 8_001).map((id) => new Guest(world, peer, id));
    const seed = new ScriptedNode(world, '127.0.0.1:5001', listing('127.0.0.1:7001'));
    const slow = new ScriptedNode(world, '127.0.0.1:7001', () => undefined);
    village.until(() => slow.heard.length > 0, 40_000);
    seed.script = listing('127.0.0.1:7001', ...guests.map(({ id }) => id));
    new Guest(world, peer, '127.0.0.1:8009');
    village.until(() => lastOf(peer, 'union')?.peers.length === 5, 1_000);
    slow.clients[0]?.send('New Connect Accepted\n');
    world.run({ forMs: 100 });
    expect(slow.texts()).toEqual([expect.stringMatching(/^New Connect Request/), full]);
    expect(slow.clients[0]?.ended).toBe(true);
    world.run({ forMs: 1_500 });
    expect([...neighborsOf(peer)].sort()).toEqual(guests.map(({ id }) => id));
  });

  test('refreshFewMs: by strangers, a newcomer is refused once, and let in as soon as the seeds have named it', () => {
    for (let rng = 1; rng <= 5; rng += 1) {
      const peerSettings = { neighborsMin: 2, neighborsMax: 4, livenessIntervalMs: 13_000 };
      const village = new Village({ rng, peer: peerSettings }).startSeeds();
      const { world } = village;
      const peers = village.startPeers(3);
      world.run({ forMs: 30_000 });
      peers.forEach((peer, n) => {
        for (const id of idsOf(2, 8_001 + 10 * n)) new Guest(world, peer, id);
      });
      // They have asked for news because of these.
      world.run({ forMs: 5_000 });
      const newcomer = village.startPeer({ statusIntervalMs: 50 });
      village.until(() => neighborsOf(newcomer).length >= 2, 3_900);
      const full = recordsOf(newcomer, 'neighbor-refused').filter(({ by }) => by !== 'us');
      expect(full).toMatchObject(full.map(() => ({ reason: 'full' })));
      expect(full.length).toBeGreaterThan(0);
    }
  });

  test('by seventy strangers, a newcomer that comes in the ordinary way is a neighbor within seconds', () => {
    const village = new Village({ peer: { neighborsMin: 1 } }).startSeeds();
    const { world } = village;
    const peer = village.startPeer();
    world.run({ forMs: 2_000 });
    const crowd = idsOf(70, 8_001).map((id) => new Guest(world, peer, id));
    world.run({ forMs: 1_000 });
    expect(answersTo(crowd).filter((answer) => answer === accepted)).toHaveLength(64);
    village.startPeer({}, '127.0.0.1:6999');
    village.until(() => neighborsOf(peer).includes('127.0.0.1:6999'), 10_000);
  });
});
