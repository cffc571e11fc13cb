/**
 * The project's documents as data, so that tests can hold them to the code: their fenced blocks,
 * tables, headings, links and words in code font. It reads the Markdown that these documents use,
 * no more.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The project's folder. */
export const root = fileURLToPath(new URL('..', import.meta.url));

/** A fenced block. */
export interface Block {
  /** The number of its first line, from 1, for failures. */
  readonly line: number;
  /** What stands behind the opening fence. */
  readonly info: string;
  readonly lines: readonly string[];
  /** The paragraph that follows it, as one line. */
  readonly after: string;
}

/** A table: the texts of its cells, row by row. */
export interface Table {
  readonly header: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** One document. */
export class Markdown {
  readonly blocks: Block[] = [];
  /** Everything outside of fenced blocks. */
  readonly prose: string;
  private readonly proseLines: string[];

  /** @param path from the project's folder. */
  constructor(readonly path: string) {
    const lines = readFileSync(join(root, path), 'utf8').split('\n');
    const fences = lines.flatMap((line, index) => (line.startsWith('```') ? [index] : []));
    if (fences.length % 2 !== 0) throw new Error(`${path}: a fence is not closed`);
    this.proseLines = [...lines];
    for (let at = 0; at < fences.length; at += 2) {
      const [open, close] = fences.slice(at, at + 2) as [number, number];
      const info = (lines[open] as string).slice(3).trim();
      const rest = lines.slice(close + 1);
      const begin = rest.findIndex((line) => line !== '');
      const length = rest.slice(begin).indexOf('');
      const after = rest.slice(begin, length < 0 ? undefined : begin + length).join(' ');
      this.blocks.push({ line: open + 2, info, lines: lines.slice(open + 1, close), after });
      this.proseLines.fill('', open, close + 1);
    }
    this.prose = this.proseLines.join('\n');
  }

  /** The anchors of its headings, as GitHub makes them. */
  get anchors(): string[] {
    return this.proseLines.flatMap((line) => {
      const heading = /^#+ (.*)$/.exec(line)?.[1];
      if (heading === undefined) return [];
      const kept = heading.toLowerCase().replace(/[^\p{L}\p{N}\s_-]/gu, '');
      return [kept.replaceAll(' ', '-')];
    });
  }

  /** The targets of its links and pictures. */
  get links(): string[] {
    const found = [...this.prose.matchAll(/\]\(([^)\s]+)\)/g)];
    return found.map((match) => match[1] as string);
  }

  /** Where a relative link of this document leads, from the project's folder. */
  resolve(target: string): string {
    return join(dirname(this.path), target);
  }

  /** Its tables that stand below a heading, before the next heading of any rank. */
  tablesBelow(heading: string): Table[] {
    const begin = this.proseLines.findIndex((line) => line.replace(/^#+ /, '') === heading);
    if (begin < 0) throw new Error(`${this.path} has no heading "${heading}"`);
    const rest = this.proseLines.slice(begin + 1);
    const end = rest.findIndex((line) => line.startsWith('#'));
    const tables: string[][][] = [[]];
    for (const line of rest.slice(0, end < 0 ? undefined : end)) {
      if (line.startsWith('|')) tables.at(-1)?.push(cellsOf(line));
      else if (tables.at(-1)?.length !== 0) tables.push([]);
    }
    return tables
      .filter((lines) => lines.length > 0)
      .map(([header = [], , ...rows]) => ({ header, rows }));
  }
}

function cellsOf(line: string): string[] {
  return line
    .slice(1, line.lastIndexOf('|'))
    .split('|')
    .map((cell) => cell.trim());
}

/** The texts that stand in code font. */
export function codeIn(prose: string): string[] {
  return [...prose.matchAll(/`([^`]+)`/g)].map((match) => match[1] as string);
}

/** A text without its code font. */
export function plain(text: string): string {
  return text.replaceAll('`', '');
}

/** All documents of the project. */
export function documents(): Markdown[] {
  const ofDocs = readdirSync(join(root, 'docs')).filter((name) => name.endsWith('.md'));
  const paths = ['README.md', 'CHANGELOG.md', ...ofDocs.map((name) => `docs/${name}`)];
  return paths.map((path) => new Markdown(path));
}
