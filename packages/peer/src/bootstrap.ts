/**
 * Finding peers by way of seeds. Of n seeds, ⌊n/2⌋+1 are chosen at random (A3); another takes the
 * place of one that does not answer, and whoever was ever chosen is tried again with growing
 * pauses, so that a seed that returns gets the peer again. The union of their lists (A4), oldest
 * first, is what the overlay picks from.
 */
import { type Address, addressOf, type NodeId } from '@hearsay/common/address';
import type { Alarm } from '@hearsay/common/alarms';
import { encode } from '@hearsay/common/wire/codec';
import { formatTimestamp } from '@hearsay/common/wire/message';
import type { PeerContext } from './context.js';
import type { Discovery, DiscoveryEvents, DiscoveryMaker } from './discovery.js';
import { Registration, type RegistrationEvents } from './registration.js';

/** How many of `seedCount` seeds a peer registers with: ⌊n/2⌋+1 (A3). */
function majorityOf(seedCount: number): number {
  return Math.floor(seedCount / 2) + 1;
}

/** Discovery by the seeds of config.txt. */
export function bySeeds(seeds: readonly Address[]): DiscoveryMaker {
  return (context, events) => new Bootstrap(context, seeds, events);
}

/** The registrations at the seeds, and the union of their lists. */
class Bootstrap implements Discovery, RegistrationEvents {
  union: readonly NodeId[] = [];
  private readonly registrations: readonly Registration[];
  private readonly needed: number;
  private readonly refresh: Alarm;
  /** What each seed's list was when it was last logged. */
  private readonly noted = new Map<NodeId, string>();
  /** Whether all that were asked at first have answered or failed. */
  private isSettled = false;
  private hasUnited = false;
  private hasMajority: boolean | undefined;
  private hasLeft = false;
  private wantsMore = false;
  private refreshPauseMs: number;
  /** Peers found dead while no seed could be told. */
  private untold: NodeId[] = [];

  constructor(
    private readonly context: PeerContext,
    seeds: readonly Address[],
    private readonly events: DiscoveryEvents,
  ) {
    this.registrations = context.random
      .shuffle(seeds)
      .map((seed) => new Registration(context, seed, this));
    this.needed = majorityOf(seeds.length);
    this.refreshPauseMs = context.limits.refreshFirstMs;
    this.refresh = context.alarms.alarm(() => this.refreshAll());
  }

  start(): void {
    for (const registration of this.registrations.slice(0, this.needed)) registration.begin();
  }

  get registered(): readonly NodeId[] {
    return this.inState('registered').map(({ seed }) => seed);
  }

  describe(): string[] {
    const lines = this.registrations.map(({ seed, state, kind, list }) =>
      state === 'registered'
        ? `${seed}  registered  ${kind}  lists ${list.length}`
        : `${seed}  ${state}`,
    );
    return [`${this.registered.length} registered, ${this.needed} needed`, ...lines];
  }

  wantMore(isWanted: boolean): void {
    if (isWanted === this.wantsMore) return;
    this.wantsMore = isWanted;
    this.refreshPauseMs = this.context.limits.refreshFirstMs;
    this.scheduleRefresh();
  }

  report(dead: NodeId): void {
    const { limits } = this.context;
    if (this.registered.length > 0) return this.tell(dead);
    this.untold = [...this.untold, dead].slice(-limits.reportsPendingMax);
  }

  leave(): void {
    // The seeds remove a peer that reports itself, and close its links: none is to replace them.
    this.hasLeft = true;
    this.report(this.context.selfId);
  }

  forgive(nowMs: number): void {
    for (const registration of this.registrations) registration.forgive(nowMs);
  }

  listed(registration: Registration, isFirst: boolean): void {
    const { runtime } = this.context;
    const { seed, kind } = registration;
    if (isFirst) {
      const message = encode({ kind: 'register', peer: this.context.self, hearsay: true });
      runtime.record({ event: 'registered', seed, kind, message, from: seed });
    }
    this.noteList(registration, isFirst);
    this.weighMajority();
    for (const dead of this.untold.splice(0)) this.tell(dead);
    this.unite();
    if (this.refresh.atMs === undefined) this.scheduleRefresh();
  }

  lost({ seed }: Registration, reason: string, retryMs: number): void {
    this.context.runtime.record({ event: 'seed-lost', seed, reason, retryMs });
    this.noted.delete(seed);
    const hopeful = this.registrations.filter(({ isHopeful }) => isHopeful).length;
    if (hopeful < this.needed && !this.hasLeft) this.inState('idle')[0]?.begin();
    this.weighMajority();
    this.unite();
  }

  /** Logs each list as it comes (A4), but a refreshed one only if it says something new. */
  private noteList({ seed, received }: Registration, isFirst: boolean): void {
    const text = received.join(',');
    if (!isFirst && this.noted.get(seed) === text) return;
    this.noted.set(seed, text);
    this.context.runtime.record({ event: 'list', peers: received, from: seed });
  }

  private inState(...states: readonly string[]): Registration[] {
    return this.registrations.filter(({ state }) => states.includes(state));
  }

  /** Says when a majority is reached, and when it is lacking with nobody left to ask. */
  private weighMajority(): void {
    const registered = this.registered;
    const isPending = this.inState('dialing', 'asking').length > 0;
    const hasMajority = registered.length >= this.needed;
    if (!hasMajority && isPending) return;
    this.isSettled = true;
    if (hasMajority === this.hasMajority) return;
    this.hasMajority = hasMajority;
    const event = hasMajority ? 'majority-reached' : 'majority-lacking';
    const { needed } = this;
    this.context.runtime.record({
      event,
      registered: registered.length,
      needed,
      seeds: registered,
    });
  }

  /** The union of the lists, by the smallest position in any of them, then by address. */
  private unite(): void {
    if (!this.isSettled) return;
    const registered = this.inState('registered');
    // With no seed left, what they said last is better than nothing.
    const sources = registered.length > 0 ? registered : this.registrations;
    const positions = new Map<NodeId, number>();
    for (const { list } of sources) {
      list.forEach((id, position) => {
        positions.set(id, Math.min(position, positions.get(id) ?? position));
      });
    }
    const union = [...positions]
      .sort(([idA, a], [idB, b]) => a - b || (idA < idB ? -1 : 1))
      .map(([id]) => id);
    const isNew = union.join(',') !== this.union.join(',') || !this.hasUnited;
    this.union = union;
    if (isNew) this.context.runtime.record({ event: 'union', peers: union });
    this.hasUnited = true;
    this.events.unionChanged();
  }

  private scheduleRefresh(): void {
    const { runtime, random, limits, settings } = this.context;
    const pauseMs = this.wantsMore
      ? this.refreshPauseMs
      : limits.refreshIntervals * settings.livenessIntervalMs;
    this.refresh.set(runtime.monotonicMs() + random.jitter(pauseMs));
  }

  private refreshAll(): void {
    for (const registration of this.registrations) registration.refresh();
    this.refreshPauseMs = Math.min(2 * this.refreshPauseMs, this.context.limits.refreshFewMs);
    this.scheduleRefresh();
    // A classic seed has nothing new to say, but who did not answer before may do so by now.
    this.events.unionChanged();
  }

  private tell(dead: NodeId): void {
    const { runtime, self } = this.context;
    const seeds = this.inState('registered');
    const { ip, port } = addressOf(dead);
    const message = encode({
      kind: 'dead-node',
      forwarded: false,
      ip,
      port,
      timestamp: formatTimestamp(runtime.wallMs()),
      reporterIp: self.ip,
      reporterPort: self.port,
      hearsay: false,
    });
    for (const seed of seeds) seed.send(message);
    const told = seeds.map(({ seed }) => seed);
    runtime.record({ event: 'dead-reported', peer: dead, message, seeds: told });
  }
}
