/**
 * Whether the neighbors live (A10, A11). Each is asked once an interval; a request that is not
 * answered by the next one is a strike, an answer clears them all, and at `strikesMax` in a row the
 * neighbor is dead. So a neighbor that falls silent is found out within (strikesMax + 1) intervals
 * of its last answer, whether its process was killed or only stopped.
 */
import type { NodeId } from '@hearsay/common/address';
import type { Alarm } from '@hearsay/common/alarms';
import { decode, encode } from '@hearsay/common/wire/codec';
import { formatTimestamp } from '@hearsay/common/wire/message';
import type { PeerContext } from './context.js';
import type { Neighbor } from './neighbor.js';

/** What liveness needs of the neighbors, and what it tells. */
export interface LivenessEvents {
  send(neighbor: Neighbor, text: string): boolean;
  /** The neighbor's link is broken: try to restore it. */
  redial(neighbor: Neighbor): void;
  dead(neighbor: Neighbor): void;
}

interface Watch {
  readonly neighbor: Neighbor;
  strikes: number;
  isAwaited: boolean;
  readonly due: Alarm;
}

export class Liveness {
  private readonly watches = new Map<NodeId, Watch>();

  constructor(
    private readonly context: PeerContext,
    private readonly events: LivenessEvents,
  ) {}

  /** Begins to watch a neighbor, which has just shown that it lives. */
  watch(neighbor: Neighbor): void {
    const { alarms, runtime, settings } = this.context;
    const watch: Watch = {
      neighbor,
      strikes: 0,
      isAwaited: false,
      due: alarms.alarm((nowMs) => this.tick(watch, nowMs)),
    };
    watch.due.set(runtime.monotonicMs() + settings.livenessIntervalMs);
    this.watches.set(neighbor.id, watch);
  }

  unwatch(neighbor: Neighbor): void {
    this.watches.get(neighbor.id)?.due.clear();
    this.watches.delete(neighbor.id);
  }

  /** The neighbor has answered: every strike is cleared. */
  answered(neighbor: Neighbor): void {
    const watch = this.watches.get(neighbor.id);
    if (watch === undefined) return;
    watch.strikes = 0;
    watch.isAwaited = false;
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
      watch.strikes += 1;
      runtime.record({ event: 'strike', neighbor: neighbor.id, strikes: watch.strikes });
    }
    if (watch.strikes >= settings.strikesMax) return this.events.dead(neighbor);
    watch.due.set(nowMs + settings.livenessIntervalMs);
    watch.isAwaited = true;
    this.ask(neighbor);
  }

  private ask(neighbor: Neighbor): void {
    const { runtime, settings, self } = this.context;
    const timestamp = formatTimestamp(runtime.wallMs());
    const request = encode({ kind: 'liveness-request', timestamp, ...self });
    if (neighbor.courier !== undefined) {
      neighbor.courier.ask(request, settings.livenessIntervalMs, isReply, (isAnswered) => {
        if (isAnswered) this.answered(neighbor);
      });
    } else if (!this.events.send(neighbor, request)) {
      this.events.redial(neighbor);
    }
  }
}

function isReply(text: string): boolean {
  const message = decode(text);
  return message.ok && message.value.kind === 'liveness-reply';
}
