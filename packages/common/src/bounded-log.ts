/**
 * What others can cause to be written, bounded. What no rule covers is logged and dropped. Since
 * whoever sends garbage may send a lot, only so many records a second are written, and the rest is
 * counted and told in one. Other records that a stranger can cause at will (refusals, evictions)
 * share that bound. What the assignment wants written (A13) has a much wider one, and
 * each kind its own: a flood of registrations must not hide a death.
 */
import type { Alarm, Alarms } from './alarms.js';
import type { Limits } from './limits.js';
import type { EventName, LogRecord } from './records.js';
import type { Runtime } from './runtime.js';
import { TokenBucket } from './token-bucket.js';

/** The log of whatever strangers can cause, so many records a second. */
export class BoundedLog {
  /** How many messages were dropped so far, written or not. */
  dropped = 0;
  private writtenThisSecond = 0;
  private unwritten = 0;
  private readonly wanted = new Map<EventName, TokenBucket>();
  private readonly secondEnds: Alarm;

  constructor(
    private readonly runtime: Runtime,
    private readonly limits: Limits,
    alarms: Alarms,
  ) {
    this.secondEnds = alarms.alarm(() => {
      this.writtenThisSecond = 0;
      this.tellRest();
    });
  }

  /** Writes down that a message was dropped: why, how long it was, how it begins. */
  drop(reason: string, bytes: number, text: string, from: string): void {
    this.dropped += 1;
    const quoted = text.slice(0, this.limits.quotedCharactersMax);
    this.write({ event: 'dropped', reason, bytes, text: quoted, from });
  }

  /** Writes any record that a stranger can cause at will, within the same bound. */
  write(record: LogRecord): void {
    const hasRoom = this.writtenThisSecond < this.limits.droppedRecordsPerSecondMax;
    if (hasRoom) this.writtenThisSecond += 1;
    this.writeIf(hasRoom, record);
  }

  /**
   * Writes a record of something that A13 wants written, whoever causes it: a wider bound.
   *
   * @param narrower a further bound, of whatever the record is about.
   */
  writeWanted(record: LogRecord, narrower?: TokenBucket): void {
    const nowMs = this.runtime.monotonicMs();
    const { wantedRecordsMax, wantedRecordsPerSecondMax } = this.limits;
    const bucket =
      this.wanted.get(record.event) ?? new TokenBucket(wantedRecordsMax, wantedRecordsPerSecondMax);
    this.wanted.set(record.event, bucket);
    this.writeIf(narrower?.take(nowMs) !== false && bucket.take(nowMs), record);
  }

  /** Tells what was only counted; also at the end of a run. */
  tellRest(): void {
    if (this.unwritten === 0) return;
    this.runtime.record({ event: 'dropped-more', count: this.unwritten });
    this.unwritten = 0;
  }

  private writeIf(hasRoom: boolean, record: LogRecord): void {
    if (hasRoom) this.runtime.record(record);
    else this.unwritten += 1;
    if (this.secondEnds.atMs === undefined) {
      this.secondEnds.set(this.runtime.monotonicMs() + 1_000);
    }
  }
}
