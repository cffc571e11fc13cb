import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseIp } from '../src/address.js';
import { decode, decodePeerList, encode } from '../src/wire/codec.js';
import type { Message } from '../src/wire/message.js';
import { anyAddress } from './addresses.js';
import { anyMessage, messagesOfKind } from './messages.js';

/** The kind that a text's first field announces, told in another way than the codec does. */
function kindByFirstField(text: string): Message['kind'] | undefined {
  const first = (text.startsWith('[') ? /^\[[^\]]*\]/ : /^[^:]*/).exec(text)?.[0] ?? '';
  const titles: Record<string, Message['kind']> = {
    'New Connect Request From': 'connect-request',
    'New Connect Accepted': 'connect-accepted',
    'New Connect Refused': 'connect-refused',
    'Liveness Request': 'liveness-request',
    'Liveness Reply': 'liveness-reply',
    'Dead Node': 'dead-node',
    'Dead Node Forwarded': 'dead-node',
    Extensions: 'extensions',
  };
  if (Object.hasOwn(titles, first)) return titles[first];
  if (/^\d+(\.\d+)?$/.test(first)) return 'gossip';
  if (parseIp(first) === undefined) return undefined;
  return text.includes(',') ? 'peer-list' : 'register';
}

describe('what is encoded is decoded as it was', () => {
  test.each(Object.entries(messagesOfKind))('%s', (kind, messages) => {
    fc.assert(
      fc.property(messages as fc.Arbitrary<Message>, (message) => {
        expect(message.kind).toBe(kind);
        expect(decode(encode(message))).toEqual({ ok: true, value: message });
      }),
      { numRuns: 500 },
    );
  });

  test('a list of one looks like a registration, unless it was asked for', () => {
    fc.assert(
      fc.property(anyAddress, (peer) => {
        const text = encode({ kind: 'peer-list', peers: [peer] });
        expect(decode(text)).toMatchObject({ value: { kind: 'register', peer } });
        expect(decodePeerList(text)).toEqual({
          ok: true,
          value: { kind: 'peer-list', peers: [peer] },
        });
      }),
    );
  });

  test('a text that is accepted says the same when it is written again', () => {
    fc.assert(
      fc.property(mutatedText, (text) => {
        const message = decode(text);
        if (!message.ok) return;
        // A list of one (`a:1,`) looks like a registration: whoever has asked reads it as a list.
        const again = message.value.kind === 'peer-list' ? decodePeerList : decode;
        expect(again(encode(message.value))).toEqual(message);
      }),
      { numRuns: 3_000, examples: [['0.0.0.10:10,']] },
    );
  });
});

const pieces = fc.constantFrom(
  ...['Dead Node', 'Dead Node Forwarded', 'Liveness Request', 'Liveness Reply', 'Extensions'],
  ...['New Connect Request From', 'New Connect Accepted', 'New Connect Refused', 'Hearsay/1'],
  ...['127.0.0.1', '[::1]', '::1', '5001', '0', '65536', '1700000000.123', '1700000000', 'GOSSIP1'],
  ...['1', '', '[', ']', ',', ':', ' ', 'é', '\0', '-1', '1e9', '99999999999999999999', 'NaN'],
);

/** Texts that are nearly messages. */
const mutatedText = fc.oneof(
  fc.array(pieces, { maxLength: 9 }).map((fields) => fields.join(':')),
  fc
    .tuple(anyMessage.map(encode), fc.nat(), fc.nat({ max: 3 }), fc.oneof(fc.constant(''), pieces))
    .map(([text, where, length, insert]) => {
      const start = where % (text.length + 1);
      return text.slice(0, start) + insert + text.slice(start + length);
    }),
);

describe('no text makes the codec throw', () => {
  test.each([
    ['anything', fc.string({ unit: 'binary' })],
    ['what is nearly a message', mutatedText],
    [
      'long rows of what it splits at',
      fc.constantFrom(':', '[', ']', ',', '[:', ']:[').map((text) => text.repeat(5_000)),
    ],
  ])('not %s; it refuses with a reason, or the first field decides the kind', (_, texts) => {
    fc.assert(
      fc.property(texts, (text) => {
        const message = decode(text);
        if (message.ok) expect(message.value.kind).toBe(kindByFirstField(text));
        else expect(message.error.reason).toMatch(/^(unknown message|malformed [a-z ]+)$/);
        const list = decodePeerList(text);
        if (!list.ok) expect(list.error.reason).not.toBe('');
      }),
      { numRuns: 3_000 },
    );
  });

  test.each(['toString', '__proto__', 'constructor', 'hasOwnProperty', ''])(
    'the title %j is unknown, as is any other that no rule covers',
    (title) => {
      expect(decode(title)).toEqual({
        ok: false,
        error: { code: 'unknown', reason: 'unknown message' },
      });
      expect(decode(`${title}:1`)).toMatchObject({ error: { code: 'unknown' } });
    },
  );

  test('titles are letter for letter', () => {
    for (const text of [
      'dead node:127.0.0.1:1.0:127.0.0.1',
      ' Dead Node:127.0.0.1:1.0:127.0.0.1',
    ]) {
      expect(decode(text)).toMatchObject({ error: { code: 'unknown' } });
    }
  });
});

test('an address that is not canonical is decoded to the one that is', () => {
  const peer = { ip: '2001:db8::1', port: 6_001 };
  const value = { kind: 'register', peer, hearsay: false };
  expect(decode('[2001:DB8:0:0::1]:6001')).toEqual({ ok: true, value });
});
