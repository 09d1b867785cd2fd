'use strict';
// Refuses a Node.js that cannot run Hermod, with a sentence instead of a stack trace.
// Old syntax on purpose: it must run on the very versions that it refuses.

var least = [22, 19];
var have = process.versions.node.split('.').map(Number);

if (have[0] < least[0] || (have[0] === least[0] && have[1] < least[1])) {
  console.error(
    'hermod needs Node.js ' +
      least.join('.') +
      ' or newer; this is ' +
      process.version +
      '.\n' +
      'In a checkout, `npm ci` brings its own Node.js; run it again without --omit=dev.',
  );
  process.exit(1);
}
