import { describe, expect, test } from 'vitest';
import { recordsOf, Village } from '../../lab/test/core/village.js';
import { idsOf, listing, ScriptedNode } from './stage.js';

describe('listBytesMax: a list from a seed', () => {
  // Three addresses of 14 characters with their commas, and the asker's 14.
  const listBytes = 3 * 15 + 14;

  test.each([
    ['below', listBytes + 1, true],
    ['at', listBytes, true],
    ['above', listBytes - 1, false],
  ])('%s the bound', (_, listBytesMax, isTaken) => {
    const village = new Village({ seeds: 1, limits: { listBytesMax } });
    new ScriptedNode(village.world, '127.0.0.1:5001', listing(...idsOf(3)));
    const peer = village.startPeer();
    village.world.run({ forMs: 1_000 });
    expect(recordsOf(peer, 'list')).toHaveLength(isTaken ? 1 : 0);
    expect(recordsOf(peer, 'dropped').map(({ reason }) => reason)).toEqual(
      isTaken ? [] : ['too long'],
    );
  });
});

describe('peerLinksMax: strangers at a peer', () => {
  test.each([
    ['below', 4, 0],
    ['at', 5, 0],
    ['above', 8, 3],
  ])('%s the bound, the longest silent make room', (_, count, evicted) => {
    const village = new Village({ seeds: 1, limits: { peerLinksMax: 6 } });
    new ScriptedNode(village.world, '127.0.0.1:5001', listing());
    const peer = village.startPeer();
    village.world.run({ forMs: 100 });
    const strangers = Array.from({ length: count }, () => village.world.connect(peer.address));
    village.world.run({ forMs: 100 });
    expect(recordsOf(peer, 'evicted')).toHaveLength(evicted);
    expect(strangers.filter(({ ended }) => ended)).toEqual(strangers.slice(0, evicted));
    expect(recordsOf(peer, 'seed-lost'), 'the registration stays').toEqual([]);
  });
});

test('leaveMs: a peer that leaves ends when that time is over, and not before', () => {
  const village = new Village({ limits: { leaveMs: 700 } }).startSeeds();
  const peer = village.startPeer();
  village.world.run({ forMs: 2_000 });
  peer.type('/leave');
  village.world.run({ forMs: 699 });
  expect(peer.finished).toBe(false);
  village.world.run({ forMs: 2 });
  expect(peer.finished).toBe(true);
});

test('seedPauseMs, seedPauseMsMax: pauses for a seed that is down double up to the bound', () => {
  const village = new Village({ seeds: 1, limits: { seedPauseMs: 100, seedPauseMsMax: 800 } });
  const peer = village.startPeer();
  village.world.run({ forMs: 10_000 });
  const pauses = recordsOf(peer, 'seed-lost').map(({ retryMs }) => retryMs);
  const expected = [100, 200, 400, ...pauses.slice(3).map(() => 800)];
  pauses.forEach((pauseMs, n) => {
    expect(Math.abs(pauseMs - (expected[n] as number))).toBeLessThanOrEqual(
      0.2 * (expected[n] as number) + 1,
    );
  });
  expect(pauses.length).toBeGreaterThan(8);
});
