/**
 * The two tables of the picture: which columns a seed and a peer have, what each shows, and in
 * which order they are made narrower for a narrow terminal.
 */
import { addressOf, formatIp, type NodeId } from '@hearsay/common/address';
import type { Colors } from '@hearsay/runtime/colors';
import { type Column, type Form, layOut, type Paint } from './columns.js';
import type { Network } from './network.js';
import type { PeerState, SeedState } from './node-state.js';

/** How a node is named where there is little room. */
export type Namer = (node: NodeId) => string;

/** What the tables are drawn on. */
export interface Paper {
  readonly columns: number;
  readonly colors: Colors;
}

interface Source {
  readonly network: Network;
  readonly logDir: string;
}

/** Nodes that all share one IP are named by their port; otherwise by the whole address. */
export function nameNodes(nodes: readonly (SeedState | PeerState)[]): Namer {
  const [ip, ...others] = new Set(nodes.map((node) => addressOf(node.address).ip));
  if (ip === undefined || others.length > 0) return (node) => node;
  const prefix = `${formatIp(ip)}:`;
  return (node) => (node.startsWith(prefix) ? node.slice(prefix.length) : node);
}

/** In the order of their ports. */
export function byAddress<N extends SeedState | PeerState>(nodes: Iterable<N>): N[] {
  return [...nodes].sort((a, b) => addressOf(a.address).port - addressOf(b.address).port);
}

/** The seeds and their lists: a header, and a line each. */
export function seedTable(
  seeds: readonly SeedState[],
  { network, logDir }: Source,
  { columns, colors }: Paper,
  name: Namer,
): string[] {
  const states = seeds.map((seed) => network.stateOf(seed));
  const rows = new Rows(seeds);
  const table: Record<string, readonly (Form | undefined)[]> = {
    node: rows.names('seed', name),
    pid: [rows.number('pid', (seed) => seed.process), undefined],
    state: [{ title: 'state', cells: states }],
    peers: rows.lists('registered peers', 'peers', name, (seed) => seed.peers),
    registrations: [rows.number('registrations', (seed) => seed.registrations), undefined],
    reports: [rows.number('reports', (seed) => seed.reports), undefined],
    refused: [rows.number('refused', (seed) => seed.refused), undefined],
    removals: [rows.number('removed', (seed) => seed.removals), undefined],
    log: rows.logs(logDir),
  };
  const economies = [
    ...['log', 'registrations', 'node', 'peers', 'refused', 'peers', 'reports'],
    ...['peers', 'removals', 'pid'],
  ];
  return layOut(columnsOf(table), economies, columns, painter(states, colors));
}

/** The peers, whom they know, and their counters: a header, and a line each. */
export function peerTable(
  peers: readonly PeerState[],
  { network, logDir }: Source,
  { columns, colors }: Paper,
  name: Namer,
): string[] {
  const states = peers.map((peer) => network.stateOf(peer));
  const rows = new Rows(peers);
  const received = (peer: PeerState): number => peer.received;
  const duplicates = (peer: PeerState): number => peer.duplicates;
  const reports = (peer: PeerState): number => peer.reports;
  const table: Record<string, readonly (Form | undefined)[]> = {
    node: rows.names('peer', name),
    pid: [rows.number('pid', (peer) => peer.process), undefined],
    state: [{ title: 'state', cells: states }],
    seeds: rows.lists('seeds', 'seeds', name, (peer) => network.seedsOf(peer)),
    neighbors: rows.lists('neighbors', 'nbrs', name, (peer) => network.neighborsOf(peer)),
    made: [rows.number('made', (peer) => peer.made), undefined],
    received: [rows.number('received', received), rows.number('recv', received)],
    duplicates: [rows.number('duplicates', duplicates), rows.number('dup', duplicates)],
    ml: [rows.number('ML', (peer) => peer.messageList)],
    strikes: [rows.text('strikes', (peer) => strikesOf(peer, name)), undefined],
    reports: [rows.number('reported', reports), rows.number('rep', reports), undefined],
    log: rows.logs(logDir),
  };
  const economies = [
    ...['log', 'duplicates', 'received', 'reports', 'node', 'neighbors', 'seeds', 'neighbors'],
    ...['seeds', 'neighbors', 'seeds', 'reports', 'strikes', 'pid', 'seeds', 'made', 'neighbors'],
  ];
  return layOut(columnsOf(table), economies, columns, painter(states, colors));
}

/** Makes the forms of columns from the nodes of one table. */
class Rows<N extends SeedState | PeerState> {
  constructor(private readonly nodes: readonly N[]) {}

  text(title: string, cellOf: (node: N) => string): Form {
    return { title, cells: this.nodes.map(cellOf) };
  }

  number(title: string, countOf: (node: N) => number): Form {
    return { ...this.text(title, (node) => String(countOf(node))), align: 'right' };
  }

  /** The node itself: its address, or its short name. */
  names(title: string, name: Namer): Form[] {
    return [
      this.text(title, (node) => node.address),
      this.text(title, (node) => name(node.address)),
    ];
  }

  /** A list of nodes: the first eight, four, two, only how many, or none. */
  lists(
    title: string,
    countTitle: string,
    name: Namer,
    listOf: (node: N) => ReadonlySet<NodeId>,
  ): (Form | undefined)[] {
    const upTo = (shown: number): Form =>
      this.text(title, (node) => {
        const names = [...listOf(node)].map(name).sort();
        const hidden = names.length - shown;
        return hidden > 0 ? `${names.slice(0, shown).join(' ')} +${hidden}` : names.join(' ');
      });
    const count = this.number(countTitle, (node) => listOf(node).size);
    return [upTo(8), upTo(4), upTo(2), count, undefined];
  }

  /** Where each node writes its log. */
  logs(logDir: string): (Form | undefined)[] {
    const fileOf = ({ role, address }: N): string =>
      `${logDir}/${role}log_${addressOf(address).port}.txt`;
    return [this.text('log', fileOf), undefined];
  }
}

function columnsOf(table: Readonly<Record<string, readonly (Form | undefined)[]>>): Column[] {
  return Object.entries(table).map(([name, forms]) => ({ name, forms }));
}

function strikesOf(peer: PeerState, name: Namer): string {
  return [...peer.strikes].map(([neighbor, strikes]) => `${name(neighbor)}:${strikes}`).join(' ');
}

function painter(states: readonly string[], colors: Colors): Paint {
  return (text, column, row) => {
    if (row < 0) return colors.dim(text);
    const state = states[row] ?? '';
    if (state === 'removed') return colors.dim(text);
    if (column !== 'state') return text;
    if (state === 'running') return colors.green(text);
    return state === 'joining' ? colors.yellow(text) : colors.red(text);
  };
}
