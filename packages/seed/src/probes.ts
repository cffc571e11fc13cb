/**
 * A seed asks a peer itself whether it lives, with a liveness request to the address on the list.
 * Not more than `probesMax` at once; the rest wait their turn in order, whoever is on the list
 * before the strangers, so that a flood of registrations delays no report.
 */
import type { Address } from '@hearsay/common/address';
import type { Alarms } from '@hearsay/common/alarms';
import { Errand, type ErrandOutcome } from '@hearsay/common/errand';
import type { Limits } from '@hearsay/common/limits';
import type { Links } from '@hearsay/common/links';
import type { Runtime } from '@hearsay/common/runtime';
import { decode, encode } from '@hearsay/common/wire/codec';
import { formatTimestamp } from '@hearsay/common/wire/message';
import type { RegisteredPeer } from './peer-list.js';

/** What a probe has found; `unknown` if the seed itself had no means to ask. */
export type ProbeOutcome = 'alive' | 'silent' | 'unknown';

interface Probe {
  readonly peer: RegisteredPeer;
  readonly done: (outcome: ProbeOutcome) => void;
  errand?: Errand;
}

/** The seed's questions to peers, so many at once. */
export class Probes {
  private readonly running = new Map<RegisteredPeer, Probe>();
  private readonly waitingListed = new Map<RegisteredPeer, Probe>();
  private readonly waitingStrangers = new Map<RegisteredPeer, Probe>();

  constructor(
    private readonly runtime: Runtime,
    private readonly alarms: Alarms,
    private readonly links: Links,
    private readonly limits: Limits,
    private readonly self: Address,
  ) {}

  /** Asks the peer; `done` says what was found. A peer is asked once at a time. */
  ask(peer: RegisteredPeer, done: (outcome: ProbeOutcome) => void): void {
    peer.isProbed = true;
    const waiting = peer.isListed ? this.waitingListed : this.waitingStrangers;
    waiting.set(peer, { peer, done });
    this.startWaiting();
  }

  /** Asks a peer no more that is off the list; nobody hears of it. */
  forget(peer: RegisteredPeer): void {
    this.running.get(peer)?.errand?.cancel();
    for (const probes of [this.running, this.waitingListed, this.waitingStrangers]) {
      probes.delete(peer);
    }
    this.startWaiting();
  }

  /** Asks again whoever is being asked: the seed itself stood still, and heard nobody. */
  restart(): void {
    for (const probe of [...this.running.values()]) {
      probe.errand?.cancel();
      this.start(probe);
    }
  }

  private startWaiting(): void {
    while (this.running.size < this.limits.probesMax) {
      const [listed] = this.waitingListed.values();
      const [stranger] = this.waitingStrangers.values();
      const next = listed ?? stranger;
      if (next === undefined) return;
      this.waitingListed.delete(next.peer);
      this.waitingStrangers.delete(next.peer);
      this.start(next);
    }
  }

  private start(probe: Probe): void {
    const { peer } = probe;
    const timestamp = formatTimestamp(this.runtime.wallMs());
    this.running.set(peer, probe);
    probe.errand = new Errand(
      this.links,
      this.alarms,
      this.runtime.monotonicMs(),
      {
        to: peer.address,
        text: encode({ kind: 'liveness-request', timestamp, ...this.self }),
        lines: peer.kind === 'hearsay',
        withinMs: this.limits.probeMs,
        isAnswer: (text) => isReply(text, timestamp, peer.address.port),
      },
      (outcome) => {
        this.running.delete(peer);
        peer.isProbed = false;
        probe.done(foundBy(outcome));
        this.startWaiting();
      },
    );
  }
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
