/**
 * A report without a port speaks of every listed peer at its IP. Where these are several it is one
 * accusation all the same: all of them are asked, the silent go, and one record says how many
 * answered. Meanwhile, and for a moment after that, further such reports on the IP ask nobody:
 * each of them is a few bytes, and to ask a whole list is a lot of work.
 */
import type { Alarm } from '@hearsay/common/alarms';
import type { NodeContext } from '@hearsay/common/node-context';
import type { Accusation, RegisteredPeer } from './peer-list.js';

/** One report, and those whose answers it waits for. */
interface Inquiry {
  readonly accusation: Accusation;
  readonly waiting: Set<RegisteredPeer>;
  /** How many were asked, and how many have answered. */
  readonly asked: number;
  answered: number;
  /** Ends the time in which further reports on the IP are refused. */
  readonly rest: Alarm;
}

/** The reports without a port that are looked into, one at a time for each IP. */
export class Inquiries {
  private readonly byIp = new Map<string, Inquiry>();

  /** @param refuse writes down that a report on all of an IP was wrong about some of them. */
  constructor(
    private readonly context: NodeContext,
    private readonly refuse: (ip: string, reason: string, accusation: Accusation) => void,
  ) {}

  /** Begins to look into a report on these; false if one on that IP was looked into just now. */
  begin(ip: string, peers: Iterable<RegisteredPeer>, accusation: Accusation): boolean {
    if (this.byIp.has(ip)) return false;
    const waiting = new Set(peers);
    const rest = this.context.alarms.alarm(() => this.byIp.delete(ip));
    this.byIp.set(ip, { accusation, waiting, asked: waiting.size, answered: 0, rest });
    return true;
  }

  /** The report that waits for this peer's answer. */
  about(peer: RegisteredPeer): Accusation | undefined {
    const inquiry = this.byIp.get(peer.address.ip);
    return inquiry?.waiting.has(peer) ? inquiry.accusation : undefined;
  }

  /** The peer has answered, or is off the list. */
  settle(peer: RegisteredPeer, hasAnswered: boolean): void {
    const { ip } = peer.address;
    const inquiry = this.byIp.get(ip);
    if (inquiry?.waiting.delete(peer) !== true) return;
    if (hasAnswered) inquiry.answered += 1;
    if (inquiry.waiting.size > 0) return;
    const { accusation, asked, answered } = inquiry;
    if (answered > 0) {
      this.refuse(ip, `${answered} of ${asked} peers at this IP answered`, accusation);
    }
    inquiry.rest.set(this.context.runtime.monotonicMs() + this.context.limits.inquiryRestMs);
  }
}
