import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatJsonLine, formatLogLine, type LogEntry, parseLogLine } from '../src/log-line.js';
import type { LogRecord } from '../src/records.js';
import { encode } from '../src/wire/codec.js';
import { anyEntry, entriesOf, eventNames, hostileTexts, recordsOf } from './entries.js';
import { anyMessage } from './messages.js';

const formats = [
  ['text', formatLogLine],
  ['JSON', formatJsonLine],
] as const;

const moment: Omit<LogEntry, 'record'> = {
  wallMs: Date.UTC(2026, 1, 1, 9, 30, 0, 123),
  role: 'peer',
  address: '127.0.0.1:6001',
};

function entryOf(record: LogRecord): LogEntry {
  return { ...moment, record };
}

function dropped(text: string): LogEntry {
  return entryOf({ event: 'dropped', reason: 'r', bytes: 1, text, from: 'f' });
}

describe.each(formats)('as %s', (_, format) => {
  test.each(eventNames)(
    'every `%s` is one line without control characters, and is read back as it was',
    (event) => {
      fc.assert(
        fc.property(entriesOf(recordsOf(event)), (entry) => {
          const line = format(entry);
          expect(line).not.toMatch(/[\p{C}\p{Zl}\p{Zp}]|(?! )\p{Zs}/u);
          expect(parseLogLine(line)).toEqual({ ok: true, value: entry });
        }),
      );
    },
  );

  test.each(hostileTexts)('%j in a field is read back as it was', (text) => {
    const line = format(dropped(text));
    expect(line).not.toMatch(/[\p{C}\p{Zl}\p{Zp}]|(?! )\p{Zs}/u);
    expect(parseLogLine(line)).toEqual({ ok: true, value: dropped(text) });
  });

  test.each([
    ['plain', 'x'],
    ['escaped', '\x1B'],
  ])('a text of millions of characters (%s) is read back', { timeout: 60_000 }, (__, piece) => {
    const text = piece.repeat(3_000_000);
    const entry = parseLogLine(format(dropped(text)));
    // Not by toEqual: a difference of megabytes is no message.
    const isSame =
      entry.ok && entry.value.record.event === 'dropped' && entry.value.record.text === text;
    expect(isSame).toBe(true);
  });
});

describe('a log line', () => {
  test('says when, who, what, and from where last', () => {
    const message = '1770000000.100:127.0.0.1:6002:GOSSIP1';
    const entry = entryOf({
      event: 'gossip-received',
      message,
      hash: '1146a6b3',
      from: '127.0.0.1:6003',
    });
    expect(formatLogLine(entry)).toBe(
      `2026-02-01T09:30:00.123Z [peer 127.0.0.1:6001] gossip-received message=${message} hash=1146a6b3 from=127.0.0.1:6003`,
    );
    expect(formatJsonLine(entry)).toBe(
      `{"time":"2026-02-01T09:30:00.123Z","role":"peer","address":"127.0.0.1:6001","event":"gossip-received","message":"${message}","hash":"1146a6b3","from":"127.0.0.1:6003"}`,
    );
  });

  test('leaves out what is absent, and shows what is empty', () => {
    const record: LogRecord = { event: 'dead-reported', peer: '', message: 'm', seeds: [] };
    expect(formatLogLine(entryOf(record))).toMatch(/ dead-reported peer="" message=m seeds=""$/);
  });

  test('A13, A14: holds the messages of the assignment verbatim', () => {
    const texts = anyMessage
      .map(encode)
      .filter((text) => /^[ -~]+$/.test(text) && !/["\\]/.test(text));
    fc.assert(
      fc.property(texts, (text) => {
        const line = formatLogLine(dropped(text));
        expect(line).toContain(text.includes(' ') ? `text="${text}"` : `text=${text}`);
      }),
    );
  });

  test.each([
    '127.0.0.1:6001',
    'Dead Node:10.0.0.7:6001:1700000000.123:10.0.0.8',
    'Liveness Request:1700000000.123:10.0.0.7',
    '1700000000.123:[::1]:6001:GOSSIP1:hello there',
  ])('holds %s as it came', (message) => {
    const record: LogRecord = { event: 'gossip-refused', message, reason: 'r', from: 'f' };
    expect(formatLogLine(entryOf(record))).toContain(message);
    expect(formatJsonLine(entryOf(record))).toContain(message);
  });

  test('of a run that begins keeps the address apart from the version of Node', () => {
    const settings = { config: 'config.txt', seeds: [], trustReports: 'no', probeIntervalMs: 1 };
    const start = { version: '0.1.0', node: 'v20.20.0', process: 1 };
    const entry = entryOf({ event: 'seed-started', ...start, ...settings });
    for (const [, format] of formats) {
      expect(parseLogLine(format(entry))).toMatchObject({
        value: { address: '127.0.0.1:6001', record: { node: 'v20.20.0' } },
      });
    }
  });
});

describe('the parser', () => {
  /** A line with some characters gone or put in, so that it is nearly one of ours. */
  const mutated = fc
    .tuple(
      anyEntry,
      fc.boolean(),
      fc.array(
        fc.tuple(
          fc.nat(),
          fc.nat({ max: 4 }),
          fc.constantFrom('', '"', '\\', '=', ' ', '\n', '\\u{', '}', '{', ',', 'x', '9'),
        ),
        { minLength: 1, maxLength: 3 },
      ),
    )
    .map(([entry, isText, changes]) => {
      let line = isText ? formatLogLine(entry) : formatJsonLine(entry);
      for (const [where, length, insert] of changes) {
        const start = where % (line.length + 1);
        line = line.slice(0, start) + insert + line.slice(start + length);
      }
      return line;
    });

  test('never throws, and what it takes is an entry that is written and read as any other', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), mutated), (line) => {
        const entry = parseLogLine(line);
        const format = line.startsWith('{') ? formatJsonLine : formatLogLine;
        if (!entry.ok) {
          expect(entry.error.column).toBeLessThanOrEqual(line.length);
          return;
        }
        // Beside each other as lines, which know no negative zero.
        const again = parseLogLine(format(entry.value));
        expect(again.ok && format(again.value)).toBe(format(entry.value));
      }),
      { numRuns: 2_000 },
    );
  });

  test('never throws on any JSON', () => {
    const withHead = fc.jsonValue().map((value) => {
      const head = { time: '2026-02-01T09:30:00.123Z', role: 'peer', address: '127.0.0.1:6001' };
      return JSON.stringify({ ...head, event: 'union', peers: value });
    });
    fc.assert(
      fc.property(
        fc.oneof(
          fc.json().map((json) => `{"event":${json}}`),
          fc.json(),
          withHead,
        ),
        (line) => {
          const entry = parseLogLine(line);
          if (entry.ok) expect(entry.value.record.event).toBe('union');
        },
      ),
    );
  });

  const head = '2026-02-01T09:30:00.123Z [peer 127.0.0.1:6001]';

  test.each([
    ['', 'no-head'],
    ['stopped reason=x', 'no-head'],
    ['2026-02-01T09:30:00Z [peer 127.0.0.1:6001] stopped reason=x', 'no-head'],
    ['2026-02-30T09:30:00.123Z [peer 127.0.0.1:6001] stopped reason=x', 'no-head'],
    ['2026-02-01T25:30:00.123Z [peer 127.0.0.1:6001] stopped reason=x', 'no-head'],
    ['2026-02-01T09:30:00.123Z [node 127.0.0.1:6001] stopped reason=x', 'no-head'],
    [`${head} risen reason=x`, 'unknown-event'],
    [`${head} toString reason=x`, 'no-head'],
    [`${head} constructor reason=x`, 'unknown-event'],
    [`${head} stopped`, 'missing-field'],
    [`${head} stopped motive=x`, 'missing-field'],
    [`${head} stopped reason`, 'bad-field'],
    [`${head} stopped reason=x y`, 'bad-field'],
    [`${head} stopped reason="x`, 'bad-field'],
    [`${head} stopped reason="x"y`, 'bad-field'],
    [`${head} strike neighbor="n"xstrikes=3`, 'bad-field'],
    [`${head} stopped reason="\\x"`, 'bad-field'],
    [`${head} stopped reason="\\u{110000}"`, 'bad-field'],
    [`${head} stopped reason="\\u{}"`, 'bad-field'],
    [`${head} stopped reason=x\n`, 'bad-field'],
    [`${head} strike neighbor=x strikes=three`, 'missing-field'],
    [`${head} strike neighbor=x strikes=`, 'missing-field'],
    [`${head} strike neighbor=x strikes=0x3`, 'missing-field'],
    [`${head} strike neighbor=x strikes=1e+999`, 'missing-field'],
    [`${head} strike neighbor=x strikes=Infinity`, 'missing-field'],
    ['{', 'no-head'],
    ['{}', 'no-head'],
    [
      '{"time":"yesterday","role":"peer","address":"127.0.0.1:6001","event":"listed","peer":"p"}',
      'no-head',
    ],
    [
      '{"time":"2026-02-01","role":"peer","address":"127.0.0.1:6001","event":"listed","peer":"p"}',
      'no-head',
    ],
  ])('refuses %j as %s', (line, code) => {
    expect(parseLogLine(line)).toMatchObject({ ok: false, error: { code } });
  });

  test('reads numbers in every form in which they are written', () => {
    for (const strikes of [0, -1, 1.5, 1e21, 1.5e300, 5e-324, -2.5e-7, Number.MAX_SAFE_INTEGER]) {
      const entry = entryOf({ event: 'strike', neighbor: 'n', strikes });
      for (const [, format] of formats)
        expect(parseLogLine(format(entry))).toEqual({ ok: true, value: entry });
    }
  });
});

describe('JSON whose types are wrong', () => {
  const line = JSON.parse(
    formatJsonLine(entryOf({ event: 'union', peers: ['127.0.0.1:6001'] })),
  ) as object;
  const listed = JSON.parse(
    formatJsonLine(entryOf({ event: 'listed', peer: '127.0.0.1:6001' })),
  ) as object;
  const strike = JSON.parse(
    formatJsonLine(entryOf({ event: 'strike', neighbor: 'n', strikes: 1 })),
  ) as object;

  test.each([
    ...[
      { peers: 'a,b' },
      { peers: [1] },
      { peers: [['a']] },
      { peers: null },
      { peers: { length: 0 } },
    ].map((wrong) => ({ ...line, ...wrong })),
    ...[
      { peer: 5 },
      { peer: null },
      { peer: ['a'] },
      { peer: {} },
      { peer: { toString: 5 } },
      { peer: true },
    ].map((wrong) => ({ ...listed, ...wrong })),
    ...[{ strikes: '1' }, { strikes: null }, { strikes: [1] }, { strikes: true }].map((wrong) => ({
      ...strike,
      ...wrong,
    })),
    ...[
      { time: 5 },
      { role: 'node' },
      { role: ['peer'] },
      { address: 5 },
      { address: null },
      { event: ['listed'] },
    ].map((wrong) => ({ ...listed, ...wrong })),
  ])('is refused: %j', (wrong) => {
    expect(parseLogLine(JSON.stringify(wrong))).toMatchObject({ ok: false });
  });

  test('(and it is these types alone: the lines are taken as they were)', () => {
    for (const right of [line, listed, strike]) {
      expect(parseLogLine(JSON.stringify(right))).toMatchObject({ ok: true });
    }
  });
});
