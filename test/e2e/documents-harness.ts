/**
 * A person at a terminal, who types the commands of the documents: with ports that are free, with a
 * config file and a log folder of this session's own, and with Ctrl-C. Whatever was started is gone
 * when `end` has resolved.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { formatLogLine, type LogEntry } from '@hearsay/common/log-line';
import type { EventName, RecordOf } from '@hearsay/common/records';
import type { Result } from '@hearsay/common/result';
import { Fleet, type StartError } from '@hearsay/lab/fleet/fleet';
import type { NodeProcess } from '@hearsay/lab/fleet/process';
import { root } from '../markdown.js';
import { eventually, freePort } from './classic-harness.js';

/** Milliseconds for something to show itself. */
const patienceMs = 30_000;
/** Milliseconds for a command that ends by itself, the longest of which shows a death. */
const commandMs = 50_000;
/** Milliseconds in which Ctrl-C must have ended a command. */
const farewellMs = 10_000;
const ip = '127.0.0.1';

/** The ports that the documents use: of the seeds in config.txt, and of two peers. */
const seedPorts = ['5001', '5002', '5003'];
const peerPorts = ['6001', '6002'];

/** The exit code, or the signal that ended it. */
type Exit = number | NodeJS.Signals;

/** What became of a command that has ended. */
interface Outcome {
  readonly exit: Exit;
  readonly stdout: string;
  /** The command and all that it has printed, for a failure's message. */
  readonly story: string;
}

/** A command that runs, and what it has printed so far. */
class Running {
  /** Set once it has ended. */
  exit: Exit | undefined;
  stdout = '';
  private stderr = '';
  private readonly child: ChildProcess;

  constructor(
    private readonly command: string,
    options: { cwd: string; env: NodeJS.ProcessEnv },
  ) {
    const stdio: ['ignore', 'pipe', 'pipe'] = ['ignore', 'pipe', 'pipe'];
    // In a process group of its own, which is what a terminal sends Ctrl-C to.
    const child = spawn('sh', ['-c', command], { ...options, stdio, detached: true });
    this.child = child;
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      this.stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text;
    });
    child.on('close', (code, signal) => {
      this.exit = code ?? (signal as NodeJS.Signals);
    });
  }

  /** Waits for a line of the standard output; fails at once if the command ends without it. */
  async printed(pattern: RegExp): Promise<void> {
    const look = (): boolean => {
      if (this.stdout.split('\n').some((line) => pattern.test(line))) return true;
      if (this.exit !== undefined) throw new Error(`it ended without ${pattern}\n${this.story()}`);
      return false;
    };
    await eventually(`${pattern}`, look, patienceMs, () => this.story());
  }

  /** Waits for its end. */
  ended(timeoutMs: number): Promise<Exit> {
    const story = () => this.story();
    return eventually('the end of the command', () => this.exit, timeoutMs, story);
  }

  /** Ctrl-C, and what came of it. */
  interrupted(): Promise<Exit> {
    this.signal('SIGINT');
    return this.ended(farewellMs);
  }

  /** Takes away what is left of it. */
  async end(): Promise<void> {
    if (this.exit === undefined) this.signal('SIGKILL');
    await this.ended(farewellMs);
  }

  story(): string {
    const state = this.exit === undefined ? 'it runs' : `ended: ${this.exit}`;
    return [`$ ${this.command} (${state})`, this.stdout, this.stderr].join('\n');
  }

  private signal(signal: NodeJS.Signals): void {
    try {
      process.kill(-(this.child.pid as number), signal);
    } catch {
      // It has just ended, and will say so.
    }
  }
}

/** One person's session. */
export class Session {
  readonly folder = mkdtempSync(join(tmpdir(), 'hearsay-documents-'));
  protected readonly entries: { node: NodeProcess; entry: LogEntry }[] = [];
  protected readonly fleet: Fleet;
  /** The ports of the documents, and those that stand for them here. */
  protected readonly ports = new Map<string, number>();
  private readonly config = join(this.folder, 'config.txt');
  private readonly logDir = join(this.folder, 'logs');
  private readonly path = [...standInFolders(this.folder), process.env.PATH].join(delimiter);
  private readonly commands: Running[] = [];

  constructor() {
    mkdirSync(this.logDir);
    const entry = (entry: LogEntry, node: NodeProcess) => void this.entries.push({ node, entry });
    this.fleet = new Fleet({ config: this.config, logDir: this.logDir }, { entry });
  }

  /** Writes the config file, with as many seeds as the project's own. */
  async begin(seeds: readonly string[] = seedPorts): Promise<void> {
    for (const port of [...seeds, ...peerPorts]) this.ports.set(port, await freePort());
    const lines = seeds.map((port) => `${ip}:${this.ports.get(port)}\n`);
    writeFileSync(this.config, lines.join(''));
  }

  /** Starts the seeds of the config file. */
  async startSeeds(): Promise<void> {
    for (const documented of seedPorts) {
      const port = this.ports.get(documented);
      if (port === undefined) continue;
      started(await this.fleet.startSeed({ ip, port }, ['--quiet']));
    }
  }

  /** A text of the documents with this session's ports. */
  here(text: string): string {
    return text.replace(/(?<!\d)[56]00\d(?!\d)/g, (port) => String(this.ports.get(port) ?? port));
  }

  /** Types a command, in the project's folder if no other is given, and lets it run. */
  start(command: string, folder = root): Running {
    const running = new Running(this.here(command), { cwd: folder, env: this.environment() });
    this.commands.push(running);
    return running;
  }

  /** Types a command and waits for its end. */
  async run(command: string, folder?: string): Promise<Outcome> {
    const running = this.start(command, folder);
    const exit = await running.ended(commandMs);
    return { exit, stdout: running.stdout, story: running.story() };
  }

  /** The nodes whose logs do not say that they ended in good order. */
  cutShort(): string[] {
    const logs = readdirSync(this.logDir).filter((name) => name.endsWith('.txt'));
    const said = (log: string) => readFileSync(join(this.logDir, log), 'utf8');
    return logs.filter((log) => !/ stopped reason=\S+\n$/.test(said(log)));
  }

  async end(): Promise<void> {
    await Promise.all([...this.commands.map((running) => running.end()), this.fleet.end()]);
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** The environment of a person who has set nothing but where config and logs are. */
  private environment(): NodeJS.ProcessEnv {
    const set = Object.entries(process.env).filter(([name]) => !/^HEARSAY_|_COLOR$/.test(name));
    return {
      ...Object.fromEntries(set),
      PATH: this.path,
      NO_COLOR: '1',
      HEARSAY_CONFIG: this.config,
      HEARSAY_LOG_DIR: this.logDir,
    };
  }
}

/** A session beside a running network: the one seed at 5001, and peers at 6001 and 6002. */
export class DocumentNetwork extends Session {
  override async begin(): Promise<void> {
    // With one seed alone, every peer is on its list.
    await super.begin(seedPorts.slice(0, 1));
    await this.startSeeds();
    for (const documented of peerPorts) {
      const peer = await this.startPeer(this.ports.get(documented) as number);
      this.ports.set(documented, peer.port);
      await this.until('the seed lists the peer', () =>
        this.records('listed').some((record) => record.peer === peer.address),
      );
    }
  }

  /** One more peer comes and is killed; done when it is removed and gossip has gone round. */
  async loseOne(): Promise<void> {
    const victim = await this.startPeer(await freePort());
    await this.until('the victim has its neighbors', () =>
      this.records('neighbor').some(({ neighbor }) => neighbor === victim.address),
    );
    victim.kill();
    await this.until('it is removed', () =>
      this.records('removed').some(({ peer }) => peer === victim.address),
    );
    await this.until('each peer hears the other', () => this.receivers().size >= 2);
  }

  /** The seed's refusal of a dead report. */
  async refusal(): Promise<RecordOf<'report-refused'>> {
    await this.until('a report is refused', () => this.records('report-refused').length > 0);
    return this.records('report-refused')[0] as RecordOf<'report-refused'>;
  }

  private async startPeer(portFrom: number): Promise<NodeProcess> {
    const quick = ['--gossip-interval', '200ms', '--liveness-interval', '300ms', '--quiet'];
    return started(await this.fleet.startPeer({ ip, portFrom }, quick));
  }

  private records<E extends EventName>(event: E): RecordOf<E>[] {
    return this.entries
      .map(({ entry }) => entry.record)
      .filter((record): record is RecordOf<E> => record.event === event);
  }

  private receivers(): Set<NodeProcess> {
    const received = this.entries.filter(({ entry }) => entry.record.event === 'gossip-received');
    return new Set(received.map(({ node }) => node).filter((node) => node.exit === undefined));
  }

  private async until(what: string, condition: () => boolean): Promise<void> {
    if (await this.fleet.until(condition, patienceMs)) return;
    const story = this.entries.map(({ entry }) => formatLogLine(entry));
    throw new Error(`not within ${patienceMs} ms: ${what}\n${story.join('\n')}`);
  }
}

function started(result: Result<NodeProcess, StartError>): NodeProcess {
  if (result.ok) return result.value;
  throw new Error(`${result.error.node}: ${result.error.code} ${result.error.stderr}`);
}

/** A folder with a stand-in for nc, where the machine has none. */
function standInFolders(folder: string): string[] {
  const found = spawnSync('sh', ['-c', 'command -v nc']);
  if (found.status === 0) return [];
  writeFileSync(join(folder, 'nc'), netcat, { mode: 0o755 });
  return [folder];
}

/** `nc -w SECONDS HOST PORT`, which goes when nothing has come or gone for so long. */
const netcat = `#!${process.execPath}
const [, , , seconds, host, port] = process.argv;
const socket = require('node:net').connect({ host, port });
process.stdin.pipe(socket, { end: false });
socket.pipe(process.stdout);
socket.setTimeout(Number(seconds) * 1000, () => process.exit(0));
socket.on('end', () => process.exit(0));
socket.on('error', () => process.exit(1));
`;
