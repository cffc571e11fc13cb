import fc from 'fast-check';
import { expect, test } from 'vitest';
import { NewestFirst } from '../src/newest-first.js';

test('the newest comes first, and one that comes again is the newest', () => {
  const line = new NewestFirst<string>();
  for (const item of ['a', 'b', 'c', 'a']) line.add(item);
  line.delete('c');
  expect([line.take(), line.take(), line.take()]).toEqual(['a', 'b', undefined]);
});

test('whatever comes and goes, it is a stack without doubles', () => {
  const step = fc.record({
    act: fc.constantFrom('add', 'add', 'delete', 'take'),
    item: fc.nat(300),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 2_000, size: 'max' }), (steps) => {
      const line = new NewestFirst<number>();
      let model: number[] = [];
      for (const { act, item } of steps) {
        if (act === 'take') expect(line.take()).toBe(model.pop());
        else model = model.filter((other) => other !== item);
        if (act === 'add') model.push(item);
        if (act === 'add') line.add(item);
        if (act === 'delete') line.delete(item);
      }
      while (model.length > 0) expect(line.take()).toBe(model.pop());
    }),
    { numRuns: 200 },
  );
});
