/**
 * A network that is told in a few words, for tests of what is made from log entries. Nodes are
 * named by their ports, times are milliseconds from its beginning.
 */
import type { LogEntry } from '@hearsay/common/log-line';
import type { LogRecord } from '@hearsay/common/records';
import { Network } from '../src/live/network.js';
import { type Notable, notableOf } from '../src/live/notable.js';

/** When every story begins. */
export const beginningMs = Date.parse('2026-02-01T09:30:00Z');

/** The address of the node at a port. */
export function at(port: number): string {
  return `127.0.0.1:${port}`;
}

/** Log entries as they are told, and the network that comes of them. */
export class Story {
  readonly network: Network;
  readonly notables: Notable[] = [];

  constructor(
    private readonly seeds: readonly number[],
    private readonly peers: readonly number[],
  ) {
    this.network = new Network(peers.length);
  }

  /** A node writes a record; ports from 6000 on are peers'. */
  write(ms: number, port: number, record: LogRecord): void {
    const role = port < 6_000 ? 'seed' : 'peer';
    const entry: LogEntry = { wallMs: beginningMs + ms, role, address: at(port), record };
    this.network.apply(entry);
    const notable = notableOf(entry);
    if (notable !== undefined) this.notables.push(notable);
  }

  /** Everybody starts, is registered at every seed, and is everybody's neighbor. */
  form(): void {
    for (const seed of this.seeds) this.startSeed(seed);
    for (const peer of this.peers) this.startPeer(peer);
    for (const peer of this.peers) this.join(peer);
    this.network.tick(beginningMs + 1_000);
  }

  startSeed(port: number): void {
    const started = { version: '0', node: 'v20', process: port + 10_000, config: 'config.txt' };
    const settings = { seeds: [], trustReports: 'no', probeIntervalMs: 1 };
    this.write(0, port, { event: 'seed-started', ...started, ...settings });
  }

  startPeer(port: number): void {
    const started = { version: '0', node: 'v20', process: port + 10_000, config: 'config.txt' };
    const gossip = { gossipIntervalMs: 1_000, gossipCount: 0, livenessIntervalMs: 1_000 };
    const overlay = { strikesMax: 3, neighborsMin: 4, neighborsMax: 64, alpha: 0.5, rng: 1 };
    this.write(0, port, { event: 'peer-started', ...started, seeds: [], ...gossip, ...overlay });
  }

  join(port: number): void {
    for (const seed of this.seeds) {
      this.write(100, seed, { event: 'listed', peer: at(port) });
      const registered = { seed: at(seed), kind: 'hearsay', message: '', from: at(seed) };
      this.write(100, port, { event: 'registered', ...registered });
    }
    const needed = { registered: this.seeds.length, needed: 1, seeds: this.seeds.map(at) };
    this.write(100, port, { event: 'majority-reached', ...needed });
    for (const other of this.peers) if (other !== port) this.link(200, port, other);
  }

  link(ms: number, port: number, other: number): void {
    const neighbor = { neighbor: at(other), kind: 'hearsay', dialedBy: 'us', from: at(other) };
    this.write(ms, port, { event: 'neighbor', ...neighbor });
  }

  made(ms: number, port: number, hash: string): void {
    this.write(ms, port, { event: 'gossip-made', message: hash, hash, neighbors: 1 });
  }

  received(ms: number, port: number, hash: string): void {
    this.write(ms, port, { event: 'gossip-received', message: hash, hash, from: at(1) });
  }

  status(ms: number, port: number, changes: Partial<LogRecord> = {}): void {
    const { seeds, peers } = this;
    const lists = { seeds: seeds.map(at), neighbors: peers.filter((p) => p !== port).map(at) };
    const counts = { made: 1, received: 2, duplicates: 3, refused: 0, sent: 0, ml: 4, reports: 0 };
    const rest = { struck: [], links: 0, dropped: 0 };
    const record = { event: 'peer-status', ...lists, ...counts, ...rest, ...changes };
    this.write(ms, port, record as LogRecord);
  }
}
