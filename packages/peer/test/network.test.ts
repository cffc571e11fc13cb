import type { NodeId } from '@hearsay/common/address';
import { formatLogLine, parseLogLine } from '@hearsay/common/log-line';
import { Random } from '@hearsay/common/random';
import { describe, expect, test } from 'vitest';
import { lastOf, recordsOf, type Village } from '../../lab/test/core/village.js';
import { formed, madeSince, undelivered } from './deliveries.js';
import { graphOf, isConnected } from './graph.js';

/** The ids that each seed shows to others. */
function listsOf(village: Village): NodeId[][] {
  return [...village.seeds.values()].map((seed) => [...(lastOf(seed, 'seed-status')?.peers ?? [])]);
}

describe('three seeds and thirty peers', () => {
  test('A8: every message made after the network has formed is logged once by every other peer', () => {
    for (const rng of [1, 2]) {
      const village = formed(30, { rng, latencyMs: [1, 30], chunkBytes: 100 });
      const sinceMs = village.world.wallMs;
      for (const [n, peer] of [...village.peers.values()].entries())
        if (n % 5 === 0) peer.type(`hello ${n}`);
      village.world.run({ forMs: 8_000 });
      const made = madeSince(village, sinceMs);
      expect(made.length).toBeGreaterThan(150);
      expect(undelivered(made, village.peers.values())).toEqual([]);
      expect(
        [...village.peers.values()].flatMap((peer) => recordsOf(peer, 'gossip-refused')),
      ).toEqual([]);
    }
  });

  test('A9: no message goes over a link more than once each way', () => {
    const village = formed(30);
    village.world.run({ forMs: 12_000 });
    let sent = 0;
    let arrived = 0;
    for (const peer of village.peers.values()) {
      const status = lastOf(peer, 'peer-status');
      sent += status?.sent ?? 0;
      arrived += (status?.received ?? 0) + (status?.duplicates ?? 0);
      peer.type('/ml');
    }
    village.world.run({ forMs: 100 });
    expect(arrived).toBe(sent);
    const links = [...graphOf(village.peers).values()].reduce((sum, { size }) => sum + size, 0);
    // The maker sends on all its links, every other on all but one at the most.
    expect(sent).toBeLessThanOrEqual(300 * (links - 29));
    for (const peer of village.peers.values()) {
      for (const { sentTo } of recordsOf(peer, 'ml-entry')) {
        expect(new Set(sentTo).size).toBe(sentTo.length);
      }
    }
  });

  test('A7: a peer that joins late takes part at once', () => {
    const village = formed(30, { peer: { gossipCount: 0 } });
    const late = village.startPeer();
    village.until(() => recordsOf(late, 'gossip-made').length === 1, 1_000);
    village.world.run({ forMs: 500 });
    const sinceMs = village.world.wallMs;
    village.world.run({ forMs: 5_000 });
    expect(undelivered(madeSince(village, sinceMs), village.peers.values())).toEqual([]);
    const [first] = recordsOf(late, 'gossip-made');
    expect(undelivered([[first?.message ?? '', late]], village.peers.values())).toEqual([]);
  });

  test('A3: with two of the three seeds killed everything goes on, and a new peer joins by the third', () => {
    const village = formed(30, { peer: { gossipCount: 0 } });
    const [first, second] = village.seeds.values();
    first?.kill('reset');
    second?.kill('ended');
    village.world.run({ forMs: 5_000 });
    const late = village.startPeer();
    village.world.run({ forMs: 6_000 });
    expect(lastOf(late, 'majority-lacking')).toMatchObject({
      registered: 1,
      needed: 2,
      seeds: ['127.0.0.1:5003'],
    });
    expect(recordsOf(late, 'majority-reached')).toEqual([]);
    expect(lastOf(late, 'peer-status')?.neighbors.length).toBeGreaterThanOrEqual(4);
    const sinceMs = village.world.wallMs;
    village.world.run({ forMs: 4_000 });
    const made = madeSince(village, sinceMs);
    expect(made.filter(([, maker]) => maker === late).length).toBeGreaterThan(1);
    expect(undelivered(made, village.peers.values())).toEqual([]);
    expect([...village.peers.values()].flatMap((peer) => recordsOf(peer, 'neighbor-lost'))).toEqual(
      [],
    );
  });

  test('A11, A12: peers that are killed or stopped are removed by every seed, nobody living is, and all goes on', () => {
    for (let rng = 1; rng <= 3; rng += 1) {
      const village = formed(20, { rng, latencyMs: [1, 10], peer: { gossipCount: 0 } });
      const { world } = village;
      const victims = new Random(rng).shuffle([...village.peers]).slice(0, 5);
      const diedAtMs = new Map<NodeId, number>();
      for (const [n, [id, host]] of victims.entries()) {
        if (n % 3 === 0) host.kill('reset');
        else if (n % 3 === 1) host.kill('ended');
        else host.stop();
        village.peers.delete(id);
        diedAtMs.set(id, world.wallMs);
        world.run({ forMs: 800 });
      }
      world.run({ forMs: 6_000 });
      for (const seed of village.seeds.values()) {
        for (const { record, wallMs } of seed.records) {
          if (record.event !== 'removed') continue;
          // Four intervals after its last answer, and the seed's own probe of the accused.
          const afterMs = wallMs - (diedAtMs.get(record.peer) ?? Number.NaN);
          expect(afterMs).toBeGreaterThan(0);
          expect(afterMs).toBeLessThanOrEqual(4_000 + 2_000);
        }
      }
      for (const list of listsOf(village)) {
        expect(list.filter((id) => diedAtMs.has(id))).toEqual([]);
      }
      expect(isConnected(graphOf(village.peers))).toBe(true);
      const sinceMs = world.wallMs;
      world.run({ forMs: 3_000 });
      expect(undelivered(madeSince(village, sinceMs), village.peers.values())).toEqual([]);
    }
  });

  test('A14: every record of a run, hostile text included, is one line that parses back', () => {
    const village = formed(6);
    for (const peer of village.peers.values()) {
      peer.type('"quoted" = and \\ back, 😀 \u202e');
      peer.type('/ml');
      village.world.connect(peer.address).send('no message at all\u0007\u2028\n\u001b[2J=\n');
    }
    village.world.run({ forMs: 2_000 });
    [...village.peers.values()][2]?.type('/leave');
    [...village.peers.values()][4]?.kill();
    village.world.run({ forMs: 8_000 });
    const entries = [...village.peers.values()].flatMap(({ records }) => records);
    expect(new Set(entries.map(({ record }) => record.event)).size).toBeGreaterThan(12);
    for (const entry of entries) {
      const line = formatLogLine(entry);
      expect(line).not.toMatch(/[\r\n]/);
      expect(parseLogLine(line)).toEqual({ ok: true, value: entry });
    }
  });

  test('the same numbers play the same run', () => {
    const play = (rng: number) => {
      const village = formed(8, { rng, latencyMs: [1, 20] });
      [...village.peers.values()][3]?.kill();
      village.world.run({ forMs: 6_000 });
      return [...village.peers.values()].map(({ records }) => records);
    };
    expect(play(4)).toEqual(play(4));
  });
});
