/**
 * A stand-in for the *classic* peer: the Python program that most public solutions of the
 * assignment resemble. It shows what a Hearsay seed and a Hearsay peer must get along with.
 *
 *     node classic-peer.js --port 6001 --seeds 127.0.0.1:5001,127.0.0.1:5002
 *
 * How it talks:
 * - Each message it sends has a connection of its own: connect, send, one read if an answer is
 *   due, close. It never sends a terminator.
 * - Each read of at most 1,024 bytes on a connection that it accepted is one message. The end of
 *   the stream is ignored and the connection is never closed, unless the handler throws.
 *
 * What it does, in this order:
 * - It registers with ⌊n/2⌋+1 random seeds: its `ip:port` (`0.0.0.0` until it knows better), one
 *   read of 10,240 bytes. The last item of the list is itself and gives it its IP (see --cut).
 * - It asks up to 4 random peers of the union: `New Connect Request From:ip:port`. It counts each
 *   as a neighbor before it has an answer, and whatever the answer is.
 * - Only now (or --listen-after-ms later) does it listen. A connect request is answered
 *   `New Connect Accepted` if it has fewer than 4 neighbors, and the asker (IP of the socket, port
 *   from field 2) becomes one, even if it is one already; otherwise it stays silent.
 *   `Liveness Request` gets
 *   `Liveness Reply:<field 1>:<field 2>:<own ip>:<own port>`. Of anything else it looks at field 3,
 *   and gossip is what begins with `GOSSIP` there; with fewer fields its handler throws.
 * - Gossip `ts:ip:port:GOSSIPn`, the first at once, to every neighbor. At first receipt (SHA-256 of
 *   the text) it forwards to every neighbor, the one it came from included.
 * - Liveness: each interval each neighbor is asked. A connection that fails, or no answer, is a
 *   failure; a close without a word counts as an answer, since it never looks at what it reads.
 *   After 3 failures in a row it sends `Dead Node:ip:port:ts:<own ip>` to each of its seeds on a
 *   new connection, and drops the neighbor. It never looks for another.
 *
 * Real ones wait for an answer for ever; this one waits 2 s (--patience-ms), so that tests end.
 *
 * Variations that were seen, by flag:
 *   --cut one|two        from the list's tail it drops one item as itself, or the last (in the
 *                        belief that it is empty) and then one more as itself; a list too short
 *                        for that is lost
 *   --fields 3|4         gossip `ts:ip:n`; such a program knows gossip by the number in field 0
 *   --plain-number       gossip `ts:ip:port:n`, known in the same way
 *   --no-port-liveness   no port in the liveness request, nor its own in the reply
 *   --timestamps integer whole seconds
 *   --full N             so many neighbors, then silence
 *   --hold               the connections to the seeds stay open
 *   --eof                its side of a connection is ended before it reads the answer
 *
 * It prints: REGISTERED seed text, LIST seed peers, UNION peers, CONNECTED neighbor,
 * ANSWER neighbor text, LISTENING, ACCEPTED neighbor, REFUSED neighbor, MADE gossip,
 * RECEIVED socket text, FIRST gossip, STRIKE neighbor count, DEAD report, GARBLED text,
 * FAILED address reason, THREW reason.
 */
import { createHash } from 'node:crypto';
import { connect, createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { checkForGlue, decoded, eachRead, endOnSignal, print } from './classic-io.js';

const { values: flags } = parseArgs({
  options: {
    port: { type: 'string' },
    seeds: { type: 'string' },
    ip: { type: 'string', default: '0.0.0.0' },
    'gossip-interval-ms': { type: 'string', default: '5000' },
    'gossip-count': { type: 'string', default: '10' },
    'liveness-interval-ms': { type: 'string', default: '13000' },
    cut: { type: 'string', default: 'one' },
    fields: { type: 'string', default: '4' },
    'plain-number': { type: 'boolean', default: false },
    'no-port-liveness': { type: 'boolean', default: false },
    timestamps: { type: 'string', default: 'fraction' },
    full: { type: 'string', default: '4' },
    hold: { type: 'boolean', default: false },
    eof: { type: 'boolean', default: false },
    'patience-ms': { type: 'string', default: '2000' },
    'listen-after-ms': { type: 'string', default: '0' },
  },
});

const patienceMs = Number(flags['patience-ms']);
const strikesMax = 3;
const picksMax = 4;

let ownIp = flags.ip;
const chosenSeeds = [];
/** Neighbors as `{ address, strikes }`; one that was connected twice is in it twice. */
const neighbors = [];
const messageList = new Set();

// Talking

/** One message on a connection of its own, without an answer. */
function tell(address, text) {
  return converse(address, (socket, done) => socket.end(text, done));
}

/** One message and one read of its answer; '' if the other side closed without a word. */
async function ask(address, text, { bytesMax = 1_024, hold = false, onConnected } = {}) {
  const bytes = await converse(
    address,
    (socket, done) => {
      onConnected?.();
      socket.once('data', done);
      socket.once('end', done);
      if (flags.eof) socket.end(text);
      else socket.write(text);
    },
    hold,
  );
  return bytes === undefined ? '' : decoded(bytes.subarray(0, bytesMax));
}

/** Connects, lets `talk` talk until it is done, closes. Rejects if it fails or takes too long. */
function converse(address, talk, hold = false) {
  return new Promise((resolve, reject) => {
    const [host, port] = address.split(':');
    const socket = connect({ host, port: Number(port), allowHalfOpen: true });
    const timer = setTimeout(() => {
      socket.destroy();
      reject(new Error('no answer'));
    }, patienceMs);
    socket.on('error', (error) => {
      clearTimeout(timer);
      reject(error);
    });
    socket.on('connect', () =>
      talk(socket, (outcome) => {
        clearTimeout(timer);
        if (!hold) socket.destroy();
        resolve(outcome);
      }),
    );
  });
}

/** Runs one conversation and reports a failure as undefined, as `except: print(…)` does. */
async function attempt(address, conversation) {
  try {
    return await conversation;
  } catch (error) {
    print('FAILED', address, error.message);
    return undefined;
  }
}

function timestamp() {
  const seconds = Date.now() / 1_000;
  return flags.timestamps === 'integer' ? String(Math.floor(seconds)) : seconds.toFixed(4);
}

function shuffled(items) {
  const ranked = items.map((item) => ({ item, rank: Math.random() }));
  return ranked.sort((a, b) => a.rank - b.rank).map(({ item }) => item);
}

// Joining

async function register() {
  const seeds = flags.seeds.split(',');
  chosenSeeds.push(...shuffled(seeds).slice(0, Math.floor(seeds.length / 2) + 1));
  const union = new Set();
  for (const seed of chosenSeeds) {
    const text = `${ownIp}:${flags.port}`;
    const list = await attempt(seed, ask(seed, text, { bytesMax: 10_240, hold: flags.hold }));
    if (list === undefined) continue;
    print('REGISTERED', seed, text);
    print('LIST', seed, list);
    if (/[^0-9.:,]/.test(list)) print('GARBLED', list);
    const peers = list.split(',');
    if (flags.cut === 'two') peers.pop();
    const self = peers.pop();
    if (!self) {
      print('FAILED', seed, 'the list is too short');
      continue;
    }
    ownIp = self.split(':')[0];
    for (const peer of peers) if (peer !== '') union.add(peer);
  }
  print('UNION', [...union].join(','));
  return [...union];
}

async function connectTo(peers) {
  for (const address of shuffled(peers).slice(0, picksMax)) {
    const request = `New Connect Request From:${ownIp}:${flags.port}`;
    const onConnected = () => {
      neighbors.push({ address, strikes: 0 });
      print('CONNECTED', address);
    };
    const answer = await attempt(address, ask(address, request, { onConnected }));
    if (answer === undefined) continue;
    print('ANSWER', address, answer);
    checkForGlue(answer);
  }
}

// Serving

async function onRead(socket, text) {
  print('RECEIVED', `${socket.remoteAddress}:${socket.remotePort}`, text);
  checkForGlue(text);
  const parts = text.split(':');
  if (parts[0].includes('New Connect Request From')) onConnectRequest(socket, parts);
  else if (parts[0].includes('Liveness Request')) onLivenessRequest(socket, parts);
  else if (isGossip(parts)) await onGossip(text);
}

function onConnectRequest(socket, parts) {
  const address = `${socket.remoteAddress}:${parts[2]}`;
  if (neighbors.length >= Number(flags.full)) {
    print('REFUSED', address);
    return;
  }
  answer(socket, 'New Connect Accepted');
  neighbors.push({ address, strikes: 0 });
  print('ACCEPTED', address);
}

function onLivenessRequest(socket, parts) {
  const reply = flags['no-port-liveness']
    ? ['Liveness Reply', ...parts.slice(1, 4), ownIp]
    : ['Liveness Reply', parts[1], parts[2], ownIp, flags.port];
  answer(socket, reply.join(':'));
}

function answer(socket, text) {
  if (!socket.writable) throw new Error('the other side is gone');
  if (flags.eof) socket.end(text);
  else socket.write(text);
}

function isGossip(parts) {
  if (flags.fields === '3' || flags['plain-number']) return /^\d+(\.\d+)?$/.test(parts[0]);
  if (parts.length < 4) throw new Error(`no field 3 in ${parts.join(':')}`);
  return parts[3].startsWith('GOSSIP');
}

async function onGossip(text) {
  const hash = sha256(text);
  if (messageList.has(hash)) return;
  messageList.add(hash);
  print('FIRST', text);
  for (const { address } of [...neighbors]) await attempt(address, tell(address, text));
}

// Gossip and liveness

function sha256(text) {
  return createHash('sha256').update(text).digest('hex');
}

function gossipText(number) {
  if (flags.fields === '3') return `${timestamp()}:${ownIp}:${number}`;
  const last = flags['plain-number'] ? number : `GOSSIP${number}`;
  return `${timestamp()}:${ownIp}:${flags.port}:${last}`;
}

async function gossip() {
  for (let number = 1; number <= Number(flags['gossip-count']); number += 1) {
    const text = gossipText(number);
    messageList.add(sha256(text));
    print('MADE', text);
    for (const { address } of [...neighbors]) await attempt(address, tell(address, text));
    await sleep(Number(flags['gossip-interval-ms']));
  }
}

async function watchNeighbors() {
  for (;;) {
    const port = flags['no-port-liveness'] ? '' : `:${flags.port}`;
    const request = `Liveness Request:${timestamp()}:${ownIp}${port}`;
    for (const neighbor of [...neighbors]) await watch(neighbor, request);
    await sleep(Number(flags['liveness-interval-ms']));
  }
}

async function watch(neighbor, request) {
  const reply = await attempt(neighbor.address, ask(neighbor.address, request));
  if (reply !== undefined) {
    checkForGlue(reply);
    neighbor.strikes = 0;
    return;
  }
  neighbor.strikes += 1;
  print('STRIKE', neighbor.address, neighbor.strikes);
  if (neighbor.strikes < strikesMax) return;
  const report = `Dead Node:${neighbor.address}:${timestamp()}:${ownIp}`;
  print('DEAD', report);
  neighbors.splice(neighbors.indexOf(neighbor), 1);
  for (const seed of chosenSeeds) await attempt(seed, tell(seed, report));
}

endOnSignal();
await connectTo(await register());
await sleep(Number(flags['listen-after-ms']));
const server = createServer({ allowHalfOpen: true }, (socket) => {
  eachRead(socket, (text) => onRead(socket, text));
});
server.listen(Number(flags.port), ownIp, () => {
  print('LISTENING', `${ownIp}:${flags.port}`);
  watchNeighbors();
  gossip();
});
