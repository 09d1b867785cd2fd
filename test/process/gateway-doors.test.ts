// The doors that a pushpin.conf asks for beside plain ports: certificates by the server's name, and sockets of the file
// system. Whole processes, with the files that operators of Pushpin have.

import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, type TLSSocket } from 'node:tls';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { selfSigned } from '../support/certificates.ts';
import { freePort } from '../support/free-port.ts';
import { launch, type Launched } from '../support/node-process.ts';

// Whole processes on machines with few cores.
vi.setConfig({ testTimeout: 60_000 });
const patience = { timeout: 10_000 };

let folder = '';
const launched: Launched[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hermod-doors-'));
  mkdirSync(join(folder, 'runner/certs'), { recursive: true });
  writeFileSync(join(folder, 'routes'), '* test\n');
});

afterEach(async () => {
  for (const { child } of launched) child.kill('SIGKILL');
  await Promise.all(launched.splice(0).map(({ exited }) => exited));
  rmSync(folder, { recursive: true });
});

function certify(name: string, commonName: string, daysValid = 30): void {
  const { cert, key } = selfSigned(commonName, { daysValid });
  writeFileSync(join(folder, 'runner/certs', `${name}.key`), key);
  writeFileSync(join(folder, 'runner/certs', `${name}.crt`), cert);
}

function start(...lines: readonly string[]): Launched {
  const file = join(folder, 'pushpin.conf');
  const text = ['[runner]', ...lines, '[proxy]', 'routesfile=routes', ''].join('\n');
  writeFileSync(file, text);
  const node = launch([`--pushpin-conf=${file}`, '--json', '--threads', '2']);
  launched.push(node);
  return node;
}

/** The name on the certificate that is shown to whoever asks for `servername`; undefined when there is none. */
function shown(port: number, servername: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket: TLSSocket = connect(
      { host: '127.0.0.1', port, rejectUnauthorized: false, servername },
      () => {
        const { CN } = socket.getPeerCertificate().subject;
        resolve(typeof CN === 'string' ? CN : undefined);
        socket.destroy();
      },
    );
    socket.once('error', () => resolve(undefined));
  });
}

const eventsOf = ({ lines }: Launched): string[] =>
  lines.map((line) => (JSON.parse(line) as { event: string }).event);

test('[GRIP-CLIENT-9] the certificate is that of the name which the client asks for, and changes with its files', async () => {
  const port = await freePort();
  certify('one.test', 'of one');
  certify('_.two.test', 'of all two');
  certify(`default_${port}`, 'of nobody');
  certify('default_1', 'of another port');
  const node = start(`https_ports=127.0.0.1:${port}`);
  await node.ready;
  expect(await shown(port, 'one.test')).toBe('of one');
  expect(await shown(port, 'ONE.test')).toBe('of one');
  expect(await shown(port, 'a.two.test')).toBe('of all two');
  for (const name of ['two.test', 'a.b.two.test', 'three.test', ''])
    expect([name, await shown(port, name)]).toEqual([name, 'of nobody']);
  certify('three.test', 'of three');
  await expect.poll(() => shown(port, 'three.test'), patience).toBe('of three');
  writeFileSync(join(folder, 'runner/certs/one.test.crt'), 'broken');
  await expect.poll(() => eventsOf(node), patience).toContain('tls.broken');
  expect(await shown(port, 'one.test')).toBe('of one');
  rmSync(join(folder, 'runner/certs/three.test.crt'));
  await expect.poll(() => shown(port, 'three.test'), patience).toBe('of nobody');
});

test('[PROC-TLS-2] certificates that end within a week are told when they are read', async () => {
  const port = await freePort();
  certify('one.test', 'of one', 3);
  certify('two.test', 'of two');
  const node = start(`https_ports=127.0.0.1:${port}`);
  await node.ready;
  const told = (): readonly unknown[] =>
    node.lines
      .map((line) => JSON.parse(line) as { readonly event: string; readonly file?: string })
      .filter(({ event }) => event === 'tls.expires')
      .map(({ file }) => file?.slice(file.lastIndexOf('/') + 1));
  await expect.poll(told, patience).toEqual(['one.test.crt']);
  certify('three.test', 'of three', 6);
  await expect.poll(told, patience).toContain('three.test.crt');
  expect(told()).not.toContain('two.test.crt');
});

test('[GRIP-CLIENT-9] without a default, who names nobody fails; without any, nothing starts', async () => {
  const port = await freePort();
  const bare = start(`https_ports=127.0.0.1:${port}`);
  expect(await bare.exited).toBe(1);
  expect(bare.errors()).toMatch(new RegExp(`Port ${port} has no certificate in .*default_${port}`));
  certify('one.test', 'of one');
  const node = start(`https_ports=127.0.0.1:${port}`);
  await node.ready;
  expect(await shown(port, 'one.test')).toBe('of one');
  expect(await shown(port, 'two.test')).toBeUndefined();
});

test('[GRIP-CLIENT-10] a socket of the file system serves clients, with its permissions, and replaces what was left', async () => {
  const path = join(folder, 'client.sock');
  const ask = (): Promise<string> =>
    new Promise((resolve, reject) => {
      const asked = request({ socketPath: path, path: '/', agent: false }, (response) => {
        let text = '';
        response.on('data', (chunk: Buffer) => (text += chunk.toString()));
        response.on('end', () => resolve(text));
      });
      asked.on('error', reject);
      asked.end();
    });
  const id = statSync(folder).uid;
  const first = start(`local_ports=${path}?mode=0640&user=${id}`);
  expect(await first.ready).toEqual({ gateway: `unix://${path}` });
  expect(await ask()).toContain('Hello');
  expect((statSync(path).mode & 0o777).toString(8)).toBe('640');
  // Two must not serve one socket.
  const second = start(`local_ports=${path}`);
  expect(await second.exited).toBe(1);
  expect(second.errors()).toContain(`The socket ${path} cannot open`);
  expect(await ask()).toContain('Hello');
  // A process that was killed leaves its file.
  first.child.kill('SIGKILL');
  await first.exited;
  const third = start(`local_ports=${path}?group=nobody-is-called-so`);
  expect(await third.exited).toBe(1);
  const fourth = start(`local_ports=${path}`);
  await fourth.ready;
  expect(await ask()).toContain('Hello');
  fourth.child.kill('SIGTERM');
  expect(await fourth.exited).toBe(0);
  expect(() => statSync(path)).toThrow('ENOENT');
});

test('[PROC-HUP-1] SIGHUP has the routes read again, and ends nobody', async () => {
  const port = await freePort();
  const node = start(`http_port=127.0.0.1:${port}`);
  await node.ready;
  const status = async (): Promise<number> => (await fetch(`http://127.0.0.1:${port}/`)).status;
  expect(await status()).toBe(200);
  writeFileSync(join(folder, 'routes'), 'elsewhere.example test\n');
  node.child.kill('SIGHUP');
  await expect.poll(status, patience).toBe(502);
  node.child.kill('SIGHUP');
  node.child.kill('SIGTERM');
  expect(await node.exited).toBe(0);
});
