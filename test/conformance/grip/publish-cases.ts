// The control server: what publishers may say over HTTP, and what they are answered.

import assert from 'node:assert/strict';

import { gripCases, type GripRow } from './case.ts';
import { type Gateway, holdResponse, holdStream, poll, stream } from './gateway.ts';
import type { HeaderLines, WholeAnswer } from './http-client.ts';

const says = (answer: WholeAnswer): string =>
  `${answer.status} ${answer.header('content-type')} ${answer.body}`;

const EMPTY = '{"items":[]}';

/** A request to the control server whose bytes are given, and all that comes back. */
async function bytesOf(gateway: Gateway, bytes: string): Promise<WholeAnswer> {
  const connection = gateway.connection(gateway.site.control);
  const answer = connection.answer();
  connection.say(bytes);
  return answer.whole();
}

const asksControl =
  (
    method: string,
    path: string,
    wanted: string,
    { headers = {}, body }: { readonly headers?: HeaderLines; readonly body?: string } = {},
  ) =>
  async (gateway: Gateway): Promise<void> => {
    assert.equal(says(await gateway.control(method, path, headers, body)), wanted);
  };

export const controlCases = gripCases('control', [
  ...(['GET', 'POST', 'PUT'] as const).map((method): GripRow => [
    `[GRIP-CTRL-1] ${method} / tells that the server is there`,
    asksControl(method, '/', '200 text/plain Pushpin API\n', method === 'GET' ? {} : { body: '' }),
  ]),
  ...['/publish', '/publish/'].map((path): GripRow => [
    `[GRIP-CTRL-2] POST ${path} publishes`,
    asksControl('POST', path, '200 text/plain Published\n', { body: EMPTY }),
  ]),
  [
    '[GRIP-CTRL-2] every answer closes the connection',
    async (gateway) => {
      const connection = gateway.connection(gateway.site.control);
      const answer = connection.answer();
      connection.say('GET / HTTP/1.1\r\nHost: x\r\nConnection: keep-alive\r\n\r\n');
      assert.equal((await answer.whole()).header('connection'), 'close');
      await connection.ended();
    },
  ],
  ...(['GET', 'PUT', 'DELETE'] as const).flatMap((method): GripRow[] =>
    ['/publish', '/recover'].map((path) => [
      `[GRIP-CTRL-3] ${method} ${path} is not allowed`,
      async (gateway) => {
        const more = method === 'PUT' ? EMPTY : undefined;
        const answer = await gateway.control(method, path, {}, more);
        assert.equal(says(answer), `405 text/plain Method not allowed: ${method}.\n`);
        assert.equal(answer.reason, 'Method Not Allowed');
        assert.equal(answer.header('allow'), 'POST');
      },
    ]),
  ),
  ...['/x', '/publish/x', '/publish?a=b', '/publish//', '/Publish', '/?a'].map((path): GripRow => [
    `[GRIP-CTRL-4] nothing else is found: ${path}`,
    asksControl('POST', path, '404 text/plain Not Found\n', { body: EMPTY }),
  ]),
  ...(
    [
      ['application/json', '{"message":"Published"}\n', 'application/json'],
      ['application/*', '{"message":"Published"}\n', 'application/json'],
      ['text/plain', 'Published\n', 'text/plain'],
      ['text/*', 'Published\n', 'text/plain'],
      ['*/*', 'Published\n', 'text/plain'],
      ['*', 'Published\n', 'text/plain'],
      ['image/png, application/json', '{"message":"Published"}\n', 'application/json'],
      ['application/json, text/plain', 'Published\n', 'text/plain'],
      ['text/plain, application/json', '{"message":"Published"}\n', 'application/json'],
      ['application/json;q=0.1, */*;q=0.9', 'Published\n', 'text/plain'],
    ] as const
  ).map(([accept, body, type]): GripRow => [
    `[GRIP-CTRL-5] Accept: ${accept} is answered with ${type}`,
    asksControl('POST', '/publish', `200 ${type} ${body}`, {
      headers: { Accept: accept },
      body: EMPTY,
    }),
  ]),
  ...['/publish', '/nowhere'].map((path): GripRow => [
    `[GRIP-CTRL-5] an Accept of other types is 406, on ${path}`,
    asksControl(
      'POST',
      path,
      '406 text/plain Not Acceptable. Supported formats are text/plain and application/json.\n',
      { headers: { Accept: 'text/html, image/png' }, body: EMPTY },
    ),
  ]),
  [
    '[GRIP-CTRL-5] mistakes are told in plain text, whatever is accepted',
    asksControl('POST', '/publish', '400 text/plain Body is not valid JSON.\n', {
      headers: { Accept: 'application/json' },
      body: '{',
    }),
  ],
  ...(
    [
      ['{', 'Body is not valid JSON.'],
      ['', 'Body is not valid JSON.'],
      ['1', 'Body is not valid JSON.'],
      ['[]', 'Invalid format.'],
      ['{}', "Invalid format: object does not contain 'items'"],
      ['{"items":{}}', "Invalid format: object contains 'items' with wrong type"],
      ['{"items":null}', "Invalid format: object contains 'items' with wrong type"],
    ] as const
  ).map(([body, sentence]): GripRow => [
    `[GRIP-CTRL-6] a body that is wrong is 400: ${body === '' ? 'an empty one' : body}`,
    asksControl('POST', '/publish', `400 text/plain ${sentence}\n`, { body }),
  ]),
  [
    '[GRIP-CTRL-6] [DIFF-57] what only looks like JSON is none',
    async (gateway) => {
      for (const oddity of ['"id":"\\x"', '"size":1.'])
        assert.equal(
          says(
            await gateway.control(
              'POST',
              '/publish',
              {},
              `{"items":[{"channel":"c",${oddity},"http-stream":{"content":"x"}}]}`,
            ),
          ),
          '400 text/plain Body is not valid JSON.\n',
        );
    },
  ],
  [
    '[GRIP-CTRL-6] the type of the body is not looked at',
    asksControl('POST', '/publish', '200 text/plain Published\n', {
      headers: { 'Content-Type': 'text/html' },
      body: EMPTY,
    }),
  ],
  [
    '[GRIP-CTRL-6] and no credentials are asked for, or minded',
    asksControl('POST', '/publish', '200 text/plain Published\n', {
      headers: { Authorization: 'Bearer x' },
      body: EMPTY,
    }),
  ],
  ...(
    [
      [
        'a chunked body',
        'POST /publish HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
        '411',
        'Request requires Content-Length.',
      ],
      [
        'no length',
        'POST /publish HTTP/1.1\r\nHost: x\r\n\r\n',
        '411',
        'Request requires Content-Length.',
      ],
      [
        'a length that is no number',
        'POST /publish HTTP/1.1\r\nHost: x\r\nContent-Length: x\r\n\r\n',
        '400',
        'Bad Content-Length.',
      ],
      [
        'a length above 1,000,000',
        'POST /publish HTTP/1.1\r\nHost: x\r\nContent-Length: 1000001\r\n\r\n',
        '400',
        'Request body too large.',
      ],
      [
        'a head above 10,000 bytes',
        `GET / HTTP/1.1\r\nHost: x\r\nX: ${'x'.repeat(10_000)}\r\n\r\n`,
        '400',
        'Request header too large.',
      ],
      [
        'more than its length',
        'POST /publish HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\n{}',
        '400',
        'Request body exceeded Content-Length.',
      ],
      ['a request line that is none', 'HELLO\r\n\r\n', '400', 'Failed to parse request header.'],
    ] as const
  ).map(([what, bytes, status, sentence]): GripRow => [
    `[GRIP-CTRL-7] ${what} is answered ${status}`,
    async (gateway) => {
      const answer = await bytesOf(gateway, bytes);
      assert.equal(`${answer.status} ${answer.body}`, `${status} ${sentence}\n`);
    },
  ]),
  ...(
    [
      ['a version that is not spoken', 'GET / HTTP/2.0\r\nHost: x\r\n\r\n'],
      ['a request line with blanks', 'GET  /  HTTP/1.1\r\nHost: x\r\n\r\n'],
      ['a length with a sign', 'POST /publish HTTP/1.1\r\nHost: x\r\nContent-Length: +2\r\n\r\n{}'],
    ] as const
  ).map(([what, bytes]): GripRow => [
    `[GRIP-CTRL-7] [DIFF-58] ${what} is answered 400`,
    async (gateway) => {
      const { status, body } = await bytesOf(gateway, bytes);
      assert.match(
        `${status} ${body}`,
        /^400 (?:Failed to parse request header|Bad Content-Length)\.\n$/,
      );
    },
  ]),
  [
    '[GRIP-CTRL-7] a body of 1,000,000 bytes is taken',
    asksControl('POST', '/publish', '200 text/plain Published\n', {
      body: `{"items":[]${' '.repeat(1_000_000 - 12)}}`,
    }),
  ],
  [
    '[GRIP-CTRL-7] HTTP/1.0 is spoken',
    async (gateway) => {
      const answer = await bytesOf(gateway, 'GET / HTTP/1.0\r\n\r\n');
      assert.equal(`${answer.status} ${answer.body}`, '200 Pushpin API\n');
    },
  ],
  [
    '[GRIP-CTRL-7] Expect: 100-continue is answered',
    async (gateway) => {
      const connection = gateway.connection(gateway.site.control);
      const answer = connection.answer();
      connection.say(
        `POST /publish HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: ${EMPTY.length}\r\n\r\n`,
      );
      connection.say(EMPTY);
      assert.equal((await answer.whole()).body, 'Published\n');
    },
  ],
  [
    '[GRIP-CTRL-8] recover asks next links again',
    async (gateway) => {
      const { channel } = gateway;
      const link = `<${gateway.path('/next')}>; rel=next`;
      gateway.plays(({ url }) => ({
        body: url.endsWith('/next') ? 'again ' : 'open ',
        headers: holdStream(channel, { 'Grip-Link': link }),
      }));
      const answer = gateway.send();
      await answer.until('open again ');
      const { status, body } = await gateway.control('POST', '/recover', {}, '');
      assert.equal(`${status} ${body}`, '200 Updated\n');
      await answer.until('open again again ');
    },
    { isAlone: true },
  ],
  [
    '[GRIP-CTRL-8] recover asks polls again',
    async (gateway) => {
      gateway.plays({ headers: holdResponse(gateway.channel), body: 'nothing\n' });
      gateway.send();
      await gateway.askedAt(1);
      await gateway.eventually(async () => {
        const answer = await gateway.control(
          'POST',
          '/recover/',
          { Accept: 'application/json' },
          '',
        );
        assert.equal(answer.body, '{"message":"Updated"}\n');
        return gateway.asked.length > 2;
      });
    },
    { isAlone: true },
  ],
]);

const refuses =
  (item: unknown, sentence: string) =>
  async (gateway: Gateway): Promise<void> => {
    assert.equal(await gateway.refused(item), `Invalid format: ${sentence}\n`);
  };

const response = (value: unknown): unknown => ({
  channel: 'x',
  formats: { 'http-response': value },
});
const streamed = (value: unknown): unknown => ({ channel: 'x', formats: { 'http-stream': value } });
const messaged = (value: unknown): unknown => ({ channel: 'x', formats: { 'ws-message': value } });
const item = (more: object): unknown => ({
  channel: 'x',
  formats: { 'http-stream': { content: 'x' } },
  ...more,
});

export const itemCases = gripCases('items', [
  ...(
    [
      ['that is no object', 1, 'publish item object is not an object'],
      ['without a channel', { formats: {} }, "publish item object does not contain 'channel'"],
      [
        'whose channel is no text',
        { channel: 1 },
        "publish item object contains 'channel' with wrong type",
      ],
      [
        'whose channel is null',
        { channel: null },
        "publish item object contains 'channel' with wrong type",
      ],
      ['whose id is no text', item({ id: 1 }), "publish item object contains 'id' with wrong type"],
      ['whose id is null', item({ id: null }), "publish item object contains 'id' with wrong type"],
      [
        'whose prev-id is no text',
        item({ 'prev-id': 1 }),
        "publish item object contains 'prev-id' with wrong type",
      ],
      [
        'whose no-seq is no boolean',
        item({ 'no-seq': 'true' }),
        "publish item object contains 'no-seq' with wrong type",
      ],
      [
        'whose meta is no object',
        item({ meta: [] }),
        "publish item object contains 'meta' with wrong type",
      ],
      ['whose meta holds no text', item({ meta: { k: 1 } }), "'meta' contains 'k' with wrong type"],
      [
        'whose formats are no object',
        { channel: 'x', formats: [] },
        "publish item object contains 'formats' with wrong type",
      ],
      ['without formats', { channel: 'x' }, 'no formats specified'],
      ['whose formats are empty', { channel: 'x', formats: {} }, 'no formats specified'],
      ['whose response is no object', response('x'), "'http-response' is not an object"],
      [
        'whose response has no body',
        response({}),
        "'http-response' does not contain 'body', 'body-bin', or 'body-patch'",
      ],
      [
        'whose response has a body that is no text',
        response({ body: 1 }),
        "'http-response' contains 'body' with wrong type",
      ],
      [
        'whose response has a reason that is no text',
        response({ body: '', reason: 1 }),
        "'http-response' contains 'reason' with wrong type",
      ],
      ['whose stream is no object', streamed(1), "'http-stream' is not an object"],
      [
        'whose stream has no content',
        streamed({}),
        "'http-stream' does not contain 'content' or 'content-bin'",
      ],
      [
        'whose stream has content that is no text',
        streamed({ content: 1 }),
        "'http-stream' contains 'content' with wrong type",
      ],
      ['whose message is no object', messaged([]), "'ws-message' is not an object"],
      [
        'whose message has no content',
        messaged({}),
        "'ws-message' does not contain 'content' or 'content-bin'",
      ],
      ['with an action that nobody knows', streamed({ action: 'frob', content: 'x' }), ''],
    ] as const
  ).map(([what, value, sentence]): GripRow => [
    `[GRIP-PUB-1] an item ${what} is refused`,
    refuses(value, sentence),
  ]),
  ...[-1, 1000, {}].map((code): GripRow => [
    `[GRIP-PUB-1] an item whose code is ${JSON.stringify(code)} is refused`,
    async (gateway) => {
      assert.match(await gateway.refused(response({ body: 'x', code })), /^Invalid format: .*code/);
    },
  ]),
  [
    '[GRIP-PUB-2] one bad item refuses all: the good ones before it are not published',
    async (gateway) => {
      gateway.plays({ body: 'open\n', headers: holdStream(gateway.channel) });
      const answer = gateway.send();
      await answer.until('open\n');
      const { channel } = gateway;
      await gateway.refused({ channel, ...stream('wrong') }, { channel });
      await gateway.publish({ channel, ...stream('right') });
      assert.equal(await answer.until('right'), 'open\nright');
    },
  ],
  ...(
    [
      ['[GRIP-PUB-6] a line feed and a tab may stand in a text as they are', 'a\n\tb', 'a\n\tb'],
      ['[GRIP-PUB-7] half a surrogate pair is a question mark', 'x\\ud83dy', 'x?y'],
    ] as const
  ).map(([title, written, heard]): GripRow => [
    title,
    async (gateway) => {
      gateway.plays({ body: 'open\n', headers: holdStream(gateway.channel) });
      const answer = gateway.send();
      await answer.until('open\n');
      const json = JSON.stringify({ channel: gateway.channel, ...stream('@') });
      const body = `{"items":[${json.replace('@', written)}]}`;
      const said = await gateway.control('POST', '/publish', {}, body);
      assert.equal(says(said), '200 text/plain Published\n');
      await answer.until(`open\n${heard}`);
    },
  ]),
  [
    '[GRIP-PUB-3] formats may stand in the item itself, as they did of old',
    async (gateway) => {
      gateway.plays({ body: 'open\n', headers: holdStream(gateway.channel) });
      const answer = gateway.send();
      await answer.until('open\n');
      await gateway.publish({ channel: gateway.channel, 'http-stream': { content: 'old' } });
      await answer.until('open\nold');
    },
  ],
  ...(
    [
      ['formats that nobody knows', { formats: { frob: {} } }],
      [
        'members that nobody knows',
        { formats: { 'http-stream': { content: 'x', frob: 1 } }, frob: [] },
      ],
      ['a hint without content', { formats: { 'http-stream': { action: 'hint' } } }],
      ['a close without content', { formats: { 'http-stream': { action: 'close' } } }],
      ['a hint without a body', { formats: { 'http-response': { action: 'hint' } } }],
      ['an empty channel', { channel: '', formats: { 'http-stream': { content: 'x' } } }],
      ['a size', { size: 5, formats: { 'http-stream': { content: 'x' } } }],
      ['an empty id', { id: '', formats: { 'http-stream': { content: 'x' } } }],
    ] as const
  ).map(([what, more]): GripRow => [
    `[GRIP-PUB-4] an item with ${what} is taken`,
    (gateway) => gateway.publish({ channel: gateway.channel, ...more }),
  ]),
  [
    '[GRIP-PUB-5] a publication that nobody waits for is taken, and gone',
    async (gateway) => {
      await gateway.publish({ channel: gateway.channel, ...poll('early') });
      gateway.plays({
        headers: holdResponse(gateway.channel, { 'Grip-Timeout': '5' }),
        body: 'late\n',
      });
      assert.equal((await gateway.ask()).body, 'late\n');
    },
  ],
]);
