import { appendFileSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { formatLogLine, type LogEntry } from '@hearsay/common/log-line';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { LogTail } from '../src/fleet/log-tail.js';

let folder: string;
let path: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'log-tail-'));
  path = join(folder, 'peerlog_1.txt');
});

afterEach(() => rmSync(folder, { recursive: true }));

function entry(reason: string): LogEntry {
  const record = { event: 'stopped', reason } as const;
  return { wallMs: 1_700_000_000_000, role: 'peer', address: '127.0.0.1:1', record };
}

function line(reason: string): string {
  return `${formatLogLine(entry(reason))}\n`;
}

test('a file that is not there yet gives nothing, and its lines once it is', () => {
  const tail = new LogTail(path);
  expect(tail.poll()).toEqual([]);
  writeFileSync(path, line('a'));
  expect(tail.poll()).toEqual([entry('a')]);
  expect(tail.poll()).toEqual([]);
  tail.close();
});

test('a line is given when its end is there, wherever the file was cut meanwhile', () => {
  fc.assert(
    fc.property(
      fc.array(fc.string({ unit: 'binary' }), { maxLength: 5 }),
      fc.infiniteStream(fc.integer({ min: 1, max: 40 })),
      (reasons, sizes) => {
        writeFileSync(path, '');
        const tail = new LogTail(path);
        const bytes = Buffer.from(reasons.map(line).join(''));
        const read: LogEntry[] = [];
        for (let at = 0; at < bytes.length; ) {
          const size = sizes.next().value as number;
          appendFileSync(path, bytes.subarray(at, at + size));
          at += size;
          read.push(...tail.poll());
        }
        tail.close();
        expect(read).toEqual(reasons.map(entry));
      },
    ),
    { numRuns: 50 },
  );
});

test('a file that is moved away is read to its end before the new one is begun', () => {
  const tail = new LogTail(path);
  writeFileSync(path, line('old 1'));
  expect(tail.poll()).toEqual([entry('old 1')]);
  appendFileSync(path, line('old 2'));
  renameSync(path, `${path}.1`);
  expect(tail.poll()).toEqual([entry('old 2')]);
  appendFileSync(`${path}.1`, line('old 3'));
  writeFileSync(path, line('new'));
  expect(tail.poll()).toEqual([entry('old 3'), entry('new')]);
  tail.close();
});

test('a file that is emptied is read from its beginning', () => {
  const tail = new LogTail(path);
  writeFileSync(path, line('a long reason, longer than what follows'));
  tail.poll();
  writeFileSync(path, line('b'));
  expect(tail.poll()).toEqual([entry('b')]);
  tail.close();
});

test('lines that are no log lines are counted and passed over, however long', () => {
  const tail = new LogTail(path);
  writeFileSync(path, `rubbish\n\n${line('a')}${'x'.repeat(5_000_000)}\n${line('b')}`);
  const entries = [...tail.poll(), ...tail.poll(), ...tail.poll()];
  expect(entries).toEqual([entry('a'), entry('b')]);
  expect(tail.unreadable).toBe(2);
  tail.close();
});
