/**
 * Binding a port, where several are as good: a seed without `--port` takes the first entry of
 * config.txt that is free on this machine. What went wrong is kept for each, for the message.
 */
import { createServer, type Server } from 'node:net';
import { type Address, formatAddress } from '@hearsay/common/address';
import { failure, type Result, success } from '@hearsay/common/result';
import { socketIp } from './socket-address.js';

/** Why an address could not be listened on. */
type ListenFailure = 'taken' | 'not-this-machine' | 'link-local' | 'not-permitted' | 'failed';

/** An address that was tried in vain. */
export interface ListenError {
  readonly address: Address;
  readonly failure: ListenFailure;
  /** The system's own code, like `EADDRINUSE`. */
  readonly code: string;
}

/** A server that listens, and where. */
export interface Listening {
  readonly server: Server;
  readonly bound: Address;
}

/**
 * Connections that may wait to be accepted: all that Linux allows by default, since a class may
 * start its peers at the same moment.
 */
const backlogMax = 4_096;

/**
 * Listens on the first of the addresses that can be had; port 0 is a free one.
 *
 * @returns the server, or why each address failed, in the order given.
 */
export async function listen(
  addresses: readonly Address[],
): Promise<Result<Listening, readonly ListenError[]>> {
  const errors: ListenError[] = [];
  for (const address of addresses) {
    const listening = await listenOn(address);
    if (listening.ok) return listening;
    errors.push(listening.error);
  }
  return failure(errors);
}

function listenOn(address: Address): Promise<Result<Listening, ListenError>> {
  const server = createServer({ allowHalfOpen: true });
  return new Promise((resolve) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const code = error.code ?? 'unknown';
      resolve(failure({ address, failure: failureOf(code), code }));
    });
    server.listen({ host: address.ip, port: address.port, backlog: backlogMax }, () => {
      server.removeAllListeners('error');
      // From here on errors are those of single accepts, like EMFILE when the process may open
      // no more files. The caller is turned away by the system, and the others are served on.
      server.on('error', () => {});
      const bound = server.address() as { address: string; port: number };
      resolve(success({ server, bound: { ip: socketIp(bound.address), port: bound.port } }));
    });
  });
}

function failureOf(code: string): ListenFailure {
  switch (code) {
    case 'EADDRINUSE':
      return 'taken';
    case 'EADDRNOTAVAIL':
      return 'not-this-machine';
    case 'EINVAL': // `fe80::…` without its interface.
      return 'link-local';
    case 'EACCES':
    case 'EPERM':
      return 'not-permitted';
    default:
      return 'failed';
  }
}

/** One line for a person: what failed, and what to do about it. */
export function describeListenErrors(errors: readonly ListenError[]): string {
  const causes = errors.map(
    ({ address, failure, code }) => `${formatAddress(address)} ${causeOf(failure, code)}`,
  );
  return `cannot listen: ${causes.join(', ')}; ${mendOf(errors)}`;
}

function causeOf(failure: ListenFailure, code: string): string {
  switch (failure) {
    case 'taken':
      return 'is taken by another program';
    case 'not-this-machine':
      return 'is no address of this machine';
    case 'link-local':
      return 'is link-local, of one interface only, and cannot be used';
    case 'not-permitted':
      return 'needs more rights';
    case 'failed':
      return `failed (${code})`;
  }
}

function mendOf(errors: readonly ListenError[]): string {
  if (errors.every(({ failure }) => failure === 'not-this-machine' || failure === 'link-local')) {
    return 'choose one of its addresses with --host';
  }
  if (errors.every((error) => error.failure === 'not-permitted')) {
    return 'choose a port from 1024 on with --port';
  }
  return 'choose another port with --port, or end the program that holds it';
}
