/**
 * A runtime in the hands of a test: it writes down what the code under test does, and time passes
 * only when the test says so. It holds the code to the rules of {@link Runtime}: nothing may be
 * sent over, or closed twice on, a link that is gone.
 */
import { type Address, formatAddress } from '../src/address.js';
import type { Alarms } from '../src/alarms.js';
import type { EventName, LogRecord, RecordOf } from '../src/records.js';
import type { LinkId, LinkInfo, Runtime } from '../src/runtime.js';
import { at } from './addresses.js';

export class ScriptedRuntime implements Runtime {
  nowMs = 0;
  /** Links that have no room: `send` over one of them says so. */
  readonly full = new Set<LinkId>();
  readonly records: LogRecord[] = [];
  /** Every call of `wakeAt`. */
  readonly wakes: (number | undefined)[] = [];
  /** What happened to each link, in order: `dial …`, `sent …`, `close`. */
  readonly calls = new Map<LinkId, string[]>();
  private lastLink = 0;

  /** A new link that somebody else dialed; tell the code under test of it with `opened`. */
  incoming(): LinkId {
    this.lastLink += 1;
    this.calls.set(this.lastLink, []);
    return this.lastLink;
  }

  dial(to: Address): LinkId {
    const link = this.incoming();
    this.write(link, `dial ${formatAddress(to)}`);
    return link;
  }

  send(link: LinkId, bytes: Uint8Array): boolean {
    this.write(link, `sent ${Buffer.from(bytes).toString()}`);
    return !this.full.has(link);
  }

  close(link: LinkId): void {
    this.write(link, 'close');
  }

  monotonicMs(): number {
    return this.nowMs;
  }

  wallMs(): number {
    return 1_700_000_000_000 + this.nowMs;
  }

  wakeAt(monotonicMs: number | undefined): void {
    this.wakes.push(monotonicMs);
  }

  record(record: LogRecord): void {
    this.records.push(record);
  }

  tell(): void {}
  stopListening(): void {}
  finished(): void {}

  /** What was sent over a link so far, each piece as text. */
  sentOver(link: LinkId): string[] {
    const sends = this.calls.get(link)?.filter((call) => call.startsWith('sent ')) ?? [];
    return sends.map((call) => call.slice('sent '.length));
  }

  isClosed(link: LinkId): boolean {
    return this.calls.get(link)?.at(-1) === 'close';
  }

  recordsOf<E extends EventName>(event: E): RecordOf<E>[] {
    return this.records.filter((record): record is RecordOf<E> => record.event === event);
  }

  /** Lets time pass and the alarms ring, each at its time. */
  pass(alarms: Alarms, durationMs: number): void {
    const untilMs = this.nowMs + durationMs;
    for (
      let nextMs = alarms.next();
      nextMs !== undefined && nextMs <= untilMs;
      nextMs = alarms.next()
    ) {
      this.nowMs = Math.max(this.nowMs, nextMs);
      alarms.ringDue(this.nowMs);
    }
    this.nowMs = untilMs;
  }

  private write(link: LinkId, call: string): void {
    const calls = this.calls.get(link);
    if (calls === undefined) throw new Error(`link ${link} was never there`);
    if (calls.at(-1) === 'close') throw new Error(`${call} on link ${link}, which is closed`);
    calls.push(call);
  }
}

/** What a runtime knows of an incoming link; each comes from a port of its own. */
export function incomingInfo(link: LinkId): LinkInfo {
  return { direction: 'in', medium: 'stream', remote: at(`127.0.0.1:${40_000 + link}`) };
}

/** What a runtime knows of a link that was dialed. */
export const outgoingInfo: LinkInfo = {
  direction: 'out',
  medium: 'stream',
  remote: at('127.0.0.1:6001'),
};
