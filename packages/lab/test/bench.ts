/**
 * What the conformance suite needs of the world in which it tries a runtime: somewhere to start
 * nodes, plain sockets to talk to them, and a way to wait.
 */
import type { Address } from '@hearsay/common/address';
import type { Node, Runtime } from '@hearsay/common/runtime';

/** A plain socket in the hands of the suite. */
export interface BenchSocket {
  send(data: string | Uint8Array): void;
  /** Half-close. */
  end(): void;
  reset(): void;
  pause(): void;
  resume(): void;
  readonly receivedBytes: Buffer;
  readonly open: boolean;
  readonly ended: boolean;
  readonly closed: boolean;
  readonly failed: string | undefined;
}

/** The world in which a runtime is tried. */
export interface Bench {
  /** An address of this machine at which nobody listens. */
  deserted(): Promise<Address>;
  /** Starts a node on the runtime; resolves, with its address, when `start` has been called. */
  spawn(make: (runtime: Runtime) => Node): Promise<Address>;
  /** Dials with a plain socket. */
  connect(to: Address): BenchSocket;
  /** Waits until the condition holds; throws if it does not in good time. */
  until(condition: () => boolean): Promise<void>;
  /** The node's process stands still for so long from now on; the world around it goes on. */
  standStill(address: Address, durationMs: number): void;
  /** Ends everything. */
  end(): Promise<void>;
}
