#!/usr/bin/env node
// The launcher is committed, so that npm links it before anything is built. It runs the build.
import { existsSync } from 'node:fs';

const build = new URL('../dist/main.js', import.meta.url);
if (existsSync(build)) {
  await import(build.href);
} else {
  process.stderr.write(
    'peer: not built yet. In the project folder, run: npm ci && npm run build\n',
  );
  process.exitCode = 2;
}
