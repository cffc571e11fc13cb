/** How links begin and end, and what waits for one that is full. */
import { describe, expect, test } from 'vitest';
import { LIMITS } from '../src/limits.js';
import type { Link } from '../src/links.js';
import { at } from './addresses.js';
import { Listener, Stage } from './links-stage.js';
import { outgoingInfo } from './scripted-runtime.js';

const register = '127.0.0.1:6001';

describe('a dial', () => {
  test('is known to its owner from the first moment, and opens', () => {
    const stage = new Stage();
    const owner = new Listener();
    const link = stage.links.dial(at(register), owner);
    expect([link.direction, link.from, owner.heard]).toEqual(['out', register, []]);
    stage.links.opened(link.id, outgoingInfo);
    expect([owner.heard, owner.link]).toEqual([['opened'], link]);
  });

  test.each(['refused', 'timed-out', 'unreachable', 'no-resources'] as const)(
    'that is %s is closed with that reason, once',
    (reason) => {
      const stage = new Stage();
      const owner = new Listener();
      const { id } = stage.links.dial(at(register), owner);
      stage.links.failed(id, reason);
      stage.links.failed(id, reason);
      expect([owner.heard, stage.links.count]).toEqual([[`closed ${reason}`], 0]);
    },
  );

  test('that its owner has given up is no link when it comes up after all', () => {
    const stage = new Stage();
    const owner = new Listener();
    const link = stage.links.dial(at(register), owner);
    stage.links.close(link);
    stage.links.opened(link.id, outgoingInfo);
    expect([owner.heard, stage.reception.heard, stage.links.count]).toEqual([[], [], 0]);
  });
});

describe('the other side ends its stream', () => {
  test('a bare message that waits is whole', () => {
    const stage = new Stage();
    stage.reception.ended = () => {};
    const id = stage.accept();
    stage.hear(id, register);
    stage.links.ended(id);
    expect(stage.reception.heard).toEqual([`message ${register}`]);
    stage.pass(LIMITS.unfinishedMs);
    expect(stage.reception.heard).toHaveLength(1);
  });

  test('a line that has not ended is dropped: …:50 may have been on its way to …:5001', () => {
    for (const end of ['ended', 'closed'] as const) {
      const stage = new Stage();
      const id = stage.accept();
      stage.hear(id, 'hello\n127.0.0.1:50');
      stage.links[end](id);
      expect(stage.reception.heard).toEqual(['message hello', 'closed closed']);
      expect(stage.runtime.recordsOf('dropped')).toMatchObject([
        { reason: 'unfinished line', bytes: 12 },
      ]);
    }
  });

  test('the owner may still answer, before and after it hears of the end', () => {
    const stage = new Stage();
    stage.reception.onMessage = (link) => stage.links.send(link, 'first');
    stage.reception.ended = (link) => {
      stage.links.send(link, 'last');
      stage.links.close(link);
    };
    const id = stage.accept();
    stage.hear(id, register);
    stage.links.ended(id);
    expect(stage.runtime.calls.get(id)).toEqual(['sent first', 'sent last', 'close']);
    expect(stage.reception.heard).toEqual([`message ${register}`]);
  });

  test('without an owner who cares the link is closed, and the owner hears that', () => {
    const stage = new Stage();
    const owner = new Listener();
    const link = stage.dial(owner);
    stage.links.ended(link.id);
    expect([owner.heard, stage.runtime.isClosed(link.id)]).toEqual([
      ['opened', 'closed closed'],
      true,
    ]);
  });

  test('an owner who closes the link on its last message hears no more of it', () => {
    const stage = new Stage();
    const ends: string[] = [];
    stage.reception.ended = () => ends.push('ended');
    stage.reception.onMessage = (link) => stage.links.close(link);
    const id = stage.accept();
    stage.hear(id, register);
    stage.links.ended(id);
    expect([stage.reception.heard, ends]).toEqual([[`message ${register}`], []]);
  });
});

describe('a link that is gone', () => {
  test('was closed: what waited is delivered, then the owner hears it once', () => {
    const stage = new Stage();
    const id = stage.accept();
    stage.hear(id, register);
    stage.links.closed(id);
    stage.links.closed(id);
    expect(stage.reception.heard).toEqual([`message ${register}`, 'closed closed']);
  });

  test('or that its owner has closed, hears nothing: no bytes, no end, no time', () => {
    const stage = new Stage();
    const link = stage.greet(register.concat('\n'));
    stage.hear(link.id, 'x');
    stage.links.close(link);
    const before = [...stage.reception.heard];
    stage.hear(link.id, 'late\n');
    stage.links.ended(link.id);
    stage.links.closed(link.id);
    stage.links.drained(link.id);
    stage.links.close(link);
    expect(stage.links.send(link, 'late')).toBe(false);
    stage.pass(2 * LIMITS.visitorSilenceMs);
    expect([stage.reception.heard, stage.links.count]).toEqual([before, 0]);
    expect(stage.runtime.calls.get(link.id)).toEqual(['close']);
  });

  test('leaves no alarm behind, though it had a bare text pending', () => {
    const stage = new Stage();
    const dialed = stage.dial();
    stage.hear(dialed.id, register);
    stage.links.close(dialed);
    expect(stage.alarms.next()).toBeUndefined();
  });

  test('may be closed by its owner while hearing of the end of another', () => {
    const stage = new Stage({ linksMax: 2 });
    const owner = new Listener();
    const other = stage.greet();
    other.owner = owner;
    stage.reception.onClosed = () => stage.links.close(other);
    stage.accept();
    stage.pass(LIMITS.wordlessSparedMs);
    stage.accept();
    expect([owner.heard, stage.links.count]).toEqual([[], 1]);
  });
});

test('closeAll closes every link, and no owner hears of it', () => {
  const stage = new Stage();
  const ids = [
    stage.accept(),
    stage.greet().id,
    stage.dial().id,
    stage.links.dial(at(register), new Listener()).id,
  ];
  const before = [...stage.reception.heard];
  stage.links.closeAll();
  expect([stage.links.count, stage.closedOf(ids), stage.reception.heard]).toEqual([0, ids, before]);
});

describe('a full link', () => {
  function fullLink(linkQueueBytesMax: number): { stage: Stage; link: Link } {
    const stage = new Stage({ linkQueueBytesMax });
    const link = stage.dial();
    stage.runtime.full.add(link.id);
    expect(stage.links.send(link, 'a')).toBe(true);
    return { stage, link };
  }

  test('takes the message that fills it, and lets the rest wait', () => {
    const { stage, link } = fullLink(100);
    expect(stage.links.send(link, 'b')).toBe(true);
    expect(stage.runtime.sentOver(link.id)).toEqual(['a']);
  });

  test('goes on in order when it has drained, as far as there is room', () => {
    const { stage, link } = fullLink(100);
    for (const text of ['b', 'c', 'd']) stage.links.send(link, text);
    stage.links.drained(link.id);
    expect(stage.runtime.sentOver(link.id)).toEqual(['a', 'b']);
    stage.links.send(link, 'e');
    stage.runtime.full.clear();
    stage.links.drained(link.id);
    stage.links.send(link, 'f');
    expect(stage.runtime.sentOver(link.id)).toEqual(['a', 'b', 'c', 'd', 'e', 'f']);
  });

  test.each([
    ['below', 'x'.repeat(8), true],
    ['at', 'x'.repeat(9), true],
    ['above', 'x'.repeat(10), false],
  ])('whose queue is %s linkQueueBytesMax with the message: taken or lost', (_, text, isTaken) => {
    const { stage, link } = fullLink(10);
    expect(stage.links.send(link, 'b')).toBe(true);
    expect([stage.links.send(link, text), stage.links.lost]).toEqual([isTaken, isTaken ? 0 : 1]);
    stage.runtime.full.clear();
    stage.links.drained(link.id);
    expect(stage.runtime.sentOver(link.id)).toEqual(isTaken ? ['a', 'b', text] : ['a', 'b']);
  });

  test('counts bytes, not characters, and with the line end', () => {
    const { stage, link } = fullLink(10);
    link.lines = true;
    expect(stage.links.send(link, '🦊🦊x')).toBe(true);
    expect(stage.links.send(link, '')).toBe(false);
  });

  test('has its whole room again once its queue has gone out', () => {
    const { stage, link } = fullLink(10);
    for (let round = 0; round < 5; round += 1) {
      expect(stage.links.send(link, 'x'.repeat(10))).toBe(true);
      expect(stage.links.send(link, 'x')).toBe(false);
      stage.links.drained(link.id);
    }
    expect(stage.links.lost).toBe(5);
  });

  test('that is closed sends what waits before it ends', () => {
    const { stage, link } = fullLink(100);
    stage.links.send(link, 'b');
    stage.links.close(link);
    expect(stage.runtime.calls.get(link.id)).toEqual([
      'dial 127.0.0.1:6001',
      'sent a',
      'sent b',
      'close',
    ]);
  });

  test.each([
    ['below', 9, true],
    ['at', 10, true],
    ['above', 11, false],
  ])('waits with all others together: %s nodeQueueBytesMax taken or lost', (_, bytes, isTaken) => {
    const stage = new Stage({ nodeQueueBytesMax: 30 });
    const links = [stage.dial(), stage.dial(), stage.dial()] as [Link, Link, Link];
    for (const link of links) {
      stage.runtime.full.add(link.id);
      stage.links.send(link, 'a');
    }
    const [first, second, third] = links;
    expect(stage.links.send(first, 'x'.repeat(10))).toBe(true);
    expect(stage.links.send(second, 'x'.repeat(10))).toBe(true);
    expect(stage.links.send(third, 'x'.repeat(bytes))).toBe(isTaken);
    // What has gone, and what waited for a link that is gone, makes room again.
    stage.links.drained(first.id);
    stage.links.close(second);
    expect(stage.links.send(third, 'x'.repeat(15))).toBe(true);
  });

  test('sends the own messages before those that are only passed on, each kind in order', () => {
    const { stage, link } = fullLink(100);
    stage.links.relay(link, 'b');
    stage.links.send(link, '1');
    stage.links.relay(link, 'c');
    stage.links.send(link, '2');
    stage.runtime.full.clear();
    stage.links.drained(link.id);
    expect(stage.runtime.sentOver(link.id)).toEqual(['a', '1', '2', 'b', 'c']);
  });

  test.each([
    ['below', 5, true],
    ['at', 6, true],
    ['above', 7, false],
  ])(
    'whose queue is %s linkQueueRelayedBytesMax: passed on or not, while own go',
    (_, size, is) => {
      const stage = new Stage({ linkQueueRelayedBytesMax: 6, linkQueueBytesMax: 8 });
      const link = stage.dial();
      stage.runtime.full.add(link.id);
      stage.links.send(link, 'a');
      expect(stage.links.relay(link, 'x'.repeat(size))).toBe(is);
      expect(stage.links.send(link, 'xx')).toBe(true);
      expect(stage.links.lost).toBe(is ? 0 : 1);
    },
  );

  test.each([
    ['below', 4, true],
    ['at', 5, true],
    ['above', 6, false],
  ])(
    'of all links together %s nodeQueueRelayedBytesMax: passed on or not, while own go',
    (_, bytes, isTaken) => {
      const stage = new Stage({ nodeQueueRelayedBytesMax: 10, nodeQueueBytesMax: 12 });
      const [first, second] = [stage.dial(), stage.dial()] as [Link, Link];
      for (const link of [first, second]) {
        stage.runtime.full.add(link.id);
        stage.links.send(link, 'a');
      }
      expect(stage.links.relay(first, 'x'.repeat(5))).toBe(true);
      expect(stage.links.relay(second, 'x'.repeat(bytes))).toBe(isTaken);
      expect(stage.links.send(second, 'xx')).toBe(true);
      expect(stage.links.lost).toBe(isTaken ? 0 : 1);
    },
  );

  test('is passed on no more where what others have not taken fills nodeQueueRelayedBytesMax', () => {
    const stage = new Stage({ nodeQueueRelayedBytesMax: 10, nodeQueueBytesMax: 12 });
    const [first, second] = [stage.dial(), stage.dial()] as [Link, Link];
    for (const link of [first, second]) {
      stage.runtime.full.add(link.id);
      stage.links.send(link, 'a');
    }
    expect(stage.links.relay(first, 'x'.repeat(10))).toBe(true);
    expect(stage.links.relay(second, 'x')).toBe(false);
    expect(stage.links.send(second, 'xx')).toBe(true);
    expect(stage.links.send(second, 'x')).toBe(false);
  });

  test('of a visitor gets nothing kept: one who does not read costs no memory', () => {
    const stage = new Stage();
    const visitor = stage.greet();
    stage.runtime.full.add(visitor.id);
    expect(stage.links.send(visitor, 'a')).toBe(true);
    expect(stage.links.send(visitor, 'b')).toBe(false);
    expect(stage.links.lost).toBe(1);
    stage.runtime.full.clear();
    stage.links.drained(visitor.id);
    expect(stage.links.send(visitor, 'c')).toBe(true);
    expect(stage.runtime.sentOver(visitor.id)).toEqual(['a\n', 'c\n']);
  });

  test('does not hold up others', () => {
    const { stage } = fullLink(100);
    const other = stage.dial();
    stage.links.send(other, 'b');
    expect(stage.runtime.sentOver(other.id)).toEqual(['b']);
  });
});
