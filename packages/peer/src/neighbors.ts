/**
 * The neighbors, and the overlay's upkeep. The rules that keep degrees in bounds and the graph
 * whole, each from a measurement (docs/PROTOCOL.md, Overlay):
 * - a peer that joins picks `neighborsMin` by rank and accepts up to `neighborsMax`;
 * - a lost neighbor is replaced only by the end that had dialed it, or by one left with too few;
 * - there is one link per pair: of two crossing dials the one from the smaller address stays;
 * - one lost neighbor is tried again per interval, for an hour: that is what heals a split. Whoever
 *   gets one back that was replaced meanwhile gives up another link in its place;
 * - a link that is accepted and closed is no neighbor: one that closes before it has answered a
 *   liveness request, or again and again soon after it came up, is let go.
 * So the number of links that an end has dialed stays what it was, whatever is lost and returns.
 */
import { type Address, addressOf, formatAddress, type NodeId } from '@hearsay/common/address';
import type { Link, LinkOwner } from '@hearsay/common/links';
import type { LogRecord } from '@hearsay/common/records';
import { encode } from '@hearsay/common/wire/codec';
import { Candidates } from './candidates.js';
import { ConnectAttempt, type ConnectOutcome } from './connect-attempt.js';
import { ConnectRequests, type Neighborhood } from './connect-requests.js';
import type { PeerContext } from './context.js';
import type { Discovery } from './discovery.js';
import { Neighbor } from './neighbor.js';
import type { Overlay } from './overlay.js';
import { Places } from './places.js';
import { Upkeep } from './upkeep.js';

/** What the neighbors tell the peer. */
export interface NeighborEvents {
  /** A message over a neighbor's link. */
  message(neighbor: Neighbor, link: Link, text: string): void;
  added(neighbor: Neighbor): void;
  removed(neighbor: Neighbor): void;
  /** It has a link again, which proves nothing yet. */
  relinked(neighbor: Neighbor): void;
  /** Whether there are fewer than wanted. */
  lacking(isLacking: boolean): void;
}

/** The neighbors of one peer, by id. */
export class Neighbors implements Neighborhood {
  /** Those of others; our own are the attempts. */
  readonly requests: ConnectRequests;
  private readonly all = new Map<NodeId, Neighbor>();
  private readonly attempts = new Map<NodeId, ConnectAttempt>();
  private readonly candidates: Candidates;
  private readonly places: Places;
  private readonly upkeep: Upkeep;
  /** Whether this peer has taken its leave; it takes nobody then. */
  hasLeft = false;

  constructor(
    private readonly context: PeerContext,
    overlay: Overlay,
    private readonly discovery: Pick<Discovery, 'union' | 'knows' | 'canAsk' | 'refreshSoon'>,
    private readonly events: NeighborEvents,
  ) {
    this.candidates = new Candidates(context, overlay, () => this.fill());
    this.places = new Places(context, discovery, this.all, this.attempts);
    this.upkeep = new Upkeep(context.settings.neighborsMin);
    this.requests = new ConnectRequests(context, this.places, this);
  }

  get size(): number {
    return this.all.size;
  }

  /** All of them, the oldest first. */
  list(): Iterable<Neighbor> {
    return this.all.values();
  }

  /** The neighbor with this address; undefined if it is none. */
  get(id: NodeId): Neighbor | undefined {
    return this.all.get(id);
  }

  /** The union may name others now, or those who failed before may be tried again. */
  unionChanged(): void {
    for (const neighbor of this.all.values()) this.places.look(neighbor);
    this.fill();
  }

  /** Connects to as many as are owed or lacking. Called whenever that or the union may change. */
  fill(): void {
    if (this.hasLeft) return;
    const { union } = this.discovery;
    this.upkeep.begin(union.length);
    const wanted = Math.min(this.upkeep.wanted(this.size), this.places.forOwn());
    const isEligible = (id: NodeId) => !this.isKnown(id);
    const count = wanted - this.places.newcomers();
    for (const id of this.candidates.pick(union, isEligible, count)) this.attempt(id);
    const isStuck = wanted > 0 && this.attempts.size === 0;
    this.events.lacking(this.upkeep.isLacking(this.size) || isStuck);
  }

  /** Tries one lost neighbor again; called once an interval. */
  tryLost(): void {
    if (this.hasLeft) return;
    // Requests that are under way have their places set aside.
    if (this.places.forOwn() <= this.places.newcomers()) return;
    const id = this.candidates.nextLost((lost) => !this.isKnown(lost));
    if (id !== undefined) this.attempt(id);
  }

  /** Tries to restore the broken link of a neighbor. */
  redial(neighbor: Neighbor): void {
    if (neighbor.kind === 'hearsay' && !this.attempts.has(neighbor.id)) this.attempt(neighbor.id);
  }

  /** Says that a neighbor has answered a liveness request. */
  answered(neighbor: Neighbor): void {
    neighbor.answered();
    if (neighbor.isProven) this.candidates.proven(neighbor.id);
  }

  /** Ends a neighborhood from this side, and replaces it if that is this end's to do. */
  remove(neighbor: Neighbor, reason: string): void {
    if (this.all.get(neighbor.id) !== neighbor) return;
    if (neighbor.isDialedByUs) this.upkeep.owe();
    // Names that nobody has listed are never picked, and need not be remembered.
    if (!neighbor.isStranger) this.candidates.left(neighbor);
    this.drop(neighbor, reason);
    this.fill();
  }

  /** Removes a neighbor that is dead, but is tried again for a while: it may only be cut off. */
  bury(neighbor: Neighbor): void {
    this.candidates.died(neighbor);
    this.remove(neighbor, 'dead');
  }

  private drop(neighbor: Neighbor, reason: string): void {
    const { id } = neighbor;
    this.all.delete(id);
    this.attempts.get(id)?.cancel();
    this.attempts.delete(id);
    neighbor.end();
    this.write(neighbor, { event: 'neighbor-lost', neighbor: id, reason });
    this.events.removed(neighbor);
  }

  /** Writes of a coming or going; those whom others dial can come and go at will. */
  private write({ isDialedByUs }: Neighbor, record: LogRecord): void {
    if (isDialedByUs) this.context.runtime.record(record);
    else this.context.log.writeWanted(record);
  }

  /** Gives up one of the links that this end has dialed, other than the one given. */
  private shed(kept: Neighbor): void {
    const { random, settings } = this.context;
    if (this.size <= settings.neighborsMin) return;
    const surplus = [...this.all.values()].filter(
      (neighbor) => neighbor !== kept && neighbor.isDialedByUs && neighbor.link !== undefined,
    );
    const [one] = random.shuffle(surplus);
    if (one !== undefined) this.giveUp(one);
  }

  /** Lets go of one that there is no place for; the other end replaces it if it had dialed. */
  private giveUp(surplus: Neighbor): void {
    const { link } = surplus;
    const text = encode({ kind: 'connect-refused', reason: 'surplus' });
    if (link !== undefined) this.context.links.send(link, text);
    if (!surplus.isStranger) this.candidates.rest(surplus.id);
    this.drop(surplus, 'surplus');
  }

  /** Its place was given away while it was asked. */
  private turnAway(link: Link | undefined): void {
    if (link === undefined) return;
    this.context.links.send(link, encode({ kind: 'connect-refused', reason: 'full' }));
    this.context.links.close(link);
  }

  /** Makes a place free for one more; false if there is none. */
  private makePlace(): boolean {
    if (this.size < this.context.settings.neighborsMax) return true;
    const [stranger] = this.places.strangers();
    if (stranger !== undefined) this.giveUp(stranger);
    return stranger !== undefined;
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

  /** Makes a neighbor of one that asked, or gives it back its link. */
  take(address: Address, kind: Neighbor['kind'], link: Link): void {
    this.settle(address, kind, false, kind === 'hearsay' ? link : undefined, link.from);
    this.fill();
  }

  /** Looks into what one says that was refused. */
  refused(id: NodeId, kind: Neighbor['kind'], reason: string): void {
    // It may have come sooner than the seeds' news of it; then it is known when it tries again.
    if (reason === 'full') return this.discovery.refreshSoon();
    // Somebody gave the name of a neighbor, now or before: who answers at that address is the one.
    if (kind !== 'hearsay' || this.attempts.has(id)) return;
    if (this.all.get(id)?.takeIdentityQuestion() === true) this.attempt(id);
  }

  // Requests of our own

  private isKnown(id: NodeId): boolean {
    return this.all.has(id) || this.attempts.has(id);
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
    const known = this.all.get(id);
    switch (outcome.kind) {
      case 'hearsay':
        return this.settle(address, 'hearsay', true, outcome.link, id);
      case 'classic':
        // One that is known as such was only asked whether it still is.
        if (known?.kind === 'classic') return;
        return this.settle(address, 'classic', true, undefined, id);
      case 'refused':
        if (outcome.reason !== 'duplicate' && known !== undefined)
          return this.remove(known, `refused: ${outcome.reason}`);
        // The other end has, or is about to have, a link with us.
        if (outcome.reason === 'duplicate' && known === undefined) this.upkeep.payOff();
        return this.candidates.refused(id, outcome.reason);
      case 'failed':
        // A neighbor's strikes are counted elsewhere.
        if (known === undefined) this.candidates.failed(id, outcome.reason);
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
    if (before === undefined && !this.makePlace()) return this.turnAway(link);
    const wasOurs = before?.isDialedByUs === true;
    // A link of ours that has become the other's is one less of those that we keep up.
    if (wasOurs && !isDialedByUs) this.upkeep.owe();
    const neighbor =
      before?.kind === kind ? before : new Neighbor(this.context, address, kind, isDialedByUs);
    if (neighbor !== before) before?.end();
    neighbor.isDialedByUs = isDialedByUs;
    neighbor.isStranger = before?.isStranger !== false;
    this.places.look(neighbor);
    this.all.set(id, neighbor);
    const wasLost = this.candidates.isLost(id);
    this.candidates.accepted(id);
    if (link !== undefined) this.adopt(link, neighbor);
    if (neighbor === before) return this.events.relinked(neighbor);
    if (isDialedByUs && !wasOurs && !this.upkeep.payOff() && wasLost) this.shed(neighbor);
    const dialedBy = isDialedByUs ? 'us' : 'it';
    this.write(neighbor, { event: 'neighbor', neighbor: id, kind, dialedBy, from });
    if (before !== undefined) this.events.removed(before);
    this.events.added(neighbor);
    this.events.lacking(this.upkeep.isLacking(this.size));
  }

  private adopt(link: Link, neighbor: Neighbor): void {
    neighbor.linked(link);
    const owner: LinkOwner = {
      message: (from, text) => this.events.message(neighbor, from, text),
      closed: () => this.broken(neighbor, link),
    };
    link.owner = owner;
    this.context.links.keep(link);
  }

  /** A closed link is no death (A11): it is tried again, and strikes are counted meanwhile. */
  private broken(neighbor: Neighbor, link: Link): void {
    if (neighbor.link !== link) return;
    const hasHeld = neighbor.unlinked();
    if (!neighbor.hasAnswered) return this.remove(neighbor, 'closed before it answered');
    if (neighbor.breaks >= this.context.limits.brokenLinksMax) {
      return this.remove(neighbor, 'its links break again and again');
    }
    // One that closes soon is not dialed in a hurry, but at its next liveness request.
    if (neighbor.isDialedByUs && hasHeld) this.redial(neighbor);
  }
}
