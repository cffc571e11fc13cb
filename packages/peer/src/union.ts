/** The union of the seeds' lists (A4): by the smallest position in any of them, then by address. */
import type { NodeId } from '@hearsay/common/address';

/** The peers that some lists name. It is made anew only where a list has changed. */
export class Union {
  ids: readonly NodeId[] = [];
  private members: ReadonlySet<NodeId> = new Set();
  private lists: readonly (readonly NodeId[])[] = [];

  /** @param idsMax the last ones beyond that are left out. */
  constructor(private readonly idsMax: number) {}

  /** Whether it holds a peer, in constant time. */
  has(id: NodeId): boolean {
    return this.members.has(id);
  }

  /**
   * Unites these lists. Returns whether the union is another one now. A list that says the same as
   * before is the same array, so that a network in which nothing happens costs nothing.
   */
  unite(lists: readonly (readonly NodeId[])[]): boolean {
    if (isSame(lists, this.lists)) return false;
    this.lists = lists;
    const positions = new Map<NodeId, number>();
    for (const list of lists) {
      list.forEach((id, position) => {
        positions.set(id, Math.min(position, positions.get(id) ?? position));
      });
    }
    const ids = [...positions]
      .sort(([idA, a], [idB, b]) => a - b || (idA < idB ? -1 : 1))
      .slice(0, this.idsMax)
      .map(([id]) => id);
    if (isSame(ids, this.ids)) return false;
    this.ids = ids;
    this.members = new Set(ids);
    return true;
  }
}

function isSame<T>(some: readonly T[], others: readonly T[]): boolean {
  return some.length === others.length && some.every((item, index) => item === others[index]);
}
