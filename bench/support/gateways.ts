// The gateways under measurement, each with its own folder and free ports: Hermod (one shard) and Debian's Pushpin with
// the same files, nginx as a bare proxy. All ask the same origin, an nginx that says the same to everybody.
// Pushpin's own limits on messages are set so high that they slow nothing.

import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Family, freePorts, hermodCommand, startFamily } from './processes.ts';

export type GatewayName = 'hermod' | 'pushpin' | 'nginx';

export interface MeasuredGateway extends Omit<Family, 'stop'> {
  readonly port: number;
  /** Where items are published; of no use for nginx. */
  readonly controlPort: number;
  stop(): Promise<void>;
}

export interface Origin {
  readonly port: number;
  stop(): Promise<void>;
}

export const CHANNEL = 'bench';
/** The body of `/plain`. */
export const PLAIN_BODY = `${'y'.repeat(99)}~`;
export const STREAM_HOST = 'stream.test';
export const WS_HOST = 'ws.test';

const READY_MS = 20_000;
const subscribe = `c:{\\"type\\":\\"subscribe\\",\\"channel\\":\\"${CHANNEL}\\"}`;
const subscribeBytes = subscribe.replaceAll('\\', '').length.toString(16);

/** `/plain` is a small page, `/numbered` the same under a head of its own each time, `/stream` a hold, `/ws` agrees to a WebSocket and subscribes it. */
export async function startOrigin(): Promise<Origin> {
  const folder = newFolder();
  const [port] = await freePorts(1);
  if (port === undefined) throw new Error('no port is free');
  const locations = `
    location /plain { default_type text/plain; return 200 "${PLAIN_BODY}"; }
    location /numbered {
      default_type text/plain;
      add_header X-Request-Id $request_id;
      add_header Set-Cookie "seen=$request_id";
      return 200 "${PLAIN_BODY}";
    }
    location /stream {
      default_type text/event-stream;
      add_header Grip-Hold stream;
      add_header Grip-Channel ${CHANNEL};
      return 200 "~";
    }
    location /ws {
      default_type application/websocket-events;
      add_header Sec-WebSocket-Extensions 'grip; message-prefix=""';
      return 200 "OPEN\\r\\nTEXT ${subscribeBytes}\\r\\n${subscribe}\\r\\n";
    }`;
  const family = startFamily([nginxCommand(folder, port, locations)], true);
  await answers(port, 'GET /plain');
  return stopping({ port }, family, folder);
}

/** With a log level of 2, Pushpin's default, Pushpin and Hermod write a line for each request; with 1 nobody does. */
export async function startGateway(
  name: GatewayName,
  origin: Origin,
  logLevel: 1 | 2,
): Promise<MeasuredGateway> {
  const folder = newFolder();
  const [port, controlPort, ...others] = await freePorts(6);
  if (port === undefined || controlPort === undefined) throw new Error('no port is free');
  const file = writeFiles(folder, origin, logLevel, [port, controlPort, ...others]);
  const family = startFamily(commandsOf(name, folder, file, port, origin));
  await answers(port, 'GET /plain');
  const measured = {
    port,
    controlPort,
    cpuSeconds: () => family.cpuSeconds(),
    residentBytes: () => family.residentBytes(),
  };
  return stopping(measured, family, folder);
}

function commandsOf(
  name: GatewayName,
  folder: string,
  file: string,
  port: number,
  origin: Origin,
): readonly (readonly string[])[] {
  switch (name) {
    case 'hermod':
      return [[...hermodCommand, 'start', `--pushpin-conf=${file}`, '--threads', '1']];
    case 'pushpin':
      return [
        ['zurl', `--config=${join(folder, 'zurl.conf')}`],
        ['pushpin', `--config=${file}`],
      ];
    case 'nginx': {
      const pass = `
    location / {
      proxy_pass http://origin;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $http_host;
    }`;
      const upstream = `upstream origin {
    server 127.0.0.1:${origin.port};
    keepalive 64;
    keepalive_requests 100000000;
  }`;
      return [nginxCommand(folder, port, pass, upstream)];
    }
    default:
      return name satisfies never;
  }
}

function nginxCommand(
  folder: string,
  port: number,
  locations: string,
  upstream = '',
): readonly string[] {
  const file = join(folder, 'nginx.conf');
  writeFileSync(
    file,
    `daemon off;
worker_processes 1;
pid ${join(folder, 'nginx.pid')};
error_log ${join(folder, 'nginx.log')};
events { worker_connections 16384; }
http {
  access_log off;
  client_body_temp_path ${join(folder, 'body')};
  proxy_temp_path ${join(folder, 'proxy')};
  fastcgi_temp_path ${join(folder, 'fastcgi')};
  uwsgi_temp_path ${join(folder, 'uwsgi')};
  scgi_temp_path ${join(folder, 'scgi')};
  keepalive_requests 100000000;
  keepalive_timeout 600s;
  ${upstream}
  server {
    listen 127.0.0.1:${port} backlog=4096;${locations}
  }
}
`,
  );
  return ['nginx', '-c', file, '-p', folder, '-e', join(folder, 'nginx.log')];
}

/** The folder that Pushpin and Hermod are configured by; gives the path of pushpin.conf. */
function writeFiles(
  folder: string,
  origin: Origin,
  logLevel: 1 | 2,
  ports: readonly number[],
): string {
  const [port, controlPort, pullPort, subPort, commandPort] = ports;
  const run = join(folder, 'run');
  mkdirSync(run);
  mkdirSync(join(folder, 'log'));
  const internal = join(folder, 'internal.conf');
  try {
    for (const [from, to] of [
      ['/usr/lib/pushpin/internal.conf', internal],
      ['/etc/zurl.conf', join(folder, 'zurl.conf')],
    ] as const) {
      copyFileSync(from, to);
      writeFileSync(to, readFileSync(to, 'utf8').replaceAll('/var/run/zurl', run));
    }
  } catch {
    // Pushpin is not installed, and the others do not need it.
    writeFileSync(internal, '');
  }
  writeFileSync(
    join(folder, 'routes'),
    `${WS_HOST} 127.0.0.1:${origin.port},over_http\n* 127.0.0.1:${origin.port}\n`,
  );
  const file = join(folder, 'pushpin.conf');
  writeFileSync(
    file,
    `[global]
include=${internal}
rundir=${run}
ipc_prefix=pushpin-
stats_connection_ttl=120

[runner]
services=condure,pushpin-proxy,pushpin-handler
http_port=127.0.0.1:${port}
logdir=${join(folder, 'log')}
log_level=${logLevel}
client_buffer_size=8192
client_maxconn=10000

[proxy]
routesfile=routes
sig_key=changeme

[handler]
push_in_spec=tcp://127.0.0.1:${pullPort}
push_in_sub_specs=tcp://127.0.0.1:${subPort}
push_in_http_addr=127.0.0.1
push_in_http_port=${controlPort}
stats_spec=ipc://${run}/pushpin-stats
command_spec=tcp://127.0.0.1:${commandPort}
message_rate=100000000
message_hwm=100000000
message_wait=5000
id_cache_ttl=60
connection_subscription_max=20
`,
  );
  return file;
}

function newFolder(): string {
  return mkdtempSync(join(tmpdir(), 'hermod-bench-'));
}

function stopping<T extends object>(
  facts: T,
  family: Family,
  folder: string,
): T & { stop(): Promise<void> } {
  return {
    ...facts,
    async stop() {
      await family.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Waits until a request is answered with 200. */
async function answers(port: number, request: string): Promise<void> {
  const deadline = performance.now() + READY_MS;
  while (!(await isAnswered(port, request))) {
    if (performance.now() > deadline) throw new Error(`nothing answers within ${READY_MS} ms`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

function isAnswered(port: number, request: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port });
    socket.setTimeout(1_000, () => socket.destroy());
    socket.on('data', (chunk: Buffer) => {
      resolve(chunk.toString('latin1').includes(' 200 '));
      socket.destroy();
    });
    socket.on('error', () => {});
    socket.on('close', () => resolve(false));
    socket.write(`${request} HTTP/1.1\r\nHost: ${STREAM_HOST}\r\n\r\n`);
  });
}
