// `npm run same-hash`: the same seeds on every line of Node.js that the package says it runs on, each brought into
// .cache/ by npm. They must give the hashes that this Node.js gives. Ends with `N passed, N failed`.

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

import { withSites } from '../src/sim/search/with-sites.ts';

const VERSIONS = ['22.23.3', '24.21.0'];
const DIALECTS = ['broker', 'gateway', 'chat'];
const LANES = ['byte', 'object'];
const SEEDS = 10;

const run = promisify(execFile);

let passed = 0;
let failed = 0;
const binaries = new Map<string, string>();
for (const version of VERSIONS) binaries.set(version, await brought(version));
for (const dialect of DIALECTS)
  for (const lane of LANES) {
    const here = await hashOf(process.execPath, dialect, lane);
    for (const [version, binary] of binaries) {
      const there = await hashOf(binary, dialect, lane);
      if (there === here) passed += 1;
      else failed += 1;
      const verdict = there === here ? 'same' : `DIFFERS from ${here} of ${process.version}`;
      console.log(`Node.js ${version}, ${dialect}, ${lane} lane: ${there}, ${verdict}`);
    }
  }
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;

/** The path of a Node.js of that version. */
async function brought(version: string): Promise<string> {
  const name = `node-${process.platform}-${process.arch}`;
  const folder = `.cache/nodes/${version}`;
  await run('npm', [
    ...['install', '--prefix', folder, '--no-save', '--no-audit', '--no-fund'],
    `${name}@${version}`,
  ]);
  const binary = `${folder}/node_modules/${name}/bin/node`;
  const { stdout } = await run(binary, ['--version']);
  if (stdout.trim() !== `v${version}`) throw new Error(`${binary} is ${stdout.trim()}`);
  return binary;
}

/** The hash over the first seeds of a dialect. */
async function hashOf(binary: string, dialect: string, lane: string): Promise<string> {
  const words = ['--only', dialect, '--lane', lane, '--runs', String(SEEDS), '--json'];
  const { stdout } = await run(binary, [...withSites, 'src/sim/main.ts', ...words]);
  const { hash, failures } = JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '') as {
    readonly hash: string;
    readonly failures: number;
  };
  if (failures > 0) throw new Error(`a seed of ${dialect} fails in the ${lane} lane`);
  return hash;
}
