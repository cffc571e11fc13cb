/**
 * A seed asks a peer itself whether it lives, with a liveness request to the address on the list.
 * Not more than `probesMax` at once; the rest wait their turn. A few of these places are for
 * newcomers, the newest first; else first come the listed who are accused, then the other listed,
 * so that no flood of registrations delays a report; then further newcomers; then those that have
 * cost a question's whole time in vain. Whoever registers before it listens has not: its
 * connection is refused at once.
 */
import { Errand, type ErrandOutcome } from '@hearsay/common/errand';
import type { NodeContext } from '@hearsay/common/node-context';
import { decode, encode } from '@hearsay/common/wire/codec';
import { formatTimestamp } from '@hearsay/common/wire/message';
import { NewestFirst } from './newest-first.js';
import type { RegisteredPeer } from './peer-list.js';

/** What a probe has found; `unknown` if the seed itself had no means to ask. */
export type ProbeOutcome = 'alive' | 'refused' | 'silent' | 'unknown';

/** The seed's questions to peers, so many at once. */
export class Probes {
  private readonly running = new Map<RegisteredPeer, Errand>();
  private readonly accused = new Set<RegisteredPeer>();
  private readonly listed = new Set<RegisteredPeer>();
  private readonly newcomers = new NewestFirst<RegisteredPeer>();
  private readonly silent = new Set<RegisteredPeer>();

  /** @param judge hears what was found of a peer; @param isAccused says whether one is reported. */
  constructor(
    private readonly context: NodeContext,
    private readonly judge: (peer: RegisteredPeer, outcome: ProbeOutcome) => void,
    private readonly isAccused: (peer: RegisteredPeer) => boolean,
  ) {}

  /** Asks a peer. One that waits already may wait less: it is accused, or has registered again. */
  ask(peer: RegisteredPeer): void {
    if (this.running.has(peer) || this.accused.has(peer) || this.silent.has(peer)) return;
    peer.isProbed = true;
    this.leaveLines(peer);
    this.lineOf(peer).add(peer);
    this.startWaiting();
  }

  /** Asks a peer no more that is off the list; nobody hears of it. */
  forget(peer: RegisteredPeer): void {
    this.running.get(peer)?.cancel();
    this.running.delete(peer);
    this.leaveLines(peer);
    this.startWaiting();
  }

  /**
   * The seed itself stood still, and heard nobody: the listed that it was asking are asked again,
   * the strangers later, or a seed that is short of time would spend it on them.
   */
  restart(): void {
    for (const [peer, errand] of [...this.running]) {
      errand.cancel();
      if (peer.isListed) this.start(peer);
      else this.finish(peer, 'unknown');
    }
  }

  private lineOf(peer: RegisteredPeer): Set<RegisteredPeer> | NewestFirst<RegisteredPeer> {
    if (peer.isListed) return peer.accusations.length > 0 ? this.accused : this.listed;
    return peer.wasSilent ? this.silent : this.newcomers;
  }

  private leaveLines(peer: RegisteredPeer): void {
    for (const line of [this.accused, this.listed, this.newcomers, this.silent]) {
      line.delete(peer);
    }
  }

  private startWaiting(): void {
    while (this.running.size < this.context.limits.probesMax) {
      const next = this.takeNext();
      if (next === undefined) return;
      this.start(next);
    }
  }

  private takeNext(): RegisteredPeer | undefined {
    // However many are listed and accused, a few places are for newcomers.
    const unlisted = [...this.running.keys()].filter((peer) => !peer.isListed).length;
    const isTheirs = unlisted < this.context.limits.newcomerProbesMax;
    const first = isTheirs ? this.newcomers.take() : undefined;
    const next = first ?? this.takeAccused() ?? firstOf(this.listed) ?? this.newcomers.take();
    return next ?? firstOf(this.silent);
  }

  /**
   * Of the accused the one that has not answered for longest: whoever has just answered may be
   * accused again at once, and must not keep the dead waiting.
   */
  private takeAccused(): RegisteredPeer | undefined {
    let longest: RegisteredPeer | undefined;
    for (const peer of this.accused) {
      if (longest === undefined || peer.answeredAtMs < longest.answeredAtMs) longest = peer;
    }
    if (longest !== undefined) this.accused.delete(longest);
    return longest;
  }

  private start(peer: RegisteredPeer): void {
    const { runtime, alarms, links, limits, self } = this.context;
    const timestamp = formatTimestamp(runtime.wallMs());
    const isUrgent = !peer.isListed || this.isAccused(peer);
    const errand = new Errand(
      links,
      alarms,
      runtime.monotonicMs(),
      {
        to: peer.address,
        text: encode({ kind: 'liveness-request', timestamp, ...self }),
        lines: peer.kind === 'hearsay',
        // The first packet may be lost as well, and is sent again after a second.
        openWithinMs: peer.isListed ? limits.dialMs : limits.probeMs,
        withinMs: isUrgent ? limits.probeMs : limits.sweepAnswerMs,
        isAnswer: (text) => isReply(text, timestamp, peer.address.port),
      },
      (outcome) => this.finish(peer, foundBy(outcome)),
    );
    this.running.set(peer, errand);
  }

  private finish(peer: RegisteredPeer, outcome: ProbeOutcome): void {
    this.running.delete(peer);
    peer.isProbed = false;
    if (outcome === 'silent') peer.wasSilent = true;
    this.judge(peer, outcome);
    this.startWaiting();
  }
}

/** Takes out whoever waits longest. */
function firstOf(line: Set<RegisteredPeer>): RegisteredPeer | undefined {
  const [first] = line;
  if (first !== undefined) line.delete(first);
  return first;
}

/** A link that this end lacked the means for, or gave up, says nothing about the other. */
function foundBy(outcome: ErrandOutcome): ProbeOutcome {
  if (outcome.kind === 'answered') return 'alive';
  const reason = outcome.kind === 'failed' ? outcome.reason : undefined;
  if (reason === 'no-resources' || reason === 'evicted') return 'unknown';
  return reason === 'refused' ? 'refused' : 'silent';
}

/** Whether a text answers the request of that time, and from the port that was asked. */
function isReply(text: string, timestamp: string, port: number): boolean {
  const reply = decode(text);
  if (!reply.ok || reply.value.kind !== 'liveness-reply') return false;
  const { ownPort } = reply.value;
  return reply.value.timestamp === timestamp && (ownPort === undefined || ownPort === port);
}
