/**
 * The network between the processes of a world: who listens where, how long things travel, and what
 * is cut off from what.
 *
 * A dial is TCP's handshake: a knock travels to the listener, its answer back, and then the dialer
 * is connected; its first segment tells the listener's side. A cut stops what is sent during it:
 * dials are lost, segments of standing connections wait for the heal, as retransmission makes it.
 */
import { type Address, formatAddress, type NodeId } from '@hearsay/common/address';
import { LIMITS } from '@hearsay/common/limits';
import type { Random } from '@hearsay/common/random';
import { type Holder, StreamEnd } from './stream-end.js';
import type { VirtualClock } from './virtual-clock.js';

/** How a network behaves; the values may be changed while it runs. */
export interface NetworkOptions {
  /** Milliseconds for everything that travels, or the bounds of a uniform draw for each segment. */
  latencyMs: number | readonly [min: number, max: number];
  /** Bytes of a direction of a connection that may be unread before `send` says that it is full. */
  bufferBytesMax: number;
  /** Streams are delivered in pieces of at most this many bytes. */
  chunkBytes: number;
}

/** Something that stands at an address: a host, a stand-in. */
export interface Place {
  readonly address: Address;
}

// The range from which IANA has systems take the ports of outgoing connections.
const ephemeralPortMin = 49_152;
const ephemeralPortMax = 65_535;

/** The network of a world. */
export class Network {
  private readonly listeners = new Map<NodeId, Holder>();
  private readonly cuts: (readonly [Set<NodeId>, Set<NodeId>])[] = [];
  private readonly held: (() => void)[] = [];
  private endsMade = 0;
  private nextPort = ephemeralPortMin;

  constructor(
    readonly clock: VirtualClock,
    readonly options: NetworkOptions,
    private readonly random: Random,
  ) {}

  /** Whether the address is taken. */
  isTaken(address: Address): boolean {
    return this.listeners.has(formatAddress(address));
  }

  /** Takes connections for the holder at its address, which must be free. */
  listen(holder: Holder): void {
    const id = formatAddress(holder.address);
    if (this.listeners.has(id)) throw new Error(`${id} is taken`);
    this.listeners.set(id, holder);
  }

  /** Takes no more connections for the holder. */
  stopListening(holder: Holder): void {
    if (this.isListening(holder)) this.listeners.delete(formatAddress(holder.address));
  }

  /** Whether connections are taken for the holder. */
  isListening(holder: Holder): boolean {
    return this.listeners.get(formatAddress(holder.address)) === holder;
  }

  /** An address from which to dial: the IP and a port of the moment. */
  ephemeral(ip: string): Address {
    const port = this.nextPort;
    this.nextPort = port === ephemeralPortMax ? ephemeralPortMin : port + 1;
    return { ip, port };
  }

  /** Starts a connection; the holder hears `opened` or `failed` in a later event. */
  dial(holder: Holder, local: Address, to: Address): StreamEnd {
    const end = this.end(holder, 'out', local, to);
    holder.ends.set(end.id, end);
    this.clock.at(this.arrivalMs(), () => this.knock(end));
    this.clock.after(LIMITS.dialMs, () => end.fail('timed-out'));
    return end;
  }

  /** When something that is sent now arrives. */
  arrivalMs(): number {
    const { latencyMs } = this.options;
    if (typeof latencyMs === 'number') return this.clock.nowMs + latencyMs;
    const [min, max] = latencyMs;
    return this.clock.nowMs + min + this.random.fraction() * (max - min);
  }

  /** From now on nothing gets from one group to the other, either way. */
  cut(groupA: Iterable<Place>, groupB: Iterable<Place>): void {
    this.cuts.push([idsOf(groupA), idsOf(groupB)]);
  }

  /** Ends every cut; what standing connections have sent meanwhile goes out now. */
  heal(): void {
    this.cuts.length = 0;
    for (const act of this.held.splice(0)) act();
  }

  /** Acts now, or after the heal if the two are cut off from each other. */
  whenReachable(from: Address, to: Address, act: () => void): void {
    if (this.isCut(from, to)) this.held.push(act);
    else act();
  }

  private isCut(from: Address, to: Address): boolean {
    if (this.cuts.length === 0) return false;
    const [a, b] = [formatAddress(from), formatAddress(to)];
    return this.cuts.some(
      ([groupA, groupB]) => (groupA.has(a) && groupB.has(b)) || (groupA.has(b) && groupB.has(a)),
    );
  }

  private knock(dialer: StreamEnd): void {
    const to = dialer.remote;
    // Unheard or unanswered, a knock leaves no connection on either side.
    if (!dialer.isOpening || this.isCut(to, dialer.holder.address)) return;
    const listener = this.listeners.get(formatAddress(to));
    if (listener !== undefined) dialer.pair(this.end(listener, 'in', to, dialer.local));
    this.clock.at(this.arrivalMs(), () => {
      if (listener === undefined) dialer.fail('refused');
      else dialer.establish();
    });
  }

  private end(holder: Holder, direction: 'in' | 'out', local: Address, remote: Address): StreamEnd {
    this.endsMade += 1;
    return new StreamEnd(this, { id: this.endsMade, holder, direction, local, remote });
  }
}

function idsOf(places: Iterable<Place>): Set<NodeId> {
  return new Set(Array.from(places, (place) => formatAddress(place.address)));
}
