// Requests over WebSocket: what is one, what is not, and the sentences for every mistake.

import assert from 'node:assert/strict';

import { ask, casesOf, type Row, said } from '../case.ts';

const NOT_JSON = 'Message must be valid JSON.';
const MALFORMED =
  "Malformed message or unknown type. Expected {'type': 'subscribe/unsubscribe', 'topic': '...' } or {'topic': '...', 'data': {...}}";
const TOPIC_SIGNS = 'Topic must be well-formed Unicode without control characters.';
const ID = '"id" must be a string of 1 to 128 characters without control characters.';
const SINCE = '"since" must be {"epoch": "...", "offset": N} as a message or an ack gave it.';

const notJson: readonly Row[] = [
  '',
  '   ',
  'nope',
  '{a:1}',
  '{} {}',
  '{"topic":"a",}',
  '\ufeff{}',
  "{'a':1}",
  '{"topic":"a","data":NaN}',
  '{"topic":"a","data":Infinity}',
].map((text) => [
  `[JSON-1] [BROKER-REQ-3] ${JSON.stringify(text)} is not JSON, and the connection stays open`,
  async (target) => {
    const client = await target.client();
    assert.deepEqual(await ask(client, text), { type: 'error', message: NOT_JSON });
    assert.equal((await client.subscribe(target.topic()))['type'], 'ack_subscribe');
  },
]);

const malformed: readonly Row[] = [
  '[]',
  'null',
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
  '{"type":"subscribe","topic":{}}',
  '{"type":"SUBSCRIBE","topic":"a"}',
  '{"type":"ping"}',
  '{"topic":"a"}',
  '{"data":1}',
].map((text) => [
  `[BROKER-REQ-2] ${text} is malformed`,
  async (target) => {
    const client = await target.client();
    assert.deepEqual(await ask(client, text), { type: 'error', message: MALFORMED });
  },
]);

export const requests = casesOf('requests', [
  ...notJson,
  ...malformed,
  [
    '[BROKER-REQ-1] a subscribe with data subscribes and publishes nothing',
    async (target) => {
      const topic = target.topic();
      const client = await target.client();
      assert.equal((await client.subscribe(topic, { data: 1 }))['type'], 'ack_subscribe');
      assert.deepEqual(await client.drain(topic), []);
    },
  ],
  [
    '[BROKER-REQ-1] any other type, of any kind, is a publish when topic and data are there',
    async (target) => {
      const topic = target.topic();
      const client = await target.client();
      await client.subscribe(topic);
      for (const type of ['whatever', 7, null, {}]) client.send({ type, topic, data: type });
      assert.deepEqual(await client.drain(topic), ['"whatever"', '7', 'null', '{}']);
    },
  ],
  [
    '[BROKER-REQ-4] answers leave in the order in which the requests came',
    async (target) => {
      const client = await target.client();
      const topics = Array.from({ length: 50 }, () => target.topic());
      for (const topic of topics) {
        client.send({ type: 'subscribe', topic });
        client.send('nope');
        client.send({ topic, data: 1, ack: true, id: topic });
        client.send({ type: 'unsubscribe', topic });
      }
      for (const topic of topics) {
        const answers: unknown[] = [];
        while (answers.length < 4) {
          const text = await client.next();
          if (text !== '1') answers.push((JSON.parse(text) as { type: string }).type);
        }
        const types = ['ack_subscribe', 'error', 'ack_publish', 'ack_unsubscribe'];
        assert.deepEqual(answers, types, `the answers for ${topic} came as ${answers.join(', ')}`);
      }
    },
  ],
  [
    '[BROKER-REQ-5] [JSON-3] unknown members are ignored; of two with one name the last counts',
    async (target) => {
      const [topic, other] = [target.topic(), target.topic()];
      const client = await target.client();
      const ack = await ask(
        client,
        String.raw`{"x":1,"topic":"${other}","type":"subscribe","t\u006fpic":"${topic}"}`,
      );
      assert.partialDeepStrictEqual(ack, { type: 'ack_subscribe', topic });
    },
  ],
  [
    '[BROKER-REQ-6] an optional member of the wrong kind has its own sentence, and nothing is done',
    async (target) => {
      const topic = target.topic();
      const client = await target.client();
      const wrong: [request: object, message: string][] = [
        [{ type: 'subscribe', envelope: 1 }, '"envelope" must be true or false.'],
        [{ type: 'subscribe', envelope: null }, '"envelope" must be true or false.'],
        [{ type: 'subscribe', since: 5 }, SINCE],
        [{ type: 'subscribe', since: { epoch: 'a', offset: '1' } }, SINCE],
        [{ data: 1, id: 5 }, ID],
        [{ data: 1, id: '' }, ID],
        [{ data: 1, id: 'x'.repeat(129) }, ID],
        [{ data: 1, ack: 'yes' }, '"ack" must be true or false.'],
      ];
      for (const [request, message] of wrong) {
        assert.deepEqual(await ask(client, { ...request, topic }), { type: 'error', message });
      }
      const info = await ask(client, { type: 'topic_info', topic });
      assert.partialDeepStrictEqual(info, { subscribers: 0, offset: null });
    },
  ],
  [
    '[BROKER-TOPIC-1] a topic is well-formed Unicode of at most 256 characters',
    async (target) => {
      const client = await target.client();
      const wrong: [topic: string, message: string][] = [
        [String.raw`\ud800`, TOPIC_SIGNS],
        ['x'.repeat(257), 'Topic too long: at most 256 characters.'],
        [String.raw`a\u0000b`, TOPIC_SIGNS],
        [String.raw`a\u0085b`, TOPIC_SIGNS],
      ];
      for (const [topic, message] of wrong) {
        const answer = await ask(client, `{"type":"subscribe","topic":"${topic}"}`);
        assert.deepEqual(answer, { type: 'error', message });
      }
      const longest = target.topic().padEnd(256, 'x');
      assert.equal((await client.subscribe(longest))['type'], 'ack_subscribe');
    },
  ],
  [
    '[BROKER-TOPIC-2] topics match when they are equal: no wildcards, no folders, no case, no normal form',
    async (target) => {
      const topic = `${target.topic()}/é`;
      const client = await target.client();
      const others = [`${topic}/b`, topic.toUpperCase(), topic.normalize('NFD'), `${topic}*`];
      for (const other of [topic.slice(0, -1), ...others]) await client.subscribe(other);
      client.send({ topic, data: 1 });
      assert.deepEqual(await client.drain(topic), []);
    },
  ],
  [
    '[JSON-2] 100,000 levels are refused, 500 are fine',
    async (target) => {
      const client = await target.client();
      assert.deepEqual(await ask(client, '['.repeat(100_000)), {
        type: 'error',
        message: 'Message is nested too deeply: at most 512 levels.',
      });
      const topic = target.topic();
      await client.subscribe(topic);
      const deep = '['.repeat(500) + ']'.repeat(500);
      client.send(`{"topic":"${topic}","data":${deep}}`);
      assert.equal(await client.next(), deep);
    },
  ],
  [
    '[BROKER-LIST-1] topics and counts follow subscribe, unsubscribe and disconnect',
    async (target) => {
      const topic = target.topic();
      const [one, two] = await Promise.all([target.client(), target.client()]);
      const count = async (): Promise<unknown> =>
        ((await ask(one, { type: 'list_topics' }))['topics'] as Record<string, unknown>)[topic];
      await one.subscribe(topic);
      await two.subscribe(topic);
      assert.equal(await count(), 2);
      await ask(one, { type: 'unsubscribe', topic });
      assert.equal(await count(), 1);
      await two.close();
      await target.eventually(async () => (await count()) === undefined);
    },
  ],
  [
    '[BROKER-LIST-2] topic_info tells subscribers, place and history; nothing of a topic without a life',
    async (target) => {
      const topic = target.topic();
      const client = await target.client();
      assert.equal(
        JSON.stringify(await ask(client, { type: 'topic_info', topic })),
        `{"type":"topic_info","topic":"${topic}","subscribers":0,"epoch":null,"offset":null,"history":0}`,
      );
      await client.subscribe(topic, { envelope: true });
      for (const data of [1, 2]) client.send({ topic, data });
      await client.drain(topic);
      const info = await ask(client, { type: 'topic_info', topic });
      assert.partialDeepStrictEqual(info, { topic, subscribers: 1, offset: 2, history: 2 });
      assert.match(String(info['epoch']), /^[0-9a-z]{1,32}$/);
    },
  ],
  [
    '[BROKER-LIST-3] a second list_topics before the answer is an error, and costs nothing',
    async (target) => {
      const socket = await target.opened();
      const before = socket.frames.length;
      const list = said({ type: 'list_topics' });
      // In one write, so that the second is there before the first was answered.
      socket.say(Buffer.concat([list, list]));
      await socket.until('two answers', () => socket.frames.length >= before + 2);
      const [first, second] = socket.frames.slice(before).map(({ payload }) => String(payload));
      assert.match(first ?? '', /^\{"type":"topics",/);
      const refusal = '{"type": "error", "message": "The topics are being listed already."}';
      // A server that answers at once never has one that is still awaited.
      if (!second?.startsWith('{"type":"topics",')) assert.equal(second, refusal);
      socket.say(list);
      await socket.until('a third', () => socket.frames.length >= before + 3);
      assert.match(String(socket.frames[before + 2]?.payload), /^\{"type":"topics",/);
    },
  ],
  [
    '[BROKER-FRAME-4] names are listed as they are, also __proto__ and what looks like a number',
    async (target) => {
      const client = await target.client();
      const number = String(Math.trunc(Math.random() * 1e9) + 1);
      await client.subscribe('__proto__');
      await client.subscribe(number);
      client.send({ type: 'list_topics' });
      const text = await client.next();
      assert.match(text, /"__proto__":[1-9]/);
      assert.match(text, new RegExp(`"${number}":1`));
    },
  ],
  [
    '[BROKER-LIM-2] the 1,001st topic of a connection is refused',
    async (target) => {
      const client = await target.client();
      const many = target.topic();
      for (let i = 0; i < 1_000; i += 1) client.send({ type: 'subscribe', topic: `${many}-${i}` });
      for (let i = 0; i < 1_000; i += 1) {
        const ack = await client.nextJson();
        assert.partialDeepStrictEqual(ack, { type: 'ack_subscribe', topic: `${many}-${i}` });
      }
      assert.deepEqual(await client.subscribe(target.topic()), {
        type: 'error',
        message: 'Too many subscriptions: at most 1000 per connection.',
      });
      assert.equal((await client.subscribe(`${many}-0`))['type'], 'ack_subscribe');
    },
  ],
]);
