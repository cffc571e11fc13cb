/**
 * The Peer List of a seed (A2): who has registered, in that order. A peer is *listed*, that is
 * shown to others, from the moment it has answered the seed's own liveness request.
 */
import type { Address, NodeId } from '@hearsay/common/address';
import type { Alarm } from '@hearsay/common/alarms';
import type { Link } from '@hearsay/common/links';
import type { Random } from '@hearsay/common/random';
import type { TokenBucket } from '@hearsay/common/token-bucket';

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
  /** The `registered` records that may be written of it. */
  readonly announcements: TokenBucket;
  /** Monotonic milliseconds of its last answer to a probe. */
  answeredAtMs: number;
  /** Probes in a row that it left unanswered, without a report. */
  missed: number;
  /** Whether it is being asked, or waits for its turn. */
  isProbed: boolean;
  /** Whether it has let a question's time pass without an answer. */
  wasSilent: boolean;
  /** Reports on it alone that wait for the probe's outcome. */
  accusations: Accusation[];
  /** When the next probe is due: a dial-back, a slow one, or one for reports that wait. */
  readonly nextProbe: Alarm;
  /** Pause before the next dial-back, and until when one is tried. */
  pauseMs: number;
  dialBackUntilMs: number;
}

/** The listed as ids and as text, both in the order of registration. */
interface Shown {
  readonly ids: readonly NodeId[];
  readonly text: string;
}

/** The entries, in the order of registration. */
export class PeerList {
  private readonly peers = new Map<NodeId, RegisteredPeer>();
  /** Those shown to others, the one first whose last answer is longest ago. */
  private readonly listed = new Set<RegisteredPeer>();
  /** Those that have not answered yet, the one first that registered longest ago. */
  private readonly unlisted = new Set<RegisteredPeer>();
  private readonly listedByIp = new Map<string, Set<RegisteredPeer>>();
  /** What others are shown; made when somebody asks, since most ask while nothing changes. */
  private shown: Shown | undefined;

  /** The peer of that id, shown to others or not. */
  get(id: NodeId): RegisteredPeer | undefined {
    return this.peers.get(id);
  }

  /** Takes in a peer that is not shown to others yet. */
  add(peer: RegisteredPeer): void {
    this.peers.set(peer.id, peer);
    this.unlisted.add(peer);
  }

  /** Shows a peer to others from now on. */
  show(peer: RegisteredPeer): void {
    const { ip } = peer.address;
    peer.isListed = true;
    this.unlisted.delete(peer);
    this.listed.add(peer);
    this.listedByIp.set(ip, this.listedAt(ip).add(peer));
    this.shown = undefined;
  }

  /** A listed peer has answered, or one that is not listed has registered again. */
  refresh(peer: RegisteredPeer): void {
    const peers = peer.isListed ? this.listed : this.unlisted;
    peers.delete(peer);
    peers.add(peer);
  }

  /** Takes a peer off the list, whether it was shown to others or not. */
  delete(peer: RegisteredPeer): void {
    this.peers.delete(peer.id);
    this.unlisted.delete(peer);
    if (!this.listed.delete(peer)) return;
    const { ip } = peer.address;
    const neighbors = this.listedAt(ip);
    neighbors.delete(peer);
    if (neighbors.size === 0) this.listedByIp.delete(ip);
    this.shown = undefined;
  }

  /** How many are shown to others. */
  get listedCount(): number {
    return this.listed.size;
  }

  /** How many have not answered yet. */
  get unlistedCount(): number {
    return this.unlisted.size;
  }

  /** The ids of the listed, in the order of registration. */
  get listedIds(): readonly NodeId[] {
    return this.toShow.ids;
  }

  /** The ids of the listed as {@link listText} takes them. */
  get listedText(): string {
    return this.toShow.text;
  }

  /** The ids of the first of those not listed yet. */
  unlistedIds(countMax: number): NodeId[] {
    const ids: NodeId[] = [];
    for (const { id } of this.unlisted) {
      if (ids.length >= countMax) break;
      ids.push(id);
    }
    return ids;
  }

  /** The listed at an IP: a report without a port speaks of all of them. */
  listedAt(ip: string): Set<RegisteredPeer> {
    return this.listedByIp.get(ip) ?? new Set();
  }

  /** The listed peer that makes room for another: its last answer is longest ago. */
  get longestSilent(): RegisteredPeer | undefined {
    const [silent] = this.listed;
    return silent;
  }

  /** The peer not listed yet that makes room for another: it registered longest ago. */
  get oldestUnlisted(): RegisteredPeer | undefined {
    const [oldest] = this.unlisted;
    return oldest;
  }

  private get toShow(): Shown {
    if (this.shown === undefined) {
      const ids: NodeId[] = [];
      for (const { id, isListed } of this.peers.values()) if (isListed) ids.push(id);
      this.shown = { ids, text: commaText(ids) };
    }
    return this.shown;
  }
}

/** Ids with a comma before, between and behind them: `,a:1,b:2,`; of none one comma. */
export function commaText(ids: readonly NodeId[]): string {
  return ids.length === 0 ? ',' : `,${ids.join(',')},`;
}

/**
 * The list as text for a Hearsay peer or a person: in order, the asker last.
 *
 * @param listed the ids as {@link commaText} joins them: it is long, and the same for most askers.
 */
export function listText(listed: string, asker: NodeId): string {
  const item = `,${asker},`;
  const at = listed.indexOf(item);
  const others = at < 0 ? listed : listed.slice(0, at) + listed.slice(at + item.length - 1);
  return others.slice(1) + asker;
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
  const roomBytes = bytesMax - asker.length - (itemBytesMax + 1);
  const neededBytes = others.reduce((bytes, id) => bytes + id.length + 1, 0);
  const items = neededBytes <= roomBytes ? others : randomPart(others, roomBytes, random);
  return [...items, items.at(-1) ?? asker, asker].join(',');
}

/** Ids at random, in their order, until one has no room; all together have none. */
function randomPart(ids: readonly NodeId[], roomBytes: number, random: Random): NodeId[] {
  const places = new Set<number>();
  for (let leftBytes = roomBytes; ; ) {
    const place = random.below(ids.length);
    if (places.has(place)) continue;
    const id = ids[place] as NodeId;
    leftBytes -= id.length + 1;
    if (leftBytes < 0) return [...places].sort((a, b) => a - b).map((at) => ids[at] as NodeId);
    places.add(place);
  }
}

/** `[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535` */
const itemBytesMax = 47;
