// The plain HTTP of the door: publishing, looking, and hints.

import assert from 'node:assert/strict';

import { atLeast, atMost, messageCases, type MessageRow, remembering } from '../case.ts';
import type { Answer } from '../door.ts';
import { assertRefused, sentences } from './sentences.ts';

function assertJson(answer: Answer, status = 200): void {
  assert.equal(answer.status, status);
  assert.equal(answer.headers.get('content-type'), 'application/json; charset=utf-8');
  assert.equal(answer.headers.get('cache-control'), 'no-store');
}

const NESTED = (levels: number): string => '['.repeat(levels) + ']'.repeat(levels);

const notPublications: readonly MessageRow[] = (
  [
    ['nope', sentences.notJson],
    ['', sentences.notJson],
    ['{"topic":"a","data":1', sentences.notJson],
    ['\ufeff{"topic":"a","data":1}', sentences.notJson],
    ['{"topic":"a","data":NaN}', sentences.notJson],
    ['5', 'Each publication must be an object.'],
    ['"x"', 'Each publication must be an object.'],
    ['null', 'Each publication must be an object.'],
    ['{}', sentences.malformed],
    ['{"topic":"a"}', sentences.malformed],
    ['{"data":1}', sentences.malformed],
    ['{"topic":"","data":1}', sentences.malformed],
    ['{"topic":5,"data":1}', sentences.malformed],
    ['{"type":"subscribe","topic":"a"}', sentences.malformed],
    [String.raw`{"topic":"a\u0000","data":1}`, sentences.topicSigns],
    [String.raw`{"topic":"\ud800","data":1}`, sentences.topicSigns],
  ] as const
).map(([body, error]) => [
  `[BROKER-HTTP-2] a body ${JSON.stringify(body)} is answered 400 with its sentence`,
  async (target) => assertRefused(await target.publish(body), 400, error),
]);

const items: readonly MessageRow[] = (
  [
    ['5', 'Each publication must be an object.'],
    ['[]', 'Each publication must be an object.'],
    ['{"topic":"a"}', sentences.malformed],
    ['{"topic":"","data":1}', sentences.malformed],
    [String.raw`{"topic":"a\u0000","data":1}`, sentences.topicSigns],
  ] as const
).map(([item, error]) => [
  `[BROKER-HTTP-2] with ${item} in a list nothing is published, and the sentence names the item`,
  async (target) => {
    const topic = target.topic();
    const good = `{"topic":"${topic}","data":1}`;
    for (const [at, list] of [
      `[${item},${good}]`,
      `[${good},${item}]`,
      `[${good},${good},${item},5]`,
    ].entries())
      assertRefused(await target.publish(list), 400, `${error} (item ${at})`);
    const info = await target.get(`/topics/${encodeURIComponent(topic)}`);
    assert.partialDeepStrictEqual(JSON.parse(info.body), { epoch: null, offset: null });
  },
]);

const methods: readonly MessageRow[] = (
  [
    ['GET', '/publish', 'POST'],
    ['HEAD', '/publish', 'POST'],
    ['PUT', '/publish', 'POST'],
    ['POST', '/topics', 'GET, HEAD'],
    ['DELETE', '/topics', 'GET, HEAD'],
    ['POST', '/topics/a', 'GET, HEAD'],
    ['POST', '/sse', 'GET'],
    ['HEAD', '/sse?topic=a', 'GET'],
  ] as const
).map(([method, path, allow]) => [
  `[BROKER-HTTP-4] ${method} ${path} is answered 405 with Allow: ${allow}`,
  async (target) => {
    const answer = await target.request({ method, path });
    assertJson(answer, 405);
    assert.equal(answer.headers.get('allow'), allow);
    const body = `${JSON.stringify({ error: `Only ${allow} is answered here.` })}\n`;
    assert.equal(answer.body, method === 'HEAD' ? '' : body);
  },
]);

export const http = messageCases('http', [
  [
    '[BROKER-HTTP-1] [BROKER-HTTP-3] POST /publish answers when the publication has its place',
    async (target) => {
      const topic = target.topic();
      const client = await target.client();
      const { epoch } = await client.subscribe(topic, { envelope: true });
      const answer = await target.publish(`{"topic":"${topic}","data":170.50,"id":"a"}`);
      assertJson(answer);
      const place = `"topic":"${topic}","id":"a","epoch":"${String(epoch)}","offset":1,"subscribers":1`;
      assert.equal(answer.body, `{${place}}\n`);
      assert.match(await client.next(), /"data":170\.50\}$/);
      const again = await target.publish({ topic, data: 2, id: 'a' });
      assertJson(again);
      assert.equal(again.body, `{${place},"duplicate":true}\n`);
    },
    remembering,
  ],
  [
    '[BROKER-HTTP-1] [BROKER-PUB-3] the id is the place where the publisher gave none',
    async (target) => {
      const topic = `${target.topic()} "é"`;
      const answer = await target.publish({ topic, data: 1 });
      const { epoch } = JSON.parse(answer.body) as { epoch: string };
      assert.equal(
        answer.body,
        `{"topic":${JSON.stringify(topic)},"id":"${epoch}:1","epoch":"${epoch}","offset":1,"subscribers":0}\n`,
      );
    },
  ],
  [
    '[BROKER-HTTP-1] [BROKER-DATA-1] a body of any content type is taken, and its data byte for byte',
    async (target) => {
      const topic = target.topic();
      const client = await target.client();
      await client.subscribe(topic);
      const types = ['text/plain', 'application/json', 'application/x-www-form-urlencoded', 'x/y'];
      const data = String.raw`{"b": 1.0 ,"a":["\u00e9","é😀"],"b":1e400}`;
      for (const type of types) {
        const body = ` {"data":\n${data} ,"topic":"${topic}","type":"subscribe","x":1}\n`;
        assertJson(await target.publish(body, { 'content-type': type }));
        assert.equal(await client.next(), data);
      }
      const bytes = Buffer.from(`{"topic":"${topic}","data":"é"}`);
      assertJson(await target.publish(bytes));
      assert.equal(await client.next(), '"é"');
    },
  ],
  [
    '[BROKER-HTTP-1] neither the query nor the Accept of a publish matters',
    async (target) => {
      const topic = target.topic();
      const answer = await target.request({
        ...{ method: 'POST', path: '/publish?topic=x&x=%ff', headers: { accept: 'text/html' } },
        body: JSON.stringify({ topic, data: 1 }),
      });
      assertJson(answer);
      assert.partialDeepStrictEqual(JSON.parse(answer.body), { topic, offset: 1 });
    },
  ],
  [
    '[BROKER-HTTP-2] a list is published in order, and answered in the same order',
    async (target) => {
      const [topic, other] = [target.topic(), target.topic()];
      const client = await target.client();
      await client.subscribe(topic);
      const many = await target.publish([
        { topic, data: 1, id: 'a' },
        { topic: other, data: 9 },
        { topic, data: 2, id: 'a' },
        { topic, data: 3 },
      ]);
      assertJson(many);
      assert.partialDeepStrictEqual(JSON.parse(many.body), [
        { topic, id: 'a', offset: 1, subscribers: 1 },
        { topic: other, offset: 1, subscribers: 0 },
        { topic, id: 'a', offset: 1, duplicate: true },
        { topic, offset: 2 },
      ]);
      assert.deepEqual(await client.drain(topic), ['1', '3']);
      const empty = await target.publish(' [ ] ');
      assertJson(empty);
      assert.equal(empty.body, '[]\n');
      const single = await target.publish([{ topic, data: 4 }]);
      assert.match(single.body, /^\[\{.*\}\]\n$/);
    },
    remembering,
  ],
  [
    '[BROKER-HTTP-2] [BROKER-ORD-3] the longest list is published in its order, and one more is too many',
    async (target) => {
      const { batchMax } = target.settings;
      const topic = target.topic();
      const client = await target.client();
      await client.subscribe(topic);
      const list = Array.from({ length: batchMax }, (_, i) => ({ topic, data: i }));
      const answer = await target.publish(list);
      assertJson(answer);
      const offsets = (JSON.parse(answer.body) as { offset: number }[]).map(({ offset }) => offset);
      assert.deepEqual(
        offsets,
        list.map((_, i) => i + 1),
      );
      for (let i = 0; i < batchMax; i += 1) assert.equal(await client.next(), String(i));
      const refused = await target.publish([...list, { topic, data: -1 }]);
      assertRefused(refused, 413, `Too many publications: at most ${batchMax} at once.`);
      assert.deepEqual(await client.drain(topic), []);
    },
    atMost('batchMax', 10_000),
  ],
  ...notPublications,
  ...items,
  [
    '[BROKER-HTTP-2] a topic or an id that is too long is told with its limit',
    async (target) => {
      const { topicLengthMax, idLengthMax } = target.settings;
      const topic = target.topic();
      const long = { topic: topic.padEnd(topicLengthMax + 1, 'x'), data: 1 };
      assertRefused(await target.publish(long), 400, sentences.topicTooLong(topicLengthMax));
      const id = 'x'.repeat(idLengthMax);
      assertJson(await target.publish({ topic: topic.padEnd(topicLengthMax, 'x'), data: 1, id }));
      for (const wrong of [`${id}x`, '', 5, null, 'a\u0007']) {
        const answer = await target.publish([
          { topic, data: 1 },
          { topic, data: 1, id: wrong },
        ]);
        assertRefused(answer, 400, `${sentences.id(idLengthMax)} (item 1)`);
      }
    },
  ],
  [
    '[BROKER-HTTP-2] [JSON-2] a list is itself one level of depth',
    async (target) => {
      const { jsonDepthMax } = target.settings;
      const topic = target.topic();
      const publication = (levels: number): string =>
        `{"topic":"${topic}","data":${NESTED(levels)}}`;
      const tooDeep = sentences.tooDeep(jsonDepthMax);
      assertJson(await target.publish(publication(jsonDepthMax - 1)));
      assertRefused(await target.publish(publication(jsonDepthMax)), 400, tooDeep);
      assertJson(await target.publish(`[${publication(jsonDepthMax - 2)}]`));
      assertRefused(await target.publish(`[${publication(jsonDepthMax - 1)}]`), 400, tooDeep);
      assertRefused(await target.publish('['.repeat(jsonDepthMax + 1)), 400, tooDeep);
    },
  ],
  [
    '[BROKER-HTTP-2] [JSON-1] a body that is no UTF-8 is not JSON',
    async (target) => {
      const topic = target.topic();
      const [before, after] = [Buffer.from(`{"topic":"${topic}","data":"`), Buffer.from('"}')];
      const body = Buffer.concat([before, Buffer.from([0xe9]), after]);
      assertRefused(await target.publish(body), 400, sentences.notJson);
    },
  ],
  [
    '[BROKER-HTTP-4] GET of / and /ws asks for an upgrade',
    async (target) => {
      for (const path of ['/', '/ws', '/?x=1']) {
        const answer = await target.get(path);
        assertRefused(answer, 426, sentences.webSocketHere);
        assert.equal(answer.headers.get('upgrade'), 'websocket');
      }
    },
  ],
  [
    '[BROKER-HTTP-4] anything else is not here, and the sentence names what there is',
    async (target) => {
      for (const path of [
        '/nothing',
        '/publish/',
        '/Publish',
        '/topic',
        '/sse/',
        '/sse.txt',
        '/ws/x',
      ])
        assertRefused(await target.get(path), 404, sentences.notHere);
      const posted = await target.request({ method: 'POST', path: '/nothing', body: '{}' });
      assertRefused(posted, 404, sentences.notHere);
    },
  ],
  ...methods,
  [
    '[BROKER-HTTP-5] [BROKER-LIST-1] GET /topics tells what is followed',
    async (target) => {
      const topic = `${target.topic()} "é"`;
      const number = target.numericTopic();
      const client = await target.client();
      await client.subscribe(topic);
      await client.subscribe(number);
      const stream = await target.stream(`topic=${encodeURIComponent(topic)}`);
      await stream.next();
      const answer = await target.get('/topics');
      assertJson(answer);
      assert.match(answer.body, /^\{"topics":\{.*\}\}\n$/s);
      assert.ok(answer.body.includes(`${JSON.stringify(topic)}:2`), 'the topic is not listed');
      assert.ok(answer.body.includes(`"${number}":1`), `the topic ${number} is not listed`);
      const { topics } = JSON.parse((await target.get('/topics?x=1')).body) as { topics: object };
      assert.partialDeepStrictEqual(topics, { [topic]: 2, [number]: 1 });
    },
  ],
  [
    '[BROKER-HTTP-5] [BROKER-LIST-2] GET /topics/{topic} tells of one, percent-encoded',
    async (target) => {
      const topic = `${target.topic()} "é"/?#%`;
      const path = `/topics/${encodeURIComponent(topic)}`;
      const name = JSON.stringify(topic);
      const none = await target.get(path);
      assertJson(none);
      assert.equal(
        none.body,
        `{"topic":${name},"subscribers":0,"epoch":null,"offset":null,"history":0}\n`,
      );
      const client = await target.client();
      const { epoch } = await client.subscribe(topic, { envelope: true });
      await client.publish(topic, 1).then(() => client.next());
      assert.equal(
        (await target.get(`${path}?x=1`)).body,
        `{"topic":${name},"subscribers":1,"epoch":"${String(epoch)}","offset":1,"history":1}\n`,
      );
    },
    remembering,
  ],
  [
    '[BROKER-HTTP-5] what is no topic is answered 400',
    async (target) => {
      const long = 'x'.repeat(target.settings.topicLengthMax + 1);
      for (const topic of ['%00', '%7f', '%c2%85', '%', '%ff', '%ed%a0%80', long, ''])
        assertRefused(
          await target.get(`/topics/${topic}`),
          400,
          'The path must end in one percent-encoded topic.',
        );
    },
  ],
  [
    '[BROKER-HTTP-5] a slash in the path is one in the topic',
    async (target) => {
      const topic = `${target.topic()}/b`;
      await target.publish({ topic, data: 1 });
      const answer = await target.get(`/topics/${topic}`);
      assert.partialDeepStrictEqual(JSON.parse(answer.body), { topic, offset: 1 });
    },
  ],
  [
    '[BROKER-HTTP-5] HEAD is answered as GET is, without the body',
    async (target) => {
      const topic = target.topic();
      for (const path of ['/topics', `/topics/${encodeURIComponent(topic)}`]) {
        const answer = await target.request({ method: 'HEAD', path });
        assertJson(answer);
        assert.equal(answer.body, '');
      }
      const bad = await target.request({ method: 'HEAD', path: '/topics/%00' });
      assert.deepEqual([bad.status, bad.body], [400, '']);
    },
  ],
  [
    '[BROKER-ISO-1] many requests at once are answered each with its own',
    async (target) => {
      const topics = target.topics(40);
      const answers = await Promise.all(topics.map((topic) => target.publish({ topic, data: 1 })));
      for (const [at, { body }] of answers.entries())
        assert.partialDeepStrictEqual(JSON.parse(body), { topic: topics[at], offset: 1 });
    },
    atLeast('topicsMax', 1_000),
  ],
]);
