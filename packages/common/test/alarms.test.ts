import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Alarm, Alarms } from '../src/alarms.js';

/** The same in the dullest way: a list of what is set, in the order in which it was set. */
class SortedList {
  private rungAtMs = 0;
  private set_: { name: number; atMs: number }[] = [];

  set(name: number, atMs: number): void {
    this.clear(name);
    this.set_.push({ name, atMs: Math.max(atMs, this.rungAtMs) });
  }

  clear(name: number): void {
    this.set_ = this.set_.filter((alarm) => alarm.name !== name);
  }

  atMs(name: number): number | undefined {
    return this.set_.find((alarm) => alarm.name === name)?.atMs;
  }

  next(): number | undefined {
    return this.set_.length === 0 ? undefined : Math.min(...this.set_.map(({ atMs }) => atMs));
  }

  /** Sorting is stable, so that equal times keep the order in which they were set. */
  ringDue(nowMs: number): number[] {
    this.rungAtMs = nowMs;
    const due = this.set_.filter(({ atMs }) => atMs <= nowMs).sort((a, b) => a.atMs - b.atMs);
    this.set_ = this.set_.filter(({ atMs }) => atMs > nowMs);
    return due.map(({ name }) => name);
  }
}

const names = 16;
const step = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('set' as const),
      name: fc.nat(names - 1),
      // Near times, which are often equal, and far ones, which make a deep heap.
      afterMs: fc.oneof(fc.integer({ min: -2, max: 6 }), fc.nat(1_000)),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('clear' as const), name: fc.nat(names - 1) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('ring' as const), afterMs: fc.nat(4) }) },
);

test('alarms do what a sorted list does, set, moved, cleared and rung in any order', () => {
  fc.assert(
    fc.property(fc.array(step, { size: 'max', maxLength: 100 }), (steps) => {
      const alarms = new Alarms();
      const oracle = new SortedList();
      alarms.ringDue(0);
      const rung: number[] = [];
      const all = Array.from({ length: names }, (_, name) => alarms.alarm(() => rung.push(name)));
      let nowMs = 0;
      for (const { kind, ...rest } of steps) {
        if (kind === 'set') {
          const { name, afterMs } = rest as { name: number; afterMs: number };
          all[name]?.set(nowMs + afterMs);
          oracle.set(name, nowMs + afterMs);
        } else if (kind === 'clear') {
          const { name } = rest as { name: number };
          all[name]?.clear();
          oracle.clear(name);
        } else {
          nowMs += (rest as { afterMs: number }).afterMs;
          rung.length = 0;
          alarms.ringDue(nowMs);
          expect(rung).toEqual(oracle.ringDue(nowMs));
        }
        expect(alarms.next()).toBe(oracle.next());
        expect(all.map((alarm) => alarm.atMs)).toEqual(all.map((_, name) => oracle.atMs(name)));
      }
    }),
  );
});

describe('an alarm', () => {
  function rehearsal(): {
    alarms: Alarms;
    rung: string[];
    alarm: (name: string, also?: () => void) => Alarm;
  } {
    const alarms = new Alarms();
    const rung: string[] = [];
    const alarm = (name: string, also?: () => void): Alarm =>
      alarms.alarm((nowMs) => {
        rung.push(`${name}@${nowMs}`);
        also?.();
      });
    return { alarms, rung, alarm };
  }

  test('rings once, at its time and not before, with the time that it is', () => {
    const { alarms, rung, alarm } = rehearsal();
    const one = alarm('one');
    expect([one.atMs, alarms.next()]).toEqual([undefined, undefined]);
    one.set(10);
    expect([one.atMs, alarms.next()]).toEqual([10, 10]);
    alarms.ringDue(9.999);
    expect(rung).toEqual([]);
    alarms.ringDue(10);
    expect([one.atMs, alarms.next()]).toEqual([undefined, undefined]);
    alarms.ringDue(11);
    expect(rung).toEqual(['one@10']);
  });

  test('that is late rings with the time that it is, in the order of what was due', () => {
    const { alarms, rung, alarm } = rehearsal();
    alarm('second').set(20);
    alarm('first').set(10);
    alarms.ringDue(500);
    expect(rung).toEqual(['first@500', 'second@500']);
  });

  test('of the same time as another rings in the order in which they were set', () => {
    const { alarms, rung, alarm } = rehearsal();
    const [a, b, c, d] = ['a', 'b', 'c', 'd'].map((name) => alarm(name)) as [
      Alarm,
      Alarm,
      Alarm,
      Alarm,
    ];
    for (const each of [d, a, c, b]) each.set(10);
    a.set(10);
    alarms.ringDue(10);
    expect(rung).toEqual(['d@10', 'c@10', 'b@10', 'a@10']);
  });

  test('that sets itself again for now rings in the next round, not for ever', () => {
    const { alarms, rung, alarm } = rehearsal();
    const again = alarm('again', () => again.set(10));
    again.set(10);
    alarms.ringDue(10);
    expect([rung, alarms.next()]).toEqual([['again@10'], 10]);
    alarms.ringDue(10);
    expect(rung).toEqual(['again@10', 'again@10']);
  });

  test('that sets itself for an earlier time does not hold up those that are due', () => {
    const { alarms, rung, alarm } = rehearsal();
    const early = alarm('early', () => early.set(0));
    early.set(1);
    alarm('due').set(2);
    alarms.ringDue(10);
    alarms.ringDue(10);
    expect(rung).toEqual(['early@10', 'due@10', 'early@10']);
  });

  test('that another clears while ringing does not ring', () => {
    const { alarms, rung, alarm } = rehearsal();
    const victim = alarm('victim');
    alarm('first', () => victim.clear()).set(10);
    victim.set(10);
    alarms.ringDue(10);
    alarms.ringDue(99);
    expect(rung).toEqual(['first@10']);
  });

  test('that another puts off while ringing rings later', () => {
    const { alarms, rung, alarm } = rehearsal();
    const other = alarm('other');
    alarm('first', () => other.set(20)).set(10);
    other.set(10);
    alarms.ringDue(10);
    expect([rung, alarms.next()]).toEqual([['first@10'], 20]);
  });

  test('may clear itself while it rings, and be cleared when it is not set', () => {
    const { alarms, rung, alarm } = rehearsal();
    const one = alarm('one', () => one.clear());
    one.clear();
    one.set(10);
    alarms.ringDue(10);
    one.clear();
    expect([rung, alarms.next()]).toEqual([['one@10'], undefined]);
  });
});
