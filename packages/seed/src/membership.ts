/**
 * Who is on the list, and how one gets on and off it. A seed believes only answers to its own
 * liveness requests: a newcomer is listed when it has answered one (the dial-back), and an accused
 * peer stays if it answers one. Those of whom nobody speaks are asked now and then, since a node
 * may die together with all its neighbors; so slowly that its neighbors' reports come first (A11).
 */
import { type Address, formatAddress } from '@hearsay/common/address';
import type { Alarms } from '@hearsay/common/alarms';
import type { Limits } from '@hearsay/common/limits';
import type { Random } from '@hearsay/common/random';
import type { Runtime } from '@hearsay/common/runtime';
import { type Accusation, PeerList, type RegisteredPeer } from './peer-list.js';
import type { ProbeOutcome, Probes } from './probes.js';

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

  constructor(
    private readonly runtime: Runtime,
    private readonly alarms: Alarms,
    private readonly probes: Probes,
    private readonly random: Random,
    private readonly limits: Limits,
    private readonly probeIntervalMs: number,
    private readonly events: MembershipEvents,
  ) {}

  /** Takes a peer in that has just registered, or finds it. It is asked until it answers. */
  admit(address: Address, kind: 'hearsay' | 'classic'): RegisteredPeer {
    const peer = this.list.get(formatAddress(address)) ?? this.enter(address);
    peer.heardAtMs = this.runtime.monotonicMs();
    // A listed peer may have started again as a classic program, so that it is asked as such from
    // now on; the other way round would let a stranger change how a classic peer is asked. A
    // Hearsay peer answers either way.
    if (!peer.isListed || kind === 'classic') peer.kind = kind;
    if (peer.isListed) return peer;
    this.dialBack(peer);
    return peer;
  }

  /** Weighs a report against a peer on the list: the accused itself is asked. */
  accuse(peer: RegisteredPeer, accusation: Accusation): void {
    // A classic peer asks for neighbors before it listens, and these may take it for dead. It is
    // not shown to anybody yet, so that its own time to begin to listen decides.
    if (!peer.isListed) return this.refuse(peer.id, 'not listed yet', accusation);
    if (peer.accusations.length >= this.limits.accusationsMax) {
      return this.refuse(peer.id, 'too many at once', accusation);
    }
    peer.accusations.push(accusation);
    if (peer.isProbed) return;
    // Reports in a row wait for one probe, so that nobody is flooded by way of its seed.
    const restsUntilMs = peer.answeredAtMs + this.limits.refutedMs;
    if (this.runtime.monotonicMs() < restsUntilMs) peer.nextProbe.set(restsUntilMs);
    else this.probe(peer);
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
    this.runtime.record({ event: 'report-refused', peer, reason, reporter, from });
  }

  private enter(address: Address): RegisteredPeer {
    if (this.list.size >= this.limits.peersMax) this.makeRoom();
    const peer: RegisteredPeer = {
      id: formatAddress(address),
      address,
      kind: 'classic',
      isListed: false,
      links: new Set(),
      heardAtMs: 0,
      answeredAtMs: Number.NEGATIVE_INFINITY,
      missed: 0,
      isProbed: false,
      accusations: [],
      nextProbe: this.alarms.alarm((nowMs) => this.probeDue(peer, nowMs)),
      pauseMs: 0,
      dialBackUntilMs: 0,
    };
    this.list.add(peer);
    return peer;
  }

  private makeRoom(): void {
    const silent = this.list.longestSilent();
    if (silent === undefined) return;
    this.runtime.record({ event: 'evicted', bound: 'peersMax', from: silent.id });
    this.remove(silent, 'evicted');
  }

  private dialBack(peer: RegisteredPeer): void {
    const nowMs = this.runtime.monotonicMs();
    peer.pauseMs = this.limits.dialBackPauseMs;
    peer.dialBackUntilMs = nowMs + this.limits.dialBackMs;
    if (peer.isProbed) return;
    // Whoever registers again and again has its address asked no more often for that.
    const dueMs = peer.nextProbe.atMs;
    if (dueMs === undefined) this.probe(peer);
    else peer.nextProbe.set(Math.min(dueMs, nowMs + peer.pauseMs));
  }

  private probe(peer: RegisteredPeer): void {
    peer.nextProbe.clear();
    this.probes.ask(peer, (outcome) => this.judge(peer, outcome));
  }

  private probeDue(peer: RegisteredPeer, nowMs: number): void {
    if (peer.isProbed) return;
    const quietUntilMs = peer.heardAtMs + this.probeIntervalMs;
    const isAccused = peer.accusations.length > 0;
    if (!peer.isListed || isAccused || quietUntilMs <= nowMs) return this.probe(peer);
    peer.missed = 0;
    peer.nextProbe.set(quietUntilMs);
  }

  private judge(peer: RegisteredPeer, outcome: ProbeOutcome): void {
    const nowMs = this.runtime.monotonicMs();
    // Where the seed had no means to ask, nothing is known, and whatever waits goes on waiting.
    if (outcome === 'unknown') return peer.nextProbe.set(nowMs + this.limits.probeAgainMs);
    const accusations = peer.accusations;
    peer.accusations = [];
    if (outcome === 'alive') {
      this.acquit(peer, accusations, nowMs);
    } else if (accusations.length > 0) {
      this.convict(peer, accusations);
    } else if (peer.isListed) {
      peer.missed += 1;
      if (peer.missed >= this.limits.sweepStrikesMax) this.remove(peer, 'silent');
      else peer.nextProbe.set(nowMs + this.random.jitter(this.probeIntervalMs));
    } else if (nowMs >= peer.dialBackUntilMs) {
      this.remove(peer, 'never answered');
    } else {
      peer.nextProbe.set(nowMs + this.random.jitter(peer.pauseMs));
      peer.pauseMs = Math.min(2 * peer.pauseMs, this.limits.dialBackPauseMsMax);
    }
  }

  private acquit(peer: RegisteredPeer, accusations: readonly Accusation[], nowMs: number): void {
    peer.heardAtMs = nowMs;
    peer.answeredAtMs = nowMs;
    peer.missed = 0;
    peer.nextProbe.set(nowMs + this.random.jitter(this.probeIntervalMs));
    for (const accusation of accusations) this.refuse(peer.id, 'it answers', accusation);
    if (peer.isListed) return;
    this.list.show(peer);
    this.runtime.record({ event: 'listed', peer: peer.id });
    this.events.listed(peer);
  }

  private remove(peer: RegisteredPeer, reason: string, reporter?: string): void {
    peer.nextProbe.clear();
    this.probes.forget(peer);
    this.list.delete(peer);
    this.removals += 1;
    this.runtime.record({
      event: 'removed',
      peer: peer.id,
      reason,
      listed: this.list.listedCount,
      ...(reporter === undefined ? {} : { reporter }),
    });
    this.events.removed(peer);
  }
}
