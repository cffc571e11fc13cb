/**
 * Gossip (A7 to A9). A peer makes a message every interval, the first once it has neighbors, and
 * sends it to all of them. A message that it hears for the first time it logs, keeps in the message
 * list, and forwards to every neighbor except those that have it: the one it came from, and the one
 * that made it. Later copies are only counted. Only so many new messages a second are taken from
 * each neighbor, and from all strangers; one that is refused is still new when another brings it.
 */
import { formatEndpoint } from '@hearsay/common/address';
import type { Alarm } from '@hearsay/common/alarms';
import { encode } from '@hearsay/common/wire/codec';
import { formatTimestamp, type GossipMessage, timestampMs } from '@hearsay/common/wire/message';
import type { PeerContext } from './context.js';
import { type MessageEntry, MessageList, type Sender, type Verdict } from './message-list.js';
import type { Neighbor } from './neighbor.js';
import { Sources } from './sources.js';

/** Those to whom gossip goes. */
export interface Audience {
  readonly size: number;
  list(): Iterable<Neighbor>;
}

/** A peer's own messages, and those of others that it passes on. */
export class Gossip {
  readonly messages: MessageList;
  made = 0;
  received = 0;
  duplicates = 0;
  refused = 0;
  /** Copies sent, of messages of one's own and of others. */
  sent = 0;
  private madeByClock = 0;
  private nextMs = 0;
  private readonly sources: Sources;
  private readonly clock: Alarm;

  /** @param number of the last message made before, after a restart with state. */
  constructor(
    private readonly context: PeerContext,
    private readonly audience: Audience,
    private number: number,
  ) {
    this.messages = new MessageList(context.limits);
    this.sources = new Sources(context.limits);
    this.clock = context.alarms.alarm((nowMs) => this.tick(nowMs));
  }

  /** Starts the clock, once, with the first neighbor. */
  begin(): void {
    const { runtime, limits } = this.context;
    if (this.clock.atMs !== undefined || this.isDone()) return;
    this.nextMs = runtime.monotonicMs() + limits.gossipSettleMs;
    this.clock.set(this.nextMs);
  }

  /** Makes a message, with a person's text or without. Returns why not, if it cannot. */
  make(text?: string): string | undefined {
    const { runtime, limits, self } = this.context;
    const wallMs = runtime.wallMs();
    const message = encode({
      kind: 'gossip',
      timestamp: formatTimestamp(wallMs),
      ...self,
      number: this.number + 1,
      titled: true,
      ...(text === undefined ? {} : { text }),
    });
    const overBytes = Buffer.byteLength(message) - limits.messageBytesMax;
    if (overBytes > 0) return `too long by ${overBytes} bytes; nothing was sent`;
    const present = { monotonicMs: runtime.monotonicMs(), wallMs };
    const entry = this.messages.takeOwn(message, { label: 'self' }, present);
    this.number += 1;
    this.made += 1;
    for (const neighbor of this.audience.list()) {
      this.count(entry, neighbor, neighbor.send(message));
    }
    const { hash, sentTo } = entry;
    runtime.record({ event: 'gossip-made', message, hash, neighbors: sentTo.size });
    return undefined;
  }

  /** Hears a message of another. */
  hear(text: string, message: GossipMessage, sender: Sender): void {
    const { runtime, log, self } = this.context;
    const present = { monotonicMs: runtime.monotonicMs(), wallMs: runtime.wallMs() };
    const isOwnName = message.ip === self.ip && message.port === self.port;
    const stampMs = timestampMs(message.timestamp);
    const source = sender.isStranger ? undefined : sender.neighbor;
    const origin = formatEndpoint(message.ip, message.port);
    const hasRoom = () => this.sources.take(source, origin, present.monotonicMs);
    const { verdict, entry } = isOwnName
      ? this.messages.find(text, sender)
      : this.messages.take(text, stampMs, sender, present, hasRoom);
    const from = sender.label;
    if (verdict === 'known') {
      this.duplicates += 1;
    } else if (verdict === 'new' && entry !== undefined) {
      this.received += 1;
      runtime.record({ event: 'gossip-received', message: text, hash: entry.hash, from });
      const isClassicSafe = message.port !== undefined;
      for (const neighbor of this.audience.list()) {
        const { id, kind } = neighbor;
        const hasIt = id === origin || entry.cameFrom.has(id) || entry.sentTo.has(id);
        if (hasIt || (kind === 'classic' && !isClassicSafe)) continue;
        this.count(entry, neighbor, neighbor.relay(text));
      }
    } else {
      this.refused += 1;
      const reason = verdict + aheadOrBehind(verdict, stampMs - present.wallMs);
      log.write({ event: 'gossip-refused', message: text, reason, from });
    }
  }

  /** Writes the newest rows of the message list into the log, and how many there are; gives them. */
  writeMessageList(): readonly MessageEntry[] {
    const { runtime, limits } = this.context;
    const rows = this.messages.newest(limits.messageRowsMax);
    const windowMs = limits.messageWindowMs;
    const entries = this.messages.size;
    runtime.record({ event: 'ml-size', entries, shown: rows.length, windowMs });
    for (const { hash, text, sentTo, from } of rows) {
      runtime.record({ event: 'ml-entry', hash, message: text, sentTo: [...sentTo], from });
    }
    return rows;
  }

  private isDone(): boolean {
    const { gossipCount } = this.context.settings;
    return gossipCount > 0 && this.madeByClock >= gossipCount;
  }

  private tick(nowMs: number): void {
    const { gossipIntervalMs } = this.context.settings;
    // From the time it was due, so that lateness does not add up; but no burst afterwards.
    const dueMs = this.nextMs + gossipIntervalMs;
    this.nextMs = dueMs > nowMs ? dueMs : nowMs + gossipIntervalMs;
    // Without a neighbor nobody would ever hear it; the clock goes on, and the count waits.
    if (this.audience.size > 0) {
      this.madeByClock += 1;
      this.make();
    }
    if (!this.isDone()) this.clock.set(this.nextMs);
  }

  private count(entry: MessageEntry, { id }: Neighbor, isSent: boolean): void {
    if (!isSent) return;
    entry.sentTo.add(id);
    this.sent += 1;
  }
}

/** By how much a message's time is off, for whoever wonders which clock is wrong. */
function aheadOrBehind(verdict: Verdict, aheadMs: number): string {
  if (verdict !== 'from the future' && verdict !== 'too old') return '';
  const seconds = Math.round(Math.abs(aheadMs) / 1_000);
  return ` (${seconds} s ${aheadMs > 0 ? 'ahead of' : 'behind'} our clock)`;
}
