/**
 * Who writes a log file at this moment, as far as the file itself tells: a run's first record names
 * its process, and its last says that it ended. Two nodes on different IPs with one port have one
 * name for their logs, and the later must not take the file away from the earlier.
 *
 * What it says is a judgement, not a lock: a node that has bound its port and not yet written its
 * first line is not seen, and a process id may have gone to another program since a crash.
 */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { type LogEntry, parseLogLine } from '@hearsay/common/log-line';

/** A node that still writes a log. */
export interface LogWriter {
  /** Its address, `IP:port`. */
  readonly address: string;
  /** Its process id. */
  readonly process: number;
}

/** Bytes of a first record: the config's name and a thousand seeds of IPv6 length. */
const firstBytesMax = 65_536;
/** Bytes of a last record that says no more than `stopped` and why. */
const lastBytesMax = 4_096;

/** The node of another address that still writes this file, if there is one. */
export function logWriter(path: string, ownAddress: string): LogWriter | undefined {
  const { first, last } = endsOf(path);
  const record = first?.record;
  if (first === undefined || first.address === ownAddress) return undefined;
  if (record?.event !== 'seed-started' && record?.event !== 'peer-started') return undefined;
  if (last?.record.event === 'stopped' || !isAlive(record.process)) return undefined;
  return { address: first.address, process: record.process };
}

/** The first and the last record, where they can be read. */
function endsOf(path: string): { first: LogEntry | undefined; last: LogEntry | undefined } {
  const file = openSync(path, 'r');
  try {
    const { size } = fstatSync(file);
    const first = read(file, 0, firstBytesMax).split('\n')[0];
    const last = read(file, Math.max(0, size - lastBytesMax), lastBytesMax)
      .split('\n')
      .at(-2);
    return { first: entryOf(first), last: entryOf(last) };
  } finally {
    closeSync(file);
  }
}

function read(file: number, position: number, bytesMax: number): string {
  const bytes = Buffer.alloc(bytesMax);
  return bytes.toString('utf8', 0, readSync(file, bytes, 0, bytesMax, position));
}

function entryOf(line: string | undefined): LogEntry | undefined {
  const entry = parseLogLine(line ?? '');
  return entry.ok ? entry.value : undefined;
}

/** Whether another process has this id. Our own was somebody else's in an earlier container. */
function isAlive(pid: number): boolean {
  if (!(pid > 0) || pid === process.pid) return false;
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
