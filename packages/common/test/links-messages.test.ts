/** Bytes in, messages to the owner: stillness, hand-over, framing of the answers. */
import { describe, expect, test } from 'vitest';
import { LIMITS } from '../src/limits.js';
import { Listener, Stage } from './links-stage.js';

const register = '127.0.0.1:6001';

describe('stillnessMs', () => {
  test('is how long a bare message waits, from its last byte on', () => {
    const stage = new Stage();
    const id = stage.accept();
    stage.hear(id, '127.0.0.1:50');
    stage.pass(LIMITS.stillnessMs - 1);
    stage.hear(id, '01');
    stage.pass(LIMITS.stillnessMs - 1);
    expect(stage.reception.heard).toEqual([]);
    stage.pass(1);
    expect(stage.reception.heard).toEqual(['message 127.0.0.1:5001']);
  });

  test('does not end a text that is no whole message: it waits on for the rest', () => {
    const stage = new Stage();
    const id = stage.accept();
    stage.hear(id, 'Dead Node:127.0.0.1:6001:17');
    stage.pass(10 * LIMITS.stillnessMs);
    stage.hear(id, '00000000.1:127.0.0.1');
    expect(stage.reception.heard).toEqual([]);
    stage.pass(LIMITS.stillnessMs);
    expect(stage.reception.heard).toEqual([
      'message Dead Node:127.0.0.1:6001:1700000000.1:127.0.0.1',
    ]);
  });

  test('says nothing where a line feed was seen', () => {
    const stage = new Stage();
    const id = stage.accept();
    stage.hear(id, `hello\n${register}`);
    stage.pass(10 * LIMITS.unfinishedMs);
    expect(stage.reception.heard).toEqual(['message hello']);
    stage.hear(id, '\n');
    expect(stage.reception.heard).toEqual(['message hello', `message ${register}`]);
  });

  test('waits neither for the tag nor for what the owner says is whole', () => {
    const stage = new Stage();
    stage.hear(stage.accept(), `${register}:Hearsay/1`);
    expect(stage.reception.heard).toEqual([`message ${register}:Hearsay/1`]);
    const owner = new Listener();
    owner.isComplete = (_, text) => text.endsWith(',me');
    stage.hear(stage.dial(owner).id, 'a,b,me');
    expect(owner.heard).toEqual(['opened', 'message a,b,me']);
  });
});

describe('unfinishedMs', () => {
  test('is how long bytes that are no message wait, before the owner gets them as they are', () => {
    const stage = new Stage();
    stage.hear(stage.accept(), 'half a mess');
    stage.pass(LIMITS.unfinishedMs - 1);
    expect(stage.reception.heard).toEqual([]);
    stage.pass(1);
    expect(stage.reception.heard).toEqual(['message half a mess']);
  });

  test('is how long what is no text waits, before it is dropped; the link lives on', () => {
    const stage = new Stage();
    const id = stage.accept();
    stage.hear(id, Buffer.from([0xff, 0xfe]));
    stage.pass(LIMITS.unfinishedMs - 1);
    expect(stage.runtime.records).toEqual([]);
    stage.pass(1);
    const from = `127.0.0.1:${40_000 + id}`;
    expect(stage.runtime.records).toEqual([
      { event: 'dropped', reason: 'not text', bytes: 2, text: 'ÿþ', from },
    ]);
    stage.hear(id, 'well\n');
    expect(stage.reception.heard).toEqual(['message well']);
  });
});

describe('messageBytesMax', () => {
  const { messageBytesMax } = LIMITS;

  test.each([messageBytesMax - 1, messageBytesMax])('a line of %i bytes is taken', (length) => {
    const stage = new Stage();
    stage.hear(stage.accept(), `${'x'.repeat(length)}\n`);
    expect(stage.reception.heard).toEqual([`message ${'x'.repeat(length)}`]);
  });

  test('a longer one is dropped, and the link lives on', () => {
    const stage = new Stage();
    stage.hear(stage.accept(), `${'x'.repeat(messageBytesMax + 1)}\nnext\n`);
    expect(stage.runtime.recordsOf('dropped')).toMatchObject([
      { reason: 'too long', bytes: messageBytesMax + 1 },
    ]);
    expect(stage.reception.heard).toEqual(['message next']);
  });

  test('the owner may allow more, for a peer list: at it and above', () => {
    const stage = new Stage();
    const owner = new Listener();
    const link = stage.dial(owner);
    stage.links.allowBytes(link, 5_000);
    stage.hear(link.id, `${'x'.repeat(5_000)}\n${'x'.repeat(5_001)}\n`);
    expect(owner.heard).toEqual(['opened', `message ${'x'.repeat(5_000)}`]);
  });
});

describe('ownership', () => {
  test('handed over in the middle of a chunk: the rest goes to the new owner', () => {
    const stage = new Stage();
    const next = new Listener();
    stage.reception.onMessage = (link, text) => {
      if (text === 'two') link.owner = next;
    };
    stage.hear(stage.accept(), 'one\ntwo\nthree\nfour\n');
    expect(stage.reception.heard).toEqual(['message one', 'message two']);
    expect(next.heard).toEqual(['message three', 'message four']);
    stage.links.closed(1);
    expect([stage.reception.heard.length, next.heard.at(-1)]).toEqual([2, 'closed closed']);
  });

  test('of a link that its owner closes in the middle of a chunk ends there', () => {
    const stage = new Stage();
    stage.reception.onMessage = (link) => stage.links.close(link);
    stage.hear(stage.accept(), Buffer.from('one\ntwo\n\xff\n', 'latin1'));
    expect([stage.reception.heard, stage.links.count]).toEqual([['message one'], 0]);
    expect(stage.runtime.records).toEqual([]);
  });
});

describe('an answer', () => {
  test.each([
    ['a line', `${register}\n`, 'yes\n'],
    ['the tag', `${register}:Hearsay/1`, 'yes\n'],
    ['bare', register, 'yes'],
  ])('to %s has the framing of the asker', (_, asked, answered) => {
    const stage = new Stage();
    stage.reception.onMessage = (link) => stage.links.send(link, 'yes');
    const id = stage.accept();
    stage.hear(id, asked);
    stage.pass(LIMITS.stillnessMs);
    expect(stage.runtime.sentOver(id)).toEqual([answered]);
  });

  test('changes with the asker, and the same text goes out in both framings', () => {
    const stage = new Stage();
    stage.reception.onMessage = (link) => stage.links.send(link, 'yes');
    const id = stage.accept();
    stage.hear(id, register);
    stage.pass(LIMITS.stillnessMs);
    stage.hear(id, `${register}\n${register}\n`);
    expect(stage.runtime.sentOver(id)).toEqual(['yes', 'yes\n', 'yes\n']);
  });

  test('holds the text as UTF-8, one after the other', () => {
    const stage = new Stage();
    const link = stage.dial();
    link.lines = true;
    for (const text of ['🦊', 'ñ', 'ñ', '']) stage.links.send(link, text);
    expect(stage.runtime.sentOver(link.id)).toEqual(['🦊\n', 'ñ\n', 'ñ\n', '\n']);
  });
});
