/**
 * Which peers of the union to connect to. By rank: the chance of the j-th oldest is proportional
 * to j^-α, which grows a graph whose degrees follow a power law of exponent 1 + 1/α without anyone
 * knowing degrees (Fortunato, Flammini, Menczer, "Scale-free network growth by ranking", PRL 96,
 * 218701, 2006). This is the random subset of A5 with the degrees of A6.
 */
import type { NodeId } from '@hearsay/common/address';
import type { Random } from '@hearsay/common/random';

/** A way to choose neighbors. */
export interface Overlay {
  /**
   * Draws up to `count` different peers.
   * @param union all known peers, oldest first; @param isEligible those who may be drawn.
   */
  pick(
    union: readonly NodeId[],
    isEligible: (id: NodeId) => boolean,
    count: number,
    random: Random,
  ): NodeId[];
}

/** The overlay by rank. `alpha` 0 is uniform; above 1 the oldest get nearly all links. */
export class RankedOverlay implements Overlay {
  constructor(private readonly alpha: number) {}

  pick(
    union: readonly NodeId[],
    isEligible: (id: NodeId) => boolean,
    count: number,
    random: Random,
  ): NodeId[] {
    // Weighted sampling without replacement by exponential keys (Efraimidis and Spirakis, 2006):
    // each draws -ln(u)/weight, and the smallest win. Only those are kept, in order.
    if (count <= 0) return [];
    const smallest: { readonly id: NodeId; readonly key: number }[] = [];
    union.forEach((id, index) => {
      if (!isEligible(id)) return;
      const weight = (index + 1) ** -this.alpha;
      const key = -Math.log(1 - random.fraction()) / weight;
      if (smallest.length === count && key >= (smallest.at(-1)?.key as number)) return;
      const place = smallest.findIndex((other) => key < other.key);
      smallest.splice(place === -1 ? smallest.length : place, 0, { id, key });
      smallest.length = Math.min(smallest.length, count);
    });
    return smallest.map(({ id }) => id);
  }
}
