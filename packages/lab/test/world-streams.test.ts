import type { Address } from '@hearsay/common/address';
import { LIMITS } from '@hearsay/common/limits';
import type { LinkId } from '@hearsay/common/runtime';
import type { Host } from '@hearsay/lab/simulator/host';
import { World } from '@hearsay/lab/simulator/world';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Reactions, Witness } from './witness.js';

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

test('streams come one byte at a time when they are told to', () => {
  const world = new World();
  const [dialer, link, listener] = spawnLinked(world);
  world.options.chunkBytes = 1;
  dialer.node.send(link, 'abc');
  world.run({ forMs: 10 });
  const texts = listener.node.heard.flatMap((heard) => ('text' in heard ? [heard.text] : []));
  expect(texts).toEqual(['a', 'b', 'c']);
});

test('a node that sends before its link has opened is told so', () => {
  const world = new World();
  const host = spawn(world, 6001);
  expect(() => host.node.send(host.node.dial(at(6002)), 'too soon')).toThrow(
    'before it has opened',
  );
});

test('there is room again when no more is unread than the buffers hold, not before', () => {
  const world = new World({ bufferBytesMax: 10, latencyMs: 20 });
  const [dialer, link] = spawnLinked(world);
  dialer.node.send(link, '12345');
  world.run({ forMs: 10 });
  expect(dialer.node.send(link, '67890.67890.')).toBe(false);
  world.run({ forMs: 39 });
  expect(dialer.node.count('drained')).toBe(0);
  world.run({ forMs: 11 });
  expect(dialer.node.count('drained')).toBe(1);
});

test('a dial that is given up on the way opens nowhere', () => {
  const world = new World({ latencyMs: 20 });
  const [dialer, listener] = [spawn(world, 6001), spawn(world, 6002)];
  const closed = dialer.node.dial(at(6002));
  world.run({ forMs: 30 });
  dialer.node.close(closed);
  world.options.latencyMs = LIMITS.dialMs - 1;
  const timedOut = dialer.node.dial(at(6002));
  world.run({ forMs: 4 * LIMITS.dialMs });
  expect(dialer.node.callsOf(closed)).toEqual([]);
  expect(dialer.node.callsOf(timedOut)).toEqual(['failed']);
  expect(listener.node.count('opened')).toBe(0);
});

test('a listener that stops while the last step of a handshake is under way breaks the link', () => {
  const world = new World({ latencyMs: 20 });
  const [dialer, listener] = [spawn(world, 6001), spawn(world, 6002)];
  const link = dialer.node.dial(at(6002));
  world.run({ forMs: 50 });
  listener.node.stopListening();
  world.run({ forMs: 50 });
  expect(dialer.node.callsOf(link)).toEqual(['opened', 'closed']);
  expect(listener.node.count('opened')).toBe(0);
});

/** One step of a script: what happens to which of three nodes, and how long to wait then. */
const step = fc.record({
  act: fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom('dial', 'send') },
    { weight: 7, arbitrary: fc.constantFrom('close', 'stop', 'resume', 'cut', 'heal', 'mute') },
    { weight: 1, arbitrary: fc.constant('kill') },
  ),
  node: fc.nat(2),
  other: fc.nat(3),
  link: fc.nat(20),
  thenMs: fc.nat(6),
});

/** Three nodes to which anything may happen. */
class Script {
  /** How many calls a node had heard of a link when it closed it. */
  readonly letGo = new Map<LinkId, number>();
  readonly hosts: readonly Host<Witness>[];

  constructor(private readonly world: World) {
    this.hosts = [6001, 6002, 6003].map((port) => spawn(world, port));
  }

  linksOf(node: Witness): LinkId[] {
    return [...new Set(node.heard.filter((heard) => 'link' in heard).map(linkOf))];
  }

  play({ act, node: index, other, link: pick, thenMs }: StepOf<typeof step>): void {
    const host = this.hosts[index] as Host<Witness>;
    const links = this.linksOf(host.node).filter((each) => !this.letGo.has(each));
    const link = links[pick % Math.max(1, links.length)];
    if (act === 'dial') host.node.dial(at(6001 + other));
    else if (act === 'stop') host.stop();
    else if (act === 'resume') host.resume();
    else if (act === 'kill') host.kill(pick % 2 === 0 ? 'reset' : 'ended');
    else if (act === 'cut') this.world.cut([host], this.hosts);
    else if (act === 'heal') this.world.heal();
    else if (act === 'mute') host.node.stopListening();
    else if (link !== undefined && act === 'send') host.node.send(link, 'abcdefgh');
    else if (link !== undefined && act === 'close') {
      host.node.close(link);
      this.letGo.set(link, host.node.callsOf(link).length);
    }
    this.world.run({ forMs: thenMs });
  }

  /** All troubles end, and everything that is under way arrives. */
  settle(): void {
    this.world.heal();
    for (const host of this.hosts) host.resume();
    this.world.run({ forMs: 2 * LIMITS.dialMs });
  }
}

type StepOf<A> = A extends fc.Arbitrary<infer T> ? T : never;

test('whatever happens, a link opens or fails first, ends at most once, and brings what was sent', () => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 5, maxLength: 60 }), fc.nat(), (steps, rng) => {
      const world = new World({ rng, latencyMs: [0, 4], bufferBytesMax: 6, chunkBytes: 3 });
      const script = new Script(world);
      for (const each of steps) script.play(each);
      script.settle();
      for (const { node } of script.hosts) {
        expect(node.reentries).toEqual([]);
        for (const link of script.linksOf(node)) {
          const calls = node.callsOf(link);
          expect(calls.join(' ')).toMatch(
            /^(failed|opened( bytes| drained)*( ended)?( drained)*( closed)?)$/,
          );
          expect(calls.length).toBe(script.letGo.get(link) ?? calls.length);
          const bytes = node.bytesOf(link).toString();
          expect('abcdefgh'.repeat(100).startsWith(bytes)).toBe(true);
        }
      }
    }),
    { numRuns: 300 },
  );
});
