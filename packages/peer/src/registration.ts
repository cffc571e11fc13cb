/**
 * The registration at one seed: one connection, held open (A3). The first message goes bare with
 * the Hearsay tag; whether the list comes back as a line tells what kind of seed it is. A Hearsay
 * seed is asked again for its list; a classic one would list us twice, and is asked only once. To a
 * classic seed two messages are never close enough to be read as one.
 */
import { type Address, formatAddress, type NodeId } from '@hearsay/common/address';
import type { Alarm } from '@hearsay/common/alarms';
import type { Link, LinkEnd, LinkOwner } from '@hearsay/common/links';
import { decode, decodePeerList, encode } from '@hearsay/common/wire/codec';
import type { PeerContext } from './context.js';

export type RegistrationState = 'idle' | 'dialing' | 'asking' | 'registered' | 'resting';

export interface RegistrationEvents {
  /** A list came; `isFirst` on the first of a connection. */
  listed(registration: Registration, isFirst: boolean): void;
  lost(registration: Registration, reason: LinkEnd | 'unanswered', retryMs: number): void;
}

/** The registration of this peer at one seed. */
export class Registration implements LinkOwner {
  readonly seed: NodeId;
  state: RegistrationState = 'idle';
  kind: 'hearsay' | 'classic' | 'unknown' = 'unknown';
  /** The last list just as it came, and then in the seed's order without doubles and this peer. */
  received: readonly NodeId[] = [];
  list: readonly NodeId[] = [];
  private link: Link | undefined;
  private pauseMs: number;
  /** Whether it was lost, and has sent no list since. */
  private hasFailed = false;
  private registeredAtMs = 0;
  private waiting: string[] = [];
  private spokeAtMs = 0;
  private readonly answerDue: Alarm;
  private readonly retry: Alarm;
  private readonly sendNext: Alarm;

  constructor(
    private readonly context: PeerContext,
    readonly address: Address,
    private readonly events: RegistrationEvents,
  ) {
    this.seed = formatAddress(address);
    this.pauseMs = context.limits.seedPauseMs;
    this.answerDue = context.alarms.alarm(() => this.lose('unanswered'));
    this.retry = context.alarms.alarm(() => this.dial());
    this.sendNext = context.alarms.alarm(() => this.sendWaiting());
  }

  /** Whether it stands or may be expected to: one that is only tried again keeps no place. */
  get isHopeful(): boolean {
    const isUnderWay = this.state === 'dialing' || this.state === 'asking';
    return this.state === 'registered' || (isUnderWay && !this.hasFailed);
  }

  /** Registers, now and whenever the registration was lost. */
  begin(): void {
    if (this.state === 'idle') this.dial();
  }

  /** Asks for the list again, if the seed can be asked. */
  refresh(): void {
    const { runtime, links, limits } = this.context;
    if (this.state !== 'registered' || this.kind !== 'hearsay') return;
    if (this.answerDue.atMs !== undefined) return;
    this.answerDue.set(runtime.monotonicMs() + limits.registerAnswerMs);
    if (this.link !== undefined) links.send(this.link, this.context.selfId);
  }

  /** Sends a report to the seed; to a classic one at a distance from the last message. */
  send(text: string): void {
    if (this.waiting.length >= this.context.limits.reportsPendingMax) return;
    this.waiting.push(text);
    if (this.sendNext.atMs === undefined) this.sendWaiting();
  }

  /** Forgives an answer that is due: this process itself stood still. */
  forgive(nowMs: number): void {
    if (this.answerDue.atMs === undefined) return;
    this.answerDue.set(nowMs + this.context.limits.registerAnswerMs);
  }

  opened(link: Link): void {
    const { runtime, links, limits, self } = this.context;
    this.state = 'asking';
    links.allowBytes(link, limits.listBytesMax);
    links.send(link, encode({ kind: 'register', peer: self, hearsay: true }));
    this.spokeAtMs = runtime.monotonicMs();
    this.answerDue.set(this.spokeAtMs + limits.registerAnswerMs);
  }

  isComplete(_link: Link, text: string): boolean {
    const { selfId } = this.context;
    return text === selfId || text.endsWith(`,${selfId}`);
  }

  message(link: Link, text: string): void {
    const isFirst = this.state !== 'registered';
    const peers = this.peersIn(text, isFirst);
    if (peers === undefined) return this.hearOther(link, text);
    this.answerDue.clear();
    this.state = 'registered';
    this.hasFailed = false;
    if (isFirst) {
      this.kind = link.lines ? 'hearsay' : 'classic';
      this.registeredAtMs = this.context.runtime.monotonicMs();
    }
    // A classic seed is asked once; what comes later is the rest of its one list.
    const isRest = !isFirst && this.kind === 'classic';
    this.received = [...(isRest ? this.received : []), ...peers.map(formatAddress)];
    const ids = new Set(this.received);
    ids.delete(this.context.selfId);
    this.list = [...ids];
    this.events.listed(this, isFirst);
    this.sendWaiting();
  }

  /** Some classic seeds send no more after their list, but still read: reports go on to them. */
  ended(link: Link): void {
    if (this.state === 'registered' && this.kind === 'classic') return;
    this.context.links.close(link);
    this.closed(link, 'closed');
  }

  closed(_link: Link, reason: LinkEnd): void {
    this.link = undefined;
    this.lose(reason);
  }

  /** The addresses in a list; undefined if it is none. The rest of a bare list may begin anywhere. */
  private peersIn(text: string, isFirst: boolean): readonly Address[] | undefined {
    const list = decodePeerList(text);
    if (list.ok) return list.value.peers;
    const comma = text.indexOf(',');
    if (isFirst || this.kind !== 'classic' || comma < 0) return undefined;
    const rest = decodePeerList(text.slice(comma + 1));
    return rest.ok ? rest.value.peers : undefined;
  }

  private hearOther(link: Link, text: string): void {
    const message = decode(text);
    if (message.ok && message.value.kind === 'extensions') return;
    const reason = message.ok ? `${message.value.kind} from a seed` : message.error.reason;
    this.context.drops.drop(reason, Buffer.byteLength(text), text, link.from);
  }

  private dial(): void {
    this.state = 'dialing';
    this.link = this.context.links.dial(this.address, this);
  }

  private lose(reason: LinkEnd | 'unanswered'): void {
    const { runtime, random, limits, links } = this.context;
    const nowMs = runtime.monotonicMs();
    if (this.link !== undefined) links.close(this.link);
    this.link = undefined;
    this.answerDue.clear();
    this.sendNext.clear();
    // What waits goes out when the seed is back. A registration that held for long is worth a
    // quick retry; one that never does is not.
    const hasHeld =
      this.state === 'registered' && nowMs - this.registeredAtMs > limits.seedPauseMsMax;
    if (hasHeld) this.pauseMs = limits.seedPauseMs;
    const retryMs = Math.round(random.jitter(this.pauseMs));
    this.pauseMs = Math.min(2 * this.pauseMs, limits.seedPauseMsMax);
    this.state = 'resting';
    this.hasFailed = true;
    this.retry.set(nowMs + retryMs);
    this.events.lost(this, reason, retryMs);
  }

  private sendWaiting(): void {
    const { runtime, links, limits } = this.context;
    const nowMs = runtime.monotonicMs();
    const isClassic = this.kind !== 'hearsay';
    while (this.link !== undefined && this.waiting.length > 0) {
      const freeAtMs = this.spokeAtMs + limits.classicSpacingMs;
      if (isClassic && freeAtMs > nowMs) return this.sendNext.set(freeAtMs);
      this.spokeAtMs = nowMs;
      links.send(this.link, this.waiting.shift() as string);
    }
    this.sendNext.clear();
  }
}
