// What pages of other sites need: CORS headers and JSON-P, on routes that ask for them.

import assert from 'node:assert/strict';

import { gripCases, type GripRow } from './case.ts';
import { type Gateway, holdResponse, holdStream, poll } from './gateway.ts';
import type { HeaderLines, WholeAnswer } from './http-client.ts';
import type { Asked, Reply } from './origin.ts';

const headers =
  (host: string, asked: HeaderLines, reply: Reply, look: (answer: WholeAnswer) => void) =>
  async (gateway: Gateway): Promise<void> => {
    gateway.plays(reply);
    look(await gateway.ask({ host, headers: asked }));
    assert.equal(gateway.asked.length, 1);
  };

export const corsCases = gripCases('cors', [
  [
    '[GRIP-CORS-1] a route without aco adds nothing',
    headers('plain.test', { Origin: 'http://page.test' }, {}, (answer) => {
      const names = answer.headers.map(([name]) => name.toLowerCase());
      assert.deepEqual(
        names.filter((name) => name.startsWith('access-control')),
        [],
      );
    }),
  ],
  ...(
    [
      ['Access-Control-Allow-Origin', 'http://page.test'],
      ['Access-Control-Allow-Credentials', 'true'],
      ['Access-Control-Allow-Methods', 'OPTIONS, HEAD, GET, POST, PUT, DELETE'],
      ['Access-Control-Max-Age', '3600'],
      ['Access-Control-Expose-Headers', 'X-A'],
    ] as const
  ).map(([name, value]): GripRow => [
    `[GRIP-CORS-1] a route with aco adds ${name}`,
    headers('aco.test', { Origin: 'http://page.test' }, { headers: { 'X-A': 'b' } }, (answer) => {
      if (name.endsWith('Expose-Headers'))
        assert.ok(answer.header(name)?.split(', ').includes(value));
      else assert.deepEqual(answer.all(name), [value]);
    }),
  ]),
  [
    '[GRIP-CORS-1] without an origin it is *',
    headers('aco.test', {}, {}, (answer) =>
      assert.equal(answer.header('access-control-allow-origin'), '*'),
    ),
  ],
  [
    '[GRIP-CORS-2] a preflight is asked of the origin, and what it asked for is allowed',
    async (gateway) => {
      gateway.plays({ body: '' });
      const answer = await gateway.ask({
        host: 'aco.test',
        method: 'OPTIONS',
        headers: {
          Origin: 'http://page.test',
          'Access-Control-Request-Method': 'PATCH',
          'Access-Control-Request-Headers': 'X-Mine, X-Other',
        },
      });
      assert.equal((await gateway.askedAt(0)).method, 'OPTIONS');
      assert.equal(answer.header('access-control-allow-methods'), 'PATCH');
      assert.equal(answer.header('access-control-allow-headers'), 'X-Mine, X-Other');
    },
  ],
  [
    '[GRIP-CORS-3] what the origin says itself stays',
    headers(
      'aco.test',
      { Origin: 'http://page.test' },
      {
        headers: {
          'Access-Control-Allow-Origin': 'http://only.test',
          'Access-Control-Max-Age': '5',
        },
      },
      (answer) => {
        assert.deepEqual(answer.all('access-control-allow-origin'), ['http://only.test']);
        assert.deepEqual(answer.all('access-control-max-age'), ['5']);
      },
    ),
  ],
  [
    '[GRIP-CORS-4] a published answer has them too',
    async (gateway) => {
      gateway.plays({ headers: holdResponse(gateway.channel), body: 'nothing\n' });
      const asked = gateway.ask({ host: 'aco.test', headers: { Origin: 'http://page.test' } });
      const answer = await gateway.publishUntil(asked, { channel: gateway.channel, ...poll('a') });
      assert.equal(answer.header('access-control-allow-origin'), 'http://page.test');
    },
  ],
  [
    '[GRIP-CORS-4] a held stream has them too',
    async (gateway) => {
      gateway.plays({ headers: holdStream(gateway.channel), body: 'open\n' });
      const answer = gateway.send({ host: 'aco.test', headers: { Origin: 'http://page.test' } });
      assert.equal((await answer.head()).header('access-control-allow-origin'), 'http://page.test');
    },
  ],
  [
    '[GRIP-JSONP-1] [DIFF-59] a body with a zero byte is told whole, and what of it is no UTF-8 has a mark',
    async (gateway) => {
      gateway.plays({ body: Uint8Array.of(0x61, 0, 0xff, 0x62) });
      const answer = await gateway.ask({ host: 'aco.test', path: '?callback=call' });
      assert.match(Buffer.from(answer.bytes).toString(), /"body": "a\\u0000\ufffdb"\}\);\n$/);
    },
  ],
  [
    '[GRIP-CORS-5] an answer 502 of the gateway itself has them, so that the page can read it',
    async (gateway) => {
      gateway.plays(({ socket }) => void socket.destroy());
      const asked = { host: 'aco.test', headers: { Origin: 'http://page.test' } };
      const answer = await gateway.ask(asked);
      assert.equal(answer.status, 502);
      assert.equal(answer.header('access-control-allow-origin'), 'http://page.test');
    },
  ],
]);

/** Allows of a page nothing that the script itself does not. */
function assertBare(answer: WholeAnswer): void {
  const names = answer.headers.map(([name]) => name.toLowerCase());
  assert.deepEqual(
    names.filter((name) => name.startsWith('access-control')),
    [],
  );
}

/** Asks with a query; gives the answer, and what the origin was asked. */
async function padded(
  gateway: Gateway,
  query: string,
  reply: Reply,
  host = 'aco.test',
): Promise<{ readonly answer: WholeAnswer; readonly asked: Asked }> {
  gateway.plays(reply);
  const answer = await gateway.ask({ host, path: query });
  return { answer, asked: await gateway.askedAt(0) };
}

function unpadded(body: string, callback: string): Record<string, unknown> {
  const head = `/**/${callback}(`;
  assert.ok(body.startsWith(head) && body.endsWith(');\n'), body);
  return JSON.parse(body.slice(head.length, -3)) as Record<string, unknown>;
}

const code = (value: string): string => encodeURIComponent(value);

export const jsonpCases = gripCases('json-p', [
  [
    '[GRIP-JSONP-1] a callback gets the whole answer, as a script',
    async (gateway) => {
      const reply = { status: 404, reason: 'Nope', headers: { 'X-A': 'b' }, body: 'text "x"\n' };
      const { answer, asked } = await padded(gateway, '?callback=cb&x=y', reply);
      assert.equal(
        `${answer.status} ${answer.header('content-type')}`,
        '200 application/javascript',
      );
      const { code: status, reason, headers: lines, body } = unpadded(answer.body, 'cb');
      assert.deepEqual([status, reason, body], [404, 'Nope', 'text "x"\n']);
      assert.equal((lines as Record<string, string>)['X-A'], 'b');
      assert.equal(asked.method, 'GET');
      assert.equal(asked.url, gateway.path('?x=y'));
    },
  ],
  [
    '[GRIP-JSONP-1] without a callback the answer is the origin’s',
    async (gateway) => {
      const { answer } = await padded(gateway, '?x=y', { body: 'text\n' });
      assert.equal(answer.body, 'text\n');
    },
  ],
  [
    '[GRIP-JSONP-1] on other routes a callback is a word as any other',
    async (gateway) => {
      const { answer, asked } = await padded(
        gateway,
        '?callback=cb',
        { body: 'text\n' },
        'plain.test',
      );
      assert.equal(answer.body, 'text\n');
      assert.equal(asked.url, gateway.path('?callback=cb'));
    },
  ],
  [
    '[GRIP-JSONP-2] method, headers and body of the request come from the query',
    async (gateway) => {
      const query = `?callback=cb&_method=PUT&_headers=${code('{"X-Mine":"c"}')}&_body=${code('hi ü')}`;
      const { asked } = await padded(gateway, query, { body: 'text\n' });
      assert.equal(asked.method, 'PUT');
      assert.equal(asked.url, gateway.path());
      assert.equal(asked.header('x-mine'), 'c');
      assert.equal(asked.body.toString(), 'hi ü');
    },
  ],
  ...(
    [
      ['_headers=x', 'Invalid _headers parameter.'],
      ['_headers=[]', 'Invalid _headers parameter.'],
    ] as const
  ).map(([query, sentence]): GripRow => [
    `[GRIP-JSONP-3] what is wrong in the query is 400: ${query}`,
    async (gateway) => {
      gateway.plays({ body: 'text\n' });
      const { status, body } = await gateway.ask({
        host: 'aco.test',
        path: `?callback=cb&${query}`,
      });
      assert.ok(body.includes(sentence), `${status} ${body}`);
      assert.deepEqual(gateway.asked, []);
    },
  ]),
  [
    '[GRIP-JSONP-4] in the mode basic the callback gets the body alone',
    async (gateway) => {
      const { answer } = await padded(
        gateway,
        '?callback=cb',
        { body: '{"a":1}\n' },
        'jsonp-basic.test',
      );
      assert.equal(answer.body, '/**/cb({"a":1});\n');
    },
  ],
  [
    '[GRIP-JSONP-7] in the mode basic an answer without a body cannot be told',
    async (gateway) => {
      const { answer } = await padded(
        gateway,
        '?callback=cb',
        { status: 404, body: '' },
        'jsonp-basic.test',
      );
      assert.equal(answer.status, 500);
      assert.equal(answer.header('content-type'), 'text/plain');
      assert.equal(answer.body, 'Upstream response could not be JSON-P encoded.\n');
      assertBare(answer);
    },
  ],
  [
    '[GRIP-JSONP-7] in the mode basic what is published without a body calls back with nothing',
    async (gateway) => {
      gateway.plays({ headers: holdResponse(gateway.channel), body: 'nothing\n' });
      const asked = gateway.ask({ host: 'jsonp-basic.test', path: '?callback=cb' });
      const answer = await gateway.publishUntil(asked, { channel: gateway.channel, ...poll('') });
      assert.equal(`${answer.status} ${answer.body}`, '200 /**/cb();\n');
    },
  ],
  [
    '[GRIP-CORS-6] a script carries no CORS headers',
    async (gateway) => {
      gateway.plays({ headers: { 'X-A': 'b' }, body: 'text\n' });
      const from = { Origin: 'http://page.test' };
      const asked = { host: 'aco.test', path: '?callback=cb', headers: from };
      const answer = await gateway.ask(asked);
      assert.equal(answer.header('content-type'), 'application/javascript');
      assertBare(answer);
    },
  ],
  [
    '[GRIP-CORS-6] nor does one that ends a hold',
    async (gateway) => {
      gateway.plays({ headers: holdResponse(gateway.channel), body: 'nothing\n' });
      const asked = gateway.ask({ host: 'aco.test', path: '?callback=cb' });
      assertBare(await gateway.publishUntil(asked, { channel: gateway.channel, ...poll('news') }));
    },
  ],
  [
    '[GRIP-JSONP-1] an error of the gateway is told with its length',
    async (gateway) => {
      gateway.plays(({ socket }) => void socket.destroy());
      const answer = await gateway.ask({ host: 'aco.test', path: '?callback=cb' });
      const { code: status, headers: lines, body } = unpadded(answer.body, 'cb');
      assert.deepEqual([status, body], [502, 'Error while proxying to origin.\n']);
      assert.deepEqual(lines, { 'Content-Length': '32', 'Content-Type': 'text/plain' });
      assertBare(answer);
    },
  ],
  [
    '[GRIP-JSONP-5] a route may have names of its own, and defaults',
    async (gateway) => {
      const query = `?data=${code('{"a":1}')}`;
      const { answer, asked } = await padded(gateway, query, { body: 'text' }, 'jsonp-own.test');
      assert.equal(unpadded(answer.body, 'fixed')['body'], 'text');
      assert.equal(asked.method, 'PUT');
      assert.equal(asked.body.toString(), '{"a":1}');
      assert.equal(asked.header('content-type'), 'application/json');
    },
  ],
  [
    '[GRIP-JSONP-6] a published answer is wrapped too',
    async (gateway) => {
      gateway.plays({ headers: holdResponse(gateway.channel), body: 'nothing\n' });
      const asked = gateway.ask({ host: 'aco.test', path: '?callback=cb' });
      const item = { channel: gateway.channel, ...poll('news', { code: 201 }) };
      const answer = await gateway.publishUntil(asked, item);
      assert.equal(answer.status, 200);
      const { code: status, body } = unpadded(answer.body, 'cb');
      assert.deepEqual([status, body], [201, 'news']);
    },
  ],
]);
