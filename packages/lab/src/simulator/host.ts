/**
 * A process with one node in it, and the node's {@link Runtime}. It can be treated as processes
 * are: killed, stopped and resumed, asked to end.
 *
 * Invariant: the node is only ever called from an event of the clock, so never from inside one of
 * its own calls outward, and a late wake comes after everything that arrived before it.
 */
import { type Address, formatAddress } from '@hearsay/common/address';
import type { LogEntry } from '@hearsay/common/log-line';
import type { DialFailure, LinkId, Node, Runtime } from '@hearsay/common/runtime';
import { Inbox } from './inbox.js';
import type { Network } from './network.js';
import type { Holder, StreamEnd } from './stream-end.js';

/** What a host needs to know beside its network. */
export interface HostDescription {
  readonly address: Address;
  /** What its log entries say that it is. */
  readonly role: LogEntry['role'];
  /** Milliseconds since the epoch at which the world began. */
  readonly wallStartMs: number;
}

/** A process with one node in it. */
export class Host<N extends Node = Node> {
  readonly address: Address;
  readonly node: N;
  /** What the node has recorded, with the virtual wall clock's time. */
  readonly records: LogEntry[] = [];
  /** The lines that the node has shown to the person at the terminal. */
  readonly told: string[] = [];

  private readonly process: Process<N>;

  constructor(network: Network, description: HostDescription, make: (runtime: Runtime) => N) {
    this.address = description.address;
    this.process = new Process(network, description, this.records, this.told);
    this.node = make(this.process);
    this.process.run(this.node);
  }

  /** Whether the node has said that it is done. */
  get finished(): boolean {
    return this.process.isFinished;
  }

  /**
   * Ends the process at once, as SIGKILL does. By default the others hear `closed`. A real kernel
   * resets only connections with unread bytes; of the rest the others hear `ended`, and `closed`
   * when they send again: that is what `kill('ended')` does.
   */
  kill(connections: 'reset' | 'ended' = 'reset'): void {
    this.process.die(connections);
  }

  /** The process stands still, as after SIGSTOP: connections to it open, and bytes wait. */
  stop(): void {
    this.process.inbox.stop();
  }

  /** It goes on, as after SIGCONT: it hears all that has waited, then its late wake. */
  resume(): void {
    this.process.inbox.resume();
  }

  /** Asks the process to end, as SIGTERM and Ctrl-C do. */
  interrupt(reason = 'SIGTERM'): void {
    this.process.soon(() => this.node.stopping(reason));
  }

  /** The person at the terminal types a line (without its line end). */
  type(line: string): void {
    this.process.soon(() => this.node.typed(line));
  }
}

/** The side of a host that the node and the network see. */
class Process<N extends Node> implements Runtime, Holder {
  readonly address: Address;
  readonly inbox: Inbox;
  readonly ends = new Map<LinkId, StreamEnd>();
  isFinished = false;

  private node: N | undefined;
  private wantedWakeMs: number | undefined;
  /** The soonest event that will look whether a wake is due. */
  private alarmMs: number | undefined;

  constructor(
    private readonly network: Network,
    private readonly description: HostDescription,
    private readonly records: LogEntry[],
    private readonly told: string[],
  ) {
    this.address = description.address;
    this.inbox = new Inbox(network.clock, () => this.wakeIfDue());
  }

  /** Listens and starts the node, as an event of the present time. */
  run(node: N): void {
    this.node = node;
    this.network.clock.after(0, () => {
      if (this.inbox.isDead) return;
      this.network.listen(this);
      this.inbox.take(() => node.start());
    });
  }

  /** Calls the node as an event of the present time. */
  soon(delivery: () => void): void {
    this.network.clock.after(0, () => this.inbox.take(delivery));
  }

  die(connections: 'reset' | 'ended'): void {
    this.inbox.die();
    this.network.stopListening(this);
    for (const end of [...this.ends.values()]) {
      if (connections === 'reset') end.reset();
      else end.orphan();
    }
  }

  // What the node asks for

  monotonicMs(): number {
    return this.network.clock.nowMs;
  }

  wallMs(): number {
    return Math.floor(this.description.wallStartMs + this.network.clock.nowMs);
  }

  dial(to: Address): LinkId {
    return this.network.dial(this, this.network.ephemeral(this.address.ip), to).id;
  }

  send(link: LinkId, bytes: Uint8Array): boolean {
    return this.ends.get(link)?.send(bytes) ?? true;
  }

  close(link: LinkId): void {
    this.ends.get(link)?.close();
  }

  wakeAt(monotonicMs: number | undefined): void {
    this.wantedWakeMs = monotonicMs;
    this.setAlarm();
  }

  record(record: LogEntry['record']): void {
    const { role, address } = this.description;
    this.records.push({ wallMs: this.wallMs(), role, address: formatAddress(address), record });
  }

  tell(lines: readonly string[]): void {
    this.told.push(...lines);
  }

  stopListening(): void {
    this.network.stopListening(this);
  }

  finished(): void {
    this.isFinished = true;
    this.die('ended');
  }

  // What the network brings

  opened(end: StreamEnd): void {
    const { direction, remote } = end;
    this.node?.opened(end.id, { direction, medium: 'stream', remote });
  }

  bytes(end: StreamEnd, chunk: Uint8Array): void {
    this.node?.bytes(end.id, chunk);
  }

  ended(end: StreamEnd): void {
    this.node?.ended(end.id);
  }

  closed(end: StreamEnd): void {
    this.node?.closed(end.id);
  }

  failed(end: StreamEnd, reason: DialFailure): void {
    this.node?.failed(end.id, reason);
  }

  drained(end: StreamEnd): void {
    this.node?.drained(end.id);
  }

  /** Nodes ask for another wake after nearly every event: an alarm that comes first serves all. */
  private setAlarm(): void {
    const wantedMs = this.wantedWakeMs;
    if (wantedMs === undefined || (this.alarmMs !== undefined && this.alarmMs <= wantedMs)) return;
    const alarmMs = Math.max(wantedMs, this.network.clock.nowMs);
    this.alarmMs = alarmMs;
    this.network.clock.at(alarmMs, () => {
      if (this.alarmMs === alarmMs) this.alarmMs = undefined;
      this.wakeIfDue();
    });
  }

  private wakeIfDue(): void {
    if (!this.inbox.isCaughtUp || this.wantedWakeMs === undefined) return;
    if (this.wantedWakeMs > this.network.clock.nowMs) {
      this.setAlarm();
      return;
    }
    this.wantedWakeMs = undefined;
    this.node?.wake();
  }
}
