/**
 * The registration at one seed: one connection, held open (A3). The first message goes bare with
 * the Hearsay tag; whether the list comes back as a line tells what kind of seed it is. A Hearsay
 * seed is asked again for its list; a classic one would list us twice, and is asked only once. To a
 * classic seed two messages are never close enough to be read as one.
 *
 * A list is taken as the answer to a question, never unasked: a seed may be anybody's.
 */
import { type Address, formatAddress, type NodeId } from '@hearsay/common/address';
import type { Alarm } from '@hearsay/common/alarms';
import type { Link, LinkEnd, LinkOwner } from '@hearsay/common/links';
import { decode, encode } from '@hearsay/common/wire/codec';
import type { PeerContext } from './context.js';
import { looksLikeList, SeedList } from './seed-list.js';

/** How far it is; one that is `resting` was lost, and is tried again. */
export type RegistrationState = 'idle' | 'dialing' | 'asking' | 'registered' | 'resting';

/** What a registration tells. */
export interface RegistrationEvents {
  /** A list came, be it the same one again. */
  listed(): void;
  /** The seed did not answer or its link is gone; it is tried again in so many milliseconds. */
  lost(registration: Registration, reason: LinkEnd | 'unanswered', retryMs: number): void;
}

/** The registration of this peer at one seed. */
export class Registration implements LinkOwner {
  readonly seed: NodeId;
  state: RegistrationState = 'idle';
  kind: 'hearsay' | 'classic' | 'unknown' = 'unknown';
  private readonly seedList: SeedList;
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
    this.seedList = new SeedList(context, this.seed);
  }

  /** The peers that the seed has listed last; the same array as long as it says the same. */
  get list(): readonly NodeId[] {
    return this.seedList.ids;
  }

  /** Whether it stands or may be expected to: one that is only tried again keeps no place. */
  get isHopeful(): boolean {
    const isUnderWay = this.state === 'dialing' || this.state === 'asking';
    return this.state === 'registered' || (isUnderWay && !this.hasFailed);
  }

  /** Writes into the log now what waits for it. */
  flush(): void {
    this.seedList.flush();
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
    const { runtime, links, limits } = this.context;
    this.state = 'asking';
    links.allowBytes(link, limits.listBytesMax);
    links.send(link, this.registerText());
    this.spokeAtMs = runtime.monotonicMs();
    this.answerDue.set(this.spokeAtMs + limits.registerAnswerMs);
  }

  isComplete(_link: Link, text: string): boolean {
    const { selfId } = this.context;
    return text === selfId || text.endsWith(`,${selfId}`);
  }

  message(link: Link, text: string): void {
    const isAnswer = this.answerDue.atMs !== undefined;
    // A classic seed is asked once; what comes soon after that is the rest of its one list.
    const isRest = !isAnswer && this.kind === 'classic' && this.seedList.isExtensible;
    if (!isAnswer && !isRest && looksLikeList(text)) {
      return this.drop('a list that nobody asked for', text, link);
    }
    const isTaken =
      (isAnswer && this.seedList.take(text)) || (isRest && this.seedList.extend(text));
    if (!isTaken) return this.hearOther(link, text);
    this.answerDue.clear();
    const isFirst = this.state !== 'registered';
    if (isFirst) this.register(link);
    this.seedList.write(isFirst);
    this.events.listed();
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

  /** The first list of a connection has come: the seed has registered this peer. */
  private register(link: Link): void {
    const { runtime } = this.context;
    this.state = 'registered';
    this.hasFailed = false;
    this.kind = link.lines ? 'hearsay' : 'classic';
    this.registeredAtMs = runtime.monotonicMs();
    const { seed, kind } = this;
    const message = this.registerText();
    runtime.record({ event: 'registered', seed, kind, message, from: seed });
  }

  private registerText(): string {
    return encode({ kind: 'register', peer: this.context.self, hearsay: true });
  }

  private hearOther(link: Link, text: string): void {
    const message = decode(text);
    if (message.ok && message.value.kind === 'extensions') return;
    const reason = message.ok ? `${message.value.kind} from a seed` : message.error.reason;
    this.drop(reason, text, link);
  }

  private drop(reason: string, text: string, link: Link): void {
    this.context.log.drop(reason, Buffer.byteLength(text), text, link.from);
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
