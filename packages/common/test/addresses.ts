/** Addresses as fast-check makes them, and as tests write them. */
import fc from 'fast-check';
import { type Address, parseAddress } from '../src/address.js';

/** The address of a text that is one. */
export function at(text: string): Address {
  const address = parseAddress(text);
  if (!address.ok) throw new Error(`no address: ${text}`);
  return address.value;
}

/** A canonical IP, without brackets. */
export const anyIp = fc.oneof(
  fc.ipV4(),
  // The platform canonicalizes; that it does so by RFC 5952 is tested with examples.
  fc.ipV6().map((ip) => new URL(`http://[${ip}]`).hostname.slice(1, -1)),
);

/** A port at which a node may be. */
export const anyPort = fc.oneof(fc.integer({ min: 1, max: 65_535 }), fc.constantFrom(1, 65_535));

/** An address, canonical. */
export const anyAddress: fc.Arbitrary<Address> = fc.record({ ip: anyIp, port: anyPort });
