import { expect, test } from 'vitest';
import { recordsOf, Village } from '../../lab/test/core/village.js';
import { accepting, Guest, listing, neighborsOf, requestsAt, ScriptedNode } from './stage.js';

const strikesMax = 3;

/** A peer with one seed and one neighbor that asked for the link, and what listens at its address. */
function withHome() {
  const village = new Village({ seeds: 1 });
  const { world } = village;
  const seed = new ScriptedNode(world, '127.0.0.1:5001', listing());
  const peer = village.startPeer();
  const home = new ScriptedNode(world, '127.0.0.1:7001', accepting('127.0.0.1:7001'));
  world.run({ forMs: 100 });
  const guest = new Guest(world, peer, '127.0.0.1:7001');
  world.run({ forMs: 100 });
  expect(neighborsOf(peer)).toEqual([]);
  return { village, world, seed, peer, home, guest };
}

test('A11: a silent link in the name of a peer that lives costs that peer nothing but the link', () => {
  const { village, world, seed, peer, home, guest } = withHome();
  guest.isAlive = false;
  village.until(() => recordsOf(peer, 'neighbor-lost').length > 0, 10_000);
  world.run({ forMs: 3_000 });
  expect(recordsOf(peer, 'neighbor-lost')).toMatchObject([
    { neighbor: '127.0.0.1:7001', reason: 'its link is gone, but it lives' },
  ]);
  expect(recordsOf(peer, 'strike')).toHaveLength(strikesMax - 1);
  expect(home.texts('Liveness Request:')).toHaveLength(1);
  expect(recordsOf(peer, 'dead-reported')).toEqual([]);
  expect(seed.texts('Dead Node:')).toEqual([]);
  expect(guest.client.ended).toBe(true);
});

test('A11: if nobody answers at its address either, it is dead after as many strikes as ever', () => {
  const { village, peer, home, guest } = withHome();
  home.script = () => undefined;
  guest.isAlive = false;
  village.until(() => recordsOf(peer, 'dead-reported').length > 0, 10_000);
  expect(recordsOf(peer, 'strike')).toHaveLength(strikesMax);
});

test('A6: a broken link is not dialed by the end that had accepted it, which only asks', () => {
  const { village, world, peer, home, guest } = withHome();
  guest.client.reset();
  village.until(() => recordsOf(peer, 'neighbor-lost').length > 0, 10_000);
  world.run({ forMs: 3_000 });
  expect(recordsOf(peer, 'strike')).toEqual([]);
  expect(requestsAt(home)).toEqual([]);
  expect(recordsOf(peer, 'dead-reported')).toEqual([]);
});

test('A6: a neighbor that gives up its link is let go without a report', () => {
  const { world, peer, guest } = withHome();
  guest.say('New Connect Refused:surplus');
  world.run({ forMs: 6_000 });
  expect(recordsOf(peer, 'neighbor-lost')).toMatchObject([{ reason: 'refused: surplus' }]);
  expect(recordsOf(peer, 'dead-reported')).toEqual([]);
});
