import { describe, expect, test } from 'vitest';
import { LIMITS } from '../src/limits.js';
import { LinkedNode } from '../src/linked-node.js';
import type { Link } from '../src/links.js';
import { at } from './addresses.js';
import { Listener } from './links-stage.js';
import { incomingInfo, outgoingInfo, ScriptedRuntime } from './scripted-runtime.js';

const lateMs = 1_000;

/** A node that does nothing by itself, and writes down what it is told. */
class IdleNode extends LinkedNode {
  readonly told: string[] = [];
  readonly alarm = this.alarms.alarm((nowMs) => this.told.push(`rang at ${nowMs}`));

  constructor(runtime: ScriptedRuntime) {
    super(runtime, LIMITS, 10, lateMs);
  }

  protected begin(): void {
    this.told.push('begins');
    this.alarm.set(100);
  }

  protected received(link: Link, text: string): void {
    this.told.push(text);
    this.links.send(link, 'heard');
  }

  protected wokeLate(nowMs: number): void {
    this.told.push(`woke late at ${nowMs}`);
  }

  protected line(typed: string): void {
    this.told.push(`typed ${typed}`);
    this.alarm.set(50);
  }

  protected stop(reason: string): void {
    this.told.push(`stops: ${reason}`);
  }

  dial(owner: Listener): Link {
    return this.links.dial(at('127.0.0.1:6001'), owner);
  }

  send(link: Link, text: string): boolean {
    return this.links.send(link, text);
  }

  drop(): void {
    this.log.drop('r', 1, 't', 'f');
  }
}

function startedNode(): { runtime: ScriptedRuntime; node: IdleNode } {
  const runtime = new ScriptedRuntime();
  const node = new IdleNode(runtime);
  node.start();
  return { runtime, node };
}

/** The time comes for which the node has asked, or a later one. */
function wakeAt(runtime: ScriptedRuntime, node: IdleNode, nowMs: number): void {
  runtime.nowMs = nowMs;
  node.wake();
}

describe('a node asks for one wake', () => {
  test('at the time of its next alarm, when that has changed and only then', () => {
    const { runtime, node } = startedNode();
    expect([node.told, runtime.wakes]).toEqual([['begins'], [100]]);
    const id = runtime.incoming();
    node.opened(id, incomingInfo(id));
    node.bytes(id, Buffer.from('hello\n'));
    node.drained(id);
    expect(runtime.wakes).toEqual([100]);
    node.typed('sooner');
    expect(runtime.wakes).toEqual([100, 50]);
  });

  test('after each kind of event that can bring an alarm', () => {
    const { runtime, node } = startedNode();
    wakeAt(runtime, node, 100);
    expect(node.told.at(-1)).toBe('rang at 100');
    const id = runtime.incoming();
    node.opened(id, incomingInfo(id));
    expect(runtime.wakes.at(-1)).toBe(100 + LIMITS.firstWordMs);
    node.bytes(id, Buffer.from('127.0.0.1:6001'));
    expect(runtime.wakes.at(-1)).toBe(100 + LIMITS.stillnessMs);
    node.closed(id);
    expect(runtime.wakes.at(-1)).toBe(100 + LIMITS.firstWordMs);
    const owner = new Listener();
    owner.onClosed = () => node.alarm.set(200);
    const { id: dialed } = node.dial(owner);
    node.failed(dialed, 'refused');
    expect(runtime.wakes.at(-1)).toBe(200);
  });

  test('anew after a wake that came too soon', () => {
    const { runtime, node } = startedNode();
    wakeAt(runtime, node, 99);
    expect([node.told, runtime.wakes]).toEqual([['begins'], [100, 100]]);
    wakeAt(runtime, node, 100);
    expect(node.told).toEqual(['begins', 'rang at 100']);
  });
});

describe('a wake that comes late', () => {
  test.each([0, lateMs - 1, lateMs])(
    'by %i ms, below or at the bound, is an ordinary one',
    (byMs) => {
      const { runtime, node } = startedNode();
      wakeAt(runtime, node, 100 + byMs);
      expect(node.told).toEqual(['begins', `rang at ${100 + byMs}`]);
      expect(runtime.records).toEqual([]);
    },
  );

  test('by more is recorded, and told before anything rings', () => {
    const { runtime, node } = startedNode();
    wakeAt(runtime, node, 100 + lateMs + 0.6);
    expect(node.told).toEqual(['begins', 'woke late at 1100.6', 'rang at 1100.6']);
    expect(runtime.records).toEqual([{ event: 'woke-late', lateMs: 1_001 }]);
  });

  test('is known as late once', () => {
    const { runtime, node } = startedNode();
    wakeAt(runtime, node, 100_000);
    node.alarm.set(100_100);
    node.typed('');
    node.alarm.set(100_100);
    node.drained(0);
    wakeAt(runtime, node, 100_100);
    expect(runtime.records).toHaveLength(1);
  });

  test('that nobody asked for is not', () => {
    const runtime = new ScriptedRuntime();
    const node = new IdleNode(runtime);
    wakeAt(runtime, node, 100_000);
    expect([node.told, runtime.records]).toEqual([[], []]);
  });
});

describe('the world’s events', () => {
  test('of an incoming link: its message is received, and answered in kind', () => {
    const { runtime, node } = startedNode();
    const id = runtime.incoming();
    node.opened(id, incomingInfo(id));
    node.bytes(id, Buffer.from('hello\n'));
    expect([node.told.at(-1), runtime.sentOver(id)]).toEqual(['hello', ['heard\n']]);
  });

  test('a visitor that has said all is let go once its answer is on the way', () => {
    const { runtime, node } = startedNode();
    const id = runtime.incoming();
    node.opened(id, incomingInfo(id));
    node.bytes(id, Buffer.from('hello'));
    node.ended(id);
    expect(runtime.calls.get(id)).toEqual(['sent heard', 'close']);
  });

  test('of a dialed link reach its owner', () => {
    const { runtime, node } = startedNode();
    const owner = new Listener();
    const link = node.dial(owner);
    node.opened(link.id, outgoingInfo);
    runtime.full.add(link.id);
    for (const text of ['a', 'b']) node.send(link, text);
    expect(runtime.sentOver(link.id)).toEqual(['a']);
    runtime.full.clear();
    node.drained(link.id);
    expect(runtime.sentOver(link.id)).toEqual(['a', 'b']);
    node.bytes(link.id, Buffer.from('hello\n'));
    node.closed(link.id);
    expect(owner.heard).toEqual(['opened', 'message hello', 'closed closed']);
  });

  test('typed lines and the end of the process reach the node', () => {
    const { node } = startedNode();
    node.typed('/peers');
    node.stopping('SIGTERM');
    expect(node.told).toEqual(['begins', 'typed /peers', 'stops: SIGTERM']);
  });

  test('before a node stops it tells how much it has dropped without a word', () => {
    const { runtime, node } = startedNode();
    for (let n = 0; n <= LIMITS.droppedRecordsPerSecondMax; n += 1) node.drop();
    node.stopping('SIGTERM');
    expect(runtime.recordsOf('dropped-more')).toEqual([{ event: 'dropped-more', count: 1 }]);
  });
});
