/**
 * The documents are true of the code: what they say in tables, in examples and in links is read
 * from them and compared. The commands that they show are run in e2e/documents.test.ts,
 * and their flags compared in e2e/documents-flags.test.ts.
 */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { LIMITS } from '@hearsay/common/limits';
import { parseLogLine } from '@hearsay/common/log-line';
import { fieldsOf, isEventName, RECORDS } from '@hearsay/common/records';
import { decode } from '@hearsay/common/wire/codec';
import { helpLines } from '@hearsay/peer/console';
import { expect, test } from 'vitest';
import { codeIn, documents, Markdown, plain, root } from './markdown.js';

const all = documents();
const readme = new Markdown('README.md');
const protocol = new Markdown('docs/PROTOCOL.md');
const architecture = new Markdown('docs/ARCHITECTURE.md');

test.each(all)('every link in $path leads somewhere', (document) => {
  const broken = document.links.filter((link) => {
    if (/^https?:/.test(link)) return false;
    const [file = '', anchor] = link.split('#');
    const path = file === '' ? document.path : document.resolve(file);
    if (!existsSync(join(root, path))) return true;
    return anchor !== undefined && !new Markdown(path).anchors.includes(anchor);
  });
  expect(broken).toEqual([]);
});

test.each(all)('every npm script that $path names is one of package.json', (document) => {
  const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const text = [document.prose, ...document.blocks.flatMap(({ lines }) => lines)].join('\n');
  const named = [...text.matchAll(/\bnpm run ([a-z]+)/g)].map((match) => match[1] as string);
  expect(named.filter((name) => !Object.hasOwn(scripts, name))).toEqual([]);
});

test('npm run check does the steps of .ci/run, but for those of a fresh clone', () => {
  const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const ci = readFileSync(join(root, '.ci/run'), 'utf8');
  const steps = [...ci.matchAll(/^step '.+' (npm .+)$/gm)].map((match) => match[1] as string);
  const checks = steps.filter((step) => !/^npm (start|ci)\b/.test(step));
  expect(scripts.check.split(' && ')).toEqual(checks);
});

test("PROTOCOL.md's table of events is RECORDS: each event, its fields in order, its meaning", () => {
  const [table] = protocol.tablesBelow('The log');
  const events = Object.entries(RECORDS).map(([event, { meaning }]) => {
    if (!isEventName(event)) throw new Error(event);
    const fields = fieldsOf(event).map(([n, kind]) => `\`${n}${kind.endsWith('?') ? '?' : ''}\``);
    return [`\`${event}\``, fields.join(' '), meaning];
  });
  expect(table?.rows).toEqual(events);
});

test('every event that README.md says how to read is one of RECORDS', () => {
  const tables = readme.tablesBelow('Reading a log');
  const events = tables.flatMap(({ rows }) => rows.flatMap(([names = '']) => codeIn(names)));
  expect(events.length).toBeGreaterThan(10);
  expect(events.filter((event) => !isEventName(event))).toEqual([]);
});

test("README.md names every command of a peer's terminal, and no other", () => {
  const named = codeIn(readme.prose).filter((text) => /^\/[a-z]+$/.test(text));
  const known = helpLines.map((line) => line.split(' ')[0] as string);
  const commands = known.filter((word) => word.startsWith('/'));
  expect(new Set(named)).toEqual(new Set([...commands, '/help']));
});

const unitsMs: Record<string, number> = { ms: 1, s: 1_000, min: 60_000, h: 3_600_000 };

/** The numbers of a cell in order; those with a unit of time or size in milliseconds or bytes. */
function quantitiesOf(cell: string): number[] {
  if (cell === '2⁵³ − 1') return [2 ** 53 - 1];
  return [...cell.matchAll(/(\d[\d,]*(?:\.\d+)?)(?: (ms|s|min|h|MiB)\b)?/g)].map(
    ([, digits = '', unit = '']) =>
      Math.round(
        Number(digits.replaceAll(',', '')) * (unit === 'MiB' ? 2 ** 20 : (unitsMs[unit] ?? 1)),
      ),
  );
}

/** What the tables of timers and bounds say, name by name, a row's names in its numbers' order. */
function statedQuantities(): [string, number][] {
  const tables = ['Every timer', 'Bounds'].flatMap((heading) => protocol.tablesBelow(heading));
  return tables.flatMap(({ rows }) =>
    rows.flatMap(([what = '', much = '', named = '']) => {
      const names = codeIn(named);
      const quantities = quantitiesOf(plain(much));
      expect(quantities, `"${what}" has a number for each of ${names}`).toHaveLength(names.length);
      return names.map((name, index): [string, number] => [name, quantities[index] as number]);
    }),
  );
}

test("PROTOCOL.md's tables of timers and bounds name every limit with its number, once", () => {
  const stated = statedQuantities().filter(([name]) => !name.startsWith('--'));
  expect(stated.map(([name]) => name).toSorted()).toEqual(Object.keys(LIMITS).toSorted());
  expect(Object.fromEntries(stated)).toEqual(LIMITS);
});

test("PROTOCOL.md's table of timers gives the flags their defaults of README.md", () => {
  const defaults = new Map(
    readme
      .tablesBelow('Flags')
      .flatMap(({ rows }) =>
        rows.map(([flag = '', , value = '']): [string, string] => [
          plain(flag).split(' ')[0] as string,
          plain(value),
        ]),
      ),
  );
  const flags = statedQuantities().filter(([name]) => name.startsWith('--'));
  expect(flags.length).toBeGreaterThan(4);
  for (const [flag, stated] of flags) {
    const [, count, unit = ''] = /^(\d+)(ms|s|m)?$/.exec(defaults.get(flag) ?? '') ?? [];
    const factor = { ms: 1, s: 1_000, m: 60_000 }[unit] ?? 1;
    expect([flag, stated]).toEqual([flag, Number(count) * factor]);
  }
});

const logLines = all.flatMap(({ path, blocks }) =>
  blocks
    .flatMap(({ lines }) => lines)
    .filter((line) => /^\d{4}-\d\d-\d\dT/.test(line))
    .map((line) => ({ path, line })),
);

test('README.md and PROTOCOL.md show how a log line looks', () => {
  expect(new Set(logLines.map(({ path }) => path))).toEqual(
    new Set(['README.md', 'docs/PROTOCOL.md']),
  );
});

test.each(logLines)('a log line in $path parses, and its message could be in it', ({ line }) => {
  const parsed = parseLogLine(line.replaceAll('…', ''));
  expect(parsed).toMatchObject({ ok: true });
  if (!parsed.ok || !('hash' in parsed.value.record)) return;
  const { record, wallMs } = parsed.value;
  expect(createHash('sha256').update(record.message).digest('hex')).toContain(record.hash);
  const sentMs = Number(record.message.split(':')[0]) * 1_000;
  expect(wallMs).toBeGreaterThanOrEqual(sentMs);
  expect(wallMs - sentMs).toBeLessThan(LIMITS.messageWindowMs);
});

test("PROTOCOL.md's examples of what Hearsay sends are messages", () => {
  const [table] = protocol.tablesBelow("The assignment's messages, and ours");
  const sent = (table?.rows ?? []).flatMap(([, sends = '']) => codeIn(sends));
  const messages = sent.filter((text) => !text.startsWith(':'));
  expect(messages.length).toBeGreaterThan(5);
  // A peer list is read by whoever has asked for it.
  const texts = messages.filter((text) => !text.includes(','));
  expect(texts.filter((text) => !decode(text).ok)).toEqual([]);
});

/** Whether a path of ARCHITECTURE.md is there: from the project's folder or from packages/. */
function exists(path: string): boolean {
  const [folder = ''] = path.split('*');
  return ['.', 'docs', 'packages'].some((base) => existsSync(join(root, base, folder)));
}

test('every path that ARCHITECTURE.md names is there', () => {
  const files = new Set(filesBelow(''));
  const code = codeIn(architecture.prose).filter((text) => /^[\w./*-]+$/.test(text));
  const paths = code.filter((text) => text.includes('/'));
  const names = code.filter((text) => /^[\w-]+\.(ts|js|md|txt)$/.test(text));
  expect(paths.length).toBeGreaterThan(15);
  expect(paths.filter((path) => !exists(path))).toEqual([]);
  expect(names.filter((name) => ![...files].some((path) => path.endsWith(`/${name}`)))).toEqual([]);
});

function filesBelow(folder: string): string[] {
  const skipped = /^(node_modules|dist|coverage|logs|\.git)$/;
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    if (skipped.test(entry.name)) return [];
    const path = `${folder}/${entry.name}`;
    return entry.isDirectory() ? filesBelow(path) : [path];
  });
}

/** The names in a column of the tree; none if it says something instead. */
function namesIn(column: string): string[] {
  const words = column.split(' ');
  if (words.every((word) => /^[\w-]*[./][\w./-]*$/.test(word))) return words;
  const parts = column.split(/[,+] ?| \+ /).map((part) => part.trim());
  return parts.every((part) => /^[\w-]+$/.test(part)) ? parts : [];
}

/** Every path that the tree names, without the endings that it leaves out. */
function treePaths(lines: readonly string[]): string[] {
  let home = '';
  return lines.flatMap((line) => {
    const depth = line.search(/\S/);
    const columns = line
      .replaceAll(/\([^)]*\)/g, '')
      .trim()
      .split(/ {2,}/)
      .map((column) => column.trim());
    const [first = '', ...rest] = columns;
    if (depth >= 4 && !first.endsWith('/')) {
      return columns.flatMap(namesIn).map((name) => `${home}${name}`);
    }
    if (!first.endsWith('/') || first.includes(' ')) return columns.flatMap(namesIn);
    const folder = depth === 0 ? first : depth === 2 ? `packages/${first}` : `${home}${first}`;
    if (depth <= 2) home = folder;
    return [folder, ...rest.flatMap(namesIn).map((name) => `${folder}${name}`)];
  });
}

test('every file and folder in the tree of ARCHITECTURE.md is there', () => {
  const tree = architecture.blocks.find(({ lines }) => lines[0]?.startsWith('README.md'));
  const paths = treePaths(tree?.lines ?? []);
  expect(paths.length).toBeGreaterThan(50);
  const endings = ['', '.ts', '.js', '.test.ts'];
  const missing = paths.filter(
    (path) => !endings.some((end) => existsSync(join(root, path + end))),
  );
  expect(missing).toEqual([]);
});

test('every class and method that ARCHITECTURE.md names is in the sources', () => {
  const sources = filesBelow('packages').filter((path) => /\/src\/.*\.ts$/.test(path));
  const texts = sources.map((path) => readFileSync(join(root, path), 'utf8'));
  const names = codeIn(architecture.prose).filter((text) =>
    /^[A-Za-z]+(\.(?!ts$)[a-z][A-Za-z]+)?$/.test(text),
  );
  expect(names.length).toBeGreaterThan(25);
  const missing = names.filter((name) => {
    const [owner = '', member = owner] = name.split('.');
    return !texts.some((text) =>
      [owner, member].every((word) => new RegExp(`\\b${word}\\b`).test(text)),
    );
  });
  expect(missing).toEqual([]);
});
