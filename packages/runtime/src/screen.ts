/**
 * Standard output, shared by log lines, by answers to the person at the terminal, and by the line
 * which that person is typing: whatever is printed goes above it. A reader that has gone away
 * (`peer | head`) makes the screen mute and is no reason to stop: the log file goes on.
 */
import { clearLine, cursorTo, type Interface } from 'node:readline';
import type { Writable } from 'node:stream';
import { LIMITS } from '@hearsay/common/limits';

/** Prints whole lines. */
export class Screen {
  private gone = false;
  private prompt: Interface | undefined;

  /** @param out standard output, outside of tests. */
  constructor(readonly out: Writable & { readonly isTTY?: boolean }) {
    // EPIPE, or EIO once the terminal was closed.
    out.on('error', () => {
      this.gone = true;
    });
  }

  /** From now on lines are printed above the one being typed; undefined: nobody types any more. */
  typedAt(prompt: Interface | undefined): void {
    if (this.prompt !== undefined) this.clearTypedLine();
    this.prompt = prompt;
  }

  /** How many bytes were printed and are not yet with the system. */
  get waitingBytes(): number {
    return this.gone ? 0 : this.out.writableLength;
  }

  /** @param text whole lines, each with its end; they are left out where too much waits already. */
  print(text: string): void {
    if (this.gone || this.waitingBytes >= LIMITS.outputQueueBytesMax) return;
    this.clearTypedLine();
    this.out.write(text);
    if (this.out.isTTY) this.prompt?.prompt(true);
  }

  /** Resolves when all that was printed is with the operating system, or nobody reads it. */
  printed(): Promise<void> {
    return new Promise((resolve) => {
      if (this.gone) resolve();
      else this.out.write('', () => resolve());
    });
  }

  private clearTypedLine(): void {
    if (this.prompt === undefined || !this.out.isTTY || this.gone) return;
    cursorTo(this.out, 0);
    clearLine(this.out, 0);
  }
}
