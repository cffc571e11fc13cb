/** A short soak: `npm run soak` does twenty such runs, and the README's one is run as well. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { soakOnce } from '@hearsay/lab/soak-run';
import { afterEach, beforeEach, expect, test } from 'vitest';

let logDir: string;

beforeEach(() => {
  logDir = mkdtempSync(join(tmpdir(), 'soak-'));
});

afterEach(() => rmSync(logDir, { recursive: true }));

// "SIGKILL or SIGSTOP any one peer: every seed has removed it within (strikes + 1) intervals plus
// 2 s of its last answer, and no live peer is removed at any seed."
test.each(['killed', 'stopped'] as const)(
  'a peer that is %s is removed in time at every seed, and no other is',
  async (how) => {
    const run = await soakOnce({ peers: 6, intervalMs: 500, how, logDir });
    expect(run).toMatchObject({ ok: true, value: { good: true, wronglyRemoved: [] } });
  },
);
