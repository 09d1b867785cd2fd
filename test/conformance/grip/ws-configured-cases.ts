// WebSockets where everything is turned on that Pushpin ships turned off: clients who are gateways themselves, debug
// answers, and limits.

import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';

import { type GripRow, gripCases } from './case.ts';
import { DirectOrigin } from './ws-direct-origin.ts';
import {
  BARE,
  event,
  EVENTS,
  exchange,
  HttpOrigin,
  instruct,
  opened,
  reached,
  said,
  subscribe,
  text,
} from './ws-origin.ts';
import { HANDSHAKE, rawSocket } from './ws-raw.ts';

const UPSTREAM_KEY = 'the key of those before us';

/** What a gateway says that this one trusts. */
function trusted(): { readonly 'Grip-Sig': string } {
  const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const exp = Math.floor(Date.now() / 1_000) + 600;
  const signed = `${part({ typ: 'JWT', alg: 'HS256' })}.${part({ iss: 'before', exp })}`;
  const signature = createHmac('sha256', UPSTREAM_KEY).update(signed).digest('base64url');
  return { 'Grip-Sig': `${signed}.${signature}` };
}

const rows: readonly GripRow[] = [
  [
    '[WOH-TRUST-1] a trusted gateway may send events itself',
    async (gateway) => {
      const origin = new HttpOrigin(gateway);
      const answer = gateway.send({
        ...{ method: 'POST', host: 'woh.test', body: 'OPEN\r\n' },
        headers: { 'Content-Type': EVENTS, 'Connection-Id': 'its-own', ...trusted() },
      });
      const turn = await origin.expects('OPEN\r\n');
      assert.deepEqual(turn.asked.all('connection-id'), ['its-own']);
      turn.answers([event('OPEN')], BARE);
      const whole = await answer.whole();
      assert.equal(whole.status, 200);
      assert.equal(whole.header('content-type'), EVENTS);
      assert.equal(whole.body, 'OPEN\r\n');
    },
  ],
  [
    '[WOH-TRUST-2] [DIFF-123] a trusted gateway gets a direct origin’s extension',
    async (gateway) => {
      const origins = new DirectOrigin(gateway);
      const raw = rawSocket(gateway, {
        host: 'direct.test',
        headers: { ...HANDSHAKE, ...trusted(), 'Sec-WebSocket-Extensions': 'grip' },
      });
      const origin = await origins.next();
      assert.deepEqual(origin.asked.all('sec-websocket-extensions'), ['grip']);
      origin.accept({ 'Sec-WebSocket-Extensions': 'grip; message-prefix=">>"' });
      assert.match(
        await raw.answered(),
        /^Sec-WebSocket-Extensions: grip; message-prefix=">>"\r$/im,
      );
    },
  ],
  [
    '[WOH-TRUST-2] a trusted gateway gets a direct origin’s instructions as they are',
    async (gateway) => {
      const origins = new DirectOrigin(gateway);
      const raw = rawSocket(gateway, {
        host: 'direct.test',
        headers: { ...HANDSHAKE, ...trusted(), 'Sec-WebSocket-Extensions': 'grip' },
      });
      const origin = await origins.next();
      origin.accept({ 'Sec-WebSocket-Extensions': 'grip; message-prefix=">>"' });
      await raw.answered();
      origin.text('c:{"type":"detach"}');
      origin.text('>>x');
      await raw.until('two frames', () => raw.frames.length > 1);
      const heard = raw.frames.map(({ payload }) => payload.toString());
      assert.deepEqual(heard, ['c:{"type":"detach"}', '>>x']);
    },
  ],
  [
    '[WOH-HAND-4] [DIFF-122] compression is agreed on where it is configured, and the origin does not notice',
    async (gateway) => {
      const all = await opened(gateway, { isDeflating: true });
      assert.match(all.client.socket.extensions, /permessage-deflate/);
      assert.deepEqual(all.opening.asked.all('sec-websocket-extensions'), ['grip']);
      const long = 'again and '.repeat(200);
      all.client.socket.send(long);
      (await all.origin.expects(`TEXT 7d0\r\n${long}\r\n`)).answers([text(long)]);
      assert.equal(await all.client.nextText(), long);
    },
  ],
  [
    '[WOH-HAND-6] the targets are told where debug is configured for all',
    async (gateway) => {
      const body = /^Unable to connect to any targets\. Tried: 127\.0\.0\.1:\d+\n$/;
      await assert.rejects(gateway.socket('', { host: 'woh-dead.test' }), { status: 502, body });
    },
  ],
  [
    '[WOH-GRIP-7] the limit of channels is that of the configuration',
    async (gateway) => {
      const channels = Array.from({ length: 5 }, (_, at) => `${gateway.channel}-${at}`);
      const { client } = await opened(gateway, { events: channels.map((name) => subscribe(name)) });
      await reached(gateway, client, channels[2] ?? '');
      for (const channel of channels) await said(gateway, { content: channel }, channel);
      await said(gateway, { content: 'end' }, channels[0] ?? '');
      const heard: string[] = [];
      while (heard.at(-1) !== 'end') heard.push(await client.nextText());
      assert.deepEqual(heard, [...channels.slice(0, 3), 'end']);
    },
  ],
  [
    '[WOH-FILTER-2] where debug is configured a filter that fails costs the message alone too',
    async (gateway) => {
      const { client } = await opened(gateway, {
        events: [
          subscribe(gateway.channel, { filters: ['var-subst'] }),
          instruct('set-meta', { name: 'user', value: 'u' }),
          subscribe(`${gateway.channel}-2`),
        ],
      });
      await reached(gateway, client, `${gateway.channel}-2`);
      await said(gateway, { content: 'bad %(other)s' });
      await said(gateway, { content: 'for %(user)s' });
      assert.equal(await client.nextText(), 'for u');
    },
  ],
  [
    '[SOCKJS-4] the script of the frame is that of the configuration',
    async (gateway) => {
      const answer = await gateway.ask({ host: 'sockjs-woh.test', path: '=/sock/iframe.html' });
      assert.match(answer.body, /<script src="http:\/\/sockjs\.test\/own\.js">/);
    },
  ],
  [
    '[WOH-OPEN-14] [DIFF-124] the client’s address is appended once',
    async (gateway) => {
      const all = await opened(gateway, { headers: { 'X-Forwarded-For': '1.1.1.1' } });
      const turn = await exchange(all);
      const seen = [all.opening, turn].map(({ asked }) => asked.all('x-forwarded-for').join(', '));
      assert.deepEqual(seen, ['1.1.1.1, 127.0.0.1', '1.1.1.1, 127.0.0.1']);
    },
  ],
];

export const webSocketConfiguredCases = gripCases(
  'ws-configured',
  rows.map(([title, run, options]): GripRow => [title, run, { ...options, configuration: 'full' }]),
);
