import { LIMITS } from '@hearsay/common/limits';
import { describe, expect, test } from 'vitest';
import type { StandIn } from '../../lab/src/simulator/stand-in.js';
import { classic, quiet, ScriptedNode, withGuests } from './stage.js';

const classicId = '127.0.0.1:7101';

/** A peer with a guest that gossips and a classic neighbor that is slow to get messages. */
function slowly() {
  const { world, peer, guests } = withGuests(1, { ...quiet });
  const home = new ScriptedNode(world, classicId, classic(classicId));
  const request: StandIn = world.connect(peer.address);
  request.send(`New Connect Request From:${classicId}`);
  world.run({ forMs: 1_000 });
  const [guest] = guests;
  return { world, peer, home, guest };
}

describe('errandsRelayedPerNeighborMax: a classic neighbor that is far behind', () => {
  test('still gets what this peer says itself, and before what it passes on', () => {
    const { world, peer, home, guest } = slowly();
    world.options.latencyMs = 100;
    for (let number = 1; number <= 500; number += 1) guest.say(guest.message(number));
    world.run({ forMs: 101 });
    peer.type('my own words');
    world.run({ forMs: 20_000 });
    const isAwaited = (text: string) => text.includes(guest.id) || text.endsWith(':my own words');
    const texts = home.texts().filter((text) => /^\d/.test(text) && isAwaited(text));
    const place = texts.findIndex((text) => text.endsWith(':my own words'));
    expect(place).toBeGreaterThanOrEqual(0);
    expect(place).toBeLessThan(2 * LIMITS.errandsAtOnceMax);
    expect(texts).toHaveLength(LIMITS.errandsAtOnceMax + LIMITS.errandsRelayedPerNeighborMax + 1);
  });
});

test.each([
  ['below', -1, 0],
  ['at', 0, 0],
  ['above', 1, 1],
])(
  'errandsRelayedPerNeighborMax: %s the bound: what waits is passed on or lost',
  (_, more, lost) => {
    const { world, home, guest } = slowly();
    world.options.latencyMs = 100;
    const count = LIMITS.errandsAtOnceMax + LIMITS.errandsRelayedPerNeighborMax + more;
    for (let number = 1; number <= count; number += 1) guest.say(guest.message(number));
    world.run({ forMs: 20_000 });
    expect(home.texts().filter((text) => text.includes(`:${guest.id}:`))).toHaveLength(
      count - lost,
    );
  },
);
