// Limits that only a server which is set for it can be made to show without harm to its other clients.

import assert from 'node:assert/strict';

import { atLeast, atMost, messageCases, patienceWith } from '../case.ts';
import { Client } from '../client.ts';
import { type Answer, isAnswer, type StreamEnd } from '../door.ts';
import { fieldOf, type Target } from '../target.ts';
import { assertMistake, assertRefused, errorText, sentences } from './sentences.ts';

export const limits = messageCases('limits', [
  [
    '[BROKER-LIM-1] messages beyond the rate are refused one by one and do nothing else',
    async (target) => {
      const { messagesPerSecondMax } = target.settings;
      const topic = target.topic();
      const [client, other] = await target.clients(2);
      const sent = messagesPerSecondMax * 4;
      for (let i = 0; i < sent; i += 1) client.send({ topic, data: i, ack: true });
      const refusal = errorText(sentences.tooManyMessages(messagesPerSecondMax));
      let taken = 0;
      for (let i = 0; i < sent; i += 1) {
        const text = await client.next();
        if (text === refusal) continue;
        taken += 1;
        assert.match(text, /^\{"type":"ack_publish",/);
      }
      assert.ok(taken >= messagesPerSecondMax, `only ${taken} messages were taken`);
      assert.ok(taken < sent, 'no message was refused');
      assert.partialDeepStrictEqual(await other.info(topic), { offset: taken });
      await target.eventually(async () => (await client.info(topic))['type'] === 'topic_info');
    },
    atMost('messagesPerSecondMax', 500),
  ],
  [
    '[BROKER-DOOR-2] sessions beyond those of one address are answered 429, and the open ones stay',
    (target) => fill(target, 429, 'Too many connections from this address.'),
    atMost('connectionsPerAddressMax', 200),
  ],
  [
    '[BROKER-DOOR-2] sessions beyond those of the node are answered 503, and the open ones stay',
    (target) => fill(target, 503, 'Too many connections.'),
    atMost('connectionsMax', 200),
    {
      unmet: ({ settings: { connectionsMax, connectionsPerAddressMax } }) =>
        connectionsPerAddressMax > connectionsMax
          ? undefined
          : 'needs a server with more connectionsPerAddressMax than connectionsMax',
    },
  ],
  [
    '[BROKER-LIM-3] topics without subscribers are forgotten for new ones, the one published to longest ago first',
    async (target) => {
      const { topicsMax } = target.settings;
      const client = await target.client();
      const topics = target.topics(topicsMax * 3);
      const followed = topics[0] ?? '';
      await client.subscribe(followed);
      for (const topic of topics) {
        const { offset } = JSON.parse((await target.publish({ topic, data: 1 })).body) as {
          offset: number;
        };
        assert.equal(offset, 1);
      }
      assert.equal(await client.next(), '1');
      assert.partialDeepStrictEqual(await client.info(topics.at(-1) ?? ''), { offset: 1 });
      assert.partialDeepStrictEqual(await client.info(followed), { offset: 1, subscribers: 1 });
      assert.partialDeepStrictEqual(await client.info(topics[1] ?? ''), {
        epoch: null,
        offset: null,
      });
    },
    atMost('topicsMax', 200),
    atLeast('topicsMax', 4),
  ],
  [
    '[BROKER-LIM-3] when all topics have subscribers, a subscribe and a publish of another are refused',
    async (target) => {
      const { client, refused, taken } = await crowded(target);
      await assertMistake(client, { type: 'subscribe', topic: refused }, sentences.noRoom);
      const [other] = await target.clients(1);
      const refusal = sentences.notPublished(refused);
      await assertMistake(other, { topic: refused, data: 1, ack: true }, refusal);
      assert.partialDeepStrictEqual(await other.info(refused), { subscribers: 0, epoch: null });
      assert.partialDeepStrictEqual(await other.publish(taken[0] ?? '', 1), { offset: 1 });
      assert.equal(await client.next(), '1');
      for (const topic of taken) await client.unsubscribe(topic);
      assert.equal((await client.subscribe(refused))['type'], 'ack_subscribe');
    },
    atMost('topicsMax', 200),
  ],
  [
    '[BROKER-PUB-6] a publish without ack that finds no room is told so, behind whatever else was asked',
    async (target) => {
      const { refused, taken } = await crowded(target);
      const [other] = await target.clients(1);
      const known = taken[0] ?? '';
      other.send({ type: 'topic_info', topic: known });
      other.send({ topic: refused, data: 1 });
      assert.match(await other.next(), /^\{"type":"topic_info"/);
      assert.equal(await other.next(), errorText(sentences.notPublished(refused)));
      assert.deepEqual(await other.drain(known), []);
    },
    atMost('topicsMax', 200),
  ],
  [
    '[BROKER-HTTP-3] a list of which some found no room is answered 503, each with its place or its sentence',
    async (target) => {
      const { refused, taken } = await crowded(target);
      const known = taken[0] ?? '';
      const error = sentences.notPublished(refused);
      const one = await target.publish({ topic: refused, data: 1, id: 'a' });
      assert.equal(one.status, 503);
      assert.equal(one.body, `${JSON.stringify({ topic: refused, id: 'a', error })}\n`);
      const list = await target.publish([
        { topic: refused, data: 1 },
        { topic: known, data: 1, id: 'b' },
      ]);
      assert.equal(list.status, 503);
      const [first, second] = JSON.parse(list.body) as unknown[];
      assert.partialDeepStrictEqual(first, { topic: refused, error });
      assert.partialDeepStrictEqual(second, { topic: known, id: 'b', offset: 1 });
    },
    atMost('topicsMax', 200),
  ],
  [
    '[SSE-10] [SSE-9] a stream without room for one of its topics says so by an event, and ends',
    async (target) => {
      const { refused, taken } = await crowded(target);
      const known = taken[0] ?? '';
      const stream = await target.stream(
        `topic=${encodeURIComponent(known)}&topic=${encodeURIComponent(refused)}`,
      );
      const blocks = await stream.rest();
      const last = blocks.at(-1) ?? '';
      assert.equal(fieldOf(last, 'event'), 'refused');
      const { topic, error } = JSON.parse(fieldOf(last, 'data')) as {
        topic: string;
        error: string;
      };
      assert.equal(topic, refused);
      assert.match(error, /^Too many topics: /);
    },
    atMost('topicsMax', 200),
  ],
  [
    '[BROKER-LIM-4] when memory is used up, the topic published to longest ago forgets first, and its order goes on',
    async (target) => {
      const { historyBytesTotalMax } = target.settings;
      const [topic, latest] = [target.topic(), target.topic()];
      const client = await target.client();
      const { epoch } = await client.subscribe(topic, { envelope: true });
      await target.publish({ topic, data: 'old', id: 'known' });
      await client.next();
      const data = 'x'.repeat(65_536);
      const posts = Math.ceil((4 * historyBytesTotalMax) / data.length);
      for (const other of target.topics(posts)) await target.publish({ topic: other, data });
      await target.publish({ topic: latest, data: 'new' });
      assert.partialDeepStrictEqual(await client.info(topic), { epoch, offset: 1, history: 0 });
      assert.partialDeepStrictEqual(await client.info(latest), { offset: 1, history: 1 });
      // The id is forgotten, too, and the next publication has the next place.
      await target.publish({ topic, data: 'next', id: 'known' });
      assert.partialDeepStrictEqual(await client.nextJson(), { epoch, offset: 2, data: 'next' });
    },
    atMost('historyBytesTotalMax', 8_388_608),
    atLeast('historyBytesTotalMax', 524_288),
    atLeast('topicsMax', 2_000),
  ],
  [
    '[BROKER-DUP-2] an id is forgotten when its time has passed, and then it is new',
    async (target) => {
      const topic = target.topic();
      const client = await target.client();
      await client.subscribe(topic);
      const publish = async (): Promise<unknown> =>
        JSON.parse((await target.publish({ topic, data: 1, id: 'a' })).body);
      assert.partialDeepStrictEqual(await publish(), { offset: 1 });
      assert.partialDeepStrictEqual(await publish(), { offset: 1, duplicate: true });
      await target.eventually(async () => ((await publish()) as { offset: number }).offset === 2);
    },
    atMost('historyAgeMaxMs', 60_000),
    patienceWith('historyAgeMaxMs'),
  ],
]);

/** Opens sessions until one is refused, and sees that those which are open stay so and make room when they go. */
async function fill(target: Target, status: number, error: string): Promise<void> {
  const { connectionsMax, connectionsPerAddressMax } = target.settings;
  const most = Math.min(connectionsMax, connectionsPerAddressMax);
  const { token } = target.site;
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const open: Client[] = [];
  let refusal: Answer | undefined;
  // Shares are held by shard, so that one may be full before the whole is.
  while (refusal === undefined && open.length <= most) {
    const met = await target.door.webSocket({ headers });
    if (isAnswer(met)) refusal = met;
    else open.push(new Client(met));
  }
  assert.ok(refusal !== undefined, `${open.length} sessions are open`);
  assert.equal(refusal.status, status);
  assert.equal(refusal.body, `${JSON.stringify({ error })}\n`);
  assert.equal(refusal.headers.get('retry-after'), '5');
  // An event stream is a session as any other.
  let stream: StreamEnd | Answer | undefined;
  for (let asked = 0; asked <= most && (stream === undefined || !isAnswer(stream)); asked += 1)
    stream = await target.door.stream({ path: `/sse?topic=${target.topic()}`, headers });
  assert.ok(stream !== undefined && isAnswer(stream), 'no stream was refused');
  assertRefused(stream, status, error);
  assert.equal(stream.headers.get('retry-after'), '5');
  for (const client of open) if (target.greets) await client.next();
  const topic = target.topic();
  for (const client of open) assert.equal((await client.subscribe(topic))['type'], 'ack_subscribe');
  // Plain requests are not counted.
  for (let asked = 0; asked < 5; asked += 1)
    assert.equal((await target.get('/topics')).status, 200);
  for (const client of open) await client.close();
  await target.eventually(async () => !isAnswer(await target.door.webSocket({ headers })));
}

/** Follows topics until there is no room for another, and names one that was refused. */
async function crowded(target: Target): Promise<{
  readonly client: Client;
  readonly refused: string;
  readonly taken: readonly string[];
}> {
  const { topicsMax } = target.settings;
  const client = await target.client();
  const taken: string[] = [];
  const refused: string[] = [];
  for (const topic of target.topics(topicsMax * 3)) {
    client.send({ type: 'subscribe', topic });
    const text = await client.next();
    if (text === errorText(sentences.noRoom)) refused.push(topic);
    else taken.push(topic);
  }
  assert.ok(taken.length <= topicsMax + 1, `${taken.length} topics found room`);
  const [first] = refused;
  assert.ok(first !== undefined, 'no topic was refused');
  return { client, refused: first, taken };
}
