/**
 * One timer for a node's one deadline, and the rule that nobody is judged unheard: when `wake` is
 * called for a deadline, the event loop has looked at the sockets after that deadline, so bytes
 * that had arrived before it were handed over before it.
 *
 * A turn of Node's event loop runs the timers first, then polls the sockets, then runs what
 * `setImmediate` was given. So a timer that calls the node itself would do so before the poll: a
 * process that stood still for a while would find its neighbors late although their replies lie
 * in its sockets. Here the timer only notes the time, and the immediate after the poll wakes.
 */

/** The longest delay that `setTimeout` takes; it fires at once on anything longer. */
const timeoutMsMax = 2 ** 31 - 1;

/** Calls `wake` once for the latest deadline that was set, never before it. */
export class WakeTimer {
  private deadlineMs: number | undefined;
  /** The deadline for which a timeout or an immediate is under way. */
  private armedMs: number | undefined;
  private timeout: NodeJS.Timeout | undefined;
  private immediate: NodeJS.Immediate | undefined;
  /** Counts what was armed, so that a judgement that was called off does not take place. */
  private armed = 0;

  /**
   * @param nowMs the clock of the deadlines.
   * @param hearFirst hears what has come by the end of the next poll, and calls back afterwards.
   */
  constructor(
    private readonly nowMs: () => number,
    private readonly hearFirst: (andThen: () => void) => void,
    private readonly wake: () => void,
  ) {}

  /** Replaces the deadline; undefined: none. A deadline that has passed wakes in the next turn. */
  set(deadlineMs: number | undefined): void {
    this.deadlineMs = deadlineMs;
    if (deadlineMs === undefined) this.disarm();
    // A timeout for an earlier time is left as it is: it finds the later deadline and goes on.
    // Nodes move their deadline at every message, and this makes it cost nothing.
    else if (this.armedMs === undefined || deadlineMs < this.armedMs) this.arm(deadlineMs);
  }

  private disarm(): void {
    clearTimeout(this.timeout);
    clearImmediate(this.immediate);
    this.armed += 1;
    this.armedMs = undefined;
  }

  private arm(deadlineMs: number): void {
    this.disarm();
    this.armedMs = deadlineMs;
    const delayMs = Math.ceil(deadlineMs - this.nowMs());
    if (delayMs > 0) {
      this.timeout = setTimeout(this.judgeAfterPoll, Math.min(delayMs, timeoutMsMax));
    } else {
      // We may be in the middle of a poll, whose list of sockets is older than the deadline.
      this.immediate = setImmediate(this.judgeAfterPoll);
    }
  }

  private readonly judgeAfterPoll = (): void => {
    const polledSinceMs = this.nowMs();
    const { armed } = this;
    this.hearFirst(() => {
      if (armed === this.armed) this.judge(polledSinceMs);
    });
  };

  /** @param polledSinceMs everything that had arrived by then has been heard. */
  private judge(polledSinceMs: number): void {
    const deadlineMs = this.deadlineMs as number;
    // Timeouts fire up to a millisecond early, and the deadline may have moved meanwhile.
    if (polledSinceMs < deadlineMs) {
      this.arm(deadlineMs);
      return;
    }
    this.deadlineMs = undefined;
    this.armedMs = undefined;
    this.wake();
  }
}
