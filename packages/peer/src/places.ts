/**
 * Who may be a neighbor as long as there is room. A stranger is one that dialed this peer and that
 * no seed has named: anybody can make up such names. So strangers get half of the places at the
 * most, and give theirs up to those that are known or that this peer picks itself. Who is a
 * stranger is asked anew each time: whoever came before the seeds had listed it is one no longer
 * once they have.
 */
import type { NodeId } from '@hearsay/common/address';
import type { PeerContext } from './context.js';
import type { Discovery } from './discovery.js';
import type { Neighbor } from './neighbor.js';

/** The places of one peer, at most `neighborsMax`. */
export class Places {
  /** @param requests those of this peer's own that are under way, by whom they ask. */
  constructor(
    private readonly context: PeerContext,
    private readonly discovery: Pick<Discovery, 'union' | 'knows'>,
    private readonly neighbors: ReadonlyMap<NodeId, Neighbor>,
    private readonly requests: ReadonlyMap<NodeId, unknown>,
  ) {}

  isStranger({ id, isDialedByUs }: Neighbor): boolean {
    return !isDialedByUs && !this.discovery.knows(id);
  }

  /** Those who have a place that they would have to give up, the oldest first. */
  strangers(): Neighbor[] {
    return [...this.neighbors.values()].filter((neighbor) => this.isStranger(neighbor));
  }

  /** How many are asked that are not neighbors yet: the others' links are only being restored. */
  newcomers(): number {
    return [...this.requests.keys()].filter((id) => !this.neighbors.has(id)).length;
  }

  /** Places for those whom this peer asks itself, those under way among them. */
  forOwn(): number {
    return this.context.settings.neighborsMax - this.neighbors.size + this.strangers().length;
  }

  /** Whether there is a place for one who asks and is no neighbor yet. */
  isFreeFor(id: NodeId): boolean {
    // Our own requests have their places set aside, or both kinds together would exceed the bound.
    const aside = this.newcomers() - (this.requests.has(id) ? 1 : 0);
    if (this.discovery.knows(id)) return this.forOwn() - aside > 0;
    const { neighborsMax } = this.context.settings;
    if (this.neighbors.size + aside >= neighborsMax) return false;
    // Whoever has no list knows nobody, and cannot tell.
    const isTold = this.discovery.union.length > 0;
    return !isTold || this.strangers().length < Math.ceil(neighborsMax / 2);
  }
}
