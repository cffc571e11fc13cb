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
  return { intake, heard, inflow };
}

describe('who says little', () => {
  test('is heard at once', () => {
    const { intake, heard, inflow } = scene();
    expect(intake.take(inflow('a'), Buffer.alloc(briefBytesMax))).toBe(true);
    expect(heard).toEqual([`a ${briefBytesMax}`]);
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

test('a turn that was expected comes before an immediate that is set later', async () => {
  const { intake, heard, inflow } = scene();
  intake.expect();
  const later = nextTurn().then(() => heard.push('later'));
  intake.take(inflow('a'), Buffer.alloc(sliceBytesMax));
  await later;
  expect(heard).toEqual([`a ${sliceBytesMax}`, 'a on', 'later']);
});
