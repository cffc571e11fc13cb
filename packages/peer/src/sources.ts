/**
 * How many new messages a peer takes from where: so many from each neighbor, and so many from all
 * strangers together, over however many links. Of a neighbor's own messages a few are counted by
 * themselves, so that one that is made to pass on a flood is still heard. What is counted goes by
 * the neighbor's name: to come again is no way round it.
 */
import type { NodeId } from '@hearsay/common/address';
import type { Limits } from '@hearsay/common/limits';
import { TokenBucket } from '@hearsay/common/token-bucket';

/** The sources of one peer's messages. */
export class Sources {
  private readonly strangers: TokenBucket;
  private readonly neighbors = new Map<NodeId, { own: TokenBucket; any: TokenBucket }>();

  constructor(private readonly limits: Limits) {
    const { strangerMessagesMax, strangerMessagesPerSecondMax } = limits;
    this.strangers = new TokenBucket(strangerMessagesMax, strangerMessagesPerSecondMax);
  }

  /**
   * Whether one more new message is taken.
   * @param neighbor who brings it, unless a stranger; @param origin who made it, as it says.
   */
  take(neighbor: NodeId | undefined, origin: NodeId, nowMs: number): boolean {
    if (neighbor === undefined) return this.strangers.take(nowMs);
    const { own, any } = this.bucketsOf(neighbor);
    return (origin === neighbor && own.take(nowMs)) || any.take(nowMs);
  }

  private bucketsOf(neighbor: NodeId): { own: TokenBucket; any: TokenBucket } {
    const known = this.neighbors.get(neighbor);
    if (known !== undefined) return known;
    const { neighborMessagesMax, neighborMessagesPerSecondMax, countedNeighborsMax } = this.limits;
    const { ownMessagesMax, ownMessagesPerSecondMax } = this.limits;
    if (this.neighbors.size >= countedNeighborsMax) {
      const [oldest] = this.neighbors.keys();
      this.neighbors.delete(oldest as NodeId);
    }
    const buckets = {
      own: new TokenBucket(ownMessagesMax, ownMessagesPerSecondMax),
      any: new TokenBucket(neighborMessagesMax, neighborMessagesPerSecondMax),
    };
    this.neighbors.set(neighbor, buckets);
    return buckets;
  }
}
