/**
 * How a network is shown while it runs. On a terminal the picture is redrawn in place; without one
 * there is a line for each notable event, and a summary line now and then.
 */
import type { Colors } from '@hearsay/runtime/colors';
import { printable } from './columns.js';
import { counted } from './counted.js';
import type { Notable } from './notable.js';
import { type Drawing, draw, timeOfDay, totalsLine } from './picture.js';

/** Shows a network. */
export interface View {
  /** Something notable has happened. */
  note(notable: Notable): void;
  /** Time has passed: shows the state of now. */
  refresh(drawing: Omit<Drawing, 'notables'>): void;
  /** Gives the terminal back until the next picture. */
  leave(): void;
  /** Gives the terminal back. Nothing is shown after that. */
  close(): void;
}

/** A stream to show it on, such as standard output. */
export interface Out {
  write(text: string): boolean;
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
  readonly writableNeedDrain?: boolean;
}

/** The events that the picture may show. */
const notablesMax = 50;
/** The size where a terminal does not tell its own. */
const columnsAssumed = 80;
const rowsAssumed = 24;

const enter = '\x1b[?1049h\x1b[?25l\x1b[?7l'; // The other screen, no cursor, no wrapping.
const leave = '\x1b[?7h\x1b[?25h\x1b[?1049l';
const home = '\x1b[H';
const clearLine = '\x1b[K';
const clearBelow = '\x1b[J';

/**
 * Redraws in place, on the terminal's other screen, so that a change of its size leaves no rubbish
 * and what was there before comes back at the end.
 */
export class TerminalView implements View {
  private readonly notables: Notable[] = [];
  private entered = false;
  private closed = false;

  constructor(
    private readonly out: Out,
    private readonly colors: Colors,
  ) {}

  note(notable: Notable): void {
    this.notables.push(notable);
    // Log lines come a moment later than what this program itself has to say.
    this.notables.sort((a, b) => a.wallMs - b.wallMs);
    if (this.notables.length > notablesMax) this.notables.shift();
  }

  refresh(drawing: Omit<Drawing, 'notables'>): void {
    // A terminal that is held (Ctrl-S) or slow gets no second picture before it has the first.
    if (this.closed || this.out.writableNeedDrain === true) return;
    const columns = this.out.columns || columnsAssumed;
    const rows = this.out.rows || rowsAssumed;
    const paper = { columns, colors: this.colors };
    const lines = draw({ ...drawing, notables: this.notables }, paper, rows);
    const begin = this.entered ? home : enter + home;
    this.entered = true;
    this.out.write(begin + lines.map((line) => line + clearLine).join('\r\n') + clearBelow);
  }

  leave(): void {
    if (this.entered) this.out.write(leave);
    this.entered = false;
  }

  close(): void {
    this.leave();
    this.closed = true;
  }
}

/** Milliseconds between two summary lines. */
const summaryMs = 5_000;

/** Prints plain lines, for a file, a pipe or a machine that reads along. */
export class PlainView implements View {
  private summarizedMs: number | undefined;

  constructor(private readonly out: Pick<Out, 'write'>) {}

  note(notable: Notable): void {
    this.out.write(`${timeOfDay(notable.wallMs)} ${printable(notable.text)}\n`);
  }

  refresh({ network, nowMs, startedMs }: Omit<Drawing, 'notables'>): void {
    this.summarizedMs ??= startedMs;
    if (nowMs - this.summarizedMs < summaryMs) return;
    this.summarizedMs = nowMs;
    const peers = network.livingPeers();
    const lists = peers.map((peer) => peer.messageList);
    const strikes = peers.reduce((sum, peer) => sum + peer.strikes.size, 0);
    const { reports } = network.totals();
    this.out.write(
      `${timeOfDay(nowMs)} ${counted(peers.length, 'peer')} · ${totalsLine(network)} · ` +
        `ML ${Math.max(0, ...lists)} · strikes ${strikes} · dead reports ${reports}\n`,
    );
  }

  leave(): void {}

  close(): void {}
}

/** The view that suits a stream. */
export function viewOn(out: Out, colors: Colors, env: NodeJS.ProcessEnv): View {
  const redraws = out.isTTY === true && env.TERM !== 'dumb';
  return redraws ? new TerminalView(out, colors) : new PlainView(out);
}
