/**
 * The values of flags and environment variables, from the text that a person wrote. Each parser is
 * pure; its error is a sentence that says the range and gives an example, and stands behind the
 * flag and the text, which the command line names.
 */
import { type Address, parseAddress, parseIp, parsePort, portMax } from '@hearsay/common/address';
import { failure, type Result, success } from '@hearsay/common/result';

/** Reads one value; the error is a sentence with the mend. */
export type ValueParser<T> = (text: string) => Result<T, string>;

/** A range, both ends included, and a value in it that shows how one is written. */
export interface NumberRange {
  readonly min: number;
  readonly max: number;
  readonly example: number;
}

const unitsMs = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 } as const;

/**
 * A duration like `500ms`, `5s`, `2m`, `1.5h`; a bare number is seconds.
 *
 * @param rangeMs in milliseconds, as is the value; it is rounded to whole ones.
 */
export function duration(rangeMs: NumberRange): ValueParser<number> {
  const { min, max, example } = rangeMs;
  const [from, to, like] = [min, max, example].map(formatDuration);
  const mend = `Use a duration from ${from} to ${to}, like ${like}.`;
  return (text) => {
    const match = /^(\d+(?:\.\d+)?|\.\d+)(ms|s|m|h)?$/.exec(text);
    if (match === null) return failure(mend);
    const unitMs = unitsMs[(match[2] ?? 's') as keyof typeof unitsMs];
    return inRange(Math.round(Number(match[1]) * unitMs), rangeMs, mend);
  };
}

/** Whole milliseconds as people write a duration: `500ms`, `1.5s`, `13s`, `2m`, `1h`. */
export function formatDuration(ms: number): string {
  if (ms !== 0 && ms % unitsMs.h === 0) return `${ms / unitsMs.h}h`;
  if (ms !== 0 && ms % unitsMs.m === 0) return `${ms / unitsMs.m}m`;
  return ms === 0 || ms >= unitsMs.s ? `${ms / unitsMs.s}s` : `${ms}ms`;
}

/** A whole number in a range. */
export function integer(range: NumberRange): ValueParser<number> {
  const mend = `Use a whole number from ${range.min} to ${range.max}, like ${range.example}.`;
  return (text) => (/^-?\d+$/.test(text) ? inRange(Number(text), range, mend) : failure(mend));
}

/** A number in a range, with decimals or without. */
export function decimal(range: NumberRange): ValueParser<number> {
  const mend = `Use a number from ${range.min} to ${range.max}, like ${range.example}.`;
  return (text) =>
    /^-?(\d+(\.\d+)?|\.\d+)$/.test(text) ? inRange(Number(text), range, mend) : failure(mend);
}

function inRange(value: number, range: NumberRange, mend: string): Result<number, string> {
  return value >= range.min && value <= range.max ? success(value) : failure(mend);
}

/** A TCP port. */
export const port: ValueParser<number> = (text) => {
  const value = parsePort(text);
  return value === undefined
    ? failure(`Use a port from 1 to ${portMax}, like 6001.`)
    : success(value);
};

/** An IP, IPv6 with or without brackets. */
export const ip: ValueParser<string> = (text) => {
  const value = parseIp(text);
  return value === undefined ? failure('Use an IP, like 127.0.0.1 or ::1.') : success(value);
};

/** `IP:port`; whatever is wrong with one has its own mend. */
export const address: ValueParser<Address> = (text) => {
  const value = parseAddress(text);
  if (value.ok) return value;
  const { mend } = value.error;
  return failure(`${mend.charAt(0).toUpperCase()}${mend.slice(1)}.`);
};

/** Any text, for a path. */
export const path: ValueParser<string> = (text) =>
  text === '' ? failure('Use the name of a file or folder.') : success(text);

/** One of a few words. */
export function oneOf<const T extends string>(words: readonly T[]): ValueParser<T> {
  return (text) => {
    const word = words.find((candidate) => candidate === text);
    return word === undefined ? failure(`Use one of ${words.join(', ')}.`) : success(word);
  };
}
