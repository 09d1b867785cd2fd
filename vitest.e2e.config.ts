// `npm run e2e`: the node as strangers meet it, through a browser, curl, netcat and Python. One
// file at a time, because each starts nodes and a browser of its own.

import { defineConfig } from 'vitest/config';

// The count that .ci/run adds up is written where it says.
const report = process.env['HERMOD_REPORT'];

export default defineConfig({
  test: {
    reporters: report === undefined ? ['default'] : ['default', ['json', { outputFile: report }]],
    include: ['test/e2e/**/*.test.ts'],
    setupFiles: ['test/support/setup.ts'],
    pool: 'forks',
    fileParallelism: false,
    passWithNoTests: true,
    allowOnly: false,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // Machines that test have other work as well.
    expect: { poll: { timeout: 15_000 } },
  },
});
