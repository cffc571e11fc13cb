/** What seeds may say, and how much of it is taken, kept and written down. */

import { LIMITS } from '@hearsay/common/limits';
import type { EventName, RecordOf } from '@hearsay/common/records';
import { describe, expect, test } from 'vitest';
import type { Host } from '../../lab/src/simulator/host.js';
import { type Seeker, seekerAt } from './seeker.js';
import { askerOf, idsOf, listing, type Script } from './stage.js';

const asker = '127.0.0.1:6001';
const unasked = 'a list that nobody asked for';

function recordsOf<E extends EventName>({ records }: Host<Seeker>, event: E): RecordOf<E>[] {
  return records
    .map(({ record }) => record)
    .filter((record): record is RecordOf<E> => record.event === event);
}

const listsOf = (host: Host<Seeker>) => recordsOf(host, 'list').map(({ peers }) => peers);
const reasonsOf = (host: Host<Seeker>) => recordsOf(host, 'dropped').map(({ reason }) => reason);

/** A classic seed: the list bare, and no end mark. */
function bare(...peers: readonly string[]): Script {
  return (text) => (askerOf(text) === undefined ? undefined : [...peers, asker].join(','));
}

describe('a list that nobody asked for', () => {
  test('is dropped, whoever sends however many, and neither kept nor written down', () => {
    const { world, seeds, host, seeker } = seekerAt([listing('127.0.0.1:7001')]);
    world.run({ forMs: 1_000 });
    const [client] = seeds[0].clients;
    for (let n = 0; n < 1_000; n += 1) client?.send(`127.0.0.1:${8_001 + n},${asker}\n`);
    world.run({ forMs: 1_500 });
    expect(listsOf(host)).toEqual([['127.0.0.1:7001', asker]]);
    expect(seeker.discovery.union).toEqual(['127.0.0.1:7001']);
    expect(new Set(reasonsOf(host))).toEqual(new Set([unasked]));
    expect(host.records.length).toBeLessThan(30);
  });

  test('is dropped after the one list that a refresh was answered with, and the next refresh counts', () => {
    const { world, seeds, host, seeker } = seekerAt([listing()]);
    world.run({ forMs: 1_000 });
    const twice: Script = () => `127.0.0.1:7001,${asker}\n127.0.0.1:7002,${asker}\n`;
    seeds[0].script = twice;
    host.type('soon');
    world.run({ forMs: 1_000 });
    expect(seeker.discovery.union).toEqual(['127.0.0.1:7001']);
    expect(reasonsOf(host)).toEqual([unasked]);
    seeds[0].script = listing('127.0.0.1:7003');
    host.type('soon');
    world.run({ forMs: 2_000 });
    expect(seeker.discovery.union).toEqual(['127.0.0.1:7003']);
  });

  test.each([
    ['below', -20, true],
    ['above', 20, false],
  ])(
    'classicListMs: the rest of a classic list that comes %s the bound',
    (_, beyondMs, isTaken) => {
      const { world, seeds, host, seeker } = seekerAt([bare('127.0.0.1:7001')]);
      world.run({ forMs: LIMITS.classicListMs + beyondMs });
      seeds[0].clients[0]?.send(`,127.0.0.1:7002,${asker}`);
      world.run({ forMs: 1_000 });
      expect(seeker.discovery.knows('127.0.0.1:7002')).toBe(isTaken);
      expect(reasonsOf(host)).toEqual(isTaken ? [] : [unasked]);
    },
  );

  test.each([
    ['below', 4, 4],
    ['at', 5, 5],
    ['above', 90, 5],
  ])(
    'classicPiecesMax: %s the bound: of a classic list in %d pieces %d are taken',
    (_, count, taken) => {
      const stage = seekerAt([bare('127.0.0.1:7001')], { classicPiecesMax: 5 });
      const { world, seeds, host, seeker } = stage;
      for (const id of idsOf(count - 1, 7_002)) {
        world.run({ forMs: 10 });
        seeds[0].clients[0]?.send(`,${id},${asker}`);
      }
      world.run({ forMs: 1_500 });
      expect(seeker.discovery.union).toEqual(idsOf(taken));
      expect(listsOf(host)).toHaveLength(taken);
      expect(new Set(reasonsOf(host))).toEqual(new Set(count > taken ? [unasked] : []));
      expect(host.records.length).toBeLessThan(60);
    },
  );
});

describe('peersMax', () => {
  test.each([
    ['below', 3],
    ['at', 4],
    ['above', 5],
    ['far above', 400],
  ])('a list %s the bound gives its first peers, and what is left out is said once', (_, count) => {
    const ids = idsOf(count);
    const { world, host, seeker } = seekerAt([() => `${ids.join(',')}\n`], { peersMax: 4 });
    world.run({ forMs: 200_000 });
    expect(listsOf(host)).toEqual([ids.slice(0, 4)]);
    expect(seeker.discovery.union).toEqual(ids.slice(0, 4));
    const rest = `,${ids.slice(4).join(',')}`;
    const text = rest.slice(0, LIMITS.quotedCharactersMax);
    const dropped = { reason: 'more peers than are taken', bytes: rest.length, text };
    expect(recordsOf(host, 'dropped')).toMatchObject(count > 4 ? [dropped] : []);
  });

  test('the pieces of a classic list are taken up to the bound in all', () => {
    const { world, seeds, host, seeker } = seekerAt([bare('127.0.0.1:7001')], { peersMax: 5 });
    for (const port of [7_002, 7_003, 7_004]) {
      world.run({ forMs: 500 });
      seeds[0].clients[0]?.send(`,127.0.0.1:${port},${asker}`);
    }
    world.run({ forMs: 1_000 });
    expect(seeker.discovery.union).toEqual(idsOf(3));
    expect(reasonsOf(host)).toEqual(['more peers than are taken', unasked]);
  });

  test.each([
    ['below', 1],
    ['at', 2],
    ['above', 3],
  ])('the union of two lists %s the bound holds the oldest', (_, each) => {
    const lists = [idsOf(each, 7_001), idsOf(each, 8_001)] as const;
    const scripts = lists.map((ids) => () => `${ids.join(',')}\n`);
    const { world, seeker } = seekerAt(scripts, { peersMax: 4 });
    world.run({ forMs: 100 });
    const oldest = [7_001, 8_001, 7_002, 8_002].slice(0, 2 * each);
    expect(seeker.discovery.union).toEqual(oldest.map((port) => `127.0.0.1:${port}`));
    expect(seeker.discovery.knows('127.0.0.1:8003')).toBe(false);
  });
});

describe('listRecordCharactersMax: a list that is another one at each refresh', () => {
  /** Refreshed each second and a half, for fifty seconds, with a liveness interval of ten. */
  function changing(charactersOver: number) {
    let turn = 0;
    const idsNow = () => idsOf(3, 7_001 + turn);
    const script: Script = (text) => {
      turn += 1;
      return listing(...idsNow())(text, undefined as never);
    };
    const charactersNow = [...idsNow(), asker].join(',').length;
    const stage = seekerAt([script], {
      listRecordCharactersMax: charactersNow - charactersOver,
    });
    stage.world.run({ forMs: 10 });
    stage.host.type('lacking');
    stage.world.run({ forMs: 50_000 });
    const times = stage.host.records
      .filter(({ record }) => record.event === 'list')
      .map(({ wallMs }) => wallMs);
    const gaps = times.slice(1).map((ms, n) => ms - (times[n] as number));
    return { ...stage, gaps, idsNow, turns: () => turn };
  }

  test('A4: is written each time while it is no longer than that', () => {
    const { host, turns } = changing(0);
    expect(turns()).toBeGreaterThan(30);
    expect(listsOf(host)).toHaveLength(turns());
    expect(recordsOf(host, 'union')).toHaveLength(turns());
  });

  test('A4: a longer one is written at first, then once a liveness interval, as it is by then', () => {
    const { world, seeds, host, gaps, idsNow, turns } = changing(1);
    expect(turns()).toBeGreaterThan(30);
    expect(gaps.length).toBeGreaterThanOrEqual(4);
    for (const ms of gaps) expect(ms).toBeGreaterThanOrEqual(10_000);
    const last = listing(...idsNow());
    seeds[0].script = last;
    world.run({ forMs: 12_000 });
    expect(listsOf(host).at(-1)).toEqual([...idsNow(), asker]);
  });

  test('A4: one that waits when the process ends is written before it does, once', () => {
    const { world, host, idsNow } = changing(1);
    world.run({ forMs: 5_000 });
    const before = listsOf(host).length;
    expect(listsOf(host).at(-1)).not.toEqual([...idsNow(), asker]);
    for (let times = 0; times < 2; times += 1) {
      host.interrupt();
      world.run({ forMs: 0 });
      expect(listsOf(host).slice(before)).toEqual([[...idsNow(), asker]]);
    }
  });

  test('A4: the first list of each registration is written, however long and soon it comes', () => {
    const { world, seeds, host } = seekerAt([listing(...idsOf(3))], { listRecordCharactersMax: 1 });
    world.run({ forMs: 100 });
    seeds[0].clients[0]?.end();
    world.run({ forMs: 2_000 });
    expect(listsOf(host)).toEqual([
      [...idsOf(3), asker],
      [...idsOf(3), asker],
    ]);
    expect(recordsOf(host, 'union').length).toBeGreaterThan(0);
  });
});

test('A4: a classic seed that is registered with again says its list anew', () => {
  const { world, seeds, host, seeker } = seekerAt([bare('127.0.0.1:7001')]);
  world.run({ forMs: 100 });
  seeds[0].clients[0]?.send(`,127.0.0.1:7002,${asker}`);
  world.run({ forMs: 100 });
  expect(seeker.discovery.union).toEqual(idsOf(2));
  seeds[0].clients[0]?.reset();
  world.run({ forMs: 2_000 });
  expect(recordsOf(host, 'registered')).toHaveLength(2);
  expect(seeker.discovery.union).toEqual(idsOf(1));
  expect(listsOf(host).at(-1)).toEqual(['127.0.0.1:7001', asker]);
});

test('lists that say the same as before cost nothing: the union is not made anew', () => {
  const { world, seeds, seeker } = seekerAt([listing(...idsOf(3)), listing(...idsOf(4, 8_001))]);
  world.run({ forMs: 100 });
  const { union } = seeker.discovery;
  const trials = seeker.trials;
  world.run({ forMs: 300_000 });
  const refreshes = seeds[0].texts().length - 1;
  expect(refreshes).toBeGreaterThan(4);
  expect(seeker.discovery.union).toBe(union);
  // One at each refresh, as those who did not answer before may do so now; none for the answers.
  expect(seeker.trials - trials).toBe(refreshes);
});
