/** The bench of the conformance suite on real sockets, on loopback: waiting looks again and again. */
import { connect, createServer, type Socket } from 'node:net';
import { setTimeout as elapsed } from 'node:timers/promises';
import type { Address } from '@hearsay/common/address';
import { openTcpRuntime, type TcpRuntime } from '@hearsay/runtime/tcp-runtime';
import type { Bench, BenchSocket } from './bench.js';

/** Milliseconds for a condition; well below the time that the runner gives a test. */
const untilMs = 4_000;

const loopback: Address = { ip: '127.0.0.1', port: 0 };

/** A plain socket of Node's. */
class PlainSocket implements BenchSocket {
  open = false;
  ended = false;
  closed = false;
  failed: string | undefined;
  private readonly socket: Socket;
  private buffer = Buffer.alloc(0);
  private waiting: Buffer[] = [];

  constructor(to: Address) {
    this.socket = connect({ host: to.ip, port: to.port, allowHalfOpen: true });
    this.socket.on('connect', () => {
      this.open = true;
    });
    this.socket.on('data', (chunk) => this.waiting.push(chunk));
    this.socket.on('end', () => {
      this.ended = true;
    });
    this.socket.on('error', (error: NodeJS.ErrnoException) => {
      if (!this.open) this.failed = error.code === 'ECONNREFUSED' ? 'refused' : error.code;
    });
    this.socket.on('close', (hadError) => {
      this.open = false;
      this.closed = hadError;
    });
  }

  get receivedBytes(): Buffer {
    if (this.waiting.length > 0) {
      this.buffer = Buffer.concat([this.buffer, ...this.waiting]);
      this.waiting = [];
    }
    return this.buffer;
  }

  send(data: string | Uint8Array): void {
    this.socket.write(data);
  }

  end(): void {
    this.socket.end();
  }

  reset(): void {
    this.socket.resetAndDestroy();
  }

  pause(): void {
    this.socket.pause();
  }

  resume(): void {
    this.socket.resume();
  }

  destroy(): void {
    this.socket.destroy();
  }
}

/** A bench on real sockets. */
export function tcpBench(): Bench {
  const runtimes: TcpRuntime[] = [];
  const sockets: PlainSocket[] = [];
  return {
    deserted: () =>
      new Promise((resolve) => {
        const server = createServer();
        server.listen({ host: loopback.ip, port: 0 }, () => {
          const { port } = server.address() as { port: number };
          server.close(() => resolve({ ip: loopback.ip, port }));
        });
      }),
    spawn: async (makeNode) => {
      const opened = await openTcpRuntime({
        listen: [loopback],
        makeNode,
        record: () => {},
        tell: () => {},
        finished: () => {},
        // A node that goes on sending to one that has closed hears so after the lingering.
        limits: { dialMs: 1_500, lingerMs: 300 },
      });
      if (!opened.ok) throw new Error('no port of this machine is free');
      runtimes.push(opened.value);
      return opened.value.bound;
    },
    connect: (to) => {
      const socket = new PlainSocket(to);
      sockets.push(socket);
      return socket;
    },
    until: async (condition) => {
      const deadlineMs = performance.now() + untilMs;
      while (!condition()) {
        if (performance.now() > deadlineMs) {
          throw new Error(`the condition did not hold within ${untilMs} ms`);
        }
        await elapsed(1);
      }
    },
    // Every node of this process stands still, but what the sockets were given is on its way.
    standStill: (_, durationMs) => {
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, durationMs);
    },
    end: async () => {
      for (const socket of sockets) socket.destroy();
      for (const runtime of runtimes) runtime.destroy();
    },
  };
}
