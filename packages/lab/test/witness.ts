/**
 * A node that only watches: it keeps all that it hears, in order, and does what a test has told it
 * to do. It also checks the first rule of the contract, that no call comes in while another one is
 * under way, inward or outward.
 */
import type { Address } from '@hearsay/common/address';
import type { DialFailure, LinkId, LinkInfo, Node, Runtime } from '@hearsay/common/runtime';

/** One call into the node. */
export type Heard =
  | { readonly call: 'start' | 'wake'; readonly atMs: number }
  | { readonly call: 'opened'; readonly link: LinkId; readonly info: LinkInfo }
  | { readonly call: 'bytes'; readonly link: LinkId; readonly text: string }
  | { readonly call: 'ended' | 'closed' | 'drained'; readonly link: LinkId }
  | { readonly call: 'failed'; readonly link: LinkId; readonly reason: DialFailure }
  | { readonly call: 'typed' | 'stopping'; readonly text: string };

/** What a witness does when it hears something. */
export type Reactions = Partial<Record<Heard['call'], (heard: Heard, self: Witness) => void>>;

/** A node that keeps all that it hears. */
export class Witness implements Node {
  readonly heard: Heard[] = [];
  /** Breaches of the rule that a node is never re-entered; must stay empty. */
  readonly reentries: string[] = [];
  /** Bytes heard for each link. */
  readonly received = new Map<LinkId, Buffer[]>();

  private busy: string | undefined;

  constructor(
    private readonly world: Runtime,
    private readonly reactions: Reactions = {},
  ) {}

  /** What it heard of one link, without the content. */
  callsOf(link: LinkId): string[] {
    return this.heard.filter((heard) => 'link' in heard && heard.link === link).map((h) => h.call);
  }

  /** How often it heard this call. */
  count(call: Heard['call']): number {
    return this.heard.filter((heard) => heard.call === call).length;
  }

  /** Its first link that came in. */
  get incoming(): LinkId | undefined {
    for (const heard of this.heard) {
      if (heard.call === 'opened' && heard.info.direction === 'in') return heard.link;
    }
    return undefined;
  }

  /** All that one link has brought. */
  bytesOf(link: LinkId | undefined): Buffer {
    return Buffer.concat(link === undefined ? [] : (this.received.get(link) ?? []));
  }

  // Outward: any call that comes in meanwhile is a breach.

  dial(to: Address): LinkId {
    return this.within('dial', () => this.world.dial(to));
  }

  send(link: LinkId, data: string | Uint8Array): boolean {
    const bytes = typeof data === 'string' ? Buffer.from(data) : data;
    return this.within('send', () => this.world.send(link, bytes));
  }

  close(link: LinkId): void {
    this.within('close', () => this.world.close(link));
  }

  wakeAt(monotonicMs: number | undefined): void {
    this.within('wakeAt', () => this.world.wakeAt(monotonicMs));
  }

  stopListening(): void {
    this.within('stopListening', () => this.world.stopListening());
  }

  get nowMs(): number {
    return this.world.monotonicMs();
  }

  // Inward

  start(): void {
    this.hear({ call: 'start', atMs: this.nowMs });
  }

  opened(link: LinkId, info: LinkInfo): void {
    this.hear({ call: 'opened', link, info });
  }

  bytes(link: LinkId, chunk: Uint8Array): void {
    const chunks = this.received.get(link) ?? [];
    chunks.push(Buffer.from(chunk));
    this.received.set(link, chunks);
    this.hear({ call: 'bytes', link, text: Buffer.from(chunk).toString('latin1') });
  }

  ended(link: LinkId): void {
    this.hear({ call: 'ended', link });
  }

  closed(link: LinkId): void {
    this.hear({ call: 'closed', link });
  }

  failed(link: LinkId, reason: DialFailure): void {
    this.hear({ call: 'failed', link, reason });
  }

  drained(link: LinkId): void {
    this.hear({ call: 'drained', link });
  }

  wake(): void {
    this.hear({ call: 'wake', atMs: this.nowMs });
  }

  typed(line: string): void {
    this.hear({ call: 'typed', text: line });
  }

  stopping(reason: string): void {
    this.hear({ call: 'stopping', text: reason });
  }

  private hear(heard: Heard): void {
    this.heard.push(heard);
    if (this.busy !== undefined) this.reentries.push(`${heard.call} during ${this.busy}`);
    this.within(heard.call, () => this.reactions[heard.call]?.(heard, this));
  }

  private within<T>(name: string, act: () => T): T {
    const outer = this.busy;
    this.busy = name;
    try {
      return act();
    } finally {
      this.busy = outer;
    }
  }
}
