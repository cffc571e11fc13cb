/**
 * Text ↔ message. The first field decides: a title, an IP (a registration or a list) or a
 * timestamp (gossip). Every text has at most one meaning, and what has none is an error that says
 * so; nothing throws.
 *
 * One text is ambiguous by the protocol itself: a list of one address looks like a registration.
 * Whoever has asked for a list reads the answer with {@link decodePeerList}.
 */
import {
  type Address,
  formatAddress,
  formatEndpoint,
  parseAddress,
  parseIp,
  parsePort,
} from '../address.js';
import { LIMITS } from '../limits.js';
import { quote } from '../log-line.js';
import { failure, type Result, success } from '../result.js';
import {
  type DeadNode,
  endsWithTag,
  type GossipMessage,
  hearsayTag,
  type Message,
} from './message.js';

/** Why a text is no message; `reason` goes into the log. */
export interface DecodeError {
  readonly code: 'unknown' | 'malformed';
  readonly reason: string;
}

// At most twelve digits: seconds until the year 33658, and no overflow. Python prints up to nine.
const timestampPattern = /^\d{1,12}(?:\.\d{1,9})?$/;
const numberPattern = /^(GOSSIP)?(\d{1,16})$/;
/** Words of ASCII, since it goes into a log line as it is. */
const refusalPattern = /^[ -~]{0,64}$/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
const controlPattern = /[\0-\x1f\x7f]/;
const beyondAsciiPattern = /[^\0-\x7f]/;
const extensionPattern = /^[A-Za-z0-9/.-]{1,32}$/;

const unknown = failure<DecodeError>({ code: 'unknown', reason: 'unknown message' });

function malformed(what: string): Result<never, DecodeError> {
  return failure({ code: 'malformed', reason: `malformed ${what}` });
}

/** Splits at colons, but not inside the brackets of an IPv6 address. */
function splitFields(text: string): string[] {
  if (!text.includes('[')) return text.split(':');
  const fields: string[] = [];
  let start = 0;
  while (start <= text.length) {
    const bracket = text[start] === '[' ? text.indexOf(']', start) : -1;
    const colon = text.indexOf(':', Math.max(start, bracket));
    const end = colon < 0 ? text.length : colon;
    fields.push(text.slice(start, end));
    start = end + 1;
  }
  return fields;
}

/** Reads one message. The text has no line end and is valid Unicode. */
export function decode(text: string): Result<Message, DecodeError> {
  const colon = text.indexOf(':');
  const title =
    colon < 0 ? text : text.slice(0, text.startsWith('[') ? text.indexOf(']') + 1 : colon);
  switch (title) {
    case 'New Connect Request From':
      return decodeConnectRequest(text, colon);
    case 'New Connect Accepted':
      return text === title ? success({ kind: 'connect-accepted' }) : malformed('acceptance');
    case 'New Connect Refused':
      return decodeRefusal(colon < 0 ? '' : text.slice(colon + 1));
    case 'Liveness Request':
    case 'Liveness Reply':
      return decodeLiveness(splitFields(text));
    case 'Dead Node':
    case 'Dead Node Forwarded':
      return decodeDeadNode(splitFields(text));
    case 'Extensions':
      return colon < 0 ? malformed('extensions') : decodeExtensions(text.slice(colon + 1));
  }
  if (timestampPattern.test(title)) return decodeGossip(text);
  if (parseIp(title) === undefined) return unknown;
  return text.includes(',') ? decodePeerList(text) : decodeRegister(text);
}

function withoutTag(text: string): string {
  return endsWithTag(text) ? text.slice(0, -hearsayTag.length - 1) : text;
}

function decodeRegister(text: string): Result<Message, DecodeError> {
  const peer = parseAddress(withoutTag(text));
  if (!peer.ok) return malformed('registration');
  return success({ kind: 'register', peer: peer.value, hearsay: endsWithTag(text) });
}

function decodeConnectRequest(text: string, colon: number): Result<Message, DecodeError> {
  const from = parseAddress(withoutTag(text).slice(colon + 1));
  if (!from.ok) return malformed('connect request');
  return success({ kind: 'connect-request', from: from.value, hearsay: endsWithTag(text) });
}

function decodeRefusal(reason: string): Result<Message, DecodeError> {
  if (!refusalPattern.test(reason)) return malformed('refusal');
  return success({ kind: 'connect-refused', reason });
}

/** Reads `a:1,b:2,…`, also of a single address. Empty items (a last comma) are skipped. */
export function decodePeerList(text: string): Result<Message & { kind: 'peer-list' }, DecodeError> {
  const peers: Address[] = [];
  for (const item of text.split(',')) {
    if (item === '') continue;
    const peer = parseAddress(item);
    if (!peer.ok) return malformed('peer list');
    peers.push(peer.value);
  }
  return peers.length > 0 ? success({ kind: 'peer-list', peers }) : unknown;
}

function decodeLiveness(fields: string[]): Result<Message, DecodeError> {
  const [title, timestamp = '', ipText = '', ...rest] = fields;
  const ip = parseIp(ipText);
  if (!timestampPattern.test(timestamp) || ip === undefined) return malformed('liveness message');
  const port = parsePort(rest[0] ?? '');
  const head = port === undefined ? { timestamp, ip } : { timestamp, ip, port };
  const tail = port === undefined ? rest : rest.slice(1);
  if (title === 'Liveness Request') {
    return tail.length === 0
      ? success({ kind: 'liveness-request', ...head })
      : malformed('liveness request');
  }
  const [ownIpText = '', ownPortText] = tail;
  const ownIp = parseIp(ownIpText);
  const ownPort = parsePort(ownPortText ?? '');
  const isWhole = tail.length <= 2 && (ownPortText === undefined) === (ownPort === undefined);
  if (ownIp === undefined || !isWhole) return malformed('liveness reply');
  const reply = { kind: 'liveness-reply', ...head, ownIp } as const;
  return success(ownPort === undefined ? reply : { ...reply, ownPort });
}

function decodeDeadNode(fields: string[]): Result<Message, DecodeError> {
  const hearsay = fields.at(-1) === hearsayTag;
  const [title, ipText = '', ...rest] = hearsay ? fields.slice(0, -1) : fields;
  const ip = parseIp(ipText);
  // A port is followed by the timestamp; without one the timestamp stands in its place.
  const port =
    rest.length > 1 && timestampPattern.test(rest[1] ?? '') ? parsePort(rest[0] ?? '') : undefined;
  const [timestamp = '', reporterText = '', reporterPortText, ...more] =
    port === undefined ? rest : rest.slice(1);
  const reporterIp = parseIp(reporterText);
  const reporterPort = parsePort(reporterPortText ?? '');
  if (
    ip === undefined ||
    reporterIp === undefined ||
    !timestampPattern.test(timestamp) ||
    (reporterPortText !== undefined && reporterPort === undefined) ||
    more.length > 0
  ) {
    return malformed('dead report');
  }
  return success({
    kind: 'dead-node',
    forwarded: title === 'Dead Node Forwarded',
    ip,
    ...(port === undefined ? {} : { port }),
    timestamp,
    reporterIp,
    ...(reporterPort === undefined ? {} : { reporterPort }),
    hearsay,
  });
}

function decodeExtensions(list: string): Result<Message, DecodeError> {
  const names = list === '' ? [] : list.split(',');
  if (!names.every((name) => extensionPattern.test(name))) return malformed('extensions');
  return success({ kind: 'extensions', names });
}

/** `ts:ip:n` · `ts:ip:port:n` · `ts:ip:port:GOSSIPn` · `ts:ip:port:GOSSIPn:text` */
function decodeGossip(text: string): Result<Message, DecodeError> {
  const [timestamp = '', ipText = '', third = '', fourth, ...rest] = splitFields(text);
  const ip = parseIp(ipText);
  const port = fourth === undefined ? undefined : parsePort(third);
  const count = numberPattern.exec(fourth ?? third);
  const number = Number(count?.[2]);
  const isWhole =
    ip !== undefined && count !== null && (fourth === undefined) === (port === undefined);
  if (!isWhole || number > LIMITS.messageNumberMax) return malformed('gossip');
  const titled = count[1] !== undefined;
  if (rest.length > 0 && !titled) return malformed('gossip');
  if (!isFitForLogs(text)) return malformed('gossip');
  const message: GossipMessage = { kind: 'gossip', timestamp, ip, number, titled };
  const addressed = port === undefined ? message : { ...message, port };
  return success(rest.length === 0 ? addressed : { ...addressed, text: typedText(text) });
}

/**
 * Whether a message does not grow in the log of every peer: nobody types control characters, of
 * which each takes six there, and of other characters that hide a text has few.
 */
function isFitForLogs(text: string): boolean {
  if (controlPattern.test(text)) return false;
  return !beyondAsciiPattern.test(text) || quote(text).length <= 2 * LIMITS.messageBytesMax;
}

/** What follows the fourth field: it may hold colons and brackets of its own. */
function typedText(text: string): string {
  const start = /^[^:]*:(?:\[[^\]]*\]|[^:]*):[^:]*:[^:]*:/.exec(text);
  return text.slice(start?.[0].length ?? text.length);
}

/** Writes a message as its text, without a line end. */
export function encode(message: Message): string {
  switch (message.kind) {
    case 'register':
      return formatAddress(message.peer) + tagOf(message);
    case 'peer-list':
      return message.peers.map(formatAddress).join(',');
    case 'connect-request':
      return `New Connect Request From:${formatAddress(message.from)}${tagOf(message)}`;
    case 'connect-accepted':
      return 'New Connect Accepted';
    case 'connect-refused':
      return `New Connect Refused:${message.reason}`;
    case 'liveness-request':
      return `Liveness Request:${message.timestamp}:${formatEndpoint(message.ip, message.port)}`;
    case 'liveness-reply': {
      const { timestamp, ip, port, ownIp, ownPort } = message;
      const [asker, own] = [formatEndpoint(ip, port), formatEndpoint(ownIp, ownPort)];
      return `Liveness Reply:${timestamp}:${asker}:${own}`;
    }
    case 'gossip':
      return encodeGossip(message);
    case 'dead-node':
      return encodeDeadNode(message);
    case 'extensions':
      return `Extensions:${message.names.join(',')}`;
  }
}

function tagOf(message: { readonly hearsay: boolean }): string {
  return message.hearsay ? `:${hearsayTag}` : '';
}

function encodeGossip(message: GossipMessage): string {
  const { timestamp, ip, port, number, titled, text } = message;
  const head = `${timestamp}:${formatEndpoint(ip, port)}:${titled ? 'GOSSIP' : ''}${number}`;
  return text === undefined ? head : `${head}:${text}`;
}

function encodeDeadNode(message: DeadNode): string {
  const title = message.forwarded ? 'Dead Node Forwarded' : 'Dead Node';
  const dead = formatEndpoint(message.ip, message.port);
  const reporter = formatEndpoint(message.reporterIp, message.reporterPort);
  return `${title}:${dead}:${message.timestamp}:${reporter}${tagOf(message)}`;
}
