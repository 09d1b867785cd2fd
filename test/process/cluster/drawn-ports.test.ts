// Nodes on ports that the kernel chooses: they tell each other the real ones, so that all of them find each other, and
// whoever is called where a dead one was learns at once that nobody listens there.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test, vi } from 'vitest';

import { CLUSTER_SECRET, type ClusterSeen } from '../../support/cluster-processes.ts';
import { type NodeProcess, startNode } from '../../support/node-process.ts';
import { until } from '../../support/until.ts';

const folder = mkdtempSync(join(tmpdir(), 'hermod-drawn-'));
const nodes: NodeProcess[] = [];

afterAll(() => {
  for (const { child } of nodes) child.kill('SIGKILL');
  rmSync(folder, { recursive: true });
});

async function started(name: string, peer: string): Promise<NodeProcess> {
  const secretFile = join(folder, 'secret');
  writeFileSync(secretFile, `k1 ${CLUSTER_SECRET}\n`);
  const node = await startNode(
    ['--node', name, '--threads', '1', '--chat-port', '0', '--cluster-port', '0'],
    { HERMOD_CLUSTER_SECRET_FILE: secretFile, HERMOD_CLUSTER_PEERS: peer },
  );
  nodes.push(node);
  return node;
}

async function seenFrom({ doors }: NodeProcess): Promise<readonly Record<string, unknown>[]> {
  const answer = await fetch(`http://${doors['admin']}/cluster`);
  return ((await answer.json()) as ClusterSeen).members as unknown as Record<string, unknown>[];
}

vi.setConfig({ testTimeout: 90_000 });

test('[PROC-PORT-3] nodes with ports of chance find each other through one of them, and see one die', async () => {
  const first = await started('n1', '');
  const second = await started('n2', first.doors['cluster'] ?? '');
  const third = await started('n3', first.doors['cluster'] ?? '');
  await until(
    async () => (await seenFrom(third)).filter(({ hasLink }) => hasLink === true).length === 2,
    20_000,
    'the third link',
  );
  expect(await seenFrom(third)).toMatchObject([
    { node: 'n1', addr: first.doors['cluster'] },
    { node: 'n2', addr: second.doors['cluster'] },
  ]);
  second.child.kill('SIGKILL');
  const diedAt = performance.now();
  const stateOfSecond = async (): Promise<unknown> =>
    (await seenFrom(first)).find(({ node }) => node === 'n2')?.['state'];
  await until(async () => (await stateOfSecond()) === 'down', 8_000, 'the death');
  expect(performance.now() - diedAt).toBeLessThan(6_000);
});
