/**
 * The neighbors, and the overlay's upkeep. The rules that keep degrees in bounds and the graph
 * whole, each from a measurement (docs/PROTOCOL.md, Overlay):
 * - a peer that joins picks `neighborsMin` by rank and accepts up to `neighborsMax`;
 * - a lost neighbor is replaced only by the end that had dialed it, or by one left with too few;
 * - there is one link per pair: of two crossing dials the one from the smaller address stays;
 * - one lost neighbor is tried again per interval, for an hour: that is what heals a split. Whoever
 *   gets one back that was replaced meanwhile gives up another link in its place.
 * So the number of links that an end has dialed stays what it was, whatever is lost and returns.
 */
import {
  type Address,
  addressOf,
  formatAddress,
  isWildcardIp,
  type NodeId,
} from '@hearsay/common/address';
import type { Link, LinkOwner } from '@hearsay/common/links';
import { encode } from '@hearsay/common/wire/codec';
import type { Message } from '@hearsay/common/wire/message';
import { ConnectAttempt, type ConnectOutcome } from './connect-attempt.js';
import type { PeerContext } from './context.js';
import { LostNeighbors } from './lost-neighbors.js';
import { Courier, type Neighbor } from './neighbor.js';
import type { Overlay } from './overlay.js';

/** What the neighbors tell the peer. */
export interface NeighborEvents {
  /** A message over a neighbor's link. */
  message(neighbor: Neighbor, link: Link, text: string): void;
  added(neighbor: Neighbor): void;
  removed(neighbor: Neighbor): void;
  /** It accepted a link again, and so is alive. */
  returned(neighbor: Neighbor): void;
  /** Whether there are fewer than wanted. */
  lacking(isLacking: boolean): void;
}

/** The neighbors of one peer, by id. */
export class Neighbors {
  private readonly all = new Map<NodeId, Neighbor>();
  private readonly attempts = new Map<NodeId, ConnectAttempt>();
  private readonly lost: LostNeighbors;
  /** Candidates that refused or failed, and until when they are left alone. */
  private readonly restingUntilMs = new Map<NodeId, number>();
  /** Links that this end owes the overlay: its first picks, and dialed ones that were lost. */
  private owed = 0;
  private hasPicked = false;
  private hasLeft = false;

  /** @param union all peers known at the moment, oldest first. */
  constructor(
    private readonly context: PeerContext,
    private readonly overlay: Overlay,
    private readonly union: () => readonly NodeId[],
    private readonly events: NeighborEvents,
  ) {
    this.lost = new LostNeighbors(context.limits);
  }

  get size(): number {
    return this.all.size;
  }

  list(): Iterable<Neighbor> {
    return this.all.values();
  }

  get(id: NodeId): Neighbor | undefined {
    return this.all.get(id);
  }

  /** Sends a message to a neighbor; false if it cannot be reached now. */
  send(neighbor: Neighbor, text: string): boolean {
    if (neighbor.courier !== undefined) return neighbor.courier.send(text);
    return neighbor.link !== undefined && this.context.links.send(neighbor.link, text);
  }

  /** Connects to as many as are owed or lacking. Called whenever that or the union may change. */
  fill(): void {
    if (this.hasLeft) return;
    const { settings, random, runtime } = this.context;
    const nowMs = runtime.monotonicMs();
    const union = this.union();
    if (!this.hasPicked && union.length > 0) {
      this.hasPicked = true;
      this.owed = Math.min(settings.neighborsMin, union.length);
    }
    const lacking = settings.neighborsMin - this.size;
    const wanted = Math.min(Math.max(lacking, this.owed), settings.neighborsMax - this.size);
    const isEligible = (id: NodeId) => this.isEligible(id, nowMs);
    const picks = this.overlay.pick(union, isEligible, wanted - this.newcomers(), random);
    for (const id of picks) this.attempt(id);
    this.events.lacking(lacking > 0 || (wanted > 0 && this.attempts.size === 0));
  }

  /** Tries one lost neighbor again; called once an interval. */
  tryLost(): void {
    if (this.hasLeft) return;
    const nowMs = this.context.runtime.monotonicMs();
    // Requests that are under way have their places set aside.
    if (this.size + this.newcomers() >= this.context.settings.neighborsMax) return;
    const id = this.lost.next(nowMs, (lost) => !this.isKnown(lost));
    if (id !== undefined) this.attempt(id);
  }

  /** Tries to restore the broken link of a neighbor. */
  redial(neighbor: Neighbor): void {
    if (neighbor.kind === 'hearsay' && !this.attempts.has(neighbor.id)) this.attempt(neighbor.id);
  }

  /** Ends a neighborhood from this side, and replaces it if that is this end's to do. */
  remove(neighbor: Neighbor, reason: string): void {
    if (this.all.get(neighbor.id) !== neighbor) return;
    if (neighbor.isDialedByUs) this.owed += 1;
    this.drop(neighbor, reason);
    this.fill();
  }

  /** Removes a neighbor that is dead, but is tried again for a while: it may only be cut off. */
  bury(neighbor: Neighbor): void {
    this.lost.add(neighbor.id, this.context.runtime.monotonicMs());
    this.remove(neighbor, 'dead');
  }

  private drop(neighbor: Neighbor, reason: string): void {
    const { runtime, links } = this.context;
    this.all.delete(neighbor.id);
    this.attempts.get(neighbor.id)?.cancel();
    this.attempts.delete(neighbor.id);
    if (neighbor.link !== undefined) links.close(neighbor.link);
    runtime.record({ event: 'neighbor-lost', neighbor: neighbor.id, reason });
    this.rest(neighbor.id);
    this.events.removed(neighbor);
  }

  /** Gives up one of the links that this end has dialed, other than the one given. */
  private shed(kept: Neighbor): void {
    const { links, random, settings } = this.context;
    if (this.size <= settings.neighborsMin) return;
    const surplus = [...this.all.values()].filter(
      (neighbor) => neighbor !== kept && neighbor.isDialedByUs && neighbor.link !== undefined,
    );
    const [one] = random.shuffle(surplus);
    if (one?.link === undefined) return;
    links.send(one.link, encode({ kind: 'connect-refused', reason: 'surplus' }));
    this.drop(one, 'surplus');
  }

  /** Closes all links without replacing them: this peer leaves. */
  leave(): void {
    this.hasLeft = true;
    for (const attempt of this.attempts.values()) attempt.cancel();
    this.attempts.clear();
    const neighbors = [...this.all.values()];
    this.all.clear();
    for (const neighbor of neighbors) {
      if (neighbor.link !== undefined) this.context.links.close(neighbor.link);
      this.events.removed(neighbor);
    }
  }

  // Requests of others

  /** Answers a connect request that came over a visitor's link. */
  answer(link: Link, request: Message & { kind: 'connect-request' }): void {
    const kind = link.lines ? 'hearsay' : 'classic';
    const socketIp = link.remote?.ip ?? request.from.ip;
    // A classic peer does not know its own IP; that of its socket counts.
    const isVague = kind === 'classic' || isWildcardIp(request.from.ip);
    const address = { ip: isVague ? socketIp : request.from.ip, port: request.from.port };
    const refusal = this.refusalOf(formatAddress(address));
    if (refusal !== undefined) return this.refuse(link, formatAddress(address), kind, refusal);
    this.context.links.send(link, encode({ kind: 'connect-accepted' }));
    this.settle(address, kind, false, kind === 'hearsay' ? link : undefined, link.from);
    this.fill();
  }

  private refusalOf(id: NodeId): string | undefined {
    const { selfId, settings } = this.context;
    if (id === selfId) return 'self';
    if (this.hasLeft) return 'leaving';
    const known = this.all.get(id);
    if (known?.link !== undefined) return 'duplicate';
    // Two dials have crossed: the one from the smaller address stays.
    if (this.attempts.has(id) && selfId < id) return 'duplicate';
    if (known !== undefined) return undefined;
    // Our own attempts have their places set aside, or both kinds together would exceed the bound.
    const others = this.newcomers() - (this.attempts.has(id) ? 1 : 0);
    return this.size + others >= settings.neighborsMax ? 'full' : undefined;
  }

  private refuse(link: Link, neighbor: NodeId, kind: 'hearsay' | 'classic', reason: string): void {
    const { links, drops } = this.context;
    if (kind === 'hearsay') links.send(link, encode({ kind: 'connect-refused', reason }));
    links.close(link);
    drops.write({ event: 'neighbor-refused', neighbor, reason, by: 'us' });
  }

  // Requests of our own

  /** How many are asked that are not neighbors yet: the others' links are only being restored. */
  private newcomers(): number {
    return [...this.attempts.keys()].filter((id) => !this.all.has(id)).length;
  }

  private isKnown(id: NodeId): boolean {
    return this.all.has(id) || this.attempts.has(id);
  }

  private isEligible(id: NodeId, nowMs: number): boolean {
    return !this.isKnown(id) && (this.restingUntilMs.get(id) ?? 0) <= nowMs;
  }

  private attempt(id: NodeId): void {
    const attempt = new ConnectAttempt(this.context, addressOf(id), (outcome) => {
      this.attempts.delete(id);
      this.conclude(attempt, outcome);
      this.fill();
    });
    this.attempts.set(id, attempt);
  }

  private conclude({ id, address }: ConnectAttempt, outcome: ConnectOutcome): void {
    const { drops } = this.context;
    const known = this.all.get(id);
    switch (outcome.kind) {
      case 'hearsay':
        return this.settle(address, 'hearsay', true, outcome.link, id);
      case 'classic':
        return this.settle(address, 'classic', true, undefined, id);
      case 'refused':
        // A duplicate is no failure: the other end has, or is about to have, a link with us.
        if (known === undefined && outcome.reason === 'duplicate') this.payOff();
        if (known !== undefined && outcome.reason !== 'duplicate') {
          this.remove(known, `refused: ${outcome.reason}`);
        }
        drops.write({ event: 'neighbor-refused', neighbor: id, reason: outcome.reason, by: id });
        return this.rest(id);
      case 'failed':
        // A neighbor's strikes are counted elsewhere.
        if (known !== undefined) return;
        this.rest(id);
        // A lost one is tried again for long, and nothing new is known of it.
        if (this.lost.has(id)) return;
        return drops.write({ event: 'connect-failed', neighbor: id, reason: outcome.reason });
    }
  }

  /** Makes a neighbor of whoever has accepted or was accepted, or gives it back its link. */
  private settle(
    address: Address,
    kind: 'hearsay' | 'classic',
    isDialedByUs: boolean,
    link: Link | undefined,
    from: string,
  ): void {
    const id = formatAddress(address);
    const before = this.all.get(id);
    // Of two crossing dials this one came through; the other is called off.
    this.attempts.get(id)?.cancel();
    this.attempts.delete(id);
    if (before?.link !== undefined && before.link !== link) this.context.links.close(before.link);
    const courier = kind === 'classic' ? new Courier(this.context, address) : undefined;
    const neighbor: Neighbor =
      before?.kind === kind ? before : { id, address, kind, isDialedByUs, link, courier };
    neighbor.link = link;
    // A link of ours that has become the other's is one less of those that we keep up.
    if (neighbor.isDialedByUs && !isDialedByUs) this.owed += 1;
    neighbor.isDialedByUs = isDialedByUs;
    this.all.set(id, neighbor);
    const wasLost = this.lost.has(id);
    this.lost.delete(id);
    if (link !== undefined) this.adopt(link, neighbor);
    if (neighbor === before) return this.events.returned(neighbor);
    if (isDialedByUs && !this.payOff() && wasLost) this.shed(neighbor);
    const dialedBy = isDialedByUs ? 'us' : 'it';
    this.context.runtime.record({ event: 'neighbor', neighbor: id, kind, dialedBy, from });
    if (before !== undefined) this.events.removed(before);
    this.events.added(neighbor);
    this.events.lacking(this.size < this.context.settings.neighborsMin);
  }

  /** A new link is one that was owed; false if none was. */
  private payOff(): boolean {
    if (this.owed === 0) return false;
    this.owed -= 1;
    return true;
  }

  private adopt(link: Link, neighbor: Neighbor): void {
    const linkedAtMs = this.context.runtime.monotonicMs();
    const owner: LinkOwner = {
      message: (from, text) => this.events.message(neighbor, from, text),
      closed: () => this.broken(neighbor, link, linkedAtMs),
    };
    link.owner = owner;
    this.context.links.keep(link);
  }

  /** A closed link is no death (A11): it is tried again, and strikes are counted meanwhile. */
  private broken(neighbor: Neighbor, link: Link, linkedAtMs: number): void {
    if (neighbor.link !== link) return;
    neighbor.link = undefined;
    const { runtime, settings } = this.context;
    // One that closes again and again is not dialed in a hurry, but at its next liveness request.
    const hasHeld = runtime.monotonicMs() - linkedAtMs > settings.livenessIntervalMs;
    if (neighbor.isDialedByUs && hasHeld) this.redial(neighbor);
  }

  private rest(id: NodeId): void {
    const { runtime, limits, random } = this.context;
    if (this.restingUntilMs.size >= limits.candidatesRestingMax) {
      const [longest] = this.restingUntilMs.keys();
      this.restingUntilMs.delete(longest as NodeId);
    }
    const pauseMs = random.jitter(limits.candidateRestMs);
    this.restingUntilMs.delete(id);
    this.restingUntilMs.set(id, runtime.monotonicMs() + pauseMs);
  }
}
