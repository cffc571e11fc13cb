/**
 * Everything that a node writes down, one kind of record per fact. The table is the single source:
 * the TypeScript type, the log line's grammar, its parser and the document all come from it.
 *
 * A field is a text, a number or a list of node addresses; a question mark marks one that may be
 * absent. `from`, where there is one, is the socket or node that the fact came from, and last.
 * `screen: false` keeps a record off the screen; the file has them all.
 */

/** What a field holds. */
export type FieldKind = 'text' | 'number' | 'list' | 'text?' | 'number?' | 'list?';

interface RecordKind {
  readonly fields: Readonly<Record<string, FieldKind>>;
  readonly meaning: string;
  readonly screen?: false;
}

/** The kinds of records by event: fields in the order of the log line, and what they say. */
export const RECORDS = {
  // Both programs
  'seed-started': {
    fields: {
      version: 'text',
      node: 'text',
      process: 'number',
      config: 'text',
      seeds: 'list',
      trustReports: 'text',
      probeIntervalMs: 'number',
    },
    meaning: 'a seed listens; its version and settings',
  },
  'peer-started': {
    fields: {
      version: 'text',
      node: 'text',
      process: 'number',
      config: 'text',
      seeds: 'list',
      gossipIntervalMs: 'number',
      gossipCount: 'number',
      livenessIntervalMs: 'number',
      strikesMax: 'number',
      neighborsMin: 'number',
      neighborsMax: 'number',
      alpha: 'number',
      rng: 'number',
    },
    meaning: 'a peer listens; its version and settings',
  },
  stopped: { fields: { reason: 'text' }, meaning: 'the process ends in good order' },
  dropped: {
    fields: { reason: 'text', bytes: 'number', text: 'text', from: 'text' },
    meaning: 'something came in that no rule covers; its beginning, and where it came from',
  },
  'dropped-more': {
    fields: { count: 'number' },
    meaning:
      'so many further records of what others did (drops, refusals, registrations) were not written',
  },
  'left-out': {
    fields: { count: 'number' },
    meaning: 'so many lines are missing here: nobody read this output, or too slowly',
  },
  evicted: {
    fields: { bound: 'text', from: 'text' },
    meaning: 'a bound was reached, and this link or entry made room',
  },
  'woke-late': {
    fields: { lateMs: 'number' },
    meaning: 'this process itself stood still (stopped, asleep, starved); no strike is counted',
  },

  // Seeds
  registered: {
    fields: {
      peer: 'text?',
      seed: 'text?',
      kind: 'text',
      message: 'text',
      listed: 'number?',
      from: 'text',
    },
    meaning: 'seed: a peer asked to be registered; peer: a seed answered the registration',
  },
  'register-refused': {
    fields: { peer: 'text', reason: 'text', message: 'text', from: 'text' },
    meaning: 'seed: a registration that was not accepted',
  },
  listed: {
    fields: { peer: 'text' },
    meaning: 'seed: the peer answered the dial-back and is shown to others from now on',
  },
  removed: {
    fields: { peer: 'text', reason: 'text', listed: 'number', reporter: 'text?' },
    meaning: 'seed: the peer is off the list',
  },
  'report-refused': {
    fields: { peer: 'text', reason: 'text', reporter: 'text', from: 'text' },
    meaning: 'seed: a dead report that did not lead to a removal, and why',
  },
  'report-forwarded': {
    fields: { peer: 'text', seed: 'text', message: 'text' },
    meaning: 'seed: an accepted dead report went on to another seed',
  },
  'seed-status': {
    fields: {
      peers: 'list',
      unlisted: 'list',
      unlistedCount: 'number',
      registrations: 'number',
      reports: 'number',
      refused: 'number',
      removals: 'number',
      links: 'number',
      dropped: 'number',
      lost: 'number',
    },
    meaning: 'seed: its list, some of those not listed yet, its counters, from time to time',
    screen: false,
  },

  // Peers
  list: {
    fields: { peers: 'list', from: 'text' },
    meaning: 'peer: the peer list that a seed sent',
  },
  union: { fields: { peers: 'list' }, meaning: 'peer: the union of the lists, oldest first' },
  'majority-reached': {
    fields: { registered: 'number', needed: 'number', seeds: 'list' },
    meaning: 'peer: it is registered with ⌊n/2⌋+1 seeds',
  },
  'majority-lacking': {
    fields: { registered: 'number', needed: 'number', seeds: 'list' },
    meaning: 'peer: fewer than ⌊n/2⌋+1 seeds answer; it takes part all the same and goes on trying',
  },
  'seed-lost': {
    fields: { seed: 'text', reason: 'text', retryMs: 'number' },
    meaning: 'peer: a seed did not answer or its link is gone; when it is tried again',
  },
  neighbor: {
    fields: { neighbor: 'text', kind: 'text', dialedBy: 'text', from: 'text' },
    meaning: 'peer: a neighbor is connected',
  },
  'neighbor-refused': {
    fields: { neighbor: 'text', reason: 'text', by: 'text' },
    meaning: 'peer: a connect request that was refused, by this node or by the other',
  },
  'connect-failed': {
    fields: { neighbor: 'text', reason: 'text' },
    meaning: 'peer: a peer of the union could not be reached, or did not answer a connect request',
  },
  'neighbor-lost': {
    fields: { neighbor: 'text', reason: 'text' },
    meaning: 'peer: it is no neighbor any more',
  },
  'gossip-made': {
    fields: { message: 'text', hash: 'text', neighbors: 'number' },
    meaning: 'peer: a message of its own, its hash (SHA-256, the ML entry), to how many it went',
  },
  'gossip-received': {
    fields: { message: 'text', hash: 'text', from: 'text' },
    meaning: 'peer: first receipt of a message: local time, its hash (the ML entry), the sender',
  },
  'gossip-refused': {
    fields: { message: 'text', reason: 'text', from: 'text' },
    meaning: 'peer: a message that is not taken (its time, our own name, too many from there)',
  },
  strike: {
    fields: { neighbor: 'text', strikes: 'number' },
    meaning: 'peer: a liveness request stayed unanswered for an interval',
  },
  'dead-reported': {
    fields: { peer: 'text', message: 'text', seeds: 'list?', from: 'text?' },
    meaning:
      'peer: the dead-node message it sends, to which seeds; seed: the one that came, from whom',
  },
  'ml-entry': {
    fields: { hash: 'text', message: 'text', sentTo: 'list', from: 'text' },
    meaning: 'peer: one row of the message list, with the links it went to and came from',
  },
  'ml-size': {
    fields: { entries: 'number', shown: 'number', windowMs: 'number' },
    meaning: 'peer: how many digests the message list holds, and how many rows were written',
  },
  left: { fields: { seeds: 'list' }, meaning: 'peer: it took its leave of its seeds' },
  'peer-status': {
    fields: {
      seeds: 'list',
      neighbors: 'list',
      struck: 'list',
      made: 'number',
      received: 'number',
      duplicates: 'number',
      refused: 'number',
      sent: 'number',
      ml: 'number',
      reports: 'number',
      links: 'number',
      dropped: 'number',
      lost: 'number',
    },
    meaning: 'peer: its seeds, neighbors and counters, from time to time',
    screen: false,
  },
} as const satisfies Record<string, RecordKind>;

/** The name of a kind of record; it stands in the log line as it is. */
export type EventName = keyof typeof RECORDS;

interface FieldTypes {
  text: string;
  number: number;
  list: readonly string[];
}
type Required_<F> = {
  -readonly [K in keyof F as F[K] extends `${string}?` ? never : K]: F[K] extends keyof FieldTypes
    ? FieldTypes[F[K]]
    : never;
};
type Optional_<F> = {
  -readonly [K in keyof F as F[K] extends `${string}?`
    ? K
    : never]?: F[K] extends `${infer T extends keyof FieldTypes}?` ? FieldTypes[T] : never;
};

/** One fact to be written, without time and place: these the log adds. */
export type LogRecord = {
  [E in EventName]: { readonly event: E } & Readonly<
    Required_<(typeof RECORDS)[E]['fields']> & Optional_<(typeof RECORDS)[E]['fields']>
  >;
}[EventName];

/** The record of one event. */
export type RecordOf<E extends EventName> = Extract<LogRecord, { event: E }>;

/** The fields of an event in the order in which they are written. */
export function fieldsOf(event: EventName): readonly (readonly [string, FieldKind])[] {
  return Object.entries(RECORDS[event].fields) as [string, FieldKind][];
}

/** Whether a text names a kind of record. */
export function isEventName(text: string): text is EventName {
  return Object.hasOwn(RECORDS, text);
}
