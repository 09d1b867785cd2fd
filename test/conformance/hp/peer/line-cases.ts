// Lines between nodes: what is wrong ends its own link and nothing else.

import assert from 'node:assert/strict';
import type { HpCase } from '../site.ts';
import { type Peer, peerCases } from './peer-site.ts';
import { peerLine } from './peer-socket.ts';
import { proofOf, type Said } from './proof.ts';

const LINE_BYTES_MAX = 1_048_576;
const HELLO_LINE_BYTES_MAX = 8_192;

type Wrong = readonly [name: string, code: string, line: (peer: Peer) => string | Uint8Array];

const beat = { incarnation: 1, ver: 0, digest: '', hb: 1, echo: 0, draining: false };

const wrongLines: readonly Wrong[] = [
  ['no JSON', 'INVALID_JSON', () => 'hello\n'],
  ['half an object', 'INVALID_JSON', () => '{"version":"1.0"\n'],
  ['no object', 'INVALID_MESSAGE', () => '[]\n'],
  ['no UTF-8', 'INVALID_UTF8', () => Buffer.from([0x22, 0xff, 0x22, 0x0a])],
  ['brackets', 'TOO_DEEP', () => `${'['.repeat(60_000)}\n`],
  ['a key twice', 'DUPLICATE_KEY', () => peerLine('X').replace('"type"', '"id":"1","type"')],
  ['another major', 'UNSUPPORTED_VERSION', () => peerLine('X', {}, { version: '2.0' })],
  ['a version of no form', 'INVALID_VERSION', () => peerLine('X', {}, { version: 1 })],
  ['a type of small letters', 'INVALID_TYPE', () => peerLine('heartbeat', beat)],
  ['a client’s source', 'INVALID_SOURCE', () => peerLine('HEARTBEAT', beat, { source: 'client' })],
  ['an id of no form', 'INVALID_ID', () => peerLine('HEARTBEAT', beat, { id: 'a b' })],
  ['no timestamp', 'INVALID_TIMESTAMP', () => peerLine('X', {}, { timestamp: '1' })],
  ['no payload', 'INVALID_PAYLOAD', () => peerLine('X').replace('"payload":{}', '"payload":[]')],
  ['half a heartbeat', 'INVALID_PAYLOAD', () => peerLine('HEARTBEAT', { ...beat, hb: undefined })],
  ['a count below nothing', 'INVALID_PAYLOAD', () => peerLine('FORWARD_ACK', { n: -1 })],
  [
    'a number beyond 2^53',
    'INVALID_NUMBER',
    () => peerLine('FORWARD_ACK').replace('{}', '{"n":1e400}'),
  ],
  [
    'half a surrogate pair',
    'INVALID_STRING',
    () => peerLine('BYE').replace('{}', String.raw`{"code":"\ud800"}`),
  ],
  [
    'a forward of no kind',
    'INVALID_PAYLOAD',
    () =>
      peerLine('FORWARD', {
        n: 1,
        kind: 'all',
        own_id: false,
        ttl: 0,
        data: { key: 'x', body: 1 },
      }),
  ],
  [
    'a forward to nobody',
    'INVALID_PAYLOAD',
    () => peerLine('FORWARD', { n: 1, kind: 'user', own_id: false, ttl: 0, data: {} }),
  ],
  [
    'interest in what is no text',
    'INVALID_PAYLOAD',
    () => peerLine('INTEREST', { whole: 'no', data: { add: [1], remove: [] } }),
  ],
  [
    'members that are none',
    'INVALID_PAYLOAD',
    () =>
      peerLine('MEMBERS', { members: [{ node: 'a b', incarnation: 1, addr: '', state: 'up' }] }),
  ],
];

const wrongOps: readonly Wrong[] = [
  [
    'too few steps',
    'INVALID_PAYLOAD',
    ({ own }) =>
      peerLine('PRESENCE_DELTA', { ...own, from: 0, to: 2, ops: [{ op: 'down', session: 's' }] }),
  ],
  [
    'too many',
    'INVALID_PAYLOAD',
    ({ own }) =>
      peerLine('PRESENCE_DELTA', { ...own, from: 0, to: 0, ops: [{ op: 'down', session: 's' }] }),
  ],
  [
    'a step of no kind',
    'INVALID_PAYLOAD',
    ({ own }) =>
      peerLine('PRESENCE_DELTA', { ...own, from: 0, to: 1, ops: [{ op: 'join', session: 's' }] }),
  ],
  [
    'a user of no form',
    'INVALID_PAYLOAD',
    ({ own }) =>
      peerLine('PRESENCE_DELTA', {
        ...own,
        from: 0,
        to: 1,
        ops: [{ op: 'up', session: 's', user: 'a b', status: 'online', lamport: 1 }],
      }),
  ],
  [
    'a status that nobody has',
    'INVALID_PAYLOAD',
    ({ own }) =>
      peerLine('PRESENCE_DELTA', {
        ...own,
        from: 0,
        to: 1,
        ops: [{ op: 'set', session: 's', status: 'gone' }],
      }),
  ],
];

export const lineCases: readonly HpCase[] = peerCases('peer lines', [
  ...[
    ...wrongLines.map((one) => ['HP-PEER-1', one] as const),
    ...wrongOps.map((one) => ['HP-REPL-5', one] as const),
  ].map(
    ([id, [name, code, line]]) =>
      [
        `[${id}] ${name}: ${code}, and the link is closed`,
        async (site) => {
          const other = await site.link({ node: site.name('0') });
          const peer = await site.link();
          peer.socket.raw(line(peer));
          assert.equal((await peer.socket.refused(code))['ref'], null);
          await other.isRead();
        },
      ] as const satisfies Parameters<typeof peerCases>[1][number],
  ),
  [
    '[HP-PEER-1] lines in any pieces, with CRLF, blank ones, newer minor versions and unknown fields',
    async (site) => {
      const socket = site.call();
      const hello = await site.hello();
      const said = `\r\n  \n${peerLine('SERVER_HELLO', { ...hello, new: [1] }, { version: '1.7', trace: 'z' })}`;
      for (const character of said.replace(/\n$/, '\r\n')) {
        socket.raw(character);
        await new Promise((resolve) => setImmediate(resolve));
      }
      const { payload } = await socket.next('SERVER_CHALLENGE');
      const called = payload as unknown as Said;
      const proof = proofOf('initiator', site.place.secret, hello.cluster, hello, called);
      socket.raw(
        peerLine('SERVER_AUTH', { proof }) +
          peerLine('SERVER_READY', { members: [], heartbeat_ms: 1_000 }) +
          peerLine('HEARTBEAT', { ...beat, hb: 7 }) +
          peerLine('LEAVE', { reason: 'drain', linger_ms: 0 }),
      );
      await socket.next('SERVER_WELCOME');
      await socket.next('HEARTBEAT_ACK', (line) => line.payload['hb'] === 7);
    },
  ],
  [
    '[HP-PEER-1] a line of exactly the limit is read; one byte more ends the link',
    async (site) => {
      const peer = await site.link();
      const padded = (bytes: number): string => {
        const line = peerLine('HEARTBEAT', { ...beat, hb: 9, pad: '' });
        return line.replace('"pad":""', `"pad":"${'x'.repeat(bytes - line.length)}"`);
      };
      peer.socket.raw(padded(LINE_BYTES_MAX));
      await peer.socket.next('HEARTBEAT_ACK', (line) => line.payload['hb'] === 9, 10_000);
      peer.socket.raw(padded(LINE_BYTES_MAX + 1));
      await peer.socket.refused('LINE_TOO_LONG');
    },
  ],
  [
    '[HP-PEER-1] before the proof a line is shorter',
    async (site) => {
      const padded = async (bytes: number): Promise<string> => {
        const line = peerLine('SERVER_HELLO', { ...(await site.hello()), pad: '' });
        return line.replace('"pad":""', `"pad":"${'x'.repeat(bytes - line.length)}"`);
      };
      const fits = site.call();
      fits.raw(await padded(HELLO_LINE_BYTES_MAX));
      await fits.next('SERVER_CHALLENGE');
      const long = site.call();
      long.raw(await padded(HELLO_LINE_BYTES_MAX + 1));
      await long.refused('LINE_TOO_LONG');
      const endless = site.call();
      endless.raw('x'.repeat(HELLO_LINE_BYTES_MAX * 2));
      await endless.refused('LINE_TOO_LONG');
    },
  ],
  [
    '[HP-PEER-1] HTTP ends the connection, and nothing behind it is obeyed',
    async (site) => {
      const socket = site.call();
      const hello = peerLine('SERVER_HELLO', await site.hello());
      socket.raw(`POST / HTTP/1.1\r\nHost: x\r\n\r\n${hello}`);
      await socket.ended();
      assert.ok(!socket.texts.join('').includes('SERVER_CHALLENGE'));
    },
  ],
  [
    '[HP-PEER-1] a clock that is an hour off is no reason to refuse, and orders nothing',
    async (site) => {
      const off = { timestamp: Math.floor(Date.now() / 1_000) - 3_600 };
      const socket = site.call();
      const hello = await site.hello();
      socket.say('SERVER_HELLO', hello, off);
      const { payload } = await socket.next('SERVER_CHALLENGE');
      const called = payload as unknown as Said;
      const proof = proofOf('initiator', site.place.secret, hello.cluster, hello, called);
      socket.say('SERVER_AUTH', { proof }, off);
      await socket.next('SERVER_WELCOME');
      socket.say('SERVER_READY', { members: [], heartbeat_ms: 1_000 }, off);
      socket.say('HEARTBEAT', { ...beat, hb: 7 }, off);
      await socket.next('HEARTBEAT_ACK', (line) => line.payload['hb'] === 7);
      socket.say('LEAVE', { reason: 'drain', linger_ms: 0 }, off);
    },
  ],
  [
    '[HP-PEER-8] a type that nobody knows is passed over',
    async (site) => {
      const peer = await site.link();
      peer.socket.say('X_NEWER', { anything: [1, 2] });
      peer.socket.say('ROOM_MESSAGE', { room: 'x', body: 'y' });
      await peer.isRead();
    },
  ],
  [
    '[HP-PEER-1] an ERROR or BYE of the other side ends the link without a word',
    async (site) => {
      for (const [type, payload] of [
        ['ERROR', { code: 'INTERNAL', message: 'x', ref: null, fatal: true }],
        ['BYE', {}],
      ] as const) {
        const peer = await site.link({ node: site.name(`z${type}`) });
        await peer.isRead();
        peer.socket.say(type, payload);
        await peer.socket.ended();
        assert.ok(!peer.socket.texts.at(-1)?.includes('"ERROR"'));
      }
    },
  ],
]);
