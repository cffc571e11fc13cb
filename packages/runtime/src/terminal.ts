/**
 * Manners at a terminal that Node does not have by itself: to know whether one is in its
 * foreground, not to stand still with it, and to take from it what nobody wants.
 */
import { constants, openSync, readFileSync, readSync } from 'node:fs';
import { isatty } from 'node:tty';

/** Milliseconds between two looks at what was typed: Ctrl-C need not be quicker after a paste. */
const lookMs = 1_000;
/** Lines that are taken in one look, more than a terminal holds: the node has other things to do. */
const linesMax = 1_000;
/** Bytes of the longest line that a terminal holds. */
const lineBytesMax = 4_096;

/**
 * Whether this process is in its terminal's foreground. One that was started with `&` and reads
 * the terminal all the same is stopped by the system, and its neighbors would take it for dead.
 * Only Linux tells; undefined elsewhere.
 */
export function inForeground(): boolean | undefined {
  try {
    // After the name in parentheses, which may hold anything: state, parent, process group,
    // session, terminal, and the process group in that terminal's foreground.
    const fields = readFileSync('/proc/self/stat', 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ');
    return fields[2] === fields[5];
  } catch {
    return undefined;
  }
}

/**
 * Lets a write to a terminal wait in memory, as one to a pipe does. Node makes the whole process
 * wait instead, so Ctrl-S at a seed would stop it, and the network would take it for dead.
 */
export function neverBlock(out: object): void {
  const { _handle: handle } = out as { _handle?: { setBlocking?: (on: boolean) => void } };
  if ('isTTY' in out && out.isTTY === true) handle?.setBlocking?.(false);
}

/**
 * Takes from the terminal what is typed to a program that takes no commands, as long as it is in
 * the foreground. A terminal that is full of a pasted page would let no Ctrl-C through. It looks
 * now and then, instead of waiting for keys, since the keys may be another program's by the time
 * they come (Ctrl-Z, `bg`); and not at all where the screen goes to another program, which may read
 * the keys itself (`seed | less`). Keeps nothing alive; gives a function that ends it.
 */
export function discardTyped(): () => void {
  const terminal = isatty(0) && isatty(1) ? openTerminal() : undefined;
  if (terminal === undefined) return () => {};
  const scrap = Buffer.alloc(lineBytesMax);
  const looking = setInterval(() => {
    if (inForeground() !== true) return;
    try {
      for (let lines = 0; lines < linesMax && readSync(terminal, scrap) > 0; lines += 1);
    } catch {
      // Nothing was typed, or the terminal is gone.
    }
  }, lookMs);
  looking.unref();
  return () => clearInterval(looking);
}

/** The terminal, opened anew: what this does to it is not done to the shell's. */
function openTerminal(): number | undefined {
  try {
    return openSync('/dev/tty', constants.O_RDONLY | constants.O_NONBLOCK);
  } catch {
    return undefined;
  }
}
