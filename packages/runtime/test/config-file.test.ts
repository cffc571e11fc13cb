import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { LIMITS } from '@hearsay/common/limits';
import { describe, expect, test } from 'vitest';
import { readConfigFile } from '../src/config-file.js';
import { scratchFolder } from './scratch.js';

function errorOf(path: string): string {
  const config = readConfigFile(path);
  if (config.ok) throw new Error('it was read');
  expect(config.error).not.toContain('\n');
  return config.error;
}

function written(text: string): string {
  const path = join(scratchFolder(), 'config.txt');
  writeFileSync(path, text);
  return path;
}

describe('a config file', () => {
  test('gives the seeds and a line for each duplicate', () => {
    const path = written('\uFEFF127.0.0.1:5001\r\n127.0.0.1:5001\r\n127.0.0.1:5002');
    expect(readConfigFile(path)).toEqual({
      ok: true,
      value: {
        seeds: [
          { ip: '127.0.0.1', port: 5001 },
          { ip: '127.0.0.1', port: 5002 },
        ],
        warnings: [
          `${path}:2: "127.0.0.1:5001" is there twice: ` +
            'it stands in line 1 already and is used once; remove one of them',
        ],
      },
    });
  });

  test('that is missing is named, with what to do', () => {
    const path = join(scratchFolder(), 'config.txt');
    expect(errorOf(path)).toBe(
      `${path}: there is no such file: write one with the IP:port of each seed a line, ` +
        'or name another with --config',
    );
  });

  test('that is a folder is named as one', () => {
    const folder = scratchFolder();
    expect(errorOf(folder)).toBe(`${folder}: this is a folder: name the file in it with --config`);
  });

  test('with bad lines is refused at the first, which is quoted on one line with its mend', () => {
    const path = written('127.0.0.1:5001\nlocal\u0007host:5001\n127.0.0.1\n127.0.0.1:0\n');
    expect(errorOf(path)).toBe(
      `${path}:2: "local\\u0007host:5001" is no address: ` +
        'write IP:port, like 127.0.0.1:5001 (and 2 more like it)',
    );
  });

  test('without seeds says what to add', () => {
    const path = written('# nothing yet\n');
    expect(errorOf(path)).toContain(':2: no seeds in this file: add a line');
  });

  test('with too many seeds names the line where they became too many', () => {
    const lines = Array.from({ length: LIMITS.seedsMax + 1 }, (_, i) => `127.0.0.1:${i + 1}\n`);
    expect(errorOf(written(lines.join('')))).toContain(
      `:${LIMITS.seedsMax + 1}: "127.0.0.1:${LIMITS.seedsMax + 1}" is one seed too many`,
    );
  });

  test.each([
    ['below', -1],
    ['at', 0],
  ])('%s configBytesMax is read to its last byte', (_, more) => {
    const whole = '127.0.0.1:5001'.padStart(LIMITS.configBytesMax + more, '\n');
    const seeds = [{ ip: '127.0.0.1', port: 5001 }];
    expect(readConfigFile(written(whole))).toEqual({ ok: true, value: { seeds, warnings: [] } });
  });

  test('one byte above configBytesMax is refused', () => {
    const whole = '127.0.0.1:5001'.padStart(LIMITS.configBytesMax + 1, '\n');
    expect(errorOf(written(whole))).toContain(`larger than ${LIMITS.configBytesMax} bytes`);
  });

  test.runIf(process.platform === 'linux')('that never ends is refused as too large', () => {
    expect(errorOf('/dev/zero')).toContain('larger than');
  });
});
