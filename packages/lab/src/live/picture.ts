/**
 * Draws a network as lines of text for a terminal of a given size: a head with the totals, the
 * seeds, the peers, the last notable events, and how to kill a peer. Pure: the same state gives the
 * same lines. No line is wider than the terminal, and no picture higher: rows of peers give way
 * last, and say that they did.
 */
import { clip } from './columns.js';
import { counted } from './counted.js';
import type { Network } from './network.js';
import type { PeerState } from './node-state.js';
import type { Notable } from './notable.js';
import { byAddress, type Namer, nameNodes, type Paper, peerTable, seedTable } from './tables.js';

/** What is drawn, besides the network. */
export interface Drawing {
  readonly network: Network;
  readonly notables: readonly Notable[];
  /** Milliseconds since the epoch. */
  readonly nowMs: number;
  /** When the network was started. */
  readonly startedMs: number;
  readonly logDir: string;
  /** The last line, such as how to end it; undefined: none. */
  readonly hint?: string;
}

/** Events that are shown even if rows of peers must give way to them. */
const notablesMin = 2;
/** Events that are shown at most. */
const notablesMax = 8;

/** Narrower than this, the IP that all nodes share is left out of the sentences. */
const fullNamesWidth = 110;

/** The live picture: what `drawTables` draws, the last events, and what a person can do. */
export function draw(drawing: Drawing, paper: Paper, rows: number): string[] {
  const { notables } = drawing;
  const { above, peerLines, namer } = drawParts(drawing, paper);
  const foot = footLines(drawing, paper.columns, namer).map((line) => paper.colors.dim(line));
  const room = rows - above.length - foot.length - 2;
  const shownPeers = fold(peerLines, room - Math.min(notablesMin, notables.length), paper.columns);
  const eventCount = Math.min(notablesMax, notables.length, Math.max(0, room - shownPeers.length));
  const events = notables.slice(notables.length - eventCount);
  const lines = [
    ...[...above, ...shownPeers, ''],
    ...events.map((event) => eventLine(event, paper, namer)),
    ...['', ...foot],
  ];
  return lines.slice(0, rows);
}

/** The head and both tables alone, with every peer. */
export function drawTables(drawing: Drawing, paper: Paper): string[] {
  const { above, peerLines } = drawParts(drawing, paper);
  return [...above, ...peerLines, ''];
}

function drawParts(
  drawing: Drawing,
  paper: Paper,
): { above: string[]; peerLines: string[]; namer: Namer } {
  const seeds = byAddress(drawing.network.seeds.values());
  const peers = byAddress(drawing.network.peers.values());
  const namer = nameNodes([...seeds, ...peers]);
  const seedLines = seedTable(seeds, drawing, paper, namer);
  const peerLines = peerTable(peers, drawing, paper, namer);
  return { above: [...headLines(drawing, paper), '', ...seedLines, ''], peerLines, namer };
}

function headLines({ network, nowMs, startedMs }: Drawing, { columns, colors }: Paper): string[] {
  const living = network.livingPeers().length;
  const formed =
    network.formedMs === undefined
      ? 'forming'
      : `formed after ${seconds(network.formedMs - startedMs)}`;
  const running = [...network.seeds.values()].filter((seed) => seed.gone === undefined).length;
  const time = clock(nowMs - startedMs);
  const nodes = `${counted(running, 'seed')} · ${counted(living, 'peer')}`;
  const title = `Hearsay ${time} · ${nodes} · ${formed}`;
  return [colors.bold(clip(title, columns)), clip(totalsLine(network), columns)];
}

/** The counters of the whole network in one line. */
export function totalsLine(network: Network): string {
  const { made, received, duplicates } = network.totals();
  const { pairs, delivered } = network.deliveries.counts;
  const share = pairs === 0 ? '' : ` · delivered ${percent(delivered, pairs)}`;
  return `messages ${made}${share} · received ${received} · duplicates ${duplicates}`;
}

/** A share as a person writes it: 100 % only if none is missing. */
export function percent(part: number, whole: number): string {
  const share = whole === 0 ? 1 : part / whole;
  return share === 1 ? '100 %' : `${(Math.floor(share * 10_000) / 100).toFixed(2)} %`;
}

/** Seconds with one decimal. */
export function seconds(durationMs: number): string {
  return `${(durationMs / 1_000).toFixed(1)} s`;
}

function clock(durationMs: number): string {
  const whole = Math.max(0, Math.floor(durationMs / 1_000));
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')}`;
}

/** At most so many lines, but the header and one more; the last says how many are left out. */
function fold(lines: readonly string[], room: number, width: number): readonly string[] {
  const count = Math.max(2, room);
  if (lines.length <= count) return lines;
  const hidden = lines.length - count + 1;
  return [...lines.slice(0, count - 1), clip(`… and ${counted(hidden, 'more peer')}`, width)];
}

function eventLine(event: Notable, { columns, colors }: Paper, name: Namer): string {
  const short = (node: string): string => (columns < fullNamesWidth ? name(node) : node);
  const text = clip(
    `${timeOfDay(event.wallMs)} ${event.text.replaceAll(/\S+:\d+/g, short)}`,
    columns,
  );
  if (event.mood === 'plain') return text;
  return event.mood === 'bad' ? colors.yellow(text) : colors.green(text);
}

/** Hours, minutes and seconds on the clock of this machine's place. */
export function timeOfDay(wallMs: number): string {
  return new Date(wallMs).toTimeString().slice(0, 8);
}

function footLines({ network, logDir, hint }: Drawing, width: number, name: Namer): string[] {
  const [peer] = byAddress(network.livingPeers());
  const lines = [`logs: ${logDir}/seedlog_<port>.txt · ${logDir}/peerlog_<port>.txt`];
  if (peer !== undefined) lines.push(killHint(peer, width, name));
  if (hint !== undefined) lines.push(hint);
  return lines.map((line) => clip(line, width));
}

/** How to kill a peer, in the longest form that shows the whole of its address. */
function killHint({ process, address }: PeerState, width: number, name: Namer): string {
  const forms = [
    `kill a peer and watch: kill -9 ${process}  (that is ${address})`,
    `kill -9 ${process} kills peer ${address}`,
  ];
  const shortest = `kill -9 ${process} kills peer ${name(address)}`;
  return forms.find((form) => form.length <= width) ?? shortest;
}
