/**
 * The stand-ins for classic programs do what their opening comments say. Hearsay's own
 * interoperability is tested against them, so they must be wrong in just the ways real ones are.
 */
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ClassicNetwork, freePort, type StandIn } from './classic-harness.js';

let network: ClassicNetwork;
let sockets: { destroy(): void }[] = [];

beforeEach(() => {
  network = new ClassicNetwork();
});

afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  sockets = [];
  await network.end();
});

/** A bare connection to a stand-in, and what came over it. */
class Visitor {
  received = '';
  ended = false;
  closed = false;
  private constructor(readonly socket: Socket) {
    socket.on('data', (chunk) => {
      this.received += chunk.toString();
    });
    socket.on('end', () => {
      this.ended = true;
    });
    socket.on('close', () => {
      this.closed = true;
    });
    socket.on('error', () => socket.destroy());
  }

  static async to(address: string, text: string): Promise<Visitor> {
    const [host, port] = address.split(':') as [string, string];
    const socket = connect({ host, port: Number(port), allowHalfOpen: true, noDelay: true });
    sockets.push(socket);
    const visitor = new Visitor(socket);
    await once(socket, 'connect');
    socket.write(text);
    return visitor;
  }

  /** Sends one more message and waits for more bytes to come. */
  async ask(text: string): Promise<string> {
    const before = this.received.length;
    this.socket.write(text);
    return this.answer(before);
  }

  async answer(before = 0): Promise<string> {
    await network.eventually('an answer', () => this.received.length > before);
    return this.received.slice(before);
  }
}

/** A seed of the test's own that answers every registration with the same list. */
async function seedThatAnswers(list: string): Promise<{ address: string; texts: string[] }> {
  const texts: string[] = [];
  const port = await freePort();
  const server = createServer((socket) => {
    sockets.push(socket);
    socket.on('error', () => socket.destroy());
    socket.on('data', (chunk) => {
      texts.push(chunk.toString());
      if (!texts.at(-1)?.startsWith('Dead Node')) socket.write(list);
    });
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', () => resolve()));
  sockets.push({ destroy: () => server.close() });
  return { address: `127.0.0.1:${port}`, texts };
}

/** A peer that nobody disturbs: no gossip of its own, and slow liveness. */
function quietPeer(seeds: readonly { address: string }[], ...flags: string[]): Promise<StandIn> {
  const quiet = ['--gossip-count', '0', '--liveness-interval-ms', '60000'];
  return network.classicPeer(addressesOf(seeds), ...quiet, ...flags);
}

function addressesOf(nodes: readonly { address: string }[]): string[] {
  return nodes.map((node) => node.address);
}

describe('the classic seed', () => {
  test('takes the IP from the socket, the port from the text, and answers bare with the asker last', async () => {
    const seed = await network.classicSeed();
    const first = await Visitor.to(seed.address, '0.0.0.0:6001');
    expect(await first.answer()).toBe('127.0.0.1:6001');
    const second = await Visitor.to(seed.address, '10.1.1.1:6002:Hearsay/1');
    expect(await second.answer()).toBe('127.0.0.1:6001,127.0.0.1:6002');
    expect(seed.texts('REGISTERED')).toEqual([
      '127.0.0.1:6001 Received Connection -- 127.0.0.1:6001',
      '127.0.0.1:6002 Received Connection -- 127.0.0.1:6002',
    ]);
    expect(seed.texts('GARBLED')).toEqual([]);
  });

  test('lists a peer twice that registers twice, and once with --dedupe', async () => {
    const plain = await network.classicSeed();
    const visitor = await Visitor.to(plain.address, '127.0.0.1:6001');
    await visitor.answer();
    expect(await visitor.ask('127.0.0.1:6001')).toBe('127.0.0.1:6001,127.0.0.1:6001');

    const careful = await network.classicSeed('--dedupe');
    const other = await Visitor.to(careful.address, '127.0.0.1:6001');
    await other.answer();
    await other.ask('127.0.0.1:6002');
    expect(await other.ask('127.0.0.1:6001')).toBe('127.0.0.1:6002,127.0.0.1:6001');
  });

  test('takes the first entry of a reported node from its list, on the word of anybody', async () => {
    const seed = await network.classicSeed();
    const visitor = await Visitor.to(seed.address, '127.0.0.1:6001');
    await visitor.answer();
    await visitor.ask('127.0.0.1:6001');
    await Visitor.to(seed.address, 'Dead Node:127.0.0.1:6001:1700000000.5:127.0.0.1');
    await seed.until((line) => line === 'REMOVED 127.0.0.1:6001');
    expect(seed.texts('DEAD')).toEqual(['Dead Node:127.0.0.1:6001:1700000000.5:127.0.0.1']);
    expect(await visitor.ask('127.0.0.1:6003')).toBe('127.0.0.1:6001,127.0.0.1:6003');
  });

  test('reads two messages in one segment as one wrong one, and says GARBLED', async () => {
    const seed = await network.classicSeed();
    const glued = 'Dead Node:127.0.0.1:1:1.5:127.0.0.1Dead Node:127.0.0.1:2:1.5:127.0.0.1';
    await Visitor.to(seed.address, glued);
    await seed.until((line) => line.startsWith('GARBLED'));
    expect(seed.texts('GARBLED')).toEqual([glued]);
    expect(seed.texts('DEAD')).toEqual([glued]);
    await Visitor.to(seed.address, '127.0.0.1:6001\n');
    await seed.until((line) => line === 'GARBLED 127.0.0.1:6001\\u{a}');
  });

  test('while it is slow, messages gather and are read as one', async () => {
    const seed = await network.classicSeed('--slow', '400');
    const visitor = await Visitor.to(seed.address, '127.0.0.1:6001');
    await seed.until((line) => line.startsWith('REGISTERED'));
    visitor.socket.write('127.0.0.1:6002');
    visitor.socket.write('127.0.0.1:6003');
    await seed.until((line) => line === 'GARBLED 127.0.0.1:6002127.0.0.1:6003');
    expect(await visitor.answer()).toMatch(/^127\.0\.0\.1:6001/);
  });

  test('keeps a connection whose other side has ended, and ends its own only with --eof-after-reply', async () => {
    const seed = await network.classicSeed();
    const visitor = await Visitor.to(seed.address, '127.0.0.1:6001');
    await visitor.answer();
    visitor.socket.end();
    const later = await Visitor.to(seed.address, '127.0.0.1:6002');
    await later.answer();
    expect(visitor.ended).toBe(false);

    const ending = await network.classicSeed('--eof-after-reply');
    const other = await Visitor.to(ending.address, '127.0.0.1:6001');
    await network.eventually('the end of the stream', () => other.ended);
    expect(other.received).toBe('127.0.0.1:6001');
  });

  test('closes the connection only over a text without a colon', async () => {
    const seed = await network.classicSeed();
    const visitor = await Visitor.to(seed.address, 'hello');
    await network.eventually('the close', () => visitor.closed || visitor.ended);
    expect(seed.texts('REGISTERED')).toEqual([]);
  });
});

describe('the classic peer', () => {
  test('registers before it listens, and learns its IP from the list', async () => {
    const seed = await network.classicSeed();
    const peer = await quietPeer([seed]);
    const port = peer.address.split(':')[1];
    expect(peer.lines.slice(0, 4)).toEqual([
      `REGISTERED ${seed.address} 0.0.0.0:${port}`,
      `LIST ${seed.address} ${peer.address}`,
      'UNION ',
      `LISTENING ${peer.address}`,
    ]);
  });

  test('chooses a majority of the seeds', async () => {
    const seeds = [await network.classicSeed(), await network.classicSeed()];
    const third = await network.classicSeed();
    const peer = await quietPeer([...seeds, third]);
    expect(peer.texts('REGISTERED')).toHaveLength(2);
  });

  test('cuts one item off the list, or two', async () => {
    const seed = await seedThatAnswers('127.0.0.1:1,127.0.0.1:2,127.0.0.1:2,127.0.0.1:3');
    const one = await quietPeer([seed], '--cut', 'one');
    expect(one.texts('UNION')).toEqual(['127.0.0.1:1,127.0.0.1:2']);
    const two = await quietPeer([seed], '--cut', 'two');
    expect(two.texts('UNION')).toEqual(['127.0.0.1:1,127.0.0.1:2']);

    const bare = await seedThatAnswers('127.0.0.1:1,127.0.0.1:2,127.0.0.1:3');
    const loser = await quietPeer([bare], '--cut', 'two', '--ip', '127.0.0.1');
    expect(loser.texts('UNION')).toEqual(['127.0.0.1:1']);

    const lone = await seedThatAnswers('127.0.0.1:3');
    const lost = await quietPeer([lone], '--cut', 'two', '--ip', '127.0.0.1');
    expect(lost.texts('FAILED')).toEqual([`${lone.address} the list is too short`]);
  });

  test('accepts as long as it is not full, then leaves the asker without a word', async () => {
    const peer = await quietPeer([await network.classicSeed()], '--full', '1');
    const first = await Visitor.to(peer.address, 'New Connect Request From:127.0.0.1:7001');
    expect(await first.answer()).toBe('New Connect Accepted');
    const second = await Visitor.to(
      peer.address,
      'New Connect Request From:127.0.0.1:7002:Hearsay/1',
    );
    await peer.until((line) => line === 'REFUSED 127.0.0.1:7002');
    expect(await second.ask('Liveness Request:1.5:127.0.0.1:7002')).toBe(
      `Liveness Reply:1.5:127.0.0.1:${peer.address}`,
    );
    expect(peer.texts('ACCEPTED')).toEqual(['127.0.0.1:7001']);
  });

  test('leaves ports out of liveness messages with --no-port-liveness', async () => {
    const seed = await network.classicSeed();
    const full = await quietPeer([seed], '--full', '0');
    const peer = await quietPeer([seed], '--no-port-liveness');
    expect(peer.texts('CONNECTED')).toEqual([full.address]);
    const request = await full.until((line) =>
      / Liveness Request:\d+\.\d+:127\.0\.0\.1$/.test(line),
    );
    expect(request).toContain('RECEIVED');
    const visitor = await Visitor.to(peer.address, 'Liveness Request:1.5:127.0.0.1');
    expect(await visitor.answer()).toBe('Liveness Reply:1.5:127.0.0.1:127.0.0.1');
    expect(await visitor.ask('Liveness Request:1.5:127.0.0.1:7001')).toBe(
      'Liveness Reply:1.5:127.0.0.1:7001:127.0.0.1',
    );
  });

  test('throws at three-field gossip, unless it belongs to that edition', async () => {
    const seed = await network.classicSeed();
    const four = await quietPeer([seed]);
    const thrown = await Visitor.to(four.address, '1700000000.5:127.0.0.1:1');
    await network.eventually('the close', () => thrown.closed || thrown.ended);
    expect(four.texts('FIRST')).toEqual([]);
    expect(four.texts('THREW')).toHaveLength(1);

    const three = await quietPeer([seed], '--fields', '3');
    await Visitor.to(three.address, '1700000000.5:127.0.0.1:1');
    await three.until((line) => line === 'FIRST 1700000000.5:127.0.0.1:1');
  });

  test('ends its side after each message with --eof, and ignores the end of the other side', async () => {
    const peer = await quietPeer([await network.classicSeed()], '--eof', '--timestamps', 'integer');
    const asker = await Visitor.to(peer.address, 'New Connect Request From:127.0.0.1:7001');
    await network.eventually('the end of the stream', () => asker.ended);
    expect(asker.received).toBe('New Connect Accepted');

    const silent = await Visitor.to(peer.address, '1700000000.5:127.0.0.1:7001:GOSSIP1');
    silent.socket.end();
    await peer.until((line) => line.startsWith('FIRST'));
    expect(silent.ended || silent.closed).toBe(false);
  });

  test('says GARBLED when a read holds two messages', async () => {
    const peer = await quietPeer([await network.classicSeed()]);
    const glued = '1.5:127.0.0.1:7001:GOSSIP11.5:127.0.0.1:7001:GOSSIP2';
    await Visitor.to(peer.address, glued);
    await peer.until((line) => line === `GARBLED ${glued}`);
  });
});

describe('a network of classic programs alone', () => {
  test('gossips, and a killed peer is reported and removed', async () => {
    const seeds = [await network.classicSeed(), await network.classicSeed()];
    const timing = ['--gossip-interval-ms', '150', '--liveness-interval-ms', '200'];
    const flags = [...timing, '--gossip-count', '1000'];
    const peers: StandIn[] = [];
    for (let count = 0; count < 3; count += 1) {
      peers.push(await network.classicPeer(addressesOf(seeds), ...flags));
    }
    const [first, second, third] = peers as [StandIn, StandIn, StandIn];

    for (const peer of peers) {
      for (const origin of peers.filter((other) => other !== peer)) {
        await network.eventually(`${peer.address} has gossip of ${origin.address}`, () => {
          const texts = peer.texts('FIRST').filter((text) => text.includes(`:${origin.address}:`));
          return texts.length >= 3;
        });
      }
      const firsts = peer.texts('FIRST');
      expect(new Set(firsts).size).toBe(firsts.length);
      expect(firsts.filter((text) => text.includes(`:${peer.address}:`))).toEqual([]);
    }

    await third.end('SIGKILL');
    for (const seed of seeds) await seed.until((line) => line === `REMOVED ${third.address}`);
    for (const peer of [first, second]) {
      await peer.until((line) => line.startsWith(`DEAD Dead Node:${third.address}:`));
    }
    for (const node of network.standIns) expect(node.texts('GARBLED')).toEqual([]);
    for (const seed of seeds) {
      const dead = seed.texts('DEAD').map((text) => text.split(':').slice(1, 3).join(':'));
      expect(new Set(dead)).toEqual(new Set([third.address]));
    }
  });
});
