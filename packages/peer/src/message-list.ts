/**
 * The Message List, ML (A8, A9). Three parts: the digests of all messages of the last minutes,
 * which is what keeps a message from being taken twice; the texts of the most recent ones with the
 * links they came from and went to; and the log, whose first-receipt line carries the hash.
 *
 * The invariant that makes forgetting safe: a digest is kept for the window plus the clock skew
 * that is granted, and a message older than the window is not taken. So whatever was forgotten is
 * too old by then to be taken again. Where so many come that a digest has to go before its time,
 * everything with a stamp up to its own is too old from then on.
 */
import { hash } from 'node:crypto';
import type { NodeId } from '@hearsay/common/address';
import type { Limits } from '@hearsay/common/limits';
import { DigestSet } from './digest-set.js';

/** A message that is remembered with its text. */
export interface MessageEntry {
  /** SHA-256 of the message's bytes, hexadecimal: the ML entry of A8. */
  readonly hash: string;
  readonly text: string;
  /** Where the first copy came from; `self` for a message of one's own. */
  readonly from: string;
  /** Neighbors from whom a copy came, and to whom one went: a link is used once each way (A9). */
  readonly cameFrom: Set<NodeId>;
  readonly sentTo: Set<NodeId>;
}

/** What the list says of a message. */
export type Verdict =
  | 'new'
  | 'known'
  | 'too old'
  | 'from the future'
  | 'in our name'
  | 'too many new ones';

/** A verdict, with the entry where the text is still remembered. */
export interface Judged {
  readonly verdict: Verdict;
  readonly entry?: MessageEntry;
}

/** Where a copy came from: a label for the log, and the neighbor if it was one. */
export interface Sender {
  readonly label: string;
  readonly neighbor?: NodeId;
  /** Whether it is a neighbor that no seed has named. */
  readonly isStranger?: boolean;
}

/** The present by both clocks, in milliseconds. */
interface Present {
  readonly monotonicMs: number;
  readonly wallMs: number;
}

/** What a peer knows of the messages it has seen. */
export class MessageList {
  private readonly digests: DigestSet;
  private readonly recent = new Map<string, MessageEntry>();
  /** The newest stamp whose digest had to be given up early, because there were too many. */
  private floorMs = Number.NEGATIVE_INFINITY;

  constructor(private readonly limits: Limits) {
    this.digests = new DigestSet(limits.digestsMax);
  }

  /** How many digests are held. */
  get size(): number {
    return this.digests.size;
  }

  /**
   * Takes a message in unless it is known or out of the window.
   * @param stampMs the message's own timestamp; @param from who is noted as the sender; @param
   * hasRoom asked of a message that would be new; if not, it is refused and not remembered.
   */
  take(
    text: string,
    stampMs: number,
    from: Sender,
    present: Present,
    hasRoom: () => boolean,
  ): Judged {
    const digest = digestOf(text);
    this.forgetOld(present);
    if (this.has(digest)) return this.again(digest, from);
    const age = this.ageVerdict(stampMs, present.wallMs);
    if (age !== 'new') return { verdict: age };
    if (!hasRoom()) return { verdict: 'too many new ones' };
    return { verdict: 'new', entry: this.add(digest, text, stampMs, from, present) };
  }

  /** Takes in a message that was just made here: it is new, whatever the clocks and floods do. */
  takeOwn(text: string, from: Sender, present: Present): MessageEntry {
    this.forgetOld(present);
    return this.add(digestOf(text), text, present.wallMs, from, present);
  }

  /** Judges a message that bears this peer's own name: only what it made itself is known. */
  find(text: string, from: Sender): Judged {
    const digest = digestOf(text);
    return this.has(digest) ? this.again(digest, from) : { verdict: 'in our name' };
  }

  /** The most recent entries, newest last. */
  newest(count: number): MessageEntry[] {
    return [...this.recent.values()].slice(-count);
  }

  private add(
    digest: string,
    text: string,
    stampMs: number,
    from: Sender,
    { monotonicMs, wallMs }: Present,
  ): MessageEntry {
    const evicted = this.digests.add(...halvesOf(digest), monotonicMs, stampMs);
    if (evicted !== undefined) {
      // A stamp that was in the future counts as the time of its arrival: were all stamps up to it
      // refused, a flood of such messages would silence all others for minutes.
      const arrivedMs = wallMs - (monotonicMs - evicted.addedAtMs);
      this.floorMs = Math.max(this.floorMs, Math.min(evicted.stampMs, arrivedMs));
    }
    return this.remember(digest, text, from);
  }

  private has(digest: string): boolean {
    return this.digests.has(...halvesOf(digest));
  }

  private again(digest: string, from: Sender): Judged {
    const entry = this.recent.get(digest);
    if (entry === undefined) return { verdict: 'known' };
    if (from.neighbor !== undefined) entry.cameFrom.add(from.neighbor);
    return { verdict: 'known', entry };
  }

  private forgetOld({ monotonicMs }: Present): void {
    const { messageWindowMs, clockSkewMs } = this.limits;
    const forgottenMs = this.digests.forgetBefore(monotonicMs - messageWindowMs - clockSkewMs);
    // Far below the window, unless the wall clock was set back meanwhile.
    this.floorMs = Math.max(this.floorMs, forgottenMs ?? this.floorMs);
  }

  private ageVerdict(stampMs: number, wallMs: number): 'new' | 'too old' | 'from the future' {
    if (stampMs > wallMs + this.limits.clockSkewMs) return 'from the future';
    const isOut = stampMs < wallMs - this.limits.messageWindowMs || stampMs <= this.floorMs;
    return isOut ? 'too old' : 'new';
  }

  private remember(digest: string, text: string, from: Sender): MessageEntry {
    const cameFrom = new Set(from.neighbor === undefined ? [] : [from.neighbor]);
    const entry = { hash: digest, text, from: from.label, cameFrom, sentTo: new Set<NodeId>() };
    this.recent.set(digest, entry);
    if (this.recent.size > this.limits.recentMessagesMax) {
      const [oldest] = this.recent.keys();
      this.recent.delete(oldest as string);
    }
    return entry;
  }
}

function digestOf(text: string): string {
  return hash('sha256', text, 'hex');
}

/** The first 64 bits, as two integers: enough that nobody finds a second message for them. */
function halvesOf(digest: string): [high: number, low: number] {
  return [Number.parseInt(digest.slice(0, 8), 16), Number.parseInt(digest.slice(8, 16), 16)];
}
