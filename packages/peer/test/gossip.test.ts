import { LIMITS } from '@hearsay/common/limits';
import type { Peer } from '@hearsay/peer/peer';
import { describe, expect, test } from 'vitest';
import type { Host } from '../../lab/src/simulator/host.js';
import {
  lastOf,
  recordsOf,
  type Village,
  type VillageOptions,
} from '../../lab/test/core/village.js';
import { classic, type Guest, quiet, ScriptedNode, sha256, withGuests } from './stage.js';

/** A classic neighbor: one that asked for it, and listens for the connections that bring messages. */
function addClassic(village: Village, peer: Host<Peer>, id: string): ScriptedNode {
  village.world.connect(peer.address).send(`New Connect Request From:${id}`);
  const home = new ScriptedNode(village.world, id, classic(id));
  village.world.run({ forMs: 200 });
  return home;
}

describe('hearing messages', () => {
  test('A8, A14: the first receipt is logged once, with sender and SHA-256, and later copies are counted', () => {
    const { world, peer, guests } = withGuests(3, quiet);
    const message = guests[0].message(1);
    guests[0].say(message);
    world.run({ forMs: 10 });
    guests[1].say(message);
    guests[0].say(message);
    world.run({ forMs: 2_000 });
    expect(recordsOf(peer, 'gossip-received')).toEqual([
      { event: 'gossip-received', message, hash: sha256(message), from: '127.0.0.1:7001' },
    ]);
    expect(lastOf(peer, 'peer-status')).toMatchObject({ received: 1, duplicates: 2 });
  });

  test('A8, A9: it goes to every neighbor but the sender and the origin, once per link each way', () => {
    const { world, guests } = withGuests(5, quiet);
    const [sender, origin, ...others] = guests;
    const message = origin.message(1);
    sender.say(message);
    world.run({ forMs: 10 });
    // Copies that cross, from everybody and twice.
    for (const guest of [...guests, ...guests]) guest.say(message);
    world.run({ forMs: 1_000 });
    const copies = (guest: Guest) => guest.gossip.filter((text) => text === message).length;
    expect([copies(sender), copies(origin)]).toEqual([0, 0]);
    expect(others.map(copies)).toEqual([1, 1, 1]);
  });

  test('A9: one’s own message is not sent back to whoever sent a copy of it, nor to anybody twice', () => {
    const { world, guests } = withGuests(3);
    world.run({ forMs: 500 });
    const [own = ''] = guests[0].gossip;
    for (const guest of guests) guest.say(own);
    world.run({ forMs: 400 });
    expect(guests.map((guest) => guest.gossip.filter((text) => text === own).length)).toEqual([
      1, 1, 1,
    ]);
  });

  test.each([
    ['a text beyond ASCII', ':GOSSIP1:grüße 😀 \u2028 \u0085'],
    ['odd spacing and colons', ':GOSSIP1:  a : b ::  '],
    ['a number without a title', ':7'],
    ['leading zeros', ':GOSSIP007'],
  ])('A8: it is relayed byte for byte: %s', (_, rest) => {
    const { world, peer, guests } = withGuests(2, quiet);
    const message = `${(world.wallMs / 1_000).toFixed(7)}:127.0.0.1:7009${rest}`;
    guests[0].say(message);
    world.run({ forMs: 10 });
    expect(guests[1].gossip).toEqual([message]);
    expect(recordsOf(peer, 'gossip-received')[0]?.hash).toBe(sha256(message));
  });

  test('A8: a line that ends with CRLF is the message without it', () => {
    const { world, guests } = withGuests(2, quiet);
    const message = guests[0].message(1);
    guests[0].say(`${message}\r`);
    world.run({ forMs: 10 });
    expect(guests[1].gossip).toEqual([message]);
  });

  test('A8: it goes to classic neighbors too, bare, each over a connection of its own', () => {
    const { village, world, peer, guests } = withGuests(1, quiet);
    const home = addClassic(village, peer, '127.0.0.1:7101');
    const messages = [1, 2, 3].map((number) => guests[0].message(number));
    for (const message of messages) guests[0].say(message);
    world.run({ forMs: 100 });
    const got = home.clients.map(({ received, ended }) => ({ received, ended }));
    expect(got.filter(({ received }) => messages.includes(received))).toHaveLength(3);
    expect(got.every(({ ended }) => ended)).toBe(true);
  });

  test('a message of three fields goes on to Hearsay neighbors and not to classic ones', () => {
    const { village, world, peer, guests } = withGuests(2, quiet);
    const home = addClassic(village, peer, '127.0.0.1:7101');
    const message = `${(world.wallMs / 1_000).toFixed(3)}:127.0.0.1:4`;
    guests[0].say(message);
    world.run({ forMs: 200 });
    expect(guests[1].gossip).toContain(message);
    expect(home.texts().filter((text) => text === message)).toEqual([]);
    expect(recordsOf(peer, 'gossip-received')).toHaveLength(1);
  });

  test('gossip of somebody who is no neighbor is served, and goes to all neighbors', () => {
    const { village, world, peer, guests } = withGuests(2, quiet);
    const home = addClassic(village, peer, '127.0.0.1:7101');
    const message = `${(world.wallMs / 1_000).toFixed(3)}:127.0.0.1:7101:GOSSIP1`;
    const visitor = world.connect(peer.address, { fromIp: '127.0.0.9' });
    visitor.send(message);
    visitor.end();
    world.run({ forMs: 300 });
    expect(guests.slice(0, 2).map((guest) => guest.gossip.includes(message))).toEqual([true, true]);
    expect(recordsOf(peer, 'gossip-received')).toMatchObject([
      { message, from: `127.0.0.9:${visitor.address.port}` },
    ]);
    // The classic neighbor made it itself: the origin does not get it back.
    expect(home.texts().filter((text) => text === message)).toEqual([]);
  });
});

describe('messages that are not taken', () => {
  const refusals = (peer: Host<Peer>) =>
    recordsOf(peer, 'gossip-refused').map(({ reason }) => reason);

  test('one in the peer’s own name that it did not make is refused, logged and not sent on', () => {
    const { world, peer, guests } = withGuests(2, quiet);
    const forged = `${(world.wallMs / 1_000).toFixed(3)}:127.0.0.1:6001:GOSSIP99`;
    guests[0].say(forged);
    world.run({ forMs: 10 });
    expect(recordsOf(peer, 'gossip-refused')).toEqual([
      { event: 'gossip-refused', message: forged, reason: 'in our name', from: '127.0.0.1:7001' },
    ]);
    expect(guests[1].gossip).toEqual([]);
    expect(recordsOf(peer, 'gossip-received')).toEqual([]);
  });

  test.each([
    ['clockSkewMs', LIMITS.clockSkewMs, 1_000, 'from the future (301 s ahead of our clock)'],
    ['messageWindowMs', -LIMITS.messageWindowMs, -1_000, 'too old (601 s behind our clock)'],
  ])(
    '%s: at the bound a message is taken, a second inside it too, a second beyond it is refused',
    (_, boundMs, beyondMs, reason) => {
      const { world, peer, guests } = withGuests(2, quiet);
      // On a whole second, so that the bound can be met exactly; it arrives a moment later.
      world.run({ forMs: 1_000 - (world.wallMs % 1_000) - 1 });
      const stampOf = (aheadMs: number) => ((world.wallMs + 1 + aheadMs) / 1_000).toFixed(3);
      const say = (aheadMs: number, number: number) =>
        guests[0].say(`${stampOf(aheadMs)}:127.0.0.1:7009:GOSSIP${number}`);
      say(boundMs, 1);
      say(boundMs - beyondMs, 2);
      world.run({ forMs: 1 });
      expect(refusals(peer)).toEqual([]);
      expect(recordsOf(peer, 'gossip-received')).toHaveLength(2);
      world.run({ forMs: 999 });
      say(boundMs + beyondMs, 3);
      world.run({ forMs: 1 });
      expect(refusals(peer)).toEqual([reason]);
      expect(guests[1].gossip.filter((text) => text.includes(':7009:'))).toHaveLength(2);
    },
  );

  test('digestsMax: a flood that pushes everything out of the list does not stop one’s own gossip', () => {
    const { world, peer, guests } = withGuests(2, { limits: { digestsMax: 1_024 } }, true);
    for (let n = 1; n <= 1_500; n += 1) guests[0].say(guests[0].message(n, LIMITS.clockSkewMs - 5));
    world.run({ forMs: 12_000 });
    expect(recordsOf(peer, 'gossip-made')).toHaveLength(10);
    expect(lastOf(peer, 'peer-status')?.ml).toBe(1_024);
  });
});

describe('errands to a classic neighbor', () => {
  /** A classic neighbor that takes no connection for the moment, and so many messages for it. */
  function burst(messages: number, limits: VillageOptions['limits']) {
    const { village, world, peer, guests } = withGuests(1, { ...quiet, ...(limits && { limits }) });
    const id = '127.0.0.1:7101';
    world.connect(peer.address).send(`New Connect Request From:${id}`);
    world.run({ forMs: 1_000 });
    const openedAtMs: number[] = [];
    const got: string[] = [];
    world.listen(
      { ip: '127.0.0.1', port: 7_101 },
      { onAccept: () => openedAtMs.push(world.now), onData: (_, text) => got.push(text) },
    );
    for (let n = 1; n <= messages; n += 1) guests[0].say(guests[0].message(n));
    village.world.run({ forMs: 5_000 });
    const gossip = got.filter((text) => text.includes(':7001:GOSSIP'));
    // Each takes a round trip, and those of one round come up in the same moment.
    const most = Math.max(
      ...openedAtMs.map((ms) => openedAtMs.filter((other) => other === ms).length),
    );
    return { most, delivered: gossip.length };
  }

  test.each([
    [2, 2],
    [3, 3],
    [4, 3],
  ])(
    'errandsAtOnceMax: %d messages take at most so many connections at once: %d',
    (messages, most) => {
      expect(burst(messages, { errandsAtOnceMax: 3 })).toMatchObject({ most, delivered: messages });
    },
  );

  test.each([
    [6, 6],
    [7, 7],
    [8, 7],
  ])(
    'errandsPerNeighborMax: beside two under way five may wait: of %d messages %d arrive',
    (messages, delivered) => {
      const limits = { errandsAtOnceMax: 2, errandsPerNeighborMax: 5 };
      expect(burst(messages, limits)).toMatchObject({ delivered });
    },
  );
});
