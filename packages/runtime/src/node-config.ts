/** config.txt as a starting node needs it: the seeds, or one line on stderr and exit code 2. */
import type { Address } from '@hearsay/common/address';
import { readConfigFile } from './config-file.js';

/** Reads the seeds; tells warnings; ends the process if the file cannot be used. */
export function seedsOrExit(program: string, path: string): readonly Address[] {
  const config = readConfigFile(path);
  if (!config.ok) return exitWith(program, config.error);
  for (const warning of config.value.warnings) process.stderr.write(`${program}: ${warning}\n`);
  return config.value.seeds;
}

/** Says in one line why a program cannot begin, and ends it. */
export function exitWith(program: string, line: string): never {
  process.stderr.write(`${program}: ${line}\n`);
  process.exit(2);
}
