/**
 * A winston transport that joins the lines of one turn of the event loop into one write. A burst
 * of a thousand records costs one system call, and a log that is followed (`tail -f`) still shows
 * a line as soon as it was written.
 *
 * What waits for an outlet that takes nothing (`peer | less`) has a bound. Beyond it lines are left
 * out, and where the outlet goes on, a line says how many.
 *
 * winston's own file transport was tried and loses lines: its logger may not be ended while the
 * file is behind (`write after end`), and a full disk goes unnoticed while memory fills. Here a
 * record is taken in the same call that logs it, so nothing ever waits inside winston.
 */
import { LIMITS } from '@hearsay/common/limits';
import type { Logform } from 'winston';
import Transport from 'winston-transport';

/** Where winston keeps the finished line of a record. */
export const lineKey: unique symbol = Symbol.for('message');

/** Characters that are joined at most: far more than a turn has, far less than a string may hold. */
const joinedCharactersMax = 1_048_576;

/** Where the lines go: a file or a screen. */
interface Outlet {
  /** Takes whole lines, each with its end. */
  readonly write: (lines: string) => void;
  /** How many bytes were written and still wait. */
  readonly waitingBytes: () => number;
  /** Called once, after the last write; resolves when all is written, well or not. */
  readonly end: () => Promise<void>;
  /** Called once, when the first line is left out. */
  readonly fellBehind: () => void;
  /** The line, without its end, that stands where so many are missing. */
  readonly gap: (count: number) => string;
  /** Changes or leaves out lines (by returning false) for this transport alone. */
  readonly format?: Logform.Format;
}

/** Gives lines to a file or a screen. */
export class LineTransport extends Transport {
  private lines = '';
  private count = 0;
  private leftOut = 0;
  private hasFallenBehind = false;

  constructor(private readonly outlet: Outlet) {
    super(outlet.format === undefined ? {} : { format: outlet.format });
  }

  /** winston hands in each record. */
  override log(info: { readonly [lineKey]?: string }, next: () => void): void {
    if (this.count === 0) setImmediate(() => this.flush());
    this.lines += `${info[lineKey]}\n`;
    this.count += 1;
    if (this.lines.length >= joinedCharactersMax) this.flush();
    next();
  }

  /** Throws away what waits, after the transport was taken from its logger. */
  abandon(): void {
    this.lines = '';
    this.count = 0;
    this.leftOut = 0;
  }

  /** Resolves when all is written. Not by way of the logger's end, which never comes after a bug. */
  finish(): Promise<void> {
    // The last lines go out however much waits, and how many are missing before them.
    this.flush(true);
    return this.outlet.end();
  }

  private flush(isLast = false): void {
    const { lines, count } = this;
    this.lines = '';
    this.count = 0;
    if (!isLast && !this.hasRoom()) this.leaveOut(count);
    else if (count + this.leftOut > 0) this.outlet.write(this.takeGap() + lines);
  }

  /** An outlet that is behind has caught up with half first, or gaps would stand between lines. */
  private hasRoom(): boolean {
    const max = LIMITS.outputQueueBytesMax;
    return this.outlet.waitingBytes() < (this.leftOut > 0 ? max / 2 : max);
  }

  private leaveOut(count: number): void {
    this.leftOut += count;
    if (this.hasFallenBehind) return;
    this.hasFallenBehind = true;
    this.outlet.fellBehind();
  }

  private takeGap(): string {
    const gap = this.leftOut > 0 ? `${this.outlet.gap(this.leftOut)}\n` : '';
    this.leftOut = 0;
    return gap;
  }
}
