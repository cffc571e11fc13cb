/**
 * A seed asks a peer itself whether it lives, with a liveness request to the address on the list.
 * Not more than `probesMax` at once; the rest wait their turn in order.
 */
import type { Address } from '@hearsay/common/address';
import type { Alarms } from '@hearsay/common/alarms';
import { Errand } from '@hearsay/common/errand';
import type { Limits } from '@hearsay/common/limits';
import type { Links } from '@hearsay/common/links';
import type { Runtime } from '@hearsay/common/runtime';
import { decode, encode } from '@hearsay/common/wire/codec';
import { formatTimestamp } from '@hearsay/common/wire/message';
import type { RegisteredPeer } from './peer-list.js';

interface Probe {
  readonly peer: RegisteredPeer;
  readonly done: (isAlive: boolean) => void;
  errand?: Errand;
}

export class Probes {
  private readonly running = new Set<Probe>();
  private waiting: Probe[] = [];

  constructor(
    private readonly runtime: Runtime,
    private readonly alarms: Alarms,
    private readonly links: Links,
    private readonly limits: Limits,
    private readonly self: Address,
  ) {}

  /** Asks the peer; `done` says whether it answered. A peer is asked once at a time. */
  ask(peer: RegisteredPeer, done: (isAlive: boolean) => void): void {
    peer.isProbed = true;
    this.waiting.push({ peer, done });
    this.startWaiting();
  }

  /** Asks again whoever is being asked: the seed itself stood still, and heard nobody. */
  restart(): void {
    const interrupted = [...this.running];
    for (const probe of interrupted) probe.errand?.cancel();
    this.running.clear();
    this.waiting = [...interrupted, ...this.waiting];
    this.startWaiting();
  }

  private startWaiting(): void {
    while (this.running.size < this.limits.probesMax) {
      const probe = this.waiting.shift();
      if (probe === undefined) return;
      this.start(probe);
    }
  }

  private start(probe: Probe): void {
    const { peer } = probe;
    const timestamp = formatTimestamp(this.runtime.wallMs());
    this.running.add(probe);
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
        this.running.delete(probe);
        peer.isProbed = false;
        probe.done(outcome.kind === 'answered');
        this.startWaiting();
      },
    );
  }
}

/** Whether a text answers the request of that time, and from the port that was asked. */
function isReply(text: string, timestamp: string, port: number): boolean {
  const reply = decode(text);
  if (!reply.ok || reply.value.kind !== 'liveness-reply') return false;
  const { ownPort } = reply.value;
  return reply.value.timestamp === timestamp && (ownPort === undefined || ownPort === port);
}
