import { LIMITS } from '@hearsay/common/limits';
import type { Peer } from '@hearsay/peer/peer';
import { describe, expect, test } from 'vitest';
import type { Host } from '../../lab/src/simulator/host.js';
import { recordsOf } from '../../lab/test/core/village.js';
import { Guest, quiet, sha256, withGuests } from './stage.js';

/** When messages were made, in milliseconds after the first neighbor was connected. */
function madeAtMs(peer: Host<Peer>): number[] {
  const first = peer.records.find(({ record }) => record.event === 'neighbor')?.wallMs ?? 0;
  return peer.records
    .filter(({ record }) => record.event === 'gossip-made')
    .map(({ wallMs }) => wallMs - first);
}

describe('making messages', () => {
  test('A7: the first goes out gossipSettleMs after the first neighbor, one an interval follows, ten in all', () => {
    const { world, peer, guests } = withGuests(1);
    world.run({ forMs: 60_000 });
    const expected = Array.from({ length: 10 }, (_, n) => LIMITS.gossipSettleMs + 1_000 * n);
    expect(madeAtMs(peer)).toEqual(expected);
    expect(guests[0].gossip).toEqual(recordsOf(peer, 'gossip-made').map(({ message }) => message));
    expect(guests[0].gossip[0]).toMatch(/^\d{10}\.\d{3}:127\.0\.0\.1:6001:GOSSIP1$/);
    expect(guests[0].gossip[9]).toMatch(/:GOSSIP10$/);
  });

  test('A7, A8: each is logged with its hash and to how many it went', () => {
    const { world, peer } = withGuests(3);
    world.run({ forMs: 500 });
    const [made] = recordsOf(peer, 'gossip-made');
    expect(made).toEqual({
      event: 'gossip-made',
      message: made?.message,
      hash: sha256(made?.message ?? ''),
      neighbors: 3,
    });
  });

  test('A7: a hundred messages do not drift, though the process starts late now and then', () => {
    const { world, peer } = withGuests(1, { peer: { gossipCount: 0 } });
    world.run({ forMs: LIMITS.gossipSettleMs - 60 });
    for (let n = 0; n <= 100; n += 1) {
      // Every tenth message is due while the process stands still.
      if (n % 10 === 3) peer.stop();
      world.run({ forMs: 200 });
      peer.resume();
      world.run({ forMs: 800 });
    }
    const made = madeAtMs(peer);
    expect(made).toHaveLength(101);
    const lateMs = made.map((ms, n) => ms - (LIMITS.gossipSettleMs + 1_000 * n));
    expect(lateMs.filter((ms) => ms !== 0)).toHaveLength(10);
    expect(Math.max(...lateMs)).toBeLessThan(200);
  });

  test('A7: a process that stood still does not catch up in a burst', () => {
    const { world, peer } = withGuests(1, {
      peer: { gossipCount: 0, livenessIntervalMs: 100_000 },
    });
    world.run({ forMs: 2_500 });
    peer.stop();
    world.run({ forMs: 20_000 });
    peer.resume();
    world.run({ forMs: 10 });
    const made = madeAtMs(peer);
    expect(made).toHaveLength(4);
    world.run({ forMs: 5_000 });
    const after = madeAtMs(peer).slice(3);
    expect(after.slice(1).map((ms, n) => ms - (after[n] as number))).toEqual(
      after.slice(1).map(() => 1_000),
    );
  });

  test('A7: with a count of 0 it goes on without end', () => {
    const { world, peer } = withGuests(1, { peer: { gossipCount: 0 } });
    world.run({ forMs: 300_500 });
    expect(madeAtMs(peer)).toHaveLength(301);
  });

  test('A7: a peer that is alone makes none, and those that it did not make it makes later', () => {
    const { village, world, peer } = withGuests(0);
    world.run({ forMs: 30_000 });
    expect(recordsOf(peer, 'gossip-made')).toEqual([]);
    const guest = new Guest(world, peer, '127.0.0.1:7001');
    world.run({ forMs: 3_400 });
    expect(recordsOf(peer, 'gossip-made')).toHaveLength(4);
    guest.client.reset();
    village.until(() => recordsOf(peer, 'neighbor-lost').length === 1, 10_000);
    const madeByThen = recordsOf(peer, 'gossip-made').length;
    world.run({ forMs: 30_000 });
    expect(recordsOf(peer, 'gossip-made')).toHaveLength(madeByThen);
    new Guest(world, peer, '127.0.0.1:7002');
    world.run({ forMs: 30_000 });
    expect(recordsOf(peer, 'gossip-made')).toHaveLength(10);
  });

  test('A7: lines that a person types are numbered on, and do not count', () => {
    const { world, peer, guests } = withGuests(1);
    world.run({ forMs: 2_500 });
    peer.type('hello: all');
    peer.type('again');
    world.run({ forMs: 30_000 });
    const texts = guests[0].gossip.map((text) => text.split(':').slice(3).join(':'));
    expect(texts.slice(2, 6)).toEqual([
      'GOSSIP3',
      'GOSSIP4:hello: all',
      'GOSSIP5:again',
      'GOSSIP6',
    ]);
    expect(texts).toHaveLength(12);
  });

  test('messageBytesMax: a typed line may fill a message to 1,024 bytes and no more', () => {
    const { world, peer, guests } = withGuests(1, quiet);
    world.run({ forMs: 1_000 });
    // The message so far is GOSSIP1; the next has a number of the same length.
    const headBytes = Buffer.byteLength(guests[0].gossip[0] ?? '') + 1;
    for (const bytes of [1_023, 1_024]) {
      peer.type(`ü${'x'.repeat(bytes - headBytes - 2)}`);
      world.run({ forMs: 10 });
      expect(Buffer.byteLength(guests[0].gossip.at(-1) ?? '')).toBe(bytes);
    }
    peer.type(`ü${'x'.repeat(1_025 - headBytes - 2)}`);
    world.run({ forMs: 10 });
    expect(peer.told).toEqual(['too long by 1 bytes; nothing was sent']);
    expect(guests[0].gossip).toHaveLength(3);
    peer.type('short');
    world.run({ forMs: 10 });
    expect(guests[0].gossip.at(-1)).toMatch(/:GOSSIP4:short$/);
  });

  test('a line typed while alone is kept, and the person is told that nobody heard it', () => {
    const { world, peer } = withGuests(0);
    peer.type('anybody?');
    world.run({ forMs: 10 });
    expect(peer.told).toEqual(['no neighbors yet: nobody heard it']);
    expect(recordsOf(peer, 'gossip-made')).toMatchObject([{ neighbors: 0 }]);
  });
});

describe('the message list, written out', () => {
  test('A14: at exit its newest rows are logged, each with hash, sender and where it went, then the end', () => {
    const { world, peer, guests } = withGuests(2, quiet);
    const message = guests[0].message(1);
    guests[0].say(message);
    world.run({ forMs: 1_000 });
    peer.interrupt('SIGINT');
    world.run({ forMs: 10 });
    const tail = peer.records.slice(-4).map(({ record }) => record);
    expect(tail).toEqual([
      { event: 'ml-size', entries: 2, shown: 2, windowMs: LIMITS.messageWindowMs },
      {
        event: 'ml-entry',
        hash: sha256(message),
        message,
        sentTo: ['127.0.0.1:7002'],
        from: '127.0.0.1:7001',
      },
      {
        event: 'ml-entry',
        hash: recordsOf(peer, 'gossip-made')[0]?.hash,
        message: recordsOf(peer, 'gossip-made')[0]?.message,
        sentTo: ['127.0.0.1:7001', '127.0.0.1:7002'],
        from: 'self',
      },
      { event: 'stopped', reason: 'SIGINT' },
    ]);
    expect(peer.finished).toBe(true);
  });

  test.each([
    [2, 2],
    [3, 3],
    [4, 3],
  ])('messageRowsMax: of %d entries %d rows are written', (count, rows) => {
    const { world, peer, guests } = withGuests(1, { ...quiet, limits: { messageRowsMax: 3 } });
    for (let n = 1; n <= count; n += 1) guests[0].say(guests[0].message(n));
    peer.type('/ml');
    world.run({ forMs: 50 });
    peer.type('/ml');
    world.run({ forMs: 50 });
    expect(recordsOf(peer, 'ml-size').map(({ entries, shown }) => [entries, shown])).toEqual([
      [0, 0],
      [count, rows],
    ]);
    expect(recordsOf(peer, 'ml-entry').map(({ message }) => message.split('GOSSIP')[1])).toEqual(
      Array.from({ length: rows }, (_, n) => String(count - rows + n + 1)),
    );
  });
});
