/** A node that finds others by seeds, and does nothing else: discovery without a peer around it. */
import { formatAddress, type NodeId } from '@hearsay/common/address';
import { LIMITS, type Limits } from '@hearsay/common/limits';
import { LinkedNode } from '@hearsay/common/linked-node';
import { Random } from '@hearsay/common/random';
import type { Runtime } from '@hearsay/common/runtime';
import { bySeeds } from '@hearsay/peer/bootstrap';
import type { PeerContext, PeerSettings } from '@hearsay/peer/context';
import type { Discovery } from '@hearsay/peer/discovery';
import { World } from '../../lab/src/simulator/world.js';
import { at } from '../../lab/test/core/village.js';
import { type Script, ScriptedNode } from './stage.js';

const settings: PeerSettings = {
  gossipIntervalMs: 1_000,
  gossipCount: 0,
  livenessIntervalMs: 10_000,
  strikesMax: 3,
  neighborsMin: 4,
  neighborsMax: 64,
  statusIntervalMs: 1_000,
};

/**
 * Does what is typed: asks for news once, reports a dead peer, or says whether there are too few
 * neighbors.
 */
export class Seeker extends LinkedNode {
  readonly discovery: Discovery;
  /** How often the union was said to have changed, or to be worth another try. */
  trials = 0;

  constructor(runtime: Runtime, seeds: readonly NodeId[], limits: Limits) {
    super(runtime, limits, limits.peerLinksMax, settings.livenessIntervalMs);
    const { alarms, links, log } = this;
    const self = at('127.0.0.1:6001');
    const selfId = formatAddress(self);
    const random = new Random(1);
    const context: PeerContext = {
      ...{ runtime, alarms, links, log, random, limits, settings, self, selfId },
    };
    this.discovery = bySeeds(seeds.map(at))(context, {
      unionChanged: () => {
        this.trials += 1;
      },
    });
  }

  protected begin(): void {
    this.discovery.start();
  }

  protected line(typed: 'soon' | 'dead' | 'lacking' | 'enough'): void {
    if (typed === 'soon') this.discovery.refreshSoon();
    else if (typed === 'dead') this.discovery.report('127.0.0.1:7001');
    else this.discovery.wantMore(typed === 'lacking');
  }

  protected received(): void {}
  protected wokeLate(): void {}
  protected stop(): void {
    this.discovery.stop();
  }
}

/** A seeker with seeds that answer by these scripts. */
export function seekerAt(scripts: readonly Script[], limits: Partial<Limits> = {}) {
  const world = new World();
  const seeds = scripts.map(
    (script, n) => new ScriptedNode(world, `127.0.0.1:${5_001 + n}`, script),
  );
  const ids = seeds.map(({ id }) => id);
  const host = world.spawn(
    at('127.0.0.1:6001'),
    (runtime) => new Seeker(runtime, ids, { ...LIMITS, ...limits }),
  );
  return { world, seeds: seeds as [ScriptedNode, ...ScriptedNode[]], host, seeker: host.node };
}
