/**
 * The seed: keeps the list of peers, and is no peer itself (A2). Pure: bytes, time and chance come
 * through the runtime.
 *
 * Its rules: whoever registers gets the list at once (A3, A4), but is shown to others only after it
 * answered a liveness request of the seed's own. Nobody is removed on another's word: on a dead
 * report (A12) the seed asks the accused first, unless it is told to trust reports to the letter.
 * A closed link removes nobody.
 */
import {
  type Address,
  formatAddress,
  formatEndpoint,
  isWildcardIp,
  sameAddress,
} from '@hearsay/common/address';
import type { Alarm } from '@hearsay/common/alarms';
import { LIMITS, type Limits } from '@hearsay/common/limits';
import { LinkedNode } from '@hearsay/common/linked-node';
import type { Link, LinkOwner } from '@hearsay/common/links';
import type { NodeContext } from '@hearsay/common/node-context';
import type { Random } from '@hearsay/common/random';
import type { Runtime } from '@hearsay/common/runtime';
import { TokenBucket } from '@hearsay/common/token-bucket';
import { decode, encode } from '@hearsay/common/wire/codec';
import type { DeadNode, Message } from '@hearsay/common/wire/message';
import { FellowSeed } from './fellow-seed.js';
import { Membership } from './membership.js';
import { type Accusation, classicListText, listText, type RegisteredPeer } from './peer-list.js';

/** What a user may set. */
export interface SeedSettings {
  /** Obey a dead report without asking the accused: the literal rule of the older editions. */
  readonly trustReports: boolean;
  /** Milliseconds of silence after which a listed peer is asked whether it lives. */
  readonly probeIntervalMs: number;
  /** Milliseconds between status records. */
  readonly statusIntervalMs: number;
}

/** What a seed is made of. */
export interface SeedOptions {
  readonly runtime: Runtime;
  readonly random: Random;
  /** The address under which the others know this seed. */
  readonly self: Address;
  /** The seeds of config.txt, this one among them or not. */
  readonly seeds: readonly Address[];
  readonly settings: SeedSettings;
  /** Peers to begin with, after a restart; each must answer the dial-back to be listed again. */
  readonly peers?: readonly Address[];
  readonly limits?: Limits;
}

/** What a link is to a seed once a peer has registered over it. */
interface RegistrationLink {
  readonly peer: RegisteredPeer;
  /** The lists that may be asked for over it. */
  readonly lists: TokenBucket;
}

/** A seed, driven by a runtime. */
export class Seed extends LinkedNode {
  private readonly registrationLinks = new Map<Link, RegistrationLink>();
  private readonly members: Membership;
  private readonly fellows: readonly FellowSeed[];
  private readonly status: Alarm;
  private registrations = 0;
  private reports = 0;

  constructor(private readonly options: SeedOptions) {
    const limits = options.limits ?? LIMITS;
    super(options.runtime, limits, limits.seedLinksMax, limits.probeMs);
    const { runtime, random, self, seeds, settings } = options;
    const { alarms, links, log } = this;
    const context: NodeContext = { runtime, alarms, links, log, random, limits, self };
    this.members = new Membership(context, settings.probeIntervalMs, {
      listed: (peer) => this.keepLinks(peer),
      removed: (peer) => this.dismiss(peer),
    });
    this.status = this.alarms.alarm((nowMs) => this.writeStatus(nowMs));
    this.fellows = seeds
      .filter((seed) => !sameAddress(seed, self))
      .map((seed) => new FellowSeed(context, seed));
  }

  protected begin(): void {
    for (const address of this.options.peers ?? []) this.members.admit(address, 'hearsay');
    this.writeStatus(this.runtime.monotonicMs());
  }

  protected wokeLate(): void {
    this.members.wokeLate();
  }

  protected line(): void {
    // A seed takes no commands.
  }

  protected stop(reason: string): void {
    this.runtime.record({ event: 'stopped', reason });
    this.runtime.finished();
  }

  protected received(link: Link, text: string): void {
    const decoded = decode(text);
    if (!decoded.ok) {
      this.log.drop(decoded.error.reason, Buffer.byteLength(text), text, link.from);
      return;
    }
    this.obey(link, decoded.value, text);
  }

  private obey(link: Link, message: Message, text: string): void {
    switch (message.kind) {
      case 'register':
        return this.register(link, message, text);
      case 'dead-node':
        return this.hearReport(link, message, text);
      case 'liveness-request':
        return this.answerLiveness(link, message, this.options.self);
      case 'extensions':
        return; // None are known in version 1.
      default:
        this.log.drop(`${message.kind} at a seed`, Buffer.byteLength(text), text, link.from);
    }
  }

  // Registration

  /** How a link is treated once a peer has registered over it. Its end removes nobody. */
  private readonly registration: LinkOwner = {
    message: (link, text) => this.received(link, text),
    ended: (link) => {
      this.detach(link);
      this.links.close(link);
    },
    closed: (link) => this.detach(link),
  };

  private register(link: Link, message: Register, text: string): void {
    const before = this.registrationLinks.get(link);
    if (before?.lists.take(this.runtime.monotonicMs()) === false) {
      // A list costs its length, and a word that asks for one is short.
      return this.log.drop('asks too often', Buffer.byteLength(text), text, link.from);
    }
    // Whoever speaks in lines, a person with `nc` too, is taken by the address that it announces.
    const address = link.lines ? announced(link, message) : bySocket(link, message);
    const id = formatAddress(address);
    if (before !== undefined && before.peer.id !== id) {
      return this.refuseRegistration(link, id, `this link is of ${before.peer.id}`, text);
    }
    const { self, seeds } = this.options;
    if ([self, ...seeds].some((seed) => sameAddress(seed, address))) {
      return this.refuseRegistration(link, id, 'the address of a seed', text);
    }
    const peer = this.members.admit(address, link.lines ? 'hearsay' : 'classic');
    if (!this.links.stands(link)) return; // It made room for the probe of its own peer.
    if (before === undefined) this.attach(link, peer, text);
    this.sendList(link, peer);
  }

  private refuseRegistration(link: Link, peer: string, reason: string, message: string): void {
    // Every connection request is written (A13), also one that is refused.
    const { from } = link;
    this.log.writeWanted({ event: 'register-refused', peer, reason, message, from });
  }

  private attach(link: Link, peer: RegisteredPeer, message: string): void {
    const { listsAtOnceMax, listsPerSecondMax, linksPerPeerMax } = this.limits;
    const lists = new TokenBucket(listsAtOnceMax, listsPerSecondMax);
    peer.links.add(link);
    this.registrationLinks.set(link, { peer, lists });
    link.owner = this.registration;
    if (peer.isListed) this.links.keep(link);
    this.registrations += 1;
    this.recordRegistration(link, peer, message);
    if (peer.links.size > linksPerPeerMax) this.closeOneOf(peer);
  }

  private recordRegistration({ lines, from }: Link, peer: RegisteredPeer, message: string): void {
    const kind = lines ? 'hearsay' : 'classic';
    const listed = this.members.list.listedCount;
    const record = { event: 'registered', peer: peer.id, kind, message, listed, from } as const;
    this.log.writeWanted(record, peer.announcements);
  }

  /**
   * The oldest link stays: others may announce the address of a living peer as often as they like,
   * and its own was there before. The newest stays too: it may be that of the peer, started again,
   * whose oldest link nobody has closed.
   */
  private closeOneOf({ links }: RegisteredPeer): void {
    const [, secondOldest] = links;
    if (secondOldest === undefined) return;
    this.log.write({ event: 'evicted', bound: 'linksPerPeerMax', from: secondOldest.from });
    this.detach(secondOldest);
    this.links.close(secondOldest);
  }

  /** Until it has answered, a peer's links are a stranger's, and the first that make room. */
  private keepLinks(peer: RegisteredPeer): void {
    for (const link of peer.links) this.links.keep(link);
  }

  private detach(link: Link): void {
    this.registrationLinks.get(link)?.peer.links.delete(link);
    this.registrationLinks.delete(link);
  }

  /** Closes the links of a removed peer: a living one sees that and registers again. */
  private dismiss(peer: RegisteredPeer): void {
    for (const link of peer.links) {
      this.registrationLinks.delete(link);
      this.links.close(link);
    }
  }

  private sendList(link: Link, asker: RegisteredPeer): void {
    const { list } = this.members;
    const { classicListBytesMax } = this.limits;
    const text = link.lines
      ? listText(list.listedText, asker.id)
      : classicListText(list.listedIds, asker.id, classicListBytesMax, this.options.random);
    this.links.send(link, text);
  }

  // Dead reports

  private hearReport(link: Link, report: DeadNode, text: string): void {
    this.reports += 1;
    // The mark comes from a seed that does not know our kind yet: a line shows it.
    if (report.hearsay) this.links.send(link, encode({ kind: 'extensions', names: [] }));
    const peer = formatEndpoint(report.ip, report.port);
    this.log.writeWanted({ event: 'dead-reported', peer, message: text, from: link.from });
    const accusation: Accusation = {
      reporter: formatEndpoint(report.reporterIp, report.reporterPort),
      from: link.from,
      forward: this.forwarding(report),
    };
    const { trustReports } = this.options.settings;
    const [first, second] = this.accusedOf(report);
    if (first === undefined) {
      this.members.refuse(peer, 'not on the list', accusation);
    } else if (second === undefined) {
      if (trustReports) this.members.convict(first, [accusation]);
      else this.members.accuse(first, accusation);
    } else if (trustReports) {
      this.members.refuse(peer, 'several peers at this IP', accusation);
    } else {
      this.members.accuseAll(report.ip, accusation);
    }
  }

  private accusedOf({ ip, port }: DeadNode): Iterable<RegisteredPeer> {
    if (port === undefined) return this.members.list.listedAt(ip);
    const peer = this.members.list.get(formatAddress({ ip, port }));
    return peer === undefined ? [] : [peer];
  }

  /** Hands the report on, once, though one without a port may remove several peers. */
  private forwarding(report: DeadNode): (() => void) | undefined {
    if (report.forwarded || report.hearsay) return undefined;
    let isDue = true;
    return () => {
      if (isDue) for (const fellow of this.fellows) fellow.forward(report);
      isDue = false;
    };
  }

  /** Writes the list and the counters, unless they say what they said last time. */
  private writeStatus(nowMs: number): void {
    this.status.set(nowMs + this.options.settings.statusIntervalMs);
    const { list, refusals, removals } = this.members;
    this.recordStatus({
      event: 'seed-status',
      peers: list.listedIds,
      unlisted: list.unlistedIds(this.limits.unlistedPeersShownMax),
      unlistedCount: list.unlistedCount,
      registrations: this.registrations,
      reports: this.reports,
      refused: refusals,
      removals,
      links: this.links.count,
      dropped: this.log.dropped,
      lost: this.links.lost,
    });
  }
}

type Register = Message & { kind: 'register' };

/** A classic peer's IP is that of its socket: it does not know its own. */
function bySocket(link: Link, { peer }: Register): Address {
  return { ip: link.remote?.ip ?? peer.ip, port: peer.port };
}

function announced(link: Link, message: Register): Address {
  return isWildcardIp(message.peer.ip) ? bySocket(link, message) : message.peer;
}
