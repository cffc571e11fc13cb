import { describe, expect, test } from 'vitest';
import { type Framing, registration, SeedBench } from './seed-bench.js';

const one = '127.0.0.1:6001';

describe('A2, A4: whoever registers gets the list at once, in its own framing', () => {
  test.each([
    ['a Hearsay peer by its tag', '127.0.0.1:6001:Hearsay/1', '127.0.0.1:6001\n'],
    ['a person with nc', '127.0.0.1:6001\n', '127.0.0.1:6001\n'],
    ['a person at a Windows terminal', '127.0.0.1:6001\r\n', '127.0.0.1:6001\n'],
    ['a person who does not know the own IP', '0.0.0.0:6001\n', '127.0.0.1:6001\n'],
  ])('%s', (_, sent, received) => {
    const bench = new SeedBench();
    const asker = bench.tell(sent);
    bench.run(5);
    expect(asker.received).toBe(received);
    expect(asker.open).toBe(true);
  });

  test('a classic peer after 150 ms of stillness, since `…:600` begins `…:6001`', () => {
    const bench = new SeedBench();
    const asker = bench.tell('127.0.0.1:600');
    bench.run(100);
    asker.send('1');
    bench.run(bench.limits.stillnessMs - 1);
    expect(asker.received).toBe('');
    bench.run(5);
    expect(asker.received).toBe('127.0.0.1:6001,127.0.0.1:6001');
    expect(asker.open).toBe(true);
  });

  test('a classic peer that ends its stream, without waiting for stillness', () => {
    const bench = new SeedBench();
    const asker = bench.tell('127.0.0.1:6001');
    asker.end();
    bench.run(5);
    expect(asker.received).toBe('127.0.0.1:6001,127.0.0.1:6001');
    expect(asker.ended).toBe(true);
  });

  test.each<[Framing, string]>([
    ['tagged', '127.0.0.1:6001\n'],
    ['line', '127.0.0.1:6001\n'],
    ['bare', '127.0.0.1:6001,127.0.0.1:6001'],
  ])('one byte at a time: %s', (framing, received) => {
    const bench = new SeedBench();
    const asker = bench.tell('');
    for (const byte of registration(one, framing)) {
      asker.send(byte);
      bench.run(20);
    }
    bench.run(bench.limits.stillnessMs);
    expect(asker.received).toBe(received);
    expect(bench.records('registered').map(({ peer }) => peer)).toEqual([one]);
  });

  test('a list that travels one byte at a time arrives whole', () => {
    const bench = new SeedBench();
    bench.join(one);
    bench.world.options.chunkBytes = 1;
    expect(bench.list).toEqual([one]);
  });
});

describe('As a seed for classic peers', () => {
  test('the IP comes from the socket and the port from the text', () => {
    const bench = new SeedBench();
    const asker = bench.tell('0.0.0.0:6001', '127.0.0.7');
    const liar = bench.tell('10.9.8.7:6002', '127.0.0.8');
    bench.run(200);
    expect(asker.received).toBe('127.0.0.7:6001,127.0.0.7:6001');
    expect(liar.received).toBe('127.0.0.8:6002,127.0.0.8:6002');
  });

  test('the item before the asker is given twice, for programs that cut one item or two', () => {
    const bench = new SeedBench();
    for (const port of [6001, 6002, 6003]) bench.join(`127.0.0.1:${port}`);
    const asker = bench.register('0.0.0.0:6009', 'bare');
    expect(asker.received).toBe(
      '127.0.0.1:6001,127.0.0.1:6002,127.0.0.1:6003,127.0.0.1:6003,127.0.0.1:6009',
    );
  });

  test('A2: it is listed like any other, though it registers before it listens', () => {
    const bench = new SeedBench();
    bench.join('127.0.0.1:6001', 'bare');
    bench.join('127.0.0.1:6002', 'tagged');
    expect(bench.list).toEqual(['127.0.0.1:6001', '127.0.0.1:6002']);
  });

  test('it is asked in bare framing, whoever registers its address in another', () => {
    const bench = new SeedBench();
    const classic = bench.join(one, 'bare');
    bench.register(one, 'line');
    bench.report(one, one);
    bench.run(2_000);
    expect(classic.asked.map(({ text }) => text.endsWith('\n'))).toEqual([false, false]);
  });
});

describe('A2, A4: the list', () => {
  test('is in the order of registration, not of answers, and the asker is last', () => {
    const bench = new SeedBench();
    bench.register('127.0.0.1:6003');
    for (const port of [6002, 6001]) bench.join(`127.0.0.1:${port}`);
    bench.join('127.0.0.1:6003');
    const asker = bench.register('127.0.0.1:6002', 'tagged');
    expect(asker.received).toBe('127.0.0.1:6003,127.0.0.1:6001,127.0.0.1:6002\n');
  });

  test('shows nobody who has not answered the dial-back', () => {
    const bench = new SeedBench();
    bench.register('127.0.0.1:6001');
    bench.join('127.0.0.1:6002');
    expect(bench.list).toEqual(['127.0.0.1:6002']);
    expect(bench.register('127.0.0.1:6001').received).toBe('127.0.0.1:6002,127.0.0.1:6001\n');
  });

  test('knows an address by its canonical form alone', () => {
    const bench = new SeedBench();
    bench.join('[::1]:6001');
    bench.register('[0:0:0:0:0:0:0:1]:6001');
    expect(bench.list).toEqual(['[::1]:6001']);
  });
});

describe('A2: registering again', () => {
  test('on the same link refreshes the list, is not logged again and lists nobody twice', () => {
    const bench = new SeedBench();
    const peer = bench.join(one, 'tagged');
    bench.join('127.0.0.1:6002');
    for (let n = 0; n < 3; n += 1) peer.link?.send(`${one}\n`);
    bench.run(10);
    const answers = [`${one}\n`, ...Array(3).fill(`127.0.0.1:6002,${one}\n`)];
    expect(peer.link?.received).toBe(answers.join(''));
    expect(bench.records('registered').map(({ peer: id }) => id)).toEqual([one, '127.0.0.1:6002']);
    expect(bench.list).toEqual([one, '127.0.0.1:6002']);
  });

  test('on a new link is logged, keeps the place in the list, and serves both links', () => {
    const bench = new SeedBench();
    const peer = bench.join(one);
    bench.join('127.0.0.1:6002');
    const again = bench.register(one);
    expect(bench.records('registered')).toHaveLength(3);
    expect(bench.list).toEqual([one, '127.0.0.1:6002']);
    expect([peer.link?.open, again.open]).toEqual([true, true]);
  });

  test('as another on the same link is refused and logged; the first registration stands', () => {
    const bench = new SeedBench();
    const peer = bench.join(one);
    peer.link?.send('127.0.0.1:6002\n');
    bench.run(10);
    expect(peer.link?.received).toBe(`${one}\n`);
    expect(bench.records('register-refused')).toEqual([
      {
        event: 'register-refused',
        peer: '127.0.0.1:6002',
        reason: `this link is of ${one}`,
        message: '127.0.0.1:6002',
        from: expect.stringMatching(/^127\.0\.0\.1:\d+$/),
      },
    ]);
    expect(bench.list).toEqual([one]);
  });
});

describe('A2: seeds are no peers', () => {
  test.each([
    ['the seed itself', '127.0.0.1:5001'],
    ['another seed of the config', '127.0.0.1:5002'],
  ])('the address of %s is refused in every framing, and logged', (_, address) => {
    const bench = new SeedBench({ seeds: ['127.0.0.1:5001', '127.0.0.1:5002'] });
    bench.startSeed({ ip: '127.0.0.1', port: 5002 });
    const askers = (['tagged', 'line', 'bare'] as const).map((framing) =>
      bench.tell(registration(address, framing)),
    );
    bench.run(5_000);
    expect(askers.map((asker) => asker.received)).toEqual(['', '', '']);
    expect(bench.records('register-refused').map(({ peer }) => peer)).toEqual(
      Array(3).fill(address),
    );
    expect(bench.records('registered')).toEqual([]);
    expect(bench.list).toEqual([]);
  });
});

describe('linksPerPeerMax', () => {
  test.each([
    ['below', 1, []],
    ['at', 2, []],
    ['above', 4, [1, 2]],
  ])('%s the bound: the oldest link stays, and the oldest of the others goes', (_, count, gone) => {
    const bench = new SeedBench();
    const links = Array.from({ length: count }, () => bench.register(one));
    bench.run(10);
    const closed = links.flatMap((link, n) => (link.open && !link.ended ? [] : [n]));
    expect(closed).toEqual(gone);
    expect(bench.records('evicted').map(({ bound }) => bound)).toEqual(
      gone.map(() => 'linksPerPeerMax'),
    );
    expect(bench.removals).toEqual([]);
  });

  test.each([
    ['refreshes', true],
    ['is silent, as a classic one', false],
  ])('strangers that announce a living peer do not take its link: it %s', (_, refreshes) => {
    const bench = new SeedBench();
    const peer = bench.join(one);
    for (let n = 0; n < 50; n += 1) {
      bench.register(one).send(`${one}\n`);
      if (refreshes && n % 10 === 0) peer.link?.send(`${one}\n`);
      bench.run(100);
    }
    expect(peer.link?.ended).toBe(false);
    expect(peer.link?.open).toBe(true);
  });

  test('a peer that was started again holds its new link, though nobody closed the old ones', () => {
    const bench = new SeedBench();
    const peer = bench.join(one);
    for (let n = 0; n < 10; n += 1) {
      const again = bench.register(one);
      bench.run(2_000);
      expect([again.open, again.ended]).toEqual([true, false]);
    }
    peer.link?.end();
    const last = bench.register(one);
    bench.run(2_000);
    expect([last.open, last.ended]).toEqual([true, false]);
    expect(bench.listed).toEqual([one]);
  });

  test('strangers that announce all who are listed leave places for others', () => {
    const bench = new SeedBench({ limits: { seedLinksMax: 40 } });
    const peers = Array.from({ length: 12 }, (_, n) => bench.join(`127.0.0.1:${6001 + n}`));
    for (let round = 0; round < 3; round += 1) {
      for (const { id } of peers) bench.register(id);
      bench.run(100);
    }
    expect(peers.map(({ link }) => link?.open && !link.ended)).toEqual(peers.map(() => true));
    expect(bench.register('127.0.0.1:7001').ended).toBe(false);
  });

  test('once the oldest link is closed, the next one is the oldest', () => {
    const bench = new SeedBench();
    const peer = bench.join(one);
    const second = bench.register(one);
    peer.link?.end();
    bench.run(10);
    const third = bench.register(one);
    for (let n = 0; n < 10; n += 1) bench.register(one);
    expect([second.ended, third.ended]).toEqual([false, true]);
  });
});

describe('a list costs its length, and is asked for in a few bytes', () => {
  test.each([
    ['below', 9, 0],
    ['at', 10, 0],
    ['above', 30, 20],
  ])('listsAtOnceMax: %s the bound; what is beyond is dropped', (_, count, dropped) => {
    const bench = new SeedBench();
    const peer = bench.join(one);
    peer.link?.send(`${one}\n`.repeat(count));
    bench.run(10);
    expect(peer.link?.received).toBe(`${one}\n`.repeat(1 + count - dropped));
    expect(bench.records('dropped').map(({ reason }) => reason)).toEqual(
      Array(dropped).fill('asks too often'),
    );
    bench.run(1_100);
    expect(bench.records('seed-status').at(-1)?.dropped).toBe(dropped);
  });

  test('listsPerSecondMax: after that so many a second are answered, on every link for itself', () => {
    const bench = new SeedBench();
    const peer = bench.join(one);
    for (let n = 0; n < 200; n += 1) {
      peer.link?.send(`${one}\n`);
      bench.run(50);
    }
    const { listsAtOnceMax, listsPerSecondMax } = bench.limits;
    const lists = (peer.link?.received.split('\n').length ?? 0) - 2;
    expect(lists).toBeGreaterThanOrEqual(listsAtOnceMax + 10 * listsPerSecondMax - 2);
    expect(lists).toBeLessThanOrEqual(listsAtOnceMax + 10 * listsPerSecondMax + 1);
    expect(bench.register(one).received).toBe(`${one}\n`);
  });

  test('a peer that lacks neighbors again and again is answered every time', () => {
    const bench = new SeedBench();
    const peer = bench.join(one);
    for (let round = 0; round < 20; round += 1) {
      for (const pauseMs of [200, 400, 800]) {
        bench.run(pauseMs);
        peer.link?.send(`${one}\n`);
      }
    }
    bench.run(10);
    expect(peer.link?.received).toBe(`${one}\n`.repeat(61));
    expect(bench.records('dropped')).toEqual([]);
  });
});
