/**
 * The messages of the network, a line each. The texts are the ones that most public programs of
 * the assignment speak; docs/PROTOCOL.md sets them beside the assignment's own words.
 *
 * A timestamp is kept as the text that came, since a reply gives it back letter for letter.
 */
import type { Address } from '../address.js';

/** `1700000000.123`: seconds since the epoch, the text as it came. */
export type Timestamp = string;

/** What goes over the wire. */
export type Message =
  /** peer → seed, `ip:port`: put me on your list and send me the list. Idempotent. */
  | { readonly kind: 'register'; readonly peer: Address; readonly hearsay: boolean }
  /** seed → peer, `a:1,b:2,me:3`: the list, the asker last. */
  | { readonly kind: 'peer-list'; readonly peers: readonly Address[] }
  /** peer → peer, `New Connect Request From:ip:port`: be my neighbor. */
  | { readonly kind: 'connect-request'; readonly from: Address; readonly hearsay: boolean }
  /** `New Connect Accepted` */
  | { readonly kind: 'connect-accepted' }
  /** `New Connect Refused:reason`, only to Hearsay peers; to others the link is closed. */
  | { readonly kind: 'connect-refused'; readonly reason: string }
  /** `Liveness Request:ts:ip:port`; classic ones may lack the port. */
  | LivenessRequest
  /** `Liveness Reply:ts:ip:port:myip:myport`: the request's fields given back; ports may lack. */
  | LivenessReply
  /** `ts:ip:port:GOSSIPn` and its variants; forwarded as the bytes that came. */
  | GossipMessage
  /** peer → seed, `Dead Node:ip:port:ts:reporterip:reporterport`; both ports may lack. */
  | DeadNode
  /** `Extensions:name,name`: what this node can do beyond version 1. */
  | { readonly kind: 'extensions'; readonly names: readonly string[] };

/** A question whether the other side lives, and who asks (A10). */
export interface LivenessRequest {
  readonly kind: 'liveness-request';
  readonly timestamp: Timestamp;
  readonly ip: string;
  readonly port?: number;
}

/** The answer to it: its fields, and who answers. */
export interface LivenessReply {
  readonly kind: 'liveness-reply';
  readonly timestamp: Timestamp;
  readonly ip: string;
  readonly port?: number;
  readonly ownIp: string;
  readonly ownPort?: number;
}

/** A message that goes to everybody: when it was made, by whom, and its number (A7). */
export interface GossipMessage {
  readonly kind: 'gossip';
  readonly timestamp: Timestamp;
  readonly ip: string;
  /** Absent in the assignment's three-field form `ts:ip:n`. */
  readonly port?: number;
  readonly number: number;
  /** Whether the number is written `GOSSIPn`, as classic programs need it, or plainly. */
  readonly titled: boolean;
  /** What a person typed. */
  readonly text?: string;
}

/** A report that a peer is dead, and who says so (A11). */
export interface DeadNode {
  readonly kind: 'dead-node';
  /** Whether a seed hands on a report that it has accepted; such a one goes no further. */
  readonly forwarded: boolean;
  readonly ip: string;
  readonly port?: number;
  readonly timestamp: Timestamp;
  readonly reporterIp: string;
  readonly reporterPort?: number;
  /** The mark of a Hearsay seed that does not know yet what kind of seed it speaks to. */
  readonly hearsay: boolean;
}

/** The last field that a Hearsay node adds to its first message to a node of unknown kind. */
export const hearsayTag = 'Hearsay/1';

/** Whether a text ends with the tag, and so is whole without a line end. */
export function endsWithTag(text: string): boolean {
  return text.endsWith(`:${hearsayTag}`);
}

/** Seconds since the epoch with a decimal fraction, so that it is never mistaken for a port. */
export function formatTimestamp(wallMs: number): Timestamp {
  return (wallMs / 1_000).toFixed(3);
}

/** Milliseconds since the epoch of a timestamp's text. */
export function timestampMs(timestamp: Timestamp): number {
  return Number(timestamp) * 1_000;
}
