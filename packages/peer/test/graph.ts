/** The overlay of a village as its peers' own records tell it. */
import type { NodeId } from '@hearsay/common/address';
import type { Peer } from '@hearsay/peer/peer';
import type { Host } from '../../lab/src/simulator/host.js';
import { lastOf } from '../../lab/test/core/village.js';

export type Graph = ReadonlyMap<NodeId, ReadonlySet<NodeId>>;

/** Who says whom to be its neighbor, by the last status of each. */
export function graphOf(peers: Iterable<readonly [NodeId, Host<Peer>]>): Graph {
  return new Map(
    [...peers].map(([id, host]) => [id, new Set(lastOf(host, 'peer-status')?.neighbors ?? [])]),
  );
}

/** Whether everybody reaches everybody over links that both ends know. */
export function isConnected(graph: Graph): boolean {
  const [first] = graph.keys();
  const reached = new Set<NodeId>();
  const next = first === undefined ? [] : [first];
  for (let id = next.pop(); id !== undefined; id = next.pop()) {
    if (reached.has(id)) continue;
    reached.add(id);
    for (const other of graph.get(id) ?? []) if (graph.get(other)?.has(id)) next.push(other);
  }
  return reached.size === graph.size;
}

/** Pairs of which only one end knows of the link. */
export function lopsided(graph: Graph): string[] {
  return [...graph].flatMap(([id, neighbors]) =>
    [...neighbors].filter((other) => !graph.get(other)?.has(id)).map((other) => `${id} → ${other}`),
  );
}

/** The number of neighbors of each, in the order of the graph. */
export function degreesOf(graph: Graph): number[] {
  return [...graph.values()].map(({ size }) => size);
}

export function mean(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0) / numbers.length;
}
