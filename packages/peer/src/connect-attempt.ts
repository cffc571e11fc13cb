/**
 * Asking one peer to be a neighbor. Its kind is not known, so that the request goes bare with the
 * Hearsay tag; an acceptance in a line comes from a Hearsay peer, and the link stays. A bare one
 * comes from a classic peer, which expects its next message over another connection. A full
 * classic peer says nothing at all: after a while that is a refusal.
 */
import { type Address, formatAddress, type NodeId } from '@hearsay/common/address';
import type { Alarm } from '@hearsay/common/alarms';
import type { Link, LinkEnd, LinkOwner } from '@hearsay/common/links';
import { decode, encode } from '@hearsay/common/wire/codec';
import type { PeerContext } from './context.js';

/** What came of a request. */
export type ConnectOutcome =
  /** It accepted in a line; the link is for both to keep. */
  | { readonly kind: 'hearsay'; readonly link: Link }
  /** It accepted without one. */
  | { readonly kind: 'classic' }
  /** It lives but does not want to; `duplicate` means that there is a link already. */
  | { readonly kind: 'refused'; readonly reason: string }
  /** It could not be reached, or did not answer in time. */
  | { readonly kind: 'failed'; readonly reason: LinkEnd | 'unanswered' };

/** One request of this peer's own, from the dial to the outcome. */
export class ConnectAttempt implements LinkOwner {
  readonly id: NodeId;
  private readonly link: Link;
  private readonly answerDue: Alarm;

  /** @param done is told the outcome once, unless the attempt was called off. */
  constructor(
    private readonly context: PeerContext,
    readonly address: Address,
    private readonly done: (outcome: ConnectOutcome) => void,
  ) {
    this.id = formatAddress(address);
    this.link = context.links.dial(address, this);
    this.answerDue = context.alarms.alarm(() => {
      this.cancel();
      this.done({ kind: 'failed', reason: 'unanswered' });
    });
    this.answerDue.set(context.runtime.monotonicMs() + context.limits.connectAnswerMs);
  }

  opened(link: Link): void {
    const request = { kind: 'connect-request', from: this.context.self, hearsay: true } as const;
    this.context.links.send(link, encode(request));
  }

  message(link: Link, text: string): void {
    const message = decode(text);
    if (message.ok && message.value.kind === 'connect-accepted') {
      this.answerDue.clear();
      if (link.lines) return this.done({ kind: 'hearsay', link });
      this.context.links.close(link);
      return this.done({ kind: 'classic' });
    }
    if (message.ok && message.value.kind === 'connect-refused') {
      this.cancel();
      return this.done({ kind: 'refused', reason: message.value.reason });
    }
    this.context.log.drop('no answer to a request', Buffer.byteLength(text), text, this.id);
  }

  closed(_link: Link, reason: LinkEnd): void {
    this.answerDue.clear();
    this.done({ kind: 'failed', reason });
  }

  /** Calls the attempt off; `done` is not told. */
  cancel(): void {
    this.answerDue.clear();
    this.context.links.close(this.link);
  }
}
