import { type Address, formatAddress } from '@hearsay/common/address';
import type { LinkId } from '@hearsay/common/runtime';
import { World } from '@hearsay/lab/simulator/world';
import { expect, test } from 'vitest';
import { Witness } from './witness.js';

const at = (port: number): Address => ({ ip: '127.0.0.1', port });

test('a client talks to a server, half-closes and still receives', () => {
  const world = new World();
  const server = world.listen(at(5001), {
    onData: (client, text) => client.send(text.toUpperCase()),
    onEnd: (client) => {
      client.send('!');
      client.end();
    },
  });
  const client = world.connect(at(5001), { fromIp: '127.0.0.9' });
  client.send('hello');
  client.end();
  world.run({ forMs: 20 });
  expect(client.received).toBe('HELLO!');
  expect(client).toMatchObject({ open: false, ended: true, closed: false });
  expect(server.accepted.map((each) => each.remote.ip)).toEqual(['127.0.0.9']);
  expect(formatAddress(server.accepted[0]?.remote as Address)).toBe(formatAddress(client.address));
});

test('nothing goes out after a half-close, and it is said once', () => {
  const world = new World();
  const host = world.spawn(at(6001), (runtime) => new Witness(runtime));
  const client = world.connect(at(6001));
  client.end();
  world.run({ forMs: 10 });
  client.end();
  client.send('too late');
  world.run({ forMs: 10 });
  expect(host.node.callsOf(host.node.incoming as LinkId)).toEqual(['opened', 'ended']);
});

test('a paused server accepts and stays silent until it is resumed', () => {
  const world = new World();
  const server = world.listen(at(5001), { onData: (client) => client.send('here') });
  const client = world.connect(at(5001));
  server.pause();
  client.send('anybody?');
  world.run({ forMs: 1_000 });
  expect(client).toMatchObject({ open: true, received: '' });
  server.resume();
  world.run({ forMs: 10 });
  expect(client.received).toBe('here');
});

test('a closed server refuses, and keeps what it has accepted', () => {
  const world = new World();
  const server = world.listen(at(5001));
  const client = world.connect(at(5001));
  world.run({ forMs: 10 });
  server.close();
  client.send('still here');
  const newcomer = world.connect(at(5001));
  world.run({ forMs: 10 });
  expect(newcomer.failed).toBe('refused');
  expect(server.accepted[0]?.received).toBe('still here');
});
