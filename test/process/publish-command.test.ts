// `hermod publish` as a process: what it sends, what it says and how it ends.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { Pull } from 'zeromq';
import { bareEnvironment } from '../support/bare-environment.ts';
import { itemFromZmq } from '../../src/actors/codecs/grip/publish-item.ts';
import { selfSigned } from '../support/certificates.ts';

const closing: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly errors: string;
}

async function publish(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Ended> {
  const child = spawn(process.execPath, ['src/main.ts', 'publish', ...args], {
    env: { ...bareEnvironment, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [out, errors] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, out, errors };
}

const published: Ended = { code: 0, out: 'Published\n', errors: '' };

/** Takes what is posted, and answers with a status and a body. */
async function serve(status: number, body: string, server: Server = createServer()) {
  const heard: { request: IncomingMessage; body: string }[] = [];
  server.on('request', (request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      heard.push({ request, body: Buffer.concat(chunks).toString() });
      response.writeHead(status).end(body);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closing.push(() => server.close());
  const { port } = server.address() as { port: number };
  return { at: `127.0.0.1:${port}`, heard };
}

test('a message is posted to where GRIP_URL points, past what libraries write behind it', async () => {
  const { at, heard } = await serve(200, 'Published\n');
  const env = { GRIP_URL: `http://${at}/base/?iss=realm&key=changeme` };
  expect(await publish(['room', 'hello', '--id', '1', '--no-seq'], env)).toEqual(published);
  expect(heard.map(({ request: { method, url } }) => `${method} ${url}`)).toEqual([
    'POST /base/publish/',
  ]);
  expect(heard[0]?.request.headers).toMatchObject({ 'content-type': 'application/json', host: at });
  expect(JSON.parse(heard[0]?.body ?? '')).toEqual({
    items: [
      {
        channel: 'room',
        id: '1',
        formats: {
          'http-response': { body: 'hello\n', code: 200 },
          'http-stream': { content: 'hello\n' },
          'ws-message': { content: 'hello' },
        },
        'no-seq': true,
      },
    ],
  });
});

test('an answer other than 200 is told', async () => {
  const refused = await serve(400, 'Invalid format: no formats specified\n');
  const spec = ['--spec', `http://${refused.at}`];
  const errors = 'Error: Invalid format: no formats specified\n';
  expect(await publish(['room', 'x', ...spec])).toEqual({ code: 1, out: '', errors });
  const silent = await serve(204, '');
  expect(await publish(['room', 'x', '--spec', `http://${silent.at}`])).toMatchObject({
    code: 1,
    errors: 'Error: status 204\n',
  });
});

test.each<[readonly string[], string]>([
  [['room'], 'Error: must specify content\n'],
  [['room', 'x', '-H', 'none'], 'Error: header must be in the form "name: value"\n'],
  [['room', 'x', '-u', 'a:b'], 'Error: Authentication requires https\n'],
  [
    ['room', 'x', '-u', 'a:b', '-B', 'c'],
    'Error: only one authentication method can be specified\n',
  ],
  [['room', 'x', '--spec', 'http:nowhere'], 'Error: invalid URL\n'],
  [['room', 'x', '--spec', 'nowhere'], 'Error: Invalid argument\n'],
  [['room', 'x', '--spec', 'http://127.0.0.1:1'], 'Error: connect ECONNREFUSED 127.0.0.1:1\n'],
  [[], "error: missing required argument 'channel'\n"],
  [['room', 'x', '--what'], "error: unknown option '--what'\n"],
])('%j ends with 1 and says why', async (args, errors) => {
  expect(await publish(args)).toEqual({ code: 1, out: '', errors });
});

test('names and tokens go to https alone', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'publish-'));
  closing.push(() => rmSync(folder, { recursive: true }));
  const { cert, key } = selfSigned();
  writeFileSync(join(folder, 'ca.pem'), cert);
  const { at, heard } = await serve(200, '', createTlsServer({ cert, key }));
  const env = { NODE_EXTRA_CA_CERTS: join(folder, 'ca.pem') };
  const spec = ['--spec', `https://localhost:${at.split(':')[1]}`];
  expect(await publish(['room', 'x', '-u', 'me:secret', ...spec], env)).toEqual(published);
  expect(await publish(['room', 'x', '-B', 'token', ...spec], env)).toEqual(published);
  expect(heard.map(({ request }) => request.headers.authorization)).toEqual([
    `Basic ${Buffer.from('me:secret').toString('base64')}`,
    'Bearer token',
  ]);
  expect(await publish(['room', 'x', ...spec])).toMatchObject({ code: 1, out: '' });
});

test('a message is pushed by ZeroMQ, and has arrived when the process ends', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'publish-'));
  closing.push(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, 'bytes'), Uint8Array.of(0xff, 0x00));
  const pull = new Pull({ linger: 0 });
  closing.push(() => pull.close());
  await pull.bind('tcp://127.0.0.1:*');
  const spec = pull.lastEndpoint ?? '';
  expect(await publish(['room', `@${join(folder, 'bytes')}`, '--spec', spec])).toEqual(published);
  const [frame = new Uint8Array(0)] = await pull.receive();
  const reading = itemFromZmq(frame);
  if (!reading.ok) throw new Error(reading.mistake.message);
  expect(reading.item.channel).toBe('room');
  expect(Buffer.from(reading.item.stream?.content ?? [])).toEqual(Buffer.of(0xff, 0x00));
});
