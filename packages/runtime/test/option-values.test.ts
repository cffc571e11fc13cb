import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  address,
  decimal,
  duration,
  formatDuration,
  integer,
  ip,
  oneOf,
  path,
  port,
} from '../src/option-values.js';

const anyDuration = duration({ min: 0, max: Number.MAX_SAFE_INTEGER, example: 5_000 });
const interval = duration({ min: 100, max: 3_600_000, example: 5_000 });

describe('durations', () => {
  test.each([
    ['500ms', 500],
    ['5s', 5_000],
    ['2m', 120_000],
    ['1h', 3_600_000],
    ['13', 13_000],
    ['0.5', 500],
    ['.5s', 500],
    ['1.5m', 90_000],
    ['1.0005s', 1_001],
    ['0', 0],
  ])('%s is %d ms', (text, ms) => {
    expect(anyDuration(text)).toEqual({ ok: true, value: ms });
  });

  test.each([
    '',
    ' ',
    's',
    '5 s',
    '-5s',
    '5S',
    '5sec',
    '1e3',
    '0x5',
    '5.',
    'Infinity',
    '5s ',
    '1d',
  ])('%j is none, and the answer gives the range and an example', (text) => {
    expect(interval(text)).toEqual({
      ok: false,
      error: 'Use a duration from 100ms to 1h, like 5s.',
    });
  });

  test.each([
    ['99ms', false],
    ['100ms', true],
    ['60m', true],
    ['60.01m', false],
  ])('%s is in the range: %s', (text, ok) => {
    expect(interval(text).ok).toBe(ok);
  });

  test.each([
    [0, '0s'],
    [1, '1ms'],
    [999, '999ms'],
    [1_000, '1s'],
    [1_500, '1.5s'],
    [13_000, '13s'],
    [60_000, '1m'],
    [90_000, '90s'],
    [3_600_000, '1h'],
    [5_400_000, '90m'],
  ])('%d ms is written %s', (ms, text) => {
    expect(formatDuration(ms)).toBe(text);
  });

  test('every duration is read back as it was written', () => {
    fc.assert(
      fc.property(fc.nat(1_000_000_000_000), (ms) => {
        expect(anyDuration(formatDuration(ms))).toEqual({ ok: true, value: ms });
      }),
    );
  });
});

describe('numbers', () => {
  const strikes = integer({ min: 1, max: 100, example: 3 });
  test.each(['1', '3', '100'])('%s is a whole number from 1 to 100', (text) => {
    expect(strikes(text)).toEqual({ ok: true, value: Number(text) });
  });
  test.each(['0', '101', '-1', '3.5', '', ' 3', '3 ', '1e1', '0x3', 'three', '9'.repeat(400)])(
    '%j is none',
    (text) => {
      expect(strikes(text)).toEqual({
        ok: false,
        error: 'Use a whole number from 1 to 100, like 3.',
      });
    },
  );

  const alpha = decimal({ min: 0, max: 2, example: 0.5 });
  test.each(['0', '0.5', '.5', '2'])('%s is a number from 0 to 2', (text) => {
    expect(alpha(text)).toEqual({ ok: true, value: Number(text) });
  });
  test.each(['2.01', '-0.1', 'NaN', '', '1,5', '1e0', '1.'])('%j is none', (text) => {
    expect(alpha(text)).toEqual({ ok: false, error: 'Use a number from 0 to 2, like 0.5.' });
  });
});

describe('addresses, paths and words', () => {
  test('a port is from 1 to 65535', () => {
    expect(port('65535')).toEqual({ ok: true, value: 65_535 });
    for (const text of ['0', '65536', '-1', '80.5', '', '05']) {
      expect(port(text)).toEqual({ ok: false, error: 'Use a port from 1 to 65535, like 6001.' });
    }
  });

  test('an IP is in its canonical form', () => {
    expect(ip('127.0.0.1')).toEqual({ ok: true, value: '127.0.0.1' });
    expect(ip('[::0001]')).toEqual({ ok: true, value: '::1' });
    expect(ip('localhost').ok).toBe(false);
  });

  test('an address that is none gets one mend, that of the address', () => {
    expect(address('[::1]:6001')).toEqual({ ok: true, value: { ip: '::1', port: 6001 } });
    expect(address('localhost:6001')).toEqual({
      ok: false,
      error: 'Write 127.0.0.1 instead of localhost.',
    });
    expect(address('foo')).toEqual({ ok: false, error: 'Write IP:port, like 127.0.0.1:5001.' });
  });

  test('a path is any text but none', () => {
    expect(path('logs/run 1')).toEqual({ ok: true, value: 'logs/run 1' });
    expect(path('').ok).toBe(false);
  });

  test('a word is one of those that are known', () => {
    const format = oneOf(['text', 'json']);
    expect(format('json')).toEqual({ ok: true, value: 'json' });
    expect(format('JSON')).toEqual({ ok: false, error: 'Use one of text, json.' });
  });
});
