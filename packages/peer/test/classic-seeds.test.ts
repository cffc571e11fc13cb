import { LIMITS } from '@hearsay/common/limits';
import { describe, expect, test } from 'vitest';
import type { StandIn } from '../../lab/src/simulator/stand-in.js';
import { lastOf, recordsOf, Village, type VillageOptions } from '../../lab/test/core/village.js';
import { accepting, askerOf, classic, Guest, listing, type Script, ScriptedNode } from './stage.js';

const peers = ['127.0.0.1:7001', '127.0.0.1:7002'];

/** A classic seed: the list bare, and to every registration the same. */
function bare(...list: readonly string[]): Script {
  return (text) => (askerOf(text) === undefined ? undefined : list.join(','));
}

/** One classic seed and a peer that has registered there for so long. */
function atClassicSeed(script: Script, forMs: number, options: VillageOptions = {}) {
  const village = new Village({ seeds: 1, ...options });
  const seed = new ScriptedNode(village.world, '127.0.0.1:5001', script);
  const peer = village.startPeer();
  village.world.run({ forMs });
  return { village, world: village.world, seed, peer };
}

describe('a classic seed', () => {
  test('A3: is registered with once and never refreshed, and its link is held', () => {
    const { peer, seed } = atClassicSeed(bare(...peers, '127.0.0.1:6001'), 300_000);
    expect(seed.texts()).toEqual(['127.0.0.1:6001:Hearsay/1']);
    expect(seed.clients.map(({ ended, closed }) => [ended, closed])).toEqual([[false, false]]);
    expect(recordsOf(peer, 'registered')).toMatchObject([{ kind: 'classic' }]);
  });

  test('A4: a list whose last item is the asker is complete at once', () => {
    const { peer } = atClassicSeed(bare(...peers, '127.0.0.1:6001'), 10);
    expect(recordsOf(peer, 'list')).toMatchObject([{ peers: [...peers, '127.0.0.1:6001'] }]);
  });

  test('A4: one that is alone with its asker says so with the one address', () => {
    const { peer } = atClassicSeed(bare('127.0.0.1:6001'), 10);
    expect(recordsOf(peer, 'list')).toMatchObject([{ peers: ['127.0.0.1:6001'] }]);
    expect(recordsOf(peer, 'union')).toMatchObject([{ peers: [] }]);
  });

  test('stillnessMs: any other list is complete after stillness, not before', () => {
    const { world, peer } = atClassicSeed(bare(...peers), LIMITS.stillnessMs - 5);
    expect(recordsOf(peer, 'list')).toEqual([]);
    world.run({ forMs: 20 });
    expect(recordsOf(peer, 'list')).toMatchObject([{ peers }]);
  });

  test('A4: a list that comes in pieces, cut anywhere, is one list', () => {
    const whole = [...peers, '127.0.0.1:60010'].join(',');
    for (let cut = 1; cut < whole.length; cut += 1) {
      const pieces = (text: string, client: StandIn) => {
        if (askerOf(text) === undefined) return undefined;
        client.send(whole.slice(0, cut));
        village.world.run({ forMs: 0 });
        later.push(() => client.send(whole.slice(cut)));
        return undefined;
      };
      const later: (() => void)[] = [];
      const village = new Village({ seeds: 1 });
      new ScriptedNode(village.world, '127.0.0.1:5001', pieces);
      const peer = village.startPeer({}, '127.0.0.1:6009');
      village.world.run({ forMs: 50 });
      for (const send of later) send();
      village.world.run({ forMs: 500 });
      expect(recordsOf(peer, 'list').map((list) => list.peers.join(','))).toEqual([whole]);
    }
  });

  test('A4: duplicates in a list are logged as they came, and count once in the union', () => {
    const list = [
      '127.0.0.1:7002',
      '127.0.0.1:7001',
      '127.0.0.1:7002',
      '127.0.0.1:6001',
      '127.0.0.1:6001',
    ];
    const { peer } = atClassicSeed(bare(...list), 10);
    expect(recordsOf(peer, 'list')).toMatchObject([{ peers: list }]);
    expect(lastOf(peer, 'union')?.peers).toEqual(['127.0.0.1:7002', '127.0.0.1:7001']);
  });

  test('A11: gets its messages one at a time, at least 200 ms apart', () => {
    const { world, seed, peer } = atClassicSeed(bare('127.0.0.1:6001'), 100);
    // They fall silent at once, and are found dead 160 ms after one another.
    const guests = [7_001, 7_002, 7_003, 7_004].map((port) => {
      world.run({ forMs: 160 });
      return new Guest(world, peer, `127.0.0.1:${port}`);
    });
    for (const guest of guests) guest.isAlive = false;
    world.run({ forMs: 20_000 });
    const reports = seed.heard.filter(({ text }) => text.startsWith('Dead Node:'));
    expect(reports).toHaveLength(4);
    expect(recordsOf(peer, 'dead-reported')).toHaveLength(4);
    for (const { text } of reports) expect(text).not.toContain('\n');
    const times = reports.map(({ atMs }) => atMs);
    for (const [n, ms] of times.slice(1).entries()) {
      expect(ms - (times[n] as number)).toBeGreaterThanOrEqual(LIMITS.classicSpacingMs);
    }
  });

  test('A3: beside Hearsay seeds it counts as any other', () => {
    const village = new Village({ seeds: 2 });
    new ScriptedNode(village.world, '127.0.0.1:5001', bare(...peers, '127.0.0.1:6001'));
    new ScriptedNode(village.world, '127.0.0.1:5002', listing('127.0.0.1:7003'));
    const peer = village.startPeer();
    village.world.run({ forMs: 1_000 });
    expect(lastOf(peer, 'majority-reached')?.registered).toBe(2);
    expect(
      recordsOf(peer, 'registered')
        .map(({ kind }) => kind)
        .sort(),
    ).toEqual(['classic', 'hearsay']);
    expect(lastOf(peer, 'union')?.peers).toEqual([
      '127.0.0.1:7001',
      '127.0.0.1:7003',
      '127.0.0.1:7002',
    ]);
  });

  test('A5: a peer that does not listen yet when it is first asked is asked again', () => {
    const { world, peer } = atClassicSeed(bare('127.0.0.1:7001', '127.0.0.1:6001'), 2_000);
    expect(recordsOf(peer, 'connect-failed')).toMatchObject([{ reason: 'refused' }]);
    const late = new ScriptedNode(world, '127.0.0.1:7001', classic('127.0.0.1:7001'));
    world.run({ forMs: 10_000 });
    expect(late.texts('New Connect Request')).toHaveLength(1);
    expect(recordsOf(peer, 'neighbor')).toMatchObject([
      { neighbor: '127.0.0.1:7001', kind: 'classic' },
    ]);
  });

  test('A11: a dead peer that its list names for ever is not dialed in a hurry', () => {
    const { village, world, peer } = atClassicSeed(bare('127.0.0.1:7001', '127.0.0.1:6001'), 10);
    const neighbor = new ScriptedNode(world, '127.0.0.1:7001', accepting('127.0.0.1:7001'));
    village.until(() => recordsOf(peer, 'neighbor').length > 0, 20_000);
    neighbor.die();
    village.until(() => recordsOf(peer, 'neighbor-lost').length > 0, 20_000);
    // Its place is taken by one that accepts connections and closes them without a word.
    let dials = 0;
    world.listen(
      { ip: '127.0.0.1', port: 7_001 },
      {
        onAccept: (client) => {
          dials += 1;
          client.end();
        },
      },
    );
    world.run({ forMs: 60_000 });
    // Once an interval as a lost neighbor, and every five seconds or so as a candidate.
    expect(dials).toBeLessThan(80);
  });
});

test('A4: the rest of a list that seemed whole too soon is added to it', () => {
  const village = new Village({ seeds: 1 });
  const pieces: Script = (text, client) => {
    if (askerOf(text) === undefined) return undefined;
    // Cut where the asker stands in the middle, and again within a longer address.
    client.send('127.0.0.1:7001,127.0.0.1:6001');
    later.push(
      () => client.send(',127.0.0.1:7002,127.0.0.1:6001'),
      () => client.send('1,127.0.0.1:7003,127.0.0.1:6001'),
    );
    return undefined;
  };
  const later: (() => void)[] = [];
  new ScriptedNode(village.world, '127.0.0.1:5001', pieces);
  const peer = village.startPeer({}, '127.0.0.1:6001');
  village.world.run({ forMs: 50 });
  for (const send of later) {
    send();
    village.world.run({ forMs: 500 });
  }
  expect(recordsOf(peer, 'union').at(-1)?.peers).toEqual([
    '127.0.0.1:7001',
    '127.0.0.1:7002',
    '127.0.0.1:7003',
  ]);
  expect(recordsOf(peer, 'dropped')).toEqual([]);
});
