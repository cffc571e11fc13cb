import { mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { makeFolder } from '../src/make-folder.js';
import { scratchFolder } from './scratch.js';

vi.mock('node:fs', async (load) => {
  const fs = await load<typeof import('node:fs')>();
  return { ...fs, mkdirSync: vi.fn(fs.mkdirSync) };
});

/** Somebody else puts something there between the look and the making. */
function meanwhile(puts: (path: string) => unknown): void {
  vi.mocked(mkdirSync).mockImplementationOnce((path) => {
    puts(`${path}`);
    mkdirSync(path);
    return undefined;
  });
}

test('a folder that another node makes at the same moment is as good as made', () => {
  const above = join(scratchFolder(), 'above');
  meanwhile((path) => mkdirSync(path));
  makeFolder(join(above, 'logs'));
  expect(statSync(join(above, 'logs')).isDirectory()).toBe(true);
});

test('a file that comes in the way at the same moment is an error', () => {
  const path = join(scratchFolder(), 'logs');
  meanwhile((there) => writeFileSync(there, ''));
  expect(() => makeFolder(path)).toThrow('EEXIST');
});
