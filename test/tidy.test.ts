/**
 * The sources obey the house's rules. A rule that a machine can check stands here, with what to do
 * in its failure.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));
const skipped = new Set(['node_modules', 'dist', 'coverage', 'logs', '.git']);

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    if (skipped.has(entry.name)) return [];
    const path = join(folder, entry.name);
    return entry.isDirectory() ? filesBelow(path) : [path];
  });
}

interface SourceFile {
  /** From the project's folder, with slashes. */
  readonly path: string;
  readonly text: string;
  readonly lines: readonly string[];
}

const files: SourceFile[] = filesBelow(root)
  .map((path) => relative(root, path).split(sep).join('/'))
  .filter((path) => /\.(ts|js|mjs|json|md|txt)$|^\.ci\//.test(path) && path !== 'package-lock.json')
  .map((path) => {
    const text = readFileSync(join(root, path), 'utf8');
    return { path, text, lines: text.split('\n') };
  });
const code = files.filter(({ path }) => /\.(ts|js|mjs)$/.test(path));
const sources = code.filter(({ path }) => /^packages\/[^/]+\/src\//.test(path));

/** The pure core: it knows neither clock nor chance nor socket but through its Runtime. */
const core = sources.filter(
  ({ path }) =>
    /^packages\/(common|seed|peer)\/src\/|^packages\/lab\/src\/(simulator|live)\//.test(path) &&
    !path.endsWith('/main.ts'),
);

/** The lines that match, as `path:line: text`; comments are left out. */
function findings(among: readonly SourceFile[], pattern: RegExp): string[] {
  return among.flatMap(({ path, text }) =>
    withoutComments(text)
      .split('\n')
      .flatMap((line, index) =>
        pattern.test(line) ? [`${path}:${index + 1}: ${line.trim()}`] : [],
      ),
  );
}

/** The same text with its comments blank, line for line. */
function withoutComments(text: string): string {
  return text
    .replace(/\/\*[\s\S]*?\*\//g, (comment) => comment.replace(/[^\n]/g, ' '))
    .replace(/(^|[\s;,{(])\/\/.*$/gm, '$1');
}

test('there are sources to look at', () => {
  expect(core.length).toBeGreaterThan(20);
});

test.each([
  ['a clock', /\b(Date\.now|performance\.now|new Date\(\)|process\.hrtime)/],
  ['chance', /\bMath\.random|\brandom(UUID|Bytes|Int)\b|\bgetRandomValues\b/],
  ['a timer', /\b(setTimeout|setInterval|setImmediate|queueMicrotask|nextTick)\b/],
  ['the process', /(?<!\.)\bprocess\.\w/],
  ['a part of Node that acts on the world', /['"]node:(?!(crypto|buffer)['"])/],
])('the pure core does not use %s: it is given what it needs (Runtime, Random)', (_, pattern) => {
  expect(findings(core, pattern)).toEqual([]);
});

test('no file is over 400 lines: one that is has more than one idea, so split it', () => {
  const long = code.filter(({ lines }) => lines.length > 401);
  expect(long.map(({ path, lines }) => `${path}: ${lines.length - 1} lines`)).toEqual([]);
});

test('no line is over 100 columns: break the text or the expression', () => {
  // A regular expression and the name of a test cannot be broken without harm.
  const unbreakable = /^\s*\/.*\/[a-z]*[,;]?$|^\s*(test|describe)\b.*\(['"`]|^\s*['"`].*['"`],$/;
  const wide = code.flatMap(({ path, lines }) =>
    lines.flatMap((line, index) =>
      [...line].length > 100 && !unbreakable.test(line) ? [`${path}:${index + 1}`] : [],
    ),
  );
  expect(wide).toEqual([]);
});

test('every source file begins with a comment that gives its idea', () => {
  const bare = [
    ...sources,
    ...code.filter(({ path }) => /^(scripts|packages\/\w+\/bin)\//.test(path)),
  ];
  const without = bare.filter(({ text }) => !/^(#!.*\n)?\/(\*\*|\/ )/.test(text));
  expect(without.map(({ path }) => path)).toEqual([]);
});

test('nothing is left for later, switched off or run alone', () => {
  const self = 'test/tidy.test.ts';
  const others = code.filter(({ path }) => path !== self);
  const marks = others.flatMap(({ path, lines }) =>
    lines.flatMap((line, index) =>
      /\b(TODO|FIXME|XXX)\b|\b(test|it|describe)\.(only|skip|todo)\b/.test(line)
        ? [`${path}:${index + 1}: ${line.trim()}`]
        : [],
    ),
  );
  expect(marks).toEqual([]);
});

test('no path of one machine is named', () => {
  const pattern = /(^|[\s"'`(=])\/(home|Users|root|work|workspaces?)\/[\w.-]/;
  const self = 'test/tidy.test.ts';
  const named = files.flatMap(({ path, lines }) =>
    lines.flatMap((line, index) =>
      path !== self && pattern.test(line) ? [`${path}:${index + 1}: ${line.trim()}`] : [],
    ),
  );
  expect(named).toEqual([]);
});

test('every link in a document leads to a file of this project', () => {
  const broken = files
    .filter(({ path }) => path.endsWith('.md'))
    .flatMap(({ path, text }) =>
      [...text.matchAll(/\]\((?!https?:|mailto:|#)([^)#\s]+)/g)].flatMap(([, target = '']) => {
        const to = resolve(root, dirname(path), target);
        return to.startsWith(root) && existsSync(to) ? [] : [`${path}: ${target}`];
      }),
    );
  expect(broken).toEqual([]);
});
