/**
 * Networks in which Hearsay's own two programs run beside the classic stand-ins. What the Hearsay
 * nodes did is read from their log files alone.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseAddress } from '@hearsay/common/address';
import { formatLogLine, type LogEntry } from '@hearsay/common/log-line';
import type { EventName, RecordOf } from '@hearsay/common/records';
import { Fleet } from '@hearsay/lab/fleet/fleet';
import type { NodeProcess } from '@hearsay/lab/fleet/process';
import { ClassicNetwork, freePort, type StandIn } from './classic-harness.js';

/** A running seed or peer of ours and what its log says. */
export class HearsayNode {
  readonly entries: LogEntry[] = [];

  constructor(private readonly process: NodeProcess) {}

  get address(): string {
    return this.process.address;
  }

  /** The records of one kind so far, in the order in which they were written. */
  records<E extends EventName>(event: E): RecordOf<E>[] {
    return this.entries
      .map((entry) => entry.record)
      .filter((record): record is RecordOf<E> => record.event === event);
  }

  /** SIGKILL: it is gone without a word. */
  kill(): void {
    this.process.kill();
  }

  /** All that it has logged, for a failure's message. */
  story(): string {
    const head = `--- Hearsay ${this.process.role} ${this.address}`;
    const state = this.process.exit === undefined ? 'runs' : 'has ended';
    return [`${head} (${state})`, ...this.entries.map(formatLogLine), this.process.stderr].join(
      '\n',
    );
  }
}

/** A network of both kinds of programs, with a config file and a log folder of its own. */
export class MixedNetwork extends ClassicNetwork {
  private readonly folder = mkdtempSync(join(tmpdir(), 'hearsay-interop-'));
  private readonly config = join(this.folder, 'config.txt');
  private readonly nodes = new Map<NodeProcess, HearsayNode>();
  private readonly fleet = new Fleet(
    { config: this.config, logDir: this.folder },
    { entry: (entry, process) => this.nodeOf(process).entries.push(entry) },
  );

  /**
   * Starts so many Hearsay seeds (or none) in a network whose other seeds are `classic`, after
   * writing the config file with all of them.
   */
  async hearsaySeeds(count: number, classic: readonly StandIn[] = []): Promise<HearsayNode[]> {
    const own: string[] = [];
    while (own.length < count) own.push(`127.0.0.1:${await freePort()}`);
    writeFileSync(this.config, [...own, ...classic.map((seed) => seed.address), ''].join('\n'));
    return Promise.all(own.map((address) => this.hearsaySeed(address)));
  }

  private async hearsaySeed(text: string): Promise<HearsayNode> {
    const address = parseAddress(text);
    if (!address.ok) throw new Error(`no address: ${text}`);
    const started = await this.fleet.startSeed(address.value, ['--quiet']);
    if (!started.ok) throw new Error(`a seed: ${started.error.code} ${started.error.stderr}`);
    return this.nodeOf(started.value);
  }

  /**
   * Starts a Hearsay peer with quick timing (half a second) and endless gossip, and waits until it
   * is registered with a majority of the seeds.
   */
  async hearsayPeer(...flags: string[]): Promise<HearsayNode> {
    const timing = ['--gossip-interval', '500ms', '--liveness-interval', '500ms'];
    const place = { ip: '127.0.0.1', portFrom: await freePort() };
    const allFlags = ['--quiet', '--gossip-count', '0', ...timing, ...flags];
    const started = await this.fleet.startPeer(place, allFlags);
    if (!started.ok) throw new Error(`a peer: ${started.error.code} ${started.error.stderr}`);
    const peer = this.nodeOf(started.value);
    const what = `a majority of seeds at ${peer.address}`;
    await this.eventually(what, () => peer.records('majority-reached').at(0));
    return peer;
  }

  override story(): string {
    const stories = [...this.nodes.values()].map((node) => node.story());
    return [super.story(), ...stories].join('\n');
  }

  override async end(): Promise<void> {
    await Promise.all([super.end(), this.fleet.end()]);
    rmSync(this.folder, { recursive: true, force: true });
  }

  private nodeOf(process: NodeProcess): HearsayNode {
    const node = this.nodes.get(process) ?? new HearsayNode(process);
    this.nodes.set(process, node);
    return node;
  }
}
