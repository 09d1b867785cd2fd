// How long a client waits before it calls again, and whom it calls.

import { EventEmitter, once } from 'node:events';
import { type AddressInfo, createServer, type Server } from 'node:net';

import { assert, double, integer, property } from 'fast-check';
import { expect, test, vi } from 'vitest';
import { delayBeforeCall, Link, placeIn } from '../../../src/client/link.ts';

test('[PROC-CLIENT-5] limits double from half a second to fifteen', () => {
  const limits = [0, 1, 2, 3, 4, 5, 6, 100].map((failures) => delayBeforeCall(failures, 1, 0));
  expect(limits).toEqual([500, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000, 15_000]);
  const chance = double({ min: 0, max: 1, noNaN: true });
  assert(
    property(
      integer({ min: 0, max: 50 }),
      chance,
      integer({ min: 0, max: 60_000 }),
      (n, c, least) => {
        const delay = delayBeforeCall(n, c, least);
        expect(delay).toBeGreaterThanOrEqual(least);
        expect(delay).toBeLessThanOrEqual(least + 15_000);
      },
    ),
  );
});

test.each([
  ['n1:7500', { host: 'n1', port: 7_500 }],
  ['[::1]:1', { host: '::1', port: 1 }],
  ['n1', undefined],
  ['n1:0', undefined],
  ['n1:65536', undefined],
  [':7500', undefined],
  ['', undefined],
])('an address: %s', (text, place) => {
  expect(placeIn(text)).toEqual(place);
});

/** Answers the first request of each connection, and then says something more. */
async function serving(answer: string, more: () => object | undefined): Promise<Server> {
  const server = createServer((socket) => {
    const say = (type: string, payload: object): void => {
      const around = { version: '1.0', type, id: 's', timestamp: 1, source: 'server' };
      socket.write(`${JSON.stringify({ ...around, payload })}\n`);
    };
    socket.once('data', (chunk: Buffer) => {
      const { type, id, payload } = JSON.parse(chunk.toString()) as {
        readonly type: string;
        readonly id: string;
        readonly payload: unknown;
      };
      heard.push([type, payload]);
      say(answer, { ref: id, user: 'alice', node: 'n', resume: { token: 'T' }, rooms: [] });
      const notice = more();
      if (notice === undefined) return;
      say('NOTICE', { code: 'SERVER_DRAINING', message: 'bye', ...notice });
      socket.end();
    });
    socket.on('error', () => {});
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

const heard: (readonly [type: string, payload: unknown])[] = [];

function placeOf(server: Server): string {
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test('[PROC-CLIENT-5] a server that goes says where to go, and the session is taken up there', async () => {
  const second = await serving('RESUME_OK', () => undefined);
  const first = await serving('LOGIN_OK', () => ({ servers: ['nonsense', placeOf(second)] }));
  const { port } = first.address() as AddressInfo;
  const told = new EventEmitter();
  const resumed = once(told, 'resumed');
  const link = new Link({
    addresses: [{ host: '127.0.0.1', port, tls: undefined }],
    stay: { user: 'alice', credentials: { method: 'none' }, rooms: [], historyMax: 0 },
    giveUpMs: undefined,
    isFirstCallFinal: true,
    tell: ({ kind }) => void told.emit(kind),
  });
  await resumed;
  expect(heard.map(([type]) => type)).toEqual(['LOGIN', 'RESUME']);
  expect(heard[1]?.[1]).toMatchObject({ token: 'T' });
  link.conversation.leaveNow();
  for (const server of [first, second]) server.close();
});

test('[PROC-CLIENT-5] a clock that is set forward makes no server look silent', async () => {
  vi.useFakeTimers({ toFake: ['Date', 'setInterval'] });
  const asked = new EventEmitter();
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', () => asked.emit('login'));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const login = once(asked, 'login');
  const told: string[] = [];
  const link = new Link({
    addresses: [{ host: '127.0.0.1', port, tls: undefined }],
    stay: { user: 'alice', credentials: { method: 'none' }, rooms: [], historyMax: 0 },
    giveUpMs: undefined,
    isFirstCallFinal: false,
    tell: ({ kind }) => void told.push(kind),
  });
  await login;
  // It looks twice a second: the first time, and an hour later, as far as the clock knows.
  vi.advanceTimersByTime(500);
  vi.setSystemTime(Date.now() + 3_600_000);
  vi.advanceTimersByTime(500);
  for (let turn = 0; turn < 10; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  expect(told).toEqual([]);
  link.conversation.leaveNow();
  server.close();
  vi.useRealTimers();
});
