/**
 * The log of one node, through winston: the file `<role>log_<port>.txt`, and the screen. The file
 * of the earlier run is kept as `.1`. One that another node still writes is left to it.
 *
 * The invariant: the node never waits for its log and never fails by it, and when `close` has
 * resolved, every record is on disk. A file that cannot be written is said once, on stderr, and
 * from then on nothing is kept for it.
 */
import { createWriteStream, lstatSync, renameSync, type WriteStream } from 'node:fs';
import { dirname, join } from 'node:path';
import { formatJsonLine, formatLogLine, type LogEntry } from '@hearsay/common/log-line';
import { type EventName, type LogRecord, RECORDS } from '@hearsay/common/records';
import winston from 'winston';
import type { Colors } from './colors.js';
import { LineTransport, lineKey } from './line-transport.js';
import { logWriter } from './log-writer.js';
import { makeFolder } from './make-folder.js';
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
  /** Files and screens that take lines. winston keeps in memory what has nowhere to go. */
  private outlets = 0;

  /** Opens the log, and puts the file of an earlier run aside. Call it when the port is bound. */
  constructor(private readonly options: NodeLogOptions) {
    const { role, port, dir, format, screen } = options;
    this.path = join(dir, `${role}log_${port}.txt`);
    const formatLine = format === 'json' ? formatJsonLine : formatLogLine;
    this.logger = winston.createLogger({
      format: winston.format((info) => {
        info[lineKey] = formatLine((info as Info).entry);
        return info;
      })(),
    });
    this.openFile();
    if (screen !== undefined) this.openScreen(screen);
  }

  /** Writes one record, with the time of now. */
  record(record: LogRecord): void {
    if (this.outlets === 0) return;
    const { role, address } = this.options;
    const entry: LogEntry = { wallMs: Date.now(), role, address, record };
    this.logger.log({ level: 'info', message: '', entry });
  }

  /** Resolves when every record is on disk and on the screen. Later records are not taken. */
  close(): Promise<void> {
    if (this.outlets === 0) return Promise.resolve();
    this.outlets = 0;
    return new Promise((resolve) => {
      this.logger.once('finish', () => resolve());
      this.logger.end();
    });
  }

  private openFile(): void {
    let file: WriteStream;
    try {
      makeFolder(dirname(this.path));
      putAside(this.path, this.options.address);
      file = createWriteStream(this.path, { flags: 'a' });
    } catch (error) {
      this.complain(error);
      return;
    }
    const transport = new LineTransport({
      write: (lines) => file.write(lines),
      // Not at `finish`: an error of the last write is said before `close`.
      end: (done) => file.once('close', done).end(),
    });
    file.on('error', (error) => {
      this.complain(error);
      this.remove(transport);
    });
    this.add(transport);
  }

  private openScreen(screen: Screen): void {
    const { format, colors } = this.options;
    const transport = new LineTransport({
      write: (lines) => screen.print(lines),
      end: (done) => void screen.printed().then(done),
      format: winston.format((info) => {
        const { event } = (info as Info).entry.record;
        if ('screen' in RECORDS[event]) return false;
        if (format === 'text') info[lineKey] = colored(info[lineKey] as string, event, colors);
        return info;
      })(),
    });
    this.add(transport);
  }

  private add(transport: LineTransport): void {
    this.logger.add(transport);
    this.outlets += 1;
  }

  private remove(transport: LineTransport): void {
    this.logger.remove(transport);
    transport.abandon();
    this.outlets = Math.max(0, this.outlets - 1);
  }

  private complain(error: unknown): void {
    const { message } = error as Error;
    this.options.complain(
      `cannot write the log file ${this.path} (${message}); the node goes on without it`,
    );
  }
}

/**
 * Keeps the file of the earlier run as `.1`. Only a regular file is moved: a link or a device was
 * put there on purpose. Throws if the file is not free.
 */
function putAside(path: string, ownAddress: string): void {
  if (!lstatSync(path, { throwIfNoEntry: false })?.isFile()) return;
  const writer = logWriter(path, ownAddress);
  if (writer !== undefined) {
    const { address, process } = writer;
    throw new Error(`${address}, process ${process}, writes it: name another with --log-dir`);
  }
  renameSync(path, `${path}.1`);
}

const alarming = new Set<EventName>(['dead-reported', 'removed']);
const troubling = new Set<EventName>([
  'dropped',
  'dropped-more',
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
