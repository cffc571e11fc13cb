/**
 * A node of a test, as a process of its own. What it does is its first argument; what it hears and
 * does it writes into its log as `dropped` records, which take any text.
 */
import { LIMITS } from '@hearsay/common/limits';
import type { Node, Runtime } from '@hearsay/common/runtime';
import { LineTransport } from '../src/line-transport.js';
import { runNode } from '../src/run-node.js';

/** What the node does when it has started. */
export type Behaviour =
  | 'idle'
  | 'chatter'
  | 'flood'
  | 'flood-and-throw'
  | 'long-burst'
  | 'farewell'
  | 'finish-after-burst'
  | 'throw'
  | 'throw-in-log'
  | 'throw-later'
  | 'throw-at-end';

type Words = [Behaviour, string, string, string, 'seed' | 'peer', string];
const [behaviour, logDir, host, port, role, quiet] = process.argv.slice(2) as Words;
const isFlood = /^(flood|long-burst)/.test(behaviour);
const isWoken = isFlood || behaviour === 'chatter' || behaviour === 'throw-later';
let wakes = 0;

function note(runtime: Runtime, reason: string, count = 1): void {
  for (let bytes = 1; bytes <= count; bytes += 1) {
    runtime.record({ event: 'dropped', reason, bytes, text: 'x', from: '127.0.0.1:1' });
  }
}

function start(runtime: Runtime): void {
  note(runtime, 'start');
  if (behaviour === 'finish-after-burst') {
    note(runtime, 'burst', 100_000);
    runtime.finished();
  }
  if (behaviour === 'throw') {
    note(runtime, 'last-words');
    throw new Error('thrown in start');
  }
  if (behaviour === 'throw-in-log') {
    note(runtime, 'last-words');
    LineTransport.prototype.log = () => {
      throw new Error('thrown in log');
    };
    note(runtime, 'never-written');
  }
  if (isWoken) runtime.wakeAt(runtime.monotonicMs() + 20);
}

function wake(runtime: Runtime): void {
  wakes += 1;
  note(runtime, 'woken', isFlood ? 2_000 : 100);
  const isLast = wakes === (isFlood ? 120 : 1);
  if (isLast && behaviour.includes('throw')) throw new Error('thrown in wake');
  if (isLast && behaviour === 'long-burst') note(runtime, 'burst-end');
  else runtime.wakeAt(runtime.monotonicMs() + (isFlood ? 0 : 5));
}

await runNode({
  role,
  listen: [{ ip: host, port: Number(port) }],
  advertise: (bound) => bound,
  limits: LIMITS,
  logDir,
  logFormat: 'text',
  quiet: quiet === 'quiet',
  makeNode: (runtime): Node => ({
    start: () => start(runtime),
    opened: (link) => {
      if (behaviour === 'farewell') {
        runtime.send(link, Buffer.alloc(20_000_000, 'a'));
        runtime.finished();
      }
    },
    bytes: (link, chunk) => void runtime.send(link, chunk),
    ended: () => {},
    closed: () => {},
    failed: () => {},
    drained: () => {},
    wake: () => wake(runtime),
    typed: (line) => {
      note(runtime, `typed ${line}`);
      runtime.tell([`you typed ${line}`]);
    },
    stopping: (reason) => {
      note(runtime, 'burst', 5_000);
      runtime.record({ event: 'stopped', reason });
      if (behaviour === 'throw-at-end') throw new Error('thrown in stopping');
    },
  }),
});
