/**
 * How many new messages a peer takes from where: so many from each neighbor, and so many from all
 * strangers together, over however many links. What is counted of a neighbor goes by its name, so
 * that to come again is no way round it.
 */
import type { NodeId } from '@hearsay/common/address';
import type { Limits } from '@hearsay/common/limits';
import { TokenBucket } from '@hearsay/common/token-bucket';

/** The sources of one peer's messages. */
export class Sources {
  private readonly strangers: TokenBucket;
  private readonly neighbors = new Map<NodeId, TokenBucket>();

  constructor(private readonly limits: Limits) {
    const { strangerMessagesMax, strangerMessagesPerSecondMax } = limits;
    this.strangers = new TokenBucket(strangerMessagesMax, strangerMessagesPerSecondMax);
  }

  /** Whether one more new message is taken; @param neighbor who brings it, unless a stranger. */
  take(neighbor: NodeId | undefined, nowMs: number): boolean {
    return (neighbor === undefined ? this.strangers : this.bucketOf(neighbor)).take(nowMs);
  }

  private bucketOf(neighbor: NodeId): TokenBucket {
    const known = this.neighbors.get(neighbor);
    if (known !== undefined) return known;
    const { neighborMessagesMax, neighborMessagesPerSecondMax, countedNeighborsMax } = this.limits;
    if (this.neighbors.size >= countedNeighborsMax) {
      const [oldest] = this.neighbors.keys();
      this.neighbors.delete(oldest as NodeId);
    }
    const bucket = new TokenBucket(neighborMessagesMax, neighborMessagesPerSecondMax);
    this.neighbors.set(neighbor, bucket);
    return bucket;
  }
}
