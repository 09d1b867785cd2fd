// Requests that no hold comes of: what the origin is asked, and what the client is answered.

import assert from 'node:assert/strict';
import { createHmac, createPublicKey, verify } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { gripCases, type GripRow } from './case.ts';
import { type Gateway, holdResponse, holdStream, type Request } from './gateway.ts';
import type { HeaderLines, WholeAnswer } from './http-client.ts';
import type { Asked, Reply, Script } from './origin.ts';

interface Passed {
  readonly asked: Asked;
  readonly answer: WholeAnswer;
}

/** One request through the gateway. */
async function pass(gateway: Gateway, request: Request = {}, reply: Reply = {}): Promise<Passed> {
  gateway.plays(reply);
  const answer = await gateway.ask(request);
  return { answer, asked: await gateway.askedAt(0) };
}

const sends =
  (request: Request, look: (asked: Asked, gateway: Gateway) => void) =>
  async (gateway: Gateway): Promise<void> => {
    look((await pass(gateway, request)).asked, gateway);
  };

const gives =
  (reply: Reply, look: (answer: WholeAnswer) => void, request: Request = {}) =>
  async (gateway: Gateway): Promise<void> => {
    look((await pass(gateway, request, reply)).answer);
  };

const says =
  (bytes: string, look: (answer: WholeAnswer) => void) =>
  async (gateway: Gateway): Promise<void> => {
    // Nobody else may be answered on it, nor be sent over it.
    const last = bytes.replace(/\r?\n/, '$&Connection: close$&');
    gateway.plays(({ socket }) => void socket.end(last));
    look(await gateway.ask());
  };

const claimsOf = (token: string): Record<string, unknown> =>
  JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as Record<
    string,
    unknown
  >;

/** Fails unless the token of a request is signed so; gives its claims. */
function signed(asked: Asked, key: string | Uint8Array): Record<string, unknown> {
  const [token = ''] = asked.all('grip-sig');
  const [head, body, signature] = token.split('.');
  const own = createHmac('sha256', key).update(`${head}.${body}`).digest('base64url');
  assert.equal(signature, own);
  return claimsOf(token);
}

const FEATURES = [
  ...['status', 'session', 'link:next', 'filter:skip-self', 'filter:skip-users'],
  ...['filter:require-sub', 'filter:build-id', 'filter:var-subst'],
];

/** Ends the connection at its second request. */
const endsKept = (): Script => {
  const used = new Set<Asked['socket']>();
  return ({ socket }) => {
    if (used.has(socket)) {
      socket.destroy();
      return undefined;
    }
    used.add(socket);
    return { body: 'fine\n' };
  };
};

export const proxyCases = gripCases('proxy', [
  [
    '[GRIP-PROXY-1] [DIFF-27] what a client says of its own connection does not reach the origin',
    sends(
      { headers: { TE: 'trailers', Upgrade: 'h2c', 'Proxy-Connection': 'x', 'X-A': 'b' } },
      (asked) => {
        for (const name of ['te', 'upgrade', 'proxy-connection'])
          assert.deepEqual(asked.all(name), []);
        assert.deepEqual(asked.all('x-a'), ['b']);
      },
    ),
  ],
  [
    '[GRIP-PROXY-1] [DIFF-27] nor does what an origin says of its own reach the client',
    says(
      'HTTP/1.1 200 OK\r\nUpgrade: h2c\r\nTrailer: X-T\r\nX-A: b\r\nContent-Length: 0\r\n\r\n',
      (answer) => {
        for (const name of ['upgrade', 'trailer']) assert.deepEqual(answer.all(name), []);
        assert.deepEqual(answer.all('x-a'), ['b']);
      },
    ),
  ],
  [
    '[GRIP-REWRITE-1] [DIFF-28] the Host reaches the origin as it came',
    sends({ host: 'PLAIN.test:80' }, (asked) => {
      assert.deepEqual(asked.all('host'), ['PLAIN.test:80']);
    }),
  ],
  [
    '[GRIP-PROXY-1] [DIFF-31] an answer without a reason is one',
    says('HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nok', ({ status, body }) => {
      assert.equal(`${status} ${body}`, '200 ok');
    }),
  ],
  [
    '[GRIP-PROXY-1] [DIFF-31] an answer with an empty header is one',
    says('HTTP/1.1 200 OK\r\nX-A:\r\nContent-Length: 2\r\n\r\nok', (answer) => {
      assert.equal(`${answer.status} ${answer.header('x-a')} ${answer.body}`, '200  ok');
    }),
  ],
  ...(
    [
      ['lines that end in a bare line feed', 'HTTP/1.1 200 OK\nContent-Length: 2\n\nok'],
      [
        'a length beside chunks',
        'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n',
      ],
      [
        'two different lengths',
        'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\noks',
      ],
    ] as const
  ).map(([what, bytes]): GripRow => [
    `[GRIP-PROXY-9] [DIFF-32] ${what} are no answer`,
    says(bytes, ({ status }) => {
      assert.equal(status, 502);
    }),
  ]),
  [
    '[GRIP-PROXY-1] a length that is said twice is one',
    says(
      'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nok',
      ({ status, body }) => {
        assert.equal(`${status} ${body}`, '200 ok');
      },
    ),
  ],
  [
    '[GRIP-PROXY-1] [DIFF-33] blanks around a value are no part of it',
    says(
      'HTTP/1.1 200 OK\r\nGrip-Status:  404  \r\nContent-Length: 2\r\n\r\nok',
      ({ status, body }) => {
        assert.equal(`${status} ${body}`, '404 ok');
      },
    ),
  ],
  [
    '[GRIP-PROXY-1] a request is passed to the origin, and its answer to the client',
    async (gateway) => {
      const request = { method: 'POST', path: '/x?y=z', body: 'in' };
      const reply = { status: 201, reason: 'Made', headers: { 'X-A': 'b' }, body: 'hello\n' };
      const { asked, answer } = await pass(gateway, request, reply);
      assert.equal(asked.method, 'POST');
      assert.equal(asked.url, gateway.path('/x?y=z'));
      assert.equal(asked.body.toString(), 'in');
      assert.equal(answer.status, 201);
      assert.equal(answer.reason, 'Made');
      assert.equal(answer.header('x-a'), 'b');
      assert.equal(answer.body, 'hello\n');
    },
  ],
  ...['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'PROPFIND', 'REPORT'].map(
    (method): GripRow => [
      `[GRIP-PROXY-2] the method ${method} is passed on`,
      sends({ method, body: 'x' }, (asked) => {
        assert.equal(asked.method, method);
        assert.equal(asked.body.toString(), 'x');
      }),
    ],
  ),
  [
    '[GRIP-PROXY-3] HEAD is answered with the head alone, and the connection goes on',
    async (gateway) => {
      gateway.plays((asked) => {
        if (asked.method !== 'HEAD') return { body: 'whole\n' };
        asked.response?.writeHead(200, ['Content-Length', '6', 'X-A', 'b']).end();
        return undefined;
      });
      const on = gateway.connection();
      const head = await gateway.ask({ method: 'HEAD', on });
      assert.equal(head.header('content-length'), '6');
      assert.equal(head.header('x-a'), 'b');
      assert.equal((await gateway.ask({ on })).body, 'whole\n');
    },
  ],
  ...(
    [
      ['a query', '?a=1&b=%20&c'],
      ['an empty query', '?'],
      ['encoded letters that need it', '/%C3%A9/%2F'],
      ['a trailing slash', '/'],
      ['doubled slashes', '//x//'],
      ['the marks that paths may have', "/-._~!$&'()*+,;=:@"],
    ] as const
  ).map(([what, rest]): GripRow => [
    `[GRIP-PROXY-4] a target with ${what} is passed on as it is`,
    sends({ path: rest }, (asked, gateway) => assert.equal(asked.url, gateway.path(rest))),
  ]),
  ...(
    [
      ['that is no good encoding', '/%zz'],
      ['that is encoded without need', '/%61'],
    ] as const
  ).map(([what, rest]): GripRow => [
    `[GRIP-PROXY-4] [DIFF-1] a path ${what} is passed on as it is`,
    sends({ path: rest }, (asked, gateway) => assert.equal(asked.url, gateway.path(rest))),
  ]),
  ...['/x#y', '?a=b#c', '#d'].map((rest): GripRow => [
    `[GRIP-PROXY-4] the fragment in ${rest} stays here`,
    sends({ path: rest }, (asked, gateway) =>
      assert.equal(asked.url, gateway.path(rest.slice(0, rest.indexOf('#')))),
    ),
  ]),
  ...['REPORT', 'SEARCH', 'PURGE', 'TRACE'].map((method): GripRow => [
    `[GRIP-PROXY-2] ${method} without a body says that it has none`,
    sends({ method }, (asked) => assert.equal(asked.header('content-length'), '0')),
  ]),
  ...['GET', 'DELETE', 'OPTIONS'].map((method): GripRow => [
    `[GRIP-PROXY-2] ${method} need not say so`,
    sends({ method }, (asked) => assert.equal(asked.header('content-length'), undefined)),
  ]),
  [
    '[GRIP-HEAD-1] [DIFF-54] a header without a value is passed on',
    sends({ headers: { 'X-Empty': '', 'X-A': 'b' } }, (asked) => {
      assert.deepEqual(asked.all('x-empty'), ['']);
      assert.deepEqual(asked.all('x-a'), ['b']);
    }),
  ],
  [
    '[GRIP-CLIENT-1] [DIFF-55] a connection goes on behind a request whose length is 0',
    async (gateway) => {
      gateway.plays({ body: 'here\n' });
      const on = gateway.connection();
      const request = { method: 'POST', headers: { 'Content-Length': '0' }, on };
      assert.equal((await gateway.ask(request)).header('connection'), undefined);
      assert.equal((await gateway.ask(request)).body, 'here\n');
    },
  ],
  [
    '[GRIP-HEAD-2] [DIFF-56] who has sent the body is not asked for it',
    async (gateway) => {
      gateway.plays({ body: 'here\n' });
      const connection = gateway.connection();
      const head = `POST ${gateway.path()} HTTP/1.1\r\nHost: plain.test\r\nExpect: 100-continue\r\n`;
      connection.say(`${head}Content-Length: 3\r\n\r\nabc`);
      await gateway.eventually(() => connection.unread.includes('here\n'));
      assert.match(connection.unread.toString(), /^HTTP\/1\.1 200 /);
      assert.equal((await gateway.askedAt(0)).body.toString(), 'abc');
    },
  ],
  [
    '[GRIP-PROXY-4] [DIFF-2] a target in absolute form is taken',
    async (gateway) => {
      gateway.plays({ body: 'here\n' });
      const answer = await gateway.ask({ path: '=http://plain.test/TOKEN/x' });
      assert.equal(answer.status, 200);
      const asked = await gateway.askedAt(0);
      assert.equal(asked.url, gateway.path('/x'));
      assert.equal(asked.header('host'), 'plain.test');
    },
  ],
  ...[0, 1, 10_000, 10_001, 100_001, 1_000_000].map((size): GripRow => [
    `[GRIP-PROXY-5] a body of ${size} bytes reaches the origin`,
    sends({ method: 'POST', body: 'b'.repeat(size) }, (asked) => {
      assert.equal(asked.body.length, size);
      assert.equal(asked.header('content-length'), String(size));
    }),
  ]),
  [
    '[GRIP-PROXY-5] a chunked body reaches the origin whole',
    async (gateway) => {
      gateway.plays({ body: 'here\n' });
      const head = `POST ${gateway.path()} HTTP/1.1\r\nHost: plain.test\r\nTransfer-Encoding: chunked\r\n\r\n`;
      const { answer } = gateway.raw(`${head}3\r\nabc\r\n4;x=y\r\ndefg\r\n0\r\n\r\n`, 'POST');
      assert.equal((await answer.whole()).status, 200);
      assert.equal((await gateway.askedAt(0)).body.toString(), 'abcdefg');
    },
  ],
  [
    '[GRIP-PROXY-5] a body larger than the first 10,000 bytes streams to an origin that reads it',
    async (gateway) => {
      const heard = { bytes: 0 };
      gateway.plays((asked) => {
        asked.request.on('data', (chunk: Buffer) => {
          heard.bytes += chunk.length;
        });
        asked.request.on('end', () => asked.response?.end('done\n'));
        return undefined;
      }, true);
      const { connection, answer } = gateway.raw(
        `POST ${gateway.path()} HTTP/1.1\r\nHost: plain.test\r\nContent-Length: 40000\r\n\r\n`,
        'POST',
      );
      connection.say('a'.repeat(20_000));
      await gateway.eventually(() => heard.bytes >= 20_000);
      connection.say('b'.repeat(20_000));
      assert.equal((await answer.whole()).body, 'done\n');
      assert.equal(heard.bytes, 40_000);
    },
  ],
  ...[0, 1, 100_001, 2_000_000].map((size): GripRow => [
    `[GRIP-PROXY-6] an answer of ${size} bytes reaches the client`,
    gives({ body: 'b'.repeat(size) }, (answer) => {
      assert.equal(answer.bytes.length, size);
      assert.equal(answer.header('content-length'), String(size));
      assert.equal(answer.header('transfer-encoding'), undefined);
    }),
  ]),
  [
    '[GRIP-PROXY-6] the answer streams while the origin still writes it',
    async (gateway) => {
      let finish: () => void = () => {};
      gateway.plays(({ response }) => {
        response?.write('one ');
        finish = () => response?.end('two');
        return undefined;
      });
      const answer = gateway.send();
      await answer.until('one ');
      finish();
      const whole = await answer.whole();
      assert.equal(whole.body, 'one two');
      assert.equal(whole.header('transfer-encoding'), 'chunked');
    },
  ],
  [
    '[GRIP-PROXY-6] a client of HTTP/1.0 gets a chunked answer up to the end of the connection',
    async (gateway) => {
      gateway.plays(({ response }) => {
        response?.write('one ');
        response?.end('two');
        return undefined;
      });
      const on = gateway.connection();
      const whole = await gateway.ask({ version: 'HTTP/1.0', on });
      assert.equal(whole.body, 'one two');
      assert.equal(whole.header('transfer-encoding'), undefined);
      await on.ended();
    },
  ],
  [
    '[GRIP-PROXY-6] bytes that are no text come as they are, both ways',
    async (gateway) => {
      const bytes = Uint8Array.from({ length: 1024 }, (_, at) => at % 256);
      const { asked, answer } = await pass(
        gateway,
        { method: 'POST', body: bytes },
        { body: bytes },
      );
      assert.deepEqual([...asked.body], [...bytes]);
      assert.deepEqual([...answer.bytes], [...bytes]);
    },
  ],
  ...([204, 304] as const).map((status): GripRow => [
    `[GRIP-PROXY-7] an answer ${status} has no body, and the connection goes on`,
    async (gateway) => {
      gateway.plays([{ status, headers: { ETag: '"x"' } }, { body: 'next\n' }]);
      const on = gateway.connection();
      const bare = await gateway.ask({ on });
      assert.equal(bare.status, status);
      assert.equal(bare.header('etag'), '"x"');
      assert.equal(bare.header('transfer-encoding'), undefined);
      assert.equal((await gateway.ask({ on })).body, 'next\n');
    },
  ]),
  [
    '[GRIP-PROXY-7] an answer 304 does not tell the length of what it does not have',
    says('HTTP/1.1 304 Not Modified\r\nContent-Length: 10\r\nETag: "x"\r\n\r\n', (answer) => {
      assert.equal(answer.header('content-length'), undefined);
      assert.equal(answer.header('etag'), '"x"');
    }),
  ],
  ...[200, 201, 299, 301, 400, 401, 403, 404, 418, 429, 500, 503, 599].map((status): GripRow => [
    `[GRIP-PROXY-8] the status ${status} and its reason come as they are`,
    gives({ status, reason: 'As It Is', body: 'x' }, (answer) => {
      assert.equal(answer.status, status);
      assert.equal(answer.reason, 'As It Is');
    }),
  ]),
  [
    '[GRIP-PROXY-8] no redirect is followed',
    gives({ status: 302, headers: { Location: 'http://other.test/x' } }, (answer) => {
      assert.equal(answer.status, 302);
      assert.equal(answer.header('location'), 'http://other.test/x');
    }),
  ],
  [
    '[GRIP-PROXY-9] an origin that ends before its head is answered 502',
    async (gateway) => {
      gateway.plays(({ socket }) => void socket.destroy());
      const { status, body } = await gateway.ask();
      assert.equal(`${status} ${body}`, '502 Error while proxying to origin.\n');
    },
  ],
  [
    '[GRIP-PROXY-9] where it ends a connection that was kept, it is asked again',
    async (gateway) => {
      gateway.plays(endsKept());
      for (let nth = 0; nth < 2; nth += 1) assert.equal((await gateway.ask()).body, 'fine\n');
    },
    { isAlone: true },
  ],
  [
    '[GRIP-PROXY-9] [DIFF-133] but never twice by POST',
    async (gateway) => {
      gateway.plays(endsKept());
      assert.equal((await gateway.ask()).status, 200);
      const { status } = await gateway.ask({ method: 'POST', body: 'pay' });
      const posts = gateway.asked.filter(({ method }) => method === 'POST');
      assert.ok(
        posts.length === 1,
        `the origin was asked ${posts.length} times, and then ${status}`,
      );
    },
    { isAlone: true },
  ],
  [
    '[GRIP-PROXY-9] an origin that answers what is no HTTP is answered 502',
    async (gateway) => {
      gateway.plays(({ socket }) => void socket.end('SSH-2.0-no\r\n\r\n'));
      assert.equal((await gateway.ask()).status, 502);
    },
  ],
  [
    '[GRIP-PROXY-10] [DIFF-3] where the origin breaks off inside its length, the client’s answer breaks off',
    async (gateway) => {
      gateway.plays(({ socket }) => {
        socket.write('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf');
        socket.end();
        return undefined;
      });
      await gateway.send().broken();
    },
  ],
  [
    '[GRIP-PROXY-10] [DIFF-3] where the origin breaks off inside its chunks, the client’s answer breaks off',
    async (gateway) => {
      gateway.plays(({ socket }) => {
        socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n');
        socket.end();
        return undefined;
      });
      await gateway.send().broken();
    },
  ],
  [
    '[GRIP-PROXY-11] an answer without length ends with the origin’s connection',
    async (gateway) => {
      gateway.plays(({ socket }) => {
        socket.write('HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nall of it');
        socket.end();
        return undefined;
      });
      assert.equal((await gateway.ask()).body, 'all of it');
    },
  ],
  [
    '[GRIP-PROXY-12] a client that leaves is told to the origin by the end of its connection',
    async (gateway) => {
      gateway.plays(({ response }) => {
        response?.write('first');
        return undefined;
      });
      const on = gateway.connection();
      const answer = gateway.send({ on });
      await answer.until('first');
      const asked = await gateway.askedAt(0);
      const closed = new Promise((resolve) => asked.socket.once('close', resolve));
      on.leave();
      await closed;
    },
  ],
  [
    '[GRIP-PROXY-12] also where the origin has answered nothing yet',
    async (gateway) => {
      gateway.plays(() => undefined);
      const on = gateway.connection();
      gateway.send({ on });
      const asked = await gateway.askedAt(0);
      const closed = new Promise((resolve) => asked.socket.once('close', resolve));
      on.leave();
      await closed;
    },
  ],
  [
    '[GRIP-PROXY-13] an origin’s 100 Continue is not the answer',
    async (gateway) => {
      gateway.plays(({ socket }) => {
        // Written past node:http, which would keep later answers on this connection back for ever.
        socket.end(
          'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhi',
        );
        return undefined;
      });
      assert.equal((await gateway.ask()).body, 'hi');
    },
  ],
  [
    '[GRIP-PROXY-14] an origin that answers before the body is whole is heard',
    async (gateway) => {
      gateway.plays(() => ({ status: 413, body: 'too much\n' }), true);
      const { connection, answer } = gateway.raw(
        `POST ${gateway.path()} HTTP/1.1\r\nHost: plain.test\r\nContent-Length: 50000\r\n\r\n`,
        'POST',
      );
      connection.say('a'.repeat(20_000));
      assert.equal((await answer.head()).status, 413);
    },
  ],
]);

const kept: HeaderLines = {
  Accept: 'text/html',
  'Accept-Language': 'de',
  Authorization: 'Basic eA==',
  Cookie: 'a=b; c=d',
  'Content-Type': 'text/plain',
  'If-None-Match': '"x"',
  'Last-Event-ID': '7',
  Origin: 'http://page.test',
  Range: 'bytes=0-1',
  Referer: 'http://page.test/x',
  'User-Agent': 'conformance',
  'X-Custom': 'ünï'.replaceAll(/[^\x20-\x7e]/g, 'u'),
  'X-Forwarded-For': '1.2.3.4',
  'X-Real-IP': '1.2.3.4',
  Via: '1.1 other',
};

export const headCases = gripCases('heads', [
  ...Object.entries(kept).map(([name, value]): GripRow => [
    `[GRIP-HEAD-1] the client’s ${name} reaches the origin`,
    sends({ headers: { [name]: value } }, (asked) => assert.deepEqual(asked.all(name), [value])),
  ]),
  [
    '[GRIP-HEAD-1] several lines of one name stay several, in order',
    sends({ headers: { 'X-Many': ['a', 'b, c', 'a'] } }, (asked) =>
      assert.deepEqual(asked.all('x-many'), ['a', 'b, c', 'a']),
    ),
  ],
  [
    '[GRIP-HEAD-1] names keep their letters',
    sends({ headers: { 'x-LETTERS-of-Mine': '1' } }, (asked) =>
      assert.ok(asked.headers.some(([name]) => name === 'x-LETTERS-of-Mine')),
    ),
  ],
  ...['Keep-Alive', 'Accept-Encoding'].map((name): GripRow => [
    `[GRIP-HEAD-2] the client’s ${name} does not reach the origin`,
    sends({ headers: { [name]: 'x-mine' } }, (asked) => {
      assert.ok(!asked.all(name).includes('x-mine'));
    }),
  ]),
  [
    '[GRIP-HEAD-2] [DIFF-26] a body that the client has encoded keeps its Content-Encoding',
    sends({ method: 'POST', headers: { 'Content-Encoding': 'gzip' }, body: 'packed' }, (asked) =>
      assert.deepEqual(asked.all('content-encoding'), ['gzip']),
    ),
  ],
  [
    '[GRIP-HEAD-2] the client’s Connection does not reach the origin',
    sends({ headers: { Connection: 'keep-alive, x-mine' } }, (asked) =>
      assert.ok(!asked.all('connection').join().includes('x-mine')),
    ),
  ],
  [
    '[GRIP-HEAD-2] Expect is answered by the gateway and does not reach the origin',
    async (gateway) => {
      gateway.plays({ body: 'here\n' });
      const { connection, answer } = gateway.raw(
        `POST ${gateway.path()} HTTP/1.1\r\nHost: plain.test\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n`,
        'POST',
      );
      connection.say('hi');
      assert.equal((await answer.whole()).status, 200);
      const asked = await gateway.askedAt(0);
      assert.deepEqual(asked.all('expect'), []);
      assert.equal(asked.body.toString(), 'hi');
    },
  ],
  [
    '[GRIP-HEAD-3] nothing tells the origin of the proxy that nobody asked for',
    sends({}, (asked) => {
      for (const name of [
        'via',
        'forwarded',
        'x-forwarded-for',
        'x-real-ip',
        'x-forwarded-proto',
        'cdn-loop',
      ])
        assert.deepEqual(asked.all(name), [], name);
    }),
  ],
  [
    '[GRIP-HEAD-3] a request over TLS says so in X-Forwarded-Proto, and in that alone',
    async (gateway) => {
      const on = gateway.connection(gateway.site.secureTarget);
      const { asked } = await pass(gateway, { on });
      assert.deepEqual(asked.all('x-forwarded-proto'), ['https']);
      assert.deepEqual(asked.all('x-forwarded-protocol'), []);
    },
    { needs: ['secureTarget'] },
  ],
  ...['X-Forwarded-Proto', 'X-Forwarded-Protocol'].map((name): GripRow => [
    `[GRIP-HEAD-3] the client’s own ${name} is removed`,
    sends({ headers: { [name]: 'https' } }, (asked) => assert.deepEqual(asked.all(name), [])),
  ]),
  [
    '[GRIP-HEAD-4] the client’s headers that begin with Grip- are removed',
    sends({ headers: { 'Grip-Foo': 'x', 'grip-last': 'y', 'Grip-Sig': 'z' } }, (asked) => {
      assert.deepEqual(asked.all('grip-foo'), []);
      assert.deepEqual(asked.all('grip-last'), []);
      assert.ok(!asked.all('grip-sig').includes('z'));
    }),
  ],
  ...Object.entries({
    'Cache-Control': 'max-age=5',
    'Content-Type': 'text/x-mine; charset=utf-8',
    'Content-Language': 'de',
    ETag: '"x"',
    'Last-Modified': 'Thu, 01 Jan 1970 00:00:00 GMT',
    Location: '/elsewhere',
    Server: 'mine',
    Date: 'Thu, 01 Jan 1970 00:00:00 GMT',
    Vary: 'Accept',
    'WWW-Authenticate': 'Basic realm="x"',
    'Mcp-Session-Id': 'abc',
    'X-Accel-Buffering': 'no',
  }).map(([name, value]): GripRow => [
    `[GRIP-HEAD-5] the origin’s ${name} reaches the client`,
    gives({ headers: { [name]: value } }, (answer) => assert.deepEqual(answer.all(name), [value])),
  ]),
  [
    '[GRIP-HEAD-5] several cookies stay several',
    gives({ headers: { 'Set-Cookie': ['a=b; Path=/', 'c=d'] } }, (answer) =>
      assert.deepEqual(answer.all('set-cookie'), ['a=b; Path=/', 'c=d']),
    ),
  ],
  [
    '[GRIP-HEAD-5] nothing is added to an answer of known length',
    gives({ headers: { 'X-A': 'b' }, body: 'x' }, (answer) => {
      const names = answer.headers.map(([name]) => name.toLowerCase());
      assert.deepEqual(names.filter((name) => name !== 'date').toSorted(), [
        'content-length',
        'x-a',
      ]);
    }),
  ],
  [
    '[GRIP-HEAD-5] an answer whose origin tells no Date has none',
    async (gateway) => {
      gateway.plays(({ response }) => {
        if (response !== undefined) response.sendDate = false;
        return { body: 'x' };
      });
      const answer = await gateway.ask();
      assert.equal(answer.body, 'x');
      assert.deepEqual(answer.all('date'), []);
    },
  ],
  [
    '[GRIP-HEAD-5] nor has a stream',
    async (gateway) => {
      gateway.plays(({ response }) => {
        if (response !== undefined) response.sendDate = false;
        return { body: 'x', headers: holdStream(gateway.channel) };
      });
      const answer = gateway.send();
      assert.equal(await answer.until('x'), 'x');
      assert.deepEqual((await answer.head()).all('date'), []);
    },
  ],
  [
    '[GRIP-HEAD-5] nor has a poll that ends',
    async (gateway) => {
      gateway.plays(({ response }) => {
        if (response !== undefined) response.sendDate = false;
        return { body: 'y', headers: { ...holdResponse(gateway.channel), 'Grip-Timeout': '1' } };
      });
      const answer = await gateway.ask();
      assert.equal(answer.body, 'y');
      assert.deepEqual(answer.all('date'), []);
    },
  ],
  [
    '[GRIP-HEAD-5] nor an error of the gateway’s own',
    async (gateway) => {
      const answer = await gateway.ask({ host: 'dead.test' });
      assert.equal(answer.status, 502);
      assert.deepEqual(answer.all('date'), []);
    },
  ],
  [
    '[GRIP-HEAD-6] the origin’s Keep-Alive does not reach the client',
    gives({ headers: { 'Keep-Alive': 'timeout=99' } }, (answer) =>
      assert.deepEqual(answer.all('keep-alive'), []),
    ),
  ],
  [
    '[GRIP-HEAD-6] the origin’s Connection: close does not close the client’s connection',
    async (gateway) => {
      gateway.plays({ headers: { Connection: 'close' }, body: 'x' });
      const on = gateway.connection();
      assert.deepEqual((await gateway.ask({ on })).all('connection'), []);
      assert.equal((await gateway.ask({ on })).body, 'x');
    },
  ],
  [
    '[GRIP-HEAD-7] [DIFF-4] what the origin has encoded keeps its Content-Encoding',
    gives({ headers: { 'Content-Encoding': 'gzip' }, body: gzipped() }, (answer) => {
      assert.equal(answer.header('content-encoding'), 'gzip');
      assert.deepEqual([...answer.bytes], [...gzipped()]);
    }),
  ],
]);

function gzipped(): Buffer {
  return Buffer.from('1f8b0800000000000003cb48cdc9c9e7020020303a3606000000', 'hex');
}

export const signatureCases = gripCases('signatures', [
  [
    '[GRIP-SIG-1] a request is signed with HS256, by whom and for an hour',
    sends({}, (asked) => {
      const [head] = asked.header('grip-sig')?.split('.') ?? [];
      const { alg } = JSON.parse(Buffer.from(head ?? '', 'base64url').toString()) as {
        alg: string;
      };
      assert.equal(alg, 'HS256');
      const claims = signed(asked, 'changeme');
      assert.equal(claims['iss'], 'pushpin');
      const left = Number(claims['exp']) - Date.now() / 1_000;
      assert.ok(left > 3_540 && left < 3_660, `it ends in ${left} s`);
    }),
  ],
  [
    '[GRIP-SIG-1] there is one signature, whatever the client says',
    sends({ headers: { 'Grip-Sig': ['a', 'b'] } }, (asked) => {
      assert.equal(asked.all('grip-sig').length, 1);
      signed(asked, 'changeme');
    }),
  ],
  [
    '[GRIP-SIG-2] a route may sign by another name and with another key',
    sends({ host: 'sig-own.test' }, (asked) => {
      assert.equal(signed(asked, 'own-key')['iss'], 'own');
    }),
  ],
  [
    '[GRIP-SIG-1] [GRIP-SIG-2] an empty key signs, too',
    sends({ host: 'sig-none.test' }, (asked) => {
      assert.equal(signed(asked, '')['iss'], 'own');
    }),
  ],
  ...['sig-half.test', 'sig-other-half.test'].map((host): GripRow => [
    `[GRIP-SIG-2] one without the other, as at ${host}, changes nothing`,
    sends({ host }, (asked) => {
      assert.equal(signed(asked, 'changeme')['iss'], 'pushpin');
    }),
  ]),
  [
    '[GRIP-SIG-3] the key of a route may be bytes in Base64',
    sends({ host: 'sig-bytes.test' }, (asked) => {
      assert.equal(signed(asked, Uint8Array.of(0, 1, 2, 255))['iss'], 'own');
    }),
  ],
  [
    '[GRIP-SIG-3] the key of a route in a PEM file signs with ES256',
    async (gateway) => {
      const { asked } = await pass(gateway, { host: 'sig-file.test' });
      const [head, body, signature = ''] = (asked.header('grip-sig') ?? '').split('.');
      const { alg } = JSON.parse(Buffer.from(head ?? '', 'base64url').toString()) as {
        alg: string;
      };
      assert.equal(alg, 'ES256');
      const folder = dirname(gateway.site.routesFile ?? '');
      const key = createPublicKey(readFileSync(join(folder, 'signing.pem')));
      const bytes = Buffer.from(signature, 'base64url');
      const said = Buffer.from(`${head}.${body}`);
      assert.ok(verify('sha256', said, { key, dsaEncoding: 'ieee-p1363' }, bytes));
    },
    { needs: ['routesFile'] },
  ],
  [
    '[GRIP-SIG-3] [DIFF-6] the key may be a secret in hex, in a file',
    sends({ host: 'sig-hex.test' }, (asked) => {
      assert.equal(signed(asked, Uint8Array.of(0, 1, 2, 255))['iss'], 'own');
    }),
    { needs: ['routesFile'] },
  ],
  ...FEATURES.map((feature): GripRow => [
    `[GRIP-SIG-4] Grip-Feature names ${feature}`,
    sends({}, (asked) => {
      const [line = '', ...more] = asked.all('grip-feature');
      assert.deepEqual(more, []);
      assert.ok(line.split(', ').includes(feature), line);
    }),
  ]),
  ...['link:gone', 'filter:http-check', 'filter:http-modify'].map((feature): GripRow => [
    `[GRIP-SIG-4] [DIFF-5] Grip-Feature names ${feature}`,
    sends({}, (asked) => {
      const line = asked.header('grip-feature') ?? '';
      assert.ok(line.split(', ').includes(feature), line);
    }),
  ]),
  [
    '[GRIP-SIG-5] a route with no_grip signs nothing and names no features',
    sends({ host: 'no-grip.test' }, (asked) => {
      assert.deepEqual(asked.all('grip-sig'), []);
      assert.deepEqual(asked.all('grip-feature'), []);
    }),
  ],
  [
    '[GRIP-SIG-5] and passes instructions on as they are',
    gives(
      { headers: { 'Grip-Hold': 'stream', 'Grip-Channel': 'a' }, body: 'x' },
      (answer) => {
        assert.equal(answer.header('grip-hold'), 'stream');
        assert.equal(answer.header('grip-channel'), 'a');
        assert.equal(answer.body, 'x');
      },
      { host: 'no-grip.test' },
    ),
  ],
]);
