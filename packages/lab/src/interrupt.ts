/**
 * The ways in which a person or a program asks this one to end: Ctrl-C, a polite kill, a closed
 * terminal, an output that nobody reads any more (`npm start | head`), or the death of the npm
 * that started it, after which nobody would know of it. What else is typed is thrown away, so that
 * a pasted page does not stand in the way of Ctrl-C.
 */
import { discardTyped } from '@hearsay/runtime/terminal';

/** Milliseconds between two looks at whether npm is still there. */
const parentMs = 500;
/**
 * Milliseconds in which a second signal is the first once more: npm gets the terminal's Ctrl-C as
 * well, and passes it on. No person is so quick.
 */
const echoMs = 500;

/**
 * Calls back at each such request, `again` from the second on. Gives a function that ends this.
 */
export function onInterrupt(callback: (again: boolean) => void): () => void {
  let askedMs: number | undefined;
  const listener = (): void => {
    const nowMs = performance.now();
    if (askedMs !== undefined && nowMs - askedMs < echoMs) return;
    callback(askedMs !== undefined);
    askedMs = nowMs;
  };
  const once = (): void => {
    // Every later line fails as well; that is still one request.
    if (askedMs === undefined) listener();
  };
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const signal of signals) process.on(signal, listener);
  process.stdout.on('error', once);
  process.stderr.on('error', once);
  const stopDiscarding = discardTyped();
  const parent = process.ppid;
  const looking = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(looking);
    once();
  }, parentMs);
  // A program that was started without npm may outlive what started it (`nohup`, `&`).
  if (process.env.npm_lifecycle_event === undefined) clearInterval(looking);
  return () => {
    clearInterval(looking);
    stopDiscarding();
    for (const signal of signals) process.off(signal, listener);
  };
}
