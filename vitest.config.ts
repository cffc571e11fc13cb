// Four projects: `core` (the pure packages, whose tests need no isolation), `unit` (what has to do
// with the machine), `tidy` (the sources themselves) and `e2e` (real processes, after the others
// and two files at a time, so that timing means something).
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

// Packages import one another by subpath; tests run on the sources, without a build.
const packages = fileURLToPath(new URL('./packages/', import.meta.url));
const alias = [{ find: /^@hearsay\/([a-z]+)\/(.+)$/, replacement: `${packages}$1/src/$2.ts` }];

export default defineConfig({
  resolve: { alias },
  test: {
    projects: [
      {
        extends: true,
        test: {
          name: 'core',
          include: ['packages/{common,seed,peer}/test/**/*.test.ts'],
          pool: 'threads',
          isolate: false,
          // Properties draw much, and the machines are shared.
          testTimeout: 30_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['packages/{runtime,lab}/test/**/*.test.ts', 'test/prepare.test.ts'],
          pool: 'threads',
          testTimeout: 30_000,
        },
      },
      {
        extends: true,
        test: { name: 'tidy', include: ['test/tidy.test.ts', 'test/documents.test.ts'] },
      },
      {
        extends: true,
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
