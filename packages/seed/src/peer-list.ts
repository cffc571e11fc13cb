/**
 * The Peer List of a seed (A2): who has registered, in that order. A peer is *listed*, that is
 * shown to others, from the moment it has answered the seed's own liveness request.
 */
import type { Address, NodeId } from '@hearsay/common/address';
import type { Alarm } from '@hearsay/common/alarms';
import type { Link } from '@hearsay/common/links';
import type { Random } from '@hearsay/common/random';

/** Somebody who said that a peer is dead, and where that was said. */
export interface Accusation {
  readonly reporter: string;
  readonly from: string;
  /** Hands the report on once it is accepted; undefined if it was handed on to us. */
  readonly forward: (() => void) | undefined;
}

/** One entry of the list. */
export interface RegisteredPeer {
  readonly id: NodeId;
  readonly address: Address;
  kind: 'hearsay' | 'classic';
  isListed: boolean;
  /** Links over which it has registered and that are still open, oldest first. */
  readonly links: Set<Link>;
  /** Monotonic milliseconds at which it last spoke or answered. */
  heardAtMs: number;
  /** Monotonic milliseconds of its last answer to a probe. */
  answeredAtMs: number;
  /** Probes in a row that it left unanswered, without a report. */
  missed: number;
  isProbed: boolean;
  /** Reports that wait for the probe's outcome. */
  accusations: Accusation[];
  /** When the next probe is due: a dial-back, a slow one, or one for reports that wait. */
  readonly nextProbe: Alarm;
  /** Pause before the next dial-back, and until when one is tried. */
  pauseMs: number;
  dialBackUntilMs: number;
}

/** The entries, in the order of registration. */
export class PeerList {
  private readonly peers = new Map<NodeId, RegisteredPeer>();
  /** Those that have not answered yet, oldest first. */
  private readonly unlisted = new Set<RegisteredPeer>();

  get size(): number {
    return this.peers.size;
  }

  get(id: NodeId): RegisteredPeer | undefined {
    return this.peers.get(id);
  }

  add(peer: RegisteredPeer): void {
    this.peers.set(peer.id, peer);
    this.unlisted.add(peer);
  }

  /** Shows a peer to others from now on. */
  show(peer: RegisteredPeer): void {
    peer.isListed = true;
    this.unlisted.delete(peer);
  }

  delete(peer: RegisteredPeer): void {
    this.peers.delete(peer.id);
    this.unlisted.delete(peer);
  }

  /** How many are shown to others. */
  get listedCount(): number {
    return this.peers.size - this.unlisted.size;
  }

  /** The ids of the listed, or of those not listed yet, in the order of registration. */
  ids(isListed: boolean): NodeId[] {
    const ids: NodeId[] = [];
    for (const peer of this.peers.values()) if (peer.isListed === isListed) ids.push(peer.id);
    return ids;
  }

  /** The listed at an IP: a report without a port speaks of all of them. */
  listedAt(ip: string): RegisteredPeer[] {
    return [...this.peers.values()].filter((peer) => peer.isListed && peer.address.ip === ip);
  }

  /** Who must make room when the list is full: first who never answered, then the most silent. */
  longestSilent(): RegisteredPeer | undefined {
    let [silent] = this.unlisted;
    if (silent !== undefined) return silent;
    for (const peer of this.peers.values()) {
      if (silent === undefined || peer.heardAtMs < silent.heardAtMs) silent = peer;
    }
    return silent;
  }
}

/** The list as text for a Hearsay peer or a person: in order, the asker last. */
export function listText(listed: readonly NodeId[], asker: NodeId): string {
  return [...listed.filter((id) => id !== asker), asker].join(',');
}

/**
 * The list as text for a classic peer. Some of these programs cut the last item, as themselves,
 * others the last two; so the item before the asker stands twice, and a lone asker twice. They
 * read once, `bytesMax` bytes: of a longer list they get a random part.
 */
export function classicListText(
  listed: readonly NodeId[],
  asker: NodeId,
  bytesMax: number,
  random: Random,
): string {
  const others = listed.filter((id) => id !== asker);
  // An item takes its length and a comma; one of the longest is set aside for the double.
  let roomBytes = bytesMax - asker.length - (itemBytesMax + 1);
  const shown = new Set<NodeId>();
  const isWhole = others.join(',').length < roomBytes;
  for (const id of isWhole ? others : random.shuffle(others)) {
    roomBytes -= id.length + 1;
    if (roomBytes < 0) break;
    shown.add(id);
  }
  const items = others.filter((id) => shown.has(id));
  return [...items, items.at(-1) ?? asker, asker].join(',');
}

/** `[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535` */
const itemBytesMax = 47;
