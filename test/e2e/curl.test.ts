// curl through a node: long bodies both ways, an origin that refuses a body while it comes, and a client that leaves.

import { type ChildProcess, spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Folder, type GatewayNode, newFolder, startGateway } from './gateway-node.ts';

const CONTENT = randomBytes(20_000_000);

let folder: Folder;
let node: GatewayNode;
let origin: Server;
let file: string;
/** Answers that their client left before they were over. */
let left = 0;
const asked: string[] = [];

beforeAll(async () => {
  folder = newFolder();
  file = folder.write('content', CONTENT);
  origin = createServer((request, response) => void answer(request, response));
  await new Promise<void>((resolve) => origin.listen(0, '127.0.0.1', resolve));
  const { port } = origin.address() as AddressInfo;
  node = await startGateway(['--route', `* 127.0.0.1:${port}`]);
});

afterAll(async () => {
  origin.close();
  expect(await node.stop()).toBe(0);
  folder.remove();
});

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  asked.push(request.url ?? '');
  response.once('close', () => {
    if (!response.writableFinished) left += 1;
  });
  if (request.url === '/digest') {
    const hash = createHash('sha256');
    for await (const chunk of request) hash.update(chunk as Buffer);
    response.end(hash.digest('hex'));
  } else if (request.url === '/content') response.end(CONTENT);
  else if (request.url === '/pieces') {
    for (let at = 0; at < CONTENT.byteLength; at += 50_000)
      response.write(CONTENT.subarray(at, at + 50_000));
    response.end();
  } else if (request.url === '/refused')
    response.writeHead(413, { Connection: 'close' }).end('too long');
}

function curl(path: string, ...args: string[]): ChildProcess & { readonly said: Promise<Buffer> } {
  const all = ['-s', '--max-time', '30', ...args, `${node.url}${path}`];
  const child = spawn('curl', all, { stdio: ['ignore', 'pipe', 'inherit'] });
  const chunks: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  const said = new Promise<Buffer>((resolve) => {
    child.once('close', () => resolve(Buffer.concat(chunks)));
  });
  return Object.assign(child, { said });
}

function digestOf(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

test.each([
  ['a length', []],
  ['chunks', ['-H', 'Transfer-Encoding: chunked']],
  ['Expect: 100-continue', ['-H', 'Expect: 100-continue']],
])('[GRIP-PROXY-5] 20 MB with %s reach the origin as they are', async (_, args) => {
  expect((await curl('/digest', '-T', file, ...args).said).toString()).toBe(digestOf(CONTENT));
});

test.each([
  ['with their length', '/content', []],
  ['as chunks', '/pieces', []],
  ['to HTTP/1.0', '/pieces', ['--http1.0']],
])('[GRIP-PROXY-6] 20 MB reach the client %s', async (_, path, args) => {
  expect(digestOf(await curl(path, ...args).said)).toBe(digestOf(CONTENT));
});

test('[GRIP-PROXY-14] an origin that refuses a body and closes while it comes is heard', async () => {
  const refused = Array.from({ length: 10 }, () =>
    curl('/refused', '-w', ' %{http_code}', '-H', 'Expect:', '-T', file),
  );
  for (const { said } of refused) expect((await said).toString()).toBe('too long 413');
});

test('[GRIP-PROXY-12] a client that leaves is gone for the origin, whether it was answered or not', async () => {
  left = 0;
  const unanswered = curl('/never');
  const slow = curl('/content', '--limit-rate', '100k');
  await new Promise<void>((resolve) => slow.stdout?.once('data', () => resolve()));
  await expect.poll(() => asked).toContain('/never');
  unanswered.kill();
  slow.kill();
  await expect.poll(() => left, { timeout: 10_000 }).toBe(2);
});
