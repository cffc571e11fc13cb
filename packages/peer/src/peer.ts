/**
 * The peer. Pure: bytes, time and chance come through the runtime. It only puts its parts together,
 * each of which is one idea: discovery (who else there is), neighbors (the overlay), gossip,
 * liveness; and it receives what comes over links that none of them owns.
 */
import { type Address, formatAddress, type NodeId } from '@hearsay/common/address';
import type { Alarm } from '@hearsay/common/alarms';
import { LIMITS, type Limits } from '@hearsay/common/limits';
import { LinkedNode } from '@hearsay/common/linked-node';
import type { Link } from '@hearsay/common/links';
import { quote } from '@hearsay/common/log-line';
import type { Random } from '@hearsay/common/random';
import type { Runtime } from '@hearsay/common/runtime';
import { decode } from '@hearsay/common/wire/codec';
import type { Message } from '@hearsay/common/wire/message';
import { helpLines, parseCommand } from './console.js';
import type { PeerContext, PeerSettings } from './context.js';
import type { Discovery, DiscoveryMaker } from './discovery.js';
import { Gossip } from './gossip.js';
import { Liveness } from './liveness.js';
import type { Neighbor } from './neighbor.js';
import { Neighbors } from './neighbors.js';
import type { Overlay } from './overlay.js';

export interface PeerOptions {
  readonly runtime: Runtime;
  readonly random: Random;
  /** The address under which the others know this peer. */
  readonly self: Address;
  /** How it finds others, and which of them it connects to. */
  readonly discovery: DiscoveryMaker;
  readonly overlay: Overlay;
  readonly settings: PeerSettings;
  /** Whether the person at the terminal does not see the records. */
  readonly isQuiet?: boolean;
  /** Where the log file is, for the person who asks. */
  readonly logFile?: string;
  /** The number of the last message made before a restart; the next one continues from it. */
  readonly lastMessageNumber?: number;
  readonly limits?: Limits;
}

/** A peer, driven by a runtime. */
export class Peer extends LinkedNode {
  private readonly context: PeerContext;
  private readonly discovery: Discovery;
  private readonly neighbors: Neighbors;
  private readonly gossip: Gossip;
  private readonly liveness: Liveness;
  private readonly status: Alarm;
  private readonly lostTrial: Alarm;
  private readonly departure: Alarm;
  private reports = 0;

  constructor(private readonly options: PeerOptions) {
    const limits = options.limits ?? LIMITS;
    const { runtime, random, self, settings } = options;
    super(runtime, limits, limits.peerLinksMax, settings.livenessIntervalMs);
    const { alarms, links, log } = this;
    const selfId = formatAddress(self);
    this.context = { runtime, alarms, links, log, random, limits, settings, self, selfId };
    this.discovery = options.discovery(this.context, {
      unionChanged: () => this.neighbors.unionChanged(),
    });
    this.neighbors = new Neighbors(this.context, options.overlay, this.discovery, {
      message: (neighbor, link, text) => this.hearNeighbor(neighbor, link, text),
      added: (neighbor) => this.welcome(neighbor),
      removed: (neighbor) => this.liveness.unwatch(neighbor),
      relinked: (neighbor) => this.liveness.relinked(neighbor),
      lacking: (isLacking) => this.discovery.wantMore(isLacking),
    });
    this.gossip = new Gossip(this.context, this.neighbors, options.lastMessageNumber ?? 0);
    this.liveness = new Liveness(this.context, {
      redial: (neighbor) => this.neighbors.redial(neighbor),
      answered: (neighbor) => this.neighbors.answered(neighbor),
      dead: (neighbor) => this.bury(neighbor),
      unlinked: (neighbor) => this.neighbors.remove(neighbor, 'its link is gone, but it lives'),
    });
    this.status = alarms.alarm((nowMs) => this.writeStatus(nowMs));
    this.lostTrial = alarms.alarm((nowMs) => this.tryLost(nowMs));
    this.departure = alarms.alarm(() => this.depart());
  }

  protected begin(): void {
    const nowMs = this.runtime.monotonicMs();
    this.discovery.start();
    this.lostTrial.set(nowMs + this.options.settings.livenessIntervalMs);
    this.writeStatus(nowMs);
  }

  protected wokeLate(nowMs: number): void {
    this.liveness.forgive();
    this.discovery.forgive(nowMs);
  }

  protected stop(reason: string): void {
    this.discovery.stop();
    this.gossip.writeMessageList();
    this.runtime.record({ event: 'stopped', reason });
    this.runtime.finished();
  }

  // What comes in

  protected received(link: Link, text: string): void {
    const message = this.decoded(link.from, text);
    if (message === undefined) return;
    if (message.kind === 'connect-request') this.neighbors.requests.answer(link, message);
    else if (message.kind === 'gossip') this.gossip.hear(text, message, { label: link.from });
    else this.hearAnywhere(link, link.from, message, text);
  }

  private hearNeighbor(neighbor: Neighbor, link: Link, text: string): void {
    const { id } = neighbor;
    const message = this.decoded(id, text);
    if (message === undefined) return;
    if (message.kind === 'gossip') {
      const { isStranger } = neighbor;
      this.gossip.hear(text, message, { label: id, neighbor: id, isStranger });
    } else if (message.kind === 'liveness-reply') this.liveness.answered(neighbor);
    else if (message.kind === 'connect-refused') {
      this.neighbors.remove(neighbor, `refused: ${message.reason}`);
    } else this.hearAnywhere(link, id, message, text);
  }

  private hearAnywhere(link: Link, from: string, message: Message, text: string): void {
    if (message.kind === 'liveness-request')
      return this.answerLiveness(link, message, this.options.self);
    if (message.kind === 'extensions') return; // None are known in version 1.
    this.log.drop(`${message.kind} at a peer`, Buffer.byteLength(text), text, from);
  }

  private decoded(from: string, text: string): Message | undefined {
    const message = decode(text);
    if (message.ok) return message.value;
    this.log.drop(message.error.reason, Buffer.byteLength(text), text, from);
    return undefined;
  }

  // Neighbors come and go

  private welcome(neighbor: Neighbor): void {
    this.liveness.watch(neighbor);
    this.gossip.begin();
  }

  private bury(neighbor: Neighbor): void {
    this.reports += 1;
    this.neighbors.bury(neighbor);
    this.discovery.report(neighbor.id);
  }

  private tryLost(nowMs: number): void {
    this.lostTrial.set(nowMs + this.options.settings.livenessIntervalMs);
    this.neighbors.tryLost();
  }

  // The person at the terminal

  protected line(typed: string): void {
    const command = parseCommand(typed);
    switch (command.kind) {
      case 'nothing':
        return;
      case 'gossip':
        return this.say(command.text);
      case 'show':
        return this.show(command.what);
      case 'leave':
        return this.leave();
      case 'quit':
        return this.stopping('quit');
      case 'unknown':
        return this.runtime.tell([`unknown command ${command.name}; /help lists them`]);
    }
  }

  private say(text: string): void {
    const problem = this.gossip.make(text);
    if (problem !== undefined) this.runtime.tell([problem]);
    else if (this.neighbors.size === 0) this.runtime.tell(['no neighbors yet: nobody heard it']);
  }

  private show(what: 'peers' | 'seeds' | 'ml' | 'log' | 'help'): void {
    switch (what) {
      case 'help':
        return this.runtime.tell(helpLines);
      case 'seeds':
        return this.runtime.tell(this.discovery.describe());
      case 'peers':
        return this.runtime.tell(this.describePeers());
      case 'log':
        return this.runtime.tell([this.options.logFile ?? 'there is no log file']);
      case 'ml':
        return this.showMessageList();
    }
  }

  /** The rows are records, which a person sees as they are written, or is told if not. */
  private showMessageList(): void {
    const rows = this.gossip.writeMessageList();
    if (this.options.isQuiet !== true) return;
    this.runtime.tell([
      `${counted(this.gossip.messages.size, 'message')}, the newest ${rows.length}:`,
      ...rows.map(({ hash, text, from, sentTo }) => {
        const to = [...sentTo].join(' ') || 'nobody';
        return `${hash}  ${quote(text)}  from ${from}  to ${to}`;
      }),
    ]);
  }

  private describePeers(): string[] {
    const { strikesMax } = this.options.settings;
    const neighbors = [...this.neighbors.list()];
    const others = this.discovery.union.filter((id) => this.neighbors.get(id) === undefined);
    return [
      counted(neighbors.length, 'neighbor'),
      ...neighbors.map((neighbor) => {
        const { id, kind, isDialedByUs } = neighbor;
        const strikes = `${this.liveness.strikesOf(neighbor)}/${strikesMax} strikes`;
        return `${id}  ${kind}  dialed by ${isDialedByUs ? 'us' : 'it'}  ${strikes}`;
      }),
      `${counted(others.length, 'other')} known${others.length > 0 ? `: ${others.join(' ')}` : ''}`,
    ];
  }

  /** The polite way to go: nobody new, a word to the seeds, the links closed. */
  private leave(): void {
    if (this.departure.atMs !== undefined) return;
    this.runtime.stopListening();
    this.runtime.record({ event: 'left', seeds: this.discovery.registered });
    this.discovery.leave();
    this.neighbors.leave();
    this.departure.set(this.runtime.monotonicMs() + this.limits.leaveMs);
  }

  private depart(): void {
    this.links.closeAll();
    this.stopping('left');
  }

  /** Writes the neighbors and the counters, unless they say what they said last time. */
  private writeStatus(nowMs: number): void {
    this.status.set(nowMs + this.options.settings.statusIntervalMs);
    const { made, received, duplicates, refused, sent, messages } = this.gossip;
    this.recordStatus({
      event: 'peer-status',
      seeds: this.discovery.registered,
      neighbors: [...this.neighbors.list()].map(({ id }): NodeId => id),
      struck: this.liveness.struck(),
      made,
      received,
      duplicates,
      refused,
      sent,
      ml: messages.size,
      reports: this.reports,
      links: this.links.count,
      dropped: this.log.dropped,
      lost: this.links.lost,
    });
  }
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
