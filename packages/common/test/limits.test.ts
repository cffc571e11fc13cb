/** The limits are documented where they stand, and fit each other as their comments say. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { formatAddress } from '../src/address.js';
import { LIMITS } from '../src/limits.js';

const source = readFileSync(new URL('../src/limits.ts', import.meta.url), 'utf8');
const names = Object.keys(LIMITS) as (keyof typeof LIMITS)[];

/** What a limit may count; the last such word of its name is its unit. */
const units = [
  ...['Ms', 'Bytes', 'Characters', 'Records', 'Links', 'Peers', 'Probes', 'Strikes', 'Accusations'],
  ...['Forwards', 'Intervals', 'Reports', 'Seeds', 'Candidates', 'Neighbors', 'Errands', 'Digests'],
  ...['Messages', 'Rows', 'Number', 'Pieces', 'Lists', 'Requests'],
];

/** The words of all tests, of the packages and of the whole, but of this one. */
function wordsOfTests(): Set<string> {
  const root = fileURLToPath(new URL('../../../', import.meta.url));
  const packages = readdirSync(join(root, 'packages')).map((name) => `packages/${name}/test`);
  const paths = [...packages, 'test'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => /\.[jt]s$/.test(name))
      .map((name) => join(root, folder, name)),
  );
  const others = paths.filter((path) => path !== fileURLToPath(import.meta.url));
  return new Set(others.flatMap((path) => readFileSync(path, 'utf8').match(/\w+/g) ?? []));
}

const tested = wordsOfTests();

/** The comment before a limit; one that says `up to` stands also for the bound that follows. */
function commentOf(name: string): string {
  const before = source.slice(0, source.search(new RegExp(`^ {2}${name}: `, 'm')));
  const [comment = '', between = ''] = before.slice(before.lastIndexOf('/**')).split('*/');
  const isNext = comment.includes('up to') && /^\s*\w+: [\d_]+,\s*$/.test(between);
  return between.trim() === '' || isNext ? comment : '';
}

describe.each(names)('%s', (name) => {
  const words = name.replace(/^./, (first) => first.toUpperCase()).match(/[A-Z][a-z]*/g) ?? [];
  const unit = words.findLast((word) => units.includes(word));

  test('has its unit in its name and is a whole number above zero', () => {
    expect(unit).toBeDefined();
    expect(Number.isSafeInteger(LIMITS[name]) && LIMITS[name] > 0).toBe(true);
  });

  test('has a comment that says what it bounds, in that unit if it is time or bytes', () => {
    const comment = commentOf(name);
    expect(comment.length).toBeGreaterThan('/** '.length + 20);
    if (unit === 'Ms') expect(comment).toMatch(/milliseconds/i);
    if (unit === 'Bytes') expect(comment).toMatch(/bytes/i);
  });

  test('is named by a test of what it bounds', () => {
    expect(tested).toContain(name);
  });
});

describe('the limits fit each other', () => {
  const longest = formatAddress({ ip: '2001:1db8:2db8:3db8:4db8:5db8:6db8:7db8', port: 65_535 });

  test('a list of peersMax peers fits listBytesMax, each of IPv6 length and with a comma', () => {
    expect(longest).toHaveLength(47);
    expect(LIMITS.peersMax * (longest.length + 1)).toBeLessThanOrEqual(LIMITS.listBytesMax);
  });

  test('a message is what classic programs read at once, and so is a list for them', () => {
    expect(LIMITS.messageBytesMax).toBe(1_024);
    expect(LIMITS.classicListBytesMax).toBe(10_240);
    expect(LIMITS.classicListBytesMax).toBeLessThanOrEqual(LIMITS.listBytesMax);
  });

  test('what is quoted of a message is part of it, and a full link holds many messages', () => {
    expect(LIMITS.quotedCharactersMax).toBeLessThan(LIMITS.messageBytesMax);
    expect(LIMITS.linkQueueBytesMax).toBeGreaterThan(100 * LIMITS.messageBytesMax);
  });

  test('what is passed on to a classic neighbor leaves room for messages of one’s own', () => {
    const { errandsRelayedPerNeighborMax, errandsPerNeighborMax, errandsAtOnceMax } = LIMITS;
    const ownMax = errandsPerNeighborMax - errandsRelayedPerNeighborMax;
    expect(ownMax).toBeGreaterThan(errandsAtOnceMax);
  });

  test('rests only grow, and whoever takes a place in vain rests longest', () => {
    const { candidateRestMs, candidateRestMsMax, unprovenRestMsMax } = LIMITS;
    expect(candidateRestMs).toBeLessThan(candidateRestMsMax);
    expect(candidateRestMsMax).toBeLessThan(unprovenRestMsMax);
  });

  test('stillness is shorter than all that waits for a bare answer', () => {
    const { stillnessMs, unfinishedMs, probeMs, connectAnswerMs, registerAnswerMs, seedAnswerMs } =
      LIMITS;
    for (const waitMs of [unfinishedMs, probeMs, connectAnswerMs, registerAnswerMs, seedAnswerMs]) {
      expect(waitMs).toBeGreaterThan(2 * stillnessMs);
    }
  });

  test('garbage is dropped, and a wordless link let go, before a visitor is', () => {
    expect(LIMITS.unfinishedMs).toBeLessThan(LIMITS.firstWordMs);
    expect(LIMITS.firstWordMs).toBeLessThan(LIMITS.visitorSilenceMs);
  });

  test('a dial survives one lost SYN, which costs a second, by half a second', () => {
    expect(LIMITS.dialMs).toBe(1_000 + 500);
  });

  test('a seed has room for two thousand registrations and as many visitors', () => {
    expect(LIMITS.seedLinksMax).toBeGreaterThanOrEqual(2 * 2_000);
  });

  test('pauses grow: the first is shorter than the bound to which it is doubled', () => {
    expect(LIMITS.dialBackPauseMs).toBeLessThan(LIMITS.dialBackPauseMsMax);
    expect(LIMITS.dialBackPauseMsMax).toBeLessThan(LIMITS.dialBackMs);
    expect(LIMITS.seedPauseMs).toBeLessThan(LIMITS.seedPauseMsMax);
    expect(LIMITS.refreshFirstMs).toBeLessThan(LIMITS.refreshFewMs);
  });

  test('a config file of seedsMax lines has room for comments', () => {
    expect(LIMITS.configBytesMax).toBeGreaterThanOrEqual(
      LIMITS.seedsMax * 4 * (longest.length + 1),
    );
  });

  test('the digests hold a thousand messages a second for the window and the skew', () => {
    const seconds = (LIMITS.messageWindowMs + LIMITS.clockSkewMs) / 1_000;
    expect(LIMITS.digestsMax).toBeGreaterThanOrEqual(1_000 * seconds);
  });

  test('a message number is what a float64 counts exactly', () => {
    expect(LIMITS.messageNumberMax).toBe(2 ** 53 - 1);
  });

  test('the rows that are written are among the messages that are kept', () => {
    expect(LIMITS.messageRowsMax).toBeLessThanOrEqual(LIMITS.recentMessagesMax);
    expect(LIMITS.errandsAtOnceMax).toBeLessThanOrEqual(LIMITS.errandsPerNeighborMax);
  });
});
