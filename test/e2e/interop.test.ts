/**
 * Hearsay and the classic programs on one network, as real processes. The classic ones are
 * stand-ins (test/classic) that share no code with Hearsay.
 *
 * After every test: no classic program has read two messages as one or a message with a line end,
 * none had its handler thrown out by a message, and no classic seed lists anything but peers.
 */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { patienceMs, StandIn } from './classic-harness.js';
import { type HearsayNode, MixedNetwork } from './hearsay-harness.js';

type Peer = StandIn | HearsayNode;
type Seed = StandIn | HearsayNode;

let network: MixedNetwork;
let peersOfTest: Peer[];

beforeEach(() => {
  network = new MixedNetwork();
  peersOfTest = [];
});

afterEach(async () => {
  try {
    expectClassicProgramsUnharmed();
  } finally {
    await network.end();
  }
});

function expectClassicProgramsUnharmed(): void {
  const known = new Set(peersOfTest.map((peer) => peer.address));
  for (const standIn of network.standIns) {
    expect(standIn.texts('GARBLED'), `${standIn.name}\n${network.story()}`).toEqual([]);
    // A connection that was closed before the answer throws too, and that is nobody's fault.
    const thrown = standIn.texts('THREW').filter((text) => text !== 'the other side is gone');
    expect(thrown, `${standIn.name}\n${network.story()}`).toEqual([]);
    if (!standIn.name.startsWith('classic-seed')) continue;
    const strangers = registrationsAt(standIn).filter((address) => !known.has(address));
    expect(strangers, `${standIn.name}\n${network.story()}`).toEqual([]);
  }
}

// What a node of either kind has done, from what it printed or logged

function made(peer: Peer): string[] {
  if (peer instanceof StandIn) return peer.texts('MADE');
  return peer.records('gossip-made').map((record) => record.message);
}

function firstReceipts(peer: Peer): string[] {
  if (peer instanceof StandIn) return peer.texts('FIRST');
  return peer.records('gossip-received').map((record) => record.message);
}

function registrationsAt(seed: Seed): string[] {
  if (seed instanceof StandIn) return seed.texts('REGISTERED').map((text) => word(text, 0));
  return seed.records('registered').map((record) => record.peer ?? '');
}

function removedAt(seed: Seed): string[] {
  if (seed instanceof StandIn) return seed.texts('REMOVED');
  return seed.records('removed').map((record) => record.peer);
}

function shownAt(seed: Seed): string[] {
  if (seed instanceof StandIn) return registrationsAt(seed);
  return seed.records('listed').map((record) => record.peer);
}

function neighborsOf(peer: HearsayNode): string[] {
  return peer.records('neighbor').map((record) => record.neighbor);
}

function word(text: string, index: number): string {
  return text.split(' ')[index] ?? '';
}

// Steps

/** Starts a peer and waits until every seed shows it, so that the next one finds it. */
async function join<P extends Peer>(seeds: readonly Seed[], starting: Promise<P>): Promise<P> {
  const peer = await starting;
  peersOfTest.push(peer);
  for (const seed of seeds) {
    await network.eventually(`${peer.address} is shown at ${seed.address}`, () =>
      shownAt(seed).includes(peer.address),
    );
  }
  return peer;
}

function joinClassic(seeds: readonly Seed[], ...flags: string[]): Promise<StandIn> {
  const addresses = seeds.map((seed) => seed.address);
  return join(seeds, network.classicPeer(addresses, '--gossip-count', '1000', ...flags));
}

/** Also waits until the peer has so many neighbors. */
async function joinHearsay(seeds: readonly Seed[], neighborCount: number): Promise<HearsayNode> {
  const peer = await join(seeds, network.hearsayPeer());
  await network.eventually(
    `${peer.address} has ${neighborCount} neighbors`,
    () => new Set(neighborsOf(peer)).size >= neighborCount,
  );
  return peer;
}

/**
 * Waits until three messages made from now on by each of `origins` have reached every one of
 * `readers`, and checks that no reader took any message for new twice, or one of its own.
 */
async function expectGossipToReach(origins: readonly Peer[], readers: readonly Peer[]) {
  const before = new Map(origins.map((origin) => [origin, made(origin).length]));
  const deadlineMs = patienceMs;
  for (const origin of origins) {
    const from = before.get(origin) as number;
    for (const reader of readers) {
      if (reader === origin) continue;
      const what = `three messages of ${origin.address} at ${reader.address}`;
      const hasThree = () => {
        const three = made(origin).slice(from, from + 3);
        const firsts = new Set(firstReceipts(reader));
        return three.length === 3 && three.every((text) => firsts.has(text));
      };
      await network.eventually(what, hasThree, deadlineMs);
    }
  }
  for (const reader of readers) expectNoneTwice(reader);
}

function expectNoneTwice(reader: Peer): void {
  const firsts = firstReceipts(reader);
  const own = new Set(made(reader));
  const twice = firsts.filter((text, index) => firsts.indexOf(text) !== index || own.has(text));
  expect(twice, `at ${reader.address}\n${network.story()}`).toEqual([]);
}

async function kill(peer: Peer): Promise<void> {
  if (peer instanceof StandIn) await peer.end('SIGKILL');
  else peer.kill();
}

/** Waits until every seed has removed the victims, and checks that it removed nobody else. */
async function expectRemoved(victims: readonly Peer[], seeds: readonly Seed[]): Promise<void> {
  const addresses = victims.map((victim) => victim.address);
  for (const seed of seeds) {
    for (const address of addresses) {
      await network.eventually(`${address} is removed at ${seed.address}`, () =>
        removedAt(seed).includes(address),
      );
    }
    const others = removedAt(seed).filter((address) => !addresses.includes(address));
    expect(others, `removed at ${seed.address}\n${network.story()}`).toEqual([]);
  }
}

describe('classic peers at Hearsay seeds', () => {
  test('find one another whichever way they cut the list, gossip, and a killed one is removed', async () => {
    const seeds = await network.hearsaySeeds(2);
    const peers = [
      await joinClassic(seeds, '--cut', 'one'),
      await joinClassic(seeds, '--cut', 'two'),
      await joinClassic(seeds, '--cut', 'one', '--hold', '--eof'),
      await joinClassic(seeds, '--cut', 'two', '--no-port-liveness', '--timestamps', 'integer'),
    ];
    peers.forEach((peer, index) => {
      const union = new Set(word(peer.texts('UNION')[0] ?? '', 0).split(','));
      for (const earlier of peers.slice(0, index)) expect(union).toContain(earlier.address);
      expect(peer.texts('FAILED').filter((text) => text.includes('too short'))).toEqual([]);
    });
    await expectGossipToReach(peers, peers);

    const [victim, ...rest] = peers as [StandIn, ...StandIn[]];
    await kill(victim);
    await expectRemoved([victim], seeds);
    const late = await joinClassic(seeds, '--cut', 'two');
    expect(late.texts('UNION').join()).not.toContain(victim.address);
    await expectGossipToReach([late, ...rest], [late, ...rest]);
  });
});

describe('Hearsay peers at classic seeds', () => {
  test('register once, gossip, and a killed one is removed', async () => {
    const seeds = [await network.classicSeed(), await network.classicSeed('--slow', '300')];
    await network.hearsaySeeds(0, seeds);
    const first = await joinHearsay(seeds, 0);
    const peers = [first, await joinHearsay(seeds, 1), await joinHearsay(seeds, 2)];
    await expectGossipToReach(peers, peers);

    await kill(first);
    await expectRemoved([first], seeds);
    const late = await joinHearsay(seeds, 2);
    const living = [...peers.slice(1), late];
    await expectGossipToReach(living, living);
    for (const seed of seeds) {
      const registrations = registrationsAt(seed);
      expect(registrations.sort()).toEqual([...peers, late].map((peer) => peer.address).sort());
    }
  });

  test('get along with a seed that lists a peer several times', async () => {
    const seed = await network.classicSeed();
    await network.hearsaySeeds(0, [seed]);
    const first = await joinClassic([seed]);
    // Classic peers that are started again at their port are listed again.
    const again = ['--port', first.address.split(':')[1] as string];
    await first.end('SIGKILL');
    const second = await joinClassic([seed], ...again);
    expect(registrationsAt(seed)).toEqual([first.address, first.address]);
    const peer = await joinHearsay([seed], 1);
    const [union] = peer.records('union');
    expect(union?.peers).toEqual([...new Set(union?.peers)]);
    expect(neighborsOf(peer)).toEqual([first.address]);
    await expectGossipToReach([second, peer], [second, peer]);
  });

  test('get along with a seed that ends its side after each reply', async () => {
    const seed = await network.classicSeed('--eof-after-reply');
    await network.hearsaySeeds(0, [seed]);
    const first = await joinHearsay([seed], 0);
    const second = await joinHearsay([seed], 1);
    await expectGossipToReach([first, second], [first, second]);
    await kill(first);
    await expectRemoved([first], [seed]);
  });
});

describe('neighbors of both kinds', () => {
  test('gossip reaches all, and a killed one of either kind is removed at seeds of both kinds', async () => {
    const classicSeed = await network.classicSeed();
    const [hearsaySeed] = (await network.hearsaySeeds(1, [classicSeed])) as [HearsayNode];
    const seeds = [classicSeed, hearsaySeed];
    const firstHearsay = await joinHearsay(seeds, 0);
    const firstClassic = await joinClassic(seeds, '--cut', 'one');
    const secondHearsay = await joinHearsay(seeds, 2);
    const secondClassic = await joinClassic(seeds, '--cut', 'two');
    const thirdHearsay = await joinHearsay(seeds, 3);
    const all = [firstHearsay, firstClassic, secondHearsay, secondClassic, thirdHearsay];
    await expectGossipToReach(all, all);

    await kill(firstClassic);
    await expectRemoved([firstClassic], seeds);
    await kill(firstHearsay);
    await expectRemoved([firstClassic, firstHearsay], seeds);
    const living = [secondHearsay, secondClassic, thirdHearsay];
    await expectGossipToReach(living, living);
  });

  test('three-field gossip reaches Hearsay peers and is not passed on to classic ones', async () => {
    const seeds = await network.hearsaySeeds(2);
    // Full with the two Hearsay peers, so that it sends nothing to the other classic one itself.
    const three = await joinClassic(seeds, '--fields', '3', '--full', '2');
    const first = await joinHearsay(seeds, 1);
    const second = await joinHearsay(seeds, 2);
    const four = await joinClassic(seeds, '--patience-ms', '300');
    expect(three.texts('ACCEPTED').sort()).toEqual([first.address, second.address].sort());
    await expectGossipToReach([three], [first, second]);
    await expectGossipToReach([first, second, four], [three, first, second, four]);
    const received = four.texts('RECEIVED').map((text) => word(text, 1));
    expect(received.filter((text) => made(three).includes(text))).toEqual([]);
  });

  test('gossip with a plain number, whole seconds, half-closed streams and requests without a port do no harm', async () => {
    const seeds = await network.hearsaySeeds(2);
    const first = await joinHearsay(seeds, 0);
    const plain = await joinClassic(seeds, '--plain-number', '--timestamps', 'integer');
    const portless = await joinClassic(seeds, '--no-port-liveness', '--cut', 'two');
    const ending = await joinClassic(seeds, '--eof', '--timestamps', 'integer');
    const second = await joinHearsay(seeds, 4);
    await expectGossipToReach(
      [first, portless, ending, second],
      [first, plain, portless, ending, second],
    );
    // The two programs that look for GOSSIP pass over what has none.
    await expectGossipToReach([plain], [first, second]);
    for (const seed of seeds) expect(removedAt(seed)).toEqual([]);
    for (const peer of [first, second]) expect(peer.records('dead-reported')).toEqual([]);
    for (const peer of [plain, portless, ending]) expect(peer.texts('STRIKE')).toEqual([]);
  });

  test('a full classic peer that stays silent is no neighbor, and no dead one either', async () => {
    const seeds = await network.hearsaySeeds(2);
    const full = await joinClassic(seeds, '--full', '1');
    const first = await joinHearsay(seeds, 1);
    const second = await joinHearsay(seeds, 1);
    await full.until((line) => line === `REFUSED ${second.address}`);
    await expectGossipToReach([full, first, second], [full, first, second]);
    expect(neighborsOf(second)).toEqual([first.address]);
    await network.eventually(`${second.address} says that it was not answered`, () =>
      second.records('connect-failed').some((record) => record.neighbor === full.address),
    );
    for (const seed of seeds) expect(removedAt(seed)).toEqual([]);
    for (const peer of [first, second]) expect(peer.records('dead-reported')).toEqual([]);
  });

  test('a classic peer that is slow to listen is given up by its neighbors but listed all the same', async () => {
    const seeds = await network.hearsaySeeds(2);
    const neighbor = await joinHearsay(seeds, 0);
    // Six intervals: as long as a real one waits if it asks a full peer last, which stays silent.
    const slow = await joinClassic(seeds, '--listen-after-ms', '3000');
    expect(neighbor.records('strike').length).toBeGreaterThan(0);
    await expectGossipToReach([slow, neighbor], [slow, neighbor]);
  });
});
