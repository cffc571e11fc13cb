/**
 * A whole network in one process, on one virtual clock: nodes on an in-memory {@link Runtime}, and
 * scripted sockets beside them. Equal options and equal code give equal runs, to the last record.
 *
 * Nothing happens until `run` or `runUntil` lets time pass. What a test does in between happens at
 * the present time, and its effects on others come as later events.
 */
import { type Address, formatAddress } from '@hearsay/common/address';
import type { LogEntry } from '@hearsay/common/log-line';
import { Random } from '@hearsay/common/random';
import type { Node, Runtime } from '@hearsay/common/runtime';
import { Host } from './host.js';
import { Network, type NetworkOptions, type Place } from './network.js';
import { dialStandIn, type StandIn, type StandInScript, StandInServer } from './stand-in.js';
import { VirtualClock } from './virtual-clock.js';

/** How a world is made; all may be left out. */
export interface WorldOptions extends Partial<NetworkOptions> {
  /** The number that all of the network's chance comes from. */
  readonly rng?: number;
  /** Milliseconds since the epoch at which the world begins. */
  readonly wallStartMs?: number;
}

/** A network in one process, on one virtual clock. */
export class World {
  /** How the network behaves; may be changed while the world runs. */
  readonly options: NetworkOptions;
  private readonly clock = new VirtualClock();
  private readonly network: Network;
  private readonly wallStartMs: number;

  constructor(options: WorldOptions = {}) {
    this.options = {
      latencyMs: options.latencyMs ?? 1,
      // What Linux gives the two ends of a loopback connection is of this order.
      bufferBytesMax: options.bufferBytesMax ?? 262_144,
      chunkBytes: options.chunkBytes ?? Number.POSITIVE_INFINITY,
    };
    this.wallStartMs = options.wallStartMs ?? Date.UTC(2026, 1, 1, 9, 30);
    this.network = new Network(this.clock, this.options, new Random(options.rng ?? 1));
  }

  /** The present, in milliseconds since the world began; what `monotonicMs` says. */
  get now(): number {
    return this.clock.nowMs;
  }

  /** The present as the nodes' wall clocks say it, in milliseconds since the epoch. */
  get wallMs(): number {
    return Math.floor(this.wallStartMs + this.now);
  }

  /**
   * Starts a process with the node that `make` returns: it listens, and `start` is called, as an
   * event of the present time. Throws if the address is taken.
   */
  spawn<N extends Node>(
    address: Address,
    make: (runtime: Runtime) => N,
    role: LogEntry['role'] = 'peer',
  ): Host<N> {
    if (this.network.isTaken(address)) throw new Error(`${formatAddress(address)} is taken`);
    return new Host(this.network, { address, role, wallStartMs: this.wallStartMs }, make);
  }

  /** Dials as a scripted client from a port of the moment. */
  connect(to: Address, script: StandInScript & { readonly fromIp?: string } = {}): StandIn {
    return dialStandIn(this.network, script.fromIp ?? '127.0.0.1', to, script);
  }

  /** Listens as a scripted server. Throws if the address is taken. */
  listen(address: Address, script: StandInScript = {}): StandInServer {
    return new StandInServer(this.network, address, script);
  }

  /** Lets so much time pass. */
  run({ forMs }: { readonly forMs: number }): void {
    const untilMs = this.now + forMs;
    while (this.clock.step(untilMs)) {
      // Each step is one event.
    }
    this.clock.skipTo(untilMs);
  }

  /** Lets time pass until the condition holds; false if it does not within the given time. */
  runUntil(condition: () => boolean, { withinMs }: { readonly withinMs: number }): boolean {
    const untilMs = this.now + withinMs;
    do {
      if (condition()) return true;
    } while (this.clock.step(untilMs));
    this.clock.skipTo(untilMs);
    return condition();
  }

  /**
   * Cuts two groups off from each other: dials between them fail as `timed-out`, links go silent
   * and deliver what was sent when healed. What is under way at this moment still arrives.
   */
  cut(groupA: Iterable<Place>, groupB: Iterable<Place>): void {
    this.network.cut(groupA, groupB);
  }

  /** Ends every cut. */
  heal(): void {
    this.network.heal();
  }
}
