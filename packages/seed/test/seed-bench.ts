/**
 * One real seed in an in-memory world, and scripted peers around it. The scripts know the protocol
 * from its document alone, so that a mistake of the codec does not hide itself.
 */
import { type Address, formatAddress, parseAddress } from '@hearsay/common/address';
import { LIMITS, type Limits } from '@hearsay/common/limits';
import { Random } from '@hearsay/common/random';
import type { EventName, RecordOf } from '@hearsay/common/records';
import type { Host } from '@hearsay/lab/simulator/host';
import type { StandIn, StandInServer } from '@hearsay/lab/simulator/stand-in';
import { World, type WorldOptions } from '@hearsay/lab/simulator/world';
import { Seed, type SeedSettings } from '../src/seed.js';

/** The address of a text that is one; tests write addresses as texts. */
export function at(text: string): Address {
  const address = parseAddress(text);
  if (!address.ok) throw new Error(`no address: ${text}`);
  return address.value;
}

export interface BenchOptions extends WorldOptions {
  readonly limits?: Partial<Limits>;
  readonly settings?: Partial<SeedSettings>;
  /** The seeds of config.txt; the first one is started. */
  readonly seeds?: readonly string[];
  /** Peers with which the seed begins. */
  readonly peers?: readonly string[];
}

/** How a peer speaks: the first message of a Hearsay peer, a person's line, a classic program. */
export type Framing = 'tagged' | 'line' | 'bare';

/** A registration's text in a framing. */
export function registration(address: string, framing: Framing): string {
  return address + { tagged: ':Hearsay/1', line: '\n', bare: '' }[framing];
}

export class SeedBench {
  readonly world: World;
  readonly limits: Limits;
  readonly seed: Host<Seed>;
  private readonly seeds: readonly Address[];

  constructor(private readonly options: BenchOptions = {}) {
    this.world = new World(options);
    this.limits = { ...LIMITS, ...options.limits };
    this.seeds = (options.seeds ?? ['127.0.0.1:5001']).map(at);
    this.seed = this.startSeed(this.seeds[0] as Address);
    this.world.run({ forMs: 0 });
  }

  startSeed(self: Address): Host<Seed> {
    const { settings, peers = [] } = this.options;
    const make = (runtime: ConstructorParameters<typeof Seed>[0]['runtime']) =>
      new Seed({
        runtime,
        random: new Random((this.options.rng ?? 1) + self.port),
        self,
        seeds: this.seeds,
        settings: {
          trustReports: false,
          probeIntervalMs: 60_000,
          statusIntervalMs: 1_000,
          ...settings,
        },
        peers: peers.map(at),
        limits: this.limits,
      });
    return this.world.spawn(self, make, 'seed');
  }

  /** Lets time pass. */
  run(forMs: number): void {
    this.world.run({ forMs });
  }

  /** Lets time pass until the condition holds; fails the test if it does not within the time. */
  until(condition: () => boolean, withinMs = 60_000): void {
    if (!this.world.runUntil(condition, { withinMs })) {
      throw new Error(`not within ${withinMs} ms: ${condition}`);
    }
  }

  /** A connection to the seed over which this is sent. */
  tell(data: string | Uint8Array, fromIp?: string): StandIn {
    const client = this.world.connect(this.seed.address, fromIp === undefined ? {} : { fromIp });
    client.send(data);
    return client;
  }

  /** A connection over which an address is registered; nobody needs to stand there. */
  register(address: string, framing: Framing = 'line'): StandIn {
    const client = this.tell(registration(address, framing));
    const isAnswered = () => client.received !== '' || client.ended || client.closed;
    this.world.runUntil(isAnswered, { withinMs: 1_000 });
    return client;
  }

  /** Starts a peer that answers, registers it, and waits until it is listed. */
  join(address: string, framing: Framing = 'line'): ScriptedPeer {
    const peer = new ScriptedPeer(this.world, address);
    peer.link = this.register(address, framing);
    this.until(() => this.listed.includes(address), 2_000);
    return peer;
  }

  /** Says over a new connection that a peer is dead; `dead` with or without a port. */
  report(dead: string, reporter = '127.0.0.1:6099'): StandIn {
    return this.tell(`Dead Node:${dead}:1700000000.5:${reporter}\n`);
  }

  /** What the seed shows to others, as a person with `nc` gets it. */
  get list(): string[] {
    const asker = this.tell('127.9.9.9:9999\n');
    this.until(() => asker.received.endsWith('\n'), 1_000);
    const items = asker.received.trimEnd().split(',');
    if (items.pop() !== '127.9.9.9:9999') throw new Error('the asker is not last');
    asker.end();
    return items;
  }

  /** Who was listed and not removed since, by the log. */
  get listed(): string[] {
    const ids = new Set<string>();
    for (const { record } of this.seed.records) {
      if (record.event === 'listed') ids.add(record.peer);
      if (record.event === 'removed') ids.delete(record.peer);
    }
    return [...ids];
  }

  records<E extends EventName>(event: E, host: Host<Seed> = this.seed): RecordOf<E>[] {
    const records = host.records.map(({ record }) => record);
    return records.filter((record): record is RecordOf<E> => record.event === event);
  }

  /** The removals as `peer reason`. */
  get removals(): string[] {
    return this.records('removed').map(({ peer, reason }) => `${peer} ${reason}`);
  }

  /** The refused reports as `peer reason reporter`. */
  get refusals(): string[] {
    const refused = this.records('report-refused');
    return refused.map(({ peer, reason, reporter }) => `${peer} ${reason} ${reporter}`);
  }
}

/** What a peer says to a text that it gets; undefined: nothing. */
export type Answer = (text: string, own: Address) => string | undefined;

/** Gives the fields of a request back, and its own address: `Liveness Reply:ts:ip:port:ip:port`. */
export const livenessReply: Answer = (text, own) => {
  const request = /^Liveness Request:([\d.]+):(\[.*\]|[\d.]+):(\d+)$/.exec(text);
  if (request === null) return undefined;
  const [, timestamp, ip, port] = request;
  return `Liveness Reply:${timestamp}:${ip}:${port}:${formatAddress(own)}`;
};

/** A listener that answers liveness requests in the framing in which they come. */
export class ScriptedPeer {
  /** The link over which it has registered. */
  link: StandIn | undefined;
  /** When it was asked, in milliseconds of the world, and what. */
  readonly asked: { readonly atMs: number; readonly text: string }[] = [];
  readonly address: Address;
  private readonly server: StandInServer;

  constructor(
    world: World,
    address: string,
    public answer: Answer = livenessReply,
  ) {
    this.address = at(address);
    this.server = world.listen(this.address, {
      onData: (client, text) => {
        this.asked.push({ atMs: world.now, text });
        const end = text.endsWith('\n') ? '\n' : '';
        const answer = this.answer(text.trimEnd(), this.address);
        if (answer !== undefined) client.send(answer + end);
      },
    });
  }

  get id(): string {
    return formatAddress(this.address);
  }

  /** Its process ends, and its registration link with it, as a kernel does it. */
  kill(): void {
    this.server.close();
    if (this.link?.open) this.link.end();
  }

  /** It listens no more, and its links stand. */
  deafen(): void {
    this.server.close();
  }

  /** Its process stands still (SIGSTOP): connections open, and nobody answers. */
  stop(): void {
    this.server.pause();
  }

  resume(): void {
    this.server.resume();
  }
}
