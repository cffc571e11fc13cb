/** Neighbors that were lost, to be tried again in turn, each for an hour: what heals a split. */
import type { NodeId } from '@hearsay/common/address';
import type { Limits } from '@hearsay/common/limits';

/** A bounded turn of lost neighbors. */
export class LostNeighbors {
  private readonly lostAtMs = new Map<NodeId, number>();

  constructor(private readonly limits: Limits) {}

  add(id: NodeId, nowMs: number): void {
    this.lostAtMs.delete(id);
    this.lostAtMs.set(id, nowMs);
    if (this.lostAtMs.size <= this.limits.lostNeighborsMax) return;
    const [first] = this.lostAtMs.keys();
    this.lostAtMs.delete(first as NodeId);
  }

  has(id: NodeId): boolean {
    return this.lostAtMs.has(id);
  }

  delete(id: NodeId): void {
    this.lostAtMs.delete(id);
  }

  /** The next in turn that is eligible; those lost too long ago are forgotten. */
  next(nowMs: number, isEligible: (id: NodeId) => boolean): NodeId | undefined {
    for (const [id, atMs] of [...this.lostAtMs]) {
      this.lostAtMs.delete(id);
      if (nowMs - atMs > this.limits.lostNeighborMs) continue;
      this.lostAtMs.set(id, atMs); // To the end of the turn.
      if (isEligible(id)) return id;
    }
    return undefined;
  }
}
