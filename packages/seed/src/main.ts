/** The `seed` command: flags and config.txt → a {@link Seed} on the real runtime. */
import { randomInt } from 'node:crypto';
import { type Address, formatAddress, isWildcardIp, sameAddress } from '@hearsay/common/address';
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
import { duration, ip, port } from '@hearsay/runtime/option-values';
import { runNode } from '@hearsay/runtime/run-node';
import { version } from '@hearsay/runtime/version';
import { Seed } from './seed.js';

const values = commandLineOrExit({
  name: 'seed',
  version,
  meaning: 'Keeps the list of peers of a Hearsay network.',
  examples: [
    { command: 'npx --no-install seed', does: 'the next free line of config.txt' },
    { command: 'npx --no-install seed --port 5002', does: 'the seed at port 5002' },
    { command: 'npx --no-install seed --trust-reports', does: 'obey reports without asking' },
    { command: 'npx --no-install seed --log-format json', does: 'log lines of JSON' },
  ],
  settings: {
    port: setting<number | undefined>({
      flag: '--port',
      value: 'N',
      meaning: 'the port to listen on',
      parse: port,
      fallback: undefined,
      fallbackText: 'the first entry of the config that is free here',
    }),
    host: setting<string | undefined>({
      flag: '--host',
      value: 'IP',
      meaning: 'the IP to listen on',
      parse: ip,
      fallback: undefined,
      fallbackText: 'the one in the config, else 127.0.0.1',
    }),
    config: configSetting,
    logDir: logDirSetting,
    logFormat: logFormatSetting,
    quiet: quietSetting,
    trustReports: {
      flag: '--trust-reports',
      meaning: 'remove whoever is reported dead without asking it (the letter of older editions)',
    },
    probeInterval: setting({
      flag: '--probe-interval',
      value: 'TIME',
      meaning: 'how long a listed peer may be silent before it is asked whether it lives',
      parse: duration({ min: 100, max: 3_600_000, example: 60_000 }),
      fallback: 60_000,
      fallbackText: '1m',
    }),
    statusInterval: statusIntervalSetting,
  },
});

const seeds = seedsOrExit('seed', values.config);
const listen = addressesToTry(seeds, values.host, values.port);
if (!listen.some((own) => entriesOf(own).length > 0)) {
  const where = listen.map(formatAddress).join(', ');
  process.stderr.write(
    `seed: ${where} is not in ${values.config}: no peer will look for it there\n`,
  );
}
const limits = limitsOrTell('seed');

await runNode({
  role: 'seed',
  listen,
  advertise: (bound) => {
    if (!isWildcardIp(bound.ip)) return bound;
    // Of several machines' seeds with this port nobody can tell which is this one.
    const [entry, ...others] = entriesOf(bound);
    return others.length === 0 ? entry : undefined;
  },
  limits,
  logDir: values.logDir,
  logFormat: values.logFormat,
  quiet: values.quiet,
  makeNode: (runtime, self) => {
    runtime.record({
      event: 'seed-started',
      version,
      node: process.version,
      process: process.pid,
      config: values.config,
      seeds: seeds.map(formatAddress),
      trustReports: String(values.trustReports),
      probeIntervalMs: values.probeInterval,
    });
    const settings = {
      trustReports: values.trustReports,
      probeIntervalMs: values.probeInterval,
      statusIntervalMs: values.statusInterval,
    };
    const random = new Random(randomInt(2 ** 31));
    return new Seed({ runtime, random, self, seeds, settings, limits });
  },
});

/** The entries of the config that an address may be: where it is a wildcard, those of its port. */
function entriesOf(own: Address): readonly Address[] {
  return seeds.filter((seed) =>
    isWildcardIp(own.ip) ? seed.port === own.port : sameAddress(seed, own),
  );
}

/** Where this seed may listen, in order: what the flags say, else the entries of the config. */
function addressesToTry(
  configured: readonly Address[],
  host: string | undefined,
  portFlag: number | undefined,
): readonly Address[] {
  if (portFlag !== undefined) {
    const entry = configured.find(({ port: known }) => known === portFlag);
    return [{ ip: host ?? entry?.ip ?? '127.0.0.1', port: portFlag }];
  }
  if (host === undefined) return configured;
  const ports = configured.filter((seed) => seed.ip === host || isWildcardIp(host));
  if (ports.length === 0) {
    return exitWith('seed', `${values.config} has no entry with ${host}: add one, or give --port`);
  }
  return ports.map(({ port: at }) => ({ ip: host, port: at }));
}
