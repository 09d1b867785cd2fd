'use strict';
// Prints the test files of a vitest report that have failed tests, a line each, for .ci/run to run them again.
// None when they are more than a busy machine explains: then something is broken. None without a report, either.

const fs = require('node:fs');

const FILES_MAX = 4;

const report = process.argv[2];
const { testResults } = fs.existsSync(report)
  ? JSON.parse(fs.readFileSync(report, 'utf8'))
  : { testResults: [] };
const files = testResults.filter((file) => file.status === 'failed').map((file) => file.name);
if (files.length <= FILES_MAX) for (const file of files) console.log(file);
