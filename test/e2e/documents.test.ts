/**
 * Every command that the documents show is typed here as it stands, and does what they say. The
 * word behind `sh` at a block's fence says how it is run: `run`, each line to its end; `watch`, on
 * until Ctrl-C; `logs`, where a network has left its logs; `nc`, beside a running network. A new
 * block is so tested without a change here; one that is not understood fails.
 *
 * The ports in the documents are replaced by free ones, and config file and logs stand in a folder
 * of the test's own: the rest of each command is what a person types. Commands within a sentence
 * are not run; documents-flags.test.ts looks whether they could be.
 */
import { parseLogLine } from '@hearsay/common/log-line';
import { describe, expect, test } from 'vitest';
import { codeIn, documents } from '../markdown.js';
import { DocumentNetwork, Session } from './documents-harness.js';

/** Commands that cannot be typed here; CI types them in a fresh clone. */
const exempt = new Map([
  ['npm test', 'it would run this test in itself'],
  ['npm ci', 'it would take away the packages that this test runs on'],
]);

/**
 * What a long-running command prints when it works, and what when Ctrl-C has ended it. npx puts a
 * shell between, which takes a SIGINT that a whole process group gets for its own as well, and dies
 * of it; that the node itself ends in good order, its last line says.
 */
const node = { ends: / stopped reason=SIGINT$/, exits: [0, 'SIGINT'], seeds: false };
const signs = [
  {
    command: /^npm start\b/,
    works: /^\S+ 5 peers · messages [1-9]/,
    ends: /^messages +\d+ made/,
    exits: [0],
    seeds: false,
  },
  { command: /^npx .*\bseed\b/, works: / seed-started /, ...node },
  { command: /^npx .*\bpeer\b/, works: / majority-reached /, ...node, seeds: true },
];

const fenced = documents().flatMap(({ path, blocks }) =>
  blocks.map((block) => ({ ...block, place: `${path}:${block.line}` })),
);
const shown = fenced
  .filter(({ info }) => info !== '')
  .map((block) => ({
    ...block,
    commands: block.lines.filter((line) => line !== '' && !exempt.has(line)),
  }));

/** The blocks that are run in one way, each with a name for its test. */
function blocksThat(how: string): [string, (typeof shown)[number]][] {
  return shown
    .filter(({ info, commands }) => info === `sh ${how}` && commands.length > 0)
    .map((block) => [`${block.place}: ${block.commands[0]}`, block]);
}

test('every block of commands says how it is run: sh run, sh watch, sh logs or sh nc', () => {
  const ways = ['sh run', 'sh watch', 'sh logs', 'sh nc'];
  const odd = shown.filter(({ info }) => !ways.includes(info));
  expect(odd.map(({ place, info }) => `${place}: ${info}`)).toEqual([]);
  expect(new Set(shown.map(({ info }) => info))).toEqual(new Set(ways));
  const silent = fenced.filter(({ info }) => info === '');
  const typed = silent.filter(({ lines }) =>
    lines.some((line) => /^(\$ |np[mx] |node )/.test(line)),
  );
  expect(typed.map(({ place }) => place)).toEqual([]);
});

test('no command is exempted that no document shows', () => {
  const lines = shown.flatMap((block) => block.lines);
  expect([...exempt.keys()].filter((command) => !lines.includes(command))).toEqual([]);
});

describe.concurrent('the commands', () => {
  test.each(blocksThat('run'))('%s runs to its end', async (_, { commands }) => {
    const session = new Session();
    try {
      await session.begin();
      for (const command of commands) {
        const { exit, stdout, story } = await session.run(command);
        expect(exit, story).toBe(0);
        if (!command.includes('--kill-one')) continue;
        expect(stdout, story).toMatch(
          / killed: reported after .+, removed at (\d) of \1 seeds after/,
        );
      }
    } finally {
      await session.end();
    }
  });

  test.each(blocksThat('watch'))('%s runs until Ctrl-C', async (_, { commands }) => {
    const [command = ''] = commands;
    expect(commands, 'what runs on and on stands alone in its block').toHaveLength(1);
    const sign = signs.find((one) => one.command.test(command));
    if (sign === undefined) throw new Error(`say in signs how "${command}" shows that it works`);
    const session = new Session();
    try {
      await session.begin();
      if (sign.seeds) await session.startSeeds();
      // Without a shell between, which no terminal puts into the command's process group.
      const running = session.start(`exec ${command}`);
      await running.printed(sign.works);
      expect(running.exit, running.story()).toBeUndefined();
      expect(sign.exits, running.story()).toContain(await running.interrupted());
      if (!sign.seeds) expect(session.cutShort(), 'every node writes its last records').toEqual([]);
      expect(running.story()).toMatch(new RegExp(sign.ends, 'm'));
    } finally {
      await session.end();
    }
  });

  test.each(blocksThat('logs'))('%s finds what it looks for', async (_, { commands }) => {
    const network = new DocumentNetwork();
    try {
      await network.begin();
      await network.loseOne();
      for (const command of commands) {
        const { exit, stdout, story } = await network.run(command, network.folder);
        expect(exit, story).toBe(0);
        if (command.startsWith('grep -c')) {
          expect(Number(stdout), story).toBeGreaterThan(0);
          continue;
        }
        const lines = stdout.trim().split('\n');
        expect(lines.map((line) => parseLogLine(line).ok).includes(false), story).toBe(false);
      }
    } finally {
      await network.end();
    }
  });

  test.each(blocksThat('nc'))('%s brings the stated answers', async (_, block) => {
    const network = new DocumentNetwork();
    try {
      await network.begin();
      const peer = network.here('127.0.0.1:6001');
      const answers: string[] = [];
      for (const command of block.commands) {
        const { exit, stdout, story } = await network.run(command);
        expect(exit, story).toBe(0);
        answers.push(stdout.trim());
      }
      const [list = '', reply, ...rest] = answers;
      expect(list.split(','), 'the first prints the list').toContain(peer);
      expect(list.split(',').at(-1), '… the asker last').toBe('127.0.0.1:7000');
      const [stated = ''] = codeIn(block.after).filter((text) =>
        text.startsWith('Liveness Reply:'),
      );
      expect(reply, 'the second prints what is stated').toBe(network.here(stated));
      expect(rest, 'the third prints nothing').toEqual(['']);
      const refused = await network.refusal();
      expect(refused).toMatchObject({ peer, reporter: '127.0.0.1:7000', reason: 'it answers' });
    } finally {
      await network.end();
    }
  });
});
