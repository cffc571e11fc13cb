/** How fast a peer asks, whatever it is told. */
import { LIMITS } from '@hearsay/common/limits';
import { describe, expect, test } from 'vitest';
import { Village, type VillageOptions } from '../../lab/test/core/village.js';
import { accepting, idsOf, listing, neighborsOf, ScriptedNode } from './stage.js';

/** A peer whose seed lists many that close whatever connection comes, and when each came. */
function besieged(count: number, honest: readonly string[] = [], options: VillageOptions = {}) {
  const village = new Village({ seeds: 1, ...options });
  const { world } = village;
  const ids = idsOf(count, 10_001);
  new ScriptedNode(world, '127.0.0.1:5001', listing(...honest, ...ids));
  for (const id of honest) new ScriptedNode(world, id, accepting(id));
  const dialedAtMs: number[] = [];
  for (const id of ids) {
    world.listen(
      { ip: '127.0.0.1', port: Number(id.split(':')[1]) },
      {
        onAccept: (client) => {
          dialedAtMs.push(world.now);
          client.reset();
        },
      },
    );
  }
  const peer = village.startPeer();
  return { village, world, peer, dialedAtMs };
}

describe('connect requests in a row', () => {
  test.each([
    [LIMITS.connectRequestsMax, LIMITS.connectRequestsPerSecondMax],
    [8, 2],
  ])(
    'connectRequestsMax, connectRequestsPerSecondMax: %d at once, and then %d a second',
    (connectRequestsMax, connectRequestsPerSecondMax) => {
      const limits = { connectRequestsMax, connectRequestsPerSecondMax };
      const { world, dialedAtMs } = besieged(2_000, [], { limits });
      world.run({ forMs: 20_000 });
      const boundOf = (seconds: number) =>
        connectRequestsMax + seconds * connectRequestsPerSecondMax;
      for (const seconds of [1, 5, 10, 20]) {
        const dials = dialedAtMs.filter((atMs) => atMs <= 1_000 * seconds).length;
        expect(dials).toBeLessThanOrEqual(boundOf(seconds));
      }
      // Nor does it stop when the first are used up.
      expect(dialedAtMs.length).toBeGreaterThan(boundOf(18));
      const later = dialedAtMs.filter((atMs) => atMs > 5_000);
      const pauses = later.slice(1).map((atMs, n) => atMs - (later[n] as number));
      expect(Math.max(...pauses)).toBeLessThan(2 * (1_000 / connectRequestsPerSecondMax));
    },
  );

  test.each([
    ['below', 7, 7],
    ['at', 8, 8],
    ['above', 9, 8],
  ])('connectRequestsMax: %s the bound: of %i so many are asked at once', (_, count, asked) => {
    const limits = { connectRequestsMax: 8, connectRequestsPerSecondMax: 1 };
    const { village, world, dialedAtMs } = besieged(count, [], { limits });
    village.until(() => dialedAtMs.length > 0, 1_000);
    world.run({ forMs: 999 });
    expect(dialedAtMs).toHaveLength(asked);
    // One comes back a second, rounded up, and nobody is asked again so soon.
    world.run({ forMs: 2 });
    expect(dialedAtMs).toHaveLength(count);
  });

  test('A5: four honest peers among two hundred addresses at which nobody stays are found', () => {
    const honest = idsOf(4);
    const { village, peer } = besieged(200, honest, { rng: 7 });
    village.until(() => honest.every((id) => neighborsOf(peer).includes(id)), 60_000);
  });
});
