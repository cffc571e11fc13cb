/**
 * The `lab` command: tools around a network, one subcommand each. What a subcommand's flags mean
 * is declared here; what it does stands in its own file.
 */
import {
  type CommandLine,
  type Program,
  readCommandLine,
  type Settings,
  setting,
  type Values,
} from '@hearsay/runtime/command-line';
import { duration, integer, oneOf, path } from '@hearsay/runtime/option-values';
import { version } from '@hearsay/runtime/version';
import { Command, CommanderError } from 'commander';
import { soak } from './soak.js';
import { start, type Timing } from './start.js';

const hourMs = 3_600_000;

const startProgram = {
  name: 'lab start',
  version,
  meaning: 'Starts the seeds of config.txt and some peers, and shows the network live.',
  examples: [
    { command: 'npm start', does: 'five peers, until Ctrl-C' },
    {
      command: 'npm start -- --peers 8 --for 30s --kill-one',
      does: 'one dies, and it ends by itself',
    },
    { command: 'npm start -- --timing assignment', does: 'the intervals of the assignment' },
  ],
  settings: {
    peers: setting({
      flag: '--peers',
      value: 'N',
      meaning: 'how many peers',
      parse: integer({ min: 0, max: 200, example: 5 }),
      fallback: 5,
      fallbackText: '5',
    }),
    forMs: setting({
      flag: '--for',
      value: 'TIME',
      meaning: 'ends by itself after this time',
      parse: duration({ min: 1_000, max: 24 * hourMs, example: 30_000 }),
      fallback: 0,
      fallbackText: 'never',
    }),
    killOne: {
      flag: '--kill-one',
      meaning: 'kills one random peer when the network has formed',
    },
    timing: setting<Timing>({
      flag: '--timing',
      value: 'WHICH',
      meaning:
        'quick: gossip and liveness every second, without end; ' +
        'assignment: gossip every 5 s, ten messages, liveness every 13 s',
      parse: oneOf(['quick', 'assignment']),
      fallback: 'quick',
      fallbackText: 'quick',
    }),
    config: setting({
      flag: '--config',
      value: 'FILE',
      meaning: 'the file that lists the seeds',
      parse: path,
      fallback: 'config.txt',
      fallbackText: 'config.txt',
    }),
    logDir: setting({
      flag: '--log-dir',
      value: 'DIR',
      meaning: 'the folder of the log files',
      parse: path,
      fallback: 'logs',
      fallbackText: 'logs',
    }),
    json: { flag: '--json', meaning: 'prints the summary as JSON, and all else on stderr' },
  },
} as const satisfies Program<Settings>;

const soakProgram = {
  name: 'lab soak',
  version,
  meaning: 'Kills or stops a peer of a network again and again, and measures its removal.',
  examples: [
    { command: 'npm run soak', does: 'twenty runs with eight peers each' },
    { command: 'npm run soak -- --runs 4 --peers 12', does: 'four runs of a larger network' },
  ],
  settings: {
    runs: setting({
      flag: '--runs',
      value: 'N',
      meaning: 'how many networks, one after the other',
      parse: integer({ min: 1, max: 10_000, example: 20 }),
      fallback: 20,
      fallbackText: '20',
    }),
    peers: setting({
      flag: '--peers',
      value: 'N',
      meaning: 'how many peers in each',
      parse: integer({ min: 3, max: 200, example: 8 }),
      fallback: 8,
      fallbackText: '8',
    }),
    intervalMs: setting({
      flag: '--interval',
      value: 'TIME',
      meaning: 'the liveness interval',
      parse: duration({ min: 100, max: 60_000, example: 500 }),
      fallback: 500,
      fallbackText: '500ms',
    }),
    logDir: setting({
      flag: '--log-dir',
      value: 'DIR',
      meaning: 'the folder of the log files, one folder in it for each run',
      parse: path,
      fallback: 'logs/soak',
      fallbackText: 'logs/soak',
    }),
    json: { flag: '--json', meaning: 'prints the results as JSON, and all else on stderr' },
  },
} as const satisfies Program<Settings>;

async function runWith<S extends Settings>(
  program: Program<S>,
  words: readonly string[],
  run: (values: Values<S>) => Promise<number>,
): Promise<void> {
  const read: CommandLine<S> = readCommandLine(program, words);
  if (read.kind === 'run') {
    process.exitCode = await run(read.values);
    return;
  }
  process.stdout.write(read.stdout);
  process.stderr.write(read.stderr);
  process.exitCode = read.code;
}

const examples = ['start', 'soak --runs 4', 'start --help']
  .map((words) => `  npx --no-install lab ${words}\n`)
  .join('');

const lab = new Command('lab')
  .description('Tools around a Hearsay network.')
  .version(version, '--version', 'print the version')
  .helpOption('--help', 'print this help')
  .helpCommand(false)
  .addHelpText('before', `Examples:\n${examples}`)
  .showHelpAfterError('(lab --help shows the subcommands)')
  .enablePositionalOptions()
  .exitOverride();

/** A subcommand reads its own words, so that its flags have the manners of all programs. */
function subcommand(name: string, meaning: string, run: (words: string[]) => Promise<void>): void {
  lab
    .command(`${name} [words...]`)
    .description(meaning)
    .helpOption(false)
    .allowUnknownOption()
    .passThroughOptions()
    .action((words: string[]) => run(words));
}

subcommand('start', startProgram.meaning, (words) => runWith(startProgram, words, start));
subcommand('soak', soakProgram.meaning, (words) => runWith(soakProgram, words, soak));

try {
  await lab.parseAsync();
} catch (error) {
  if (!(error instanceof CommanderError)) throw error;
  process.exitCode = error.exitCode === 0 ? 0 : 2;
}
