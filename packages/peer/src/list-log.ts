/**
 * A list that changes, in the log (A4). Of a short one every change is written. A long one may be
 * megabytes: it is written at most once a liveness interval, and then as it is by that time.
 */
import type { NodeId } from '@hearsay/common/address';
import type { Alarm } from '@hearsay/common/alarms';
import type { LogRecord } from '@hearsay/common/records';
import type { PeerContext } from './context.js';

/** One list's records. */
export class ListLog {
  private last: readonly NodeId[] = [];
  private writtenAtMs = Number.NEGATIVE_INFINITY;
  private readonly due: Alarm;

  constructor(
    private readonly context: PeerContext,
    private readonly recordOf: (peers: readonly NodeId[]) => LogRecord,
  ) {
    this.due = context.alarms.alarm(() => this.write(this.last));
  }

  /** Writes the list now, whatever it is. */
  write(peers: readonly NodeId[]): void {
    const { runtime } = this.context;
    this.due.clear();
    this.last = peers;
    this.writtenAtMs = runtime.monotonicMs();
    runtime.record(this.recordOf(peers));
  }

  /** Writes the list now or later, if it is another one: one that is the same is the same array. */
  update(peers: readonly NodeId[]): void {
    if (peers === this.last) return;
    const { runtime, limits, settings } = this.context;
    const dueMs = this.writtenAtMs + settings.livenessIntervalMs;
    const isLong = peers.join(',').length > limits.listRecordCharactersMax;
    if (!isLong || dueMs <= runtime.monotonicMs()) return this.write(peers);
    this.last = peers;
    this.due.set(dueMs);
  }

  /** Writes now what waits, if anything does. */
  flush(): void {
    if (this.due.atMs !== undefined) this.write(this.last);
  }
}
