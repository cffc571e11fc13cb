/**
 * One TCP connection of a node. It turns the socket's events into the node's, and keeps these
 * promises of the Runtime contract:
 *
 * - What a node sends during one turn of the event loop is joined into one socket write. A peer
 *   that forwards a burst of gossip sends many small messages to the same neighbor, and a write
 *   costs the same for thirty bytes as for thirty thousand.
 * - Each time `send` begins to say that there is no room, exactly one `drained` follows, or the
 *   link is gone.
 * - After `close` the node hears nothing more, while what was sent still goes out.
 * - The end of a link is heard after all of its bytes, also where these wait for their turn.
 */
import type { Socket } from 'node:net';
import type { DialFailure, LinkId, LinkInfo, Node } from '@hearsay/common/runtime';
import type { Inflow, Intake } from './intake.js';
import { dialFailureOf } from './socket-address.js';

/** A socket, seen from the node that it belongs to. */
export class TcpLink implements Inflow {
  /** Sent by the node in this turn, not yet given to the socket. */
  private pieces: Uint8Array[] = [];
  private piecesBytes = 0;
  /** Whether `send` has said that there is no room, and `drained` is due. */
  private full = false;
  private opened = false;
  private failure: DialFailure = 'unreachable';
  /** The dial's time limit, and after `close` the lingering's. */
  private timeout: NodeJS.Timeout | undefined;
  /** What is to be told when the bytes that the intake holds have been heard. */
  private later: (() => void)[] = [];

  /**
   * @param node who hears the link; undefined once it wants to hear nothing more.
   * @param intake shares out what comes in.
   * @param gone called when the socket is no more, before the node hears of it.
   */
  constructor(
    readonly id: LinkId,
    private readonly socket: Socket,
    private node: Node | undefined,
    private readonly intake: Intake,
    gone: () => void,
  ) {
    socket.setNoDelay(true);
    socket.on('data', (chunk) => {
      if (!intake.take(this, chunk)) socket.pause();
    });
    socket.on('end', () => this.afterBytes(() => this.node?.ended(id)));
    socket.on('drain', () => this.giveRoom());
    // An error is always followed by `close`, where the node is told.
    socket.on('error', (error: NodeJS.ErrnoException) => {
      this.failure = dialFailureOf(error.code);
    });
    socket.on('close', () => {
      clearTimeout(this.timeout);
      this.afterBytes(() => {
        gone();
        if (this.opened) this.node?.closed(id);
        else this.node?.failed(id, this.failure);
      });
    });
  }

  hear(bytes: Uint8Array): void {
    this.node?.bytes(this.id, bytes);
  }

  readOn(): void {
    this.socket.resume();
    for (const tell of this.later.splice(0)) tell();
  }

  private afterBytes(tell: () => void): void {
    if (this.intake.holds(this)) this.later.push(tell);
    else tell();
  }

  /** The connection has come up. */
  open(info: LinkInfo): void {
    // One that was closed while it was being dialed only lingers, to say what it was sent.
    if (this.node === undefined) return;
    clearTimeout(this.timeout);
    this.opened = true;
    this.node.opened(this.id, info);
  }

  /** Gives up a connection that has not come up in time. */
  openWithin(dialMs: number): void {
    this.timeout = setTimeout(() => this.fail('timed-out'), dialMs);
  }

  /** Ends a connection that has not come up; the node hears `failed`. */
  fail(failure: DialFailure): void {
    this.failure = failure;
    this.socket.destroy();
  }

  /** Keeps the bytes for the write at the end of this turn; false: there is no room. */
  send(bytes: Uint8Array): boolean {
    if (this.node === undefined) return true;
    this.pieces.push(bytes);
    this.piecesBytes += bytes.length;
    const waiting = this.socket.writableLength + this.piecesBytes;
    if (waiting > this.socket.writableHighWaterMark) this.full = true;
    return !this.full;
  }

  /** Gives the socket what was sent, in one write. */
  flush(): void {
    const [first] = this.pieces;
    if (first === undefined) return;
    const whole = this.pieces.length === 1 ? first : Buffer.concat(this.pieces, this.piecesBytes);
    this.pieces = [];
    this.piecesBytes = 0;
    this.socket.write(whole);
  }

  /** Tells the node that a full link has room again, if so. Never called from within the node. */
  giveRoom(): void {
    if (!this.full || this.pieces.length > 0 || this.socket.writableNeedDrain) return;
    this.full = false;
    this.node?.drained(this.id);
  }

  /** Ends the link for the node: sends the rest, then FIN; what still comes in is thrown away. */
  close(lingerMs: number): void {
    if (this.node === undefined) return;
    this.mute();
    if (this.socket.destroyed) return;
    this.flush();
    if (this.socket.connecting && this.socket.writableLength === 0) {
      this.socket.destroy();
      return;
    }
    this.socket.end();
    clearTimeout(this.timeout);
    this.timeout = setTimeout(() => this.socket.destroy(), lingerMs);
  }

  /** The node hears nothing more from this link. */
  mute(): void {
    this.node = undefined;
  }

  /** Resolves when all that was sent is with the operating system, or the socket is gone. */
  handedOver(): Promise<void> {
    return new Promise((resolve) => {
      if (this.socket.closed || this.socket.writableFinished) return resolve();
      this.socket.once('close', resolve);
      if (this.socket.writableEnded) this.socket.once('finish', resolve);
      else this.socket.write('', () => resolve());
    });
  }

  /** Ends the connection at once, whatever waits. */
  destroy(): void {
    this.mute();
    this.socket.destroy();
  }
}
