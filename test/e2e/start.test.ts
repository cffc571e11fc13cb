/**
 * `lab start`, which `npm start` runs, with real seeds and peers: what a person sees, and that
 * nothing is left behind however it ends.
 */
import {
  type ChildProcess,
  type ChildProcessWithoutNullStreams,
  spawn,
  spawnSync,
} from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort, portState } from '@hearsay/lab/fleet/ports';
import { afterEach, beforeEach, expect, onTestFinished, test } from 'vitest';

const ip = '127.0.0.1';
const lab = fileURLToPath(new URL('../../packages/lab/bin/lab.js', import.meta.url));
let folder: string;
let seedPorts: number[];
let config: string;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'start-'));
  seedPorts = [];
  for (let from = 10_000 + Math.floor(Math.random() * 9_000); seedPorts.length < 3; ) {
    const port = (await freePort(ip, from)) as number;
    seedPorts.push(port);
    from = port + 1;
  }
  config = join(folder, 'config.txt');
  writeFileSync(config, seedPorts.map((port) => `${ip}:${port}\n`).join(''));
});

afterEach(() => rmSync(folder, { recursive: true }));

interface Run {
  readonly child: ChildProcess;
  stdout: string;
  stderr: string;
  /** Resolves with the exit code. */
  readonly ended: Promise<number | null>;
}

function words(...more: string[]): string[] {
  return ['start', '--config', config, '--log-dir', join(folder, 'logs'), ...more];
}

function startLab(...more: string[]): Run {
  return runOf(spawn(process.execPath, [lab, ...words(...more)], { cwd: folder }));
}

function runOf(child: ChildProcessWithoutNullStreams): Run {
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
  const run: Run = { child, stdout: '', stderr: '', ended };
  child.stdout.on('data', (text) => {
    run.stdout += text;
  });
  child.stderr.on('data', (text) => {
    run.stderr += text;
  });
  return run;
}

/** The process ids of the nodes that have said that they listen. */
function nodesOf(run: Run): number[] {
  return [...run.stdout.matchAll(/listens \(process (\d+)\)/g)].map(([, pid]) => Number(pid));
}

async function untilListening(run: Run, nodes: number): Promise<number[]> {
  await expect.poll(() => nodesOf(run).length, { timeout: 20_000 }).toBe(nodes);
  return nodesOf(run);
}

function living(pids: readonly number[]): number[] {
  return pids.filter((pid) => {
    try {
      return process.kill(pid, 0);
    } catch {
      return false;
    }
  });
}

async function seedsAreGone(): Promise<boolean> {
  const states = await Promise.all(seedPorts.map((port) => portState({ ip, port })));
  return states.every((state) => state === 'free');
}

test('with --for and --kill-one a peer dies, is reported, removed and replaced, and it ends', async () => {
  const run = startLab('--for', '10s', '--kill-one', '--json');
  expect(await run.ended).toBe(0);
  const summary = JSON.parse(run.stdout);
  expect(summary.deaths).toHaveLength(1);
  const [death] = summary.deaths;
  // Three strikes at intervals of a second, the fourth interval, and two seconds.
  expect(death.removedAfterMs).toBeLessThanOrEqual(6_000);
  expect(death.removedAt).toBe(death.listedAt);
  expect(death.listedAt).toBeGreaterThanOrEqual(2);
  expect(summary.pairs).toBeGreaterThan(0);
  expect(summary).toMatchObject({ delivered: summary.pairs, loggedTwice: 0 });
  expect(run.stderr).toMatch(/started peer \S+ in place of/);
  expect(summary.logs).toHaveLength(9);
  for (const log of summary.logs) expect(existsSync(join(folder, log))).toBe(true);
  expect(await seedsAreGone()).toBe(true);
});

test.each(['SIGINT', 'SIGTERM'] as const)(
  '%s ends every process and prints a summary',
  async (signal) => {
    const run = startLab('--peers', '2');
    const nodes = await untilListening(run, 5);
    run.child.kill(signal);
    expect(await run.ended).toBe(0);
    expect(living(nodes)).toEqual([]);
    expect(run.stdout).toMatch(/\nmessages {4}\d+ made.*\n(.*\n)+logs {8}\S+seedlog_\d+\.txt\n/);
  },
);

test('one Ctrl-C through npm counts once: it ends in good order, and with a summary', async () => {
  const root = fileURLToPath(new URL('../..', import.meta.url));
  const child = spawn('npm', ['start', '--', ...words('--peers', '2').slice(1)], {
    ...{ cwd: root, detached: true },
  });
  const run = runOf(child);
  const nodes = await untilListening(run, 5);
  // A terminal signals all of its foreground's processes, and npm passes the signal on once more.
  process.kill(-(child.pid as number), 'SIGINT');
  expect(await run.ended).toBe(0);
  expect(living(nodes)).toEqual([]);
  expect(run.stdout).toMatch(/\nmessages {4}\d+ made.*\n/);
  // At a second Ctrl-C the nodes would have been killed before their last word.
  for (const name of readdirSync(join(folder, 'logs')).filter((log) => log.endsWith('.txt'))) {
    expect(readFileSync(join(folder, 'logs', name), 'utf8')).toContain(' stopped reason=SIGTERM');
  }
});

test('Ctrl-C before everything has started leaves no process behind', async () => {
  const run = startLab('--peers', '12');
  await expect.poll(() => nodesOf(run).length, { timeout: 20_000 }).toBeGreaterThan(0);
  run.child.kill('SIGINT');
  expect(await run.ended).toBe(0);
  expect(living(nodesOf(run))).toEqual([]);
  expect(await seedsAreGone()).toBe(true);
});

test('when the program itself is killed outright, its nodes end as well', async () => {
  const run = startLab('--peers', '2');
  await untilListening(run, 5);
  run.child.kill('SIGKILL');
  await run.ended;
  await expect.poll(seedsAreGone, { timeout: 10_000 }).toBe(true);
});

test('when nobody reads its output any more, it ends', async () => {
  const run = startLab('--peers', '1');
  const nodes = await untilListening(run, 4);
  run.child.stdout?.destroy();
  await run.ended;
  expect(living(nodes)).toEqual([]);
});

test('a seed whose port is taken is said in one line, with exit code 2', async () => {
  const other = createServer().listen(seedPorts[1], ip);
  const run = startLab();
  expect(await run.ended).toBe(2);
  other.close();
  expect(run.stdout).toBe('');
  expect(run.stderr).toMatch(
    new RegExp(`^lab: the port of seed ${ip}:${seedPorts[1]} is taken: stop .*config\\.txt\\n$`),
  );
});

test('a seed on another machine is said, and those of this machine are started', async () => {
  // 192.0.2.0/24 is set aside for documents (RFC 5737).
  writeFileSync(config, `192.0.2.1:5001\n${ip}:${seedPorts[0]}\n`);
  const run = startLab('--peers', '1', '--for', '1s');
  expect(await run.ended).toBe(0);
  expect(run.stderr).toContain('192.0.2.1:5001 is no address of this machine');
  expect(nodesOf(run)).toHaveLength(2);
});

test.each([
  [['--peer', '3'], 'Did you mean --peers?'],
  [['--peers', 'many'], 'whole number from 0 to 200'],
  [['--for', 'ever'], 'like 30s'],
  [['--timing', 'slow'], 'quick, assignment'],
  [['--config', 'none.txt'], 'none.txt: there is no such file'],
])('%j is answered with the mend, and exit code 2', async (flags, mend) => {
  const run = startLab(...flags);
  expect(await run.ended).toBe(2);
  expect(run.stderr).toContain(mend);
});

const hasScript = spawnSync('script', ['--version']).stdout?.includes('util-linux') === true;

test.runIf(hasScript)('a terminal of 40 columns is redrawn in place and never wraps', () => {
  const command = ['stty cols 40 rows 24; exec', process.execPath, lab, ...words('--for', '2s')];
  const { status, stdout } = spawnSync('script', ['-qec', command.join(' '), '/dev/null'], {
    encoding: 'utf8',
    cwd: folder,
    env: { ...process.env, TERM: 'xterm', NO_COLOR: '1' },
  });
  expect(status).toBe(0);
  const [live = '', after = ''] = stdout.split('\x1b[?1049l');
  const frames = live.split('\x1b[H').slice(1);
  expect(frames.length).toBeGreaterThan(3);
  for (const line of frames.flatMap((frame) => frame.split('\r\n'))) {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: what is left of the escape codes.
    expect(line.replaceAll(/\x1b\[[\d?]*[A-Za-z]|\r/g, '').length).toBeLessThanOrEqual(40);
  }
  expect(frames.at(-1)).toContain('3 seeds · 5 peers');
  expect(after).toContain('delivered   ');
});

/** A command on a terminal of its own, on which the test types. */
function onTerminal(command: string): Run & { type: (keys: string) => void } {
  const env = { ...process.env, TERM: 'xterm', NO_COLOR: '1', PS1: '$ ' };
  const child = spawn('script', ['-qec', command, '/dev/null'], { cwd: folder, env });
  // With its terminal all that was started there goes, what stands still as well.
  onTestFinished(() => void child.kill('SIGKILL'));
  return Object.assign(runOf(child), { type: (keys: string) => void child.stdin.write(keys) });
}

function startOnTerminal(...more: string[]): ReturnType<typeof onTerminal> {
  return onTerminal(`exec "${[process.execPath, lab, ...words(...more)].join('" "')}"`);
}

function startShell(): ReturnType<typeof onTerminal> {
  return onTerminal('bash --norc --noprofile -i');
}

const suspend = '\u001a';
const interrupt = '\u0003';

test.runIf(hasScript)('Ctrl-Z gives the shell its screen back, and fg takes it again', async () => {
  const run = startShell();
  const says = (text: string) => expect.poll(() => run.stdout, { timeout: 20_000 }).toContain(text);
  run.type(`"${[process.execPath, lab, ...words('--peers', '1')].join('" "')}"\n`);
  await says('3 seeds · 1 peer');
  run.type(suspend);
  await says('Stopped');
  expect(run.stdout).toContain('\x1b[?1049l');
  run.type('echo the shell says $((40 + 2))\n');
  await says('the shell says 42');
  run.type('fg\n');
  await expect.poll(() => run.stdout.split('\x1b[?1049h').length, { timeout: 20_000 }).toBe(3);
  run.type(interrupt);
  await says('delivered   ');
  expect(await seedsAreGone()).toBe(true);
  run.type('exit\n');
  expect(await run.ended).toBe(0);
});

test.runIf(hasScript)(
  'Ctrl-Z at a peer stops it with whatever started it, as npx does',
  async () => {
    const run = startShell();
    const says = (text: string) =>
      expect.poll(() => run.stdout, { timeout: 20_000 }).toContain(text);
    const peer = fileURLToPath(new URL('../../packages/peer/bin/peer.js', import.meta.url));
    // The second command keeps sh from making way for the first.
    run.type(
      `sh -c '"${process.execPath}" ${peer} --config ${config} --log-dir ${folder}; true'\n`,
    );
    await says('peer-started');
    run.type('half a li');
    await says('half a li');
    run.type(suspend);
    await says('Stopped');
    run.type('echo the shell says $((40 + 2))\n');
    await says('the shell says 42');
    run.type('fg\n');
    await expect.poll(() => run.stdout, { timeout: 20_000 }).toMatch(/fg.*half a li/s);
    run.type('ne\n');
    await says('half a line"');
    run.type(interrupt);
    await says('stopped reason=SIGINT');
    run.type('exit\n');
    expect(await run.ended).toBe(0);
  },
);

test.runIf(hasScript)('a page pasted into its terminal does not deaden Ctrl-C', async () => {
  const run = startOnTerminal('--peers', '1');
  await expect.poll(() => run.stdout, { timeout: 20_000 }).toContain('3 seeds · 1 peer');
  run.type('a line that was pasted\n'.repeat(500));
  run.type('\u0003');
  expect(await run.ended).toBe(0);
  expect(await seedsAreGone()).toBe(true);
});

test.runIf(hasScript)('a terminal that is held (Ctrl-S) does not hold the network', async () => {
  const run = startOnTerminal('--peers', '1', '--for', '4s');
  await expect.poll(() => run.stdout, { timeout: 20_000 }).toContain('3 seeds');
  run.type('\u0013');
  await expect.poll(seedsAreGone, { timeout: 20_000 }).toBe(true);
  run.type('\u0011');
  expect(await run.ended).toBe(0);
  expect(run.stdout).toContain('delivered   ');
});
