/**
 * What is to be said of a network when it has ended: once as lines for a person, once as data for
 * a program.
 */
import { counted } from './live/counted.js';
import type { Death } from './live/deaths.js';
import type { Network } from './live/network.js';
import { percent, seconds } from './live/picture.js';

/** One peer that went, with what followed, in milliseconds from then. */
interface DeathSummary {
  readonly peer: string;
  readonly how: Death['how'];
  readonly reportedAfterMs: number | null;
  readonly removedAfterMs: number | null;
  /** Seeds that had it on their lists, and those of them that removed it. */
  readonly listedAt: number;
  readonly removedAt: number;
}

/** The run of a network in figures. */
export interface Summary {
  readonly ranMs: number;
  readonly formedAfterMs: number | null;
  readonly made: number;
  readonly duplicates: number;
  /** Messages made after the network had formed, times the peers that should have them. */
  readonly pairs: number;
  readonly delivered: number;
  readonly loggedTwice: number;
  readonly deadReports: number;
  readonly deaths: readonly DeathSummary[];
  readonly logs: readonly string[];
}

/** Sums a network up that has ended. */
export function summarize(
  network: Network,
  startedMs: number,
  endedMs: number,
  logs: readonly string[],
): Summary {
  const { made, duplicates, reports } = network.totals();
  const { pairs, delivered, loggedTwice } = network.deliveries.counts;
  const { formedMs } = network;
  return {
    ranMs: endedMs - startedMs,
    formedAfterMs: formedMs === undefined ? null : formedMs - startedMs,
    ...{ made, duplicates, pairs, delivered, loggedTwice, deadReports: reports },
    deaths: network.deaths.all.map((death) => summarizeDeath(death, network)),
    logs,
  };
}

function summarizeDeath(death: Death, network: Network): DeathSummary {
  const { peer, how, atMs, reportedMs, listedAt, removedMs } = death;
  const removed = network.removedMs(death);
  return {
    ...{ peer, how },
    reportedAfterMs: reportedMs === undefined ? null : reportedMs - atMs,
    removedAfterMs: removed === undefined ? null : removed - atMs,
    ...{ listedAt: listedAt.size, removedAt: removedMs.size },
  };
}

/** Log files that are named one by one. */
const logsNamedMax = 12;

/** The summary as lines for a person. */
export function describe(summary: Summary): string[] {
  const { made, duplicates, pairs, delivered, loggedTwice, deadReports, deaths, logs } = summary;
  const formed =
    summary.formedAfterMs === null
      ? 'never formed'
      : `formed after ${seconds(summary.formedAfterMs)}`;
  const named = logs.slice(0, logsNamedMax);
  return [
    `ran         ${seconds(summary.ranMs)}, ${formed}`,
    `messages    ${made} made, ${counted(duplicates, 'duplicate')}, ` +
      `${loggedTwice || 'none'} logged twice`,
    `delivered   ${describeShare(delivered, pairs)}`,
    `deaths      ${deaths.length || 'none'}, dead-node messages sent: ${deadReports}`,
    ...deaths.map((death) => `            ${describeDeath(death)}`),
    ...named.map((log, index) => `${index === 0 ? 'logs' : '    '}        ${log}`),
    ...(logs.length > logsNamedMax
      ? [`            and ${logs.length - logsNamedMax} more there`]
      : []),
  ];
}

function describeShare(delivered: number, pairs: number): string {
  return pairs === 0
    ? 'nothing to judge: no message was made in time after the network had formed'
    : `${percent(delivered, pairs)} of the pairs of message and peer: ${delivered} of ${pairs}`;
}

function describeDeath(death: DeathSummary): string {
  const { peer, how, reportedAfterMs, removedAfterMs, listedAt, removedAt } = death;
  const reported =
    reportedAfterMs === null ? 'not reported' : `reported after ${seconds(reportedAfterMs)}`;
  const when = removedAfterMs === null ? '' : ` after ${seconds(removedAfterMs)}`;
  const seeds = `${removedAt} of ${counted(listedAt, 'seed')}`;
  return `${peer} ${how}: ${reported}, removed at ${seeds}${when}`;
}
