import { formatLogLine, parseLogLine } from '@hearsay/common/log-line';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SeedBench } from './seed-bench.js';

const one = '127.0.0.1:6001';

/** The seed's log as lines. */
const linesOf = (bench: SeedBench) => bench.seed.records.map(formatLogLine);

/** Each record is one line that parses back to it. */
function expectWholeLog(bench: SeedBench): void {
  for (const entry of bench.seed.records) {
    const line = formatLogLine(entry);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: none of them may stand in a log.
    expect(line).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/);
    expect(parseLogLine(line)).toEqual({ ok: true, value: entry });
  }
}

describe('A13: a seed writes each connection request and each dead-node message, verbatim', () => {
  test.each([
    ['of a Hearsay peer', `${one}:Hearsay/1`],
    ['of a person', `${one}\n`],
    ['of a classic peer', '0.0.0.0:6001'],
    ['in a long form of IPv6', '[0:0:0:0:0:0:0:1]:6001\n'],
  ])('a registration %s', (_, text) => {
    const bench = new SeedBench();
    const asker = bench.tell(text);
    bench.run(200);
    const from = `127.0.0.1:${asker.address.port}`;
    expect(bench.records('registered')).toMatchObject([{ message: text.trimEnd(), from }]);
    const line = linesOf(bench).find((each) => each.includes(' registered '));
    expect(line).toContain(` message=${text.trimEnd()} `);
    expect(line).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z \[seed 127\.0\.0\.1:5001\] /);
    expect(line?.endsWith(` from=${from}`)).toBe(true);
    expectWholeLog(bench);
  });

  test('a registration that is refused', () => {
    const bench = new SeedBench();
    bench.register('127.0.0.1:5001');
    expect(linesOf(bench).join('\n')).toMatch(
      / register-refused peer=\S+ reason="the address of a seed" message=127\.0\.0\.1:5001 from=\S+/,
    );
    expectWholeLog(bench);
  });

  test.each([
    [`Dead Node:${one}:1700000000.123:127.0.0.1:6099`, one],
    ['Dead Node:127.0.0.1:1700000000:127.0.0.1', '127.0.0.1'],
    [`Dead Node Forwarded:${one}:1700000000.5:127.0.0.1:6099`, one],
    ['Dead Node:[::1]:6001:1700000000.5:[::1]:6099', '[::1]:6001'],
    [`Dead Node:${one}:1700000000.5:127.0.0.1:6099:Hearsay/1`, one],
  ])('%s', (text, peer) => {
    const bench = new SeedBench();
    const teller = bench.tell(`${text}\n`);
    bench.run(10);
    const from = `127.0.0.1:${teller.address.port}`;
    expect(bench.records('dead-reported')).toEqual([
      { event: 'dead-reported', peer, message: text, from },
    ]);
    expect(linesOf(bench).join('\n')).toContain(` message="${text}" from=${from}`);
    expectWholeLog(bench);
  });

  test('each of many reports is written, however fast they come', () => {
    const bench = new SeedBench();
    bench.tell(`Dead Node:${one}:1700000000.5:127.0.0.1:6099\n`.repeat(500));
    bench.run(10);
    expect(bench.records('dead-reported')).toHaveLength(500);
  });

  test('what is no message is escaped, and one line', () => {
    const bench = new SeedBench();
    const hostile =
      'Dead Node:\u001b[2J"\\\r\u0085\u202e\u2028 2026-01-01T00:00:00.000Z [seed a] removed';
    bench.tell(`${hostile}\n`);
    bench.tell(Buffer.from([0xff, 0xfe, 0x00, 0x0a]));
    bench.run(10);
    expect(bench.records('dropped').map(({ text }) => text)).toEqual([hostile, 'ÿþ\u0000']);
    expectWholeLog(bench);
  });

  test('whatever bytes come, the log stays whole and the next peer is served', () => {
    const piece = fc.oneof(
      fc.string({ unit: 'binary' }).map((text) => Buffer.from(text)),
      fc.uint8Array({ maxLength: 40 }),
      fc
        .constantFrom('Dead Node:', '127.0.0.1', ':', '6001', '\n', ',', ':Hearsay/1', '1.5', '[')
        .map((text) => Buffer.from(text)),
    );
    fc.assert(
      fc.property(fc.array(fc.array(piece, { maxLength: 12 }), { maxLength: 5 }), (links) => {
        const bench = new SeedBench();
        for (const pieces of links) bench.tell(Buffer.concat(pieces)).end();
        bench.run(10_000);
        expectWholeLog(bench);
        bench.join('127.0.0.5:7000');
      }),
      { numRuns: 200 },
    );
  });
});

describe('what a seed answers and what it drops', () => {
  test('a liveness request, with its fields given back and the own address', () => {
    const bench = new SeedBench();
    const bare = bench.tell('Liveness Request:1700000000.10:127.0.0.1:6001');
    const line = bench.tell('Liveness Request:1700000000:127.0.0.1\n');
    bench.run(200);
    expect(bare.received).toBe('Liveness Reply:1700000000.10:127.0.0.1:6001:127.0.0.1:5001');
    expect(line.received).toBe('Liveness Reply:1700000000:127.0.0.1:127.0.0.1:5001\n');
  });

  test.each([
    ['gossip: seeds do not gossip (A2)', '1700000000.5:127.0.0.1:6001:GOSSIP1', 'gossip at a seed'],
    ['a list', '127.0.0.1:6001,127.0.0.1:6002', 'peer-list at a seed'],
    ['a connect request', 'New Connect Request From:127.0.0.1:6001', 'connect-request at a seed'],
    ['port 0', '127.0.0.1:0', 'malformed registration'],
    ['a port too high', '127.0.0.1:65536', 'malformed registration'],
    ['words', 'hello seed', 'unknown message'],
  ])('%s is dropped, and the connection lives on', (_, text, reason) => {
    const bench = new SeedBench();
    const teller = bench.tell(`${text}\n`);
    bench.run(10);
    expect(bench.records('dropped')).toMatchObject([{ reason, text }]);
    teller.send(`${one}\n`);
    bench.run(10);
    expect(teller.received).toBe(`${one}\n`);
  });
});

describe('status records', () => {
  test('say the list and the counters, once a change, and nothing while nothing changes', () => {
    const bench = new SeedBench();
    expect(bench.records('seed-status')).toHaveLength(1);
    const peer = bench.join(one);
    bench.register('127.0.0.1:6002');
    bench.run(1_100);
    expect(bench.records('seed-status').at(-1)).toEqual({
      event: 'seed-status',
      peers: [one],
      unlisted: ['127.0.0.1:6002'],
      unlistedCount: 1,
      registrations: 2,
      reports: 0,
      refused: 0,
      removals: 0,
      links: 2,
      dropped: 0,
      lost: 0,
    });
    bench.run(30_000);
    const count = bench.records('seed-status').length;
    bench.run(20_000);
    expect(bench.records('seed-status')).toHaveLength(count);
    bench.report('127.0.0.1:6055');
    peer.kill();
    bench.report(one);
    bench.tell('garbage\n');
    bench.run(1_100);
    expect(bench.records('seed-status').at(-1)).toMatchObject({
      peers: [],
      unlisted: [],
      unlistedCount: 0,
      reports: 2,
      refused: 1,
      removals: 2,
      dropped: 1,
      lost: 0,
    });
  });
});

describe('a seed that is asked to end', () => {
  test('writes why, and the drops that it had only counted', () => {
    const bench = new SeedBench();
    bench.tell('garbage\n'.repeat(25));
    bench.run(10);
    bench.seed.interrupt('SIGTERM');
    bench.run(10);
    expect(bench.seed.records.slice(-2).map(({ record }) => record)).toEqual([
      { event: 'dropped-more', count: 5 },
      { event: 'stopped', reason: 'SIGTERM' },
    ]);
    expect(bench.seed.finished).toBe(true);
    expectWholeLog(bench);
  });
});
