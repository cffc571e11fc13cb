/**
 * What became of peers that are gone: when they went, when the first neighbor reported them, and
 * when each seed that had listed them took them off its list. All times are the wall clock of one
 * machine, so they may be subtracted.
 */
import type { NodeId } from '@hearsay/common/address';

/** One peer that is gone. */
export interface Death {
  readonly peer: NodeId;
  /** How it went: `killed`, `ended`, `stopped`, or `silent` where only its log's end shows it. */
  readonly how: 'killed' | 'ended' | 'stopped' | 'silent';
  /** Milliseconds since the epoch. */
  readonly atMs: number;
  /** The seeds that had it on their lists. */
  readonly listedAt: ReadonlySet<NodeId>;
  /** When the first dead-node message about it was written. */
  reportedMs: number | undefined;
  /** When each seed removed it. */
  readonly removedMs: Map<NodeId, number>;
  /** When the peer wrote again: it had only stood still. */
  returnedMs: number | undefined;
}

/** Deaths that are kept; the oldest is forgotten first. */
const deathsMax = 1_000;

/** The peers that are gone, in the order in which they went. */
export class Deaths {
  /** Every death that is kept, oldest first, those of peers that came back included. */
  readonly all: Death[] = [];
  private readonly current = new Map<NodeId, Death>();

  /** The death of a peer that is gone now. */
  of(peer: NodeId): Death | undefined {
    return this.current.get(peer);
  }

  /** A peer is gone. Gives the death that was known, if it was known to be. */
  died(peer: NodeId, how: Death['how'], atMs: number, listedAt: Iterable<NodeId>): Death {
    const known = this.current.get(peer);
    if (known !== undefined) return known;
    const death: Death = {
      ...{ peer, how, atMs, listedAt: new Set(listedAt) },
      reportedMs: undefined,
      removedMs: new Map(),
      returnedMs: undefined,
    };
    this.current.set(peer, death);
    this.all.push(death);
    if (this.all.length > deathsMax) this.all.shift();
    return death;
  }

  /** Somebody has written a dead-node message about a peer. */
  reported(peer: NodeId, wallMs: number): void {
    const death = this.current.get(peer);
    if (death !== undefined) death.reportedMs ??= wallMs;
  }

  /** A seed has taken a peer off its list. */
  removed(peer: NodeId, seed: NodeId, wallMs: number): void {
    const death = this.current.get(peer);
    if (death !== undefined && !death.removedMs.has(seed)) death.removedMs.set(seed, wallMs);
  }

  /** A peer that was taken for gone has written again. */
  returned(peer: NodeId, wallMs: number): void {
    const death = this.current.get(peer);
    if (death === undefined) return;
    death.returnedMs = wallMs;
    this.current.delete(peer);
  }
}

/**
 * When the last of the seeds that had listed the peer removed it; undefined while one of them
 * still has it.
 *
 * @param seedLives whether a seed still runs: a dead one need not remove anybody.
 */
export function removedEverywhereMs(
  death: Death,
  seedLives: (seed: NodeId) => boolean,
): number | undefined {
  const missing = [...death.listedAt].some((seed) => seedLives(seed) && !death.removedMs.has(seed));
  return missing || death.removedMs.size === 0 ? undefined : Math.max(...death.removedMs.values());
}
