/**
 * Anything may happen to six peers and their seed: they start, register before they listen, die,
 * stand still, are reported rightly and wrongly, while the seed itself stands still now and then.
 * A deliberately simple record of who lived when says what the seed had to make of it.
 */
import type { StandIn } from '@hearsay/lab/simulator/stand-in';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Framing, ScriptedPeer, SeedBench } from './seed-bench.js';

const probeIntervalMs = 4_000;
/** A peer that was down before may be removed by a probe of that time which ends only now. */
const afterlifeMs = 6_000;

const step = fc.record({
  act: fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom('start', 'report', 'report by IP', 'report itself') },
    { weight: 2, arbitrary: fc.constantFrom('start late', 'refresh', 'kill', 'stop', 'resume') },
    { weight: 1, arbitrary: fc.constantFrom('seed stands still', 'register bogus', 'garbage') },
  ),
  peer: fc.nat(5),
  framing: fc.constantFrom<Framing>('tagged', 'line', 'bare'),
  withLinks: fc.boolean(),
  thenMs: fc.oneof(fc.nat(50), fc.nat(3_000)),
});
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

/** What a peer's life was like; times are those of the wall clock. */
interface Life {
  readonly id: string;
  readonly fromMs: number;
  toMs: number;
}

class Story {
  readonly bench: SeedBench;
  readonly lives: Life[] = [];
  readonly askers: StandIn[] = [];
  private readonly peers = new Map<string, ScriptedPeer>();
  private readonly stopped = new Set<string>();

  constructor(rng: number) {
    this.bench = new SeedBench({ rng, latencyMs: [0, 20], settings: { probeIntervalMs } });
  }

  get living(): Life[] {
    return this.lives.filter(({ toMs }) => toMs === Number.POSITIVE_INFINITY);
  }

  play({ act, peer: index, framing, withLinks, thenMs }: Step): void {
    const { bench } = this;
    const id = `127.0.0.1:${6001 + index}`;
    const peer = this.peers.get(id);
    if (act === 'report') bench.report(id);
    else if (act === 'report by IP') bench.report('127.0.0.1');
    else if (act === 'report itself') bench.report(id, id);
    else if (act === 'garbage') bench.tell('Dead Node:\n,,,\n127.0.0.1:5001\n');
    else if (act === 'register bogus') bench.tell(`127.0.0.1:${6101 + index}\n`);
    else if (act === 'seed stands still') this.standStill(thenMs);
    else if (peer === undefined && act === 'start') this.start(id, framing);
    else if (peer === undefined && act === 'start late') this.startLate(id, thenMs);
    else if (peer !== undefined) this.treat(peer, act, withLinks);
    bench.run(thenMs);
    this.registerAgain();
  }

  /** Time enough for the slow sweep to find whoever is dead, and for all to be settled. */
  settle(): void {
    for (const id of this.stopped) this.peers.get(id)?.resume();
    for (const id of this.stopped) this.live(id);
    this.stopped.clear();
    for (let n = 0; n < 40; n += 1) {
      this.bench.run(1_000);
      this.registerAgain();
    }
  }

  private treat(peer: ScriptedPeer, act: Step['act'], withLinks: boolean): void {
    const { id } = peer;
    if (act === 'kill') {
      this.die(id);
      this.peers.delete(id);
      this.stopped.delete(id);
      if (withLinks) peer.kill();
      else peer.deafen();
    } else if (act === 'stop' && !this.stopped.has(id)) {
      this.die(id);
      this.stopped.add(id);
      peer.stop();
    } else if (act === 'resume' && this.stopped.delete(id)) {
      this.live(id);
      peer.resume();
    } else if (act === 'refresh' && peer.link?.received.endsWith('\n') === true) {
      peer.link.send(`${id}\n`);
    }
  }

  private start(id: string, framing: Framing): void {
    this.peers.set(id, new ScriptedPeer(this.bench.world, id));
    this.live(id);
    this.register(id, framing);
  }

  private startLate(id: string, laterMs: number): void {
    const link = this.bench.register(id, 'bare');
    this.askers.push(link);
    this.bench.run(laterMs);
    const peer = new ScriptedPeer(this.bench.world, id);
    peer.link = link;
    this.peers.set(id, peer);
    this.live(id);
  }

  private standStill(forMs: number): void {
    this.bench.seed.stop();
    this.bench.run(forMs);
    this.bench.seed.resume();
  }

  /** A living peer that sees its registration link closed registers again. */
  private registerAgain(): void {
    for (const peer of this.peers.values()) {
      if (!this.stopped.has(peer.id) && peer.link?.ended === true) this.register(peer.id, 'line');
    }
  }

  private register(id: string, framing: Framing): void {
    const link = this.bench.register(id, framing);
    this.askers.push(link);
    const peer = this.peers.get(id);
    if (peer !== undefined) peer.link = link;
  }

  private live(id: string): void {
    const toMs = Number.POSITIVE_INFINITY;
    this.lives.push({ id, fromMs: this.bench.world.wallMs, toMs });
  }

  private die(id: string): void {
    for (const life of this.living) if (life.id === id) life.toMs = this.bench.world.wallMs;
  }
}

/** The removals of peers that were alive, and had been for longer than any probe takes. */
function wrongfulRemovals({ bench, lives }: Story): string[] {
  return bench.seed.records.flatMap(({ record, wallMs }) => {
    if (record.event !== 'removed') return [];
    const first = lives.find(({ id }) => id === record.peer);
    const wrong = lives.some(
      (life) =>
        life.id === record.peer &&
        life.fromMs + (life === first ? 0 : afterlifeMs) <= wallMs &&
        wallMs < life.toMs,
    );
    return wrong ? [`${record.peer} ${record.reason}`] : [];
  });
}

test('A12, A15: whatever happens, the list becomes the living that registered, and no living peer is removed', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40, size: 'max' }), fc.nat(), (steps, rng) => {
      const story = new Story(rng);
      for (const each of steps) story.play(each);
      story.settle();
      expect(wrongfulRemovals(story)).toEqual([]);
      expect([...story.bench.listed].sort()).toEqual(story.living.map(({ id }) => id).sort());
      expect([...story.bench.list].sort()).toEqual(story.living.map(({ id }) => id).sort());
    }),
    { numRuns: 500 },
  );
});

test('A2, A4: whatever happens, no list holds a duplicate, the seed itself or a stranger', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40, size: 'max' }), fc.nat(), (steps, rng) => {
      const story = new Story(rng);
      for (const each of steps) story.play(each);
      story.bench.run(1_000);
      for (const asker of story.askers) {
        const lists = asker.received.split('\n').filter((text) => text !== '');
        for (const items of lists.map((text) => text.split(','))) {
          // In the one list of a bare asker the item before the asker stands twice.
          if (!asker.received.endsWith('\n')) {
            const [doubled] = items.splice(-2, 1);
            expect(doubled).toBe(items.at(-2) ?? items[0]);
          }
          expect(items).toEqual([...new Set(items)]);
          expect(items).not.toContain('127.0.0.1:5001');
          expect(items.filter((item) => !/^127\.0\.0\.1:600[1-6]$/.test(item))).toEqual([]);
        }
      }
    }),
    { numRuns: 500 },
  );
});
