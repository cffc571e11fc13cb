import { existsSync, readdirSync, symlinkSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { parseLogLine } from '@hearsay/common/log-line';
import { describe, expect, test } from 'vitest';
import { callerAt, listening, until } from './heard-node.js';
import { hasTerminals, logOf, onTerminal, run, started } from './running-node.js';
import { scratchFolder } from './scratch.js';

describe('a node as a process', () => {
  test.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
    'ends in good order on %s: last records written, exit code 0',
    async (signal) => {
      const running = run('idle');
      await started(running);
      running.child.kill(signal);
      expect(await running.ended).toBe(0);
      const lines = logOf(running).trimEnd().split('\n');
      expect(lines).toHaveLength(5_002);
      const last = parseLogLine(lines.at(-1) as string);
      expect(last.ok && last.value.record).toEqual({ event: 'stopped', reason: signal });
      expect(running.out()).toBe(logOf(running));
      expect(running.err()).toBe('');
    },
  );

  test('loses none of 100,000 records that it wrote just before it finished', async () => {
    const running = run('finish-after-burst', { quiet: true });
    expect(await running.ended).toBe(0);
    expect(logOf(running).trimEnd().split('\n')).toHaveLength(100_001);
    expect(running.out()).toBe('');
  });

  test('sends out what it had to say before it finished', async () => {
    const running = run('farewell', { quiet: true });
    const port = await started(running);
    const { socket, received } = await callerAt({ ip: '127.0.0.1', port });
    await new Promise((resolve) => socket.once('end', resolve));
    expect(received()).toHaveLength(20_000_000);
    expect(await running.ended).toBe(0);
  });

  test('that still waits to be heard is ended at once by a second Ctrl-C', async () => {
    const running = run('farewell', { quiet: true });
    const { socket } = await callerAt({ ip: '127.0.0.1', port: await started(running) });
    socket.pause();
    await until(() => socket.bytesRead > 0);
    running.child.kill('SIGTERM');
    running.child.kill('SIGINT');
    expect(await running.ended).toBe(130);
  });

  test.each([
    ['throw', 'thrown in start'],
    ['throw-later', 'thrown in wake'],
  ] as const)(
    'that has a bug (%s) writes its log out, prints the stack and exits with 70',
    async (behaviour, message) => {
      const running = run(behaviour, { quiet: true });
      expect(await running.ended).toBe(70);
      expect(running.err()).toMatch(new RegExp(`^peer: this is a bug.*\nError: ${message}\n +at `));
      expect(logOf(running)).toContain(behaviour === 'throw' ? 'last-words' : 'bytes=100');
    },
  );

  test('that has a bug in the log itself prints the stack and exits with 70', async () => {
    const running = run('throw-in-log', { quiet: true });
    expect(await running.ended).toBe(70);
    expect(running.err()).toMatch(/^peer: this is a bug.*\nError: thrown in log\n +at /);
    expect(logOf(running)).toContain('last-words');
  });

  test('that has a bug in its very end still writes its log out', async () => {
    const running = run('throw-at-end', { quiet: true });
    await started(running);
    running.child.kill('SIGTERM');
    expect(await running.ended).toBe(70);
    expect(logOf(running)).toContain('stopped reason=SIGTERM');
  });

  test('whose port is taken says so in one line, exits with 2, leaves the log alone', async () => {
    const first = run('idle', { quiet: true });
    const port = await started(first);
    const second = run('idle', { quiet: true, port, logDir: first.logDir });
    expect(await second.ended).toBe(2);
    expect(second.err()).toBe(
      `peer: cannot listen: 127.0.0.1:${port} is taken by another program; ` +
        'choose another port with --port, or end the program that holds it\n',
    );
    expect(readdirSync(first.logDir)).toEqual([`peerlog_${port}.txt`]);
  });

  test('on a wildcard that nobody could dial says what to give, and exits with 2', async () => {
    const running = run('idle', { host: '0.0.0.0' });
    expect(await running.ended).toBe(2);
    expect(running.err()).toMatch(/^peer: nobody can dial 0\.0\.0\.0: .*--advertise IP:PORT.*\n$/);
  });

  test('whose reader goes away (`peer | head`) goes on and ends well', async () => {
    const running = run('chatter');
    await until(() => running.out().includes('woken'));
    running.child.stdout.destroy();
    const lengthBefore = logOf(running).length;
    await until(() => logOf(running).length > lengthBefore + 100_000);
    running.child.kill('SIGTERM');
    expect(await running.ended).toBe(0);
    expect(running.err()).toBe('');
    expect(logOf(running)).toContain('stopped reason=SIGTERM');
  });

  test.runIf(existsSync('/dev/full'))('whose disk is full says so once and goes on', async () => {
    const logDir = scratchFolder();
    const port = (await listening(createServer())).port;
    // The port is taken on 127.0.0.1 until the test ends, and free on 127.0.0.2.
    symlinkSync('/dev/full', join(logDir, `peerlog_${port}.txt`));
    const running = run('chatter', { host: '127.0.0.2', port, logDir });
    await until(() => running.out().split('woken').length > 2_000);
    running.child.kill('SIGTERM');
    expect(await running.ended).toBe(0);
    expect(running.err()).toMatch(
      /^peer: cannot write the log file .*ENOSPC.*goes on without it\n$/,
    );
    expect(running.out()).toContain('stopped reason=SIGTERM');
  });

  test('that may open no more files turns callers away and serves those it has', async () => {
    const running = run('idle', {
      quiet: true,
      through: (command) => ['sh', '-c', `ulimit -n 48; ${command}`],
    });
    const port = await started(running);
    const callers: Awaited<ReturnType<typeof callerAt>>[] = [];
    for (let i = 0; i < 60; i += 1) callers.push(await callerAt({ ip: '127.0.0.1', port }));
    await until(() => callers.some(({ socket }) => socket.closed || socket.readableEnded));
    expect(callers.some(({ socket }) => !socket.closed && !socket.readableEnded)).toBe(true);
    running.child.kill('SIGTERM');
    expect(await running.ended).toBe(0);
    expect(running.err()).toBe('');
  });

  test('leaves standard input alone where it is no terminal', async () => {
    const running = run('idle', { quiet: true });
    await started(running);
    running.child.stdin.end('hello\n');
    running.child.kill('SIGTERM');
    expect(await running.ended).toBe(0);
    expect(logOf(running)).not.toContain('typed');
    expect(logOf(running)).toContain('stopped reason=SIGTERM');
  });

  test.runIf(hasTerminals)(
    'on a terminal takes lines, answers them and ends on Ctrl-C',
    async () => {
      const running = run('idle', {
        quiet: true,
        through: onTerminal,
      });
      await started(running);
      await until(() => running.out().includes('> '));
      running.child.stdin.write('hello\r');
      await until(() => running.out().includes('you typed hello\r\n'));
      running.child.stdin.write('half a line\u0003');
      expect(await running.ended).toBe(0);
      expect(logOf(running)).toContain('reason="typed hello"');
      expect(logOf(running)).not.toContain('half');
      expect(logOf(running)).toContain('stopped reason=SIGINT');
    },
  );
});
