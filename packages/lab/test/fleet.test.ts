import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LogEntry } from '@hearsay/common/log-line';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Fleet } from '../src/fleet/fleet.js';
import { LogTail } from '../src/fleet/log-tail.js';
import { freePort, portState } from '../src/fleet/ports.js';
import type { NodeProcess } from '../src/fleet/process.js';
import { type Behaviour, writeFakeNode } from './fake-node.js';

const ip = '127.0.0.1';
let folder: string;
let entries: LogEntry[];
let ended: NodeProcess[];
let complaints: string[];
let fleet: Fleet;
let place: { ip: string; portFrom: number };

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'fleet-'));
  place = { ip, portFrom: 23_000 + Math.floor(Math.random() * 7_000) };
  entries = [];
  ended = [];
  complaints = [];
});

afterEach(async () => {
  vi.unstubAllEnvs();
  await fleet.end();
  rmSync(folder, { recursive: true });
});

function fleetOf(behaviour: Behaviour): Fleet {
  const programs = { peer: writeFakeNode(folder, behaviour) };
  fleet = new Fleet(
    { config: 'none', logDir: folder, programs },
    {
      entry: (entry) => entries.push(entry),
      complained: (line, { address }) => complaints.push(`${address} ${line}`),
      ended: (node) => ended.push(node),
    },
  );
  return fleet;
}

async function startOne(behaviour: Behaviour = 'runs'): Promise<NodeProcess> {
  const started = await fleetOf(behaviour).startPeer(place);
  if (!started.ok) throw new Error(JSON.stringify(started.error));
  return started.value;
}

function isAlive(pid: number | undefined): boolean {
  try {
    return process.kill(pid as number, 0);
  } catch {
    return false;
  }
}

test('a node is started, is there when it listens, and its lines are given in order', async () => {
  const node = await startOne();
  expect(isAlive(node.pid)).toBe(true);
  expect(await fleet.until(() => entries.length > 3, 5_000)).toBe(true);
  expect(entries[0]?.record.event).toBe('peer-started');
  expect(entries[0]?.address).toBe(node.address);
});

test('what an earlier run left in the log is passed over', async () => {
  const port = (await freePort(ip, place.portFrom)) as number;
  const old = `2026-01-01T00:00:00.000Z [peer ${ip}:${port}] stopped reason=old\n`;
  writeFileSync(join(folder, `peerlog_${port}.txt`), old.repeat(3));
  await startOne();
  await fleet.until(() => entries.length > 2, 5_000);
  expect(entries.filter(({ record }) => record.event === 'stopped')).toEqual([]);
});

test('several peers get ports of their own, though they start at once', async () => {
  const started = await fleetOf('runs').startPeers(5, place);
  expect(started.ok && new Set(started.value.map((node) => node.port)).size).toBe(5);
});

test('after end no process is left, the polite and the stopped and the stubborn alike', async () => {
  const stubborn = await startOne('ignores-sigterm');
  const stopped = await fleet.startPeer(place);
  if (stopped.ok) stopped.value.stop();
  await fleet.end();
  expect(fleet.nodes).toHaveLength(2);
  expect(fleet.nodes.map((node) => isAlive(node.pid))).toEqual([false, false]);
  expect(stubborn.exit?.signal).toBe('SIGKILL');
});

test('the last line a node wrote is given before its end is', async () => {
  const node = await startOne();
  await node.end();
  await fleet.until(() => ended.length > 0, 5_000);
  expect(ended).toEqual([node]);
  expect(entries.at(-1)?.record).toEqual({ event: 'stopped', reason: 'SIGTERM' });
  expect(node.exit?.code).toBe(0);
});

test('a node that is killed by another hand is told of, with the signal', async () => {
  const node = await startOne();
  process.kill(node.pid as number, 'SIGKILL');
  expect(await fleet.until(() => ended.length > 0, 5_000)).toBe(true);
  expect(node.exit).toMatchObject({ code: null, signal: 'SIGKILL' });
});

test('what a node writes to stderr is told at once, line by line', async () => {
  await fleetOf('ends-at-once').startPeer(place);
  expect(complaints).toEqual([`${ip}:${place.portFrom} fake: not today`]);
});

test('a node that ends before it listens is an error that quotes its stderr', async () => {
  const started = await fleetOf('ends-at-once').startPeer(place);
  expect(started).toMatchObject({
    ok: false,
    error: { code: 'exited', stderr: 'fake: not today\n' },
  });
});

test('a node inherits the environment, but none of the variables that stand for flags', async () => {
  vi.stubEnv('HEARSAY_ADVERTISE', '127.0.0.1:6001');
  vi.stubEnv('FLEETTEST_OTHER', '1');
  const started = await fleetOf('names-variables').startPeer(place);
  expect(started).toMatchObject({ ok: false, error: { stderr: 'FLEETTEST_OTHER' } });
});

test('a seed whose port is taken is an error that says so', async () => {
  const port = (await freePort(ip, place.portFrom)) as number;
  const other = await listenOn(port);
  const seeds = new Fleet({
    ...{ config: 'none', logDir: folder },
    programs: { seed: writeFakeNode(folder, 'runs') },
  });
  const started = await seeds.startSeed({ ip, port });
  expect(started).toMatchObject({ ok: false, error: { code: 'port-taken' } });
  other.close();
  fleet = seeds;
});

test('a peer takes another port where one is taken', async () => {
  const port = (await freePort(ip, place.portFrom)) as number;
  const other = await listenOn(port);
  const node = await startOne();
  expect(node.port).toBeGreaterThan(port);
  other.close();
});

test('a start that is under way when the fleet is ended leaves no process', async () => {
  const starting = fleetOf('says-nothing').startPeer(place);
  await new Promise((resolve) => setImmediate(resolve));
  await fleet.end();
  expect((await starting).ok).toBe(false);
  await fleet.end();
  expect(fleet.living).toEqual([]);
});

test('nodes end when the process that started them is killed outright', async () => {
  const program = writeFakeNode(folder, 'runs');
  const guard = new URL('../bin/end-with-parent.js', import.meta.url).href;
  const port = (await freePort(ip, place.portFrom)) as number;
  const flags = ['--port', String(port), '--host', ip, '--log-dir', folder];
  const parentScript = join(folder, 'parent.mjs');
  writeFileSync(
    parentScript,
    `import { spawn } from 'node:child_process';
     const words = ${JSON.stringify(['--import', guard, program, ...flags])};
     const stdio = ['ignore', 'ignore', 'ignore', 'ipc'];
     spawn(process.execPath, words, { stdio, detached: true });`,
  );
  const parent = spawn(process.execPath, [parentScript]);
  fleet = new Fleet({ config: 'none', logDir: folder });
  const log = new LogTail(join(folder, `peerlog_${port}.txt`));
  const written: string[] = [];
  const wrote = (event: string) => (): boolean => {
    written.push(...log.poll().map(({ record }) => record.event));
    return written.includes(event);
  };
  expect(await fleet.until(wrote('peer-started'), 5_000)).toBe(true);
  parent.kill('SIGKILL');
  // Whoever adopts the orphan may leave it a zombie, so its own last word is what is waited for.
  expect(await fleet.until(wrote('stopped'), 5_000)).toBe(true);
  log.close();
  expect(await portState({ ip, port })).toBe('free');
});

function listenOn(port: number): Promise<Server> {
  return new Promise((resolve) => {
    const server = createServer();
    server.listen(port, ip, () => resolve(server));
  });
}
