/**
 * Networks of real processes under attack, each by what harmed one once (test/attack). While it
 * lasts the peers gossip and a newcomer joins; afterwards nobody who lives is taken for dead, every
 * message has reached everybody, no process is gone, and no log has grown out of bounds.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { NodeProcess } from '@hearsay/lab/fleet/process';
import { afterEach, expect, test } from 'vitest';
import { Scene } from './scene.js';

const script = fileURLToPath(new URL('../attack/attack.js', import.meta.url));
/** A second, so that a machine under this load has four of them before a silent peer is dead. */
const flags = ['--gossip-interval', '500ms', '--liveness-interval', '1s', '--gossip-count', '0'];
const quiet = [...flags, '--quiet'];
/** Messages that each peer makes while the attack lasts: three seconds. */
const messagesEach = 6;
/** Bytes that a log may hold after such an attack: four records of A13's burst would not fit. */
const logBytesMax = 12_000_000;

let scene: Scene;
let attack: ChildProcess | undefined;

afterEach(async () => {
  attack?.kill('SIGKILL');
  attack = undefined;
  await scene.end();
});

function begin(
  kind: string,
  targets: readonly NodeProcess[],
  others: readonly NodeProcess[],
): void {
  const addresses = (nodes: readonly NodeProcess[]) => nodes.map(({ address }) => address);
  const line = [script, kind, ...addresses(targets), '--', ...addresses(others)];
  // Its input ends with this process, and it with its input.
  attack = spawn(process.execPath, line, { stdio: ['pipe', 'ignore', 'inherit'] });
}

test.each([
  ['gossip', 'one peer'],
  ['dead-reports', 'one seed'],
  ['silent-peers', 'all seeds'],
  ['refreshes', 'one seed'],
  ['impostor', 'all seeds'],
  ['made-up-names', 'all peers'],
  ['flapping', 'all seeds'],
] as const)('an attack by %s on %s harms nobody', async (kind, on) => {
  scene = new Scene();
  await scene.startSeeds(2);
  const peers = await scene.startPeers(4, quiet);
  await scene.formed(peers, 3);

  const begunMs = Date.now();
  const nodes = on.includes('peer') ? peers : scene.seeds;
  begin(kind, on.startsWith('one') ? nodes.slice(0, 1) : nodes, peers);
  await scene.until('everybody goes on with gossip while the attack lasts', () =>
    peers.every((peer) => scene.madeSince([peer], begunMs).size >= messagesEach),
  );
  const [newcomer] = (await scene.startPeers(1, quiet)) as [NodeProcess];
  await scene.formed([newcomer], 3);
  await scene.until('the newcomer hears all while the attack lasts', () => {
    const heard = new Set(scene.received(newcomer).map((message) => message.split(':')[2]));
    return peers.every(({ address }) => heard.has(address.split(':')[1]));
  });
  const made = scene.madeSince(peers, begunMs);
  attack?.kill('SIGKILL');

  await scene.until('all that was made meanwhile has reached all', () =>
    peers.every((peer) => scene.hasAll(peer, made)),
  );
  const living = [...peers, newcomer];
  const removed = scene.seeds.flatMap((seed) => scene.records(seed, 'removed'));
  const wrongly = removed.filter(({ peer }) => living.some(({ address }) => address === peer));
  expect(wrongly, 'no living peer is removed').toEqual([]);
  const lost = living.flatMap((peer) => scene.records(peer, 'seed-lost'));
  expect(lost, 'no peer loses a seed').toEqual([]);
  for (const node of [...scene.seeds, ...living]) {
    expect(node.exit, `${node.address} lives`).toBeUndefined();
    expect(statSync(node.logFile).size, `the log of ${node.address}`).toBeLessThan(logBytesMax);
  }
});
