/** The flags that seed and peer share, declared once so that they mean the same. */
import { type SwitchSetting, setting } from './command-line.js';
import type { LogFormat } from './node-log.js';
import { duration, oneOf, path } from './option-values.js';

/** `--config`: the file that lists the seeds. */
export const configSetting = setting({
  flag: '--config',
  value: 'FILE',
  meaning: 'the seeds of the network, IP:port a line',
  parse: path,
  fallback: 'config.txt',
  fallbackText: 'config.txt',
});

/** `--log-dir`: the folder of the log file. */
export const logDirSetting = setting({
  flag: '--log-dir',
  value: 'DIR',
  meaning: 'where the log file goes; the earlier run is kept as .1',
  parse: path,
  fallback: 'logs',
  fallbackText: 'logs',
});

/** `--log-format`: text or JSON. */
export const logFormatSetting = setting<LogFormat>({
  flag: '--log-format',
  value: 'FORMAT',
  meaning: 'text, or json: the same records, an object a line',
  parse: oneOf(['text', 'json']),
  fallback: 'text',
  fallbackText: 'text',
});

/** `--quiet`: nothing on the screen. */
export const quietSetting: SwitchSetting = {
  flag: '--quiet',
  meaning: 'log to the file only',
};

/** `--status-interval`, in milliseconds. */
export const statusIntervalSetting = setting({
  flag: '--status-interval',
  value: 'TIME',
  meaning: 'how often the counters are written to the log file',
  parse: duration({ min: 100, max: 3_600_000, example: 10_000 }),
  fallback: 10_000,
  fallbackText: '10s',
});
