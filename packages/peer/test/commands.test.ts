import type { Peer } from '@hearsay/peer/peer';
import { describe, expect, test } from 'vitest';
import type { Host } from '../../lab/src/simulator/host.js';
import { lastOf, recordsOf, Village } from '../../lab/test/core/village.js';
import { helpLines } from '../src/console.js';
import { accepting, Guest, listing, quiet, ScriptedNode, withGuests } from './stage.js';

/** A peer at one scripted seed of two, with one neighbor that it dialed and one that dialed it. */
function stage() {
  const village = new Village({ seeds: 2 });
  const { world } = village;
  const seed = new ScriptedNode(
    world,
    '127.0.0.1:5001',
    listing('127.0.0.1:7001', '127.0.0.1:7009'),
  );
  const dialed = new ScriptedNode(world, '127.0.0.1:7001', accepting('127.0.0.1:7001'));
  const peer = village.startPeer();
  world.run({ forMs: 100 });
  const guest = new Guest(world, peer, '127.0.0.1:7002');
  world.run({ forMs: 100 });
  const told = (line: string): string[] => {
    const before = peer.told.length;
    peer.type(line);
    world.run({ forMs: 0 });
    return peer.told.slice(before);
  };
  return { village, world, seed, dialed, peer, guest, told };
}

describe('a person at the terminal', () => {
  test('/peers shows the neighbors, who dialed, their strikes, and who is known besides', () => {
    const { world, guest, told } = stage();
    guest.isAlive = false;
    world.run({ forMs: 2_500 });
    expect(told('/peers')).toEqual([
      '2 neighbors',
      '127.0.0.1:7001  hearsay  dialed by us  0/3 strikes',
      '127.0.0.1:7002  hearsay  dialed by it  1/3 strikes',
      '1 other known: 127.0.0.1:7009',
    ]);
  });

  test('/seeds shows where the peer is registered, how many it needs, and what the others do', () => {
    const { told } = stage();
    const lines = told('/seeds');
    expect(lines[0]).toBe('1 registered, 2 needed');
    expect(lines.slice(1).sort()).toEqual([
      '127.0.0.1:5001  registered  hearsay  lists 2',
      '127.0.0.1:5002  resting',
    ]);
  });

  test('/help, /log and an unknown command are answered, an empty line is not', () => {
    const { told } = stage();
    expect(told('/help')).toEqual(helpLines);
    expect(told('/log')).toEqual(['there is no log file']);
    expect(told('/dance')).toEqual(['unknown command /dance; /help lists them']);
    expect(told('   ')).toEqual([]);
  });

  test('/ml writes the message list into the log, and tells it to who does not see that', () => {
    const { world, peer, told } = stage();
    world.run({ forMs: 200 });
    const [head, row, ...more] = told('/ml');
    expect(head).toBe('1 message, the newest 1:');
    expect(row).toMatch(
      /^[0-9a-f]{64} {2}[\d.:]+:GOSSIP1 {2}from self {2}to 127\.0\.0\.1:7001 127\.0\.0\.1:7002$/,
    );
    expect(more).toEqual([]);
    expect(lastOf(peer, 'ml-size')).toMatchObject({ entries: 1, shown: 1 });
    expect(lastOf(peer, 'ml-entry')?.sentTo).toEqual(['127.0.0.1:7001', '127.0.0.1:7002']);
  });

  test('/quit ends at once: the list is written, and the others take it for a crash', () => {
    const { world, seed, peer, guest, told } = stage();
    told('/quit');
    expect(peer.finished).toBe(true);
    expect(peer.records.slice(-1)[0]?.record).toEqual({ event: 'stopped', reason: 'quit' });
    expect(recordsOf(peer, 'ml-size')).toHaveLength(1);
    world.run({ forMs: 1_000 });
    expect(seed.texts('Dead Node:')).toEqual([]);
    expect(guest.client.ended).toBe(true);
  });

  test.each(['/quit', '/leave'])('%s tells how much was dropped and not written', (line) => {
    const { world, peer, guest, told } = stage();
    for (let n = 0; n < 30; n += 1) guest.say('nonsense');
    world.run({ forMs: 10 });
    told(line);
    world.run({ forMs: 600 });
    expect(peer.finished).toBe(true);
    const written = recordsOf(peer, 'dropped').length;
    expect(written).toBeLessThan(30);
    // One more that was not written is the request to somebody who is not there.
    expect(recordsOf(peer, 'dropped-more').map(({ count }) => count + written)).toEqual([30]);
  });
});

describe('/leave', () => {
  test('A11: stops listening, reports itself to its seeds, closes the links and ends', () => {
    const { world, seed, peer, guest, told } = stage();
    told('/leave');
    world.run({ forMs: 20 });
    const late = world.connect(peer.address);
    world.run({ forMs: 20 });
    expect(late.failed).toBe('refused');
    expect(seed.texts('Dead Node:')).toEqual([
      expect.stringMatching(/^Dead Node:127\.0\.0\.1:6001:[\d.]+:127\.0\.0\.1:6001$/),
    ]);
    expect(recordsOf(peer, 'left')).toEqual([{ event: 'left', seeds: ['127.0.0.1:5001'] }]);
    expect(guest.client.ended).toBe(true);
    expect(peer.finished).toBe(false);
    world.run({ forMs: 600 });
    expect(peer.finished).toBe(true);
    expect(seed.clients[0]?.ended).toBe(true);
    expect(peer.records.at(-1)?.record).toEqual({ event: 'stopped', reason: 'left' });
    // That the seeds close its links is what it has asked for.
    const events = peer.records.map(({ record }) => record.event);
    const afterwards = events.slice(events.indexOf('left'));
    for (const event of ['seed-lost', 'majority-lacking', 'union'] as const) {
      expect(afterwards).not.toContain(event);
    }
  });

  test('whoever is connected already and asks to be a neighbor is refused', () => {
    const { world, peer, told } = stage();
    const late = world.connect(peer.address);
    world.run({ forMs: 10 });
    told('/leave');
    late.send('New Connect Request From:127.0.0.1:7003:Hearsay/1');
    world.run({ forMs: 10 });
    expect(late.received).toBe('New Connect Refused:leaving\n');
  });

  test('a second /leave, and what is typed after it, changes nothing', () => {
    const { world, seed, peer, told } = stage();
    told('/leave');
    told('/leave');
    told('anybody still there?');
    world.run({ forMs: 600 });
    expect(seed.texts('Dead Node:')).toHaveLength(1);
    expect(recordsOf(peer, 'left')).toHaveLength(1);
    expect(peer.finished).toBe(true);
  });

  test('A11: seeds remove it at once, no other seed gets it, and it dials nobody any more', () => {
    for (let offsetMs = 0; offsetMs < 1_000; offsetMs += 90) {
      const village = new Village().startSeeds();
      const { world } = village;
      const peers = village.startPeers(6);
      world.run({ forMs: 4_000 + offsetMs });
      const leaver = peers[3] as Host<Peer>;
      const registeredBefore = [...village.seeds.values()].map(
        (seed) => recordsOf(seed, 'registered').length,
      );
      const neighborsBefore = recordsOf(leaver, 'neighbor').length;
      leaver.type('/leave');
      village.until(
        () =>
          [...village.seeds.values()].every(
            (seed) => !lastOf(seed, 'seed-status')?.peers.includes('127.0.0.1:6004'),
          ),
        1_100,
      );
      world.run({ forMs: 600 });
      expect(leaver.finished).toBe(true);
      const registered = [...village.seeds.values()].map(
        (seed) => recordsOf(seed, 'registered').length,
      );
      expect(registered).toEqual(registeredBefore);
      expect(recordsOf(leaver, 'neighbor')).toHaveLength(neighborsBefore);
      const removed = [...village.seeds.values()].flatMap((seed) => recordsOf(seed, 'removed'));
      expect(new Set(removed.map(({ peer, reporter }) => `${peer} by ${reporter}`))).toEqual(
        new Set(['127.0.0.1:6004 by 127.0.0.1:6004']),
      );
    }
  });
});

describe('records', () => {
  test('the status says seeds, neighbors, strikes and counters', () => {
    const { world, peer, guest } = stage();
    guest.isAlive = false;
    guest.say(guest.message(1));
    guest.say('nonsense');
    world.run({ forMs: 3_000 });
    expect(lastOf(peer, 'peer-status')).toEqual({
      event: 'peer-status',
      seeds: ['127.0.0.1:5001'],
      neighbors: ['127.0.0.1:7001', '127.0.0.1:7002'],
      struck: ['127.0.0.1:7002'],
      made: 3,
      received: 1,
      duplicates: 0,
      refused: 0,
      sent: 7,
      ml: 4,
      reports: 0,
      links: 3,
      dropped: expect.any(Number),
      lost: 0,
    });
  });

  test('a status that says what the last one said is not written again', () => {
    const { world, peer } = withGuests(2, quiet);
    world.run({ forMs: 5_000 });
    const before = recordsOf(peer, 'peer-status').length;
    world.run({ forMs: 25_000 });
    expect(recordsOf(peer, 'peer-status')).toHaveLength(before);
    peer.type('something new');
    world.run({ forMs: 1_000 });
    expect(recordsOf(peer, 'peer-status')).toHaveLength(before + 1);
  });

  test('the first status stands at the beginning of the log', () => {
    const peer = new Village().startPeer();
    expect(peer.records).toEqual([]);
    const village = new Village();
    const other = village.startPeer();
    village.world.run({ forMs: 0 });
    expect(other.records[0]?.record.event).toBe('peer-status');
  });
});

test('A4: lists that wait to be written are, before the process ends', () => {
  const village = new Village({
    seeds: 1,
    limits: { listRecordCharactersMax: 1 },
    peer: { livenessIntervalMs: 60_000 },
  });
  const { world } = village;
  const seed = new ScriptedNode(world, '127.0.0.1:5001', listing('127.0.0.1:7001'));
  const peer = village.startPeer();
  world.run({ forMs: 100 });
  seed.script = listing('127.0.0.1:7001', '127.0.0.1:7002');
  world.run({ forMs: 5_000 });
  expect(recordsOf(peer, 'union')).toHaveLength(1);
  peer.interrupt();
  world.run({ forMs: 0 });
  expect(lastOf(peer, 'list')?.peers).toEqual([
    '127.0.0.1:7001',
    '127.0.0.1:7002',
    '127.0.0.1:6001',
  ]);
  expect(lastOf(peer, 'union')?.peers).toEqual(['127.0.0.1:7001', '127.0.0.1:7002']);
  expect(peer.records.at(-1)?.record).toEqual({ event: 'stopped', reason: 'SIGTERM' });
});
