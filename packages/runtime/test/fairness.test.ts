import { spawn } from 'node:child_process';
import { expect, onTestFinished, test } from 'vitest';
import { callerAt, openNode, spin, until } from './heard-node.js';

/** Another process, which writes as fast as it can over each link, for as long as it is read. */
function floodAt(port: number, links: number): void {
  const script = `
    for (let link = 0; link < ${links}; link += 1) {
      const socket = require('node:net').connect(${port}, '127.0.0.1');
      const pour = () => { while (socket.write(Buffer.alloc(65536, 'x'))); };
      socket.on('connect', pour).on('drain', pour).on('error', () => {});
    }`;
  const child = spawn(process.execPath, ['-e', script], { stdio: 'ignore' });
  onTestFinished(() => void child.kill('SIGKILL'));
}

/** What the system reads from a socket at once. */
const readBytes = 65_536;

/** Keeps a node busy with each byte, so that a flood is always ahead of it. */
function chew(bytes: number, readMs: number): void {
  spin((readMs * bytes) / readBytes);
}

test('a flood over one link does not keep a deadline waiting for more than a few chunks', async () => {
  let bytes = 0;
  let bytesSinceDue = 0;
  let woke = false;
  let dueMs = Number.POSITIVE_INFINITY;
  const { runtime } = await openNode((to, heard) => {
    if (heard.event === 'wake') woke = true;
    if (heard.event !== 'bytes' || woke) return;
    bytes += heard.chunk.length;
    if (bytes > 50 * readBytes && dueMs === Number.POSITIVE_INFINITY) {
      dueMs = to.monotonicMs() + 1;
      to.wakeAt(dueMs);
    }
    chew(heard.chunk.length, 5);
    if (to.monotonicMs() > dueMs) bytesSinceDue += heard.chunk.length;
  });
  floodAt(runtime.bound.port, 1);
  await until(() => woke);
  // Without turns the system hands over up to 32 chunks of one socket in a row.
  expect(bytesSinceDue).toBeLessThanOrEqual(3 * readBytes);
});

test('a flood over forty links keeps neither a deadline waiting nor a link that says little', async () => {
  const links = 40;
  const flooding = new Set<number>();
  let isAsked = false;
  let bytesToWake = 0;
  let bytesToQuiet = 0;
  let woke = false;
  let quietIsHeard = false;
  const { runtime, node } = await openNode((to, heard) => {
    if (heard.event === 'wake') woke = true;
    if (heard.event !== 'bytes') return;
    if (heard.link === 1) {
      quietIsHeard = true;
      return;
    }
    flooding.add(heard.link);
    if (flooding.size === links && !isAsked) {
      isAsked = true;
      quiet.write('psst');
      to.wakeAt(to.monotonicMs() + 1);
    }
    chew(heard.chunk.length, 20);
    if (isAsked && !woke) bytesToWake += heard.chunk.length;
    if (isAsked && !quietIsHeard) bytesToQuiet += heard.chunk.length;
  });
  const { socket: quiet } = await callerAt(runtime.bound);
  await until(() => node.events().includes('opened'));
  floodAt(runtime.bound.port, links);
  await until(() => woke && quietIsHeard);
  // Without common turns each of the forty has a chunk of its own heard before the others.
  expect(bytesToQuiet).toBeLessThan((links * readBytes) / 4);
  expect(bytesToWake).toBeLessThan((links * readBytes) / 4);
});

test('a flood over a few links does not keep newcomers waiting at the door, one for each turn', async () => {
  const [links, newcomers] = [8, 40];
  let accepted = 0;
  let bytesMeanwhile = 0;
  let isAsked = false;
  const pouring = new Set<number>();
  const { runtime } = await openNode((_, heard) => {
    if (heard.event === 'opened') accepted += 1;
    if (heard.event !== 'bytes') return;
    pouring.add(heard.link);
    chew(heard.chunk.length, 20);
    if (pouring.size === links && !isAsked) {
      isAsked = true;
      for (let n = 0; n < newcomers; n += 1) void callerAt(runtime.bound);
    }
    if (isAsked && accepted < links + newcomers) bytesMeanwhile += heard.chunk.length;
  });
  floodAt(runtime.bound.port, links);
  await until(() => accepted === links + newcomers);
  // A turn hears some 160 kB of these: forty turns of it, one for each newcomer, would be 6 MB.
  expect(bytesMeanwhile).toBeLessThan(newcomers * readBytes);
});
