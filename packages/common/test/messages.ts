/** Messages as fast-check makes them: every kind, every combination of fields that may lack. */
import fc from 'fast-check';
import { LIMITS } from '../src/limits.js';
import type { GossipMessage, Message } from '../src/wire/message.js';
import { anyAddress, anyIp, anyPort } from './addresses.js';

/** What people type, and what makes parsers stumble. */
export const typedText = fc.oneof(
  fc.string({ unit: 'grapheme' }),
  fc.string({ unit: 'binary' }).filter((text) => !/[\n\r]|\p{Cs}/u.test(text)),
  fc
    .array(
      fc.constantFrom(
        ':',
        '[',
        ']',
        ',',
        ' ',
        '🦊',
        '👩‍👩‍👧',
        '5001',
        '127.0.0.1',
        'GOSSIP1',
        '::',
        '"',
        'é',
      ),
    )
    .map((pieces) => pieces.join('')),
);

const anyTimestamp = fc.oneof(
  fc.stringMatching(/^\d{1,12}$/),
  fc.stringMatching(/^\d{1,12}\.\d{1,9}$/),
  // A whole timestamp that could be a port.
  fc.integer({ min: 1, max: 65_535 }).map(String),
);

const anyNumber = fc.oneof(
  fc.nat({ max: 100_000 }),
  fc.constantFrom(0, LIMITS.messageNumberMax - 1, LIMITS.messageNumberMax),
);

const gossipHead = {
  kind: fc.constant('gossip' as const),
  timestamp: anyTimestamp,
  ip: anyIp,
  number: anyNumber,
};

/** All of `ts:ip:n`, `ts:ip:port:n`, `ts:ip:port:GOSSIPn` and `ts:ip:port:GOSSIPn:text`. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is left out.
const gossipText = typedText.filter((text) => !/[\0-\x1f\x7f]/.test(text));

const anyGossip: fc.Arbitrary<GossipMessage> = fc.oneof(
  fc.record({ ...gossipHead, titled: fc.boolean() }),
  fc.record({ ...gossipHead, titled: fc.boolean(), port: anyPort }),
  fc.record({ ...gossipHead, titled: fc.constant(true), port: anyPort, text: gossipText }),
);

/** A field that may lack. */
function optional<K extends string, T>(
  key: K,
  value: fc.Arbitrary<T>,
): fc.Arbitrary<{ [P in K]?: T }> {
  return fc.oneof(
    fc.constant({} as { [P in K]?: T }),
    value.map((present) => ({ [key]: present }) as { [P in K]?: T }),
  );
}

const anyLivenessRequest = fc
  .tuple(fc.record({ timestamp: anyTimestamp, ip: anyIp }), optional('port', anyPort))
  .map(([head, port]) => ({ kind: 'liveness-request' as const, ...head, ...port }));

const anyLivenessReply = fc
  .tuple(
    fc.record({ timestamp: anyTimestamp, ip: anyIp, ownIp: anyIp }),
    optional('port', anyPort),
    optional('ownPort', anyPort),
  )
  .map(([head, port, ownPort]) => ({
    kind: 'liveness-reply' as const,
    ...head,
    ...port,
    ...ownPort,
  }));

const anyDeadNode = fc
  .tuple(
    fc.record({
      forwarded: fc.boolean(),
      ip: anyIp,
      timestamp: anyTimestamp,
      reporterIp: anyIp,
      hearsay: fc.boolean(),
    }),
    optional('port', anyPort),
    optional('reporterPort', anyPort),
  )
  .map(([head, port, reporterPort]) => ({
    kind: 'dead-node' as const,
    ...head,
    ...port,
    ...reporterPort,
  }));

/** A peer list that is recognized as one without being awaited: of two or more. */
const anyPeerList = fc
  .array(anyAddress, { minLength: 2, maxLength: 20 })
  .map((peers) => ({ kind: 'peer-list' as const, peers }));

/** One arbitrary for each kind, so that none can be forgotten. */
export const messagesOfKind: { [K in Message['kind']]: fc.Arbitrary<Message & { kind: K }> } = {
  register: fc.record({ kind: fc.constant('register'), peer: anyAddress, hearsay: fc.boolean() }),
  'peer-list': anyPeerList,
  'connect-request': fc.record({
    kind: fc.constant('connect-request'),
    from: anyAddress,
    hearsay: fc.boolean(),
  }),
  'connect-accepted': fc.constant({ kind: 'connect-accepted' }),
  'connect-refused': fc.record({
    kind: fc.constant('connect-refused'),
    reason: fc.stringMatching(/^[ -~]{0,64}$/),
  }),
  'liveness-request': anyLivenessRequest,
  'liveness-reply': anyLivenessReply,
  gossip: anyGossip,
  'dead-node': anyDeadNode,
  extensions: fc.record({
    kind: fc.constant('extensions'),
    names: fc.array(fc.stringMatching(/^[A-Za-z0-9/.-]{1,32}$/), { maxLength: 5 }),
  }),
};

export const anyMessage: fc.Arbitrary<Message> = fc.oneof(...Object.values(messagesOfKind));
