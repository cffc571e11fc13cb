import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatAddress } from '../src/address.js';
import { parseConfig } from '../src/config-text.js';
import { LIMITS } from '../src/limits.js';

function seedsOf(text: string): string[] {
  const config = parseConfig(text);
  if (!config.ok) throw new Error(JSON.stringify(config.error));
  return config.value.seeds.map(formatAddress);
}

function problemsOf(text: string, seedsMax?: number) {
  const config = parseConfig(text, seedsMax);
  return config.ok ? [] : config.error;
}

describe('A1: a config names the seeds, one address a line', () => {
  test('seeds are taken in the order of their lines', () => {
    expect(seedsOf('127.0.0.1:5002\n127.0.0.1:5001\n')).toEqual([
      '127.0.0.1:5002',
      '127.0.0.1:5001',
    ]);
  });

  test.each([
    ['a last line without its end', '127.0.0.1:5001\n127.0.0.1:5002'],
    ['Windows line ends', '127.0.0.1:5001\r\n127.0.0.1:5002\r\n'],
    ['line ends of old Macs', '127.0.0.1:5001\r127.0.0.1:5002\r'],
    ['a byte order mark', '\uFEFF127.0.0.1:5001\n127.0.0.1:5002\n'],
    ['a byte order mark before a comment', '\uFEFF# seeds\n127.0.0.1:5001\n127.0.0.1:5002\n'],
    ['blank lines', '\n\n127.0.0.1:5001\n   \n\t\n127.0.0.1:5002\n\n'],
    ['comments', '# two seeds\n127.0.0.1:5001 # first\n  # then\n127.0.0.1:5002# second\n'],
    ['spaces around', '  127.0.0.1:5001\t\n\t127.0.0.1:5002  \n'],
    ['commas for colons', '127.0.0.1,5001\n127.0.0.1 , 5002\n'],
  ])('%s change nothing', (_, text) => {
    expect(seedsOf(text)).toEqual(['127.0.0.1:5001', '127.0.0.1:5002']);
  });

  test('IPv6 stands in brackets before a colon, and may do without before a comma', () => {
    expect(seedsOf('[::1]:5001\n::1,5002\n[::1],5003')).toEqual([
      '[::1]:5001',
      '[::1]:5002',
      '[::1]:5003',
    ]);
  });
});

describe('a config that is not right says where and how to mend it', () => {
  test('a line that is no address is named with its number, its text and the mend', () => {
    expect(problemsOf('127.0.0.1:5001\n# x\nlocalhost:5002 # no name\n')).toEqual([
      {
        code: 'bad-address',
        line: 3,
        text: 'localhost:5002',
        mend: 'write 127.0.0.1 instead of localhost',
      },
    ]);
  });

  test.each(['0.0.0.0:5001', '0.0.0.0,5001', '[::]:5001', '::,5001', '[0:0::0]:5001'])(
    '%s stands for all addresses of a machine, and so is none that a seed has',
    (text) => {
      const mend = 'write the IP that others dial';
      expect(problemsOf(`127.0.0.1:5001\n${text}\n`)).toEqual([
        { code: 'bad-address', line: 2, text, mend },
      ]);
    },
  );

  test('every bad line is named, not only the first', () => {
    const problems = problemsOf('127.0.0.1\n127.0.0.1:5001\n127.0.0.1:70000\n127.0.0.1,1,2\n');
    expect(problems.map((problem) => problem.line)).toEqual([1, 3, 4]);
  });

  test('a very long line is quoted by its beginning', () => {
    const [problem] = problemsOf('x'.repeat(10_000));
    expect(problem?.text).toBe('x'.repeat(LIMITS.quotedCharactersMax));
  });

  test('a duplicate is used once, and a warning names its line and the first one', () => {
    const config = parseConfig('127.0.0.1:5001\n127.0.0.1:5002\n127.0.0.1,5001\n');
    expect(config.ok && config.value.seeds).toHaveLength(2);
    expect(config.ok && config.value.warnings).toEqual([
      {
        code: 'duplicate',
        line: 3,
        text: '127.0.0.1,5001',
        mend: 'it stands in line 1 already and is used once; remove one of them',
      },
    ]);
  });

  test.each(['', '\n\n', '# 127.0.0.1:5001\n', '\uFEFF'])(
    '%j has no seeds, which is said',
    (text) => {
      expect(problemsOf(text)).toMatchObject([
        { code: 'no-seeds', mend: expect.stringContaining('127.0.0.1:5001') },
      ]);
    },
  );

  test('seedsMax seeds are taken, one more is refused at its line, duplicates not counted', () => {
    const text = '127.0.0.1:1\n127.0.0.1:2\n127.0.0.1:2\n127.0.0.1:3\n';
    expect(problemsOf(text, 3)).toEqual([]);
    expect(problemsOf(text, 2)).toMatchObject([{ code: 'too-many-seeds', line: 4 }]);
    const many = Array.from({ length: LIMITS.seedsMax + 1 }, (_, i) => `127.0.0.1:${i + 1}\n`);
    expect(problemsOf(many.slice(1).join(''))).toEqual([]);
    expect(problemsOf(many.join(''))).toMatchObject([{ code: 'too-many-seeds' }]);
  });

  test('no text makes the parser throw, and it either finds seeds or says what is wrong', () => {
    const pieces = fc.constantFrom('127.0.0.1', ':5001', ',', '\n', '\r', '#', ' ', '[::1]', 'é');
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(pieces).map((p) => p.join('')),
        ),
        (text) => {
          const config = parseConfig(text);
          if (config.ok) expect(config.value.seeds.length).toBeGreaterThan(0);
          else expect(config.error.length).toBeGreaterThan(0);
        },
      ),
    );
  });
});
