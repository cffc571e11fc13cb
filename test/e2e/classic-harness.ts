/**
 * Starts the classic stand-ins as real processes, collects what they print, and ends them by
 * process id. Tests wait for a line or for a condition, always with a deadline; a deadline that
 * passes fails with what every process of the network printed.
 *
 * The grammar of the lines is in test/classic/classic-io.js: `EVENT field field text`.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

/** Milliseconds that a test waits for anything, unless it says otherwise. */
export const patienceMs = 20_000;

const pauseBetweenLooksMs = 20;
const portsTaken = new Set<number>();

/**
 * A free port of loopback. It lies below the range from which systems draw the ports of outgoing
 * connections, since a classic peer listens only some time after it was given its port.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 12_000);
    if (portsTaken.has(port)) continue;
    portsTaken.add(port);
    if (await canListen(port)) return port;
  }
}

function canListen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}

/** One classic program that runs, and the lines that it has printed on stdout so far. */
export class StandIn {
  readonly lines: string[] = [];
  readonly errorLines: string[] = [];
  private readonly child: ChildProcess;
  private readonly exit: Promise<void>;
  private ended = false;

  /** @param name how failures call it: its program and its address. */
  constructor(
    readonly name: string,
    readonly address: string,
    commandLine: readonly string[],
  ) {
    this.child = spawn(process.execPath, commandLine, { stdio: ['ignore', 'pipe', 'pipe'] });
    collectLines(this.child.stdout, this.lines);
    collectLines(this.child.stderr, this.errorLines);
    this.exit = new Promise((resolve) => {
      // `close` comes after `exit`, when the last line has been read too.
      this.child.once('close', () => {
        this.ended = true;
        resolve();
      });
    });
  }

  /** The lines of one event, without its name. */
  texts(event: string): string[] {
    return this.lines
      .filter((line) => line.startsWith(`${event} `))
      .map((line) => line.slice(event.length + 1));
  }

  /** The first line that satisfies `predicate`, at the latest after `deadlineMs`. */
  until(predicate: (line: string) => boolean, deadlineMs = patienceMs): Promise<string> {
    const look = () => this.lines.find(predicate);
    return eventually(`a line of ${this.name}: ${predicate}`, look, deadlineMs, () => this.story());
  }

  /** All that it has printed, for a failure's message. */
  story(): string {
    const state = this.ended ? 'has ended' : 'runs';
    const errors = this.errorLines.map((line) => `(stderr) ${line}`);
    return [`--- ${this.name} (${state})`, ...this.lines, ...errors].join('\n');
  }

  /** Sends a signal and waits until the process is gone. Does nothing if it already is. */
  async end(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    if (!this.ended) this.child.kill(signal);
    await this.exit;
  }
}

function collectLines(stream: NodeJS.ReadableStream | null, lines: string[]): void {
  let rest = '';
  stream?.setEncoding('utf8');
  stream?.on('data', (text: string) => {
    const parts = (rest + text).split('\n');
    rest = parts.pop() ?? '';
    lines.push(...parts);
  });
}

/**
 * Looks again and again until `look` gives something other than undefined or false. When the
 * deadline has passed it throws, with what was awaited and the whole `story`.
 */
export async function eventually<T>(
  what: string,
  look: () => T | undefined | false,
  deadlineMs: number,
  story: () => string,
): Promise<T> {
  const deadline = performance.now() + deadlineMs;
  for (;;) {
    const found = look();
    if (found !== undefined && found !== false) return found;
    if (performance.now() > deadline) {
      throw new Error(`after ${deadlineMs} ms still waiting for ${what}\n${story()}`);
    }
    await sleep(pauseBetweenLooksMs);
  }
}

/** The classic programs of one test, and the one place that ends them all. */
export class ClassicNetwork {
  readonly standIns: StandIn[] = [];

  /** Starts a classic seed and waits until it listens. */
  classicSeed(...flags: string[]): Promise<StandIn> {
    return this.start('classic-seed', flags);
  }

  /**
   * Starts a classic peer with quick timing (half a second) and waits until it listens, which is
   * when it has registered and asked for neighbors. Of a flag given twice the last one counts.
   * Without `--port` it takes a free one.
   */
  classicPeer(seeds: readonly string[], ...flags: string[]): Promise<StandIn> {
    const timing = ['--gossip-interval-ms', '500', '--liveness-interval-ms', '500'];
    return this.start('classic-peer', ['--seeds', seeds.join(','), ...timing, ...flags]);
  }

  /** Waits for a condition; when the time is over it fails with the story of the whole network. */
  eventually<T>(
    what: string,
    look: () => T | undefined | false,
    deadlineMs = patienceMs,
  ): Promise<T> {
    return eventually(what, look, deadlineMs, () => this.story());
  }

  /** What all nodes of the network have printed. */
  story(): string {
    return this.standIns.map((node) => node.story()).join('\n');
  }

  /** Ends every process that still runs. For `afterEach`. */
  async end(): Promise<void> {
    await Promise.all(this.standIns.map((node) => node.end('SIGKILL')));
  }

  private async start(program: string, flags: readonly string[]): Promise<StandIn> {
    const given = flags.indexOf('--port');
    const port = given < 0 ? await freePort() : Number(flags[given + 1]);
    const script = fileURLToPath(new URL(`../classic/${program}.js`, import.meta.url));
    const address = `127.0.0.1:${port}`;
    const commandLine = [script, '--port', `${port}`, ...flags];
    const standIn = new StandIn(`${program} ${address}`, address, commandLine);
    this.standIns.push(standIn);
    await standIn.until((line) => line.startsWith('LISTENING'));
    return standIn;
  }
}
