// Coming back without a loss, or being told of one.

import assert from 'node:assert/strict';

import { atLeast, atMost, messageCases, type Need, patienceWith, remembering } from '../case.ts';
import type { Client, Json } from '../client.ts';
import { fixed } from '../settings.ts';
import type { Target } from '../target.ts';

const historyAsLargeAsQueue: Need = {
  unmet: ({ settings: { historyBytesMax, queueBytesMax } }) =>
    historyBytesMax >= queueBytesMax && queueBytesMax <= 4_194_304
      ? undefined
      : 'needs a server with queueBytesMax of at most historyBytesMax, and of at most 4194304',
};

export const recovery = messageCases('recovery', [
  [
    '[BROKER-FRAME-2] an ack tells a place when envelope or since was asked for, of whatever value, and no other',
    async (target) => {
      const topic = target.topic();
      const client = await target.client();
      const { epoch } = await client.publish(topic, 1);
      const place = `"epoch":"${String(epoch)}","offset":1`;
      const ack = `{"type":"ack_subscribe","topic":"${topic}","message":"Successfully subscribed to ${topic}"`;
      const asked: [more: object, text: string][] = [
        [{ envelope: false }, `${ack},${place}}`],
        [{ envelope: true }, `${ack},${place}}`],
        [{ since: { epoch, offset: 1 } }, `${ack},${place},"recovered":true}`],
        [
          { envelope: true, since: { epoch: 'other', offset: 1 } },
          `${ack},${place},"recovered":false}`,
        ],
        [{}, `${ack}}`.replaceAll('":"', '": "').replaceAll('","', '", "')],
      ];
      for (const [more, text] of asked) {
        client.send({ type: 'subscribe', topic, ...more });
        assert.equal(await client.next(), text);
      }
    },
  ],
  [
    '[BROKER-REC-1] since brings what was missed, once and in order, then what comes',
    async (target) => {
      const topic = target.topic();
      const [reader, producer] = await target.clients(2);
      const { epoch } = await reader.subscribe(topic, { envelope: true });
      await reader.close();
      for (let i = 1; i <= 5; i += 1) await producer.publish(topic, i);
      const back = await target.client();
      const ack = await back.subscribe(topic, { envelope: true, since: { epoch, offset: 2 } });
      assert.partialDeepStrictEqual(ack, { recovered: true, offset: 5, epoch });
      await producer.publish(topic, 6);
      for (const offset of [3, 4, 5, 6])
        assert.partialDeepStrictEqual(await back.nextJson(), { epoch, offset, data: offset });
      assert.deepEqual(await back.drain(topic), []);
    },
    remembering,
  ],
  [
    '[BROKER-REC-1] nothing is missing and nothing comes twice when it is published at the same time',
    async (target) => {
      const topic = target.topic();
      const producer = await target.client();
      const { epoch } = await producer.publish(topic, 1);
      const readers = await target.clients(4);
      for (let i = 2; i <= 60; i += 1) {
        producer.send({ topic, data: i });
        const reader = readers[i / 10 - 1];
        reader?.send({ type: 'subscribe', topic, since: { epoch, offset: 1 } });
      }
      for (const reader of readers) {
        const ack = await reader.nextJson();
        assert.partialDeepStrictEqual(ack, { type: 'ack_subscribe', recovered: true });
        for (let i = 2; i <= 60; i += 1) assert.equal(await reader.next(), String(i));
        assert.deepEqual(await reader.drain(topic), []);
      }
    },
    remembering,
  ],
  [
    '[BROKER-REC-6] many recoveries that are asked for at once bring each what was missed',
    async (target) => {
      const [producer, reader] = await target.clients(2);
      const topics = Array.from({ length: 10 }, () => target.topic());
      const epochs: unknown[] = [];
      for (const topic of topics) {
        await producer.publish(topic, 1);
        epochs.push((await producer.publish(topic, 2))['epoch']);
      }
      for (const [at, topic] of topics.entries())
        reader.send({
          ...{ type: 'subscribe', topic, envelope: true },
          since: { epoch: epochs[at], offset: 0 },
        });
      const heard: Json[] = [];
      while (heard.length < 3 * topics.length) heard.push(await reader.nextJson());
      for (const topic of topics) {
        const [ack, ...brought] = heard.filter((one) => one['topic'] === topic);
        assert.partialDeepStrictEqual(ack, { type: 'ack_subscribe', recovered: true, offset: 2 });
        assert.deepEqual(
          brought.map((one) => one['data']),
          [1, 2],
        );
      }
    },
    remembering,
  ],
  [
    '[BROKER-REC-1] since the last place brings nothing, and since 0 brings all',
    async (target) => {
      const topic = target.topic();
      const [one, other] = await target.clients(2);
      for (const data of [1, 2, 3]) await one.publish(topic, data);
      const { epoch } = await one.info(topic);
      const last = await one.subscribe(topic, { since: { epoch, offset: 3 } });
      assert.partialDeepStrictEqual(last, { recovered: true, offset: 3 });
      const all = await other.subscribe(topic, { since: { epoch, offset: 0 } });
      assert.partialDeepStrictEqual(all, { recovered: true, offset: 3 });
      assert.deepEqual(await one.drain(topic), []);
      assert.deepEqual(await other.drain(topic), ['1', '2', '3']);
    },
    remembering,
  ],
  [
    '[BROKER-REC-1] a recovery keeps names, data and places as they were',
    async (target) => {
      const topic = target.topic();
      const [live, back] = await target.clients(2);
      const { epoch, offset } = await live.subscribe(topic, { envelope: true });
      live.send(`{"topic":"${topic}","data":1.50,"id":"mine"}`);
      live.send(`{"topic":"${topic}","data":[ "\\u00e9" ]}`);
      const texts = [await live.next(), await live.next()];
      await back.subscribe(topic, { envelope: true, since: { epoch, offset } });
      assert.deepEqual([await back.next(), await back.next()], texts);
    },
    remembering,
  ],
  [
    '[BROKER-SUB-3] a subscription that stands begins anew from since',
    async (target) => {
      const topic = target.topic();
      const client = await target.client();
      const { epoch } = await client.subscribe(topic, { envelope: true });
      for (const data of [1, 2]) {
        client.send({ topic, data });
        await client.next();
      }
      const ack = await client.subscribe(topic, { since: { epoch, offset: 0 } });
      assert.partialDeepStrictEqual(ack, { recovered: true, offset: 2 });
      client.send({ topic, data: 3 });
      assert.deepEqual(await client.drain(topic), ['1', '2', '3']);
      assert.partialDeepStrictEqual(await client.info(topic), { subscribers: 1 });
    },
    remembering,
  ],
  [
    '[BROKER-REC-2] [BROKER-REC-3] a place of another epoch or after the last is not found, and nothing of what was missed comes',
    async (target) => {
      const topic = target.topic();
      const [producer] = await target.clients(1);
      for (const data of [1, 2, 3]) await producer.publish(topic, data);
      const { epoch } = await producer.info(topic);
      const lost = [
        { epoch: 'zzzz', offset: 0 },
        { epoch: `${String(epoch).slice(1)}0`, offset: 3 },
        // One after the last, when its turn comes.
        { epoch, offset: 6 },
        { epoch, offset: Number.MAX_SAFE_INTEGER },
      ];
      for (const [at, since] of lost.entries()) {
        const back = await target.client();
        const ack = await back.subscribe(topic, { envelope: true, since });
        assert.partialDeepStrictEqual(ack, { recovered: false, offset: 3 + at, epoch });
        await producer.publish(topic, 'on');
        const [next, ...others] = await back.drain(topic);
        assert.partialDeepStrictEqual(JSON.parse(next ?? ''), { offset: 4 + at, data: 'on' });
        assert.deepEqual(others, []);
      }
    },
  ],
  [
    '[BROKER-REC-2] a topic without a life has nothing to recover, and begins one',
    async (target) => {
      const topic = target.topic();
      const client = await target.client();
      const ack = await client.subscribe(topic, { since: { epoch: 'gone', offset: 7 } });
      assert.partialDeepStrictEqual(ack, { recovered: false, offset: 0 });
      assert.match(String(ack['epoch']), /^[0-9a-z]{1,32}$/);
    },
  ],
  [
    '[BROKER-REC-3] a topic keeps its latest publications up to their number, to the very one',
    async (target) => {
      const { historyCountMax } = target.settings;
      const topic = target.topic();
      const producer = await target.client();
      const total = historyCountMax + 50;
      for (let i = 1; i <= total; i += 1) producer.send({ topic, data: i });
      await producer.drain(topic);
      const { epoch, history } = await producer.info(topic);
      assert.equal(history, historyCountMax);
      await assertKept(target, topic, epoch, total, historyCountMax);
    },
    atMost('historyCountMax', 1_000),
    atLeast('historyCountMax', 1),
    atLeast('messagesPerSecondMax', 2_000),
  ],
  [
    '[BROKER-REC-3] and up to their bytes, each with 32 more',
    async (target) => {
      const { historyBytesMax } = target.settings;
      const topic = target.topic();
      const count = 8;
      // One byte less would let one more be kept.
      const size = Math.floor(historyBytesMax / count) - fixed.payloadExtraBytes + 1;
      const data = 'x'.repeat(size - 2);
      for (let i = 0; i < count; i += 1) await target.publish({ topic, data });
      const producer = await target.client();
      const { epoch, history } = await producer.info(topic);
      assert.equal(history, count - 1);
      await assertKept(target, topic, epoch, count, count - 1);
      const other = target.topic();
      for (let i = 0; i < count; i += 1)
        await target.publish({ topic: other, data: data.slice(1) });
      assert.equal((await producer.info(other))['history'], count);
    },
    atMost('historyBytesMax', 4_194_304),
    atLeast('historyBytesMax', 1_024),
    atLeast('queueBytesMax', 1_048_576),
    atLeast('historyCountMax', 10),
  ],
  [
    '[BROKER-REC-3] nothing older than its time is kept, and what is forgotten is forgotten within ten seconds',
    async (target) => {
      const topic = target.topic();
      const client = await target.client();
      // Followed, the topic keeps its life when nothing of it is remembered.
      await client.subscribe(topic);
      await target.publish({ topic, data: 1 });
      assert.equal(await client.next(), '1');
      const { epoch } = await client.info(topic);
      await target.eventually(async () => (await client.info(topic))['history'] === 0);
      assert.partialDeepStrictEqual(await client.info(topic), { epoch, offset: 1 });
      const back = await target.client();
      const ack = await back.subscribe(topic, { since: { epoch, offset: 0 } });
      assert.partialDeepStrictEqual(ack, { recovered: false, offset: 1 });
    },
    atMost('historyAgeMaxMs', 60_000),
    patienceWith('historyAgeMaxMs'),
  ],
  [
    '[BROKER-REC-4] a recovery that would not fit the reader’s queue is not begun, and one that does is',
    async (target) => {
      const { queueBytesMax } = target.settings;
      const topic = target.topic();
      // Eight of these are the whole queue, and their envelopes come on top.
      const data = 'x'.repeat((queueBytesMax >> 3) - fixed.payloadExtraBytes - 2);
      for (let i = 0; i < 8; i += 1) await target.publish({ topic, data });
      const [client, other] = await target.clients(2);
      const { epoch } = await client.info(topic);
      const all = { envelope: true, since: { epoch, offset: 0 } };
      assert.partialDeepStrictEqual(await client.subscribe(topic, all), { recovered: false });
      assert.deepEqual(await client.drain(topic), []);
      const some = { envelope: true, since: { epoch, offset: 1 } };
      assert.partialDeepStrictEqual(await other.subscribe(topic, some), { recovered: true });
      for (let offset = 2; offset <= 8; offset += 1)
        assert.equal((await other.nextJson())['offset'], offset);
    },
    historyAsLargeAsQueue,
    atLeast('queueBytesMax', 65_536),
    atLeast('historyCountMax', 10),
  ],
  [
    '[BROKER-REC-5] a topic that nobody published to keeps its epoch while nobody is there',
    async (target) => {
      const topic = target.topic();
      const [reader, watcher] = await target.clients(2);
      const { epoch, offset } = await reader.subscribe(topic, { envelope: true });
      await reader.close();
      await target.eventually(async () => (await watcher.info(topic))['subscribers'] === 0);
      const ack = await watcher.subscribe(topic, { since: { epoch, offset } });
      assert.partialDeepStrictEqual(ack, { recovered: true, epoch, offset });
    },
    atLeast('historyAgeMaxMs', 10_000),
  ],
  [
    '[BROKER-REC-5] and one that was published to, too, though it was followed only for a moment',
    async (target) => {
      const topic = target.topic();
      const client = await target.client();
      const { epoch } = await client.publish(topic, 1);
      await client.subscribe(topic);
      await client.unsubscribe(topic);
      const ack = await client.subscribe(topic, { since: { epoch, offset: 1 } });
      assert.partialDeepStrictEqual(ack, { recovered: true, epoch, offset: 1 });
      assert.partialDeepStrictEqual(await client.publish(`${topic}x`, 1), { offset: 1 });
    },
  ],
]);

/** Of `total` publications the last `kept` can be had again, and not one more. */
async function assertKept(
  target: Target,
  topic: string,
  epoch: unknown,
  total: number,
  kept: number,
): Promise<void> {
  const since = (client: Client, offset: number): Promise<Json> =>
    client.subscribe(topic, { envelope: true, since: { epoch, offset } });
  const [found, lost] = await target.clients(2);
  assert.partialDeepStrictEqual(await since(lost, total - kept - 1), { recovered: false });
  assert.deepEqual(await lost.drain(topic), []);
  assert.partialDeepStrictEqual(await since(found, total - kept), { recovered: true });
  for (let offset = total - kept + 1; offset <= total; offset += 1)
    assert.equal((await found.nextJson())['offset'], offset);
  assert.deepEqual(await found.drain(topic), []);
}
