import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { helpLines, parseCommand } from '../src/console.js';

const kinds = ['gossip', 'show', 'leave', 'quit', 'nothing', 'unknown'];

describe('a typed line', () => {
  test.each([
    ['hello there', { kind: 'gossip', text: 'hello there' }],
    ['  spaces around  ', { kind: 'gossip', text: 'spaces around' }],
    ['', { kind: 'nothing' }],
    [' \t\u0000 ', { kind: 'nothing' }],
    ['/peers', { kind: 'show', what: 'peers' }],
    ['/seeds', { kind: 'show', what: 'seeds' }],
    ['/ml', { kind: 'show', what: 'ml' }],
    ['/log', { kind: 'show', what: 'log' }],
    ['/help', { kind: 'show', what: 'help' }],
    [' /QUIT ', { kind: 'quit' }],
    ['/leave', { kind: 'leave' }],
    ['/', { kind: 'unknown', name: '/' }],
    ['/peers now', { kind: 'unknown', name: '/peers now' }],
    ['a/b', { kind: 'gossip', text: 'a/b' }],
  ])('%j is read as %j', (line, command) => {
    expect(parseCommand(line)).toEqual(command);
  });

  test('odd spaces, which would grow in the log of every peer, become spaces', () => {
    expect(parseCommand('a\u00a0b\u3000c')).toEqual({ kind: 'gossip', text: 'a b c' });
  });

  test('control characters, line ends and halves of characters in it become spaces', () => {
    expect(parseCommand('a\u001b[2Jb\r\nc\u2028d\u202ee\ud800f')).toEqual({
      kind: 'gossip',
      text: 'a [2Jb  c d e f',
    });
  });

  test('whatever it is, reading it never throws, and what is gossiped is one clean line', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.constantFrom('', '/', ' '), (line, before) => {
        const command = parseCommand(before + line);
        expect(kinds).toContain(command.kind);
        if (command.kind !== 'gossip') return;
        expect(command.text).toBe(command.text.trim());
        expect(command.text).not.toMatch(/[\p{C}\p{Zl}\p{Zp}]/u);
        expect(Buffer.from(command.text, 'utf8').toString('utf8')).toBe(command.text);
      }),
    );
  });

  test('every command of the help is known', () => {
    const named = helpLines
      .map((line) => line.split(' ')[0] as string)
      .filter((word) => word.startsWith('/'));
    expect(named).toHaveLength(6);
    for (const name of named) expect(parseCommand(name).kind).not.toBe('unknown');
  });
});
