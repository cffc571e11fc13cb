import { describe, expect, test } from 'vitest';
import { fieldsOf, isEventName, RECORDS } from '../src/records.js';
import { eventNames } from './entries.js';

describe.each(eventNames)('a record of `%s`', (event) => {
  test('has a name that a log line can hold, and a meaning', () => {
    expect(event).toMatch(/^[a-z]+(-[a-z]+)*$/);
    expect(RECORDS[event].meaning).not.toBe('');
    expect(isEventName(event)).toBe(true);
  });

  test('has `from`, if at all, as its last field', () => {
    const names = fieldsOf(event).map(([name]) => name);
    expect([-1, names.length - 1]).toContain(names.indexOf('from'));
  });

  test('has no field that the head of its JSON line has', () => {
    const names = fieldsOf(event).map(([name]) => name);
    expect(names).not.toEqual(
      expect.arrayContaining([expect.stringMatching(/^(time|role|address|event)$/)]),
    );
  });

  test('has names of plain letters for its fields', () => {
    for (const [name] of fieldsOf(event)) expect(name).toMatch(/^[a-z][A-Za-z]*$/);
  });
});

test('no other text names a record, not even what every object has', () => {
  for (const text of ['', 'risen', 'toString', 'constructor', '__proto__']) {
    expect(isEventName(text)).toBe(false);
  }
});
