import { Random } from '@hearsay/common/random';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { classicListText, commaText, listText } from '../src/peer-list.js';

/** So many addresses of 15 bytes and, with a comma each, 16. */
function addresses(count: number): string[] {
  return Array.from({ length: count }, (_, n) => `127.0.0.1:${10_000 + n}`);
}

const asker = '127.0.0.1:60000';
const classic = (listed: string[], bytesMax: number) =>
  classicListText(listed, asker, bytesMax, new Random(1));

describe('A4: the list as text', () => {
  test('is the listed in their order and the asker last, once, listed or not', () => {
    expect(listText(commaText(['a:1', 'b:2']), 'c:3')).toBe('a:1,b:2,c:3');
    expect(listText(commaText(['a:1', 'c:3', 'b:2']), 'c:3')).toBe('a:1,b:2,c:3');
    expect(listText(commaText([]), 'c:3')).toBe('c:3');
  });

  test('whatever is listed, the asker is cut out and stands last, and nothing else changes', () => {
    // Ids of which one is the beginning or the end of another.
    const id = fc.stringMatching(/^[12]{1,3}:[12]{1,2}$/);
    fc.assert(
      fc.property(fc.uniqueArray(id, { maxLength: 12 }), id, (listed, me) => {
        const others = listed.filter((other) => other !== me);
        expect(listText(commaText(listed), me)).toBe([...others, me].join(','));
      }),
    );
  });

  test('for a classic peer is `me,me` if it is alone and `a,b,b,me` if not', () => {
    expect(classicListText([], 'me', 10_240, new Random(1))).toBe('me,me');
    expect(classicListText(['me'], 'me', 10_240, new Random(1))).toBe('me,me');
    expect(classicListText(['a', 'me', 'b'], 'me', 10_240, new Random(1))).toBe('a,b,b,me');
  });
});

describe('a list to a classic peer has at most classicListBytesMax bytes', () => {
  // 600 others of 16 bytes, one of them twice, and the asker without a comma behind it.
  const wholeBytes = 600 * 16 + 16 + 15;
  const itemBytesMax = 47;

  test('below and at the bound it is whole', () => {
    for (const roomBytes of [wholeBytes + 1_000, wholeBytes + itemBytesMax - 15]) {
      const text = classic(addresses(600), roomBytes);
      expect(text.length).toBe(wholeBytes);
      expect(text.split(',').slice(0, 600)).toEqual(addresses(600));
    }
  });

  test('above the bound it is a random part in the order of registration, the asker last', () => {
    const text = classic(addresses(1_000), 10_240);
    expect(text.length).toBeLessThanOrEqual(10_240);
    expect(text.length).toBeGreaterThan(10_240 - 64);
    const items = text.split(',');
    expect(items.pop()).toBe(asker);
    expect(items.pop()).toBe(items.at(-1));
    expect(items).toEqual([...new Set(items)].sort());
    expect(items).not.toEqual(addresses(items.length));
  });

  test('every listed peer of a large network is in some of these lists', () => {
    const random = new Random(7);
    const seen = new Set<string>();
    for (let n = 0; n < 20; n += 1) {
      for (const id of classicListText(addresses(1_000), asker, 10_240, random).split(',')) {
        seen.add(id);
      }
    }
    expect(seen.size).toBe(1_001);
  });

  test('whatever is listed: never too long, no stranger, no duplicate but the last, in order', () => {
    const id = fc.oneof(
      fc
        .tuple(fc.nat(255), fc.integer({ min: 1, max: 65_535 }))
        .map(([n, p]) => `10.0.0.${n}:${p}`),
      fc
        .integer({ min: 1, max: 65_535 })
        .map((p) => `[2001:db8:1234:5678:9abc:def0:1234:5678]:${p}`),
    );
    fc.assert(
      fc.property(
        fc.uniqueArray(id, { maxLength: 60 }),
        id,
        fc.integer({ min: 150, max: 2_000 }),
        fc.nat(),
        (listed, me, bytesMax, rng) => {
          const text = classicListText(listed, me, bytesMax, new Random(rng));
          expect(Buffer.byteLength(text)).toBeLessThanOrEqual(bytesMax);
          const items = text.split(',');
          expect(items.pop()).toBe(me);
          const doubled = items.pop();
          expect(doubled).toBe(items.at(-1) ?? me);
          const others = listed.filter((other) => other !== me);
          expect(items).toEqual(others.filter((other) => items.includes(other)));
        },
      ),
    );
  });
});
