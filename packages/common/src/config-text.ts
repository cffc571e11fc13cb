/**
 * The text of config.txt: the seeds of a network, `IP:port` a line (some editions of the
 * assignment write `IP,port`). It is the one file that a person edits by hand, so what editors
 * leave behind (a byte order mark, Windows line ends, stray spaces, comments) is taken as it is,
 * and every line that is not understood is named together with its mend.
 *
 * The invariant: the seeds of a success are between 1 and `seedsMax` different addresses, in the
 * order of their first lines.
 */
import {
  type Address,
  type AddressError,
  formatAddress,
  isWildcardIp,
  parseAddress,
} from './address.js';
import { LIMITS } from './limits.js';
import { failure, type Result, success } from './result.js';

/** One thing about a config that a person should mend. */
export interface ConfigProblem {
  readonly code: 'bad-address' | 'duplicate' | 'no-seeds' | 'too-many-seeds';
  /** The line, counted from 1; for a problem of the whole text, its last line. */
  readonly line: number;
  /** What stands there, without its comment, cut to `quotedCharactersMax`. */
  readonly text: string;
  /** A phrase that tells what to write. */
  readonly mend: string;
}

/** What a config says, and what in it does no harm but is not as meant. */
export interface Config {
  readonly seeds: readonly Address[];
  readonly warnings: readonly ConfigProblem[];
}

/**
 * Reads the text of a config file. Never throws.
 *
 * @param seedsMax how many different seeds are taken.
 * @returns the seeds, or every problem that keeps the text from being used, in order of lines.
 */
export function parseConfig(
  text: string,
  seedsMax: number = LIMITS.seedsMax,
): Result<Config, readonly ConfigProblem[]> {
  const seeds = new Map<string, { readonly address: Address; readonly line: number }>();
  const warnings: ConfigProblem[] = [];
  const errors: ConfigProblem[] = [];
  const lines = text.split(/\r\n|\n|\r/);
  for (const [index, whole] of lines.entries()) {
    // `trim` takes away the byte order mark as well, which counts as white space.
    const entry = whole.replace(/#.*/s, '').trim();
    if (entry === '') continue;
    const problem = { line: index + 1, text: entry.slice(0, LIMITS.quotedCharactersMax) };
    const address = parseEntry(entry);
    if (!address.ok) {
      errors.push({ code: 'bad-address', ...problem, mend: address.error.mend });
      continue;
    }
    const id = formatAddress(address.value);
    const first = seeds.get(id);
    if (first === undefined) seeds.set(id, { address: address.value, line: index + 1 });
    else {
      const mend = `it stands in line ${first.line} already and is used once; remove one of them`;
      warnings.push({ code: 'duplicate', ...problem, mend });
    }
    if (seeds.size > seedsMax) {
      errors.push({ code: 'too-many-seeds', ...problem, mend: `keep at most ${seedsMax} seeds` });
      break;
    }
  }
  if (errors.length > 0) return failure(errors);
  if (seeds.size === 0) {
    const mend = 'add a line with the IP:port of each seed, like 127.0.0.1:5001';
    return failure([{ code: 'no-seeds', line: lines.length, text: '', mend }]);
  }
  return success({ seeds: [...seeds.values()].map((seed) => seed.address), warnings });
}

/** The address of a seed, which is one that others can dial. */
function parseEntry(entry: string): Result<Address, AddressError> {
  const address = parseEitherForm(entry);
  return address.ok && isWildcardIp(address.value.ip)
    ? failure({ code: 'bad-ip', mend: 'write the IP that others dial' })
    : address;
}

/** `IP:port` or `IP,port`. The comma parts without doubt, so IPv6 needs no brackets before it. */
function parseEitherForm(entry: string): Result<Address, AddressError> {
  const match = /^([^,]*?)\s*,\s*([^,]*)$/.exec(entry);
  if (match === null) return parseAddress(entry);
  const [, ip = '', port = ''] = match;
  const bracketed = ip.includes(':') && !ip.startsWith('[') ? `[${ip}]` : ip;
  return parseAddress(`${bracketed}:${port}`);
}
