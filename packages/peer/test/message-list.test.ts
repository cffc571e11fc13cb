import { createHash } from 'node:crypto';
import { LIMITS, type Limits } from '@hearsay/common/limits';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MessageList } from '../src/message-list.js';

const wallStartMs = Date.UTC(2026, 1, 1);

/** A message list with a clock that the test moves. */
class Desk {
  readonly list: MessageList;
  nowMs = 0;
  /** How far the wall clock was set back. */
  setBackMs = 0;
  hasRoom = true;

  constructor(limits: Partial<Limits> = {}) {
    this.list = new MessageList({ ...LIMITS, ...limits });
  }

  get wallMs(): number {
    return wallStartMs + this.nowMs - this.setBackMs;
  }

  take(text: string, stampMs = this.wallMs, neighbor?: string) {
    const sender = neighbor === undefined ? { label: 'visitor' } : { label: neighbor, neighbor };
    const present = { monotonicMs: this.nowMs, wallMs: this.wallMs };
    return this.list.take(text, stampMs, sender, present, () => this.hasRoom);
  }

  verdict(text: string, stampMs?: number): string {
    return this.take(text, stampMs).verdict;
  }
}

describe('the message list', () => {
  test('A8: has one entry per message, SHA-256 of its bytes, and knows the later copies', () => {
    const desk = new Desk();
    const text = '1769938200.000:127.0.0.1:6001:GOSSIP1:grüße';
    const { verdict, entry } = desk.take(text);
    expect(verdict).toBe('new');
    expect(entry?.hash).toBe(createHash('sha256').update(text, 'utf8').digest('hex'));
    expect(desk.verdict(text)).toBe('known');
    expect(desk.verdict(`${text} `)).toBe('new');
    expect(desk.list.size).toBe(2);
  });

  test('A9: notes every neighbor from whom a copy came', () => {
    const desk = new Desk();
    desk.take('m', desk.wallMs, 'a');
    desk.take('m', desk.wallMs, 'b');
    desk.take('m');
    const [entry] = desk.list.newest(9);
    expect(entry).toMatchObject({ text: 'm', from: 'a' });
    expect([...(entry?.cameFrom ?? [])]).toEqual(['a', 'b']);
  });

  test('messageWindowMs: a message of the window’s age is taken, one a millisecond older is not', () => {
    const desk = new Desk();
    desk.nowMs = 10_000_000;
    expect(desk.verdict('at', desk.wallMs - LIMITS.messageWindowMs)).toBe('new');
    expect(desk.verdict('below', desk.wallMs - LIMITS.messageWindowMs + 1)).toBe('new');
    expect(desk.verdict('above', desk.wallMs - LIMITS.messageWindowMs - 1)).toBe('too old');
    expect(desk.list.size).toBe(2);
  });

  test('clockSkewMs: a message may be that far ahead, and not a millisecond more', () => {
    const desk = new Desk();
    expect(desk.verdict('at', desk.wallMs + LIMITS.clockSkewMs)).toBe('new');
    expect(desk.verdict('below', desk.wallMs + LIMITS.clockSkewMs - 1)).toBe('new');
    expect(desk.verdict('above', desk.wallMs + LIMITS.clockSkewMs + 1)).toBe('from the future');
  });

  test('forgets by age, and a forgotten message is too old by then', () => {
    const desk = new Desk();
    const stampMs = desk.wallMs + LIMITS.clockSkewMs;
    desk.take('ahead', stampMs);
    desk.nowMs = LIMITS.messageWindowMs + LIMITS.clockSkewMs;
    expect(desk.verdict('ahead', stampMs)).toBe('known');
    desk.nowMs += 2_000;
    expect(desk.verdict('another')).toBe('new');
    expect(desk.list.size).toBe(1);
    expect(desk.verdict('ahead', stampMs)).toBe('too old');
  });

  test('recentMessagesMax: as many keep their text; a copy of an older one is still known', () => {
    const desk = new Desk({ recentMessagesMax: 3 });
    const held = () => desk.list.newest(99).map(({ text }) => text);
    for (const text of ['a', 'b']) desk.take(text);
    expect(held()).toEqual(['a', 'b']);
    desk.take('c');
    expect(held()).toEqual(['a', 'b', 'c']);
    desk.take('d');
    expect(held()).toEqual(['b', 'c', 'd']);
    expect(desk.take('a')).toEqual({ verdict: 'known' });
    expect(desk.list.newest(2).map(({ text }) => text)).toEqual(['c', 'd']);
  });

  test('A8: what there is no room for is not remembered: a later copy is new', () => {
    const desk = new Desk();
    desk.hasRoom = false;
    expect(desk.verdict('m')).toBe('too many new ones');
    expect(desk.verdict('old', 0)).toBe('too old');
    expect(desk.list.size).toBe(0);
    desk.hasRoom = true;
    expect(desk.verdict('m')).toBe('new');
    desk.hasRoom = false;
    expect(desk.verdict('m')).toBe('known');
  });

  test('A message in this peer’s own name is known only if it made it', () => {
    const desk = new Desk();
    desk.take('mine');
    expect(desk.list.find('mine', { label: 'x' }).verdict).toBe('known');
    expect(desk.list.find('forged', { label: 'x' }).verdict).toBe('in our name');
  });
});

describe('nothing is taken twice', () => {
  const limits = { messageWindowMs: 60_000, clockSkewMs: 30_000, digestsMax: 1_024 };
  /** Messages by number, each with a stamp of its own; they come again and again at any time. */
  const arrivals = fc.array(
    fc.record({
      message: fc.nat(30),
      waitMs: fc.nat(20_000),
      flood: fc.constantFrom(0, 0, 0, 0, 0, 700),
    }),
    { maxLength: 50 },
  );

  const stamps = fc.array(fc.nat(200_000), { minLength: 31, maxLength: 31 });

  /** Hears messages, and throws if one is taken for new a second time. */
  class Ear {
    readonly desk = new Desk(limits);
    private readonly taken = new Set<string>();

    hear(text: string, stampMs: number): void {
      if (this.desk.verdict(text, stampMs) !== 'new') return;
      if (this.taken.has(text)) throw new Error(`taken twice: ${text} at ${this.desk.nowMs}`);
      this.taken.add(text);
    }
  }

  test('A8: whatever times messages come and come again at, and though the wall clock is set', () => {
    const jumps = fc.array(fc.integer({ min: -300_000, max: 300_000 }), { maxLength: 5 });
    fc.assert(
      fc.property(arrivals, stamps, jumps, (script, stampsMs, jumpsMs) => {
        const ear = new Ear();
        script.forEach(({ message, waitMs }, turn) => {
          ear.desk.nowMs += waitMs;
          if (turn % 10 === 9) ear.desk.setBackMs += jumpsMs[(turn - 9) / 10] ?? 0;
          ear.hear(`m${message}`, wallStartMs + (stampsMs[message] as number));
        });
      }),
      { numRuns: 300 },
    );
  });

  test('A8: also where a flood pushes digests out, of all but messages from the future', () => {
    fc.assert(
      fc.property(arrivals, stamps, (script, stampsMs) => {
        const ear = new Ear();
        const { desk } = ear;
        for (const { message, waitMs, flood } of script) {
          desk.nowMs += waitMs;
          const stampMs = wallStartMs + (stampsMs[message] as number);
          if (stampMs <= desk.wallMs) ear.hear(`m${message}`, stampMs);
          for (let n = 0; n < flood; n += 1) ear.hear(`f${desk.nowMs}-${n}`, desk.wallMs);
          if (stampMs <= desk.wallMs) ear.hear(`m${message}`, stampMs);
        }
      }),
      { numRuns: 150 },
    );
  });

  test('a flood from the future silences nobody: messages of the present are taken all the while', () => {
    const desk = new Desk(limits);
    for (let n = 0; n < 3_000; n += 1) {
      desk.nowMs += 2;
      expect(desk.verdict(`f${n}`, desk.wallMs + limits.clockSkewMs)).toBe('new');
      if (n % 100 === 0) expect(desk.verdict(`now ${n}`, desk.wallMs)).toBe('new');
    }
  });

  test('digestsMax: a message whose digest was pushed out early is refused, one that is newer than it is not', () => {
    const desk = new Desk(limits);
    desk.nowMs = 10_900;
    const stampMs = desk.wallMs - 400;
    expect(desk.verdict('first', stampMs)).toBe('new');
    for (let n = 0; n < 1_023; n += 1) desk.take(`f${n}`, desk.wallMs + 5_000);
    expect(desk.verdict('first', stampMs)).toBe('known');
    expect(desk.verdict('one more', desk.wallMs + 5_000)).toBe('new');
    expect(desk.verdict('first', stampMs)).toBe('too old');
    expect(desk.verdict('a later one', desk.wallMs + 5_000)).toBe('new');
  });

  test('digestsMax: own messages are taken in even when a flood from the future has pushed others out', () => {
    const desk = new Desk(limits);
    for (let n = 0; n < 1_100; n += 1) desk.take(`f${n}`, desk.wallMs + limits.clockSkewMs);
    const present = { monotonicMs: desk.nowMs, wallMs: desk.wallMs };
    expect(desk.list.takeOwn('mine', { label: 'self' }, present).text).toBe('mine');
    expect(desk.list.find('mine', { label: 'x' }).verdict).toBe('known');
  });
});
