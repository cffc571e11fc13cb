/** The version of Hearsay, from the package that every program depends on. */
import { readFileSync } from 'node:fs';

const packageFile = new URL('../package.json', import.meta.url);

/** Like `0.1.0`. */
export const version = (JSON.parse(readFileSync(packageFile, 'utf8')) as { version: string })
  .version;
