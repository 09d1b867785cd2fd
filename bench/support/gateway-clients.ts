// Many bare clients of a gateway in one process: held streams and WebSockets that only count what they are told, and
// those that ask again as soon as they are answered. Payloads end in a mark that stands nowhere else, because gateways
// frame them differently. Nothing of the measured servers' code is used.

import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { CHANNEL, STREAM_HOST, WS_HOST } from './gateways.ts';

const MARK = 0x7e;
/** More at a time than Pushpin bears: it takes its own messages for others then, and lets requests wait for ever. */
const BATCH = 10;
const OPEN_MS = 3_000;
const TRIES = 5;
const SETTLE_MS = 1_000;
/** What has not come by then is lost. */
const PATIENCE_MS = 5_000;
/** Of every payload, with its mark. */
const PAYLOAD = `${'x'.repeat(98)}~\n`;

export interface Audience {
  /** Resolves when so many marks more have come to all together, or, with fewer, when nobody waits any longer. */
  hears(marks: number): Promise<number>;
  end(): void;
}

/** Opens `count` held streams of the channel. */
export function streamAudience(port: number, count: number): Promise<Audience> {
  const request = `GET /stream HTTP/1.1\r\nHost: ${STREAM_HOST}\r\nAccept: text/event-stream\r\n\r\n`;
  return audience(port, count, () => request, '~');
}

/** Opens `count` WebSockets that their origin subscribes to the channel. */
export function webSocketAudience(port: number, count: number): Promise<Audience> {
  return audience(
    port,
    count,
    () =>
      `GET /ws HTTP/1.1\r\nHost: ${WS_HOST}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
      `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${randomBytes(16).toString('base64')}\r\n\r\n`,
    '101',
  );
}

/** Publishes `count` items in one request, as a stream's content and a WebSocket's message. */
export async function publish(controlPort: number, count: number): Promise<void> {
  const item = {
    channel: CHANNEL,
    formats: { 'http-stream': { content: PAYLOAD }, 'ws-message': { content: PAYLOAD } },
  };
  const body = JSON.stringify({ items: Array.from({ length: count }, () => item) });
  const socket = connect({ host: '127.0.0.1', port: controlPort, noDelay: true });
  socket.write(
    `POST /publish/ HTTP/1.1\r\nHost: control\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
  );
  const [answer] = (await once(socket, 'data')) as [Buffer];
  socket.destroy();
  if (!answer.toString('latin1').includes(' 200 ')) throw new Error(`refused: ${String(answer)}`);
}

/** Whether requests and answers have the same heads each time, or a number and a cookie of their own. */
export type Heads = 'same' | 'new';

/** Asks again and again on `connections` connections for so long; returns how many were answered. */
export async function askFor(
  port: number,
  heads: Heads,
  connections: number,
  durationMs: number,
): Promise<number> {
  const path = heads === 'same' ? '/plain' : '/numbered';
  const common = `GET ${path} HTTP/1.1\r\nHost: ${STREAM_HOST}\r\nUser-Agent: bench\r\nAccept: */*\r\n`;
  const same = Buffer.from(`${common}\r\n`);
  const request = (): Buffer => (heads === 'same' ? same : Buffer.from(common + ownLines()));
  const endsAt = performance.now() + durationMs;
  let answered = 0;
  const ask = async (): Promise<void> => {
    const socket = connect({ host: '127.0.0.1', port, noDelay: true });
    socket.on('error', () => {});
    socket.on('data', (chunk: Buffer) => {
      if (chunk.indexOf(MARK) === -1) return;
      answered += 1;
      if (performance.now() < endsAt) socket.write(request());
      else socket.end();
    });
    socket.write(request());
    await once(socket, 'close');
  };
  await Promise.all(Array.from({ length: connections }, ask));
  return answered;
}

let requests = 0;

function ownLines(): string {
  requests += 1;
  const number = requests.toString(16).padStart(32, '0');
  return `X-Request-Id: ${number}\r\nCookie: session=${number}\r\n\r\n`;
}

async function audience(
  port: number,
  count: number,
  request: () => string,
  greeting: string,
): Promise<Audience> {
  const sockets: Socket[] = [];
  let heard = 0;
  let target = Infinity;
  let reached = (): void => {};
  const listen = (chunk: Buffer): void => {
    for (let at = chunk.indexOf(MARK); at !== -1; at = chunk.indexOf(MARK, at + 1)) heard += 1;
    if (heard >= target) reached();
  };
  for (let opened = 0; opened < count; opened += BATCH) {
    const batch = Array.from({ length: Math.min(BATCH, count - opened) }, () =>
      openAtLast(port, request, greeting, listen),
    );
    sockets.push(...(await Promise.all(batch)));
  }
  // Pushpin begins an answer before it follows the channel.
  await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
  return {
    hears(marks) {
      heard = 0;
      target = marks;
      return new Promise((resolve) => {
        const patience = setTimeout(() => resolve(heard), PATIENCE_MS);
        reached = () => {
          clearTimeout(patience);
          resolve(heard);
        };
      });
    },
    end() {
      for (const socket of sockets) socket.destroy();
    },
  };
}

async function openAtLast(
  port: number,
  request: () => string,
  greeting: string,
  heard: (chunk: Buffer) => void,
): Promise<Socket> {
  for (let tries = 1; tries <= TRIES; tries += 1) {
    const socket = await open(port, request(), greeting, heard);
    if (socket !== undefined) return socket;
  }
  throw new Error(`no stream in ${TRIES} tries`);
}

function open(
  port: number,
  request: string,
  greeting: string,
  heard: (chunk: Buffer) => void,
): Promise<Socket | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port, noDelay: true });
    let text = '';
    const greet = (chunk: Buffer): void => {
      text += chunk.toString('latin1');
      if (!text.includes(greeting)) return;
      clearTimeout(patience);
      socket.off('data', greet);
      socket.on('data', heard);
      resolve(socket);
    };
    const patience = setTimeout(() => socket.destroy(), OPEN_MS);
    socket.on('data', greet);
    socket.on('error', () => {});
    socket.on('close', () => resolve(undefined));
    socket.write(request);
  });
}
