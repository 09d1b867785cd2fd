// The turns of a client whose origin is asked over HTTP: events, requests, metas, keep-alive, ends and retries.

import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';

import { frame } from '../frames.ts';
import { type GripRow, gripCases } from './case.ts';
import type { Gateway } from './gateway.ts';
import { DEAD, type Reply } from './origin.ts';
import {
  BARE,
  binary,
  close,
  closeBody,
  event,
  exchange,
  following,
  GRIP,
  opened,
  said,
  taken,
  text,
  type Turn,
} from './ws-origin.ts';
import { rawOpened } from './ws-raw.ts';

/** A request that answers an answer which cuts the client. */
const cuts = (ids: string, title: string, reply: Reply): GripRow => [
  `${ids} ${title} cuts the client, and no request follows`,
  async (gateway) => {
    const all = await opened(gateway);
    all.client.socket.send('say');
    (await all.origin.next()).replies(reply);
    assert.equal((await all.client.closed()).code, 1006);
    assert.deepEqual(
      all.client.heard.map(({ kind }) => kind),
      ['close'],
    );
    // The next request is another client's.
    await opened(gateway, { origin: all.origin });
  },
];

/** What the client sends is one event of this body. */
const sends = (
  title: string,
  send: (raw: (bytes: Uint8Array) => void) => void,
  body: string,
): GripRow => [
  title,
  async (gateway) => {
    const { raw, origin } = await rawOpened(gateway);
    send((bytes) => raw.say(bytes));
    const turn = await origin.expects(body);
    turn.answers();
  },
];

const headersOf = ({ asked }: Turn): Record<string, string> =>
  Object.fromEntries(asked.headers.filter(([name]) => /^meta-/i.test(name)));

/** Waits in real time: what is published to another client takes at least as long. */
async function turned(gateway: Gateway): Promise<void> {
  const answer = await gateway.ask({ host: 'built-in.test', path: '=/' });
  assert.equal(answer.status, 200);
}

/** Whatever comes, in the order of the client's frames: `text x`. */
const names = (events: Turn['events']): string[] =>
  events.map(([type, content]) => (content === undefined ? type : `${type} ${content}`));

export const webSocketTurnCases = gripCases('ws-turns', [
  sends('[WOH-EVENT-1] text is TEXT', (say) => say(frame('text', 'hi')), 'TEXT 2\r\nhi\r\n'),
  sends(
    '[WOH-EVENT-1] binary is BINARY, its bytes as they are',
    (say) => say(frame('binary', Uint8Array.of(0, 255, 13, 10))),
    'BINARY 4\r\n\0\u00FF\r\n\r\n',
  ),
  sends('[WOH-EVENT-1] an empty message has no length', (say) => say(frame('text')), 'TEXT\r\n'),
  sends(
    '[WOH-EVENT-1] an empty binary message has no length',
    (say) => say(frame('binary')),
    'BINARY\r\n',
  ),
  sends('[WOH-EVENT-1] an empty ping has no length', (say) => say(frame('ping')), 'PING\r\n'),
  sends(
    '[WOH-EVENT-1] a length is hexadecimal, in lower case and without leading zeros',
    (say) => say(frame('text', 'x'.repeat(171))),
    `TEXT ab\r\n${'x'.repeat(171)}\r\n`,
  ),
  sends(
    '[WOH-EVENT-7] fragments are joined',
    (say) => {
      say(frame('text', 'a', { fin: false }));
      say(frame('continuation', 'b', { fin: false }));
      say(frame('continuation', 'c'));
    },
    'TEXT 3\r\nabc\r\n',
  ),
  sends(
    '[WOH-EVENT-7] fragments of a binary message are joined',
    (say) => {
      say(frame('binary', '', { fin: false }));
      say(frame('continuation', 'bc'));
    },
    'BINARY 2\r\nbc\r\n',
  ),
  sends('[WOH-EVENT-8] a ping goes on', (say) => say(frame('ping', 'x')), 'PING 1\r\nx\r\n'),
  sends('[WOH-EVENT-8] a pong goes on', (say) => say(frame('pong', 'y')), 'PONG 1\r\ny\r\n'),
  [
    '[WOH-EVENT-8] nobody but the origin answers a ping',
    async (gateway) => {
      const { client, origin } = await opened(gateway);
      client.socket.ping('one');
      const turn = await origin.expects('PING 3\r\none\r\n');
      turn.answers([text('first'), event('PONG', 'two')]);
      assert.deepEqual(await client.next(), { kind: 'text', data: 'first' });
      assert.deepEqual(await client.next(), { kind: 'pong', data: 'two' });
    },
  ],
  [
    '[WOH-EVENT-7] [WOH-EVENT-8] events of the origin keep their kind, bytes and order',
    async (gateway) => {
      const all = await opened(gateway);
      await exchange(all, [
        text('é€'),
        binary(Uint8Array.of(0, 255, 10)),
        event('PING', 'p'),
        event('PONG', 'q'),
        text(''),
        text('end'),
      ]);
      const heard = [];
      while (heard.length < 6) heard.push(await all.client.next());
      assert.deepEqual(heard, [
        { kind: 'text', data: 'é€' },
        { kind: 'binary', data: '\0\u00FF\n' },
        { kind: 'ping', data: 'p' },
        { kind: 'pong', data: 'q' },
        { kind: 'text', data: '' },
        { kind: 'text', data: 'end' },
      ]);
    },
  ],
  [
    '[WOH-REQ-1] what comes while a request is under way is in the next one, in its order',
    async (gateway) => {
      const { client, origin } = await opened(gateway);
      client.socket.send('1');
      const first = await origin.expects('TEXT 1\r\n1\r\n');
      client.socket.send('2');
      client.socket.send(Buffer.from('3'));
      client.socket.ping('p');
      client.socket.send('4');
      await turned(gateway);
      await turned(gateway);
      assert.ok(!origin.hasMore, 'two requests are under way');
      first.answers([text('r')]);
      assert.equal(await client.nextText(), 'r');
      const second = await origin.next();
      assert.equal(second.body, 'TEXT 1\r\n2\r\nBINARY 1\r\n3\r\nPING 1\r\np\r\nTEXT 1\r\n4\r\n');
    },
  ],
  [
    '[WOH-REQ-1] five hundred messages come once each and in order, one request at a time',
    async (gateway) => {
      const { client, origin } = await opened(gateway);
      const all = Array.from({ length: 500 }, (_, at) => `message ${at}`);
      for (const each of all) client.socket.send(each);
      const got: string[] = [];
      while (got.length < all.length) {
        const turn = await origin.next();
        await turned(gateway);
        assert.ok(!origin.hasMore, 'two requests are under way');
        for (const [type, content = ''] of turn.events) {
          assert.equal(type, 'TEXT');
          got.push(content);
        }
        turn.answers();
      }
      assert.deepEqual(got, all);
    },
  ],
  [
    '[WOH-REQ-1] [DIFF-118] a request has at most 200,000 bytes of content, and the rest is in the next one',
    async (gateway) => {
      const { client, origin } = await opened(gateway);
      client.socket.send('first');
      const first = await origin.next();
      const large = ['a', 'b', 'c'].map((letter) => letter.repeat(90_000));
      for (const each of large) client.socket.send(each);
      await turned(gateway);
      first.answers();
      const got: string[] = [];
      while (got.length < 3) {
        const turn = await origin.next();
        const contents = turn.events.map(([, content = '']) => content);
        assert.ok(contents.join('').length <= 200_000, `${contents.join('').length} bytes`);
        got.push(...contents);
        turn.answers();
      }
      assert.ok(got.every((content, at) => content === large[at]));
    },
    { seconds: 5 },
  ],
  [
    '[WOH-REQ-2] with one_event each request has one event',
    async (gateway) => {
      const { client, origin } = await opened(gateway, { host: 'woh-one.test' });
      client.socket.send('1');
      const first = await origin.expects('TEXT 1\r\n1\r\n');
      for (const each of ['2', '', '', '3']) client.socket.send(each);
      await turned(gateway);
      first.answers();
      for (const body of ['TEXT 1\r\n2\r\n', 'TEXT\r\n', 'TEXT\r\n', 'TEXT 1\r\n3\r\n'])
        (await origin.expects(body)).answers();
    },
  ],
  [
    '[WOH-REQ-3] an answer’s events come before the next request is made',
    async (gateway) => {
      const { client, origin } = await opened(gateway);
      for (let nth = 0; nth < 5; nth += 1) {
        client.socket.send(`${nth}`);
        (await origin.expects(`TEXT 1\r\n${nth}\r\n`)).answers([text('a'), text(`b${nth}`)]);
        assert.equal(await client.nextText(), 'a');
        assert.equal(await client.nextText(), `b${nth}`);
      }
    },
  ],
  [
    '[WOH-REQ-3] an answer without events is a good one',
    async (gateway) => {
      const all = await opened(gateway);
      await exchange(all);
      await exchange(all, [text('still')]);
      assert.equal(await all.client.nextText(), 'still');
    },
  ],
  [
    '[WOH-REQ-4] every request is signed with a time of its own',
    async (gateway) => {
      const all = await opened(gateway);
      const expiry = ({ asked }: Turn): number => {
        const claims = (asked.header('grip-sig') ?? '').split('.')[1] ?? '';
        const { exp, iss } = JSON.parse(Buffer.from(claims, 'base64url').toString());
        assert.equal(iss, 'pushpin');
        return exp as number;
      };
      const first = expiry(all.opening);
      const now = Date.now() / 1_000;
      assert.ok(first > now + 3_500 && first <= now + 3_605, `expires ${first - now} s from now`);
      let last = first;
      // A second is the unit of the claim: some turn begins in another one.
      while (last === first) last = expiry(await exchange(all));
      assert.ok(last > first);
    },
  ],
  cuts('[WOH-REQ-5]', 'an answer of another status', { ...taken([text('x')]), status: 500 }),
  cuts('[WOH-REQ-5]', '204', { status: 204 }),
  cuts('[WOH-REQ-5]', 'another content type', {
    ...taken([text('x')]),
    headers: { 'Content-Type': 'text/plain' },
  }),
  cuts('[WOH-REQ-5]', 'OPEN in a later answer', taken([event('OPEN'), text('x')])),
  cuts('[WOH-REQ-5] [WOH-EVENT-4]', 'a malformed event', taken('TEXT 1\r\nx\r\ngarbage')),
  cuts('[WOH-EVENT-4]', 'a length that is no number', taken('TEXT 1\r\nx\r\nTEXT q\r\nx\r\n')),
  cuts('[WOH-CLOSE-7]', 'a DISCONNECT of the origin', taken([event('DISCONNECT')])),
  [
    '[WOH-CLOSE-7] a DISCONNECT in the first answer cuts the client behind the handshake',
    async (gateway) => {
      gateway.plays(taken([event('OPEN'), event('DISCONNECT')], GRIP));
      const client = await gateway.socket();
      assert.equal((await client.closed()).code, 1006);
    },
  ],
  cuts(
    '[WOH-REQ-7]',
    'an answer of more than 1,000,000 bytes',
    taken([text('x'.repeat(1_000_000))]),
  ),
  ...[65_535, 65_536, 199_999, 200_000].map((size): GripRow => [
    `[WOH-REQ-6] a message of ${size} bytes reaches the origin`,
    async (gateway) => {
      const { client, origin } = await opened(gateway);
      const message = 'x'.repeat(size);
      client.socket.send(message);
      const { events } = await origin.next();
      assert.equal(events.length, 1);
      assert.equal(events[0]?.[0], 'TEXT');
      assert.ok(events[0]?.[1] === message);
    },
  ]),
  [
    '[WOH-REQ-6] a message of more than 200,000 bytes ends the connection',
    async (gateway) => {
      const { client, origin } = await opened(gateway);
      client.socket.send('x'.repeat(200_001));
      const { code } = await client.closed();
      assert.ok(code === 1006 || code === 1009, `closed with ${code}`);
      // A DISCONNECT may tell of it; the message does not come.
      const next = origin.next();
      const other = gateway.socket();
      other.catch(() => {});
      assert.match((await next).body, /^(?:DISCONNECT|OPEN)\r\n$/);
    },
  ],
  [
    '[WOH-REQ-6] [DIFF-103] a client is told when its message is too long',
    async (gateway) => {
      const { client } = await opened(gateway);
      client.socket.send('x'.repeat(200_001));
      assert.equal((await client.closed()).code, 1009);
    },
    { seconds: 5 },
  ],
  ...[8_192, 16_000].map((size): GripRow => [
    `[WOH-REQ-8] a message of ${size} bytes reaches the client`,
    async (gateway) => {
      const all = await opened(gateway);
      await exchange(all, [text('x'.repeat(size))]);
      assert.equal(await all.client.nextText(), 'x'.repeat(size));
    },
  ]),
  ...[16_385, 50_000, 300_000, 900_000].map((size): GripRow => [
    `[WOH-REQ-8] [DIFF-108] a message of ${size} bytes reaches the client`,
    async (gateway) => {
      const all = await opened(gateway);
      await exchange(all, [text('x'.repeat(size)), text('after')]);
      assert.ok((await all.client.nextText()) === 'x'.repeat(size));
      assert.equal(await all.client.nextText(), 'after');
    },
    { seconds: 5 },
  ]),
  [
    '[WOH-REQ-9] [DIFF-109] what is not accepted is sent again before what is new',
    async (gateway) => {
      const { client, origin } = await opened(gateway);
      client.socket.send('abcde');
      (await origin.expects('TEXT 5\r\nabcde\r\n')).answers([], { 'Content-Bytes-Accepted': '3' });
      client.socket.send('f');
      const turn = await origin.next();
      assert.deepEqual(turn.asked.all('content-bytes-replayed'), ['2']);
      assert.equal(turn.body, 'TEXT 2\r\nde\r\nTEXT 1\r\nf\r\n');
      turn.answers([text('done')]);
      assert.equal(await client.nextText(), 'done');
    },
    { seconds: 5 },
  ],
  [
    '[WOH-REQ-9] [DIFF-109] accepting more than was sent cuts the client',
    async (gateway) => {
      const { client, origin } = await opened(gateway);
      client.socket.send('abc');
      (await origin.next()).answers([], { 'Content-Bytes-Accepted': '4' });
      assert.equal((await client.closed()).code, 1006);
    },
    { seconds: 5 },
  ],
  [
    '[WOH-REQ-10] what is published does not wait for the request under way',
    async (gateway) => {
      const { client, origin } = await following(gateway);
      client.socket.send('x');
      const turn = await origin.next();
      await said(gateway, { content: 'meanwhile' });
      assert.equal(await client.nextText(), 'meanwhile');
      turn.answers([text('answer')]);
      assert.equal(await client.nextText(), 'answer');
    },
  ],
  [
    '[WOH-REQ-11] [WOH-CLOSE-4] who vanishes while a request is under way is told of after it, and its rest is dropped',
    async (gateway) => {
      const { client, origin } = await opened(gateway);
      client.socket.send('1');
      const turn = await origin.expects('TEXT 1\r\n1\r\n');
      client.socket.send('2');
      await turned(gateway);
      client.leave();
      await turned(gateway);
      await turned(gateway);
      assert.ok(!origin.hasMore, 'two requests are under way');
      assert.ok(!turn.asked.socket.destroyed, 'the request was broken off');
      turn.answers();
      await origin.expects('DISCONNECT\r\n');
    },
  ],
  [
    '[WOH-META-1] a meta is in every request from then on',
    async (gateway) => {
      const all = await opened(gateway, { with: { ...BARE, 'Set-Meta-User': 'alice' } });
      assert.deepEqual(headersOf(all.opening), {});
      const metas = { 'Set-Meta-x-Y': '2' };
      assert.deepEqual(headersOf(await exchange(all, [], metas)), { 'Meta-User': 'alice' });
      const both = { 'Meta-User': 'alice', 'Meta-x-Y': '2' };
      assert.deepEqual(headersOf(await exchange(all)), both);
      assert.deepEqual(headersOf(await exchange(all)), both);
    },
  ],
  [
    '[WOH-META-2] a later meta replaces one of the same name in any case, and an empty one ends it',
    async (gateway) => {
      const all = await opened(gateway, { with: { ...BARE, 'Set-Meta-User': 'alice' } });
      await exchange(all, [], { 'Set-Meta-USER': 'bob' });
      assert.deepEqual(headersOf(await exchange(all, [], { 'Set-Meta-user': '' })), {
        'Meta-USER': 'bob',
      });
      assert.deepEqual(headersOf(await exchange(all)), {});
    },
  ],
  [
    '[WOH-META-3] DISCONNECT has the metas too',
    async (gateway) => {
      const all = await opened(gateway, { with: { ...BARE, 'Set-Meta-User': 'alice' } });
      all.client.leave();
      const last = await all.origin.expects('DISCONNECT\r\n');
      assert.deepEqual(headersOf(last), { 'Meta-User': 'alice' });
      assert.equal(last.asked.header('connection-id'), all.opening.asked.header('connection-id'));
    },
  ],
  [
    '[WOH-KEEP-1] [WOH-KEEP-2] an interval asks with an empty body, not before 20 seconds, again and again',
    async (gateway) => {
      const all = await opened(gateway, { with: { ...BARE, 'Keep-Alive-Interval': '1' } });
      for (const content of ['one', 'two']) {
        const from = performance.now();
        const turn = await all.origin.expects('');
        const waited = performance.now() - from;
        assert.ok(waited > 18_500 && waited < 23_000, `after ${waited} ms`);
        turn.answers([text(content)]);
        assert.equal(await all.client.nextText(), content);
      }
    },
    { seconds: 50 },
  ],
  [
    '[WOH-KEEP-2] zero ends the interval',
    async (gateway) => {
      const all = await opened(gateway, { with: { ...BARE, 'Keep-Alive-Interval': '20' } });
      await exchange(all, [], { 'Keep-Alive-Interval': '0' });
      const later = await opened(gateway, {
        origin: all.origin,
        with: { ...BARE, 'Keep-Alive-Interval': '21' },
      });
      const { asked } = await all.origin.expects('');
      const name = later.opening.asked.header('connection-id');
      assert.equal(asked.header('connection-id'), name);
    },
    { seconds: 30 },
  ],
  [
    '[WOH-KEEP-3] with an interval a CLOSE may be answered later: it comes again',
    async (gateway) => {
      const { client, origin } = await opened(gateway, {
        with: { ...BARE, 'Keep-Alive-Interval': '20' },
      });
      client.socket.close(3_000);
      (await origin.expects('CLOSE 2\r\n\u000B\u00B8\r\n')).answers();
      const again = await origin.expects('CLOSE 2\r\n\u000B\u00B8\r\n');
      again.answers([text('last'), close(3_001)]);
      assert.equal(await client.nextText(), 'last');
      assert.deepEqual(await client.next(), { kind: 'close', code: 3_001, reason: '' });
    },
    { seconds: 30 },
  ],
  [
    '[WOH-CLOSE-1] [WOH-CLOSE-2] a client’s close is CLOSE, and what the origin answers is the client’s',
    async (gateway) => {
      const { client, origin } = await opened(gateway);
      client.socket.close(3_001, 'bye');
      (await origin.expects('CLOSE 5\r\n\u000B\u00B9bye\r\n')).answers([
        text('last'),
        close(4_001, 'go'),
      ]);
      assert.equal(await client.nextText(), 'last');
      assert.deepEqual(await client.next(), { kind: 'close', code: 4_001, reason: 'go' });
    },
  ],
  [
    '[WOH-CLOSE-1] a close without a code has no content',
    async (gateway) => {
      const { client, origin } = await opened(gateway);
      client.socket.close();
      (await origin.expects('CLOSE\r\n')).answers([event('CLOSE')]);
      assert.deepEqual(await client.next(), { kind: 'close', code: 1_000, reason: '' });
    },
  ],
  [
    '[WOH-CLOSE-1] a close stands behind the messages before it, in one request',
    async (gateway) => {
      const { client, origin } = await opened(gateway);
      client.socket.send('1');
      const first = await origin.next();
      client.socket.send('2');
      client.socket.close(3_000, 'x');
      await turned(gateway);
      await turned(gateway);
      first.answers();
      const { events } = await origin.next();
      assert.deepEqual(names(events), [
        'TEXT 2',
        `CLOSE ${closeBody(3_000, 'x').toString('latin1')}`,
      ]);
    },
  ],
  [
    '[WOH-CLOSE-3] a close that the origin does not answer with CLOSE cuts the client',
    async (gateway) => {
      const { client, origin } = await opened(gateway);
      client.socket.close(3_000);
      (await origin.next()).answers([text('no')]);
      const { code } = await client.closed();
      assert.equal(code, 1_006);
    },
  ],
  [
    '[WOH-CLOSE-4] who vanishes is DISCONNECT, alone, signed anew',
    async (gateway) => {
      const { client, origin } = await opened(gateway);
      client.leave();
      const last = await origin.expects('DISCONNECT\r\n');
      assert.equal(last.asked.method, 'POST');
      assert.match(last.asked.header('grip-sig') ?? '', /\./);
    },
  ],
  [
    '[WOH-CLOSE-4] a connection that the client ends without a close frame has vanished',
    async (gateway) => {
      const { raw, origin } = await rawOpened(gateway);
      raw.socket.end();
      await origin.expects('DISCONNECT\r\n');
      await raw.ended();
    },
  ],
  [
    '[WOH-CLOSE-5] the origin’s CLOSE closes the client; what is after it is not obeyed; the answer is CLOSE',
    async (gateway) => {
      const all = await opened(gateway);
      await exchange(all, [text('before'), close(4_001, 'go'), text('after')]);
      assert.equal(await all.client.nextText(), 'before');
      assert.deepEqual(await all.client.next(), { kind: 'close', code: 4_001, reason: 'go' });
      const last = await all.origin.next();
      assert.equal(last.events[0]?.[0], 'CLOSE');
      assert.equal(last.events[0]?.[1]?.slice(0, 2), closeBody(4_001).toString('latin1'));
    },
  ],
  ...(
    [
      ['with a code and a reason of its own', closeBody(4_009, 'mine')],
      ['without a code', Buffer.alloc(0)],
    ] satisfies [string, Buffer][]
  ).map(([what, answer]): GripRow => [
    `[WOH-CLOSE-5] what the client answers ${what} is what the origin hears`,
    async (gateway) => {
      const { raw, origin } = await rawOpened(gateway, [close(4_001, 'go')]);
      await raw.until('a close frame', () => raw.frames.length > 0);
      raw.say(frame('close', answer));
      await origin.expects(
        event('CLOSE', ...(answer.length === 0 ? [] : [answer])).toString('latin1'),
      );
    },
  ]),
  [
    '[WOH-CLOSE-5] a CLOSE right after OPEN lets in and closes',
    async (gateway) => {
      const { client } = await opened(gateway, { events: [text('hello'), close(4_002, 'no')] });
      assert.equal(await client.nextText(), 'hello');
      assert.deepEqual(await client.next(), { kind: 'close', code: 4_002, reason: 'no' });
    },
  ],
  ...(
    [
      ['no content', event('CLOSE')],
      ['an empty content', Buffer.from('CLOSE 0\r\n\r\n')],
      ['one byte', event('CLOSE', 'x')],
    ] satisfies [string, Buffer][]
  ).map(([what, body]): GripRow => [
    `[WOH-CLOSE-5] [WOH-EVENT-6] a CLOSE with ${what} is 1000`,
    async (gateway) => {
      const { raw, origin } = await rawOpened(gateway);
      raw.say(frame('text', 'x'));
      (await origin.next()).answers([body]);
      await raw.until('a close frame', () => raw.frames.length > 0);
      assert.equal(raw.frames[0]?.opcode, 8);
      assert.deepEqual(raw.frames[0]?.payload, closeBody(1_000));
    },
  ]),
  [
    '[WOH-CLOSE-5] who vanishes instead of answering a close is DISCONNECT',
    async (gateway) => {
      const { raw, origin } = await rawOpened(gateway, [close(4_003)]);
      await raw.until('a close frame', () => raw.frames.length > 0);
      raw.socket.destroy();
      await origin.expects('DISCONNECT\r\n');
    },
  ],
  [
    '[WOH-CLOSE-5] [DIFF-132] who answers no close is cut',
    async (gateway) => {
      const { raw } = await rawOpened(gateway, [close(4_004)]);
      await raw.until('a close frame', () => raw.frames.length > 0);
      await raw.ended();
    },
    { seconds: 6 },
  ],
  [
    '[WOH-CLOSE-6] [DIFF-110] a close code of 0 is 1000',
    async (gateway) => {
      const { raw } = await rawOpened(gateway, [close(0)]);
      await raw.until('a close frame', () => raw.frames.length > 0);
      assert.deepEqual(raw.frames[0]?.payload, closeBody(1_000));
    },
  ],
  [
    '[WOH-RETRY-1] an origin that is away for some seconds costs the client nothing',
    async (gateway) => {
      const port = gateway.site.origins.ports[DEAD] ?? 0;
      const first = await bornOrigin(gateway, port);
      const coming = gateway.socket('', { host: 'woh-dead.test' });
      const opening = await first.next();
      assert.equal(opening.body, 'OPEN\r\n');
      opening.answer(taken([event('OPEN')]));
      const client = await coming;
      await first.stop();
      client.socket.send('1');
      client.socket.send('2');
      const gone = performance.now();
      await gateway.eventually(() => performance.now() - gone > 1_500);
      const second = await bornOrigin(gateway, port);
      const got: string[] = [];
      while (got.length < 2) {
        const turn = await second.next();
        got.push(...turn.body.split('\r\n').filter((line) => /^\d$/.test(line)));
        turn.answer(taken([text(`after ${got.length}`)]));
      }
      assert.deepEqual(got, ['1', '2']);
      assert.match(await client.nextText(), /^after /);
    },
    { isAlone: true },
  ],
  [
    '[WOH-RETRY-2] a client is cut when its origin stays away',
    async (gateway) => {
      const first = await bornOrigin(gateway, gateway.site.origins.ports[DEAD] ?? 0);
      const coming = gateway.socket('', { host: 'woh-dead.test' });
      let turn = await first.next();
      // A client of the case before may still have to be told of as gone.
      for (; turn.body === 'DISCONNECT\r\n'; turn = await first.next()) turn.answer(taken([]));
      turn.answer(taken([event('OPEN')]));
      const client = await coming;
      await first.stop();
      client.socket.send('1');
      const from = performance.now();
      assert.equal((await client.closed()).code, 1_006);
      const waited = performance.now() - from;
      assert.ok(waited > 29_000 && waited < 40_000, `after ${waited} ms`);
    },
    { isAlone: true, seconds: 45 },
  ],
  [
    '[WOH-RETRY-3] an answer that breaks off cuts the client, and the request is not repeated',
    async (gateway) => {
      const all = await opened(gateway);
      all.client.socket.send('x');
      const turn = await all.origin.next();
      turn.asked.socket.write(
        'HTTP/1.1 200 OK\r\nContent-Type: application/websocket-events\r\nContent-Length: 50\r\n\r\nTEXT 1\r\nx\r\n',
        () => turn.asked.socket.destroy(),
      );
      assert.equal((await all.client.closed()).code, 1006);
      // The next request is another client's.
      await opened(gateway, { origin: all.origin });
    },
  ],
  [
    '[WOH-RETRY-4] an OPEN that nobody takes is not tried again',
    async (gateway) => {
      const port = gateway.site.origins.ports[DEAD] ?? 0;
      await assert.rejects(gateway.socket('', { host: 'woh-dead.test' }), { status: 502 });
      const late = await bornOrigin(gateway, port);
      const coming = gateway.socket('', { host: 'woh-dead.test' });
      const opening = await late.next();
      opening.answer(taken([event('OPEN'), text('one')]));
      assert.equal(await (await coming).nextText(), 'one');
      assert.equal(late.count(), 1);
    },
    { isAlone: true },
  ],
]);

interface BornTurn {
  readonly body: string;
  answer(reply: Reply): void;
}

/** An origin where nobody listens otherwise, which can be stopped. */
async function bornOrigin(
  gateway: Gateway,
  port: number,
): Promise<{ next(): Promise<BornTurn>; count(): number; stop(): Promise<void> }> {
  const turns: BornTurn[] = [];
  let count = 0;
  let wake = (): void => {};
  const server: Server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      count += 1;
      turns.push({
        body: Buffer.concat(chunks).toString('latin1'),
        answer: ({ status = 200, headers = {}, body = '' }) => {
          response.writeHead(status, headers as Record<string, string>).end(body);
        },
      });
      wake();
    });
  });
  const stop = async (): Promise<void> => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  gateway.onLeaving(() => void stop());
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  const next = async (): Promise<BornTurn> => {
    for (;;) {
      const turn = turns.shift();
      if (turn !== undefined) return turn;
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  };
  return { next, count: () => count, stop };
}
