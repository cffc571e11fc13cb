/**
 * A node of a test, as a process of its own. What it does is its first argument; what it hears and
 * does it writes into its log as `dropped` records, which take any text.
 */
import type { Node, Runtime } from '@hearsay/common/runtime';
import { runNode } from '../src/run-node.js';

/** What the node does when it has started. */
export type Behaviour =
  | 'idle'
  | 'chatter'
  | 'farewell'
  | 'finish-after-burst'
  | 'throw'
  | 'throw-later'
  | 'throw-at-end';

const [behaviour, logDir = '', host = '127.0.0.1', port = '0', quiet = ''] = process.argv.slice(
  2,
) as [Behaviour, ...string[]];

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
  if (behaviour === 'throw-later' || behaviour === 'chatter') {
    runtime.wakeAt(runtime.monotonicMs() + 20);
  }
}

function wake(runtime: Runtime): void {
  note(runtime, 'woken', 100);
  if (behaviour === 'throw-later') throw new Error('thrown in wake');
  runtime.wakeAt(runtime.monotonicMs() + 5);
}

await runNode({
  role: 'peer',
  listen: [{ ip: host, port: Number(port) }],
  advertise: (bound) => bound,
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
    bytes: () => {},
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
