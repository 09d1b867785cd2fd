// `hermod cluster status` as operators run it, against an admin door that answers by a script.

import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, expect, test } from 'vitest';
import type { ClusterTold } from '../../src/actors/cluster/links/members-state.ts';
import { AdminDoor, type AdminSources } from '../../src/transports/process/admin.ts';
import { bareEnvironment } from '../support/bare-environment.ts';
import { selfSigned } from '../support/certificates.ts';

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
const PATIENT = { timeout: 30_000 };
const folder = mkdtempSync(join(tmpdir(), 'hermod-status-'));
let door: AdminDoor | undefined;

afterEach(() => door?.close());
afterAll(() => rmSync(folder, { recursive: true }));

const told: ClusterTold = {
  type: 'clusterTold',
  ...{ ref: 1, node: 'n1', cluster: 'c', incarnation: 7, isServing: true },
  ...{ cutOff: [], caps: [], members: [] },
};

async function open(
  cluster: AdminSources['cluster'],
  tls?: { readonly cert: string; readonly key: string },
): Promise<string> {
  door = new AdminDoor(
    { host: '127.0.0.1', port: 0, tls },
    {
      health: () => ({}),
      readiness: () => ({ isReady: true, status: 'ready' }),
      cluster,
      metrics: () => Promise.resolve({ contentType: 'text/plain', text: '' }),
    },
  );
  const listening = await door.listen();
  if (!listening.ok) throw new Error(listening.message);
  return listening.address;
}

function status(...args: readonly string[]): Promise<{ code: number | null; out: string }> {
  const child = spawn(process.execPath, [MAIN, 'cluster', 'status', ...args], {
    env: bareEnvironment,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let out = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => {
      out += chunk.toString();
    });
  return new Promise((resolve) => {
    child.once('close', (code) => resolve({ code, out }));
  });
}

test('[PROC-ADMIN-2] what a node tells is printed', PATIENT, async () => {
  const admin = await open(() => Promise.resolve(told));
  const { code, out } = await status('--admin', admin);
  expect(out).toContain('Cluster c, as n1 sees it:');
  expect(code).toBe(0);
});

test('[PROC-ADMIN-2] a door with TLS is asked, too', PATIENT, async () => {
  const pair = selfSigned();
  const caFile = join(folder, 'ca.pem');
  writeFileSync(caFile, pair.cert);
  const admin = await open(() => Promise.resolve(told), pair);
  const trusted = await status('--admin', admin, '--ca-file', caFile, '--json');
  expect(JSON.parse(trusted.out)).toMatchObject({ node: 'n1', cluster: 'c' });
  expect(trusted.code).toBe(0);
  const strange = await status('--admin', admin, '--tls');
  expect([strange.code, strange.out]).toEqual([1, expect.stringContaining('self-signed')]);
  const missing = await status('--admin', admin, '--ca-file', join(folder, 'none.pem'));
  expect([missing.code, missing.out]).toEqual([1, expect.stringContaining('cannot be read')]);
});

test('[PROC-ADMIN-2] a node that is alone says so', PATIENT, async () => {
  const { code, out } = await status('--admin', await open(() => Promise.resolve('alone')));
  expect([code, out]).toEqual([1, expect.stringContaining('This node is in no cluster.')]);
});

test(
  '[PROC-ADMIN-2] a node that does not know at the moment does not say that it is alone',
  PATIENT,
  async () => {
    const { code, out } = await status('--admin', await open(() => Promise.resolve(undefined)));
    expect([code, out]).toEqual([1, expect.stringContaining('no answer came in time')]);
  },
);
