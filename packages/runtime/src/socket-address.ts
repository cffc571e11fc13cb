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
 * The IP that a connection has to be made to go out from: the one that the node listens on, so that
 * others see it where they look for it. Undefined (the system chooses) where that cannot be, and
 * where the system takes that IP by itself: to look for a free port of a given IP costs a dial
 * thirty times as much once thousands of closed connections still hold theirs.
 */
export function sourceIp(listeningIp: string, to: Address): string | undefined {
  const sameFamily = listeningIp.includes(':') === to.ip.includes(':');
  if (isWildcardIp(listeningIp) || !sameFamily) return undefined;
  return isChosenAnyway(listeningIp, to.ip) ? undefined : listeningIp;
}

/**
 * Whether the system itself dials from that IP. Only here is that sure: from 127.0.0.2 to itself
 * Linux dials from 127.0.0.1, and from a second IP of an interface to itself from the first; and
 * only on Linux do all of 127.0.0.0/8 belong to one interface.
 */
function isChosenAnyway(own: string, to: string): boolean {
  if (own === to) return own === '127.0.0.1' || own === '::1';
  return own === '127.0.0.1' && to.startsWith('127.') && process.platform === 'linux';
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
