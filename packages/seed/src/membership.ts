/**
 * Who is on the list, and how one gets on and off it. A seed believes only answers to its own
 * liveness requests: a newcomer is listed when it has answered one (the dial-back), and an accused
 * peer stays if it answers one. Those of whom nobody speaks are asked now and then, since a node
 * may die together with all its neighbors; so slowly that its neighbors' reports come first (A11).
 * What is said in a peer's name puts that off for nobody: a stranger may have said it.
 */
import { type Address, formatAddress, formatIp } from '@hearsay/common/address';
import type { NodeContext } from '@hearsay/common/node-context';
import { TokenBucket } from '@hearsay/common/token-bucket';
import { Inquiries } from './inquiries.js';
import { type Accusation, PeerList, type RegisteredPeer } from './peer-list.js';
import { type ProbeOutcome, Probes } from './probes.js';

/** What happens around the list that the seed has to act on. */
export interface MembershipEvents {
  /** The peer has answered and is shown to others; its links are worth keeping. */
  listed(peer: RegisteredPeer): void;
  /** The peer is off the list; its links have no purpose any more. */
  removed(peer: RegisteredPeer): void;
}

/** The list of peers, and the judgement over who is on it. */
export class Membership {
  readonly list = new PeerList();
  removals = 0;
  refusals = 0;
  private readonly probes: Probes;
  private readonly inquiries: Inquiries;

  constructor(
    private readonly context: NodeContext,
    private readonly probeIntervalMs: number,
    private readonly events: MembershipEvents,
  ) {
    this.probes = new Probes(
      context,
      (peer, outcome) => this.judge(peer, outcome),
      (peer) => peer.accusations.length > 0 || this.inquiries.about(peer) !== undefined,
    );
    this.inquiries = new Inquiries(context, (ip, reason, accusation) =>
      this.refuse(formatIp(ip), reason, accusation),
    );
  }

  /** Takes a peer in that has just registered, or finds it. It is asked until it answers. */
  admit(address: Address, kind: 'hearsay' | 'classic'): RegisteredPeer {
    const peer = this.list.get(formatAddress(address)) ?? this.enter(address);
    // A listed peer may have started again as a classic program, so that it is asked as such from
    // now on; the other way round would let a stranger change how a classic peer is asked. A
    // Hearsay peer answers either way.
    if (!peer.isListed || kind === 'classic') peer.kind = kind;
    if (!peer.isListed) this.dialBack(peer);
    return peer;
  }

  /** Weighs a report against a peer on the list: the accused itself is asked. */
  accuse(peer: RegisteredPeer, accusation: Accusation): void {
    // A classic peer asks for neighbors before it listens, and these may take it for dead. It is
    // not shown to anybody yet, so that its own time to begin to listen decides.
    if (!peer.isListed) return this.refuse(peer.id, 'not listed yet', accusation);
    if (peer.accusations.length >= this.context.limits.accusationsMax) {
      return this.refuse(peer.id, 'too many at once', accusation);
    }
    peer.accusations.push(accusation);
    if (peer.isProbed) this.probes.ask(peer);
    else this.look(peer);
  }

  /** Weighs a report without a port against all that are listed at the IP. */
  accuseAll(ip: string, accusation: Accusation): void {
    const peers = this.list.listedAt(ip);
    if (!this.inquiries.begin(ip, peers, accusation)) {
      return this.refuse(formatIp(ip), 'the peers at this IP were just asked', accusation);
    }
    for (const peer of [...peers]) if (!peer.isProbed) this.look(peer);
  }

  /** Removes a peer because of the first accusation, and answers the others. */
  convict(peer: RegisteredPeer, accusations: readonly Accusation[]): void {
    const [first, ...others] = accusations;
    this.remove(peer, 'reported', first?.reporter);
    for (const accusation of others) this.refuse(peer.id, 'already removed', accusation);
    accusations.find(({ forward }) => forward !== undefined)?.forward?.();
  }

  /** Writes down that a report changed nothing, and who made it. */
  refuse(peer: string, reason: string, { reporter, from }: Accusation): void {
    this.refusals += 1;
    this.context.log.writeWanted({ event: 'report-refused', peer, reason, reporter, from });
  }

  /** This process stood still, and heard no answers meanwhile. */
  wokeLate(): void {
    this.probes.restart();
  }

  private enter(address: Address): RegisteredPeer {
    const { alarms, limits } = this.context;
    if (this.list.unlistedCount >= limits.unlistedPeersMax) {
      this.evict(this.list.oldestUnlisted, 'unlistedPeersMax');
    }
    const peer: RegisteredPeer = {
      id: formatAddress(address),
      address,
      kind: 'classic',
      isListed: false,
      links: new Set(),
      announcements: new TokenBucket(limits.linksPerPeerMax, limits.registeredRecordsPerSecondMax),
      answeredAtMs: Number.NEGATIVE_INFINITY,
      missed: 0,
      isProbed: false,
      wasSilent: false,
      accusations: [],
      nextProbe: alarms.alarm(() => this.probe(peer)),
      pauseMs: 0,
      dialBackUntilMs: 0,
    };
    this.list.add(peer);
    return peer;
  }

  private evict(peer: RegisteredPeer | undefined, bound: 'peersMax' | 'unlistedPeersMax'): void {
    if (peer === undefined) return;
    this.context.log.write({ event: 'evicted', bound, from: peer.id });
    this.remove(peer, 'evicted');
  }

  private dialBack(peer: RegisteredPeer): void {
    const { runtime, limits } = this.context;
    const nowMs = runtime.monotonicMs();
    this.list.refresh(peer);
    peer.pauseMs = limits.dialBackPauseMs;
    peer.dialBackUntilMs = nowMs + limits.dialBackMs;
    if (peer.isProbed) return this.probes.ask(peer);
    // Whoever registers again and again has its address asked no more often for that.
    const dueMs = peer.nextProbe.atMs;
    if (dueMs === undefined) this.probe(peer);
    else peer.nextProbe.set(Math.min(dueMs, nowMs + peer.pauseMs));
  }

  /** Asks an accused peer. Reports in a row wait for one probe: a seed floods nobody. */
  private look(peer: RegisteredPeer): void {
    const { runtime, limits } = this.context;
    const restsUntilMs = peer.answeredAtMs + limits.refutedMs;
    if (runtime.monotonicMs() < restsUntilMs) peer.nextProbe.set(restsUntilMs);
    else this.probe(peer);
  }

  private probe(peer: RegisteredPeer): void {
    peer.nextProbe.clear();
    this.probes.ask(peer);
  }

  private judge(peer: RegisteredPeer, outcome: ProbeOutcome): void {
    const { runtime, random, limits } = this.context;
    const nowMs = runtime.monotonicMs();
    // Where the seed had no means to ask, nothing is known, and whatever waits goes on waiting.
    if (outcome === 'unknown') return peer.nextProbe.set(nowMs + limits.probeAgainMs);
    const accusations = peer.accusations;
    peer.accusations = [];
    if (outcome === 'alive') return this.acquit(peer, accusations, nowMs);
    const ofAll = this.inquiries.about(peer);
    if (ofAll !== undefined) accusations.unshift(ofAll);
    if (accusations.length > 0) {
      this.convict(peer, accusations);
    } else if (peer.isListed) {
      peer.missed += 1;
      if (peer.missed >= limits.sweepStrikesMax) this.remove(peer, 'silent');
      else peer.nextProbe.set(nowMs + random.jitter(this.probeIntervalMs));
    } else if (nowMs >= peer.dialBackUntilMs) {
      this.remove(peer, 'never answered');
    } else {
      peer.nextProbe.set(nowMs + random.jitter(peer.pauseMs));
      peer.pauseMs = Math.min(2 * peer.pauseMs, limits.dialBackPauseMsMax);
    }
  }

  private acquit(peer: RegisteredPeer, accusations: readonly Accusation[], nowMs: number): void {
    peer.answeredAtMs = nowMs;
    peer.missed = 0;
    // Not before the interval is over, and then not all of them at once.
    const pauseMs = Math.max(
      this.probeIntervalMs,
      this.context.random.jitter(this.probeIntervalMs),
    );
    peer.nextProbe.set(nowMs + pauseMs);
    for (const accusation of accusations) this.refuse(peer.id, 'it answers', accusation);
    this.inquiries.settle(peer, true);
    if (peer.isListed) this.list.refresh(peer);
    else this.show(peer);
  }

  private show(peer: RegisteredPeer): void {
    const { list, context } = this;
    if (list.listedCount >= context.limits.peersMax) this.evict(list.longestSilent, 'peersMax');
    list.show(peer);
    context.log.writeWanted({ event: 'listed', peer: peer.id });
    this.events.listed(peer);
  }

  private remove(peer: RegisteredPeer, reason: string, reporter?: string): void {
    peer.nextProbe.clear();
    this.probes.forget(peer);
    this.list.delete(peer);
    this.removals += 1;
    const listed = this.list.listedCount;
    const by = reporter === undefined ? {} : { reporter };
    const record = { event: 'removed', peer: peer.id, reason, listed, ...by } as const;
    // Of whoever was never shown to others nobody needs to know every one.
    if (peer.isListed) this.context.log.writeWanted(record);
    else this.context.log.write(record);
    this.inquiries.settle(peer, false);
    this.events.removed(peer);
  }
}
