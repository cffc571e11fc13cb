/**
 * Whom to ask next, and how soon. Three rules keep a peer from asking in vain for ever, and none of
 * them from finding whoever is back:
 * - whoever refused, failed or was lost rests for a while, and longer each time in a row, until it
 *   has proven itself as a neighbor;
 * - requests have a rate, so that a list of addresses at which nobody is costs little;
 * - a neighbor that was there and died is tried in turn, at rest or not: it may only be cut off.
 */
import type { NodeId } from '@hearsay/common/address';
import type { Alarm } from '@hearsay/common/alarms';
import { TokenBucket } from '@hearsay/common/token-bucket';
import type { PeerContext } from './context.js';
import { LostNeighbors } from './lost-neighbors.js';
import type { Neighbor } from './neighbor.js';
import type { Overlay } from './overlay.js';

interface Rest {
  readonly untilMs: number;
  /** How often in a row it gave a reason to rest longer. */
  readonly times: number;
}

/** The candidates of one peer: those of the union that are not at rest, and lost neighbors. */
export class Candidates {
  private readonly rests = new Map<NodeId, Rest>();
  private readonly lost: LostNeighbors;
  private readonly requests: TokenBucket;
  private readonly later: Alarm;

  /** @param again is called when there may be picks that were too many just before. */
  constructor(
    private readonly context: PeerContext,
    private readonly overlay: Overlay,
    again: () => void,
  ) {
    const { limits, alarms } = context;
    this.lost = new LostNeighbors(limits);
    this.requests = new TokenBucket(limits.connectRequestsMax, limits.connectRequestsPerSecondMax);
    this.later = alarms.alarm(again);
  }

  /** Picks up to `count` to be asked now; fewer where there are no more, or too many were asked. */
  pick(union: readonly NodeId[], isEligible: (id: NodeId) => boolean, count: number): NodeId[] {
    if (count <= 0) return [];
    const { runtime, random } = this.context;
    const nowMs = runtime.monotonicMs();
    const isReady = () => this.requests.readyAtMs(nowMs) <= nowMs;
    const mayBeAsked = (id: NodeId) => isEligible(id) && !this.isResting(id, nowMs);
    const drawn = isReady() ? this.overlay.pick(union, mayBeAsked, count, random) : [];
    const picks = drawn.filter(() => this.requests.take(nowMs));
    if (picks.length < count && !isReady()) this.later.set(this.requests.readyAtMs(nowMs));
    return picks;
  }

  /** The next lost neighbor in turn. */
  nextLost(isEligible: (id: NodeId) => boolean): NodeId | undefined {
    return this.lost.next(this.context.runtime.monotonicMs(), isEligible);
  }

  isLost(id: NodeId): boolean {
    return this.lost.has(id);
  }

  // What is learnt of them

  /** Leaves one alone for a moment; nothing is held against it. */
  rest(id: NodeId): void {
    this.layToRest(id, this.context.limits.candidateRestMs, this.timesOf(id));
  }

  /** It refused. That passes: a place may be free any time. */
  refused(id: NodeId, reason: string): void {
    this.context.log.write({ event: 'neighbor-refused', neighbor: id, reason, by: id });
    // A duplicate is no failure.
    if (reason === 'duplicate') return this.rest(id);
    const { refreshFewMs, candidateRestMs, candidateRestMsMax } = this.context.limits;
    // Whoever is full for those it does not know asks its seeds by then whether it should.
    const firstMs = reason === 'full' ? refreshFewMs : candidateRestMs;
    this.restLonger(id, candidateRestMsMax, firstMs);
  }

  /** It could not be reached, or did not answer. That passes as well: it may start again. */
  failed(id: NodeId, reason: string): void {
    // A lost one is tried for long, and nothing new is known of it.
    if (this.lost.has(id)) return this.rest(id);
    this.context.log.write({ event: 'connect-failed', neighbor: id, reason });
    // A lack of means is our own.
    if (reason === 'no-resources') this.rest(id);
    else this.restLonger(id, this.context.limits.candidateRestMsMax);
  }

  /** It has become a neighbor. */
  accepted(id: NodeId): void {
    this.lost.delete(id);
  }

  /** It has proven itself as a neighbor: its next rest is a short one again. */
  proven(id: NodeId): void {
    this.rests.delete(id);
  }

  /** It is no neighbor any more. One that never proved itself only kept a place from others. */
  left({ id, isProven }: Neighbor): void {
    if (isProven) this.rest(id);
    else this.restLonger(id, this.context.limits.unprovenRestMsMax);
  }

  /** It is dead. One that never answered was not there, nor was one that falls silent each time. */
  died({ id, isProven, hasAnswered }: Neighbor): void {
    const wasThere = isProven || (hasAnswered && this.timesOf(id) === 0);
    if (wasThere) this.lost.add(id, this.context.runtime.monotonicMs());
  }

  private isResting(id: NodeId, nowMs: number): boolean {
    return (this.rests.get(id)?.untilMs ?? 0) > nowMs;
  }

  private timesOf(id: NodeId): number {
    return this.rests.get(id)?.times ?? 0;
  }

  /** Leaves one alone for twice as long as the time before, but at most `longestMs`. */
  private restLonger(
    id: NodeId,
    longestMs: number,
    firstMs = this.context.limits.candidateRestMs,
  ): void {
    const times = this.timesOf(id);
    this.layToRest(id, Math.min(firstMs * 2 ** times, longestMs), times + 1);
  }

  private layToRest(id: NodeId, pauseMs: number, times: number): void {
    const { runtime, limits, random } = this.context;
    const beforeMs = this.rests.get(id)?.untilMs ?? 0;
    const untilMs = Math.max(beforeMs, runtime.monotonicMs() + random.jitter(pauseMs));
    this.rests.delete(id);
    if (this.rests.size >= limits.candidatesRestingMax) {
      const [longest] = this.rests.keys();
      this.rests.delete(longest as NodeId);
    }
    this.rests.set(id, { untilMs, times });
  }
}
