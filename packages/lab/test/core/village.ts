/** A whole network of real seeds and peers in one in-memory world, for tests of the core. */
import { type Address, formatAddress, type NodeId, parseAddress } from '@hearsay/common/address';
import type { Limits } from '@hearsay/common/limits';
import { LIMITS } from '@hearsay/common/limits';
import { Random } from '@hearsay/common/random';
import type { EventName, RecordOf } from '@hearsay/common/records';
import { bySeeds } from '@hearsay/peer/bootstrap';
import type { PeerSettings } from '@hearsay/peer/context';
import { RankedOverlay } from '@hearsay/peer/overlay';
import { Peer } from '@hearsay/peer/peer';
import { Seed, type SeedSettings } from '@hearsay/seed/seed';
import type { Host } from '../../src/simulator/host.js';
import { World, type WorldOptions } from '../../src/simulator/world.js';

const quickPeer: PeerSettings = {
  gossipIntervalMs: 1_000,
  gossipCount: 10,
  livenessIntervalMs: 1_000,
  strikesMax: 3,
  neighborsMin: 4,
  neighborsMax: 64,
  statusIntervalMs: 1_000,
};

const quickSeed: SeedSettings = {
  trustReports: false,
  probeIntervalMs: 60_000,
  statusIntervalMs: 1_000,
};

/** The address of a text that is one; tests write addresses as texts. */
export function at(text: string): Address {
  const address = parseAddress(text);
  if (!address.ok) throw new Error(`no address: ${text}`);
  return address.value;
}

export interface VillageOptions extends WorldOptions {
  readonly seeds?: number;
  readonly peer?: Partial<PeerSettings>;
  readonly seed?: Partial<SeedSettings>;
  readonly limits?: Partial<Limits>;
}

export class Village {
  readonly world: World;
  readonly seedAddresses: readonly Address[];
  readonly seeds = new Map<NodeId, Host<Seed>>();
  readonly peers = new Map<NodeId, Host<Peer>>();
  private nextPort = 6_001;
  private readonly rng: number;

  constructor(private readonly options: VillageOptions = {}) {
    this.rng = options.rng ?? 1;
    this.world = new World(options);
    const count = options.seeds ?? 3;
    this.seedAddresses = Array.from({ length: count }, (_, n) => at(`127.0.0.1:${5_001 + n}`));
  }

  startSeeds(): this {
    for (const address of this.seedAddresses) this.startSeed(address);
    return this;
  }

  startSeed(self: Address, settings: Partial<SeedSettings> = {}): Host<Seed> {
    const host = this.world.spawn(
      self,
      (runtime) =>
        new Seed({
          runtime,
          random: new Random(this.rng + self.port),
          self,
          seeds: this.seedAddresses,
          settings: { ...quickSeed, ...this.options.seed, ...settings },
          limits: { ...LIMITS, ...this.options.limits },
        }),
      'seed',
    );
    this.seeds.set(formatAddress(self), host);
    return host;
  }

  startPeer(settings: Partial<PeerSettings> = {}, text?: string): Host<Peer> {
    const self = at(text ?? `127.0.0.1:${this.nextPort}`);
    if (text === undefined) this.nextPort += 1;
    const host = this.world.spawn(self, (runtime) => {
      return new Peer({
        runtime,
        random: new Random(this.rng + self.port),
        self,
        discovery: bySeeds(this.seedAddresses),
        overlay: new RankedOverlay(0.5),
        isQuiet: true,
        settings: { ...quickPeer, ...this.options.peer, ...settings },
        limits: { ...LIMITS, ...this.options.limits },
      });
    });
    this.peers.set(formatAddress(self), host);
    return host;
  }

  startPeers(count: number, settings: Partial<PeerSettings> = {}): Host<Peer>[] {
    return Array.from({ length: count }, () => this.startPeer(settings));
  }

  /** Lets time pass until the condition holds; fails the test if it does not within the time. */
  until(condition: () => boolean, withinMs = 60_000, what = String(condition)): void {
    if (!this.world.runUntil(condition, { withinMs })) {
      throw new Error(`not within ${withinMs} ms: ${what}`);
    }
  }
}

type AnyHost = Host<Seed> | Host<Peer>;

/** All records of one event that a node has written, oldest first. */
export function recordsOf<E extends EventName>(host: AnyHost, event: E): RecordOf<E>[] {
  return host.records
    .map(({ record }) => record)
    .filter((r): r is RecordOf<E> => r.event === event);
}

/** The last record of one event; undefined if there is none. */
export function lastOf<E extends EventName>(host: AnyHost, event: E): RecordOf<E> | undefined {
  return recordsOf(host, event).at(-1);
}
