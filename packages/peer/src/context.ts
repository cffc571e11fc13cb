/** What the parts of one peer have in common; made once by {@link Peer} and never changed. */
import type { Address, NodeId } from '@hearsay/common/address';
import type { Alarms } from '@hearsay/common/alarms';
import type { BoundedLog } from '@hearsay/common/bounded-log';
import type { Limits } from '@hearsay/common/limits';
import type { Links } from '@hearsay/common/links';
import type { Random } from '@hearsay/common/random';
import type { Runtime } from '@hearsay/common/runtime';

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

/** The world, the bounds, the settings and the name of one peer. */
export interface PeerContext {
  readonly runtime: Runtime;
  readonly alarms: Alarms;
  readonly links: Links;
  readonly log: BoundedLog;
  readonly random: Random;
  readonly limits: Limits;
  readonly settings: PeerSettings;
  /** The address under which the others know this peer, and its id. */
  readonly self: Address;
  readonly selfId: NodeId;
}
