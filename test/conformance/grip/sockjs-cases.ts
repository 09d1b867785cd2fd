// SockJS clients, which ask with polls, and the WebSocket client that the origin sees in their place.

import assert from 'node:assert/strict';

import { type GripRow, gripCases } from './case.ts';
import type { Gateway, Item } from './gateway.ts';
import type { Answer, HeaderLines, WholeAnswer } from './http-client.ts';
import { DirectOrigin } from './ws-direct-origin.ts';
import {
  BARE,
  binary,
  close,
  closeBody,
  event,
  HttpOrigin,
  instruct,
  reached,
  said,
  subscribe,
  text,
  type Turn,
} from './ws-origin.ts';
import { HANDSHAKE, rawSocket } from './ws-raw.ts';

const WOH = 'sockjs-woh.test';

/** The SockJS paths have no room for the case's name but in the session and the query. */
const at = (rest: string): string => `=/sock${rest}`;

interface Wish {
  readonly host?: string;
  readonly headers?: HeaderLines;
  readonly body?: string;
  readonly method?: string;
}

const ask = (gateway: Gateway, path: string, wish: Wish = {}): Promise<WholeAnswer> =>
  gateway.ask({ host: WOH, path: at(path), ...wish });

/** A session of a client that polls, as the origin has accepted it. */
class Session {
  readonly gateway: Gateway;
  readonly origin: HttpOrigin;
  readonly opening: Turn;
  readonly #name: string;

  private constructor(gateway: Gateway, origin: HttpOrigin, opening: Turn, name: string) {
    this.gateway = gateway;
    this.origin = origin;
    this.opening = opening;
    this.#name = name;
  }

  static async open(
    gateway: Gateway,
    events: readonly Uint8Array[] = [],
    {
      origin = new HttpOrigin(gateway),
      name = `${gateway.token}s`,
      headers = {},
    }: {
      readonly origin?: HttpOrigin;
      readonly name?: string;
      readonly headers?: HeaderLines;
    } = {},
  ): Promise<Session> {
    const answer = gateway.send({
      ...{ method: 'POST', host: WOH, body: '', headers },
      path: at(`/000/${name}/xhr?case=${gateway.token}`),
    });
    const opening = await origin.expects('OPEN\r\n');
    opening.answers([event('OPEN'), ...events], BARE);
    assert.equal((await answer.whole()).body, 'o\n');
    return new Session(gateway, origin, opening, name);
  }

  /** A poll that may have to wait. */
  asks(what = 'xhr'): Answer {
    return this.gateway.send({ method: 'POST', host: WOH, body: '', path: this.#path(what) });
  }

  async polls(): Promise<string> {
    const answer = await this.asks().whole();
    assert.equal(answer.status, 200);
    return answer.body;
  }

  sends(body: string): Promise<WholeAnswer> {
    return this.gateway.ask({ method: 'POST', host: WOH, body, path: this.#path('xhr_send') });
  }

  /** The client says something, and the origin answers it with events. */
  async exchange(events: readonly Uint8Array[]): Promise<void> {
    assert.equal((await this.sends('["say"]')).body, 'ok');
    (await this.origin.expects('TEXT 3\r\nsay\r\n')).answers(events);
  }

  #path(what: string): string {
    return at(`/000/${this.#name}/${what}`);
  }
}

function sharable(answer: WholeAnswer, origin = '*'): void {
  assert.equal(answer.header('access-control-allow-origin'), origin);
  assert.equal(answer.header('access-control-allow-credentials'), 'true');
}

const missing = (method: string, path: string): GripRow => [
  `[SOCKJS-5] ${method} ${path === '' ? 'of the prefix' : path} is not found`,
  async (gateway) => {
    const answer = await ask(gateway, path, { method, ...(method === 'POST' ? { body: '' } : {}) });
    assert.equal(answer.status, 404);
    assert.equal(answer.body, 'Not Found\n');
    assert.equal(answer.header('content-type'), 'text/plain');
    sharable(answer);
    assert.equal(gateway.asked.length, 0);
  },
];

const badPayload = (title: string, body: string): GripRow => [
  `[SOCKJS-10] ${title} is a mistake, and the session stays`,
  async (gateway) => {
    const session = await Session.open(gateway);
    const answer = await session.sends(body);
    assert.equal(answer.status, 400);
    assert.equal(answer.body, 'Payload expected\n');
    await session.exchange([text('still')]);
    assert.equal(await session.polls(), 'a["still"]\n');
  },
];

const badFrame = (message: string): GripRow => [
  `[SOCKJS-17] a message that is ${message === '' ? 'empty' : message} cuts the connection`,
  async (gateway) => {
    const { client, origin } = await framed(gateway);
    client.socket.send(message);
    assert.equal((await client.closed()).code, 1_006);
    await origin.expects('DISCONNECT\r\n');
  },
];

/** A framed WebSocket that the origin has accepted; what came before is read. */
async function framed(gateway: Gateway, events: readonly Uint8Array[] = [], host = WOH) {
  const origin = new HttpOrigin(gateway);
  const coming = gateway.socket(at(`/000/${gateway.token}w/websocket?case=${gateway.token}`), {
    host,
  });
  coming.catch(() => {});
  const opening = await origin.expects('OPEN\r\n');
  opening.answers([event('OPEN'), ...events], { ...BARE, 'X-A': 'b' });
  const client = await coming;
  assert.equal(await client.nextText(), 'o');
  return { client, origin, opening };
}

const content = (value: string): Item => ({ content: value });

export const sockjsCases = gripCases('sockjs', [
  [
    '[SOCKJS-2] [SOCKJS-1] info says what a client has to know',
    async (gateway) => {
      const [one, two] = await Promise.all([ask(gateway, '/info'), ask(gateway, '/info?t=1')]);
      const { entropy, ...rest } = JSON.parse(one.body) as Record<string, unknown>;
      assert.deepEqual(rest, { websocket: true, origins: ['*:*'], cookie_needed: false });
      assert.equal(typeof entropy, 'number');
      assert.notEqual(entropy, JSON.parse(two.body).entropy);
      assert.match(
        one.header('cache-control') ?? '',
        /no-store, no-cache, must-revalidate, max-age=0/,
      );
      sharable(one);
      assert.equal(gateway.asked.length, 0);
    },
  ],
  [
    '[SOCKJS-1] the page’s origin is allowed',
    async (gateway) => {
      sharable(
        await ask(gateway, '/info', { headers: { Origin: 'http://page.test' } }),
        'http://page.test',
      );
    },
  ],
  [
    '[SOCKJS-2] [DIFF-126] info is JSON by its type, too',
    async (gateway) => {
      const answer = await ask(gateway, '/info');
      assert.equal(answer.header('content-type'), 'application/json; charset=UTF-8');
    },
  ],
  [
    '[SOCKJS-4] [DIFF-126] the page of the frame may be kept, and nothing says otherwise',
    async (gateway) => {
      const answer = await ask(gateway, '/iframe.html');
      assert.deepEqual(answer.all('cache-control'), ['public, max-age=31536000']);
    },
  ],
  [
    '[SOCKJS-3] [DIFF-127] a preflight is told what is allowed',
    async (gateway) => {
      const headers = { Origin: 'http://page.test', 'Access-Control-Request-Method': 'POST' };
      const answer = await ask(gateway, '/info', { method: 'OPTIONS', headers });
      assert.equal(answer.header('access-control-allow-methods'), 'OPTIONS, GET, POST');
      assert.equal(answer.header('access-control-allow-headers'), 'Content-Type');
      assert.equal(answer.header('access-control-max-age'), '31536000');
    },
  ],
  ...['/info', '/000/session/xhr', '/000/session/xhr_send'].map((path): GripRow => [
    `[SOCKJS-3] OPTIONS ${path} is 204`,
    async (gateway) => {
      const headers = { Origin: 'http://page.test', 'Access-Control-Request-Method': 'POST' };
      const answer = await ask(gateway, path, { method: 'OPTIONS', headers });
      assert.equal(answer.status, 204);
      sharable(answer, 'http://page.test');
    },
  ]),
  ...['/iframe.html', '/iframe-0.3.4.html', '/iframe-a.html?t=5'].map((path): GripRow => [
    `[SOCKJS-4] ${path} is the page that loads the script`,
    async (gateway) => {
      const answer = await ask(gateway, path);
      assert.equal(answer.status, 200);
      assert.equal(answer.header('content-type'), 'text/html; charset=UTF-8');
      assert.match(answer.header('etag') ?? '', /^".+"$/);
      assert.match(answer.all('cache-control').join(), /public, max-age=31536000/);
      assert.match(
        answer.body,
        /<script src="http:\/\/cdn\.jsdelivr\.net\/sockjs\/0\.3\.4\/sockjs\.min\.js">/,
      );
      assert.match(answer.body, /SockJS\.bootstrap_iframe\(\)/);
      const again = await ask(gateway, path);
      assert.equal(again.header('etag'), answer.header('etag'));
    },
  ]),
  missing('GET', ''),
  missing('GET', '/'),
  missing('POST', '/info'),
  missing('GET', '/other'),
  missing('GET', '/iframexyz'),
  missing('GET', '/000/session/other'),
  missing('GET', '/000/session/xhr'),
  missing('POST', '/000/session/xhr_streaming'),
  missing('GET', '/000/session/eventsource'),
  missing('GET', '/000/session/htmlfile?c=x'),
  missing('GET', '/000/session/websocket'),
  missing('GET', '/websocket'),
  missing('POST', '/000/nobody/xhr_send'),
  missing('POST', '/000/nobody/jsonp_send'),
  [
    '[SOCKJS-5] other paths are proxied',
    async (gateway) => {
      gateway.plays({ body: 'proxied' });
      assert.equal((await gateway.ask({ host: WOH })).body, 'proxied');
    },
  ],
  [
    '[SOCKJS-6] a session begins with a poll, and is a WebSocket client to the origin',
    async (gateway) => {
      const headers = { Cookie: 'k=v', Origin: 'http://page.test', 'X-A': 'b' };
      const session = await Session.open(gateway, [], { headers });
      const { asked } = session.opening;
      assert.equal(asked.url, `/sock?case=${gateway.token}`);
      assert.equal(asked.method, 'POST');
      assert.deepEqual(asked.all('accept'), ['application/websocket-events']);
      assert.deepEqual(asked.all('cookie'), ['k=v']);
      assert.deepEqual(asked.all('origin'), ['http://page.test']);
      assert.deepEqual(asked.all('x-a'), ['b']);
      assert.deepEqual(asked.all('sec-websocket-extensions'), ['grip']);
      assert.match(asked.header('grip-sig') ?? '', /\./);
      assert.match(asked.header('connection-id') ?? '', /^[0-9a-f-]{36}$/);
      await session.exchange([]);
    },
  ],
  [
    '[SOCKJS-7] a rejection is the answer',
    async (gateway) => {
      gateway.plays({ status: 403, reason: 'Nope', headers: { 'X-A': 'b' }, body: 'no\n' });
      const path = `/000/${gateway.token}r/xhr?case=${gateway.token}`;
      const answer = await ask(gateway, path, { method: 'POST', body: '' });
      assert.equal(answer.status, 403);
      assert.equal(answer.reason, 'Nope');
      assert.equal(answer.header('x-a'), 'b');
      assert.equal(answer.body, 'no\n');
      sharable(answer);
    },
  ],
  [
    '[SOCKJS-8] a poll waits for a message',
    async (gateway) => {
      const session = await Session.open(gateway);
      const poll = session.asks();
      await session.exchange([text('one "quoted" é')]);
      const answer = await poll.whole();
      assert.equal(answer.body, 'a["one \\"quoted\\" é"]\n');
      sharable(answer);
    },
  ],
  [
    '[SOCKJS-8] what came between two polls is in one answer, in its order',
    async (gateway) => {
      const session = await Session.open(gateway);
      await session.exchange([text('1'), text('2'), text('')]);
      // The answer to the next message shows that the one before has been taken.
      await session.exchange([]);
      const seen: string[] = [];
      while (seen.length < 3)
        seen.push(...(JSON.parse((await session.polls()).slice(1)) as string[]));
      assert.deepEqual(seen, ['1', '2', '']);
    },
  ],
  [
    '[SOCKJS-8] what follows OPEN comes with the next poll',
    async (gateway) => {
      const session = await Session.open(gateway, [text('early')]);
      assert.equal(await session.polls(), 'a["early"]\n');
    },
  ],
  [
    '[SOCKJS-9] a binary message is a string, pings and pongs are nothing',
    async (gateway) => {
      const session = await Session.open(gateway);
      await session.exchange([event('PING', 'p'), binary('b'), event('PONG'), text('end')]);
      const seen: string[] = [];
      while (seen.length < 2)
        seen.push(...(JSON.parse((await session.polls()).slice(1)) as string[]));
      assert.deepEqual(seen, ['b', 'end']);
    },
  ],
  [
    '[SOCKJS-10] each string that is sent is a text message',
    async (gateway) => {
      const session = await Session.open(gateway);
      const answer = await session.sends('["a","bé",""]');
      assert.equal(answer.status, 200);
      assert.equal(answer.body, 'ok');
      sharable(answer);
      let got = '';
      while (got.split('TEXT').length < 4) {
        const turn = await session.origin.next();
        got += turn.body;
        turn.answers();
      }
      assert.equal(got, 'TEXT 1\r\na\r\nTEXT 3\r\nb\u00C3\u00A9\r\nTEXT\r\n');
    },
  ],
  badPayload('half a list', '["a'),
  badPayload('nothing', ''),
  badPayload('a string', '"x"'),
  badPayload('a number in the list', '[5]'),
  [
    '[SOCKJS-11] a second poll that waits is told so',
    async (gateway) => {
      const session = await Session.open(gateway);
      session.asks();
      // The first one is there when what was sent after it has come to the origin.
      await session.exchange([]);
      assert.equal(await session.polls(), 'c[2010,"Another connection still open"]\n');
    },
  ],
  [
    '[SOCKJS-12] a session that nobody asks for has vanished after five seconds',
    async (gateway) => {
      const session = await Session.open(gateway);
      const from = performance.now();
      await session.origin.expects('DISCONNECT\r\n');
      const waited = performance.now() - from;
      assert.ok(waited > 4_000 && waited < 8_000, `after ${waited} ms`);
      assert.equal((await session.sends('["x"]')).status, 404);
    },
  ],
  [
    '[SOCKJS-13] an origin’s close comes behind the messages before it, and is told again',
    async (gateway) => {
      const session = await Session.open(gateway);
      const poll = session.asks();
      await session.exchange([text('last'), close(4_001, 'go')]);
      const last = await poll.whole();
      assert.equal(`${last.header('content-type')} ${last.body}`, 'text/plain a["last"]\n');
      assert.equal(await session.polls(), 'c[4001,"go"]\n');
      assert.equal(await session.polls(), 'c[4001,"go"]\n');
      // What the page answers is not known.
      assert.equal((await session.origin.next()).body, 'CLOSE\r\n');
    },
  ],
  [
    '[SOCKJS-13] a close without a code is told as 0',
    async (gateway) => {
      const session = await Session.open(gateway);
      const poll = session.asks();
      await session.exchange([event('CLOSE')]);
      assert.equal((await poll.whole()).body, 'c[0,"Connection closed"]\n');
    },
  ],
  [
    '[SOCKJS-14] a poll that waits is answered with a heartbeat after 25 seconds',
    async (gateway) => {
      const session = await Session.open(gateway);
      const from = performance.now();
      assert.equal(await session.polls(), 'h\n');
      const waited = performance.now() - from;
      assert.ok(waited > 23_000 && waited < 28_000, `after ${waited} ms`);
      await session.exchange([text('still')]);
      assert.equal(await session.polls(), 'a["still"]\n');
    },
    { seconds: 40 },
  ],
  [
    '[SOCKJS-15] [DIFF-128] a callback is a name',
    async (gateway) => {
      const path = at(`/000/${gateway.token}n/jsonp?c=${encodeURIComponent('a(')}`);
      const answer = await gateway.ask({ host: WOH, path });
      assert.equal(`${answer.status} ${answer.body}`, '400 Bad Request\n');
    },
  ],
  [
    '[SOCKJS-15] [SOCKJS-16] a client of scripts is answered with scripts, and sends with forms',
    async (gateway) => {
      const origin = new HttpOrigin(gateway);
      const path = at(`/000/${gateway.token}j/jsonp?c=call&case=${gateway.token}`);
      const first = gateway.send({ host: WOH, path });
      (await origin.expects('OPEN\r\n')).answers([event('OPEN')], BARE);
      const open = await first.whole();
      assert.equal(open.header('content-type'), 'application/javascript');
      assert.equal(open.body, '/**/call("o");\n');
      const poll = gateway.send({ host: WOH, path });
      const sent = await ask(gateway, `/000/${gateway.token}j/jsonp_send`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
        body: `d=${encodeURIComponent('["x+é"]')}`,
      });
      assert.equal(sent.status, 200);
      assert.equal(sent.body, 'ok');
      (await origin.expects('TEXT 4\r\nx+\u00C3\u00A9\r\n')).answers([text('a"b')]);
      assert.equal((await poll.whole()).body, '/**/call("a[\\"a\\\\\\"b\\"]");\n');
    },
  ],
  [
    '[SOCKJS-15] without a callback a script is a bad request',
    async (gateway) => {
      const answer = await ask(gateway, `/000/${gateway.token}j/jsonp`);
      assert.equal(answer.status, 400);
      assert.equal(answer.body, 'Bad Request\n');
    },
  ],
  ...(
    [
      ['a form is one whatever it is called', 'text/plain', 'd=%5B%22h-i%22%5D', 'h-i'],
      ['[DIFF-131] a list may be the body itself', 'text/plain', '["h-i"]', 'h-i'],
      [
        '[DIFF-131] a plus is a blank',
        'application/x-www-form-urlencoded',
        'd=%5B%22h+i%22%5D',
        'h i',
      ],
    ] as const
  ).map(([what, type, body, heard]): GripRow => [
    `[SOCKJS-16] ${what}`,
    async (gateway) => {
      const session = await Session.open(gateway);
      const sent = await ask(gateway, `/000/${gateway.token}s/jsonp_send`, {
        method: 'POST',
        headers: { 'Content-Type': type },
        body,
      });
      assert.equal(sent.body, 'ok');
      (await session.origin.expects(`TEXT 3\r\n${heard}\r\n`)).answers([]);
    },
  ]),
  [
    '[SOCKJS-16] a form without a list is a mistake',
    async (gateway) => {
      const session = await Session.open(gateway);
      const answer = await ask(gateway, `/000/${gateway.token}s/jsonp_send`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
        body: 'd=',
      });
      assert.equal(answer.status, 400);
      assert.equal(answer.body, 'Payload expected\n');
      await session.exchange([]);
    },
  ],
  [
    '[SOCKJS-17] a framed WebSocket has lists for the client’s texts, and a list for each message',
    async (gateway) => {
      const { client, origin, opening } = await framed(gateway, [text('early')]);
      assert.equal(opening.asked.url, `/sock/websocket?case=${gateway.token}`);
      assert.equal(client.headers['x-a'], 'b');
      assert.equal(await client.nextText(), 'a["early"]');
      client.socket.send('["hi"]');
      (await origin.expects('TEXT 2\r\nhi\r\n')).answers([text('x'), text('y"'), binary('z')]);
      for (const wanted of ['a["x"]', 'a["y\\""]', 'a["z"]'])
        assert.equal(await client.nextText(), wanted);
      client.socket.send('[]');
      client.socket.send('["1","2"]');
      let got = '';
      while (!got.endsWith('TEXT 1\r\n2\r\n')) {
        const turn = await origin.next();
        got += turn.body;
        turn.answers();
      }
      assert.equal(got, 'TEXT 1\r\n1\r\nTEXT 1\r\n2\r\n');
    },
  ],
  [
    '[SOCKJS-17] a close on a framed WebSocket is a close frame',
    async (gateway) => {
      const { client } = await framed(gateway, [text('x'), close(4_001, 'go')]);
      assert.equal(await client.nextText(), 'a["x"]');
      assert.deepEqual(await client.next(), { kind: 'close', code: 4_001, reason: 'go' });
    },
  ],
  [
    '[SOCKJS-17] a framed client’s close goes to the origin',
    async (gateway) => {
      const { client, origin } = await framed(gateway);
      client.socket.close(3_001, 'q');
      const turn = await origin.next();
      assert.deepEqual(turn.events, [['CLOSE', closeBody(3_001, 'q').toString('latin1')]]);
      turn.answers([close(3_001, 'q')]);
      assert.deepEqual(await client.next(), { kind: 'close', code: 3_001, reason: 'q' });
    },
  ],
  ...['"single"', '', '["x', '[5]', 'plain'].map((message) => badFrame(message)),
  [
    '[SOCKJS-17] a framed WebSocket that the origin rejects is answered so',
    async (gateway) => {
      gateway.plays({ status: 403, body: 'no' });
      const path = at(`/000/${gateway.token}w/websocket?case=${gateway.token}`);
      await assert.rejects(gateway.socket(path, { host: WOH }), { status: 403, body: 'no' });
    },
  ],
  [
    '[SOCKJS-18] a raw WebSocket passes as it is',
    async (gateway) => {
      const origin = new HttpOrigin(gateway);
      const coming = gateway.socket(at(`/websocket?case=${gateway.token}`), { host: WOH });
      const opening = await origin.expects('OPEN\r\n');
      assert.equal(opening.asked.url, `/sock/websocket?case=${gateway.token}`);
      opening.answers([event('OPEN'), text('raw')], BARE);
      const client = await coming;
      assert.equal(await client.nextText(), 'raw');
      client.socket.send('plain');
      await origin.expects('TEXT 5\r\nplain\r\n');
    },
  ],
  [
    '[SOCKJS-5] a WebSocket at the prefix itself is not found',
    async (gateway) => {
      const path = at(`?case=${gateway.token}`);
      await assert.rejects(gateway.socket(path, { host: WOH }), { status: 404 });
      assert.equal(gateway.asked.length, 0);
    },
  ],
  [
    '[SOCKJS-6] [SOCKJS-17] the origin sees a path of its own where the route says one',
    async (gateway) => {
      const origins = new DirectOrigin(gateway);
      const query = `?case=${gateway.token}`;
      for (const path of [`/000/${gateway.token}p/websocket${query}`, `/websocket${query}`]) {
        const coming = gateway.socket(at(path), { host: 'sockjs-as.test' });
        coming.catch(() => {});
        const origin = await origins.next();
        assert.equal(origin.asked.url, `/inner${query}`);
        origin.accept(BARE);
        await coming;
      }
    },
  ],
  [
    '[SOCKJS-6] [SOCKJS-8] [SOCKJS-10] a direct origin is a WebSocket too',
    async (gateway) => {
      const origins = new DirectOrigin(gateway);
      const host = 'sockjs.test';
      const polls = (): Answer =>
        gateway.send({
          ...{ method: 'POST', host, body: '' },
          path: at(`/000/${gateway.token}d/xhr?case=${gateway.token}`),
        });
      const first = polls();
      const origin = await origins.next();
      assert.equal(origin.asked.method, 'GET');
      assert.equal(origin.asked.url, `/sock?case=${gateway.token}`);
      origin.accept(BARE);
      assert.equal((await first.whole()).body, 'o\n');
      const poll = polls();
      origin.text('down');
      assert.equal((await poll.whole()).body, 'a["down"]\n');
      const sent = await ask(gateway, `/000/${gateway.token}d/xhr_send`, {
        ...{ method: 'POST', host, body: '["up"]' },
      });
      assert.equal(sent.body, 'ok');
      assert.equal(await origin.next(), 'text up');
    },
  ],
  [
    '[SOCKJS-19] a session hears what it was subscribed to',
    async (gateway) => {
      const session = await Session.open(gateway, [subscribe(gateway.channel)]);
      const item = { channel: gateway.channel, formats: { 'ws-message': content('p"q') } };
      const answer = await gateway.publishUntil(session.polls(), item);
      assert.match(answer, /^a\["p\\"q"(?:,"p\\"q")*\]\n$/);
    },
  ],
  [
    '[SOCKJS-19] [SOCKJS-13] a published close is told to the session',
    async (gateway) => {
      const session = await Session.open(gateway, [subscribe(gateway.channel)]);
      const ready = { channel: gateway.channel, formats: { 'ws-message': content('ready') } };
      await gateway.publishUntil(session.polls(), ready);
      await said(gateway, { action: 'close', code: 4_007, reason: 'pc' });
      let answer = await session.polls();
      while (answer.startsWith('a')) answer = await session.polls();
      assert.equal(answer, 'c[4007,"pc"]\n');
    },
  ],
  [
    '[SOCKJS-19] a framed WebSocket hears what it was subscribed to, in lists',
    async (gateway) => {
      const alive = instruct('keep-alive', { content: 'alive', timeout: 3 });
      const { client, origin } = await framed(gateway, [subscribe(gateway.channel), alive]);
      const unlisted = (heard: string): string => {
        assert.equal(heard[0], 'a');
        return (JSON.parse(heard.slice(1)) as string[])[0] ?? '';
      };
      await reached(gateway, client, gateway.channel, unlisted);
      assert.equal(await client.nextText(), 'a["alive"]');
      await said(gateway, { action: 'close', code: 4_005, reason: 'z' });
      assert.deepEqual(await client.next(), { kind: 'close', code: 4_005, reason: 'z' });
      await origin.expects('CLOSE\r\n');
    },
  ],
  [
    '[SOCKJS-17] a framed client that vanishes is told to the origin',
    async (gateway) => {
      const origin = new HttpOrigin(gateway);
      const raw = rawSocket(gateway, {
        host: WOH,
        path: at(`/000/${gateway.token}w/websocket?case=${gateway.token}`),
        headers: HANDSHAKE,
      });
      (await origin.expects('OPEN\r\n')).answers([event('OPEN')], BARE);
      await raw.until('the first frame', () => raw.frames.length > 0);
      assert.equal(raw.frames[0]?.payload.toString(), 'o');
      raw.socket.destroy();
      await origin.expects('DISCONNECT\r\n');
    },
  ],
]);
