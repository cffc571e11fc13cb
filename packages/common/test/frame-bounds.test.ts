/** A frame at, below and above its bound. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LIMITS } from '../src/limits.js';
import { Frame, type FrameEvent } from '../src/wire/frame.js';

/** Both ways in which the bytes may come that try the bound hardest. */
const arrivals: readonly [string, (bytes: Buffer) => Buffer[]][] = [
  ['in one piece', (bytes) => [bytes]],
  ['one byte at a time', (bytes) => [...bytes].map((byte) => Buffer.of(byte))],
];

function pushAll(frame: Frame, chunks: readonly Buffer[]): FrameEvent[] {
  return chunks.flatMap((chunk) => frame.push(chunk));
}

describe.each([LIMITS.messageBytesMax, LIMITS.classicListBytesMax, 1, 2])(
  'with a bound of %i bytes',
  (bytesMax) => {
    describe.each(arrivals)('%s', (_, chunksOf) => {
      test.each(['\n', '\r\n'])('a line with the end %j is taken below and at it', (end) => {
        for (const length of [Math.max(bytesMax - 1, 1), bytesMax]) {
          const frame = new Frame(bytesMax);
          const text = 'x'.repeat(length);
          expect(pushAll(frame, chunksOf(Buffer.from(text + end)))).toEqual([
            { kind: 'message', text },
          ]);
        }
      });

      test.each(['\n', '\r\n'])(
        'one byte more is too long, and the next line is read well (%j)',
        (end) => {
          const frame = new Frame(bytesMax);
          const text = 'x'.repeat(bytesMax + 1);
          const events = pushAll(frame, chunksOf(Buffer.from(`${text}${end}y${end}`)));
          expect(events).toEqual([
            {
              ...{ kind: 'broken', code: 'too long', bytes: bytesMax + end.length },
              beginning: 'x'.repeat(Math.min(64, bytesMax)),
            },
            { kind: 'message', text: 'y' },
          ]);
        },
      );

      test('a bare message is taken at it, and is too long above', () => {
        const frame = new Frame(bytesMax);
        pushAll(frame, chunksOf(Buffer.alloc(bytesMax, 'x')));
        expect(frame.pendingText).toBe('x'.repeat(bytesMax));
        expect(frame.take()).toEqual({ kind: 'message', text: 'x'.repeat(bytesMax) });
        pushAll(frame, chunksOf(Buffer.alloc(bytesMax + 1, 'x')));
        expect([frame.pendingText, frame.pendingBytes]).toEqual([undefined, bytesMax + 1]);
        expect(frame.take()).toMatchObject({
          kind: 'broken',
          code: 'too long',
          bytes: bytesMax + 1,
        });
        expect([frame.pendingBytes, frame.take()]).toEqual([0, undefined]);
      });
    });
  },
);

test('two carriage returns at the bound are one too many', () => {
  const [event] = new Frame(4).push(Buffer.from('xxxx\r\r\n'));
  expect(event).toMatchObject({ kind: 'broken', code: 'too long', bytes: 6 });
});

test('a character across the bound makes the message too long, not half a text', () => {
  const [event] = new Frame(4).push(Buffer.from('xx🦊\n'));
  expect(event).toMatchObject({ kind: 'broken', code: 'too long', bytes: 6 });
});

test('a tag beyond the bound completes nothing', () => {
  const frame = new Frame(20);
  expect(frame.push(Buffer.from('127.0.0.1:6001:Hearsay/1'))).toEqual([]);
  expect(frame.lines).toBe(false);
});

test('the owner may raise the bound, for a peer list', () => {
  const frame = new Frame(4);
  frame.bytesMax = 6;
  expect(frame.push(Buffer.from('xxxxxx\nxxxxxxx\n'))).toMatchObject([
    { text: 'xxxxxx' },
    { code: 'too long' },
  ]);
});

/** What a frame really keeps in memory, with what its pieces keep alive. */
function heldBytesOf(frame: Frame): number {
  const { held, heldBytes } = frame as unknown as { held: Buffer; heldBytes: number };
  return Math.max(held.length, heldBytes);
}

test('what is held is never more than the bound, whatever comes', () => {
  const piece = fc.oneof(
    fc.uint8Array({ maxLength: 40 }),
    fc
      .constantFrom('\n', '\r', '\r\n', ':Hearsay/1', '🦊')
      .map((text) => new TextEncoder().encode(text)),
  );
  const pieces = fc.array(piece, { size: 'max', maxLength: 30 });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 32 }), pieces, (bytesMax, chunks) => {
      const frame = new Frame(bytesMax);
      for (const chunk of chunks) {
        const events = frame.push(chunk);
        const said = events.map((event) =>
          event.kind === 'message' ? Buffer.byteLength(event.text) : event.beginning.length,
        );
        expect(Math.max(heldBytesOf(frame), ...said)).toBeLessThanOrEqual(bytesMax);
      }
    }),
    { numRuns: 200 },
  );
});

test('what is held is a copy: the runtime may use its buffer again', () => {
  const frame = new Frame(100);
  const chunk = Buffer.from('first');
  frame.push(chunk);
  chunk.fill('x');
  expect(frame.push(Buffer.from('\n'))).toEqual([{ kind: 'message', text: 'first' }]);
});
