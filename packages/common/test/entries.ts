/** Log entries as fast-check makes them, from the table of records itself, with hostile texts. */
import fc from 'fast-check';
import { formatAddress } from '../src/address.js';
import type { LogEntry } from '../src/log-line.js';
import {
  type EventName,
  type FieldKind,
  fieldsOf,
  type LogRecord,
  RECORDS,
} from '../src/records.js';
import { anyAddress } from './addresses.js';

export const eventNames = Object.keys(RECORDS) as EventName[];

/** What somebody sends who wants to break the log, forge a line or move a cursor. */
export const hostileTexts: readonly string[] = [
  ...[
    '',
    ' ',
    '  ',
    '"',
    '""',
    '\\',
    '\\\\',
    '\\"',
    '"\\',
    '=',
    'from=127.0.0.1:1',
    ' from=127.0.0.1:1 ',
  ],
  ...[
    '\n',
    '\r\n',
    '\r',
    '\t',
    '\0',
    '\x07',
    '\x1B[2J',
    '\x1B]0;title\x07',
    '\x7F',
    '\x85',
    '\x9B31m',
  ],
  ...[
    '\u2028',
    '\u2029',
    '\u202E',
    '\u2066',
    '\u200B',
    '\u200D',
    '\uFEFF',
    '\u00A0',
    '\u3000',
    '\u00AD',
  ],
  ...['\uD83E', '\uDD8A', '\uDD8A\uD83E', '🦊', '👩‍👩‍👧', 'ñ', '\u{10FFFF}', '\u{E0001}', '\uE000'],
  ...[
    '\\u{1b}',
    '\\u{110000}',
    '\\n',
    '" from="127.0.0.1:1',
    '"} {"event":"stopped"',
    '{',
    '[',
    '],[seed',
  ],
  ...[
    'x\n2026-02-01T09:30:00.123Z [seed 127.0.0.1:5001] stopped reason=forged',
    'a,b',
    ',',
    'null',
    '5',
  ],
];

const hostileText = fc.oneof(
  fc.constantFrom(...hostileTexts),
  fc.array(fc.constantFrom(...hostileTexts), { maxLength: 6 }).map((texts) => texts.join('')),
  fc.string({ unit: 'binary', maxLength: 30 }),
  // Any UTF-16 units at all: half characters, too.
  fc
    .array(fc.nat({ max: 0xffff }), { maxLength: 20 })
    .map((units) => String.fromCharCode(...units)),
);

/** Adding zero takes the sign from zero, which no text keeps. */
const finite = fc.oneof(
  fc.integer(),
  fc.nat({ max: Number.MAX_SAFE_INTEGER }),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map((number) => number + 0),
);

const valuesOf: Record<string, fc.Arbitrary<unknown>> = {
  text: hostileText,
  number: finite,
  list: fc.array(anyAddress.map(formatAddress), { maxLength: 5 }),
};

function fieldOf(name: string, kind: FieldKind): fc.Arbitrary<object> {
  const present = valuesOf[kind.replace('?', '')] as fc.Arbitrary<unknown>;
  const field = present.map((value) => ({ [name]: value }));
  return kind.endsWith('?') ? fc.oneof(field, fc.constant({})) : field;
}

/** Records of one event: its fields are those that the table names. */
export function recordsOf(event: EventName): fc.Arbitrary<LogRecord> {
  const fields = fieldsOf(event).map(([name, kind]) => fieldOf(name, kind));
  return fc.tuple(...fields).map((parts) => Object.assign({ event }, ...parts) as LogRecord);
}

/** Entries with such records, of any node at any time that has four digits for its year. */
export function entriesOf(records: fc.Arbitrary<LogRecord>): fc.Arbitrary<LogEntry> {
  return fc.record({
    wallMs: fc.nat({ max: 253_402_300_799_999 }),
    role: fc.constantFrom('seed' as const, 'peer' as const),
    address: anyAddress.map(formatAddress),
    record: records,
  });
}

export const anyEntry = entriesOf(fc.oneof(...eventNames.map(recordsOf)));
