/** What the parts of one peer have in common; made once by {@link Peer} and never changed. */
import type { NodeId } from '@hearsay/common/address';
import type { NodeContext } from '@hearsay/common/node-context';

/** What a user may set. */
export interface PeerSettings {
  /** Milliseconds between two messages of one's own (A7: 5 s). */
  readonly gossipIntervalMs: number;
  /** How many of them in all (A7: 10); 0 is without end. */
  readonly gossipCount: number;
  /** Milliseconds between two liveness requests to one neighbor (A10: 13 s). */
  readonly livenessIntervalMs: number;
  /** Misses in a row after which a neighbor is dead (A11: 3). */
  readonly strikesMax: number;
  /** Neighbors that a peer picks when it joins, and below which it looks for more. */
  readonly neighborsMin: number;
  /** Neighbors at most; further requests are refused. */
  readonly neighborsMax: number;
  /** Milliseconds between status records. */
  readonly statusIntervalMs: number;
}

/** A node's context, with the settings and the id of a peer. */
export interface PeerContext extends NodeContext {
  readonly settings: PeerSettings;
  readonly selfId: NodeId;
}
