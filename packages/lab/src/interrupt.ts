/**
 * The ways in which a person or a program asks this one to end: Ctrl-C, a polite kill, a closed
 * terminal, or an output that nobody reads any more (`npm start | head`).
 */

/**
 * Calls back at each such request, `again` from the second on. Gives a function that ends this.
 */
export function onInterrupt(callback: (again: boolean) => void): () => void {
  let asked = false;
  const listener = (): void => {
    callback(asked);
    asked = true;
  };
  const unreadable = (): void => {
    // Every later line fails as well; that is still one request.
    if (!asked) listener();
  };
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const signal of signals) process.on(signal, listener);
  process.stdout.on('error', unreadable);
  process.stderr.on('error', unreadable);
  return () => {
    for (const signal of signals) process.off(signal, listener);
  };
}
