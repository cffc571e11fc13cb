/**
 * Where the `seed` and `peer` programs listen and what address they tell others, from flags and
 * config.txt alone: what is wrong is said before anybody waits in vain.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort } from '@hearsay/lab/fleet/ports';
import { afterEach, beforeEach, expect, test } from 'vitest';

const ip = '127.0.0.1';
let folder: string;
let ports: [number, number];
let runs: Run[];

interface Run {
  readonly child: ChildProcess;
  stderr: string;
  /** Resolves with the exit code. */
  readonly ended: Promise<number | null>;
}

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'addresses-'));
  const first = (await freePort(ip, 10_000 + Math.floor(Math.random() * 9_000))) as number;
  ports = [first, (await freePort(ip, first + 1)) as number];
  runs = [];
});

afterEach(async () => {
  for (const { child } of runs) child.kill('SIGKILL');
  await Promise.all(runs.map(({ ended }) => ended));
  rmSync(folder, { recursive: true });
});

function config(...lines: string[]): void {
  writeFileSync(join(folder, 'config.txt'), lines.map((line) => `${line}\n`).join(''));
}

function run(program: 'seed' | 'peer', ...flags: string[]): Run {
  const script = fileURLToPath(
    new URL(`../../packages/${program}/bin/${program}.js`, import.meta.url),
  );
  const words = [script, '--quiet', ...flags];
  const child = spawn(process.execPath, words, {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
  const begun: Run = { child, stderr: '', ended };
  child.stderr?.on('data', (text) => {
    begun.stderr += text;
  });
  runs.push(begun);
  return begun;
}

/** The log of a node that listens. */
async function logOf(role: 'seed' | 'peer', port: number, dir = 'logs'): Promise<string> {
  const path = join(folder, dir, `${role}log_${port}.txt`);
  const read = (): string => (existsSync(path) ? readFileSync(path, 'utf8') : '');
  await expect.poll(read, { timeout: 20_000 }).toContain(`${role}-started`);
  return read();
}

/** Ends a node that listens; gives all that it has said on stderr. */
async function saidBy(listening: Run): Promise<string> {
  listening.child.kill('SIGTERM');
  expect(await listening.ended).toBe(0);
  return listening.stderr;
}

test('seeds on a wildcard each tell the address of the config that has their port', async () => {
  config(`${ip}:${ports[0]}`, `${ip}:${ports[1]}`);
  for (const port of ports) {
    run('seed', '--host', '0.0.0.0');
    expect(await logOf('seed', port)).toContain(`[seed ${ip}:${port}] seed-started`);
  }
  expect(await Promise.all(runs.map(saidBy))).toEqual(['', '']);
});

test('a seed on a wildcard does not guess which of several entries with its port it is', async () => {
  config(`192.0.2.1:${ports[0]}`, `192.0.2.2:${ports[0]}`);
  const { ended } = run('seed', '--host', '0.0.0.0');
  expect(await ended).toBe(2);
  expect(runs[0]?.stderr).toMatch(/^seed: nobody can dial 0\.0\.0\.0: give .* --host\n$/);
});

test('a seed that only shares its port with an entry of the config is told that', async () => {
  config(`192.0.2.1:${ports[0]}`);
  const seed = run('seed', '--host', ip, '--port', String(ports[0]));
  await logOf('seed', ports[0]);
  expect(await saidBy(seed)).toMatch(/^seed: 127\.0\.0\.1:\d+ is not in config\.txt: .*\n$/);
});

test('two seeds on different IPs with one port and log folder keep one log, whole', async () => {
  config(`${ip}:${ports[0]}`, `127.0.0.2:${ports[0]}`);
  run('seed', '--port', String(ports[0]), '--host', ip);
  const before = await logOf('seed', ports[0]);
  const second = run('seed', '--port', String(ports[0]), '--host', '127.0.0.2');
  await expect.poll(() => second.stderr, { timeout: 20_000 }).toContain('--log-dir');
  expect(second.stderr).toMatch(
    /^seed: cannot write .*\(127\.0\.0\.1:\d+, process \d+, writes it: .* goes on without it\n$/,
  );
  expect(await logOf('seed', ports[0])).toContain(before);
  expect(existsSync(join(folder, 'logs', `seedlog_${ports[0]}.txt.1`))).toBe(false);
});

test.each([
  ['--port', (at: string) => ['--port', at.split(':')[1] as string]],
  ['--advertise', (at: string) => ['--advertise', at]],
])('a peer at the address of a seed (%s) does not begin', async (flag, flagsOf) => {
  const seed = `${ip}:${ports[0]}`;
  config(seed);
  const peer = run('peer', ...flagsOf(seed));
  expect(await peer.ended).toBe(2);
  const mend = `choose another with ${flag}, or leave it out`;
  expect(peer.stderr).toBe(`peer: ${seed} is the address of a seed in config.txt: ${mend}\n`);
});

test.each(['0.0.0.0', '::'])('a peer cannot tell others to dial %s', async (wildcard) => {
  config(`${ip}:${ports[0]}`);
  const shown = wildcard === '::' ? '[::]' : wildcard;
  const peer = run('peer', '--advertise', `${shown}:6001`);
  expect(await peer.ended).toBe(2);
  expect(peer.stderr).toContain(`nobody can dial ${shown}: say with --advertise`);
});

test('a peer on loopback is warned where every seed is elsewhere, and begins all the same', async () => {
  config('192.0.2.1:5001', '192.0.2.2:5001');
  const warned = run('peer', '--port', String(ports[0]));
  await logOf('peer', ports[0]);
  expect(await saidBy(warned)).toMatch(
    /^peer: on 127\.0\.0\.1 it will not be reached .*--host IP .*\n$/,
  );
});

test.each([
  [
    '0.0.0.0',
    '[::1]:6001',
    /^peer: nobody reaches \[::1\]:6001 if it listens on 0\.0\.0\.0: .*\n$/,
  ],
  ['127.0.0.1', '[::1]:6001', /^peer: nobody reaches /],
  ['::', '127.0.0.1:6001', /^$/],
])('a peer on %s that tells others %s is warned if they cannot meet', async (host, told, says) => {
  config(`${ip}:${ports[1]}`);
  const peer = run('peer', '--host', host, '--port', String(ports[0]), '--advertise', told);
  await logOf('peer', ports[0]);
  expect(await saidBy(peer)).toMatch(says);
});

test.each([
  ['one seed is here', ['192.0.2.1:5001', '127.0.0.1:9'], []],
  ['it says what others dial', ['192.0.2.1:5001'], ['--advertise', '192.0.2.3:6001']],
])('a peer on loopback is not warned where %s', async (_, lines, flags) => {
  config(...lines);
  const peer = run('peer', '--port', String(ports[0]), ...flags);
  await logOf('peer', ports[0]);
  expect(await saidBy(peer)).toBe('');
});
