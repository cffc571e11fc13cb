/**
 * Who may be a neighbor as long as there is room. A stranger is one that dialed this peer and that
 * no seed has named: anybody can make up such names. So strangers get half of the places at the
 * most, and give theirs up to those that are known or that this peer picks itself. Whoever came
 * before the seeds had named it is a stranger no longer once one has, whatever they say afterwards:
 * a seed that starts again has a short list at first.
 */
import type { NodeId } from '@hearsay/common/address';
import type { PeerContext } from './context.js';
import type { Discovery } from './discovery.js';
import type { Neighbor } from './neighbor.js';

/** The places of one peer, at most `neighborsMax`, and who gets one. */
export class Places {
  /** @param requests those of this peer's own that are under way, by whom they ask. */
  constructor(
    private readonly context: PeerContext,
    private readonly discovery: Pick<Discovery, 'union' | 'knows' | 'canAsk'>,
    private readonly neighbors: ReadonlyMap<NodeId, Neighbor>,
    private readonly requests: ReadonlyMap<NodeId, unknown>,
  ) {}

  /** Looks at a neighbor that has just come, or that the union may name by now. */
  look(neighbor: Neighbor): void {
    if (neighbor.isDialedByUs || this.discovery.knows(neighbor.id)) neighbor.isStranger = false;
  }

  /** Those who have a place that they would have to give up, the oldest first. */
  strangers(): Neighbor[] {
    return [...this.neighbors.values()].filter(({ isStranger }) => isStranger);
  }

  /** How many are asked that are not neighbors yet: the others' links are only being restored. */
  newcomers(): number {
    return [...this.requests.keys()].filter((id) => !this.neighbors.has(id)).length;
  }

  /** Places for those whom this peer asks itself, those under way among them. */
  forOwn(): number {
    return this.context.settings.neighborsMax - this.neighbors.size + this.strangers().length;
  }

  /** Why one that asks is refused; undefined if it is let in. */
  refusalOf(id: NodeId, kind: Neighbor['kind']): string | undefined {
    const { selfId } = this.context;
    if (id === selfId) return 'self';
    const known = this.neighbors.get(id);
    if (known?.link !== undefined) return 'duplicate';
    // Nobody becomes a peer of the other kind within an interval, whatever is said in its name.
    if (known !== undefined && known.kind !== kind && known.lives) return 'duplicate';
    // Two dials have crossed: the one from the smaller address stays.
    if (this.requests.has(id) && selfId < id) return 'duplicate';
    return known !== undefined || this.isFreeFor(id) ? undefined : 'full';
  }

  /** Whether there is a place for one who asks and is no neighbor yet. */
  private isFreeFor(id: NodeId): boolean {
    // Our own requests have their places set aside, or both kinds together would exceed the bound.
    const aside = this.newcomers() - (this.requests.has(id) ? 1 : 0);
    if (this.discovery.knows(id)) return this.forOwn() - aside > 0;
    const { neighborsMax } = this.context.settings;
    if (this.neighbors.size + aside >= neighborsMax) return false;
    // Whoever has no list, or nobody to ask for a newer one, cannot tell.
    const canTell = this.discovery.union.length > 0 && this.discovery.canAsk;
    return !canTell || this.strangers().length < Math.ceil(neighborsMax / 2);
  }
}
