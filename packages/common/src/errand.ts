/**
 * One message over a connection of its own, and perhaps the answer: how classic programs speak to
 * one another, and how a seed asks a peer whether it lives. The errand ends exactly once.
 */
import type { Address } from './address.js';
import type { Alarm, Alarms } from './alarms.js';
import type { Link, LinkEnd, LinkOwner, Links } from './links.js';

/** How an errand ended; without an awaited answer `sent` is all that can be known. */
export type ErrandOutcome =
  | { readonly kind: 'sent' }
  | { readonly kind: 'answered' }
  | { readonly kind: 'failed'; readonly reason: LinkEnd | 'unanswered' };

/** Where an errand goes, what it says, and what it waits for. */
export interface ErrandOptions {
  readonly to: Address;
  readonly text: string;
  /** Whether the other side is known to speak in lines. */
  readonly lines: boolean;
  /** Milliseconds for the answer, once the connection is up. */
  readonly withinMs: number;
  /** Milliseconds for the connection; as many as for the answer, unless this is said. */
  readonly openWithinMs?: number;
  /** Whether a text that came back is the answer; without it none is awaited. */
  readonly isAnswer?: (text: string) => boolean;
}

/** Sends a message and calls `done` once, never before the errand has left. */
export class Errand implements LinkOwner {
  private readonly link: Link;
  private readonly timeout: Alarm;

  constructor(
    private readonly links: Links,
    alarms: Alarms,
    nowMs: number,
    private readonly options: ErrandOptions,
    private readonly done: (outcome: ErrandOutcome) => void,
  ) {
    this.link = links.dial(options.to, this);
    this.timeout = alarms.alarm(() => this.end({ kind: 'failed', reason: 'unanswered' }));
    this.timeout.set(nowMs + (options.openWithinMs ?? options.withinMs));
  }

  opened(link: Link): void {
    link.lines = this.options.lines;
    this.links.send(link, this.options.text);
    if (this.options.isAnswer === undefined) return this.end({ kind: 'sent' });
    // A process that stood still may ask only now, and the other side has its time from now on.
    this.timeout.set(link.heardAtMs + this.options.withinMs);
  }

  /** An answer in bare framing needs no stillness: after the time is up it would come too late. */
  isComplete(_link: Link, text: string): boolean {
    return this.options.isAnswer?.(text) === true;
  }

  message(_link: Link, text: string): void {
    if (this.options.isAnswer?.(text) === true) this.end({ kind: 'answered' });
  }

  closed(_link: Link, reason: LinkEnd): void {
    this.end({ kind: 'failed', reason });
  }

  /** Gives up without a word to whoever sent it. */
  cancel(): void {
    this.timeout.clear();
    this.links.close(this.link);
  }

  private end(outcome: ErrandOutcome): void {
    this.cancel();
    this.done(outcome);
  }
}
