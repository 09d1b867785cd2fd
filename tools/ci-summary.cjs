'use strict';
// Tells what failed and adds up the vitest reports that .ci/run collected and prints "N passed, N failed". A step that
// ended badly without a failed test (a type error, a crash) counts as one failure. Old syntax, so
// that it runs on the system's Node even where the install itself failed.

const fs = require('node:fs');
const path = require('node:path');

const folder = process.argv[2];
const steps = fs
  .readdirSync(folder)
  .filter((file) => file.endsWith('.status'))
  .map((file) => stepOf(file.slice(0, -'.status'.length)));
let passed = 0;
let failed = 0;

for (const step of steps) {
  const { name, counted, crashed } = step;
  const total = counted.passed + counted.failed;
  const first = steps.find((other) => other.name + '-again' === name);
  const again = steps.find((other) => other.name === name + '-again');
  // What ran again changes the fate of what had failed in it, and is all of the step where the first run broke off.
  if (first === undefined) passed += counted.passed;
  else passed += Math.max(first.counted.failed, total - first.counted.passed) - counted.failed;
  if (again === undefined) failed += counted.failed + (crashed ? 1 : 0);
  console.log(
    name +
      ': ' +
      counted.passed +
      ' passed, ' +
      counted.failed +
      ' failed, ' +
      counted.skipped +
      ' skipped' +
      (crashed ? ', and the step itself failed (exit ' + step.ended + ')' : ''),
  );
  if (counted.failed > 0 || crashed)
    for (const line of failuresOf(path.join(folder, name))) console.log('  ' + line);
}

console.log(passed + ' passed, ' + failed + ' failed');
process.exit(failed === 0 && passed > 0 ? 0 : 1);

function stepOf(name) {
  const ended = fs.readFileSync(path.join(folder, name + '.status'), 'utf8').trim();
  const counted = countsOf(path.join(folder, name));
  return { name, ended, counted, crashed: ended !== '0' && counted.failed === 0 };
}

function countsOf(step) {
  if (!fs.existsSync(step + '.json')) return lastWordOf(step + '.log');
  const report = JSON.parse(fs.readFileSync(step + '.json', 'utf8'));
  // A test file that could not be loaded has no tests to count, yet it failed.
  const unloaded = report.testResults.filter(
    (result) =>
      result.status === 'failed' && result.assertionResults.every((t) => t.status !== 'failed'),
  ).length;
  return {
    passed: report.numPassedTests,
    failed: report.numFailedTests + unloaded,
    skipped: report.numPendingTests + report.numTodoTests,
  };
}

/** What failed in a step, a line each: by its report, or else the rows and lines of its output that say so. */
function failuresOf(step) {
  if (fs.existsSync(step + '.json'))
    return JSON.parse(fs.readFileSync(step + '.json', 'utf8')).testResults.flatMap((file) =>
      file.assertionResults
        .filter((test) => test.status === 'failed')
        .map((test) => test.fullName + ': ' + String(test.failureMessages[0]).split('\n')[0])
        .concat(file.status === 'failed' && file.message ? [file.name + ': ' + file.message] : []),
    );
  const lines = fs.existsSync(step + '.log')
    ? fs.readFileSync(step + '.log', 'utf8').split('\n')
    : [];
  const telling = lines.filter((line) =>
    /^\| .* \| failed \d+ \||^FAILED |^MISSED|Error/.test(line),
  );
  return (telling.length === 0 ? lines.slice(-15) : telling).slice(0, 40);
}

/** Of a step that is no vitest run: its line "N passed, N failed", if it says one. */
function lastWordOf(file) {
  const text = fs.existsSync(file) ? fs.readFileSync(file, 'utf8') : '';
  const lines = text.match(/^\d+ passed, \d+ failed.*$/gm) || [];
  const counts = (lines[lines.length - 1] || '0 0').match(/\d+/g).map(Number);
  return { passed: counts[0], failed: counts[1], skipped: 0 };
}
