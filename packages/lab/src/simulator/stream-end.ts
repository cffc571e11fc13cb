/**
 * One end of a TCP connection, as a kernel holds it for a process. Two ends make a connection; what
 * one sends arrives at the other after the network's latency, in order and whole.
 *
 * Invariants: the holder hears `opened` first and at most one of `failed` and `closed`, last; after
 * it has let go itself it hears nothing. Everything that an end sends, its close included, goes one
 * way through one queue, so nothing overtakes bytes that were sent before it.
 */
import type { Address } from '@hearsay/common/address';
import { LIMITS } from '@hearsay/common/limits';
import type { DialFailure, LinkId } from '@hearsay/common/runtime';
import type { Inbox } from './inbox.js';
import type { Network } from './network.js';

/** A process that holds ends: a node's host or a stand-in. */
export interface Holder {
  /** Where it stands; a cut goes by this. */
  readonly address: Address;
  /** Through here it hears everything. */
  readonly inbox: Inbox;
  /** The ends that it holds: dialed or open, and not let go. */
  readonly ends: Map<LinkId, StreamEnd>;
  opened(end: StreamEnd): void;
  bytes(end: StreamEnd, chunk: Uint8Array): void;
  ended(end: StreamEnd): void;
  closed(end: StreamEnd): void;
  failed(end: StreamEnd, reason: DialFailure): void;
  drained(end: StreamEnd): void;
}

type Segment =
  | { readonly kind: 'opened' | 'ended' | 'reset' | 'room' }
  | { readonly kind: 'bytes'; readonly chunk: Uint8Array };

/** The fixed properties of an end. */
interface StreamEndDescription {
  readonly id: LinkId;
  readonly holder: Holder;
  readonly direction: 'in' | 'out';
  readonly local: Address;
  readonly remote: Address;
}

/** One end of a connection. */
export class StreamEnd {
  readonly id: LinkId;
  readonly holder: Holder;
  readonly direction: 'in' | 'out';
  readonly local: Address;
  readonly remote: Address;

  private state: 'opening' | 'open' | 'closed' = 'opening';
  private letGo = false;
  private other: StreamEnd | undefined;
  /** Bytes that are on their way here or have arrived, and that the holder has not heard. */
  private unreadBytes = 0;
  /** Whether the other end was told that there is no room, and waits to hear that there is. */
  private owesRoom = false;
  private saidEnd = false;
  private saidReset = false;
  private lastArrivalMs = 0;
  private lingersUntilMs = 0;

  constructor(
    private readonly network: Network,
    description: StreamEndDescription,
  ) {
    this.id = description.id;
    this.holder = description.holder;
    this.direction = description.direction;
    this.local = description.local;
    this.remote = description.remote;
  }

  /** Whether a dial is under way, or (on the other side) the last step of its handshake. */
  get isOpening(): boolean {
    return this.state === 'opening';
  }

  /** The accepting end has been made: the two belong together. */
  pair(acceptor: StreamEnd): void {
    this.other = acceptor;
    acceptor.other = this;
  }

  /** The dialing end learns that it is connected, and the accepting end hears of it next. */
  establish(): void {
    if (this.state !== 'opening') return;
    this.state = 'open';
    this.transmit({ kind: 'opened' });
    this.deliver(() => this.holder.opened(this));
  }

  /** The dial has come to nothing, unless it was decided before. */
  fail(reason: DialFailure): void {
    if (this.state !== 'opening') return;
    this.state = 'closed';
    this.deliver(() => {
      this.holder.ends.delete(this.id);
      this.holder.failed(this, reason);
    });
  }

  /** Sends bytes; false if more are unread than the buffers hold. On a dead end they are lost. */
  send(bytes: Uint8Array): boolean {
    if (this.state === 'opening') throw new Error(`link ${this.id} sends before it has opened`);
    if (this.state === 'closed' || this.saidEnd || this.other === undefined) return true;
    const { chunkBytes, bufferBytesMax } = this.network.options;
    this.other.unreadBytes += bytes.length;
    for (let from = 0; from < bytes.length; from += chunkBytes) {
      this.transmit({ kind: 'bytes', chunk: bytes.subarray(from, from + chunkBytes) });
    }
    if (this.other.unreadBytes <= bufferBytesMax) return true;
    this.other.owesRoom = true;
    return false;
  }

  /** Half-close: nothing more will be sent, but the holder goes on hearing. */
  end(): void {
    if (this.state !== 'open' || this.saidEnd) return;
    this.saidEnd = true;
    this.transmit({ kind: 'ended' });
  }

  /**
   * The holder lets go: what was sent still arrives, and the holder hears nothing more. As the
   * real runtime does, it throws away what still comes in for a while, lest a reset spoil its last
   * words.
   */
  close(): void {
    this.end();
    this.release();
    this.lingersUntilMs = this.network.clock.nowMs + LIMITS.lingerMs;
  }

  /** The holder is no more: the kernel ends the stream, or resets it if bytes are unread. */
  orphan(): void {
    if (this.unreadBytes > 0) this.reset();
    else this.end();
    this.release();
  }

  /** The holder lets go, and the connection is broken for the other end too. */
  reset(): void {
    if (this.state === 'open') this.refuse();
    this.release();
  }

  private release(): void {
    this.state = 'closed';
    this.letGo = true;
    this.holder.ends.delete(this.id);
  }

  private refuse(): void {
    if (this.saidReset) return;
    this.saidReset = true;
    this.transmit({ kind: 'reset' });
  }

  private transmit(segment: Segment): void {
    const other = this.other as StreamEnd;
    this.network.whenReachable(this.holder.address, other.holder.address, () => {
      const arrivalMs = Math.max(other.lastArrivalMs, this.network.arrivalMs());
      other.lastArrivalMs = arrivalMs;
      this.network.clock.at(arrivalMs, () => other.arrive(segment));
    });
  }

  private arrive(segment: Segment): void {
    if (segment.kind === 'opened') {
      this.accept();
    } else if (this.state === 'closed') {
      if (segment.kind === 'bytes') this.discard(segment.chunk);
    } else if (segment.kind === 'bytes') {
      this.holder.inbox.take(() => this.read(segment.chunk));
    } else if (segment.kind === 'ended') {
      this.deliver(() => this.holder.ended(this));
    } else if (segment.kind === 'room') {
      this.deliver(() => this.holder.drained(this));
    } else {
      this.state = 'closed';
      this.deliver(() => {
        this.holder.ends.delete(this.id);
        this.holder.closed(this);
      });
    }
  }

  private accept(): void {
    if (!this.network.isListening(this.holder)) {
      this.state = 'closed';
      this.refuse();
      return;
    }
    this.state = 'open';
    this.holder.ends.set(this.id, this);
    this.deliver(() => this.holder.opened(this));
  }

  private read(chunk: Uint8Array): void {
    if (this.letGo) {
      this.discard(chunk);
      return;
    }
    this.makeRoom(chunk.length);
    this.holder.bytes(this, chunk);
  }

  /** Bytes for an end that is closed: a kernel answers with a reset, unless somebody lingers. */
  private discard(chunk: Uint8Array): void {
    if (this.network.clock.nowMs < this.lingersUntilMs) this.makeRoom(chunk.length);
    else this.refuse();
  }

  private makeRoom(bytes: number): void {
    this.unreadBytes -= bytes;
    if (!this.owesRoom || this.unreadBytes > this.network.options.bufferBytesMax) return;
    this.owesRoom = false;
    this.transmit({ kind: 'room' });
  }

  private deliver(delivery: () => void): void {
    this.holder.inbox.take(() => {
      if (!this.letGo) delivery();
    });
  }
}
