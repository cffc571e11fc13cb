/**
 * `npm start`: the seeds of config.txt and some peers as real processes, shown live, until Ctrl-C
 * or for a given time.
 *
 * A peer that dies is first left to the network: its neighbors report it, the seeds remove it, and
 * its links are replaced by others. Only then is a fresh peer started in its place, so that one
 * sees the network heal by itself, and then a newcomer join.
 */
import { relative, resolve } from 'node:path';
import type { Address } from '@hearsay/common/address';
import { colorsFor } from '@hearsay/runtime/colors';
import { neverBlock } from '@hearsay/runtime/terminal';
import { Fleet, type StartError } from './fleet/fleet.js';
import type { NodeProcess } from './fleet/process.js';
import { onInterrupt } from './interrupt.js';
import { Network } from './live/network.js';
import { type Notable, notableOf } from './live/notable.js';
import { drawTables } from './live/picture.js';
import { type Out, PlainView, type View, viewOn } from './live/view.js';
import { portTaken, preflight } from './preflight.js';
import { describe, summarize } from './summary.js';

/** What a person asked for. */
export interface StartOptions {
  readonly peers: number;
  /** Milliseconds after which it ends by itself; 0: never. */
  readonly forMs: number;
  /** Whether to kill one random peer when the network has formed. */
  readonly killOne: boolean;
  readonly timing: Timing;
  readonly config: string;
  readonly logDir: string;
  /** The summary as JSON on stdout, and everything else on stderr. */
  readonly json: boolean;
}

/** `quick` is for watching; `assignment` has the intervals of the assignment's text. */
export type Timing = 'quick' | 'assignment';

const timingFlags: Record<Timing, readonly string[]> = {
  quick: ['--gossip-interval', '1s', '--gossip-count', '0', '--liveness-interval', '1s'],
  assignment: ['--gossip-interval', '5s', '--gossip-count', '10', '--liveness-interval', '13s'],
};
const commonFlags = ['--quiet', '--status-interval', '1s'];

/**
 * How far the first port that is tried for a peer lies from the first seed's (5001 → 6001). Two
 * networks on one machine have different seeds, and so neither takes a port of the other's dead.
 */
const peerPortDistance = 1_000;
const portMax = 65_535;
/** Milliseconds between two pictures. */
const refreshMs = 250;
/** Milliseconds after which a dead peer is replaced even if a seed still lists it. */
const replaceMsMax = 60_000;

/** Runs a network to its end. Gives the exit code. */
export async function start(options: StartOptions): Promise<number> {
  const checked = await preflight(options.config, options.logDir);
  if (!checked.ok) {
    process.stderr.write(`lab: ${checked.error}\n`);
    return 2;
  }
  for (const note of checked.value.notes) process.stderr.write(`lab: ${note}\n`);
  return new LiveNetwork(options, checked.value.seeds).run();
}

/** One network while it is shown. */
class LiveNetwork {
  private readonly out: Out;
  private readonly view: View;
  private readonly network: Network;
  private readonly fleet: Fleet;
  private readonly logDir: string;
  private readonly startedMs = Date.now();
  private readonly replaced = new Set<string>();
  private killed = false;
  private ending = false;
  /** Ends the wait in `run`. */
  private finish: () => void = () => {};

  constructor(
    private readonly options: StartOptions,
    private readonly seeds: readonly Address[],
  ) {
    this.out = options.json ? process.stderr : process.stdout;
    neverBlock(this.out);
    this.view = options.json
      ? new PlainView(this.out)
      : viewOn(this.out, colorsFor(process.stdout, process.env), process.env);
    this.network = new Network(options.peers);
    this.logDir = shownPath(options.logDir);
    this.fleet = new Fleet(options, {
      entry: (entry) => {
        this.network.apply(entry);
        const notable = this.ending ? undefined : notableOf(entry);
        if (notable !== undefined) this.view.note(notable);
      },
      complained: (line) => {
        if (!this.ending) this.say('bad', line);
      },
      ended: (node) => this.nodeEnded(node),
    });
  }

  async run(): Promise<number> {
    const stopListening = onInterrupt((again) => {
      if (again) for (const node of this.fleet.living) node.kill();
      this.finish();
    });
    if (this.out.isTTY === true) process.on('SIGTSTP', this.standStill);
    const finished = new Promise<void>((resolve) => {
      this.finish = resolve;
    });
    const ticking = setInterval(() => this.tick(), refreshMs);
    let timer: NodeJS.Timeout | undefined;
    const failed = this.begin().then((error) => {
      if (error !== undefined) this.finish();
      else if (this.options.forMs > 0) timer = setTimeout(this.finish, this.options.forMs);
      return error;
    });
    await finished;
    this.ending = true;
    const endedMs = Date.now();
    clearTimeout(timer);
    clearInterval(ticking);
    this.view.close();
    const picture = this.picture(endedMs);
    await this.fleet.end();
    const error = await failed;
    stopListening();
    process.off('SIGTSTP', this.standStill);
    if (error !== undefined) return this.explain(error);
    this.network.finish(endedMs);
    this.report(picture, endedMs);
    return 0;
  }

  /** Ctrl-Z: the shell gets its own screen back. The next picture after `fg` takes it again. */
  private readonly standStill = (): void => {
    this.view.leave();
    setImmediate(() => process.kill(process.pid, 'SIGSTOP'));
  };

  /** Starts everything; gives the first thing that went wrong. */
  private async begin(): Promise<StartError | undefined> {
    this.say('plain', `every node writes its log file in ${this.logDir}`);
    const seeds = this.seeds.map((seed) => this.fleet.startSeed(seed, commonFlags));
    for (const seed of await Promise.all(seeds)) {
      if (!seed.ok) return this.ending ? undefined : seed.error;
    }
    const peers = await this.fleet.startPeers(this.options.peers, this.place(), this.peerFlags());
    return peers.ok || this.ending ? undefined : peers.error;
  }

  private place(): { ip: string; portFrom: number } {
    const { ip, port } = this.seeds[0] as Address;
    const isHigh = port + 2 * peerPortDistance > portMax;
    return { ip, portFrom: isHigh ? port - peerPortDistance : port + peerPortDistance };
  }

  private peerFlags(): string[] {
    return [...commonFlags, ...timingFlags[this.options.timing], '--strikes', '3'];
  }

  private tick(): void {
    const nowMs = Date.now();
    this.network.tick(nowMs);
    if (this.options.killOne && !this.killed && this.network.formedMs !== undefined) {
      this.killed = true;
      this.killOne();
    }
    this.replaceDead(nowMs);
    const { network, startedMs, logDir } = this;
    this.view.refresh({ network, nowMs, startedMs, logDir, hint: this.hint(nowMs) });
  }

  private hint(nowMs: number): string {
    const { forMs } = this.options;
    const leftMs = this.startedMs + forMs - nowMs;
    const left =
      forMs > 0 ? ` (it ends by itself in ${Math.max(0, Math.round(leftMs / 1_000))} s)` : '';
    return `Ctrl-C ends the network${left}`;
  }

  private killOne(): void {
    const peers = this.fleet.living.filter((node) => node.role === 'peer');
    const victim = peers[Math.floor(Math.random() * peers.length)];
    if (victim === undefined) return;
    this.say('bad', `kill -9 ${victim.pid}: watch what becomes of peer ${victim.address}`);
    victim.kill();
  }

  private nodeEnded(node: NodeProcess): void {
    if (this.ending || node.exit === undefined) return;
    const { signal, code, wallMs } = node.exit;
    this.network.ended(node.address, signal === null ? 'ended' : 'killed', wallMs);
    const how = signal === null ? `ended with exit code ${code}` : `was killed (${signal})`;
    this.say('bad', `${node.role} ${node.address} ${how}`);
  }

  /** Starts a peer in place of each dead one with which the network is done. */
  private replaceDead(nowMs: number): void {
    for (const death of this.network.deaths.all) {
      const gone = this.network.peers.get(death.peer)?.gone !== undefined;
      if (!gone || this.replaced.has(death.peer)) continue;
      const done = this.network.removedMs(death) !== undefined;
      if (!done && nowMs - death.atMs < replaceMsMax) continue;
      this.replaced.add(death.peer);
      void this.replace(death.peer);
    }
  }

  private async replace(dead: string): Promise<void> {
    const started = await this.fleet.startPeer(this.place(), this.peerFlags());
    if (this.ending) return;
    if (started.ok) this.say('good', `started peer ${started.value.address} in place of ${dead}`);
    else this.say('bad', `no peer could be started in place of ${dead} (${started.error.code})`);
  }

  private say(mood: Notable['mood'], text: string): void {
    this.view.note({ wallMs: Date.now(), mood, text });
  }

  /** The last picture, which stays on the terminal when the live one is gone. */
  private picture(nowMs: number): string[] {
    if (this.out.isTTY !== true) return [];
    const { network, startedMs, logDir } = this;
    const colors = colorsFor(process.stdout, process.env);
    const paper = { columns: this.out.columns || 80, colors };
    return drawTables({ network, notables: [], nowMs, startedMs, logDir }, paper);
  }

  private report(picture: readonly string[], endedMs: number): void {
    const { seeds, peers } = this.network;
    const listened = this.fleet.nodes.filter(
      ({ address }) => seeds.has(address) || peers.has(address),
    );
    const logs = listened.map((node) => shownPath(node.logFile));
    const summary = summarize(this.network, this.startedMs, endedMs, logs);
    if (this.options.json) {
      process.stdout.write(`${JSON.stringify(summary, undefined, 2)}\n`);
      return;
    }
    for (const line of [...picture, ...describe(summary)]) this.out.write(`${line}\n`);
  }

  private explain(error: StartError): number {
    const { code, node, stderr } = error;
    const [said] = stderr.trim().split('\n');
    if (code === 'port-taken') {
      process.stderr.write(`lab: ${portTaken(node, this.options.config)}\n`);
      return 2;
    }
    const why = {
      exited: 'ended at once',
      silent: 'did not begin to listen',
      'no-port': 'found no free port',
    };
    process.stderr.write(`lab: node ${node} ${why[code]}${said ? `: ${said}` : ''}\n`);
    return 1;
  }
}

/** A path as a person would write it: from the folder one is in, or whole if it lies elsewhere. */
function shownPath(path: string): string {
  const from = relative('', path) || '.';
  return from.startsWith('..') ? resolve(path) : from;
}
