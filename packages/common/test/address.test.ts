import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  addressOf,
  formatAddress,
  formatEndpoint,
  formatIp,
  isWildcardIp,
  parseAddress,
  parseIp,
  parsePort,
  sameAddress,
} from '../src/address.js';
import { anyAddress, anyIp, at } from './addresses.js';

function mendOf(text: string): string | undefined {
  const address = parseAddress(text);
  return address.ok ? undefined : address.error.mend;
}

describe('a node is named by IP:port', () => {
  test('every address is read back from its own text', () => {
    fc.assert(
      fc.property(anyAddress, (address) => {
        expect(parseAddress(formatAddress(address))).toEqual({ ok: true, value: address });
        expect(addressOf(formatAddress(address))).toEqual(address);
      }),
    );
  });

  test('equal ids are equal addresses, and the other way round', () => {
    const near = fc.record({
      ip: fc.constantFrom('127.0.0.1', '127.0.0.11', '::1', '::11'),
      port: fc.constantFrom(1, 11, 5_001),
    });
    fc.assert(
      fc.property(near, near, (a, b) => {
        expect(sameAddress(a, b)).toBe(formatAddress(a) === formatAddress(b));
      }),
    );
  });

  test('an id that this program did not make is a broken invariant and throws', () => {
    expect(() => addressOf('127.0.0.1')).toThrow('not a node id: 127.0.0.1');
  });
});

describe('an IPv6 address stands in brackets and in its canonical form', () => {
  test.each([
    ['[::1]:5001', '[::1]:5001'],
    ['[0:0:0:0:0:0:0:1]:5001', '[::1]:5001'],
    ['[0000:0000:0000:0000:0000:0000:0000:0001]:5001', '[::1]:5001'],
    ['[2001:DB8::ABCD]:5001', '[2001:db8::abcd]:5001'],
    ['[2001:db8:0:0:1:0:0:1]:5001', '[2001:db8::1:0:0:1]:5001'],
    ['[2001:db8:0:1:1:1:1:1]:5001', '[2001:db8:0:1:1:1:1:1]:5001'],
    ['[::ffff:192.0.2.1]:5001', '192.0.2.1:5001'],
    ['[::]:5001', '[::]:5001'],
  ])('%s is %s', (text, canonical) => {
    expect(formatAddress(at(text))).toBe(canonical);
  });

  test.each(['::1:5001', '2001:db8::1:5001', 'fe80::1', '::', '::ffff:192.0.2.1:5001'])(
    '%s, whose end could be a port or not, is refused, and the mend is brackets',
    (text) => {
      expect(mendOf(text)).toContain('[::1]:5001');
    },
  );

  test('in a field of its own it may do without brackets, and is written with them', () => {
    expect(parseIp('[2001:DB8::1]')).toBe('2001:db8::1');
    expect(parseIp('2001:DB8::1')).toBe('2001:db8::1');
    expect(formatIp('2001:db8::1')).toBe('[2001:db8::1]');
    expect(formatIp('127.0.0.1')).toBe('127.0.0.1');
    expect(formatEndpoint('::1', undefined)).toBe('[::1]');
    expect(formatEndpoint('::1', 5_001)).toBe('[::1]:5001');
  });
});

describe('an IP is four numbers from 0 to 255, or IPv6', () => {
  test.each(['0.0.0.0', '127.0.0.1', '255.255.255.255', '10.20.199.249', '1.2.3.4'])(
    '%s is one',
    (text) => {
      expect(parseIp(text)).toBe(text);
    },
  );

  test.each([
    ...['', '127.0.0', '127.0.0.1.1', '256.0.0.1', '1.2.3.260', '01.2.3.4', '1.2.3.04', '1.2.3.-4'],
    ...['127.1', '2130706433', '0x7f.0.0.1', '127.0.0.1 ', ' 127.0.0.1', '127.0.0.1\n', '１.2.3.4'],
    ...['localhost', 'example.org', '[127.0.0.1]', '[::1', '::1]', '[]', ':', ':::', '1::2::3'],
    ...[
      '::g',
      '12345::',
      '1:2:3:4:5:6:7',
      '1:2:3:4:5:6:7:8:9',
      'fe80::1%eth0',
      '::1.2.3',
      '[[::1]]',
    ],
    ...['::1/64', '::1?', '::1#', '@::1'],
  ])('%j is none', (text) => {
    expect(parseIp(text)).toBeUndefined();
  });

  test('the two wildcards stand for all addresses of a machine, and no other does', () => {
    const wildcards = ['0.0.0.0', '0:0:0:0:0:0:0:0', '127.0.0.1', '::1', '0.0.0.1'];
    expect(wildcards.map((ip) => isWildcardIp(parseIp(ip) as string))).toEqual([
      true,
      true,
      false,
      false,
      false,
    ]);
  });
});

describe('a port is a number from 1 to 65535 without ornament', () => {
  test.each([1, 2, 5_001, 65_534, 65_535])('%i is one', (port) => {
    expect(parsePort(String(port))).toBe(port);
    expect(at(`127.0.0.1:${port}`).port).toBe(port);
  });

  test.each([
    ...['0', '65536', '65537', '70000', '99999', '100000', '4294972297', '1e3', '0x1389', '5001.0'],
    ...['05001', '00', '+5001', '-5001', '-1', '', ' 5001', '5001 ', '5001\n', '５００１', 'NaN'],
    ...['Infinity', '5001x', '5001:5002'],
  ])('%j is none, and the mend names the range', (text) => {
    expect(parsePort(text)).toBeUndefined();
    expect(parseAddress(`127.0.0.1:${text}`)).toEqual({
      ok: false,
      error: { code: 'bad-port', mend: 'use a port from 1 to 65535' },
    });
  });
});

describe('a text that is no address comes with its mend', () => {
  test.each([
    ['localhost:5001', 'bad-ip', '127.0.0.1 instead of localhost'],
    ['localhost', 'bad-ip', '127.0.0.1 instead of localhost'],
    ['127.0.0.1', 'no-port', 'add a port, like 127.0.0.1:5001'],
    ['[::1]', 'no-port', 'add a port, like [::1]:5001'],
    ['127.0.0.1:', 'bad-port', 'from 1 to 65535'],
    ['', 'bad-ip', 'write IP:port'],
    [':5001', 'bad-ip', 'write IP:port'],
    ['5001', 'bad-ip', 'write IP:port'],
    ['example.org:5001', 'bad-ip', 'write IP:port'],
    ['[::1]5001', 'bad-ip', 'write IP:port'],
    ['[127.0.0.1]:5001', 'bad-ip', 'write IP:port'],
    ['::1:5001', 'bad-ip', 'write IPv6 in brackets'],
  ])('%j is %s: %s', (text, code, mend) => {
    expect(parseAddress(text)).toMatchObject({
      ok: false,
      error: { code, mend: expect.stringContaining(mend) },
    });
  });

  test('no text makes the parser throw, and what it takes it writes canonically', () => {
    const pieces = fc.constantFrom(
      '127.0.0.1',
      '::1',
      '[',
      ']',
      ':',
      '5001',
      '0',
      '.',
      '\n',
      '%',
      'f',
      'é',
    );
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.array(pieces).map((some) => some.join('')),
    );
    fc.assert(
      fc.property(text, (garbage) => {
        const address = parseAddress(garbage);
        if (address.ok) expect(parseAddress(formatAddress(address.value))).toEqual(address);
        else expect(address.error.mend).not.toBe('');
      }),
      { numRuns: 2_000 },
    );
  });

  test('an IP that is taken is canonical: it is taken again as it is', () => {
    fc.assert(
      fc.property(fc.oneof(anyIp, fc.ipV6()), (text) => {
        const ip = parseIp(text) as string;
        expect(parseIp(ip)).toBe(ip);
        expect(parseIp(formatIp(ip))).toBe(ip);
      }),
    );
  });
});
