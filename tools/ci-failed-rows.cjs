'use strict';
// Prints the requirements of a conformance table whose cases failed, a line each, for .ci/run to run their cases again.
// None when they are more than a busy machine explains: then something is broken. None without a table, either.

const fs = require('node:fs');

const ROWS_MAX = 8;

const [, , log] = process.argv;
const text = fs.existsSync(log) ? fs.readFileSync(log, 'utf8') : '';
const rows = [...text.matchAll(/^\| (\S+) \| \d+ \| failed \d+ \|/gm)].map(([, id]) => id);
if (rows.length <= ROWS_MAX) for (const id of rows) console.log(id);
