/** What a person can type at a peer's terminal. A plain line is gossip; a command starts with `/`. */

/** What a typed line asks for. */
export type Command =
  | { readonly kind: 'gossip'; readonly text: string }
  | { readonly kind: 'show'; readonly what: 'peers' | 'seeds' | 'ml' | 'log' | 'help' }
  | { readonly kind: 'leave' }
  | { readonly kind: 'quit' }
  | { readonly kind: 'nothing' }
  | { readonly kind: 'unknown'; readonly name: string };

/** What `/help` shows. */
export const helpLines: readonly string[] = [
  'a line of text   gossips it to the network',
  '/peers           the neighbors, their strikes, and who is known besides',
  '/seeds           the seeds, and whether this peer is registered there',
  '/ml              the message list: hash, message, sender, sent to (also in the log)',
  '/log             where the log file is',
  '/leave           takes leave of the seeds and ends',
  '/quit            ends at once, like Ctrl-C: for the others this peer has crashed',
];

/** Reads a typed line. Control characters and odd spaces in it become spaces; nothing throws. */
export function parseCommand(line: string): Command {
  const text = line.replace(/[\p{C}\p{Z}]/gu, ' ').trim();
  if (text === '') return { kind: 'nothing' };
  if (!text.startsWith('/')) return { kind: 'gossip', text };
  const name = text.slice(1).toLowerCase();
  switch (name) {
    case 'peers':
    case 'seeds':
    case 'ml':
    case 'log':
    case 'help':
      return { kind: 'show', what: name };
    case 'leave':
    case 'quit':
      return { kind: name };
    default:
      return { kind: 'unknown', name: text };
  }
}
