/** A network of real processes in a folder of its own, and what its log files say. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseAddress } from '@hearsay/common/address';
import { formatLogLine, type LogEntry } from '@hearsay/common/log-line';
import type { EventName, RecordOf } from '@hearsay/common/records';
import { Fleet } from '@hearsay/lab/fleet/fleet';
import type { NodeProcess } from '@hearsay/lab/fleet/process';
import { freePort } from './classic-harness.js';

/** Milliseconds that a test waits for anything, unless it says otherwise. */
const patienceMs = 30_000;

/** A network with a folder of its own. */
export class Scene {
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

  async startSeeds(count: number, flags: readonly string[] = []): Promise<void> {
    const addresses: string[] = [];
    while (addresses.length < count) addresses.push(`127.0.0.1:${await freePort()}`);
    writeFileSync(this.config, `${addresses.join('\n')}\n`);
    for (const text of addresses) await this.startSeed(text, flags);
  }

  async startSeed(text: string, flags: readonly string[] = []): Promise<NodeProcess> {
    const address = parseAddress(text);
    if (!address.ok) throw new Error(text);
    const seed = await this.fleet.startSeed(address.value, ['--quiet', ...flags]);
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
