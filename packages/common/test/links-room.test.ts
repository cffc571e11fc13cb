/** Who has to go when room is needed, and who when it has been silent too long. */
import { describe, expect, test } from 'vitest';
import { LIMITS } from '../src/limits.js';
import { at } from './addresses.js';
import { Listener, Stage } from './links-stage.js';

describe('linksMax', () => {
  test('links are taken below and at it; one more lets one go', () => {
    const stage = new Stage({ linksMax: 3 });
    const ids = [stage.accept(), stage.accept(), stage.accept()];
    expect([stage.links.count, stage.closedOf(ids)]).toEqual([3, []]);
    expect(stage.runtime.records).toEqual([]);
    stage.accept();
    expect([stage.links.count, stage.closedOf(ids)]).toEqual([3, [ids[0]]]);
    expect(stage.runtime.records).toEqual([
      { event: 'evicted', bound: 'linksMax', from: '127.0.0.1:40001' },
    ]);
    expect(stage.reception.heard).toEqual(['closed evicted']);
  });

  test('first those go that never spoke, then visitors, then kept ones; the longest silent first', () => {
    const stage = new Stage({ linksMax: 6 });
    // In the order of their last words; what they are is mixed.
    const kept1 = stage.greet();
    const visitor1 = stage.greet();
    const wordless1 = stage.accept();
    stage.links.keep(kept1);
    stage.pass(10);
    const wordless2 = stage.accept();
    const kept2 = stage.greet();
    const visitor2 = stage.greet();
    stage.links.keep(kept2);
    // They speak once more, in another order than they came.
    stage.pass(10);
    stage.hear(kept1.id, 'again\n');
    stage.hear(visitor1.id, 'again\n');
    const order = [wordless1, wordless2, visitor2.id, visitor1.id, kept2.id, kept1.id];
    stage.pass(LIMITS.wordlessSparedMs);
    for (let gone = 1; gone <= order.length; gone += 1) {
      stage.pass(10);
      stage.links.keep(stage.greet());
      expect(stage.closedOf(order)).toEqual(order.slice(0, gone));
      expect(stage.links.count).toBe(6);
    }
  });

  test('one that never spoke has wordlessSparedMs for it, while a visitor can make room', () => {
    const stage = new Stage({ linksMax: 2 });
    const visitor = stage.greet();
    const wordless = stage.accept();
    stage.pass(LIMITS.wordlessSparedMs - 1);
    const newest = stage.accept();
    expect(stage.closedOf([visitor.id, wordless])).toEqual([visitor.id]);
    stage.pass(1);
    stage.accept();
    expect(stage.closedOf([wordless, newest])).toEqual([wordless]);
  });

  test('where nobody has spoken, the longest silent makes room all the same', () => {
    const stage = new Stage({ linksMax: 1 });
    const first = stage.accept();
    const second = stage.accept();
    expect(stage.closedOf([first, second])).toEqual([first]);
  });

  test('a link that was dialed counts as silent since it came up, not since it was dialed', () => {
    const stage = new Stage({ linksMax: 2 });
    const dialed = stage.links.dial(at('127.0.0.1:6001'), new Listener());
    const kept = stage.greet();
    stage.links.keep(kept);
    stage.links.opened(dialed.id, {
      direction: 'out',
      medium: 'stream',
      remote: at('127.0.0.1:6001'),
    });
    stage.accept();
    expect(stage.closedOf([dialed.id, kept.id])).toEqual([kept.id]);
  });

  test('strangers make room for what the node itself dials, kept links do not', () => {
    const stage = new Stage({ linksMax: 3 });
    const [wordless, visitor, kept] = [stage.accept(), stage.greet(), stage.greet()];
    stage.links.keep(kept);
    const ids = [wordless, visitor.id, kept.id];
    stage.dial();
    expect([stage.links.count, stage.closedOf(ids)]).toEqual([3, [wordless]]);
    stage.dial();
    expect([stage.links.count, stage.closedOf(ids)]).toEqual([3, [wordless, visitor.id]]);
    stage.dial();
    expect([stage.links.count, stage.closedOf(ids)]).toEqual([4, [wordless, visitor.id]]);
  });

  test('to keep a link that is gone keeps nothing', () => {
    const stage = new Stage({ linksMax: 1 });
    const gone = stage.greet();
    stage.links.close(gone);
    stage.links.keep(gone);
    const next = stage.greet();
    stage.links.keep(next);
    stage.accept();
    expect([stage.links.count, stage.runtime.isClosed(next.id)]).toEqual([1, true]);
    expect(stage.reception.heard).toEqual(['message hello', 'message hello', 'closed evicted']);
  });

  test('a flood of connections does not flood the log', () => {
    const stage = new Stage({ linksMax: 1 });
    for (let n = 0; n <= 1_000; n += 1) stage.accept();
    stage.pass(1_000);
    const { droppedRecordsPerSecondMax } = LIMITS;
    expect(stage.runtime.recordsOf('evicted')).toHaveLength(droppedRecordsPerSecondMax);
    expect(stage.runtime.recordsOf('dropped-more')).toEqual([
      { event: 'dropped-more', count: 1_000 - droppedRecordsPerSecondMax },
    ]);
  });
});

describe('firstWordMs', () => {
  test('is how long a link may say nothing at all', () => {
    const stage = new Stage();
    const id = stage.accept();
    stage.pass(LIMITS.firstWordMs - 1);
    expect(stage.runtime.isClosed(id)).toBe(false);
    stage.pass(1);
    expect(stage.runtime.isClosed(id)).toBe(true);
    expect([stage.reception.heard, stage.links.count]).toEqual([['closed silent'], 0]);
  });

  test('counts for each link from its own beginning', () => {
    const stage = new Stage();
    const first = stage.accept();
    stage.pass(20_000);
    const second = stage.accept();
    stage.pass(LIMITS.firstWordMs - 20_000);
    expect(stage.closedOf([first, second])).toEqual([first]);
    stage.pass(20_000 - 1);
    expect(stage.closedOf([second])).toEqual([]);
    stage.pass(1);
    expect(stage.closedOf([second])).toEqual([second]);
  });

  test('holds also while a visitor is there, whose time ends later', () => {
    const stage = new Stage();
    const visitor = stage.greet();
    stage.pass(LIMITS.firstWordMs);
    const wordless = stage.accept();
    stage.pass(LIMITS.firstWordMs);
    expect(stage.closedOf([visitor.id, wordless])).toEqual([wordless]);
  });

  test('is over with the first byte, whatever it is', () => {
    const stage = new Stage();
    const id = stage.accept();
    stage.pass(LIMITS.firstWordMs - 1);
    stage.hear(id, 'x');
    stage.pass(LIMITS.firstWordMs);
    expect(stage.runtime.isClosed(id)).toBe(false);
  });
});

describe('visitorSilenceMs', () => {
  test('is how long a visitor may be silent, from its last byte on', () => {
    const stage = new Stage();
    const { id } = stage.greet();
    stage.pass(LIMITS.visitorSilenceMs - 1);
    stage.hear(id, 'again\n');
    stage.pass(LIMITS.visitorSilenceMs - 1);
    expect(stage.runtime.isClosed(id)).toBe(false);
    stage.pass(1);
    expect(stage.runtime.isClosed(id)).toBe(true);
    expect(stage.reception.heard.at(-1)).toBe('closed silent');
  });

  test('may be shorter than firstWordMs', () => {
    const stage = new Stage({ firstWordMs: 1_000, visitorSilenceMs: 100 });
    stage.accept();
    stage.pass(500);
    const { id } = stage.greet();
    stage.pass(99);
    expect(stage.runtime.isClosed(id)).toBe(false);
    stage.pass(1);
    expect(stage.runtime.isClosed(id)).toBe(true);
  });

  test('does not bound a link that is kept, nor one that was dialed', () => {
    const stage = new Stage();
    const kept = stage.greet();
    stage.links.keep(kept);
    const dialed = stage.dial();
    stage.pass(100 * LIMITS.visitorSilenceMs);
    expect(stage.closedOf([kept.id, dialed.id])).toEqual([]);
  });

  test('several that are over their time go at once, and no alarm is left behind', () => {
    const stage = new Stage();
    const ids = [stage.accept(), stage.accept(), stage.greet().id, stage.greet().id];
    stage.pass(LIMITS.visitorSilenceMs);
    expect([stage.closedOf(ids), stage.links.count]).toEqual([ids, 0]);
    stage.pass(LIMITS.visitorSilenceMs);
    expect(stage.alarms.next()).toBeUndefined();
  });
});
