/**
 * The line that a person types to the node, where there is a person: standard input is a terminal
 * and this process may read it. Otherwise standard input is left alone.
 */
import { createInterface, type Interface } from 'node:readline';
import type { ReadStream } from 'node:tty';
import type { Screen } from './screen.js';
import { inForeground } from './terminal.js';

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

/** Whether somebody can type to this process; taken for granted where the system does not tell. */
export function isSomebodyThere(input: ReadStream): boolean {
  return input.isTTY === true && inForeground() !== false;
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
    this.lines.on('SIGTSTP', () => this.standStill(input));
    this.lines.on('close', () => {
      screen.typedAt(undefined);
      if (!this.closed) listener.ended();
    });
    screen.typedAt(this.lines);
    this.lines.prompt();
  }

  /**
   * Ctrl-Z. Readline would stop this process alone, and whoever started it (npx and its shell)
   * would keep the terminal; so the whole group stops, as if the terminal had stopped it.
   */
  private standStill(input: ReadStream): void {
    process.once('SIGCONT', () => {
      if (this.closed) return;
      input.setRawMode(true);
      this.lines.prompt(true);
    });
    input.setRawMode(false);
    process.kill(0, 'SIGTSTP');
  }

  /** Ends the line input, and gives the terminal back as it was. */
  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.lines.close();
  }
}
