/**
 * Who got which message, counted from the log lines alone.
 *
 * A pair is one message and one peer that takes part in the network; it is delivered if that peer
 * wrote a first receipt. The lines of different peers come in any order, so a message is judged
 * only when it is old enough for all of them to be there, and forgotten then: what is kept does
 * not grow with the run.
 */
import type { NodeId } from '@hearsay/common/address';

/** Messages under way at once that are kept; a network at quick timing has a few hundred. */
const messagesMax = 20_000;

interface Message {
  origin: NodeId | undefined;
  madeMs: number;
  readonly receivers: Set<NodeId>;
}

/** The counts so far. */
export interface DeliveryCounts {
  /** Messages judged. */
  readonly messages: number;
  /** Pairs of a judged message and a peer that should have it. */
  readonly pairs: number;
  readonly delivered: number;
  /** First receipts that a peer wrote a second time: there must be none. */
  readonly loggedTwice: number;
}

/** Which peers took part when a message was made, its origin included. */
export type TakingPart = (madeMs: number) => Iterable<NodeId>;

/** Sets first receipts against messages made. */
export class Deliveries {
  private readonly messages = new Map<string, Message>();
  private counted = { messages: 0, pairs: 0, delivered: 0, loggedTwice: 0 };

  get counts(): DeliveryCounts {
    return this.counted;
  }

  /** A peer has written that it made a message. */
  made(hash: string, origin: NodeId, wallMs: number): void {
    const message = this.message(hash, wallMs);
    message.origin = origin;
    message.madeMs = wallMs;
  }

  /** A peer has written a first receipt. */
  received(hash: string, peer: NodeId, wallMs: number): void {
    const { receivers } = this.message(hash, wallMs);
    if (receivers.has(peer)) this.counted.loggedTwice += 1;
    receivers.add(peer);
  }

  /** Judges the messages made up to a time; those made before `sinceMs` do not count. */
  judge(sinceMs: number, untilMs: number, takingPart: TakingPart): void {
    for (const [hash, message] of this.messages) {
      // They are in the order of their first line, which is nearly that of their making.
      if (message.madeMs > untilMs) break;
      this.messages.delete(hash);
      if (message.origin === undefined || message.madeMs < sinceMs) continue;
      this.counted.messages += 1;
      for (const peer of takingPart(message.madeMs)) {
        if (peer === message.origin) continue;
        this.counted.pairs += 1;
        if (message.receivers.has(peer)) this.counted.delivered += 1;
      }
    }
  }

  private message(hash: string, wallMs: number): Message {
    let message = this.messages.get(hash);
    if (message === undefined) {
      message = { origin: undefined, madeMs: wallMs, receivers: new Set() };
      this.messages.set(hash, message);
      if (this.messages.size > messagesMax) {
        this.messages.delete(this.messages.keys().next().value as string);
      }
    }
    return message;
  }
}
