/**
 * A fleet: several seeds and peers as real processes, started, watched through their log files and
 * ended together. `npm start`, the soak, the end-to-end tests and the benchmarks all use it.
 *
 * The one invariant: whatever a fleet started is gone when `end` has resolved. What it knows of a
 * node it knows from the node's log, from its own start on; what an earlier run left in the same
 * file is passed over. The only other thing it sees is that a process of its own has ended.
 */
import { availableParallelism } from 'node:os';
import { type Address, formatAddress, type NodeId } from '@hearsay/common/address';
import type { LogEntry } from '@hearsay/common/log-line';
import { failure, type Result, success } from '@hearsay/common/result';
import { LogTail } from './log-tail.js';
import { freePort, portState } from './ports.js';
import { NodeProcess, type Role } from './process.js';

/** Where a fleet's nodes find their seeds and write their logs. */
export interface FleetOptions {
  /** The file that lists the seeds. */
  readonly config: string;
  readonly logDir: string;
  /** Scripts to run instead of the real programs, for tests. */
  readonly programs?: Partial<Record<Role, string>>;
}

/** Who is told what happens in a fleet. */
export interface FleetWatcher {
  /** A node has written a line. Lines of one node come in order, those of two nodes need not. */
  entry?(entry: LogEntry, node: NodeProcess): void;
  /** A node has said something on stderr: about its own log, or why it ends. */
  complained?(line: string, node: NodeProcess): void;
  /** A node's process is gone, by our hand or another's; its last lines were given before. */
  ended?(node: NodeProcess): void;
}

/** Where a peer is to listen. */
export interface PeerPlace {
  readonly ip: string;
  /** The first port that is tried. */
  readonly portFrom: number;
}

/** Why a node did not come up. */
export interface StartError {
  /**
   * `port-taken`: another program has the port. `exited`: the process ended before it listened.
   * `silent`: it did not say in time that it listens. `no-port`: no port was free.
   */
  readonly code: 'port-taken' | 'exited' | 'silent' | 'no-port';
  /** Where it was to listen. */
  readonly node: NodeId;
  /** What the process wrote to stderr. */
  readonly stderr: string;
}

/** Milliseconds between two looks at the log files. */
const pollIntervalMs = 100;
/** Milliseconds for a process to listen: a slow machine that starts thirty at once needs some. */
const startMs = 20_000;
/** Ports that a peer tries when others are faster. */
const portTriesMax = 20;

function placeOf(place: PeerPlace): NodeId {
  return formatAddress({ ip: place.ip, port: place.portFrom });
}

interface Watched {
  readonly node: NodeProcess;
  readonly tail: LogTail;
  listening: boolean;
  /** The latest time of its lines. */
  lastMs: number;
}

interface Line {
  readonly entry: LogEntry;
  readonly node: NodeProcess;
  readonly orderMs: number;
}

interface Waiting {
  readonly condition: () => boolean;
  readonly resolve: (held: boolean) => void;
  readonly deadlineMs: number;
}

/** Several nodes as real processes. */
export class Fleet {
  /** Every node that was started, also those that have ended. */
  readonly nodes: NodeProcess[] = [];
  private readonly watched = new Set<Watched>();
  private readonly waiting = new Set<Waiting>();
  private readonly portsUsed = new Set<number>();
  private timer: NodeJS.Timeout | undefined;
  private ending = false;

  constructor(
    private readonly options: FleetOptions,
    private readonly watcher: FleetWatcher = {},
  ) {}

  /** The nodes whose processes have not ended. */
  get living(): NodeProcess[] {
    return this.nodes.filter((node) => node.exit === undefined);
  }

  /** Starts a seed at an address of the config file; resolves when it listens. */
  startSeed(
    address: Address,
    flags: readonly string[] = [],
  ): Promise<Result<NodeProcess, StartError>> {
    return this.start('seed', address, flags);
  }

  /**
   * Starts a peer at the first free port from the given one on; resolves when it listens. A port
   * that is snatched away meanwhile is passed over.
   */
  async startPeer(
    place: PeerPlace,
    flags: readonly string[] = [],
  ): Promise<Result<NodeProcess, StartError>> {
    let last: StartError = { code: 'no-port', node: placeOf(place), stderr: '' };
    for (let tries = 0; tries < portTriesMax && !this.ending; tries += 1) {
      const port = await freePort(place.ip, place.portFrom, this.portsUsed);
      if (port === undefined) break;
      // Another start may have chosen the same port while this one was looking.
      if (this.portsUsed.has(port)) continue;
      const started = await this.start('peer', { ip: place.ip, port }, flags);
      if (started.ok || started.error.code !== 'port-taken') return started;
      last = started.error;
    }
    return failure(last);
  }

  /** Starts several peers, as many at once as the machine has processors. */
  async startPeers(
    count: number,
    place: PeerPlace,
    flags: readonly string[] = [],
  ): Promise<Result<NodeProcess[], StartError>> {
    const peers: NodeProcess[] = [];
    let error: StartError | undefined;
    let begun = 0;
    const startSome = async (): Promise<void> => {
      while (begun < count && error === undefined) {
        begun += 1;
        const started = await this.startPeer(place, flags);
        if (started.ok) peers.push(started.value);
        else error ??= started.error;
      }
    };
    await Promise.all(Array.from({ length: availableParallelism() }, startSome));
    return error === undefined ? success(peers) : failure(error);
  }

  /**
   * Waits until a condition holds that depends on what the logs say. False if the time is over
   * first, or the fleet is ended.
   */
  until(condition: () => boolean, timeoutMs: number): Promise<boolean> {
    if (condition()) return Promise.resolve(true);
    return new Promise((resolve) => {
      this.waiting.add({ condition, resolve, deadlineMs: performance.now() + timeoutMs });
      this.keepLooking();
    });
  }

  /** Ends every node. Once this has resolved, none is left, and every log is read to its end. */
  async end(): Promise<void> {
    this.ending = true;
    await Promise.all(this.living.map((node) => node.end()));
    this.look();
    for (const { resolve } of this.waiting) resolve(false);
    this.waiting.clear();
    clearInterval(this.timer);
    this.timer = undefined;
  }

  private async start(
    role: Role,
    address: Address,
    flags: readonly string[],
  ): Promise<Result<NodeProcess, StartError>> {
    // A start may be under way when the fleet is ended; nothing may be begun after that.
    if (this.ending) return failure({ code: 'exited', node: formatAddress(address), stderr: '' });
    this.portsUsed.add(address.port);
    const { config, logDir, programs } = this.options;
    const program = programs?.[role];
    const node: NodeProcess = new NodeProcess({
      ...{ role, address, config, logDir, flags },
      complained: (line) => this.watcher.complained?.(line, node),
      ...(program === undefined ? {} : { program }),
    });
    this.nodes.push(node);
    const watched: Watched = { node, tail: new LogTail(node.logFile), listening: false, lastMs: 0 };
    this.watched.add(watched);
    const over = node.exited.then(() => this.release(watched));
    await this.until(() => watched.listening || !this.watched.has(watched), startMs);
    if (watched.listening) return success(node);
    if (node.exit !== undefined) {
      const taken = !this.ending && (await portState(address)) === 'taken';
      const code = taken ? 'port-taken' : 'exited';
      return failure({ code, node: node.address, stderr: node.stderr });
    }
    await node.end();
    await over;
    return failure({ code: 'silent', node: node.address, stderr: node.stderr });
  }

  private keepLooking(): void {
    this.timer ??= setInterval(() => this.look(), pollIntervalMs);
  }

  private look(): void {
    this.tell([...this.watched].flatMap((watched) => this.read(watched)));
    const nowMs = performance.now();
    for (const waiting of this.waiting) {
      const held = waiting.condition();
      if (!held && nowMs < waiting.deadlineMs) continue;
      this.waiting.delete(waiting);
      waiting.resolve(held);
    }
    if (this.watched.size === 0 && this.waiting.size === 0) {
      clearInterval(this.timer);
      this.timer = undefined;
    }
  }

  /** What a node has written since the last look, from its own start on. */
  private read(watched: Watched): Line[] {
    const { node, tail } = watched;
    const lines: Line[] = [];
    for (const entry of tail.poll()) {
      const { record } = entry;
      if (record.event === 'seed-started' || record.event === 'peer-started') {
        watched.listening ||= record.process === node.pid;
      }
      // A clock that was set back must not change the order of a node's own lines.
      watched.lastMs = Math.max(watched.lastMs, entry.wallMs);
      if (watched.listening) lines.push({ entry, node, orderMs: watched.lastMs });
    }
    return lines;
  }

  /** Tells of lines in the order of their times, which is what a person expects to read. */
  private tell(lines: Line[]): void {
    lines.sort((a, b) => a.orderMs - b.orderMs);
    for (const { entry, node } of lines) this.watcher.entry?.(entry, node);
  }

  /** The process is gone: reads what it wrote last, and lets go of its log. */
  private release(watched: Watched): void {
    this.tell(this.read(watched));
    watched.tail.close();
    this.watched.delete(watched);
    // One that never listened is its starter's to report.
    if (watched.listening) this.watcher.ended?.(watched.node);
    this.look();
  }
}
