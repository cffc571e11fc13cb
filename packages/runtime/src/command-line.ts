/**
 * Command-line manners, the same for every program: a flag goes before its environment variable
 * (`--gossip-interval` before `HEARSAY_GOSSIP_INTERVAL`), and that before the default. Whatever
 * is wrong is said on stderr, with what to write instead, and the exit code is 2. `--help` begins
 * with examples, since most people need nothing else.
 */
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import type { ValueParser } from './option-values.js';

/** A flag that takes a value. */
export interface ValueSetting<T> {
  /** The long flag, with its dashes. */
  readonly flag: `--${string}`;
  /** The value's name in the help, like `IP:PORT`. */
  readonly value: string;
  readonly meaning: string;
  readonly parse: ValueParser<T>;
  readonly fallback: T;
  /** How the help writes the default. */
  readonly fallbackText: string;
}

/** A flag that is there or not. Its environment variable is `1` or `true`, `0` or `false`. */
export interface SwitchSetting {
  readonly flag: `--${string}`;
  readonly meaning: string;
}

type Setting = ValueSetting<unknown> | SwitchSetting;

/** A program's settings, under the names that the program calls them by. */
export type Settings = Readonly<Record<string, Setting>>;

/** The values of the settings. */
export type Values<S extends Settings> = {
  readonly [K in keyof S]: S[K] extends ValueSetting<infer T> ? T : boolean;
};

/** What a program says of itself. */
export interface Program<S extends Settings> {
  readonly name: string;
  readonly version: string;
  readonly meaning: string;
  /** Command lines that can be typed in the project's folder, each with what it does. */
  readonly examples: readonly { readonly command: string; readonly does: string }[];
  readonly settings: S;
}

/** What a command line comes to: values to run with, or a text to print and an exit code. */
export type CommandLine<S extends Settings> =
  | { readonly kind: 'run'; readonly values: Values<S> }
  | {
      readonly kind: 'exit';
      readonly code: 0 | 2;
      readonly stdout: string;
      readonly stderr: string;
    };

/** Declares a flag with a value, and keeps its type. */
export function setting<T>(declared: ValueSetting<T>): ValueSetting<T> {
  return declared;
}

/** Reads a command line and the environment. @param words what follows the program's name. */
export function readCommandLine<const S extends Settings>(
  program: Program<S>,
  words: readonly string[],
): CommandLine<S> {
  const output = { stdout: '', stderr: '' };
  const command = commandOf(program)
    .configureOutput({
      writeOut: (text) => {
        output.stdout += text;
      },
      writeErr: (text) => {
        output.stderr += text;
      },
    })
    .exitOverride();
  const options = Object.entries(program.settings).map(
    ([name, declared]) => [name, declared, optionOf(declared)] as const,
  );
  for (const [, , option] of options) command.addOption(option);
  try {
    command.parse(words, { from: 'user' });
    const values = options.map(([name, declared, option]) => [
      name,
      'parse' in declared
        ? command.getOptionValue(option.attributeName())
        : switchOf(command, option),
    ]);
    return { kind: 'run', values: Object.fromEntries(values) as Values<S> };
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    // npm keeps flags for itself and hands on only their values.
    const isNpm = process.env.npm_lifecycle_event !== undefined;
    if (isNpm && error.code === 'commander.excessArguments') {
      output.stderr += '(with npm, put -- before the flags: npm start -- --peers 3)\n';
    }
    return { kind: 'exit', code: error.exitCode === 0 ? 0 : 2, ...output };
  }
}

/** Reads this process's command line; prints help or what is wrong with it, and ends there. */
export function commandLineOrExit<const S extends Settings>(program: Program<S>): Values<S> {
  const read = readCommandLine(program, process.argv.slice(2));
  if (read.kind === 'run') return read.values;
  process.stdout.write(read.stdout);
  process.stderr.write(read.stderr);
  process.exit(read.code);
}

function commandOf(program: Program<Settings>): Command {
  const width = Math.max(...program.examples.map((example) => example.command.length));
  const examples = program.examples.map(
    ({ command, does }) => `  ${command.padEnd(width)}  ${does}\n`,
  );
  return (
    new Command(program.name)
      .description(program.meaning)
      .version(program.version, '--version', 'print the version')
      .helpOption('--help', 'print this help')
      // Commander would write a default as the program counts it, not as people write it.
      .configureHelp({ optionDescription: (option) => option.description })
      .addHelpText('before', `Examples:\n${examples.join('')}`)
      .showHelpAfterError(`(${program.name} --help shows examples and every flag)`)
  );
}

function optionOf(declared: Setting): Option {
  const env = `HEARSAY_${declared.flag.slice(2).replaceAll('-', '_').toUpperCase()}`;
  if (!('parse' in declared)) {
    return new Option(declared.flag, `${declared.meaning} (env: ${env})`).env(env);
  }
  const { flag, value, meaning, parse, fallback, fallbackText } = declared;
  return new Option(`${flag} <${value}>`, `${meaning} (default: ${fallbackText}, env: ${env})`)
    .env(env)
    .default(fallback)
    .argParser((text: string) => {
      const parsed = parse(text);
      if (!parsed.ok) throw new InvalidArgumentError(parsed.error);
      return parsed.value;
    });
}

/** Commander takes a switch for set when its variable is there, even as `0`. */
function switchOf(command: Command, option: Option): boolean {
  const name = option.attributeName();
  if (command.getOptionValueSource(name) !== 'env') return command.getOptionValue(name) === true;
  const text = process.env[option.envVar as string] as string;
  if (/^(1|true|yes|on)$/i.test(text)) return true;
  if (/^(0|false|no|off|)$/i.test(text)) return false;
  return command.error(
    `error: option '${option.flags}' value '${text}' from env '${option.envVar}' is invalid. ` +
      'Use 1 or 0.',
  );
}
