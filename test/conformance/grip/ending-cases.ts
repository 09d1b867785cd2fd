// Holds in less usual shapes: how they end and who is told, old clients, and instructions that few origins give.

import assert from 'node:assert/strict';

import { gripCases, type GripRow } from './case.ts';
import { type Gateway, holdResponse, holdStream, poll, stream } from './gateway.ts';
import type { HeaderLines } from './http-client.ts';
import type { Asked } from './origin.ts';

const isGone = ({ url }: Asked): boolean => url.endsWith('/gone');

/** The origin holds everything but its gone link, which it is told of. */
function holdsWithGone(
  gateway: Gateway,
  hold: (channel: string, headers: HeaderLines) => HeaderLines,
): void {
  const headers = hold(gateway.channel, {
    'Grip-Link': `<${gateway.path('/gone')}>; rel=gone`,
  });
  gateway.plays((asked) => (isGone(asked) ? { status: 200 } : { body: 'open\n', headers }));
}

async function goneAsked(gateway: Gateway): Promise<void> {
  const gone = await gateway.askedFor(isGone);
  assert.equal(gone.method, 'POST');
  assert.equal(gone.body.length, 0);
  assert.equal(gone.header('x-mine'), undefined);
  assert.equal(gone.all('grip-sig').length, 1);
}

export const endingCases = gripCases('endings', [
  [
    '[GRIP-HOLD-9] [DIFF-9] a gone link is asked when a poll was answered',
    async (gateway) => {
      holdsWithGone(gateway, holdResponse);
      const item = { channel: gateway.channel, ...poll('a') };
      await gateway.publishUntil(gateway.ask({ headers: { 'X-Mine': 'x' } }), item);
      await goneAsked(gateway);
    },
  ],
  [
    '[GRIP-HOLD-9] [DIFF-9] a gone link is asked when the client of a stream has left',
    async (gateway) => {
      holdsWithGone(gateway, holdStream);
      const on = gateway.connection();
      await gateway.send({ on, headers: { 'X-Mine': 'x' } }).until('open\n');
      on.leave();
      await goneAsked(gateway);
    },
  ],
  [
    '[GRIP-HOLD-9] [DIFF-9] a gone link is asked when a stream was closed',
    async (gateway) => {
      holdsWithGone(gateway, holdStream);
      const answer = gateway.send();
      await answer.until('open\n');
      const close = { formats: { 'http-stream': { action: 'close' } } };
      await gateway.publish({ channel: gateway.channel, ...close });
      await answer.whole();
      await goneAsked(gateway);
    },
  ],
  [
    '[GRIP-HOLD-1] a client of HTTP/1.0 may poll',
    async (gateway) => {
      gateway.plays({ headers: holdResponse(gateway.channel), body: 'nothing\n' });
      const on = gateway.connection();
      const item = { channel: gateway.channel, ...poll('a') };
      const answer = await gateway.publishUntil(gateway.ask({ version: 'HTTP/1.0', on }), item);
      assert.equal(answer.body, 'a');
      await on.ended();
    },
  ],
  [
    '[GRIP-HOLD-1] a poll that comes before its turn is answered in its turn',
    async (gateway) => {
      gateway.plays(({ url }) =>
        url.endsWith('/poll')
          ? { headers: holdResponse(gateway.channel), body: 'nothing\n' }
          : { body: 'after\n' },
      );
      const on = gateway.connection();
      const first = gateway.send({ path: '/poll', on }).whole();
      const second = gateway.send({ path: '/after', on }).whole();
      await gateway.publishUntil(first, { channel: gateway.channel, ...poll('a') });
      assert.equal((await second).body, 'after\n');
    },
  ],
  [
    '[GRIP-HOLD-2] one publication answers a poll and goes to a stream',
    async (gateway) => {
      const { channel } = gateway;
      gateway.plays(({ url }) =>
        url.endsWith('/poll')
          ? { headers: holdResponse(channel), body: 'nothing\n' }
          : { headers: holdStream(channel), body: 'open\n' },
      );
      const answer = gateway.send();
      await answer.until('open\n');
      const formats = {
        'http-stream': { content: 'to the stream' },
        'http-response': { body: 'to the poll' },
      };
      const { body } = await gateway.publishUntil(gateway.ask({ path: '/poll' }), {
        channel,
        formats,
      });
      assert.equal(body, 'to the poll');
      await answer.until('open\nto the stream');
    },
  ],
  [
    '[GRIP-HOLD-3] the origin’s answer may be empty, and its status any',
    async (gateway) => {
      const headers = holdResponse(gateway.channel, { 'Grip-Timeout': '5' });
      gateway.plays({ status: 204, headers });
      assert.equal((await gateway.ask()).status, 204);
    },
  ],
  [
    '[GRIP-SEQ-6] a hint counts as delivered: the next link is asked for what comes after it',
    async (gateway) => {
      const { channel } = gateway;
      const link = `<${gateway.path('/next')}>; rel=next`;
      const replies = [
        { body: 'open ', headers: holdStream(`${channel}; prev-id=1`, { 'Grip-Link': link }) },
        { body: 'ready ', headers: holdStream(`${channel}; prev-id=1`, { 'Grip-Link': link }) },
        { body: 'end' },
      ];
      gateway.plays(replies);
      const answer = gateway.send();
      await answer.until('ready ');
      await gateway.publishUntil(answer.whole(), (nth) => ({
        ...{ channel, id: `hint-${nth}`, 'prev-id': '1' },
        formats: { 'http-stream': { action: 'hint' } },
      }));
      const lasts = (await gateway.askedAt(2)).all('grip-last');
      assert.match(lasts.join(), new RegExp(`^${channel}; last-id=hint-\\d+$`));
    },
  ],
  ...(
    [
      ['a link that is none', { 'Grip-Link': '<http://[>; rel=next' }],
      ['a link whose timeout is below 0', { 'Grip-Link': '</next>; rel=next; timeout=-1' }],
      ['a link whose timeout is no number', { 'Grip-Link': '</next>; rel=next; timeout=x' }],
    ] as const
  ).map(([what, headers]): GripRow => [
    `[GRIP-INSTR-4] ${what} is 502`,
    async (gateway) => {
      gateway.plays({ headers: holdStream(gateway.channel, headers), body: 'x' });
      assert.equal((await gateway.send().head()).status, 502);
    },
  ]),
  [
    '[GRIP-INSTR-10] the names of Grip headers have no case',
    async (gateway) => {
      const headers = { 'grip-hold': 'stream', 'GRIP-CHANNEL': gateway.channel };
      gateway.plays({ headers, body: 'open\n' });
      const answer = gateway.send();
      await answer.until('open\n');
      await gateway.publish({ channel: gateway.channel, ...stream('a') });
      await answer.until('open\na');
      assert.deepEqual(
        (await answer.head()).headers.filter(([name]) => name.toLowerCase().startsWith('grip')),
        [],
      );
    },
  ],
  [
    '[GRIP-JSON-5] meta and filters may come in JSON',
    async (gateway) => {
      const { channel } = gateway;
      const hold = {
        mode: 'stream',
        channels: [{ name: channel, filters: ['var-subst', 'skip-self'] }],
        meta: { user: 'ann' },
      };
      const headers = { 'Content-Type': 'application/grip-instruct' };
      gateway.plays({ headers, body: JSON.stringify({ hold, response: { body: 'open\n' } }) });
      const answer = gateway.send();
      await answer.until('open\n');
      await gateway.publish(
        { channel, ...stream('wrong'), meta: { sender: 'ann' } },
        { channel, ...stream('for %(user)s.') },
      );
      assert.equal(await answer.until('.'), 'open\nfor ann.');
    },
  ],
  [
    '[GRIP-JSON-5] places may come in JSON',
    async (gateway) => {
      const { channel } = gateway;
      const hold = { mode: 'response', channels: [{ name: channel, 'prev-id': '1' }] };
      const headers = { 'Content-Type': 'application/grip-instruct' };
      gateway.plays([
        { headers, body: JSON.stringify({ hold, response: { body: 'nothing\n' } }) },
        { body: 'done\n' },
      ]);
      await gateway.ask();
      assert.deepEqual((await gateway.askedAt(1)).all('grip-last'), [`${channel}; last-id=1`]);
    },
  ],
  [
    '[GRIP-JSON-3] the keep-alive may be bytes in Base64',
    async (gateway) => {
      const hold = {
        mode: 'stream',
        channels: [],
        'keep-alive': { 'content-bin': 'AP8=', timeout: 1 },
      };
      const headers = { 'Content-Type': 'application/grip-instruct' };
      gateway.plays({ headers, body: JSON.stringify({ hold, response: { body: 'open\n' } }) });
      await gateway.send().until('open\n\u0000\u00ff\u0000\u00ff');
    },
  ],
  [
    '[GRIP-JSON-3] and goes on while items come',
    async (gateway) => {
      const { channel } = gateway;
      const keepAlive = { content: 'ping|', timeout: 1 };
      const hold = { mode: 'stream', channels: [{ name: channel }], 'keep-alive': keepAlive };
      const headers = { 'Content-Type': 'application/grip-instruct' };
      gateway.plays({ headers, body: JSON.stringify({ hold, response: { body: 'open\n' } }) });
      const answer = gateway.send();
      await answer.until('open\n');
      await gateway.publishUntil(answer.until('ping|'), { channel, ...stream('a') });
    },
  ],
  [
    '[GRIP-STREAM-9] a client that reads slowly holds up nobody else',
    async (gateway) => {
      const { channel } = gateway;
      gateway.plays({ body: 'open\n', headers: holdStream(channel) });
      const slow = gateway.connection();
      await gateway.send({ on: slow }).until('open\n');
      slow.socket.pause();
      const answer = gateway.send();
      await answer.until('open\n');
      for (let at = 0; at < 20; at += 1)
        await gateway.publish({ channel, ...stream(`${'c'.repeat(200_000)}<${at}>`) });
      await answer.until('<19>');
    },
  ],
  [
    '[GRIP-STREAM-9] and is a client as any when it reads on',
    async (gateway) => {
      const { channel } = gateway;
      gateway.plays({ body: 'open\n', headers: holdStream(channel) });
      const on = gateway.connection();
      const answer = gateway.send({ on });
      await answer.until('open\n');
      on.socket.pause();
      for (let at = 0; at < 20; at += 1)
        await gateway.publish({ channel, ...stream(`${'c'.repeat(50_000)}<${at}>`) });
      on.socket.resume();
      const body = await answer.until('<19>');
      assert.deepEqual(
        [...body.matchAll(/<(\d+)>/g)].map(([, at]) => Number(at)),
        Array.from({ length: 20 }, (_, at) => at),
      );
    },
  ],
]);
