// Makes a fresh clone ready to run: installs the dependencies if they are not the ones that
// package-lock.json names, and builds what has changed. Says nothing when nothing is to be done,
// and keeps stdout free for the program that follows.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as elapsed } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { isBuilt, isInstalled, nodeProblem } from './readiness.js';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Milliseconds in which a signal that has come is heard for certain. */
const signalMs = 50;

/** Ends with one line. */
function fail(line) {
  process.stderr.write(`prepare: ${line}\n`);
  process.exit(2);
}

/** Runs a command in the project's folder; its output goes to stderr. */
async function run(command, words, mend) {
  const { status, error, signal } = spawnSync(command, words, {
    cwd: root,
    stdio: ['ignore', 2, 2],
    // npm is a script on Windows, which only a shell starts.
    shell: process.platform === 'win32' && command === 'npm',
  });
  if (status === 0) return;
  // A signal that came meanwhile is heard only now; npm does not tell of it by its status.
  await elapsed(signalMs);
  if (interrupted) process.exit(130);
  if (status === 130 || (signal !== null && error === undefined)) process.exit(130);
  fail(`${[command, ...words].join(' ')} failed${error ? ` (${error.message})` : ''}: ${mend}`);
}

// Ctrl-C reaches npm as well, which then cleans up; ending before it would leave it running.
let interrupted = false;
const leaveToChild = () => {
  interrupted = true;
};
process.on('SIGINT', leaveToChild);

const problem = nodeProblem(process.versions.node, process.argv.includes('--checks'));
if (problem !== undefined) fail(problem);
if (!isInstalled(root)) {
  process.stderr.write('prepare: installing the dependencies (npm ci), about half a minute\n');
  // Where NODE_ENV says production, npm would leave the compiler out.
  await run(
    'npm',
    ['ci', '--include=dev', '--no-audit', '--no-fund'],
    'see above; is there a network?',
  );
}
if (!isBuilt(root)) {
  process.stderr.write('prepare: building (npm run build)\n');
  const compiler = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  await run(process.execPath, [compiler, '-b'], 'the errors above must be mended first');
}
// From here on Ctrl-C is for the program that follows, in this process or the next.
process.off('SIGINT', leaveToChild);
