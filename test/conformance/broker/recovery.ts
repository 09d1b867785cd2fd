// Beyond the seed: envelopes, places, acks of publications, ids, and coming back without a loss.

import assert from 'node:assert/strict';

import { ask, casesOf } from '../case.ts';

export const recovery = casesOf('recovery', [
  [
    '[BROKER-ENV-1] [BROKER-FRAME-2] an enveloped and a bare subscriber of one topic',
    async (target) => {
      const topic = target.topic();
      const [bare, wrapped] = await Promise.all([target.client(), target.client()]);
      assert.ok(!('epoch' in (await bare.subscribe(topic))), 'a plain ack tells an epoch');
      const ack = await wrapped.subscribe(topic, { envelope: true });
      assert.partialDeepStrictEqual(ack, { type: 'ack_subscribe', topic, offset: 0 });
      assert.match(String(ack['epoch']), /^[0-9a-z]{1,32}$/);
      assert.ok(!('recovered' in ack), 'recovered is told to one who did not ask');
      bare.send(`{"topic":"${topic}","data":1.50,"id":"mine"}`);
      assert.equal(await bare.next(), '1.50');
      assert.equal(
        await wrapped.next(),
        `{"type":"message","topic":"${topic}","offset":1,"epoch":"${String(ack['epoch'])}","id":"mine","data":1.50}`,
      );
    },
  ],
  [
    '[BROKER-ORD-1] [BROKER-ORD-2] the first publication has offset 1, and each the next',
    async (target) => {
      const topic = target.topic();
      const [reader, producer] = await Promise.all([target.client(), target.client()]);
      const { epoch } = await reader.subscribe(topic, { envelope: true });
      for (let i = 1; i <= 50; i += 1) producer.send({ topic, data: i });
      for (let offset = 1; offset <= 50; offset += 1) {
        const { type, ...message } = (await reader.nextJson()) as Record<string, unknown>;
        assert.equal(type, 'message');
        assert.partialDeepStrictEqual(message, { epoch, offset, data: offset });
      }
    },
  ],
  [
    '[BROKER-PUB-3] [BROKER-FRAME-3] an asked-for ack tells the place, and the name that readers see',
    async (target) => {
      const topic = target.topic();
      const [reader, producer] = await Promise.all([target.client(), target.client()]);
      const { epoch } = await reader.subscribe(topic, { envelope: true });
      const ack = await producer.publish(topic, 'a');
      assert.deepEqual(ack, {
        type: 'ack_publish',
        topic,
        subscribers: 1,
        id: `${String(epoch)}:1`,
        epoch,
        offset: 1,
      });
      assert.partialDeepStrictEqual(await reader.nextJson(), { id: ack['id'], offset: 1 });
    },
  ],
  [
    '[BROKER-DUP-1] [BROKER-FRAME-3] the same id is the same publication',
    async (target) => {
      const topic = target.topic();
      const [reader, producer] = await Promise.all([target.client(), target.client()]);
      await reader.subscribe(topic);
      const first = await producer.publish(topic, 'a', { id: 'x' });
      assert.partialDeepStrictEqual(first, { id: 'x', offset: 1 });
      assert.ok(!('duplicate' in first), 'the first one is told to be a duplicate');
      const again = await producer.publish(topic, 'b', { id: 'x' });
      assert.deepEqual(again, { ...first, duplicate: true });
      assert.deepEqual(await reader.drain(topic), ['"a"']);
    },
  ],
  [
    '[BROKER-DUP-2] the latest 1,000 ids are remembered, and one that was forgotten is new',
    async (target) => {
      const topic = target.topic();
      const publications = (from: number, to: number): object[] =>
        Array.from({ length: to - from }, (_, i) => ({ topic, data: 0, id: `id-${from + i}` }));
      assert.equal((await target.publish(publications(0, 1_000))).status, 200);
      assert.equal((await target.publish(publications(1_000, 1_001))).status, 200);
      const [known] = (await (await target.publish(publications(1, 2))).json()) as unknown[];
      assert.partialDeepStrictEqual(known, { offset: 2, duplicate: true });
      const [forgotten] = (await (await target.publish(publications(0, 1))).json()) as unknown[];
      assert.deepEqual((forgotten as { offset: number }).offset, 1_002);
    },
  ],
  [
    '[BROKER-REC-1] [BROKER-FRAME-2] since brings what was missed, once and in order',
    async (target) => {
      const topic = target.topic();
      const [reader, producer] = await Promise.all([target.client(), target.client()]);
      const { epoch } = await reader.subscribe(topic, { envelope: true });
      await reader.close();
      for (let i = 1; i <= 5; i += 1) await producer.publish(topic, i);
      const back = await target.client();
      const ack = await back.subscribe(topic, { envelope: true, since: { epoch, offset: 2 } });
      assert.partialDeepStrictEqual(ack, { recovered: true, offset: 5, epoch });
      for (const offset of [3, 4, 5]) {
        assert.partialDeepStrictEqual(await back.nextJson(), { offset, data: offset });
      }
      assert.deepEqual(await back.drain(topic), []);
    },
  ],
  [
    '[BROKER-REC-2] [BROKER-REC-3] a place that cannot be found again is answered recovered: false, with nothing',
    async (target) => {
      const topic = target.topic();
      const [reader, producer] = await Promise.all([target.client(), target.client()]);
      for (let i = 1; i <= 150; i += 1) producer.send({ topic, data: i });
      await producer.drain(topic);
      const { epoch } = await reader.subscribe(topic, { envelope: true });
      const lost = [
        { epoch: 'zzzz', offset: 0 },
        { epoch, offset: 2 },
        { epoch, offset: 999 },
      ];
      for (const since of lost) {
        const back = await target.client();
        const ack = await back.subscribe(topic, { since });
        assert.partialDeepStrictEqual(ack, { recovered: false, offset: 150, epoch });
        assert.deepEqual(await back.drain(topic), []);
      }
      const info = await ask(producer, { type: 'topic_info', topic });
      assert.partialDeepStrictEqual(info, { history: 100 });
    },
  ],
  [
    '[BROKER-REC-5] a topic that nobody published to keeps its epoch while nobody is there',
    async (target) => {
      const topic = target.topic();
      const [reader, watcher] = await Promise.all([target.client(), target.client()]);
      const { epoch, offset } = await reader.subscribe(topic, { envelope: true });
      await reader.close();
      const info = { type: 'topic_info', topic };
      await target.eventually(async () => (await ask(watcher, info))['subscribers'] === 0);
      const ack = await watcher.subscribe(topic, { since: { epoch, offset } });
      assert.partialDeepStrictEqual(ack, { recovered: true, epoch, offset });
    },
  ],
]);
