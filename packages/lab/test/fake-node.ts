/**
 * A stand-in for the seed and peer programs: a plain script, written to a folder of its own, that
 * takes their flags, listens, and writes their log lines. What it does beyond that is a flag.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** What the stand-in does when it listens, besides writing a line now and then. */
export type Behaviour =
  | 'runs'
  | 'says-nothing'
  | 'ends-at-once'
  | 'ignores-sigterm'
  | 'names-variables';

/** Writes the script; gives its path. */
export function writeFakeNode(folder: string, behaviour: Behaviour): string {
  const path = join(folder, `${behaviour}.mjs`);
  writeFileSync(path, `const behaviour = ${JSON.stringify(behaviour)};\n${source}`);
  return path;
}

const source = `
import { appendFileSync, existsSync, renameSync } from 'node:fs';
import { createServer } from 'node:net';
const flag = (name) => process.argv[process.argv.indexOf(name) + 1];
const node = flag('--host') + ':' + flag('--port');
const log = flag('--log-dir') + '/peerlog_' + flag('--port') + '.txt';
const write = (text) =>
  appendFileSync(log, new Date().toISOString() + ' [peer ' + node + '] ' + text + '\\n');
if (behaviour === 'ends-at-once') {
  process.stderr.write('fake: not today\\n');
  process.exit(2);
}
if (behaviour === 'names-variables') {
  const names = Object.keys(process.env).filter((name) => /^(hearsay|fleettest)_/i.test(name));
  process.stderr.write(names.join(' '));
  process.exit(2);
}
const server = createServer();
server.on('error', (error) => {
  process.stderr.write('fake: ' + error.code + '\\n');
  process.exit(2);
});
server.listen(Number(flag('--port')), flag('--host'), () => {
  if (behaviour === 'says-nothing') return;
  if (existsSync(log)) renameSync(log, log + '.1');
  write('peer-started version=0 node=' + node + ' process=' + process.pid +
    ' config=c seeds= gossipIntervalMs=1 gossipCount=0 livenessIntervalMs=1 strikesMax=3' +
    ' neighborsMin=4 neighborsMax=64 alpha=0.5 rng=1');
  setInterval(() => write('woke-late lateMs=1'), 20);
});
process.on('SIGTERM', () => {
  if (behaviour === 'ignores-sigterm') return;
  write('stopped reason=SIGTERM');
  process.exit(0);
});
`;
