/** Every form that the protocol names, as text, beside the message that it is. */
import { describe, expect, test } from 'vitest';
import { decode, decodePeerList, encode } from '../src/wire/codec.js';
import { at } from './addresses.js';
import { isMalformed, means, ts } from './meanings.js';

describe('registration, ip:port', () => {
  test.each([
    ['127.0.0.1:6001', '127.0.0.1:6001', false],
    ['[::1]:6001', '[::1]:6001', false],
    ['127.0.0.1:6001:Hearsay/1', '127.0.0.1:6001', true],
    ['[::1]:6001:Hearsay/1', '[::1]:6001', true],
  ])('%s', (text, peer, hearsay) => {
    means(text, { kind: 'register', peer: at(peer), hearsay });
    expect(encode({ kind: 'register', peer: at(peer), hearsay })).toBe(text);
  });

  test.each([
    ...[
      '127.0.0.1',
      '127.0.0.1:',
      '127.0.0.1:0',
      '127.0.0.1:65536',
      '127.0.0.1:06001',
      '[::1]',
      '[::1]:',
    ],
    ...['127.0.0.1:6001:', '127.0.0.1:6001:x', '127.0.0.1:6001:Hearsay/2', '127.0.0.1:Hearsay/1'],
    ...['127.0.0.1:6001:Hearsay/1:Hearsay/1', '[::1]x:6001', '127.0.0.1:6001 '],
  ])('%j is malformed', (text) => {
    isMalformed(text, 'registration');
  });
});

describe('peer list, a:1,b:2,…,me:3', () => {
  test('keeps its order, the asker last', () => {
    const text = '127.0.0.1:6001,[::1]:6002,127.0.0.1:6000';
    means(text, { kind: 'peer-list', peers: text.split(',').map(at) });
  });

  test('duplicates, as classic seeds send them, are taken as they stand', () => {
    expect(decodePeerList('127.0.0.1:1,127.0.0.1:1')).toMatchObject({
      value: { peers: [at('127.0.0.1:1'), at('127.0.0.1:1')] },
    });
  });

  test.each(['127.0.0.1:6001,', ',127.0.0.1:6001', '127.0.0.1:6001,,'])(
    'an empty item (%s) is skipped',
    (text) => {
      expect(decodePeerList(text)).toEqual({
        ok: true,
        value: { kind: 'peer-list', peers: [at('127.0.0.1:6001')] },
      });
    },
  );

  test('a last comma marks a list of one as a list', () => {
    means('127.0.0.1:6001,', { kind: 'peer-list', peers: [at('127.0.0.1:6001')] });
  });

  test.each([
    '127.0.0.1:6001,127.0.0.1',
    '127.0.0.1:6001,x',
    '127.0.0.1:6001, 127.0.0.1:6002',
    '127.0.0.1:6001,127.0.0.1:6002:Hearsay/1',
  ])('%j, of which one item is no address, is none', (text) => {
    isMalformed(text, 'peer list');
    expect(decodePeerList(text)).toMatchObject({ ok: false });
  });

  test.each(['', ',', ',,,'])('%j lists nobody, which is no list', (text) => {
    expect(decodePeerList(text)).toMatchObject({ ok: false, error: { code: 'unknown' } });
  });
});

describe('connecting', () => {
  test.each([
    ['New Connect Request From:127.0.0.1:6001', '127.0.0.1:6001', false],
    ['New Connect Request From:[::1]:6001', '[::1]:6001', false],
    ['New Connect Request From:127.0.0.1:6001:Hearsay/1', '127.0.0.1:6001', true],
  ])('%s', (text, from, hearsay) => {
    means(text, { kind: 'connect-request', from: at(from), hearsay });
    expect(encode({ kind: 'connect-request', from: at(from), hearsay })).toBe(text);
  });

  test.each([
    ...[
      'New Connect Request From',
      'New Connect Request From:',
      'New Connect Request From:127.0.0.1',
    ],
    ...['New Connect Request From:6001', 'New Connect Request From:127.0.0.1:6001:x'],
    ...['New Connect Request From:Hearsay/1', 'New Connect Request From:127.0.0.1:70000'],
  ])('%j is malformed', (text) => {
    isMalformed(text, 'connect request');
  });

  test('accepted, and nothing behind it', () => {
    means('New Connect Accepted', { kind: 'connect-accepted' });
    isMalformed('New Connect Accepted:', 'acceptance');
    isMalformed('New Connect Accepted:127.0.0.1:6001', 'acceptance');
  });

  test('refused, with any reason or none', () => {
    means('New Connect Refused:duplicate', { kind: 'connect-refused', reason: 'duplicate' });
    means('New Connect Refused:full: 64 of 64', {
      kind: 'connect-refused',
      reason: 'full: 64 of 64',
    });
    means(`New Connect Refused:${'x'.repeat(64)}`, {
      kind: 'connect-refused',
      reason: 'x'.repeat(64),
    });
    for (const reason of ['x'.repeat(65), 'é', '\x7f', 'a\tb']) {
      isMalformed(`New Connect Refused:${reason}`, 'refusal');
    }
    means('New Connect Refused', { kind: 'connect-refused', reason: '' });
    means('New Connect Refused:', { kind: 'connect-refused', reason: '' });
  });
});

describe('A10: liveness', () => {
  test('the request of the assignment, without a port', () => {
    means(`Liveness Request:${ts}:10.0.0.7`, {
      kind: 'liveness-request',
      timestamp: ts,
      ip: '10.0.0.7',
    });
  });

  test('the request with a port, also of IPv6', () => {
    const head = { kind: 'liveness-request', timestamp: ts } as const;
    means(`Liveness Request:${ts}:10.0.0.7:6001`, { ...head, ip: '10.0.0.7', port: 6_001 });
    means(`Liveness Request:${ts}:[::1]:6001`, { ...head, ip: '::1', port: 6_001 });
    means(`Liveness Request:${ts}:[::1]`, { ...head, ip: '::1' });
  });

  test.each([
    [`${ts}:10.0.0.7:10.0.0.8`, { ip: '10.0.0.7', ownIp: '10.0.0.8' }],
    [`${ts}:10.0.0.7:6001:10.0.0.8`, { ip: '10.0.0.7', port: 6_001, ownIp: '10.0.0.8' }],
    [`${ts}:10.0.0.7:10.0.0.8:6002`, { ip: '10.0.0.7', ownIp: '10.0.0.8', ownPort: 6_002 }],
    [
      `${ts}:10.0.0.7:6001:10.0.0.8:6002`,
      { ip: '10.0.0.7', port: 6_001, ownIp: '10.0.0.8', ownPort: 6_002 },
    ],
    [`${ts}:[::1]:6001:[::2]:6002`, { ip: '::1', port: 6_001, ownIp: '::2', ownPort: 6_002 }],
    [`${ts}:[::1]:[::2]`, { ip: '::1', ownIp: '::2' }],
  ])('the reply %s', (fields, rest) => {
    means(`Liveness Reply:${fields}`, { kind: 'liveness-reply', timestamp: ts, ...rest });
  });

  test.each(['1700000000', '1700000000.1', '001700000000', '5001', '1700000000.123456789'])(
    'the timestamp %s is given back as the text that came',
    (timestamp) => {
      const request = decode(`Liveness Request:${timestamp}:10.0.0.7:6001`);
      if (!request.ok || request.value.kind !== 'liveness-request') throw new Error(timestamp);
      const reply = encode({
        ...request.value,
        kind: 'liveness-reply',
        ownIp: '10.0.0.8',
        ownPort: 6_002,
      });
      expect(reply).toBe(`Liveness Reply:${timestamp}:10.0.0.7:6001:10.0.0.8:6002`);
    },
  );

  test.each([
    ['Liveness Request', 'liveness message'],
    ['Liveness Request:', 'liveness message'],
    [`Liveness Request:${ts}`, 'liveness message'],
    [`Liveness Request:${ts}:x`, 'liveness message'],
    ['Liveness Request:now:10.0.0.7', 'liveness message'],
    [`Liveness Request:${ts}:10.0.0.7:`, 'liveness request'],
    [`Liveness Request:${ts}:10.0.0.7:70000`, 'liveness request'],
    [`Liveness Request:${ts}:10.0.0.7:6001:6002`, 'liveness request'],
    [`Liveness Reply:${ts}:10.0.0.7:6001`, 'liveness reply'],
    [`Liveness Reply:${ts}:10.0.0.7:6001:10.0.0.8:0`, 'liveness reply'],
    [`Liveness Reply:${ts}:10.0.0.7:70000:10.0.0.8:6002`, 'liveness reply'],
    [`Liveness Reply:${ts}:10.0.0.7:6001:10.0.0.8:6002:1`, 'liveness reply'],
    [`Liveness Reply:${ts}:10.0.0.7:6001:10.0.0.8:`, 'liveness reply'],
  ])('%j is malformed', (text, what) => {
    isMalformed(text, what);
  });
});

describe('A11: dead node', () => {
  const head = { kind: 'dead-node', forwarded: false, hearsay: false } as const;

  test.each([
    // The assignment's, with and without the dead node's port (2025, 2024).
    [
      `10.0.0.7:6001:${ts}:10.0.0.8`,
      { ip: '10.0.0.7', port: 6_001, timestamp: ts, reporterIp: '10.0.0.8' },
    ],
    [`10.0.0.7:${ts}:10.0.0.8`, { ip: '10.0.0.7', timestamp: ts, reporterIp: '10.0.0.8' }],
    // Ours, and without one port or the other.
    [
      `10.0.0.7:6001:${ts}:10.0.0.8:6002`,
      { ip: '10.0.0.7', port: 6_001, timestamp: ts, reporterIp: '10.0.0.8', reporterPort: 6_002 },
    ],
    [
      `10.0.0.7:${ts}:10.0.0.8:6002`,
      { ip: '10.0.0.7', timestamp: ts, reporterIp: '10.0.0.8', reporterPort: 6_002 },
    ],
    [
      `[::1]:6001:${ts}:[::2]:6002`,
      { ip: '::1', port: 6_001, timestamp: ts, reporterIp: '::2', reporterPort: 6_002 },
    ],
    [`[::1]:${ts}:[::2]`, { ip: '::1', timestamp: ts, reporterIp: '::2' }],
    // Whole timestamps, even such as could be ports: what follows tells.
    [
      '10.0.0.7:1700000000:10.0.0.8',
      { ip: '10.0.0.7', timestamp: '1700000000', reporterIp: '10.0.0.8' },
    ],
    ['10.0.0.7:5001:10.0.0.8', { ip: '10.0.0.7', timestamp: '5001', reporterIp: '10.0.0.8' }],
    [
      '10.0.0.7:5001:10.0.0.8:6002',
      { ip: '10.0.0.7', timestamp: '5001', reporterIp: '10.0.0.8', reporterPort: 6_002 },
    ],
    [
      '10.0.0.7:6001:5001:10.0.0.8',
      { ip: '10.0.0.7', port: 6_001, timestamp: '5001', reporterIp: '10.0.0.8' },
    ],
  ])('%s', (fields, rest) => {
    means(`Dead Node:${fields}`, { ...head, ...rest });
    means(`Dead Node Forwarded:${fields}`, { ...head, ...rest, forwarded: true });
    means(`Dead Node:${fields}:Hearsay/1`, { ...head, ...rest, hearsay: true });
  });

  test.each([
    ...['', '10.0.0.7', `10.0.0.7:${ts}`, `10.0.0.7:6001:${ts}`, `x:6001:${ts}:10.0.0.8`],
    ...[
      `10.0.0.7:0:${ts}:10.0.0.8`,
      `10.0.0.7:65536:${ts}:10.0.0.8`,
      `10.0.0.7:06001:${ts}:10.0.0.8`,
    ],
    '10.0.0.7:6001:now:10.0.0.8',
    ...[
      `10.0.0.7:6001:${ts}:10.0.0.8:0`,
      `10.0.0.7:6001:${ts}:10.0.0.8:70000`,
      `10.0.0.7:6001:${ts}:x:6002`,
    ],
    ...[
      `10.0.0.7:6001:${ts}:10.0.0.8:6002:1`,
      `10.0.0.7:6001:${ts}:10.0.0.8:6002:Hearsay/2`,
      `10.0.0.7:6001:${ts}:10.0.0.8:`,
    ],
    ...[
      '10.0.0.7:6001:1234567890123:10.0.0.8',
      '10.0.0.7:6001:1.1234567890:10.0.0.8',
      '10.0.0.7:-1:10.0.0.8',
    ],
  ])('Dead Node:%s is malformed', (fields) => {
    isMalformed(`Dead Node:${fields}`, 'dead report');
  });

  test('the title alone is malformed', () => {
    isMalformed('Dead Node', 'dead report');
    isMalformed('Dead Node Forwarded', 'dead report');
  });
});

describe('extensions', () => {
  test('names, or none', () => {
    means('Extensions:', { kind: 'extensions', names: [] });
    means('Extensions:a', { kind: 'extensions', names: ['a'] });
    means('Extensions:signed/1,digests-2.0', {
      kind: 'extensions',
      names: ['signed/1', 'digests-2.0'],
    });
    means(`Extensions:${'x'.repeat(32)}`, { kind: 'extensions', names: ['x'.repeat(32)] });
  });

  test.each([
    'Extensions',
    'Extensions:,',
    'Extensions:a,',
    'Extensions:a b',
    'Extensions:a:b',
    'Extensions:é',
    `Extensions:${'x'.repeat(33)}`,
  ])('%j is malformed', (text) => {
    isMalformed(text, 'extensions');
  });
});
