/**
 * `scripts/prepare.js` in a small project of its own, with an npm and a compiler that only write
 * down that they were called.
 */
import { spawnSync } from 'node:child_process';
import {
  appendFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';

let project: string;

const compiler = `
import { mkdirSync, writeFileSync } from 'node:fs';
process.stdout.write('compiled ' + process.argv[2] + '\\n');
mkdirSync('packages/a/dist', { recursive: true });
writeFileSync('packages/a/dist/.tsbuildinfo', '');
`;

function lock(version: string): string {
  const packages = {
    '': { name: 'project' },
    'node_modules/typescript': { version, integrity: `sha-${version}` },
    'node_modules/only-on-another-machine': { version: '1.0.0', optional: true },
  };
  return JSON.stringify({ packages });
}

function installed(version: string): void {
  const { packages } = JSON.parse(lock(version)) as { packages: Record<string, unknown> };
  const { 'node_modules/typescript': typescript } = packages;
  write(
    'node_modules/.package-lock.json',
    JSON.stringify({ packages: { 'node_modules/typescript': typescript } }),
  );
}

function write(path: string, text: string): void {
  mkdirSync(join(project, path, '..'), { recursive: true });
  writeFileSync(join(project, path), text);
}

/** A project that is installed and built. */
beforeEach(() => {
  project = mkdtempSync(join(tmpdir(), 'prepare with space-'));
  cpSync(fileURLToPath(new URL('../scripts', import.meta.url)), join(project, 'scripts'), {
    recursive: true,
  });
  write('package.json', '{"type":"module"}');
  write('package-lock.json', lock('1.0.0'));
  write('packages/a/tsconfig.json', '{}');
  write('packages/a/src/a.ts', '');
  write('node_modules/typescript/bin/tsc', compiler);
  write('node_modules/typescript/package.json', '{"type":"module"}');
  write('packages/a/dist/.tsbuildinfo', '');
  installed('1.0.0');
  write('tools/npm', '#!/bin/sh\necho "npm $*"\n');
  spawnSync('chmod', ['+x', join(project, 'tools/npm')]);
});

afterEach(() => rmSync(project, { recursive: true }));

function prepare(): { status: number | null; stdout: string; stderr: string } {
  const env = { ...process.env, PATH: `${join(project, 'tools')}${delimiter}${process.env.PATH}` };
  const script = join(project, 'scripts', 'prepare.js');
  // From another folder, as `npm --prefix` may do.
  return spawnSync(process.execPath, [script], { cwd: tmpdir(), env, encoding: 'utf8' });
}

test('nothing is done and nothing said when all is there', () => {
  expect(prepare()).toMatchObject({ status: 0, stdout: '', stderr: '' });
});

test('dependencies are installed when there are none', () => {
  rmSync(join(project, 'node_modules/.package-lock.json'));
  const { status, stdout, stderr } = prepare();
  expect({ status, stdout }).toEqual({ status: 0, stdout: '' });
  expect(stderr).toMatch(/installing .*\nnpm ci --include=dev/);
});

test('dependencies are installed when the lock file names others', () => {
  write('package-lock.json', lock('2.0.0'));
  expect(prepare().stderr).toContain('npm ci');
});

test('a lock file that is merely younger, as after a clone, installs nothing', () => {
  appendFileSync(join(project, 'package-lock.json'), '\n');
  expect(prepare().stderr).toBe('');
});

test('it is built when there is no build, and then no more', () => {
  rmSync(join(project, 'packages/a/dist'), { recursive: true });
  expect(prepare().stderr).toMatch(/building .*\ncompiled -b/);
  expect(prepare().stderr).toBe('');
});

test('it is built when a source is younger than the build', () => {
  const built = statSync(join(project, 'packages/a/dist/.tsbuildinfo')).mtimeMs / 1_000;
  utimesSync(join(project, 'packages/a/src/a.ts'), built + 10, built + 10);
  expect(prepare().stderr).toContain('compiled -b');
});

const { scripts } = JSON.parse(
  readFileSync(new URL('../package.json', import.meta.url), 'utf8'),
) as { scripts: Record<string, string> };

test('`npm start` makes ready and then is the tool, with no shell between it and npm', () => {
  const tool = "process.stdout.write(process.ppid + ' ' + process.argv.slice(2).join(' '));";
  write('packages/lab/bin/lab.js', tool);
  rmSync(join(project, 'packages/a/dist'), { recursive: true });
  const words = ['-c', `${scripts.start} --peers 3`];
  const run = spawnSync('sh', words, { cwd: project, encoding: 'utf8' });
  expect(run).toMatchObject({ status: 0, stdout: `${process.pid} start --peers 3` });
  expect(run.stderr).toContain('compiled -b');
});

test('every command of package.json is understood by cmd as well, for which there is an exec', () => {
  expect(readFileSync(new URL('../exec.cmd', import.meta.url), 'utf8')).toMatch(/^@%\*$/m);
  for (const command of Object.values(scripts)) {
    expect(command).toMatch(/^(exec )?[\w ./:-]+( && (?!exec )[\w ./:-]+)*$/);
  }
});

test('a failure is one more line, with exit code 2', () => {
  rmSync(join(project, 'packages/a/dist'), { recursive: true });
  write('node_modules/typescript/bin/tsc', 'console.log("error TS1"); process.exit(1);');
  const { status, stderr } = prepare();
  expect(status).toBe(2);
  expect(stderr).toMatch(/error TS1\nprepare: .* failed: .*\n$/);
});

test('Ctrl-C while it installs ends it as an interruption, and not as a failure', () => {
  write('package-lock.json', lock('2.0.0'));
  write('tools/npm', '#!/bin/sh\nkill -INT $PPID\nexit 1\n');
  expect(prepare()).toMatchObject({
    status: 130,
    stderr: expect.not.stringContaining('is there a network?'),
  });
});

test.each([
  ['18.20.4', 'Node 18.20.4 is too old', 'Node 18.20.4 is too old'],
  ['20.11.1', 'Node 20.11.1 is too old', 'Node 20.11.1 is too old'],
  ['20.12.0', '', 'Node 20.12.0 runs the network, but not its checks'],
  ['20.18.3', '', 'Node 20.18.3 runs the network, but not its checks'],
  ['20.19.0', '', ''],
  ['21.7.3', '', 'Node 21.7.3 runs the network, but not its checks'],
  ['22.11.0', '', 'Node 22.11.0 runs the network, but not its checks'],
  ['22.12.0', '', ''],
  ['23.9.0', '', 'Node 23.9.0 runs the network, but not its checks'],
  ['24.0.0', '', ''],
  ['26.1.0', '', ''],
])('Node %s: %j to run it, %j for the checks', (version, toRun, forChecks) => {
  const script = `
    import { nodeProblem } from './scripts/readiness.js';
    const of = (isForChecks) => nodeProblem('${version}', isForChecks) ?? '';
    console.log(JSON.stringify([of(false), of(true)]));`;
  const words = ['--input-type=module', '-e', script];
  const { stdout } = spawnSync(process.execPath, words, { cwd: project, encoding: 'utf8' });
  const beginnings = [toRun, forChecks].map((beginning) =>
    beginning === '' ? '' : expect.stringMatching(`^${beginning}`),
  );
  expect(JSON.parse(stdout)).toEqual(beginnings);
});

test('the tools of the checks take every Node that they are said to take', () => {
  const lockFile = fileURLToPath(new URL('../package-lock.json', import.meta.url));
  const { packages } = JSON.parse(readFileSync(lockFile, 'utf8')) as {
    packages: Record<string, { engines?: { node?: string } }>;
  };
  const wanted = new Set(Object.values(packages).flatMap(({ engines }) => engines?.node ?? []));
  // Each names the lines 20, 22 and 24 with no more than these, or with a lower bound alone.
  const isMet = (range: string) =>
    range === '*' ||
    range.split('||').some((part) => {
      const [, operator, major, minor = '0'] =
        /^\s*([\^~>=]*)\s*(\d+)(?:\.(\d+))?/.exec(part) ?? [];
      const isLower = Number(major) < 20 && operator?.startsWith('>') === true;
      return isLower || (Number(major) === 20 && Number(minor) <= 19);
    });
  expect([...wanted].filter((range) => !isMet(range))).toEqual([]);
});
