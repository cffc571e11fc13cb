/**
 * Hostile clients, as plain scripts without any code of the project in them: each does one thing
 * that harmed a network once, for as long as it is left running.
 *
 *     node attack.js KIND TARGET... [-- ADDRESS...]
 *
 * It prints `READY` when it has begun. Kinds (target; addresses after `--`):
 *   gossip          peers: forty connections to each, new messages as fast as they are taken
 *   dead-reports    seeds: two hundred connections, reports on a whole IP and on single peers
 *   silent-peers    seeds: registers hundreds of addresses a second, where somebody listens who
 *                   never says a word
 *   refreshes       seeds: registers one address over and over on a few connections
 *   impostor        seeds: registers the addresses given, of living peers, over new connections
 *   made-up-names   peers: asks to be a neighbor under names that do not exist, and holds the links
 *   pouring         peers: the same, and pours new messages over each of these links
 *   bare-requests   peers: asks to be a neighbor, as a classic program would, in the names given
 *   knocking        peers: a few connections that are never done, and new ones all the time
 *   flapping        seeds: registers six peers that answer everybody, accept every connect request
 *                   and then close
 */
import { connect, createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

const [kind, ...rest] = process.argv.slice(2);
const divider = rest.indexOf('--');
const targets = divider < 0 ? rest : rest.slice(0, divider);
const addresses = divider < 0 ? [] : rest.slice(divider + 1);

/** A connection that reads all, and cares for no error. */
function open(target) {
  const at = target.lastIndexOf(':');
  const socket = connect({ host: target.slice(0, at), port: Number(target.slice(at + 1)) });
  socket.on('error', () => {});
  socket.on('data', () => {});
  return socket;
}

/** Keeps so many connections to a target, and each of them full of what `next` gives. */
function flood(target, connections, next) {
  for (let n = 0; n < connections; n += 1) {
    const begin = () => {
      const socket = open(target);
      const fill = () => {
        while (!socket.destroyed && socket.write(next())) if (socket.connecting) return;
      };
      socket.on('connect', fill);
      socket.on('drain', fill);
      socket.on('close', () => setTimeout(begin, 100));
    };
    begin();
  }
}

let made = 0;
function newMessages() {
  const now = (Date.now() / 1_000).toFixed(3);
  const lines = [];
  for (let n = 0; n < 200; n += 1) {
    made += 1;
    lines.push(`${now}:127.0.0.1:9:GOSSIP${made}:flood ${process.pid}\n`);
  }
  return lines.join('');
}

function deadReports() {
  const now = (Date.now() / 1_000).toFixed(3);
  const lines = Array.from({ length: 100 }, (_, n) =>
    n % 2 === 0
      ? `Dead Node:127.0.0.1:${now}:127.0.0.1\n`
      : `Dead Node:127.0.0.1:${20_000 + n}:${now}:127.0.0.1:9\n`,
  );
  return lines.join('');
}

/** Listens, and gives the address. */
function listen(host, onConnection) {
  return new Promise((resolve) => {
    const server = createServer({ allowHalfOpen: true }, (socket) => {
      socket.on('error', () => {});
      onConnection(socket);
    });
    server.listen(0, host, () => resolve(server.address().port));
  });
}

async function registerSilentPeers() {
  const port = await listen('0.0.0.0', (socket) => socket.resume());
  for (let n = 0; ; n += 1) {
    for (let burst = 0; burst < 15; burst += 1) {
      const index = n * 15 + burst;
      const ip = `127.10.${Math.floor(index / 250) % 250}.${1 + (index % 250)}`;
      for (const seed of targets) open(seed).end(`${ip}:${port}\n`);
    }
    await sleep(20);
  }
}

async function impersonate() {
  for (;;) {
    for (const seed of targets) for (const address of addresses) open(seed).write(`${address}\n`);
    await sleep(20);
  }
}

function answerRequests(socket, own) {
  socket.on('data', (chunk) => {
    for (const [, timestamp, asker] of String(chunk).matchAll(/Liveness Request:([\d.]+):(\S+)/g))
      socket.write(`Liveness Reply:${timestamp}:${asker}:${own}\n`);
  });
}

/** @param poured what is sent over a link that was accepted; undefined: nothing. */
function askUnderMadeUpNames(poured) {
  for (const peer of targets)
    for (let n = 0; n < 70; n += 1) {
      const name = `127.66.0.${1 + n}:${9_000 + n}`;
      const begin = () => {
        const socket = open(peer);
        answerRequests(socket, name);
        socket.write(`New Connect Request From:${name}\n`);
        const pour = () => {
          while (!socket.destroyed && socket.write(poured()));
        };
        if (poured !== undefined) socket.once('data', pour).on('drain', pour);
        socket.on('close', () => setTimeout(begin, 200));
      };
      begin();
    }
}

async function requestBare() {
  for (;;) {
    for (const peer of targets) {
      for (const name of addresses) {
        if (name !== peer) open(peer).end(`New Connect Request From:${name}`);
      }
    }
    await sleep(200);
  }
}

async function knock() {
  for (const peer of targets) flood(peer, 8, () => 'x\n'.repeat(32_768));
  for (;;) {
    for (const peer of targets) open(peer).end();
    await sleep(5);
  }
}

async function flap() {
  for (let n = 0; n < 6; n += 1) {
    let own = '';
    const port = await listen('127.0.0.1', (socket) => {
      answerRequests(socket, own);
      socket.on('data', (chunk) => {
        if (String(chunk).startsWith('New Connect')) socket.end('New Connect Accepted\n');
      });
      socket.on('end', () => socket.end());
    });
    own = `127.0.0.1:${port}`;
    for (const seed of targets) {
      const begin = () => {
        const socket = open(seed);
        socket.write(`${own}\n`);
        socket.on('close', () => setTimeout(begin, 200));
      };
      begin();
    }
  }
}

/** Does the same to each target. */
const toEach = (attack) => () => targets.map(attack);

const kinds = {
  gossip: toEach((peer) => flood(peer, 40, newMessages)),
  'dead-reports': toEach((seed) => flood(seed, 200, deadReports)),
  'silent-peers': registerSilentPeers,
  refreshes: toEach((seed) => flood(seed, 5, () => '127.0.0.1:9\n'.repeat(500))),
  impostor: impersonate,
  'made-up-names': () => askUnderMadeUpNames(),
  pouring: () => askUnderMadeUpNames(newMessages),
  'bare-requests': requestBare,
  knocking: knock,
  flapping: flap,
};

if (kinds[kind] === undefined) {
  process.stderr.write(`attack: unknown kind ${kind}\n`);
  process.exit(2);
}
process.on('SIGTERM', () => process.exit(0));
// Nothing outlives the test that started it.
process.stdin.resume().on('end', () => process.exit(0));
void kinds[kind]();
process.stdout.write('READY\n');
