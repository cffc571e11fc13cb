/**
 * A node whose process may open few files: silent connections fill what it has, and a newcomer
 * still gets in. Node raises a soft limit by itself, so the shell sets both.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as elapsed } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { freePort } from './classic-harness.js';

const patienceMs = 30_000;
const openFiles = 256;
const silentCallers = 400;

let folder: string;
let node: ChildProcess | undefined;
const sockets: Socket[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hearsay-open-files-'));
});
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
  node?.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

/** Starts a node that may open few files, and gives what it says on stderr. */
function start(role: 'seed' | 'peer', flags: readonly string[]): { stderr: () => string } {
  const launcher = fileURLToPath(new URL(`../../packages/${role}/bin/${role}.js`, import.meta.url));
  const all = ['--config', join(folder, 'config.txt'), '--log-dir', folder, '--quiet', ...flags];
  const command = `ulimit -n ${openFiles}; exec "$0" "$@"`;
  node = spawn('sh', ['-c', command, process.execPath, launcher, ...all], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let stderr = '';
  node.stderr?.on('data', (chunk) => {
    stderr += chunk;
  });
  return { stderr: () => stderr };
}

/** What a caller is told that says this, within so long; undefined if it is turned away. */
function ask(port: number, text: string, withinMs: number): Promise<string | undefined> {
  const socket = connect(port, '127.0.0.1');
  sockets.push(socket);
  return new Promise((resolve) => {
    socket.on('connect', () => socket.write(text));
    socket.on('data', (chunk) => resolve(`${chunk}`));
    for (const end of ['error', 'end'] as const) socket.on(end, () => resolve(undefined));
    setTimeout(() => resolve(undefined), withinMs).unref();
  });
}

/** The first answer, of as many calls as it takes. */
async function answer(port: number, text: string): Promise<string | undefined> {
  const endMs = performance.now() + patienceMs;
  while (performance.now() < endMs) {
    const told = await ask(port, text, 2_000);
    if (told !== undefined) return told;
    await elapsed(100);
  }
  return undefined;
}

/** Connections that never say a word, and never hang up. */
async function callSilently(port: number): Promise<void> {
  for (let i = 0; i < silentCallers; i += 1) {
    const socket = connect({ host: '127.0.0.1', port, allowHalfOpen: true });
    sockets.push(socket);
    socket.on('error', () => {});
    socket.resume();
    await new Promise((resolve) => socket.once('connect', resolve).once('error', resolve));
  }
}

test.runIf(process.platform === 'linux')(
  'a seed that may open few files is not locked up by silent connections',
  async () => {
    const port = await freePort();
    writeFileSync(join(folder, 'config.txt'), `127.0.0.1:${port}\n`);
    const { stderr } = start('seed', ['--port', `${port}`]);
    // A list of one: nobody listens there, so nobody is shown to others.
    const [first, newcomer] = [
      `127.0.0.1:${await freePort()}\n`,
      `127.0.0.1:${await freePort()}\n`,
    ];
    expect(await answer(port, first)).toBe(first);
    await callSilently(port);
    expect(await answer(port, newcomer)).toBe(newcomer);
    expect(stderr()).toMatch(/^seed: .*\b256 files\b.*\b96 connections\b.*ulimit -n.*\n$/);
  },
);

test.runIf(process.platform === 'linux')(
  'a peer that may open few files is not locked up by silent connections',
  async () => {
    const [port, seedPort] = [await freePort(), await freePort()];
    writeFileSync(join(folder, 'config.txt'), `127.0.0.1:${seedPort}\n`);
    const { stderr } = start('peer', ['--port', `${port}`]);
    const request = 'Liveness Request:1770000000.123:127.0.0.1:6001\n';
    const reply = `Liveness Reply:1770000000.123:127.0.0.1:6001:127.0.0.1:${port}\n`;
    expect(await answer(port, request)).toBe(reply);
    await callSilently(port);
    expect(await answer(port, request)).toBe(reply);
    expect(stderr()).toMatch(/^peer: .*\b256 files\b.*\b96 connections\b.*ulimit -n.*\n$/);
  },
);
