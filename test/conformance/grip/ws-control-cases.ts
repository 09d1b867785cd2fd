// What an origin may tell the gateway in the middle of its messages: subscriptions, metas, keep-alive, delayed
// messages, detaching; and what publications do on a WebSocket.

import assert from 'node:assert/strict';

import { type GripRow, gripCases } from './case.ts';
import type { Gateway, Item } from './gateway.ts';
import { readTnet, type Tnet, tnetOf } from './tnetstring.ts';
import type { Heard, SocketClient } from './web-socket.ts';
import {
  close,
  control,
  event,
  exchange,
  following,
  instruct,
  type Opened,
  opened,
  reached,
  said,
  subscribe,
  text,
} from './ws-origin.ts';

/** What is published, and what must come of it to who follows the channel. */
const comes = (title: string, format: Item, wanted: string): GripRow => [
  title,
  async (gateway) => {
    const { client } = await following(gateway);
    await said(gateway, format);
    assert.equal(spoken(await client.next()), wanted);
  },
];

const refuses = (title: string, format: Item, sentence: string): GripRow => [
  `[WOH-PUB-3] ${title} is refused`,
  async (gateway) => {
    const item = { channel: gateway.channel, formats: { 'ws-message': format } };
    assert.equal(await gateway.refused(item), `Invalid format: ${sentence}\n`);
  },
];

/** An instruction that does nothing: what is behind it comes, and nothing else. */
const ignored = (title: string, message: string): GripRow => [
  `[WOH-GRIP-4] ${title} does nothing`,
  async (gateway) => {
    const { client } = await opened(gateway, {
      events: [text(message), subscribe(gateway.channel), text('behind')],
    });
    assert.equal(await client.nextText(), 'behind');
    await reached(gateway, client, gateway.channel);
  },
];

const spoken = (heard: Heard): string =>
  heard.kind === 'close' ? `close ${heard.code} ${heard.reason}` : `${heard.kind} ${heard.data}`;

/** A keep-alive of one second, and the message that comes of it. */
const keepsAlive = (members: Item, wanted: string): GripRow => [
  `[WOH-GRIP-9] keep-alive with ${JSON.stringify(members)} sends its message`,
  async (gateway) => {
    const { client } = await opened(gateway, {
      events: [instruct('keep-alive', { timeout: 1, ...members })],
    });
    assert.equal(spoken(await client.next()), wanted);
    assert.equal(spoken(await client.next()), wanted);
  },
];

/** An instruction that is no keep-alive: another client's comes first. */
const keepsNothing = (members: Item): GripRow => [
  `[WOH-GRIP-4] [WOH-GRIP-9] keep-alive with ${JSON.stringify(members)} does nothing within two seconds`,
  async (gateway) => {
    const all = await opened(gateway, {
      events: [instruct('keep-alive', { timeout: 1, ...members })],
    });
    const other = await opened(gateway, {
      events: [instruct('keep-alive', { content: 'other', timeout: 2 })],
    });
    for (let nth = 0; nth < 2; nth += 1) assert.equal(await other.client.nextText(), 'other');
    assert.deepEqual(all.client.heard, []);
  },
];

/** Publishes to a channel with filters: what comes, in order, and the rest does not. */
const filtered = (
  title: string,
  filters: readonly string[],
  metas: Readonly<Record<string, string>>,
  items: readonly (readonly [format: Item, more?: Item])[],
  wanted: readonly string[],
  host = 'woh.test',
): GripRow => [
  title,
  async (gateway) => {
    const marks = `${gateway.channel}-marks`;
    const { client } = await opened(gateway, {
      host,
      events: [
        ...Object.entries(metas).map(([name, value]) => instruct('set-meta', { name, value })),
        subscribe(gateway.channel, { filters }),
        subscribe(marks),
      ],
    });
    await reached(gateway, client, marks);
    for (const [format, more] of items) await said(gateway, format, gateway.channel, more);
    await said(gateway, { content: 'end' }, marks);
    const heard: string[] = [];
    while (heard.at(-1) !== 'end') heard.push(await client.nextText());
    assert.deepEqual(heard, [...wanted, 'end']);
  },
];

/** Everything that comes until the next text that is `last`, with the time since the call. */
async function timed(client: SocketClient, last: string): Promise<[string, number][]> {
  const from = performance.now();
  const all: [string, number][] = [];
  while (all.at(-1)?.[0] !== last) all.push([await client.nextText(), performance.now() - from]);
  return all;
}

async function detached(gateway: Gateway): Promise<Opened> {
  const all = await following(gateway);
  await exchange(all, [instruct('detach'), text('behind')]);
  assert.equal(await all.client.nextText(), 'behind');
  return all;
}

export const webSocketControlCases = gripCases('ws-control', [
  [
    '[WOH-GRIP-5] [WOH-GRIP-6] a connection hears the channels that it is subscribed to, in order, each once',
    async (gateway) => {
      const [a, b, c] = ['a', 'b', 'c'].map((name) => `${gateway.channel}-${name}`) as [
        string,
        string,
        string,
      ];
      const all = await opened(gateway, { events: [subscribe(a), subscribe(b), subscribe(a)] });
      await reached(gateway, all.client, b);
      await said(gateway, { content: '1' }, a);
      await said(gateway, { content: '2' }, b);
      await said(gateway, { content: '3' }, c);
      await said(gateway, { content: '4' }, a);
      const heard = [];
      while (heard.length < 3) heard.push(await all.client.nextText());
      assert.deepEqual(heard, ['1', '2', '4']);
      await exchange(all, [
        instruct('unsubscribe', { channel: a }),
        instruct('unsubscribe', { channel: c }),
        subscribe(`${gateway.channel}-d`),
      ]);
      await reached(gateway, all.client, `${gateway.channel}-d`);
      await said(gateway, { content: '5' }, a);
      await said(gateway, { content: '6' }, b);
      assert.equal(await all.client.nextText(), '6');
    },
  ],
  [
    '[WOH-GRIP-5] the route’s prefix is before the channel',
    async (gateway) => {
      const { client } = await opened(gateway, {
        host: 'woh-prefix.test',
        events: [subscribe(gateway.channel)],
      });
      await reached(gateway, client, `pre-${gateway.channel}`);
      await said(gateway, { content: 'no' });
      await said(gateway, { content: 'yes' }, `pre-${gateway.channel}`);
      assert.equal(await client.nextText(), 'yes');
    },
  ],
  [
    '[WOH-GRIP-5] subscribing again replaces the filters',
    async (gateway) => {
      const marks = `${gateway.channel}-marks`;
      const { client } = await opened(gateway, {
        events: [
          subscribe(gateway.channel),
          instruct('set-meta', { name: 'user', value: 'u' }),
          subscribe(gateway.channel, { filters: ['skip-self'] }),
          subscribe(marks),
        ],
      });
      await reached(gateway, client, marks);
      await said(gateway, { content: 'own' }, gateway.channel, { meta: { sender: 'u' } });
      await said(gateway, { content: 'other' }, gateway.channel, { meta: { sender: 'v' } });
      assert.equal(await client.nextText(), 'other');
    },
  ],
  [
    '[WOH-GRIP-7] of 25 channels the first 20 are subscribed to',
    async (gateway) => {
      const channels = Array.from({ length: 25 }, (_, at) => `${gateway.channel}-${at}`);
      const { client } = await opened(gateway, { events: channels.map((name) => subscribe(name)) });
      await reached(gateway, client, channels[19] ?? '');
      for (const channel of channels) await said(gateway, { content: channel }, channel);
      await said(gateway, { content: 'end' }, channels[0] ?? '');
      const heard: string[] = [];
      while (heard.at(-1) !== 'end') heard.push(await client.nextText());
      assert.deepEqual(heard, [...channels.slice(0, 20), 'end']);
    },
  ],
  [
    '[WOH-GRIP-4] [DIFF-134] who was let in with an unknown instruction stays',
    async (gateway) => {
      const { client } = await opened(gateway, {
        events: [instruct('zz'), instruct('send-delayed', { content: 'here', timeout: 10 })],
      });
      assert.equal(await client.nextText(), 'here');
    },
  ],
  ignored('an instruction without a body', 'c:'),
  ignored('half an object', 'c:{'),
  ignored('a list', 'c:[]'),
  ignored('an unknown type', 'c:{"type":"zz"}'),
  ignored('no type', 'c:{"channel":"a"}'),
  ignored('a subscription without a channel', control('subscribe')),
  ignored('a subscription to nothing', control('subscribe', { channel: '' })),
  ignored('a channel that is a number', control('subscribe', { channel: 5 })),
  ignored('a meta without a name', control('set-meta', { value: 'x' })),
  [
    '[WOH-GRIP-4] a subscription with filters of another kind, or in other letters, is none',
    async (gateway) => {
      const { channel } = gateway;
      const bad = (nth: number, members: Item): Buffer =>
        instruct('subscribe', { channel: `${channel}-${nth}`, ...members });
      const { client } = await opened(gateway, {
        events: [
          bad(0, { filters: 'skip-self' }),
          bad(1, { filters: [5] }),
          bad(2, { filters: null }),
          bad(3, { type: 'Subscribe' }),
          text(`c:[${JSON.stringify({ type: 'subscribe', channel: `${channel}-4` })}]`),
          text(`c:${JSON.stringify({ type: 'subscribe', channel: `${channel}-5` })} x`),
          subscribe(channel),
        ],
      });
      await reached(gateway, client, channel);
      for (let nth = 0; nth < 6; nth += 1)
        await said(gateway, { content: 'no' }, `${channel}-${nth}`);
      await said(gateway, { content: 'yes' });
      assert.equal(await client.nextText(), 'yes');
    },
  ],
  [
    '[WOH-GRIP-4] white space may surround the object',
    async (gateway) => {
      const message = `c: ${JSON.stringify({ type: 'subscribe', channel: gateway.channel })} \n`;
      const { client } = await opened(gateway, { events: [text(message)] });
      await reached(gateway, client, gateway.channel);
    },
  ],
  [
    '[WOH-GRIP-15] [DIFF-111] an instruction may be longer than 16 kB',
    async (gateway) => {
      const { client } = await opened(gateway, {
        events: [subscribe(gateway.channel, { comment: 'x'.repeat(20_000) }), text('behind')],
      });
      assert.equal(await client.nextText(), 'behind');
      await reached(gateway, client, gateway.channel);
    },
    { seconds: 5 },
  ],
  [
    '[WOH-GRIP-16] an implicit subscription needs no instruction, and none ends it',
    async (gateway) => {
      const channel = 'conformance-socket';
      const { client } = await opened(gateway, {
        host: 'woh-sub.test',
        events: [instruct('unsubscribe', { channel }), subscribe(gateway.channel)],
      });
      // Other cases publish to the implicit channel too.
      const passing = async (wanted: string): Promise<void> => {
        while ((await client.nextText()) !== wanted);
      };
      const own = { channel: gateway.channel, formats: { 'ws-message': { content: 'own' } } };
      await gateway.publishUntil(passing('own'), own);
      await said(gateway, { content: `to ${gateway.token}` }, channel);
      await passing(`to ${gateway.token}`);
    },
  ],
  [
    '[WOH-GRIP-16] an implicit subscription holds without GRIP too',
    async (gateway) => {
      const { client } = await opened(gateway, { host: 'woh-sub.test', with: {} });
      const passing = (async () => {
        while ((await client.nextText()) !== gateway.token);
      })();
      const format = { content: gateway.token };
      await gateway.publishUntil(passing, {
        channel: 'conformance-socket',
        formats: { 'ws-message': format },
      });
    },
  ],
  [
    '[WOH-GRIP-17] [DIFF-112] more than five filters close the client with 1011',
    async (gateway) => {
      const filters = Array.from({ length: 6 }, () => 'skip-self');
      const { client } = await opened(gateway, {
        events: [subscribe(gateway.channel, { filters })],
      });
      assert.equal((await client.closed()).code, 1_011);
    },
    { seconds: 5 },
  ],
  keepsAlive({ content: 'alive' }, 'text alive'),
  keepsAlive({ content: '' }, 'text '),
  keepsAlive({ content: 'x', 'message-type': 'binary' }, 'binary x'),
  keepsAlive({ content: 'x', 'message-type': 'ping' }, 'ping x'),
  keepsAlive({ content: '', 'message-type': 'ping' }, 'ping '),
  keepsAlive({ content: 'x', 'message-type': 'pong' }, 'pong x'),
  keepsAlive({ 'content-bin': 'eHk=' }, 'text xy'),
  keepsAlive({ 'content-bin': 'AP8=', 'message-type': 'binary' }, 'binary \0\u00FF'),
  keepsAlive({ content: 'x', mode: 'other' }, 'text x'),
  keepsAlive({ content: 'x', timeout: '1' }, 'text x'),
  keepsAlive({ content: 'no', 'content-bin': 'eHk=' }, 'text xy'),
  keepsAlive({ content: 'x', timeout: 1.4 }, 'text x'),
  keepsNothing({ content: 'x', 'message-type': 'other' }),
  keepsNothing({ content: 5 }),
  keepsNothing({ content: null }),
  keepsNothing({ content: 'x', timeout: 0 }),
  keepsNothing({ content: 'x', timeout: 'x' }),
  keepsNothing({ content: 'x', mode: 5 }),
  keepsNothing({ content: 'x', timeout: -1 }),
  [
    '[WOH-GRIP-9] idle: what is sent to the client begins the time anew; silence lets it end',
    async (gateway) => {
      const all = await following(gateway, {
        events: [instruct('keep-alive', { content: 'idle', timeout: 3 })],
      });
      // Two seconds are the least that an interval of three may last, with its jitter.
      for (const content of ['published', 'relayed', 'published', 'relayed', 'published']) {
        const from = performance.now();
        await gateway.eventually(() => performance.now() - from > 1_200);
        if (content === 'published') await said(gateway, { content });
        else await exchange(all, [text(content)]);
        assert.equal(await all.client.nextText(), content);
      }
      const [[, waited] = ['', 0]] = await timed(all.client, 'idle');
      assert.ok(waited > 1_700 && waited < 4_000, `after ${waited} ms`);
    },
  ],
  [
    '[WOH-GRIP-9] idle: what the client says does not begin the time anew',
    async (gateway) => {
      const all = await opened(gateway, {
        events: [instruct('keep-alive', { content: 'idle', timeout: 2 })],
      });
      const from = performance.now();
      while (all.client.heard.length === 0) {
        await exchange(all);
        const at = performance.now();
        await gateway.eventually(() => performance.now() - at > 500);
      }
      assert.equal(await all.client.nextText(), 'idle');
      assert.ok(performance.now() - from < 4_000);
    },
  ],
  [
    '[WOH-GRIP-9] interval: it comes whatever else is sent',
    async (gateway) => {
      const { client } = await following(gateway, {
        events: [instruct('keep-alive', { content: 'interval', timeout: 2, mode: 'interval' })],
      });
      const times = (): number =>
        client.heard.filter((heard) => spoken(heard) === 'text interval').length;
      const from = performance.now();
      while (times() < 2) {
        await said(gateway, { content: 'noise' });
        const at = performance.now();
        await gateway.eventually(() => performance.now() - at > 400);
      }
      assert.ok(performance.now() - from < 6_000);
    },
  ],
  [
    '[WOH-GRIP-10] keep-alive without content ends it',
    async (gateway) => {
      const all = await opened(gateway, {
        events: [instruct('keep-alive', { content: 'idle', timeout: 1 })],
      });
      assert.equal(await all.client.nextText(), 'idle');
      const delayed = instruct('send-delayed', { content: 'late', timeout: 3 });
      all.client.socket.send('say');
      (await all.origin.next()).answers([text('ended'), instruct('keep-alive'), delayed]);
      while ((await all.client.nextText()) !== 'ended');
      assert.equal(await all.client.nextText(), 'late');
    },
  ],
  [
    '[WOH-GRIP-11] a delayed message comes after a second, once',
    async (gateway) => {
      const { client } = await opened(gateway, {
        events: [instruct('send-delayed', { content: 'late' }), text('now')],
      });
      assert.equal(await client.nextText(), 'now');
      const [[, waited] = ['', 0]] = await timed(client, 'late');
      assert.ok(waited > 700 && waited < 2_500, `after ${waited} ms`);
    },
  ],
  [
    '[WOH-GRIP-11] another delayed message sends the one that waits',
    async (gateway) => {
      const { client } = await opened(gateway, {
        events: [
          instruct('send-delayed', { content: 'first', timeout: 15 }),
          instruct('send-delayed', { content: 'second', timeout: 1 }),
        ],
      });
      const all = await timed(client, 'second');
      assert.deepEqual(
        all.map(([content]) => content),
        ['first', 'second'],
      );
      assert.ok((all[0]?.[1] ?? 0) < 1_000);
    },
  ],
  [
    '[WOH-GRIP-11] a delayed message may be of any type',
    async (gateway) => {
      const all = await opened(gateway, {
        events: [
          instruct('send-delayed', { 'content-bin': 'AP8=', 'message-type': 'binary', timeout: 1 }),
        ],
      });
      assert.deepEqual(await all.client.next(), { kind: 'binary', data: '\0\u00FF' });
      await exchange(all, [instruct('send-delayed', { content: 'p', 'message-type': 'ping' })]);
      assert.deepEqual(await all.client.next(), { kind: 'ping', data: 'p' });
    },
  ],
  [
    '[WOH-GRIP-12] flush-delayed sends what waits, and without anything does nothing',
    async (gateway) => {
      const all = await opened(gateway, {
        events: [
          instruct('flush-delayed'),
          instruct('send-delayed', { content: 'late', timeout: 15 }),
          instruct('flush-delayed'),
          instruct('flush-delayed'),
        ],
      });
      const from = performance.now();
      assert.equal(await all.client.nextText(), 'late');
      assert.ok(performance.now() - from < 2_000);
      await exchange(all, [text('next')]);
      assert.equal(await all.client.nextText(), 'next');
    },
  ],
  [
    '[WOH-GRIP-11] a delayed message without content is empty',
    async (gateway) => {
      const { client } = await opened(gateway, {
        events: [instruct('send-delayed'), instruct('flush-delayed')],
      });
      assert.deepEqual(await client.next(), { kind: 'text', data: '' });
    },
  ],
  [
    '[WOH-GRIP-13] detach: the origin is sent CLOSE, publications still come, the client’s messages go nowhere',
    async (gateway) => {
      const { client, origin } = await detached(gateway);
      (await origin.expects('CLOSE\r\n')).answers([text('late'), close(4_004)]);
      client.socket.send('lost');
      await said(gateway, { content: 'still' });
      assert.equal(await client.nextText(), 'still');
      // The next request is another client's.
      await opened(gateway, { origin });
      await said(gateway, { action: 'close', code: 4_010, reason: 'end' });
      assert.deepEqual(await client.closed(), { kind: 'close', code: 4_010, reason: 'end' });
    },
  ],
  [
    '[WOH-GRIP-14] a detached client that closes is answered 1000, and the origin is not asked',
    async (gateway) => {
      const { client, origin } = await detached(gateway);
      (await origin.expects('CLOSE\r\n')).answers([event('CLOSE')]);
      await said(gateway, { content: 'still' });
      assert.equal(await client.nextText(), 'still');
      client.socket.close(3_000, 'x');
      assert.deepEqual(await client.next(), { kind: 'close', code: 1_000, reason: '' });
      await opened(gateway, { origin });
    },
  ],
  [
    '[WOH-GRIP-14] a detached client that vanishes is not told of',
    async (gateway) => {
      const { client, origin } = await detached(gateway);
      (await origin.expects('CLOSE\r\n')).answers([event('CLOSE')]);
      await said(gateway, { content: 'still' });
      assert.equal(await client.nextText(), 'still');
      client.leave();
      await client.closed();
      await opened(gateway, { origin });
    },
  ],
  comes('[WOH-PUB-1] content is a text message', { content: 'é€' }, 'text é€'),
  comes('[WOH-PUB-1] an empty content is an empty message', { content: '' }, 'text '),
  comes(
    '[WOH-PUB-1] content-bin is a binary message',
    { 'content-bin': 'AP8B' },
    'binary \0\u00FF\u0001',
  ),
  comes(
    '[WOH-PUB-1] content-bin goes before content',
    { content: 'no', 'content-bin': 'eHk=' },
    'binary xy',
  ),
  comes('[WOH-PUB-1] type makes content binary', { content: 'x', type: 'binary' }, 'binary x'),
  comes(
    '[WOH-PUB-1] type makes content-bin text',
    { 'content-bin': 'eHk=', type: 'text' },
    'text xy',
  ),
  comes('[WOH-PUB-1] type makes it a ping', { content: 'abc', type: 'ping' }, 'ping abc'),
  comes('[WOH-PUB-1] type makes it a pong', { content: '', type: 'pong' }, 'pong '),
  [
    '[WOH-PUB-2] [DIFF-113] a ping needs no content',
    async (gateway) => {
      const { client } = await following(gateway);
      await said(gateway, { type: 'ping' });
      await said(gateway, { content: 'after' });
      assert.deepEqual(await client.next(), { kind: 'ping', data: '' });
      assert.equal(await client.nextText(), 'after');
    },
  ],
  refuses('nothing', {}, "'ws-message' does not contain 'content' or 'content-bin'"),
  refuses(
    'a text without content',
    { type: 'text' },
    "'ws-message' does not contain 'content' or 'content-bin'",
  ),
  refuses(
    'another type',
    { content: 'x', type: 'foo' },
    "'ws-message' contains 'type' with unknown value",
  ),
  refuses('a number', { content: 5 }, "'ws-message' contains 'content' with wrong type"),
  [
    '[WOH-PUB-5] an unknown action is refused',
    async (gateway) => {
      const format = { action: 'nosuch', content: 'x' };
      const item = { channel: gateway.channel, formats: { 'ws-message': format } };
      assert.equal(await gateway.refused(item), 'Invalid format: \n');
    },
  ],
  [
    '[WOH-PUB-5] a hint does nothing',
    async (gateway) => {
      const { client, origin } = await following(gateway);
      await said(gateway, { action: 'hint' });
      await said(gateway, { action: 'hint', content: 'no' });
      await said(gateway, { content: 'yes' });
      assert.equal(await client.nextText(), 'yes');
      await opened(gateway, { origin });
    },
  ],
  [
    '[WOH-PUB-4] a published close closes the client, is told to the origin, and is the last',
    async (gateway) => {
      const { client, origin } = await following(gateway);
      await said(gateway, { action: 'close', code: 4_000, reason: 'bye' });
      await said(gateway, { content: 'late' });
      assert.deepEqual(await client.next(), { kind: 'close', code: 4_000, reason: 'bye' });
      (await origin.expects('CLOSE\r\n')).answers([event('CLOSE')]);
      assert.equal(client.heard.at(-1)?.kind, 'close');
    },
  ],
  [
    '[WOH-PUB-4] a published close without a code is 1000, without its reason',
    async (gateway) => {
      const { client } = await following(gateway);
      await said(gateway, { action: 'close', reason: 'unheard' });
      assert.deepEqual(await client.next(), { kind: 'close', code: 1_000, reason: '' });
    },
  ],
  [
    '[WOH-PUB-6] [DIFF-114] a published refresh asks the origin at once',
    async (gateway) => {
      const { client, origin } = await following(gateway);
      await said(gateway, { action: 'refresh' });
      (await origin.expects('')).answers([text('fresh')]);
      assert.equal(await client.nextText(), 'fresh');
    },
    { seconds: 5 },
  ],
  [
    '[WOH-PUB-7] a WebSocket gets its own format, and nothing of an item without it',
    async (gateway) => {
      const { client } = await following(gateway);
      const { channel } = gateway;
      await gateway.publish(
        { channel, formats: { 'http-stream': { content: 's' }, 'http-response': { body: 'r' } } },
        { channel, formats: { 'http-stream': { content: 's' }, 'ws-message': { content: 'w' } } },
        { channel, 'ws-message': { content: 'old style' } },
      );
      assert.equal(await client.nextText(), 'w');
      assert.equal(await client.nextText(), 'old style');
    },
  ],
  [
    '[WOH-PUB-8] an id that was there is dropped, and a gap is waited for',
    async (gateway) => {
      const { client } = await following(gateway);
      const item = (id: string, more: Item = {}): Promise<void> =>
        said(gateway, { content: id }, gateway.channel, { id: `${gateway.token}-${id}`, ...more });
      const prev = (id: string): Item => ({ 'prev-id': `${gateway.token}-${id}` });
      await item('1');
      await item('1');
      await item('3', prev('2'));
      await item('2', prev('1'));
      await item('5', prev('4'));
      for (const wanted of ['1', '2', '3']) assert.equal(await client.nextText(), wanted);
      const [[, waited] = ['', 0]] = await timed(client, '5');
      assert.ok(waited > 4_000 && waited < 8_000, `after ${waited} ms`);
    },
  ],
  [
    '[WOH-PUB-8] many publications come in their order',
    async (gateway) => {
      const { client } = await following(gateway);
      const { channel } = gateway;
      const all = Array.from({ length: 200 }, (_, at) => `n${at}`);
      await gateway.publish(
        ...all.map((content) => ({ channel, formats: { 'ws-message': { content } } })),
      );
      for (const wanted of all) assert.equal(await client.nextText(), wanted);
    },
  ],
  filtered(
    '[WOH-FILTER-1] [WOH-GRIP-8] skip-self passes over what the user published',
    ['skip-self', 'unknown'],
    { user: 'u' },
    [
      [{ content: 'own' }, { meta: { sender: 'u' } }],
      [{ content: 'other' }, { meta: { sender: 'v' } }],
      [{ content: 'nobody’s' }],
    ],
    ['other', 'nobody’s'],
  ),
  filtered(
    '[WOH-FILTER-1] skip-users passes over the users that are named',
    ['skip-users'],
    { user: 'u' },
    [
      [{ content: 'no' }, { meta: { skip_users: 'x, u' } }],
      [{ content: 'yes' }, { meta: { skip_users: 'x,uu' } }],
    ],
    ['yes'],
  ),
  filtered(
    '[WOH-FILTER-1] [WOH-FILTER-2] var-subst fills in metas; what cannot be filled in does not come',
    ['var-subst'],
    { user: 'u' },
    [[{ content: 'for %(user)s 100%%' }], [{ content: 'bad %(other)s' }], [{ content: 'still' }]],
    ['for u 100%', 'still'],
  ),
  filtered(
    '[WOH-FILTER-2] on a route with debug the client stays too',
    ['var-subst'],
    {},
    [[{ content: 'bad %(other)s' }], [{ content: 'still' }]],
    ['still'],
    'woh-debug.test',
  ),
  filtered(
    '[WOH-FILTER-3] content filters must be those of the subscription',
    ['skip-self', 'var-subst'],
    { user: 'u' },
    [
      [{ content: 'same %(user)s', 'content-filters': ['var-subst'] }],
      [{ content: 'other', 'content-filters': ['build-id'] }],
      [{ content: 'more', 'content-filters': ['var-subst', 'build-id'] }],
      [{ content: 'none' }],
    ],
    ['same u', 'none'],
  ),
  filtered(
    '[WOH-FILTER-1] build-id fills in given ids',
    ['build-id'],
    { id_format: 'x' },
    [[{ content: '%(7)I of 100%%' }]],
    ['7 of 100%'],
  ),
  filtered(
    '[WOH-FILTER-1] [DIFF-130] build-id fills in what id_format says',
    ['build-id'],
    { id_format: 'x' },
    [[{ content: '%I of 100%%' }], [{ content: 'more' }]],
    ['x of 100%', 'more'],
  ),
  [
    '[WOH-FILTER-4] [DIFF-115] require-sub asks for another subscription',
    async (gateway) => {
      const other = `${gateway.channel}-other`;
      const { client } = await opened(gateway, {
        events: [subscribe(gateway.channel, { filters: ['require-sub'] }), subscribe(other)],
      });
      await reached(gateway, client, other);
      const needs = (name: string): Item => ({ meta: { require_sub: name } });
      await said(gateway, { content: 'there' }, gateway.channel, needs(other));
      await said(gateway, { content: 'missing' }, gateway.channel, needs(`${other}-2`));
      await said(gateway, { content: 'free' });
      assert.equal(await client.nextText(), 'there');
      assert.equal(await client.nextText(), 'free');
    },
    { seconds: 5 },
  ],
  [
    '[WOH-FILTER-4] what requires a subscription that is missing does not come',
    async (gateway) => {
      const { client } = await following(gateway, {
        events: [subscribe(gateway.channel, { filters: ['require-sub'] })],
      });
      const meta = { require_sub: `${gateway.channel}-2` };
      await said(gateway, { content: 'missing' }, gateway.channel, { meta });
      await said(gateway, { content: 'free' });
      assert.equal(await client.nextText(), 'free');
    },
  ],
  [
    '[WOH-GRIP-8] a meta without a value is ended',
    async (gateway) => {
      const marks = `${gateway.channel}-marks`;
      const all = await opened(gateway, {
        events: [
          subscribe(gateway.channel, { filters: ['skip-self'] }),
          instruct('set-meta', { name: 'user', value: 'u' }),
          subscribe(marks),
        ],
      });
      await reached(gateway, all.client, marks);
      const own = (content: string): Promise<void> =>
        said(gateway, { content }, gateway.channel, { meta: { sender: 'u' } });
      await own('skipped');
      await said(gateway, { content: 'between' }, marks);
      assert.equal(await all.client.nextText(), 'between');
      await exchange(all, [instruct('set-meta', { name: 'user' }), subscribe(`${marks}-2`)]);
      await reached(gateway, all.client, `${marks}-2`);
      await own('heard');
      assert.equal(await all.client.nextText(), 'heard');
    },
  ],
  [
    '[WOH-GRIP-5] who is gone costs nobody anything: publishing goes on',
    async (gateway) => {
      const gone = await following(gateway);
      const stays = await following(gateway, { origin: gone.origin });
      gone.client.leave();
      await gone.origin.expects('DISCONNECT\r\n');
      await said(gateway, { content: 'on' });
      assert.equal(await stays.client.nextText(), 'on');
    },
  ],
  [
    '[WOH-GRIP-5] a hundred connections hear one publication',
    async (gateway) => {
      const first = await following(gateway);
      const { origin } = first;
      const all = [first];
      while (all.length < 100) all.push(await following(gateway, { origin }));
      await said(gateway, { content: 'to all' });
      for (const { client } of all) {
        while ((await client.nextText()) !== 'to all');
      }
    },
    { seconds: 60, isAlone: true },
  ],
  [
    '[WOH-PUB-9] the command refresh asks the origin of a connection, or those of a channel, at once',
    async (gateway) => {
      const { client, origin, opening } = await following(gateway);
      const cid = Buffer.from(opening.asked.header('connection-id') ?? '');
      assert.equal((await refreshed(gateway, { cid }))['success'], true);
      (await origin.expects('')).answers([text('one')]);
      assert.equal(await client.nextText(), 'one');
      const channel = Buffer.from(gateway.channel);
      assert.equal((await refreshed(gateway, { channel }))['success'], true);
      (await origin.expects('')).answers([text('two')]);
      assert.equal(await client.nextText(), 'two');
    },
    { needs: ['zmqRep'] },
  ],
  [
    '[WOH-PUB-9] the command refresh fails for a connection that is not there',
    async (gateway) => {
      const reply = await refreshed(gateway, { cid: Buffer.from('nobody') });
      assert.equal(reply['success'], false);
      assert.equal(reply['condition'], 'item-not-found');
    },
    { needs: ['zmqRep'] },
  ],
]);

async function refreshed(gateway: Gateway, args: Tnet): Promise<Readonly<Record<string, unknown>>> {
  const socket = await gateway.zeromq('REQ', gateway.site.zmqRep);
  socket.send(tnetOf({ id: Buffer.from('1'), method: Buffer.from('refresh'), args }));
  const [frame = Buffer.alloc(0)] = await socket.next();
  return readTnet(frame) as Readonly<Record<string, unknown>>;
}
