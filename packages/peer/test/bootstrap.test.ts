import { LIMITS } from '@hearsay/common/limits';
import { describe, expect, test } from 'vitest';
import { lastOf, recordsOf, Village } from '../../lab/test/core/village.js';
import { accepting, listing, type Script, ScriptedNode } from './stage.js';

const seedIds = (count: number) =>
  Array.from({ length: count }, (_, n) => `127.0.0.1:${5_001 + n}`);

/** A village whose seeds are scripted; `scripts` says by index how each answers, or that it is down. */
function withSeeds(
  count: number,
  scripts: (index: number) => Script | undefined,
  options: ConstructorParameters<typeof Village>[0] = {},
) {
  const village = new Village({ seeds: count, ...options });
  const seeds = seedIds(count).map((id, index) => {
    const script = scripts(index);
    return script && new ScriptedNode(village.world, id, script);
  });
  return { village, world: village.world, seeds };
}

const registrationsAt = (seed: ScriptedNode | undefined) =>
  seed?.texts().filter((text) => text.endsWith(':Hearsay/1')) ?? [];

describe('registration', () => {
  test('A3: a peer registers with ⌊n/2⌋+1 of n seeds, once with each, and holds the connections', () => {
    for (let count = 1; count <= 9; count += 1) {
      const { village, world, seeds } = withSeeds(count, () => listing());
      const peer = village.startPeer();
      world.run({ forMs: 60_000 });
      const asked = seeds.filter((seed) => registrationsAt(seed).length > 0);
      expect(asked).toHaveLength(Math.floor(count / 2) + 1);
      for (const seed of asked) {
        expect(registrationsAt(seed)).toEqual(['127.0.0.1:6001:Hearsay/1']);
        expect(seed?.clients.map(({ open }) => open)).toEqual([true]);
      }
      expect(lastOf(peer, 'majority-reached')).toMatchObject({ needed: asked.length });
      expect(
        recordsOf(peer, 'registered')
          .map(({ seed }) => seed)
          .sort(),
      ).toEqual(asked.map((seed) => seed?.id));
    }
  });

  test('A3: the seeds are chosen at random: over many runs each of five, and every other number of times', () => {
    const chosen = new Map<string, number>();
    for (let rng = 0; rng < 60; rng += 1) {
      const { village, world, seeds } = withSeeds(5, () => listing(), { rng });
      village.startPeer();
      world.run({ forMs: 100 });
      for (const seed of seeds) {
        if (seed && seed.heard.length > 0) chosen.set(seed.id, (chosen.get(seed.id) ?? 0) + 1);
      }
    }
    expect(chosen.size).toBe(5);
    // Three of five, sixty times: 36 each on average, with a deviation of less than four.
    for (const times of chosen.values()) expect(Math.abs(times - 36)).toBeLessThan(16);
  });

  const silent: Script = () => undefined;
  const garbage: Script = () => 'HTTP/1.1 400 Bad Request\r\n\r\n';
  const bareGarbage: Script = () => 'what?';
  test.each([
    ['refuses the connection', undefined],
    ['never answers', silent],
    ['answers garbage in lines', garbage],
    ['answers garbage without a line end', bareGarbage],
  ])('A3: another seed takes the place of one that %s', (_, bad) => {
    for (let rng = 0; rng < 12; rng += 1) {
      const { village, world, seeds } = withSeeds(5, (n) => (n < 2 ? bad : listing()), { rng });
      const peer = village.startPeer();
      world.run({ forMs: 10_000 });
      const good = seeds.slice(2);
      expect(good.map((seed) => registrationsAt(seed).length)).toEqual([1, 1, 1]);
      expect(lastOf(peer, 'majority-reached')).toMatchObject({ registered: 3, needed: 3 });
    }
  });

  test('A3: with fewer than a majority up the peer says so, and takes part all the same', () => {
    const { village, world } = withSeeds(5, (n) => (n < 2 ? listing('127.0.0.1:7001') : undefined));
    const other = new ScriptedNode(world, '127.0.0.1:7001', accepting('127.0.0.1:7001'));
    const peer = village.startPeer();
    world.run({ forMs: 3_000 });
    expect(recordsOf(peer, 'majority-lacking')).toEqual([
      { event: 'majority-lacking', registered: 2, needed: 3, seeds: expect.any(Array) },
    ]);
    expect(recordsOf(peer, 'majority-reached')).toEqual([]);
    expect(other.texts('New Connect Request')).toHaveLength(1);
    expect(recordsOf(peer, 'gossip-made').length).toBeGreaterThan(0);
  });

  test('with no seed up it says so once, and goes on trying', () => {
    const { village, world } = withSeeds(3, () => undefined);
    const peer = village.startPeer();
    world.run({ forMs: 120_000 });
    expect(recordsOf(peer, 'majority-lacking')).toHaveLength(1);
    expect(lastOf(peer, 'majority-lacking')?.registered).toBe(0);
  });

  test('seedPauseMs: a seed that is down is tried again after a second, then two, up to thirty, more or less', () => {
    const { village, world } = withSeeds(1, () => undefined);
    const peer = village.startPeer();
    world.run({ forMs: 300_000 });
    const pauses = recordsOf(peer, 'seed-lost').map(({ retryMs }) => retryMs);
    const nominal = [1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000];
    expect(pauses.length).toBeGreaterThan(nominal.length);
    for (const [n, nominalMs] of nominal.entries()) {
      expect(pauses[n]).toBeGreaterThanOrEqual(0.8 * nominalMs);
      expect(pauses[n]).toBeLessThanOrEqual(1.2 * nominalMs);
    }
    const lost = peer.records.filter(({ record }) => record.event === 'seed-lost');
    const waitedMs = lost.slice(1).map(({ wallMs }, n) => wallMs - (lost[n]?.wallMs ?? 0));
    for (const [n, ms] of waitedMs.entries())
      expect(Math.abs(ms - (pauses[n] ?? 0))).toBeLessThan(10);
    // Nodes do not move in step: no pause is the round figure.
    expect(pauses.filter((ms) => ms % 1_000 === 0)).toEqual([]);
  });

  test('A3: a seed that was chosen and comes back gets the peer again', () => {
    const { village, world, seeds } = withSeeds(2, () => listing());
    const peer = village.startPeer();
    world.run({ forMs: 40_000 });
    seeds[0]?.die();
    world.run({ forMs: 20_000 });
    expect(lastOf(peer, 'majority-lacking')).toMatchObject({ registered: 1, needed: 2 });
    const back = seeds[0]?.reborn();
    world.run({ forMs: 40_000 });
    expect(registrationsAt(back)).toEqual(['127.0.0.1:6001:Hearsay/1']);
    expect(
      peer.records.filter(({ record }) => /majority/.test(record.event)).at(-1)?.record,
    ).toMatchObject({
      event: 'majority-reached',
      registered: 2,
    });
  });

  test('A3: a seed that closes the link gets a registration again, after a pause', () => {
    const { village, world, seeds } = withSeeds(1, () => listing());
    const peer = village.startPeer();
    world.run({ forMs: 100 });
    seeds[0]?.clients[0]?.end();
    world.run({ forMs: 700 });
    expect(recordsOf(peer, 'seed-lost')).toMatchObject([{ reason: 'closed' }]);
    expect(seeds[0]?.clients).toHaveLength(1);
    world.run({ forMs: 700 });
    expect(registrationsAt(seeds[0])).toHaveLength(2);
    expect(seeds[0]?.clients.map(({ open }) => open)).toEqual([false, true]);
  });

  test('a seed that accepts and closes at once is not tried faster and faster', () => {
    const { village, world, seeds } = withSeeds(1, () => (text, client) => {
      client.end();
      return listing()(text, client);
    });
    village.startPeer();
    world.run({ forMs: 60_000 });
    expect(seeds[0]?.clients.length).toBeLessThan(9);
  });
});

describe('refreshing the list', () => {
  const refreshesAt = (seed: ScriptedNode | undefined) =>
    seed?.heard.filter(({ text }) => text === '127.0.0.1:6001\n').map(({ atMs }) => atMs) ?? [];
  const gapsOf = (times: readonly number[]) =>
    times.slice(1).map((ms, n) => ms - (times[n] as number));

  /** One seed that lists so many living peers; the peer wants four neighbors. */
  function withOthers(count: number) {
    const ids = Array.from({ length: count }, (_, n) => `127.0.0.1:${7_001 + n}`);
    const stage = withSeeds(1, () => listing(...ids));
    for (const id of ids) new ScriptedNode(stage.world, id, accepting(id));
    stage.village.startPeer();
    return stage;
  }

  test('refreshIntervals: with enough neighbors the list is asked for every five liveness intervals', () => {
    const { world, seeds } = withOthers(4);
    world.run({ forMs: 60_000 });
    const gaps = gapsOf(refreshesAt(seeds[0]));
    expect(gaps.length).toBeGreaterThan(8);
    for (const ms of gaps) {
      expect(ms).toBeGreaterThanOrEqual(4_000);
      expect(ms).toBeLessThanOrEqual(6_010);
    }
  });

  test('refreshFewMs: with too few neighbors it is asked for after a quarter of a second, and then every second or two', () => {
    const { world, seeds } = withOthers(3);
    world.run({ forMs: 20_000 });
    const times = refreshesAt(seeds[0]);
    const gaps = gapsOf(times);
    expect(times[0]).toBeLessThan(1.2 * LIMITS.refreshFirstMs + 20);
    expect(gaps.slice(3).every((ms) => ms >= 1_200 && ms <= 1_800)).toBe(true);
    expect(gaps.length).toBeGreaterThan(10);
  });

  test('A3: a seed that leaves a refresh unanswered is gone, and another takes its place', () => {
    const { village, world, seeds } = withSeeds(3, () => listing());
    const peer = village.startPeer();
    world.run({ forMs: 100 });
    const [chosen] = seeds.filter((seed) => seed && seed.heard.length > 0);
    const spare = seeds.find((seed) => seed?.heard.length === 0);
    if (chosen) chosen.script = () => undefined;
    world.run({ forMs: LIMITS.registerAnswerMs + 500 });
    expect(recordsOf(peer, 'seed-lost')).toMatchObject([
      { seed: chosen?.id, reason: 'unanswered' },
    ]);
    expect(registrationsAt(spare)).toHaveLength(1);
    expect(chosen?.clients[0]?.ended).toBe(true);
  });

  test('a refresh that is late but comes within its time loses no seed', () => {
    const { village, world, seeds } = withSeeds(1, () => listing());
    const peer = village.startPeer();
    world.run({ forMs: 100 });
    const [seed] = seeds;
    if (seed) seed.script = () => undefined;
    village.until(() => refreshesAt(seed).length > 0);
    world.run({ forMs: LIMITS.registerAnswerMs - 10 });
    seed?.clients[0]?.send('127.0.0.1:6001\n');
    world.run({ forMs: 500 });
    expect(recordsOf(peer, 'seed-lost')).toEqual([]);
  });
});

describe('lists and their union', () => {
  test('A4, A14: every list is logged just as it came, and the union goes by smallest position, then address', () => {
    const lists = [
      ['127.0.0.1:7003', '127.0.0.1:7001', '127.0.0.1:7005'],
      ['127.0.0.1:7002', '127.0.0.1:7003', '127.0.0.1:7002', '127.0.0.1:7004'],
    ];
    const { village, world } = withSeeds(2, (n) => listing(...(lists[n] as string[])));
    const peer = village.startPeer();
    world.run({ forMs: 100 });
    const logged = recordsOf(peer, 'list').sort((a, b) => (a.from < b.from ? -1 : 1));
    expect(logged.map(({ peers, from }) => [from, peers])).toEqual([
      ['127.0.0.1:5001', [...(lists[0] as string[]), '127.0.0.1:6001']],
      ['127.0.0.1:5002', [...(lists[1] as string[]), '127.0.0.1:6001']],
    ]);
    expect(recordsOf(peer, 'union').map(({ peers }) => peers)).toEqual([
      // 7002 and 7003 lead a list; 7001 is second; 7004 and 7005 are third in theirs.
      ['127.0.0.1:7002', '127.0.0.1:7003', '127.0.0.1:7001', '127.0.0.1:7004', '127.0.0.1:7005'],
    ]);
  });

  test('A4: the union is taken once all that were asked have answered, a slow one too', () => {
    const { village, world } = withSeeds(2, (n) =>
      n === 0 ? listing('127.0.0.1:7001') : () => undefined,
    );
    const peer = village.startPeer();
    world.run({ forMs: 2_900 });
    expect(recordsOf(peer, 'union')).toEqual([]);
    world.run({ forMs: 200 });
    expect(recordsOf(peer, 'union')).toMatchObject([{ peers: ['127.0.0.1:7001'] }]);
  });

  test('A4: a refreshed list is logged again only if it says something new', () => {
    const { village, world, seeds } = withSeeds(1, () => listing('127.0.0.1:7001'));
    const peer = village.startPeer();
    world.run({ forMs: 10_000 });
    expect(recordsOf(peer, 'list')).toHaveLength(1);
    if (seeds[0]) seeds[0].script = listing('127.0.0.1:7001', '127.0.0.1:7002');
    world.run({ forMs: 5_000 });
    expect(recordsOf(peer, 'list')).toHaveLength(2);
    expect(lastOf(peer, 'union')?.peers).toEqual(['127.0.0.1:7001', '127.0.0.1:7002']);
  });

  test('A4: when the last seed is gone, what they said last is kept', () => {
    const { village, world, seeds } = withSeeds(1, () => listing('127.0.0.1:7001'));
    const peer = village.startPeer();
    world.run({ forMs: 1_000 });
    seeds[0]?.die();
    world.run({ forMs: 20_000 });
    expect(lastOf(peer, 'union')?.peers).toEqual(['127.0.0.1:7001']);
  });
});

describe('dead reports', () => {
  const reportsAt = (seed: ScriptedNode | undefined) => seed?.texts('Dead Node:') ?? [];
  const neighborIds = ['127.0.0.1:7001', '127.0.0.1:7002', '127.0.0.1:7003', '127.0.0.1:7004'];

  /** Three seeds, and so many neighbors that can die. */
  function withNeighbors(count: number, reportsPendingMax = 64) {
    const ids = neighborIds.slice(0, count);
    const stage = withSeeds(3, () => listing(...ids), { limits: { reportsPendingMax } });
    const neighbors = ids.map((id) => new ScriptedNode(stage.world, id, accepting(id)));
    const peer = stage.village.startPeer();
    stage.world.run({ forMs: 2_000 });
    expect(lastOf(peer, 'peer-status')?.neighbors).toHaveLength(count);
    return { ...stage, neighbors, peer };
  }

  test('A11, A14: a dead report goes to every connected seed, in the words of the assignment, and is logged', () => {
    const { village, world, seeds, neighbors, peer } = withNeighbors(1);
    neighbors[0]?.die();
    village.until(() => recordsOf(peer, 'dead-reported').length > 0, 10_000);
    world.run({ forMs: 10 });
    const connected = seeds.filter((seed) => seed?.clients.some(({ open }) => open));
    const [record] = recordsOf(peer, 'dead-reported');
    expect(connected).toHaveLength(2);
    expect(record?.message).toMatch(/^Dead Node:127\.0\.0\.1:7001:\d+\.\d{3}:127\.0\.0\.1:6001$/);
    for (const seed of connected) expect(reportsAt(seed)).toEqual([record?.message]);
    expect([...(record?.seeds ?? [])].sort()).toEqual(connected.map((seed) => seed?.id));
  });

  test('A11: a report made while no seed is connected goes out after the next registration', () => {
    const { village, world, seeds, neighbors, peer } = withNeighbors(1);
    for (const seed of seeds) seed?.die();
    neighbors[0]?.die();
    village.until(() => recordsOf(peer, 'neighbor-lost').length > 0, 10_000);
    expect(recordsOf(peer, 'dead-reported')).toEqual([]);
    const back = seeds.map((seed) => seed?.reborn(listing()));
    world.run({ forMs: 40_000 });
    expect(back.flatMap(reportsAt)[0]).toMatch(/^Dead Node:127\.0\.0\.1:7001:/);
    expect(recordsOf(peer, 'dead-reported')).toHaveLength(1);
  });

  test.each([2, 3, 4])(
    'reportsPendingMax: of %d reports that wait, the newest three are kept',
    (count) => {
      const { village, world, seeds, neighbors, peer } = withNeighbors(count, 3);
      for (const seed of seeds) seed?.die();
      for (const neighbor of neighbors) {
        neighbor.die();
        world.run({ forMs: 1_000 });
      }
      village.until(() => recordsOf(peer, 'neighbor-lost').length === count, 20_000);
      const buried = recordsOf(peer, 'neighbor-lost').map(({ neighbor }) => neighbor);
      for (const seed of seeds) seed?.reborn(listing());
      world.run({ forMs: 60_000 });
      expect(recordsOf(peer, 'dead-reported').map(({ peer: dead }) => dead)).toEqual(
        buried.slice(-3),
      );
    },
  );
});
