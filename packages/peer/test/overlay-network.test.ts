import type { NodeId } from '@hearsay/common/address';
import { Random } from '@hearsay/common/random';
import type { Peer } from '@hearsay/peer/peer';
import { describe, expect, test } from 'vitest';
import type { Host } from '../../lab/src/simulator/host.js';
import { lastOf, recordsOf, Village, type VillageOptions } from '../../lab/test/core/village.js';
import { degreesOf, graphOf, isConnected, lopsided, mean } from './graph.js';

/** So many peers, one every `everyMs`, without gossip of their own. */
function grown(count: number, everyMs: number, options: VillageOptions = {}): Village {
  const peer = { gossipIntervalMs: 3_600_000, statusIntervalMs: 200, ...options.peer };
  const village = new Village({ ...options, peer }).startSeeds();
  village.world.run({ forMs: 100 });
  for (let n = 0; n < count; n += 1) {
    village.startPeer();
    village.world.run({ forMs: everyMs });
  }
  return village;
}

/** The most neighbors that a peer ever had at once, by its own records. */
function mostNeighbors(peer: Host<Peer>): number {
  const now = new Set<NodeId>();
  let most = 0;
  for (const { record } of peer.records) {
    if (record.event === 'neighbor') now.add(record.neighbor);
    if (record.event === 'neighbor-lost') now.delete(record.neighbor);
    most = Math.max(most, now.size);
  }
  return most;
}

describe('an overlay that grows', () => {
  test('A6: forty peers are one connected graph, and the old have more neighbors than the young', () => {
    const ratios: number[] = [];
    for (let rng = 1; rng <= 4; rng += 1) {
      const village = grown(40, 300, { rng });
      village.world.run({ forMs: 3_000 });
      const graph = graphOf(village.peers);
      expect(isConnected(graph)).toBe(true);
      expect(lopsided(graph)).toEqual([]);
      const degrees = degreesOf(graph);
      expect(Math.min(...degrees)).toBeGreaterThanOrEqual(4);
      // Four links a peer, each with two ends; the first few make up for what they could not pick.
      expect(mean(degrees)).toBeGreaterThan(7);
      expect(mean(degrees)).toBeLessThan(9);
      ratios.push(mean(degrees.slice(0, 10)) / mean(degrees.slice(30)));
    }
    // Uniform picks give 2.5, since the old have had more time; picks of the youngest give 1.8.
    expect(mean(ratios)).toBeGreaterThan(2.8);
  });

  test.each([4, 6])(
    'neighborsMax: of thirty peers that start at once nobody ever has more than %d',
    (neighborsMax) => {
      for (const rng of [1, 2]) {
        const village = grown(30, 0, { rng, latencyMs: [1, 15], peer: { neighborsMax } });
        village.world.run({ forMs: 20_000 });
        const graph = graphOf(village.peers);
        expect(Math.max(...[...village.peers.values()].map(mostNeighbors))).toBe(neighborsMax);
        expect(isConnected(graph)).toBe(true);
        expect(lopsided(graph)).toEqual([]);
        // Whoever was refused went elsewhere: nearly all have the four that they want.
        expect(degreesOf(graph).filter((degree) => degree < 4).length).toBeLessThanOrEqual(2);
        const refused = [...village.peers.values()].flatMap((peer) =>
          recordsOf(peer, 'neighbor-refused'),
        );
        expect(refused.some(({ reason }) => reason === 'full')).toBe(true);
      }
    },
  );

  test('A5: dials that cross leave one link per pair, whatever the latencies', () => {
    let crossed = 0;
    for (let rng = 1; rng <= 40; rng += 1) {
      const village = grown(5, 0, { rng, latencyMs: [1, 40] });
      village.world.run({ forMs: 6_000 });
      expect(lopsided(graphOf(village.peers))).toEqual([]);
      for (const peer of village.peers.values()) {
        const status = lastOf(peer, 'peer-status');
        expect(status?.neighbors).toHaveLength(4);
        // Held are one link for each neighbor and each seed, and nothing else.
        expect(status?.links).toBe(4 + (status?.seeds.length ?? 0));
        expect(recordsOf(peer, 'neighbor')).toHaveLength(4);
        crossed += recordsOf(peer, 'neighbor-refused').filter(
          ({ reason }) => reason === 'duplicate',
        ).length;
      }
    }
    expect(crossed).toBeGreaterThan(20);
  });
});

describe('an overlay under churn', () => {
  test('A6: after many deaths and joins it is connected, and the degrees have not grown', () => {
    const village = grown(24, 100);
    const { world } = village;
    const random = new Random(5);
    for (let round = 0; round < 50; round += 1) {
      const [id, victim] = random.shuffle([...village.peers])[0] as [NodeId, Host<Peer>];
      victim.kill(round % 2 === 0 ? 'reset' : 'ended');
      village.peers.delete(id);
      village.startPeer();
      world.run({ forMs: 2_500 });
    }
    world.run({ forMs: 10_000 });
    const graph = graphOf(village.peers);
    expect(isConnected(graph)).toBe(true);
    expect(lopsided(graph)).toEqual([]);
    const degrees = degreesOf(graph);
    expect(Math.min(...degrees)).toBeGreaterThanOrEqual(4);
    expect(mean(degrees)).toBeLessThan(10);
  });
});

describe('a split', () => {
  /** Cuts a village of sixteen in two for so long that each side buries the other. */
  function split(rng: number, seedsOnBothSides: boolean) {
    const village = grown(16, 100, { rng });
    const { world } = village;
    world.run({ forMs: 3_000 });
    const peers = [...village.peers.values()];
    const [left, right] = [peers.slice(0, 8), peers.slice(8)];
    world.cut(seedsOnBothSides ? left : [...left, ...village.seeds.values()], right);
    world.run({ forMs: 30_000 });
    const graph = graphOf(village.peers);
    for (const [id, neighbors] of graph) {
      const isLeft = left.some((peer) => peer === village.peers.get(id));
      for (const other of neighbors) {
        expect(left.some((peer) => peer === village.peers.get(other))).toBe(isLeft);
      }
    }
    return { village, world };
  }

  test.each([
    ['both sides reach', true],
    ['one side has', false],
  ])(
    'A6: whose seeds %s heals within a few intervals once the network is whole again',
    (_, seedsOnBothSides) => {
      for (let rng = 1; rng <= 3; rng += 1) {
        const { village, world } = split(rng, seedsOnBothSides);
        world.heal();
        world.run({ forMs: 6_000 });
        const graph = graphOf(village.peers);
        expect(isConnected(graph)).toBe(true);
        village.peers.get('127.0.0.1:6001')?.type('is everybody here?');
        world.run({ forMs: 500 });
        const heard = [...village.peers.values()].flatMap((peer) =>
          recordsOf(peer, 'gossip-received'),
        );
        expect(heard.filter(({ message }) => message.endsWith('is everybody here?'))).toHaveLength(
          15,
        );
      }
    },
  );
});
