import fc from 'fast-check';
import { expect, test } from 'vitest';
import { SendQueue } from '../src/send-queue.js';

test('what waits comes out once, own before relayed, each in order, and its bytes are counted', () => {
  const step = fc.oneof(fc.constant('out' as const), fc.boolean());
  fc.assert(
    fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
      const queue = new SendQueue();
      const waiting = { own: [] as Uint8Array[], relayed: [] as Uint8Array[] };
      steps.forEach((next, index) => {
        if (next === 'out') {
          expect(queue.shift()).toBe(waiting.own.shift() ?? waiting.relayed.shift());
        } else {
          const bytes = new Uint8Array(1 + (index % 7));
          queue.push(bytes, next);
          (next ? waiting.relayed : waiting.own).push(bytes);
        }
        const all = [...waiting.own, ...waiting.relayed];
        expect(queue.bytes).toBe(all.reduce((sum, { length }) => sum + length, 0));
      });
    }),
  );
});
