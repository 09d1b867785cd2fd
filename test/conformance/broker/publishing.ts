// Publishing over WebSocket, beyond the seed: acks, envelopes, order over all connections, and ids.

import assert from 'node:assert/strict';

import { atLeast, messageCases, remembering } from '../case.ts';
import { fieldOf } from '../target.ts';

export const publishing = messageCases('publishing', [
  [
    '[BROKER-PUB-1] WebSockets, event streams, bare and enveloped, all get it once, whoever published and how',
    async (target) => {
      const topic = target.topic();
      const readers = await target.clients(4);
      const [one, two, three, other] = readers;
      await one.subscribe(topic);
      await two.subscribe(topic, { envelope: true });
      await three.subscribe(topic);
      await other.subscribe(`${topic}x`);
      const streams = [
        await target.stream(`topic=${topic}`),
        await target.stream(`topic=${topic}&envelope=true`),
        await target.stream(`topic=${topic}x&topic=${topic}`),
      ];
      for (const stream of [...streams, streams[2]]) await stream?.next();
      assert.equal((await target.publish({ topic, data: 'by post' })).status, 200);
      three.send({ topic, data: 'by socket' });
      for (const data of ['"by post"', '"by socket"']) {
        assert.equal(await one.next(), data);
        assert.match(await two.next(), new RegExp(`"data":${data}\\}$`));
        assert.equal(await three.next(), data);
        for (const stream of streams) assert.match(await stream.next(), new RegExp(`${data}\\}?$`));
      }
      assert.deepEqual(await other.drain(topic), []);
      assert.deepEqual(await one.drain(topic), []);
    },
  ],
  [
    '[BROKER-PUB-2] a publish without ack is not answered, one with "ack": false neither',
    async (target) => {
      const topic = target.topic();
      const [producer, reader] = await target.clients(2);
      await reader.subscribe(topic);
      for (const more of [{}, { ack: false }, { id: 'a' }, { id: 'a' }, { type: 'publish' }])
        producer.send({ topic, data: 1, ...more });
      assert.deepEqual(await producer.drain(topic), []);
      // The second `a` is no publication.
      assert.equal((await reader.drain(topic)).length, 4);
    },
    remembering,
  ],
  [
    '[BROKER-PUB-2] what nobody followed is kept for recovery',
    async (target) => {
      const topic = target.topic();
      const [producer, reader] = await target.clients(2);
      for (const data of ['a', 'b']) producer.send({ topic, data });
      await producer.drain(topic);
      const { epoch } = await producer.info(topic);
      const ack = await reader.subscribe(topic, { since: { epoch, offset: 0 } });
      assert.partialDeepStrictEqual(ack, { recovered: true, offset: 2 });
      assert.deepEqual(await reader.drain(topic), ['"a"', '"b"']);
    },
    atLeast('historyCountMax', 10),
  ],
  [
    '[BROKER-PUB-3] [BROKER-FRAME-3] an asked-for ack tells the place, and the name that readers see',
    async (target) => {
      const topic = `${target.topic()} "é"`;
      const [reader, producer] = await target.clients(2);
      const { epoch } = await reader.subscribe(topic, { envelope: true });
      producer.send({ topic, data: 'a', ack: true });
      const id = `${String(epoch)}:1`;
      const name = JSON.stringify(topic);
      assert.equal(
        await producer.next(),
        `{"type":"ack_publish","topic":${name},"subscribers":1,"id":"${id}","epoch":"${String(epoch)}","offset":1}`,
      );
      assert.equal(
        await reader.next(),
        `{"type":"message","topic":${name},"offset":1,"epoch":"${String(epoch)}","id":"${id}","data":"a"}`,
      );
    },
  ],
  [
    '[BROKER-PUB-3] the ack says that the publication has its place, not that a reader has it',
    async (target) => {
      const topic = target.topic();
      const [asleep, producer] = await target.clients(2);
      await asleep.subscribe(topic);
      asleep.end.pause();
      assert.partialDeepStrictEqual(await producer.publish(topic, 'a'), {
        offset: 1,
        subscribers: 1,
      });
      asleep.end.resume();
      assert.equal(await asleep.next(), '"a"');
    },
  ],
  [
    '[BROKER-FRAME-3] subscribers are those of the moment, over all shards, the publisher among them',
    async (target) => {
      const topic = target.topic();
      const readers = await target.clients(6);
      const [producer] = readers;
      assert.partialDeepStrictEqual(await producer.publish(topic, 0), { subscribers: 0 });
      for (const [at, reader] of readers.entries()) {
        if (at === 0) continue;
        await reader.subscribe(topic);
        assert.partialDeepStrictEqual(await producer.publish(topic, at), { subscribers: at });
      }
      await readers[5].unsubscribe(topic);
      // Its own shard knows at once, and the topic's home a moment later.
      await target.eventually(async () => (await producer.publish(topic, 6))['subscribers'] === 4);
      readers[1].send({ type: 'subscribe', topic, envelope: true });
      assert.partialDeepStrictEqual(await producer.publish(topic, 7), { subscribers: 4 });
      await producer.subscribe(topic);
      producer.send({ topic, data: 8, ack: true });
      const [first, second] = [await producer.next(), await producer.next()];
      assert.deepEqual([first, second].filter((text) => text === '8').length, 1);
      const ack = first === '8' ? second : first;
      assert.match(ack, /^\{"type":"ack_publish",.*"subscribers":5,/);
    },
  ],
  [
    '[BROKER-ENV-1] [BROKER-FRAME-2] an enveloped and a bare subscriber of one topic',
    async (target) => {
      const topic = target.topic();
      const [bare, wrapped] = await target.clients(2);
      assert.ok(!('epoch' in (await bare.subscribe(topic))), 'a plain ack tells an epoch');
      const ack = await wrapped.subscribe(topic, { envelope: true });
      const epoch = String(ack['epoch']);
      assert.match(epoch, /^[0-9a-z]{1,32}$/);
      bare.send(`{"topic":"${topic}","data": {"b":1.50 , "a":"\\u0041"} ,"id":"m\\u0069\\"ne"}`);
      const data = String.raw`{"b":1.50 , "a":"\u0041"}`;
      assert.equal(await bare.next(), data);
      assert.equal(
        await wrapped.next(),
        String.raw`{"type":"message","topic":"${topic}","offset":1,"epoch":"${epoch}","id":"mi\"ne","data":${data}}`,
      );
    },
  ],
  [
    '[BROKER-ENV-1] data that looks like an envelope or a frame stays data',
    async (target) => {
      const topic = target.topic();
      const client = await target.client();
      const { epoch } = await client.subscribe(topic, { envelope: true });
      const data = `{"type":"message","topic":"x","offset":9,"epoch":"z","id":"y","data":{"type":"gap"}}`;
      client.send(`{"topic":"${topic}","data":${data},"id":"a"}`);
      assert.equal(
        await client.next(),
        `{"type":"message","topic":"${topic}","offset":1,"epoch":"${String(epoch)}","id":"a","data":${data}}`,
      );
    },
  ],
  [
    '[BROKER-ORD-1] [BROKER-ORD-2] the first publication has offset 1, and each the next',
    async (target) => {
      const topic = target.topic();
      const [reader, producer] = await target.clients(2);
      const { epoch, offset: start } = await reader.subscribe(topic, { envelope: true });
      assert.equal(start, 0);
      for (let i = 1; i <= 50; i += 1) producer.send({ topic, data: i });
      for (let offset = 1; offset <= 50; offset += 1) {
        const message = await reader.nextJson();
        assert.partialDeepStrictEqual(message, { type: 'message', epoch, offset, data: offset });
      }
    },
  ],
  [
    '[BROKER-ORD-1] topics have epochs and offsets of their own',
    async (target) => {
      const [one, other] = [target.topic(), target.topic()];
      const client = await target.client();
      const { epoch } = await client.subscribe(one, { envelope: true });
      const { epoch: otherEpoch } = await client.subscribe(other, { envelope: true });
      assert.notEqual(epoch, otherEpoch);
      for (const topic of [one, other, one]) client.send({ topic, data: 0 });
      const messages = [await client.nextJson(), await client.nextJson(), await client.nextJson()];
      const placesOf = (topic: string): unknown[] =>
        messages.filter((message) => message['topic'] === topic).map(({ offset }) => offset);
      assert.deepEqual([placesOf(one), placesOf(other)], [[1, 2], [1]]);
    },
  ],
  [
    '[SHARD-1] [BROKER-ORD-3] readers on all connections see one order of what several publish at once',
    async (target) => {
      const topic = target.topic();
      const readers = await target.clients(6);
      const producers = await target.clients(3);
      for (const reader of readers) await reader.subscribe(topic, { envelope: true });
      const stream = await target.stream(`topic=${topic}&envelope=true`);
      await stream.next();
      for (let i = 0; i < 40; i += 1)
        for (const [who, producer] of producers.entries()) producer.send({ topic, data: [who, i] });
      for (let i = 40; i < 50; i += 1) await target.publish({ topic, data: [3, i] });
      const total = 130;
      const orders: string[] = [];
      for (const reader of readers) {
        const texts: string[] = [];
        while (texts.length < total) texts.push(await reader.next());
        orders.push(texts.join('\n'));
      }
      const [order = ''] = orders;
      for (const other of orders) assert.ok(other === order, 'two readers saw different orders');
      const data = order.split('\n').map((text) => (JSON.parse(text) as { data: number[] }).data);
      for (const who of [0, 1, 2, 3]) {
        const own = data.flatMap(([by, i = -1]) => (by === who ? [i] : []));
        const expected = own.toSorted((one, other) => one - other);
        assert.deepEqual(own, expected, 'one publisher’s order was not kept');
      }
      for (const text of order.split('\n'))
        assert.equal(fieldOf(await stream.next(), 'data'), text);
    },
  ],
  [
    '[BROKER-DUP-1] [BROKER-FRAME-3] the same id is the same publication, whatever its data',
    async (target) => {
      const topic = target.topic();
      const [reader, producer, other] = await target.clients(3);
      await reader.subscribe(topic);
      producer.send({ topic, data: 'a', id: 'x', ack: true });
      const first = await producer.next();
      assert.match(first, /"id":"x","epoch":"[0-9a-z]+","offset":1\}$/);
      for (const again of [producer, other]) {
        again.send({ topic, data: 'b', id: 'x', ack: true });
        assert.equal(await again.next(), first.replace(/\}$/, ',"duplicate":true}'));
      }
      producer.send({ topic, data: 'c', id: 'x' });
      assert.partialDeepStrictEqual(await producer.publish(topic, 'd', { id: 'X' }), { offset: 2 });
      assert.deepEqual(await reader.drain(topic), ['"a"', '"d"']);
    },
    remembering,
  ],
  [
    '[BROKER-DUP-1] an id belongs to its topic, and to all doors of it',
    async (target) => {
      const [topic, other] = [target.topic(), target.topic()];
      const producer = await target.client();
      await producer.publish(topic, 1, { id: 'x' });
      const elsewhere = await producer.publish(other, 1, { id: 'x' });
      assert.partialDeepStrictEqual(elsewhere, { topic: other, offset: 1 });
      assert.ok(!('duplicate' in elsewhere), 'another topic’s id is taken for a duplicate');
      const answer = await target.publish({ topic, data: 2, id: 'x' });
      assert.partialDeepStrictEqual(JSON.parse(answer.body), { offset: 1, duplicate: true });
    },
    remembering,
  ],
  [
    '[BROKER-DUP-2] the latest ids are remembered, and one that was forgotten is new',
    async (target) => {
      const { dedupeIdsMax } = target.settings;
      const topic = target.topic();
      const publish = async (from: number, to: number): Promise<unknown[]> => {
        const numbers = Array.from({ length: to - from }, (_, i) => from + i);
        const list = numbers.map((number) => ({ topic, data: 0, id: `id-${number}` }));
        const answer = await target.publish(list);
        assert.equal(answer.status, 200);
        return JSON.parse(answer.body) as unknown[];
      };
      await publish(0, dedupeIdsMax);
      await publish(dedupeIdsMax, dedupeIdsMax + 1);
      const [known] = await publish(1, 2);
      assert.partialDeepStrictEqual(known, { offset: 2, duplicate: true });
      const [forgotten] = await publish(0, 1);
      assert.equal((forgotten as { offset: number }).offset, dedupeIdsMax + 2);
      assert.ok(!('duplicate' in (forgotten as object)), 'a forgotten id is told as a duplicate');
    },
    atLeast('batchMax', 1_000),
    atLeast('dedupeIdsMax', 2),
  ],
]);
