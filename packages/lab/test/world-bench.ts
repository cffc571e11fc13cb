/** The bench of the conformance suite on the in-memory world: waiting advances virtual time. */
import { type Address, formatAddress } from '@hearsay/common/address';
import type { Host } from '@hearsay/lab/simulator/host';
import { World, type WorldOptions } from '@hearsay/lab/simulator/world';
import type { Bench } from './bench.js';

/** A bench on a world of its own. */
export function worldBench(options: WorldOptions): Bench {
  const world = new World(options);
  const hosts = new Map<string, Host>();
  let port = 6_000;

  function nextAddress(): Address {
    port += 1;
    return { ip: '127.0.0.1', port };
  }

  async function until(condition: () => boolean): Promise<void> {
    if (world.runUntil(condition, { withinMs: 60_000 })) return;
    throw new Error('the condition did not hold within a minute of virtual time');
  }

  return {
    until,
    deserted: async () => nextAddress(),
    spawn: async (make) => {
      const address = nextAddress();
      hosts.set(formatAddress(address), world.spawn(address, make));
      world.run({ forMs: 0 });
      return address;
    },
    connect: (to) => world.connect(to),
    standStill: (address, durationMs) => {
      const host = hosts.get(formatAddress(address));
      host?.stop();
      world.run({ forMs: durationMs });
      host?.resume();
    },
    end: async () => {
      for (const host of hosts.values()) host.kill();
    },
  };
}
