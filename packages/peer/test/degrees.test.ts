import { describe, expect, test } from 'vitest';
import { lastOf, Village } from '../../lab/test/core/village.js';

/** The mean number of neighbors, by what the peers themselves wrote last. */
function meanDegree(village: Village): number {
  const degrees = [...village.peers.values()].map(
    (peer) => lastOf(peer, 'peer-status')?.neighbors.length ?? 0,
  );
  return degrees.reduce((sum, degree) => sum + degree, 0) / degrees.length;
}

function grown(peers: number): Village {
  const village = new Village({ rng: 5, peer: { gossipCount: 1 } }).startSeeds();
  village.startPeers(peers);
  village.world.run({ forMs: 10_000 });
  expect(meanDegree(village)).toBeCloseTo(8, 0);
  return village;
}

describe('A6: degrees stay what they were, since an end keeps up just the links that it dialed', () => {
  test('when peers are stopped, buried, and go on', () => {
    const village = grown(30);
    for (const peer of village.peers.values()) {
      peer.stop();
      village.world.run({ forMs: 8_000 });
      peer.resume();
      village.world.run({ forMs: 10_000 });
    }
    expect(meanDegree(village)).toBeGreaterThan(7);
    expect(meanDegree(village)).toBeLessThan(9);
  });

  test('when the network is split for so long that both sides bury each other, and heals', () => {
    const village = grown(30);
    const peers = [...village.peers.values()];
    for (let round = 0; round < 5; round += 1) {
      village.world.cut(peers.slice(0, 15), peers.slice(15));
      village.world.run({ forMs: 10_000 });
      village.world.heal();
      village.world.run({ forMs: 30_000 });
    }
    expect(meanDegree(village)).toBeGreaterThan(6.5);
    expect(meanDegree(village)).toBeLessThan(9);
  });

  test('when peers are killed and start again at the same address', () => {
    const village = grown(30);
    for (const [id, peer] of [...village.peers]) {
      peer.kill('ended');
      village.world.run({ forMs: 6_000 });
      village.startPeer({}, id);
      village.world.run({ forMs: 4_000 });
    }
    village.world.run({ forMs: 5_000 });
    expect(meanDegree(village)).toBeGreaterThan(7);
    expect(meanDegree(village)).toBeLessThan(9);
  });
});
