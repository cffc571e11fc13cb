/**
 * The life of a node as a process: it listens, opens its log, runs until it is done or asked to
 * end, and ends only when its last records are on disk, or nobody has taken them for a while.
 *
 * Exit codes: 0 ended in good order, asked or not; 2 it could not begin, for a reason that the
 * user can mend; 70 (`EX_SOFTWARE` of sysexits) a bug; 130 cut short by a second Ctrl-C. When its
 * terminal is closed, it ends in the same good order, and then by SIGHUP.
 */
import { setTimeout as elapsed } from 'node:timers/promises';
import { type Address, formatAddress, formatIp, isWildcardIp } from '@hearsay/common/address';
import { LIMITS, type Limits } from '@hearsay/common/limits';
import type { Node, Runtime } from '@hearsay/common/runtime';
import { colorsFor } from './colors.js';
import { type LogFormat, NodeLog } from './node-log.js';
import { isSomebodyThere, Prompt } from './prompt.js';
import { Screen } from './screen.js';
import { describeListenErrors } from './tcp-listen.js';
import { openTcpRuntime, type TcpRuntime } from './tcp-runtime.js';
import { discardTyped, neverBlock } from './terminal.js';

/** What a node's process is made from. */
export interface RunOptions {
  readonly role: 'seed' | 'peer';
  /** Where to listen: the first that can be had. Port 0 is a free one. */
  readonly listen: readonly Address[];
  /** The address that others are told, from the bound one; undefined: there is none to dial. */
  readonly advertise: (bound: Address) => Address | undefined;
  readonly logDir: string;
  readonly logFormat: LogFormat;
  /** The bounds of this process's connections. */
  readonly limits: Limits;
  /** Nothing but answers to the person at the terminal is printed. */
  readonly quiet: boolean;
  /** Makes the node, which is `self` to others; `logFile` is the path of its log. */
  readonly makeNode: (runtime: Runtime, self: Address, logFile: string) => Node;
}

/** Runs a node to its end, which is the end of the process. */
export async function runNode(options: RunOptions): Promise<void> {
  const run = new NodeRun(options);
  process.on('uncaughtException', (error) => run.crash(error));
  // A terminal that was closed must not keep the node from its last records.
  process.stderr.on('error', () => {});
  for (const out of [process.stdout, process.stderr]) neverBlock(out);
  try {
    await run.begin();
  } catch (error) {
    await run.crash(error as Error);
  }
}

/** The node's address as others know it; ends the process where none of them could dial it. */
function addressOrExit(options: RunOptions, bound: Address): Address {
  const self = options.advertise(bound);
  if (self !== undefined && !isWildcardIp(self.ip)) return self;
  const ip = formatIp((self ?? bound).ip);
  complain(options, `nobody can dial ${ip}: ${mendOfWildcard(options.role)}`);
  process.exit(2);
}

function mendOfWildcard(role: RunOptions['role']): string {
  const host = 'give an address of this machine with --host';
  return role === 'peer' ? `say with --advertise IP:PORT what others dial, or ${host}` : host;
}

function complain(options: RunOptions, line: string): void {
  // What nobody reads must not pile up here either.
  if (process.stderr.writableNeedDrain) return;
  process.stderr.write(`${options.role}: ${line}\n`);
}

/** One run of a node: what is open, and how it is brought to its end. */
class NodeRun {
  private readonly screen = new Screen(process.stdout);
  private readonly person: boolean;
  private log: NodeLog | undefined;
  private runtime: TcpRuntime | undefined;
  private node: Node | undefined;
  private prompt: Prompt | undefined;
  private ending = false;
  private crashing = false;
  /** The terminal was closed. */
  private hungUp = false;

  constructor(private readonly options: RunOptions) {
    // A seed takes no commands; its terminal is for reading.
    this.person = options.role === 'peer' && isSomebodyThere(process.stdin);
  }

  async begin(): Promise<void> {
    const opened = await openTcpRuntime({
      listen: this.options.listen,
      makeNode: (runtime, bound) => this.makeNode(runtime, bound),
      record: (record) => this.log?.record(record),
      tell: (lines) => {
        if (this.person) this.screen.print(lines.map((line) => `${line}\n`).join(''));
      },
      finished: () => void this.end(),
      limits: this.options.limits,
    });
    if (!opened.ok) {
      complain(this.options, describeListenErrors(opened.error));
      process.exit(2);
    }
    if (this.ending) return;
    process.on('SIGINT', () => this.interrupted());
    process.on('SIGTERM', () => this.stop('SIGTERM'));
    process.on('SIGHUP', () => this.hangUp());
    if (this.person) this.openPrompt();
    else discardTyped();
  }

  /** A bug: the stack is printed, the log written out, and the process ends. */
  async crash(error: Error): Promise<void> {
    if (this.crashing) process.exit(70); // Whatever went wrong in here would do so again.
    this.crashing = true;
    this.ending = true;
    // First of all: whatever comes next may have the same bug.
    complain(this.options, `this is a bug, and the node ends here\n${error.stack ?? error}`);
    this.runtime?.destroy();
    this.prompt?.close();
    await this.lastLines();
    process.exit(70);
  }

  private makeNode(runtime: TcpRuntime, bound: Address): Node {
    const self = addressOrExit(this.options, bound);
    this.runtime = runtime;
    // Only now, with the port bound, is it sure that no other run of this node writes the file.
    this.log = new NodeLog({
      role: this.options.role,
      address: formatAddress(self),
      port: bound.port,
      dir: this.options.logDir,
      format: this.options.logFormat,
      screen: this.options.quiet ? undefined : this.screen,
      colors: colorsFor(process.stdout, process.env),
      complain: (line) => complain(this.options, line),
    });
    this.node = this.options.makeNode(runtime, self, this.log.path);
    return this.node;
  }

  private openPrompt(): void {
    this.prompt = new Prompt(process.stdin, this.screen, {
      typed: (line) => {
        if (!this.ending) this.node?.typed(line);
      },
      interrupted: () => this.interrupted(),
      ended: () => this.stop('Ctrl-D'),
      hungUp: () => this.hangUp(),
    });
  }

  /** Ctrl-C. Whoever presses it twice does not want to wait; other signals come from programs. */
  private interrupted(): void {
    if (this.ending) process.exit(130);
    this.stop('SIGINT');
  }

  private hangUp(): void {
    this.hungUp = process.stdin.isTTY || process.stdout.isTTY || process.stderr.isTTY;
    this.stop('SIGHUP');
  }

  private stop(reason: string): void {
    if (this.ending) return;
    this.node?.stopping(reason);
    void this.end();
  }

  private async end(): Promise<void> {
    if (this.ending) return;
    this.ending = true;
    this.runtime?.halt();
    this.prompt?.close();
    await Promise.all([this.runtime?.handedOver(), this.lastLines()]);
    if (this.hungUp) dieOfHangUp();
    process.exit(0);
  }

  /** Resolves when every line is on disk or read, or after `lastLinesMs`. */
  private async lastLines(): Promise<void> {
    const errors = new Promise((resolve) => process.stderr.write('', resolve));
    const lines = Promise.all([this.log?.close(), this.screen.printed(), errors]);
    // A timer that keeps the process alive: were it the last thing to do, and left to itself, Node
    // would end here, with code 0 whatever has happened.
    await Promise.race([lines, elapsed(LIMITS.lastLinesMs)]);
  }
}

/**
 * Ends the process as the closed terminal would have ended it. Node 20 cannot exit without its
 * terminal: it aborts, with a core file, because it cannot restore the terminal's settings.
 */
function dieOfHangUp(): void {
  process.removeAllListeners('SIGHUP');
  process.kill(process.pid, 'SIGHUP');
}
