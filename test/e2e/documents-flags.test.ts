/**
 * The flags in the documents are those that the programs' own `--help` prints, and every command in
 * a document, be it within a sentence, or in the examples of a help can be typed as it stands.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { codeIn, documents, Markdown, plain, root } from '../markdown.js';

/** What a program's `--help` prints. */
function helpText([program, ...words]: readonly string[]): string {
  const launcher = join(root, 'packages', `${program}`, 'bin', `${program}.js`);
  return spawnSync(process.execPath, [launcher, ...words, '--help']).stdout.toString();
}

/** The programs, by the words that call each, and their helps; `lab` is also what its parts are. */
const programs = [['seed'], ['peer'], ['lab', 'start'], ['lab', 'soak'], ['lab']].map((words) => ({
  words,
  help: helpText(words),
}));

interface HelpLine {
  readonly flag: string;
  /** `--port N`, as a person writes it. */
  readonly usage: string;
  readonly standard: string;
  readonly variable: string;
}

/** The flags in a help, but `--help` and `--version` themselves. */
function flagsOf(help: string): HelpLine[] {
  const [, options = ''] = help.split('\nOptions:\n');
  const entries = options.replaceAll(/\n {4,}/g, ' ').split('\n');
  return entries.flatMap((entry) => {
    const [, flag = '', value = '', about = ''] =
      /^ {2}(--[a-z-]+)(?: <(\S+)>)?\s+(.*)$/.exec(entry) ?? [];
    if (flag === '' || flag === '--help' || flag === '--version') return [];
    const standard = /\(default: (.*), env: /.exec(about)?.[1] ?? '';
    const variable = /env: (\w+)\)$/.exec(about)?.[1] ?? '';
    return [{ flag, usage: `${flag} ${value}`.trim(), standard, variable }];
  });
}

test.each([
  ['seed', 'seed'],
  ['peer', 'peer'],
  ['npm start', 'lab start'],
  ['npm run soak', 'lab soak'],
])("README.md's flags of %s, and their defaults, are those of --help", (title, called) => {
  const tables = new Markdown('README.md').tablesBelow('Flags');
  const table = tables.find(({ header }) => header[0] === title);
  const program = programs.find(({ words }) => words.join(' ') === called);
  const flags = flagsOf(program?.help ?? '');
  expect(flags.length).toBeGreaterThan(4);
  expect(
    table?.rows.map(([usage = '', , standard = '']) => [plain(usage), plain(standard)]),
  ).toEqual(flags.map(({ usage, standard }) => [usage, standard]));
  for (const { flag, variable } of flags) {
    expect(variable).toBe(`HEARSAY_${flag.slice(2).replaceAll('-', '_').toUpperCase()}`);
  }
});

/** All that stands in code font or in a fenced block, a line each. */
const texts = documents().flatMap(({ prose, blocks }) => [
  ...codeIn(prose).map((text) => text.replaceAll('\n', ' ')),
  ...blocks.flatMap(({ lines }) => lines),
]);

/** The flags in a text. */
function flagsIn(text: string): string[] {
  return text.match(/(?<![\w-])--[a-z][a-z-]*/g) ?? [];
}

test('every flag that a document names is one of a program', () => {
  const known = new Set(programs.flatMap(({ help }) => flagsOf(help).map(({ flag }) => flag)));
  for (const flag of ['--help', '--version', '--no-install']) known.add(flag);
  const named = texts.flatMap(flagsIn);
  expect(named.length).toBeGreaterThan(30);
  expect([...new Set(named)].filter((flag) => !known.has(flag))).toEqual([]);
});

/** The examples of a help. */
function examplesOf(help: string): string[] {
  const [, examples = ''] = /^Examples:\n(.*?)\n\n/s.exec(help) ?? [];
  return examples.split('\n').map((line) => line.trim().split(/ {2,}/)[0] as string);
}

/** The words that call a program when a command is typed; undefined if it calls none. */
function callOf(command: string): string | undefined {
  const [, script, words = ''] = /^npm (?:run )?(start|soak)(?: -- (.+))?$/.exec(command) ?? [];
  if (script !== undefined) return `lab ${script} ${words}`;
  return /^npx --no-install (.+)$/.exec(command)?.[1];
}

/** Whether npm knows a command, and the program that it calls each of its flags. */
function canBeTyped(command: string): boolean {
  const call = callOf(command);
  if (call === undefined) {
    const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
    const [, script] = /^npm (?:run )?([a-z]+)$/.exec(command) ?? [];
    return script === 'ci' || Object.hasOwn(scripts, script ?? '');
  }
  const program = programs.find(({ words }) => `${call} `.startsWith(`${words.join(' ')} `));
  if (program === undefined) return false;
  const known = flagsOf(program.help).map(({ flag }) => flag);
  return flagsIn(call).every((flag) => ['--help', '--version', ...known].includes(flag));
}

test('every command in a document, also within a sentence, can be typed as it stands', () => {
  const commands = texts.filter((text) => /^np[mx] /.test(text));
  expect(commands.length).toBeGreaterThan(15);
  expect(commands.filter((command) => !canBeTyped(command))).toEqual([]);
});

const helps = programs.map(({ words, help }): [string, string] => [words.join(' '), help]);

test.each(helps)('every example of %s --help can be typed as it stands', (_, help) => {
  const examples = examplesOf(help);
  expect(examples.length).toBeGreaterThan(1);
  expect(examples.filter((example) => !canBeTyped(example))).toEqual([]);
  expect(
    help.split('\n').filter((line) => line.length > 80),
    'wider than 80',
  ).toEqual([]);
});
