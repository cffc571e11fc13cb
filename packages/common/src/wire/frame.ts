/**
 * Bytes → the texts of messages. Two framings share the wire. *Lines* end with `\n` (`\r`s before
 * it are no part of them: a text that kept one would lose it at the next node, and so be another
 * message there). *Bare* messages, of classic programs, have no end at all: a message is what came
 * until the other side paused or ended its stream. A bare message with the Hearsay tag is whole by
 * itself, and what follows it is in lines.
 *
 * The invariant: what is held is never more than one message's bytes, however they are cut up.
 * Frame knows no time; whoever owns the link says when it was still ({@link Frame.take}).
 */
import { isUtf8 } from 'node:buffer';
import { endsWithTag } from './message.js';

/** A message's text, or something that is none. */
export type FrameEvent =
  | { readonly kind: 'message'; readonly text: string }
  | {
      readonly kind: 'broken';
      readonly code: 'too long' | 'not text' | 'unfinished line';
      /** How many bytes, and the beginning of them, one character a byte. */
      readonly bytes: number;
      readonly beginning: string;
    };

const lineFeed = 0x0a;
const carriageReturn = 0x0d;
const beginningBytesMax = 64;
/**
 * Bytes up to which bare text is looked at with every chunk, whether it is whole by itself. Classic
 * messages and lists are shorter; a longer one is whole when the link is still.
 */
const watchedBytesMax = 16_384;
/** Bytes of the buffer that is kept between messages: most need less than this. */
const keptBytesMax = 256;
const nothing = Buffer.alloc(0);

/** What comes over one link, cut into messages. */
export class Frame {
  /** Whether the other side has shown that it ends its messages with a line feed. */
  lines = false;
  /** Room for what waits, of which the first `heldBytes` are in use. */
  private held: Buffer = nothing;
  private heldBytes = 0;
  /** Bytes of a message over the bound, of which only the beginning was kept. */
  private skippedBytes = 0;
  /** Whether all that was skipped is one `\r`, which belongs to the line end and not to the bound. */
  private skippedReturn = false;

  /** @param bytesMax bytes of one message; the owner may change it between messages. */
  constructor(public bytesMax: number) {}

  /** Bytes that wait for the rest of their message. */
  get pendingBytes(): number {
    return this.heldBytes + this.skippedBytes;
  }

  /** What waits, as text, if it could be a bare message; undefined in lines or if it is broken. */
  get pendingText(): string | undefined {
    if (this.lines || this.heldBytes === 0 || this.skippedBytes > 0) return undefined;
    const bytes = this.held.subarray(0, this.heldBytes);
    return isUtf8(bytes) ? bytes.toString('utf8') : undefined;
  }

  /**
   * Takes in a chunk and returns the messages that it completes.
   * @param isComplete says of bare text whether it is whole without waiting (the tag always is).
   */
  push(chunk: Uint8Array, isComplete?: (text: string) => boolean): FrameEvent[] {
    const events: FrameEvent[] = [];
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    let start = 0;
    for (let end = bytes.indexOf(lineFeed); end >= 0; end = bytes.indexOf(lineFeed, start)) {
      this.lines = true;
      const event = this.line(bytes.subarray(start, end));
      start = end + 1;
      if (event !== undefined) events.push(event);
    }
    this.hold(bytes.subarray(start));
    if (this.heldBytes > watchedBytesMax) return events;
    const text = this.pendingText;
    if (text === undefined) return events;
    if (endsWithTag(text)) this.lines = true;
    else if (isComplete?.(text) !== true) return events;
    events.push(this.take() as FrameEvent);
    return events;
  }

  /**
   * Takes what waits when the stream ends. The beginning of a line is no message: `…:50` may have
   * been on its way to `…:5001`.
   */
  end(): FrameEvent | undefined {
    const event = this.take();
    if (!this.lines || event?.kind !== 'message') return event;
    return broken('unfinished line', Buffer.from(event.text), Buffer.byteLength(event.text));
  }

  /** Takes what waits as one message: at a line end, or after stillness. */
  take(): FrameEvent | undefined {
    const total = this.pendingBytes;
    const isTooLong = this.skippedBytes > 0 && !this.skippedReturn;
    const bytes = this.held.subarray(0, this.heldBytes);
    this.heldBytes = 0;
    this.skippedBytes = 0;
    if (this.held.length > keptBytesMax) this.held = nothing;
    return isTooLong ? broken('too long', bytes, total) : read(bytes, total);
  }

  /** A line that has come to its end. Most come in one piece, and need not be held. */
  private line(bytes: Buffer): FrameEvent | undefined {
    if (this.pendingBytes === 0 && bytes.length <= this.bytesMax) {
      return read(bytes, bytes.length);
    }
    this.hold(bytes);
    return this.take();
  }

  /** Copies, since a view would keep the whole chunk in memory. */
  private hold(bytes: Buffer): void {
    if (bytes.length === 0) return;
    const kept = Math.min(this.bytesMax - this.heldBytes, bytes.length);
    const needed = this.heldBytes + kept;
    if (needed > this.held.length) {
      const grown = Buffer.allocUnsafe(Math.min(this.bytesMax, Math.max(2 * needed, keptBytesMax)));
      this.held.copy(grown, 0, 0, this.heldBytes);
      this.held = grown;
    }
    bytes.copy(this.held, this.heldBytes, 0, kept);
    this.heldBytes = needed;
    if (kept === bytes.length) return;
    this.skippedBytes += bytes.length - kept;
    this.skippedReturn = this.skippedBytes === 1 && bytes.at(-1) === carriageReturn;
  }
}

/** What the bytes of one message say. No text ends with `\r`, however it was cut or ended. */
function read(bytes: Buffer, total: number): FrameEvent | undefined {
  let length = bytes.length;
  while (bytes[length - 1] === carriageReturn) length -= 1;
  const text = bytes.subarray(0, length);
  if (text.length === 0) return undefined; // An empty line says nothing.
  if (!isUtf8(text)) return broken('not text', text, total);
  return { kind: 'message', text: text.toString('utf8') };
}

type Broken = FrameEvent & { readonly kind: 'broken' };

function broken(code: Broken['code'], bytes: Buffer, total: number): Broken {
  const beginning = bytes.subarray(0, beginningBytesMax).toString('latin1');
  return { kind: 'broken', code, bytes: total, beginning };
}
