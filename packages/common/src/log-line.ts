/**
 * One record, one line:
 *
 *     2026-02-01T09:30:00.123Z [peer 127.0.0.1:6001] gossip-received message=… hash=… from=…
 *
 * The invariant is that a line parses back to exactly the record it was made from, whatever a
 * hostile text holds, and that a record is never more than one line. A value of plain characters
 * stands bare, so that the messages of the assignment stand verbatim; any other is quoted, and in
 * the quotes everything that could move a cursor, end a line or hide is escaped.
 */
import {
  type EventName,
  type FieldKind,
  fieldsOf,
  isEventName,
  type LogRecord,
} from './records.js';
import { failure, type Result, success } from './result.js';

/** A record with its time and place. */
export interface LogEntry {
  /** Milliseconds since the epoch, by the node's own clock. */
  readonly wallMs: number;
  readonly role: 'seed' | 'peer';
  /** The node's address as it announces it. */
  readonly address: string;
  readonly record: LogRecord;
}

/** Why a line is not one of ours, and from which column (from 0) on. */
export interface LogLineError {
  readonly code: 'no-head' | 'unknown-event' | 'bad-field' | 'missing-field';
  readonly column: number;
}

const barePattern = /^[!#-[\]-~]+$/; // Printable ASCII without space, quote and backslash.
// What could move a cursor, end a line or hide: control and format characters, strange spaces.
const hiddenPattern = /\p{C}|\p{Zl}|\p{Zp}|(?! )\p{Zs}/gu;
const specialPattern = new RegExp(`["\\\\]|${hiddenPattern.source}`, 'gu');
const headPattern =
  /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z) \[(seed|peer) ([^\s\]]*\]?[^\s\]]*)\] ([a-z-]+)(?= |$)/;
const escapePattern = /\\(?:(["\\])|u\{([0-9a-f]{1,5}|10[0-9a-f]{4})\})?/g;

/** A text as it stands in a line: as it is if it is plain, else in quotes and escaped. */
export function quote(text: string): string {
  if (barePattern.test(text)) return text;
  const escaped = text.replace(specialPattern, (character) =>
    character === '"' || character === '\\'
      ? `\\${character}`
      : `\\u{${(character.codePointAt(0) as number).toString(16)}}`,
  );
  return `"${escaped}"`;
}

/** What was quoted; undefined if it was not quoted by {@link quote}. */
function unquote(escaped: string): string | undefined {
  let isWhole = true;
  const text = escaped.replace(escapePattern, (_, plain?: string, code?: string) => {
    if (code !== undefined) return String.fromCodePoint(Number.parseInt(code, 16));
    isWhole &&= plain !== undefined;
    return plain ?? '';
  });
  return isWhole ? text : undefined;
}

/** The record as its log line, without a line end. */
export function formatLogLine(entry: LogEntry): string {
  const record = entry.record as unknown as Record<string, unknown>;
  const time = new Date(entry.wallMs).toISOString();
  let line = `${time} [${entry.role} ${entry.address}] ${entry.record.event}`;
  for (const [name] of fieldsOf(entry.record.event)) {
    const value = record[name];
    if (value === undefined) continue;
    line += ` ${name}=${quote(Array.isArray(value) ? value.join(',') : String(value))}`;
  }
  return line;
}

/** The same record as one line of JSON, without a line end (`--log-format json`). */
export function formatJsonLine(entry: LogEntry): string {
  const { wallMs, role, address, record } = entry;
  const head = { time: new Date(wallMs).toISOString(), role, address };
  return JSON.stringify({ ...head, ...record }).replace(hiddenPattern, jsonEscape);
}

/** A character as JSON escapes it: `\u` and four digits for each of its UTF-16 units. */
function jsonEscape(character: string): string {
  const units = character.split('').map((unit) => unit.charCodeAt(0).toString(16));
  return units.map((unit) => `\\u${unit.padStart(4, '0')}`).join('');
}

/** Reads a line of either form back. Never throws. */
export function parseLogLine(line: string): Result<LogEntry, LogLineError> {
  return line.startsWith('{') ? parseJsonLine(line) : parseTextLine(line);
}

function parseTextLine(line: string): Result<LogEntry, LogLineError> {
  const head = headPattern.exec(line);
  const wallMs = wallMsOf(head?.[1]);
  if (head === null || wallMs === undefined) return failure({ code: 'no-head', column: 0 });
  const [whole, , role, address = '', event = ''] = head;
  if (!isEventName(event)) return failure({ code: 'unknown-event', column: whole.length });
  const texts = new Map<string, string>();
  let column = whole.length;
  while (column < line.length) {
    const equals = line.indexOf('=', column);
    if (equals < 0) return failure({ code: 'bad-field', column });
    const value = readValue(line, equals + 1);
    if (value === undefined) return failure({ code: 'bad-field', column });
    texts.set(line.slice(column + 1, equals), value.text);
    column = value.end;
  }
  const record = recordOf(event, (name, kind) => meaningOf(texts.get(name), kind));
  if (record === undefined) return failure({ code: 'missing-field', column });
  return success({ wallMs, role: role as LogEntry['role'], address, record });
}

/** Reads the value that begins here, bare or quoted, up to a space or the end of the line. */
function readValue(line: string, start: number): { text: string; end: number } | undefined {
  if (line[start] !== '"') {
    const space = line.indexOf(' ', start);
    const end = space < 0 ? line.length : space;
    const text = line.slice(start, end);
    return text === '' || barePattern.test(text) ? { text, end } : undefined;
  }
  const quoteEnd = closingQuote(line, start + 1);
  if (quoteEnd < 0 || (quoteEnd + 1 < line.length && line[quoteEnd + 1] !== ' ')) return undefined;
  const text = unquote(line.slice(start + 1, quoteEnd));
  return text === undefined ? undefined : { text, end: quoteEnd + 1 };
}

/** Where the quotes close: at the first quote behind an even number of backslashes; -1: nowhere. */
function closingQuote(line: string, from: number): number {
  for (let end = line.indexOf('"', from); end >= 0; end = line.indexOf('"', end + 1)) {
    let first = end;
    while (line[first - 1] === '\\') first -= 1;
    if ((end - first) % 2 === 0) return end;
  }
  return -1;
}

function parseJsonLine(line: string): Result<LogEntry, LogLineError> {
  let parsed: Record<string, unknown>;
  try {
    parsed = JSON.parse(line) as Record<string, unknown>;
  } catch {
    return failure({ code: 'no-head', column: 0 });
  }
  const { time, role, address, event } = parsed;
  const wallMs = wallMsOf(time);
  const isNode = (role === 'seed' || role === 'peer') && typeof address === 'string';
  if (wallMs === undefined || !isNode) return failure({ code: 'no-head', column: 0 });
  if (typeof event !== 'string' || !isEventName(event)) {
    return failure({ code: 'unknown-event', column: 0 });
  }
  const record = recordOf(event, (name) => parsed[name]);
  if (record === undefined) return failure({ code: 'missing-field', column: line.length });
  return success({ wallMs, role, address, record });
}

/** The milliseconds of a time as it is written here; undefined for any other. */
function wallMsOf(time: unknown): number | undefined {
  if (typeof time !== 'string') return undefined;
  const wallMs = Date.parse(time);
  return !Number.isNaN(wallMs) && new Date(wallMs).toISOString() === time ? wallMs : undefined;
}

/** What a text means as a field of this kind. */
function meaningOf(text: string | undefined, kind: FieldKind): unknown {
  if (text === undefined || kind.startsWith('text')) return text;
  if (kind.startsWith('list')) return text === '' ? [] : text.split(',');
  return /^-?\d+(\.\d+)?(e[+-]\d+)?$/.test(text) ? Number(text) : Number.NaN;
}

/** Builds the record of an event; undefined if a field is missing or of the wrong type. */
function recordOf(
  event: EventName,
  read: (name: string, kind: FieldKind) => unknown,
): LogRecord | undefined {
  const record: Record<string, unknown> = { event };
  for (const [name, kind] of fieldsOf(event)) {
    const value = read(name, kind);
    if (value === undefined && kind.endsWith('?')) continue;
    if (!isOfKind(value, kind)) return undefined;
    record[name] = value;
  }
  return record as unknown as LogRecord;
}

function isOfKind(value: unknown, kind: FieldKind): boolean {
  if (kind.startsWith('text')) return typeof value === 'string';
  if (kind.startsWith('number')) return Number.isFinite(value);
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}
