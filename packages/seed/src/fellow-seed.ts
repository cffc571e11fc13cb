/**
 * Another seed of config.txt, to which accepted dead reports are handed on, once.
 *
 * Its kind is unknown at first, and the only message that every known program takes without harm
 * is a plain dead report. So the first one goes as that, with the Hearsay tag: a Hearsay seed
 * answers with a line, and gets `Dead Node Forwarded` from then on; one that stays silent is taken
 * for classic and gets the others in the same way, at a distance: should it be a slow Hearsay seed
 * after all, it knows by the mark that they go no further. The link is held: classic seeds spin on
 * a closed one.
 */
import { type Address, formatAddress, formatEndpoint } from '@hearsay/common/address';
import type { Alarm } from '@hearsay/common/alarms';
import type { Link, LinkOwner } from '@hearsay/common/links';
import type { NodeContext } from '@hearsay/common/node-context';
import { encode } from '@hearsay/common/wire/codec';
import type { DeadNode } from '@hearsay/common/wire/message';

/** One other seed, and the reports that wait for it. */
export class FellowSeed implements LinkOwner {
  private link: Link | undefined;
  private kind: 'unknown' | 'hearsay' | 'classic' = 'unknown';
  private waiting: DeadNode[] = [];
  private readonly next: Alarm;

  constructor(
    private readonly context: NodeContext,
    private readonly address: Address,
  ) {
    this.next = context.alarms.alarm(() => this.takeNext());
  }

  /** Hands a report on. A seed that is down loses it: it comes back with an empty list anyway. */
  forward(report: DeadNode): void {
    if (this.waiting.length >= this.context.limits.forwardsMax) return;
    this.waiting.push(report);
    if (this.link === undefined) this.link = this.context.links.dial(this.address, this);
    else if (this.kind !== 'unknown' && this.next.atMs === undefined) this.takeNext();
  }

  opened(): void {
    const { runtime, limits } = this.context;
    const first = this.waiting.shift();
    if (first === undefined) return;
    this.send({ ...first, forwarded: false, hearsay: true });
    this.next.set(runtime.monotonicMs() + limits.seedAnswerMs);
  }

  message(link: Link): void {
    if (this.kind === 'hearsay' || !link.lines) return;
    this.kind = 'hearsay';
    this.takeNext();
  }

  closed(): void {
    this.link = undefined;
    this.kind = 'unknown';
    this.waiting = [];
    this.next.clear();
  }

  /** The answer has come or is not coming; or a classic seed may get its next message. */
  private takeNext(): void {
    const { runtime, limits } = this.context;
    this.next.clear();
    if (this.kind === 'unknown') this.kind = 'classic';
    const isClassic = this.kind === 'classic';
    for (let report = this.waiting.shift(); report; report = this.waiting.shift()) {
      this.send({ ...report, forwarded: !isClassic, hearsay: isClassic });
      if (!isClassic) continue;
      this.next.set(runtime.monotonicMs() + limits.classicSpacingMs);
      return;
    }
  }

  private send(report: DeadNode): void {
    if (this.link === undefined) return;
    const message = encode(report);
    this.context.links.send(this.link, message);
    const peer = formatEndpoint(report.ip, report.port);
    const seed = formatAddress(this.address);
    this.context.log.writeWanted({ event: 'report-forwarded', peer, seed, message });
  }
}
