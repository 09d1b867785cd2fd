// What clients do on their connections: one request after the other, half of one, or what no client should say.

import assert from 'node:assert/strict';

import { gripCases, type GripRow } from './case.ts';
import { type Gateway, holdStream, stream } from './gateway.ts';

const get = (path: string, ...lines: readonly string[]): string =>
  [
    'GET',
    ' ',
    path,
    ' HTTP/1.1\r\nHost: plain.test\r\n',
    ...lines.map((line) => `${line}\r\n`),
    '\r\n',
  ].join('');

/** Bytes that are to be answered 400, after which the connection ends; the origin hears nothing. */
const isRefused =
  (bytes: (path: string) => string) =>
  async (gateway: Gateway): Promise<void> => {
    gateway.plays({ body: 'here\n' });
    const { connection, answer } = gateway.raw(bytes(gateway.path('/x')));
    assert.equal((await answer.whole()).status, 400);
    await connection.ended();
    assert.deepEqual(gateway.asked, []);
  };

export const clientCases = gripCases('clients', [
  [
    '[GRIP-CLIENT-1] a connection of HTTP/1.1 takes one request after the other',
    async (gateway) => {
      gateway.plays((asked) => ({ body: asked.url }));
      const on = gateway.connection();
      for (const path of ['/1', '/2', '/3'])
        assert.equal((await gateway.ask({ on, path })).body, gateway.path(path));
    },
  ],
  [
    '[GRIP-CLIENT-1] requests that come before their turn are answered in order',
    async (gateway) => {
      gateway.plays((asked) => ({ body: asked.url }));
      const connection = gateway.connection();
      const answers = [1, 2, 3].map(() => connection.answer());
      connection.say([1, 2, 3].map((nth) => get(gateway.path(`/${nth}`))).join(''));
      const wholes = await Promise.all(answers.map((answer) => answer.whole()));
      assert.deepEqual(
        wholes.map(({ body }) => body),
        [1, 2, 3].map((nth) => gateway.path(`/${nth}`)),
      );
    },
  ],
  [
    '[GRIP-CLIENT-1] with Connection: close it ends after the answer',
    async (gateway) => {
      gateway.plays({ body: 'x' });
      const on = gateway.connection();
      const answer = await gateway.ask({ on, headers: { Connection: 'close' } });
      assert.equal(answer.header('connection'), 'close');
      await on.ended();
    },
  ],
  [
    '[GRIP-CLIENT-2] a connection of HTTP/1.0 ends after the answer',
    async (gateway) => {
      gateway.plays({ body: 'x' });
      const on = gateway.connection();
      const answer = await gateway.ask({ on, version: 'HTTP/1.0' });
      assert.equal(`${answer.version} ${answer.body}`, '1.0 x');
      await on.ended();
    },
  ],
  [
    '[GRIP-CLIENT-2] unless it asks to be kept',
    async (gateway) => {
      gateway.plays({ body: 'x' });
      const on = gateway.connection();
      const headers = { Connection: 'keep-alive' };
      const first = await gateway.ask({ on, version: 'HTTP/1.0', headers });
      assert.equal(first.version, '1.0');
      assert.match(first.header('connection') ?? '', /keep-alive/i);
      assert.equal((await gateway.ask({ on, version: 'HTTP/1.0', headers })).body, 'x');
    },
  ],
  [
    '[GRIP-CLIENT-3] a request may come byte by byte',
    async (gateway) => {
      gateway.plays(({ body }) => ({ body }));
      const connection = gateway.connection();
      const answer = connection.answer('POST');
      const bytes = `POST ${gateway.path()} HTTP/1.1\r\nHost: plain.test\r\nContent-Length: 3\r\n\r\nabc`;
      for (const byte of bytes) {
        connection.say(byte);
        await new Promise((resolve) => setImmediate(resolve));
      }
      assert.equal((await answer.whole()).body, 'abc');
    },
  ],
  [
    '[GRIP-CLIENT-3] a client that closes its side after a request is answered, or taken as one that left',
    async (gateway) => {
      gateway.plays({ body: 'x' });
      const { connection, answer } = gateway.raw(get(gateway.path(), 'Connection: close'));
      connection.socket.end();
      await answer.over();
      if (answer.reader.head !== undefined) assert.equal((await answer.whole()).body, 'x');
    },
  ],
  [
    '[GRIP-CLIENT-4] a stream and a request on two connections do not hinder each other',
    async (gateway) => {
      gateway.plays(({ url }) =>
        url.endsWith('/stream')
          ? { body: 'open\n', headers: holdStream(gateway.channel) }
          : { body: 'x' },
      );
      const answer = gateway.send({ path: '/stream' });
      await answer.until('open\n');
      assert.equal((await gateway.ask()).body, 'x');
      await gateway.publish({ channel: gateway.channel, ...stream('a') });
      await answer.until('open\na');
    },
  ],
  [
    '[GRIP-CLIENT-5] 60 headers are taken',
    async (gateway) => {
      gateway.plays({ body: 'x' });
      const headers = Object.fromEntries(
        Array.from({ length: 58 }, (_, at) => [`X-Header-${at}`, 'v']),
      );
      await gateway.ask({ headers });
      assert.equal((await gateway.askedAt(0)).header('x-header-57'), 'v');
    },
  ],
  [
    '[GRIP-CLIENT-5] a head of 7,000 bytes is taken',
    async (gateway) => {
      gateway.plays({ body: 'x' });
      await gateway.ask({ headers: { 'X-Long': 'v'.repeat(7_000) } });
      assert.equal((await gateway.askedAt(0)).header('x-long')?.length, 7_000);
    },
  ],
  [
    '[GRIP-CLIENT-5] [DIFF-62] more than 64 headers are taken',
    async (gateway) => {
      gateway.plays({ body: 'x' });
      const headers = Object.fromEntries(Array.from({ length: 90 }, (_, at) => [`X-${at}`, 'v']));
      assert.equal((await gateway.ask({ headers })).status, 200);
      assert.equal((await gateway.askedAt(0)).header('x-89'), 'v');
    },
  ],
  [
    '[GRIP-CLIENT-5] [DIFF-62] a target of more than 4,096 bytes is taken',
    async (gateway) => {
      gateway.plays({ body: 'x' });
      const path = `/${'x'.repeat(5_000)}`;
      assert.equal((await gateway.ask({ path })).status, 200);
      assert.equal((await gateway.askedAt(0)).url, gateway.path(path));
    },
  ],
  [
    '[GRIP-CLIENT-5] [DIFF-62] an answer may have a longer head than a request',
    async (gateway) => {
      gateway.plays({ body: 'x', headers: { 'X-Long': 'v'.repeat(9_000) } });
      assert.equal((await gateway.ask()).header('x-long')?.length, 9_000);
    },
  ],
  [
    '[GRIP-CLIENT-5] [DIFF-16] a head that is larger than client_buffer_size is answered 400',
    async (gateway) => {
      const { answer } = gateway.raw(get(gateway.path(), `X-Long: ${'v'.repeat(9_000)}`));
      const { status, body } = await answer.whole();
      assert.equal(`${status} ${body}`, '400 Request header size exceeded limit of 8192 bytes.\n');
    },
  ],
  [
    '[GRIP-CLIENT-6] [DIFF-17] a burst of 300 requests at once is answered, every one',
    async (gateway) => {
      gateway.plays({ body: 'x' });
      const answers = await Promise.all(Array.from({ length: 300 }, () => gateway.ask()));
      const wrong = answers.filter(({ status }) => status !== 200);
      assert.equal(gateway.asked.length, 300);
      assert.equal(wrong.length, 0, `${wrong.length} of 300 were answered ${wrong[0]?.status}`);
    },
    { isAlone: true, seconds: 30 },
  ],
  [
    '[GRIP-CLIENT-7] streams that are opened fast all stay open',
    async (gateway) => {
      gateway.plays({ body: 'open\n', headers: holdStream(gateway.channel) });
      const answers = [];
      for (let batch = 0; batch < 40; batch += 1) {
        const some = Array.from({ length: 50 }, () => gateway.send());
        await Promise.all(some.map((answer) => answer.until('open\n')));
        answers.push(...some);
      }
      await gateway.publish({ channel: gateway.channel, ...stream('a') });
      await Promise.all(answers.map((answer) => answer.until('open\na')));
    },
    { isAlone: true, seconds: 60 },
  ],
]);

const chunked = (path: string, body: string, ...lines: readonly string[]): string =>
  [
    `POST ${path} HTTP/1.1`,
    'Host: plain.test',
    ...lines,
    'Transfer-Encoding: chunked',
    '',
    body,
  ].join('\r\n');

const post = (path: string, ...lines: readonly string[]): string =>
  [`POST ${path} HTTP/1.1`, 'Host: plain.test', ...lines, '', 'abc'].join('\r\n');

/** What is said after the path, and is refused. */
const refusedBytes: readonly (readonly [what: string, bytes: (path: string) => string])[] = [
  ['a length beside chunks', (path) => chunked(path, '0\r\n\r\n', 'Content-Length: 5')],
  ['two different lengths', (path) => post(path, 'Content-Length: 3', 'Content-Length: 4')],
  ['a list of different lengths', (path) => post(path, 'Content-Length: 3, 4')],
  ['a length with a sign', (path) => post(path, 'Content-Length: +3')],
  ['a length that is no number', (path) => post(path, 'Content-Length: 3x')],
  ['a length below 0', (path) => post(path, 'Content-Length: -3')],
  ['an encoding that nobody knows', (path) => post(path, 'Transfer-Encoding: frob')],
  [
    'chunked that is not the last encoding',
    (path) => post(path, 'Transfer-Encoding: chunked, gzip'),
  ],
  ['chunked twice', (path) => chunked(path, '0\r\n\r\n', 'Transfer-Encoding: chunked')],
  ['no host', (path) => `GET ${path} HTTP/1.1\r\n\r\n`],
  ['two hosts', (path) => get(path, 'Host: other.test')],
  ['a host with a blank', (path) => `GET ${path} HTTP/1.1\r\nHost: a b\r\n\r\n`],
  ['a request line that is none', () => 'HELLO\r\n\r\n'],
  ['a request line of four words', (path) => `GET ${path} x HTTP/1.1\r\nHost: a\r\n\r\n`],
  ['a version that is none', (path) => `GET ${path} HTTP/x\r\nHost: a\r\n\r\n`],
  ['a bare LF in the head', (path) => `GET ${path} HTTP/1.1\nHost: plain.test\n\n`],
  ['a bare CR in a value', (path) => get(path, 'X: a\rb')],
  ['a folded line', (path) => get(path, 'X: a', ' b')],
  ['a blank before the colon', (path) => get(path, 'X-A : a')],
  ['a line without a colon', (path) => get(path, 'X-A')],
  ['an empty name', (path) => get(path, ': a')],
  ['a zero byte in a value', (path) => get(path, 'X: a\u0000b')],
  ['a control character in the target', (path) => get(`${path}\u0001`)],
  ['a chunk whose size is no number', (path) => chunked(path, 'x\r\nabc\r\n0\r\n\r\n')],
  ['a chunk whose size has a sign', (path) => chunked(path, '+3\r\nabc\r\n0\r\n\r\n')],
  ['a chunk whose size has 0x', (path) => chunked(path, '0x3\r\nabc\r\n0\r\n\r\n')],
  [
    'a chunk whose size is beyond all',
    (path) => chunked(path, 'fffffffffffffffff\r\nabc\r\n0\r\n\r\n'),
  ],
  ['a chunk that is longer than its size', (path) => chunked(path, '2\r\nabc\r\n0\r\n\r\n')],
];

export const smugglingCases = gripCases('smuggling', [
  ...refusedBytes.map(([what, bytes]): GripRow => [
    `[GRIP-SMUG-1] [DIFF-19] ${what} is answered 400, and the connection ends`,
    isRefused(bytes),
  ]),
  [
    '[GRIP-SMUG-1] two lengths that are the same are one',
    async (gateway) => {
      gateway.plays(({ body }) => ({ body }));
      const path = gateway.path();
      const { answer } = gateway.raw(post(path, 'Content-Length: 3', 'Content-Length: 3'), 'POST');
      const { status, body } = await answer.whole();
      assert.ok(status === 400 || (status === 200 && body === 'abc'), `${status} ${body}`);
    },
  ],
  [
    '[GRIP-SMUG-2] what comes after the body is the next request, and no part of this one',
    async (gateway) => {
      gateway.plays(({ url, body }) => ({ body: `${url} ${body.toString()}` }));
      const connection = gateway.connection();
      const answers = [connection.answer('POST'), connection.answer()];
      connection.say(`${post(gateway.path('/1'), 'Content-Length: 3')}${get(gateway.path('/2'))}`);
      const [one, two] = await Promise.all(answers.map((answer) => answer.whole()));
      assert.equal(one?.body, `${gateway.path('/1')} abc`);
      assert.equal(two?.body, `${gateway.path('/2')} `);
    },
  ],
  [
    '[GRIP-SMUG-2] also after chunks',
    async (gateway) => {
      gateway.plays(({ url, body }) => ({ body: `${url} ${body.toString()}` }));
      const connection = gateway.connection();
      const answers = [connection.answer('POST'), connection.answer()];
      connection.say(
        `${chunked(gateway.path('/1'), '3\r\nabc\r\n0\r\n\r\n')}${get(gateway.path('/2'))}`,
      );
      const [one, two] = await Promise.all(answers.map((answer) => answer.whole()));
      assert.equal(one?.body, `${gateway.path('/1')} abc`);
      assert.equal(two?.body, `${gateway.path('/2')} `);
    },
  ],
  [
    '[GRIP-SMUG-3] [DIFF-20] the name of chunked may have any case',
    async (gateway) => {
      gateway.plays(({ body }) => ({ body }));
      const bytes = chunked(gateway.path(), '3\r\nabc\r\n0\r\n\r\n').replace(
        ': chunked',
        ': Chunked',
      );
      assert.equal((await gateway.raw(bytes, 'POST').answer.whole()).body, 'abc');
    },
  ],
  [
    '[GRIP-SMUG-4] an origin that answers both a length and chunks does not confuse the next answer',
    async (gateway) => {
      const twice = 'Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n';
      // All in bytes: on this connection the origin's library waits for an answer of its own.
      gateway.plays(({ socket }, nth) => {
        const rest = nth === 0 ? twice : 'Connection: close\r\nContent-Length: 4\r\n\r\nnext';
        socket.write(`HTTP/1.1 200 OK\r\n${rest}`);
        // Nobody else may be sent over it.
        if (nth > 0) socket.end();
        return undefined;
      });
      const on = gateway.connection();
      const first = gateway.send({ on });
      await first.over();
      const second = await gateway.ask({ path: '/2' });
      assert.equal(second.body, 'next');
    },
  ],
]);
