/**
 * The sources as they are, as JavaScript that a child process of a test can run. A build may be
 * missing or old, and a child that compiles for itself takes a second to start.
 */
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import ts from 'typescript';

const root = join(import.meta.dirname, '../../..');

/** A new folder with the packages `common` and `runtime` in it, tests included. */
export function transpiledPackages(): string {
  const folder = mkdtempSync(join(tmpdir(), 'hearsay-transpiled-'));
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
  for (const part of ['common/src', 'runtime/src', 'runtime/test']) {
    mkdirSync(join(folder, part), { recursive: true });
    const sources = join(root, 'packages', part);
    for (const file of readdirSync(sources).filter((name) => name.endsWith('.ts'))) {
      const { outputText } = ts.transpileModule(readFileSync(join(sources, file), 'utf8'), {
        compilerOptions: { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2023 },
      });
      const here = outputText.replace(/'@hearsay\/([a-z]+)\/([^']+)'/g, "'../../$1/src/$2.js'");
      writeFileSync(join(folder, part, file.replace(/ts$/, 'js')), here);
    }
  }
  return folder;
}
