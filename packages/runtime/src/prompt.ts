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
  /** Ctrl-D. */
  readonly ended: () => void;
  /** The terminal was closed. */
  readonly hungUp: () => void;
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
    const fields = readFileSync('/proc/self/stat', 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ');
    return fields[2] === fields[5];
  } catch {
    return true;
  }
}

/** The open prompt. */
export class Prompt {
  private readonly lines: Interface;
  private closed = false;

  /** Begins to read lines. */
  constructor(input: ReadStream, screen: Screen, listener: PromptListener) {
    const hangUp = () => {
      if (!this.closed) listener.hungUp();
    };
    // Heard before readline hears of it, which would give out the line that is half typed.
    input.on('end', hangUp);
    this.lines = createInterface({ input, output: screen.out, prompt: '> ' });
    // Errors of the input, among them that a terminal which is gone cannot be given back.
    this.lines.on('error', hangUp);
    this.lines.on('line', (line) => {
      if (this.closed) return;
      this.lines.prompt();
      listener.typed(line);
    });
    this.lines.on('SIGINT', listener.interrupted);
    this.lines.on('close', () => {
      screen.typedAt(undefined);
      if (!this.closed) listener.ended();
    });
    screen.typedAt(this.lines);
    this.lines.prompt();
  }

  /** Ends the line input, and gives the terminal back as it was. */
  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.lines.close();
  }
}
