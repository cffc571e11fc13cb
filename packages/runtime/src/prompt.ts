/**
 * The line that a person types to the node, where there is a person: standard input is a terminal
 * and this process may read it. Otherwise standard input is left alone.
 */
import { readFileSync } from 'node:fs';
import { createInterface, type Interface } from 'node:readline';
import type { ReadStream } from 'node:tty';
import type { Screen } from './screen.js';

/** What becomes of the person's keys. */
export interface PromptListener {
  /** A line was typed; it comes without its end. */
  readonly typed: (line: string) => void;
  /** Ctrl-C, which a terminal in line editing gives as a key and not as a signal. */
  readonly interrupted: () => void;
  /** Ctrl-D, or the terminal is gone. */
  readonly ended: () => void;
}

/** Whether somebody can type to this process. */
export function isSomebodyThere(input: ReadStream): boolean {
  return input.isTTY === true && inForeground();
}

/**
 * Whether this process is in the terminal's foreground. One that was started with `&` and reads
 * the terminal all the same is stopped by the system, and its neighbors would take it for dead.
 * Only Linux tells; elsewhere we take it for granted.
 */
function inForeground(): boolean {
  try {
    // After the name in parentheses, which may hold anything: state, parent, process group,
    // session, terminal, and the process group in that terminal's foreground.
    const fields = readFileSync('/proc/self/stat', 'utf8').replace(/^.*\) /s, '').split(' ');
    return fields[2] === fields[5];
  } catch {
    return true;
  }
}

/** Begins to read lines; end it with `close`. */
export function openPrompt(input: ReadStream, screen: Screen, listener: PromptListener): Interface {
  const prompt = createInterface({ input, output: screen.out, prompt: '> ' });
  prompt.on('line', (line) => {
    prompt.prompt();
    listener.typed(line);
  });
  prompt.on('SIGINT', listener.interrupted);
  prompt.on('close', () => {
    screen.typedAt(undefined);
    listener.ended();
  });
  screen.typedAt(prompt);
  prompt.prompt();
  return prompt;
}
