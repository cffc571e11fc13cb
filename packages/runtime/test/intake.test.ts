import { setImmediate as nextTurn } from 'node:timers/promises';
import { LIMITS } from '@hearsay/common/limits';
import { describe, expect, test } from 'vitest';
import { type Inflow, Intake } from '../src/intake.js';

const { briefBytesMax, sliceBytesMax, turnMs } = LIMITS;

/** An intake on a clock of its own, and what was heard of it, in order. */
function scene(costMs = 0) {
  let nowMs = 0;
  const heard: string[] = [];
  const intake = new Intake(() => nowMs);
  const inflow = (name: string): Inflow => ({
    hear: (bytes) => {
      nowMs += costMs;
      heard.push(`${name} ${bytes.length}`);
    },
    readOn: () => heard.push(`${name} on`),
  });
  const pass = (ms: number): void => {
    nowMs += ms;
  };
  return { intake, heard, inflow, pass };
}

describe('who says little', () => {
  test.each([
    ['below', briefBytesMax - 1, true],
    ['at', briefBytesMax, true],
    ['above', briefBytesMax + 1, false],
  ])('is heard at once: %s briefBytesMax, or not', (_, bytes, isHeard) => {
    const { intake, heard, inflow } = scene();
    expect(intake.take(inflow('a'), Buffer.alloc(bytes))).toBe(isHeard);
    expect(heard).toEqual(isHeard ? [`a ${bytes}`] : []);
  });

  test('is heard before those that pour, who read no more until they were heard', async () => {
    const { intake, heard, inflow } = scene();
    const pouring = inflow('a');
    expect(intake.take(pouring, Buffer.alloc(sliceBytesMax))).toBe(false);
    expect(intake.holds(pouring)).toBe(true);
    expect(intake.take(inflow('b'), Buffer.from('psst'))).toBe(true);
    expect(heard).toEqual(['b 4']);
    await nextTurn();
    expect(heard).toEqual(['b 4', `a ${sliceBytesMax}`, 'a on']);
    expect(intake.holds(pouring)).toBe(false);
  });

  test('waits for the turn of all where many do so at once, and no longer', async () => {
    const { intake, heard, inflow } = scene(turnMs / 2);
    const names = ['a', 'b', 'c', 'd'];
    const taken = names.map((name) => intake.take(inflow(name), Buffer.from('psst')));
    expect(taken).toEqual([true, true, false, false]);
    await nextTurn();
    expect(heard).toEqual(['a 4', 'b 4', 'c 4', 'c on', 'd 4', 'd on']);
    expect(intake.take(inflow('e'), Buffer.from('psst'))).toBe(true);
  });
});

describe('those that pour', () => {
  test('are heard in equal slices, one after the other, each in its own order', async () => {
    const { intake, inflow } = scene();
    const [a, b] = [Buffer.alloc(3 * sliceBytesMax), Buffer.alloc(2 * sliceBytesMax + 7)];
    for (const chunk of [a, b]) for (let i = 0; i < chunk.length; i += 1) chunk[i] = i % 251;
    const order: string[] = [];
    const parts = new Map<string, Uint8Array[]>([
      ['a', []],
      ['b', []],
    ]);
    const keeping = (name: string): Inflow => ({
      ...inflow(name),
      hear: (bytes) => {
        order.push(name);
        parts.get(name)?.push(bytes);
      },
    });
    intake.take(keeping('a'), a);
    intake.take(keeping('b'), b);
    await nextTurn();
    expect(order).toEqual(['a', 'b', 'a', 'b', 'a', 'b']);
    expect(Buffer.concat(parts.get('a') ?? []).equals(a)).toBe(true);
    expect(Buffer.concat(parts.get('b') ?? []).equals(b)).toBe(true);
  });

  test('are heard for one turn, and the next one goes on where it ended', async () => {
    const { intake, heard, inflow } = scene(turnMs / 2);
    for (const name of ['a', 'b', 'c']) intake.take(inflow(name), Buffer.alloc(2 * sliceBytesMax));
    const slice = (name: string) => `${name} ${sliceBytesMax}`;
    await nextTurn();
    expect(heard).toEqual([slice('a'), slice('b')]);
    await nextTurn();
    expect(heard.slice(2)).toEqual([slice('c'), slice('a'), 'a on']);
    await nextTurn();
    expect(heard.slice(5)).toEqual([slice('b'), 'b on', slice('c'), 'c on']);
  });

  test('get at least one slice a turn, however long the node takes for it', async () => {
    const { intake, heard, inflow } = scene(10 * turnMs);
    intake.take(inflow('a'), Buffer.alloc(2 * sliceBytesMax));
    await nextTurn();
    await nextTurn();
    expect(heard).toEqual([`a ${sliceBytesMax}`, `a ${sliceBytesMax}`, 'a on']);
  });
});

describe('while newcomers are at the door', () => {
  test('those that pour wait, until a poll brings none', async () => {
    const { intake, heard, inflow } = scene();
    intake.take(inflow('a'), Buffer.alloc(sliceBytesMax));
    for (let newcomer = 1; newcomer <= 5; newcomer += 1) {
      intake.accepted();
      await nextTurn();
      expect(heard).toEqual([]);
    }
    await nextTurn();
    expect(heard).toEqual([`a ${sliceBytesMax}`, 'a on']);
  });

  test('they wait no longer than a turn, however many come, and then for another one', async () => {
    const { intake, heard, inflow, pass } = scene();
    const slicesMax = 20;
    intake.take(inflow('a'), Buffer.alloc(slicesMax * sliceBytesMax));
    const perTurn: number[] = [];
    for (let newcomer = 1; newcomer <= 6; newcomer += 1) {
      intake.accepted();
      await nextTurn();
      perTurn.push(heard.splice(0).length);
      pass(turnMs / 2);
    }
    expect(perTurn).toEqual([0, 0, slicesMax + 1, 0, 0, 0]);
  });
});

describe('whoever waits for the end of a turn', () => {
  test('is called after what came meanwhile was heard', async () => {
    const { intake, heard, inflow } = scene();
    intake.afterTurn(() => heard.push('judged'));
    intake.take(inflow('a'), Buffer.alloc(sliceBytesMax));
    await nextTurn();
    expect(heard).toEqual([`a ${sliceBytesMax}`, 'a on', 'judged']);
  });

  test('is called once, and also where nothing came', async () => {
    const { intake, heard } = scene();
    intake.afterTurn(() => heard.push('judged'));
    await nextTurn();
    expect(heard).toEqual(['judged']);
    await nextTurn();
    expect(heard).toEqual(['judged']);
  });

  test('waits as well while newcomers are at the door', async () => {
    const { intake, heard, inflow } = scene();
    intake.take(inflow('a'), Buffer.alloc(sliceBytesMax));
    intake.accepted();
    intake.afterTurn(() => heard.push('judged'));
    await nextTurn();
    expect(heard).toEqual([]);
    await nextTurn();
    expect(heard).toEqual([`a ${sliceBytesMax}`, 'a on', 'judged']);
  });
});
