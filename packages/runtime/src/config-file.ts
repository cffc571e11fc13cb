/**
 * Reads config.txt from disk. Whatever is wrong with it becomes one line that a person can act on:
 * the file, the line, what stands there, and the mend.
 */
import { closeSync, openSync, readSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Address } from '@hearsay/common/address';
import { type ConfigProblem, parseConfig } from '@hearsay/common/config-text';
import { LIMITS } from '@hearsay/common/limits';
import { failure, type Result, success } from '@hearsay/common/result';

/** The seeds of a config file, and a line for each thing in it that is not as meant. */
export interface ConfigFile {
  readonly seeds: readonly Address[];
  readonly warnings: readonly string[];
}

/** Reads and parses a config file. The error is one line without its end. Never throws. */
export function readConfigFile(path: string): Result<ConfigFile, string> {
  const text = readBounded(path);
  if (!text.ok) return text;
  const config = parseConfig(text.value);
  if (config.ok) {
    const { seeds, warnings } = config.value;
    return success({ seeds, warnings: warnings.map((warning) => describe(path, warning)) });
  }
  const [first, ...more] = config.error as readonly [ConfigProblem, ...ConfigProblem[]];
  const others = more.length === 0 ? '' : ` (and ${more.length} more like it)`;
  return failure(describe(path, first) + others);
}

function describe(path: string, problem: ConfigProblem): string {
  const quoted = JSON.stringify(problem.text);
  switch (problem.code) {
    case 'bad-address':
      return `${path}:${problem.line}: ${quoted} is no address: ${problem.mend}`;
    case 'duplicate':
      return `${path}:${problem.line}: ${quoted} is there twice: ${problem.mend}`;
    case 'too-many-seeds':
      return `${path}:${problem.line}: ${quoted} is one seed too many: ${problem.mend}`;
    case 'no-seeds':
      return `${path}:${problem.line}: no seeds in this file: ${problem.mend}`;
  }
}

/**
 * The file's text. Its size is not asked for but met by reading: a pipe, which a shell's `<(…)`
 * gives, has none, and a file may grow meanwhile.
 */
function readBounded(path: string): Result<string, string> {
  const bytes = Buffer.alloc(LIMITS.configBytesMax + 1);
  let length = 0;
  try {
    const file = openSync(path, 'r');
    try {
      for (let read = -1; read !== 0 && length < bytes.length; length += read) {
        read = readSync(file, bytes, length, bytes.length - length, null);
      }
    } finally {
      closeSync(file);
    }
  } catch (error) {
    // In full, since whoever is in another folder than they think sees it by that.
    return failure(`${resolve(path)}: ${unreadable((error as NodeJS.ErrnoException).code)}`);
  }
  if (length > LIMITS.configBytesMax) {
    return failure(
      `${path}: larger than ${LIMITS.configBytesMax} bytes: ` +
        'name a file of IP:port lines with --config',
    );
  }
  return success(bytes.toString('utf8', 0, length));
}

function unreadable(code: string | undefined): string {
  switch (code) {
    case 'ENOENT':
    case 'ENOTDIR':
      return (
        'there is no such file: write one with the IP:port of each seed a line, ' +
        'or name another with --config'
      );
    case 'EISDIR':
      return 'this is a folder: name the file in it with --config';
    case 'EACCES':
    case 'EPERM':
      return 'it may not be read: change its permissions, or name another with --config';
    default:
      return `it cannot be read (${code}): name another with --config`;
  }
}
