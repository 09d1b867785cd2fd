// What the published server of Hermes did: sessions, subscriptions and bare publications.

import assert from 'node:assert/strict';

import { atLeast, messageCases, remembering } from '../case.ts';
import {
  ackText,
  assertMistake,
  errorText,
  sentences,
  unsubscribedText,
  WELCOME,
} from './sentences.ts';

export const seed = messageCases('seed', [
  [
    '[BROKER-WS-1] [BROKER-FRAME-1] a new WebSocket is welcomed before anything else',
    async (target) => {
      const client = await target.newcomer();
      client.send({ type: 'topic_info', topic: target.topic() });
      // A server may be set to say nothing first; then its first word is the answer.
      if (target.greets) assert.equal(await client.next(), WELCOME);
      assert.match(await client.next(), /^\{"type":"topic_info"/);
    },
  ],
  [
    '[BROKER-DOOR-1] any path and any query open the same kind of session, those of plain requests too',
    async (target) => {
      const paths = ['/', '/any/path?x=1', '/ws', '/publish', '/topics', '/sse?topic=a', '/%ff?%'];
      for (const path of paths) {
        const topic = target.topic();
        const client = await target.client({ path });
        client.send({ type: 'subscribe', topic });
        assert.equal(await client.next(), ackText(topic));
        client.send({ topic, data: path });
        assert.deepEqual(await client.drain(topic), [JSON.stringify(path)]);
      }
    },
  ],
  [
    '[BROKER-SUB-1] [BROKER-FRAME-1] subscribe and unsubscribe are acked with the exact texts',
    async (target) => {
      const topic = target.topic();
      const client = await target.client();
      client.send({ type: 'subscribe', topic });
      assert.equal(await client.next(), ackText(topic));
      client.send({ type: 'unsubscribe', topic });
      assert.equal(await client.next(), unsubscribedText(topic));
      await assertMistake(client, { type: 'unsubscribe', topic }, sentences.notSubscribed(topic));
    },
  ],
  [
    '[BROKER-FRAME-1] characters outside ASCII stand as themselves, and JSON escapes what it must',
    async (target) => {
      const topic = `${target.topic()} é😀 "\\/ <&> \u2028`;
      const client = await target.client();
      client.send({ type: 'subscribe', topic });
      assert.equal(await client.next(), ackText(topic));
      client.send(`{"type":"unsubscribe","topic":${asciiJson(topic)}}`);
      assert.equal(await client.next(), unsubscribedText(topic));
      await assertMistake(client, { type: 'unsubscribe', topic }, sentences.notSubscribed(topic));
    },
  ],
  [
    '[BROKER-SUB-1] a topic of somebody else’s subscription is none of one’s own',
    async (target) => {
      const topic = target.topic();
      const [one, other] = await target.clients(2);
      await one.subscribe(topic);
      await assertMistake(other, { type: 'unsubscribe', topic }, sentences.notSubscribed(topic));
      other.send({ topic, data: 1 });
      assert.equal(await one.next(), '1');
    },
  ],
  [
    '[BROKER-PUB-1] subscribers get the bare data, the producer only when it subscribed',
    async (target) => {
      const topic = target.topic();
      const [one, two, other, producer] = await target.clients(4);
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
      const [reader, producer] = await target.clients(2);
      await producer.publish(topic, 'early');
      assert.equal((await reader.subscribe(topic))['type'], 'ack_subscribe');
      await producer.publish(topic, 'meant');
      assert.deepEqual(await reader.drain(topic), ['"meant"']);
      assert.equal((await reader.unsubscribe(topic))['type'], 'ack_unsubscribe');
      await producer.publish(topic, 'late');
      assert.deepEqual(await reader.drain(topic), []);
      assert.equal((await reader.subscribe(topic))['type'], 'ack_subscribe');
      await producer.publish(topic, 'again');
      assert.deepEqual(await reader.drain(topic), ['"again"']);
    },
  ],
  [
    '[BROKER-SUB-2] a reader that comes and goes amid a flow gets an unbroken run of it each time',
    async (target) => {
      const topic = target.topic();
      const [reader, producer] = await target.clients(2);
      let last = -1;
      for (let round = 0; round < 4; round += 1) {
        for (let i = 0; i < 25; i += 1) producer.send({ topic, data: round * 25 + i });
        reader.send({ type: 'subscribe', topic });
        reader.send({ type: 'topic_info', topic });
        reader.send({ type: 'unsubscribe', topic });
        assert.equal(await reader.next(), ackText(topic));
        const during: number[] = [];
        for (
          let text = await reader.next();
          text !== unsubscribedText(topic);
          text = await reader.next()
        )
          if (!text.startsWith('{"type":"topic_info"')) during.push(Number(text));
        const [first = last + 1] = during;
        assert.ok(first > last, 'what was published before came again');
        const expected = during.map((_, i) => first + i);
        assert.deepEqual(during, expected, 'something is missing in between');
        last = during.at(-1) ?? last;
      }
      assert.deepEqual(await reader.drain(topic), []);
    },
  ],
  [
    '[BROKER-SUB-3] subscribing twice is acked twice and delivers once',
    async (target) => {
      const topic = target.topic();
      const client = await target.client();
      for (let times = 0; times < 2; times += 1) {
        client.send({ type: 'subscribe', topic });
        assert.equal(await client.next(), ackText(topic));
      }
      client.send({ topic, data: 'once' });
      assert.deepEqual(await client.drain(topic), ['"once"']);
      assert.equal((await client.unsubscribe(topic))['type'], 'ack_unsubscribe');
      await assertMistake(client, { type: 'unsubscribe', topic }, sentences.notSubscribed(topic));
    },
  ],
  [
    '[BROKER-SUB-3] a second subscribe changes bare to enveloped and back, and nothing is missed in between',
    async (target) => {
      const topic = target.topic();
      const [reader, producer] = await target.clients(2);
      await reader.subscribe(topic);
      const read: unknown[] = [];
      for (let i = 0; i < 60; i += 1) {
        producer.send({ topic, data: i });
        if (i % 10 === 5) reader.send({ type: 'subscribe', topic, envelope: i % 20 === 5 });
      }
      while (read.length < 60) {
        const value = JSON.parse(await reader.next()) as { type?: string; data?: unknown };
        if (typeof value === 'number') read.push(value);
        else if (value.type === 'message') read.push(value.data);
        else assert.equal(value.type, 'ack_subscribe');
      }
      assert.deepEqual(
        read,
        Array.from({ length: 60 }, (_, i) => i),
      );
      assert.equal((await reader.drain(topic)).filter((text) => !text.includes('ack_')).length, 0);
      await reader.subscribe(topic, { envelope: true });
      producer.send({ topic, data: 'wrapped' });
      assert.equal((await reader.nextJson())['type'], 'message');
      await reader.subscribe(topic);
      producer.send({ topic, data: 'bare' });
      assert.equal(await reader.next(), '"bare"');
    },
  ],
  [
    '[BROKER-SUB-4] a client that vanishes leaves no subscription behind',
    async (target) => {
      const topic = target.topic();
      const [gone, watcher] = await target.clients(2);
      await gone.subscribe(topic);
      assert.equal((await watcher.info(topic))['subscribers'], 1);
      gone.end.vanish();
      await target.eventually(async () => (await watcher.info(topic))['subscribers'] === 0);
      const { topics } = await watcher.ask({ type: 'list_topics' });
      assert.ok(!Object.hasOwn(topics as object, topic), 'a topic without subscribers is listed');
    },
  ],
  [
    '[BROKER-SUB-4] one that says goodbye, and an event stream that is left, neither',
    async (target) => {
      const topic = target.topic();
      const [gone, watcher] = await target.clients(2);
      await gone.subscribe(topic);
      const stream = await target.stream(`topic=${topic}`);
      await stream.next();
      assert.equal((await watcher.info(topic))['subscribers'], 2);
      assert.equal((await gone.close(4_001, 'bye')).code, 4_001);
      stream.end.vanish();
      await target.eventually(async () => (await watcher.info(topic))['subscribers'] === 0);
      assert.partialDeepStrictEqual(await watcher.publish(topic, 1), { subscribers: 0 });
    },
  ],
  [
    '[BROKER-PUB-2] publishing where nobody listens is no error, and gets its place',
    async (target) => {
      const client = await target.client();
      const topic = target.topic();
      client.send({ topic, data: 1 });
      assert.deepEqual(await client.drain(topic), []);
      assert.partialDeepStrictEqual(await client.info(topic), { offset: 1, history: 1 });
    },
    remembering,
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
      const [one, other, producer] = await target.clients(3);
      await one.subscribe(topic);
      await other.subscribe(topic);
      for (let i = 0; i < 1_000; i += 1) producer.send({ topic, data: i });
      for (let i = 0; i < 1_000; i += 1) {
        assert.equal(await one.next(), String(i));
        assert.equal(await other.next(), String(i));
      }
    },
    atLeast('messagesPerSecondMax', 2_000),
  ],
  [
    '[BROKER-WS-2] binary messages are read as texts are, and answered with texts',
    async (target) => {
      const topic = target.topic();
      const client = await target.client();
      client.send(Buffer.from(`{"type":"subscribe","topic":"${topic}"}`));
      assert.equal(await client.next(), ackText(topic));
      client.send(Buffer.from(`{"topic":"${topic}","data":"é"}`));
      assert.equal(await client.next(), '"é"');
      client.send(Buffer.from([0xff, 0xfe]));
      assert.equal(await client.next(), errorText(sentences.notJson));
    },
  ],
  [
    '[BROKER-ISO-1] a mistake is answered to the one who made it, who stays, and is no matter to others',
    async (target) => {
      const topic = target.topic();
      const [healthy, clumsy] = await target.clients(2);
      await healthy.subscribe(topic);
      for (const mistake of ['', 'nope', '[]', '{}', '{"type":"subscribe"}', '{"topic":"a"}']) {
        clumsy.send(mistake);
        clumsy.send({ topic, data: mistake });
        assert.match(await clumsy.next(), /^\{"type": "error", /);
        assert.equal(await healthy.next(), JSON.stringify(mistake));
      }
      assert.equal((await clumsy.subscribe(topic))['type'], 'ack_subscribe');
    },
  ],
  [
    '[BROKER-ISO-1] readers and publishers that vanish amid a flow take nothing from the others',
    async (target) => {
      const topic = target.topic();
      const [healthy, producer] = await target.clients(2);
      await healthy.subscribe(topic);
      for (let i = 0; i < 200; i += 1) {
        producer.send({ topic, data: i });
        if (i % 25 !== 0) continue;
        const passing = await target.client();
        await passing.subscribe(topic);
        passing.send({ topic, data: 'passing' });
        passing.send(`{"topic":"${topic}","data":"half`);
        passing.end.vanish();
      }
      const read: string[] = [];
      while (read.length < 200) {
        const text = await healthy.next();
        if (text !== '"passing"') read.push(text);
      }
      assert.deepEqual(
        read.map(Number),
        Array.from({ length: 200 }, (_, i) => i),
      );
    },
  ],
  [
    '[BROKER-LIVE-1] who comes back after a lost connection gets every publication from then on',
    async (target) => {
      const topic = target.topic();
      const [lost, producer] = await target.clients(2);
      await lost.subscribe(topic);
      lost.end.vanish();
      const [back] = await target.clients(1);
      const stream = await target.stream(`topic=${topic}`);
      await stream.next();
      await back.subscribe(topic);
      for (let i = 0; i < 20; i += 1) producer.send({ topic, data: i });
      for (let i = 0; i < 20; i += 1) {
        assert.equal(await back.next(), String(i));
        assert.match(await stream.next(), new RegExp(`^data: ${i}$`, 'm'));
      }
    },
  ],
  [
    '[BROKER-SLOW-1] a reader that takes nothing delays no other',
    async (target) => {
      const topic = target.topic();
      const [healthy, producer, asleep] = await target.clients(3);
      await asleep.subscribe(topic);
      asleep.end.pause();
      await healthy.subscribe(topic);
      const data = 'x'.repeat(65_536);
      for (let i = 0; i < 64; i += 1) {
        producer.send({ topic, data });
        assert.equal((await healthy.next()).length, data.length + 2);
      }
    },
  ],
]);

const VALUES = [
  'null',
  'true',
  'false',
  '0',
  '""',
  '"str"',
  '[]',
  '{}',
  '[1,2]',
  '12345678901234567890',
  '1.0',
  '170.50',
  '-0',
  '-0.0e-00',
  '1E+2',
  '1e400',
  '"hé😀"',
  String.raw`"\u00e9\ud83d\ude00"`,
  String.raw`"\/\\\"\b\f\n\r\t\u0000"`,
  '{"b":1,"a":[ 1 , 2 ],"b":2}',
  '{ "a" : { "data" : [ { } , [ ] ] } }',
  '[\n1,\r\n\t2 ]',
  String.raw`"\ud800"`,
  String.raw`{"\ud83d":"\udc00"}`,
  '"\u2028\u2029\u007f\u0085"',
  '"]},{[\\"}"',
];

/** JSON with every character outside ASCII escaped. */
function asciiJson(text: string): string {
  return JSON.stringify(text).replaceAll(
    /[^\x20-\x7e]/g,
    (unit) => String.raw`\u` + unit.charCodeAt(0).toString(16).padStart(4, '0'),
  );
}
