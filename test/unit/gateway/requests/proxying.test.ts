// A client's request on its way to an origin and back, without a hold: who is asked, what is passed on, and the words of
// the gateway's own errors.

import { describe, expect, test } from 'vitest';

import type { HeaderList } from '../../../../src/actors/codecs/grip/header-list.ts';
import { type AskedOfGateway, GatewayStage } from '../../../support/gateway-stage.ts';
import type { Reply } from '../../../support/staged-origin.ts';

const debugRoute = '*,debug origin:80';
const big = 'x'.repeat(100_001);

/** One request, answered by the origin at once. */
function asked(reply: Reply, request: AskedOfGateway = {}, routes = '* origin:80') {
  const stage = new GatewayStage({ routes, origin: () => reply });
  const client = stage.request(request);
  expect(stage.wrongs).toEqual([]);
  return { stage, client, answered: client.answered };
}

const plain: HeaderList = [['Content-Type', 'text/plain']];

describe('an answer without GRIP', () => {
  test('[GRIP-PROXY-1] [GRIP-HEAD-6] is passed on as it comes, without what concerns the origin’s connection alone', () => {
    const headers: HeaderList = [
      ['Set-Cookie', 'a=b'],
      ['Connection', 'close'],
      ['Content-Length', '2'],
      ['Location', '/there'],
    ];
    const { stage, answered } = asked({ status: 404, reason: 'Nope', headers, body: 'hi' });
    expect(answered).toEqual({
      status: 404,
      reason: 'Nope',
      headers: [
        ['Set-Cookie', 'a=b'],
        ['Content-Length', '2'],
        ['Location', '/there'],
      ],
      body: 'hi',
    });
    expect(stage.living).toBe(0);
    expect(stage.opened.size).toBe(0);
  });

  test('[GRIP-PROXY-10] [DIFF-3] that breaks off costs the client its connection', () => {
    const { stage, client } = asked({ body: 'half', isBroken: true });
    expect(client.closed).toBe('cut');
    // The edge counts what breaks off there.
    expect(stage.counted('gateway.origin.truncated')).toBe(0);
    expect(stage.living).toBe(0);
  });

  test('is asked for with the client’s body, or whatever of it comes', () => {
    const { stage } = asked({}, { method: 'POST', body: 'abc', path: '/p', search: '?q=1' });
    const [question] = stage.questions;
    expect(question?.method).toBe('POST');
    expect(question?.target).toBe('/p?q=1');
    expect(question?.asked.body).toMatchObject({ kind: 'client', keepBytesMax: 100_000 });
    expect(asked({}).stage.questions[0]?.asked.body).toMatchObject({ kind: 'bytes' });
    const chunked = asked({}, { method: 'POST', bodyBytes: undefined });
    expect(chunked.stage.questions[0]?.asked.body).toMatchObject({ kind: 'client' });
  });
});

describe('targets', () => {
  const routes = '* a:1 b:2 c:3';

  test.each(['refused', 'connectTimeout', 'tls'] as const)(
    '[GRIP-TARGET-1] are tried in order while they cannot be reached: %s',
    (fail) => {
      const stage = new GatewayStage({
        routes,
        origin: ({ asked: { origin } }) => (origin.host === 'c' ? { body: 'c' } : { fail }),
      });
      const client = stage.request({ method: 'POST', body: 'abc' });
      expect(stage.questions.map(({ asked: { origin } }) => origin.host)).toEqual(['a', 'b', 'c']);
      expect(client.answered?.body).toBe('c');
      expect(stage.wrongs).toEqual([]);
    },
  );

  test.each([
    ['blocked', false, 'Error: Origin host/IP blocked.'],
    ['broken', true, 'The origin failed: broken.'],
    ['timeout', true, 'The origin failed: timeout.'],
    ['broken', false, 'The origin failed: broken.'],
    // What was sent once is not sent to somebody else.
    ['refused', true, 'Unable to connect to any targets. Tried: a:1, b:2, c:3'],
  ] as const)('are not tried further after %s (sent: %s)', (fail, wasSent, text) => {
    for (const [line, said] of [
      [routes, 'Error while proxying to origin.\n'],
      ['*,debug a:1 b:2 c:3', `${text}\n`],
    ] as const) {
      const stage = new GatewayStage({ routes: line, origin: () => ({ fail, wasSent }) });
      const client = stage.request();
      expect(stage.questions).toHaveLength(1);
      expect(client.answered).toEqual({
        status: 502,
        reason: 'Bad Gateway',
        headers: plain,
        body: said,
      });
      expect(stage.living).toBe(0);
    }
  });

  test('[GRIP-TARGET-3] that are all away are named to whoever debugs', () => {
    const stage = new GatewayStage({
      routes: '* a:1 b:2',
      options: { isDebug: true },
      origin: () => ({ fail: 'refused' }),
    });
    const client = stage.request();
    expect(client.answered?.body).toBe('Unable to connect to any targets. Tried: a:1, b:2\n');
    expect(stage.questions).toHaveLength(2);
  });

  test('[GRIP-TARGET-2] that answer with an error are not passed over', () => {
    const { stage, answered } = asked({ status: 500, body: 'no' }, {}, '* a:1 b:2');
    expect(answered?.status).toBe(500);
    expect(stage.questions).toHaveLength(1);
  });

  test('[GRIP-STREAM-7] bring their implicit channels along, those of the one that answered', () => {
    const stage = new GatewayStage({
      routes: '*,prefix=p- a:1,sub=one b:2,sub=two,sub=three',
      origin: ({ asked: { origin } }) =>
        origin.host === 'a' ? { fail: 'refused' } : { headers: [['Grip-Hold', 'response']] },
    });
    stage.request();
    expect(stage.followed).toEqual({ 'two response': 1, 'three response': 1 });
  });
});

describe('a GRIP answer without a hold', () => {
  test('[GRIP-INSTR-1] [GRIP-INSTR-2] is sent once, without its Grip headers, with the status that it asks for', () => {
    const { stage, answered } = asked({
      headers: [
        ['Grip-Status', '404 Nope'],
        ['Grip-Channel', 'a'],
        ['X-A', '1'],
      ],
      body: 'gone',
    });
    expect(answered).toEqual({
      status: 404,
      reason: 'Nope',
      headers: [['X-A', '1']],
      body: 'gone',
    });
    expect(stage.living).toBe(0);
    expect(stage.followed).toEqual({});
  });

  test('[GRIP-INSTR-3] shows only the headers that it exposes', () => {
    const { answered } = asked({
      headers: [
        ['Grip-Expose-Headers', 'x-a'],
        ['X-A', '1'],
        ['X-B', '2'],
      ],
    });
    expect(answered?.headers).toEqual([['X-A', '1']]);
  });

  test('[GRIP-JSON-2] [DIFF-11] is an empty one when it is an instruct of JSON without a response', () => {
    const { answered } = asked({
      headers: [['Content-Type', 'application/grip-instruct; charset=utf-8']],
      body: '{}',
    });
    expect(answered).toMatchObject({ status: 200, headers: [], body: '' });
  });

  test('may have its ids built in', () => {
    const reply = (body: string): Reply => ({
      headers: [
        ['Grip-Channel', 'a; filter=build-id'],
        ['Grip-Set-Meta', 'id_format=x'],
      ],
      body,
    });
    expect(asked(reply('id: %(7)I 100%%')).answered?.body).toBe('id: 7 100%');
    expect(asked(reply('id: %I')).answered?.status).toBe(502);
    expect(asked(reply('id: %I'), {}, debugRoute).answered?.body).toMatch(
      /^filter error: build-id/,
    );
  });
});

describe('a mistake in an instruct', () => {
  test.each<[HeaderList, string]>([
    [[['Grip-Hold', 'foo']], "Grip-Hold must be set to either 'response' or 'stream'"],
    [
      [
        ['Grip-Hold', 'response'],
        ['Grip-Timeout', 'x'],
      ],
      'failed to parse Grip-Timeout',
    ],
    [[['Grip-Status', '1000']], 'Grip-Status contains invalid status code'],
  ])('[GRIP-INSTR-4] [GRIP-INSTR-5] %j is a 502, and told to whoever debugs', (headers, text) => {
    expect(asked({ headers }).answered).toEqual({
      status: 502,
      reason: 'Bad Gateway',
      headers: plain,
      body: 'Error while proxying to origin.\n',
    });
    expect(asked({ headers }, {}, debugRoute).answered?.body).toBe(
      `Failed to parse accept instructions: ${text}\n`,
    );
  });

  test('[GRIP-JSON-4] may be a status other than 200 in the JSON form', () => {
    const headers: HeaderList = [['Content-Type', 'application/grip-instruct']];
    const { answered } = asked({ status: 500, headers, body: '{}' }, {}, debugRoute);
    expect(answered?.body).toBe(
      'Failed to parse accept instructions: response code for application/grip-instruct content must be 200\n',
    );
  });

  test('may be a body that breaks off', () => {
    const headers: HeaderList = [['Grip-Hold', 'response']];
    const { stage, answered } = asked({ headers, body: 'half', isBroken: true });
    expect(answered?.status).toBe(502);
    expect(stage.living).toBe(0);
  });
});

describe('a large body', () => {
  test('[GRIP-INSTR-7] of a request is passed on, but not held', () => {
    const request = { method: 'POST', body: big };
    expect(asked({ body: 'ok' }, request).answered?.body).toBe('ok');
    const { stage, answered } = asked({ headers: [['Grip-Hold', 'response']] }, request);
    expect(answered).toEqual({
      status: 400,
      reason: 'Bad Request',
      headers: plain,
      body: 'Request too large to accept GRIP instruct.\n',
    });
    expect(stage.questions[0]?.hasEnded).toBe(true);
    const exact = asked({ headers: [['Grip-Foo', '1']] }, { method: 'POST', body: big.slice(1) });
    expect(exact.answered?.status).toBe(200);
  });

  test.each<[string, HeaderList]>([
    ['a response hold', [['Grip-Hold', 'response']]],
    ['JSON', [['Content-Type', 'application/grip-instruct']]],
    [
      'build-id',
      [
        ['Grip-Hold', 'stream'],
        ['Grip-Channel', 'a; filter=build-id'],
        ['Grip-Set-Meta', 'id_format=x'],
      ],
    ],
  ])('[GRIP-INSTR-6] is no instruct of %s', (_, headers) => {
    expect(asked({ headers, body: big }).answered).toMatchObject({
      status: 502,
      body: 'Error while proxying to origin.\n',
    });
    const { stage, answered } = asked({ headers, body: big }, {}, debugRoute);
    expect(answered?.body).toBe('GRIP instruct response too large from origin:80\n');
    expect(stage.living).toBe(0);
  });

  test('[GRIP-INSTR-6] [DIFF-10] passes when nothing but its headers speaks GRIP', () => {
    const { stage, answered } = asked({
      headers: [
        ['Grip-Foo', '1'],
        ['X-A', '1'],
        ['Grip-Status', '201'],
      ],
      body: big,
    });
    expect(answered).toEqual({
      status: 201,
      reason: 'Created',
      headers: [['X-A', '1']],
      body: big,
    });
    expect(stage.living).toBe(0);
  });

  test('[GRIP-STREAM-5] of a stream passes first, and the hold follows', () => {
    const headers: HeaderList = [
      ['Grip-Hold', 'stream'],
      ['Grip-Channel', 'a'],
      ['Content-Length', '100001'],
    ];
    const { stage, client } = asked({ headers, body: big });
    expect(client.streaming).toEqual({ status: 200, reason: 'OK', headers: [] });
    expect(client.take()).toBe(big);
    stage.publish({ channel: 'a', formats: { 'http-stream': { content: 'item' } } });
    expect(client.take()).toBe('item');
    client.leave();
    expect(stage.living).toBe(0);
    expect(stage.wrongs).toEqual([]);
  });

  test('of a stream that breaks off takes the connection along, and nothing is held', () => {
    const headers: HeaderList = [
      ['Grip-Hold', 'stream'],
      ['Grip-Channel', 'a'],
    ];
    const { stage, client } = asked({ headers, body: big, isBroken: true });
    expect(client.closed).toBe('cut');
    expect(stage.living).toBe(0);
    expect(stage.followed).toEqual({});
    const short = asked({ headers, body: 'half', isBroken: true });
    expect(short.answered?.status).toBe(502);
    expect(short.stage.living).toBe(0);
  });

  test('[GRIP-HOLD-9] of a stream that breaks off leaves an origin that is told so', () => {
    const headers: HeaderList = [
      ['Grip-Hold', 'stream'],
      ['Grip-Channel', 'a'],
      ['Grip-Link', '</gone>; rel=gone'],
    ];
    const { stage } = asked({ headers, body: big, isBroken: true });
    expect(stage.questions.map(({ target }) => target)).toEqual([expect.any(String), '/gone']);
    expect(stage.living).toBe(0);
  });
});

describe('HEAD', () => {
  test.each<[string, HeaderList]>([
    ['no hold', [['Grip-Foo', '1']]],
    ['a stream hold', [['Grip-Hold', 'stream']]],
    ['a next link', [['Grip-Link', '</n>; rel=next']]],
    ['an instruct of JSON', [['Content-Type', 'application/grip-instruct']]],
  ])('is answered at once, whatever it leads to: %s', (_, headers) => {
    const { stage, answered } = asked({ headers }, { method: 'HEAD' });
    expect(answered).toMatchObject({ status: 200, headers: [], body: '' });
    expect(stage.questions).toHaveLength(1);
    expect(stage.living).toBe(0);
  });
});

describe('who is trusted, and what is not GRIP', () => {
  const grip: HeaderList = [
    ['Grip-Hold', 'response'],
    ['Grip-Channel', 'a'],
  ];
  const options = { upstreamKey: 'key', sigKey: 'mine' };

  test('[GRIP-TRUST-1] a proxy in front that signed: its GRIP is between it and the origin', () => {
    const stage = new GatewayStage({ options, origin: () => ({ headers: grip, body: 'b' }) });
    const headers: HeaderList = [
      ['Host', 'example.com'],
      ['Grip-Sig', 'signed key'],
      ['Grip-Foo', '1'],
    ];
    const client = stage.request({ headers });
    expect(client.answered).toMatchObject({ headers: grip, body: 'b' });
    const [question] = stage.questions;
    expect(question?.header('Grip-Foo')).toEqual(['1']);
    expect(question?.header('Grip-Feature')).toEqual([]);
    expect(question?.asked.signature).toBeUndefined();
  });

  test('[GRIP-TRUST-2] a client that only says so is not', () => {
    const stage = new GatewayStage({ options, origin: () => ({ headers: grip, body: 'b' }) });
    const headers: HeaderList = [
      ['Host', 'example.com'],
      ['Grip-Sig', 'signed other'],
    ];
    const client = stage.request({ headers });
    expect(client.answered).toBeUndefined();
    const [question] = stage.questions;
    expect(question?.header('Grip-Sig')).toEqual([]);
    expect(question?.header('Grip-Feature')[0]).toContain('link:next');
    expect(question?.asked.signature).toEqual({ issuer: 'hermod', key: 'mine' });
    expect(stage.followed).toEqual({ 'a response': 1 });
  });

  test('[GRIP-SIG-5] a route without GRIP passes everything on', () => {
    const { stage, answered } = asked({ headers: grip }, {}, '*,no_grip,sig_key=k origin:80');
    expect(answered?.headers).toEqual(grip);
    expect(stage.questions[0]?.asked.signature).toBeUndefined();
    expect(stage.questions[0]?.header('Grip-Feature')).toEqual([]);
  });

  test.each(['k', ''])('[GRIP-SIG-2] a route may sign by itself, with the key "%s"', (key) => {
    const { stage } = asked({}, {}, `*,sig_key=${key},sig_iss=i origin:80`);
    expect(stage.questions[0]?.asked.signature).toEqual({ issuer: 'i', key });
  });

  test.each([
    ['sig_key=k', { issuer: 'us', key: 'ours' }],
    ['sig_iss=i', { issuer: 'us', key: 'ours' }],
    ['sig_iss=,sig_key=k', { issuer: 'us', key: 'ours' }],
  ])('[GRIP-SIG-2] with %s a route does not', (properties, signature) => {
    const global = { sigIss: 'us', sigKey: 'ours' };
    const stage = new GatewayStage({ options: global, routes: `*,${properties} origin:80` });
    stage.request();
    expect(stage.questions[0]?.asked.signature).toEqual(signature);
  });

  test.each([undefined, ''])('[GRIP-SIG-1] with the key %j it is the empty one', (sigKey) => {
    const stage = new GatewayStage({ options: { sigIss: 'us', sigKey } });
    stage.request();
    expect(stage.questions[0]?.asked.signature).toEqual({ issuer: 'us', key: '' });
  });

  test('[GRIP-SIG-1] nobody signs without a name', () => {
    const stage = new GatewayStage({ options: { sigIss: '', sigKey: 'k' } });
    stage.request();
    expect(stage.questions[0]?.asked.signature).toBeUndefined();
  });

  test('[WOH-OPEN-12] only the gateway speaks for WebSockets', () => {
    const request: AskedOfGateway = {
      method: 'POST',
      headers: [['Content-Type', 'application/websocket-events']],
    };
    const { stage, answered } = asked({}, request, '* origin:80,over_http');
    expect(answered).toEqual({
      status: 403,
      reason: 'Forbidden',
      headers: plain,
      body: 'Client not allowed to send WebSocket events directly.\n',
    });
    expect(stage.questions).toEqual([]);
    expect(stage.living).toBe(0);
    expect(asked({}, request, '* origin:80').answered?.status).toBe(200);
  });
});

describe('where a request goes', () => {
  test.each<[string, AskedOfGateway, string, string]>([
    ['* origin:80', { path: '/a/b', search: '?c' }, '/a/b?c', 'example.com'],
    ['*,path_beg=/a,replace_beg=/z origin:80', { path: '/a/b' }, '/z/b', 'example.com'],
    ['*,path_beg=/a,replace_beg= origin:80', { path: '/a' }, '/', 'example.com'],
    ['*,path_rem=2 origin:80', { path: '/a/b' }, '/b', 'example.com'],
    // [GRIP-ROUTE-3] What the route counts as letters is rewritten as letters, and the rest stays as it came.
    [
      '*,path_beg=/api,replace_beg=/v1 origin:80',
      { path: '/%61p%69/%62' },
      '/v1/%62',
      'example.com',
    ],
    ['*,path_beg=/a%20,replace_beg=/v1 origin:80', { path: '/%61%20/b' }, '/v1/b', 'example.com'],
    ['*,path_rem=3 origin:80', { path: '/%61%2fb' }, '/2fb', 'example.com'],
    ['*,path_rem=2 origin:80', { path: '/%61/%62' }, '/%62', 'example.com'],
    ['*,path_rem=9 origin:80', { path: '/%61/%' }, '/', 'example.com'],
    ['*,as_host=inner:81 origin:80', {}, '/', 'inner:81'],
    ['*,as_host=inner origin:80,host=deep', {}, '/', 'deep'],
    // The authority of an absolute target outranks the Host beside it.
    ['* origin:80', { host: 'abs.example', headers: [['Host', 'other']] }, '/', 'abs.example'],
    ['* origin:80', { host: '', headers: [] }, '/', ''],
  ])('%s: %j', (routes, request, target, host) => {
    const { stage } = asked({}, request, routes);
    const [question] = stage.questions;
    expect(question?.target).toBe(target);
    expect(question?.header('Host')).toEqual(host === '' ? [] : [host]);
  });

  test.each([
    ['* o:443,ssl', 'example.com'],
    ['*,as_host=inner:81 o:443,ssl', 'inner'],
    ['* o:443,ssl,host=deep', 'deep'],
    ['* o:443,ssl,trust_connect_host', 'o'],
    ['*,as_host=[::1]:81 o:443,ssl', '::1'],
  ])('%s: the certificate must be of %s', (routes, serverName) => {
    const { stage } = asked({}, {}, routes);
    expect(stage.questions[0]?.asked.origin).toMatchObject({
      host: 'o',
      isSecure: true,
      serverName,
    });
  });

  test('of a secure client is told', () => {
    const { stage } = asked({}, { isSecure: true });
    expect(stage.questions[0]?.header('X-Forwarded-Proto')).toEqual(['https']);
  });
});

describe('pages of other origins', () => {
  const routes = '*,aco origin:80';

  test('[GRIP-CORS-4] [GRIP-CORS-5] may read answers, errors and held answers', () => {
    const headers: HeaderList = [['Origin', 'http://page']];
    const allowed = (reply: Reply) =>
      asked(reply, { headers }, routes).client.header('Access-Control-Allow-Origin');
    expect(allowed({})).toBe('http://page');
    expect(allowed({ headers: [['Grip-Hold', 'foo']] })).toBe('http://page');
    expect(allowed({ headers: [['Grip-Hold', 'stream']] })).toBe('http://page');
    expect(allowed({ headers: [['Access-Control-Allow-Origin', 'x']] })).toBe('x');
    expect(asked({}, { headers }).client.header('Access-Control-Allow-Origin')).toBeUndefined();
  });

  test('[GRIP-JSONP-1] may ask by JSON-P, and get a script', () => {
    const search = '?callback=cb&_method=POST&_body=abc&x=1';
    const { stage, answered } = asked(
      { status: 404, reason: 'Nope', body: 'no' },
      { search },
      routes,
    );
    const [question] = stage.questions;
    expect([question?.method, question?.target, question?.body]).toEqual(['POST', '/?x=1', 'abc']);
    expect(answered?.status).toBe(200);
    expect(answered?.body).toBe(
      '/**/cb({"code": 404, "reason": "Nope", "headers": {}, "body": "no"});\n',
    );
    expect(stage.living).toBe(0);
  });

  test('get the gateway’s errors as a script, too', () => {
    const { answered } = asked(
      { headers: [['Grip-Hold', 'x']] },
      { search: '?callback=cb' },
      routes,
    );
    expect(answered?.status).toBe(200);
    expect(answered?.body).toContain('"code": 502');
    expect(answered?.body).toContain('{"Content-Length":"32","Content-Type":"text/plain"}');
  });

  test('get no half scripts', () => {
    const body = 'x'.repeat(1_000_001);
    const { answered } = asked({ body }, { search: '?callback=cb' }, routes);
    expect(answered?.body).toContain('"code": 502');
    const whole = asked({ body: body.slice(1) }, { search: '?callback=cb' }, routes);
    expect(whole.answered?.body).toContain('"code": 200');
  });

  test('[GRIP-JSONP-3] are told of their mistakes', () => {
    const { stage, answered } = asked({}, { search: '?callback=' }, routes);
    expect(answered).toMatchObject({ status: 400, body: 'Invalid callback parameter.\n' });
    expect(stage.questions).toEqual([]);
    expect(stage.living).toBe(0);
  });
});

describe('the test origin', () => {
  const routes = '*,path_beg=/t test';

  test.each([
    ['/t', 404, 'no such test resource\n'],
    ['/tstream', 404, 'no such test resource\n'],
    ['/t/', 200, 'Hello from the Pushpin test handler!\n'],
    ['/%74/', 200, 'Hello from the Pushpin test handler!\n'],
    ['/t/nothing', 404, 'no such test resource\n'],
  ])('[GRIP-TARGET-6] %s is %i', (path, status, body) => {
    const { stage, answered } = asked({}, { path }, routes);
    expect(answered).toMatchObject({ status, headers: plain, body });
    expect(stage.questions).toEqual([]);
    expect(stage.living).toBe(0);
  });

  test('holds polls and streams on the channels that are asked for', () => {
    const stage = new GatewayStage({ routes });
    const poll = stage.request({ path: '/t/response/', search: '?channel=a,b;c&channel=d' });
    const stream = stage.request({ path: '/t/stream' });
    expect(stage.followed).toEqual({ 'a,b;c response': 1, 'd response': 1, 'test stream': 1 });
    expect(stream.take()).toBe('[stream opened]\n');
    stage.publish(
      { channel: 'a,b;c', formats: { 'http-response': { body: 'hi' } } },
      { channel: 'test', formats: { 'http-stream': { content: 'ho' } } },
    );
    expect(poll.answered?.body).toBe('hi');
    expect(stream.take()).toBe('ho');
    const late = stage.request({ path: '/t/response' });
    // Asked again a second after the channel was followed first.
    stage.pass(56_000);
    expect(late.answered).toMatchObject({ headers: plain, body: 'nothing for now\n' });
    expect(stage.wrongs).toEqual([]);
  });

  test('may stand behind origins that are away', () => {
    const stage = new GatewayStage({
      routes: '* a:1 test,sub=more',
      origin: () => ({ fail: 'refused' }),
    });
    const client = stage.request({ method: 'POST', body: 'abc', path: '/response' });
    expect(stage.followed).toEqual({ 'test response': 1, 'more response': 1 });
    stage.pass(56_000);
    expect(client.answered?.body).toBe('nothing for now\n');
    expect(stage.wrongs).toEqual([]);
  });

  test('takes no body that is too large', () => {
    const of = (body: string) => asked({}, { path: '/t/', method: 'POST', body }, routes).answered;
    expect(of(big)).toMatchObject({ status: 400, body: 'request too large\n' });
    expect(of(big.slice(1))).toMatchObject({ status: 200 });
  });
});

describe('a client that goes away', () => {
  test('[GRIP-PROXY-12] while its origin is asked takes the question along', () => {
    const stage = new GatewayStage();
    const client = stage.request();
    client.leave();
    expect(stage.questions[0]?.hasEnded).toBe(true);
    expect(stage.living).toBe(0);
    expect(stage.wrongs).toEqual([]);
  });
});

test('operators hear of requests and who is here', () => {
  const { stage } = asked({}, { isSecure: true }, '*,id=r origin:80');
  const told = stage.notices.filter(({ type }) => type !== 'channelFollowed');
  expect(told).toEqual([
    { type: 'requestsReceived', count: 1 },
    {
      type: 'clientConnected',
      connection: 1,
      id: '0:1',
      kind: 'http',
      route: 'r',
      remote: '192.0.2.1',
      isSecure: true,
    },
    { type: 'clientDisconnected', connection: 1, id: '0:1', route: 'r' },
  ]);
});
