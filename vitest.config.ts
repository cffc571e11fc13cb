import { defineConfig } from 'vitest/config';

// Packages import one another by subpath; tests run on the sources, without a build.
const alias = [
  {
    find: /^@hearsay\/([a-z]+)\/(.+)$/,
    replacement: new URL('./packages/', import.meta.url).pathname + '$1/src/$2.ts',
  },
];

export default defineConfig({
  resolve: { alias },
  test: {
    projects: [
      { extends: true, test: { name: 'unit', include: ['packages/*/test/**/*.test.ts'] } },
      { extends: true, test: { name: 'tidy', include: ['test/tidy.test.ts'] } },
      {
        extends: true,
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          maxWorkers: 2,
        },
      },
    ],
  },
});
