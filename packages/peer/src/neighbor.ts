/**
 * One neighbor, and how a message gets to it. A Hearsay neighbor has one link that stays open. A
 * classic one takes a short connection for each message, since it reads once and ignores the rest;
 * a few at a time, and the rest waits its turn.
 */
import type { Address, NodeId } from '@hearsay/common/address';
import { Errand, type ErrandOutcome } from '@hearsay/common/errand';
import type { Link } from '@hearsay/common/links';
import type { PeerContext } from './context.js';

export interface Neighbor {
  readonly id: NodeId;
  readonly address: Address;
  readonly kind: 'hearsay' | 'classic';
  /** Which end asked for the present link; the one that did replaces it when it is lost. */
  isDialedByUs: boolean;
  /** The open link of a Hearsay neighbor; undefined while it is broken. */
  link: Link | undefined;
  /** How messages go to a classic neighbor. */
  readonly courier: Courier | undefined;
}

/** Carries messages to one classic neighbor, each over a connection of its own. */
export class Courier {
  private readonly waiting: string[] = [];
  private underWay = 0;

  constructor(
    private readonly context: PeerContext,
    private readonly to: Address,
  ) {}

  /** Sends a message; false if so many wait already that it is lost. */
  send(text: string): boolean {
    if (this.waiting.length >= this.context.limits.errandsPerNeighborMax) return false;
    this.waiting.push(text);
    this.startNext();
    return true;
  }

  /** Sends a request beside those that wait, and says whether the answer came in time. */
  ask(
    text: string,
    withinMs: number,
    isAnswer: (text: string) => boolean,
    done: (isAnswered: boolean) => void,
  ): void {
    this.run(text, { withinMs, isAnswer }, (outcome) => done(outcome.kind === 'answered'));
  }

  private startNext(): void {
    if (this.underWay >= this.context.limits.errandsAtOnceMax) return;
    const text = this.waiting.shift();
    if (text === undefined) return;
    this.underWay += 1;
    this.run(text, { withinMs: this.context.limits.dialMs }, () => {
      this.underWay -= 1;
      this.startNext();
    });
  }

  private run(
    text: string,
    options: { readonly withinMs: number; readonly isAnswer?: (text: string) => boolean },
    done: (outcome: ErrandOutcome) => void,
  ): void {
    const { links, alarms, runtime } = this.context;
    const nowMs = runtime.monotonicMs();
    new Errand(links, alarms, nowMs, { to: this.to, text, lines: false, ...options }, done);
  }
}
