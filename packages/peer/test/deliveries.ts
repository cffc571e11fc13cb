/** Whole networks, and whom their messages have reached, as the peers' own records tell it. */
import type { Peer } from '@hearsay/peer/peer';
import { expect } from 'vitest';
import type { Host } from '../../lab/src/simulator/host.js';
import { recordsOf, Village, type VillageOptions } from '../../lab/test/core/village.js';
import { graphOf, isConnected } from './graph.js';

/** Three seeds and so many peers that start at once, when the network has formed. */
export function formed(count: number, options: VillageOptions = {}): Village {
  const village = new Village(options).startSeeds();
  village.world.run({ forMs: 100 });
  village.startPeers(count);
  village.world.run({ forMs: 4_000 });
  expect(isConnected(graphOf(village.peers))).toBe(true);
  return village;
}

/** The messages that peers made from a time on and that had time to travel, with their makers. */
export function madeSince(village: Village, wallMs: number): [string, Host<Peer>][] {
  const untilMs = village.world.wallMs - 1_000;
  return [...village.peers.values()].flatMap((host) =>
    host.records.flatMap(({ record, wallMs: atMs }): [string, Host<Peer>][] =>
      record.event === 'gossip-made' && atMs >= wallMs && atMs <= untilMs
        ? [[record.message, host]]
        : [],
    ),
  );
}

/** Whoever should have logged a message exactly once and did not. */
export function undelivered(
  messages: readonly [string, Host<Peer>][],
  peers: Iterable<Host<Peer>>,
): string[] {
  return [...peers].flatMap((peer) => {
    const receipts = new Map<string, number>();
    for (const { message } of recordsOf(peer, 'gossip-received')) {
      receipts.set(message, (receipts.get(message) ?? 0) + 1);
    }
    return messages
      .filter(([message, maker]) => (receipts.get(message) ?? 0) !== (maker === peer ? 0 : 1))
      .map(([message]) => `${message} at ${peer.address.port}`);
  });
}
