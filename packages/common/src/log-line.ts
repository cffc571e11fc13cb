/**
 * One record, one line:
 *
 *     2026-02-01T09:30:00.123Z [peer 127.0.0.1:6001] gossip-received message=… hash=… from=127.0.0.1:6002
 *
 * The invariant is that a line parses back to exactly the record it was made from, whatever a
 * hostile text holds, and that a record is never more than one line. A value of plain characters
 * stands bare, so that the messages of the assignment stand verbatim; any other is quoted, and in
 * the quotes everything that could move a cursor, end a line or hide is escaped.
 */
import { type EventName, fieldsOf, isEventName, type LogRecord } from './records.js';
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
const hiddenPattern = /["\\]|\p{C}|\p{Zl}|\p{Zp}|(?! )\p{Zs}/gu;
const headPattern =
  /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z) \[(seed|peer) ([^\s\]]*\]?[^\s\]]*)\] ([a-z-]+)(?= |$)/;
const valuePattern = /(?:"((?:[^"\\]|\\u\{(?:[0-9a-f]{1,5}|10[0-9a-f]{4})\}|\\["\\])*)"|([!#-[\]-~]*))(?= |$)/y;

function quote(text: string): string {
  if (barePattern.test(text)) return text;
  const escaped = text.replace(hiddenPattern, (character) =>
    character === '"' || character === '\\'
      ? `\\${character}`
      : `\\u{${(character.codePointAt(0) as number).toString(16)}}`,
  );
  return `"${escaped}"`;
}

function unquote(escaped: string): string {
  return escaped.replace(/\\(?:u\{([0-9a-f]+)\}|(["\\]))/g, (_, code: string, plain: string) =>
    code === undefined ? plain : String.fromCodePoint(Number.parseInt(code, 16)),
  );
}

/** The record as its log line, without a line end. */
export function formatLogLine(entry: LogEntry): string {
  const record = entry.record as unknown as Record<string, unknown>;
  let line = `${new Date(entry.wallMs).toISOString()} [${entry.role} ${entry.address}] ${entry.record.event}`;
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
  return JSON.stringify({ time: new Date(wallMs).toISOString(), role, node: address, ...record });
}

/** Reads a line of either form back. Never throws. */
export function parseLogLine(line: string): Result<LogEntry, LogLineError> {
  return line.startsWith('{') ? parseJsonLine(line) : parseTextLine(line);
}

function parseTextLine(line: string): Result<LogEntry, LogLineError> {
  const head = headPattern.exec(line);
  if (head === null) return failure({ code: 'no-head', column: 0 });
  const [whole, time = '', role, address = '', event = ''] = head;
  if (!isEventName(event)) return failure({ code: 'unknown-event', column: whole.length });
  const texts = new Map<string, string>();
  let column = whole.length;
  while (column < line.length) {
    const equals = line.indexOf('=', column);
    if (equals < 0) return failure({ code: 'bad-field', column });
    valuePattern.lastIndex = equals + 1;
    const value = valuePattern.exec(line);
    if (value === null) return failure({ code: 'bad-field', column });
    const [text, quoted, bare] = value;
    texts.set(line.slice(column + 1, equals), quoted === undefined ? (bare ?? '') : unquote(quoted));
    column = equals + 1 + text.length;
  }
  const record = recordOf(event, (name) => texts.get(name));
  if (record === undefined) return failure({ code: 'missing-field', column });
  return success({
    wallMs: Date.parse(time),
    role: role as LogEntry['role'],
    address,
    record,
  });
}

function parseJsonLine(line: string): Result<LogEntry, LogLineError> {
  let parsed: Record<string, unknown>;
  try {
    parsed = JSON.parse(line) as Record<string, unknown>;
  } catch {
    return failure({ code: 'no-head', column: 0 });
  }
  const { time, role, node, event } = parsed;
  if (typeof time !== 'string' || (role !== 'seed' && role !== 'peer') || typeof node !== 'string') {
    return failure({ code: 'no-head', column: 0 });
  }
  if (typeof event !== 'string' || !isEventName(event)) {
    return failure({ code: 'unknown-event', column: 0 });
  }
  const record = recordOf(event, (name) => {
    const value = parsed[name];
    return Array.isArray(value) ? value.join(',') : value === undefined ? undefined : String(value);
  });
  if (record === undefined) return failure({ code: 'missing-field', column: line.length });
  return success({ wallMs: Date.parse(time), role, address: node, record });
}

/** Builds the record of an event from its fields' texts; undefined if one that is due is missing. */
function recordOf(
  event: EventName,
  textOf: (name: string) => string | undefined,
): LogRecord | undefined {
  const record: Record<string, unknown> = { event };
  for (const [name, kind] of fieldsOf(event)) {
    const text = textOf(name);
    if (text === undefined) {
      if (kind.endsWith('?')) continue;
      return undefined;
    }
    if (kind.startsWith('number')) {
      if (!/^-?\d+(\.\d+)?(e[+-]\d+)?$/.test(text)) return undefined;
      record[name] = Number(text);
    } else if (kind.startsWith('list')) {
      record[name] = text === '' ? [] : text.split(',');
    } else {
      record[name] = text;
    }
  }
  return record as unknown as LogRecord;
}
