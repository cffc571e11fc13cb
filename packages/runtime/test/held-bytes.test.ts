import type { Socket } from 'node:net';
import { LIMITS } from '@hearsay/common/limits';
import type { LinkId, Runtime } from '@hearsay/common/runtime';
import { expect, test } from 'vitest';
import { callerAt, type HeardNode, openNode, spin, until } from './heard-node.js';

/** Two slices, so that a link has more held than is heard of it in its turn. */
const pouredBytes = 2 * LIMITS.sliceBytesMax - 1_000;

/** What happens while the node hears the first slice of a link. */
type Meanwhile = (link: LinkId, second: Socket, runtime: Runtime) => void;

/**
 * Three callers that pour at the same moment, at a node that needs a whole turn for each slice:
 * while it hears a slice of one, the bytes of the others wait.
 */
async function threePouring(meanwhile: Meanwhile): Promise<HeardNode> {
  const callers: Socket[] = [];
  const { runtime, node } = await openNode(
    (to, heard) => {
      if (heard.event !== 'bytes') return;
      if (bytesOf(node, heard.link) === heard.chunk.length) {
        meanwhile(heard.link, callers[1] as Socket, to);
      }
      spin(LIMITS.turnMs + 10);
    },
    { lingerMs: 60_000 },
  );
  for (let i = 0; i < 3; i += 1) callers.push((await callerAt(runtime.bound)).socket);
  await until(() => node.events().filter((event) => event === 'opened').length === 3);
  for (const caller of callers) caller.write(Buffer.alloc(pouredBytes));
  return node;
}

function eventsOf(node: HeardNode, link: LinkId): string[] {
  return node.heard.flatMap((heard) =>
    'link' in heard && heard.link === link ? [heard.event] : [],
  );
}

function bytesOf(node: HeardNode, link: LinkId): number {
  return node.heard.reduce(
    (sum, heard) =>
      heard.event === 'bytes' && heard.link === link ? sum + heard.chunk.length : sum,
    0,
  );
}

test('much at once is heard whole and in order', async () => {
  const { runtime, node } = await openNode();
  const { socket } = await callerAt(runtime.bound);
  const much = Buffer.alloc(3_000_000, 'what is heard of a link is what was sent over it; ');
  socket.end(much);
  await until(() => node.events().includes('ended'));
  expect(node.text() === much.toString()).toBe(true);
});

test.each([
  ['ended', (socket: Socket) => socket.end()],
  ['closed', (socket: Socket) => socket.resetAndDestroy()],
] as const)('bytes that wait for their turn are heard before the link has %s', async (end, act) => {
  const node = await threePouring((link, second) => {
    if (link === 1) act(second);
  });
  await until(() => eventsOf(node, 2).includes(end));
  expect(eventsOf(node, 2)).toEqual(['opened', 'bytes', 'bytes', end]);
  expect(bytesOf(node, 2)).toBe(pouredBytes);
});

test('what waits of a link that the node closes is never heard, and its end is still read', async () => {
  let isGone = false;
  const node = await threePouring((link, second, runtime) => {
    if (link !== 1) return;
    runtime.close(2);
    second.once('close', () => {
      isGone = true;
    });
    second.end('nobody hears this');
  });
  await until(() => bytesOf(node, 1) === pouredBytes && bytesOf(node, 3) === pouredBytes);
  // Both sides have ended it, and nothing lingers.
  await until(() => isGone);
  expect(eventsOf(node, 2)).toEqual(['opened']);
});

test('a link that was reset while its bytes wait can be closed, and is heard of no more', async () => {
  const node = await threePouring((link, second, runtime) => {
    if (link === 1) second.resetAndDestroy();
    if (link === 3) runtime.close(2);
  });
  await until(() => bytesOf(node, 1) === pouredBytes && bytesOf(node, 3) === pouredBytes);
  expect(eventsOf(node, 2)).toEqual(['opened', 'bytes']);
  expect(bytesOf(node, 2)).toBe(LIMITS.sliceBytesMax);
});

test('much that arrived before a deadline is heard before it is judged, as little is', async () => {
  const { runtime, node } = await openNode();
  const { socket } = await callerAt(runtime.bound);
  await until(() => node.events().includes('opened'));
  await new Promise<void>((resolve) => setImmediate(resolve));
  runtime.wakeAt(runtime.monotonicMs() + 5);
  // The bytes arrive within the call, and the event loop stands still until the deadline is over.
  socket.write(Buffer.alloc(pouredBytes));
  spin(20);
  await until(() => node.events().includes('wake'));
  expect(bytesOf(node, 1)).toBe(pouredBytes);
  expect(node.events()).toEqual(['start', 'opened', 'bytes', 'bytes', 'wake']);
});
