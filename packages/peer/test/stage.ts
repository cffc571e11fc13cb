/**
 * Scripted seeds and peers around one real peer: raw stand-ins that speak the texts of the wire and
 * remember what they heard. They share no code with the peer, so that both sides can't be wrong
 * together.
 */
import { createHash } from 'node:crypto';
import type { Peer } from '@hearsay/peer/peer';
import type { Host } from '../../lab/src/simulator/host.js';
import type { StandIn, StandInServer } from '../../lab/src/simulator/stand-in.js';
import type { World } from '../../lab/src/simulator/world.js';
import { at, lastOf, Village, type VillageOptions } from '../../lab/test/core/village.js';

/** One piece that came, which on the in-memory world is one message. */
export interface Heard {
  readonly atMs: number;
  readonly text: string;
  readonly client: StandIn;
}

/** What a scripted node sends back to a message (given without its line end), if anything. */
export type Script = (text: string, client: StandIn) => string | undefined;

/** Listens at an address and answers by its script, which may be changed at any time. */
export class ScriptedNode {
  readonly heard: Heard[] = [];
  private readonly server: StandInServer;

  constructor(
    private readonly world: World,
    readonly id: string,
    public script: Script,
  ) {
    this.server = world.listen(at(id), {
      onData: (client, text) => {
        this.heard.push({ atMs: world.now, text, client });
        const answer = this.script(text.trimEnd(), client);
        if (answer !== undefined) client.send(answer);
      },
    });
  }

  /** The connections that came, oldest first. */
  get clients(): readonly StandIn[] {
    return this.server.accepted;
  }

  /** What came that begins so, without line ends. */
  texts(beginning = ''): string[] {
    return this.heard
      .map(({ text }) => text.trimEnd())
      .filter((text) => text.startsWith(beginning));
  }

  /** Ends at once: nobody listens any more, and the connections are reset. */
  die(): void {
    this.server.close();
    for (const client of this.clients) if (client.open) client.reset();
  }

  /** The same address again, as after a restart. */
  reborn(script: Script = this.script): ScriptedNode {
    return new ScriptedNode(this.world, this.id, script);
  }
}

/** The address in a registration or a refresh; undefined for any other text. */
export function askerOf(text: string): string | undefined {
  return /^([\d.]+:\d+)(:Hearsay\/1)?$/.exec(text)?.[1];
}

/** A Hearsay seed: the list as a line, the asker last. */
export function listing(...peers: readonly string[]): Script {
  return (text) => {
    const asker = askerOf(text);
    return asker === undefined ? undefined : `${[...peers, asker].join(',')}\n`;
  };
}

/** Answers as a Hearsay peer does that accepts everybody and lives. */
export function accepting(id: string): Script {
  return (text) => {
    if (text.startsWith('New Connect Request From:')) return 'New Connect Accepted\n';
    return livenessReply(id, text, '\n');
  };
}

/** Answers as a classic peer does that accepts everybody and lives. */
export function classic(id: string): Script {
  return (text) => {
    if (text.startsWith('New Connect Request From:')) return 'New Connect Accepted';
    return livenessReply(id, text, '');
  };
}

function livenessReply(id: string, text: string, lineEnd: string): string | undefined {
  const fields = /^Liveness Request:(.*)$/.exec(text)?.[1];
  return fields === undefined ? undefined : `Liveness Reply:${fields}:${id}${lineEnd}`;
}

/** A Hearsay neighbor that asked for the link itself. */
export class Guest {
  readonly heard: Heard[] = [];
  readonly client: StandIn;
  isAlive = true;

  constructor(
    private readonly world: World,
    peer: Host<Peer>,
    readonly id: string,
  ) {
    const answer = accepting(id);
    this.client = world.connect(peer.address, {
      onData: (client, text) => {
        this.heard.push({ atMs: world.now, text, client });
        const reply = this.isAlive ? answer(text.trimEnd(), client) : undefined;
        if (reply !== undefined) client.send(reply);
      },
    });
    this.client.send(`New Connect Request From:${id}:Hearsay/1`);
  }

  /** Sends one line. */
  say(text: string): void {
    this.client.send(`${text}\n`);
  }

  texts(beginning = ''): string[] {
    return this.heard
      .map(({ text }) => text.replace(/\n$/, ''))
      .filter((text) => text.startsWith(beginning));
  }

  /** The gossip that came, whole lines. */
  get gossip(): string[] {
    return this.texts().filter((text) => /^\d/.test(text));
  }

  /** A message that this guest might make. */
  message(number: number, aheadMs = 0): string {
    const stamp = ((this.world.wallMs + aheadMs) / 1_000).toFixed(3);
    return `${stamp}:${this.id}:GOSSIP${number}`;
  }
}

/** The hash of a text's bytes, hexadecimal. */
export function sha256(text: string): string {
  return createHash('sha256').update(text, 'utf8').digest('hex');
}

/** A peer that makes one message and asks nobody whether it lives for as long as a test runs. */
export const quiet = {
  peer: { gossipIntervalMs: 3_600_000, livenessIntervalMs: 3_600_000 },
} as const;

/**
 * A peer with so many scripted Hearsay neighbors that dialed it: strangers, unless a seed lists
 * them. Otherwise it has no seed.
 */
export function withGuests(count: number, options: VillageOptions = {}, isListed = false) {
  const village = new Village({ seeds: 1, ...options });
  const { world } = village;
  if (isListed) new ScriptedNode(world, '127.0.0.1:5001', listing(...idsOf(count)));
  const peer = village.startPeer();
  world.run({ forMs: 100 });
  const guests = Array.from(
    { length: count },
    (_, n) => new Guest(world, peer, `127.0.0.1:${7_001 + n}`),
  );
  world.run({ forMs: 10 });
  return { village, world, peer, guests: guests as [Guest, Guest, Guest, ...Guest[]] };
}

/** So many addresses, of ports in a row. */
export function idsOf(count: number, firstPort = 7_001): string[] {
  return Array.from({ length: count }, (_, n) => `127.0.0.1:${firstPort + n}`);
}

/** A peer whose one seed lists scripted peers that answer by `script`. */
export function among(
  ids: readonly string[],
  script: (id: string) => Script,
  options: VillageOptions = {},
) {
  const village = new Village({ seeds: 1, ...options });
  const { world } = village;
  new ScriptedNode(world, '127.0.0.1:5001', listing(...ids));
  const others = ids.map((id) => new ScriptedNode(world, id, script(id)));
  const peer = village.startPeer();
  return { village, world, others, peer };
}

/** The connect requests that came to a scripted peer. */
export function requestsAt(node: ScriptedNode): string[] {
  return node.texts('New Connect Request From:');
}

/** The neighbors of a peer by its last status. */
export function neighborsOf(peer: Host<Peer>): readonly string[] {
  return lastOf(peer, 'peer-status')?.neighbors ?? [];
}
