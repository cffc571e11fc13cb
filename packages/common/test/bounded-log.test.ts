import { describe, expect, test } from 'vitest';
import { Alarms } from '../src/alarms.js';
import { BoundedLog } from '../src/bounded-log.js';
import { LIMITS } from '../src/limits.js';
import { ScriptedRuntime } from './scripted-runtime.js';

function boundedLog(): {
  runtime: ScriptedRuntime;
  log: BoundedLog;
  dropMany: (count: number) => void;
  pass: (ms: number) => void;
} {
  const runtime = new ScriptedRuntime();
  const alarms = new Alarms();
  const log = new BoundedLog(runtime, LIMITS, alarms);
  return {
    ...{ runtime, log },
    dropMany: (count) => {
      for (let n = 0; n < count; n += 1) log.drop('unknown message', 3, `${n}`, '127.0.0.1:40001');
    },
    pass: (ms) => runtime.pass(alarms, ms),
  };
}

const perSecond = LIMITS.droppedRecordsPerSecondMax;

describe('what is dropped', () => {
  test('is written with the reason, its length, its beginning, and from where', () => {
    const { runtime, log } = boundedLog();
    log.drop('unknown message', 7, 'garbage', '127.0.0.1:40001');
    expect(runtime.records).toEqual([
      {
        event: 'dropped',
        reason: 'unknown message',
        bytes: 7,
        text: 'garbage',
        from: '127.0.0.1:40001',
      },
    ]);
  });

  test('is quoted whole below and at quotedCharactersMax, and cut above', () => {
    const { runtime, log } = boundedLog();
    const { quotedCharactersMax } = LIMITS;
    for (const length of [quotedCharactersMax - 1, quotedCharactersMax, quotedCharactersMax + 1]) {
      log.drop('unknown message', length, 'x'.repeat(length), '-');
    }
    const [below, at, above] = runtime.recordsOf('dropped');
    expect([below?.text.length, at?.text.length, above?.text.length]).toEqual([
      quotedCharactersMax - 1,
      quotedCharactersMax,
      quotedCharactersMax,
    ]);
    expect(above?.bytes).toBe(quotedCharactersMax + 1);
  });
});

describe('in one second', () => {
  test.each([perSecond - 1, perSecond])(
    '%i are all written, and nothing is left to tell',
    (count) => {
      const { runtime, log, dropMany, pass } = boundedLog();
      dropMany(count);
      pass(1_000);
      expect(runtime.recordsOf('dropped')).toHaveLength(count);
      expect(runtime.recordsOf('dropped-more')).toEqual([]);
      expect(log.dropped).toBe(count);
    },
  );

  test.each([1, 1_000])(
    '%i more are counted, and told in one record when the second ends',
    (more) => {
      const { runtime, log, dropMany, pass } = boundedLog();
      dropMany(perSecond + more);
      pass(999);
      expect(runtime.records).toHaveLength(perSecond);
      pass(1);
      expect(runtime.records.slice(perSecond)).toEqual([{ event: 'dropped-more', count: more }]);
      expect(log.dropped).toBe(perSecond + more);
    },
  );

  test('after the first that was written the next second has room again', () => {
    const { runtime, dropMany, pass } = boundedLog();
    dropMany(perSecond + 5);
    pass(1_000);
    dropMany(perSecond + 7);
    pass(1_000);
    expect(runtime.recordsOf('dropped')).toHaveLength(2 * perSecond);
    expect(runtime.recordsOf('dropped-more')).toEqual([
      { event: 'dropped-more', count: 5 },
      { event: 'dropped-more', count: 7 },
    ]);
    pass(60_000);
    expect(runtime.records).toHaveLength(2 * perSecond + 2);
  });
});

test('at the end of a run the rest is told at once, and once', () => {
  const { runtime, log, dropMany, pass } = boundedLog();
  log.tellRest();
  dropMany(perSecond + 3);
  log.tellRest();
  log.tellRest();
  pass(2_000);
  expect(runtime.recordsOf('dropped-more')).toEqual([{ event: 'dropped-more', count: 3 }]);
});

test('other records that a stranger can cause share the bound', () => {
  const { runtime, log, dropMany, pass } = boundedLog();
  dropMany(perSecond - 1);
  for (let n = 0; n < 3; n += 1)
    log.write({ event: 'connect-failed', neighbor: 'n', reason: 'refused' });
  pass(1_000);
  expect(runtime.recordsOf('connect-failed')).toHaveLength(1);
  expect(runtime.recordsOf('dropped-more')).toEqual([{ event: 'dropped-more', count: 2 }]);
});

describe('what A13 wants written', () => {
  const { wantedRecordsMax, wantedRecordsPerSecondMax } = LIMITS;
  const note = (log: BoundedLog, count: number) => {
    for (let n = 0; n < count; n += 1)
      log.writeWanted({ event: 'dead-reported', peer: `${n}`, message: 'm', from: 'f' });
  };

  test('has room for a whole network at once, though garbage floods in as well', () => {
    const { runtime, log, dropMany } = boundedLog();
    dropMany(5 * perSecond);
    note(log, wantedRecordsMax);
    expect(runtime.recordsOf('dead-reported')).toHaveLength(wantedRecordsMax);
  });

  test('above that is counted and told, and so many a second are written', () => {
    const { runtime, log, pass } = boundedLog();
    note(log, wantedRecordsMax + 7);
    expect(runtime.recordsOf('dead-reported')).toHaveLength(wantedRecordsMax);
    pass(1_000);
    expect(runtime.recordsOf('dropped-more')).toEqual([{ event: 'dropped-more', count: 7 }]);
    note(log, 1_000);
    expect(runtime.recordsOf('dead-reported')).toHaveLength(
      wantedRecordsMax + wantedRecordsPerSecondMax,
    );
    pass(1_000);
    expect(runtime.recordsOf('dropped-more').at(-1)).toEqual({
      event: 'dropped-more',
      count: 1_000 - wantedRecordsPerSecondMax,
    });
  });

  test('has the bound for each kind: a flood of one hides no other', () => {
    const { runtime, log } = boundedLog();
    note(log, 2 * wantedRecordsMax);
    log.writeWanted({ event: 'removed', peer: 'p', reason: 'reported', listed: 0 });
    expect(runtime.recordsOf('removed')).toHaveLength(1);
  });

  test('takes no room from what was dropped', () => {
    const { runtime, log, dropMany } = boundedLog();
    note(log, 2 * wantedRecordsMax);
    dropMany(perSecond);
    expect(runtime.recordsOf('dropped')).toHaveLength(perSecond);
  });
});
