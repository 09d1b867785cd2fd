// Readers that do not read, and bursts that healthy ones must survive. How much the network between holds is anyone's
// guess, so that these cases publish until something shows, and ask for patience.

import assert from 'node:assert/strict';

import {
  atLeast,
  atMost,
  bytesCases,
  type Case,
  messageCases,
  patience,
  patienceWith,
  policy,
} from '../case.ts';
import type { Client, Json } from '../client.ts';
import { frame, opcodes, said, type ServerFrame, spoken } from '../frames.ts';
import { fieldOf, type Target } from '../target.ts';

/** A publication of the floods: large, but not so large that one alone fills anything. */
const PIECE = 'x'.repeat(50_000 - 2);
const PIECES_PER_POST = 20;
const POSTS_PER_FLOOD = 12;
/** More than any network between holds. */
const POSTS_MAX = 100;

/** A post is less than a queue, and a queue less than a few floods. */
const floodable = [
  atLeast('queueBytesMax', 1_048_576),
  atMost('queueBytesMax', 4_194_304),
  atLeast('bodyBytesMax', 1_048_576),
  atLeast('batchMax', PIECES_PER_POST),
];

const aboutMessages = messageCases('slow-readers', [
  [
    '[BROKER-SLOW-2] [BROKER-CLOSE-2] a reader that takes nothing is closed with 1013, and the others get everything',
    async (target) => {
      const topic = target.topic();
      const [asleep, healthy, watcher] = await target.clients(3);
      await asleep.subscribe(topic);
      asleep.end.pause();
      await healthy.subscribe(topic);
      let posts = 0;
      while (posts < POSTS_MAX && (await subscribersOf(watcher, topic)) === 2) {
        await post(target, topic);
        posts += 1;
        for (let i = 0; i < PIECES_PER_POST; i += 1)
          assert.equal((await healthy.next()).length, PIECE.length + 2);
      }
      assert.partialDeepStrictEqual(await watcher.info(topic), { subscribers: 1 });
      asleep.end.resume();
      assert.deepEqual(await asleep.end.ended(), { code: 1_013, reason: 'too slow' });
    },
    policy('disconnect'),
    ...floodable,
    patience,
  ],
  [
    '[BROKER-PACE-1] [BROKER-ORD-2] a burst does not cost a reader that keeps reading its connection, nor a publication',
    async (target) => {
      // On a busy machine this client may not get to read for a while, and then it is slow indeed.
      let failure: unknown;
      for (let tries = 0; tries < 3; tries += 1) {
        try {
          await burst(target);
          return;
        } catch (error) {
          failure = error;
        }
      }
      throw failure;
    },
    policy('disconnect'),
    ...floodable,
    patience,
  ],
  [
    '[BROKER-PACE-2] [BROKER-SLOW-1] one that has stalled holds a publisher for a moment, once, and no longer',
    async (target) => {
      const topic = target.topic();
      const [asleep, healthy, producer, watcher] = await target.clients(4);
      await asleep.subscribe(topic);
      asleep.end.pause();
      await healthy.subscribe(topic);
      let round = 0;
      for (; round < POSTS_MAX; round += 1) {
        for (let i = 0; i < PIECES_PER_POST; i += 1) producer.send({ topic, data: PIECE });
        for (let i = 0; i < PIECES_PER_POST; i += 1)
          assert.equal((await healthy.next()).length, PIECE.length + 2);
        if ((await subscribersOf(watcher, topic)) === 1) break;
      }
      assert.ok(round < POSTS_MAX, 'the stalled reader is still there');
      producer.send({ topic, data: 'on' });
      assert.equal(await healthy.next(), '"on"');
    },
    policy('disconnect'),
    ...floodable,
    patience,
  ],
  ...(['drop-oldest', 'latest-per-topic'] as const).map(
    (how) =>
      [
        `[BROKER-SLOW-3] [BROKER-SLOW-4] [BROKER-FRAME-5] [BROKER-ORD-2] under ${how} a reader that wakes up is told exactly what it lost`,
        async (target: Target) => {
          const topic = target.topic();
          const asleep = await target.client();
          const { epoch } = await asleep.subscribe(topic, { envelope: true });
          asleep.end.pause();
          await flood(target, topic);
          // Answers keep their order with what was published: whatever was lost before is told before.
          const known = await lastOffset(target, topic);
          asleep.send({ type: 'topic_info', topic });
          await flood(target, topic);
          const last = await lastOffset(target, topic);
          asleep.end.resume();
          const told = { seen: 0, lost: 0, at: 0 };
          const reasons = new Set<unknown>();
          while (told.at < last) {
            const heard = await asleep.nextJson();
            if (heard['type'] === 'topic_info') {
              assert.ok(told.at >= known, `the answer came when only ${told.at} was told`);
              continue;
            }
            if (heard['type'] === 'message') {
              assert.partialDeepStrictEqual(heard, { epoch, offset: told.at + 1 });
              told.seen += 1;
              told.at += 1;
              continue;
            }
            assertGap(heard, { topic, epoch, from: told.at + 1 }, how);
            reasons.add(heard['reason']);
            told.lost += (heard['to'] as number) - told.at;
            told.at = heard['to'] as number;
          }
          assert.ok(told.lost > 0, 'nothing was lost');
          const reason = how === 'drop-oldest' ? 'slow' : 'conflated';
          assert.ok(reasons.has(reason), `no gap has the reason ${reason}`);
          assert.equal(told.seen + told.lost, last);
          asleep.send({ topic, data: 'on' });
          assert.partialDeepStrictEqual(await asleep.nextJson(), { offset: last + 1, data: 'on' });
        },
        policy(how),
        ...floodable,
        patience,
      ] as const,
  ),
  [
    '[SSE-3] [BROKER-SLOW-4] an event stream is told of a gap by an event without an id',
    async (target) => {
      const topic = target.topic();
      const stream = await target.stream(`topic=${topic}`);
      const epoch = /"epoch":"([0-9a-z]+)"/.exec(await stream.next())?.[1];
      for (let floods = 0; floods < 2; floods += 1) await flood(target, topic);
      await target.publish({ topic, data: 'last' });
      const last = await lastOffset(target, topic);
      let [at, gaps] = [0, 0];
      while (at < last) {
        const event = await stream.next();
        if (fieldOf(event, 'event') === 'gap') {
          assert.equal(fieldOf(event, 'id'), '');
          const gap = JSON.parse(fieldOf(event, 'data')) as Record<string, unknown>;
          assertGap(gap, { topic, epoch, from: at + 1 }, target.settings.slowPolicy);
          assert.equal(event, `event: gap\ndata: ${JSON.stringify(gap)}`);
          gaps += 1;
          at = gap['to'] as number;
        } else {
          at += 1;
          assert.equal(fieldOf(event, 'id'), `${epoch}:${at}`);
        }
      }
      assert.ok(gaps > 0, 'no gap was told');
    },
    policy('drop-oldest', 'latest-per-topic'),
    ...floodable,
    patience,
  ],
  [
    '[BROKER-SLOW-3] what was published last to each topic is never the one that is lost',
    async (target) => {
      const [large, small] = [target.topic(), target.topic()];
      const asleep = await target.client();
      for (const topic of [large, small]) await asleep.subscribe(topic, { envelope: true });
      asleep.end.pause();
      for (let floods = 0; floods < 2; floods += 1) await flood(target, large);
      for (let i = 1; i <= 5; i += 1) await target.publish({ topic: small, data: i });
      await target.publish({ topic: large, data: 'last' });
      asleep.end.resume();
      const last = new Map<unknown, unknown>();
      while (last.get(large) !== 'last' || last.get(small) !== 5) {
        const { type, topic, data } = await asleep.nextJson();
        if (type === 'message') last.set(topic, data);
      }
    },
    policy('drop-oldest', 'latest-per-topic'),
    ...floodable,
    patience,
  ],
  [
    '[SSE-9] [BROKER-CLOSE-2] an event stream that nobody reads is ended, without further words',
    async (target) => {
      const topic = target.topic();
      const [watcher] = await target.clients(1);
      const stream = await target.stream(`topic=${topic}`);
      await stream.next();
      for (let posts = 0; posts < POSTS_MAX; posts += 1) {
        await post(target, topic);
        if ((await subscribersOf(watcher, topic)) === 0) break;
      }
      await target.eventually(async () => (await subscribersOf(watcher, topic)) === 0);
      const blocks = await stream.rest();
      const words = blocks.filter((block) => !block.startsWith('id: ') && !block.startsWith(':'));
      assert.deepEqual(words, []);
    },
    policy('disconnect'),
    ...floodable,
    patience,
  ],
  [
    '[BROKER-SLOW-3] [BROKER-CLOSE-2] answers are dropped under no policy: who lets them pile up is closed with 1013',
    async (target) => {
      const [topic, other] = [target.topic(), target.topic()];
      const [asleep, watcher] = await target.clients(2);
      await asleep.subscribe(topic);
      asleep.end.pause();
      // The longest sentence that a request can bring about.
      const long = other.padEnd(target.settings.topicLengthMax, '€');
      for (let rounds = 0; rounds < POSTS_MAX * 2; rounds += 1) {
        for (let i = 0; i < 500; i += 1) asleep.send({ type: 'unsubscribe', topic: long });
        if ((await subscribersOf(watcher, topic)) === 0) break;
      }
      await target.eventually(async () => (await subscribersOf(watcher, topic)) === 0);
      asleep.end.resume();
      assert.deepEqual(await asleep.end.ended(), { code: 1_013, reason: 'too slow' });
    },
    ...floodable,
    atLeast('messagesPerSecondMax', 50_000),
    patience,
  ],
  [
    '[BROKER-SLOW-6] whoever follows a topic and fills it in one go is not taken for slow',
    async (target) => {
      const topic = target.topic();
      const client = await target.client();
      // More than a queue, and less than a queue and a window.
      const pieces = Math.ceil((target.settings.queueBytesMax + 50_000) / PIECE.length);
      client.send({ type: 'subscribe', topic });
      for (let i = 0; i < pieces; i += 1) client.send({ topic, data: PIECE });
      assert.match(await client.next(), /ack_subscribe/);
      for (let i = 0; i < pieces; i += 1)
        assert.equal((await client.next()).length, PIECE.length + 2);
    },
    atMost('queueBytesMax', 1_048_576),
    atLeast('messageBytesMax', 60_000),
    atLeast('messagesPerSecondMax', 100),
  ],
  [
    '[BROKER-SLOW-5] [BROKER-CLOSE-2] a reader whose window stays full is closed with 1013, though nothing more comes',
    async (target) => {
      const topic = target.topic();
      const [asleep, watcher] = await target.clients(2);
      await asleep.subscribe(topic);
      asleep.end.pause();
      for (let floods = 0; floods < 2; floods += 1) await flood(target, topic);
      await target.eventually(async () => (await subscribersOf(watcher, topic)) === 0);
      asleep.end.resume();
      assert.deepEqual(await asleep.end.ended(), { code: 1_013, reason: 'too slow' });
    },
    policy('drop-oldest', 'latest-per-topic'),
    ...floodable,
    patience,
    patienceWith('stallTimeoutMs'),
  ],
]);

const aboutBytes = bytesCases('slow-readers', [
  [
    '[BROKER-KEEP-2] of pings that come while much waits to be sent only the latest is answered',
    async (target, sockets) => {
      const topic = target.topic();
      const socket = await sockets.opened();
      socket.say(said({ type: 'subscribe', topic }));
      await socket.until('the ack', () => socket.frames.length > sockets.welcomes);
      socket.socket.pause();
      for (let floods = 0; floods < 2; floods += 1) await flood(target, topic);
      const known = await lastOffset(target, topic);
      const pings = Array.from({ length: 50 }, (_, at) => frame('ping', `ping ${at}`));
      socket.say(Buffer.concat([...pings, said({ topic, data: 'behind the pings' })]));
      // What came behind them was read, and so were they.
      await target.eventually(async () => (await lastOffset(target, topic)) > known);
      socket.socket.resume();
      const pongs = (): string[] => socket.frames.filter(isPong).map(spoken);
      await socket.until('a pong', () => pongs().length > 0);
      socket.say(frame('ping', 'one more'));
      await socket.until('another', () => pongs().includes('pong one more'));
      assert.deepEqual(pongs(), ['pong ping 49', 'pong one more']);
    },
    policy('drop-oldest', 'latest-per-topic'),
    ...floodable,
    atLeast('stallTimeoutMs', 10_000),
    patience,
  ],
]);

export const slowReaders: readonly Case[] = [...aboutMessages, ...aboutBytes];

const isPong = ({ opcode }: ServerFrame): boolean => opcode === opcodes.pong;

async function subscribersOf(watcher: Client, topic: string): Promise<unknown> {
  const { type, subscribers } = await watcher.info(topic);
  assert.equal(type, 'topic_info');
  return subscribers;
}

/** Twenty megabytes from one client, as fast as it can, to a reader that reads. */
async function burst(target: Target): Promise<void> {
  const topic = target.topic();
  const [reader, producer] = await target.clients(2);
  await reader.subscribe(topic, { envelope: true });
  for (let i = 1; i <= 400; i += 1) producer.send({ topic, data: PIECE });
  for (let offset = 1; offset <= 400; offset += 1) {
    const text = await reader.next();
    assert.match(text.slice(0, 200), new RegExp(`^\\{"type":"message",.*"offset":${offset},`));
  }
  assert.deepEqual(await producer.drain(topic), []);
}

/** Some megabytes at once, that have their places when this resolves. */
async function flood(target: Target, topic: string): Promise<void> {
  for (let sent = 0; sent < POSTS_PER_FLOOD; sent += 1) await post(target, topic);
}

async function post(target: Target, topic: string): Promise<void> {
  const publication = `{"topic":"${topic}","data":"${PIECE}"}`;
  const answer = await target.publish(
    `[${Array.from({ length: PIECES_PER_POST }, () => publication).join(',')}]`,
  );
  assert.equal(answer.status, 200);
}

async function lastOffset(target: Target, topic: string): Promise<number> {
  const { body } = await target.get(`/topics/${encodeURIComponent(topic)}`);
  return (JSON.parse(body) as { offset: number }).offset;
}

interface Missing {
  readonly topic: string;
  readonly epoch: unknown;
  readonly from: number;
}

function assertGap(gap: Json, missing: Missing, how: string): void {
  const { reason, to, ...rest } = gap;
  assert.deepEqual(rest, { type: 'gap', ...missing });
  assert.ok((to as number) >= missing.from, `a gap from ${missing.from} to ${String(to)}`);
  const reasons = how === 'drop-oldest' ? ['slow'] : ['slow', 'conflated'];
  assert.ok(reasons.includes(String(reason)), `the reason ${String(reason)}`);
}
