import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { encode } from '../src/wire/codec.js';
import { Frame, type FrameEvent } from '../src/wire/frame.js';
import { anyMessage, typedText } from './messages.js';

const bytesMax = 1_024;

function textsOf(events: readonly (FrameEvent | undefined)[]): string[] {
  return events.map((event) => {
    if (event?.kind !== 'message') throw new Error(`no message: ${JSON.stringify(event)}`);
    return event.text;
  });
}

/** The bytes in pieces, cut at these places. */
function cut(bytes: Buffer, places: readonly number[]): Buffer[] {
  const ordered = [...places.map((place) => place % (bytes.length + 1)), bytes.length].sort(
    (a, b) => a - b,
  );
  return ordered.map((end, index) => bytes.subarray(ordered[index - 1] ?? 0, end));
}

function oneByOne(bytes: Buffer): Buffer[] {
  return [...bytes].map((byte) => Buffer.of(byte));
}

/** A text that a line can hold: the tag within it, as no message has it, is tested on its own. */
const lineText = fc.oneof(anyMessage.map(encode), typedText).filter((text) => {
  const isShort = Buffer.byteLength(text) <= bytesMax;
  return isShort && text !== '' && !text.endsWith('\r') && !/Hearsay\/1./s.test(text);
});

describe('lines', () => {
  test('come out whole, in order and once, however the bytes are cut', () => {
    const lines = fc.array(fc.tuple(lineText, fc.constantFrom('\n', '\r\n', '\n\n', '\n\r\n')));
    fc.assert(
      fc.property(lines, fc.array(fc.nat(), { size: 'large', maxLength: 30 }), (some, places) => {
        const bytes = Buffer.from(some.map(([text, end]) => text + end).join(''));
        for (const chunks of [cut(bytes, places), oneByOne(bytes), [bytes]]) {
          const frame = new Frame(bytesMax);
          const events = chunks.flatMap((chunk) => frame.push(chunk));
          expect(textsOf(events)).toEqual(some.map(([text]) => text));
          expect([frame.pendingBytes, frame.end()]).toEqual([0, undefined]);
        }
      }),
      { numRuns: 300 },
    );
  });

  test('several in one segment, and half of the next, come as they are complete', () => {
    const frame = new Frame(bytesMax);
    expect(textsOf(frame.push(Buffer.from('one\ntwo\nthr')))).toEqual(['one', 'two']);
    expect(frame.pendingBytes).toBe(3);
    expect(textsOf(frame.push(Buffer.from('ee\n')))).toEqual(['three']);
  });

  test('empty ones say nothing, and carriage returns before the end are no part of the text', () => {
    const frame = new Frame(bytesMax);
    expect(frame.push(Buffer.from('\n\r\n\r\r\n\n'))).toEqual([]);
    expect(textsOf(frame.push(Buffer.from('a\rb\r\r\n')))).toEqual(['a\rb']);
  });

  test('a text that was taken is the same text at the next node, whatever came (A8)', () => {
    const byte = fc.constantFrom(...Buffer.from('ab:\r\r\r'));
    const bytes = fc.array(byte, { minLength: 1, maxLength: 12 }).map((some) => Buffer.from(some));
    fc.assert(
      fc.property(bytes, fc.integer({ min: 1, max: 12 }), fc.boolean(), (sent, max, isLine) => {
        const first = new Frame(max);
        const events = first.push(isLine ? Buffer.concat([sent, Buffer.from('\n')]) : sent);
        const event = isLine ? events[0] : first.take();
        if (event?.kind !== 'message') return;
        expect(textsOf(new Frame(max).push(Buffer.from(`${event.text}\n`)))).toEqual([event.text]);
        const bare = new Frame(max);
        bare.push(Buffer.from(event.text));
        expect(bare.take()).toEqual(event);
      }),
      { numRuns: 1_000 },
    );
  });

  test('a line feed, once seen, is waited for: what is held is no bare message any more', () => {
    const frame = new Frame(bytesMax);
    expect(frame.lines).toBe(false);
    frame.push(Buffer.from('one\n'));
    expect(frame.lines).toBe(true);
    frame.push(Buffer.from('127.0.0.1:6001'));
    expect(frame.pendingText).toBeUndefined();
    expect(frame.push(Buffer.from(':Hearsay/1'), () => true)).toEqual([]);
  });

  test('the beginning of a line at the end of the stream is no message: …:50 may be …:5001', () => {
    const frame = new Frame(bytesMax);
    frame.push(Buffer.from('one\n127.0.0.1:50'));
    const beginning = '127.0.0.1:50';
    expect(frame.end()).toEqual({ kind: 'broken', code: 'unfinished line', bytes: 12, beginning });
    expect(frame.end()).toBeUndefined();
  });
});

describe('a bare message', () => {
  test('waits as text until it is taken, after stillness or at the end of the stream', () => {
    for (const take of ['take', 'end'] as const) {
      const frame = new Frame(bytesMax);
      for (const byte of oneByOne(Buffer.from('127.0.0.1:6001')))
        expect(frame.push(byte)).toEqual([]);
      expect(frame.pendingText).toBe('127.0.0.1:6001');
      expect(textsOf([frame[take]()])).toEqual(['127.0.0.1:6001']);
      expect([frame.pendingText, frame[take](), frame.lines]).toEqual([
        undefined,
        undefined,
        false,
      ]);
    }
  });

  test('may be followed by others on the same connection', () => {
    const frame = new Frame(bytesMax);
    for (const text of ['127.0.0.1:6001', 'Dead Node:127.0.0.1:1.0:127.0.0.1']) {
      frame.push(Buffer.from(text));
      expect(textsOf([frame.take()])).toEqual([text]);
    }
  });

  test('with a line feed behind it is a line', () => {
    const frame = new Frame(bytesMax);
    frame.push(Buffer.from('127.0.0.1:6001'));
    expect(textsOf(frame.push(Buffer.from('\n')))).toEqual(['127.0.0.1:6001']);
    expect(frame.lines).toBe(true);
  });

  test('is whole without waiting if whoever awaits it says so, and the framing stays bare', () => {
    const frame = new Frame(bytesMax);
    const isComplete = (text: string): boolean => text.endsWith(',127.0.0.1:6003');
    expect(frame.push(Buffer.from('127.0.0.1:6001,127.0.0.1:60'), isComplete)).toEqual([]);
    const events = frame.push(Buffer.from('03'), isComplete);
    expect(textsOf(events)).toEqual(['127.0.0.1:6001,127.0.0.1:6003']);
    expect([frame.lines, frame.pendingBytes]).toEqual([false, 0]);
  });
});

describe('the tag Hearsay/1', () => {
  const tagged = '127.0.0.1:6001:Hearsay/1';

  test('completes a bare message with its last byte, and what follows is in lines', () => {
    for (const chunks of [[Buffer.from(tagged)], oneByOne(Buffer.from(tagged))]) {
      const frame = new Frame(bytesMax);
      const last = chunks.pop() as Buffer;
      for (const chunk of chunks) expect([frame.push(chunk), frame.lines]).toEqual([[], false]);
      expect(textsOf(frame.push(last))).toEqual([tagged]);
      expect(frame.lines).toBe(true);
      expect(frame.push(Buffer.from('Extensions:'))).toEqual([]);
      expect(textsOf(frame.push(Buffer.from('a\n')))).toEqual(['Extensions:a']);
    }
  });

  test('with a line end behind it, at once or later, is still one message', () => {
    for (const places of [[], [tagged.length], [tagged.length + 1]]) {
      const frame = new Frame(bytesMax);
      const chunks = cut(Buffer.from(`${tagged}\r\n`), places);
      expect(textsOf(chunks.flatMap((chunk) => frame.push(chunk)))).toEqual([tagged]);
    }
  });
});

describe('what is no text', () => {
  test.each([
    ['a byte that no UTF-8 has', [0x61, 0xff, 0x62]],
    ['half a character', [0x61, 0xc3]],
    ['an overlong form', [0xc0, 0xaf]],
    ['a surrogate', [0xed, 0xa0, 0x80]],
    ['a TLS hello', [0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x01, 0xfc, 0x03, 0x03]],
  ])('(%s) is broken, and the next line is read well', (_, bytes) => {
    const frame = new Frame(bytesMax);
    const beginning = Buffer.from(bytes).toString('latin1');
    const broken = { kind: 'broken', code: 'not text', bytes: bytes.length, beginning };
    const next = { kind: 'message', text: 'next' };
    expect(frame.push(Buffer.from([...bytes, 0x0a, ...Buffer.from('next\n')]))).toEqual([
      broken,
      next,
    ]);
    const bare = new Frame(bytesMax);
    expect(bare.push(Buffer.from(bytes), () => true)).toEqual([]);
    expect([bare.pendingText, bare.take()]).toEqual([undefined, broken]);
  });

  test('NUL and a byte order mark are text, and stay', () => {
    const frame = new Frame(bytesMax);
    expect(textsOf(frame.push(Buffer.from('a\0b\n\uFEFFc\n')))).toEqual(['a\0b', '\uFEFFc']);
  });

  test('a character cut in the middle is no text yet, and whole with its rest', () => {
    const fox = Buffer.from('🦊');
    for (const place of [1, 2, 3]) {
      const frame = new Frame(bytesMax);
      frame.push(fox.subarray(0, place));
      expect(frame.pendingText).toBeUndefined();
      frame.push(fox.subarray(place));
      expect(frame.pendingText).toBe('🦊');
      expect(textsOf(frame.push(Buffer.from('\n')))).toEqual(['🦊']);
    }
  });

  test('is quoted by its beginning, a character a byte', () => {
    const bytes = Buffer.from([0xff, ...Buffer.alloc(500, 'x'), 0x0a]);
    const [event] = new Frame(bytesMax).push(bytes);
    expect(event).toMatchObject({ kind: 'broken', bytes: 501 });
    expect(event?.kind === 'broken' && event.beginning).toBe(`\u00FF${'x'.repeat(63)}`);
  });
});
