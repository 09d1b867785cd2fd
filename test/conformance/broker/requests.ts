// Requests over WebSocket: what is one, what is not, and the sentences for every mistake.

import assert from 'node:assert/strict';

import { messageCases, type MessageRow } from '../case.ts';
import { ackText, assertMistake, errorText, sentences } from './sentences.ts';

const notJson: readonly MessageRow[] = [
  '',
  '   ',
  'nope',
  '{a:1}',
  '{} {}',
  '{}}',
  '{"topic":"a",}',
  '{"topic" "a"}',
  '{"topic":"a","data":1',
  '[1,]',
  "{'a':1}",
  '\ufeff{}',
  '\u00a0{}',
  '// comment\n{}',
  'undefined',
  'True',
  '{"topic":"a","data":tru}',
  '{"topic":"a","data":NaN}',
  '{"topic":"a","data":Infinity}',
  '{"topic":"a","data":-Infinity}',
  '{"topic":"a","data":01}',
  '{"topic":"a","data":+1}',
  '{"topic":"a","data":.5}',
  '{"topic":"a","data":1.}',
  '{"topic":"a","data":1e}',
  '{"topic":"a","data":0x1}',
  '{"topic":"a","data":"\n"}',
  '{"topic":"a","data":"\u0000"}',
  String.raw`{"topic":"a","data":"\x41"}`,
  String.raw`{"topic":"a","data":"\u12"}`,
].map((text) => [
  `[JSON-1] [BROKER-REQ-3] ${JSON.stringify(text)} is not JSON, and the connection stays open`,
  async (target) => {
    const client = await target.client();
    await assertMistake(client, text, sentences.notJson);
    assert.equal((await client.subscribe(target.topic()))['type'], 'ack_subscribe');
  },
]);

const malformed: readonly MessageRow[] = [
  '[]',
  '[{"type":"list_topics"}]',
  'null',
  'true',
  '5',
  '"x"',
  '{}',
  '{"type":"subscribe"}',
  '{"type":"subscribe","topic":""}',
  '{"type":"subscribe","topic":null}',
  '{"type":"subscribe","topic":0}',
  '{"type":"subscribe","topic":5}',
  '{"type":"subscribe","topic":true}',
  '{"type":"subscribe","topic":[]}',
  '{"type":"subscribe","topic":["a"]}',
  '{"type":"subscribe","topic":{}}',
  '{"type":"unsubscribe"}',
  '{"type":"unsubscribe","topic":""}',
  '{"type":"unsubscribe","topic":7}',
  '{"type":"topic_info"}',
  '{"type":"topic_info","topic":""}',
  '{"type":"topic_info","topic":null}',
  '{"type":"SUBSCRIBE","topic":"a"}',
  '{"type":"subscribe ","topic":"a"}',
  '{"type":["subscribe"],"topic":"a"}',
  '{"type":"ping"}',
  '{"topic":"a"}',
  '{"topic":"a","Data":1}',
  '{"data":1}',
  '{"topic":"","data":1}',
  '{"topic":null,"data":1}',
  '{"topic":7,"data":1}',
  '{"type":"publish","topic":{},"data":1}',
].map((text) => [
  `[BROKER-REQ-2] ${text} is malformed`,
  async (target) => {
    await assertMistake(await target.client(), text, sentences.malformed);
  },
]);

/** Bytes that are no UTF-8, where a text would break the framing. */
const notUtf8: readonly MessageRow[] = (
  [
    ['half a character', [0xc3]],
    ['a continuation of nothing', [0x80]],
    ['an overlong slash', [0xc0, 0xaf]],
    ['a surrogate', [0xed, 0xa0, 0x80]],
    ['beyond the last character', [0xf4, 0x90, 0x80, 0x80]],
    ['no byte of UTF-8', [0xff]],
  ] as const
).map(([what, bytes]) => [
  `[JSON-1] [BROKER-REQ-3] a binary message with ${what} in a string is not JSON`,
  async (target) => {
    const topic = target.topic();
    const client = await target.client();
    const [before, after] = [Buffer.from(`{"topic":"${topic}","data":"`), Buffer.from('"}')];
    client.send(Buffer.concat([before, Buffer.from(bytes), after]));
    assert.equal(await client.next(), errorText(sentences.notJson));
    assert.partialDeepStrictEqual(await client.info(topic), { offset: null });
  },
]);

export const requests = messageCases('requests', [
  ...notJson,
  ...notUtf8,
  [
    '[JSON-1] [BROKER-REQ-3] a binary message that begins with a byte order mark, or is UTF-16, is not JSON',
    async (target) => {
      const client = await target.client();
      const list = '{"type":"list_topics"}';
      for (const bytes of [Buffer.from(`\ufeff${list}`), Buffer.from(list, 'utf16le')])
        await assertMistake(client, bytes, sentences.notJson);
    },
  ],
  [
    '[JSON-1] blanks around everything, numbers of any size and escaped lone surrogates are well-formed',
    async (target) => {
      const topic = target.topic();
      const client = await target.client();
      client.send(` \t\r\n{ "type" :\n"subscribe" ,\t"topic" : "${topic}" , "x" : 1e999 } \n`);
      assert.equal(await client.next(), ackText(topic));
      client.send(String.raw`{"topic":"${topic}","\udfff":"\ud800","data":${'9'.repeat(400)}}`);
      assert.equal(await client.next(), '9'.repeat(400));
    },
  ],
  ...malformed,
  [
    '[BROKER-REQ-1] a subscribe with data subscribes and publishes nothing',
    async (target) => {
      const topic = target.topic();
      const client = await target.client();
      client.send({ data: 1, topic, type: 'subscribe' });
      assert.equal(await client.next(), ackText(topic));
      assert.deepEqual(await client.drain(topic), []);
      assert.partialDeepStrictEqual(await client.info(topic), { offset: 0, history: 0 });
    },
  ],
  [
    '[BROKER-REQ-1] unsubscribe, topic_info and list_topics are what they say, with data too',
    async (target) => {
      const topic = target.topic();
      const client = await target.client();
      await client.subscribe(topic);
      const info = await client.ask({ type: 'topic_info', topic, data: 1, ack: true });
      assert.partialDeepStrictEqual(info, { type: 'topic_info', topic, offset: 0 });
      const list = await client.ask({ type: 'list_topics', topic, data: 1 });
      assert.equal(list['type'], 'topics');
      const ack = await client.ask({ type: 'unsubscribe', topic, data: 1 });
      assert.equal(ack['type'], 'ack_unsubscribe');
      assert.partialDeepStrictEqual(await client.info(topic), { subscribers: 0, offset: 0 });
    },
  ],
  [
    '[BROKER-REQ-1] a type with escapes is the type that it spells',
    async (target) => {
      const topic = target.topic();
      const client = await target.client();
      client.send(String.raw`{"t\u0079pe":"\u0073ubscribe","topic":"${topic}","data":1}`);
      assert.equal(await client.next(), ackText(topic));
    },
  ],
  [
    '[BROKER-REQ-1] any other type, of any kind, or none is a publish when topic and data are there',
    async (target) => {
      const topic = target.topic();
      const client = await target.client();
      await client.subscribe(topic);
      const types = ['whatever', '', 'publish', 'SUBSCRIBE', 'data', 7, null, true, [], {}];
      for (const type of types) client.send({ type, topic, data: type });
      client.send({ topic, data: 'none' });
      const expected = [...types, 'none'].map((type) => JSON.stringify(type));
      assert.deepEqual(await client.drain(topic), expected);
    },
  ],
  [
    '[BROKER-REQ-4] answers leave in the order in which the requests came',
    async (target) => {
      const client = await target.client();
      const topics = target.topics(50);
      for (const topic of topics) {
        client.send({ type: 'subscribe', topic });
        client.send('nope');
        client.send({ topic, data: 1, ack: true, id: topic });
        client.send({ type: 'topic_info', topic });
        client.send({ type: 'unsubscribe', topic });
      }
      for (const topic of topics) {
        const answers: unknown[] = [];
        while (answers.length < 5) {
          const text = await client.next();
          if (text === '1') continue;
          const answer = JSON.parse(text) as { type: string; topic?: string };
          answers.push(answer.type);
          if (answer.type !== 'error') assert.equal(answer.topic, topic);
        }
        const types = ['ack_subscribe', 'error', 'ack_publish', 'topic_info', 'ack_unsubscribe'];
        assert.deepEqual(answers, types, `the answers for ${topic} came as ${answers.join(', ')}`);
      }
    },
  ],
  [
    '[BROKER-REQ-4] what is published while an answer is awaited is written behind it',
    async (target) => {
      const topics = target.topics(20);
      const [own] = topics;
      const client = await target.client();
      await client.subscribe(String(own));
      for (const topic of topics) {
        client.send({ topic: own, data: topic });
        client.send({ type: 'topic_info', topic });
      }
      const infos: unknown[] = [];
      const data: string[] = [];
      while (infos.length < topics.length || data.length < topics.length) {
        const text = await client.next();
        if (text.startsWith('"')) data.push(text);
        else infos.push((JSON.parse(text) as { topic: string }).topic);
      }
      assert.deepEqual(infos, topics);
      assert.deepEqual(
        data,
        topics.map((topic) => JSON.stringify(topic)),
      );
    },
  ],
  [
    '[BROKER-REQ-5] [JSON-3] unknown members are ignored, of every request',
    async (target) => {
      const topic = target.topic();
      const client = await target.client();
      const more = { x: 1, Topic: 'b', id: 7, ack: 7, envelop: 7, __proto__x: 1 };
      assert.equal((await client.subscribe(topic, more))['type'], 'ack_subscribe');
      const wrong = { envelope: 7, since: 7 };
      client.send({ topic, data: 1, ...wrong });
      assert.equal(await client.next(), '1');
      const info = await client.ask({ ...more, ...wrong, type: 'topic_info', topic });
      assert.partialDeepStrictEqual(info, { type: 'topic_info', offset: 1 });
      const list = await client.ask({ ...more, ...wrong, type: 'list_topics', topic: 7 });
      assert.equal(list['type'], 'topics');
      const ack = await client.ask({ ...more, ...wrong, type: 'unsubscribe', topic });
      assert.equal(ack['type'], 'ack_unsubscribe');
    },
  ],
  [
    '[BROKER-REQ-5] [JSON-3] of two members with one name the last counts, with escapes too',
    async (target) => {
      const [topic, other] = [target.topic(), target.topic()];
      const client = await target.client();
      client.send(
        String.raw`{"topic":"${other}","type":"list_topics","type":"subscribe","t\u006fpic":"${topic}"}`,
      );
      assert.equal(await client.next(), ackText(topic));
      client.send(String.raw`{"data":[1],"topic":"${topic}","d\u0061ta": 2.50 ,"id":7,"id":"a"}`);
      assert.equal(await client.next(), '2.50');
      await assertMistake(
        client,
        `{"topic":"${topic}","data":1,"id":"b","id":null}`,
        sentences.id(target.settings.idLengthMax),
      );
    },
  ],
  [
    '[BROKER-REQ-6] an optional member of the wrong kind has its own sentence, and nothing is done',
    async (target) => {
      const topic = target.topic();
      const { idLengthMax } = target.settings;
      const client = await target.client();
      const id = sentences.id(idLengthMax);
      const wrong: [request: object, sentence: string][] = [
        ...[1, 0, 'true', '', null, [], {}].map((envelope): [object, string] => [
          { type: 'subscribe', envelope },
          sentences.envelope,
        ]),
        ...[5, '1x:1', null, true, [], {}, { epoch: 'a' }, { offset: 1 }].map(
          (since): [object, string] => [{ type: 'subscribe', since }, sentences.since],
        ),
        ...[null, '1', true, -1, 1.5, 2 ** 53].map((offset): [object, string] => [
          { type: 'subscribe', since: { epoch: 'a', offset } },
          sentences.since,
        ]),
        ...[null, 1, [], ''].map((epoch): [object, string] => [
          { type: 'subscribe', since: { epoch, offset: 1 } },
          sentences.since,
        ]),
        ...[5, null, true, [], {}, '', 'a\u0000b', '\u001f', '\u007f', '\u009f'].map(
          (wrongId): [object, string] => [{ data: 1, id: wrongId }, id],
        ),
        [{ data: 1, id: 'x'.repeat(idLengthMax + 1) }, id],
        ...[1, 0, 'true', null, [], {}].map((ack): [object, string] => [
          { data: 1, ack },
          sentences.ack,
        ]),
      ];
      for (const [request, sentence] of wrong)
        await assertMistake(client, { ...request, topic }, sentence);
      assert.partialDeepStrictEqual(await client.info(topic), { subscribers: 0, offset: null });
    },
  ],
  [
    '[BROKER-REQ-6] what is of the right kind is taken: an id of the greatest length, ack and envelope false',
    async (target) => {
      const topic = target.topic();
      const client = await target.client();
      const id = '😀'
        .repeat(target.settings.idLengthMax >> 1)
        .padEnd(target.settings.idLengthMax, 'x');
      assert.partialDeepStrictEqual(await client.publish(topic, 1, { id }), { id, offset: 1 });
      client.send({ topic, data: 2, ack: false, id: ' ' });
      const ack = await client.subscribe(topic, { envelope: false });
      assert.partialDeepStrictEqual(ack, { type: 'ack_subscribe', offset: 2 });
      client.send({ topic, data: 3 });
      assert.equal(await client.next(), '3');
    },
  ],
  [
    '[BROKER-REQ-6] of several mistakes the first is told: in a subscribe envelope, since, topic',
    async (target) => {
      const client = await target.client();
      const wrong = { type: 'subscribe', envelope: 1, since: 5, topic: '' };
      await assertMistake(client, wrong, sentences.envelope);
      await assertMistake(client, { ...wrong, envelope: true }, sentences.since);
      const since = { epoch: 'a', offset: 1 };
      await assertMistake(client, { ...wrong, envelope: true, since }, sentences.malformed);
    },
  ],
  [
    '[BROKER-REQ-6] and in a publish data, topic, id, ack',
    async (target) => {
      const { topicLengthMax, idLengthMax } = target.settings;
      const client = await target.client();
      const wrong = { topic: 'x'.repeat(topicLengthMax + 1), id: 5, ack: 5 };
      await assertMistake(client, wrong, sentences.malformed);
      const data = 1;
      await assertMistake(client, { ...wrong, data }, sentences.topicTooLong(topicLengthMax));
      const topic = target.topic();
      await assertMistake(client, { ...wrong, data, topic }, sentences.id(idLengthMax));
      await assertMistake(client, { ...wrong, data, topic, id: 'a' }, sentences.ack);
      assert.deepEqual(await client.drain(topic), []);
    },
  ],
  [
    '[JSON-2] a message of the greatest depth is read, and one level more is refused',
    async (target) => {
      const { jsonDepthMax } = target.settings;
      const topic = target.topic();
      const client = await target.client();
      await client.subscribe(topic);
      const nested = (levels: number): string => '['.repeat(levels) + ']'.repeat(levels);
      // The message itself is the first level.
      client.send(`{"topic":"${topic}","data":${nested(jsonDepthMax - 1)}}`);
      assert.equal(await client.next(), nested(jsonDepthMax - 1));
      const tooDeep = sentences.tooDeep(jsonDepthMax);
      await assertMistake(client, `{"topic":"${topic}","data":${nested(jsonDepthMax)}}`, tooDeep);
      await assertMistake(client, `{"x":${nested(jsonDepthMax)},"type":"list_topics"}`, tooDeep);
      await assertMistake(client, nested(jsonDepthMax), sentences.malformed);
      await assertMistake(client, nested(jsonDepthMax + 1), tooDeep);
    },
  ],
  [
    '[JSON-2] depth is told whether or not the text is well-formed, and 100,000 levels do no harm',
    async (target) => {
      const { jsonDepthMax } = target.settings;
      const client = await target.client();
      const tooDeep = sentences.tooDeep(jsonDepthMax);
      await assertMistake(client, '['.repeat(100_000), tooDeep);
      await assertMistake(client, '{"a":'.repeat(jsonDepthMax + 1), tooDeep);
      await assertMistake(client, '['.repeat(jsonDepthMax), sentences.notJson);
    },
  ],
  [
    '[JSON-2] brackets in strings are no levels',
    async (target) => {
      const topic = target.topic();
      const client = await target.client();
      await client.subscribe(topic);
      const text = JSON.stringify(`\\"${'[{'.repeat(2_000)}`);
      client.send(`{"topic":"${topic}","data":${text}}`);
      assert.equal(await client.next(), text);
    },
  ],
]);
