import { spawn, spawnSync } from 'node:child_process';
import {
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { formatJsonLine, formatLogLine, parseLogLine } from '@hearsay/common/log-line';
import type { LogRecord } from '@hearsay/common/records';
import { describe, expect, test, vi } from 'vitest';
import { colorsFor } from '../src/colors.js';
import { NodeLog, type NodeLogOptions } from '../src/node-log.js';
import { Screen } from '../src/screen.js';
import { until } from './heard-node.js';
import { scratchFolder } from './scratch.js';

const address = '127.0.0.1:6001';
const plain = colorsFor({}, {});

function dropped(bytes: number): LogRecord {
  return { event: 'dropped', reason: 'unknown', bytes, text: 'line\nend', from: '127.0.0.1:1' };
}

function openLog(dir: string, more: Partial<NodeLogOptions> = {}): NodeLog {
  return new NodeLog({
    role: 'peer',
    address,
    port: 6001,
    dir,
    format: 'text',
    screen: undefined,
    colors: plain,
    complain: (line) => expect.unreachable(line),
    ...more,
  });
}

function linesOf(path: string): string[] {
  const text = readFileSync(path, 'utf8');
  expect(text === '' || text.endsWith('\n')).toBe(true);
  return text.split('\n').slice(0, -1);
}

function startedLine(node: string, pid: number, format: 'text' | 'json' = 'text'): string {
  const record: LogRecord = {
    ...{ event: 'seed-started', version: '0', node: 'v20', process: pid, config: 'config.txt' },
    ...{ seeds: [], trustReports: 'false', probeIntervalMs: 1 },
  };
  const entry = { wallMs: 0, role: 'seed', address: node, record } as const;
  return `${format === 'json' ? formatJsonLine(entry) : formatLogLine(entry)}\n`;
}

describe('the log file', () => {
  test.each(['text', 'json'] as const)(
    'as %s holds every record, each on a line',
    async (format) => {
      const dir = join(scratchFolder(), 'made', 'when missing');
      const log = openLog(dir, { format });
      expect(log.path).toBe(join(dir, 'peerlog_6001.txt'));
      log.record(dropped(1));
      log.record({ event: 'stopped', reason: 'SIGTERM' });
      await log.close();
      const parsed = linesOf(log.path).map((line) => parseLogLine(line));
      expect(parsed.map((entry) => entry.ok && entry.value)).toEqual([
        { wallMs: expect.any(Number), role: 'peer', address, record: dropped(1) },
        {
          wallMs: expect.any(Number),
          role: 'peer',
          address,
          record: { event: 'stopped', reason: 'SIGTERM' },
        },
      ]);
    },
  );

  test('is there for readers without being closed', async () => {
    const log = openLog(scratchFolder());
    log.record(dropped(1));
    await until(() => existsSync(log.path) && linesOf(log.path).length === 1);
    await log.close();
  });

  test('of the run before is kept as .1, and only that one', async () => {
    const dir = scratchFolder();
    for (const run of [1, 2, 3]) {
      const log = openLog(dir);
      log.record(dropped(run));
      await log.close();
    }
    const path = join(dir, 'peerlog_6001.txt');
    expect(readFileSync(path, 'utf8')).toContain('bytes=3');
    expect(readFileSync(`${path}.1`, 'utf8')).toContain('bytes=2');
    expect(existsSync(`${path}.2`)).toBe(false);
  });

  test('has all of 100,000 records that were written in one turn and then closed', async () => {
    const log = openLog(scratchFolder());
    for (let bytes = 1; bytes <= 100_000; bytes += 1) log.record(dropped(bytes));
    await log.close();
    const lines = linesOf(log.path);
    expect(lines).toHaveLength(100_000);
    expect(lines.findIndex((line, index) => !line.includes(` bytes=${index + 1} `))).toBe(-1);
  });

  test('takes no record after it was closed, and may be closed twice', async () => {
    const log = openLog(scratchFolder());
    log.record(dropped(1));
    await log.close();
    log.record(dropped(2));
    await log.close();
    expect(linesOf(log.path)).toHaveLength(1);
  });
});

describe('a log file that bears our name', () => {
  const alive = process.ppid;

  function openOver(text: string): { dir: string; complaints: string[]; log: NodeLog } {
    const dir = scratchFolder();
    writeFileSync(join(dir, 'peerlog_6001.txt'), text);
    const complaints: string[] = [];
    return { dir, complaints, log: openLog(dir, { complain: (line) => complaints.push(line) }) };
  }

  const more = '1970-01-01T00:00:00.000Z [seed 127.0.0.2:6001] woke-late lateMs=1\n'.repeat(2_000);

  test.each(['text', 'json'] as const)(
    'and that a living node of another address still writes (as %s) is left to it',
    async (format) => {
      const text = startedLine('127.0.0.2:6001', alive, format) + more;
      const { dir, complaints, log } = openOver(text);
      log.record(dropped(1));
      await log.close();
      expect(readdirSync(dir)).toEqual(['peerlog_6001.txt']);
      expect(readFileSync(log.path, 'utf8')).toBe(text);
      expect(complaints).toEqual([
        `cannot write the log file ${log.path} (127.0.0.2:6001, process ${alive}, writes it: ` +
          'name another with --log-dir); the node goes on without it',
      ]);
    },
  );

  const stopped = '1970-01-01T00:00:00.000Z [seed 127.0.0.2:6001] stopped reason=SIGTERM\n';
  test.each([
    ['whose node has stopped', startedLine('127.0.0.2:6001', alive) + more + stopped],
    ['whose process is dead', startedLine('127.0.0.2:6001', 2 ** 31 - 1)],
    ['whose process had our own id', startedLine('127.0.0.2:6001', process.pid)],
    ['that is our own address', startedLine(address, alive)],
    ['that names no process', 'hello\n'],
    ['that names an impossible one', startedLine('127.0.0.2:6001', 0)],
    ['that is empty', ''],
  ])('%s is put aside', async (_, text) => {
    const { complaints, log } = openOver(text);
    log.record(dropped(1));
    await log.close();
    expect(complaints).toEqual([]);
    expect(readFileSync(`${log.path}.1`, 'utf8')).toBe(text);
    expect(linesOf(log.path)).toHaveLength(1);
  });
});

describe('a log file that cannot be written is said once, and the node goes on', () => {
  test.runIf(existsSync('/dev/full'))('when the disk is full', async () => {
    const dir = scratchFolder();
    symlinkSync('/dev/full', join(dir, 'peerlog_6001.txt'));
    const complaints: string[] = [];
    const printed = new PassThrough();
    const log = openLog(dir, {
      complain: (line) => complaints.push(line),
      screen: new Screen(printed),
    });
    for (let round = 0; round < 10; round += 1) {
      log.record(dropped(round));
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    await until(() => complaints.length > 0);
    for (let round = 10; round < 20; round += 1) log.record(dropped(round));
    await log.close();
    expect(complaints).toHaveLength(1);
    expect(complaints[0]).toMatch(
      /^cannot write the log file .*peerlog_6001\.txt \(ENOSPC.*goes on/,
    );
    // A link is left where it is, and what goes to the screen is not touched by the file.
    expect(`${printed.read()}`.split('\n')).toHaveLength(21);
  });

  test.runIf(existsSync('/dev/full'))('when it is the very end that finds it full', async () => {
    const dir = scratchFolder();
    symlinkSync('/dev/full', join(dir, 'peerlog_6001.txt'));
    const complaints: string[] = [];
    const log = openLog(dir, { complain: (line) => complaints.push(line) });
    log.record(dropped(1));
    await log.close();
    expect(complaints).toHaveLength(1);
  });

  test('when the folder cannot be made', async () => {
    const inTheWay = join(scratchFolder(), 'logs');
    writeFileSync(inTheWay, '');
    const complaints: string[] = [];
    const log = openLog(inTheWay, { complain: (line) => complaints.push(line) });
    // winston complains on stderr about each record that has nowhere to go, and keeps it.
    for (let bytes = 1; bytes <= 1_000; bytes += 1) log.record(dropped(bytes));
    await log.close();
    expect(complaints).toEqual([expect.stringContaining(`cannot write the log file ${log.path}`)]);
  });

  test('when a folder has its name', async () => {
    const dir = scratchFolder();
    const first = openLog(join(dir, 'peerlog_6001.txt'));
    await first.close();
    const complaints: string[] = [];
    const log = openLog(dir, { complain: (line) => complaints.push(line) });
    log.record(dropped(1));
    await until(() => complaints.length > 0);
    await log.close();
    expect(complaints).toEqual([expect.stringContaining('EISDIR')]);
  });
});

describe('a log file that is gone while the node runs', () => {
  async function openAndWrite(): Promise<{ dir: string; complaints: string[]; log: NodeLog }> {
    const dir = join(scratchFolder(), 'logs');
    const complaints: string[] = [];
    const log = openLog(dir, { complain: (line) => complaints.push(line) });
    log.record(dropped(1));
    await until(() => linesOf(log.path).length === 1);
    return { dir, complaints, log };
  }

  test.each([
    ['was removed', ({ path }: NodeLog) => rmSync(path)],
    ['was removed with its folder', (_: NodeLog, dir: string) => rmSync(dir, { recursive: true })],
    ['was moved away', ({ path }: NodeLog) => renameSync(path, `${path}.old`)],
    [
      'was moved away, with an empty one in its place',
      ({ path }: NodeLog) => {
        renameSync(path, `${path}.old`);
        writeFileSync(path, '');
      },
    ],
  ])(
    'since it %s is begun anew, with what the run began with, and that is said',
    async (_, lose) => {
      const { dir, complaints, log } = await openAndWrite();
      lose(log, dir);
      await until(() => complaints.length > 0);
      expect(complaints).toEqual([
        `the log file ${log.path} was removed or moved; it is begun anew`,
      ]);
      log.record(dropped(2));
      await log.close();
      const [first, second, ...rest] = linesOf(log.path);
      expect([first, second]).toEqual([
        expect.stringContaining('bytes=1'),
        expect.stringContaining('bytes=2'),
      ]);
      expect(rest).toEqual([]);
    },
  );

  test('may be moved again and again, and what was written is in one of them', async () => {
    const { complaints, log } = await openAndWrite();
    const count = 5;
    for (let moved = 1; moved <= count; moved += 1) {
      log.record(dropped(moved + 1));
      renameSync(log.path, `${log.path}.${moved}`);
      await until(() => complaints.length === moved);
    }
    await log.close();
    const all = Array.from({ length: count }, (_, n) => linesOf(`${log.path}.${n + 1}`)).flat();
    for (let moved = 1; moved <= count; moved += 1) {
      expect(all.some((line) => line.includes(`bytes=${moved + 1} `))).toBe(true);
    }
  });

  test('is not taken from another node that writes it by now', async () => {
    const { complaints, log } = await openAndWrite();
    const other = `${log.path}.new`;
    writeFileSync(other, startedLine('127.0.0.2:6001', process.ppid));
    renameSync(other, log.path);
    await until(() => complaints.length > 0);
    log.record(dropped(2));
    await log.close();
    expect(complaints).toEqual([expect.stringContaining('127.0.0.2:6001, process')]);
    expect(linesOf(log.path)).toHaveLength(1);
  });

  test('cannot be begun anew: that is said once, and the node goes on', async () => {
    const { dir, complaints, log } = await openAndWrite();
    rmSync(dir, { recursive: true });
    writeFileSync(dir, 'in the way');
    await until(() => complaints.length > 0);
    log.record(dropped(2));
    await log.close();
    expect(complaints).toEqual([expect.stringContaining('goes on without it')]);
  });
});

test.runIf(process.platform === 'linux')(
  'a pipe as a log file gives all to its reader',
  async () => {
    const dir = scratchFolder();
    const path = join(dir, 'peerlog_6001.txt');
    spawnSync('mkfifo', [path]);
    const log = openLog(dir);
    for (let bytes = 1; bytes <= 10_000; bytes += 1) log.record(dropped(bytes));
    const reader = spawn('cat', [path], { stdio: ['ignore', 'pipe', 'inherit'] });
    let read = '';
    reader.stdout.on('data', (chunk) => {
      read += chunk;
    });
    const ended = new Promise((resolve) => reader.once('close', resolve));
    await log.close();
    await ended;
    expect(read.trimEnd().split('\n')).toHaveLength(10_000);
  },
);

describe('the screen', () => {
  async function printedOf(more: Partial<NodeLogOptions>): Promise<string> {
    const out = new PassThrough();
    const log = openLog(scratchFolder(), { screen: new Screen(out), ...more });
    log.record(dropped(1));
    log.record({
      event: 'seed-status',
      peers: [],
      unlisted: [],
      unlistedCount: 0,
      registrations: 0,
      reports: 0,
      refused: 0,
      removals: 0,
      links: 0,
      dropped: 0,
      lost: 0,
    });
    await log.close();
    expect(linesOf(log.path)).toHaveLength(2);
    return `${out.read()}`;
  }

  test('shows what the file holds, except for records that are only for the file', async () => {
    const printed = await printedOf({});
    expect(printed).toMatch(/^\S+Z \[peer 127\.0\.0\.1:6001\] dropped reason=unknown .*\n$/);
  });

  test('shows JSON where the file has it', async () => {
    expect(JSON.parse(await printedOf({ format: 'json' }))).toMatchObject({ event: 'dropped' });
  });

  test('colours the name of the event and nothing else', async () => {
    const printed = await printedOf({ colors: colorsFor({ isTTY: true }, {}) });
    expect(printed).toContain('] \u001b[33mdropped\u001b[39m reason=unknown');
    expect(printed.split('\u001b')).toHaveLength(3);
  });

  test('a reader that has gone away leaves the file alone', async () => {
    const out = new PassThrough();
    const log = openLog(scratchFolder(), { screen: new Screen(out) });
    out.destroy(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }));
    log.record(dropped(1));
    await new Promise((resolve) => out.once('close', resolve));
    const writing = vi.spyOn(out, 'write');
    log.record(dropped(2));
    await log.close();
    expect(linesOf(log.path)).toHaveLength(2);
    expect(writing).not.toHaveBeenCalled();
  });
});

describe('colour', () => {
  test.each([
    ['a terminal', true, {}, true],
    ['a pipe', false, {}, false],
    ['a pipe on a CI machine', false, { CI: 'true' }, false],
    ['a terminal that has none', true, { TERM: 'dumb' }, false],
    ['a terminal and NO_COLOR', true, { NO_COLOR: '1' }, false],
    ['a terminal and an empty NO_COLOR', true, { NO_COLOR: '' }, true],
    ['a pipe and FORCE_COLOR', false, { FORCE_COLOR: '1' }, true],
    ['a terminal and FORCE_COLOR=0', true, { FORCE_COLOR: '0' }, false],
    ['both variables', true, { FORCE_COLOR: '1', NO_COLOR: '1' }, false],
  ])('for %s', (_, isTTY, env, wanted) => {
    expect(colorsFor({ isTTY }, env).isColorSupported).toBe(wanted);
  });
});
