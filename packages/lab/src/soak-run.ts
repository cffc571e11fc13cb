/**
 * One run of the soak: a network of its own, three seeds and some peers as real processes. Once it
 * has formed, one random peer is killed (SIGKILL) or stopped (SIGSTOP). The run is good if every
 * seed that had listed the peer removed it within (strikes + 1) liveness intervals and two seconds,
 * and no seed removed any other peer.
 *
 * The time counts from the signal, which no answer outlives, to the last seed's log line.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { formatAddress } from '@hearsay/common/address';
import { failure, type Result, success } from '@hearsay/common/result';
import { formatDuration } from '@hearsay/runtime/option-values';
import { Fleet, type StartError } from './fleet/fleet.js';
import { freePort } from './fleet/ports.js';
import { Network } from './live/network.js';

/** What a run is made from. */
export interface SoakRunOptions {
  readonly peers: number;
  /** The liveness interval, and that of gossip, in milliseconds. */
  readonly intervalMs: number;
  readonly how: 'killed' | 'stopped';
  /** A folder for the config file and the logs. */
  readonly logDir: string;
  /** Ends the run before its time; what it then gives is of no use. */
  readonly signal?: AbortSignal;
}

/** What came of a run. Times are milliseconds; null is what did not happen. */
export interface SoakRun {
  readonly how: 'killed' | 'stopped';
  readonly victim: string | null;
  /** From the first process to a formed network. */
  readonly formedAfterMs: number | null;
  /** From the signal to the first dead-node message. */
  readonly reportedAfterMs: number | null;
  /** From the signal to the removal at the last of the seeds that listed the victim. */
  readonly removedAfterMs: number | null;
  readonly listedAt: number;
  readonly removedAt: number;
  /** Peers that lived, and were removed at a seed all the same. */
  readonly wronglyRemoved: readonly string[];
  readonly good: boolean;
}

const ip = '127.0.0.1';
const seedCount = 3;
const strikesMax = 3;
/** Milliseconds on top of the intervals: the goal that this project has set itself. */
const allowanceMs = 2_000;
/** Milliseconds for a network to form on a busy machine. */
const formMs = 30_000;
/** Milliseconds for which a run is watched beyond the bound, so that a late removal has a figure. */
const lateMs = 5_000;
/**
 * Where the search for free ports begins: below those that systems hand out to dialers, and away
 * from where another soak on this machine looks at the same time.
 */
const portFrom = 21_000 + Math.floor(Math.random() * 10_000);

/** The longest time that the removal of a dead peer may take, in milliseconds. */
export function removalMsMax(intervalMs: number): number {
  return (strikesMax + 1) * intervalMs + allowanceMs;
}

/** Does one run. The error is a node that did not start. */
export async function soakOnce(options: SoakRunOptions): Promise<Result<SoakRun, StartError>> {
  const { logDir, peers, signal } = options;
  const seeds = await freePorts(seedCount);
  const config = join(logDir, 'config.txt');
  mkdirSync(logDir, { recursive: true });
  writeFileSync(config, seeds.map((port) => `${formatAddress({ ip, port })}\n`).join(''));
  const network = new Network(peers);
  const removed = new Set<string>();
  const fleet = new Fleet(
    { config, logDir },
    {
      entry: (entry) => {
        network.apply(entry);
        if (entry.record.event === 'removed') removed.add(entry.record.peer);
      },
    },
  );
  const abort = (): void => void fleet.end();
  signal?.addEventListener('abort', abort);
  try {
    const startedMs = Date.now();
    const error = await startAll(fleet, seeds, options);
    if (error !== undefined) return failure(error);
    return success(await loseOne(fleet, network, removed, options, startedMs));
  } finally {
    signal?.removeEventListener('abort', abort);
    await fleet.end();
  }
}

async function freePorts(count: number): Promise<number[]> {
  const ports: number[] = [];
  for (let next = portFrom; ports.length < count; ) {
    const port = await freePort(ip, next);
    if (port === undefined) throw new Error(`no port of ${ip} is free from ${portFrom} on`);
    ports.push(port);
    next = port + 1;
  }
  return ports;
}

async function startAll(
  fleet: Fleet,
  seeds: readonly number[],
  { peers, intervalMs }: SoakRunOptions,
): Promise<StartError | undefined> {
  const interval = formatDuration(intervalMs);
  const common = ['--quiet', '--status-interval', '500ms'];
  for (const started of await Promise.all(
    seeds.map((port) => fleet.startSeed({ ip, port }, common)),
  )) {
    if (!started.ok) return started.error;
  }
  const started = await fleet.startPeers(peers, { ip, portFrom }, [
    ...common,
    ...['--gossip-interval', interval, '--gossip-count', '0'],
    ...['--liveness-interval', interval, '--strikes', String(strikesMax)],
  ]);
  return started.ok ? undefined : started.error;
}

async function loseOne(
  fleet: Fleet,
  network: Network,
  removed: ReadonlySet<string>,
  { intervalMs, how }: SoakRunOptions,
  startedMs: number,
): Promise<SoakRun> {
  const formed = await fleet.until(() => {
    network.tick(Date.now());
    return network.formedMs !== undefined;
  }, formMs);
  const candidates = fleet.living.filter((node) => node.role === 'peer');
  const victim = candidates[Math.floor(Math.random() * candidates.length)];
  if (!formed || victim === undefined) {
    return {
      ...{ how, victim: null, formedAfterMs: null, reportedAfterMs: null, removedAfterMs: null },
      ...{ listedAt: 0, removedAt: 0, wronglyRemoved: [...removed], good: false },
    };
  }
  if (how === 'killed') victim.kill();
  else victim.stop();
  const death = network.died(victim.address, how, Date.now());
  const boundMs = removalMsMax(intervalMs);
  await fleet.until(() => network.removedMs(death) !== undefined, boundMs + lateMs);
  // A peer that is removed wrongly goes in the turmoil after a death: two more intervals.
  await fleet.until(() => removed.size > 1, 2 * intervalMs);
  const removedMs = network.removedMs(death);
  const wronglyRemoved = [...removed].filter((peer) => peer !== victim.address);
  const removedAfterMs = removedMs === undefined ? null : removedMs - death.atMs;
  return {
    ...{ how, victim: victim.address },
    formedAfterMs: (network.formedMs as number) - startedMs,
    reportedAfterMs: death.reportedMs === undefined ? null : death.reportedMs - death.atMs,
    removedAfterMs,
    ...{ listedAt: death.listedAt.size, removedAt: death.removedMs.size, wronglyRemoved },
    good: removedAfterMs !== null && removedAfterMs <= boundMs && wronglyRemoved.length === 0,
  };
}
