/**
 * The network as its log files tell it. Entries go in, and what the table shows comes out; a
 * node's `status` records carry its counters about once a second, and the events between them keep
 * the picture up to date. It owns no clock: `tick` is told the time.
 *
 * Besides the entries it is told only that a process of the fleet has ended, which a log of a
 * killed node cannot say.
 */
import { type NodeId, parseAddress } from '@hearsay/common/address';
import type { LogEntry } from '@hearsay/common/log-line';
import { type Death, Deaths, removedEverywhereMs } from './deaths.js';
import { Deliveries } from './deliveries.js';
import {
  applyToPeer,
  applyToSeed,
  newPeer,
  newSeed,
  type PeerState,
  type SeedState,
} from './node-state.js';

/** Milliseconds after which a message is judged: by then every log has told of it. */
const settledMs = 6_000;
/** Milliseconds a message has to travel; it needs a few, the rest is for a slow machine. */
const travelMs = 1_000;
/** Rows of peers that are gone; the table of an endless run must not fill up with them. */
const goneRowsMax = 8;

/** Counters that are summed over peers. */
interface Totals {
  made: number;
  received: number;
  duplicates: number;
  reports: number;
}

/** What the log files tell about one network. */
export class Network {
  readonly seeds = new Map<NodeId, SeedState>();
  readonly peers = new Map<NodeId, PeerState>();
  readonly deliveries = new Deliveries();
  readonly deaths = new Deaths();
  /** Since when the network has formed; undefined until then. */
  formedMs: number | undefined;
  /** The counters of peers whose rows were dropped. */
  private readonly goneTotals: Totals = { made: 0, received: 0, duplicates: 0, reports: 0 };

  /** @param peersExpected how many peers must be there for the network to have formed. */
  constructor(private readonly peersExpected: number) {}

  /** Takes in one line of one log. The lines of one node come in order; no line does harm. */
  apply(entry: LogEntry): void {
    const { record } = entry;
    if (!parseAddress(entry.address).ok) return;
    if (record.event === 'seed-started') this.seeds.set(entry.address, newSeed(entry, record));
    if (record.event === 'peer-started') this.peers.set(entry.address, newPeer(entry, record));
    const seed = entry.role === 'seed' ? this.seeds.get(entry.address) : undefined;
    if (seed !== undefined) {
      if (record.event === 'removed') this.removed(record.peer, seed.address, entry.wallMs);
      applyToSeed(seed, entry);
    }
    const peer = entry.role === 'peer' ? this.peers.get(entry.address) : undefined;
    if (peer !== undefined) {
      this.conclude(peer, entry);
      applyToPeer(peer, entry);
    }
  }

  /** A process of the fleet is gone. `killed`: by a signal, without a last word. */
  ended(address: NodeId, how: 'killed' | 'ended', wallMs: number): void {
    const node = this.peers.get(address) ?? this.seeds.get(address);
    if (node === undefined) return;
    node.gone = how;
    if (node.role === 'seed') return;
    this.deaths.died(address, how, wallMs, this.listedAt(address));
    const [oldest, ...others] = [...this.peers.values()].filter((peer) => peer.gone !== undefined);
    if (oldest === undefined || others.length < goneRowsMax) return;
    addTo(this.goneTotals, oldest);
    this.peers.delete(oldest.address);
  }

  /** A peer was killed or stopped by our own hand just now. */
  died(address: NodeId, how: 'killed' | 'stopped', wallMs: number): Death {
    return this.deaths.died(address, how, wallMs, this.listedAt(address));
  }

  /** Draws the conclusions that need the time. */
  tick(nowMs: number): void {
    if (this.formedMs === undefined && this.hasFormed()) this.formedMs = nowMs;
    this.judge(nowMs - settledMs);
  }

  /** The end was asked for at this time, and every log is read: what was on its way is left out. */
  finish(endMs: number): void {
    this.judge(endMs - travelMs);
  }

  /** What all peers have done together, those that are gone included. */
  totals(): Readonly<Totals> {
    const totals = { ...this.goneTotals };
    for (const peer of this.peers.values()) addTo(totals, peer);
    return totals;
  }

  private judge(untilMs: number): void {
    const sinceMs = this.formedMs ?? untilMs;
    this.deliveries.judge(sinceMs, untilMs, (atMs) => this.takingPart(atMs));
  }

  /** One word for the table. */
  stateOf(node: SeedState | PeerState): string {
    const death = node.role === 'peer' ? this.deaths.of(node.address) : undefined;
    if (death !== undefined && this.removedMs(death) !== undefined) return 'removed';
    if (death?.reportedMs !== undefined) return 'reported';
    if (node.gone !== undefined) return node.gone;
    if (this.livingPeers().some((peer) => peer.strikes.has(node.address))) return 'silent';
    return node.role === 'peer' && node.joinedMs === undefined ? 'joining' : 'running';
  }

  /** When the last seed that still runs and had listed the peer removed it. */
  removedMs(death: Death): number | undefined {
    return removedEverywhereMs(death, (seed) => this.seeds.get(seed)?.gone === undefined);
  }

  /** The seeds that run and list a peer. */
  listedAt(peer: NodeId): NodeId[] {
    const seeds = [...this.seeds.values()];
    return seeds
      .filter((seed) => seed.gone === undefined && seed.peers.has(peer))
      .map((seed) => seed.address);
  }

  /** Where a peer is registered: by its own log, or, once it is gone, by those of the seeds. */
  seedsOf(peer: PeerState): ReadonlySet<NodeId> {
    return peer.gone === undefined ? peer.seeds : new Set(this.listedAt(peer.address));
  }

  /** A peer's neighbors: by its own log, or, once it is gone, those that still hold the link. */
  neighborsOf(peer: PeerState): ReadonlySet<NodeId> {
    if (peer.gone === undefined) return peer.neighbors;
    const holding = this.livingPeers().filter((other) => other.neighbors.has(peer.address));
    return new Set(holding.map((other) => other.address));
  }

  /** The peers whose processes run, as far as is known. */
  livingPeers(): PeerState[] {
    return [...this.peers.values()].filter(
      (peer) => peer.gone === undefined && this.deaths.of(peer.address) === undefined,
    );
  }

  /**
   * Whether every peer that is expected is there, registered, shown to others by each of its
   * seeds, and all of them reach one another over neighbors.
   */
  private hasFormed(): boolean {
    const peers = this.livingPeers();
    return (
      peers.length >= this.peersExpected &&
      peers.every((peer) => peer.majority !== undefined && this.isListed(peer)) &&
      isConnected(peers)
    );
  }

  private isListed(peer: PeerState): boolean {
    return [...peer.seeds].every((address) => {
      const seed = this.seeds.get(address);
      return seed === undefined || seed.gone !== undefined || seed.peers.has(peer.address);
    });
  }

  /** Peers that had joined at a time, and have written since: one that stands still has not. */
  private *takingPart(atMs: number): Iterable<NodeId> {
    for (const peer of this.livingPeers()) {
      const joined = peer.joinedMs !== undefined && peer.joinedMs <= atMs;
      if (joined && peer.lastMs >= atMs) yield peer.address;
    }
  }

  /** What a peer's line says about the network. */
  private conclude(peer: PeerState, { record, wallMs }: LogEntry): void {
    const death = this.deaths.of(peer.address);
    if (death !== undefined && peer.gone === undefined && wallMs > death.atMs) {
      this.deaths.returned(peer.address, wallMs);
      peer.reportedMs = undefined;
    }
    if (record.event === 'gossip-made') {
      this.deliveries.made(record.hash, peer.address, wallMs);
    } else if (record.event === 'gossip-received') {
      this.deliveries.received(record.hash, peer.address, wallMs);
    } else if (record.event === 'dead-reported') {
      this.deaths.reported(record.peer, wallMs);
      const accused = this.peers.get(record.peer);
      if (accused !== undefined) accused.reportedMs ??= wallMs;
    }
  }

  private removed(address: NodeId, seed: NodeId, wallMs: number): void {
    const peer = this.peers.get(address);
    // Nobody has said that it is gone: the last line it wrote is its last sign of life.
    if (peer !== undefined && this.deaths.of(address) === undefined) {
      const death = this.deaths.died(address, 'silent', peer.lastMs, this.listedAt(address));
      death.reportedMs = peer.reportedMs;
    }
    this.deaths.removed(address, seed, wallMs);
  }
}

function addTo(totals: Totals, peer: PeerState): void {
  totals.made += peer.made;
  totals.received += peer.received;
  totals.duplicates += peer.duplicates;
  totals.reports += peer.reports;
}

/** Whether all peers reach one another over neighbors. A single peer does. */
function isConnected(peers: readonly PeerState[]): boolean {
  const unreached = new Map(peers.map((peer) => [peer.address, peer]));
  const reached = peers.slice(0, 1);
  for (const peer of reached) {
    unreached.delete(peer.address);
    for (const other of [...unreached.values()]) {
      if (!peer.neighbors.has(other.address) && !other.neighbors.has(peer.address)) continue;
      unreached.delete(other.address);
      reached.push(other);
    }
  }
  return unreached.size === 0;
}
