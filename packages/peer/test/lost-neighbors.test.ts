import { LIMITS } from '@hearsay/common/limits';
import { describe, expect, test } from 'vitest';
import { LostNeighbors } from '../src/lost-neighbors.js';

const everybody = () => true;

function lostOf(ids: readonly string[], lostNeighborsMax: number = LIMITS.lostNeighborsMax) {
  const lost = new LostNeighbors({ ...LIMITS, lostNeighborsMax });
  for (const id of ids) lost.add(id, 0);
  return lost;
}

describe('lost neighbors', () => {
  test('A6: come up in turn, again and again', () => {
    const lost = lostOf(['a', 'b', 'c']);
    const turns = Array.from({ length: 7 }, () => lost.next(1, everybody));
    expect(turns).toEqual(['a', 'b', 'c', 'a', 'b', 'c', 'a']);
  });

  test('one that is not eligible loses its turn but is kept', () => {
    const lost = lostOf(['a', 'b']);
    expect(lost.next(1, (id) => id !== 'a')).toBe('b');
    expect(lost.next(1, everybody)).toBe('a');
    expect(lost.next(1, () => false)).toBeUndefined();
    expect(lost.next(1, everybody)).toBe('b');
  });

  test('lostNeighborMs: one is tried for that long, and then forgotten', () => {
    const lost = lostOf(['a']);
    expect(lost.next(LIMITS.lostNeighborMs - 1, everybody)).toBe('a');
    expect(lost.next(LIMITS.lostNeighborMs, everybody)).toBe('a');
    expect(lost.next(LIMITS.lostNeighborMs + 1, everybody)).toBeUndefined();
    expect(lost.has('a')).toBe(false);
  });

  test('one that is lost again has its time from then on', () => {
    const lost = lostOf(['a']);
    lost.add('a', 1_000);
    expect(lost.next(LIMITS.lostNeighborMs + 1_000, everybody)).toBe('a');
  });

  test('lostNeighborsMax: as many are kept, and the next in turn makes room', () => {
    const kept = (count: number) => {
      const lost = lostOf(['a', 'b', 'c', 'd'].slice(0, count), 3);
      return ['a', 'b', 'c', 'd'].filter((id) => lost.has(id));
    };
    expect(kept(2)).toEqual(['a', 'b']);
    expect(kept(3)).toEqual(['a', 'b', 'c']);
    expect(kept(4)).toEqual(['b', 'c', 'd']);
  });

  test('one that came back is not tried again', () => {
    const lost = lostOf(['a', 'b']);
    lost.delete('a');
    expect([lost.has('a'), lost.next(1, everybody), lost.next(1, everybody)]).toEqual([
      false,
      'b',
      'b',
    ]);
  });
});
