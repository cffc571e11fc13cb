/**
 * A node for the runtime's tests: it writes down what it hears, in order, and does what a test
 * gives it to do. It fails the test when the runtime calls it from inside one of its own calls.
 */
import { connect, type Server, type Socket } from 'node:net';
import type { Address } from '@hearsay/common/address';
import type { Limits } from '@hearsay/common/limits';
import type { DialFailure, LinkId, LinkInfo, Node, Runtime } from '@hearsay/common/runtime';
import { expect, onTestFinished, vi } from 'vitest';
import { openTcpRuntime, type TcpRuntime } from '../src/tcp-runtime.js';

// Far more than any test needs, for machines that have much else to do.
vi.setConfig({ testTimeout: 30_000 });

/** One thing that a node heard from its runtime. */
export type Heard =
  | { event: 'start' | 'wake' }
  | { event: 'opened'; link: LinkId; info: LinkInfo }
  | { event: 'bytes'; link: LinkId; chunk: Uint8Array }
  | { event: 'ended' | 'closed' | 'drained'; link: LinkId }
  | { event: 'failed'; link: LinkId; reason: DialFailure };

type Reaction = (runtime: Runtime, heard: Heard) => void;

/** A node that keeps all that it hears, and does what a test says when it hears it. */
export class HeardNode implements Node {
  readonly heard: Heard[] = [];
  private inside = false;

  constructor(
    private readonly runtime: Runtime,
    private readonly react: Reaction,
  ) {}

  private hear(heard: Heard): void {
    expect(this.inside, `${heard.event} came from inside a call of the node`).toBe(false);
    this.heard.push(heard);
    this.inside = true;
    this.react(this.runtime, heard);
    this.inside = false;
  }

  start = () => this.hear({ event: 'start' });
  opened = (link: LinkId, info: LinkInfo) => this.hear({ event: 'opened', link, info });
  bytes = (link: LinkId, chunk: Uint8Array) => this.hear({ event: 'bytes', link, chunk });
  ended = (link: LinkId) => this.hear({ event: 'ended', link });
  closed = (link: LinkId) => this.hear({ event: 'closed', link });
  failed = (link: LinkId, reason: DialFailure) => this.hear({ event: 'failed', link, reason });
  drained = (link: LinkId) => this.hear({ event: 'drained', link });
  wake = () => this.hear({ event: 'wake' });
  typed = () => {};
  stopping = () => {};

  /** The names of what was heard, in order. */
  events(): string[] {
    return this.heard.map((heard) => heard.event);
  }

  /** All bytes of all links, as text. */
  text(): string {
    const chunks = this.heard.flatMap((heard) => (heard.event === 'bytes' ? [heard.chunk] : []));
    return Buffer.concat(chunks).toString();
  }
}

/** A node on real sockets, destroyed when the test is over. */
export async function openNode(
  react: Reaction = () => {},
  more: { listen?: Address } & Partial<
    Pick<Limits, 'dialMs' | 'lingerMs' | 'lingeringLinksMax'>
  > = {},
): Promise<{ runtime: TcpRuntime; node: HeardNode }> {
  const { listen = { ip: '127.0.0.1', port: 0 }, ...limits } = more;
  let node: HeardNode | undefined;
  const opened = await openTcpRuntime({
    listen: [listen],
    makeNode: (runtime) => {
      node = new HeardNode(runtime, react);
      return node;
    },
    record: () => {},
    tell: () => {},
    finished: () => {},
    limits,
  });
  if (!opened.ok) throw new Error(JSON.stringify(opened.error));
  onTestFinished(() => opened.value.destroy());
  return { runtime: opened.value, node: node as HeardNode };
}

/** A plain socket that is connected to an address and keeps all that it was sent. */
export async function callerAt(to: Address): Promise<{ socket: Socket; received: () => string }> {
  const socket = connect({ host: to.ip, port: to.port, allowHalfOpen: true, noDelay: true });
  onTestFinished(() => void socket.destroy());
  let received = '';
  socket.on('data', (chunk) => {
    received += chunk;
  });
  socket.on('error', () => {});
  await new Promise((resolve) => socket.once('connect', resolve));
  return { socket, received: () => received };
}

/** A server's port, once it listens on loopback; closed when the test is over. */
export async function listening(server: Server): Promise<Address> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const { port } = server.address() as { port: number };
  return { ip: '127.0.0.1', port };
}

/** Waits for a condition; fails after ten seconds. */
export async function until(condition: () => boolean): Promise<void> {
  await vi.waitFor(() => expect(condition()).toBe(true), { timeout: 10_000, interval: 2 });
}

/** Keeps the event loop busy. */
export function spin(durationMs: number): void {
  const endMs = performance.now() + durationMs;
  while (performance.now() < endMs);
}
