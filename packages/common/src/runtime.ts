/**
 * The only door between the pure core and the world. A node (seed or peer) is driven through
 * {@link Node} and acts through {@link Runtime}; it owns no socket, no clock and no chance.
 * The real runtime and the in-memory one pass the same conformance suite.
 *
 * Rules both sides keep:
 * - A runtime never calls into a node from inside one of the node's own calls outward: `dial`
 *   returns first, `opened` or `failed` comes later. So a node is never re-entered.
 * - Every link that was dialed ends in exactly one `failed` (it never opened) or, after `opened`,
 *   exactly one `closed`. After that, or after the node's own `close`, nothing more comes from it.
 * - What was sent before `close` still goes out.
 */
import type { Address } from './address.js';
import type { LogRecord } from './records.js';

/** Names one link of one node. Opaque, never used again within a run. */
export type LinkId = number;

/** What the runtime knows of a link that has come up. */
export interface LinkInfo {
  readonly direction: 'in' | 'out';
  /** A stream keeps order and has an end; datagrams do neither. */
  readonly medium: 'stream' | 'datagrams';
  /** The other side's socket address: for an incoming stream its IP and a port of the moment. */
  readonly remote: Address;
}

/** Why a dial never opened. */
export type DialFailure = 'refused' | 'timed-out' | 'unreachable' | 'no-resources';

/** What a node may ask of the world. */
export interface Runtime {
  /** Milliseconds of a clock that only goes forward; for every deadline. */
  monotonicMs(): number;
  /** Milliseconds since the epoch; only for what is written or sent. */
  wallMs(): number;
  /** Starts a connection; `opened` or `failed` follows. */
  dial(to: Address): LinkId;
  /** Sends bytes in order. False says that the link's buffer is full: wait for `drained`. */
  send(link: LinkId, bytes: Uint8Array): boolean;
  /** Ends a link once what was sent has gone out; the node hears nothing more from it. */
  close(link: LinkId): void;
  /** Asks for one `wake` at this time; a later call replaces an earlier one; undefined: none. */
  wakeAt(monotonicMs: number | undefined): void;
  /** Writes one record into the log. */
  record(record: LogRecord): void;
  /** Shows lines to the person at the terminal, if there is one; not part of the log. */
  tell(lines: readonly string[]): void;
  /** Takes no more connections; those that stand remain. */
  stopListening(): void;
  /** The node is done: write the log out and end the process. */
  finished(): void;
}

/** How the world drives a node. */
export interface Node {
  /** Called once, when the node listens. */
  start(): void;
  opened(link: LinkId, info: LinkInfo): void;
  bytes(link: LinkId, chunk: Uint8Array): void;
  /** The other side sends no more (half-close); it may still read. */
  ended(link: LinkId): void;
  /** The link is gone, both ways. */
  closed(link: LinkId): void;
  failed(link: LinkId, reason: DialFailure): void;
  /** A link that was full has room again. */
  drained(link: LinkId): void;
  /** The time asked for with `wakeAt` has come. */
  wake(): void;
  /** A line that the person at the terminal typed, without its line end. */
  typed(line: string): void;
  /** The process is asked to end (Ctrl-C, SIGTERM). The node writes its last records. */
  stopping(reason: string): void;
}
