// How a client behind an origin that is asked over HTTP gets in, and how not.

import assert from 'node:assert/strict';

import { type GripRow, gripCases } from './case.ts';
import type { Gateway } from './gateway.ts';
import type { HeaderLines } from './http-client.ts';
import { FIRST, type Reply, SECOND, SECURE } from './origin.ts';
import { Refused, type SocketClient } from './web-socket.ts';
import {
  BARE,
  event,
  EVENTS,
  exchange,
  GRIP,
  HttpOrigin,
  opened,
  taken,
  text,
} from './ws-origin.ts';
import { HANDSHAKE, rawSocket } from './ws-raw.ts';

const FAILED = 'Error while proxying to origin.\n';

async function refusedBy(attempt: Promise<SocketClient>): Promise<Refused> {
  try {
    await attempt;
  } catch (error) {
    if (error instanceof Refused) return error;
    throw error;
  }
  throw new Error('the handshake was taken');
}

/** The client's answer where the origin answers `OPEN` so. */
function refusal(gateway: Gateway, reply: Reply, host = 'woh.test'): Promise<Refused> {
  gateway.plays(reply);
  return refusedBy(gateway.socket('', { host }));
}

/** What the origin's body is answered with, when it is malformed. */
const malformed = (title: string, body: string): GripRow => [
  `[WOH-OPEN-9] [WOH-EVENT-4] ${title} is a 502`,
  async (gateway) => {
    const refused = await refusal(gateway, taken(body, BARE));
    assert.equal(refused.status, 502);
    assert.equal(refused.reason, 'Bad Gateway');
    assert.equal(refused.body, FAILED);
    assert.equal(refused.headers['content-type'], undefined);
  },
];

/** Another content type rejects, with what came. */
const otherType = (title: string, headers: HeaderLines): GripRow => [
  `[WOH-OPEN-7] 200 with ${title} is the client's answer`,
  async (gateway) => {
    const refused = await refusal(gateway, { headers, body: 'OPEN\r\n' });
    assert.equal(refused.status, 200);
    assert.equal(refused.body, 'OPEN\r\n');
    assert.equal(refused.headers['content-type'], headers['Content-Type']);
  },
];

/** What came to the client at its beginning. */
const begins = (
  title: string,
  body: string,
  heard: readonly string[],
  headers: HeaderLines = BARE,
): GripRow => [
  title,
  async (gateway) => {
    gateway.plays(taken(body, headers));
    const client = await gateway.socket();
    for (const wanted of heard) {
      const { kind, ...rest } = await client.next();
      assert.equal('data' in rest ? `${kind} ${rest.data}` : kind, wanted);
    }
  },
];

const forbidden = 'Client not allowed to send WebSocket events directly.\n';

export const webSocketOpenCases = gripCases('ws-open', [
  [
    '[WOH-OPEN-1] the first request is a POST of OPEN to the path and query of the handshake',
    async (gateway) => {
      const { opening } = await opened(gateway, { path: '/a%20b?x=1&y=%2F' });
      assert.equal(opening.asked.method, 'POST');
      assert.equal(opening.asked.url, gateway.path('/a%20b?x=1&y=%2F'));
      assert.equal(opening.body, 'OPEN\r\n');
    },
  ],
  [
    '[WOH-OPEN-2] requests have the type of events, their length and the name of the connection',
    async (gateway) => {
      const all = await opened(gateway);
      const turn = await exchange(all);
      for (const { asked } of [all.opening, turn]) {
        assert.deepEqual(asked.all('accept'), [EVENTS]);
        assert.deepEqual(asked.all('content-type'), [EVENTS]);
        assert.deepEqual(asked.all('content-length'), [String(asked.body.length)]);
        assert.deepEqual(asked.all('transfer-encoding'), []);
      }
      const name = all.opening.asked.header('connection-id') ?? '';
      assert.match(name, /^[0-9a-f-]{36}$/);
      assert.deepEqual(turn.asked.all('connection-id'), [name]);
      const other = await opened(gateway);
      assert.notEqual(other.opening.asked.header('connection-id'), name);
    },
  ],
  [
    '[WOH-OPEN-3] each request has the headers of the handshake',
    async (gateway) => {
      const headers = { Cookie: 'k=v', Origin: 'http://page.test', 'X-Two': ['1', '2'] };
      const raw = rawSocket(gateway, { headers: { ...HANDSHAKE, ...headers } });
      const origin = new HttpOrigin(gateway);
      const first = await origin.next();
      first.answers([event('OPEN')], { 'Keep-Alive-Interval': '20' });
      await raw.answered();
      raw.socket.destroy();
      const last = await origin.next();
      for (const { asked } of [first, last]) {
        assert.deepEqual(asked.all('host'), ['woh.test']);
        assert.deepEqual(asked.all('cookie'), ['k=v']);
        assert.deepEqual(asked.all('origin'), ['http://page.test']);
        assert.deepEqual(asked.all('x-two'), ['1', '2']);
        assert.deepEqual(asked.all('sec-websocket-key'), [HANDSHAKE['Sec-WebSocket-Key']]);
        assert.deepEqual(asked.all('sec-websocket-version'), ['13']);
        assert.deepEqual(asked.all('upgrade'), []);
      }
    },
  ],
  [
    '[WOH-OPEN-3] what the client says in the place of the gateway does not reach the origin',
    async (gateway) => {
      const { opening } = await opened(gateway, {
        headers: {
          Accept: 'text/plain',
          'Connection-Id': 'mine',
          'Meta-User': 'root',
          'meta-x': 'y',
          'Grip-Sig': 'forged',
          'Grip-Last': 'a; last-id=1',
          'Sec-WebSocket-Extensions': 'permessage-deflate',
        },
      });
      const { asked } = opening;
      assert.deepEqual(asked.all('accept'), [EVENTS]);
      assert.notEqual(asked.header('connection-id'), 'mine');
      assert.deepEqual(asked.all('connection-id').length, 1);
      assert.deepEqual(asked.all('meta-user'), []);
      assert.deepEqual(asked.all('meta-x'), []);
      assert.deepEqual(asked.all('grip-last'), []);
      assert.equal(asked.all('grip-sig').length, 1);
      assert.notEqual(asked.header('grip-sig'), 'forged');
      assert.deepEqual(asked.all('sec-websocket-extensions'), ['grip']);
    },
  ],
  [
    '[WOH-OPEN-4] [DIFF-106] a content type of the client does not reach the origin',
    async (gateway) => {
      const { opening } = await opened(gateway, { headers: { 'Content-Type': 'foo/bar' } });
      assert.deepEqual(opening.asked.all('content-type'), [EVENTS]);
    },
  ],
  [
    '[WOH-OPEN-5] each request is signed, and says what the gateway can',
    async (gateway) => {
      const all = await opened(gateway);
      const turn = await exchange(all);
      for (const { asked } of [all.opening, turn]) {
        assert.deepEqual(asked.all('sec-websocket-extensions'), ['grip']);
        assert.match(asked.header('grip-sig') ?? '', /^[\w-]+\.[\w-]+\.[\w-]+$/);
        const features = (asked.header('grip-feature') ?? '').split(', ');
        for (const feature of ['status', 'link:next', 'filter:skip-self', 'filter:var-subst'])
          assert.ok(features.includes(feature), `Grip-Feature lacks ${feature}`);
      }
    },
  ],
  [
    '[WOH-OPEN-5] without GRIP nothing of it is asked, and nothing is obeyed',
    async (gateway) => {
      const { opening, client } = await opened(gateway, {
        ...{ host: 'woh-no-grip.test', with: BARE },
        events: [text('c:{"type":"detach"}'), text('m:x')],
      });
      assert.deepEqual(opening.asked.all('sec-websocket-extensions'), []);
      assert.deepEqual(opening.asked.all('grip-sig'), []);
      assert.deepEqual(opening.asked.all('grip-feature'), []);
      assert.equal(await client.nextText(), 'c:{"type":"detach"}');
      assert.equal(await client.nextText(), 'm:x');
    },
  ],
  [
    '[WOH-OPEN-6] [WOH-HAND-5] the headers of the acceptance are the client’s, but for those of the exchange',
    async (gateway) => {
      const { client } = await opened(gateway, {
        with: {
          ...BARE,
          'X-A': 'b',
          'Set-Cookie': ['a=1', 'b=2'],
          'Keep-Alive-Interval': '30',
          'Set-Meta-User': 'alice',
        },
      });
      assert.equal(client.headers['x-a'], 'b');
      assert.deepEqual(client.headers['set-cookie'], ['a=1', 'b=2']);
      for (const name of [
        'content-type',
        'content-length',
        'keep-alive-interval',
        'set-meta-user',
        'sec-websocket-extensions',
      ])
        assert.equal(client.headers[name], undefined, name);
    },
  ],
  [
    '[WOH-HAND-5] the 101 proves that the key was read',
    async (gateway) => {
      gateway.plays(taken([event('OPEN')]));
      const head = await rawSocket(gateway).answered();
      assert.match(head, /^HTTP\/1\.1 101 Switching Protocols\r\n/);
      assert.match(head, /^Upgrade: websocket\r$/im);
      assert.match(head, /^Connection: Upgrade\r$/im);
      assert.match(head, /^Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK\+xOo=\r$/im);
    },
  ],
  [
    '[WOH-HAND-3] subprotocols are the origin’s to choose from',
    async (gateway) => {
      const { client, opening } = await opened(gateway, {
        protocols: ['one', 'two'],
        with: { ...BARE, 'Sec-WebSocket-Protocol': 'two' },
      });
      assert.match(opening.asked.header('sec-websocket-protocol') ?? '', /^one, ?two$/);
      assert.equal(client.socket.protocol, 'two');
    },
  ],
  [
    '[WOH-HAND-3] where the origin chooses no subprotocol, none is chosen',
    async (gateway) => {
      const protocols = { 'Sec-WebSocket-Protocol': 'one' };
      gateway.plays(taken([event('OPEN')]));
      const raw = rawSocket(gateway, { headers: { ...HANDSHAKE, ...protocols } });
      const head = await raw.answered();
      assert.match(head, /^HTTP\/1\.1 101 /);
      assert.doesNotMatch(head, /protocol:/i);
    },
  ],
  [
    '[WOH-HAND-4] compression is not agreed on unless it is configured',
    async (gateway) => {
      const { client } = await opened(gateway, { isDeflating: true });
      assert.equal(client.socket.extensions, '');
      assert.equal(client.headers['sec-websocket-extensions'], undefined);
    },
  ],
  [
    '[WOH-HAND-1] Connection is not looked at',
    async (gateway) => {
      gateway.plays(taken([event('OPEN')]));
      const { Connection: _, ...headers } = HANDSHAKE;
      assert.match(await rawSocket(gateway, { headers }).answered(), /^HTTP\/1\.1 101 /);
    },
  ],
  [
    '[WOH-HAND-1] another Upgrade is passed over',
    async (gateway) => {
      gateway.plays({ body: 'plain' });
      const answer = await gateway.ask({
        host: 'woh.test',
        headers: { Upgrade: 'h2c', Connection: 'Upgrade' },
      });
      assert.equal(answer.body, 'plain');
      assert.equal((await gateway.askedAt(0)).method, 'GET');
    },
  ],
  [
    '[WOH-HAND-1] [DIFF-101] the word websocket may have capitals',
    async (gateway) => {
      gateway.plays(taken([event('OPEN')]));
      const raw = rawSocket(gateway, { headers: { ...HANDSHAKE, Upgrade: 'WebSocket' } });
      assert.match(await raw.answered(), /^HTTP\/1\.1 101 /);
    },
  ],
  ...(
    [
      ['another method', 'POST', HANDSHAKE],
      ['no key', 'GET', { ...HANDSHAKE, 'Sec-WebSocket-Key': [] }],
      ['no version', 'GET', { ...HANDSHAKE, 'Sec-WebSocket-Version': [] }],
      ['version 8', 'GET', { ...HANDSHAKE, 'Sec-WebSocket-Version': '8' }],
    ] satisfies [string, string, HeaderLines][]
  ).map(([what, method, headers]): GripRow => [
    `[WOH-HAND-2] [DIFF-102] a handshake with ${what} is answered 400`,
    async (gateway) => {
      gateway.plays(taken([event('OPEN')]));
      const raw = rawSocket(gateway, { method, headers });
      assert.match(await raw.answered(), /^HTTP\/1\.1 400 Bad Request\r\n/);
      await raw.ended();
      const wanted =
        'Request contained an Upgrade header with value "websocket" but the request was not a valid WebSocket request.\n';
      assert.equal(raw.text.slice(raw.text.indexOf('\r\n\r\n') + 4), wanted);
      assert.equal(gateway.asked.length, 0);
    },
  ]),
  begins(
    '[WOH-OPEN-6] what follows OPEN is obeyed in its order',
    'OPEN\r\nTEXT 3\r\none\r\nPING 1\r\np\r\nBINARY 3\r\ntwo\r\nTEXT 5\r\nthree\r\n',
    ['text one', 'ping p', 'binary two', 'text three'],
  ),
  [
    '[WOH-OPEN-7] another status is the client’s answer, with reason, headers and body',
    async (gateway) => {
      const refused = await refusal(gateway, {
        ...{ status: 403, reason: 'Nope', body: 'no entry\n' },
        headers: { 'Content-Type': 'text/plain', 'X-A': 'b', ...GRIP },
      });
      assert.equal(refused.status, 403);
      assert.equal(refused.reason, 'Nope');
      assert.equal(refused.body, 'no entry\n');
      assert.equal(refused.headers['content-type'], 'text/plain');
      assert.equal(refused.headers['x-a'], 'b');
      assert.equal(refused.headers['sec-websocket-extensions'], undefined);
      assert.equal(gateway.asked.length, 1);
    },
  ],
  [
    '[WOH-OPEN-7] a redirect is the client’s answer',
    async (gateway) => {
      const refused = await refusal(gateway, { status: 302, headers: { Location: '/x' } });
      assert.equal(refused.status, 302);
      assert.equal(refused.headers['location'], '/x');
      assert.equal(refused.body, '');
    },
  ],
  [
    '[WOH-OPEN-7] 401 with a challenge is the client’s answer',
    async (gateway) => {
      const headers = { 'WWW-Authenticate': 'Basic realm="x"' };
      const refused = await refusal(gateway, { status: 401, headers });
      assert.equal(refused.status, 401);
      assert.equal(refused.headers['www-authenticate'], 'Basic realm="x"');
    },
  ],
  [
    '[WOH-OPEN-7] 204 is the client’s answer, without a body',
    async (gateway) => {
      const refused = await refusal(gateway, { status: 204 });
      assert.equal(refused.status, 204);
      assert.equal(refused.body, '');
    },
  ],
  ...[201, 500].map((status): GripRow => [
    `[WOH-OPEN-7] ${status} is the client’s answer even with events`,
    async (gateway) => {
      const refused = await refusal(gateway, { ...taken('OPEN\r\n'), status });
      assert.equal(refused.status, status);
      assert.equal(refused.body, 'OPEN\r\n');
    },
  ]),
  otherType('a parameter at the content type', { 'Content-Type': `${EVENTS}; charset=utf-8` }),
  otherType('capitals in the content type', { 'Content-Type': 'Application/WebSocket-Events' }),
  otherType('a page', { 'Content-Type': 'text/html' }),
  otherType('no content type', {}),
  [
    '[WOH-OPEN-8] a rejection of 8,192 bytes comes whole',
    async (gateway) => {
      const refused = await refusal(gateway, { status: 403, body: 'x'.repeat(8_192) });
      assert.equal(refused.body.length, 8_192);
    },
  ],
  [
    '[WOH-OPEN-8] [DIFF-107] a rejection of 50,000 bytes comes whole, and one of more is cut at 100,000',
    async (gateway) => {
      const long = await refusal(gateway, { status: 403, body: 'x'.repeat(50_000) });
      assert.equal(long.body.length, 50_000);
      const longer = await refusal(gateway, { status: 403, body: 'x'.repeat(100_001) });
      assert.equal(longer.body.length, 100_000);
    },
  ],
  malformed('a body without events', ''),
  malformed('another first event', 'TEXT 1\r\nx\r\nOPEN\r\n'),
  malformed('what is no event', 'garbage'),
  malformed('OPEN and half a line', 'OPEN\r\nTEXT 1'),
  malformed('a length that is no number', 'OPEN\r\nTEXT zz\r\nx\r\n'),
  malformed('a negative length', 'OPEN\r\nTEXT -1\r\n\r\n'),
  malformed('a body of bare line feeds', 'OPEN\nTEXT 1\nx\n'),
  begins(
    '[WOH-EVENT-2] lengths may have capitals and leading zeros',
    'OPEN\r\nTEXT A\r\n0123456789\r\nTEXT a\r\nabcdefghij\r\nTEXT 0003\r\nxyz\r\n',
    ['text 0123456789', 'text abcdefghij', 'text xyz'],
  ),
  begins(
    '[WOH-EVENT-2] an empty content and none are the same',
    'OPEN\r\nTEXT 0\r\n\r\nTEXT\r\nBINARY 0\r\n\r\nBINARY\r\nPING 0\r\n\r\nPING\r\nTEXT 1\r\nx\r\n',
    ['text ', 'text ', 'binary ', 'binary ', 'ping ', 'ping ', 'text x'],
  ),
  begins(
    '[WOH-EVENT-3] events of unknown types are passed over, with their content',
    'OPEN\r\nFOO 8\r\nTEXT 1\r\n\r\nopen\r\ntext 1\r\nx\r\nBAR\r\nTEXT 1\r\ny\r\n',
    ['text y'],
  ),
  begins(
    '[WOH-EVENT-5] the two bytes after a content are not looked at',
    'OPEN\r\nTEXT 1\r\nxABTEXT 1\r\ny\r\n',
    ['text x', 'text y'],
  ),
  begins(
    '[WOH-EVENT-5] the two bytes after a content may be missing at the end',
    'OPEN\r\nTEXT 1\r\nx',
    ['text x'],
  ),
  begins(
    '[WOH-EVENT-5] a content that is longer than the body is what is left',
    'OPEN\r\nTEXT 10\r\nshort',
    ['text short'],
  ),
  begins(
    '[WOH-GRIP-1] without the extension everything passes as it is',
    'OPEN\r\nTEXT 5\r\nplain\r\nTEXT 13\r\nc:{"type":"detach"}\r\nTEXT 3\r\nm:x\r\n',
    ['text plain', 'text c:{"type":"detach"}', 'text m:x'],
    {},
  ),
  begins(
    '[WOH-GRIP-1] the extension is in lower case',
    'OPEN\r\nTEXT 5\r\nplain\r\nTEXT 3\r\nm:x\r\n',
    ['text plain', 'text m:x'],
    { 'Sec-WebSocket-Extensions': 'GRIP' },
  ),
  begins(
    '[WOH-GRIP-1] the extension may stand among others',
    'OPEN\r\nTEXT 5\r\nplain\r\nTEXT 3\r\nm:x\r\n',
    ['text x'],
    { 'Sec-WebSocket-Extensions': 'other; a=b, grip' },
  ),
  begins(
    '[WOH-GRIP-2] the prefix is taken off, and what is without it is dropped',
    'OPEN\r\nTEXT 5\r\nplain\r\nTEXT 3\r\nm:x\r\nBINARY 3\r\nbin\r\nBINARY 3\r\nm:y\r\nTEXT 2\r\nm:\r\nPING 1\r\np\r\n',
    ['text x', 'binary y', 'text ', 'ping p'],
    GRIP,
  ),
  begins(
    '[WOH-GRIP-2] the prefix may be another',
    'OPEN\r\nTEXT 3\r\nm:x\r\nTEXT 4\r\n>>up\r\nTEXT 2\r\n>>\r\nTEXT 1\r\n>\r\nTEXT 3\r\n>>e\r\n',
    ['text up', 'text ', 'text e'],
    { 'Sec-WebSocket-Extensions': 'grip; message-prefix=">>"' },
  ),
  begins(
    '[WOH-GRIP-2] the prefix may be given without quotes',
    'OPEN\r\nTEXT 3\r\nm:x\r\nTEXT 3\r\nxup\r\n',
    ['text up'],
    { 'Sec-WebSocket-Extensions': 'grip; message-prefix=x' },
  ),
  begins(
    '[WOH-GRIP-2] [WOH-GRIP-3] with an empty prefix all passes but instructions; a binary message is none',
    'OPEN\r\nTEXT 5\r\nplain\r\nTEXT 7\r\nc:hello\r\nBINARY 5\r\nc:bin\r\n',
    ['text plain', 'binary c:bin'],
  ),
  [
    '[WOH-OPEN-10] an empty answer with an interval postpones: OPEN comes again',
    async (gateway) => {
      const origin = new HttpOrigin(gateway);
      const coming = gateway.socket();
      coming.catch(() => {});
      const first = await origin.expects('OPEN\r\n');
      const at = performance.now();
      first.answers([], { ...BARE, 'Keep-Alive-Interval': '20' });
      const second = await origin.expects('OPEN\r\n');
      const waited = performance.now() - at;
      assert.ok(waited > 18_000 && waited < 23_000, `after ${waited} ms`);
      const name = first.asked.header('connection-id');
      assert.equal(second.asked.header('connection-id'), name);
      second.answers([event('OPEN'), text('in')], BARE);
      assert.equal(await (await coming).nextText(), 'in');
    },
    { seconds: 30 },
  ],
  [
    '[WOH-OPEN-11] the next target is asked when one cannot be connected to',
    async (gateway) => {
      gateway.plays(taken([event('OPEN'), text('second')]));
      const client = await gateway.socket('', { host: 'woh-two.test' });
      assert.equal(await client.nextText(), 'second');
      assert.equal((await gateway.askedAt(0)).origin, SECOND);
    },
  ],
  [
    '[WOH-OPEN-11] a target that answers is the last, whatever it answers',
    async (gateway) => {
      const refused = await refusal(gateway, { status: 503, body: 'busy' }, 'woh-both.test');
      assert.equal(refused.status, 503);
      assert.equal(refused.body, 'busy');
      assert.deepEqual(
        gateway.asked.map(({ origin }) => origin),
        [FIRST],
      );
    },
  ],
  [
    '[WOH-HAND-6] without a target that can be had the handshake is answered 502',
    async (gateway) => {
      const refused = await refusedBy(gateway.socket('', { host: 'woh-dead.test' }));
      assert.equal(refused.status, 502);
      assert.equal(refused.body, FAILED);
      assert.equal(refused.headers['content-type'], undefined);
    },
  ],
  [
    '[WOH-HAND-6] with debug the targets are told that were tried',
    async (gateway) => {
      const refused = await refusedBy(gateway.socket('', { host: 'woh-dead-debug.test' }));
      assert.equal(refused.status, 502);
      assert.match(refused.body, /^Unable to connect to any targets\. Tried: 127\.0\.0\.1:\d+\n$/);
    },
  ],
  [
    '[WOH-OPEN-1] a target with TLS is asked so',
    async (gateway) => {
      const { opening, client, origin } = await opened(gateway, { host: 'woh-secure.test' });
      assert.equal(opening.asked.origin, SECURE);
      await exchange({ opening, client, origin }, [text('safe')]);
      assert.equal(await client.nextText(), 'safe');
    },
  ],
  [
    '[WOH-OPEN-1] route and target rewrite the request as they do plain ones',
    async (gateway) => {
      const header = await opened(gateway, { host: 'woh-header.test' });
      assert.deepEqual(header.opening.asked.all('x-set'), ['one']);
      const path = await opened(gateway, { host: 'woh-path.test', path: '=/old/TOKEN?q' });
      assert.equal(path.opening.asked.url, `/new/${gateway.token}?q`);
      const host = await opened(gateway, { host: 'woh-host.test' });
      assert.deepEqual(host.opening.asked.all('host'), ['other.example']);
    },
  ],
  ...(
    [
      ['POST', EVENTS],
      ['POST', `${EVENTS}; x=y`],
      ['GET', EVENTS],
    ] satisfies [string, string][]
  ).map(([method, type]): GripRow => [
    `[WOH-OPEN-12] a ${method} of ${type} by a client is forbidden`,
    async (gateway) => {
      gateway.plays({ body: 'reached' });
      const answer = await gateway.ask({
        ...{ method, host: 'woh.test', headers: { 'Content-Type': type } },
        ...(method === 'GET' ? {} : { body: 'OPEN\r\n' }),
      });
      assert.equal(answer.status, 403);
      assert.equal(answer.header('content-type'), 'text/plain');
      assert.equal(answer.body, forbidden);
      assert.equal(gateway.asked.length, 0);
    },
  ]),
  [
    '[WOH-OPEN-12] to a target that is not asked over HTTP it is a request as any',
    async (gateway) => {
      gateway.plays({ body: 'reached' });
      const headers = { 'Content-Type': EVENTS };
      const answer = await gateway.ask({ method: 'POST', headers, body: 'OPEN\r\n' });
      assert.equal(answer.body, 'reached');
    },
  ],
  [
    '[WOH-OPEN-12] other requests to a target that is asked over HTTP are proxied',
    async (gateway) => {
      gateway.plays({ body: 'reached' });
      const headers = { 'Content-Type': 'text/plain', Accept: EVENTS };
      const wish = { method: 'POST', host: 'woh.test', headers, body: 'OPEN\r\n' };
      assert.equal((await gateway.ask(wish)).body, 'reached');
    },
  ],
  [
    '[WOH-OPEN-13] a client who has vanished before the acceptance is told to the origin',
    async (gateway) => {
      const origin = new HttpOrigin(gateway);
      const raw = rawSocket(gateway);
      const first = await origin.expects('OPEN\r\n');
      raw.socket.destroy();
      await raw.ended();
      await gateway.ask({ host: 'built-in.test', path: '=/' });
      first.answers([event('OPEN')], BARE);
      const last = await origin.expects('DISCONNECT\r\n');
      assert.equal(last.asked.header('connection-id'), first.asked.header('connection-id'));
    },
  ],
]);
