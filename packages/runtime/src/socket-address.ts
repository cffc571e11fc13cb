/**
 * What the operating system says about a connection, in the words of a node: its addresses in the
 * canonical form, and the reason why it did not come up.
 */
import { type Address, isWildcardIp, parseIp } from '@hearsay/common/address';
import type { DialFailure } from '@hearsay/common/runtime';

/**
 * The canonical IP of a socket. A socket that listens on `::` shows IPv4 callers as IPv6
 * (`::ffff:1.2.3.4`); a node knows them by IPv4. The interface of a link-local address is left out.
 */
export function socketIp(text: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(text);
  const ip = mapped?.[1] ?? text.replace(/%.*$/, '');
  return parseIp(ip) ?? ip;
}

/**
 * The IP that a connection goes out from: the one that the node listens on, so that others see it
 * where they look for it. Undefined (the system chooses) where that cannot be.
 */
export function sourceIp(listeningIp: string, to: Address): string | undefined {
  const sameFamily = listeningIp.includes(':') === to.ip.includes(':');
  return isWildcardIp(listeningIp) || !sameFamily ? undefined : listeningIp;
}

/** The reason behind an error code of `connect`, `bind` or `socket`. */
export function dialFailureOf(code: string | undefined): DialFailure {
  switch (code) {
    case 'ECONNREFUSED':
    case 'ECONNRESET':
      return 'refused';
    case 'ETIMEDOUT':
      return 'timed-out';
    case 'EMFILE':
    case 'ENFILE':
    case 'ENOBUFS':
    case 'ENOMEM':
    case 'EAGAIN':
    case 'EADDRNOTAVAIL': // No port is left to dial from, or our own IP is gone.
    case 'EADDRINUSE': // `bind` to port 0: the IP has no free port left.
      return 'no-resources';
    default:
      return 'unreachable';
  }
}
