import { createServer } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { dialFailureOf, socketIp, sourceIp } from '../src/socket-address.js';
import { describeListenErrors, listen } from '../src/tcp-listen.js';
import { listening, openNode, until } from './heard-node.js';

describe('listening', () => {
  test('the first address that can be had is taken, and port 0 is a free one', async () => {
    const taken = await listening(createServer());
    const elsewhere = { ip: '192.0.2.1', port: taken.port };
    const free = { ip: '127.0.0.1', port: 0 };
    const found = await listen([taken, elsewhere, free]);
    if (!found.ok) throw new Error('not found');
    onTestFinished(() => void found.value.server.close());
    expect(found.value.bound).toEqual({ ip: '127.0.0.1', port: expect.any(Number) });
    expect(found.value.bound.port).not.toBe(taken.port);
  });

  test('a caller that cannot be accepted is no reason to stop listening', async () => {
    const found = await listen([{ ip: '127.0.0.1', port: 0 }]);
    if (!found.ok) throw new Error('not found');
    onTestFinished(() => void found.value.server.close());
    found.value.server.emit('error', Object.assign(new Error('accept'), { code: 'EMFILE' }));
    expect(found.value.server.listening).toBe(true);
  });

  test('where none can be had, one line says why for each, and what to do', async () => {
    const taken = await listening(createServer());
    const found = await listen([taken, { ip: '192.0.2.1', port: 5001 }]);
    if (found.ok) throw new Error('found');
    expect(found.error.map(({ failure, code }) => [failure, code])).toEqual([
      ['taken', 'EADDRINUSE'],
      ['not-this-machine', 'EADDRNOTAVAIL'],
    ]);
    expect(describeListenErrors(found.error)).toBe(
      `cannot listen: 127.0.0.1:${taken.port} is taken by another program, ` +
        '192.0.2.1:5001 is no address of this machine; ' +
        'choose another port with --port, or end the program that holds it',
    );
  });

  test.each([
    ['not-this-machine', 'EADDRNOTAVAIL', '--host'],
    ['link-local', 'EINVAL', '--host'],
    ['not-permitted', 'EACCES', 'from 1024'],
    ['failed', 'ENOTSUP', 'ENOTSUP'],
  ] as const)('%s has a mend of its own', (failure, code, mend) => {
    const address = { ip: '127.0.0.1', port: 80 };
    expect(describeListenErrors([{ address, failure, code }])).toContain(mend);
  });
});

describe('what the system says', () => {
  test('an IPv4 address in IPv6 clothes is IPv4, and an interface is no part of an IP', () => {
    expect(socketIp('::ffff:10.0.0.7')).toBe('10.0.0.7');
    expect(socketIp('::FFFF:10.0.0.7')).toBe('10.0.0.7');
    expect(socketIp('fe80::1%eth0')).toBe('fe80::1');
    expect(socketIp('10.0.0.7')).toBe('10.0.0.7');
  });

  test('a dial goes out from the listening IP unless it is a wildcard or of the other kind', () => {
    expect(sourceIp('127.0.0.2', { ip: '127.0.0.1', port: 1 })).toBe('127.0.0.2');
    expect(sourceIp('10.0.0.7', { ip: '10.0.0.8', port: 1 })).toBe('10.0.0.7');
    expect(sourceIp('fd00::7', { ip: 'fd00::8', port: 1 })).toBe('fd00::7');
    expect(sourceIp('0.0.0.0', { ip: '127.0.0.1', port: 1 })).toBeUndefined();
    expect(sourceIp('::', { ip: '::1', port: 1 })).toBeUndefined();
    expect(sourceIp('127.0.0.1', { ip: '::1', port: 1 })).toBeUndefined();
  });

  test('a dial is not bound to an IP where the system takes that IP by itself', () => {
    expect(sourceIp('127.0.0.1', { ip: '127.0.0.1', port: 1 })).toBeUndefined();
    expect(sourceIp('::1', { ip: '::1', port: 1 })).toBeUndefined();
    // Linux takes 127.0.0.1 here.
    expect(sourceIp('127.0.0.2', { ip: '127.0.0.2', port: 1 })).toBe('127.0.0.2');
  });

  test.each([
    ['127.0.0.1', '127.0.0.1'],
    ['::1', '::1'],
    ['127.0.0.2', '127.0.0.1'],
    ['127.0.0.2', '127.0.0.2'],
    ['127.0.0.1', '127.0.0.2'],
  ])(
    'a node that listens on %s and dials %s is seen at the IP that it listens on',
    async (ip, to) => {
      const { runtime: callee, node: hearer } = await openNode(() => {}, {
        listen: { ip: to, port: 0 },
      });
      const { runtime } = await openNode(() => {}, { listen: { ip, port: 0 } });
      runtime.dial(callee.bound);
      await until(() => hearer.events().includes('opened'));
      expect(hearer.heard[1]).toMatchObject({ info: { remote: { ip } } });
    },
  );

  test.each([
    ['ECONNREFUSED', 'refused'],
    ['ETIMEDOUT', 'timed-out'],
    ['EHOSTUNREACH', 'unreachable'],
    ['ENETUNREACH', 'unreachable'],
    ['EMFILE', 'no-resources'],
    ['EADDRNOTAVAIL', 'no-resources'],
    [undefined, 'unreachable'],
  ])('%s is %s', (code, reason) => {
    expect(dialFailureOf(code)).toBe(reason);
  });
});
