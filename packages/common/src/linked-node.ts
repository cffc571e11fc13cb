/**
 * What seed and peer have in common as nodes: the world's events go to the links and the alarms,
 * and after each of them the one next time-out is asked for.
 */
import type { Address } from './address.js';
import { Alarms } from './alarms.js';
import { BoundedLog } from './bounded-log.js';
import type { Limits } from './limits.js';
import { type Link, Links } from './links.js';
import type { LogRecord } from './records.js';
import type { DialFailure, LinkId, LinkInfo, Node, Runtime } from './runtime.js';
import { encode } from './wire/codec.js';
import type { LivenessRequest } from './wire/message.js';

/** A node with links and alarms. Whoever extends it says what it does with them. */
export abstract class LinkedNode implements Node {
  protected readonly alarms = new Alarms();
  protected readonly log: BoundedLog;
  protected readonly links: Links;
  private wakesAtMs: number | undefined;
  private lastStatus = '';

  /**
   * @param linksMax links at once.
   * @param lateMs a wake later than this means that the process itself stood still.
   */
  protected constructor(
    protected readonly runtime: Runtime,
    protected readonly limits: Limits,
    linksMax: number,
    private readonly lateMs: number,
  ) {
    this.log = new BoundedLog(runtime, limits, this.alarms);
    this.links = new Links(runtime, this.alarms, limits, linksMax, this.log, {
      message: (link, text) => this.received(link, text),
      // A visitor that half-closes has said all, and the answer is on its way.
      ended: (link) => this.links.close(link),
      closed: () => {},
    });
  }

  /** Gives a liveness request's fields back, and this node's own address (A10). */
  protected answerLiveness(link: Link, request: LivenessRequest, own: Address): void {
    const { ip: ownIp, port: ownPort } = own;
    this.links.send(link, encode({ ...request, kind: 'liveness-reply', ownIp, ownPort }));
  }

  /** Writes a status record, unless it says what the last one said. */
  protected recordStatus(record: LogRecord): void {
    const text = JSON.stringify(record);
    if (text !== this.lastStatus) this.runtime.record(record);
    this.lastStatus = text;
  }

  /** Begins the node's work. */
  protected abstract begin(): void;
  /** A message over an incoming link that nobody else owns. */
  protected abstract received(link: Link, text: string): void;
  /** This process stood still; nothing that was due meanwhile may be held against others. */
  protected abstract wokeLate(nowMs: number): void;
  protected abstract line(typed: string): void;
  protected abstract stop(reason: string): void;

  start(): void {
    this.begin();
    this.sleep();
  }

  opened(id: LinkId, info: LinkInfo): void {
    this.links.opened(id, info);
    this.sleep();
  }

  bytes(id: LinkId, chunk: Uint8Array): void {
    this.links.bytes(id, chunk);
    this.sleep();
  }

  ended(id: LinkId): void {
    this.links.ended(id);
    this.sleep();
  }

  closed(id: LinkId): void {
    this.links.closed(id);
    this.sleep();
  }

  failed(id: LinkId, reason: DialFailure): void {
    this.links.failed(id, reason);
    this.sleep();
  }

  drained(id: LinkId): void {
    this.links.drained(id);
    this.sleep();
  }

  typed(line: string): void {
    this.line(line);
    this.sleep();
  }

  stopping(reason: string): void {
    this.log.tellRest();
    this.stop(reason);
  }

  wake(): void {
    const nowMs = this.runtime.monotonicMs();
    const lateMs = nowMs - (this.wakesAtMs ?? nowMs);
    this.wakesAtMs = undefined;
    if (lateMs > this.lateMs) {
      this.runtime.record({ event: 'woke-late', lateMs: Math.round(lateMs) });
      this.wokeLate(nowMs);
    }
    this.alarms.ringDue(nowMs);
    this.sleep();
  }

  private sleep(): void {
    const nextMs = this.alarms.next();
    if (nextMs === this.wakesAtMs) return;
    this.wakesAtMs = nextMs;
    this.runtime.wakeAt(nextMs);
  }
}
