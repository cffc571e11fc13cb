import { LIMITS } from '@hearsay/common/limits';
import type { Peer } from '@hearsay/peer/peer';
import { Sources } from '@hearsay/peer/sources';
import { describe, expect, test } from 'vitest';
import type { Host } from '../../lab/src/simulator/host.js';
import type { World } from '../../lab/src/simulator/world.js';
import { lastOf, recordsOf } from '../../lab/test/core/village.js';
import { formed, madeSince, undelivered } from './deliveries.js';
import { Guest, quiet, withGuests } from './stage.js';

const limits = {
  ...{ strangerMessagesMax: 5, strangerMessagesPerSecondMax: 2 },
  ...{ neighborMessagesMax: 60, neighborMessagesPerSecondMax: 20 },
};

/** A message that somebody makes up, from that many milliseconds ahead of the present. */
function madeUp(world: World, number: number, aheadMs = 0): string {
  const stamp = ((world.wallMs + aheadMs) / 1_000).toFixed(3);
  return `${stamp}:127.0.0.9:9001:GOSSIP${number}`;
}

const numbersOf = (peer: Host<Peer>) =>
  recordsOf(peer, 'gossip-received').map(({ message }) => Number(message.split('GOSSIP')[1]));

describe('new messages over links that are no neighbor’s', () => {
  /** A peer with two neighbors, and a visitor that has sent so many messages at once. */
  function visited(count: number) {
    const stage = withGuests(2, { ...quiet, limits }, true);
    const { world, peer } = stage;
    const visitor = world.connect(peer.address);
    const messages = Array.from({ length: count }, (_, n) => madeUp(world, n + 1));
    for (const message of messages) visitor.send(`${message}\n`);
    world.run({ forMs: 10 });
    return { ...stage, visitor, messages };
  }

  test.each([
    ['below', 4, 4],
    ['at', 5, 5],
    ['above', 6, 5],
  ])('strangerMessagesMax: %s the bound: of %d at once %d are taken', (_, count, taken) => {
    const { peer, messages } = visited(count);
    expect(numbersOf(peer)).toHaveLength(taken);
    expect(recordsOf(peer, 'gossip-refused')).toMatchObject(
      messages.slice(taken).map((message) => ({ message, reason: 'too many new ones' })),
    );
  });

  test('strangerMessagesPerSecondMax: after that so many are taken each second, over however many links', () => {
    const { world, peer } = visited(5);
    for (let n = 0; n < 100; n += 1) {
      world.connect(peer.address).send(`${madeUp(world, 100 + n)}\n`);
      world.run({ forMs: 50 });
    }
    world.run({ forMs: 1_000 });
    expect(Math.abs(numbersOf(peer).length - 5 - 2 * 5)).toBeLessThanOrEqual(1);
    const { received, refused } = lastOf(peer, 'peer-status') ?? {};
    expect([received, refused]).toEqual([numbersOf(peer).length, 105 - numbersOf(peer).length]);
  });

  test('one that was refused is new when a neighbor brings it, and goes to the others', () => {
    const { world, peer, guests, messages } = visited(7);
    const last = messages.at(-1) as string;
    expect(guests[1].gossip).not.toContain(last);
    guests[0].say(last);
    world.run({ forMs: 10 });
    expect(guests[1].gossip).toContain(last);
    expect(recordsOf(peer, 'gossip-received').at(-1)?.from).toBe(guests[0].id);
  });

  test('copies, and messages that are refused anyway, use up nothing of it', () => {
    const { world, peer, visitor, messages } = visited(4);
    const anHourMs = 3_600_000;
    for (let n = 0; n < 20; n += 1) {
      visitor.send(`${messages[0]}\n`);
      for (const aheadMs of [anHourMs, -anHourMs]) visitor.send(`${madeUp(world, n, aheadMs)}\n`);
      visitor.send(`${madeUp(world, n).replace('127.0.0.9:9001', '127.0.0.1:6001')}\n`);
    }
    visitor.send(`${madeUp(world, 99)}\n`);
    world.run({ forMs: 10 });
    expect(numbersOf(peer)).toEqual([1, 2, 3, 4, 99]);
  });

  test('a neighbor that no seed has named is a stranger too, however many there are', () => {
    const { world, peer, guests } = withGuests(4, { ...quiet, limits });
    for (const guest of guests) for (let n = 1; n <= 5; n += 1) guest.say(guest.message(n));
    world.run({ forMs: 10 });
    expect(numbersOf(peer)).toHaveLength(5);
    expect(recordsOf(peer, 'gossip-refused')).toHaveLength(15);
  });

  test('those of neighbors are not counted among them', () => {
    const { world, peer, guests } = visited(9);
    for (let n = 1; n <= 50; n += 1) guests[0].say(guests[0].message(n));
    world.run({ forMs: 10 });
    expect(numbersOf(peer)).toHaveLength(5 + 50);
  });
});

describe('new messages over the link of a neighbor that a seed has named', () => {
  function neighbors() {
    const stage = withGuests(3, { ...quiet, limits }, true);
    const pour = (count: number) => {
      for (let n = 0; n < count; n += 1) stage.guests[0].say(madeUp(stage.world, n + 1));
      stage.world.run({ forMs: 10 });
    };
    return { ...stage, pour };
  }

  test.each([
    ['below', 59, 59],
    ['at', 60, 60],
    ['above', 75, 60],
  ])('neighborMessagesMax: %s the bound: of %d at once %d are taken', (_, count, taken) => {
    const { peer, pour } = neighbors();
    pour(count);
    expect(numbersOf(peer)).toHaveLength(taken);
    expect(lastOf(peer, 'peer-status')?.refused ?? 0).toBe(0);
  });

  test('neighborMessagesPerSecondMax: after that so many are taken each second', () => {
    const { world, peer, guests, pour } = neighbors();
    pour(60);
    for (let n = 0; n < 100; n += 1) {
      guests[0].say(madeUp(world, 100 + n));
      world.run({ forMs: 30 });
    }
    expect(Math.abs(numbersOf(peer).length - 60 - 20 * 3)).toBeLessThanOrEqual(1);
  });

  test('the others may bring what was refused of it, and as many of their own', () => {
    const { world, peer, guests, pour } = neighbors();
    pour(70);
    guests[1].say(madeUp(world, 70));
    world.run({ forMs: 10 });
    expect(numbersOf(peer).at(-1)).toBe(70);
    for (let n = 0; n < 59; n += 1) guests[1].say(madeUp(world, 200 + n));
    world.run({ forMs: 10 });
    expect(numbersOf(peer)).toHaveLength(120);
  });

  test('to break the link and come again is no way round it', () => {
    const { world, peer, guests, pour } = neighbors();
    pour(60);
    const [{ id, client }] = guests;
    client.reset();
    world.run({ forMs: 10 });
    const again = new Guest(world, peer, id);
    world.run({ forMs: 10 });
    for (let n = 0; n < 50; n += 1) again.say(madeUp(world, 300 + n));
    world.run({ forMs: 10 });
    expect(numbersOf(peer)).toHaveLength(60);
  });
});

describe('a neighbor’s own messages', () => {
  const own = { ownMessagesMax: 3, ownMessagesPerSecondMax: 2 };
  const spent = { neighborMessagesMax: 1, neighborMessagesPerSecondMax: 1 };

  test.each([
    ['below', 2, 2],
    ['at', 3, 3],
    ['above', 5, 3],
  ])('ownMessagesMax: %s the bound: of %d so many are taken besides', (_, count, taken) => {
    const sources = new Sources({ ...LIMITS, ...own, ...spent });
    expect([sources.take('a', 'z', 0), sources.take('a', 'z', 0)]).toEqual([true, false]);
    const tries = Array.from({ length: count }, () => sources.take('a', 'a', 0));
    expect(tries.filter(Boolean)).toHaveLength(taken);
  });

  test.each([
    ['below', 499, 0],
    ['at', 500, 1],
    ['above', 999, 1],
    ['at twice', 1_000, 3],
  ])('ownMessagesPerSecondMax: %s the bound, after %d ms: %d', (_, atMs, taken) => {
    const sources = new Sources({ ...LIMITS, ...own, ...spent });
    for (let n = 0; n < 4; n += 1) sources.take('a', 'a', 0);
    // After a second there is also one of those of all origins.
    const tries = Array.from({ length: 9 }, () => sources.take('a', 'a', atMs));
    expect(tries.filter(Boolean)).toHaveLength(taken);
  });

  test('are heard from one that passes on a flood', () => {
    const { world, peer, guests } = withGuests(
      2,
      { ...quiet, limits: { ...limits, ...own } },
      true,
    );
    for (let n = 0; n < 100; n += 1) guests[0].say(madeUp(world, n + 1));
    const ownMessage = guests[0].message(7);
    guests[0].say(ownMessage);
    world.run({ forMs: 10 });
    expect(guests[1].gossip).toContain(ownMessage);
    expect(numbersOf(peer)).toHaveLength(61);
  });
});

test('countedNeighborsMax: of more, the one counted first is forgotten', () => {
  const sources = new Sources({ ...LIMITS, neighborMessagesMax: 1, countedNeighborsMax: 2 });
  const taken = ['a', 'b', 'a', 'c', 'a', 'c'].map((name) => sources.take(name, 'z', 0));
  expect(taken).toEqual([true, true, false, true, true, false]);
});

test.each([
  ['below', 2, false],
  ['at', 3, false],
  ['above', 4, true],
])(
  'countedNeighborsMax: %s the bound the first one is still counted or not',
  (_, count, isForgotten) => {
    const sources = new Sources({ ...LIMITS, neighborMessagesMax: 1, countedNeighborsMax: 3 });
    const origin = '127.0.0.9:9001';
    const names = ['a', 'b', 'c', 'd'].slice(0, count);
    expect(names.map((name) => sources.take(name, origin, 0))).toEqual(names.map(() => true));
    expect(sources.take('a', origin, 0)).toBe(isForgotten);
  },
);

test('A8: a flood of made-up messages over forty connections loses no real one, and none comes twice', () => {
  const village = formed(10, {
    ...{ latencyMs: [1, 30], peer: { gossipCount: 0 } },
    limits: { digestsMax: 1_024, strangerMessagesMax: 100, strangerMessagesPerSecondMax: 10 },
  });
  const { world } = village;
  const [target] = village.peers.values() as Iterable<Host<Peer>>;
  if (target === undefined) throw new Error('no peer');
  const strangers = Array.from({ length: 40 }, () => world.connect(target.address));
  const sinceMs = world.wallMs;
  let number = 0;
  for (let n = 0; n < 50; n += 1) {
    for (const stranger of strangers) {
      const messages = Array.from({ length: 10 }, (_, m) => madeUp(world, number + m, 10_000));
      stranger.send(messages.map((message) => `${message}\n`).join(''));
      number += messages.length;
    }
    world.run({ forMs: 100 });
  }
  world.run({ forMs: 2_000 });
  const made = madeSince(village, sinceMs);
  expect(made.length).toBeGreaterThan(40);
  expect(undelivered(made, village.peers.values())).toEqual([]);
  for (const peer of village.peers.values()) {
    const messages = recordsOf(peer, 'gossip-received').map(({ message }) => message);
    expect(new Set(messages).size).toBe(messages.length);
    const ofFlood = messages.filter((message) => message.includes(':127.0.0.9:'));
    // The burst, and ten a second for five seconds.
    expect(ofFlood.length).toBeLessThanOrEqual(100 + 10 * 6);
  }
  expect(lastOf(target, 'peer-status')?.refused).toBeGreaterThan(19_000);
});
