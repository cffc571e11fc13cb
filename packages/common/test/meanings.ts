/** What a text means to the codec, said in one line of a test. */
import { expect } from 'vitest';
import { decode } from '../src/wire/codec.js';
import type { Message } from '../src/wire/message.js';

/** A timestamp as Hearsay writes it. */
export const ts = '1700000000.123';

/** The text is taken, as exactly this message. */
export function means(text: string, message: Message): void {
  expect(decode(text)).toEqual({ ok: true, value: message });
}

/** The text is refused, and it is said what it was meant to be. */
export function isMalformed(text: string, what: string): void {
  expect(decode(text)).toEqual({
    ok: false,
    error: { code: 'malformed', reason: `malformed ${what}` },
  });
}
