// Clients of origins that have WebSockets of their own: what passes, what is an instruction, and how both ends end.

import assert from 'node:assert/strict';

import { frame } from '../frames.ts';
import { type GripRow, gripCases } from './case.ts';
import type { Gateway } from './gateway.ts';
import type { HeaderLines } from './http-client.ts';
import { SECOND, SECURE } from './origin.ts';
import { Refused } from './web-socket.ts';
import {
  type Direct,
  DirectOrigin,
  directOpened,
  type DirectSocket,
  instruction,
} from './ws-direct-origin.ts';
import { closeBody, GRIP, reached, said } from './ws-origin.ts';
import { HANDSHAKE, rawSocket } from './ws-raw.ts';

const FAILED = 'Error while proxying to origin.\n';

/** What the client is answered when the origin answers its handshake so. */
async function refused(
  gateway: Gateway,
  answer: string | ((socket: DirectSocket) => void),
): Promise<Refused> {
  const origins = new DirectOrigin(gateway);
  const coming = gateway.socket('', { host: 'direct.test' });
  coming.catch(() => {});
  const origin = await origins.next();
  if (typeof answer === 'string') origin.say(answer);
  else answer(origin);
  try {
    await coming;
  } catch (error) {
    if (error instanceof Refused) return error;
    throw error;
  }
  throw new Error('the handshake was taken');
}

const refuses = (title: string, answer: string, status: number, body: string): GripRow => [
  `[WOH-DIRECT-4] ${title} is the client’s answer`,
  async (gateway) => {
    const answered = await refused(gateway, answer);
    assert.equal(answered.status, status);
    assert.equal(answered.body, body);
  },
];

async function followed(
  gateway: Gateway,
  direct: Direct,
  channel = gateway.channel,
): Promise<void> {
  direct.origin.text(instruction('subscribe', { channel }));
  await reached(gateway, direct.client, channel);
}

/** What comes to the client of what the origin says first, with this acceptance. */
const begins = (
  title: string,
  headers: HeaderLines,
  first: readonly (readonly ['text' | 'binary' | 'ping', string])[],
  wanted: readonly string[],
): GripRow => [
  title,
  async (gateway) => {
    const { client, origin } = await directOpened(gateway, { with: headers });
    for (const [kind, content] of first) origin.send(kind, content);
    const heard: string[] = [];
    while (heard.length < wanted.length) {
      const { kind, ...rest } = await client.next();
      heard.push('data' in rest ? `${kind} ${rest.data}` : kind);
    }
    assert.deepEqual(heard, wanted);
  },
];

export const webSocketDirectCases = gripCases('ws-direct', [
  [
    '[WOH-DIRECT-1] the handshake goes to the origin with its path, query and headers, and a key of the gateway’s own',
    async (gateway) => {
      const { origin } = await directOpened(gateway, {
        path: '/a?b=c',
        headers: {
          Cookie: 'k=v',
          Origin: 'http://page.test',
          'Meta-User': 'kept',
          'Grip-Sig': 'forged',
          'Grip-Last': 'a; last-id=1',
        },
      });
      const { asked } = origin;
      assert.equal(asked.method, 'GET');
      assert.equal(asked.url, gateway.path('/a?b=c'));
      assert.deepEqual(asked.all('host'), ['direct.test']);
      assert.deepEqual(asked.all('cookie'), ['k=v']);
      assert.deepEqual(asked.all('origin'), ['http://page.test']);
      assert.deepEqual(asked.all('meta-user'), ['kept']);
      assert.deepEqual(asked.all('grip-last'), []);
      assert.equal(asked.header('upgrade')?.toLowerCase(), 'websocket');
      assert.equal(asked.header('connection')?.toLowerCase(), 'upgrade');
      assert.deepEqual(asked.all('sec-websocket-version'), ['13']);
      assert.equal(asked.all('sec-websocket-key').length, 1);
      assert.match(asked.header('grip-sig') ?? '', /^[\w-]+\.[\w-]+\.[\w-]+$/);
      assert.ok((asked.header('grip-feature') ?? '').split(', ').includes('filter:skip-self'));
    },
  ],
  [
    '[WOH-DIRECT-1] [WOH-HAND-4] the extension grip is offered, and the client’s are not',
    async (gateway) => {
      const origins = new DirectOrigin(gateway);
      const extension = { 'Sec-WebSocket-Extensions': 'permessage-deflate' };
      const raw = rawSocket(gateway, {
        host: 'direct.test',
        headers: { ...HANDSHAKE, ...extension },
      });
      const origin = await origins.next();
      assert.deepEqual(origin.asked.all('sec-websocket-extensions'), ['grip']);
      assert.notEqual(origin.asked.header('sec-websocket-key'), HANDSHAKE['Sec-WebSocket-Key']);
      origin.accept(GRIP);
      const head = await raw.answered();
      assert.match(head, /^HTTP\/1\.1 101 /);
      assert.match(head, /^Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK\+xOo=\r$/im);
      assert.doesNotMatch(head, /extensions/i);
    },
  ],
  [
    '[WOH-DIRECT-1] on a route without GRIP none is offered, and nothing is an instruction',
    async (gateway) => {
      const { client, origin } = await directOpened(gateway, { host: 'direct-no-grip.test' });
      assert.deepEqual(origin.asked.all('sec-websocket-extensions'), []);
      assert.deepEqual(origin.asked.all('grip-sig'), []);
      origin.text(instruction('detach'));
      assert.equal(await client.nextText(), instruction('detach'));
    },
  ],
  [
    '[WOH-HAND-3] [WOH-HAND-5] subprotocol and headers of the origin’s answer are the client’s',
    async (gateway) => {
      const { client, origin } = await directOpened(gateway, {
        protocols: ['one', 'two'],
        with: {
          ...GRIP,
          'Sec-WebSocket-Protocol': 'two',
          'X-A': 'b',
          'Set-Cookie': ['a=1', 'b=2'],
        },
      });
      assert.match(origin.asked.header('sec-websocket-protocol') ?? '', /^one, ?two$/);
      assert.equal(client.socket.protocol, 'two');
      assert.equal(client.headers['x-a'], 'b');
      assert.deepEqual(client.headers['set-cookie'], ['a=1', 'b=2']);
    },
  ],
  [
    '[WOH-DIRECT-1] route and target rewrite the handshake',
    async (gateway) => {
      const header = await directOpened(gateway, { host: 'direct-header.test' });
      assert.deepEqual(header.origin.asked.all('x-set'), ['one']);
      const path = await directOpened(gateway, { host: 'direct-path.test', path: '=/old/TOKEN?q' });
      assert.equal(path.origin.asked.url, `/new/${gateway.token}?q`);
      const host = await directOpened(gateway, { host: 'direct-host.test' });
      assert.deepEqual(host.origin.asked.all('host'), ['other.example']);
    },
  ],
  [
    '[WOH-DIRECT-1] a target with TLS is asked so',
    async (gateway) => {
      const { client, origin } = await directOpened(gateway, { host: 'direct-secure.test' });
      assert.equal(origin.asked.origin, SECURE);
      origin.text('safe');
      assert.equal(await client.nextText(), 'safe');
      client.socket.send('up');
      assert.equal(await origin.next(), 'text up');
    },
  ],
  [
    '[WOH-DIRECT-2] messages go both ways with their kinds, bytes and order',
    async (gateway) => {
      const { client, origin } = await directOpened(gateway);
      client.socket.send('é€');
      client.socket.send(Buffer.of(0, 255));
      client.socket.send('');
      client.socket.send('end');
      assert.equal(await origin.next(), `text ${Buffer.from('é€').toString('latin1')}`);
      assert.equal(await origin.next(), 'binary \0\u00FF');
      assert.equal(await origin.next(), 'text ');
      assert.equal(await origin.next(), 'text end');
      origin.text('é€');
      origin.send('binary', Buffer.of(0, 255));
      origin.text('');
      origin.text('end');
      assert.deepEqual(await client.next(), { kind: 'text', data: 'é€' });
      assert.deepEqual(await client.next(), { kind: 'binary', data: '\0\u00FF' });
      assert.deepEqual(await client.next(), { kind: 'text', data: '' });
      assert.deepEqual(await client.next(), { kind: 'text', data: 'end' });
    },
  ],
  [
    '[WOH-DIRECT-2] fragments make one message',
    async (gateway) => {
      const origins = new DirectOrigin(gateway);
      const raw = rawSocket(gateway, { host: 'direct.test' });
      const origin = await origins.next();
      origin.accept();
      await raw.answered();
      raw.say(frame('text', 'a', { fin: false }));
      raw.say(frame('continuation', 'b', { fin: false }));
      raw.say(frame('continuation', 'c'));
      assert.equal(await origin.next(), 'text abc');
    },
  ],
  [
    '[WOH-DIRECT-2] fragments of the origin make one message',
    async (gateway) => {
      const { client, origin } = await directOpened(gateway);
      origin.send('text', 'a', { fin: false });
      origin.send('continuation', 'b', { fin: false });
      origin.send('continuation', 'c');
      assert.equal(await client.nextText(), 'abc');
    },
  ],
  [
    '[WOH-DIRECT-2] [DIFF-125] a message in fragments goes on as one',
    async (gateway) => {
      const origins = new DirectOrigin(gateway);
      const raw = rawSocket(gateway, { host: 'direct.test' });
      const origin = await origins.next();
      origin.accept();
      await raw.answered();
      raw.say(frame('text', 'begun', { fin: false }));
      raw.say(frame('continuation', ' and ended'));
      const { payload, isLast } = await origin.nextFrame();
      assert.equal(payload.toString(), 'begun and ended');
      assert.ok(isLast);
    },
  ],
  ...[8_192, 40_000, 100_000].map((size): GripRow => [
    `[WOH-DIRECT-2] messages of ${size} bytes go both ways`,
    async (gateway) => {
      const { client, origin } = await directOpened(gateway);
      client.socket.send('x'.repeat(size));
      assert.ok((await origin.next()) === `text ${'x'.repeat(size)}`);
      origin.text('y'.repeat(size));
      assert.ok((await client.nextText()) === 'y'.repeat(size));
    },
  ]),
  [
    '[WOH-DIRECT-2] [DIFF-119] messages of 1,000,000 bytes go both ways',
    async (gateway) => {
      const size = 1_000_000;
      const { client, origin } = await directOpened(gateway);
      client.socket.send('x'.repeat(size));
      assert.ok((await origin.next()) === `text ${'x'.repeat(size)}`);
      origin.text('y'.repeat(size));
      assert.ok((await client.nextText()) === 'y'.repeat(size));
    },
    { seconds: 8 },
  ],
  [
    '[WOH-DIRECT-2] [WOH-EVENT-8] pings and pongs pass in both directions, and nobody else answers',
    async (gateway) => {
      const { client, origin } = await directOpened(gateway);
      client.socket.ping();
      client.socket.send('after');
      assert.equal((await origin.next()).slice(0, 4), 'ping');
      assert.equal(await origin.next(), 'text after');
      origin.send('pong');
      origin.send('ping');
      origin.text('after');
      assert.equal((await client.next()).kind, 'pong');
      assert.equal((await client.next()).kind, 'ping');
      assert.equal(await client.nextText(), 'after');
    },
  ],
  [
    '[WOH-DIRECT-3] [DIFF-116] pings and pongs keep their content',
    async (gateway) => {
      const { client, origin } = await directOpened(gateway);
      client.socket.ping('p');
      client.socket.pong('q');
      assert.equal(await origin.next(), 'ping p');
      assert.equal(await origin.next(), 'pong q');
      origin.send('ping', 'r');
      assert.deepEqual(await client.next(), { kind: 'ping', data: 'r' });
    },
  ],
  refuses(
    '403',
    'HTTP/1.1 403 Nope\r\nContent-Type: text/plain\r\nContent-Length: 3\r\n\r\nno\n',
    403,
    'no\n',
  ),
  refuses('a redirect', 'HTTP/1.1 302 Found\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n', 302, ''),
  refuses('200', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi', 200, 'hi'),
  refuses(
    'a chunked answer',
    'HTTP/1.1 403 Nope\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n',
    403,
    'abc',
  ),
  [
    '[WOH-DIRECT-5] [DIFF-117] a refusal keeps its reason, its headers and a long body',
    async (gateway) => {
      const body = 'x'.repeat(9_000);
      const answered = await refused(
        gateway,
        `HTTP/1.1 403 Nope\r\nX-A: b\r\nContent-Length: 9000\r\n\r\n${body}`,
      );
      assert.equal(answered.reason, 'Nope');
      assert.equal(answered.headers['x-a'], 'b');
      assert.equal(answered.body, body);
    },
  ],
  ...(
    [
      ['ends without an answer', (origin: DirectSocket) => origin.cut()],
      ['answers what is no HTTP', (origin: DirectSocket) => origin.say('foo\r\n\r\n')],
    ] satisfies [string, (origin: DirectSocket) => void][]
  ).map(([what, answer]): GripRow => [
    `[WOH-DIRECT-6] an origin that ${what} is a 502`,
    async (gateway) => {
      const answered = await refused(gateway, answer);
      assert.equal(answered.status, 502);
      assert.equal(answered.body, FAILED);
    },
  ]),
  [
    '[WOH-DIRECT-6] [WOH-HAND-6] an origin that cannot be connected to is a 502',
    async (gateway) => {
      const answer = gateway.socket('', { host: 'direct-dead.test' });
      await assert.rejects(answer, { status: 502, body: FAILED });
    },
  ],
  [
    '[WOH-DIRECT-6] the next target is tried where one cannot be connected to',
    async (gateway) => {
      const { client, origin } = await directOpened(gateway, { host: 'direct-two.test' });
      assert.equal(origin.asked.origin, SECOND);
      origin.text('second');
      assert.equal(await client.nextText(), 'second');
    },
  ],
  begins(
    '[WOH-DIRECT-7] [WOH-GRIP-1] without the extension everything passes',
    {},
    [
      ['text', instruction('detach')],
      ['text', 'm:x'],
      ['text', 'plain'],
    ],
    [`text ${instruction('detach')}`, 'text m:x', 'text plain'],
  ),
  begins(
    '[WOH-DIRECT-7] [WOH-GRIP-2] the prefix is taken off, and what is without it is dropped',
    GRIP,
    [
      ['text', 'plain'],
      ['text', 'm:x'],
      ['binary', 'm:y'],
      ['binary', 'bin'],
      ['text', 'm:'],
      ['text', 'm:end'],
    ],
    ['text x', 'binary y', 'text ', 'text end'],
  ),
  [
    '[WOH-DIRECT-7] [WOH-GRIP-2] only the first fragment has the prefix',
    async (gateway) => {
      const { client, origin } = await directOpened(gateway, { with: GRIP });
      origin.send('text', 'm:fr', { fin: false });
      origin.send('continuation', 'm:ag', { fin: false });
      origin.send('continuation', 'ment');
      assert.equal(await client.nextText(), 'frm:agment');
    },
  ],
  [
    '[WOH-DIRECT-7] [WOH-GRIP-2] [DIFF-120] a message whose first fragment has no prefix is dropped whole',
    async (gateway) => {
      const { client, origin } = await directOpened(gateway, { with: GRIP });
      origin.send('text', 'no', { fin: false });
      origin.send('continuation', 'm:ne');
      origin.text('m:end');
      assert.equal(await client.nextText(), 'end');
    },
  ],
  [
    '[WOH-DIRECT-7] [WOH-GRIP-5] [WOH-PUB-1] a client hears what it was subscribed to',
    async (gateway) => {
      const direct = await directOpened(gateway);
      await followed(gateway, direct);
      await said(gateway, { content: 'text' });
      await said(gateway, { 'content-bin': 'AP8=' });
      await said(gateway, { type: 'ping', content: 'p' });
      assert.deepEqual(await direct.client.next(), { kind: 'text', data: 'text' });
      assert.deepEqual(await direct.client.next(), { kind: 'binary', data: '\0\u00FF' });
      assert.deepEqual(await direct.client.next(), { kind: 'ping', data: 'p' });
      direct.origin.text(instruction('unsubscribe', { channel: gateway.channel }));
      await followed(gateway, direct, `${gateway.channel}-2`);
      await said(gateway, { content: 'no' });
      await said(gateway, { content: 'yes' }, `${gateway.channel}-2`);
      assert.equal(await direct.client.nextText(), 'yes');
    },
  ],
  [
    '[WOH-DIRECT-7] [WOH-GRIP-5] the route’s prefix is before the channel',
    async (gateway) => {
      const { client, origin } = await directOpened(gateway, { host: 'direct-prefix.test' });
      origin.text(instruction('subscribe', { channel: gateway.channel }));
      await reached(gateway, client, `pre-${gateway.channel}`);
    },
  ],
  [
    '[WOH-DIRECT-7] [WOH-FILTER-1] filters act',
    async (gateway) => {
      const { client, origin } = await directOpened(gateway);
      const { channel } = gateway;
      origin.text(instruction('set-meta', { name: 'user', value: 'u' }));
      origin.text(instruction('subscribe', { channel, filters: ['skip-self', 'var-subst'] }));
      await reached(gateway, client, channel);
      await said(gateway, { content: 'own' }, channel, { meta: { sender: 'u' } });
      await said(gateway, { content: 'for %(user)s' }, channel, { meta: { sender: 'v' } });
      assert.equal(await client.nextText(), 'for u');
    },
  ],
  [
    '[WOH-DIRECT-7] [WOH-GRIP-9] [WOH-GRIP-11] keep-alive and delayed messages come',
    async (gateway) => {
      const { client, origin } = await directOpened(gateway);
      origin.text(instruction('send-delayed', { content: 'late' }));
      origin.text('now');
      assert.equal(await client.nextText(), 'now');
      assert.equal(await client.nextText(), 'late');
      origin.text(instruction('keep-alive', { content: 'alive', timeout: 1 }));
      assert.equal(await client.nextText(), 'alive');
    },
  ],
  [
    '[WOH-DIRECT-7] [WOH-GRIP-16] implicit subscriptions hold',
    async (gateway) => {
      const { client } = await directOpened(gateway, { host: 'direct-sub.test', with: {} });
      const passing = (async () => {
        while ((await client.nextText()) !== gateway.token);
      })();
      await gateway.publishUntil(passing, {
        channel: 'conformance-direct',
        formats: { 'ws-message': { content: gateway.token } },
      });
    },
  ],
  [
    '[WOH-DIRECT-8] a client’s close goes to the origin, and the origin’s answer to the client',
    async (gateway) => {
      const { client, origin } = await directOpened(gateway);
      client.socket.close(3_001, 'why');
      assert.equal(await origin.next(), 'close 3001 why');
      origin.close(4_001, 'ok');
      assert.deepEqual(await client.next(), { kind: 'close', code: 4_001, reason: 'ok' });
      await origin.ended();
    },
  ],
  [
    '[WOH-DIRECT-8] a close without a code has none to the origin, and is 1000 to the client',
    async (gateway) => {
      const { client, origin } = await directOpened(gateway);
      client.socket.close();
      assert.equal(await origin.next(), 'close ');
      origin.send('close');
      assert.deepEqual(await client.next(), { kind: 'close', code: 1_000, reason: '' });
    },
  ],
  [
    '[WOH-DIRECT-8] an origin’s close goes to the client, and the client’s answer to the origin',
    async (gateway) => {
      const { client, origin } = await directOpened(gateway);
      origin.text('last');
      assert.equal(await client.nextText(), 'last');
      origin.close(4_001, 'go');
      assert.deepEqual(await client.next(), { kind: 'close', code: 4_001, reason: 'go' });
      assert.match(await origin.next(), /^close 4001 /);
      await origin.ended();
    },
  ],
  [
    '[WOH-DIRECT-8] [DIFF-121] what an origin says right before its close comes before it',
    async (gateway) => {
      for (let nth = 0; nth < 20; nth += 1) {
        const { client, origin } = await directOpened(gateway);
        for (const content of ['1', '2', '3']) origin.text(content);
        origin.close(4_001);
        for (const content of ['1', '2', '3']) assert.equal(await client.nextText(), content);
        assert.equal((await client.next()).kind, 'close');
      }
    },
  ],
  [
    '[WOH-DIRECT-8] an origin’s close without a code is 1000 to the client',
    async (gateway) => {
      const { client, origin } = await directOpened(gateway);
      origin.send('close');
      assert.deepEqual(await client.next(), { kind: 'close', code: 1_000, reason: '' });
    },
  ],
  [
    '[WOH-DIRECT-9] an origin that vanishes cuts the client',
    async (gateway) => {
      const { client, origin } = await directOpened(gateway);
      origin.cut();
      assert.equal((await client.closed()).code, 1_006);
    },
  ],
  [
    '[WOH-DIRECT-9] a client that vanishes cuts the origin',
    async (gateway) => {
      const { client, origin } = await directOpened(gateway);
      client.leave();
      await origin.ended();
      assert.deepEqual(origin.frames, []);
    },
  ],
  [
    '[WOH-DIRECT-10] [WOH-PUB-4] a published close is one without a body to the origin',
    async (gateway) => {
      const direct = await directOpened(gateway);
      await followed(gateway, direct);
      await said(gateway, { action: 'close', code: 4_000, reason: 'bye' });
      assert.deepEqual(await direct.client.next(), { kind: 'close', code: 4_000, reason: 'bye' });
      assert.equal(await direct.origin.next(), 'close ');
      direct.origin.send('close', closeBody(1_000));
      await direct.origin.ended();
    },
  ],
  [
    '[WOH-DIRECT-10] [WOH-GRIP-13] [WOH-GRIP-14] detach closes the origin’s side; the client stays and hears publications',
    async (gateway) => {
      const direct = await directOpened(gateway);
      const { client, origin } = direct;
      await followed(gateway, direct);
      origin.text(instruction('detach'));
      assert.equal(await origin.next(), 'close ');
      origin.text('late');
      origin.send('close');
      await origin.ended();
      await said(gateway, { content: 'still' });
      assert.equal(await client.nextText(), 'still');
      client.socket.send('lost');
      await said(gateway, { content: 'on' });
      assert.equal(await client.nextText(), 'on');
      client.socket.close(3_000);
      assert.deepEqual(await client.next(), { kind: 'close', code: 1_000, reason: '' });
      assert.equal(origin.frames.length, 1);
    },
  ],
  [
    '[WOH-DIRECT-10] a detached origin may vanish',
    async (gateway) => {
      const direct = await directOpened(gateway);
      await followed(gateway, direct);
      direct.origin.text(instruction('detach'));
      assert.equal(await direct.origin.next(), 'close ');
      direct.origin.cut();
      await said(gateway, { content: 'still' });
      assert.equal(await direct.client.nextText(), 'still');
      assert.equal(direct.client.heard.at(-1)?.kind, 'text');
    },
  ],
  [
    '[WOH-PUB-6] [DIFF-114] a published refresh is nothing to a direct origin',
    async (gateway) => {
      const direct = await directOpened(gateway);
      await followed(gateway, direct);
      await said(gateway, { action: 'refresh' });
      await said(gateway, { content: 'after' });
      assert.equal(await direct.client.nextText(), 'after');
      assert.deepEqual(direct.origin.frames, []);
    },
  ],
]);
