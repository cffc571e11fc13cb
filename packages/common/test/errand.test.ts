import { describe, expect, test } from 'vitest';
import { Errand, type ErrandOptions, type ErrandOutcome } from '../src/errand.js';
import { LIMITS } from '../src/limits.js';
import { at } from './addresses.js';
import { Stage } from './links-stage.js';
import { outgoingInfo } from './scripted-runtime.js';

const withinMs = LIMITS.probeMs;

/** An errand under way on link 1; the stage's world does with it what the test says. */
class Trip extends Stage {
  readonly outcomes: ErrandOutcome[] = [];
  readonly errand: Errand;
  readonly id = 1;

  constructor(options: Partial<ErrandOptions> = {}) {
    super();
    this.errand = new Errand(
      this.links,
      this.alarms,
      this.runtime.nowMs,
      { to: at('127.0.0.1:6001'), text: 'ask', lines: false, withinMs, ...options },
      (outcome) => this.outcomes.push(outcome),
    );
  }

  /** Afterwards everything happens that may still come: nothing of it is another outcome. */
  aftermath(): void {
    this.hear(this.id, 'yes\n');
    this.links.ended(this.id);
    this.links.closed(this.id);
    this.links.failed(this.id, 'refused');
    this.pass(10 * withinMs);
    this.errand.cancel();
    expect([this.alarms.next(), this.links.count]).toEqual([undefined, 0]);
  }
}

/** The same with an answer that is awaited. */
function asking(lines = false): Trip {
  const trip = new Trip({ lines, isAnswer: (text) => text === 'yes' });
  trip.links.opened(trip.id, outgoingInfo);
  return trip;
}

describe('an errand without an answer', () => {
  test.each([
    [false, 'sent ask'],
    [true, 'sent ask\n'],
  ])('(lines: %s) sends its message when the link is up, and closes: sent', (lines, sent) => {
    const trip = new Trip({ lines });
    expect([trip.runtime.calls.get(trip.id), trip.outcomes]).toEqual([['dial 127.0.0.1:6001'], []]);
    trip.links.opened(trip.id, outgoingInfo);
    expect(trip.runtime.calls.get(trip.id)).toEqual(['dial 127.0.0.1:6001', sent, 'close']);
    trip.aftermath();
    expect(trip.outcomes).toEqual([{ kind: 'sent' }]);
  });

  test.each(['refused', 'timed-out', 'unreachable', 'no-resources'] as const)(
    'whose dial is %s has failed for that reason',
    (reason) => {
      const trip = new Trip();
      trip.links.failed(trip.id, reason);
      trip.aftermath();
      expect(trip.outcomes).toEqual([{ kind: 'failed', reason }]);
    },
  );
});

describe('an errand that awaits an answer', () => {
  test('has it in a line, and closes', () => {
    const trip = asking(true);
    trip.hear(trip.id, 'yes\nyes\n');
    expect(trip.runtime.isClosed(trip.id)).toBe(true);
    trip.aftermath();
    expect(trip.outcomes).toEqual([{ kind: 'answered' }]);
  });

  test('has it bare, as soon as it is one, without stillness', () => {
    const trip = asking();
    trip.hear(trip.id, 'ye');
    expect(trip.outcomes).toEqual([]);
    trip.hear(trip.id, 's');
    trip.aftermath();
    expect(trip.outcomes).toEqual([{ kind: 'answered' }]);
  });

  test('goes on waiting while other things come', () => {
    const trip = asking();
    trip.hear(trip.id, 'no\nperhaps\n');
    expect(trip.outcomes).toEqual([]);
    trip.hear(trip.id, 'yes\n');
    expect(trip.outcomes).toEqual([{ kind: 'answered' }]);
  });

  test.each(['ended', 'closed'] as const)('has failed when the link is %s without one', (end) => {
    const trip = asking();
    trip.hear(trip.id, 'no\n');
    trip.links[end](trip.id);
    trip.aftermath();
    expect(trip.outcomes).toEqual([{ kind: 'failed', reason: 'closed' }]);
  });
});

describe('withinMs', () => {
  test('is how long the connection may take, and again the answer', () => {
    const trip = new Trip({ isAnswer: () => false });
    trip.pass(withinMs - 1);
    trip.links.opened(trip.id, outgoingInfo);
    trip.pass(withinMs - 1);
    expect(trip.outcomes).toEqual([]);
    trip.pass(1);
    expect(trip.outcomes).toEqual([{ kind: 'failed', reason: 'unanswered' }]);
    trip.aftermath();
    expect(trip.outcomes).toHaveLength(1);
  });

  test.each([
    ['below', -1, 1],
    ['at', 0, 0],
  ])('is for the answer alone where the connection has openWithinMs: %s that', (_, by, links) => {
    const openWithinMs = 2 * withinMs;
    const trip = new Trip({ openWithinMs, isAnswer: () => false });
    trip.pass(openWithinMs + by);
    trip.links.opened(trip.id, outgoingInfo);
    expect(trip.links.count).toBe(links);
    trip.pass(withinMs);
    expect(trip.outcomes).toEqual([{ kind: 'failed', reason: 'unanswered' }]);
  });

  test('bounds a dial that never comes up', () => {
    const trip = new Trip();
    trip.pass(withinMs - 1);
    expect(trip.outcomes).toEqual([]);
    trip.pass(1);
    trip.aftermath();
    expect(trip.outcomes).toEqual([{ kind: 'failed', reason: 'unanswered' }]);
  });

  test('an answer just before its end is one', () => {
    const trip = asking();
    trip.pass(withinMs - 1);
    trip.hear(trip.id, 'yes\n');
    trip.aftermath();
    expect(trip.outcomes).toEqual([{ kind: 'answered' }]);
  });
});

test('an errand that is cancelled says nothing more to anybody', () => {
  for (const trip of [new Trip(), asking()]) {
    trip.errand.cancel();
    expect(trip.runtime.isClosed(trip.id)).toBe(true);
    trip.aftermath();
    expect(trip.outcomes).toEqual([]);
  }
});

test('when an errand is done its link is gone, so that its place may be taken at once', () => {
  const counts: number[] = [];
  const stage = new Stage();
  new Errand(
    stage.links,
    stage.alarms,
    0,
    { to: at('127.0.0.1:6001'), text: 'a', lines: false, withinMs },
    () => counts.push(stage.links.count),
  );
  stage.links.opened(1, outgoingInfo);
  expect(counts).toEqual([0]);
});
