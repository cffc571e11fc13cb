/**
 * Whether to colour what is printed. Colour is for a person at a terminal: never in a file or a
 * pipe, unless asked for. `NO_COLOR` (no-color.org) forbids it, `FORCE_COLOR` demands it.
 */
import pc from 'picocolors';

/** picocolors' functions, which do nothing where there shall be no colour. */
export type Colors = ReturnType<typeof pc.createColors>;

/** The colours for a stream; picocolors' own rule would also colour pipes on a CI machine. */
export function colorsFor(out: { readonly isTTY?: boolean }, env: NodeJS.ProcessEnv): Colors {
  const { NO_COLOR: no = '', FORCE_COLOR: force = '', TERM: term } = env;
  const wanted = force === '' ? out.isTTY === true && term !== 'dumb' : force !== '0';
  return pc.createColors(wanted && no === '');
}
