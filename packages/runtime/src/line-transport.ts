/**
 * A winston transport that joins the lines of one turn of the event loop into one write. A burst
 * of a thousand records costs one system call, and a log that is followed (`tail -f`) still shows
 * a line as soon as it was written.
 *
 * winston's own file transport was tried and loses lines: its logger may not be ended while the
 * file is behind (`write after end`), and a full disk goes unnoticed while memory fills. Here a
 * record is taken in the same call that logs it, so nothing ever waits inside winston.
 */
import type { Logform } from 'winston';
import Transport from 'winston-transport';

/** Where winston keeps the finished line of a record. */
export const lineKey: unique symbol = Symbol.for('message');

interface LineTransportOptions {
  /** Takes whole lines, each with its end. */
  readonly write: (lines: string) => void;
  /** Called once, after the last write; calls back when all is written, well or not. */
  readonly end: (done: () => void) => void;
  /** Changes or leaves out lines (by returning false) for this transport alone. */
  readonly format?: Logform.Format;
}

/** Gives lines to a file or a screen. */
export class LineTransport extends Transport {
  private lines = '';

  constructor(private readonly outlet: LineTransportOptions) {
    super(outlet.format === undefined ? {} : { format: outlet.format });
  }

  /** winston hands in each record. */
  override log(info: { readonly [lineKey]?: string }, next: () => void): void {
    if (this.lines === '') setImmediate(() => this.flush());
    this.lines += `${info[lineKey]}\n`;
    next();
  }

  /** Throws away what waits, after the transport was taken from its logger. */
  abandon(): void {
    this.lines = '';
  }

  /** The logger was ended. */
  override _final(done: () => void): void {
    this.flush();
    this.outlet.end(done);
  }

  private flush(): void {
    const lines = this.lines;
    this.lines = '';
    if (lines !== '') this.outlet.write(lines);
  }
}
