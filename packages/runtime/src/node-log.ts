/**
 * The log of one node, through winston: the file `<role>log_<port>.txt`, and the screen.
 *
 * The invariant: the node never waits for its log and never fails by it, and when `close` has
 * resolved, every record is on disk. A file that cannot be written is said once, on stderr, and
 * from then on nothing is kept for it. One that takes nothing, or a screen that nobody reads, has a
 * bound for what waits, and loses what comes beyond it.
 */
import { join } from 'node:path';
import { formatJsonLine, formatLogLine, type LogEntry } from '@hearsay/common/log-line';
import { type EventName, type LogRecord, RECORDS } from '@hearsay/common/records';
import winston from 'winston';
import type { Colors } from './colors.js';
import { LineTransport, lineKey } from './line-transport.js';
import { LogFile } from './log-file.js';
import type { Screen } from './screen.js';

/** How records are written: as log lines, or as JSON. */
export type LogFormat = 'text' | 'json';

/** What a log is made from. */
export interface NodeLogOptions {
  readonly role: 'seed' | 'peer';
  /** The node's address as it announces it: it stands in every line. */
  readonly address: string;
  /** The bound port: it names the file. */
  readonly port: number;
  /** The folder of the file; made where it is missing. */
  readonly dir: string;
  readonly format: LogFormat;
  /** Where records are shown as well; undefined: nowhere (`--quiet`). */
  readonly screen: Screen | undefined;
  readonly colors: Colors;
  /** Says one line, without its end, about the log itself. */
  readonly complain: (line: string) => void;
}

/** winston's own name for the information that it passes on, with what this file puts in. */
type Info = winston.Logform.TransformableInfo & { readonly entry: LogEntry };

/** The open log of a running node. */
export class NodeLog {
  /** The path of the file. */
  readonly path: string;
  private readonly logger: winston.Logger;
  private readonly formatLine: (entry: LogEntry) => string;
  /** What takes lines. winston keeps in memory what has nowhere to go. */
  private readonly transports = new Set<LineTransport>();
  /** What the run began with: version and settings. A file that is begun anew begins with it too. */
  private first: LogRecord | undefined;

  /** Opens the log, and puts the file of an earlier run aside. Call it when the port is bound. */
  constructor(private readonly options: NodeLogOptions) {
    const { role, port, dir, format, screen } = options;
    this.path = join(dir, `${role}log_${port}.txt`);
    this.formatLine = format === 'json' ? formatJsonLine : formatLogLine;
    this.logger = winston.createLogger({
      format: winston.format((info) => {
        info[lineKey] = this.formatLine((info as Info).entry);
        return info;
      })(),
    });
    this.openFile();
    if (screen !== undefined) this.openScreen(screen);
  }

  /** Writes one record, with the time of now. */
  record(record: LogRecord): void {
    this.first ??= record;
    if (this.transports.size === 0) return;
    this.logger.log({ level: 'info', message: '', entry: this.entryOf(record) });
  }

  /**
   * Resolves when every record is on disk and on the screen, which for a pipe that nobody reads is
   * never. Later records are not taken.
   */
  async close(): Promise<void> {
    const transports = [...this.transports];
    this.transports.clear();
    await Promise.all(transports.map((transport) => transport.finish()));
  }

  private openFile(): void {
    const { address, complain } = this.options;
    let transport: LineTransport | undefined;
    const fail = (error: Error) => {
      complain(
        `cannot write the log file ${this.path} (${error.message}); the node goes on without it`,
      );
      if (transport !== undefined) this.remove(transport);
    };
    try {
      const file = new LogFile(this.path, address, {
        failed: fail,
        begunAnew: () => {
          complain(`the log file ${this.path} was removed or moved; it is begun anew`);
          if (this.first !== undefined)
            file.write(`${this.formatLine(this.entryOf(this.first))}\n`);
        },
      });
      transport = new LineTransport({
        write: (lines) => file.write(lines),
        waitingBytes: () => file.waitingBytes,
        end: () => file.end(),
        ...this.gaps(`the log file ${this.path}`, (line) => line),
      });
      this.add(transport);
    } catch (error) {
      fail(error as Error);
    }
  }

  private openScreen(screen: Screen): void {
    const { format, colors } = this.options;
    const painted = (line: string, event: EventName): string =>
      format === 'text' ? colored(line, event, colors) : line;
    const transport = new LineTransport({
      write: (lines) => screen.print(lines),
      waitingBytes: () => screen.waitingBytes,
      end: () => screen.printed(),
      ...this.gaps('the screen', (line) => painted(line, 'left-out')),
      format: winston.format((info) => {
        const { event } = (info as Info).entry.record;
        if ('screen' in RECORDS[event]) return false;
        info[lineKey] = painted(info[lineKey] as string, event);
        return info;
      })(),
    });
    this.add(transport);
  }

  /** What is said of lines that are left out: at once on stderr, and later where they are missing. */
  private gaps(name: string, painted: (line: string) => string) {
    return {
      fellBehind: () =>
        this.options.complain(`${name} is not read, or too slowly: lines are left out`),
      gap: (count: number) => painted(this.formatLine(this.entryOf({ event: 'left-out', count }))),
    };
  }

  private entryOf(record: LogRecord): LogEntry {
    const { role, address } = this.options;
    return { wallMs: Date.now(), role, address, record };
  }

  private add(transport: LineTransport): void {
    this.logger.add(transport);
    this.transports.add(transport);
  }

  private remove(transport: LineTransport): void {
    this.logger.remove(transport);
    this.transports.delete(transport);
    transport.abandon();
  }
}

const alarming = new Set<EventName>(['dead-reported', 'removed']);
const troubling = new Set<EventName>([
  'dropped',
  'dropped-more',
  'left-out',
  'evicted',
  'woke-late',
  'register-refused',
  'report-refused',
  'majority-lacking',
  'seed-lost',
  'neighbor-refused',
  'neighbor-lost',
  'gossip-refused',
  'strike',
]);

/** The line with its event's name in colour: red for a death, yellow for trouble, else cyan. */
function colored(line: string, event: EventName, colors: Colors): string {
  const paint = alarming.has(event)
    ? colors.red
    : troubling.has(event)
      ? colors.yellow
      : colors.cyan;
  return line.replace(`] ${event}`, `] ${paint(event)}`);
}
