import { describe, expect, test } from 'vitest';

import { homeOf } from '../../../src/actors/routing/topic.ts';
import { type Asked, Stage, type StageOptions } from '../../support/stage.ts';

const stageOf = (options: StageOptions = {}) =>
  new Stage({ ...options, broker: { welcome: false, ...options.broker } });

function answerTo(asked: Asked, stage = stageOf()) {
  return stage.request(asked).answered ?? expect.fail('no answer');
}

function publish(body: unknown, stage = stageOf()) {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return answerTo({ method: 'POST', path: '/publish', body: text }, stage);
}

const errorBody = (error: string) => `${JSON.stringify({ error })}\n`;

describe('POST /publish', () => {
  test('[BROKER-HTTP-1] makes one publication and tells its place', () => {
    const stage = stageOf({ shards: 3 });
    const reader = stage.connect({ shard: 2 });
    reader.say({ type: 'subscribe', topic: 'stock:AAPL' });
    reader.take();
    const { status, headers, body } = publish(
      '{"topic":"stock:AAPL","data":{"price": 170.50},"id":"order-7"}',
      stage,
    );
    const { epoch } = JSON.parse(body) as { epoch: string };
    expect(status).toBe(200);
    expect(headers).toEqual({
      'content-type': 'application/json; charset=utf-8',
      'cache-control': 'no-store',
    });
    expect(body).toBe(
      `{"topic":"stock:AAPL","id":"order-7","epoch":"${epoch}","offset":1,"subscribers":1}\n`,
    );
    expect(reader.take()).toEqual(['{"price": 170.50}']);
    const again = publish({ topic: 'stock:AAPL', data: 0, id: 'order-7' }, stage);
    expect(again.body).toBe(`${body.slice(0, -2)},"duplicate":true}\n`);
    const unnamed = publish({ topic: 'stock:AAPL', data: 0 }, stage);
    expect(JSON.parse(unnamed.body)).toMatchObject({ id: `${epoch}:2`, offset: 2 });
  });

  test('[BROKER-HTTP-2] makes a list of them, and answers in their order', () => {
    const stage = stageOf({ shards: 3 });
    const items = Array.from({ length: 20 }, (_, n) => ({ topic: `t${n % 4}`, data: n }));
    const { status, body } = publish(items, stage);
    const results = JSON.parse(body) as { topic: string; offset: number }[];
    expect(status).toBe(200);
    expect(results.map(({ topic, offset }) => [topic, offset])).toEqual(
      items.map(({ topic }, n) => [topic, Math.floor(n / 4) + 1]),
    );
    expect(publish([{ topic: 'a', data: 1 }]).body).toMatch(/^\[\{.*\}\]\n$/);
    expect(publish('[]')).toMatchObject({ status: 200, body: '[]\n' });
  });

  test.each([
    ['', 'Message must be valid JSON.'],
    ['nope', 'Message must be valid JSON.'],
    ['[', 'Message must be valid JSON.'],
    ['5', 'Each publication must be an object.'],
    ['[{"topic":"a","data":1},5]', 'Each publication must be an object. (item 1)'],
    [
      '[{"topic":"a","data":1},{"topic":"a"}]',
      "Malformed message or unknown type. Expected {'type': 'subscribe/unsubscribe', 'topic': '...' } or {'topic': '...', 'data': {...}} (item 1)",
    ],
    ['{"topic":"abcdef","data":1}', 'Topic too long: at most 5 characters.'],
    [
      '{"topic":"a","data":1,"id":"abcd"}',
      '"id" must be a string of 1 to 3 characters without control characters.',
    ],
    ['[{"topic":"a","data":[[]]}]', 'Message is nested too deeply: at most 3 levels.'],
  ])('[BROKER-HTTP-2] %j is a mistake, and nothing is published', (body, error) => {
    const stage = stageOf({ broker: { topicLengthMax: 5, idLengthMax: 3, jsonDepthMax: 3 } });
    expect(publish(body, stage)).toMatchObject({ status: 400, body: errorBody(error) });
    expect(stage.counted('publications')).toBe(0);
  });

  test('[BROKER-HTTP-2] takes batchMax publications and not one more', () => {
    const stage = stageOf({ broker: { batchMax: 2 } });
    const items = [1, 2, 3].map((data) => ({ topic: 't', data }));
    expect(publish(items, stage)).toMatchObject({
      status: 413,
      body: errorBody('Too many publications: at most 2 at once.'),
    });
    expect(stage.counted('publications')).toBe(0);
    expect(publish(items.slice(1), stage).status).toBe(200);
  });

  test('[BROKER-HTTP-2] of a list that is too long no publication is looked at', () => {
    const stage = stageOf({ broker: { batchMax: 2 } });
    expect(publish([5, 5, 5], stage).status).toBe(413);
    expect(publish([5, 5], stage).status).toBe(400);
  });

  test('[BROKER-HTTP-3] says which of them found no room', () => {
    const stage = stageOf({ home: { topicsMax: 1 } });
    stage.connect().say({ type: 'subscribe', topic: 'a' });
    const { status, body } = publish(
      [
        { topic: 'a', data: 1 },
        { topic: 'b', data: 1, id: 'x' },
      ],
      stage,
    );
    expect(status).toBe(503);
    expect(JSON.parse(body)).toMatchObject([
      { topic: 'a', offset: 1 },
      { topic: 'b', id: 'x', error: 'Not published to b: the node has no room for another topic.' },
    ]);
  });

  test('[BROKER-PUB-4] says which of them may have died with their home', () => {
    const stage = stageOf({ shards: 2, chance: 1 });
    const names = Array.from({ length: 20 }, (_, n) => `t${n}`);
    const there = names.find((name) => homeOf(`broker/${name}`, 2) === 1) ?? '';
    const body = JSON.stringify({ topic: there, data: 1 });
    const client = stage.request({ method: 'POST', path: '/publish', body });
    const { system } = stage.shards[0] ?? expect.fail('no shard');
    stage.until(() => system.readyActors === 0);
    stage.crash(1);
    stage.settle();
    expect(client.answered?.status).toBe(503);
    expect(client.answered?.body).toContain('It is not known whether');
  });

  test('[BROKER-AUTH-4] is forbidden with publish none', () => {
    const stage = stageOf({ broker: { publish: 'none' } });
    expect(publish({ topic: 't', data: 1 }, stage)).toMatchObject({
      status: 403,
      body: errorBody('Not allowed to publish to t'),
    });
  });
});

describe('[BROKER-HTTP-5] GET /topics', () => {
  const stage = stageOf({ shards: 3 });
  const client = stage.connect();
  for (const topic of ['a/b', 'é', '7']) client.say({ type: 'subscribe', topic });
  client.say({ topic: 'a/b', data: 1 });

  test('lists the topics that are followed', () => {
    const { status, body } = answerTo({ path: '/topics' }, stage);
    expect(status).toBe(200);
    expect(JSON.parse(body)).toEqual({ topics: { 'a/b': 1, é: 1, 7: 1 } });
    expect(answerTo({ path: '/topics', method: 'HEAD' }, stage).status).toBe(200);
  });

  test('informs of one, named in percent-encoding', () => {
    expect(JSON.parse(answerTo({ path: '/topics/a%2Fb' }, stage).body)).toMatchObject({
      topic: 'a/b',
      subscribers: 1,
      offset: 1,
      history: 1,
    });
    expect(JSON.parse(answerTo({ path: '/topics/a/b' }, stage).body)).toMatchObject({ offset: 1 });
    expect(JSON.parse(answerTo({ path: '/topics/%C3%A9' }, stage).body)).toMatchObject({
      topic: 'é',
    });
    expect(answerTo({ path: '/topics/nobody' }, stage).body).toBe(
      '{"topic":"nobody","subscribers":0,"epoch":null,"offset":null,"history":0}\n',
    );
  });

  test.each(['/topics/', '/topics/%', '/topics/%ff', '/topics/%00', `/topics/${'x'.repeat(257)}`])(
    '%s names no topic',
    (path) => {
      expect(answerTo({ path }, stage)).toMatchObject({
        status: 400,
        body: errorBody('The path must end in one percent-encoded topic.'),
      });
    },
  );
});

describe('[BROKER-HTTP-4] what is not here', () => {
  test.each(['/', '/ws'])('GET %s speaks WebSocket only', (path) => {
    const { status, headers, body } = answerTo({ path });
    expect(status).toBe(426);
    expect(headers).toMatchObject({ upgrade: 'websocket' });
    expect(body).toContain('This door speaks WebSocket here.');
  });

  test.each([
    ['GET', '/nothing'],
    ['POST', '/'],
    ['GET', '/topic'],
  ])('%s %s is nowhere', (method, path) => {
    const { status, body } = answerTo({ method, path });
    expect([status, body]).toEqual([404, expect.stringContaining('Nothing is here.')]);
  });

  test.each([
    ['GET', '/publish', 'POST'],
    ['PUT', '/topics', 'GET, HEAD'],
    ['DELETE', '/topics/a', 'GET, HEAD'],
    ['POST', '/sse', 'GET'],
    ['HEAD', '/sse', 'GET'],
  ])('%s %s is allowed as %s only', (method, path, allow) => {
    const { status, headers, body } = answerTo({ method, path });
    expect([status, headers['allow']]).toEqual([405, allow]);
    expect(body).toBe(errorBody(`Only ${allow} is answered here.`));
  });
});

describe('rights', () => {
  const tokens = { some: { subscribe: ['a'], publish: ['b'] } };
  const guarded = () => stageOf({ broker: { requireToken: true }, tokens });
  const headers = { authorization: 'Bearer some' };

  test('[BROKER-AUTH-2] without a good token nothing is published or shown', () => {
    const stage = guarded();
    for (const path of ['/topics', '/topics/a', '/publish', '/']) {
      expect(answerTo({ path }, stage)).toMatchObject({
        status: 401,
        headers: { 'www-authenticate': 'Bearer' },
      });
    }
    const bad = { authorization: 'Bearer bad' };
    expect(answerTo({ path: '/topics', headers: bad }, stage).body).toBe(
      errorBody('The token is not good.'),
    );
  });

  test('[BROKER-AUTH-5] a verdict that came in time counts, however late it is heard', () => {
    const stage = guarded();
    stage.auth.isSlow = true;
    const body = '{"topic":"b","data":1}';
    const client = stage.request({ method: 'POST', path: '/publish', body, headers });
    // The thread was busy: verdict and timer are there when it comes round, in this order.
    stage.now += 10_000_000;
    stage.judge();
    stage.settle();
    expect(client.answered?.status).toBe(200);
    expect(stage.counted('publications')).toBe(1);
  });

  test('[BROKER-AUTH-3] a list with one forbidden topic publishes none of it', () => {
    const stage = guarded();
    const post = (items: unknown) =>
      answerTo({ method: 'POST', path: '/publish', headers, body: JSON.stringify(items) }, stage);
    expect(
      post([
        { topic: 'b', data: 1 },
        { topic: 'c', data: 1 },
      ]),
    ).toMatchObject({
      status: 403,
      body: errorBody('Not allowed to publish to c'),
    });
    expect(stage.counted('publications')).toBe(0);
    expect(post([{ topic: 'b', data: 1 }]).status).toBe(200);
  });

  test('[BROKER-AUTH-3] what may not be followed is neither listed nor described', () => {
    const stage = guarded();
    stage.sse('topic=a', { headers });
    expect(answerTo({ path: '/topics', headers }, stage).body).toBe('{"topics":{"a":1}}\n');
    expect(answerTo({ path: '/topics/b', headers }, stage)).toMatchObject({
      status: 403,
      body: errorBody('Not allowed to subscribe to b'),
    });
  });
});

describe('pages', () => {
  const origin = 'https://page.example';
  const headersFor = (allowedOrigins: string[], from: string | undefined, asked: Asked = {}) => {
    const headers = from === undefined ? {} : { origin: from };
    return answerTo({ path: '/topics', headers, ...asked }, stageOf({ broker: { allowedOrigins } }))
      .headers;
  };
  const corsOf = (headers: Readonly<Record<string, string>>) => [
    headers['access-control-allow-origin'],
    headers['vary'],
  ];

  test('[BROKER-CORS-1] read answers when their origin is on the list', () => {
    expect(corsOf(headersFor([], origin))).toEqual([undefined, undefined]);
    expect(corsOf(headersFor([origin], origin))).toEqual([origin, 'Origin']);
    expect(corsOf(headersFor(['https://other.example'], origin))).toEqual([undefined, 'Origin']);
    expect(corsOf(headersFor(['*'], origin))).toEqual(['*', undefined]);
    expect(corsOf(headersFor([origin], undefined))).toEqual([undefined, undefined]);
  });

  test('[BROKER-CORS-1] read mistakes and streams as well', () => {
    const stage = stageOf({ broker: { allowedOrigins: [origin] } });
    const headers = { origin };
    expect(corsOf(stage.sse('', { headers }).answered?.headers ?? {})).toEqual([origin, 'Origin']);
    expect(corsOf(stage.sse('topic=a', { headers }).streaming ?? {})).toEqual([origin, 'Origin']);
    expect(corsOf(answerTo({ path: '/x', headers }, stage).headers)).toEqual([origin, 'Origin']);
  });

  test('[BROKER-CORS-3] write only when they are of this door, or on the list', () => {
    const post = (allowedOrigins: string[], from?: string) => {
      const headers = {
        host: 'node.example:8080',
        ...(from === undefined ? {} : { origin: from }),
      };
      const body = JSON.stringify({ topic: 't', data: 1 });
      const stage = stageOf({ broker: { allowedOrigins } });
      const { status } = answerTo({ method: 'POST', path: '/publish', headers, body }, stage);
      expect(stage.counted('publications')).toBe(status === 200 ? 1 : 0);
      return status;
    };
    const here = 'https://node.example:8080';
    expect([post([]), post([], here), post([], origin)]).toEqual([200, 200, 403]);
    expect([post([origin], origin), post(['*'], origin)]).toEqual([200, 200]);
    expect([post([origin]), post([origin], here), post([origin], 'null')]).toEqual([200, 200, 403]);
  });

  test.each([
    ['http://evil.example:8080', 403],
    ['https://node.example', 200],
    ['http://127.0.0.1:8080', 200],
    ['http://[::1]:8080', 200],
    ['http://localhost:8080', 200],
    ['http://127.0.0.1.evil.example', 403],
    ['http://localhost.evil.example', 403],
  ])(
    "[BROKER-CORS-4] a name that may have been led here makes no page this door's own: %s",
    (own, status) => {
      const headers = { origin: own, host: new URL(own).host };
      const asked = { method: 'POST', path: '/publish', headers, body: '{"topic":"t","data":1}' };
      expect(answerTo(asked).status).toBe(status);
      const stage = stageOf({ broker: { allowedOrigins: ['https://page.example'] } });
      expect(answerTo(asked, stage).status).toBe(status);
      // [BROKER-DOOR-3]
      const client = stage.connect({ headers });
      expect(client.answered?.status ?? 200).toBe(status);
    },
  );

  test('[BROKER-CORS-2] ask first, and need no token for it', () => {
    const stage = stageOf({ broker: { allowedOrigins: [origin], requireToken: true } });
    const ask = (from: string) =>
      answerTo({ method: 'OPTIONS', path: '/publish', headers: { origin: from } }, stage);
    expect(ask(origin)).toEqual({
      status: 204,
      headers: {
        allow: 'GET, HEAD, POST, OPTIONS',
        'access-control-allow-methods': 'GET, HEAD, POST, OPTIONS',
        'access-control-allow-headers': 'authorization, content-type, last-event-id',
        'access-control-max-age': '600',
        'access-control-allow-origin': origin,
        vary: 'Origin',
      },
      body: '',
    });
    expect(ask('https://other.example').headers).toEqual({
      allow: 'GET, HEAD, POST, OPTIONS',
      vary: 'Origin',
    });
  });
});

describe('a request', () => {
  test('that is answered leaves no actor', () => {
    const stage = stageOf();
    publish({ topic: 't', data: 1 }, stage);
    answerTo({ path: '/topics' }, stage);
    answerTo({ path: '/nothing' }, stage);
    expect(stage.shards[0]?.system.actors).toBe(3);
  });

  test('[RUN-3] that meets a bug is answered 500, also when that is at once', () => {
    const stage = stageOf();
    const body = null as unknown as string;
    const client = stage.request({ method: 'POST', path: '/publish', body });
    expect(client.answered).toMatchObject({ status: 500, body: errorBody('Internal error.') });
    expect(stage.troubles).toHaveLength(1);
    expect(stage.shards[0]?.hasCollapsed).toBe(false);
  });
});
