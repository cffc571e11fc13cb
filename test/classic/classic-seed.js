/**
 * A stand-in for the *classic* seed: the Python program that most public solutions of the
 * assignment resemble. It shows what a Hearsay peer must get along with at a seed it did not bring.
 *
 *     node classic-seed.js --port 5001
 *
 * Its rules:
 * - Every read of at most 1,024 bytes is one message; there is no terminator and no framing.
 * - A text that begins with `Dead Node` is a report. Field 1 and field 2 name the dead node, and
 *   its first entry goes from the list, on anybody's word, without an answer.
 * - Anything else is a registration, whatever it says. The IP comes from the socket, the port from
 *   field 1. The entry is appended even if it is there already, so the list has duplicates.
 * - The answer is the whole list joined by commas, the asker last, no terminator.
 * - It never closes a connection, unless its handler throws: a text without a colon does that.
 *
 * Variations that were seen, by flag:
 *   --dedupe           an entry is listed once (the earlier one goes, so the asker is still last)
 *   --eof-after-reply  its side of the connection is ended after each answer
 *   --slow MS          it takes so long to answer, and reads nothing meanwhile
 *
 * It prints: LISTENING, REGISTERED address, LIST peers, DEAD report, REMOVED address,
 * GARBLED text, THREW reason.
 */
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { checkForGlue, eachRead, endOnSignal, print } from './classic-io.js';

const { values: flags } = parseArgs({
  options: {
    port: { type: 'string' },
    ip: { type: 'string', default: '127.0.0.1' },
    dedupe: { type: 'boolean', default: false },
    'eof-after-reply': { type: 'boolean', default: false },
    slow: { type: 'string', default: '0' },
  },
});

let peers = [];

/** Field `index` of a message; a missing one throws, as an index out of range does in Python. */
function field(parts, index) {
  if (index >= parts.length) throw new Error(`no field ${index} in ${parts.join(':')}`);
  return parts[index];
}

function onReport(text) {
  print('DEAD', text);
  const parts = text.split(':');
  const dead = `${field(parts, 1)}:${field(parts, 2)}`;
  const index = peers.indexOf(dead);
  if (index < 0) return;
  peers.splice(index, 1);
  print('REMOVED', dead);
}

async function onRegistration(socket, text) {
  const peer = `${socket.remoteAddress}:${field(text.split(':'), 1)}`;
  if (flags.dedupe) peers = peers.filter((listed) => listed !== peer);
  peers.push(peer);
  print('REGISTERED', peer, `Received Connection -- ${peer}`);
  const list = peers.join(',');
  if (flags.slow !== '0') await sleep(Number(flags.slow));
  if (socket.writable) socket.write(list);
  if (flags['eof-after-reply']) socket.end();
  print('LIST', list);
}

endOnSignal();
const server = createServer({ allowHalfOpen: true }, (socket) => {
  eachRead(socket, (text) => {
    checkForGlue(text);
    return text.startsWith('Dead Node') ? onReport(text) : onRegistration(socket, text);
  });
});
server.listen(Number(flags.port), flags.ip, () => print('LISTENING', `${flags.ip}:${flags.port}`));
