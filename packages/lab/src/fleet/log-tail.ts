/**
 * Follows one log file that a node is writing. Each `poll` gives the entries that were completed
 * since the last one: a line is taken when its end is there, so a half-written one never is. The
 * file may not be there yet, and it may be moved away (`.1`) and begun anew under its name: what
 * the old one still holds is read to its end before the new one is opened.
 *
 * Files are polled, since file notifications differ between systems and drop events; a poll of a
 * file that has not grown is one `read` and one `stat`.
 */
import { closeSync, fstatSync, openSync, readSync, statSync } from 'node:fs';
import { type LogEntry, parseLogLine } from '@hearsay/common/log-line';

const lineEnd = 0x0a;
/** Bytes read at once. */
const chunkBytes = 65_536;
/** Bytes read by one poll; the rest waits for the next, so that one long log starves no other. */
const pollBytesMax = 4_194_304;
/** Bytes of a line; the longest record, a full peer list of 2.4 MB, fits. A longer one is skipped. */
const lineBytesMax = 4_194_304;

/** Reads a growing log file, entry by entry. */
export class LogTail {
  /** Lines that were no log lines, or too long. */
  unreadable = 0;
  private file: number | undefined;
  private position = 0;
  private partial: Buffer[] = [];
  private partialBytes = 0;
  private readonly chunk = Buffer.allocUnsafe(chunkBytes);

  /** @param path the log file, which need not exist yet. */
  constructor(readonly path: string) {}

  /** The entries that were completed since the last call. Never throws. */
  poll(): LogEntry[] {
    const entries: LogEntry[] = [];
    let budget = pollBytesMax;
    this.file ??= this.open();
    while (this.file !== undefined) {
      const bytes = this.read(this.file);
      if (bytes > 0) {
        this.take(this.chunk.subarray(0, bytes), entries);
        budget -= bytes;
        if (budget <= 0) break;
      } else if (!this.moveOn(this.file)) {
        break;
      }
    }
    return entries;
  }

  /** Lets go of the file. */
  close(): void {
    if (this.file !== undefined) closeSync(this.file);
    this.file = undefined;
  }

  private open(): number | undefined {
    try {
      return openSync(this.path, 'r');
    } catch {
      return undefined; // Not there yet, or not readable: the next poll tries again.
    }
  }

  private read(file: number): number {
    try {
      const bytes = readSync(file, this.chunk, 0, chunkBytes, this.position);
      this.position += bytes;
      return bytes;
    } catch {
      return 0;
    }
  }

  /** At the end of the file: turns to the one that now has its name, if that is another. */
  private moveOn(file: number): boolean {
    try {
      const now = statSync(this.path);
      const old = fstatSync(file);
      const truncated = now.ino === old.ino && now.size < this.position;
      if (now.ino === old.ino && !truncated) return false;
      // What was written between the last read and the move is still to be read.
      if (!truncated && old.size > this.position) return true;
      closeSync(file);
    } catch {
      return false; // Moved away, and the new one is not there yet.
    }
    this.position = 0;
    this.forget();
    this.file = this.open();
    return this.file !== undefined;
  }

  private take(bytes: Buffer, entries: LogEntry[]): void {
    let from = 0;
    for (let end = bytes.indexOf(lineEnd); end >= 0; end = bytes.indexOf(lineEnd, from)) {
      this.keep(bytes.subarray(from, end));
      this.finishLine(entries);
      from = end + 1;
    }
    // The chunk is used again, so what stays behind is copied.
    this.keep(Buffer.from(bytes.subarray(from)));
  }

  private keep(bytes: Buffer): void {
    this.partialBytes += bytes.length;
    if (this.partialBytes > lineBytesMax) this.partial = [];
    else if (bytes.length > 0) this.partial.push(bytes);
  }

  private finishLine(entries: LogEntry[]): void {
    const line = Buffer.concat(this.partial).toString('utf8').replace(/\r$/, '');
    const tooLong = this.partialBytes > lineBytesMax;
    this.forget();
    const entry = tooLong ? undefined : parseLogLine(line);
    if (entry?.ok) entries.push(entry.value);
    else if (tooLong || line !== '') this.unreadable += 1;
  }

  private forget(): void {
    this.partial = [];
    this.partialBytes = 0;
  }
}
