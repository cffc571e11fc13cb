/**
 * What must hold before a network is started from a config file: the file is good, the logs can be
 * written, and the seeds' ports are free. Whatever is not is one line that says how to mend it.
 */
import { accessSync, constants } from 'node:fs';
import { type Address, formatAddress } from '@hearsay/common/address';
import { failure, type Result, success } from '@hearsay/common/result';
import { readConfigFile } from '@hearsay/runtime/config-file';
import { makeFolder } from '@hearsay/runtime/make-folder';
import { portState } from './fleet/ports.js';

/** Which seeds can be started here, and what a person should be told first. */
export interface Preflight {
  /** The seeds of the config file that are addresses of this machine; at least one. */
  readonly seeds: readonly Address[];
  readonly notes: readonly string[];
}

/** Looks at config file, log folder and ports. The error is one line. */
export async function preflight(
  config: string,
  logDir: string,
): Promise<Result<Preflight, string>> {
  const file = readConfigFile(config);
  if (!file.ok) return file;
  const unwritable = whyUnwritable(logDir);
  if (unwritable !== undefined) return failure(unwritable);
  const notes = [...file.value.warnings];
  const here: Address[] = [];
  for (const seed of file.value.seeds) {
    const address = formatAddress(seed);
    switch (await portState(seed)) {
      case 'taken':
        return failure(portTaken(address, config));
      case 'not-allowed':
        return failure(
          `port ${seed.port} needs more rights (seed ${address} of ${config}): use one from 1024 on`,
        );
      case 'not-here':
        notes.push(`seed ${address} is no address of this machine; it is not started here`);
        break;
      case 'free':
        here.push(seed);
    }
  }
  if (here.length === 0) {
    return failure(
      `no seed of ${config} is an address of this machine: add a line like 127.0.0.1:5001`,
    );
  }
  const twin = here.find((seed, index) => here.findIndex(({ port }) => port === seed.port) < index);
  if (twin !== undefined) {
    return failure(
      `two seeds of ${config} have port ${twin.port} and would write one log: change one of them`,
    );
  }
  return success({ seeds: here, notes });
}

/** The one line about a port that another program has. */
export function portTaken(address: string, config: string): string {
  return (
    `the port of seed ${address} is taken: ` +
    `stop the program that has it, or change the port in ${config}`
  );
}

function whyUnwritable(logDir: string): string | undefined {
  try {
    makeFolder(logDir);
    accessSync(logDir, constants.W_OK);
    return undefined;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return `logs cannot be written to ${logDir} (${code}): name another folder with --log-dir`;
  }
}
