import { afterEach, describe, expect, expectTypeOf, test, vi } from 'vitest';
import { type CommandLine, readCommandLine, setting } from '../src/command-line.js';
import { duration, formatDuration, port } from '../src/option-values.js';

const program = {
  name: 'peer',
  version: '1.2.3',
  meaning: 'Runs one peer.',
  examples: [
    { command: 'peer', does: 'start a peer on a free port' },
    { command: 'peer --gossip-interval 1s', does: 'gossip every second' },
  ],
  settings: {
    port: setting<number | undefined>({
      flag: '--port',
      value: 'N',
      meaning: 'port to listen on',
      parse: port,
      fallback: undefined,
      fallbackText: 'a free one',
    }),
    gossipIntervalMs: setting({
      flag: '--gossip-interval',
      value: 'DURATION',
      meaning: 'time between two messages',
      parse: duration({ min: 100, max: 3_600_000, example: 5_000 }),
      fallback: 5_000,
      fallbackText: formatDuration(5_000),
    }),
    quiet: { flag: '--quiet', meaning: 'print nothing' },
  },
} as const;

function read(...words: string[]): CommandLine<typeof program.settings> {
  return readCommandLine(program, words);
}

function refused(...words: string[]): string {
  const line = read(...words);
  if (line.kind !== 'exit') throw new Error('it was taken');
  expect(line.code).toBe(2);
  expect(line.stdout).toBe('');
  return line.stderr;
}

afterEach(() => {
  vi.unstubAllEnvs();
});

describe('settings', () => {
  test('without flags and variables every setting has its default, with its type', () => {
    const line = read();
    if (line.kind !== 'run') throw new Error(line.stderr);
    expect(line.values).toEqual({ port: undefined, gossipIntervalMs: 5_000, quiet: false });
    expectTypeOf(line.values.port).toEqualTypeOf<number | undefined>();
    expectTypeOf(line.values.gossipIntervalMs).toEqualTypeOf<number>();
    expectTypeOf(line.values.quiet).toEqualTypeOf<boolean>();
  });

  test('a variable goes before the default, a flag before the variable', () => {
    vi.stubEnv('HEARSAY_GOSSIP_INTERVAL', '2s');
    vi.stubEnv('HEARSAY_PORT', '6001');
    expect(read('--port', '6002')).toEqual({
      kind: 'run',
      values: { port: 6_002, gossipIntervalMs: 2_000, quiet: false },
    });
    expect(read('--gossip-interval=1m')).toMatchObject({ values: { gossipIntervalMs: 60_000 } });
  });

  test.each([
    ['1', true],
    ['true', true],
    ['0', false],
    ['false', false],
    ['', false],
  ])('a switch takes %j from its variable as %s', (text, value) => {
    vi.stubEnv('HEARSAY_QUIET', text);
    expect(read()).toMatchObject({ values: { quiet: value } });
    expect(read('--quiet')).toMatchObject({ values: { quiet: true } });
  });
});

describe('a mistake is answered on stderr with exit code 2', () => {
  test('a misspelt flag gets a suggestion', () => {
    expect(refused('--prot', '6001')).toMatch(/unknown option '--prot'\n\(Did you mean --port\?\)/);
  });

  test('a value out of range is named with its flag, the range and an example', () => {
    expect(refused('--gossip-interval', '1ms')).toContain(
      "error: option '--gossip-interval <DURATION>' argument '1ms' is invalid. " +
        'Use a duration from 100ms to 1h, like 5s.',
    );
    expect(refused('--port', '-1')).toContain("'-1' is invalid. Use a port from 1 to 65535");
  });

  test('a value out of range in a variable is named with the variable', () => {
    vi.stubEnv('HEARSAY_PORT', '70000');
    expect(refused()).toContain("value '70000' from env 'HEARSAY_PORT' is invalid. Use a port");
    vi.stubEnv('HEARSAY_PORT', '6001');
    vi.stubEnv('HEARSAY_QUIET', 'maybe');
    expect(refused()).toContain("value 'maybe' from env 'HEARSAY_QUIET' is invalid. Use 1 or 0.");
  });

  test('a flag without its value and a word that is no flag are mistakes', () => {
    expect(refused('--port')).toContain('argument missing');
    expect(refused('6001')).toContain('too many arguments');
  });
});

describe('help', () => {
  test('examples come first, then the flags with their defaults and variables', () => {
    const line = read('--help');
    if (line.kind !== 'exit') throw new Error('it ran');
    expect(line).toMatchObject({ code: 0, stderr: '' });
    expect(line.stdout).toMatch(/^Examples:\n {2}peer {23}start a peer on a free port\n/);
    const oneLine = line.stdout.replace(/\s+/g, ' ');
    expect(oneLine).toContain('(default: 5s, env: HEARSAY_GOSSIP_INTERVAL)');
    expect(oneLine).toContain('(default: a free one, env: HEARSAY_PORT)');
    expect(oneLine).toContain('print nothing (env: HEARSAY_QUIET)');
    expect(oneLine).not.toContain('5000');
  });

  test('the version is printed alone', () => {
    expect(read('--version')).toEqual({ kind: 'exit', code: 0, stdout: '1.2.3\n', stderr: '' });
  });
});
