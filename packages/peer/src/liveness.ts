/**
 * Whether the neighbors live (A10, A11). Each is asked once an interval; a request that is not
 * answered by the next one is a strike, an answer clears them all, and at `strikesMax` in a row the
 * neighbor is dead. So a neighbor that falls silent is found out within (strikesMax + 1) intervals
 * of its last answer, whether its process was killed or only stopped. Nothing but an answer counts:
 * to accept a link is easy, so that over a new one the neighbor is asked at once.
 *
 * A silent link is not yet a silent neighbor: it may be broken, or of somebody who gave a false
 * name. So before the last strike the neighbor's own address is asked as well, and one that answers
 * there loses the link but is reported to nobody.
 */
import type { NodeId } from '@hearsay/common/address';
import type { Alarm } from '@hearsay/common/alarms';
import { Errand } from '@hearsay/common/errand';
import { decode, encode } from '@hearsay/common/wire/codec';
import { formatTimestamp } from '@hearsay/common/wire/message';
import type { PeerContext } from './context.js';
import type { Neighbor } from './neighbor.js';

/** What liveness needs of the neighbors, and what it tells. */
export interface LivenessEvents {
  /** The neighbor's link is broken: try to restore it. */
  redial(neighbor: Neighbor): void;
  answered(neighbor: Neighbor): void;
  dead(neighbor: Neighbor): void;
  /** It lives, as it has shown at its address, but its link does not. */
  unlinked(neighbor: Neighbor): void;
}

interface Watch {
  readonly neighbor: Neighbor;
  strikes: number;
  isAwaited: boolean;
  /** Whether it has answered this interval's request, but at its address. */
  livesElsewhere: boolean;
  /** The question at its address, while it is under way. */
  errand: Errand | undefined;
  readonly due: Alarm;
}

/** The watch over the neighbors. */
export class Liveness {
  private readonly watches = new Map<NodeId, Watch>();

  constructor(
    private readonly context: PeerContext,
    private readonly events: LivenessEvents,
  ) {}

  /** Begins to watch a neighbor; a classic one is first asked after an interval. */
  watch(neighbor: Neighbor): void {
    const { alarms, runtime, settings } = this.context;
    const watch: Watch = {
      neighbor,
      strikes: 0,
      isAwaited: false,
      livesElsewhere: false,
      errand: undefined,
      due: alarms.alarm((nowMs) => this.tick(watch, nowMs)),
    };
    watch.due.set(runtime.monotonicMs() + settings.livenessIntervalMs);
    this.watches.set(neighbor.id, watch);
    if (neighbor.kind === 'hearsay') this.request(watch);
  }

  /** A Hearsay neighbor has got its link back, over which it must answer. */
  relinked(neighbor: Neighbor): void {
    const { runtime, settings } = this.context;
    const watch = this.watches.get(neighbor.id);
    if (watch === undefined || neighbor.link === undefined) return;
    if (watch.isAwaited) return this.ask(watch);
    // It has answered this interval's request, and has a whole interval for this one as well.
    watch.due.set(runtime.monotonicMs() + settings.livenessIntervalMs);
    this.request(watch);
  }

  unwatch(neighbor: Neighbor): void {
    const watch = this.watches.get(neighbor.id);
    watch?.due.clear();
    watch?.errand?.cancel();
    this.watches.delete(neighbor.id);
  }

  /** The neighbor has answered: every strike is cleared. */
  answered(neighbor: Neighbor): void {
    const watch = this.watches.get(neighbor.id);
    if (watch === undefined) return;
    watch.strikes = 0;
    watch.isAwaited = false;
    watch.livesElsewhere = false;
    this.events.answered(neighbor);
  }

  /** Forgives what is awaited: this process itself stood still and could hear nobody. */
  forgive(): void {
    for (const watch of this.watches.values()) watch.isAwaited = false;
  }

  strikesOf(neighbor: Neighbor): number {
    return this.watches.get(neighbor.id)?.strikes ?? 0;
  }

  /** The neighbors with at least one strike. */
  struck(): NodeId[] {
    return [...this.watches].filter(([, { strikes }]) => strikes > 0).map(([id]) => id);
  }

  private tick(watch: Watch, nowMs: number): void {
    const { runtime, settings } = this.context;
    const { neighbor } = watch;
    if (watch.isAwaited) {
      if (watch.livesElsewhere) return this.events.unlinked(neighbor);
      watch.strikes += 1;
      runtime.record({ event: 'strike', neighbor: neighbor.id, strikes: watch.strikes });
    }
    if (watch.strikes >= settings.strikesMax) return this.events.dead(neighbor);
    watch.due.set(nowMs + settings.livenessIntervalMs);
    this.request(watch);
  }

  private request(watch: Watch): void {
    watch.isAwaited = true;
    watch.livesElsewhere = false;
    this.ask(watch);
  }

  private ask(watch: Watch): void {
    const { runtime, settings, self } = this.context;
    const { neighbor } = watch;
    const timestamp = formatTimestamp(runtime.wallMs());
    const request = encode({ kind: 'liveness-request', timestamp, ...self });
    if (neighbor.courier !== undefined) {
      neighbor.courier.ask(request, settings.livenessIntervalMs, isReply, (isAnswered) => {
        if (isAnswered) this.answered(neighbor);
      });
      return;
    }
    const isLinked = neighbor.link !== undefined;
    if (isLinked) neighbor.send(request);
    // A broken link is restored by the end that had dialed it; the other end only asks, lest both
    // make a new one.
    else if (neighbor.isDialedByUs) return this.events.redial(neighbor);
    const isLast = watch.strikes === settings.strikesMax - 1;
    if (isLast || !isLinked) this.askAtAddress(watch, request);
  }

  /** Asks over a connection of its own; what comes of it is weighed at the next tick. */
  private askAtAddress(watch: Watch, request: string): void {
    const { links, alarms, runtime, settings } = this.context;
    if (watch.errand !== undefined) return;
    watch.errand = new Errand(
      links,
      alarms,
      runtime.monotonicMs(),
      {
        to: watch.neighbor.address,
        text: request,
        lines: true,
        withinMs: settings.livenessIntervalMs,
        isAnswer: isReply,
      },
      (outcome) => {
        watch.errand = undefined;
        watch.livesElsewhere = outcome.kind === 'answered';
      },
    );
  }
}

function isReply(text: string): boolean {
  const message = decode(text);
  return message.ok && message.value.kind === 'liveness-reply';
}
