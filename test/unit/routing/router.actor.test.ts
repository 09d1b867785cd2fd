import { describe, expect, test } from 'vitest';

import { homeOf } from '../../../src/actors/routing/topic.ts';
import type { RouterReply } from '../../../src/actors/routing/router-messages.ts';
import { actorsOf } from '../../../src/actors/node.ts';
import { WINDOW_BYTES } from '../../../src/actors/runtime/edges.ts';
import { Stage } from '../../support/stage.ts';

/** A name whose home is the shard. */
function nameAt(home: number, shards: number, stem = 't'): string {
  let n = 0;
  while (homeOf(`broker/${stem}${n}`, shards) !== home) n += 1;
  return `${stem}${n}`;
}

const quiet = { welcome: false } as const;
const subscribe = (topic: string, more: object = {}) => ({ type: 'subscribe', topic, ...more });
const enveloped = (topic: string, more: object = {}) =>
  subscribe(topic, { envelope: true, ...more });
const unsubscribe = (topic: string) => ({ type: 'unsubscribe', topic });
const ack = (topic: string) => ({
  type: 'ack_subscribe',
  topic,
  message: `Successfully subscribed to ${topic}`,
});
const unack = (topic: string) => ({
  type: 'ack_unsubscribe',
  topic,
  message: `Successfully unsubscribed from ${topic}`,
});

describe.each([1, 3])('a router among %i shards', (shards) => {
  const stageOf = (more: ConstructorParameters<typeof Stage>[0] = {}) =>
    new Stage({ shards, ...more, broker: { ...quiet, ...more.broker } });
  const last = shards - 1;

  test('[BROKER-PUB-1] delivers to every follower on every shard, and to nobody else', () => {
    const stage = stageOf();
    const readers = Array.from({ length: shards }, (_, shard) => stage.connect({ shard }));
    const other = stage.connect({ shard: last });
    const producer = stage.connect({ shard: 0 });
    for (let home = 0; home < shards; home += 1) {
      const topic = nameAt(home, shards);
      for (const reader of readers) reader.say(subscribe(topic));
      other.say(subscribe('another'));
      producer.say({ topic, data: home });
      for (const reader of readers) expect(reader.takeJson()).toEqual([ack(topic), home]);
    }
    expect(producer.take()).toEqual([]);
    expect(other.takeJson()).not.toContain(0);
    expect(stage.troubles).toEqual([]);
  });

  test('[BROKER-REQ-4] answers in the order of the questions, however far their homes are', () => {
    const stage = stageOf();
    const client = stage.connect();
    const far = nameAt(last, shards);
    const near = nameAt(0, shards, 'near');
    client.say(subscribe(far));
    client.say('nonsense');
    client.say(subscribe(near));
    client.say({ topic: far, data: 1, ack: true });
    client.say(unsubscribe(far));
    client.say({ type: 'list_topics' });
    expect(client.takeJson()).toMatchObject([
      ack(far),
      { type: 'error' },
      ack(near),
      { type: 'ack_publish', subscribers: 1 },
      1,
      unack(far),
      { type: 'topics', topics: { [near]: 1 } },
    ]);
  });

  test('[BROKER-SUB-2] an unsubscribe that overtakes its subscribe leaves nothing subscribed', () => {
    const stage = stageOf({ chance: 5 });
    const client = stage.connect();
    stage.settle();
    const topic = nameAt(last, shards);
    client.say(subscribe(topic));
    client.say(unsubscribe(topic));
    client.say({ topic, data: 'unheard' });
    stage.settle();
    client.say({ type: 'list_topics' });
    stage.settle();
    expect(client.takeJson()).toEqual([ack(topic), unack(topic), { type: 'topics', topics: {} }]);
  });

  test('[BROKER-SUB-4] a stream that leaves while its subscribe is under way leaves no ghost', () => {
    const stage = stageOf();
    const topic = nameAt(last, shards);
    const stayer = stage.connect();
    stayer.say(subscribe(topic));
    const leaver = stage.connect();
    const connection = leaver.id;
    const { router } = actorsOf(0);
    const wish = { topic: `broker/${topic}`, format: 'broker/ws-bare', since: undefined };
    stage.tell(router, { type: 'subscribe', connection, slot: 1, ...wish });
    stage.tell(router, { type: 'leave', connection });
    stage.settle();
    stayer.say({ topic, data: 1, ack: true });
    expect(stayer.takeJson()).toMatchObject([ack(topic), { subscribers: 1 }, 1]);
    expect(leaver.take()).toEqual([]);
    expect(stage.counted('deliveries')).toBe(1);
  });

  test('[BROKER-LIM-3] a stream that leaves before it is refused is not counted out twice', () => {
    const stage = stageOf({ home: { topicsMax: 1 } });
    const names = Array.from({ length: 40 }, (_, n) => `room${n}`);
    const [first = '', second = ''] = names.filter((n) => homeOf(`broker/${n}`, shards) === last);
    const keeper = stage.connect();
    keeper.say(subscribe(first));
    const leaver = stage.connect().id;
    const { router } = actorsOf(0);
    const wish = { topic: `broker/${second}`, format: 'broker/ws-bare', since: undefined };
    const stayer = stage.connect();
    stage.tell(router, { type: 'subscribe', connection: leaver, slot: 1, ...wish });
    stage.tell(router, { type: 'leave', connection: leaver });
    stage.tell(router, {
      type: 'unsubscribe',
      connection: keeper.id,
      slot: 9,
      topic: `broker/${first}`,
    });
    stayer.say(subscribe(second));
    stayer.say({ topic: second, data: 1, ack: true });
    expect(stayer.takeJson()).toMatchObject([ack(second), { subscribers: 1 }, 1]);
    expect(stage.counted('deliveries')).toBe(1);
  });

  test('[BROKER-SUB-3] nothing is missed between two subscribes', () => {
    const stage = stageOf();
    const topic = nameAt(last, shards);
    const reader = stage.connect();
    const producer = stage.connect({ shard: last });
    reader.say(enveloped(topic));
    const { router } = actorsOf(0);
    const [connection, name, format] = [reader.id, `broker/${topic}`, 'broker/ws-envelope'];
    // Under way at once: the second subscribe, and what another shard publishes meanwhile.
    const data = new TextEncoder().encode('1');
    const publication = {
      topic: name,
      id: undefined,
      data,
      asker: undefined,
      publisher: undefined,
    };
    stage.tell(actorsOf(last).router, { type: 'publish', ...publication });
    const wish = { topic: name, format, since: undefined };
    stage.tell(router, { type: 'subscribe', connection, slot: 99, ...wish });
    stage.settle();
    producer.say({ topic, data: 2 });
    const messages = reader.takeJson().filter((f) => (f as { type: string }).type === 'message');
    expect(messages).toMatchObject([{ offset: 1 }, { offset: 2 }]);
  });

  test('[BROKER-SUB-3] a second subscribe is acknowledged and delivers once', () => {
    const stage = stageOf();
    const client = stage.connect();
    const topic = nameAt(last, shards);
    client.say(subscribe(topic));
    client.say(subscribe(topic));
    client.say({ topic, data: 'once', ack: true });
    expect(client.takeJson()).toMatchObject([ack(topic), ack(topic), { subscribers: 1 }, 'once']);
  });

  test('[BROKER-SUB-3] the form of the latest subscribe holds, whether or not the first is answered', () => {
    const stage = stageOf();
    const client = stage.connect();
    const topic = nameAt(last, shards);
    client.say(enveloped(topic));
    client.say({ topic, data: 1 });
    client.say(subscribe(topic));
    client.say({ topic, data: 2 });
    client.say(enveloped(topic));
    client.say({ topic, data: 3 });
    expect(client.takeJson()).toMatchObject([
      { type: 'ack_subscribe', offset: 0 },
      { type: 'message', offset: 1, data: 1 },
      ack(topic),
      2,
      { type: 'ack_subscribe', offset: 2 },
      { type: 'message', offset: 3, data: 3 },
    ]);
    const racing = stageOf({ chance: 9 });
    const racer = racing.connect();
    racing.settle();
    racer.say(subscribe(topic));
    racer.say(enveloped(topic));
    racer.say({ topic, data: 1 });
    racing.settle();
    expect(racer.takeJson()).toMatchObject([ack(topic), { offset: 0 }, { type: 'message' }]);
  });

  test('[BROKER-LIM-2] one topic more than subscriptionsMax is refused, a repeated one is not', () => {
    const stage = stageOf({ broker: { subscriptionsMax: 2 } });
    const client = stage.connect();
    for (const topic of ['a', 'b', 'a', 'c']) client.say(subscribe(topic));
    client.say(unsubscribe('a'));
    client.say(subscribe('c'));
    expect(client.takeJson()).toEqual([
      ack('a'),
      ack('b'),
      ack('a'),
      { type: 'error', message: 'Too many subscriptions: at most 2 per connection.' },
      unack('a'),
      ack('c'),
    ]);
  });

  test('[BROKER-LIM-3] a topic that its home has no room for is refused, and can be asked for again', () => {
    const stage = stageOf({ home: { topicsMax: 1 } });
    const topics = Array.from({ length: shards * 4 }, (_, n) => `room${n}`);
    const [first = '', second = ''] = topics.filter((t) => homeOf(`broker/${t}`, shards) === last);
    const client = stage.connect();
    client.say(subscribe(first));
    client.say(subscribe(second));
    client.say({ topic: second, data: 1, ack: true });
    client.say(unsubscribe(second));
    client.say(unsubscribe(first));
    client.say(subscribe(second));
    expect(client.takeJson()).toEqual([
      ack(first),
      { type: 'error', message: 'Too many topics: the node has no room for another.' },
      {
        type: 'error',
        message: `Not published to ${second}: the node has no room for another topic.`,
      },
      { type: 'error', message: `Not subscribed to ${second}` },
      unack(first),
      ack(second),
    ]);
  });

  test('[BROKER-LIST-1] lists the topics of all homes, and informs of each', () => {
    const stage = stageOf();
    const topics = Array.from({ length: shards }, (_, home) => nameAt(home, shards));
    const counted: Record<string, number> = {};
    for (const [index, topic] of topics.entries()) {
      for (let n = 0; n <= index; n += 1)
        stage.connect({ shard: n % shards }).say(subscribe(topic));
      counted[topic] = index + 1;
    }
    const client = stage.connect({ shard: last });
    client.say({ type: 'list_topics' });
    expect(client.takeJson()).toEqual([{ type: 'topics', topics: counted }]);
    for (const topic of topics) {
      client.say({ topic, data: 1 });
      client.say({ type: 'topic_info', topic });
      expect(client.takeJson()).toMatchObject([
        { type: 'topic_info', topic, subscribers: counted[topic], offset: 1, history: 1 },
      ]);
    }
  });

  test('[BROKER-REC-1] recovers what was missed, once, before what comes next', () => {
    const stage = stageOf();
    const topic = nameAt(last, shards);
    const producer = stage.connect({ shard: last });
    producer.say({ topic, data: 1, ack: true });
    const [{ epoch }] = producer.takeJson() as [{ epoch: string }];
    for (const data of [2, 3]) producer.say({ topic, data });
    const reader = stage.connect();
    reader.say(enveloped(topic, { since: { epoch, offset: 1 } }));
    producer.say({ topic, data: 4 });
    expect(reader.takeJson()).toMatchObject([
      { type: 'ack_subscribe', offset: 3, recovered: true },
      { offset: 2, data: 2 },
      { offset: 3, data: 3 },
      { offset: 4, data: 4 },
    ]);
    // A reader that subscribed already may ask for what it lost, too.
    reader.say(enveloped(topic, { since: { epoch, offset: 3 } }));
    producer.say({ topic, data: 5 });
    expect(reader.takeJson()).toMatchObject([{ recovered: true }, { offset: 4 }, { offset: 5 }]);
  });

  test('[BROKER-REC-3] from another epoch nothing is recovered, and the reader is told', () => {
    const stage = stageOf();
    const reader = stage.connect();
    reader.say(subscribe('t', { since: { epoch: 'another', offset: 3 } }));
    reader.say({ topic: 't', data: 1 });
    expect(reader.takeJson()).toMatchObject([{ recovered: false, offset: 0 }, 1]);
  });
});

describe('[BROKER-REC-4] a recovery', () => {
  const history = (count: number, bytes: number, broker: object) => {
    const stage = new Stage({ broker: { ...quiet, ...broker } });
    const producer = stage.connect();
    producer.say({ topic: 't', data: 0, ack: true });
    const [{ epoch }] = producer.takeJson() as [{ epoch: string }];
    for (let n = 0; n < count; n += 1) producer.say({ topic: 't', data: 'x'.repeat(bytes) });
    return { stage, epoch };
  };

  test('that fits the queue is given, though its answer waits in front of it', () => {
    const { stage, epoch } = history(9, 100, { queueBytesMax: 2_000 });
    const reader = stage.connect();
    reader.say(subscribe('t', { since: { epoch, offset: 1 } }));
    expect(reader.closed).toBeUndefined();
    expect(reader.takeJson()).toHaveLength(10);
  });

  test('that would not fit is not begun, and the stream goes on', () => {
    const { stage, epoch } = history(15, 100, { queueBytesMax: 2_000 });
    const reader = stage.connect();
    reader.say(enveloped('t', { since: { epoch, offset: 1 } }));
    reader.say({ topic: 't', data: 'next' });
    expect(reader.takeJson()).toMatchObject([{ recovered: false, offset: 16 }, { offset: 17 }]);
    expect(reader.closed).toBeUndefined();
  });

  test('is measured as it will be written: line ends grow in an event stream', () => {
    const stage = new Stage({ broker: { ...quiet, queueBytesMax: 10_000 } });
    const producer = stage.connect();
    producer.say({ topic: 't', data: 0, ack: true });
    const [{ epoch }] = producer.takeJson() as [{ epoch: string }];
    for (let n = 0; n < 3; n += 1) producer.say(`{"topic":"t","data":[${'\n1,'.repeat(400)}1]}`);
    const reader = stage.sse('topic=t', { headers: { 'last-event-id': `${epoch}:1` } });
    expect(reader.closed).toBeUndefined();
    expect(reader.take().join('')).toContain('"recovered":false');
  });

  test('of several topics at once is shared out, so that all together fit', () => {
    const stage = new Stage({ broker: { ...quiet, queueBytesMax: 20_000 } });
    const producer = stage.connect();
    const names = Array.from({ length: 8 }, (_, n) => `t${n}`);
    const places: string[] = [];
    for (const topic of names) {
      producer.say({ topic, data: 0, ack: true });
      const [{ epoch }] = producer.takeJson() as [{ epoch: string }];
      places.push(`${epoch}:1`);
      for (let n = 0; n < 3; n += 1) producer.say({ topic, data: 'x'.repeat(1_000) });
    }
    const query = names.map((name) => `topic=${name}`).join('&');
    const reader = stage.sse(query, { headers: { 'last-event-id': places.join(',') } });
    expect(reader.closed).toBeUndefined();
    expect(reader.take().filter((text) => text.includes('"recovered":'))).toHaveLength(8);
  });
});

describe('a shard that dies', () => {
  const shards = 3;
  const topic = nameAt(2, shards);
  const setUp = (chance?: number) => {
    const stage = new Stage({ shards, broker: quiet, ...(chance === undefined ? {} : { chance }) });
    const reader = stage.connect({ shard: 0 });
    const producer = stage.connect({ shard: 1 });
    stage.settle();
    reader.say(enveloped(topic));
    stage.settle();
    producer.say({ topic, data: 1 });
    producer.say({ topic, data: 2 });
    stage.settle();
    const [, , { epoch }] = reader.takeJson() as [unknown, unknown, { epoch: string }];
    return { stage, reader, producer, epoch };
  };

  test('[SHARD-2] its topics begin anew, their readers are told and read on', () => {
    const { stage, reader, producer, epoch } = setUp();
    stage.crash(2);
    stage.settle();
    producer.say({ topic, data: 3 });
    const heard = reader.takeJson() as { epoch: string }[];
    expect(heard).toMatchObject([
      { type: 'gap', topic, from: 3, to: null, reason: 'restarted' },
      { type: 'message', offset: 1, data: 3 },
    ]);
    expect(heard[0]?.epoch).toBe(epoch);
    expect(heard[1]?.epoch).not.toBe(epoch);
    reader.say({ type: 'list_topics' });
    expect(reader.takeJson()).toEqual([{ type: 'topics', topics: { [topic]: 1 } }]);
  });

  test('[BROKER-ORD-2] a gap is told before anything of the new life, whoever comes back first', () => {
    for (let chance = 0; chance < 60; chance += 1) {
      const { stage, reader, producer, epoch } = setUp(chance);
      // Asked before the home died and answered by its successor, before the others have come back.
      const late = stage.connect({ shard: 0 });
      stage.until(() => late.owner !== undefined);
      late.say(enveloped(topic));
      for (let n = 0; n < chance % 12; n += 1) stage.step();
      stage.crash(2);
      producer.say({ topic, data: 3 });
      stage.settle();
      producer.say({ topic, data: 4 });
      stage.settle();
      const heard = reader.takeJson() as { type: string; epoch: string; offset: number }[];
      const gaps = heard.filter(({ type }) => type === 'gap');
      expect(gaps, `chance ${chance}`).toMatchObject([{ from: 3, to: null, reason: 'restarted' }]);
      expect(heard[0]).toBe(gaps[0]);
      const after = heard.slice(1);
      expect(after.length).toBeGreaterThan(0);
      for (const [index, message] of after.entries()) {
        expect(message.epoch).not.toBe(epoch);
        expect(message.offset - (after[0]?.offset ?? 0)).toBe(index);
      }
      const told = late.takeJson() as { type: string }[];
      expect(told[0]?.type).toBe('ack_subscribe');
      expect(told.at(-1)).toMatchObject({ type: 'message', data: 4 });
      expect(stage.troubles).toEqual([]);
    }
  });

  test('[BROKER-PUB-4] a publish whose answer died with its home is told so', () => {
    const { stage, producer } = setUp(1);
    producer.say({ topic, data: 3, ack: true });
    stage.until(() => stage.shards[1]?.system.readyActors === 0);
    stage.crash(2);
    stage.settle();
    expect(producer.takeJson()).toEqual([
      {
        type: 'error',
        message: `It is not known whether this was published to ${topic}: the shard that orders it restarted. Publish again with an id.`,
      },
    ]);
  });

  test('[SHARD-2] subscribes, lists and infos that it had not answered are asked again', () => {
    const { stage } = setUp(2);
    const client = stage.connect({ shard: 1 });
    stage.until(() => client.owner !== undefined);
    client.say(subscribe(topic));
    client.say({ type: 'list_topics' });
    client.say({ type: 'topic_info', topic });
    client.say(unsubscribe(topic));
    stage.until(() => stage.shards[1]?.system.readyActors === 0);
    stage.crash(2);
    stage.settle();
    const heard = client.takeJson();
    expect(heard).toMatchObject([
      ack(topic),
      { type: 'topics' },
      { type: 'topic_info', topic },
      unack(topic),
    ]);
    // The subscribe that was asked again had been taken back: nobody must be counted for it.
    client.say({ type: 'list_topics' });
    stage.settle();
    expect(client.takeJson()).toEqual([{ type: 'topics', topics: { [topic]: 1 } }]);
  });

  test('[SHARD-2] who asks again is told of those who followed before', () => {
    for (let chance = 0; chance < 30; chance += 1) {
      const { stage } = setUp(chance);
      const client = stage.connect({ shard: 1 });
      stage.settle();
      client.say(subscribe(topic));
      stage.settle();
      client.takeJson();
      client.say({ type: 'topic_info', topic });
      client.say({ type: 'list_topics' });
      stage.until(() => stage.shards[1]?.system.readyActors === 0);
      stage.crash(2);
      stage.settle();
      const [info, list] = client.takeJson() as [
        { subscribers: number },
        { topics: Readonly<Record<string, number>> },
      ];
      expect([info.subscribers, list.topics[topic]].every((count) => (count ?? 0) > 0)).toBe(true);
    }
  });

  describe('[BROKER-LIVE-1] topics for which the successor has no room yet', () => {
    const [first = '', second = ''] = Array.from({ length: 40 }, (_, n) => `t${n}`).filter(
      (name) => homeOf(`broker/${name}`, 2) === 1,
    );
    const { home } = actorsOf(1);
    const other = `broker/${second}`;
    const refused = () => {
      const stage = new Stage({ shards: 2, broker: quiet, home: { topicsMax: 1 } });
      const reader = stage.connect();
      reader.say(enveloped(first));
      stage.crash(1);
      // On the fresh shard somebody else is faster.
      const wish = { topic: other, subscribers: 1, since: undefined, shard: 1, ref: 0 };
      stage.tell(home, { type: 'attach', ...wish });
      stage.settle();
      reader.take();
      reader.say({ topic: first, data: 'refused', ack: true });
      expect(reader.takeJson()).toMatchObject([{ type: 'error' }]);
      stage.tell(home, { type: 'detach', topic: other, subscribers: 0, shard: 1 });
      return { stage, reader };
    };

    test('come back when it has', () => {
      const { stage, reader } = refused();
      stage.pass(1_000);
      reader.say({ topic: first, data: 'heard' });
      expect(reader.takeJson()).toMatchObject([
        { type: 'gap', reason: 'restarted' },
        { type: 'message', data: 'heard' },
      ]);
    });

    test('[SHARD-2] come back with the next who asks, and it is told of no loss', () => {
      const { stage, reader } = refused();
      const late = stage.connect();
      late.say(enveloped(first));
      late.say({ topic: first, data: 'heard' });
      const message = { type: 'message', data: 'heard' };
      expect(late.takeJson()).toMatchObject([{ type: 'ack_subscribe' }, message]);
      expect(reader.takeJson()).toMatchObject([{ type: 'gap', reason: 'restarted' }, message]);
    });
  });
});

describe('a reader that is too slow', () => {
  const big = 'x'.repeat(60_000);

  test('[BROKER-SLOW-1] [BROKER-CLOSE-2] is closed as such while the others get everything', () => {
    const stage = new Stage({ broker: { ...quiet, queueBytesMax: 200_000 } });
    const [healthy, stalled, producer] = [stage.connect(), stage.connect(), stage.connect()];
    for (const client of [healthy, stalled]) client.say(enveloped('t'));
    stalled.isStalled = true;
    for (let n = 0; n < 200; n += 1) producer.say({ topic: 't', data: big });
    expect(stalled.closed).toEqual({ code: 1013, reason: 'too slow' });
    expect(healthy.closed).toBeUndefined();
    const offsets = healthy.takeJson().map((frame) => (frame as { offset: number }).offset);
    expect(offsets).toEqual(Array.from({ length: 201 }, (_, n) => n));
    expect(stage.counted('streams.closed.overflow')).toBe(1);
    producer.say({ type: 'list_topics' });
    expect(producer.takeJson()).toEqual([{ type: 'topics', topics: { t: 1 } }]);
  });

  test('[BROKER-SLOW-2] is given up once, and its queue is let go at once', () => {
    const stage = new Stage({ broker: { ...quiet, queueBytesMax: 100_000 }, chance: 4 });
    const [stalled, producer] = [stage.connect(), stage.connect()];
    stage.settle();
    stalled.say(subscribe('t'));
    stage.settle();
    stalled.isStalled = true;
    for (let n = 0; n < 60; n += 1) producer.say({ topic: 't', data: big });
    stage.settle();
    expect(stalled.closed).toEqual({ code: 1013, reason: 'too slow' });
    expect(stage.counted('streams.closed.overflow')).toBe(1);
  });

  test('[BROKER-SLOW-5] is closed when its network takes nothing for stallTimeoutMs', () => {
    const stage = new Stage({ broker: { ...quiet, stallTimeoutMs: 5_000, pingEveryMs: 600_000 } });
    const [stalled, slow, producer] = [stage.connect(), stage.connect(), stage.connect()];
    for (const client of [stalled, slow]) {
      client.say(subscribe('t'));
      client.isStalled = true;
    }
    for (let bytes = 0; bytes <= WINDOW_BYTES + big.length; bytes += big.length) {
      producer.say({ topic: 't', data: big });
    }
    stage.pass(4_000);
    slow.read(100);
    stage.pass(2_100);
    expect(stalled.closed).toEqual({ code: 1013, reason: 'too slow' });
    expect(slow.closed).toBeUndefined();
    stage.pass(5_000);
    expect(slow.closed).toEqual({ code: 1013, reason: 'too slow' });
    expect(stage.counted('streams.closed.stalled')).toBe(2);
    expect(producer.closed).toBeUndefined();
  });

  test('[BROKER-SLOW-4] under drop-oldest stays, and is told what it lost', () => {
    const broker = { ...quiet, slowPolicy: 'drop-oldest', queueBytesMax: 200_000 } as const;
    const stage = new Stage({ broker });
    const [reader, producer] = [stage.connect(), stage.connect()];
    reader.say(enveloped('t'));
    reader.isStalled = true;
    for (let n = 0; n < 50; n += 1) producer.say({ topic: 't', data: big });
    reader.resume();
    const told: number[] = [];
    for (const frame of reader.takeJson().slice(1) as { type: string; offset: number }[]) {
      if (frame.type === 'gap') {
        const { from, to } = frame as unknown as { from: number; to: number };
        for (let at = from; at <= to; at += 1) told.push(at);
      } else told.push(frame.offset);
    }
    expect(told).toEqual(Array.from({ length: 50 }, (_, n) => n + 1));
    expect(stage.counted('publications.dropped')).toBeGreaterThan(30);
  });

  test('a window is not full for as long as an answer is merely awaited', () => {
    const stage = new Stage({ shards: 2, broker: { ...quiet, pingEveryMs: 600_000 } });
    const router = actorsOf(0).router;
    const { address: owner, heard } = stage.probe<RouterReply>(0, 'owner');
    const reader = stage.connect();
    // A stream whose owner is slow to answer, on the connection of a reader that reads.
    stage.tell(router, { type: 'leave', connection: reader.id });
    const outbox = { queueBytesMax: 1_000_000, slowPolicy: 'disconnect' } as const;
    const [connection, topic] = [reader.id, 'broker/t'];
    const format = 'broker/ws-bare';
    stage.tell(router, {
      type: 'open',
      connection,
      owner,
      outbox,
      ownFormat: format,
      subscriptionsMax: 1,
    });
    stage.tell(router, { type: 'subscribe', connection, slot: 1, topic, format, since: undefined });
    stage.settle();
    const data = new TextEncoder().encode(big);
    for (let n = 0; n < 6; n += 1) {
      stage.tell(router, {
        type: 'publish',
        topic,
        id: undefined,
        data,
        asker: undefined,
        publisher: undefined,
      });
    }
    reader.isStalled = true;
    stage.pass(40_000);
    stage.tell(router, { type: 'reply', connection, slot: 1, payload: data });
    stage.pass(20_000);
    expect(heard.map(({ type }) => type)).toEqual(['subscribed']);
    stage.pass(20_000);
    expect(heard.map(({ type }) => type)).toEqual(['subscribed', 'tooSlow']);
  });

  test('[BROKER-PACE-1] paces nobody any more when what waited behind an answer has gone', () => {
    const stage = new Stage({ broker: { ...quiet, pingEveryMs: 600_000 } });
    const router = actorsOf(0).router;
    const { address: owner } = stage.probe<RouterReply>(0, 'owner');
    const { address: publisher, heard } = stage.probe<RouterReply>(0, 'publisher');
    const reader = stage.connect();
    stage.tell(router, { type: 'leave', connection: reader.id });
    const outbox = { queueBytesMax: 16_384, slowPolicy: 'disconnect' } as const;
    const [connection, topic, format] = [reader.id, 'broker/t', 'broker/ws-bare'];
    const subscriptionsMax = 1;
    stage.tell(router, {
      ...{ type: 'open', connection, owner, outbox, ownFormat: format, subscriptionsMax },
    });
    stage.tell(router, { type: 'subscribe', connection, slot: 1, topic, format, since: undefined });
    stage.settle();
    const data = new TextEncoder().encode('x'.repeat(4_000));
    for (let n = 0; n < 3; n += 1) {
      const publication = { topic, id: undefined, data, asker: undefined, publisher } as const;
      stage.tell(router, { type: 'publish', ...publication });
      stage.settle();
    }
    expect(heard).toEqual([{ type: 'publisherHeld', isHeld: true }]);
    // The network has room, and says so later.
    reader.isStalled = true;
    stage.tell(router, { type: 'skip', connection, slot: 1 });
    stage.settle();
    expect(heard.slice(1)).toEqual([{ type: 'publisherHeld', isHeld: false }]);
  });

  test('[BROKER-PACE-1] paces nobody any more when the shard of those who were behind has died', () => {
    const stage = new Stage({ shards: 2, broker: { ...quiet, queueBytesMax: 100_000 } });
    const name = nameAt(0, 2);
    const { address: publisher, heard } = stage.probe<RouterReply>(0, 'publisher');
    const reader = stage.connect({ shard: 1 });
    reader.say(subscribe(name));
    reader.isStalled = true;
    const data = new TextEncoder().encode('x'.repeat(4_000));
    const publication = { topic: `broker/${name}`, id: undefined, data, asker: undefined };
    for (let n = 0; n < 200 && heard.length === 0; n += 1) {
      stage.tell(actorsOf(0).router, { type: 'publish', ...publication, publisher });
      stage.settle();
    }
    expect(heard).toEqual([{ type: 'publisherHeld', isHeld: true }]);
    stage.crash(1);
    stage.settle();
    expect(heard.slice(1)).toEqual([{ type: 'publisherHeld', isHeld: false }]);
  });
});
