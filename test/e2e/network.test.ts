/**
 * What the README promises of a network, with real processes on loopback and the log files as the
 * only evidence. The intervals are short, the deadlines those that the project has set itself.
 */
import type { NodeProcess } from '@hearsay/lab/fleet/process';
import { afterEach, expect, test } from 'vitest';
import { Scene } from './scene.js';

const quick = ['--gossip-interval', '500ms', '--liveness-interval', '500ms', '--quiet'];

let scene: Scene;
afterEach(() => scene.end());

test('A8: with 3 seeds and 30 peers every message reaches every peer, and none is logged twice; a late peer takes part, and with two seeds dead a newcomer joins by the third', async () => {
  scene = new Scene();
  await scene.startSeeds(3);
  const flags = [...quick, '--gossip-count', '0'];
  const first = await scene.startPeers(30, flags);
  await scene.formed(first, 4);

  // Everything made from now on, by anybody, must reach everybody.
  const formedMs = Date.now();
  await scene.until('each peer makes three messages', () =>
    first.every((peer) => scene.madeSince([peer], formedMs).size >= 3),
  );
  const made = scene.madeSince(first, formedMs);
  expect(made.size).toBeGreaterThanOrEqual(90);
  await scene.until('all of them reach all', () => first.every((peer) => scene.hasAll(peer, made)));
  for (const peer of first) {
    const received = scene.received(peer);
    expect(new Set(received).size, `${peer.address} logs each once`).toBe(received.length);
  }

  const [late] = (await scene.startPeers(1, flags)) as [NodeProcess];
  await scene.until('the late peer is heard by all', () =>
    first.every((peer) => scene.received(peer).some((m) => m.includes(`:${late.address}:`))),
  );
  const since = Date.now();
  await scene.until('the late peer hears all', () => {
    const fresh = scene.madeSince(first, since);
    return fresh.size >= 30 && scene.hasAll(late, fresh);
  });

  for (const seed of scene.seeds.slice(0, 2)) seed.kill();
  const [newcomer] = (await scene.startPeers(1, flags)) as [NodeProcess];
  await scene.until('the newcomer says that it lacks a majority, and joins', () => {
    const [lacking] = scene.records(newcomer, 'majority-lacking');
    const joined = scene.records(newcomer, 'neighbor').length >= 4;
    return lacking?.registered === 1 && lacking.needed === 2 && joined;
  });
  const alone = Date.now();
  await scene.until('gossip goes on with one seed', () => {
    const fresh = scene.madeSince([...first, late, newcomer], alone);
    const all = [...first, late, newcomer];
    return fresh.size >= 64 && all.every((peer) => scene.received(peer).some((m) => fresh.has(m)));
  });
  for (const seed of scene.seeds) expect(scene.records(seed, 'removed')).toEqual([]);
});

test('A3: a seed that died and returns gets its peers again', async () => {
  scene = new Scene();
  await scene.startSeeds(3);
  const peers = await scene.startPeers(4, [...quick, '--gossip-count', '1']);
  await scene.formed(peers, 3);
  const [victim] = scene.seeds as [NodeProcess];
  const before = new Set(scene.records(victim, 'registered').map(({ peer }) => peer));
  victim.kill();
  await victim.exited;
  await scene.until('others take its place', () =>
    peers.every((peer) => {
      const lost = scene.records(peer, 'seed-lost').some(({ seed }) => seed === victim.address);
      return lost || !before.has(peer.address);
    }),
  );
  const again = await scene.startSeed(victim.address);
  await scene.until('they are listed at the seed again', () => {
    const listed = new Set(scene.records(again, 'listed').map(({ peer }) => peer));
    return [...before].every((peer) => listed.has(peer as string));
  });
});

test('A11: a stopped peer is reported and removed; when it goes on it comes back by itself', async () => {
  scene = new Scene();
  await scene.startSeeds(3);
  const peers = await scene.startPeers(6, [...quick, '--gossip-count', '0']);
  await scene.formed(peers, 4);
  const [victim, ...others] = peers as [NodeProcess, ...NodeProcess[]];
  victim.stop();
  const stoppedMs = Date.now();
  const listing = scene.seeds.filter((seed) =>
    scene.records(seed, 'listed').some(({ peer }) => peer === victim.address),
  );
  await scene.until('every seed removes it', () =>
    listing.every((seed) =>
      scene.records(seed, 'removed').some(({ peer }) => peer === victim.address),
    ),
  );
  victim.continue();
  await scene.until('it is listed again at a majority', () => {
    const again = scene.seeds.filter((seed) =>
      (scene.entries.get(seed) ?? []).some(
        ({ wallMs, record }) =>
          record.event === 'listed' && record.peer === victim.address && wallMs > stoppedMs,
      ),
    );
    return again.length >= 2;
  });
  await scene.until('it is heard by all others', () =>
    others.every((peer) =>
      (scene.entries.get(peer) ?? []).some(
        ({ wallMs, record }) =>
          record.event === 'gossip-received' &&
          wallMs > stoppedMs + 3_000 &&
          record.message.includes(`:${victim.address}:`),
      ),
    ),
  );
  expect(scene.records(victim, 'dead-reported'), 'it accuses nobody').toEqual([]);
  for (const seed of scene.seeds) {
    const removed = scene.records(seed, 'removed').map(({ peer }) => peer);
    expect(new Set([...removed, victim.address])).toEqual(new Set([victim.address]));
  }
});
