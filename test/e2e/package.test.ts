// The package as npm hands it out: packed from the sources, installed beside nothing but its own dependencies, started by
// the name that it brings. What the Dockerfile copies is the same.

import { execFile, spawn } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { bareEnvironment } from '../support/bare-environment.ts';

const HOUSE = fileURLToPath(new URL('../..', import.meta.url));
const PATIENT = 240_000;
const run = promisify(execFile);

let folder: string;
let hermod: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'hermod-package-'));
  const sources = join(folder, 'sources');
  const beside = new Set(['node_modules', 'dist', '.git', '.cache']);
  for (const name of readdirSync(HOUSE).filter((one) => !beside.has(one)))
    cpSync(join(HOUSE, name), join(sources, name), { recursive: true });
  symlinkSync(join(HOUSE, 'node_modules'), join(sources, 'node_modules'));
  await run('npm', ['pack', '--silent', '--pack-destination', folder], { cwd: sources });
  const [tarball = ''] = readdirSync(folder).filter((name) => name.endsWith('.tgz'));
  const installing = ['install', '--silent', '--prefer-offline', '--no-audit', '--prefix', folder];
  await run('npm', [...installing, join(folder, tarball)], { cwd: folder });
  hermod = join(folder, 'node_modules/.bin/hermod');
}, PATIENT);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('holds no sources, no tests and no simulator', () => {
  const names = readdirSync(join(folder, 'node_modules/hermod'));
  expect(names.toSorted()).toEqual(['LICENSE', 'README.md', 'bin', 'dist', 'package.json', 'spec']);
  expect(existsSync(join(folder, 'node_modules/hermod/dist/sim'))).toBe(false);
});

test('each command explains itself', async () => {
  for (const command of ['start', 'check-config', 'publish', 'chat', 'cluster', 'hash-password']) {
    const { stdout } = await run(process.execPath, [hermod, command, '--help']);
    expect(stdout).toContain(`Usage: hermod ${command}`);
  }
});

test('the node starts on two threads, takes a publication and goes when it is told', async () => {
  const args = [hermod, 'start', '--port', '0', '--admin-port', '0', '--threads', '2', '--json'];
  const node = spawn(process.execPath, args, {
    env: bareEnvironment,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = new Promise((resolve) => void node.once('close', resolve));
  try {
    const door = await new Promise<string>((resolve, reject) => {
      void exited.then((code) => reject(new Error(`the node ended with ${String(code)}`)));
      createInterface({ input: node.stdout }).on('line', (line) => {
        const { event, doors } = JSON.parse(line) as { event: string; doors?: { broker: string } };
        if (event === 'ready' && doors !== undefined) resolve(doors.broker);
      });
    });
    const reader = await fetch(`http://${door}/sse?topic=news`);
    const publication = { topic: 'news', data: 'packed' };
    const body = JSON.stringify(publication);
    const headers = { 'Content-Type': 'application/json' };
    const answer = await fetch(`http://${door}/publish`, { method: 'POST', headers, body });
    expect(answer.status).toBe(200);
    let heard = '';
    for await (const chunk of reader.body ?? []) {
      heard += Buffer.from(chunk).toString();
      if (heard.includes('packed')) break;
    }
    expect(heard).toContain('packed');
  } finally {
    node.kill('SIGTERM');
  }
  expect(await exited).toBe(0);
});
