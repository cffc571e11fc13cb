import type { Address } from '@hearsay/common/address';
import { LIMITS } from '@hearsay/common/limits';
import type { LinkId } from '@hearsay/common/runtime';
import type { Host } from '@hearsay/lab/simulator/host';
import { World, type WorldOptions } from '@hearsay/lab/simulator/world';
import { describe, expect, test } from 'vitest';
import { describeRuntime } from './runtime-conformance.js';
import { type Reactions, Witness } from './witness.js';
import { worldBench } from './world-bench.js';

describeRuntime('the world', () => worldBench({ latencyMs: 1 }));
describeRuntime('the world with uneven latencies and small pieces', () =>
  worldBench({ rng: 3, latencyMs: [0, 8], chunkBytes: 1_000 }),
);

const at = (port: number): Address => ({ ip: '127.0.0.1', port });

function spawn(world: World, port: number, reactions: Reactions = {}): Host<Witness> {
  const host = world.spawn(at(port), (runtime) => new Witness(runtime, reactions));
  world.run({ forMs: 0 });
  return host;
}

/** Two hosts with a link from the first to the second. */
function spawnLinked(world: World): [Host<Witness>, LinkId, Host<Witness>, LinkId] {
  const dialer = spawn(world, 6001);
  const listener = spawn(world, 6002);
  const link = dialer.node.dial(at(6002));
  world.run({ forMs: 100 });
  return [dialer, link, listener, listener.node.incoming as LinkId];
}

const linkOf = (heard: object): LinkId => (heard as { link: LinkId }).link;

describe('a run', () => {
  /** Some nodes that dial each other and pass numbers on; what each has recorded. */
  function play(options: WorldOptions): unknown[] {
    const world = new World({ latencyMs: [1, 20], ...options });
    const ports = [6001, 6002, 6003, 6004];
    const hosts = ports.map((port) =>
      world.spawn(at(port), (runtime) => {
        const node: Witness = new Witness(runtime, {
          start: () => ports.filter((other) => other < port).map((other) => node.dial(at(other))),
          opened: (heard) => node.send(linkOf(heard), `${port}`),
          bytes: (heard) => {
            const { text } = heard as { text: string };
            runtime.record({ event: 'stopped', reason: text });
            if (text.length < 30) node.send(linkOf(heard), `${text}-${port}`);
          },
        });
        return node;
      }),
    );
    world.run({ forMs: 1_000 });
    return hosts.map((host) => host.records);
  }

  test('is the same when it is played again from the same number', () => {
    expect(play({ rng: 7 })).toEqual(play({ rng: 7 }));
    expect(play({ rng: 7 })).not.toEqual(play({ rng: 8 }));
  });

  test('stamps the records with the node and the virtual wall clock', () => {
    const world = new World({ wallStartMs: 1_000_000 });
    const host = world.spawn(
      at(5001),
      (runtime) =>
        new Witness(runtime, {
          start: () => runtime.wakeAt(250),
          wake: () => runtime.record({ event: 'stopped', reason: 'enough' }),
        }),
      'seed',
    );
    world.run({ forMs: 1_000 });
    expect(host.records).toEqual([
      {
        wallMs: 1_000_250,
        role: 'seed',
        address: '127.0.0.1:5001',
        record: { event: 'stopped', reason: 'enough' },
      },
    ]);
    expect(world.now).toBe(1_000);
  });

  test('ends at once when the awaited condition holds, and says whether it does', () => {
    const world = new World();
    const host = spawn(world, 6001);
    host.node.wakeAt(40);
    expect(world.runUntil(() => host.node.count('wake') === 1, { withinMs: 1_000 })).toBe(true);
    expect(world.now).toBe(40);
    expect(world.runUntil(() => false, { withinMs: 1_000 })).toBe(false);
    expect(world.now).toBe(1_040);
  });
});

describe('a host', () => {
  test('keeps what the node tells, and hears what a person types and the system asks', () => {
    const world = new World();
    const host = world.spawn(
      at(6001),
      (runtime) => new Witness(runtime, { typed: () => runtime.tell(['one', 'two']) }),
    );
    host.type('/peers');
    host.interrupt('SIGINT');
    world.run({ forMs: 0 });
    expect(host.node.heard.slice(1)).toEqual([
      { call: 'typed', text: '/peers' },
      { call: 'stopping', text: 'SIGINT' },
    ]);
    expect(host.told).toEqual(['one', 'two']);
  });

  test('that has finished hears nothing more, and the others hear its end', () => {
    const world = new World();
    const host = world.spawn(
      at(6001),
      (runtime) => new Witness(runtime, { stopping: () => runtime.finished() }),
    );
    const client = world.connect(at(6001));
    world.run({ forMs: 10 });
    host.interrupt();
    world.run({ forMs: 10 });
    client.send('anybody?');
    host.type('hello?');
    world.run({ forMs: 10 });
    expect(host.finished).toBe(true);
    expect(host.node.heard.at(-1)?.call).toBe('stopping');
    expect(client).toMatchObject({ ended: true, closed: true });
  });

  test('cannot be spawned at an address that is taken, until the other is dead', () => {
    const world = new World();
    const host = spawn(world, 6001);
    expect(() => spawn(world, 6001)).toThrow('127.0.0.1:6001 is taken');
    host.kill();
    expect(spawn(world, 6001).node.count('start')).toBe(1);
  });

  test('that is killed breaks its links and refuses dials', () => {
    const world = new World();
    const [dialer, link, listener] = spawnLinked(world);
    listener.kill();
    world.run({ forMs: 10 });
    expect(dialer.node.callsOf(link)).toEqual(['opened', 'closed']);
    const again = dialer.node.dial(at(6002));
    world.run({ forMs: 10 });
    expect(dialer.node.callsOf(again)).toEqual(['failed']);
    expect(listener.node.heard.at(-1)?.call).toBe('opened');
  });

  test('that is killed as most kernels do it ends its streams, and answers bytes with a reset', () => {
    const world = new World();
    const [dialer, link, listener] = spawnLinked(world);
    listener.kill('ended');
    world.run({ forMs: 1_000 });
    expect(dialer.node.callsOf(link)).toEqual(['opened', 'ended']);
    dialer.node.send(link, 'anybody?');
    world.run({ forMs: 10 });
    expect(dialer.node.callsOf(link)).toEqual(['opened', 'ended', 'closed']);
  });

  test('that is killed while bytes wait for it breaks those links even then', () => {
    const world = new World();
    const [dialer, link, listener] = spawnLinked(world);
    listener.stop();
    dialer.node.send(link, 'unread');
    world.run({ forMs: 10 });
    listener.kill('ended');
    world.run({ forMs: 10 });
    expect(dialer.node.callsOf(link)).toEqual(['opened', 'closed']);
  });

  test.each([
    ['below', -1, 'drained'],
    ['at', 0, 'closed'],
    ['above', 1, 'closed'],
  ])(
    'that has closed a link throws away what comes %s lingerMs, or answers with a reset',
    (_, moreMs, last) => {
      const world = new World({ bufferBytesMax: 3 });
      const [dialer, link, listener, incoming] = spawnLinked(world);
      expect(dialer.node.send(link, 'under way')).toBe(false);
      listener.node.close(incoming);
      // What is sent takes a millisecond to come.
      world.run({ forMs: LIMITS.lingerMs + moreMs - 1 });
      expect(dialer.node.callsOf(link)).toEqual(['opened', 'ended', 'drained']);
      dialer.node.send(link, 'too late');
      world.run({ forMs: 10 });
      expect(dialer.node.callsOf(link).at(-1)).toBe(last);
    },
  );

  test('sends what it has sent before it was killed', () => {
    const world = new World();
    const [dialer, link, listener, incoming] = spawnLinked(world);
    dialer.node.send(link, 'my last words');
    dialer.kill();
    world.run({ forMs: 10 });
    expect(listener.node.bytesOf(incoming).toString()).toBe('my last words');
    expect(listener.node.callsOf(incoming)).toEqual(['opened', 'bytes', 'closed']);
  });
});

describe('a stopped host', () => {
  test('hears nothing, yet dials to it open; resumed, it hears all in order and wakes last', () => {
    const world = new World();
    const host = spawn(world, 6001);
    host.node.wakeAt(100);
    host.stop();
    const client = world.connect(at(6001));
    client.send('one');
    world.run({ forMs: 50 });
    client.send('two');
    world.run({ forMs: 400 });
    host.type('three');
    world.run({ forMs: 50 });
    expect(client.open).toBe(true);
    expect(host.node.heard.length).toBe(1);
    host.resume();
    client.send('four');
    world.run({ forMs: 10 });
    const heard = host.node.heard.map((each) => ('text' in each ? each.text : each.call));
    expect(heard).toEqual(['start', 'opened', 'one', 'two', 'three', 'wake', 'four']);
  });

  test('hears nothing more of a link that it closes while it catches up', () => {
    const world = new World();
    const host = spawn(world, 6001, { bytes: (heard, self) => self.close(linkOf(heard)) });
    const client = world.connect(at(6001));
    world.run({ forMs: 10 });
    host.stop();
    client.send('last order');
    client.end();
    world.run({ forMs: 10 });
    host.resume();
    world.run({ forMs: 10 });
    expect(host.node.callsOf(host.node.incoming as LinkId)).toEqual(['opened', 'bytes']);
  });

  test('wakes once for one wakeAt, however often it is stopped', () => {
    const world = new World();
    const host = spawn(world, 6001);
    host.node.wakeAt(10);
    for (let round = 0; round < 3; round += 1) {
      world.run({ forMs: 8 });
      host.stop();
      world.run({ forMs: 8 });
      host.resume();
    }
    world.run({ forMs: 10 });
    expect(host.node.count('wake')).toBe(1);
  });

  test('hears what arrives in the moment of its resumption after what has waited', () => {
    const world = new World({ latencyMs: 5 });
    const [dialer, link, listener, incoming] = spawnLinked(world);
    listener.stop();
    dialer.node.send(link, 'old ');
    world.run({ forMs: 20 });
    dialer.node.wakeAt(world.now + 5);
    dialer.node.send(link, 'new');
    world.runUntil(() => dialer.node.count('wake') === 1, { withinMs: 10 });
    listener.resume();
    world.run({ forMs: 10 });
    expect(listener.node.bytesOf(incoming).toString()).toBe('old new');
  });

  test('lets the buffers fill, and the sender hears drained after the resumption', () => {
    const world = new World({ bufferBytesMax: 10 });
    const [dialer, link, listener, incoming] = spawnLinked(world);
    listener.stop();
    expect(dialer.node.send(link, '12345')).toBe(true);
    expect(dialer.node.send(link, '67890')).toBe(true);
    expect(dialer.node.send(link, 'x')).toBe(false);
    world.run({ forMs: 1_000 });
    expect(dialer.node.count('drained')).toBe(0);
    listener.resume();
    world.run({ forMs: 10 });
    expect(dialer.node.count('drained')).toBe(1);
    expect(listener.node.bytesOf(incoming).toString()).toBe('1234567890x');
  });

  test('that is killed never hears what has waited', () => {
    const world = new World();
    const host = spawn(world, 6001);
    host.stop();
    const client = world.connect(at(6001));
    world.run({ forMs: 10 });
    host.kill();
    host.resume();
    host.type('anybody?');
    world.run({ forMs: 10 });
    expect(host.node.heard.length).toBe(1);
    expect(client.closed).toBe(true);
  });
});

describe('a cut', () => {
  test('makes links silent, and the heal delivers what was sent, in order', () => {
    const world = new World({ rng: 5, latencyMs: [0, 10] });
    const [dialer, link, listener, incoming] = spawnLinked(world);
    dialer.node.send(link, 'before ');
    world.cut([dialer], [listener]);
    dialer.node.send(link, 'during ');
    dialer.node.send(link, 'still ');
    world.run({ forMs: 5_000 });
    expect(listener.node.bytesOf(incoming).toString()).toBe('before ');
    world.heal();
    dialer.node.send(link, 'after');
    world.run({ forMs: 50 });
    expect(listener.node.bytesOf(incoming).toString()).toBe('before during still after');
  });

  test('lets dials time out, either way, and leaves the others alone', () => {
    const world = new World();
    const [a, b, c] = [spawn(world, 6001), spawn(world, 6002), spawn(world, 6003)];
    world.cut([a], [b]);
    const links = [a.node.dial(at(6002)), a.node.dial(at(6003))];
    const back = b.node.dial(at(6001));
    world.run({ forMs: LIMITS.dialMs - 1 });
    expect(a.node.callsOf(links[0] as LinkId)).toEqual([]);
    world.run({ forMs: 1 });
    expect(a.node.heard.at(-1)).toMatchObject({ call: 'failed', reason: 'timed-out' });
    expect(b.node.callsOf(back)).toEqual(['failed']);
    expect(a.node.callsOf(links[1] as LinkId)).toEqual(['opened']);
    expect(c.node.count('opened')).toBe(1);
    world.heal();
    a.node.dial(at(6002));
    world.run({ forMs: 10 });
    expect(b.node.count('opened')).toBe(1);
  });

  test('that begins while a dial is under way leaves no half of a connection', () => {
    const world = new World({ latencyMs: 10 });
    const [a, b] = [spawn(world, 6001), spawn(world, 6002)];
    const link = a.node.dial(at(6002));
    world.run({ forMs: 5 });
    world.cut([a], [b]);
    world.run({ forMs: LIMITS.dialMs });
    world.heal();
    world.run({ forMs: LIMITS.dialMs });
    expect(a.node.callsOf(link)).toEqual(['failed']);
    expect(b.node.count('opened')).toBe(0);
  });

  test('hides a death until the heal', () => {
    const world = new World();
    const [dialer, link, listener] = spawnLinked(world);
    world.cut([listener], [dialer]);
    listener.kill();
    world.run({ forMs: 60_000 });
    expect(dialer.node.callsOf(link)).toEqual(['opened']);
    world.heal();
    world.run({ forMs: 10 });
    expect(dialer.node.callsOf(link)).toEqual(['opened', 'closed']);
  });
});
