// What the published server of Hermes did: sessions, subscriptions and bare publications.

import assert from 'node:assert/strict';

import { ask, casesOf, type Target } from '../case.ts';
import { frame } from '../raw-socket.ts';

const WELCOME = `{"type": "info", "message": "Connected to HERMES WebSocket server. Send {'type': 'subscribe', 'topic': 'stock:TICKER'} to subscribe."}`;

export const seed = casesOf('seed', [
  [
    '[BROKER-WS-1] [BROKER-DOOR-1] [BROKER-FRAME-1] a connection on any path is welcomed first',
    async (target) => {
      for (const path of ['', '/', '/any/path?x=1']) {
        const client = await target.newcomer(path);
        client.send({ type: 'topic_info', topic: target.topic() });
        // A server may be set to say nothing first; then its first word is the answer.
        if (target.greets) assert.equal(await client.next(), WELCOME);
        assert.match(await client.next(), /^\{"type":"topic_info"/);
      }
    },
  ],
  [
    '[BROKER-SUB-1] [BROKER-FRAME-1] subscribe and unsubscribe are acked with the exact texts',
    async (target) => {
      const topic = target.topic();
      const client = await target.client();
      client.send({ type: 'subscribe', topic });
      assert.equal(
        await client.next(),
        `{"type": "ack_subscribe", "topic": "${topic}", "message": "Successfully subscribed to ${topic}"}`,
      );
      client.send({ type: 'unsubscribe', topic });
      assert.equal(
        await client.next(),
        `{"type": "ack_unsubscribe", "topic": "${topic}", "message": "Successfully unsubscribed from ${topic}"}`,
      );
      client.send({ type: 'unsubscribe', topic });
      assert.equal(
        await client.next(),
        `{"type": "error", "message": "Not subscribed to ${topic}"}`,
      );
    },
  ],
  [
    '[BROKER-PUB-1] subscribers get the bare data, the producer only when it subscribed',
    async (target) => {
      const topic = target.topic();
      const [one, two, other, producer] = await four(target);
      await one.subscribe(topic);
      await two.subscribe(topic);
      await other.subscribe(target.topic());
      const data = '{"price": 170.50, "timestamp": "2024-10-27T10:00:00Z"}';
      producer.send(`{"topic": "${topic}", "data": ${data}}`);
      assert.equal(await one.next(), data);
      assert.equal(await two.next(), data);
      assert.deepEqual(await producer.drain(topic), []);
      assert.deepEqual(await other.drain(topic), []);
      await producer.subscribe(topic);
      producer.send(`{"type":"publish","topic":"${topic}","data":1}`);
      assert.equal(await producer.next(), '1');
    },
  ],
  [
    '[BROKER-SUB-2] nothing is delivered before the ack of a subscribe or after that of an unsubscribe',
    async (target) => {
      const topic = target.topic();
      const [reader, producer] = await pair(target);
      await producer.publish(topic, 'early');
      assert.equal((await reader.subscribe(topic))['type'], 'ack_subscribe');
      await producer.publish(topic, 'meant');
      assert.deepEqual(await reader.drain(topic), ['"meant"']);
      assert.equal((await ask(reader, { type: 'unsubscribe', topic }))['type'], 'ack_unsubscribe');
      await producer.publish(topic, 'late');
      assert.deepEqual(await reader.drain(topic), []);
    },
  ],
  [
    '[BROKER-SUB-3] subscribing twice is acked twice and delivers once',
    async (target) => {
      const topic = target.topic();
      const client = await target.client();
      assert.equal((await client.subscribe(topic))['type'], 'ack_subscribe');
      assert.equal((await client.subscribe(topic))['type'], 'ack_subscribe');
      client.send({ topic, data: 'once' });
      assert.deepEqual(await client.drain(topic), ['"once"']);
    },
  ],
  [
    '[BROKER-SUB-4] a client that vanishes leaves no subscription behind',
    async (target) => {
      const topic = target.topic();
      const [gone, watcher] = await pair(target);
      await gone.subscribe(topic);
      const info = { type: 'topic_info', topic };
      assert.equal((await ask(watcher, info))['subscribers'], 1);
      gone.socket.terminate();
      await target.eventually(async () => (await ask(watcher, info))['subscribers'] === 0);
      const { topics } = await ask(watcher, { type: 'list_topics' });
      assert.ok(!Object.hasOwn(topics as object, topic), 'a topic without subscribers is listed');
    },
  ],
  [
    '[BROKER-PUB-2] publishing where nobody listens is no error, and gets its place',
    async (target) => {
      const client = await target.client();
      const topic = target.topic();
      client.send({ topic, data: 1 });
      assert.deepEqual(await client.drain(topic), []);
      assert.equal((await ask(client, { type: 'topic_info', topic }))['offset'], 1);
    },
  ],
  [
    '[BROKER-DATA-1] [JSON-3] every JSON value arrives as it was written',
    async (target) => {
      const topic = target.topic();
      const client = await target.client();
      await client.subscribe(topic);
      for (const value of VALUES) {
        client.send(`{"topic":"${topic}","data": ${value} }`);
        assert.equal(await client.next(), value);
      }
    },
  ],
  [
    '[BROKER-ORD-3] a thousand publications of one producer keep their order for each subscriber',
    async (target) => {
      const topic = target.topic();
      const [one, other, producer] = await four(target);
      await one.subscribe(topic);
      await other.subscribe(topic);
      for (let i = 0; i < 1_000; i += 1) producer.send({ topic, data: i });
      for (let i = 0; i < 1_000; i += 1) {
        assert.equal(await one.next(), String(i));
        assert.equal(await other.next(), String(i));
      }
    },
  ],
  [
    '[BROKER-WS-2] binary frames are read as text',
    async (target) => {
      const topic = target.topic();
      const client = await target.client();
      const ack = await ask(client, Buffer.from(`{"type":"subscribe","topic":"${topic}"}`));
      assert.partialDeepStrictEqual(ack, { type: 'ack_subscribe', topic });
      assert.deepEqual(await ask(client, Buffer.from([0xff, 0xfe])), {
        type: 'error',
        message: 'Message must be valid JSON.',
      });
    },
  ],
  [
    '[BROKER-ISO-1] a client that breaks the framing harms nobody else',
    async (target) => {
      const topic = target.topic();
      const healthy = await target.client();
      await healthy.subscribe(topic);
      await target.framesAfter(frame('text', 'hi', { masked: false }));
      healthy.send({ topic, data: 'still here' });
      assert.deepEqual(await healthy.drain(topic), ['"still here"']);
    },
  ],
  [
    '[BROKER-SLOW-1] a reader that takes nothing delays no other',
    async (target) => {
      const topic = target.topic();
      const [healthy, producer] = await pair(target);
      const asleep = await target.client();
      await asleep.subscribe(topic);
      asleep.socket.pause();
      await healthy.subscribe(topic);
      const data = 'x'.repeat(65_536);
      for (let i = 0; i < 32; i += 1) producer.send({ topic, data });
      for (let i = 0; i < 32; i += 1) assert.equal((await healthy.next()).length, data.length + 2);
    },
  ],
]);

const VALUES = [
  'null',
  '"str"',
  '[1,2]',
  '12345678901234567890',
  '1.0',
  '170.50',
  '-0',
  '1e400',
  '"hé😀"',
  String.raw`"\u00e9\ud83d\ude00"`,
  '{"b":1,"a":[ 1 , 2 ],"b":2}',
  String.raw`"\ud800"`,
];

type Client = Awaited<ReturnType<Target['client']>>;

async function pair(target: Target): Promise<[Client, Client]> {
  return Promise.all([target.client(), target.client()]);
}

async function four(target: Target): Promise<[Client, Client, Client, Client]> {
  return Promise.all([target.client(), target.client(), target.client(), target.client()]);
}
