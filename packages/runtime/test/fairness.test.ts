import { spawn } from 'node:child_process';
import { expect, onTestFinished, test } from 'vitest';
import { openNode, spin, until } from './heard-node.js';

/** Another process, which writes as fast as it can for as long as it is read. */
function floodAt(port: number): void {
  const script = `
    const socket = require('node:net').connect(${port}, '127.0.0.1');
    const pour = () => { while (socket.write(Buffer.alloc(65536, 'x'))); };
    socket.on('connect', pour).on('drain', pour).on('error', () => {});`;
  const child = spawn(process.execPath, ['-e', script], { stdio: 'ignore' });
  onTestFinished(() => void child.kill('SIGKILL'));
}

test('a flood over one link does not keep a deadline waiting for more than a few chunks', async () => {
  let chunks = 0;
  let chunksSinceDue = 0;
  let woke = false;
  let dueMs = Number.POSITIVE_INFINITY;
  const { runtime } = await openNode((to, heard) => {
    if (heard.event === 'wake') woke = true;
    if (heard.event !== 'bytes' || woke) return;
    chunks += 1;
    if (chunks === 50) {
      dueMs = to.monotonicMs() + 1;
      to.wakeAt(dueMs);
    }
    // A node that is busy with each chunk: the flood is always ahead of it.
    spin(5);
    if (to.monotonicMs() > dueMs) chunksSinceDue += 1;
  });
  floodAt(runtime.bound.port);
  await until(() => woke);
  // Without turns the system hands over up to 32 chunks of one socket in a row.
  expect(chunksSinceDue).toBeLessThanOrEqual(3);
});
