// Many bare clients in one process: they open, subscribe and then only count bytes, so that the client side costs
// as little as it can. Frames are written by hand; nothing of the measured server's code is used.

import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';

export interface Crowd {
  readonly sockets: readonly Socket[];
  /** Bytes received by all since the last reset. */
  received: number;
  /** Resolves when `received` reaches `bytes`. */
  until(bytes: number): Promise<void>;
  end(): void;
}

/** Opens `count` WebSocket clients that follow `topic`. */
export function webSocketCrowd(
  host: string,
  port: number,
  count: number,
  topic: string,
): Promise<Crowd> {
  const subscribe = frame(JSON.stringify({ type: 'subscribe', topic }));
  return crowd(
    count,
    host,
    port,
    upgradeRequest(host),
    (text) => text.includes('101 Switching'),
    subscribe,
    'ack_subscribe',
  );
}

/** Opens `count` event streams of `topic`. */
export function eventStreamCrowd(
  host: string,
  port: number,
  count: number,
  topic: string,
): Promise<Crowd> {
  const request = `GET /sse?topic=${topic} HTTP/1.1\r\nHost: ${host}\r\nAccept: text/event-stream\r\n\r\n`;
  return crowd(count, host, port, request, () => true, undefined, 'event: subscribed');
}

/** One WebSocket client that publishes. */
export async function publisher(host: string, port: number): Promise<Socket> {
  const { sockets } = await crowd(
    1,
    host,
    port,
    upgradeRequest(host),
    (text) => text.includes('101'),
    undefined,
    '101',
  );
  const [socket] = sockets;
  if (socket === undefined) throw new Error('the publisher did not connect');
  return socket;
}

/** A masked text frame. */
export function frame(text: string): Buffer {
  const payload = Buffer.from(text);
  const mask = randomBytes(4);
  const head =
    payload.length < 126
      ? Buffer.from([0x81, 0x80 | payload.length])
      : Buffer.from([0x81, 0xfe, payload.length >> 8, payload.length & 0xff]);
  const masked = Buffer.from(payload.map((byte, index) => byte ^ (mask[index & 3] ?? 0)));
  return Buffer.concat([head, mask, masked]);
}

function upgradeRequest(host: string): string {
  const key = randomBytes(16).toString('base64');
  return `GET / HTTP/1.1\r\nHost: ${host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}\r\n\r\n`;
}

async function crowd(
  count: number,
  host: string,
  port: number,
  request: string,
  isOpen: (text: string) => boolean,
  hello: Buffer | undefined,
  lastWord: string,
): Promise<Crowd> {
  const sockets: Socket[] = [];
  let target = Infinity;
  let reached = (): void => {};
  const self: Crowd = {
    sockets,
    received: 0,
    until(bytes) {
      return new Promise((resolve) => {
        target = bytes;
        reached = resolve;
        if (self.received >= target) resolve();
      });
    },
    end() {
      for (const socket of sockets) socket.destroy();
    },
  };
  // Opened in batches: a full accept queue would drop handshakes, and the retries would take seconds.
  for (let opened = 0; opened < count; opened += BATCH) {
    const batch = Array.from({ length: Math.min(BATCH, count - opened) }, () =>
      open(host, port, request, isOpen, hello, lastWord, (socket) => {
        socket.on('data', (chunk) => {
          self.received += chunk.length;
          if (self.received >= target) reached();
        });
      }),
    );
    sockets.push(...(await Promise.all(batch)));
  }
  return self;
}

const BATCH = 100;

function open(
  host: string,
  port: number,
  request: string,
  isOpen: (text: string) => boolean,
  hello: Buffer | undefined,
  lastWord: string,
  ready: (socket: Socket) => void,
): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, noDelay: true });
    let text = '';
    let isGreeted = false;
    const hear = (chunk: Buffer): void => {
      text += chunk.toString('latin1');
      if (!isGreeted && isOpen(text)) {
        isGreeted = true;
        if (hello !== undefined) socket.write(hello);
      }
      if (!isGreeted || !text.includes(lastWord)) return;
      socket.off('data', hear);
      ready(socket);
      resolve(socket);
    };
    socket.on('data', hear);
    socket.on('error', reject);
    socket.write(request);
  });
}
