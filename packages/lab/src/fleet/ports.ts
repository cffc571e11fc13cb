/**
 * Whether a port can be listened on, found out by listening on it for a moment. A fleet chooses its
 * nodes' ports itself, so that each log file's name is known before the node runs. Between the test
 * and the node's own listening the port may still go to another: whoever starts the node looks
 * again when it fails.
 */
import { createServer } from 'node:net';
import { type Address, portMax } from '@hearsay/common/address';

/** `not-here`: the IP is none of this machine's. `not-allowed`: the port needs more rights. */
export type PortState = 'free' | 'taken' | 'not-here' | 'not-allowed';

/** Listens for a moment and says what came of it. */
export function portState(address: Address): Promise<PortState> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve('taken');
      else resolve(error.code === 'EACCES' ? 'not-allowed' : 'not-here');
    });
    server.listen({ host: address.ip, port: address.port, exclusive: true }, () => {
      server.close(() => resolve('free'));
    });
  });
}

/**
 * The first free port of an IP from `portFrom` upwards, passing over those in `reserved`;
 * undefined if there is none.
 */
export async function freePort(
  ip: string,
  portFrom: number,
  reserved: ReadonlySet<number> = new Set(),
): Promise<number | undefined> {
  for (let port = portFrom; port <= portMax; port += 1) {
    if (reserved.has(port)) continue;
    const state = await portState({ ip, port });
    if (state === 'free') return port;
    if (state === 'not-here') return undefined;
  }
  return undefined;
}
