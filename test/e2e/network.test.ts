/**
 * What the README promises of a network, with real processes on loopback and the log files as the
 * only evidence. The intervals are short, the deadlines those that the project has set itself.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseAddress } from '@hearsay/common/address';
import { formatLogLine, type LogEntry } from '@hearsay/common/log-line';
import type { EventName, RecordOf } from '@hearsay/common/records';
import { Fleet } from '@hearsay/lab/fleet/fleet';
import type { NodeProcess } from '@hearsay/lab/fleet/process';
import { afterEach, expect, test } from 'vitest';
import { freePort } from './classic-harness.js';

const patienceMs = 30_000;
const quick = ['--gossip-interval', '500ms', '--liveness-interval', '500ms', '--quiet'];

/** A network with a folder of its own. */
class Scene {
  readonly entries = new Map<NodeProcess, LogEntry[]>();
  readonly seeds: NodeProcess[] = [];
  readonly peers: NodeProcess[] = [];
  private readonly folder = mkdtempSync(join(tmpdir(), 'hearsay-network-'));
  private readonly config = join(this.folder, 'config.txt');
  readonly fleet = new Fleet(
    { config: this.config, logDir: this.folder },
    {
      entry: (entry, node) => {
        const entries = this.entries.get(node) ?? [];
        this.entries.set(node, entries);
        entries.push(entry);
      },
    },
  );

  async startSeeds(count: number): Promise<void> {
    const addresses: string[] = [];
    while (addresses.length < count) addresses.push(`127.0.0.1:${await freePort()}`);
    writeFileSync(this.config, `${addresses.join('\n')}\n`);
    for (const text of addresses) await this.startSeed(text);
  }

  async startSeed(text: string): Promise<NodeProcess> {
    const address = parseAddress(text);
    if (!address.ok) throw new Error(text);
    const seed = await this.fleet.startSeed(address.value, ['--quiet']);
    if (!seed.ok) throw new Error(`${seed.error.code}: ${seed.error.stderr}`);
    this.seeds.push(seed.value);
    return seed.value;
  }

  async startPeers(count: number, flags: readonly string[]): Promise<NodeProcess[]> {
    const place = { ip: '127.0.0.1', portFrom: await freePort() };
    const peers = await this.fleet.startPeers(count, place, flags);
    if (!peers.ok) throw new Error(`${peers.error.code}: ${peers.error.stderr}`);
    this.peers.push(...peers.value);
    return peers.value;
  }

  records<E extends EventName>(node: NodeProcess, event: E): RecordOf<E>[] {
    return (this.entries.get(node) ?? [])
      .map(({ record }) => record)
      .filter((record): record is RecordOf<E> => record.event === event);
  }

  async until(what: string, condition: () => boolean, timeoutMs = patienceMs): Promise<void> {
    if (await this.fleet.until(condition, timeoutMs)) return;
    const story = [...this.entries.values()].flat().sort((a, b) => a.wallMs - b.wallMs);
    const lines = story.map(formatLogLine).filter((line) => !/ gossip-|-status /.test(line));
    throw new Error(`not within ${timeoutMs} ms: ${what}\n${lines.slice(-200).join('\n')}`);
  }

  /** Every peer given has so many neighbors or more, and is listed at a majority of the seeds. */
  async formed(peers: readonly NodeProcess[], neighborsMin: number): Promise<void> {
    const listedAt = (peer: NodeProcess) =>
      this.seeds.filter((seed) =>
        this.records(seed, 'listed').some((record) => record.peer === peer.address),
      ).length;
    await this.until('the network forms', () =>
      peers.every(
        (peer) => this.records(peer, 'neighbor').length >= neighborsMin && listedAt(peer) >= 2,
      ),
    );
  }

  /** The messages that peers made after a time, and those that a peer took in. */
  madeSince(peers: readonly NodeProcess[], wallMs: number): Set<string> {
    const made = peers.flatMap((peer) => this.entries.get(peer) ?? []);
    return new Set(
      made.flatMap(({ wallMs: atMs, record }) =>
        record.event === 'gossip-made' && atMs >= wallMs ? [record.message] : [],
      ),
    );
  }

  received(peer: NodeProcess): string[] {
    return this.records(peer, 'gossip-received').map(({ message }) => message);
  }

  /** Whether a peer has every one of the messages that it did not make itself. */
  hasAll(peer: NodeProcess, messages: ReadonlySet<string>): boolean {
    const received = new Set(this.received(peer));
    const own = `:${peer.address}:`;
    return [...messages].every((message) => received.has(message) || message.includes(own));
  }

  async end(): Promise<void> {
    await this.fleet.end();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

let scene: Scene;
afterEach(() => scene.end());

test('A8: with 3 seeds and 30 peers every message reaches every peer, and none is logged twice; a late peer takes part, and with two seeds dead a newcomer joins by the third', async () => {
  scene = new Scene();
  await scene.startSeeds(3);
  const flags = [...quick, '--gossip-count', '0'];
  const first = await scene.startPeers(30, flags);
  await scene.formed(first, 4);

  // Everything made from now on, by anybody, must reach everybody.
  const formedMs = Date.now();
  await scene.until('each peer makes three messages', () =>
    first.every((peer) => scene.madeSince([peer], formedMs).size >= 3),
  );
  const made = scene.madeSince(first, formedMs);
  expect(made.size).toBeGreaterThanOrEqual(90);
  await scene.until('all of them reach all', () => first.every((peer) => scene.hasAll(peer, made)));
  for (const peer of first) {
    const received = scene.received(peer);
    expect(new Set(received).size, `${peer.address} logs each once`).toBe(received.length);
  }

  const [late] = (await scene.startPeers(1, flags)) as [NodeProcess];
  await scene.until('the late peer is heard by all', () =>
    first.every((peer) => scene.received(peer).some((m) => m.includes(`:${late.address}:`))),
  );
  const since = Date.now();
  await scene.until('the late peer hears all', () => {
    const fresh = scene.madeSince(first, since);
    return fresh.size >= 30 && scene.hasAll(late, fresh);
  });

  for (const seed of scene.seeds.slice(0, 2)) seed.kill();
  const [newcomer] = (await scene.startPeers(1, flags)) as [NodeProcess];
  await scene.until('the newcomer says that it lacks a majority, and joins', () => {
    const [lacking] = scene.records(newcomer, 'majority-lacking');
    const joined = scene.records(newcomer, 'neighbor').length >= 4;
    return lacking?.registered === 1 && lacking.needed === 2 && joined;
  });
  const alone = Date.now();
  await scene.until('gossip goes on with one seed', () => {
    const fresh = scene.madeSince([...first, late, newcomer], alone);
    const all = [...first, late, newcomer];
    return fresh.size >= 64 && all.every((peer) => scene.received(peer).some((m) => fresh.has(m)));
  });
  for (const seed of scene.seeds) expect(scene.records(seed, 'removed')).toEqual([]);
});

test('A3: a seed that died and returns gets its peers again', async () => {
  scene = new Scene();
  await scene.startSeeds(3);
  const peers = await scene.startPeers(4, [...quick, '--gossip-count', '1']);
  await scene.formed(peers, 3);
  const [victim] = scene.seeds as [NodeProcess];
  const before = new Set(scene.records(victim, 'registered').map(({ peer }) => peer));
  victim.kill();
  await victim.exited;
  await scene.until('others take its place', () =>
    peers.every((peer) => {
      const lost = scene.records(peer, 'seed-lost').some(({ seed }) => seed === victim.address);
      return lost || !before.has(peer.address);
    }),
  );
  const again = await scene.startSeed(victim.address);
  await scene.until('they are listed at the seed again', () => {
    const listed = new Set(scene.records(again, 'listed').map(({ peer }) => peer));
    return [...before].every((peer) => listed.has(peer as string));
  });
});

test('A11: a stopped peer is reported and removed; when it goes on it comes back by itself', async () => {
  scene = new Scene();
  await scene.startSeeds(3);
  const peers = await scene.startPeers(6, [...quick, '--gossip-count', '0']);
  await scene.formed(peers, 4);
  const [victim, ...others] = peers as [NodeProcess, ...NodeProcess[]];
  victim.stop();
  const stoppedMs = Date.now();
  const listing = scene.seeds.filter((seed) =>
    scene.records(seed, 'listed').some(({ peer }) => peer === victim.address),
  );
  await scene.until('every seed removes it', () =>
    listing.every((seed) =>
      scene.records(seed, 'removed').some(({ peer }) => peer === victim.address),
    ),
  );
  victim.continue();
  await scene.until('it is listed again at a majority', () => {
    const again = scene.seeds.filter((seed) =>
      (scene.entries.get(seed) ?? []).some(
        ({ wallMs, record }) =>
          record.event === 'listed' && record.peer === victim.address && wallMs > stoppedMs,
      ),
    );
    return again.length >= 2;
  });
  await scene.until('it is heard by all others', () =>
    others.every((peer) =>
      (scene.entries.get(peer) ?? []).some(
        ({ wallMs, record }) =>
          record.event === 'gossip-received' &&
          wallMs > stoppedMs + 3_000 &&
          record.message.includes(`:${victim.address}:`),
      ),
    ),
  );
  expect(scene.records(victim, 'dead-reported'), 'it accuses nobody').toEqual([]);
  for (const seed of scene.seeds) {
    const removed = scene.records(seed, 'removed').map(({ peer }) => peer);
    expect(new Set([...removed, victim.address])).toEqual(new Set([victim.address]));
  }
});
