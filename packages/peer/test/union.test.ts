import { expect, test } from 'vitest';
import { Union } from '../src/union.js';

/** A list that counts how often it is gone through. */
class Watched extends Array<string> {
  readings = 0;

  override forEach(each: (id: string, position: number, list: string[]) => void): void {
    this.readings += 1;
    super.forEach(each);
  }
}

test('A4: it goes by the smallest position in any list, then by address', () => {
  const union = new Union(99);
  expect(union.unite([['d', 'b', 'a'], ['c', 'd'], []])).toBe(true);
  expect(union.ids).toEqual(['c', 'd', 'b', 'a']);
  expect(['a', 'b', 'c', 'd', 'e'].filter((id) => union.has(id)).join('')).toBe('abcd');
});

test('lists that are the same ones as before are not gone through again', () => {
  const union = new Union(99);
  const lists = [Watched.of('a', 'b'), Watched.of('b', 'c')] as Watched[];
  expect(union.unite([...lists])).toBe(true);
  expect(union.unite([...lists])).toBe(false);
  expect(lists.map(({ readings }) => readings)).toEqual([1, 1]);
  expect(union.unite(lists.slice(1))).toBe(true);
  expect(union.ids).toEqual(['b', 'c']);
});

test('other lists with the same union leave it as it is', () => {
  const union = new Union(99);
  union.unite([['a', 'b'], ['c']]);
  const { ids } = union;
  expect(union.unite([['c'], ['a', 'b']])).toBe(false);
  expect(union.ids).toBe(ids);
});
