/** Links on a scripted runtime, with owners that write down what they hear. */
import { Alarms } from '../src/alarms.js';
import { BoundedLog } from '../src/bounded-log.js';
import { LIMITS, type Limits } from '../src/limits.js';
import { type Link, type LinkEnd, type LinkOwner, Links } from '../src/links.js';
import type { LinkId } from '../src/runtime.js';
import { at } from './addresses.js';
import { incomingInfo, outgoingInfo, ScriptedRuntime } from './scripted-runtime.js';

/** An owner that writes down what it hears, and then does what the test gave it to do. */
export class Listener implements LinkOwner {
  /** `opened`, `message …`, `closed …`, in order, of all its links. */
  readonly heard: string[] = [];
  /** The link that it heard of last. */
  link: Link | undefined;
  onOpened: (link: Link) => void = () => {};
  onMessage: (link: Link, text: string) => void = () => {};
  onClosed: (link: Link, reason: LinkEnd) => void = () => {};
  isComplete?: (link: Link, text: string) => boolean;
  ended?: (link: Link) => void;

  opened(link: Link): void {
    this.hear(link, 'opened');
    this.onOpened(link);
  }

  message(link: Link, text: string): void {
    this.hear(link, `message ${text}`);
    this.onMessage(link, text);
  }

  closed(link: Link, reason: LinkEnd): void {
    this.hear(link, `closed ${reason}`);
    this.onClosed(link, reason);
  }

  private hear(link: Link, what: string): void {
    this.link = link;
    this.heard.push(what);
  }
}

export class Stage {
  readonly runtime = new ScriptedRuntime();
  readonly alarms = new Alarms();
  readonly reception = new Listener();
  readonly limits: Limits;
  readonly links: Links;

  constructor({ linksMax = 100, ...limits }: Partial<Limits> & { linksMax?: number } = {}) {
    this.limits = { ...LIMITS, ...limits };
    const log = new BoundedLog(this.runtime, this.limits, this.alarms);
    this.links = new Links(this.runtime, this.alarms, this.limits, linksMax, log, this.reception);
  }

  /** Somebody dials this node. */
  accept(): LinkId {
    const id = this.runtime.incoming();
    this.links.opened(id, incomingInfo(id));
    return id;
  }

  /** Somebody dials and speaks; the link as the reception then knows it. */
  greet(text = 'hello\n'): Link {
    const id = this.accept();
    this.hear(id, text);
    if (this.reception.link?.id !== id) throw new Error('the reception heard no message');
    return this.reception.link;
  }

  /** This node dials, and the link comes up. */
  dial(owner: LinkOwner = new Listener()): Link {
    const link = this.links.dial(at('127.0.0.1:6001'), owner);
    this.links.opened(link.id, outgoingInfo);
    return link;
  }

  /** The other side sends. */
  hear(id: LinkId, data: string | Uint8Array): void {
    this.links.bytes(id, typeof data === 'string' ? Buffer.from(data) : data);
  }

  pass(durationMs: number): void {
    this.runtime.pass(this.alarms, durationMs);
  }

  /** Which of these links this node has closed. */
  closedOf(ids: readonly LinkId[]): LinkId[] {
    return ids.filter((id) => this.runtime.isClosed(id));
  }
}
