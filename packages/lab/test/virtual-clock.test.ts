import { VirtualClock } from '@hearsay/lab/simulator/virtual-clock';
import fc from 'fast-check';
import { expect, test } from 'vitest';

test('events happen by time, and at equal times in the order in which they were scheduled', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(20)), fc.nat(20), (timesMs, untilMs) => {
      const clock = new VirtualClock();
      const happened: [number, number][] = [];
      timesMs.forEach((atMs, index) => {
        clock.at(atMs, () => happened.push([clock.nowMs, index]));
      });
      while (clock.step(untilMs)) {
        // Each step is one event.
      }
      // A stable sort is the simple way to the same order.
      const expected = timesMs
        .map((atMs, index): [number, number] => [atMs, index])
        .filter(([atMs]) => atMs <= untilMs)
        .sort(([a], [b]) => a - b);
      expect(happened).toEqual(expected);
    }),
  );
});

test('an event for a time in the past happens at the present, after those scheduled before it', () => {
  const clock = new VirtualClock();
  const happened: string[] = [];
  clock.skipTo(100);
  clock.after(0, () => happened.push(`first at ${clock.nowMs}`));
  clock.at(5, () => happened.push(`second at ${clock.nowMs}`));
  while (clock.step(1_000)) {
    // Each step is one event.
  }
  expect(happened).toEqual(['first at 100', 'second at 100']);
});
