import { describe, expect, test } from 'vitest';
import type { StandIn } from '../../lab/src/simulator/stand-in.js';
import { recordsOf, Village } from '../../lab/test/core/village.js';
import {
  accepting,
  among,
  Guest,
  idsOf,
  listing,
  neighborsOf,
  requestsAt,
  type Script,
  ScriptedNode,
} from './stage.js';

describe('replacing a lost neighbor', () => {
  test('A6: the end that had dialed the link replaces it', () => {
    const { village, world, others, peer } = among(idsOf(9), accepting);
    world.run({ forMs: 1_500 });
    for (const id of idsOf(4, 7_101)) new Guest(world, peer, id);
    world.run({ forMs: 500 });
    const victim = others.find(({ id }) => neighborsOf(peer).includes(id));
    victim?.die();
    village.until(() => recordsOf(peer, 'neighbor-lost').length === 1, 10_000);
    world.run({ forMs: 100 });
    expect(recordsOf(peer, 'neighbor').filter(({ dialedBy }) => dialedBy === 'us')).toHaveLength(5);
  });

  test('A6: the other end does not, unless it is left with fewer than the minimum', () => {
    const { world, peer } = among(idsOf(9), accepting);
    world.run({ forMs: 500 });
    const guests = idsOf(3, 7_101).map((id) => new Guest(world, peer, id));
    world.run({ forMs: 1_500 });
    expect(neighborsOf(peer)).toHaveLength(7);
    for (const guest of guests) guest.client.reset();
    world.run({ forMs: 20_000 });
    expect(recordsOf(peer, 'neighbor-lost')).toHaveLength(3);
    expect(recordsOf(peer, 'neighbor').filter(({ dialedBy }) => dialedBy === 'us')).toHaveLength(4);
  });

  test('A6: one below the minimum replaces whoever had dialed', () => {
    const village = new Village({ seeds: 1 });
    const { world } = village;
    const [first = '', ...spareIds] = idsOf(4);
    const seed = new ScriptedNode(world, '127.0.0.1:5001', listing(first));
    new ScriptedNode(world, first, accepting(first));
    const peer = village.startPeer();
    const spares = spareIds.map((id) => new ScriptedNode(world, id, accepting(id)));
    world.run({ forMs: 100 });
    const guests = idsOf(3, 7_101).map((id) => new Guest(world, peer, id));
    world.run({ forMs: 100 });
    seed.script = listing(first, ...spareIds);
    world.run({ forMs: 10_000 });
    expect(spares.flatMap(requestsAt)).toEqual([]);
    guests[0]?.client.reset();
    world.run({ forMs: 10_000 });
    expect(spares.flatMap(requestsAt)).toHaveLength(1);
  });

  test('neighborsMax: a lost neighbor that is tried again and a replacement together do not exceed it', () => {
    // Whoever is asked takes a while to accept, so that several requests are under way at once.
    const slowly =
      (village: Village, later: Later[]) => (id: string) => (text: string, client: StandIn) => {
        const answer = accepting(id)(text, client);
        if (!text.startsWith('New Connect')) return answer;
        later.push({ atMs: village.world.now + 900, act: () => client.send(answer as string) });
        return undefined;
      };
    interface Later {
      readonly atMs: number;
      readonly act: () => void;
    }
    let mostAtOnce = 0;
    for (let rng = 0; rng < 10; rng += 1) {
      const ids = idsOf(8);
      const later: Later[] = [];
      const village = new Village({
        seeds: 1,
        rng,
        peer: { neighborsMax: 4, statusIntervalMs: 50 },
      });
      const { world } = village;
      new ScriptedNode(world, '127.0.0.1:5001', listing(...ids));
      const others = new Map(
        ids.map((id) => [id, new ScriptedNode(world, id, slowly(village, later)(id))]),
      );
      const peer = village.startPeer();
      let victim: ScriptedNode | undefined;
      for (let tick = 1; tick <= 1_000; tick += 1) {
        world.run({ forMs: 50 });
        for (const one of later.splice(0))
          if (one.atMs <= world.now) one.act();
          else later.push(one);
        if (tick % 120 > 0) continue;
        if (victim !== undefined) others.set(victim.id, victim.reborn());
        victim = others.get(neighborsOf(peer)[0] as string);
        victim?.die();
      }
      const sizes = recordsOf(peer, 'peer-status').map(({ neighbors }) => neighbors.length);
      mostAtOnce = Math.max(mostAtOnce, ...sizes);
      expect(recordsOf(peer, 'neighbor-lost').length).toBeGreaterThan(4);
    }
    expect(mostAtOnce).toBe(4);
  });
});

test('neighborsMax: a peer that is full does not ask its seeds for more in a hurry', () => {
  const village = new Village({ seeds: 1, peer: { neighborsMax: 4 } });
  const { world } = village;
  const seed = new ScriptedNode(world, '127.0.0.1:5001', listing());
  const peer = village.startPeer();
  world.run({ forMs: 10 });
  const guests = idsOf(4, 7_101).map((id) => new Guest(world, peer, id));
  seed.script = listing(...idsOf(5), ...guests.map(({ id }) => id));
  world.run({ forMs: 10_000 });
  const before = seed.heard.length;
  world.run({ forMs: 30_000 });
  expect(seed.heard.length - before).toBeLessThan(9);
});

describe('candidates at rest', () => {
  const refusing: Script = () => 'New Connect Refused:leaving\n';
  const asksOf = (count: number, candidatesRestingMax: number, forMs = 3_900) => {
    const { world, others } = among(idsOf(count), () => refusing, {
      limits: { candidatesRestingMax },
    });
    world.run({ forMs });
    return others.map((other) => requestsAt(other).length);
  };

  test('candidateRestMs: one that refused is left alone for five seconds or so, and then asked again', () => {
    expect(asksOf(1, 4_096, 3_900)).toEqual([1]);
    expect(asksOf(1, 4_096, 8_500)).toEqual([2]);
  });

  test('candidatesRestingMax: as many are remembered, and of more the first ones are asked again sooner', () => {
    expect(asksOf(2, 3)).toEqual([1, 1]);
    expect(asksOf(3, 3)).toEqual([1, 1, 1]);
    expect(Math.max(...asksOf(4, 3))).toBeGreaterThan(1);
  });
});

describe('lost neighbors', () => {
  test('lostNeighborsMax: as many lost ones are tried again, of more the last', () => {
    const triedAgain = (count: number) => {
      const { world, others } = among(idsOf(count), accepting, { limits: { lostNeighborsMax: 2 } });
      world.run({ forMs: 1_000 });
      for (const other of others) other.die();
      world.run({ forMs: 20_000 });
      const knocks = new Map(others.map(({ id }) => [id, 0]));
      for (const { id } of others) {
        world.listen(
          { ip: '127.0.0.1', port: Number(id.split(':')[1]) },
          { onAccept: () => knocks.set(id, (knocks.get(id) ?? 0) + 1) },
        );
      }
      // Each accepts connections and stays silent. The seed still lists them: a candidate at rest
      // is asked every five seconds or so, and a lost one in its turn every interval.
      world.run({ forMs: 30_000 });
      return [...knocks.values()].filter((times) => times > 7).length;
    };
    expect([1, 2, 3].map(triedAgain)).toEqual([1, 2, 2]);
  });

  test('A6: one that comes back is a neighbor again', () => {
    const { village, world, others, peer } = among(idsOf(1), accepting);
    world.run({ forMs: 1_000 });
    others[0]?.die();
    village.until(() => recordsOf(peer, 'neighbor-lost').length === 1, 10_000);
    others[0]?.reborn();
    world.run({ forMs: 1_500 });
    expect(recordsOf(peer, 'neighbor')).toHaveLength(2);
  });
});
