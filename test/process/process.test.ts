// The process as its operator meets it: flags in, lines and exit codes out, signals, ports, TLS, tokens.

import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SignJWT } from 'jose';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { bareEnvironment } from '../support/bare-environment.ts';
import { selfSigned } from '../support/certificates.ts';
import { type Launched, launch, type NodeProcess, startNode } from '../support/node-process.ts';
import { WsClient } from '../support/ws-client.ts';

// Whole processes, several at once on machines with few cores.
vi.setConfig({ testTimeout: 60_000 });
const patience = { timeout: 10_000 };

let folder = '';
const launched: Launched[] = [];
const listeners: Server[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hermod-process-'));
});

afterEach(async () => {
  for (const { child } of launched) child.kill('SIGKILL');
  await Promise.all(launched.splice(0).map(({ exited }) => exited));
  for (const listener of listeners.splice(0)) listener.close();
  rmSync(folder, { recursive: true });
});

function begin(args: readonly string[], env: Readonly<Record<string, string>> = {}): Launched {
  const process = launch(args, env);
  launched.push(process);
  return process;
}

async function started(
  args: readonly string[] = [],
  env: Readonly<Record<string, string>> = {},
): Promise<NodeProcess> {
  const node = await startNode(['--threads', '2', ...args], env);
  launched.push({ ...node, ready: Promise.resolve(node.doors) });
  return node;
}

describe('ready', () => {
  test('[PROC-READY-1] one line names each door with its real address', async () => {
    const node = await started();
    expect(node.lines).toEqual([
      expect.stringMatching(
        /^\{"event":"ready","doors":\{"broker":"127\.0\.0\.1:\d+","admin":"127\.0\.0\.1:\d+"\}\}$/,
      ),
    ]);
    const client = await WsClient.open(`ws://${node.doors['broker']}`);
    expect(await client.nextJson()).toMatchObject({ type: 'info' });
    expect(await node.stop()).toBe(0);
  });

  test('[PROC-READY-1] without --json it is a sentence, and a door that is off is not in it', async () => {
    const node = begin(['--port', '0', '--admin-port', 'off', '--threads', '1']);
    await expect
      .poll(() => node.lines, patience)
      .toEqual([expect.stringMatching(/^Hermod is ready: broker at ws:\/\/127\.0\.0\.1:\d+$/)]);
  });

  test('[PROC-ADMIN-1] the admin door tells health, readiness and what shards count', async () => {
    const node = await started();
    const admin = `http://${node.doors['admin']}`;
    const health = await (await fetch(`${admin}/healthz`)).json();
    expect(health).toEqual({ status: 'ok', shards: { alive: 2, restarts: 0 } });
    expect(await (await fetch(`${admin}/readyz`)).json()).toEqual({ status: 'ready' });
    const client = await WsClient.open(`ws://${node.doors['broker']}`);
    const metrics = await (await fetch(`${admin}/metrics`)).text();
    expect(metrics).toMatch(/^hermod_turns_total\{shard="1"\} \d+$/m);
    const connections = [...metrics.matchAll(/^hermod_connections\{shard="\d"\} (\d+)$/gm)];
    expect(connections.reduce((sum, [, count]) => sum + Number(count), 0)).toBe(1);
    await client.close();
  });
});

describe('mistakes', () => {
  test('[PROC-CONF-1] all are told at once on standard error, and nothing starts', async () => {
    const file = join(folder, 'h.yaml');
    const cert = join(folder, 'cert.pem');
    writeFileSync(file, `broker:\n  prot: 1\n  tls: { certFile: ${cert}, keyFile: ${cert} }\n`);
    writeFileSync(cert, selfSigned().cert);
    const node = begin(['--config', file, '--jsn', '--auth-jwks-file', join(folder, 'none')], {
      WS_PORT: 'x',
    });
    expect(await node.exited).toBe(2);
    expect(node.lines).toEqual([]);
    const [head, ...lines] = node.errors().trimEnd().split('\n');
    expect(head).toBe('hermod: 5 mistakes in the configuration:');
    expect(lines).toEqual([
      expect.stringContaining(`${file}:2:3: broker.prot: is no setting. Did you mean broker.port?`),
      expect.stringMatching(/h\.yaml:3:\d+: broker\.tls\.keyFile: it holds no private key/),
      expect.stringContaining('WS_PORT: "x" is not a port.'),
      expect.stringContaining('--jsn: is no flag. Did you mean --json?'),
      expect.stringMatching(/--auth-jwks-file: ".*none" cannot be read \(ENOENT\)/),
    ]);
  });

  test('[PROC-CONF-1] check-config shows what is in force, or the mistakes', async () => {
    const good = await run(['check-config', '--port', '0', '--json'], {
      HERMOD_AUTH_SECRET: 'x'.repeat(32),
    });
    expect(good).toMatchObject({ code: 0, errors: '' });
    expect(JSON.parse(good.output)).toMatchObject({
      event: 'config',
      settings: {
        'broker.port': { value: '0', from: '--port' },
        'auth.secret': { value: '(not shown)', from: 'HERMOD_AUTH_SECRET' },
        'drain.spreadMs': { value: '5s', from: 'default' },
      },
    });
    const people = await run(['check-config', '--host', '0.0.0.0']);
    expect(people.output).toMatch(/^broker\.host +0\.0\.0\.0 {3}\(--host\)$/m);
    expect(people.errors).toContain('Warning: The broker door listens on 0.0.0.0 without auth');
    expect(await run(['check-config', '--config', join(folder, 'none')])).toMatchObject({
      code: 2,
      errors: expect.stringContaining('cannot be read (ENOENT)') as string,
    });
  });

  test('[PROC-GATE-5] check-config shows what a pushpin.conf makes of the gateway', async () => {
    const file = join(folder, 'pushpin.conf');
    writeFileSync(file, '[runner]\nhttp_port=7999\n[proxy]\nsig_key=secret\ndebug=true\n');
    const { code, output } = await run(['check-config', `--pushpin-conf=${file}`]);
    expect(code).toBe(0);
    expect(output).toContain(`[proxy] debug                            true   (${file}:5)`);
    expect(output).toMatch(/^\[handler\] message_wait +5000$/m);
    expect(output).toMatch(/^\[proxy\] sig_key +\(not shown\)/m);
    expect(output).toMatch(/^broker\.port +off$/m);
    expect(output).not.toContain('secret\n');
    expect(output).not.toMatch(/^gateway\./m);
  });

  test('[PROC-CONF-1] a command that does not exist is a mistake as well', async () => {
    expect(await run(['strat'])).toMatchObject({
      code: 2,
      errors: expect.stringContaining('strat: is not understood') as string,
    });
  });

  test('help, version and reference are printed', async () => {
    expect(await run(['--help'])).toMatchObject({ code: 0, errors: '' });
    const { output } = await run(['chat', '--help']);
    expect(output).toContain('(default: 7500)');
    expect(output).not.toMatch(/default: (false|\[\]|"")/);
    expect((await run(['--version'])).output).toMatch(/^\d+\.\d+\.\d+\n$/);
    expect((await run(['version'])).output).toMatch(/^\d+\.\d+\.\d+\n$/);
    expect((await run(['config-reference'])).output).toContain('| `broker.port` |');
  });
});

describe('ports', () => {
  test('[PROC-PORT-1] without WS_PORT the door moves to 8080 when 443 cannot be had, and says so first', async () => {
    // Where we may bind it, we take it; where we may not, neither may the node.
    await listen(443);
    const isFree = await listen(8_080);
    if (isFree) await close(8_080);
    const node = begin(['--json', '--admin-port', '0', '--threads', '2']);
    if (!isFree) {
      // Somebody else on this machine has it, so there is nowhere to move to.
      expect(await node.exited).toBe(1);
      expect(node.errors()).toMatch(/cannot listen on 127\.0\.0\.1:8080: .*WS_PORT/);
      return;
    }
    expect(await node.ready).toMatchObject({ broker: '127.0.0.1:8080' });
    expect(JSON.parse(node.lines[0] ?? '')).toEqual({
      event: 'moved',
      door: 'broker',
      from: 443,
      to: 8_080,
      reason: expect.stringMatching(/^EACCES|EADDRINUSE$/) as string,
      hint: 'Set WS_PORT to choose the port.',
    });
  });

  test('[PROC-PORT-2] a port that was chosen and is taken ends the process with 1 and one clear line', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    listeners.push(server);
    await expect.poll(() => server.address(), patience).not.toBe(null);
    const { port } = server.address() as { port: number };
    const node = begin(['--admin-port', '0', '--threads', '2'], { WS_PORT: String(port) });
    expect(await node.exited).toBe(1);
    expect(node.lines).toEqual([]);
    expect(node.errors()).toBe(
      `hermod: The broker door cannot listen on 127.0.0.1:${port}: the port is in use already (EADDRINUSE). ` +
        `Stop what listens on port ${port}, or set WS_PORT or --port to another port, or to 0 for any.\n`,
    );
    const admin = begin(['--port', '0', '--admin-port', String(port), '--threads', '1']);
    expect(await admin.exited).toBe(1);
    expect(admin.errors()).toMatch(/The admin door cannot listen .* HERMOD_ADMIN_PORT/);
  });
});

describe('the end', () => {
  test('[PROC-DRAIN-1] [BROKER-CLOSE-5] SIGTERM: not ready, no new clients, 1001 to all within the spread, then 0', async () => {
    const node = await started([], { HERMOD_DRAIN_SPREAD_MS: '4s' });
    const url = `ws://${node.doors['broker']}`;
    const clients = await Promise.all(Array.from({ length: 20 }, () => WsClient.open(url)));
    const began = performance.now();
    node.child.kill('SIGTERM');
    await expect
      .poll(async () => (await fetch(`http://${node.doors['admin']}/readyz`)).status, patience)
      .toBe(503);
    await expect(WsClient.open(url)).rejects.toThrow(/ECONNREFUSED|hang up|ECONNRESET/);
    const ends = await Promise.all(clients.map(({ closed }) => closed));
    for (const end of ends) expect(end).toEqual({ code: 1001, reason: 'going away' });
    expect(await node.exited).toBe(0);
    expect(performance.now() - began).toBeLessThan(9_000);
    const events = node.lines.map((line) => (JSON.parse(line) as { event: string }).event);
    expect(events).toEqual(['ready', 'process.draining', 'process.drained']);
  });

  test('[PROC-DRAIN-1] without clients the end does not wait for the spread', async () => {
    const node = await started([], {
      HERMOD_DRAIN_SPREAD_MS: '60s',
      HERMOD_DRAIN_DEADLINE_MS: '60s',
    });
    const began = performance.now();
    expect(await node.stop()).toBe(0);
    expect(performance.now() - began).toBeLessThan(10_000);
  });

  test('[PROC-DRAIN-2] a second SIGTERM ends it at once', async () => {
    const node = await started([], {
      HERMOD_DRAIN_SPREAD_MS: '60s',
      HERMOD_DRAIN_DEADLINE_MS: '60s',
    });
    const url = `ws://${node.doors['broker']}`;
    const clients = await Promise.all(Array.from({ length: 20 }, () => WsClient.open(url)));
    node.child.kill('SIGTERM');
    await expect.poll(() => node.lines.at(-1), patience).toContain('process.draining');
    // One within 50 ms would be taken for a forwarded first.
    const again = setInterval(() => node.child.kill('SIGTERM'), 60);
    expect(await node.exited).toBe(143);
    clearInterval(again);
    await Promise.all(clients.map(({ closed }) => closed));
  });
});

describe('TLS and tokens', () => {
  test('[PROC-TLS-1] [PROC-TLS-2] both doors speak TLS, and take a newer certificate without a restart', async () => {
    const [first, second] = [selfSigned('one'), selfSigned('two')];
    const certFile = join(folder, 'tls.crt');
    const keyFile = join(folder, 'tls.key');
    const write = ({ cert, key }: typeof first): void => {
      writeFileSync(certFile, cert);
      writeFileSync(keyFile, key);
    };
    write(first);
    const node = await started([], {
      WS_TLS_CERT: certFile,
      WS_TLS_KEY: keyFile,
      HERMOD_ADMIN_TLS_CERT_FILE: certFile,
      HERMOD_ADMIN_TLS_KEY_FILE: keyFile,
    });
    const url = `wss://${node.doors['broker']}`;
    const old = await WsClient.open(url, { ca: first.cert });
    write(second);
    await expect
      .poll(() => node.lines.filter((line) => line.includes('tls.reloaded')).length, patience)
      .toBe(2);
    const isOpen = (): Promise<boolean> =>
      WsClient.open(url, { ca: second.cert }).then(
        async (client) => {
          await client.close();
          return true;
        },
        () => false,
      );
    await expect.poll(isOpen, patience).toBe(true);
    await expect(WsClient.open(url, { ca: first.cert })).rejects.toThrow(/certificate/);
    expect(await old.nextJson()).toMatchObject({ type: 'info' });
    expect(await node.stop()).toBe(0);
  });

  test('[PROC-AUTH-1] [PROC-AUTH-2] with a secret, tokens open the door and say what may be done', async () => {
    const secret = 'thirty-two bytes are just enough';
    const file = join(folder, 'secret');
    writeFileSync(file, `${secret}\n`);
    const node = await started(['--auth-secret-file', file, '--host', '0.0.0.0']);
    expect(node.lines.join('')).not.toContain('without auth');
    const url = `ws://127.0.0.1:${node.doors['broker']?.split(':').at(-1)}`;
    await expect(WsClient.open(url)).rejects.toThrow(/401/);
    const token = await new SignJWT({ subscribe: ['stock:*'] })
      .setProtectedHeader({ alg: 'HS256' })
      .setExpirationTime('1h')
      .sign(new TextEncoder().encode(secret));
    const client = await WsClient.open(url, { headers: { authorization: `Bearer ${token}` } });
    await client.next();
    expect(await client.subscribe('stock:AAPL')).toMatchObject({ type: 'ack_subscribe' });
    expect(await client.subscribe('news')).toMatchObject({ type: 'error' });
    await client.close();
  });

  test('[PROC-AUTH-2] a door that strangers reach without auth is warned of', async () => {
    const node = await started(['--host', '0.0.0.0']);
    await expect.poll(() => node.lines.at(-1), patience).toContain('"event":"config.warning"');
    expect(JSON.parse(node.lines.at(-1) ?? '')).toMatchObject({
      level: 'warn',
      warning: expect.stringContaining('without auth') as string,
    });
  });
});

/** True when the port was ours to take. */
function listen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => {
      listeners.push(server);
      resolve(true);
    });
  });
}

function close(port: number): Promise<void> {
  const server = listeners.find((one) => (one.address() as { port: number } | null)?.port === port);
  return new Promise((resolve) => {
    if (server === undefined) resolve();
    else server.close(() => resolve());
  });
}

function run(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<{ code: number | null; output: string; errors: string }> {
  const child = spawn(process.execPath, ['src/main.ts', ...args], {
    env: { ...bareEnvironment, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [output, errors] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  return new Promise((resolve) => {
    child.once('close', (code) => resolve({ code, output, errors }));
  });
}
