/**
 * `npm run soak`: how fast and how surely a dead peer is removed, in many networks one after the
 * other. Its victims are killed and stopped by turns; `soak-run.ts` says what makes a run good.
 */
import { join } from 'node:path';
import { formatDuration } from '@hearsay/runtime/option-values';
import { onInterrupt } from './interrupt.js';
import { type Form, layOut } from './live/columns.js';
import { counted } from './live/counted.js';
import { seconds } from './live/picture.js';
import { removalMsMax, type SoakRun, soakOnce } from './soak-run.js';

/** What a person asked for. */
export interface SoakOptions {
  readonly runs: number;
  readonly peers: number;
  /** The liveness interval, and that of gossip, in milliseconds. */
  readonly intervalMs: number;
  /** Gets a folder for each run. */
  readonly logDir: string;
  /** The results as JSON on stdout, and all else on stderr. */
  readonly json: boolean;
}

/** Does all runs. Gives the exit code: 0 if every one was good, 1 if not. */
export async function soak(options: SoakOptions): Promise<number> {
  const { runs, peers, intervalMs, logDir } = options;
  const interruption = new AbortController();
  const stopListening = onInterrupt(() => interruption.abort());
  const { signal } = interruption;
  const say = (line: string): void => void process.stderr.write(`${line}\n`);
  const bound = seconds(removalMsMax(intervalMs));
  say(
    `${counted(runs, 'run')} of three seeds and ${counted(peers, 'peer')}, liveness interval ` +
      `${formatDuration(intervalMs)}: one peer goes, and must be removed within ${bound}.`,
  );
  const results: SoakRun[] = [];
  while (results.length < runs) {
    const number = results.length + 1;
    const how = number % 2 === 1 ? 'killed' : 'stopped';
    const folder = join(logDir, `run-${number}`);
    const result = await soakOnce({ peers, intervalMs, how, logDir: folder, signal });
    if (signal.aborted) break;
    if (!result.ok) {
      const { node, code, stderr } = result.error;
      say(`lab: node ${node} did not start (${code}) ${stderr.trim()}`);
      break;
    }
    results.push(result.value);
    say(`${number}/${runs} ${progressOf(result.value)}`);
  }
  stopListening();
  const good = results.filter((result) => result.good).length;
  if (options.json) {
    const summary = { ...{ runs, peers, intervalMs }, boundMs: removalMsMax(intervalMs), good };
    process.stdout.write(`${JSON.stringify({ ...summary, results }, undefined, 2)}\n`);
  } else {
    for (const line of table(results)) process.stdout.write(`${line}\n`);
    process.stdout.write(`${good} of ${counted(runs, 'run')} good; logs in ${logDir}\n`);
  }
  return good === runs ? 0 : 1;
}

function progressOf(run: SoakRun): string {
  if (run.victim === null) return 'NOT GOOD: the network did not form';
  const removed = `${run.victim} ${run.how}, removed after ${time(run.removedAfterMs)}`;
  if (run.good) return removed;
  const wrong = run.wronglyRemoved.length > 0 ? `, wrongly removed: ${run.wronglyRemoved}` : '';
  return `NOT GOOD: ${removed} at ${run.removedAt} of ${counted(run.listedAt, 'seed')}${wrong}`;
}

/** The runs, and below them the middle and the worst. */
function table(runs: readonly SoakRun[]): string[] {
  const text = (title: string, cellOf: (run: SoakRun) => string, ...below: string[]): Form => ({
    title,
    cells: [...runs.map(cellOf), ...below],
  });
  const times = (title: string, timeOf: (run: SoakRun) => number | null): Form => {
    const all = runs.map((run) => timeOf(run) ?? Number.POSITIVE_INFINITY);
    const sorted = all.toSorted((a, b) => a - b);
    const below = [sorted[Math.floor(sorted.length / 2)], sorted.at(-1)];
    return { title, cells: [...all, ...below].map(time), align: 'right' };
  };
  const forms = [
    text('run', (run) => String(runs.indexOf(run) + 1), 'median', 'worst'),
    text('peer', (run) => `${run.victim ?? '-'} ${run.how}`),
    times('formed', (run) => run.formedAfterMs),
    times('reported', (run) => run.reportedAfterMs),
    times('removed', (run) => run.removedAfterMs),
    text('seeds', (run) => `${run.removedAt} of ${run.listedAt}`),
    text('wrongly removed', (run) => run.wronglyRemoved.join(' ') || 'none'),
    text('', (run) => (run.good ? 'good' : 'NOT GOOD')),
  ];
  const columns = forms.map((form, index) => ({ name: String(index), forms: [form] }));
  return layOut(columns, [], process.stdout.columns || Number.POSITIVE_INFINITY);
}

function time(durationMs: number | null | undefined): string {
  return Number.isFinite(durationMs) ? seconds(durationMs as number) : 'never';
}
