/**
 * Scripted sockets: the far side of a connection in tests of single nodes. A stand-in knows no
 * protocol; it sends what it is told at the present virtual time and keeps all that it gets.
 */
import type { Address } from '@hearsay/common/address';
import type { DialFailure, LinkId } from '@hearsay/common/runtime';
import { Inbox } from './inbox.js';
import type { Network } from './network.js';
import type { Holder, StreamEnd } from './stream-end.js';

/** What a stand-in does by itself when something comes; all may be left out. */
export interface StandInScript {
  /** A connection was accepted. */
  onAccept?: (client: StandIn) => void;
  /** Bytes came; `text` is this piece alone. */
  onData?: (client: StandIn, text: string) => void;
  /** The other side has ended its stream. */
  onEnd?: (client: StandIn) => void;
}

/** One end of a connection in the hands of a test. */
export class StandIn {
  /** The other side's socket address. */
  readonly remote: Address;
  /** Whether the other side has ended its stream (half-close). */
  ended = false;
  /** Whether the connection was reset. */
  closed = false;
  /** Why the connection never opened. */
  failed: DialFailure | undefined;

  private buffer = Buffer.alloc(0);
  private receivedCount = 0;
  private readonly early: (() => void)[] = [];
  private opened = false;
  private finished = false;

  /** Made by {@link StandInHolder}. */
  constructor(
    private readonly stream: StreamEnd,
    private readonly inbox: Inbox,
  ) {
    this.remote = stream.remote;
  }

  /** The address that the connection comes from. */
  get address(): Address {
    return this.stream.local;
  }

  /** Whether the connection stands, at least one way. */
  get open(): boolean {
    return this.opened && !this.closed && !(this.finished && this.ended);
  }

  /** All bytes that came so far. */
  get receivedBytes(): Buffer {
    return this.buffer.subarray(0, this.receivedCount);
  }

  /** All that came so far, as UTF-8 text. */
  get received(): string {
    return this.receivedBytes.toString();
  }

  /** Sends now; before the connection stands, as soon as it does. False: no room. */
  send(data: string | Uint8Array): boolean {
    const bytes = typeof data === 'string' ? Buffer.from(data) : data;
    let hasRoom = true;
    this.whenOpen(() => {
      hasRoom = this.stream.send(bytes);
    });
    return hasRoom;
  }

  /** Half-close: sends no more and goes on receiving. */
  end(): void {
    this.whenOpen(() => {
      this.finished = true;
      this.stream.end();
    });
  }

  /** Breaks the connection both ways. */
  reset(): void {
    this.closed = true;
    this.stream.reset();
  }

  /** Reads nothing until `resume`, nor does a server that accepted it: the buffers fill. */
  pause(): void {
    this.inbox.stop();
  }

  /** Reads again, what has waited first. */
  resume(): void {
    this.inbox.resume();
  }

  /** Called by the holder when the connection stands. */
  nowOpen(): void {
    this.opened = true;
    for (const act of this.early.splice(0)) act();
  }

  /** Called by the holder when bytes came. */
  keep(chunk: Uint8Array): void {
    const neededCount = this.receivedCount + chunk.length;
    if (neededCount > this.buffer.length) {
      const larger = Buffer.alloc(2 * neededCount);
      this.receivedBytes.copy(larger);
      this.buffer = larger;
    }
    this.buffer.set(chunk, this.receivedCount);
    this.receivedCount = neededCount;
  }

  private whenOpen(act: () => void): void {
    if (this.opened) act();
    else this.early.push(act);
  }
}

/** Holds the network's side of stand-ins: of one client, or of all that one server accepts. */
class StandInHolder implements Holder {
  readonly ends = new Map<LinkId, StreamEnd>();
  readonly inbox: Inbox;
  private readonly standIns = new Map<LinkId, StandIn>();

  constructor(
    network: Network,
    readonly address: Address,
    private readonly script: StandInScript,
    readonly accepted: StandIn[] = [],
  ) {
    this.inbox = new Inbox(network.clock);
  }

  standIn(end: StreamEnd): StandIn {
    const known = this.standIns.get(end.id);
    if (known !== undefined) return known;
    const made = new StandIn(end, this.inbox);
    this.standIns.set(end.id, made);
    return made;
  }

  opened(end: StreamEnd): void {
    const standIn = this.standIn(end);
    standIn.nowOpen();
    if (end.direction === 'out') return;
    this.accepted.push(standIn);
    this.script.onAccept?.(standIn);
  }

  bytes(end: StreamEnd, chunk: Uint8Array): void {
    const standIn = this.standIn(end);
    standIn.keep(chunk);
    this.script.onData?.(standIn, Buffer.from(chunk).toString());
  }

  ended(end: StreamEnd): void {
    const standIn = this.standIn(end);
    standIn.ended = true;
    this.script.onEnd?.(standIn);
  }

  closed(end: StreamEnd): void {
    this.standIn(end).closed = true;
  }

  failed(end: StreamEnd, reason: DialFailure): void {
    this.standIn(end).failed = reason;
  }

  drained(): void {}
}

/** A scripted client: dials at the present time. */
export function dialStandIn(
  network: Network,
  fromIp: string,
  to: Address,
  script: StandInScript,
): StandIn {
  const local = network.ephemeral(fromIp);
  const holder = new StandInHolder(network, local, script);
  return holder.standIn(network.dial(holder, local, to));
}

/** A scripted server. */
export class StandInServer {
  /** Its clients in the order in which they came. */
  readonly accepted: StandIn[] = [];
  private readonly holder: StandInHolder;

  constructor(
    private readonly network: Network,
    readonly address: Address,
    script: StandInScript,
  ) {
    this.holder = new StandInHolder(network, address, script, this.accepted);
    network.listen(this.holder);
  }

  /** Takes no more connections; those that stand remain. */
  close(): void {
    this.network.stopListening(this.holder);
  }

  /** Everything stands still, as in a stopped process: dials to it open, and bytes wait. */
  pause(): void {
    this.holder.inbox.stop();
  }

  /** It goes on, with what has waited first. */
  resume(): void {
    this.holder.inbox.resume();
  }
}
