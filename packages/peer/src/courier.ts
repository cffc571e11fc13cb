/**
 * How messages get to a classic neighbor. It takes a short connection for each, since it reads once
 * and ignores the rest; a few at a time, and the rest waits its turn.
 */
import type { Address } from '@hearsay/common/address';
import { Errand, type ErrandOutcome } from '@hearsay/common/errand';
import type { PeerContext } from './context.js';

/** Carries messages to one classic neighbor, each over a connection of its own. */
export class Courier {
  /** What this peer says itself goes before what it only passes on. */
  private readonly own: string[] = [];
  private readonly relayed: string[] = [];
  private underWay = 0;
  /** Those that have not come to their end. */
  private readonly errands = new Set<Errand>();

  constructor(
    private readonly context: PeerContext,
    private readonly to: Address,
  ) {}

  /** Sends a message; false if so many wait already that it is lost. */
  send(text: string): boolean {
    return this.add(text, this.own, this.context.limits.errandsPerNeighborMax);
  }

  /** Passes on a message of another, which waits behind this peer's own and is lost before them. */
  relay(text: string): boolean {
    return this.add(text, this.relayed, this.context.limits.errandsRelayedPerNeighborMax);
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

  /** Sends nothing more: what waits is forgotten, and whatever is under way is called off. */
  stop(): void {
    this.own.length = 0;
    this.relayed.length = 0;
    for (const errand of this.errands) errand.cancel();
    this.errands.clear();
  }

  private add(text: string, line: string[], lineMax: number): boolean {
    const waiting = this.own.length + this.relayed.length;
    if (line.length >= lineMax || waiting >= this.context.limits.errandsPerNeighborMax)
      return false;
    line.push(text);
    this.startNext();
    return true;
  }

  private startNext(): void {
    if (this.underWay >= this.context.limits.errandsAtOnceMax) return;
    const text = this.own.shift() ?? this.relayed.shift();
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
    const errand = new Errand(
      links,
      alarms,
      runtime.monotonicMs(),
      { to: this.to, text, lines: false, ...options },
      (outcome) => {
        this.errands.delete(errand);
        done(outcome);
      },
    );
    this.errands.add(errand);
  }
}
