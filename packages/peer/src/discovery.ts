/** A way of finding other peers. Seeds are one ({@link Bootstrap}); the peer knows no more of it. */
import type { NodeId } from '@hearsay/common/address';
import type { PeerContext } from './context.js';

/** Where a peer learns of others, and whom it tells that one is gone. */
export interface Discovery {
  /** Begins to look for others, when the peer listens. */
  start(): void;
  /** All peers known by now, oldest first, without this one. */
  readonly union: readonly NodeId[];
  /** Whether a peer is in the union. */
  knows(id: NodeId): boolean;
  /** Whether there is somebody who can be asked for news of later peers. */
  readonly canAsk: boolean;
  /** The seeds with which this peer is registered. */
  readonly registered: readonly NodeId[];
  /** A line about each seed for the person at the terminal. */
  describe(): string[];
  /** Asks for news sooner while there are too few neighbors. */
  wantMore(isWanted: boolean): void;
  /** Asks for news once, soon: somebody has come whom no list has named yet. */
  refreshSoon(): void;
  /** Says that a neighbor is dead. */
  report(dead: NodeId): void;
  /** Says that this peer goes, and looks for nobody any more. */
  leave(): void;
  /** This process ends: writes into the log what waits for it. */
  stop(): void;
  /** This process stood still; nobody is taken for gone because of that. */
  forgive(nowMs: number): void;
}

/** Makes a peer's discovery, once the peer has its parts. */
export type DiscoveryMaker = (context: PeerContext, events: DiscoveryEvents) => Discovery;

/** What discovery tells the peer. */
export interface DiscoveryEvents {
  /** The union has changed or is complete for the first time, or it is time to try it again. */
  unionChanged(): void;
}
