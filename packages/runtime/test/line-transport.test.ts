import { LIMITS } from '@hearsay/common/limits';
import { expect, test } from 'vitest';
import { LineTransport, lineKey } from '../src/line-transport.js';

/** A transport onto an outlet that takes nothing until a test says so. */
function scene() {
  const written: string[] = [];
  let waiting = 0;
  let complaints = 0;
  const transport = new LineTransport({
    write: (lines) => {
      written.push(lines);
      waiting += lines.length;
    },
    waitingBytes: () => waiting,
    end: () => Promise.resolve(),
    fellBehind: () => {
      complaints += 1;
    },
    gap: (count) => `${count} missing`,
  });
  return {
    written,
    complaints: () => complaints,
    log: (line: string) => transport.log({ [lineKey]: line }, () => {}),
    turn: () => new Promise((resolve) => setImmediate(resolve)),
    taken: (bytes: number) => {
      waiting = Math.max(0, waiting - bytes);
    },
    finish: () => transport.finish(),
  };
}

const mebibyte = 1_048_576;
const queueMax = LIMITS.outputQueueBytesMax;
const longLine = 'x'.repeat(mebibyte - 1);

test('lines of one turn are one write', async () => {
  const { written, log, turn } = scene();
  log('one');
  log('two');
  expect(written).toEqual([]);
  await turn();
  expect(written).toEqual(['one\ntwo\n']);
  await turn();
  expect(written).toHaveLength(1);
});

test('more in one turn than a string can hold is written in parts', async () => {
  const { written, log, turn, taken, complaints } = scene();
  for (let lines = 0; lines < 600; lines += 1) {
    log(longLine);
    taken(mebibyte);
  }
  await turn();
  expect(written.reduce((sum, { length }) => sum + length, 0)).toBe(600 * mebibyte);
  expect(complaints()).toBe(0);
});

test('an outlet that takes nothing holds so much, and is said once', async () => {
  const { written, log, turn, taken, complaints } = scene();
  for (let round = 0; round < 3; round += 1) {
    for (let lines = 0; lines < 100; lines += 1) log(longLine);
    await turn();
    expect(written.join('').length).toBeLessThanOrEqual((round + 1) * (queueMax + mebibyte));
    taken(queueMax);
  }
  expect(complaints()).toBe(1);
});

test('where it goes on, a line says how many are missing', async () => {
  const { written, log, turn, taken } = scene();
  const roomFor = queueMax / mebibyte;
  for (let lines = 0; lines < roomFor + 5; lines += 1) log(longLine);
  await turn();
  expect(written).toHaveLength(roomFor);
  taken(1);
  log('still too much');
  await turn();
  expect(written).toHaveLength(roomFor);
  taken(queueMax / 2);
  log('again');
  await turn();
  log('and again');
  await turn();
  expect(written.slice(roomFor)).toEqual(['6 missing\nagain\n', 'and again\n']);
});

test('what is missing at the very end is said at the end', async () => {
  const { written, log, taken, finish } = scene();
  for (let lines = 0; lines < 20; lines += 1) log(longLine);
  taken(queueMax);
  await finish();
  expect(written.at(-1)).toBe('4 missing\n');
});

test('the last lines are written however much waits, with how many are missing before them', async () => {
  const { written, log, turn, finish } = scene();
  while (written.length < queueMax / mebibyte) log(longLine);
  log('left out');
  await turn();
  const before = written.length;
  log('the last words');
  await finish();
  expect(written.slice(before)).toEqual(['1 missing\nthe last words\n']);
});
