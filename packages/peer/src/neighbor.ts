/**
 * One neighbor: how a message gets to it, and what it has shown of itself. A Hearsay neighbor has
 * one link that stays open; to a classic one a courier goes.
 */
import { type Address, formatAddress, type NodeId } from '@hearsay/common/address';
import type { Link } from '@hearsay/common/links';
import type { PeerContext } from './context.js';
import { Courier } from './courier.js';

/** A peer with which there is a link, or to which messages go over short connections. */
export class Neighbor {
  readonly id: NodeId;
  /** The open link of a Hearsay neighbor; undefined while it is broken. */
  link: Link | undefined;
  /** How messages go to a classic neighbor. */
  readonly courier: Courier | undefined;
  /** Whether it has ever answered a liveness request. */
  hasAnswered = false;
  /** Whether it has answered when its link had held for an interval. */
  isProven = false;
  /** Whether it dialed this peer, and no seed has named it so far: once none, it stays none. */
  isStranger = true;
  /** How many links in a row broke within an interval of coming up. */
  breaks = 0;
  /** Monotonic milliseconds at which its link came up last, or a classic one was accepted. */
  private linkedAtMs: number;
  /** Monotonic milliseconds at which it came, or answered last. */
  private heardOfAtMs: number;
  /** Monotonic milliseconds at which it was asked last, at its address, whether it is the one. */
  private identityAskedAtMs = Number.NEGATIVE_INFINITY;

  /** @param isDialedByUs which end asked for the present link; it replaces it when it is lost. */
  constructor(
    private readonly context: PeerContext,
    readonly address: Address,
    readonly kind: 'hearsay' | 'classic',
    public isDialedByUs: boolean,
  ) {
    this.id = formatAddress(address);
    this.courier = kind === 'classic' ? new Courier(context, address) : undefined;
    this.linkedAtMs = context.runtime.monotonicMs();
    this.heardOfAtMs = this.linkedAtMs;
  }

  /** Sends a message; false if it cannot be reached now. */
  send(text: string): boolean {
    if (this.courier !== undefined) return this.courier.send(text);
    return this.link !== undefined && this.context.links.send(this.link, text);
  }

  /** Passes on a message of another; it waits behind this peer's own, and is lost before them. */
  relay(text: string): boolean {
    if (this.courier !== undefined) return this.courier.relay(text);
    return this.link !== undefined && this.context.links.relay(this.link, text);
  }

  /** It has a link, or has it again. */
  linked(link: Link): void {
    if (this.link !== undefined && this.link !== link) this.context.links.close(this.link);
    this.link = link;
    this.linkedAtMs = this.context.runtime.monotonicMs();
  }

  /** Its link is gone. Returns whether that had held for an interval. */
  unlinked(): boolean {
    this.link = undefined;
    const hasHeld = this.isOlderThanInterval(this.linkedAtMs);
    this.breaks = hasHeld ? 0 : this.breaks + 1;
    return hasHeld;
  }

  /** It is no neighbor any more: nothing goes to it, and nothing is heard of it. */
  end(): void {
    this.courier?.stop();
    if (this.link !== undefined) this.context.links.close(this.link);
  }

  /**
   * Whether it is to be asked at its address who it is, once an interval at the most. One that this
   * peer has dialed there is known; one that came by itself may only have given that name, and a
   * classic one may have become a Hearsay peer.
   */
  takeIdentityQuestion(): boolean {
    const isSure = this.kind === 'hearsay' && this.isDialedByUs;
    if (isSure || !this.isOlderThanInterval(this.identityAskedAtMs)) return false;
    this.identityAskedAtMs = this.context.runtime.monotonicMs();
    return true;
  }

  /** It has answered a liveness request. */
  answered(): void {
    this.hasAnswered = true;
    this.heardOfAtMs = this.context.runtime.monotonicMs();
    if (this.isOlderThanInterval(this.linkedAtMs)) this.isProven = true;
  }

  /** Whether it lives as what it is: it has a link, or was heard of less than an interval ago. */
  get lives(): boolean {
    return this.link !== undefined || !this.isOlderThanInterval(this.heardOfAtMs);
  }

  private isOlderThanInterval(atMs: number): boolean {
    const { runtime, settings } = this.context;
    return runtime.monotonicMs() - atMs >= settings.livenessIntervalMs;
  }
}
