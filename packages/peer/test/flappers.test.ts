/** Peers that accept a link and are no neighbors all the same. */
import type { Peer } from '@hearsay/peer/peer';
import { describe, expect, test } from 'vitest';
import type { Host } from '../../lab/src/simulator/host.js';
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

const intervalMs = 1_000;

/** Ways to accept without being a neighbor. All answer at their address whoever asks there. */
const flappers: Record<string, (id: string) => Script> = {
  'close at once': (id) => (text, client) => {
    const answer = accepting(id)(text, client) as string;
    client.send(answer);
    client.end();
    return undefined;
  },
  'answer once and close then': (id) => (text, client) => {
    client.send(accepting(id)(text, client) as string);
    if (text.startsWith('Liveness')) client.end();
    return undefined;
  },
  'say nothing more': (id) => speakingOnce(id, 1),
  'answer once and say nothing more': (id) => speakingOnce(id, 2),
};

/** Accepts, and of all that comes over a link afterwards answers only the first so many texts. */
function speakingOnce(id: string, answersMax: number): Script {
  const spoken = new Map<StandIn, number>();
  return (text, client) => {
    const isLink = text.startsWith('New Connect') || spoken.has(client);
    const count = spoken.get(client) ?? 0;
    if (isLink) spoken.set(client, count + 1);
    return count < answersMax ? accepting(id)(text, client) : undefined;
  };
}

describe('eight honest peers and six listed ones that accept links but', () => {
  test.each(Object.keys(flappers))(
    '%s: in the end every honest message reaches every honest peer',
    (way) => {
      for (let rng = 1; rng <= 3; rng += 1) {
        const village = new Village({ rng, peer: { gossipCount: 0 } }).startSeeds();
        const { world } = village;
        world.run({ forMs: 100 });
        for (const id of idsOf(6)) {
          new ScriptedNode(world, id, flappers[way]?.(id) as Script);
          for (const seed of village.seedAddresses) {
            world.connect(seed).send(`${id}:Hearsay/1`);
          }
        }
        world.run({ forMs: 1_000 });
        const honest = village.startPeers(8);
        world.run({ forMs: 60_000 });
        const sinceMs = world.wallMs;
        world.run({ forMs: 10_000 });
        expect(missed(honest, sinceMs, world.wallMs - 500)).toEqual([]);
        world.run({ forMs: 30_000 });
      }
    },
  );

  /** Messages made within a time, with those who never heard them. */
  function missed(peers: readonly Host<Peer>[], fromMs: number, untilMs: number): string[] {
    const heard = new Map(
      peers.map((peer) => [
        peer,
        new Set(recordsOf(peer, 'gossip-received').map(({ message }) => message)),
      ]),
    );
    return peers.flatMap((maker) =>
      maker.records.flatMap(({ record, wallMs }) => {
        if (record.event !== 'gossip-made' || wallMs < fromMs || wallMs > untilMs) return [];
        const others = peers.filter((peer) => peer !== maker);
        const deaf = others.filter((peer) => !heard.get(peer)?.has(record.message));
        return deaf.map((peer) => `${record.message} at ${peer.address.port}`);
      }),
    );
  }
});

describe('a neighbor that has not answered yet', () => {
  test('A11: if its link closes, it is let go at once, without a report, and replaced', () => {
    let asked = 0;
    for (const rng of [1, 100_000, 200_000, 300_000, 400_000]) {
      const [flapper = '', ...honest] = idsOf(5);
      const scriptOf = (id: string) =>
        (id === flapper ? flappers['close at once']?.(id) : accepting(id)) as Script;
      const { world, others, peer } = among([flapper, ...honest], scriptOf, { rng });
      world.run({ forMs: 900 });
      const requests = requestsAt(others[0] as ScriptedNode).length;
      expect(recordsOf(peer, 'neighbor-lost')).toMatchObject(
        Array(requests).fill({ neighbor: flapper, reason: 'closed before it answered' }),
      );
      world.run({ forMs: 1_100 });
      expect([...neighborsOf(peer)].sort()).toEqual(honest);
      world.run({ forMs: 10_000 });
      expect(recordsOf(peer, 'strike')).toEqual([]);
      expect(recordsOf(peer, 'dead-reported')).toEqual([]);
      asked += requests;
    }
    expect(asked).toBeGreaterThan(0);
  });

  test('A11: that it accepts again and again is no answer: it is dead after as many strikes as ever', () => {
    const id = '127.0.0.1:7001';
    const { village, world, others, peer } = among([id], accepting);
    world.run({ forMs: 5_500 });
    const [home] = others;
    // Each link is held for longer than an interval, and nothing is answered over it.
    if (home)
      home.script = (text) => (text.startsWith('New') ? 'New Connect Accepted\n' : undefined);
    const silentMs = world.now;
    let breakAtMs = world.now;
    village.until(() => {
      if (world.now >= breakAtMs) {
        home?.clients.at(-1)?.reset();
        breakAtMs = world.now + 1.3 * intervalMs;
      }
      return recordsOf(peer, 'neighbor-lost').length > 0;
    }, 20_000);
    expect(world.now - silentMs).toBeLessThanOrEqual(4 * intervalMs);
    expect(recordsOf(peer, 'dead-reported')).toHaveLength(1);
  });
});

describe('a neighbor whose link breaks', () => {
  test('A11: and is back just before the next request has an interval to answer', () => {
    const village = new Village({ seeds: 1, peer: { strikesMax: 1 } });
    const { world } = village;
    const peer = village.startPeer();
    world.run({ forMs: 100 });
    const before = new Guest(world, peer, '127.0.0.1:7001');
    world.run({ forMs: 0.9 * intervalMs });
    before.client.reset();
    const again = new Guest(world, peer, '127.0.0.1:7001');
    again.isAlive = false;
    world.run({ forMs: 0.8 * intervalMs });
    again.say('Liveness Reply:1.0:127.0.0.1:6001:127.0.0.1:7001');
    again.isAlive = true;
    world.run({ forMs: 5_000 });
    expect(recordsOf(peer, 'strike')).toEqual([]);
    expect(recordsOf(peer, 'neighbor-lost')).toEqual([]);
  });

  test('A11: is asked over the new link at once, and an answer clears its strikes', () => {
    const { village, world, others, peer } = among(['127.0.0.1:7001'], accepting);
    world.run({ forMs: 3_200 });
    others[0]?.die();
    village.until(() => recordsOf(peer, 'strike').length === 2, 10_000);
    const again = others[0]?.reborn();
    world.run({ forMs: 5_000 });
    expect(again?.texts()[0]).toMatch(/^New Connect Request/);
    const [dialed, asked] = again?.heard ?? [];
    expect(asked?.text).toMatch(/^Liveness Request/);
    expect((asked?.atMs ?? 0) - (dialed?.atMs ?? 0)).toBeLessThan(10);
    expect(recordsOf(peer, 'strike')).toHaveLength(2);
    expect(recordsOf(peer, 'neighbor-lost')).toEqual([]);
  });

  test('brokenLinksMax: in a row, soon after it came up, is let go at the third, without a report', () => {
    const village = new Village({ seeds: 1, peer: { livenessIntervalMs: 13_000 } });
    const { world } = village;
    const seed = new ScriptedNode(world, '127.0.0.1:5001', listing());
    const peer = village.startPeer();
    world.run({ forMs: 100 });
    for (let round = 1; round <= 3; round += 1) {
      expect(recordsOf(peer, 'neighbor-lost')).toEqual([]);
      const guest = new Guest(world, peer, '127.0.0.1:7001');
      world.run({ forMs: 100 });
      guest.client.reset();
      world.run({ forMs: 100 });
    }
    expect(recordsOf(peer, 'neighbor-lost')).toMatchObject([
      { reason: 'its links break again and again' },
    ]);
    expect(recordsOf(peer, 'strike')).toEqual([]);
    expect(seed.texts('Dead Node:')).toEqual([]);
  });

  test('brokenLinksMax: one link that holds for an interval makes good for those before', () => {
    const village = new Village({ seeds: 1 });
    const { world } = village;
    const peer = village.startPeer();
    world.run({ forMs: 100 });
    for (const holdsMs of [100, 100, 1_500, 100, 100]) {
      const guest = new Guest(world, peer, '127.0.0.1:7001');
      world.run({ forMs: holdsMs });
      guest.client.reset();
      world.run({ forMs: 100 });
    }
    expect(recordsOf(peer, 'neighbor-lost')).toEqual([]);
  });
});

describe('rests', () => {
  /** The pauses between the requests that came to one candidate. */
  function pausesOf(node: ScriptedNode | undefined): number[] {
    const times = node?.heard
      .filter(({ text }) => text.startsWith('New Connect Request'))
      .map(({ atMs }) => atMs);
    return (times ?? []).slice(1).map((atMs, n) => atMs - (times?.[n] as number));
  }

  const limits = { candidateRestMs: 5_000, candidateRestMsMax: 30_000, unprovenRestMsMax: 300_000 };

  test.each([
    [
      'unprovenRestMsMax: of one that closes at once',
      'close at once',
      [5, 10, 20, 40, 80, 160, 300, 300],
    ],
    ['candidateRestMsMax: of one that refuses', 'leaving', [5, 10, 20, 30, 30, 30, 30, 30]],
    ['refreshFewMs: of one that is full', 'full', [1.5, 3, 6, 12, 24, 30, 30, 30]],
  ])('%s double up to the bound', (_, way, seconds) => {
    const script: Script = () => `New Connect Refused:${way}\n`;
    const { world, others } = among(['127.0.0.1:7001'], flappers[way] ?? (() => script), {
      limits,
    });
    world.run({ forMs: 3_000_000 });
    const pauses = pausesOf(others[0]).slice(0, seconds.length);
    expect(pauses).toHaveLength(seconds.length);
    pauses.forEach((pauseMs, n) => {
      const expectedMs = 1_000 * (seconds[n] as number);
      // A fifth more or less, and the next news from the seed.
      expect(pauseMs).toBeGreaterThan(0.79 * expectedMs);
      expect(pauseMs).toBeLessThan(1.21 * expectedMs + 2_000);
    });
  });

  test('candidateRestMs: one whose broken link is refused has one reason for a rest, and one record', () => {
    const { world, others, peer } = among(['127.0.0.1:7001'], accepting, {
      limits,
      peer: { livenessIntervalMs: 13_000 },
    });
    const [home] = others;
    world.run({ forMs: 1_000 });
    if (home) home.script = () => 'New Connect Refused:leaving\n';
    // Asked once more, at the next liveness request.
    home?.clients.at(-1)?.reset();
    world.run({ forMs: 100_000 });
    const pauses = pausesOf(home).slice(1, 5);
    [5, 10, 20, 30].forEach((seconds, n) => {
      expect(pauses[n]).toBeGreaterThan(790 * seconds);
      expect(pauses[n]).toBeLessThan(1_210 * seconds + 2_000);
    });
    const lost = recordsOf(peer, 'neighbor-lost');
    expect(lost).toMatchObject([{ reason: 'refused: leaving' }]);
    expect(recordsOf(peer, 'neighbor-refused')).toHaveLength(
      requestsAt(home as ScriptedNode).length - 2,
    );
  });

  test('candidateRestMs: one that has proven itself as a neighbor has a short rest again', () => {
    const { world, others } = among(['127.0.0.1:7001'], flappers['close at once'] as () => Script);
    const [home] = others;
    world.run({ forMs: 100_000 });
    if (home) home.script = accepting(home.id);
    world.run({ forMs: 300_000 });
    const before = requestsAt(home as ScriptedNode).length;
    if (home) home.script = () => 'New Connect Refused:full\n';
    home?.clients.at(-1)?.send('New Connect Refused:surplus\n');
    world.run({ forMs: 16_000 });
    expect(requestsAt(home as ScriptedNode).length - before).toBeGreaterThanOrEqual(2);
  });

  test.each([
    ['never answer', 1],
    ['answer once', 2],
  ])(
    'unprovenRestMsMax: those that accept, %s and are dead are asked ever more rarely',
    (_, count) => {
      const script: Script = (text, client) => {
        const isLink = client.received.startsWith('New Connect');
        const texts = client.received.match(/New|Liveness Request/g) ?? [];
        return isLink && texts.length <= count
          ? accepting('127.0.0.1:7001')(text, client)
          : undefined;
      };
      const { world, others, peer } = among(['127.0.0.1:7001'], () => script, { limits });
      world.run({ forMs: 3_000_000 });
      expect(requestsAt(others[0] as ScriptedNode).length).toBeLessThan(25);
      expect(recordsOf(peer, 'dead-reported').length).toBeGreaterThan(10);
    },
  );

  test('A6: one that dies, returns, and dies and returns again is a neighbor within two intervals', () => {
    const { village, world, others, peer } = among(['127.0.0.1:7001'], accepting);
    let [node] = others;
    world.run({ forMs: 5_000 });
    for (let times = 1; times <= 4; times += 1) {
      node?.die();
      world.run({ forMs: 100_000 });
      node = node?.reborn();
      village.until(() => recordsOf(peer, 'neighbor').length === times + 1, 2_500);
      world.run({ forMs: 2_500 });
    }
    expect(recordsOf(peer, 'connect-failed')).toEqual([]);
  });

  test('A6: a neighbor that was dead for long is one again within two intervals of its return', () => {
    const { village, world, others, peer } = among(['127.0.0.1:7001'], accepting);
    world.run({ forMs: 5_000 });
    others[0]?.die();
    world.run({ forMs: 600_000 });
    others[0]?.reborn();
    village.until(() => recordsOf(peer, 'neighbor').length === 2, 2_500);
  });

  test('A6: peers that are killed and start again soon have all their links within seconds', () => {
    const village = new Village({ rng: 3, peer: { gossipCount: 0 } }).startSeeds();
    const { world } = village;
    village.startPeers(6);
    world.run({ forMs: 10_000 });
    const id = '127.0.0.1:6003';
    for (let round = 0; round < 8; round += 1) {
      village.peers.get(id)?.kill('reset');
      world.run({ forMs: round % 2 === 0 ? 700 : 6_000 });
      const again = village.startPeer({}, id);
      village.until(() => recordsOf(again, 'neighbor').length >= 4, 3_000);
      village.until(() => recordsOf(again, 'gossip-made').length > 0, 3_000);
      world.run({ forMs: 2_000 });
      expect(neighborsOf(again).length).toBeGreaterThanOrEqual(4);
    }
  });
});
