/**
 * The bounds of a node, made to fit how many files its process may have open. Each connection is
 * one, and a node that is allowed more connections than files is locked up by whoever opens them
 * all and says nothing: the system then turns every newcomer away, and nobody makes room.
 */
import { readFileSync } from 'node:fs';
import { LIMITS, type Limits } from '@hearsay/common/limits';

/** Files that are no connection: two dozen of Node's own, terminal, log, listening socket. */
const ownFiles = 64;

/**
 * The limits of a process that may have so many files open; undefined: nobody knows how many. Half
 * are for the links. A quarter is for closed ones that linger, and a quarter for those that the
 * node dials itself, which may exceed its bound: a seed's probes, a peer's errands.
 */
export function limitsWithin(openFilesMax: number | undefined): Limits {
  if (openFilesMax === undefined) return LIMITS;
  const quarter = Math.max(1, Math.floor((openFilesMax - ownFiles) / 4));
  return {
    ...LIMITS,
    seedLinksMax: Math.min(LIMITS.seedLinksMax, 2 * quarter),
    peerLinksMax: Math.min(LIMITS.peerLinksMax, 2 * quarter),
    lingeringLinksMax: Math.min(LIMITS.lingeringLinksMax, quarter),
    probesMax: Math.min(LIMITS.probesMax, quarter),
    newcomerProbesMax: Math.min(LIMITS.newcomerProbesMax, Math.floor(quarter / 4)),
  };
}

/**
 * How many files this process may have open, as far as the system tells: Linux does. (Node has
 * raised it to what the process may raise it to.)
 */
export function openFilesMax(): number | undefined {
  try {
    const limits = readFileSync('/proc/self/limits', 'utf8');
    const [, soft] = /^Max open files +(\d+)/m.exec(limits) ?? [];
    return soft === undefined ? undefined : Number(soft);
  } catch {
    return undefined;
  }
}

/** The limits of this process's node. If it takes fewer connections than usual, stderr says so. */
export function limitsOrTell(role: 'seed' | 'peer'): Limits {
  const files = openFilesMax();
  const limits = limitsWithin(files);
  const bound = role === 'seed' ? 'seedLinksMax' : 'peerLinksMax';
  if (limits[bound] < LIMITS[bound]) {
    process.stderr.write(
      `${role}: this process may open ${files} files, so it takes ${limits[bound]} connections ` +
        `instead of ${LIMITS[bound]}: allow it more with ulimit -n\n`,
    );
  }
  return limits;
}
