import { createServer, Socket } from 'node:net';
import { describe, expect, test, vi } from 'vitest';
import { callerAt, listening, openNode, spin, until } from './heard-node.js';

describe('links', () => {
  test('a call is heard with its IP, its bytes, its end and its close, in that order', async () => {
    const { runtime, node } = await openNode((to, heard) => {
      if (heard.event === 'ended') to.send(heard.link, Buffer.from('still writable'));
    });
    const { socket, received } = await callerAt(runtime.bound);
    socket.end('hello');
    await until(() => received() === 'still writable');
    socket.destroy();
    await until(() => node.events().includes('closed') || node.events().length >= 4);
    expect(node.events().slice(0, 4)).toEqual(['start', 'opened', 'bytes', 'ended']);
    expect(node.text()).toBe('hello');
    expect(node.heard[1]).toMatchObject({
      info: {
        direction: 'in',
        medium: 'stream',
        remote: { ip: '127.0.0.1', port: expect.any(Number) },
      },
    });
  });

  test('one that was dialed and has ended its half can still be written to', async () => {
    const server = createServer({ allowHalfOpen: true }, (socket) => socket.end());
    const replied = new Promise((resolve) => {
      server.on('connection', (socket) => socket.on('data', (chunk) => resolve(`${chunk}`)));
    });
    const { runtime, node } = await openNode((to, heard) => {
      if (heard.event === 'ended') to.send(heard.link, Buffer.from('still writable'));
    });
    const link = runtime.dial(await listening(server));
    expect(await replied).toBe('still writable');
    expect(node.events()).toEqual(['start', 'opened', 'ended']);
    runtime.close(link);
  });

  test('a reset closes the link once', async () => {
    const { runtime, node } = await openNode();
    const { socket } = await callerAt(runtime.bound);
    await until(() => node.events().includes('opened'));
    socket.resetAndDestroy();
    await until(() => node.events().includes('closed'));
    expect(node.events()).toEqual(['start', 'opened', 'closed']);
  });

  test('an IPv4 caller at an IPv6 wildcard is known by its IPv4', async () => {
    const { runtime, node } = await openNode(() => {}, { listen: { ip: '::', port: 0 } });
    await callerAt({ ip: '127.0.0.1', port: runtime.bound.port });
    await until(() => node.events().includes('opened'));
    expect(node.heard[1]).toMatchObject({ info: { remote: { ip: '127.0.0.1' } } });
  });

  test('a dial opens, and goes out from the IP that the node listens on', async () => {
    const { runtime: callee, node: hearer } = await openNode();
    const { runtime, node } = await openNode(() => {}, { listen: { ip: '127.0.0.2', port: 0 } });
    const link = runtime.dial(callee.bound);
    await until(() => node.events().includes('opened') && hearer.events().includes('opened'));
    expect(node.heard[1]).toEqual({
      event: 'opened',
      link,
      info: { direction: 'out', medium: 'stream', remote: callee.bound },
    });
    expect(hearer.heard[1]).toMatchObject({ info: { remote: { ip: '127.0.0.2' } } });
  });

  test('a dial to a port where nobody listens fails as refused, and nothing follows', async () => {
    const server = createServer();
    const address = await listening(server);
    await new Promise((resolve) => server.close(resolve));
    const { runtime, node } = await openNode();
    const link = runtime.dial(address);
    await until(() => node.events().includes('failed'));
    expect(node.heard.slice(1)).toEqual([{ event: 'failed', link, reason: 'refused' }]);
  });

  test('a dial that does not come up within dialMs fails as timed out', async () => {
    // A connection that has not come up yet: the socket's connect is held back.
    const connecting = vi.spyOn(Socket.prototype, 'connect').mockImplementation(function (
      this: Socket,
    ) {
      return this;
    });
    const { runtime, node } = await openNode(() => {}, { dialMs: 20 });
    const link = runtime.dial({ ip: '127.0.0.1', port: 9 });
    await until(() => node.events().includes('failed'));
    connecting.mockRestore();
    expect(node.heard[1]).toEqual({ event: 'failed', link, reason: 'timed-out' });
  });

  test('a link that meets itself is refused: nobody listens there', async () => {
    // The system may take the dialed port as the port dialed from; here it is made to.
    const server = createServer();
    const free = await listening(server);
    await new Promise((resolve) => server.close(resolve));
    const connectAsIs = Socket.prototype.connect;
    const connecting = vi.spyOn(Socket.prototype, 'connect').mockImplementation(function (
      this: Socket,
      ...given: unknown[]
    ) {
      const [[options]] = given as [[{ localPort?: number }]];
      options.localPort = free.port;
      return connectAsIs.apply(this, given as never);
    });
    const { runtime, node } = await openNode();
    const link = runtime.dial(free);
    connecting.mockRestore();
    await until(() => node.events().length > 1);
    expect(node.heard[1]).toEqual({ event: 'failed', link, reason: 'refused' });
  });
});

describe('sending', () => {
  test('what is sent to a link in one turn becomes one socket write, in order', async () => {
    const { runtime, node } = await openNode();
    const { received } = await callerAt(runtime.bound);
    await until(() => node.events().includes('opened'));
    const writing = vi.spyOn(Socket.prototype, 'write');
    const pieces = Array.from({ length: 500 }, (_, index) => `${index}\n`);
    for (const piece of pieces) expect(runtime.send(1, Buffer.from(piece))).toBe(true);
    await until(() => received() === pieces.join(''));
    expect(writing).toHaveBeenCalledTimes(1);
    writing.mockRestore();
  });

  test('what comes from several links in one poll goes on to another in one write', async () => {
    const { runtime, node } = await openNode((to, heard) => {
      if (heard.event === 'bytes') to.send(1, heard.chunk);
    });
    const { received } = await callerAt(runtime.bound);
    await until(() => node.events().includes('opened'));
    const callers = [];
    for (let i = 0; i < 20; i += 1) callers.push(await callerAt(runtime.bound));
    await until(() => node.events().filter((event) => event === 'opened').length === 21);
    for (const { socket } of callers) socket.write('x');
    const writing = vi.spyOn(Socket.prototype, 'write');
    await until(() => received() === 'x'.repeat(20));
    expect(writing).toHaveBeenCalledTimes(1);
    writing.mockRestore();
  });

  test('a full link says so, and is drained exactly once when there is room', async () => {
    const { runtime, node } = await openNode();
    const { socket } = await callerAt(runtime.bound);
    socket.pause();
    await until(() => node.events().includes('opened'));
    const chunk = Buffer.alloc(4_096, 'a');
    let sent = 0;
    const fill = () => {
      expect(runtime.send(1, chunk)).toBe(true);
      do sent += chunk.length;
      while (runtime.send(1, chunk));
      // It stays full however often one asks, and asking again owes no second `drained`.
      expect(runtime.send(1, chunk)).toBe(false);
      sent += 2 * chunk.length;
    };
    for (let round = 1; round <= 3; round += 1) {
      fill();
      const before = node.events().filter((event) => event === 'drained').length;
      expect(before).toBe(round - 1);
      socket.resume();
      await until(() => node.events().filter((event) => event === 'drained').length === round);
    }
    await until(() => socket.bytesRead === sent);
    expect(node.events()).toEqual(['start', 'opened', 'drained', 'drained', 'drained']);
  });

  test('a link that nobody reads is not drained', async () => {
    const { runtime, node } = await openNode();
    const { socket } = await callerAt(runtime.bound);
    socket.pause();
    await until(() => node.events().includes('opened'));
    runtime.send(1, Buffer.alloc(30_000_000));
    const woken = () => node.events().filter((event) => event === 'wake').length;
    for (let turn = 1; turn <= 20; turn += 1) {
      runtime.wakeAt(runtime.monotonicMs() + 1);
      await until(() => woken() === turn);
    }
    expect(node.events()).not.toContain('drained');
  });
});

describe('closing', () => {
  test('what was sent before the close arrives whole, then the end', async () => {
    const { runtime, node } = await openNode((to, heard) => {
      if (heard.event !== 'opened') return;
      to.send(heard.link, Buffer.alloc(3_000_000, 'a'));
      to.send(heard.link, Buffer.from('end'));
      to.close(heard.link);
    });
    const { socket, received } = await callerAt(runtime.bound);
    await new Promise((resolve) => socket.once('end', resolve));
    expect(received()).toHaveLength(3_000_003);
    expect(received().endsWith('end')).toBe(true);
    socket.end('nobody hears this');
    await new Promise((resolve) => socket.once('close', resolve));
    expect(node.events()).toEqual(['start', 'opened']);
  });

  test.each([
    ['takes nothing', (socket: Socket) => socket.pause()],
    ['does not end its half', (socket: Socket) => socket.resume()],
    ['goes on talking', (socket: Socket) => setInterval(() => socket.write('x'), 5).unref()],
  ])('one that %s is cut off after lingerMs', async (_, behave) => {
    const { runtime, node } = await openNode(
      (to, heard) => {
        if (heard.event !== 'opened') return;
        to.send(heard.link, Buffer.alloc(30_000_000));
        to.close(heard.link);
      },
      { lingerMs: 300 },
    );
    const closing = vi.spyOn(Socket.prototype, 'destroy');
    const { socket } = await callerAt(runtime.bound);
    behave(socket);
    const startMs = performance.now();
    await until(() => closing.mock.contexts.some((context) => context !== socket));
    expect(performance.now() - startMs).toBeGreaterThan(250);
    closing.mockRestore();
    expect(node.events()).toEqual(['start', 'opened']);
  });

  test('a dial that is closed at once is heard of no more, and reaches nobody', async () => {
    const { runtime: callee, node: hearer } = await openNode();
    const { runtime, node } = await openNode();
    runtime.close(runtime.dial(callee.bound));
    const { socket } = await callerAt(callee.bound);
    socket.write('the only call');
    await until(() => hearer.text() === 'the only call');
    expect(node.events()).toEqual(['start']);
    expect(hearer.events()).toEqual(['start', 'opened', 'bytes']);
  });

  test('a dial that is closed with something to say still says it', async () => {
    const { runtime: callee, node: hearer } = await openNode((to, heard) => {
      if (heard.event === 'ended') to.close(heard.link);
    });
    const { runtime, node } = await openNode();
    const link = runtime.dial(callee.bound);
    runtime.send(link, Buffer.from('Dead Node'));
    runtime.close(link);
    await until(() => hearer.events().includes('ended'));
    expect(hearer.text()).toBe('Dead Node');
    expect(node.events()).toEqual(['start']);
  });

  test('sending to a link that was closed or never was does nothing', async () => {
    const { runtime, node } = await openNode((to, heard) => {
      if (heard.event !== 'opened') return;
      to.send(heard.link, Buffer.alloc(3_000_000, 'a'));
      to.close(heard.link);
      to.close(heard.link);
      expect(to.send(heard.link, Buffer.from('b'))).toBe(true);
      expect(to.send(999, Buffer.from('c'))).toBe(true);
      to.close(999);
    });
    const { socket, received } = await callerAt(runtime.bound);
    await new Promise((resolve) => socket.once('end', resolve));
    expect(received()).toBe('a'.repeat(3_000_000));
    expect(node.events()).toEqual(['start', 'opened']);
  });

  test('after stopListening nobody gets in, and those inside stay', async () => {
    const { runtime, node } = await openNode();
    const { socket } = await callerAt(runtime.bound);
    await until(() => node.events().includes('opened'));
    runtime.stopListening();
    const late = new Socket().connect(runtime.bound.port, '127.0.0.1');
    const error = await new Promise<NodeJS.ErrnoException>((resolve) =>
      late.once('error', resolve),
    );
    expect(error.code).toBe('ECONNREFUSED');
    socket.write('still here');
    await until(() => node.text() === 'still here');
  });

  test('a node that is finished hears nothing more, and its last words go out', async () => {
    const { runtime, node } = await openNode((to, heard) => {
      if (heard.event !== 'bytes') return;
      to.send(heard.link, Buffer.from('bye'));
      to.finished();
    });
    const { socket, received } = await callerAt(runtime.bound);
    runtime.wakeAt(runtime.monotonicMs() + 60_000);
    socket.write('hello');
    await until(() => node.text() === 'hello');
    await runtime.handedOver();
    socket.write('more');
    await until(() => received() === 'bye');
    socket.destroy();
    await new Promise((resolve) => socket.once('close', resolve));
    expect(node.events()).toEqual(['start', 'opened', 'bytes']);
  });
});

describe('waking', () => {
  test('a wake never comes before its time', async () => {
    const { runtime, node } = await openNode();
    for (let i = 1; i <= 60; i += 1) {
      const deadlineMs = runtime.monotonicMs() + (i % 7) + i / 61;
      runtime.wakeAt(deadlineMs);
      await new Promise<void>((resolve) => {
        const look = () => {
          const nowMs = runtime.monotonicMs();
          if (node.events().filter((event) => event === 'wake').length < i) setImmediate(look);
          else {
            expect(nowMs).toBeGreaterThanOrEqual(deadlineMs);
            resolve();
          }
        };
        look();
      });
    }
  });

  test('a time that has passed wakes soon, but not from inside the call', async () => {
    const { runtime, node } = await openNode((to, heard) => {
      if (heard.event === 'start') to.wakeAt(to.monotonicMs() - 1_000);
    });
    expect(node.events()).toEqual(['start']);
    await until(() => node.events().length === 2);
    expect(runtime.monotonicMs()).toBeGreaterThan(0);
  });

  test('a later call replaces an earlier one, and undefined takes it back', async () => {
    const { runtime, node } = await openNode();
    const nowMs = runtime.monotonicMs();
    runtime.wakeAt(nowMs + 5);
    runtime.wakeAt(nowMs + 40);
    runtime.wakeAt(nowMs + 30);
    await until(() => node.events().includes('wake'));
    expect(runtime.monotonicMs()).toBeGreaterThanOrEqual(nowMs + 30);
    runtime.wakeAt(runtime.monotonicMs() - 1);
    runtime.wakeAt(undefined);
    const { socket } = await callerAt(runtime.bound);
    socket.write('x');
    await until(() => node.text() === 'x');
    expect(node.events()).toEqual(['start', 'wake', 'opened', 'bytes']);
  });

  test('a time further away than one timeout can be is waited for', async () => {
    const warnings: string[] = [];
    const keep = (warning: Error) => warnings.push(warning.name);
    process.on('warning', keep);
    const { runtime, node } = await openNode();
    runtime.wakeAt(runtime.monotonicMs() + 3_600_000_000);
    const { socket } = await callerAt(runtime.bound);
    socket.write('x');
    await until(() => node.text() === 'x');
    process.off('warning', keep);
    expect(warnings).toEqual([]);
    expect(node.events()).toEqual(['start', 'opened', 'bytes']);
  });

  // Each of these writes into a loopback socket, where the bytes arrive within the call, and then
  // holds the event loop until the deadline has passed, as a process that was stopped would.
  test('bytes that arrived before a deadline are heard before it is judged', async () => {
    const { runtime, node } = await openNode();
    const { socket } = await callerAt(runtime.bound);
    await until(() => node.events().includes('opened'));
    await new Promise<void>((resolve) => setImmediate(resolve));
    runtime.wakeAt(runtime.monotonicMs() + 5);
    socket.write('in time');
    spin(20);
    await until(() => node.events().includes('wake'));
    expect(node.events()).toEqual(['start', 'opened', 'bytes', 'wake']);
  });

  test('so they are when the deadline is asked for late, in the middle of a poll', async () => {
    const { runtime, node } = await openNode((to, heard) => {
      if (heard.event !== 'bytes' || heard.link !== 1) return;
      second.write('in time');
      const deadlineMs = to.monotonicMs();
      spin(5);
      to.wakeAt(deadlineMs);
    });
    const { socket: first } = await callerAt(runtime.bound);
    const { socket: second } = await callerAt(runtime.bound);
    await until(() => node.events().filter((event) => event === 'opened').length === 2);
    first.write('go');
    await until(() => node.events().includes('wake'));
    expect(node.events()).toEqual(['start', 'opened', 'opened', 'bytes', 'bytes', 'wake']);
  });
});
