/** Nodes of a test as processes of their own, run from the sources: started, heard, ended. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, onTestFinished } from 'vitest';
import { until } from './heard-node.js';
import type { Behaviour } from './node-process.js';
import { scratchFolder } from './scratch.js';
import { transpiledPackages } from './transpiled.js';

let packages: string;
beforeAll(() => {
  packages = transpiledPackages();
});
afterAll(() => rmSync(packages, { recursive: true }));

/** A node's process, and what it said. */
export interface Running {
  readonly child: ChildProcessWithoutNullStreams;
  readonly logDir: string;
  /** Begins to read its standard output, if it is `unread`. */
  readonly read: () => void;
  readonly out: () => string;
  readonly err: () => string;
  /** The exit code, or the signal that ended it. */
  readonly ended: Promise<number | string | null>;
}

/** What the process is to be. */
export interface Wanted {
  readonly role?: 'seed' | 'peer';
  readonly host?: string;
  readonly port?: number;
  readonly quiet?: boolean;
  readonly logDir?: string;
  /** Nobody reads its standard output, until the test does. */
  readonly unread?: boolean;
  /** How the command line is run: undefined, as it is. */
  readonly through?: (command: string) => readonly [string, ...string[]];
}

/** Starts a node that is gone when the test is over. */
export function run(behaviour: Behaviour, wanted: Wanted = {}): Running {
  const logDir = wanted.logDir ?? scratchFolder();
  const { role = 'peer', host = '127.0.0.1', port = 0, quiet = false, through } = wanted;
  const script = join(packages, 'runtime/test/node-process.js');
  const words = [script, behaviour, logDir, host, `${port}`, role, quiet ? 'quiet' : ''];
  const [command, ...rest] = through?.(`exec "${[process.execPath, ...words].join('" "')}"`) ?? [
    process.execPath,
    ...words,
  ];
  const child = spawn(command, rest, { env: { ...process.env, FORCE_COLOR: '0' } });
  let [out, err] = ['', ''];
  const read = () => {
    child.stdout.on('data', (chunk) => {
      out += chunk;
    });
  };
  if (wanted.unread !== true) read();
  child.stderr.on('data', (chunk) => {
    err += chunk;
  });
  const ended = new Promise<number | string | null>((resolve) => {
    child.once('exit', (code, signal) => resolve(code ?? signal));
  });
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  return { child, logDir, read, out: () => out, err: () => err, ended };
}

function logPath({ logDir }: Running): string | undefined {
  const name = readdirSync(logDir).find((file) => file.endsWith('.txt'));
  return name === undefined ? undefined : join(logDir, name);
}

/** What its log file holds by now. */
export function logOf(running: Running): string {
  const path = logPath(running);
  return path === undefined ? '' : readFileSync(path, 'utf8');
}

/** Waits until it has started; gives its port. */
export async function started(running: Running): Promise<number> {
  await until(() => logOf(running).includes('reason=start'));
  return Number(/log_(\d+)\.txt/.exec(logPath(running) as string)?.[1]);
}

const script = '/usr/bin/script';

/** Whether there is {@link onTerminal}. */
export const hasTerminals = process.platform === 'linux' && existsSync(script);

/** Runs a command on a terminal of its own, which types what is written to it (util-linux). */
export function onTerminal(command: string): readonly [string, ...string[]] {
  return [script, '-qfec', command, '/dev/null'];
}
