import { LIMITS } from '@hearsay/common/limits';
import { describe, expect, test } from 'vitest';
import { recordsOf, Village, type VillageOptions } from '../../lab/test/core/village.js';
import {
  accepting,
  among,
  classic,
  Guest,
  idsOf,
  neighborsOf,
  requestsAt,
  type Script,
} from './stage.js';

/** A peer without seeds, and so alone until somebody comes. */
function alone(options: VillageOptions = {}) {
  const village = new Village({ seeds: 1, ...options });
  const peer = village.startPeer();
  village.world.run({ forMs: 10 });
  return { village, world: village.world, peer };
}

describe('the first picks', () => {
  test.each([1, 3, 4, 9])('A5: of %d in the union it asks four, or all there are', (count) => {
    const { world, others, peer } = among(idsOf(count), accepting);
    world.run({ forMs: 60_000 });
    const asked = others.filter((other) => other.clients.length > 0);
    expect(asked).toHaveLength(Math.min(4, count));
    expect(asked.flatMap(requestsAt)).toEqual(
      asked.map(() => 'New Connect Request From:127.0.0.1:6001:Hearsay/1'),
    );
    expect(recordsOf(peer, 'neighbor')).toHaveLength(asked.length);
  });

  test('A5: somebody else is asked in place of one that refuses, that is full and silent, or that is not there', () => {
    const answers: Record<string, Script> = {
      '127.0.0.1:7001': () => 'New Connect Refused:full\n',
      '127.0.0.1:7002': () => undefined,
      '127.0.0.1:7003': (_, client) => {
        client.end();
        return undefined;
      },
    };
    for (let rng = 0; rng < 10; rng += 1) {
      const ids = idsOf(7);
      const { world, peer } = among(ids, (id) => answers[id] ?? accepting(id), { rng });
      world.run({ forMs: 4_000 });
      expect([...neighborsOf(peer)].sort()).toEqual(ids.slice(3));
    }
  });

  test('a classic peer that accepts is told nothing more over that connection', () => {
    const { world, others, peer } = among(idsOf(1), classic);
    world.run({ forMs: 300 });
    expect(recordsOf(peer, 'neighbor')).toMatchObject([{ kind: 'classic', dialedBy: 'us' }]);
    expect(others[0]?.clients[0]?.ended).toBe(true);
    expect(others[0]?.clients[0]?.received).toBe(
      'New Connect Request From:127.0.0.1:6001:Hearsay/1',
    );
  });

  test('connectAnswerMs: an answer in time counts, one that is late does not', () => {
    for (const [waitMs, isNeighbor] of [
      [LIMITS.connectAnswerMs - 20, true],
      [LIMITS.connectAnswerMs + 20, false],
    ] as const) {
      const { village, world, others, peer } = among(idsOf(1), () => () => undefined);
      village.until(() => others[0]?.heard.length === 1);
      world.run({ forMs: waitMs });
      others[0]?.clients[0]?.send('New Connect Accepted\n');
      world.run({ forMs: 50 });
      expect(recordsOf(peer, 'neighbor')).toHaveLength(isNeighbor ? 1 : 0);
    }
  });
});

describe('requests of others', () => {
  test('a Hearsay peer is accepted with a line, a classic one without', () => {
    const { world, peer } = alone();
    const guest = new Guest(world, peer, '127.0.0.1:7001');
    const bare = world.connect(peer.address);
    bare.send('New Connect Request From:127.0.0.1:7002');
    world.run({ forMs: 200 });
    expect(guest.client.received).toMatch(/^New Connect Accepted\nLiveness Request:[^\n]*\n$/);
    expect(bare.received).toBe('New Connect Accepted');
    expect(recordsOf(peer, 'neighbor')).toMatchObject([
      { neighbor: '127.0.0.1:7001', kind: 'hearsay', dialedBy: 'it' },
      { neighbor: '127.0.0.1:7002', kind: 'classic', dialedBy: 'it' },
    ]);
  });

  test('a classic peer’s IP is that of its socket', () => {
    const { world, peer } = alone();
    world
      .connect(peer.address, { fromIp: '127.0.0.77' })
      .send('New Connect Request From:10.1.2.3:7002');
    world.run({ forMs: 200 });
    expect(recordsOf(peer, 'neighbor')).toMatchObject([{ neighbor: '127.0.0.77:7002' }]);
  });

  test('neighborsMax: as many are accepted; one more gets a refusal if it is Hearsay, and its end if it is classic', () => {
    const { world, peer } = alone({ peer: { neighborsMax: 6 } });
    const guests = idsOf(6).map((id) => new Guest(world, peer, id));
    world.run({ forMs: 50 });
    expect(guests.map(({ client }) => client.received.split('\n')[0])).toEqual(
      guests.map(() => 'New Connect Accepted'),
    );
    const late = new Guest(world, peer, '127.0.0.1:7009');
    const bare = world.connect(peer.address);
    bare.send('New Connect Request From:127.0.0.1:7010');
    world.run({ forMs: 1_500 });
    expect(late.client.received).toBe('New Connect Refused:full\n');
    expect(late.client.ended).toBe(true);
    expect([bare.received, bare.ended]).toEqual(['', true]);
    expect(
      recordsOf(peer, 'neighbor-refused').map(({ neighbor, reason, by }) => [neighbor, reason, by]),
    ).toEqual([
      ['127.0.0.1:7009', 'full', 'us'],
      ['127.0.0.1:7010', 'full', 'us'],
    ]);
    expect(neighborsOf(peer)).toHaveLength(6);
  });

  test('neighborsMax: requests of its own that are under way have their places set aside', () => {
    const ids = idsOf(4);
    const { village, world, others, peer } = among(ids, () => () => undefined, {
      peer: { neighborsMax: 4 },
    });
    village.until(() => others.every(({ heard }) => heard.length === 1));
    const guest = new Guest(world, peer, '127.0.0.1:7009');
    world.run({ forMs: 10 });
    expect(guest.client.received).toBe('New Connect Refused:full\n');
  });

  test('a second link of the same peer is a duplicate, and a request from itself is refused', () => {
    const { world, peer } = alone();
    new Guest(world, peer, '127.0.0.1:7001');
    world.run({ forMs: 10 });
    const second = new Guest(world, peer, '127.0.0.1:7001');
    const itself = new Guest(world, peer, '127.0.0.1:6001');
    world.run({ forMs: 10 });
    expect(second.client.received).toBe('New Connect Refused:duplicate\n');
    expect(itself.client.received).toBe('New Connect Refused:self\n');
  });

  test('a stranger cannot take over a standing link by a bare request in the neighbor’s name', () => {
    const { world, peer } = alone();
    const neighbor = new Guest(world, peer, '127.0.0.1:7001');
    world.run({ forMs: 10 });
    const stranger = world.connect(peer.address);
    stranger.send('New Connect Request From:127.0.0.1:7001');
    world.run({ forMs: 1_500 });
    expect(stranger.received).toBe('');
    expect(stranger.ended).toBe(true);
    expect(neighbor.client.open).toBe(true);
    expect(recordsOf(peer, 'neighbor').map(({ kind }) => kind)).toEqual(['hearsay']);
  });

  test('requests that alternate between the kinds make one neighbor and few records', () => {
    const { world, peer } = alone({ peer: { livenessIntervalMs: 13_000 } });
    for (let n = 0; n < 1_000; n += 1) {
      const client = world.connect(peer.address);
      client.send(`New Connect Request From:127.0.0.1:7001${n % 2 === 0 ? '' : ':Hearsay/1'}`);
      world.run({ forMs: 5 });
      if (n % 2 === 1) client.reset();
      // A bare request is whole after a moment of stillness only.
      if (n % 2 === 0) world.run({ forMs: LIMITS.stillnessMs });
    }
    expect(neighborsOf(peer)).toEqual(['127.0.0.1:7001']);
    // A new kind, and a new neighbor, once an interval at the most.
    expect(recordsOf(peer, 'neighbor').length).toBeLessThan(20);
  });

  test('wantedRecordsMax: comings and goings of those who dial are written up to a bound, and counted beyond', () => {
    const limits = { wantedRecordsMax: 30, wantedRecordsPerSecondMax: 5 };
    const { world, peer } = alone({ limits });
    for (let n = 0; n < 500; n += 1) {
      const { client } = new Guest(world, peer, `127.0.0.1:${7_001 + n}`);
      world.run({ forMs: 5 });
      client.reset();
      world.run({ forMs: 5 });
    }
    world.run({ forMs: 2_000 });
    for (const event of ['neighbor', 'neighbor-lost'] as const) {
      expect(recordsOf(peer, event).length).toBeGreaterThanOrEqual(30);
      expect(recordsOf(peer, event).length).toBeLessThanOrEqual(30 + 5 * 10);
    }
    expect(recordsOf(peer, 'dropped-more').length).toBeGreaterThan(0);
  });

  test('a neighbor that starts again as the other kind is one neighbor still', () => {
    const { world, peer } = alone();
    const before = new Guest(world, peer, '127.0.0.1:7001');
    world.run({ forMs: 10 });
    before.client.reset();
    world.run({ forMs: 1_500 });
    world.connect(peer.address).send('New Connect Request From:127.0.0.1:7001');
    world.run({ forMs: 1_500 });
    expect(neighborsOf(peer)).toEqual(['127.0.0.1:7001']);
    expect(recordsOf(peer, 'neighbor').map(({ kind }) => kind)).toEqual(['hearsay', 'classic']);
  });
});
