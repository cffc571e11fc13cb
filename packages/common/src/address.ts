/**
 * A node's address, `IP:port`: IPv4 dotted, IPv6 in brackets. Several nodes share an IP on one
 * machine, so the pair names a node and the IP alone never does.
 *
 * Inside, nodes are keyed by {@link NodeId}, the canonical text. Equal addresses have equal ids,
 * and nothing but this file takes an id apart.
 */
import { failure, type Result, success } from './result.js';

/** An IP (no brackets, canonical) and a TCP port, 1 to 65535. */
export interface Address {
  readonly ip: string;
  readonly port: number;
}

/** The canonical text of an address; the key under which a node is known. */
export type NodeId = string;

/** Why a text is no address; `mend` is a phrase that tells a person what to write. */
export interface AddressError {
  readonly code: 'no-port' | 'bad-port' | 'bad-ip';
  readonly mend: string;
}

/** The largest port. */
export const portMax = 65_535;

const ipv4Pattern =
  /^(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)){3}$/;
const ipv6Pattern = /^[0-9a-fA-F:]+(?:\.\d+){0,3}$/;

/** The canonical form of an IP (IPv6 lower case and compressed), or undefined if it is none. */
export function parseIp(text: string): string | undefined {
  if (ipv4Pattern.test(text)) return text;
  const bare = text.startsWith('[') && text.endsWith(']') ? text.slice(1, -1) : text;
  if (!bare.includes(':') || !ipv6Pattern.test(bare)) return undefined;
  if (!URL.canParse(`http://[${bare}]`)) return undefined;
  // The URL parser is the platform's own canonicalizer of IPv6 (RFC 5952 by way of WHATWG).
  return unmapped(new URL(`http://[${bare}]`).hostname.slice(1, -1));
}

/** An IPv4 address in the clothes of IPv6 (`::ffff:7f00:1`) is the same node as without them. */
function unmapped(ip: string): string {
  const [, high, low] = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(ip) ?? [];
  if (high === undefined || low === undefined) return ip;
  const halves = [Number.parseInt(high, 16), Number.parseInt(low, 16)];
  return halves.flatMap((half) => [half >> 8, half & 0xff]).join('.');
}

/** A port from its decimal text: 1 to 65535, no sign, no point, no leading zero. */
export function parsePort(text: string): number | undefined {
  if (!/^[1-9]\d{0,4}$/.test(text)) return undefined;
  const port = Number(text);
  return port <= portMax ? port : undefined;
}

/** Reads `IP:port`. Never throws. */
export function parseAddress(text: string): Result<Address, AddressError> {
  const [, host = '', portText] = /^(\[[^\]]*\]|[^:]*)(?::(.*))?$/s.exec(text) ?? [];
  const ip = parseIp(host);
  if (ip === undefined) return failure({ code: 'bad-ip', mend: mendOfIp(host, text) });
  if (portText === undefined) {
    return failure({ code: 'no-port', mend: `add a port, like ${host}:5001` });
  }
  const port = parsePort(portText);
  if (port === undefined) {
    return failure({ code: 'bad-port', mend: `use a port from 1 to ${portMax}` });
  }
  return success({ ip, port });
}

function mendOfIp(host: string, text: string): string {
  if (host === 'localhost') return 'write 127.0.0.1 instead of localhost';
  // Two colons and nothing but hexadecimal digits: IPv6 whose end nobody can tell from a port.
  if (/^[0-9a-fA-F]*:[0-9a-fA-F.]*:/.test(text)) return 'write IPv6 in brackets, like [::1]:5001';
  return 'write IP:port, like 127.0.0.1:5001';
}

/** `IP` as it stands in messages and logs: IPv6 in brackets. */
export function formatIp(ip: string): string {
  return ip.includes(':') ? `[${ip}]` : ip;
}

/** `IP:port`, the canonical text, which is also the node's id. */
export function formatAddress(address: Address): NodeId {
  return `${formatIp(address.ip)}:${address.port}`;
}

/** `IP:port`, or `IP` where the port is not known. */
export function formatEndpoint(ip: string, port: number | undefined): string {
  return port === undefined ? formatIp(ip) : formatAddress({ ip, port });
}

/** Whether an IP stands for all of a machine's addresses, and so for no node. */
export function isWildcardIp(ip: string): boolean {
  return ip === '0.0.0.0' || ip === '::';
}

/** Whether two addresses name the same node. */
export function sameAddress(a: Address, b: Address): boolean {
  return a.port === b.port && a.ip === b.ip;
}

/** The address behind an id that this program made itself; throws on any other text. */
export function addressOf(id: NodeId): Address {
  const address = parseAddress(id);
  if (!address.ok) throw new Error(`not a node id: ${id}`);
  return address.value;
}
