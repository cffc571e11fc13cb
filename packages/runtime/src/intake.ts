/**
 * What comes in over a node's links, shared out in turns of the event loop. The system hands over
 * what it has of one socket after the other, and a flood over forty links would keep every deadline
 * waiting until all of it was heard, again and again.
 *
 * So whoever says little is heard at once. A link that pours waits, and reads no more meanwhile:
 * after each poll those that wait are heard in slices, one link after the other, for as long as a
 * turn may last. What is left is heard after the next poll, in which deadlines, newcomers and those
 * who say little come first.
 */
import { LIMITS } from '@hearsay/common/limits';

/** A link, as the intake sees it. */
export interface Inflow {
  /** Hands bytes to the node. */
  hear(bytes: Uint8Array): void;
  /** What was held back has all been heard: the link may read on. */
  readOn(): void;
}

const { briefBytesMax, sliceBytesMax, turnMs } = LIMITS;

/** What the links of one node have read and the node has not heard yet: one chunk of each. */
export class Intake {
  /** In the order of their turns. */
  private readonly held = new Map<Inflow, Uint8Array>();
  /** Milliseconds in which the node heard, in this poll, those who say little. */
  private spentMs = 0;
  private isExpected = false;
  /** Whether this poll brought a connection. */
  private hasAccepted = false;
  /** Since when, in milliseconds, every poll has brought one. */
  private acceptingSinceMs: number | undefined;
  /** What waits for the end of the turn. */
  private afterwards: (() => void)[] = [];

  /** @param nowMs a clock that only goes forward. */
  constructor(private readonly nowMs: () => number) {}

  /**
   * Takes in what was read from a link of which nothing is held.
   * @returns whether it was heard; if not, the link must read no more until `readOn`.
   */
  take(inflow: Inflow, chunk: Uint8Array): boolean {
    this.expect();
    if (chunk.length > briefBytesMax || this.spentMs >= turnMs) {
      this.held.set(inflow, chunk);
      return false;
    }
    const startMs = this.nowMs();
    inflow.hear(chunk);
    this.spentMs += this.nowMs() - startMs;
    return true;
  }

  /**
   * A connection has come. A poll brings one at most, so a turn of the pouring after each of them
   * would keep all others waiting at the door: it is put off until nobody is left there, but not
   * for longer than a turn.
   */
  accepted(): void {
    this.hasAccepted = true;
    if (this.held.size > 0) this.expect();
  }

  /** Whether something is held of a link. */
  holds(inflow: Inflow): boolean {
    return this.held.has(inflow);
  }

  /** Calls back when what the next poll brings was heard, as far as a turn goes. */
  afterTurn(callback: () => void): void {
    // A turn that is expected by now may be one of the poll before; this comes after the next.
    setImmediate(() => {
      if (this.isExpected) this.afterwards.push(callback);
      else callback();
    });
  }

  /** Sees to it that a turn follows this poll. */
  private expect(): void {
    if (this.isExpected) return;
    this.isExpected = true;
    setImmediate(() => this.turn());
  }

  private turn(): void {
    this.isExpected = false;
    const startMs = this.nowMs();
    if (this.isAccepting(startMs)) return this.expect();
    this.spentMs = 0;
    const endMs = startMs + turnMs;
    // A link that is set again comes last, and this loop comes to it again.
    for (const [inflow, chunk] of this.held) {
      this.held.delete(inflow);
      inflow.hear(chunk.subarray(0, sliceBytesMax));
      if (chunk.length > sliceBytesMax) this.held.set(inflow, chunk.subarray(sliceBytesMax));
      else inflow.readOn();
      if (this.nowMs() >= endMs) break;
    }
    if (this.held.size > 0) this.expect();
    for (const callback of this.afterwards.splice(0)) callback();
  }

  private isAccepting(nowMs: number): boolean {
    if (!this.hasAccepted) {
      this.acceptingSinceMs = undefined;
      return false;
    }
    this.hasAccepted = false;
    this.acceptingSinceMs ??= nowMs;
    if (nowMs - this.acceptingSinceMs < turnMs) return true;
    this.acceptingSinceMs = undefined;
    return false;
  }
}
