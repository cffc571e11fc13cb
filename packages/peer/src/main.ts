/** The `peer` command: flags and config.txt → a {@link Peer} on the real runtime. */
import { randomInt } from 'node:crypto';
import { type Address, formatAddress, sameAddress } from '@hearsay/common/address';
import { LIMITS } from '@hearsay/common/limits';
import { Random } from '@hearsay/common/random';
import { commandLineOrExit, setting } from '@hearsay/runtime/command-line';
import {
  configSetting,
  logDirSetting,
  logFormatSetting,
  quietSetting,
  statusIntervalSetting,
} from '@hearsay/runtime/common-settings';
import { exitWith, seedsOrExit } from '@hearsay/runtime/node-config';
import { limitsOrTell } from '@hearsay/runtime/open-files';
import { address, decimal, duration, integer, ip, port } from '@hearsay/runtime/option-values';
import { runNode } from '@hearsay/runtime/run-node';
import { version } from '@hearsay/runtime/version';
import { bySeeds } from './bootstrap.js';
import { RankedOverlay } from './overlay.js';
import { Peer } from './peer.js';

const rngMax = 2 ** 31 - 1;

const values = commandLineOrExit({
  name: 'peer',
  version,
  meaning: 'A peer of a Hearsay network: registers with seeds, gossips, watches its neighbors.',
  examples: [
    { command: 'npx --no-install peer', does: 'join on a free port' },
    { command: 'npx --no-install peer --port 6001', does: 'the same on port 6001' },
    { command: 'npx --no-install peer --gossip-count 0', does: 'messages without end' },
    {
      command: 'npx --no-install peer --liveness-interval 500ms',
      does: 'find the dead within 2 s',
    },
  ],
  settings: {
    port: setting<number>({
      flag: '--port',
      value: 'N',
      meaning: 'the port to listen on',
      parse: port,
      fallback: 0,
      fallbackText: 'a free one',
    }),
    host: setting({
      flag: '--host',
      value: 'IP',
      meaning: 'the IP to listen on and to connect from',
      parse: ip,
      fallback: '127.0.0.1',
      fallbackText: '127.0.0.1',
    }),
    advertise: setting<Address | undefined>({
      flag: '--advertise',
      value: 'IP:PORT',
      meaning: 'the address that others are told',
      parse: address,
      fallback: undefined,
      fallbackText: 'the one it listens on',
    }),
    config: configSetting,
    logDir: logDirSetting,
    logFormat: logFormatSetting,
    quiet: quietSetting,
    gossipInterval: setting({
      flag: '--gossip-interval',
      value: 'TIME',
      meaning: 'time between two messages of its own (500ms, 5s, 2m; a bare number is seconds)',
      parse: duration({ min: 1, max: 3_600_000, example: 5_000 }),
      fallback: 5_000,
      fallbackText: '5s',
    }),
    gossipCount: setting({
      flag: '--gossip-count',
      value: 'N',
      meaning: 'how many of them in all; 0 is without end',
      parse: integer({ min: 0, max: 1_000_000_000, example: 10 }),
      fallback: 10,
      fallbackText: '10',
    }),
    livenessInterval: setting({
      flag: '--liveness-interval',
      value: 'TIME',
      meaning: 'time between two liveness requests to a neighbor',
      parse: duration({ min: 50, max: 3_600_000, example: 13_000 }),
      fallback: 13_000,
      fallbackText: '13s',
    }),
    strikes: setting({
      flag: '--strikes',
      value: 'N',
      meaning: 'unanswered requests in a row after which a neighbor is dead',
      parse: integer({ min: 1, max: 100, example: 3 }),
      fallback: 3,
      fallbackText: '3',
    }),
    neighborsMin: setting({
      flag: '--neighbors-min',
      value: 'N',
      meaning: 'neighbors it picks when it joins, and below which it looks for more',
      parse: integer({ min: 1, max: 64, example: 4 }),
      fallback: 4,
      fallbackText: '4',
    }),
    neighborsMax: setting({
      flag: '--neighbors-max',
      value: 'N',
      meaning: 'neighbors at most; further requests are refused',
      parse: integer({ min: 1, max: LIMITS.peerLinksMax / 2, example: 64 }),
      fallback: 64,
      fallbackText: '64',
    }),
    alpha: setting({
      flag: '--alpha',
      value: 'X',
      meaning:
        'how much older peers are preferred: 0 not at all, the degrees then are no power law',
      parse: decimal({ min: 0, max: 10, example: 0.5 }),
      fallback: 0.5,
      fallbackText: '0.5',
    }),
    rng: setting<number | undefined>({
      flag: '--rng',
      value: 'N',
      meaning: 'the number that all its chance comes from',
      parse: integer({ min: 0, max: rngMax, example: 7 }),
      fallback: undefined,
      fallbackText: 'a random one',
    }),
    statusInterval: statusIntervalSetting,
  },
});

if (values.neighborsMin > values.neighborsMax) {
  exitWith(
    'peer',
    `--neighbors-min ${values.neighborsMin} is more than --neighbors-max ${values.neighborsMax}: ` +
      'lower the one or raise the other',
  );
}
const seeds = seedsOrExit('peer', values.config);
const listen = { ip: values.host, port: values.port };
const taken = [listen, values.advertise].find(
  (own) => own !== undefined && seeds.some((seed) => sameAddress(seed, own)),
);
if (taken !== undefined) {
  exitWith(
    'peer',
    `${formatAddress(taken)} is the address of a seed in ${values.config}: ` +
      `choose another with ${taken === listen ? '--port' : '--advertise'}, or leave it out`,
  );
}
if (
  values.advertise === undefined &&
  isLoopbackIp(values.host) &&
  !seeds.some((seed) => isLoopbackIp(seed.ip))
) {
  process.stderr.write(
    `peer: on ${values.host} it will not be reached from other machines, where the seeds are: ` +
      'say --host IP with the IP of this machine\n',
  );
}
if (values.advertise !== undefined && !canBeReached(values.host, values.advertise.ip)) {
  process.stderr.write(
    `peer: nobody reaches ${formatAddress(values.advertise)} if it listens on ${values.host}: ` +
      'one is IPv4 and the other IPv6; --host :: takes both\n',
  );
}
const limits = limitsOrTell('peer');
// The seeds, visitors and errands need connections too.
const neighborsMax = Math.min(values.neighborsMax, Math.ceil(limits.peerLinksMax / 2));
const rng = values.rng ?? randomInt(rngMax);

await runNode({
  role: 'peer',
  listen: [listen],
  advertise: (bound) => values.advertise ?? bound,
  limits,
  logDir: values.logDir,
  logFormat: values.logFormat,
  quiet: values.quiet,
  makeNode: (runtime, self, logFile) => {
    const settings = {
      gossipIntervalMs: values.gossipInterval,
      gossipCount: values.gossipCount,
      livenessIntervalMs: values.livenessInterval,
      strikesMax: values.strikes,
      neighborsMin: Math.min(values.neighborsMin, neighborsMax),
      neighborsMax,
    };
    runtime.record({
      event: 'peer-started',
      version,
      node: process.version,
      process: process.pid,
      config: values.config,
      seeds: seeds.map(formatAddress),
      ...settings,
      alpha: values.alpha,
      rng,
    });
    return new Peer({
      runtime,
      random: new Random(rng),
      self,
      discovery: bySeeds(seeds),
      overlay: new RankedOverlay(values.alpha),
      settings: { ...settings, statusIntervalMs: values.statusInterval },
      limits,
      isQuiet: values.quiet,
      logFile,
    });
  },
});

/** Whether a call to the one IP may come in at the other: both are of one kind, or it takes both. */
function canBeReached(host: string, advertised: string): boolean {
  return host === '::' || host.includes(':') === advertised.includes(':');
}

/** Whether an IP is one that only this machine itself can dial. */
function isLoopbackIp(text: string): boolean {
  return text.startsWith('127.') || text === '::1';
}
