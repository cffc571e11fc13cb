/**
 * What the two classic stand-ins share: how a program without framing reads, and how the
 * stand-ins tell a test what happened. Plain Node, none of Hearsay's own code.
 *
 * A classic program calls `recv(1024)` in a loop and takes whatever one call gives for one
 * message. While it works on one (or sleeps), further bytes gather in the kernel, and the next
 * call gives all of them at once: two messages sent too closely are then read as one wrong one.
 * `eachRead` keeps exactly that.
 *
 * A line of output is `EVENT field field text`: one word in capitals, fields without spaces, and
 * the message last, as it came, with control characters and backslashes as `\u{hex}`.
 */
import process from 'node:process';

/** Bytes that a classic program asks of one read. */
const readBytesMax = 1_024;

/** Prints one event as one line. */
export function print(event, ...fields) {
  const line = [event, ...fields].join(' ');
  const escaped = line.replace(
    /[\p{C}\p{Zl}\p{Zp}\\]/gu,
    (character) => `\\u{${character.codePointAt(0).toString(16)}}`,
  );
  process.stdout.write(`${escaped}\n`);
}

/**
 * Calls `handle(text)` for each read of a connection, one after the other. The end of the other
 * side's stream is ignored (the real programs then spin; this one sleeps), so the connection stays
 * half open. If `handle` throws, the connection is closed, and that is the only way it ever is.
 */
export function eachRead(socket, handle) {
  let waiting = Buffer.alloc(0);
  let busy = false;

  async function work() {
    if (busy) return;
    busy = true;
    try {
      while (waiting.length > 0 && !socket.destroyed) {
        const read = waiting.subarray(0, readBytesMax);
        waiting = waiting.subarray(readBytesMax);
        await handle(decoded(read));
      }
    } catch (error) {
      print('THREW', error.message);
      socket.destroy();
    }
    busy = false;
  }

  socket.on('data', (chunk) => {
    waiting = Buffer.concat([waiting, chunk]);
    work();
  });
  socket.on('error', () => socket.destroy());
}

/** Bytes as text; like Python's `decode`, it throws on bytes that are no UTF-8. */
export function decoded(bytes) {
  return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
}

const titles =
  /Dead Node|New Connect (?:Request From|Accepted|Refused)|Liveness (?:Request|Reply)|GOSSIP/g;
const ips = /\d+\.\d+\.\d+\.\d+/g;

/**
 * Prints GARBLED if a read holds more than one message. It is known by a second title, by one IP
 * more than the message has, or by a line end, which no classic message contains.
 */
export function checkForGlue(text) {
  const ipsOfOne = /^(?:Dead Node|Liveness Reply)/.test(text) ? 2 : 1;
  const many =
    (text.match(titles) ?? []).length > 1 ||
    (text.match(ips) ?? []).length > ipsOfOne ||
    /[\r\n]/.test(text);
  if (many) print('GARBLED', text);
}

/** `SIGTERM` and Ctrl-C end the program at once, without a word to anybody, as Ctrl-C does there. */
export function endOnSignal() {
  for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => process.exit(0));
}
