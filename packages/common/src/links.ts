/**
 * A node's links: bytes in, messages to whoever owns the link; messages out, framed as the other
 * side frames its own. Ownership moves: the reception takes an incoming link's first message, and
 * then, say, the neighbors own it.
 *
 * Invariants: an owner hears `closed` exactly once, unless it closed the link itself; strangers
 * never bring the links above `linksMax`, and make room for those that the node dials; a link that
 * says nothing is let go; what waits for a full link is bounded.
 */
import { type Address, formatAddress } from './address.js';
import type { Alarm, Alarms } from './alarms.js';
import type { BoundedLog } from './bounded-log.js';
import type { Limits } from './limits.js';
import type { DialFailure, LinkId, LinkInfo, Runtime } from './runtime.js';
import { SendQueue } from './send-queue.js';
import { type Standing, Standings } from './standings.js';
import { decode } from './wire/codec.js';
import { Frame, type FrameEvent } from './wire/frame.js';

/** Whoever deals with what comes over a link. */
export interface LinkOwner {
  /** The dial succeeded. */
  opened?(link: Link): void;
  message(link: Link, text: string): void;
  /** Whether a bare text is whole without waiting for stillness (a classic list, by its asker). */
  isComplete?(link: Link, text: string): boolean;
  /** The other side sends no more, but still reads. Without this the link is closed. */
  ended?(link: Link): void;
  /** The link is gone, or never came up. */
  closed(link: Link, reason: LinkEnd): void;
}

/** Why a link is gone. */
export type LinkEnd = DialFailure | 'closed' | 'evicted' | 'silent';

/** One link of the node; its owner may read all of it and change `owner` and `lines`. */
export class Link {
  remote: Address | undefined;
  /** Whether messages to the other side end with a line feed. */
  lines = false;
  /** Monotonic milliseconds at which the other side last sent anything, or the link came up. */
  heardAtMs: number;
  /** @internal */ readonly frame: Frame;
  /** @internal */ standing: Standing = 'kept';
  /** @internal */ readonly queue = new SendQueue();
  /** @internal */ isFull = false;
  /** @internal */ stillness: Alarm | undefined;

  /** @internal Made by {@link Links}. */
  constructor(
    readonly id: LinkId,
    readonly direction: 'in' | 'out',
    public owner: LinkOwner,
    bytesMax: number,
    nowMs: number,
  ) {
    this.frame = new Frame(bytesMax);
    this.heardAtMs = nowMs;
  }

  /** The other side's socket address as it stands in the log. */
  get from(): string {
    return this.remote === undefined ? '-' : formatAddress(this.remote);
  }
}

/** All links of one node. */
export class Links {
  private readonly all = new Map<LinkId, Link>();
  private readonly standings: Standings;
  private readonly silence: Alarm;
  private lastText = '';
  private lastIsLine = false;
  private lastBytes: Uint8Array = new Uint8Array();
  /** Bytes that wait for all links together. */
  private waitingBytes = 0;
  /** Messages that found a link's queue full and were let go. */
  lost = 0;

  /** @param reception owns every incoming link until it hands it on. */
  constructor(
    private readonly runtime: Runtime,
    private readonly alarms: Alarms,
    private readonly limits: Limits,
    private readonly linksMax: number,
    private readonly log: BoundedLog,
    private readonly reception: LinkOwner,
  ) {
    this.standings = new Standings(limits);
    this.silence = alarms.alarm((nowMs) => this.closeSilent(nowMs));
  }

  /** How many there are, those being dialed among them. */
  get count(): number {
    return this.all.size;
  }

  /** Starts a connection; its owner hears `opened` or `closed`. */
  dial(to: Address, owner: LinkOwner): Link {
    if (this.all.size >= this.linksMax) this.evict(this.standings.roomForOwn());
    const link = new Link(
      this.runtime.dial(to),
      'out',
      owner,
      this.limits.messageBytesMax,
      this.runtime.monotonicMs(),
    );
    link.remote = to;
    this.all.set(link.id, link);
    this.standings.put(link, 'kept');
    return link;
  }

  /** Whether a link is still there. */
  stands(link: Link): boolean {
    return this.all.has(link.id);
  }

  /** Marks a link as one that the node wants to keep, however silent it is. */
  keep(link: Link): void {
    if (this.stands(link)) this.standings.put(link, 'kept');
  }

  /** Sets the bound of one message on this link (a peer list is longer than any other). */
  allowBytes(link: Link, bytesMax: number): void {
    link.frame.bytesMax = bytesMax;
  }

  /** Sends a message. False if the link is gone or so far behind that the message is lost. */
  send(link: Link, text: string): boolean {
    return this.give(link, text, false);
  }

  /** Passes on a message of another, which waits behind the node's own and is lost before them. */
  relay(link: Link, text: string): boolean {
    return this.give(link, text, true);
  }

  private give(link: Link, text: string, isRelayed: boolean): boolean {
    if (!this.all.has(link.id)) return false;
    const bytes = this.encoded(text, link.lines);
    if (!link.isFull) {
      link.isFull = !this.runtime.send(link.id, bytes);
      return true;
    }
    if (!this.hasRoom(link, bytes.length, isRelayed)) {
      this.lost += 1;
      return false;
    }
    link.queue.push(bytes, isRelayed);
    this.waitingBytes += bytes.length;
    return true;
  }

  /** Whether bytes may wait for a full link. Strangers who do not read get nothing kept for them. */
  private hasRoom(link: Link, bytes: number, isRelayed: boolean): boolean {
    const { linkQueueBytesMax, linkQueueRelayedBytesMax } = this.limits;
    const { nodeQueueBytesMax, nodeQueueRelayedBytesMax } = this.limits;
    return (
      link.standing === 'kept' &&
      link.queue.bytes + bytes <= (isRelayed ? linkQueueRelayedBytesMax : linkQueueBytesMax) &&
      this.waitingBytes + bytes <= (isRelayed ? nodeQueueRelayedBytesMax : nodeQueueBytesMax)
    );
  }

  /** Closes a link after what was sent; its owner hears nothing more of it. */
  close(link: Link): void {
    if (!this.all.has(link.id)) return;
    this.sendWaiting(link, () => true);
    this.forget(link);
    this.runtime.close(link.id);
  }

  /** Closes all links after what was sent. */
  closeAll(): void {
    for (const link of [...this.all.values()]) this.close(link);
  }

  opened(id: LinkId, info: LinkInfo): void {
    const dialed = this.all.get(id);
    const nowMs = this.runtime.monotonicMs();
    if (dialed !== undefined) {
      dialed.heardAtMs = nowMs;
      this.standings.put(dialed, 'kept');
      dialed.owner.opened?.(dialed);
      return;
    }
    if (info.direction === 'out') return; // Closed by the node before it came up.
    if (this.all.size >= this.linksMax) this.evict(this.standings.roomForStranger(nowMs));
    const link = new Link(id, 'in', this.reception, this.limits.messageBytesMax, nowMs);
    link.remote = info.remote;
    this.all.set(id, link);
    this.standings.put(link, 'wordless');
    this.watchSilence(link);
  }

  bytes(id: LinkId, chunk: Uint8Array): void {
    const link = this.all.get(id);
    if (link === undefined) return;
    const nowMs = this.runtime.monotonicMs();
    link.heardAtMs = nowMs;
    const isFirstWord = link.standing === 'wordless';
    this.standings.put(link, isFirstWord ? 'visitor' : link.standing);
    if (isFirstWord) this.watchSilence(link);
    const events = link.frame.push(chunk, (text) => link.owner.isComplete?.(link, text) === true);
    if (link.frame.lines) link.lines = true;
    for (const event of events) this.deliver(link, event);
    this.awaitStillness(link, nowMs + this.limits.stillnessMs);
  }

  ended(id: LinkId): void {
    const link = this.all.get(id);
    if (link === undefined) return;
    this.deliver(link, link.frame.end());
    if (!this.all.has(id)) return;
    if (link.owner.ended === undefined) this.lose(link, 'closed');
    else link.owner.ended(link);
  }

  closed(id: LinkId): void {
    const link = this.all.get(id);
    if (link === undefined) return;
    this.deliver(link, link.frame.end());
    if (this.all.has(id)) this.drop(link, 'closed');
  }

  failed(id: LinkId, reason: DialFailure): void {
    const link = this.all.get(id);
    if (link !== undefined) this.drop(link, reason);
  }

  drained(id: LinkId): void {
    const link = this.all.get(id);
    if (link === undefined) return;
    link.isFull = false;
    this.sendWaiting(link, () => !link.isFull);
  }

  private sendWaiting(link: Link, hasRoom: () => boolean): void {
    while (hasRoom()) {
      const bytes = link.queue.shift();
      if (bytes === undefined) return;
      this.waitingBytes -= bytes.length;
      link.isFull = !this.runtime.send(link.id, bytes);
    }
  }

  /** The bytes of a message; the last one is remembered, since gossip goes to many links. */
  private encoded(text: string, isLine: boolean): Uint8Array {
    if (text !== this.lastText || isLine !== this.lastIsLine) {
      this.lastText = text;
      this.lastIsLine = isLine;
      this.lastBytes = Buffer.from(isLine ? `${text}\n` : text, 'utf8');
    }
    return this.lastBytes;
  }

  private deliver(link: Link, event: FrameEvent | undefined): void {
    if (event === undefined || !this.all.has(link.id)) return;
    if (event.kind === 'message') {
      link.owner.message(link, event.text);
      return;
    }
    const { code, bytes, beginning } = event;
    this.log.drop(code, bytes, beginning, link.from);
  }

  /** Bare bytes count as a message once the link was still, if they parse; garbage goes later. */
  private awaitStillness(link: Link, atMs: number): void {
    if (link.frame.lines || link.frame.pendingBytes === 0) {
      link.stillness?.clear();
      return;
    }
    link.stillness ??= this.alarms.alarm((nowMs) => this.still(link, nowMs));
    link.stillness.set(atMs);
  }

  private still(link: Link, nowMs: number): void {
    const text = link.frame.pendingText;
    const isMessage = text !== undefined && decode(text).ok;
    const giveUpMs = link.heardAtMs + this.limits.unfinishedMs;
    if (isMessage || nowMs >= giveUpMs) this.deliver(link, link.frame.take());
    else link.stillness?.set(giveUpMs);
  }

  /** Makes room. */
  private evict(link: Link | undefined): void {
    if (link === undefined) return;
    this.log.write({ event: 'evicted', bound: 'linksMax', from: link.from });
    this.lose(link, 'evicted');
  }

  /** Looks for silent links when this one has been silent for too long, or before. */
  private watchSilence(link: Link): void {
    const atMs = link.heardAtMs + this.standings.silenceMs(link.standing);
    if (this.silence.atMs === undefined || atMs < this.silence.atMs) this.silence.set(atMs);
  }

  private closeSilent(nowMs: number): void {
    for (;;) {
      const { link, nextMs } = this.standings.overdue(nowMs);
      if (link !== undefined) this.lose(link, 'silent');
      else if (Number.isFinite(nextMs)) return this.silence.set(nextMs);
      else return;
    }
  }

  /** Closes a link from this side, and its owner hears why. */
  private lose(link: Link, reason: LinkEnd): void {
    this.runtime.close(link.id);
    this.drop(link, reason);
  }

  private drop(link: Link, reason: LinkEnd): void {
    this.forget(link);
    link.owner.closed(link, reason);
  }

  private forget(link: Link): void {
    link.stillness?.clear();
    this.waitingBytes -= link.queue.bytes;
    this.all.delete(link.id);
    this.standings.delete(link);
  }
}
