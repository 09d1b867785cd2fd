// What options change: cases against a gateway that is configured by full.conf.

import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';

import { type GripCase, gripCases, type GripOptions, type GripRow } from './case.ts';
import { type Gateway, holdResponse, holdStream, poll, type Request, stream } from './gateway.ts';
import type { Answer } from './http-client.ts';
import { type Asked, FIRST, SECOND } from './origin.ts';
import { type Stat, statOf } from './zeromq-cases.ts';

async function askedBy(gateway: Gateway, request: Request): Promise<Asked> {
  gateway.plays({ body: 'here\n' });
  const answer = await gateway.ask(request);
  assert.equal(`${answer.status} ${answer.body}`, '200 here\n');
  return gateway.askedAt(0);
}

async function opened(gateway: Gateway): Promise<Answer> {
  gateway.plays({ body: 'open\n', headers: holdStream(gateway.channel) });
  const answer = gateway.send();
  await answer.until('open\n');
  return answer;
}

const KEY = Uint8Array.from({ length: 16 }, (_, at) => at);
const UPSTREAM_KEY = 'the key of those before us';

/** A signature as a gateway before this one makes it. */
function sign(key: string, claims: object): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const said = `${part({ alg: 'HS256', typ: 'JWT' })}.${part(claims)}`;
  return `${said}.${createHmac('sha256', key).update(said).digest('base64url')}`;
}

const soon = (): number => Math.floor(Date.now() / 1_000) + 600;
const trusted = (): { 'Grip-Sig': string } => ({
  'Grip-Sig': sign(UPSTREAM_KEY, { iss: 'before', exp: soon() }),
});

const rows: readonly GripRow[] = [
  [
    '[GRIP-CONF-1] sig_iss and sig_key in Base64 are what requests are signed with',
    async (gateway) => {
      const [token = ''] = (await askedBy(gateway, {})).all('grip-sig');
      const [head, body = '', signature] = token.split('.');
      const own = createHmac('sha256', KEY).update(`${head}.${body}`).digest('base64url');
      assert.equal(signature, own);
      const claims = JSON.parse(Buffer.from(body, 'base64url').toString()) as { iss: string };
      assert.equal(claims.iss, 'another');
    },
  ],
  [
    '[GRIP-CONF-2] an option that nobody knows does not hinder the start',
    async (gateway) => {
      await askedBy(gateway, {});
    },
  ],
  [
    '[GRIP-CONF-3] debug for all routes says what is wrong with instructions',
    async (gateway) => {
      gateway.plays({ headers: { 'Grip-Hold': 'foo' } });
      const { status, body } = await gateway.ask();
      assert.equal(status, 502);
      assert.match(body, /^Failed to parse accept instructions: Grip-Hold must be set/);
    },
  ],
  [
    '[GRIP-CONF-3] and whom was tried',
    async (gateway) => {
      const { body } = await gateway.ask({ host: 'dead.test' });
      assert.match(body, /^Unable to connect to any targets\. Tried: 127\.0\.0\.1:\d+\n$/);
    },
  ],
  [
    '[GRIP-CONF-4] auto_cross_origin is aco for all routes',
    async (gateway) => {
      gateway.plays({ body: 'x' });
      const answer = await gateway.ask({ headers: { Origin: 'http://page.test' } });
      assert.equal(answer.header('access-control-allow-origin'), 'http://page.test');
    },
  ],
  [
    '[GRIP-FWD-1] x_forwarded_for keeps the last two and appends the client’s address',
    async (gateway) => {
      const headers = { 'X-Forwarded-For': '1.1.1.1, 2.2.2.2, 3.3.3.3' };
      const asked = await askedBy(gateway, { headers });
      assert.equal(asked.all('x-forwarded-for').join(', '), '2.2.2.2, 3.3.3.3, 127.0.0.1');
    },
  ],
  [
    '[GRIP-FWD-1] without the client’s there is only its address',
    async (gateway) => {
      assert.deepEqual((await askedBy(gateway, {})).all('x-forwarded-for'), ['127.0.0.1']);
    },
  ],
  [
    '[GRIP-FWD-1] for who is trusted there are other rules',
    async (gateway) => {
      const headers = { 'X-Forwarded-For': '1.1.1.1, 2.2.2.2, 3.3.3.3', ...trusted() };
      const asked = await askedBy(gateway, { headers });
      const wanted = '1.1.1.1, 2.2.2.2, 3.3.3.3, 127.0.0.1';
      assert.equal(asked.all('x-forwarded-for').join(', '), wanted);
    },
  ],
  [
    '[GRIP-NEXT-2] a next link is asked in nobody’s name',
    async (gateway) => {
      const link = { 'Grip-Link': `<${gateway.path('/next')}>; rel=next` };
      gateway.plays([{ body: 'one ', headers: link }, { body: 'two' }]);
      const answer = await gateway.ask({ headers: { 'X-Forwarded-For': '1.1.1.1' } });
      assert.equal(answer.body, 'one two');
      assert.deepEqual((await gateway.askedAt(1)).all('x-forwarded-for'), []);
    },
  ],
  [
    '[GRIP-CORS-5] that there is no route may be read by a page, too',
    async (gateway) => {
      const headers = { Origin: 'http://page.test' };
      const answer = await gateway.ask({ host: 'replace.test', headers });
      assert.equal(answer.body, 'No route for host: replace.test\n');
      assert.equal(answer.header('access-control-allow-origin'), 'http://page.test');
    },
  ],
  [
    '[GRIP-JSONP-1] and by a script',
    async (gateway) => {
      const answer = await gateway.ask({ host: 'replace.test', path: '?callback=call' });
      assert.equal(answer.status, 200);
      assert.match(
        answer.body,
        /^\/\*\*\/call\(\{"code": 502, .*No route for host: replace\.test\\n"\}\);\n$/,
      );
    },
  ],
  ...['X-Forwarded-Proto', 'X-Forwarded-Protocol'].map((name): GripRow => [
    `[GRIP-FWD-2] ${name}: https makes a request one over TLS, where it is accepted`,
    async (gateway) => {
      const asked = await askedBy(gateway, { host: 'tls.test', headers: { [name]: 'https' } });
      assert.equal(asked.origin, SECOND);
      assert.deepEqual(asked.all('x-forwarded-proto'), ['https']);
      assert.deepEqual(asked.all('x-forwarded-protocol'), ['https']);
    },
  ]),
  [
    '[GRIP-FWD-2] X-Forwarded-Proto: http does not',
    async (gateway) => {
      const headers = { 'X-Forwarded-Proto': 'http' };
      const asked = await askedBy(gateway, { host: 'tls.test', headers });
      assert.equal(asked.origin, FIRST);
      assert.deepEqual(asked.all('x-forwarded-proto'), []);
    },
  ],
  [
    '[GRIP-FWD-3] [DIFF-21] cdn_loop is appended to CDN-Loop',
    async (gateway) => {
      const asked = await askedBy(gateway, { headers: { 'CDN-Loop': 'before' } });
      assert.equal(asked.all('cdn-loop').join(', '), 'before, conformance');
    },
  ],
  [
    '[GRIP-ROUTE-8] Pushpin-Route chooses a route by its id, where it is accepted',
    async (gateway) => {
      const headers = { 'Pushpin-Route': 'hidden' };
      const asked = await askedBy(gateway, { headers });
      assert.equal(asked.origin, SECOND);
      assert.deepEqual(asked.all('pushpin-route'), []);
    },
  ],
  [
    '[GRIP-ROUTE-8] also one whose line begins with its id',
    async (gateway) => {
      const headers = { 'Pushpin-Route': 'hidden-too' };
      assert.equal((await askedBy(gateway, { headers })).origin, SECOND);
    },
  ],
  [
    '[GRIP-ROUTE-8] whatever its path_beg',
    async (gateway) => {
      const headers = { 'Pushpin-Route': 'hidden-path' };
      assert.equal((await askedBy(gateway, { headers })).origin, SECOND);
    },
  ],
  ...(
    [
      ['for some audience', { aud: 'another' }],
      ['of a later day', { nbf: soon() }],
    ] as const
  ).map(([what, claims]): GripRow => [
    `[GRIP-TRUST-1] [DIFF-30] a signature ${what} is not believed`,
    async (gateway) => {
      const token = sign(UPSTREAM_KEY, { iss: 'before', exp: soon(), ...claims });
      const asked = await askedBy(gateway, { headers: { 'Grip-Sig': token } });
      assert.notEqual(asked.header('grip-sig'), token);
    },
  ]),
  [
    '[GRIP-ROUTE-8] an empty Pushpin-Route chooses nothing',
    async (gateway) => {
      const headers = { 'Pushpin-Route': '' };
      assert.equal((await askedBy(gateway, { headers })).origin, FIRST);
    },
  ],
  [
    '[GRIP-TRUST-1] a request that is signed with the upstream key keeps its Grip headers',
    async (gateway) => {
      const mine = trusted();
      const headers = { ...mine, 'Grip-Feature': 'status', 'Grip-Last': 'x; last-id=1' };
      const asked = await askedBy(gateway, { headers });
      assert.deepEqual(asked.all('grip-sig'), [mine['Grip-Sig']]);
      assert.deepEqual(asked.all('grip-feature'), ['status']);
      assert.deepEqual(asked.all('grip-last'), ['x; last-id=1']);
    },
  ],
  [
    '[GRIP-TRUST-1] and gets the instructions as they are',
    async (gateway) => {
      gateway.plays({ body: 'open\n', headers: holdStream(gateway.channel) });
      const answer = await gateway.ask({ headers: trusted() });
      assert.equal(answer.header('grip-hold'), 'stream');
      assert.equal(answer.header('grip-channel'), gateway.channel);
      assert.equal(answer.body, 'open\n');
    },
  ],
  ...(
    [
      ['another key', (): string => sign('wrong', { iss: 'before', exp: soon() })],
      [
        'a time that is over',
        (): string => sign(UPSTREAM_KEY, { iss: 'before', exp: soon() - 4_000 }),
      ],
      ['what is no token', (): string => 'a.b.c'],
    ] as const
  ).map(([what, token]): GripRow => [
    `[GRIP-TRUST-2] ${what} is not trusted`,
    async (gateway) => {
      gateway.plays({ body: 'open\n', headers: holdStream(gateway.channel) });
      const headers = { 'Grip-Sig': token(), 'Grip-Foo': 'x' };
      const answer = gateway.send({ headers });
      await answer.until('open\n');
      assert.equal((await answer.head()).header('grip-hold'), undefined);
      const asked = await gateway.askedAt(0);
      assert.deepEqual(asked.all('grip-foo'), []);
      assert.ok(!asked.all('grip-sig').includes(headers['Grip-Sig']));
    },
  ]),
  [
    '[GRIP-LIMIT-1] connection_subscription_max is how many channels a connection may follow',
    async (gateway) => {
      const name = (at: number): string => `${gateway.channel}-${at}`;
      const headers = holdStream('', { 'Grip-Channel': [1, 2, 3, 4].map(name) });
      gateway.plays({ body: 'open\n', headers });
      const answer = gateway.send();
      await answer.until('open\n');
      await gateway.publish(
        { channel: name(4), ...stream('wrong') },
        ...[1, 2, 3].map((at) => ({ channel: name(at), ...stream(`${at}`) })),
      );
      assert.equal(await answer.until('3'), 'open\n123');
    },
  ],
  [
    '[GRIP-LIMIT-2] [DIFF-22] push_in_http_max_body_size is the largest body',
    async (gateway) => {
      const body = (size: number): string => `{"items":[]${' '.repeat(size - 12)}}`;
      assert.equal((await gateway.control('POST', '/publish', {}, body(5_000))).status, 200);
      const answer = await gateway.control('POST', '/publish', {}, body(5_001));
      assert.equal(`${answer.status} ${answer.body}`, '400 Request body too large.\n');
    },
  ],
  [
    '[GRIP-LIMIT-2] [DIFF-22] push_in_http_max_headers_size is the largest head',
    async (gateway) => {
      const small = await gateway.control('GET', '/', { X: 'x'.repeat(1_500) });
      assert.equal(small.status, 200);
      const answer = await gateway.control('GET', '/', { X: 'x'.repeat(2_001) });
      assert.equal(`${answer.status} ${answer.body}`, '400 Request header too large.\n');
    },
  ],
  [
    '[GRIP-LIMIT-3] client_buffer_size is how large a request’s head may be',
    async (gateway) => {
      const asked = await askedBy(gateway, { headers: { 'X-Long': 'v'.repeat(14_000) } });
      assert.equal(asked.header('x-long')?.length, 14_000);
    },
  ],
  [
    '[GRIP-ORDER-2] message_wait is how long a successor waits',
    async (gateway) => {
      const answer = await opened(gateway);
      const { channel } = gateway;
      await gateway.publish({ channel, ...stream('1 '), id: '1' });
      const from = performance.now();
      await gateway.publish({ channel, ...stream('3 '), id: '3', 'prev-id': '2' });
      await answer.until('1 3 ');
      const seconds = (performance.now() - from) / 1_000;
      assert.ok(seconds > 1.5 && seconds < 4, `it took ${seconds} s`);
    },
  ],
  [
    '[GRIP-ORDER-5] id_cache_ttl is how long an id is remembered',
    async (gateway) => {
      const answer = await opened(gateway);
      const { channel } = gateway;
      await gateway.publish({ channel, ...stream('a'), id: '1' });
      await gateway.publishUntil(answer.until('open\naa'), { channel, ...stream('a'), id: '1' });
    },
  ],
  [
    '[GRIP-HOLD-5] [DIFF-18] update_on_first_subscription=false leaves the second request out',
    async (gateway) => {
      const { channel } = gateway;
      const headers = holdResponse(channel, { 'Grip-Timeout': '5' });
      gateway.plays({ headers, body: 'nothing\n' });
      assert.equal((await gateway.ask()).body, 'nothing\n');
      assert.equal(gateway.asked.length, 1);
    },
  ],
  [
    '[GRIP-ZMQ-4] subscription_linger is how long a poll’s channel is followed on',
    async (gateway) => {
      const socket = await gateway.zeromq('XPUB', gateway.site.zmqSub);
      const { channel } = gateway;
      gateway.plays({ headers: holdResponse(channel), body: 'nothing\n' });
      await gateway.publishUntil(gateway.ask(), { channel, ...poll('a') });
      assert.ok(socket.topics.has(channel));
      await socket.followed(channel, false);
    },
    { needs: ['zmqSub'] },
  ],
  [
    '[GRIP-STATS-5] stats_format=json makes stats JSON',
    async (gateway) => {
      const { channel } = gateway;
      const socket = await gateway.zeromq('SUB', gateway.site.stats);
      socket.subscribe('message ');
      await opened(gateway);
      const frame = { text: '' };
      const next = socket.next().then(([first]) => {
        frame.text = String(first);
      });
      await gateway.publishUntil(next, { channel, ...stream('a') });
      assert.match(frame.text, /^message J\{/);
    },
    { needs: ['stats'] },
  ],
  [
    '[GRIP-STATS-5] stats_subscription_ttl is how long a told subscription holds, and it is told again before',
    async (gateway) => {
      const { channel } = gateway;
      const socket = await gateway.zeromq('SUB', gateway.site.stats);
      socket.subscribe('sub ');
      await opened(gateway);
      const mine = (stat: Stat): boolean => stat['channel'] === channel;
      for (let nth = 0; nth < 2; nth += 1)
        assert.equal((await statOf(socket, 'sub', mine))['ttl'], 4);
    },
    { needs: ['stats'] },
  ],
  [
    '[GRIP-STATS-5] stats_connection_ttl is that of connections',
    async (gateway) => {
      const socket = await gateway.zeromq('SUB', gateway.site.stats);
      socket.subscribe('conn ');
      await opened(gateway);
      const stat = await statOf(socket, 'conn', (each) => each['type'] === 'http');
      assert.equal(stat['ttl'], 4);
    },
    { needs: ['stats'] },
  ],
  ...[
    'request_received',
    'connection_connected',
    'connection_minute',
    'message_received',
    'message_sent',
  ].map((name): GripRow => [
    `[GRIP-STATS-6] Prometheus is shown ${name}, with the prefix`,
    async (gateway) => {
      const on = gateway.connection(gateway.site.prometheus);
      const answer = await gateway.ask({ on, path: '=/metrics' });
      assert.match(answer.header('content-type') ?? '', /^text\/plain/);
      assert.match(answer.body, new RegExp(`^# HELP conf_${name} `, 'm'));
      assert.match(answer.body, new RegExp(`^# TYPE conf_${name} (?:counter|gauge)$`, 'm'));
      assert.match(answer.body, new RegExp(`^conf_${name} \\d+$`, 'm'));
    },
    { needs: ['prometheus'] },
  ]),
  [
    '[GRIP-STATS-6] and each answer ends its connection',
    async (gateway) => {
      const on = gateway.connection(gateway.site.prometheus);
      const answer = await gateway.ask({ on, path: '=/metrics' });
      assert.equal(answer.header('connection'), 'close');
      await on.ended();
    },
    { needs: ['prometheus'] },
  ],
  [
    '[GRIP-STATS-6] and what was published and delivered is counted',
    async (gateway) => {
      const answer = await opened(gateway);
      const { channel } = gateway;
      const count = async (name: string): Promise<number> => {
        const on = gateway.connection(gateway.site.prometheus);
        const { body } = await gateway.ask({ on, path: '=/metrics' });
        on.leave();
        return Number(new RegExp(`^conf_${name} (\\d+)$`, 'm').exec(body)?.[1]);
      };
      const [received, sent] = [await count('message_received'), await count('message_sent')];
      await gateway.publish({ channel, ...stream('a') });
      await answer.until('a');
      await gateway.eventually(
        async () =>
          (await count('message_received')) > received && (await count('message_sent')) > sent,
      );
      assert.ok((await count('message_sent')) > sent);
    },
    { needs: ['prometheus'] },
  ],
  [
    '[GRIP-LIMIT-4] message_rate lets through what it allows: 300 publications to 20 streams all come',
    async (gateway) => {
      gateway.plays({ body: 'open\n', headers: holdStream(gateway.channel) });
      const answers = Array.from({ length: 20 }, () => gateway.send());
      await Promise.all(answers.map((answer) => answer.until('open\n')));
      const { channel } = gateway;
      for (let at = 0; at < 300; at += 20)
        await gateway.publish(
          ...Array.from({ length: 20 }, (_, nth) => ({ channel, ...stream(`<${at + nth}>`) })),
        );
      const wanted = Array.from({ length: 300 }, (_, at) => `<${at}>`).join('');
      for (const answer of answers) assert.equal(await answer.until('<299>'), `open\n${wanted}`);
    },
    { isAlone: true },
  ],
];

export const configuredCases: readonly GripCase[] = gripCases(
  'options',
  rows.map(([title, run, options = {}]): GripRow => [title, run, full(options)]),
);

function full(options: GripOptions): GripOptions {
  return { ...options, configuration: 'full' };
}
