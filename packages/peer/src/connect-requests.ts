/** Answering those who ask to be neighbors. */
import { type Address, formatAddress, isWildcardIp, type NodeId } from '@hearsay/common/address';
import type { Link } from '@hearsay/common/links';
import { encode } from '@hearsay/common/wire/codec';
import type { Message } from '@hearsay/common/wire/message';
import type { PeerContext } from './context.js';
import type { Neighbor } from './neighbor.js';
import type { Places } from './places.js';

type Kind = Neighbor['kind'];

/** What comes of an answer. */
export interface Neighborhood {
  /** Whether this peer has taken its leave; it takes nobody then. */
  readonly hasLeft: boolean;
  /** Makes a neighbor of it, or gives it back its link. */
  take(address: Address, kind: Kind, link: Link): void;
  /** One was refused that gave this name, and spoke as one of this kind. */
  refused(id: NodeId, kind: Kind, reason: string): void;
}

/** The connect requests that come to one peer. */
export class ConnectRequests {
  constructor(
    private readonly context: PeerContext,
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
    const refusal = this.neighborhood.hasLeft ? 'leaving' : this.places.refusalOf(id, kind);
    if (refusal !== undefined) return this.refuse(link, id, kind, refusal);
    this.context.links.send(link, encode({ kind: 'connect-accepted' }));
    this.neighborhood.take(address, kind, link);
  }

  private refuse(link: Link, neighbor: NodeId, kind: Kind, reason: string): void {
    const { links, log } = this.context;
    if (kind === 'hearsay') links.send(link, encode({ kind: 'connect-refused', reason }));
    links.close(link);
    log.write({ event: 'neighbor-refused', neighbor, reason, by: 'us' });
    this.neighborhood.refused(neighbor, kind, reason);
  }
}
