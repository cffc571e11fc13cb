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
import { ListLog } from './list-log.js';
import { Registration, type RegistrationEvents } from './registration.js';
import { Union } from './union.js';

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
  private readonly all: Union;
  private readonly registrations: readonly Registration[];
  private readonly needed: number;
  private readonly refresh: Alarm;
  /** A refresh that somebody has asked for, before the one that is due anyway. */
  private readonly soonRefresh: Alarm;
  private refreshedAtMs = Number.NEGATIVE_INFINITY;
  private readonly unionLog: ListLog;
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
    this.refresh = context.alarms.alarm((nowMs) => this.refreshAll(nowMs));
    this.soonRefresh = context.alarms.alarm((nowMs) => this.refreshAll(nowMs));
    this.all = new Union(context.limits.peersMax);
    this.unionLog = new ListLog(context, (peers) => ({ event: 'union', peers }));
  }

  start(): void {
    for (const registration of this.registrations.slice(0, this.needed)) registration.begin();
  }

  get union(): readonly NodeId[] {
    return this.all.ids;
  }

  knows(id: NodeId): boolean {
    return this.all.has(id);
  }

  /** A classic seed is never asked twice; one that is lost for now may come back. */
  get canAsk(): boolean {
    return this.registrations.some(({ kind }) => kind === 'hearsay');
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

  refreshSoon(): void {
    if (this.soonRefresh.atMs !== undefined) return;
    const { runtime, random, limits } = this.context;
    const soonMs = runtime.monotonicMs() + random.jitter(limits.refreshFirstMs);
    // Strangers can cause this at will, but not more often than it is done with too few neighbors.
    this.soonRefresh.set(Math.max(soonMs, this.refreshedAtMs + limits.refreshFewMs));
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

  stop(): void {
    for (const registration of this.registrations) registration.flush();
    this.unionLog.flush();
  }

  forgive(nowMs: number): void {
    for (const registration of this.registrations) registration.forgive(nowMs);
  }

  listed(): void {
    this.weighMajority();
    for (const dead of this.untold.splice(0)) this.tell(dead);
    this.unite();
    if (this.refresh.atMs === undefined) this.scheduleRefresh();
  }

  lost({ seed }: Registration, reason: string, retryMs: number): void {
    // The seeds close the links of a peer that leaves.
    if (this.hasLeft) return;
    this.context.runtime.record({ event: 'seed-lost', seed, reason, retryMs });
    const hopeful = this.registrations.filter(({ isHopeful }) => isHopeful).length;
    if (hopeful < this.needed) this.inState('idle')[0]?.begin();
    this.weighMajority();
    this.unite();
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

  private unite(): void {
    if (!this.isSettled) return;
    const registered = this.inState('registered');
    // With no seed left, what they said last is better than nothing.
    const sources = registered.length > 0 ? registered : this.registrations;
    const isNew = this.all.unite(sources.map(({ list }) => list));
    if (!isNew && this.hasUnited) return;
    this.unionLog.update(this.union);
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

  private refreshAll(nowMs: number): void {
    this.soonRefresh.clear();
    this.refreshedAtMs = nowMs;
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
