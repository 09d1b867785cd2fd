// Which route takes a request, what it makes of the request, and which target gets it.

import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';

import { gripCases, type GripRow } from './case.ts';
import type { Gateway, Request } from './gateway.ts';
import { type Asked, FIRST, SECOND, SECURE } from './origin.ts';

/** Asks once and gives what the origin was asked. */
async function askedBy(gateway: Gateway, request: Request): Promise<Asked> {
  gateway.plays({ body: 'here\n' });
  const answer = await gateway.ask(request);
  assert.equal(`${answer.status} ${answer.body}`, '200 here\n');
  return gateway.askedAt(0);
}

const leadsTo =
  (origin: number, request: Request) =>
  async (gateway: Gateway): Promise<void> => {
    assert.equal((await askedBy(gateway, request)).origin, origin);
  };

const answers =
  (status: number, body: string, request: Request) =>
  async (gateway: Gateway): Promise<void> => {
    gateway.plays({ body: 'here\n' });
    const answer = await gateway.ask(request);
    assert.equal(`${answer.status} ${answer.body}`, `${status} ${body}`);
    assert.deepEqual(gateway.asked, []);
  };

const becomes =
  (host: string | undefined, url: string, request: Request) =>
  async (gateway: Gateway): Promise<void> => {
    const asked = await askedBy(gateway, request);
    if (host !== undefined) assert.equal(asked.header('host'), host);
    assert.equal(asked.url, url.replace('TOKEN', gateway.token));
  };

const under = (path: string, host: string, more: Request = {}): Request => ({
  ...{ host, path },
  ...more,
});

export const routeCases = gripCases('routes', [
  [
    '[GRIP-ROUTE-1] a host without a route of its own goes where * leads',
    leadsTo(FIRST, { host: 'nobody-knows.test' }),
  ],
  [
    '[GRIP-ROUTE-1] the host is compared without its port',
    leadsTo(SECOND, { host: 'paths.test:8080', path: '=/c/TOKEN' }),
  ],
  [
    '[GRIP-ROUTE-1] the host is compared in lower case',
    leadsTo(SECOND, { host: 'PATHS.Test', path: '=/c/TOKEN' }),
  ],
  [
    '[GRIP-ROUTE-2] a host with routes, none of which matches, does not fall back to *',
    answers(502, 'No route for host: paths.test\n', { host: 'paths.test', path: '=/b/TOKEN' }),
  ],
  [
    '[GRIP-ROUTE-2] the answer of no route is plain text',
    async (gateway) => {
      const answer = await gateway.ask({ host: 'paths.test', path: '=/nowhere' });
      assert.equal(answer.status, 502);
      assert.equal(answer.reason, 'Bad Gateway');
      assert.equal(answer.header('content-type'), 'text/plain');
    },
  ],
  [
    '[GRIP-ROUTE-3] a path that begins so is taken',
    leadsTo(FIRST, under('=/a/TOKEN', 'paths.test')),
  ],
  [
    '[GRIP-ROUTE-3] the longer beginning wins when it comes later',
    leadsTo(SECOND, under('=/a/b/TOKEN', 'paths.test')),
  ],
  [
    '[GRIP-ROUTE-3] the longer beginning wins when it comes earlier',
    leadsTo(SECOND, under('=/a/b/TOKEN', 'long-first.test')),
  ],
  [
    '[GRIP-ROUTE-3] what no beginning takes goes to the route without one',
    leadsTo(FIRST, under('=/a/c/TOKEN', 'long-first.test')),
  ],
  [
    '[GRIP-ROUTE-3] a beginning is letters, not segments',
    leadsTo(SECOND, under('=/cTOKEN', 'paths.test')),
  ],
  [
    '[GRIP-ROUTE-3] a letter that is encoded without need counts as the letter',
    leadsTo(FIRST, under('=/%61/TOKEN', 'paths.test')),
  ],
  [
    '[GRIP-ROUTE-3] a slash that is encoded does not count as a slash',
    answers(502, 'No route for host: paths.test\n', under('=/a%2FTOKEN', 'paths.test')),
  ],
  [
    '[GRIP-ROUTE-3] the query is no part of the path',
    answers(502, 'No route for host: paths.test\n', under('=/?/a/TOKEN', 'paths.test')),
  ],
  [
    '[GRIP-ROUTE-3] letters of a beginning have their case',
    answers(502, 'No route for host: paths.test\n', under('=/A/TOKEN', 'paths.test')),
  ],
  [
    '[GRIP-ROUTE-4] HTTP does not take a route for WebSockets',
    leadsTo(FIRST, { host: 'proto.test' }),
  ],
  [
    '[GRIP-ROUTE-4] a WebSocket prefers a route for WebSockets to one without proto',
    async (gateway) => {
      gateway.plays({ status: 404, body: 'not here' });
      await gateway.socket('', { host: 'proto.test' }).catch(() => {});
      const asked = await gateway.askedAt(0);
      assert.equal(asked.origin, SECOND);
      assert.equal(asked.method, 'POST');
    },
  ],
  [
    '[GRIP-ROUTE-5] a plain request takes the route for plain ones',
    leadsTo(FIRST, { host: 'tls.test' }),
  ],
  [
    '[GRIP-ROUTE-5] a request over TLS takes the route for those',
    async (gateway) => {
      const on = gateway.connection(gateway.site.secureTarget);
      assert.equal((await askedBy(gateway, { host: 'tls.test', on })).origin, SECOND);
    },
    { needs: ['secureTarget'] },
  ],
  [
    '[GRIP-ROUTE-5] a later route for TLS outranks an earlier, longer beginning',
    async (gateway) => {
      const on = gateway.connection(gateway.site.secureTarget);
      assert.equal((await askedBy(gateway, { host: 'tls-path.test', on })).origin, SECOND);
    },
    { needs: ['secureTarget'] },
  ],
  ['[GRIP-ROUTE-5] and does not take a plain request', leadsTo(FIRST, { host: 'tls-path.test' })],
  [
    '[GRIP-ROUTE-6] of two routes for the same, the first counts',
    leadsTo(FIRST, { host: 'twice.test' }),
  ],
  [
    '[GRIP-ROUTE-7] any number of spaces separates, and a comment may follow',
    leadsTo(FIRST, { host: 'spaces.test' }),
  ],
  [
    '[GRIP-ROUTE-7] parts may stand in quotes',
    async (gateway) => {
      gateway.plays({ headers: { 'Grip-Hold': 'foo' } });
      assert.match((await gateway.ask({ host: 'quoted.test' })).body, /Grip-Hold must be set/);
    },
  ],
  [
    '[GRIP-ROUTE-7] properties that nobody knows change nothing',
    leadsTo(FIRST, { host: 'unknown.test' }),
  ],
  ...(
    [
      ['with a quote that does not end', 'broken.test'],
      ['without a target', 'lonely.test'],
      ['with an empty path_beg', 'empty-path.test'],
    ] as const
  ).map(([what, host]): GripRow => [
    `[GRIP-ROUTE-7] a line ${what} is passed over, and the others count`,
    leadsTo(FIRST, { host }),
  ]),
  [
    '[GRIP-ROUTE-8] a route with an id and no host takes no request of its own accord',
    leadsTo(FIRST, { host: 'hidden', headers: { 'Pushpin-Route': 'hidden' } }),
  ],
  [
    '[GRIP-ROUTE-9] routes are read again when the file changes, and connections stay',
    async (gateway) => {
      const { routesFile = '', origins } = gateway.site;
      gateway.plays({ body: 'here\n' });
      const kept = gateway.connection();
      await gateway.ask({ on: kept });
      const before = readFileSync(routesFile, 'utf8');
      try {
        const line = `reloaded.test 127.0.0.1:${origins.ports[SECOND]}\n`;
        writeFileSync(routesFile, before + line);
        await gateway.eventually(async () => {
          await gateway.ask({ host: 'reloaded.test' });
          return gateway.asked.at(-1)?.origin === SECOND;
        });
        assert.equal((await gateway.ask({ on: kept })).status, 200);
      } finally {
        writeFileSync(routesFile, before);
      }
      await gateway.eventually(async () => {
        await gateway.ask({ host: 'reloaded.test' });
        return gateway.asked.at(-1)?.origin === FIRST;
      });
    },
    { needs: ['routesFile'], isAlone: true },
  ],
  [
    '[GRIP-REWRITE-1] without an option the origin sees the host that the client named',
    becomes('plain.test', '/TOKEN', {}),
  ],
  [
    '[GRIP-REWRITE-1] with its port',
    becomes('plain.test:8080', '/TOKEN', { host: 'plain.test:8080' }),
  ],
  [
    '[GRIP-REWRITE-1] as_host names another',
    becomes('other.example', '/TOKEN', { host: 'as-host.test' }),
  ],
  [
    '[GRIP-REWRITE-1] as_host may name a port',
    becomes('other.example:81', '/TOKEN', { host: 'as-host-port.test' }),
  ],
  [
    '[GRIP-REWRITE-2] the host of a target names another',
    becomes('inner.example', '/TOKEN', { host: 'target-host.test' }),
  ],
  [
    '[GRIP-REWRITE-2] and outranks as_host',
    becomes('inner.example', '/TOKEN', { host: 'as-host-twice.test' }),
  ],
  [
    '[GRIP-REWRITE-3] path_rem takes letters from the beginning of the path',
    becomes(undefined, '/TOKEN?a=b', under('=/abc/TOKEN?a=b', 'remove.test')),
  ],
  [
    '[GRIP-REWRITE-3] [DIFF-34] a path keeps its slash, whatever is taken from it',
    becomes(undefined, '/TOKEN', under('=/abcTOKEN', 'remove.test')),
  ],
  [
    '[GRIP-REWRITE-4] replace_beg takes the place of path_beg',
    becomes(undefined, '/new/deep/TOKEN?a=b', under('=/old/TOKEN?a=b', 'replace.test')),
  ],
  [
    '[GRIP-REWRITE-4] and may be empty',
    becomes(undefined, '/TOKEN', under('=/old/TOKEN', 'replace-none.test')),
  ],
  [
    '[GRIP-REWRITE-5] header sets a header of the request, in the place of the client’s',
    async (gateway) => {
      const headers = { 'X-Set': 'mine', 'X-Gone': 'mine', 'X-Other': 'mine' };
      const asked = await askedBy(gateway, { host: 'header.test', headers });
      assert.deepEqual(asked.all('x-set'), ['one, "two"']);
      assert.deepEqual(asked.all('x-added'), ['yes']);
      assert.deepEqual(asked.all('x-gone'), []);
      assert.deepEqual(asked.all('x-other'), ['mine']);
    },
  ],
  [
    '[GRIP-REWRITE-6] orig_headers gives the client’s headers a second time, marked',
    async (gateway) => {
      const headers = { 'X-Other': 'mine' };
      const asked = await askedBy(gateway, { host: 'orig.test', headers });
      assert.deepEqual(asked.all('eb9bf0f5-x-other'), ['mine']);
      assert.deepEqual(asked.all('x-other'), ['mine']);
    },
  ],
  [
    '[GRIP-REWRITE-6] and elsewhere marked headers are removed',
    async (gateway) => {
      const headers = { 'eb9bf0f5-X-Other': 'mine' };
      const asked = await askedBy(gateway, { headers });
      assert.deepEqual(asked.all('eb9bf0f5-x-other'), []);
    },
  ],
  ['[GRIP-TARGET-1] the first target is asked', leadsTo(FIRST, { host: 'both.test' })],
  [
    '[GRIP-TARGET-1] the next target is asked when nobody listens at the first',
    leadsTo(SECOND, { host: 'two.test' }),
  ],
  [
    '[GRIP-TARGET-1] also with a body, which comes whole',
    async (gateway) => {
      const body = 'b'.repeat(50_000);
      const asked = await askedBy(gateway, { host: 'two.test', method: 'POST', body });
      assert.equal(asked.body.toString(), body);
      assert.equal(asked.origin, SECOND);
    },
  ],
  ...[500, 502, 503, 404].map((status): GripRow => [
    `[GRIP-TARGET-2] an answer ${status} of the first target is the answer`,
    async (gateway) => {
      gateway.plays({ status, body: 'sorry\n' });
      const answer = await gateway.ask({ host: 'both.test' });
      assert.equal(`${answer.status} ${answer.body}`, `${status} sorry\n`);
      assert.deepEqual(
        gateway.asked.map(({ origin }) => origin),
        [FIRST],
      );
    },
  ]),
  [
    '[GRIP-TARGET-3] when nobody listens anywhere the answer is 502',
    answers(502, 'Error while proxying to origin.\n', { host: 'dead.test' }),
  ],
  [
    '[GRIP-TARGET-3] and with debug names whom was tried',
    async (gateway) => {
      const { body, status } = await gateway.ask({ host: 'dead-debug.test' });
      assert.equal(status, 502);
      const dead = `127.0.0.1:${gateway.site.origins.ports[2]}`;
      assert.equal(body, `Unable to connect to any targets. Tried: ${dead}, ${dead}\n`);
    },
  ],
  [
    '[GRIP-TARGET-4] an untrusted target in a private network is not asked',
    answers(502, 'Error while proxying to origin.\n', { host: 'untrusted.test' }),
  ],
  [
    '[GRIP-TARGET-4] and with debug it is said why',
    answers(502, 'Error: Origin host/IP blocked.\n', { host: 'untrusted-debug.test' }),
  ],
  [
    '[GRIP-TARGET-5] a target with ssl and insecure is asked over TLS with any certificate',
    leadsTo(SECURE, { host: 'secure.test' }),
  ],
  [
    '[GRIP-TARGET-5] without insecure the certificate must be good',
    answers(502, 'Error while proxying to origin.\n', { host: 'secure-strict.test' }),
  ],
  [
    '[GRIP-TARGET-5] a bad certificate is as nobody listening: the next target is asked',
    leadsTo(SECOND, { host: 'secure-second.test' }),
  ],
  ...(
    [
      ['/', '200', 'Hello from the Pushpin test handler!\n'],
      ['/nothing', '404', 'no such test resource\n'],
    ] as const
  ).map(([path, status, body]): GripRow => [
    `[GRIP-TARGET-6] the test target answers ${path} by itself`,
    answers(Number(status), body, { host: 'built-in.test', path: `=${path}` }),
  ]),
  [
    '[GRIP-TARGET-6] the test target leaves the path_beg of its route out',
    answers(200, 'Hello from the Pushpin test handler!\n', {
      host: 'built-in-path.test',
      path: '=/deep/',
    }),
  ],
  [
    '[GRIP-TARGET-6] nothing is left of a path that is the path_beg alone',
    answers(404, 'no such test resource\n', { host: 'built-in-path.test', path: '=/deep' }),
  ],
  [
    '[GRIP-TARGET-6] the test target holds a stream on the channels of its query',
    async (gateway) => {
      const path = `=/stream?channel=${gateway.channel}`;
      const answer = gateway.send({ host: 'built-in.test', path });
      assert.equal(await answer.until('\n'), '[stream opened]\n');
      await gateway.publish({
        channel: gateway.channel,
        formats: { 'http-stream': { content: 'a' } },
      });
      await answer.until('a');
    },
  ],
  [
    '[GRIP-TARGET-6] the test target holds a response on the channels of its query',
    async (gateway) => {
      const path = `=/response?channel=${gateway.channel}`;
      const answer = gateway.ask({ host: 'built-in.test', path });
      const item = { channel: gateway.channel, formats: { 'http-response': { body: 'a' } } };
      assert.equal((await gateway.publishUntil(answer, item)).body, 'a');
    },
  ],
]);
