import fc from 'fast-check';
import { expect, test } from 'vitest';
import { at, beginningMs, Story } from './story.js';

const seeds = [5001, 5002];
const peers = [6001, 6002, 6003];

function formed(): Story {
  const story = new Story(seeds, peers);
  story.form();
  return story;
}

function stateOf(story: Story, port: number): string | undefined {
  const peer = story.network.peers.get(at(port));
  return peer && story.network.stateOf(peer);
}

test('a network has formed when all are there, registered, listed and linked', () => {
  const story = new Story(seeds, peers);
  story.form();
  expect(story.network.formedMs).toBe(beginningMs + 1_000);
});

test.each([
  ['a peer is missing', (story: Story) => story.network.peers.delete(at(6003))],
  ['one is not listed', (story: Story) => story.network.seeds.get(at(5001))?.peers.clear()],
  ['one has no neighbor', (story: Story) => isolate(story, 6003)],
  ['one lacks its seeds', (story: Story) => unregister(story, 6003)],
])('a network has not formed while %s', (_, spoil) => {
  const story = formed();
  story.network.formedMs = undefined;
  spoil(story);
  story.network.tick(beginningMs + 2_000);
  expect(story.network.formedMs).toBeUndefined();
});

function isolate(story: Story, port: number): void {
  story.network.peers.get(at(port))?.neighbors.clear();
  for (const peer of story.network.peers.values()) peer.neighbors.delete(at(port));
}

function unregister(story: Story, port: number): void {
  const peer = story.network.peers.get(at(port));
  if (peer !== undefined) peer.majority = undefined;
}

test('a status record sets the counters, and the events after it count on', () => {
  const story = formed();
  story.status(1_500, 6001, { made: 10, received: 20, duplicates: 30, ml: 30 });
  story.made(1_600, 6001, 'a');
  story.received(1_600, 6001, 'b');
  expect(story.network.peers.get(at(6001))).toMatchObject({
    ...{ made: 11, received: 21, duplicates: 30, messageList: 30 },
  });
});

test('a killed peer is killed, then reported, then removed when no seed lists it', () => {
  const story = formed();
  story.network.ended(at(6003), 'killed', beginningMs + 2_000);
  expect(stateOf(story, 6003)).toBe('killed');
  const message = { peer: at(6003), message: 'Dead Node', seeds: seeds.map(at) };
  story.write(5_000, 6001, { event: 'dead-reported', ...message });
  expect(stateOf(story, 6003)).toBe('reported');
  const removed = { event: 'removed', peer: at(6003), reason: 'reported', listed: 2 } as const;
  story.write(5_100, 5001, removed);
  expect(stateOf(story, 6003)).toBe('reported');
  story.write(5_200, 5002, removed);
  expect(stateOf(story, 6003)).toBe('removed');
  const [death] = story.network.deaths.all;
  expect(death && story.network.removedMs(death)).toBe(beginningMs + 5_200);
  expect(death?.reportedMs).toBe(beginningMs + 5_000);
});

test('a seed that is gone need not remove anybody', () => {
  const story = formed();
  story.network.ended(at(6003), 'killed', beginningMs + 2_000);
  story.network.ended(at(5002), 'killed', beginningMs + 2_500);
  story.write(5_100, 5001, { event: 'removed', peer: at(6003), reason: 'x', listed: 2 });
  expect(stateOf(story, 6003)).toBe('removed');
});

test('a peer that stands still is silent to its neighbors, and runs again when it answers', () => {
  const story = formed();
  story.write(2_000, 6001, { event: 'strike', neighbor: at(6003), strikes: 2 });
  expect(stateOf(story, 6003)).toBe('silent');
  expect(story.network.peers.get(at(6001))?.strikes.get(at(6003))).toBe(2);
  story.status(2_500, 6001, { struck: [at(6003)] });
  expect(stateOf(story, 6003)).toBe('silent');
  story.status(3_000, 6001);
  expect(stateOf(story, 6003)).toBe('running');
});

test('a peer that was removed while it stood still is back with its next line', () => {
  const story = formed();
  for (const seed of seeds) {
    story.write(5_000, seed, { event: 'removed', peer: at(6003), reason: 'x', listed: 2 });
  }
  expect(stateOf(story, 6003)).toBe('removed');
  story.write(9_000, 6003, { event: 'woke-late', lateMs: 7_000 });
  expect(stateOf(story, 6003)).toBe('running');
  expect(story.network.deaths.all[0]?.returnedMs).toBe(beginningMs + 9_000);
});

test('a pair counts as delivered by the first receipt, in whatever order the lines come', () => {
  fc.assert(
    fc.property(fc.shuffledSubarray([0, 1, 2], { minLength: 3 }), (order) => {
      const story = formed();
      const lines = [
        () => story.made(2_000, 6001, 'a'),
        () => story.received(2_005, 6002, 'a'),
        () => story.received(2_009, 6003, 'a'),
      ];
      for (const line of order) lines[line]?.();
      story.network.finish(beginningMs + 4_000);
      expect(story.network.deliveries.counts).toEqual({
        ...{ messages: 1, pairs: 2, delivered: 2, loggedTwice: 0 },
      });
    }),
  );
});

test('a missing receipt and a double one are counted', () => {
  const story = formed();
  story.made(2_000, 6001, 'a');
  story.received(2_005, 6002, 'a');
  story.received(2_006, 6002, 'a');
  story.made(2_100, 6003, 'b');
  story.network.finish(beginningMs + 4_000);
  // Of b neither receipt is there; 6001 and 6002 have written nothing since, so they do not count.
  expect(story.network.deliveries.counts).toMatchObject({ pairs: 2, delivered: 1, loggedTwice: 1 });
});

test('what was made before the network had formed, or too late to arrive, does not count', () => {
  const story = formed();
  story.made(900, 6001, 'early');
  story.made(3_500, 6001, 'late');
  story.network.finish(beginningMs + 4_000);
  expect(story.network.deliveries.counts.messages).toBe(0);
});

test('a peer that is gone, or came after a message, is not expected to have it', () => {
  const story = formed();
  story.startPeer(6004);
  story.made(2_000, 6001, 'a');
  story.link(2_500, 6004, 6001);
  story.received(2_005, 6002, 'a');
  story.network.ended(at(6003), 'killed', beginningMs + 2_001);
  story.network.finish(beginningMs + 4_000);
  expect(story.network.deliveries.counts).toMatchObject({ pairs: 1, delivered: 1 });
});

test('the counters of peers whose rows are gone stay in the totals', () => {
  const many = Array.from({ length: 20 }, (_, index) => 6_001 + index);
  const story = new Story(seeds, many);
  story.form();
  for (const peer of many) {
    story.status(1_500, peer, { made: 1, received: 2, duplicates: 3, reports: 1 });
    story.network.ended(at(peer), 'killed', beginningMs + 2_000);
  }
  expect(story.network.peers.size).toBe(8);
  expect(story.network.totals()).toEqual({ made: 20, received: 40, duplicates: 60, reports: 20 });
});

test('a line whose node is no address is passed over', () => {
  const story = formed();
  const before = story.network.peers.size;
  const record = { event: 'stopped', reason: '' } as const;
  story.network.apply({ wallMs: 0, role: 'peer', address: '\x1b[2J', record });
  expect(story.network.peers.size).toBe(before);
});
