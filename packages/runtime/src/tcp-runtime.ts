/**
 * The real Runtime: TCP sockets and the machine's clocks. It drives one node and keeps the rules
 * that stand above the interface. All of its calls into the node come straight from the event
 * loop, never from inside a call of the node's own, because Node reports what happens to a socket
 * later than the call that caused it.
 *
 * Nothing here catches what a node throws: that is a bug, and the process must not live on with it.
 */
import { connect, type Server, type Socket } from 'node:net';
import { setTimeout as elapsed } from 'node:timers/promises';
import { type Address, sameAddress } from '@hearsay/common/address';
import { LIMITS, type Limits } from '@hearsay/common/limits';
import type { LogRecord } from '@hearsay/common/records';
import { type Result, success } from '@hearsay/common/result';
import type { LinkId, Node, Runtime } from '@hearsay/common/runtime';
import { Intake } from './intake.js';
import { socketIp, sourceIp } from './socket-address.js';
import { TcpLink } from './tcp-link.js';
import { type ListenError, type Listening, listen } from './tcp-listen.js';
import { WakeTimer } from './wake-timer.js';

/** The bounds that this runtime keeps itself. */
type TcpLimits = Pick<Limits, 'dialMs' | 'lingerMs' | 'lingeringLinksMax'>;

/** What a {@link TcpRuntime} is made from. */
export interface TcpRuntimeOptions {
  /** Where to listen: tried in order. Port 0 is a free one. */
  readonly listen: readonly Address[];
  /** Makes the node once it is known where it listens. Its `start` is called right afterwards. */
  readonly makeNode: (runtime: TcpRuntime, bound: Address) => Node;
  /** What becomes of the node's records. */
  readonly record: (record: LogRecord) => void;
  /** What becomes of lines for the person at the terminal. */
  readonly tell: (lines: readonly string[]) => void;
  /** The node is done, and hears nothing more. Called from inside the node's own call. */
  readonly finished: () => void;
  /** Bounds other than the ordinary ones. */
  readonly limits?: Partial<TcpLimits>;
}

/** Listens, makes the node and starts it; or says why each address could not be had. */
export async function openTcpRuntime(
  options: TcpRuntimeOptions,
): Promise<Result<TcpRuntime, readonly ListenError[]>> {
  const listening = await listen(options.listen);
  return listening.ok ? success(new TcpRuntime(listening.value, options)) : listening;
}

/** One node's sockets, clock and deadline. Several may live in one process. */
export class TcpRuntime implements Runtime {
  /** Where the node listens. */
  readonly bound: Address;
  private readonly server: Server;
  private readonly node: Node;
  private readonly limits: TcpLimits;
  private readonly links = new Map<LinkId, TcpLink>();
  private linksMade = 0;
  /** Links that the node has closed and that are still there, the one closed longest ago first. */
  private readonly lingering = new Set<TcpLink>();
  /** Links that were sent something in this turn of the event loop. */
  private unflushed = new Set<TcpLink>();
  private readonly intake = new Intake(() => this.monotonicMs());
  private readonly wakeTimer = new WakeTimer(
    () => this.monotonicMs(),
    (andThen) => this.intake.afterTurn(andThen),
    () => this.node.wake(),
  );
  private halted = false;

  /** Made by {@link openTcpRuntime}, since listening takes a while and may fail. */
  constructor(
    listening: Listening,
    private readonly options: TcpRuntimeOptions,
  ) {
    this.server = listening.server;
    this.bound = listening.bound;
    this.limits = { ...LIMITS, ...options.limits };
    this.node = options.makeNode(this, this.bound);
    this.server.on('connection', (socket) => this.accept(socket));
    this.node.start();
  }

  monotonicMs(): number {
    return performance.now();
  }

  wallMs(): number {
    return Date.now();
  }

  dial(to: Address): LinkId {
    const localAddress = sourceIp(this.bound.ip, to);
    const socket = connect({
      host: to.ip,
      port: to.port,
      allowHalfOpen: true,
      ...(localAddress === undefined ? {} : { localAddress }),
    });
    const link = this.link(socket);
    link.openWithin(this.limits.dialMs);
    socket.once('connect', () => {
      if (isConnectedToItself(socket)) link.fail('refused');
      else link.open({ direction: 'out', medium: 'stream', remote: to });
    });
    return link.id;
  }

  send(id: LinkId, bytes: Uint8Array): boolean {
    const link = this.links.get(id);
    if (link === undefined) return true; // It is gone, and the node hears so in a moment.
    // An immediate, not a microtask: a microtask runs after each single event, while the
    // immediates run after all events of a poll. What thirty neighbors sent us in the same
    // moment is forwarded to the thirty-first in one write.
    if (this.unflushed.size === 0) setImmediate(() => this.flush());
    this.unflushed.add(link);
    return link.send(bytes);
  }

  close(id: LinkId): void {
    const link = this.links.get(id);
    if (link === undefined) return;
    link.close(this.limits.lingerMs);
    this.lingering.add(link);
    const [longest] = this.lingering;
    if (longest === undefined || this.lingering.size <= this.limits.lingeringLinksMax) return;
    this.lingering.delete(longest);
    longest.destroy();
  }

  wakeAt(monotonicMs: number | undefined): void {
    if (!this.halted) this.wakeTimer.set(monotonicMs);
  }

  record(record: LogRecord): void {
    this.options.record(record);
  }

  tell(lines: readonly string[]): void {
    this.options.tell(lines);
  }

  stopListening(): void {
    this.server.close();
  }

  finished(): void {
    this.halt();
    this.options.finished();
  }

  /** The node hears nothing more, and nobody can connect; what was sent still goes out. */
  halt(): void {
    this.halted = true;
    this.wakeTimer.set(undefined);
    this.stopListening();
    for (const link of this.links.values()) link.mute();
  }

  /** Resolves when all that was sent is with the operating system, or after `lingerMs`. */
  async handedOver(): Promise<void> {
    this.flush();
    const links = Promise.all([...this.links.values()].map((link) => link.handedOver()));
    await Promise.race([links, elapsed(this.limits.lingerMs, undefined, { ref: false })]);
  }

  /** Ends everything at once: sockets, listening, deadline. */
  destroy(): void {
    this.halt();
    for (const link of this.links.values()) link.destroy();
  }

  private accept(socket: Socket): void {
    const { remoteAddress, remotePort } = socket;
    // A caller that has already hung up has no address any more.
    if (this.halted || remoteAddress === undefined || remotePort === undefined) {
      socket.destroy();
      return;
    }
    this.intake.accepted();
    const remote = { ip: socketIp(remoteAddress), port: remotePort };
    this.link(socket).open({ direction: 'in', medium: 'stream', remote });
  }

  private link(socket: Socket): TcpLink {
    this.linksMade += 1;
    const id = this.linksMade;
    const link = new TcpLink(id, socket, this.node, this.intake, () => {
      this.links.delete(id);
      this.lingering.delete(link);
    });
    this.links.set(id, link);
    return link;
  }

  private flush(): void {
    const links = this.unflushed;
    this.unflushed = new Set();
    for (const link of links) {
      link.flush();
      link.giveRoom();
    }
  }
}

/**
 * Whether a socket has met itself. The system takes a free port for each dial, and where the
 * dialed port is one of those and nobody listens there, it may take that very port: TCP then
 * connects the socket with itself (simultaneous open), and a dead neighbor seems to live.
 */
function isConnectedToItself(socket: Socket): boolean {
  const local = { ip: socket.localAddress ?? '', port: socket.localPort ?? 0 };
  const remote = { ip: socket.remoteAddress ?? '', port: socket.remotePort ?? 0 };
  return sameAddress(local, remote);
}
