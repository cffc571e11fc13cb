/**
 * A seed asks a peer itself whether it lives, with a liveness request to the address on the list.
 * Not more than `probesMax` at once; the rest wait their turn. First come the listed who are
 * accused, then the other listed, so that no flood of registrations delays a report; then strangers
 * that were not asked yet, the newest first; then those that were asked in vain.
 */
import { Errand, type ErrandOutcome } from '@hearsay/common/errand';
import { decode, encode } from '@hearsay/common/wire/codec';
import { formatTimestamp } from '@hearsay/common/wire/message';
import type { SeedContext } from './context.js';
import { NewestFirst } from './newest-first.js';
import type { RegisteredPeer } from './peer-list.js';

/** What a probe has found; `unknown` if the seed itself had no means to ask. */
export type ProbeOutcome = 'alive' | 'silent' | 'unknown';

/** The seed's questions to peers, so many at once. */
export class Probes {
  private readonly running = new Map<RegisteredPeer, Errand>();
  private readonly accused = new Set<RegisteredPeer>();
  private readonly listed = new Set<RegisteredPeer>();
  private readonly newcomers = new NewestFirst<RegisteredPeer>();
  private readonly askedInVain = new Set<RegisteredPeer>();

  /** @param judge hears what was found of a peer. */
  constructor(
    private readonly context: SeedContext,
    private readonly judge: (peer: RegisteredPeer, outcome: ProbeOutcome) => void,
  ) {}

  /** Asks a peer that is not being asked. */
  ask(peer: RegisteredPeer): void {
    peer.isProbed = true;
    if (!peer.isListed) (peer.wasAsked ? this.askedInVain : this.newcomers).add(peer);
    else (peer.accusations.length > 0 ? this.accused : this.listed).add(peer);
    this.startWaiting();
  }

  /** Has a peer wait less, if it waits: it is accused by now, or has registered again. */
  hurry(peer: RegisteredPeer): void {
    if (this.running.has(peer) || this.accused.has(peer)) return;
    this.leaveLines(peer);
    (peer.isListed ? this.accused : this.newcomers).add(peer);
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

  private leaveLines(peer: RegisteredPeer): void {
    for (const line of [this.accused, this.listed, this.newcomers, this.askedInVain]) {
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
    const next = firstOf(this.accused) ?? firstOf(this.listed) ?? this.newcomers.take();
    return next ?? firstOf(this.askedInVain);
  }

  private start(peer: RegisteredPeer): void {
    const { runtime, alarms, links, limits, self } = this.context;
    const timestamp = formatTimestamp(runtime.wallMs());
    const errand = new Errand(
      links,
      alarms,
      runtime.monotonicMs(),
      {
        to: peer.address,
        text: encode({ kind: 'liveness-request', timestamp, ...self }),
        lines: peer.kind === 'hearsay',
        withinMs: limits.probeMs,
        isAnswer: (text) => isReply(text, timestamp, peer.address.port),
      },
      (outcome) => this.finish(peer, foundBy(outcome)),
    );
    this.running.set(peer, errand);
  }

  private finish(peer: RegisteredPeer, outcome: ProbeOutcome): void {
    this.running.delete(peer);
    peer.isProbed = false;
    peer.wasAsked ||= outcome !== 'unknown';
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
  const isOurs =
    outcome.kind === 'failed' &&
    (outcome.reason === 'no-resources' || outcome.reason === 'evicted');
  return isOurs ? 'unknown' : 'silent';
}

/** Whether a text answers the request of that time, and from the port that was asked. */
function isReply(text: string, timestamp: string, port: number): boolean {
  const reply = decode(text);
  if (!reply.ok || reply.value.kind !== 'liveness-reply') return false;
  const { ownPort } = reply.value;
  return reply.value.timestamp === timestamp && (ownPort === undefined || ownPort === port);
}
