/**
 * Standard output, shared by log lines, by answers to the person at the terminal, and by the line
 * which that person is typing: whatever is printed goes above it. A reader that has gone away
 * (`peer | head`) makes the screen mute and is no reason to stop: the log file goes on.
 */
import { clearLine, cursorTo, type Interface } from 'node:readline';

/** Prints whole lines. */
export class Screen {
  private gone = false;
  private prompt: Interface | undefined;

  /** @param out standard output, outside of tests. */
  constructor(readonly out: NodeJS.WritableStream & { readonly isTTY?: boolean }) {
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

  /** @param text whole lines, each with its end. */
  print(text: string): void {
    if (this.gone) return;
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
