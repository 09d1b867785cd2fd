// A client that somebody wrote from the documents alone, in another language: it says several hundred lines to a node,
// and the node answers each as the documents say.

import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type NodeProcess, startNode } from '../support/node-process.ts';

const CLIENT = fileURLToPath(new URL('hp-client.py', import.meta.url));

let strict: NodeProcess;
let lenient: NodeProcess;

beforeAll(async () => {
  [strict, lenient] = await Promise.all([
    startNode(['--chat-port', '0', '--threads', '2']),
    startNode(['--chat-port', '0', '--threads', '1', '--chat-envelope', 'lenient']),
  ]);
});

afterAll(async () => {
  await Promise.all([strict.stop(), lenient.stop()]);
});

function run(...addresses: readonly string[]): Promise<{ code: number | null; output: string }> {
  const child = spawn('python3', [CLIENT, ...addresses], { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const pipe of [child.stdout, child.stderr])
    pipe.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
  return new Promise((resolve) => {
    child.once('close', (code) => resolve({ code, output }));
  });
}

test('a client written from the documents agrees with the node in every line', async () => {
  const { code, output } = await run(strict.doors['chat'] ?? '', lenient.doors['chat'] ?? '');
  expect(output).toMatch(/^\d{3,} lines, 13 dialogues, 0 disagreements\n$/);
  expect(code).toBe(0);
});

test('and disagrees where a node is set otherwise than it was told', async () => {
  const { code, output } = await run(lenient.doors['chat'] ?? '');
  expect(output).toMatch(/^no id: PONG instead of MISSING_FIELD/m);
  expect(code).toBe(1);
});
