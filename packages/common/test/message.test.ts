import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parsePort } from '../src/address.js';
import { endsWithTag, formatTimestamp, timestampMs } from '../src/wire/message.js';

test('a timestamp always has a decimal fraction, so it is never mistaken for a port', () => {
  expect(formatTimestamp(0)).toBe('0.000');
  expect(formatTimestamp(1)).toBe('0.001');
  expect(formatTimestamp(5_001_000)).toBe('5001.000');
  expect(formatTimestamp(1_700_000_000_123)).toBe('1700000000.123');
  fc.assert(
    fc.property(fc.nat({ max: Number.MAX_SAFE_INTEGER }), (wallMs) => {
      expect(formatTimestamp(wallMs)).toMatch(/^\d+\.\d{3}$/);
      expect(parsePort(formatTimestamp(wallMs))).toBeUndefined();
    }),
  );
});

test('a timestamp keeps its milliseconds', () => {
  fc.assert(
    fc.property(fc.nat({ max: 4_102_444_800_000 }), (wallMs) => {
      expect(Math.round(timestampMs(formatTimestamp(wallMs)))).toBe(wallMs);
    }),
  );
});

test.each([
  ['127.0.0.1:6001:Hearsay/1', true],
  ['New Connect Request From:127.0.0.1:6001:Hearsay/1', true],
  ['Hearsay/1', false],
  ['127.0.0.1:6001:Hearsay/1 ', false],
  ['127.0.0.1:6001:Hearsay/10', false],
  ['127.0.0.1:6001:hearsay/1', false],
  ['127.0.0.1:6001', false],
])('that %j ends with the tag is %s', (text, isTagged) => {
  expect(endsWithTag(text)).toBe(isTagged);
});
