import fc from 'fast-check';
import pc from 'picocolors';
import { expect, test } from 'vitest';
import { clip, layOut } from '../src/live/columns.js';
import { draw } from '../src/live/picture.js';
import { PlainView, TerminalView } from '../src/live/view.js';
import { describe, summarize } from '../src/summary.js';
import { at, beginningMs, Story } from './story.js';

const plain = pc.createColors(false);

function story(peerCount = 5): Story {
  const peers = Array.from({ length: peerCount }, (_, index) => 6_001 + index);
  const told = new Story([5001, 5002, 5003], peers);
  told.form();
  for (const peer of peers) told.status(1_500, peer, { made: 1_234, received: 98_765 });
  return told;
}

function picture(told: Story, columns: number, rows = 24, colors = plain): string[] {
  const { network, notables } = told;
  const times = { nowMs: beginningMs + 65_000, startedMs: beginningMs };
  const drawing = { network, notables, ...times, logDir: 'logs', hint: 'Ctrl-C ends it' };
  return draw(drawing, { columns, colors }, rows);
}

test('a wide picture shows all: registrations, neighbors, counters and each log file', () => {
  const text = picture(story(), 160).join('\n');
  for (const expected of [
    '3 seeds · 5 peers · formed after 1.0 s',
    '127.0.0.1:5001  15001  running  6001 6002 6003 6004 6005',
    '127.0.0.1:6001  16001  running  5001 5002 5003  6002 6003 6004 6005  1234     98765',
    'logs/seedlog_5002.txt',
    'logs/peerlog_6004.txt',
    'kill -9 16001',
    'Ctrl-C ends it',
  ]) {
    expect(text).toContain(expected);
  }
});

test.each([60, 40])('%i columns show every peer with its state and its counters', (columns) => {
  const lines = picture(story(), columns);
  const rows = lines.filter((line) => /^60\d\d /.test(line));
  expect(rows).toHaveLength(5);
  for (const row of rows) expect(row).toMatch(/running.* 98765 .* 4/);
});

test('no line is wider than the terminal, and no picture higher, whatever its size', () => {
  const told = story(12);
  told.network.ended(at(6005), 'killed', beginningMs + 2_000);
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 200 }),
      fc.integer({ min: 1, max: 60 }),
      (width, height) => {
        const lines = picture(told, width, height);
        expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(width);
        expect(lines.length).toBeLessThanOrEqual(height);
      },
    ),
  );
});

test.each([
  [100, 'kill a peer and watch: kill -9 16001  (that is 127.0.0.1:6001)'],
  [60, 'kill -9 16001 kills peer 127.0.0.1:6001'],
  [38, 'kill -9 16001 kills peer 6001'],
])('at %i columns the hint how to kill a peer names the whole of it', (columns, hint) => {
  expect(picture(story(), columns)).toContain(hint);
});

test('one of a kind is said in the singular', () => {
  const told = new Story([5001], [6001]);
  told.form();
  expect(picture(told, 80)[0]).toContain('1 seed · 1 peer · formed');
  const out = terminal(80, 24);
  const view = new PlainView(out);
  for (const ms of [0, 6_000]) view.refresh(drawingOf(told, ms));
  expect(out.text).toMatch(/ 1 peer · messages/);
  expect(told.notables.map(({ text }) => text)).toContain(
    'peer 127.0.0.1:6001 is registered with 1 seed (needs 1)',
  );
  const summary = summarize(told.network, beginningMs, beginningMs + 1_000, []);
  expect(describe({ ...summary, duplicates: 1 }).join('\n')).toContain(', 1 duplicate, ');
});

test('where there are more peers than rows, it says how many are left out', () => {
  expect(picture(story(30), 80).join('\n')).toMatch(/… and 2\d more peers/);
});

test('what a stranger sent cannot move the cursor or start a line', () => {
  const told = story();
  const reason = '\x1b[2J\r\nfake line \u202e\u{1f600}\x07';
  told.write(2_000, 6001, { event: 'neighbor-lost', neighbor: at(6002), reason });
  const lines = picture(told, 200);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there.
  expect(lines.join('')).not.toMatch(/[\x00-\x1f\x7f-\x9f\u202e]|\u{1f600}/u);
  expect(lines.join('\n')).toContain('\\u{1b}[2J\\u{d}\\u{a}fake line');
});

test('hostile text of any kind keeps every cell one line of its width', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'binary', maxLength: 30 }),
      fc.integer({ min: 0, max: 30 }),
      (text, width) => {
        const columns = [{ name: 'a', forms: [{ title: 'a', cells: [text] }] }];
        expect(clip(text, width)).toMatch(/^[ -~·…⌊⌋]*$/);
        for (const line of layOut(columns, [], width))
          expect(line.length).toBeLessThanOrEqual(width);
      },
    ),
  );
});

test('colour changes no width, and there is none where it is not wanted', () => {
  const colored = picture(story(), 80, 24, pc.createColors(true));
  expect(colored.join('')).toContain('\x1b[32m');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: this is what colour is made of.
  const bare = colored.map((line) => line.replaceAll(/\x1b\[\d+m/g, ''));
  expect(bare).toEqual(picture(story(), 80));
});

interface Written {
  text: string;
  columns: number;
  rows: number;
  isTTY: true;
  writableNeedDrain: boolean;
  write(text: string): boolean;
}

function terminal(columns: number, rows: number): Written {
  return {
    ...{ text: '', columns, rows, isTTY: true, writableNeedDrain: false },
    write(text) {
      this.text += text;
      return true;
    },
  };
}

function drawingOf({ network }: Story, ms: number) {
  return { network, nowMs: beginningMs + ms, startedMs: beginningMs, logDir: 'logs' };
}

test('on a terminal the picture is redrawn in place, and the terminal given back', () => {
  const out = terminal(80, 24);
  const view = new TerminalView(out, plain);
  view.refresh(drawingOf(story(), 1_000));
  expect(out.text.startsWith('\x1b[?1049h\x1b[?25l')).toBe(true);
  out.text = '';
  out.columns = 40;
  view.refresh(drawingOf(story(), 2_000));
  expect(out.text.startsWith('\x1b[H')).toBe(true);
  const lines = out.text.slice(3).replaceAll('\x1b[K', '').replace('\x1b[J', '').split('\r\n');
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(40);
  out.text = '';
  view.close();
  view.close();
  view.refresh(drawingOf(story(), 3_000));
  expect(out.text).toBe('\x1b[?7h\x1b[?25h\x1b[?1049l');
});

test('a terminal that is held gets no further picture', () => {
  const out = terminal(80, 24);
  out.writableNeedDrain = true;
  new TerminalView(out, plain).refresh(drawingOf(story(), 1_000));
  expect(out.text).toBe('');
});

test('without a terminal there is a line for each event, and a summary now and then', () => {
  const told = story();
  const out = terminal(80, 24);
  const view = new PlainView(out);
  told.write(1_000, 6001, { event: 'neighbor-lost', neighbor: at(6002), reason: 'dead\x1b' });
  view.note(told.notables.at(-1) as NonNullable<(typeof told.notables)[0]>);
  for (let ms = 0; ms <= 12_000; ms += 250) view.refresh(drawingOf(told, ms));
  const lines = out.text.trimEnd().split('\n');
  expect(lines[0]).toMatch(
    /^\d\d:\d\d:\d\d peer 127.0.0.1:6001 lost its neighbor .*\(dead\\u\{1b\}\)$/,
  );
  expect(lines).toHaveLength(3);
  expect(lines[1]).toMatch(/5 peers · messages 6170 · received 493825 .* ML 4 · strikes 0/);
  expect(out.text).not.toContain('\x1b');
});
