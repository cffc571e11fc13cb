import { describe, expect, test } from 'vitest';
import { SeedBench } from './seed-bench.js';

const one = '127.0.0.1:6001';
const two = '127.0.0.1:6002';
const reporter = '127.0.0.1:6099';

/** A seed with listed peers that have been quiet long enough for a report to be looked into. */
function benchOf(addresses: readonly string[], options = {}) {
  const bench = new SeedBench(options);
  const peers = addresses.map((address) => bench.join(address));
  bench.run(1_000);
  return { bench, peers };
}

describe('A12: the seed removes a node that is reported dead and does not answer', () => {
  test('a killed one within a round trip, whose links are refused', () => {
    const { bench, peers } = benchOf([one, two]);
    peers[0]?.kill();
    bench.report(one);
    bench.run(20);
    expect(bench.records('removed')).toEqual([
      { event: 'removed', peer: one, reason: 'reported', listed: 1, reporter },
    ]);
    expect(bench.list).toEqual([two]);
  });

  test('a stopped one within probeMs and the latency, not before', () => {
    const { bench, peers } = benchOf([one, two]);
    peers[0]?.stop();
    bench.report(one);
    bench.run(bench.limits.probeMs);
    expect(bench.removals).toEqual([]);
    bench.run(20);
    expect(bench.removals).toEqual([`${one} reported`]);
  });

  test('one whose answer is not its own: another program has its port', () => {
    const { bench, peers } = benchOf([one]);
    if (peers[0] !== undefined) peers[0].answer = () => '220 mail.example ESMTP';
    bench.report(one);
    bench.run(bench.limits.probeMs + 20);
    expect(bench.removals).toEqual([`${one} reported`]);
  });

  test.each([
    ['a line', `Dead Node:${one}:1700000000.5:${reporter}\n`],
    ['bare', `Dead Node:${one}:1700000000.5:${reporter}`],
    ['without the reporter`s port', `Dead Node:${one}:1700000000.5:127.0.0.1\n`],
    ['with whole seconds', `Dead Node:${one}:1700000000:127.0.0.1:6099`],
    ['the oldest form, no port at all', 'Dead Node:127.0.0.1:1700000000.5:127.0.0.1'],
    ['no port of the dead, one of the reporter', `Dead Node:127.0.0.1:1700000000.5:${reporter}`],
  ])('in every form of the report: %s', (_, report) => {
    const { bench, peers } = benchOf([one]);
    peers[0]?.kill();
    bench.tell(report);
    bench.run(bench.limits.stillnessMs + 20);
    expect(bench.removals).toEqual([`${one} reported`]);
  });

  test('over the link of a registration, and by the end of the stream', () => {
    const { bench, peers } = benchOf([one, two]);
    peers[0]?.kill();
    peers[1]?.link?.send(`Dead Node:${one}:1700000000.5:${two}\n`);
    const teller = bench.tell(`Dead Node:${two}:1700000000.5:${reporter}`);
    teller.end();
    bench.run(20);
    expect(bench.removals).toEqual([`${one} reported`]);
    expect(bench.refusals).toEqual([`${two} it answers ${reporter}`]);
  });

  test('a removal closes the registration links, so that a living peer registers again', () => {
    const { bench, peers } = benchOf([one]);
    peers[0]?.deafen();
    const second = bench.register(one);
    bench.report(one);
    bench.run(20);
    expect([peers[0]?.link?.ended, second.ended]).toEqual([true, true]);
    bench.join(one);
    expect(bench.list).toEqual([one]);
  });
});

describe('A15: a false report removes nobody', () => {
  test('about a living peer: it stays, and the report is logged with its reporter', () => {
    const { bench, peers } = benchOf([one, two]);
    const liar = bench.report(one);
    bench.run(2_000);
    expect(peers[0]?.asked).toHaveLength(2);
    expect(bench.removals).toEqual([]);
    expect(bench.records('report-refused')).toEqual([
      {
        event: 'report-refused',
        peer: one,
        reason: 'it answers',
        reporter,
        from: `127.0.0.1:${liar.address.port}`,
      },
    ]);
    expect(bench.list).toEqual([one, two]);
  });

  test('without a port: all listed at that IP are asked, and only the silent go', () => {
    const three = '127.0.0.1:6003';
    const { bench, peers } = benchOf([one, two, three, '127.0.0.2:6001', '[::1]:6001']);
    peers[1]?.kill();
    peers[2]?.stop();
    bench.report('127.0.0.1');
    bench.run(1_000);
    expect(bench.removals).toEqual([`${two} reported`, `${three} reported`]);
    expect(bench.refusals).toEqual([`127.0.0.1 1 of 3 peers at this IP answered ${reporter}`]);
    expect(peers.map(({ asked }) => asked.length)).toEqual([2, 1, 1, 1, 1]);
    expect(bench.list).toEqual([one, '127.0.0.2:6001', '[::1]:6001']);
  });

  test('without a port: a newcomer at that IP keeps its time to begin to listen', () => {
    const { bench, peers } = benchOf([one]);
    const newcomer = bench.register(two, 'bare');
    peers[0]?.kill();
    bench.report('127.0.0.1');
    bench.run(2_000);
    expect(bench.removals).toEqual([`${one} reported`]);
    expect(newcomer.ended).toBe(false);
  });

  test('about a newcomer that is not listed yet: the dial-back decides', () => {
    const { bench } = benchOf([]);
    bench.register(one, 'bare');
    bench.report(one);
    bench.run(5_000);
    expect(bench.removals).toEqual([]);
    expect(bench.refusals).toEqual([`${one} not listed yet ${reporter}`]);
  });

  test.each([
    ['a stranger', '127.0.0.1:6055'],
    ['the seed itself', '127.0.0.1:5001'],
    ['an IP of nobody', '10.1.2.3'],
  ])('about %s: refused, nobody is asked', (_, accused) => {
    const { bench, peers } = benchOf([one]);
    bench.report(accused);
    bench.run(1_000);
    expect(bench.refusals).toEqual([`${accused} not on the list ${reporter}`]);
    expect(peers[0]?.asked).toHaveLength(1);
  });

  test.each([
    'Dead Node',
    'Dead Node:',
    'Dead Node:127.0.0.1:6001',
    'Dead Node:127.0.0.1:6001:1700000000.5',
    'Dead Node:127.0.0.1:6001:soon:127.0.0.1:6099',
    'Dead Node:127.0.0.1:66001:1700000000.5:127.0.0.1:6099',
    'Dead Node:127.0.0.1:6001:1700000000.5:127.0.0.1:6099:6100',
    'Dead Node:127.0.0.1:6001:1700000000.5:nobody',
    'Dead Node:127.0.0.1:6001:99999999999999999999:127.0.0.1',
    'dead node:127.0.0.1:6001:1700000000.5:127.0.0.1:6099',
  ])('malformed, it is dropped and logged, and the connection lives on: %s', (text) => {
    const { bench, peers } = benchOf([one]);
    peers[0]?.kill();
    const teller = bench.tell(`${text}\n`);
    bench.run(1_000);
    expect(bench.removals).toEqual([]);
    expect(bench.records('dead-reported')).toEqual([]);
    expect(bench.records('dropped').map((dropped) => dropped.text)).toEqual([text]);
    teller.send(`Dead Node:${one}:1700000000.5:${reporter}\n`);
    bench.run(20);
    expect(bench.removals).toEqual([`${one} reported`]);
  });
});

describe('A15: a seed is no means of flooding a peer', () => {
  test('several reports at once cost one probe and one removal; each is answered', () => {
    const { bench, peers } = benchOf([one]);
    peers[0]?.stop();
    for (const port of [6091, 6092, 6093]) bench.report(one, `127.0.0.1:${port}`);
    bench.run(bench.limits.probeMs + 50);
    peers[0]?.resume();
    bench.run(50);
    expect(peers[0]?.asked).toHaveLength(2);
    expect(bench.records('removed').map((removed) => removed.reporter)).toEqual(['127.0.0.1:6091']);
    expect(bench.refusals).toEqual([
      `${one} already removed 127.0.0.1:6092`,
      `${one} already removed 127.0.0.1:6093`,
    ]);
  });

  test('several reports at once about a living peer cost one probe; each is refused', () => {
    const { bench, peers } = benchOf([one]);
    for (const port of [6091, 6092, 6093]) bench.report(one, `127.0.0.1:${port}`);
    bench.run(100);
    expect(peers[0]?.asked).toHaveLength(2);
    expect(bench.refusals).toEqual(
      [6091, 6092, 6093].map((port) => `${one} it answers 127.0.0.1:${port}`),
    );
  });

  test('after an answer reports wait until refutedMs have passed, and share a probe', () => {
    const { bench, peers } = benchOf([one]);
    bench.report(one);
    bench.until(() => bench.refusals.length === 1);
    const answeredMs = bench.world.now;
    bench.report(one);
    bench.run(100);
    bench.report(one);
    bench.run(bench.limits.refutedMs - 100 - 1);
    expect(peers[0]?.asked).toHaveLength(2);
    bench.run(20);
    expect(peers[0]?.asked).toHaveLength(3);
    expect(peers[0]?.asked[2]?.atMs).toBeGreaterThanOrEqual(answeredMs + bench.limits.refutedMs);
    expect(bench.refusals).toHaveLength(3);
  });

  test('refutedMs after an answer a report is looked into at once', () => {
    const { bench, peers } = benchOf([one]);
    bench.report(one);
    bench.until(() => bench.refusals.length === 1);
    bench.run(bench.limits.refutedMs);
    bench.report(one);
    bench.run(10);
    expect(peers[0]?.asked).toHaveLength(3);
  });

  test.each([
    ['of others', reporter],
    ['that seem to be its own', one],
  ])('a flood of reports %s costs a peer at most two probes a second', (_, from) => {
    const { bench, peers } = benchOf([one]);
    const flood = bench.tell('');
    for (let n = 0; n < 500; n += 1) {
      flood.send(`Dead Node:${one}:1700000000.5:${from}\n`);
      bench.run(10);
    }
    bench.run(1_000);
    const probes = (peers[0]?.asked.length ?? 0) - 1;
    expect(probes).toBeGreaterThan(5);
    expect(probes).toBeLessThanOrEqual(11);
    expect(bench.refusals).toHaveLength(500);
    expect(bench.list).toEqual([one]);
  });

  test.each([
    ['below', 63, 0],
    ['at', 64, 0],
    ['above', 70, 6],
  ])('accusationsMax: %s the bound', (_, count, refused) => {
    const { bench, peers } = benchOf([one]);
    peers[0]?.stop();
    const teller = bench.tell('');
    for (let n = 0; n < count; n += 1) {
      teller.send(`Dead Node:${one}:1700000000.5:127.0.0.1:${6100 + n}\n`);
    }
    bench.run(100);
    expect(bench.refusals).toEqual(
      Array.from(
        { length: refused },
        (_none, n) => `${one} too many at once 127.0.0.1:${6164 + n}`,
      ),
    );
    bench.run(1_000);
    expect(bench.removals).toEqual([`${one} reported`]);
    expect(bench.refusals).toHaveLength(count - 1);
  });
});

describe('A12: a peer that leaves reports itself', () => {
  test('it is believed if it listens no more, even just after an answer', () => {
    const { bench, peers } = benchOf([one]);
    bench.report(one);
    bench.until(() => bench.refusals.length === 1);
    peers[0]?.deafen();
    peers[0]?.link?.send(`Dead Node:${one}:1700000000.5:${one}\n`);
    bench.run(bench.limits.refutedMs + 50);
    expect(bench.records('removed').map((removed) => removed.reporter)).toEqual([one]);
  });

  test('A15: it is not believed if the peer answers', () => {
    const { bench } = benchOf([one]);
    bench.report(one, one);
    bench.run(2_000);
    expect(bench.removals).toEqual([]);
    expect(bench.refusals).toEqual([`${one} it answers ${one}`]);
  });
});

describe('--trust-reports: the literal rule of the older editions', () => {
  const trusting = { settings: { trustReports: true } };

  test('A12: a report with a port removes at once, and nobody is asked', () => {
    const { bench, peers } = benchOf([one, two], trusting);
    bench.report(one);
    bench.run(5);
    expect(bench.records('removed')).toEqual([
      { event: 'removed', peer: one, reason: 'reported', listed: 1, reporter },
    ]);
    expect(peers[0]?.asked).toHaveLength(1);
    expect(peers[0]?.link?.ended).toBe(true);
  });

  test('a report without a port removes the only listed node at that IP', () => {
    const { bench } = benchOf([one, '127.0.0.2:6001'], trusting);
    bench.register(two, 'bare');
    bench.report('127.0.0.1');
    bench.run(5);
    expect(bench.removals).toEqual([`${one} reported`]);
  });

  test('a report without a port removes nobody where several are listed', () => {
    const { bench, peers } = benchOf([one, two], trusting);
    peers[0]?.kill();
    bench.report('127.0.0.1');
    bench.run(2_000);
    expect(bench.removals).toEqual([]);
    expect(bench.refusals).toEqual([`127.0.0.1 several peers at this IP ${reporter}`]);
  });

  test('a report about a stranger is refused', () => {
    const { bench } = benchOf([one], trusting);
    bench.report(two);
    bench.run(5);
    expect(bench.refusals).toEqual([`${two} not on the list ${reporter}`]);
  });
});
