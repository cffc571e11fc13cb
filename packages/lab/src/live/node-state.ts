/**
 * What the table knows of one node, and how the node's own log lines change it. What concerns
 * several nodes at once (deliveries, deaths, whether the network has formed) is `network.ts`.
 */
import type { NodeId } from '@hearsay/common/address';
import type { LogEntry } from '@hearsay/common/log-line';
import type { RecordOf } from '@hearsay/common/records';

/** What is known of any node. Times are milliseconds since the epoch, by the node's clock. */
interface NodeState {
  readonly address: NodeId;
  /** The process id. */
  process: number;
  startedMs: number;
  /** When it last wrote a line. */
  lastMs: number;
  /** How its process ended, if it has. */
  gone: 'killed' | 'ended' | undefined;
}

/** A seed and its list. */
export interface SeedState extends NodeState {
  readonly role: 'seed';
  readonly peers: Set<NodeId>;
  /** Registered, but not yet dialed back. */
  unlisted: readonly NodeId[];
  registrations: number;
  reports: number;
  refused: number;
  removals: number;
}

/** A peer, whom it knows, and its counters. */
export interface PeerState extends NodeState {
  readonly role: 'peer';
  /** The seeds with which it is registered. */
  readonly seeds: Set<NodeId>;
  /** Whether it has said if it has its majority of seeds, and what. */
  majority: 'reached' | 'lacking' | undefined;
  readonly neighbors: Set<NodeId>;
  /** Liveness requests in a row that each neighbor has left unanswered. */
  readonly strikes: Map<NodeId, number>;
  made: number;
  received: number;
  duplicates: number;
  /** Entries of its message list. */
  messageList: number;
  /** Dead-node messages it has sent. */
  reports: number;
  /** Since when it takes part: it has a neighbor, and has not stood still since. */
  joinedMs: number | undefined;
  /** When a dead-node message about it was first written. */
  reportedMs: number | undefined;
}

/** A seed that has just begun to listen. */
export function newSeed(entry: LogEntry, record: RecordOf<'seed-started'>): SeedState {
  return {
    ...{ role: 'seed', address: entry.address, process: record.process, gone: undefined },
    ...{ startedMs: entry.wallMs, lastMs: entry.wallMs },
    ...{ peers: new Set(), unlisted: [] },
    ...{ registrations: 0, reports: 0, refused: 0, removals: 0 },
  };
}

/** A peer that has just begun to listen. */
export function newPeer(entry: LogEntry, record: RecordOf<'peer-started'>): PeerState {
  return {
    ...{ role: 'peer', address: entry.address, process: record.process, gone: undefined },
    ...{ startedMs: entry.wallMs, lastMs: entry.wallMs },
    ...{ seeds: new Set(), majority: undefined, neighbors: new Set(), strikes: new Map() },
    ...{ made: 0, received: 0, duplicates: 0, messageList: 0, reports: 0 },
    ...{ joinedMs: undefined, reportedMs: undefined },
  };
}

/** What a seed has written about itself. */
export function applyToSeed(seed: SeedState, { record, wallMs }: LogEntry): void {
  seed.lastMs = Math.max(seed.lastMs, wallMs);
  switch (record.event) {
    case 'listed':
      seed.peers.add(record.peer);
      return;
    case 'removed':
      seed.peers.delete(record.peer);
      seed.removals += 1;
      return;
    case 'seed-status':
      replace(seed.peers, record.peers);
      seed.unlisted = record.unlisted;
      seed.registrations = record.registrations;
      seed.reports = record.reports;
      seed.refused = record.refused;
      seed.removals = record.removals;
  }
}

/** What a peer has written about itself. */
export function applyToPeer(peer: PeerState, { record, wallMs }: LogEntry): void {
  peer.lastMs = Math.max(peer.lastMs, wallMs);
  switch (record.event) {
    case 'registered':
      if (record.seed !== undefined) peer.seeds.add(record.seed);
      return;
    case 'seed-lost':
      peer.seeds.delete(record.seed);
      return;
    case 'majority-reached':
      peer.majority = 'reached';
      return;
    case 'majority-lacking':
      peer.majority = 'lacking';
      return;
    case 'neighbor':
      peer.neighbors.add(record.neighbor);
      peer.joinedMs ??= wallMs;
      return;
    case 'neighbor-lost':
      peer.neighbors.delete(record.neighbor);
      peer.strikes.delete(record.neighbor);
      return;
    case 'strike':
      peer.strikes.set(record.neighbor, record.strikes);
      return;
    case 'woke-late':
      peer.joinedMs = wallMs;
      return;
    case 'gossip-made':
      peer.made += 1;
      return;
    case 'gossip-received':
      peer.received += 1;
      return;
    case 'dead-reported':
      peer.reports += 1;
      return;
    case 'peer-status':
      applyStatus(peer, record, wallMs);
  }
}

function applyStatus(peer: PeerState, record: RecordOf<'peer-status'>, wallMs: number): void {
  replace(peer.seeds, record.seeds);
  replace(peer.neighbors, record.neighbors);
  for (const neighbor of peer.strikes.keys()) {
    if (!record.struck.includes(neighbor)) peer.strikes.delete(neighbor);
  }
  for (const neighbor of record.struck) {
    if (!peer.strikes.has(neighbor)) peer.strikes.set(neighbor, 1);
  }
  peer.made = record.made;
  peer.received = record.received;
  peer.duplicates = record.duplicates;
  peer.messageList = record.ml;
  peer.reports = record.reports;
  if (peer.neighbors.size > 0) peer.joinedMs ??= wallMs;
}

function replace<T>(set: Set<T>, items: readonly T[]): void {
  set.clear();
  for (const item of items) set.add(item);
}
