/** Nodes whose output nobody reads: they go on, in bounded memory, answer others, and end. */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { LIMITS } from '@hearsay/common/limits';
import { parseLogLine } from '@hearsay/common/log-line';
import { describe, expect, test } from 'vitest';
import { callerAt, listening, until } from './heard-node.js';
import { hasTerminals, logOf, onTerminal, type Running, run, started } from './running-node.js';
import { scratchFolder } from './scratch.js';

/** How many bytes its log file has. */
function logBytes({ logDir }: Running, port: number, role = 'peer'): number {
  return statSync(join(logDir, `${role}log_${port}.txt`)).size;
}

/** Waits until a node answers what it is asked. */
async function answers(port: number): Promise<void> {
  const { socket, received } = await callerAt({ ip: '127.0.0.1', port });
  socket.write('are you there?');
  await until(() => received() === 'are you there?');
}

/** How many lines a text has, and how many it says are missing. */
function countLines(text: string): { there: number; missing: number } {
  const lines = text.trimEnd().split('\n');
  const counts = lines.flatMap((line) => {
    const entry = parseLogLine(line);
    return entry.ok && entry.value.record.event === 'left-out' ? [entry.value.record.count] : [];
  });
  const missing = counts.reduce((sum, count) => sum + count, 0);
  return { there: lines.length - counts.length, missing };
}

describe('a node whose screen is a pipe that nobody reads (`peer | less`)', () => {
  test('says so once, goes on, answers others, and obeys SIGTERM', async () => {
    const running = run('flood', { unread: true });
    const port = await started(running);
    await until(() => running.err() !== '');
    const before = logBytes(running, port);
    await until(() => logBytes(running, port) > before + 2_000_000);
    await answers(port);
    running.child.kill('SIGTERM');
    expect(await running.ended).toBe(0);
    expect(running.err()).toBe('peer: the screen is not read, or too slowly: lines are left out\n');
    expect(logOf(running)).toContain('stopped reason=SIGTERM');
  });

  test('keeps so many lines for it and counts the others, of which the file has each', async () => {
    const running = run('long-burst', { unread: true });
    await started(running);
    await until(() => logOf(running).includes('burst-end'));
    running.read();
    await until(() => running.out().length > LIMITS.outputQueueBytesMax);
    running.child.kill('SIGTERM');
    expect(await running.ended).toBe(0);
    await until(() => running.out().includes('stopped reason=SIGTERM'));
    const all = countLines(logOf(running));
    const shown = countLines(running.out());
    expect(all.missing).toBe(0);
    expect(shown.missing).toBeGreaterThan(0);
    expect(shown.there + shown.missing).toBe(all.there);
    expect(running.out().length).toBeLessThan(2 * LIMITS.outputQueueBytesMax);
  });

  test('lastLinesMs: has so long to be read when the node ends, and then the node ends without', async () => {
    const running = run('long-burst', { unread: true });
    await started(running);
    await until(() => logOf(running).includes('burst-end'));
    const startMs = performance.now();
    running.child.kill('SIGTERM');
    expect(await running.ended).toBe(0);
    // Timers may ring a millisecond early.
    expect(performance.now() - startMs).toBeGreaterThanOrEqual(LIMITS.lastLinesMs - 1);
    expect(running.out()).toBe('');
  });

  test('prints the stack of a bug all the same, and exits with 70', async () => {
    const running = run('flood-and-throw', { unread: true });
    expect(await running.ended).toBe(70);
    expect(running.err()).toContain('Error: thrown in wake\n');
  });
});

describe('a node whose log file is a pipe', () => {
  async function withPipe(): Promise<{ host: string; port: number; logDir: string; path: string }> {
    // The port is taken on 127.0.0.1 until the test ends, and free on 127.0.0.2.
    const { port } = await listening(createServer());
    const logDir = scratchFolder();
    const path = join(logDir, `peerlog_${port}.txt`);
    spawnSync('mkfifo', [path]);
    return { host: '127.0.0.2', port, logDir, path };
  }
  const hasPipes = process.platform === 'linux';

  test.runIf(hasPipes)('that nobody reads goes on and obeys SIGTERM', async () => {
    const { path, ...place } = await withPipe();
    const running = run('chatter', place);
    await until(() => running.out().split('woken').length > 2_000);
    running.child.kill('SIGTERM');
    expect(await running.ended).toBe(0);
    expect(running.err()).toBe('');
    expect(running.out()).toContain('stopped reason=SIGTERM');
  });
});

describe('a node on a terminal', () => {
  test.runIf(hasTerminals)(
    'that is held (Ctrl-S) goes on, answers others, and obeys SIGTERM',
    async () => {
      const logDir = scratchFolder();
      const pidFile = join(logDir, 'process');
      const running = run('chatter', {
        role: 'seed',
        logDir,
        through: (command) => onTerminal(`echo $$ > ${pidFile}; ${command}`),
      });
      const port = await started(running);
      running.child.stdin.write('\u0013');
      // A terminal holds some kilobytes, and then a write to it would wait.
      const before = logBytes(running, port, 'seed');
      await until(() => logBytes(running, port, 'seed') > before + 1_000_000);
      await answers(port);
      expect(running.out().length).toBeLessThan(logOf(running).length);
      process.kill(Number(readFileSync(pidFile, 'utf8')), 'SIGTERM');
      expect(await running.ended).toBe(0);
      expect(logOf(running)).toContain('stopped reason=SIGTERM');
    },
  );

  test.runIf(hasTerminals)(
    'that takes no commands still hears Ctrl-C after a page was pasted',
    async () => {
      const running = run('idle', { role: 'seed', quiet: true, through: onTerminal });
      await started(running);
      running.child.stdin.write('a line that was pasted\n'.repeat(1_000));
      running.child.stdin.write('\u0003');
      expect(await running.ended).toBe(0);
      expect(logOf(running)).toContain('stopped reason=SIGINT');
    },
  );

  test.runIf(hasTerminals)(
    'whose screen goes to another program leaves the keys to that (`seed | less`)',
    async () => {
      const logDir = scratchFolder();
      const pidFile = join(logDir, 'process');
      const begin = async (behind: string) => {
        const running = run('idle', {
          role: 'seed',
          quiet: true,
          logDir: scratchFolder(),
          through: (command) => onTerminal(`sh -c 'echo $$ > ${pidFile}; ${command}'${behind}`),
        });
        // It answers only when it has begun with everything.
        await answers(await started(running));
        const files = `/proc/${readFileSync(pidFile, 'utf8').trim()}/fd`;
        return readdirSync(files).map((file) => readlinkSync(join(files, file)));
      };
      expect(await begin('')).toContain('/dev/tty');
      expect(await begin(' | cat')).not.toContain('/dev/tty');
    },
  );
});
