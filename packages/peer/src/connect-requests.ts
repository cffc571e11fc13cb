/** Answering those who ask to be neighbors. */
import { type Address, formatAddress, isWildcardIp, type NodeId } from '@hearsay/common/address';
import type { Link } from '@hearsay/common/links';
import { encode } from '@hearsay/common/wire/codec';
import type { Message } from '@hearsay/common/wire/message';
import type { PeerContext } from './context.js';
import type { Discovery } from './discovery.js';
import type { Neighbor } from './neighbor.js';
import type { Places } from './places.js';

type Kind = Neighbor['kind'];

/** What an answer depends on, and what comes of it. */
export interface Neighborhood {
  readonly hasLeft: boolean;
  get(id: NodeId): Neighbor | undefined;
  /** Whether this peer is just asking the other one itself. */
  isAsking(id: NodeId): boolean;
  /** Makes a neighbor of it, or gives it back its link. */
  take(address: Address, kind: Kind, link: Link): void;
}

/** The connect requests that come to one peer. */
export class ConnectRequests {
  constructor(
    private readonly context: PeerContext,
    private readonly discovery: Pick<Discovery, 'refreshSoon'>,
    private readonly places: Places,
    private readonly neighborhood: Neighborhood,
  ) {}

  /** Answers a request that came over a visitor's link. */
  answer(link: Link, request: Message & { kind: 'connect-request' }): void {
    const kind = link.lines ? 'hearsay' : 'classic';
    const socketIp = link.remote?.ip ?? request.from.ip;
    // A classic peer does not know its own IP; that of its socket counts.
    const isVague = kind === 'classic' || isWildcardIp(request.from.ip);
    const address = { ip: isVague ? socketIp : request.from.ip, port: request.from.port };
    const id = formatAddress(address);
    const refusal = this.refusalOf(id, kind);
    if (refusal !== undefined) return this.refuse(link, id, kind, refusal);
    this.context.links.send(link, encode({ kind: 'connect-accepted' }));
    this.neighborhood.take(address, kind, link);
  }

  private refusalOf(id: NodeId, kind: Kind): string | undefined {
    const { selfId } = this.context;
    if (id === selfId) return 'self';
    if (this.neighborhood.hasLeft) return 'leaving';
    const known = this.neighborhood.get(id);
    if (known?.link !== undefined) return 'duplicate';
    // Nobody becomes a peer of the other kind within an interval, whatever is said in its name.
    if (known !== undefined && known.kind !== kind && known.lives) return 'duplicate';
    // Two dials have crossed: the one from the smaller address stays.
    if (this.neighborhood.isAsking(id) && selfId < id) return 'duplicate';
    if (known !== undefined || this.places.isFreeFor(id)) return undefined;
    // It may have come sooner than the seeds' news of it; then it is known when it tries again.
    this.discovery.refreshSoon();
    return 'full';
  }

  private refuse(link: Link, neighbor: NodeId, kind: Kind, reason: string): void {
    const { links, drops } = this.context;
    if (kind === 'hearsay') links.send(link, encode({ kind: 'connect-refused', reason }));
    links.close(link);
    drops.write({ event: 'neighbor-refused', neighbor, reason, by: 'us' });
  }
}
