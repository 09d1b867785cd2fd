// `npm test`: everything under test/ but the end-to-end runs, which need a browser and foreign
// clients (vitest.e2e.config.ts).

import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';

import { configDefaults, defineConfig } from 'vitest/config';

import { grow, hasSites } from './src/sim/search/sites.ts';

// The count that .ci/run adds up is written where it says.
const report = process.env['HERMOD_REPORT'];

// Tests start some hundred processes and threads from the same sources: Node strips and compiles each source once.
process.env['NODE_COMPILE_CACHE'] ??= fileURLToPath(new URL('.cache/compiled', import.meta.url));

export default defineConfig({
  // The simulator runs the actors with their buggify sites, as `npm run sim` does.
  plugins: [
    {
      name: 'buggify-sites',
      enforce: 'pre',
      transform: (source, id) => (hasSites(id) ? grow(source) : undefined),
    },
  ],
  test: {
    reporters: report === undefined ? ['default'] : ['default', ['json', { outputFile: report }]],
    include: ['test/**/*.test.ts'],
    exclude: [...configDefaults.exclude, 'test/e2e/**'],
    setupFiles: ['test/support/setup.ts'],
    // Processes, not threads: a test may start worker threads and end them as it likes.
    pool: 'forks',
    // One process for many files: to load the house anew for each took most of the time. Whatever a test changes beyond
    // its own file, it puts back.
    isolate: false,
    // Many tests wait for sockets and deadlines: with a worker for each processor, processors would be idle.
    maxWorkers: availableParallelism() + 1,
    passWithNoTests: false,
    allowOnly: false,
    // Ends what hangs; a busy machine may take its time.
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
