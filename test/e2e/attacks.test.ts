/**
 * Networks of real processes under attack, each by what harmed one once (test/attack). While it
 * lasts the peers gossip and a newcomer joins; afterwards nobody who lives is taken for dead, every
 * message has reached everybody, no process is gone, and no log has grown out of bounds. That the
 * attack really took place is read from the logs as well.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { RecordOf } from '@hearsay/common/records';
import type { NodeProcess } from '@hearsay/lab/fleet/process';
import { afterEach, expect, test } from 'vitest';
import { Scene } from './scene.js';

const script = fileURLToPath(new URL('../attack/attack.js', import.meta.url));
/** A second, so that a machine under this load has four of them before a silent peer is dead. */
const peerFlags = [
  '--gossip-interval',
  '500ms',
  '--liveness-interval',
  '1s',
  '--gossip-count',
  '0',
];
const status = ['--status-interval', '500ms'];
/** A seed asks its peers itself often enough to find one that does not answer it. */
const seedFlags = [...status, '--probe-interval', '1s'];
/** Messages that each peer makes before a newcomer comes: two seconds. */
const messagesEach = 4;
/** Bytes that a log may hold after such an attack; some wrote fifty million. */
const logBytesMax = 12_000_000;

type SeedStatus = RecordOf<'seed-status'>;
type PeerStatus = RecordOf<'peer-status'>;

let scene: Scene;
let attack: ChildProcess | undefined;

afterEach(async () => {
  attack?.kill('SIGKILL');
  attack = undefined;
  await scene.end();
});

/** Starts an attack, and waits until it has begun. Its input ends with this process. */
async function begin(kind: string, targets: readonly NodeProcess[]): Promise<ChildProcess> {
  const addresses = (nodes: readonly NodeProcess[]) => nodes.map(({ address }) => address);
  const line = [script, kind, ...addresses(targets), '--', ...addresses(scene.peers)];
  const child = spawn(process.execPath, line, { stdio: ['pipe', 'pipe', 'inherit'] });
  attack = child;
  await once(child.stdout, 'data');
  return child;
}

function seeds(is: (status: SeedStatus) => boolean): boolean {
  return scene.seeds.some((seed) => scene.records(seed, 'seed-status').some(is));
}

function peers(is: (status: PeerStatus) => boolean): boolean {
  return scene.peers.some((peer) => scene.records(peer, 'peer-status').some(is));
}

function refusedAsNeighbor(why: string): boolean {
  return scene.peers.some((peer) =>
    scene.records(peer, 'neighbor-refused').some(({ reason }) => reason === why),
  );
}

function lost(why: string): boolean {
  return scene.peers.some((peer) =>
    scene.records(peer, 'neighbor-lost').some(({ reason }) => reason === why),
  );
}

interface Attack {
  readonly kind: string;
  readonly on: 'one peer' | 'all peers' | 'one seed' | 'all seeds';
  /** What an attack of this kind leaves in the logs. */
  readonly trace: () => boolean;
}

test.each<Attack>([
  { kind: 'gossip', on: 'one peer', trace: () => peers(({ refused }) => refused > 10_000) },
  { kind: 'pouring', on: 'one peer', trace: () => peers(({ refused }) => refused > 10_000) },
  { kind: 'knocking', on: 'one peer', trace: () => peers(({ dropped }) => dropped > 10_000) },
  { kind: 'dead-reports', on: 'one seed', trace: () => seeds(({ reports }) => reports > 10_000) },
  {
    kind: 'silent-peers',
    on: 'all seeds',
    trace: () => seeds(({ unlistedCount }) => unlistedCount > 100),
  },
  { kind: 'refreshes', on: 'one seed', trace: () => seeds(({ dropped }) => dropped > 1_000) },
  {
    kind: 'impostor',
    on: 'all seeds',
    trace: () => seeds(({ registrations }) => registrations > 100),
  },
  { kind: 'made-up-names', on: 'all peers', trace: () => refusedAsNeighbor('full') },
  { kind: 'bare-requests', on: 'all peers', trace: () => refusedAsNeighbor('duplicate') },
  { kind: 'flapping', on: 'all seeds', trace: () => lost('closed before it answered') },
])('an attack by $kind on $on harms nobody', async ({ kind, on, trace }) => {
  scene = new Scene();
  await scene.startSeeds(2, seedFlags);
  const first = await scene.startPeers(4, [...peerFlags, ...status, '--quiet']);
  await scene.formed(first, 3);

  const begunMs = Date.now();
  const nodes = on.includes('peer') ? first : scene.seeds;
  const attacker = await begin(kind, on.startsWith('one') ? nodes.slice(0, 1) : nodes);
  await scene.until('everybody goes on with gossip, and the attack is felt', () => {
    const madeEach = first.map((peer) => scene.madeSince([peer], begunMs).size);
    return Math.min(...madeEach) >= messagesEach && trace();
  });
  const [newcomer] = (await scene.startPeers(1, [...peerFlags, '--quiet'])) as [NodeProcess];
  await scene.formed([newcomer], 3);
  await scene.until('a newcomer hears all while the attack lasts', () => {
    const heard = new Set(scene.received(newcomer).map((message) => message.split(':')[2]));
    return first.every(({ address }) => heard.has(address.split(':')[1]));
  });
  const made = scene.madeSince(first, begunMs);
  expect(attacker.exitCode, 'the attack lasts until now').toBeNull();
  attacker.kill('SIGKILL');

  await scene.until('all that was made meanwhile has reached all', () =>
    first.every((peer) => scene.hasAll(peer, made)),
  );
  const removed = scene.seeds.flatMap((seed) => scene.records(seed, 'removed'));
  const living = new Set(scene.peers.map(({ address }) => address));
  expect(
    removed.filter(({ peer }) => living.has(peer)),
    'no living peer is removed',
  ).toEqual([]);
  const seedsLost = scene.peers.flatMap((peer) => scene.records(peer, 'seed-lost'));
  expect(seedsLost, 'no peer loses a seed').toEqual([]);
  for (const node of [...scene.seeds, ...scene.peers]) {
    expect(node.exit, `${node.address} lives`).toBeUndefined();
    expect(statSync(node.logFile).size, `the log of ${node.address}`).toBeLessThan(logBytesMax);
  }
});
