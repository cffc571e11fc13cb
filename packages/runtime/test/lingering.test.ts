import { Socket } from 'node:net';
import { LIMITS } from '@hearsay/common/limits';
import { expect, onTestFinished, test, vi } from 'vitest';
import { callerAt, openNode, until } from './heard-node.js';

/** A node of whose closed links two may linger, three callers, and which of them are gone. */
async function threeLinks() {
  const { runtime, node } = await openNode(() => {}, { lingerMs: 60_000, lingeringLinksMax: 2 });
  const gone: number[] = [];
  const callers: Awaited<ReturnType<typeof callerAt>>[] = [];
  for (const link of [1, 2, 3]) {
    const caller = await callerAt(runtime.bound);
    caller.socket.once('close', () => gone.push(link));
    callers.push(caller);
    await until(() => node.events().filter((event) => event === 'opened').length === link);
  }
  return { runtime, callers, gone };
}

test('of more closed links than may linger, the one closed longest ago is cut off', async () => {
  const { runtime, callers, gone } = await threeLinks();
  runtime.send(1, Buffer.from('farewell'));
  for (const link of [2, 1, 2, 3]) runtime.close(link);
  // None of them ends its half; whoever was cut off is told so when it goes on talking.
  await until(() => {
    for (const caller of callers) caller.socket.write('x');
    return gone.length > 0;
  });
  expect(gone).toEqual([2]);
  await until(() => callers[0]?.received() === 'farewell');
});

test('a closed link that both sides have ended takes no place of those that linger', async () => {
  const { runtime, callers, gone } = await threeLinks();
  runtime.close(1);
  runtime.close(2);
  callers[1]?.socket.end();
  await until(() => gone.includes(2));
  runtime.close(3);
  for (let turn = 0; turn < 20; turn += 1) {
    for (const link of [1, 3]) callers[link - 1]?.socket.write('x');
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(gone).toEqual([2]);
});

test.each([
  ['below', -1, 0],
  ['at', 0, 1],
  ['above', 1, 1],
])(
  'lingerMs: a closed link that is not ended, %s the bound: cut off or not',
  async (_, moreMs, cut) => {
    const { runtime, node } = await openNode();
    await callerAt(runtime.bound);
    await until(() => node.events().includes('opened'));
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const destroyed = vi.spyOn(Socket.prototype, 'destroy');
    onTestFinished(() => {
      vi.useRealTimers();
      destroyed.mockRestore();
    });
    runtime.close(1);
    vi.advanceTimersByTime(LIMITS.lingerMs + moreMs);
    expect(destroyed).toHaveBeenCalledTimes(cut);
  },
);
