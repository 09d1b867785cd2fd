// Topics: their names, and what is told of them over WebSocket.

import assert from 'node:assert/strict';

import { atLeast, messageCases, remembering } from '../case.ts';
import type { Client } from '../client.ts';
import { ackText, assertMistake, errorText, sentences } from './sentences.ts';

export const topics = messageCases('topics', [
  [
    '[BROKER-TOPIC-1] the longest topic is taken, counted in UTF-16 code units, and one unit more is not',
    async (target) => {
      const { topicLengthMax } = target.settings;
      const client = await target.client();
      const stem = target.topic();
      const room = topicLengthMax - stem.length;
      const longest = [
        stem.padEnd(topicLengthMax, 'x'),
        stem + '😀'.repeat(room >> 1) + 'x'.repeat(room & 1),
      ];
      for (const topic of longest) {
        client.send({ type: 'subscribe', topic });
        assert.equal(await client.next(), ackText(topic));
        const tooLong = sentences.topicTooLong(topicLengthMax);
        for (const type of ['subscribe', 'unsubscribe', 'topic_info', 'publish'])
          await assertMistake(client, { type, topic: `${topic}x`, data: 1 }, tooLong);
      }
    },
  ],
  [
    '[BROKER-TOPIC-1] a topic has no control characters and no lone surrogates',
    async (target) => {
      const client = await target.client();
      const stem = target.topic();
      const wrong = ['\u0000', '\t', '\n', '\u001f', '\u007f', '\u0080', '\u0085', '\u009f'];
      const lone = ['\ud800', '\udbff', '\udc00', '\udfff', '\ude00\ud83d', '😀\ud83d'];
      for (const sign of [...wrong, ...lone]) {
        for (const topic of [`${stem}${sign}`, `${sign}${stem}`]) {
          await assertMistake(client, { type: 'subscribe', topic }, sentences.topicSigns);
          await assertMistake(client, { topic, data: 1 }, sentences.topicSigns);
        }
        const topic = `${stem}${sign}x`;
        await assertMistake(client, { type: 'unsubscribe', topic }, sentences.topicSigns);
        await assertMistake(client, { type: 'topic_info', topic }, sentences.topicSigns);
      }
    },
  ],
  [
    '[BROKER-TOPIC-1] what is no control character is allowed, and escapes spell characters',
    async (target) => {
      const client = await target.client();
      for (const sign of [
        ' ',
        '~',
        '\u00a0',
        '\u00ad',
        '\u200d',
        '\u2028',
        '\ufffd',
        '\uffff',
        '😀',
      ]) {
        const topic = `${target.topic()}${sign}`;
        client.send({ type: 'subscribe', topic });
        assert.equal(await client.next(), ackText(topic));
      }
      const stem = target.topic();
      client.send(String.raw`{"type":"subscribe","topic":"${stem}\ud83d\ude00\u0041"}`);
      assert.equal(await client.next(), ackText(`${stem}😀A`));
    },
    atLeast('subscriptionsMax', 50),
  ],
  [
    '[BROKER-TOPIC-2] topics match when they are equal: no wildcards, no folders, no case, no normal form',
    async (target) => {
      const topic = `${target.topic()}/é`;
      const client = await target.client();
      const others = [
        ...[topic.slice(0, -1), topic.slice(0, -2), `${topic}/b`, `${topic}*`, `${topic} `],
        ...[`${topic.slice(0, -1)}*`, `${topic.slice(0, -1)}+`, `${topic.slice(0, -1)}#`],
        ...[topic.toUpperCase(), topic.normalize('NFD'), ` ${topic}`],
      ];
      for (const other of others) await client.subscribe(other);
      client.send({ topic, data: 1 });
      assert.deepEqual(await client.drain(topic), []);
      await client.subscribe(topic);
      for (const other of others) client.send({ topic: other, data: other });
      const got: string[] = [];
      while (got.length < others.length) got.push(await client.next());
      // Each comes once, by its own subscription.
      assert.deepEqual(got.toSorted(), others.map((other) => JSON.stringify(other)).toSorted());
      assert.deepEqual(await client.drain(topic), []);
    },
    atLeast('subscriptionsMax', 50),
  ],
  [
    '[BROKER-LIST-1] topics and counts follow subscribe, unsubscribe and disconnect',
    async (target) => {
      const topic = target.topic();
      const [one, two] = await target.clients(2);
      assert.equal(await countOf(one, topic), undefined);
      await one.subscribe(topic);
      await two.subscribe(topic);
      assert.equal(await countOf(one, topic), 2);
      await one.subscribe(topic, { envelope: true });
      assert.equal(await countOf(one, topic), 2);
      await one.unsubscribe(topic);
      assert.equal(await countOf(one, topic), 1);
      await two.close();
      await target.eventually(async () => (await countOf(one, topic)) === undefined);
      await one.publish(topic, 1);
      assert.equal(await countOf(one, topic), undefined, 'a topic without subscribers is listed');
    },
  ],
  [
    '[BROKER-LIST-1] the count is over all connections, whatever shard and kind of session they are',
    async (target) => {
      const topic = target.topic();
      const readers = await target.clients(8);
      for (const reader of readers) await reader.subscribe(topic);
      const streams = await Promise.all([1, 2, 3].map(() => target.stream(`topic=${topic}`)));
      for (const stream of streams) await stream.next();
      for (const reader of readers) assert.equal(await countOf(reader, topic), 11);
    },
  ],
  [
    '[BROKER-LIST-2] topic_info of a topic without a life is 0, null, null and 0',
    async (target) => {
      const topic = `${target.topic()} "é"`;
      const client = await target.client();
      client.send({ type: 'topic_info', topic });
      assert.equal(
        await client.next(),
        `{"type":"topic_info","topic":${JSON.stringify(topic)},"subscribers":0,"epoch":null,"offset":null,"history":0}`,
      );
      // To be asked about is no life.
      assert.partialDeepStrictEqual(await client.info(topic), { epoch: null, offset: null });
    },
  ],
  [
    '[BROKER-LIST-2] topic_info tells the subscribers, the last place, and what is kept',
    async (target) => {
      const topic = target.topic();
      const client = await target.client();
      const { epoch } = await client.subscribe(topic, { envelope: true });
      assert.match(String(epoch), /^[0-9a-z]{1,32}$/);
      const infoText = async (): Promise<string> => {
        client.send({ type: 'topic_info', topic });
        return client.next();
      };
      const told = (subscribers: number, offset: number, history: number): string =>
        `{"type":"topic_info","topic":"${topic}","subscribers":${subscribers},"epoch":"${String(epoch)}","offset":${offset},"history":${history}}`;
      assert.equal(await infoText(), told(1, 0, 0));
      for (const data of [1, 2]) client.send({ topic, data });
      await client.drain(topic);
      assert.equal(await infoText(), told(1, 2, 2));
      await client.unsubscribe(topic);
      assert.equal(await infoText(), told(0, 2, 2));
    },
    remembering,
  ],
  [
    '[BROKER-LIST-3] a second list_topics before the answer is an error, and costs nothing',
    async (target) => {
      const client = await target.client();
      const list = { type: 'list_topics' };
      for (let asked = 0; asked < 10; asked += 1) client.send(list);
      const refusal = errorText(sentences.listing);
      assert.match(await client.next(), /^\{"type":"topics",/);
      for (let answered = 1; answered < 10; answered += 1) {
        const answer = await client.next();
        // A server that answers at once never has one that is still awaited.
        if (!answer.startsWith('{"type":"topics",')) assert.equal(answer, refusal);
      }
      assert.equal((await client.ask(list))['type'], 'topics');
    },
  ],
  [
    '[BROKER-FRAME-4] names are listed as they are: __proto__, numbers, quotes, characters outside ASCII',
    async (target) => {
      const client = await target.client();
      const number = target.numericTopic();
      const odd = `${target.topic()} "\\ é😀`;
      for (const topic of ['__proto__', 'constructor', number, odd]) await client.subscribe(topic);
      client.send({ type: 'list_topics' });
      const text = await client.next();
      assert.match(text, /^\{"type":"topics","topics":\{.*\}\}$/s);
      assert.match(text, /"__proto__":[1-9]/);
      assert.match(text, /"constructor":[1-9]/);
      assert.ok(text.includes(`"${number}":1`), `the topic ${number} is not listed`);
      assert.ok(text.includes(`${JSON.stringify(odd)}:1`), `the topic ${odd} is not listed`);
    },
  ],
  [
    '[BROKER-LIM-2] one topic more than a connection may follow is refused, and the others stay',
    async (target) => {
      const { subscriptionsMax } = target.settings;
      const [client, other] = await target.clients(2);
      const many = target.topic();
      for (let i = 0; i < subscriptionsMax; i += 1)
        client.send({ type: 'subscribe', topic: `${many}-${i}` });
      for (let i = 0; i < subscriptionsMax; i += 1)
        assert.equal(await client.next(), ackText(`${many}-${i}`));
      const refusal = sentences.tooManySubscriptions(subscriptionsMax);
      const topic = target.topic();
      await assertMistake(client, { type: 'subscribe', topic }, refusal);
      assert.partialDeepStrictEqual(await client.info(topic), { subscribers: 0 });
      // A second subscribe is no further one, and one that ended makes room.
      assert.equal((await client.subscribe(`${many}-0`))['type'], 'ack_subscribe');
      other.send({ topic: `${many}-0`, data: 1 });
      assert.equal(await client.next(), '1');
      await client.unsubscribe(`${many}-1`);
      assert.equal((await client.subscribe(topic))['type'], 'ack_subscribe');
      assert.equal((await other.subscribe(`${many}-1`))['type'], 'ack_subscribe');
    },
    atLeast('topicsMax', 5_000),
    atLeast('messagesPerSecondMax', 5_000),
  ],
]);

async function countOf(client: Client, topic: string): Promise<unknown> {
  const { topics: counts } = await client.ask({ type: 'list_topics' });
  return (counts as Record<string, unknown>)[topic];
}
