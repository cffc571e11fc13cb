/**
 * One node of a fleet: a real, separate process of the `seed` or `peer` program.
 *
 * It never outlives the fleet. It is in a session of its own, so that Ctrl-C reaches the fleet
 * alone, which then ends its nodes in good order; and it holds a channel to the fleet's process and
 * ends when that is gone, by whatever death (`bin/end-with-parent.js`). Only a node that stands
 * still (SIGSTOP) at that very moment cannot notice.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { type Address, formatAddress, type NodeId } from '@hearsay/common/address';

/** Which of the two programs a node runs. */
export type Role = 'seed' | 'peer';

/** What a process is to be. */
export interface NodeOptions {
  readonly role: Role;
  readonly address: Address;
  /** The file that lists the seeds. */
  readonly config: string;
  readonly logDir: string;
  /** Further flags for the program, such as `--gossip-interval`, `1s`. */
  readonly flags?: readonly string[];
  /** The script to run instead of the role's own, for tests. */
  readonly program?: string;
  /** Hears each line that the process writes to stderr. */
  readonly complained?: (line: string) => void;
}

/** How a process ended. `code` is null if a signal did it. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** Milliseconds since the epoch. */
  readonly wallMs: number;
}

/** Characters of stderr that are kept: the last ones, where the reason of a death stands. */
const stderrCharactersMax = 8_192;
/** Milliseconds a node has to write its last records after SIGTERM. */
const graceMs = 3_000;

const guard = new URL('../../bin/end-with-parent.js', import.meta.url).href;

/** The launcher of a role's program. */
function programOf(role: Role): string {
  return fileURLToPath(new URL(`../../../${role}/bin/${role}.js`, import.meta.url));
}

/**
 * This process's environment without Hearsay's own variables: what they say is meant for the tool,
 * which tells each node by flags what it shall do. One `HEARSAY_PORT` would be every node's.
 */
function environment(): NodeJS.ProcessEnv {
  const variables = Object.entries(process.env);
  return Object.fromEntries(variables.filter(([name]) => !/^HEARSAY_/i.test(name)));
}

/** A running (or ended) node. */
export class NodeProcess {
  readonly role: Role;
  readonly address: NodeId;
  readonly port: number;
  readonly logFile: string;
  /** The process id; undefined if the system would start no process. */
  readonly pid: number | undefined;
  /** Set once the process is gone. */
  exit: Exit | undefined;
  /** Whether the fleet has stopped it (SIGSTOP). */
  stopped = false;
  /** Resolves when the process is gone and its stderr is read. */
  readonly exited: Promise<Exit>;
  private readonly child: ChildProcess;
  private captured = '';

  constructor(private readonly options: NodeOptions) {
    this.role = options.role;
    this.address = formatAddress(options.address);
    this.port = options.address.port;
    this.logFile = join(options.logDir, `${options.role}log_${this.port}.txt`);
    const program = options.program ?? programOf(options.role);
    const flags = [
      ...['--port', String(this.port), '--host', options.address.ip],
      ...['--config', options.config, '--log-dir', options.logDir],
      ...(options.flags ?? []),
    ];
    this.child = spawn(process.execPath, ['--import', guard, program, ...flags], {
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      detached: true,
      env: environment(),
    });
    this.pid = this.child.pid;
    this.exited = this.watch();
  }

  /** The end of what the process wrote to stderr. */
  get stderr(): string {
    return this.captured;
  }

  /** SIGKILL: the process is gone without a word. */
  kill(): void {
    this.child.kill('SIGKILL');
  }

  /** SIGSTOP: the process stands still, its connections stay open and silent. */
  stop(): void {
    this.stopped = this.child.kill('SIGSTOP');
  }

  /** SIGCONT: a stopped process goes on. */
  continue(): void {
    this.child.kill('SIGCONT');
    this.stopped = false;
  }

  /** SIGTERM, and SIGKILL if that is not obeyed in time. Resolves when the process is gone. */
  async end(): Promise<Exit> {
    if (this.exit === undefined) {
      // A stopped process would get the SIGTERM only when it goes on.
      this.child.kill(this.stopped ? 'SIGKILL' : 'SIGTERM');
      const timer = setTimeout(() => this.kill(), graceMs);
      await this.exited;
      clearTimeout(timer);
    }
    return this.exited;
  }

  private watch(): Promise<Exit> {
    this.child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.captured = (this.captured + text).slice(-stderrCharactersMax);
    });
    if (this.child.stderr !== null) {
      const lines = createInterface({ input: this.child.stderr });
      lines.on('line', (line) => this.options.complained?.(line));
    }
    return new Promise((resolve) => {
      const note = (code: number | null, signal: NodeJS.Signals | null): void => {
        this.exit ??= { code, signal, wallMs: Date.now() };
      };
      this.child.on('exit', note);
      this.child.on('close', (code, signal) => {
        note(code, signal);
        resolve(this.exit as Exit);
      });
      this.child.on('error', (error) => {
        this.captured += error.message;
        // Without a process there is no `close`.
        if (this.pid === undefined) {
          note(1, null);
          resolve(this.exit as Exit);
        }
      });
    });
  }
}
