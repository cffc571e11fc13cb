/** Every form of gossip that the protocol names, and those that it does not. */
import { describe, expect, test } from 'vitest';
import { LIMITS } from '../src/limits.js';
import { decode, encode } from '../src/wire/codec.js';
import { formatTimestamp } from '../src/wire/message.js';
import { isMalformed, means, ts } from './meanings.js';

describe('A7: gossip', () => {
  const head = { kind: 'gossip', timestamp: ts, ip: '10.0.0.7' } as const;

  test.each([
    [`${ts}:10.0.0.7:1`, { ...head, number: 1, titled: false }],
    [`${ts}:10.0.0.7:6001:1`, { ...head, port: 6_001, number: 1, titled: false }],
    [`${ts}:10.0.0.7:6001:GOSSIP1`, { ...head, port: 6_001, number: 1, titled: true }],
    [`${ts}:[::1]:6001:GOSSIP1`, { ...head, ip: '::1', port: 6_001, number: 1, titled: true }],
    [`${ts}:[::1]:1`, { ...head, ip: '::1', number: 1, titled: false }],
    ['1700000000:10.0.0.7:1', { ...head, timestamp: '1700000000', number: 1, titled: false }],
  ])('%s', (text, message) => {
    means(text, message);
    expect(encode(message)).toBe(text);
  });

  test.each([
    ...[
      'hello',
      '',
      ' ',
      ':',
      '::',
      'a:b:c',
      '[',
      ']',
      '[::1]:5001',
      '[unclosed',
      'a,b,c',
      ',',
      '🦊 👩‍👩‍👧 ñ',
    ],
    ...[
      'Dead Node:10.0.0.7:1.0:10.0.0.8',
      '1.0:10.0.0.7:6001:GOSSIP1:again',
      'ends:Hearsay/1',
      ' spaces ',
    ],
  ])('a typed text %j is kept letter for letter', (typed) => {
    for (const ip of ['10.0.0.7', '::1']) {
      const message = { ...head, ip, port: 6_001, number: 1, titled: true, text: typed };
      const endpoint = ip === '::1' ? '[::1]' : ip;
      means(`${ts}:${endpoint}:6001:GOSSIP1:${typed}`, message);
    }
  });

  test('a number up to messageNumberMax is taken, one above is not', () => {
    const { messageNumberMax } = LIMITS;
    for (const number of [0, messageNumberMax - 1, messageNumberMax]) {
      means(`${ts}:10.0.0.7:6001:GOSSIP${number}`, { ...head, port: 6_001, number, titled: true });
      means(`${ts}:10.0.0.7:${number}`, { ...head, number, titled: false });
    }
    for (const number of [
      '9007199254740992',
      '9007199254740993',
      '9999999999999999',
      '18446744073709551616',
      '1'.repeat(400),
    ]) {
      isMalformed(`${ts}:10.0.0.7:6001:GOSSIP${number}`, 'gossip');
      isMalformed(`${ts}:10.0.0.7:${number}`, 'gossip');
    }
  });

  test.each([
    ...[
      ts,
      `${ts}:`,
      `${ts}:10.0.0.7`,
      `${ts}:10.0.0.7:`,
      `${ts}:x:1`,
      `${ts}:10.0.0.7:x`,
      `${ts}:10.0.0.7:-1`,
    ],
    ...[
      `${ts}:10.0.0.7:1.5`,
      `${ts}:10.0.0.7:1e3`,
      `${ts}:10.0.0.7:6001:`,
      `${ts}:10.0.0.7:6001:GOSSIP`,
    ],
    ...[
      `${ts}:10.0.0.7:6001:gossip1`,
      `${ts}:10.0.0.7:6001:GOSSIP-1`,
      `${ts}:10.0.0.7:6001:GOSSIP 1`,
    ],
    ...[`${ts}:10.0.0.7:0:GOSSIP1`, `${ts}:10.0.0.7:65536:GOSSIP1`, `${ts}:10.0.0.7:06001:1`],
    // A text goes only behind a titled number, since nothing else tells it from a field too many.
    ...[`${ts}:10.0.0.7:6001:1:hello`, `${ts}:10.0.0.7:6001:1:`, `${ts}:10.0.0.7:GOSSIP1:hello`],
  ])('%j is malformed', (text) => {
    isMalformed(text, 'gossip');
  });

  test.each(['\0', '\t', '\r', '\x1b', '\x1f', '\x7f'])(
    'a text with a control character (%j) is none',
    (character) => {
      isMalformed(`${ts}:10.0.0.7:6001:GOSSIP1:a${character}b`, 'gossip');
      means(`${ts}:10.0.0.7:6001:GOSSIP1:a b`, {
        ...head,
        port: 6001,
        number: 1,
        titled: true,
        text: 'a b',
      });
    },
  );

  test('a text that would grow to more than twice the longest message in a log is none', () => {
    const head = `${ts}:10.0.0.7:6001:GOSSIP1:`;
    const room = 2 * LIMITS.messageBytesMax - head.length - '""'.length;
    const hidden = '\u00ad'.repeat(Math.floor(room / '\\u{ad}'.length));
    const rest = 'x'.repeat(room - hidden.length * '\\u{ad}'.length);
    expect(decode(head + hidden + rest).ok).toBe(true);
    isMalformed(`${head}${hidden}${rest}x`, 'gossip');
    expect(decode(head + '字'.repeat(300)).ok).toBe(true);
    expect(decode(head + '👩‍👩‍👧'.repeat(50)).ok).toBe(true);
  });

  test('a timestamp of more than twelve digits, or nine behind the point, is none', () => {
    means('999999999999.999999999:10.0.0.7:1', {
      ...head,
      timestamp: '999999999999.999999999',
      number: 1,
      titled: false,
    });
    const beyond = ['1234567890123', '1.1234567890', '1.', '.1', '-1.0', '+1.0', '1.0.0', '1e9'];
    for (const timestamp of beyond) {
      expect(decode(`${timestamp}:10.0.0.7:1`)).toMatchObject({ error: { code: 'unknown' } });
    }
  });

  test('our own timestamps are taken', () => {
    for (const wallMs of [0, 1, 1_700_000_000_123, 253_402_300_799_999]) {
      expect(decode(`${formatTimestamp(wallMs)}:10.0.0.7:1`)).toMatchObject({ ok: true });
    }
  });
});
