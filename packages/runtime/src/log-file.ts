/**
 * The file of a node's log on the disk. That of the earlier run is kept as `.1`; one that another
 * node still writes is left to it; one that is removed or moved while the node runs is begun anew.
 *
 * Nothing here waits for the disk once the file is open. Nor does a pipe that nobody reads
 * (`mkfifo`) keep the process from its end, as a thread that stands still in it would.
 */
import {
  constants,
  createWriteStream,
  fstatSync,
  lstatSync,
  openSync,
  renameSync,
  stat,
  statSync,
} from 'node:fs';
import { Socket } from 'node:net';
import { dirname } from 'node:path';
import type { Writable } from 'node:stream';
import { logWriter } from './log-writer.js';
import { makeFolder } from './make-folder.js';

/** Milliseconds between two looks at whether the file is still there under its name. */
const lookMs = 500;

/** What becomes of the file. */
interface LogFileListener {
  /** It cannot be written, and takes nothing more. */
  readonly failed: (error: Error) => void;
  /** It was removed or moved, and another stands in its place. */
  readonly begunAnew: () => void;
}

/** An open file, by what it is and not by its name. */
interface Opened {
  readonly stream: Writable;
  readonly device: number;
  readonly inode: number;
}

/** A log file that is written. */
export class LogFile {
  private opened: Opened;
  /** Resolves when all is in the files that stood here before. */
  private before: Promise<unknown> = Promise.resolve();
  private readonly looking: NodeJS.Timeout;
  private ended = false;

  /** Opens it; throws if it cannot be had. */
  constructor(
    private readonly path: string,
    private readonly ownAddress: string,
    private readonly listener: LogFileListener,
  ) {
    makeFolder(dirname(path));
    putAside(path, ownAddress);
    this.opened = this.open();
    this.looking = setInterval(() => this.look(), lookMs);
    this.looking.unref();
  }

  /** How many bytes were written and are not yet with the system. */
  get waitingBytes(): number {
    return this.opened.stream.writableLength;
  }

  /** @param lines whole lines, each with its end. */
  write(lines: string): void {
    this.opened.stream.write(lines);
  }

  /** Resolves when all is with the system, or the file has failed. */
  async end(): Promise<void> {
    this.stopLooking();
    await Promise.all([this.before, closed(this.opened.stream)]);
  }

  private open(): Opened {
    const opened = open(this.path);
    opened.stream.on('error', (error) => {
      if (opened === this.opened) this.fail(error);
    });
    return opened;
  }

  private fail(error: Error): void {
    this.stopLooking();
    this.listener.failed(error);
  }

  private stopLooking(): void {
    this.ended = true;
    clearInterval(this.looking);
  }

  private look(): void {
    stat(this.path, (error, found) => {
      const { device, inode } = this.opened;
      const there = error === null ? found.dev === device && found.ino === inode : isThere(error);
      if (!there && !this.ended) this.beginAnew();
    });
  }

  private beginAnew(): void {
    // What waits still goes where it was meant to go: whoever has moved the file reads on there.
    this.before = Promise.all([this.before, closed(this.opened.stream)]);
    try {
      makeFolder(dirname(this.path));
      checkFree(this.path, this.ownAddress);
      this.opened = this.open();
    } catch (error) {
      this.fail(error as Error);
      return;
    }
    this.listener.begunAnew();
  }
}

/** Whether a file that cannot be looked at may be there all the same. */
function isThere(error: NodeJS.ErrnoException): boolean {
  return error.code !== 'ENOENT' && error.code !== 'ENOTDIR';
}

/** Ends a stream; resolves when it is closed. Not at `finish`: an error comes before `close`. */
function closed(stream: Writable): Promise<void> {
  return new Promise((resolve) => {
    stream.once('close', () => resolve());
    stream.end();
  });
}

/**
 * A pipe is opened for both directions, and so without waiting for a reader, who may come and go;
 * and it is written as a socket is, since a file's write would hold a thread until somebody reads.
 */
function open(path: string): Opened {
  const isPipe = statSync(path, { throwIfNoEntry: false })?.isFIFO() ?? false;
  const { O_RDWR, O_WRONLY, O_CREAT, O_APPEND, O_NONBLOCK } = constants;
  const flags = isPipe ? O_RDWR : O_WRONLY | O_CREAT | O_APPEND;
  const fd = openSync(path, flags | O_NONBLOCK);
  const { dev: device, ino: inode } = fstatSync(fd);
  const stream = isPipe
    ? new Socket({ fd, readable: false, writable: true })
    : createWriteStream(path, { fd });
  return { stream, device, inode };
}

/**
 * Keeps the file of the earlier run as `.1`. Only a regular file is moved: a link or a device was
 * put there on purpose. Throws if the file is not free.
 */
function putAside(path: string, ownAddress: string): void {
  if (!isRegular(path)) return;
  checkFree(path, ownAddress);
  renameSync(path, `${path}.1`);
}

/** Throws if another node writes the file. */
function checkFree(path: string, ownAddress: string): void {
  const writer = isRegular(path) ? logWriter(path, ownAddress) : undefined;
  if (writer === undefined) return;
  const { address, process } = writer;
  throw new Error(`${address}, process ${process}, writes it: name another with --log-dir`);
}

function isRegular(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}
