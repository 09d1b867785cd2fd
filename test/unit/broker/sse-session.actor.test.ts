import { describe, expect, test } from 'vitest';

import { readEventId } from '../../../src/actors/broker/sse-session.actor.ts';
import { addressOf } from '../../../src/actors/runtime/actor.ts';
import { WINDOW_BYTES } from '../../../src/actors/runtime/edges.ts';
import { Stage, type StageOptions } from '../../support/stage.ts';
import type { WebClient } from '../../support/staged-web.ts';

const stageOf = (options: StageOptions = {}) =>
  new Stage({ ...options, broker: { welcome: false, ...options.broker } });

interface ServerEvent {
  readonly id?: string;
  readonly event?: string;
  readonly retry?: string;
  readonly data: unknown;
}

/** The events of a stream, read as pages do. */
function eventsOf(client: WebClient): ServerEvent[] {
  const text = client.take().join('');
  const events: ServerEvent[] = [];
  for (const block of text.split('\n\n')) {
    if (block === '' || block.startsWith(':')) continue;
    const fields: Record<string, string> = {};
    for (const line of block.split('\n')) {
      const [, name = '', value = ''] = /^(\w+): (.*)$/.exec(line) ?? expect.fail(line);
      fields[name] = name in fields ? `${fields[name]}\n${value}` : value;
    }
    events.push({ ...fields, data: JSON.parse(fields['data'] ?? '') as unknown });
  }
  return events;
}

describe('a stream of one topic', () => {
  test('[SSE-4] begins with where it starts, and goes on with bare data', () => {
    const stage = stageOf();
    const client = stage.sse('topic=stock:AAPL');
    expect(client.streaming).toEqual({
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
    });
    stage.connect().say('{"topic":"stock:AAPL","data":{"price": 170.50}}');
    const text = client.take().join('');
    const epoch = /"epoch":"(\w+)"/.exec(text)?.[1] ?? '';
    expect(text).toBe(
      `id: ${epoch}:0\nevent: subscribed\nretry: 2000\n` +
        `data: {"topic":"stock:AAPL","epoch":"${epoch}","offset":0}\n\n` +
        `id: ${epoch}:1\ndata: {"price": 170.50}\n\n`,
    );
  });

  test('[SSE-1] is enveloped when asked for', () => {
    for (const envelope of ['true', '1']) {
      const stage = stageOf();
      const client = stage.sse(`topic=t&envelope=${envelope}`);
      stage.connect().say({ topic: 't', data: 1, id: 'x' });
      expect(eventsOf(client)[1]).toMatchObject({
        data: { type: 'message', topic: 't', id: 'x', data: 1 },
      });
    }
  });

  test('[SSE-6] resumes from the last event id, or from since, all or nothing', () => {
    const stage = stageOf({ home: { historyCountMax: 3 } });
    const first = stage.sse('topic=t');
    const producer = stage.connect();
    for (const data of [1, 2, 3]) producer.say({ topic: 't', data });
    const ids = eventsOf(first).map(({ id }) => id ?? '');
    first.leave(1000);
    producer.say({ topic: 't', data: 4 });
    const resumed = (id: string, query = '') =>
      eventsOf(stage.sse(`topic=t${query}`, id === '' ? {} : { headers: { 'last-event-id': id } }));
    expect(resumed(ids[2] ?? '')).toMatchObject([
      { event: 'subscribed', id: ids[2], data: { offset: 4, recovered: true } },
      { id: ids[3], data: 3 },
      { data: 4 },
    ]);
    expect(resumed('', `&since=${ids[3]}`)).toMatchObject([
      { data: { recovered: true } },
      { data: 4 },
    ]);
    // The header is the newer word.
    expect(resumed(ids[3] ?? '', `&since=${ids[1]}`)).toHaveLength(2);
    const [lost, ...none] = resumed(ids[0] ?? '');
    expect(lost).toMatchObject({ data: { offset: 4, recovered: false } });
    expect(lost?.id).toBe(`${ids[0]?.split(':')[0]}:4`);
    expect(none).toEqual([]);
    for (const bad of ['x', 'a:b', ',', ids.join(',')]) {
      expect(resumed(bad)).toMatchObject([{ data: { recovered: false } }]);
    }
  });

  test('[SSE-7] is kept warm', () => {
    const stage = stageOf({ broker: { sseKeepAliveMs: 7_000, sseRetryMs: 50 } });
    const client = stage.sse('topic=t');
    expect(client.take().join('')).toContain('retry: 50\n');
    stage.pass(6_999);
    expect(client.take()).toEqual([]);
    stage.pass(1);
    expect(client.take()).toEqual([': keep-alive\n\n']);
    stage.pass(14_000);
    expect(client.take()).toHaveLength(2);
  });

  test('[SSE-3] is told of gaps by an event of that name, without an id', () => {
    const stage = stageOf({ broker: { slowPolicy: 'drop-oldest', queueBytesMax: 100_000 } });
    const client = stage.sse('topic=t');
    const producer = stage.connect();
    client.isStalled = true;
    for (let n = 0; n < 10; n += 1) producer.say({ topic: 't', data: 'x'.repeat(60_000) });
    client.resume();
    const gap = eventsOf(client).find(({ event }) => event === 'gap');
    expect(gap).toMatchObject({ data: { type: 'gap', topic: 't', reason: 'slow' } });
    expect(gap?.id).toBeUndefined();
  });
});

describe('a stream of several topics', () => {
  test('[SSE-5] has ids that hold a place in each', () => {
    const stage = stageOf();
    const client = stage.sse('topic=a&topic=b&topic=a');
    const producer = stage.connect();
    producer.say({ topic: 'a', data: 'a1' });
    producer.say({ topic: 'b', data: 'b1' });
    producer.say({ topic: 'a', data: 'a2' });
    const events = eventsOf(client);
    expect(events.map(({ event, data }) => event ?? data)).toEqual([
      'subscribed',
      'subscribed',
      'a1',
      'b1',
      'a2',
    ]);
    const places = events.map(({ id }) => id?.replaceAll(/[0-9a-z]+:/g, ''));
    expect(places).toEqual(['0,0', '0,0', '1,0', '1,1', '2,1']);
  });

  test('[SSE-6] resumes each from its own place; a `-` starts anew', () => {
    const stage = stageOf({ shards: 3 });
    const first = stage.sse('topic=a&topic=b');
    const producer = stage.connect();
    producer.say({ topic: 'a', data: 'a1' });
    producer.say({ topic: 'b', data: 'b1' });
    const ids = eventsOf(first).map(({ id }) => id ?? '');
    producer.say({ topic: 'a', data: 'a2' });
    producer.say({ topic: 'b', data: 'b2' });
    const resumed = (id: string | undefined) =>
      eventsOf(stage.sse('topic=a&topic=b', { headers: { 'last-event-id': id ?? '' } }));
    const again = resumed(ids[2]);
    expect(again.map(({ event, data }) => event ?? data)).toEqual([
      'subscribed',
      'subscribed',
      'a2',
      'b1',
      'b2',
    ]);
    expect(again.slice(0, 2)).toMatchObject([
      { data: { recovered: true } },
      { data: { recovered: true } },
    ]);
    // Until what was missed is there, the id stays where the client stands.
    expect(again[1]?.id).toBe(ids[2]);
    expect(again.at(-1)?.id?.replaceAll(/[0-9a-z]+:/g, '')).toBe('2,2');
    const half = resumed(`${ids[2]?.split(',')[0]},-`);
    expect(half.map(({ event, data }) => event ?? data)).toEqual([
      'subscribed',
      'subscribed',
      'a2',
    ]);
    expect(half[1]?.data).not.toHaveProperty('recovered');
  });

  test('[SSE-3] is told of gaps as well', () => {
    const stage = stageOf({ shards: 2 });
    const client = stage.sse('topic=t1&topic=t2&topic=t3&topic=t4');
    eventsOf(client);
    stage.crash(1);
    stage.settle();
    const events = eventsOf(client);
    expect(events.length).toBeGreaterThan(0);
    for (const { event, id, data } of events) {
      expect([event, id]).toEqual(['gap', undefined]);
      expect(data).toMatchObject({ reason: 'restarted' });
    }
  });
});

describe('an event id', () => {
  test.each([
    ['e:1', 1, [{ epoch: 'e', offset: 1 }]],
    ['e:1,-', 2, [{ epoch: 'e', offset: 1 }, undefined]],
    ['-,-', 2, [undefined, undefined]],
    ['e:1', 2, undefined],
    ['e:1,f:2', 1, undefined],
    ['', 1, undefined],
    ['e:01', 1, undefined],
    ['E:1', 1, undefined],
    ['e:1,', 2, undefined],
  ])('%j of %i topics', (text, count, places) => {
    expect(readEventId(text, count)).toEqual(places);
  });
});

describe('[SSE-8] a wrong request', () => {
  test.each([
    ['', 'Name at least one topic: /sse?topic=a&topic=b'],
    ['envelope=true', 'Name at least one topic: /sse?topic=a&topic=b'],
    ['topic=', 'A topic must not be empty.'],
    ['topic=a&topic=', 'A topic must not be empty.'],
    ['topic=abcdef', 'Topic too long: at most 5 characters.'],
    ['topic=a%00', 'Topic must be well-formed Unicode without control characters.'],
    ['topic=a&topic=b&topic=c', 'Too many topics: at most 2 in one stream.'],
    ['topic=a&envelope=yes', '"envelope" must be true or false.'],
  ])('%j is told so', (query, error) => {
    const stage = stageOf({ broker: { topicLengthMax: 5, sseTopicsMax: 2 } });
    const client = stage.sse(query);
    expect(client.streaming).toBeUndefined();
    expect(client.answered).toMatchObject({ status: 400, body: `${JSON.stringify({ error })}\n` });
    expect(stage.counted('broker.sessions')).toBe(0);
  });
});

describe('rights', () => {
  const tokens = {
    all: { subscribe: ['*'], publish: [], expiresInMs: 60_000 },
    some: { subscribe: ['a'], publish: [], expiresInMs: 60_000 },
  };
  const guarded = () => stageOf({ broker: { requireToken: true }, tokens });

  test('[BROKER-AUTH-2] [BROKER-AUTH-3] a stream with one forbidden topic is refused as a whole', () => {
    const stage = guarded();
    const sse = (query: string) => stage.sse(`topic=a&topic=b${query}`);
    expect(sse('&access_token=all').streaming).toBeDefined();
    expect(sse('&access_token=some').answered).toMatchObject({
      status: 403,
      body: '{"error":"Not allowed to subscribe to b"}\n',
    });
    expect(sse('').answered?.status).toBe(401);
    expect(sse('&access_token=bad').answered?.status).toBe(401);
    expect(stage.counted('broker.sessions')).toBe(1);
    // Nothing stays behind of those who were refused, not even the end of their token.
    expect(stage.shards[0]?.system.actors).toBe(4);
    stage.pass(59_000);
    stage.shards[0]?.web.clients.get(1)?.leave(1000);
    expect(stage.shards[0]?.system.nextTimerAt).toBeLessThanOrEqual(stage.now + 10_000_000);
  });

  test('[BROKER-CLOSE-4] a stream ends with its token', () => {
    const stage = guarded();
    const client = stage.sse('topic=a&access_token=some');
    stage.pass(60_000);
    expect(client.closed?.code).toBe(4401);
  });
});

describe('[SSE-9] a stream ends', () => {
  test('when its reader is too slow', () => {
    const stage = stageOf({ broker: { queueBytesMax: 1_000 } });
    for (const query of ['topic=t', 'topic=t&topic=u']) {
      const client = stage.sse(query);
      client.isStalled = true;
      const producer = stage.connect();
      for (let n = 0; n < 3; n += 1) producer.say({ topic: 't', data: 'x'.repeat(WINDOW_BYTES) });
      expect(client.closed?.reason).toBe('too slow');
    }
    stage.connect().say({ topic: 't', data: 1 });
    expect(stage.counted('broker.sessions')).toBe(3);
  });

  test('[SSE-10] when there is no room for its topic, and says so first', () => {
    const stage = stageOf({ home: { topicsMax: 1 } });
    stage.connect().say({ type: 'subscribe', topic: 'a' });
    const client = stage.sse('topic=b');
    expect(client.closed?.code).toBe(1013);
    expect(eventsOf(client)).toEqual([
      {
        event: 'refused',
        data: { topic: 'b', error: 'Too many topics: the node has no room for b.' },
      },
    ]);
  });

  test('[BROKER-CLOSE-1] when it meets a bug, and takes nothing with it but itself', () => {
    const stage = stageOf();
    const client = stage.sse('topic=t&topic=u');
    stage.tell(addressOf<unknown>(0, `broker/sse:${client.id}`), { type: 'delivered' });
    stage.settle();
    expect(client.closed?.code).toBe(1011);
    const other = stage.connect();
    other.say({ type: 'list_topics' });
    expect(other.takeJson()).toEqual([{ type: 'topics', topics: {} }]);
    expect(stage.counted('broker.sessions')).toBe(1);
  });

  test('[BROKER-SUB-4] when its client goes', () => {
    const stage = stageOf();
    stage.sse('topic=t&topic=u').leave(1000);
    expect(stage.shards[0]?.system.actors).toBe(3);
    stage.pass(60_000);
    expect(stage.troubles).toEqual([]);
  });
});
