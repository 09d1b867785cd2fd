// The broker dialect on real sockets, against a node started as an operator starts it, with two threads.
// The cases are those of the seed's published server (W1–W38 of the protocol notes), then what goes beyond it.

import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type NodeProcess, startNode } from '../support/node-process.ts';
import { WsClient } from '../support/ws-client.ts';

const MALFORMED =
  "Malformed message or unknown type. Expected {'type': 'subscribe/unsubscribe', 'topic': '...' } or {'topic': '...', 'data': {...}}";
const NOT_JSON = 'Message must be valid JSON.';

let node: NodeProcess;
let url: string;
let named = 0;

beforeAll(async () => {
  node = await startNode(['--threads', '2']);
  url = `ws://${node.doors['broker']}`;
});

afterAll(async () => {
  expect(await node.stop()).toBe(0);
});

/** A topic that no other test uses. */
function fresh(): string {
  named += 1;
  return `topic-${named}`;
}

async function greeted(): Promise<WsClient> {
  const client = await WsClient.open(url);
  await client.next();
  return client;
}

describe("the seed's protocol", () => {
  test('[BROKER-WS-1] W1 a connection on any path is welcomed', async () => {
    for (const path of ['', '/', '/any/path?x=1']) {
      const client = await WsClient.open(url + path);
      expect(await client.next()).toBe(
        `{"type": "info", "message": "Connected to HERMES WebSocket server. Send {'type': 'subscribe', 'topic': 'stock:TICKER'} to subscribe."}`,
      );
      await client.close();
    }
  });

  test('[BROKER-SUB-1] W2 W3 W4 subscribe and unsubscribe are acked with the exact texts', async () => {
    const client = await greeted();
    client.send('{"type": "subscribe", "topic": "stock:GOOGL"}');
    expect(await client.next()).toBe(
      '{"type": "ack_subscribe", "topic": "stock:GOOGL", "message": "Successfully subscribed to stock:GOOGL"}',
    );
    client.send('{"type": "subscribe", "topic": "news:sports"}');
    await client.next();
    client.send('{"type": "unsubscribe", "topic": "news:sports"}');
    expect(await client.next()).toBe(
      '{"type": "ack_unsubscribe", "topic": "news:sports", "message": "Successfully unsubscribed from news:sports"}',
    );
    client.send('{"type": "unsubscribe", "topic": "news:sports"}');
    expect(await client.next()).toBe(
      '{"type": "error", "message": "Not subscribed to news:sports"}',
    );
    await client.close();
  });

  test('[BROKER-PUB-1] W5 W6 W8 subscribers get the bare data, the producer only when it subscribed', async () => {
    const topic = fresh();
    const [one, two, other, producer] = await Promise.all([
      greeted(),
      greeted(),
      greeted(),
      greeted(),
    ]);
    await one.subscribe(topic);
    await two.subscribe(topic);
    await other.subscribe(fresh());
    producer.send(
      `{"topic": "${topic}", "data": {"price": 170.50, "timestamp": "2024-10-27T10:00:00Z"}}`,
    );
    for (const client of [one, two]) {
      expect(await client.next()).toBe('{"price": 170.50, "timestamp": "2024-10-27T10:00:00Z"}');
    }
    expect(await producer.drain(topic)).toEqual([]);
    expect(await other.drain(topic)).toEqual([]);
    await producer.subscribe(topic);
    producer.send(`{"type":"publish","topic":"${topic}","data":1}`);
    expect(await producer.next()).toBe('1');
    await Promise.all([one, two, other, producer].map((client) => client.close()));
  });

  test('[BROKER-SUB-3] W7 subscribing twice is acked twice and delivers once', async () => {
    const topic = fresh();
    const client = await greeted();
    expect(await client.subscribe(topic)).toMatchObject({ type: 'ack_subscribe' });
    expect(await client.subscribe(topic)).toMatchObject({ type: 'ack_subscribe' });
    client.send({ topic, data: 'once' });
    expect(await client.drain(topic)).toEqual(['"once"']);
    await client.close();
  });

  test('[BROKER-REQ-1] W9 a subscribe with data subscribes and publishes nothing', async () => {
    const topic = fresh();
    const client = await greeted();
    expect(await client.subscribe(topic, { data: 1 })).toMatchObject({ type: 'ack_subscribe' });
    expect(await client.drain(topic)).toEqual([]);
    await client.close();
  });

  test('[BROKER-DATA-1] W10 W11 W12 every JSON value arrives as it was written', async () => {
    const topic = fresh();
    const client = await greeted();
    await client.subscribe(topic);
    const values = [
      'null',
      '"str"',
      '[1,2]',
      '12345678901234567890',
      '1.0',
      '170.50',
      '-0',
      '1e400',
      '"hé😀"',
      '"\\u00e9\\ud83d\\ude00"',
      '{"b":1,"a":[ 1 , 2 ],"b":2}',
      '"\\ud800"',
    ];
    for (const value of values) {
      client.send(`{"topic":"${topic}","data":${value}}`);
      expect(await client.next()).toBe(value);
    }
    await client.close();
  });

  test('[BROKER-PUB-2] W13 publishing where nobody listens is no error', async () => {
    const client = await greeted();
    const topic = fresh();
    client.send({ topic, data: 1 });
    expect(await client.drain(topic)).toEqual([]);
    await client.close();
  });

  test.each([
    '',
    '   ',
    'nope',
    '{a:1}',
    '{} {}',
    '{"topic":"a",}',
    '\ufeff{}',
    "{'a':1}",
    '{"topic":"a","data":NaN}',
    '{"topic":"a","data":Infinity}',
  ])('[JSON-1] W14 W15 %j is not JSON, and the connection stays open', async (text) => {
    const client = await greeted();
    client.send(text);
    expect(await client.nextJson()).toEqual({ type: 'error', message: NOT_JSON });
    expect(await client.subscribe('a')).toMatchObject({ type: 'ack_subscribe' });
    await client.close();
  });

  test.each([
    '[]',
    'null',
    '5',
    '"x"',
    '{}',
    '{"type":"subscribe"}',
    '{"type":"subscribe","topic":""}',
    '{"type":"subscribe","topic":null}',
    '{"type":"subscribe","topic":0}',
    '{"type":"subscribe","topic":5}',
    '{"type":"subscribe","topic":true}',
    '{"type":"subscribe","topic":[]}',
    '{"type":"subscribe","topic":{}}',
    '{"type":"SUBSCRIBE","topic":"a"}',
    '{"type":"ping"}',
    '{"topic":"a"}',
    '{"data":1}',
  ])('[BROKER-REQ-2] W16 W17 W18 W19 W20 %s is malformed', async (text) => {
    const client = await greeted();
    client.send(text);
    expect(await client.nextJson()).toEqual({ type: 'error', message: MALFORMED });
    await client.close();
  });

  test('[BROKER-TOPIC-1] W21 W22 a topic is well-formed Unicode of at most 256 characters', async () => {
    const client = await greeted();
    for (const topic of [String.raw`\ud800`, 'x'.repeat(257), String.raw`a\u0000b`]) {
      client.send(`{"type":"subscribe","topic":"${topic}"}`);
      expect(await client.nextJson()).toMatchObject({ type: 'error' });
    }
    expect(await client.subscribe('x'.repeat(256))).toMatchObject({ type: 'ack_subscribe' });
    await client.close();
  });

  test('[BROKER-LIM-2] W23 the 1,001st topic of a connection is refused', async () => {
    const client = await greeted();
    for (let i = 0; i < 1_000; i += 1) client.send({ type: 'subscribe', topic: `many-${i}` });
    for (let i = 0; i < 1_000; i += 1) {
      expect(await client.nextJson()).toMatchObject({ type: 'ack_subscribe', topic: `many-${i}` });
    }
    expect(await client.subscribe('one-too-many')).toEqual({
      type: 'error',
      message: 'Too many subscriptions: at most 1000 per connection.',
    });
    await client.close();
  });

  test('[BROKER-WS-2] W24 W25 binary frames are read as text', async () => {
    const client = await greeted();
    client.send(Buffer.from('{"type":"subscribe","topic":"bin"}'));
    expect(await client.nextJson()).toMatchObject({ type: 'ack_subscribe', topic: 'bin' });
    client.send(Buffer.from([0xff, 0xfe]));
    expect(await client.nextJson()).toEqual({ type: 'error', message: NOT_JSON });
    await client.close();
  });

  test('[WS-FRAME-8] W26 a text frame that is not UTF-8 closes with 1007', async () => {
    const client = await greeted();
    client.socket.send(Buffer.from([0x22, 0xff, 0x22]), { binary: false });
    expect((await client.closed).code).toBe(1007);
  });

  test('[WS-FRAME-7] W27 one byte over 1 MiB closes with 1009, and 1 MiB does not', async () => {
    const client = await greeted();
    const filling = 1_048_576 - '{"topic":"big","data":""}'.length;
    const topic = 'big';
    await client.subscribe(topic);
    client.send(`{"topic":"big","data":"${'x'.repeat(filling)}"}`);
    expect(await client.next()).toHaveLength(filling + 2);
    client.send(`{"topic":"big","data":"${'x'.repeat(filling + 1)}"}`);
    expect((await client.closed).code).toBe(1009);
  });

  test('[JSON-2] W28 100,000 levels are refused, 500 are fine', async () => {
    const client = await greeted();
    client.send('['.repeat(100_000));
    expect(await client.nextJson()).toEqual({
      type: 'error',
      message: 'Message is nested too deeply: at most 512 levels.',
    });
    const topic = fresh();
    await client.subscribe(topic);
    const deep = '['.repeat(500) + ']'.repeat(500);
    client.send(`{"topic":"${topic}","data":${deep}}`);
    expect(await client.next()).toBe(deep);
    await client.close();
  });

  test('[BROKER-SUB-4] W29 a client that vanishes leaves no subscription behind', async () => {
    const topic = fresh();
    const [gone, watcher] = await Promise.all([greeted(), greeted()]);
    await gone.subscribe(topic);
    expect(await info(watcher, topic)).toMatchObject({ subscribers: 1 });
    gone.socket.terminate();
    await expect.poll(async () => (await info(watcher, topic))['subscribers']).toBe(0);
    watcher.send({ type: 'list_topics' });
    expect(((await watcher.nextJson()) as { topics: object }).topics).not.toHaveProperty([topic]);
    await watcher.close();
  });

  test('[BROKER-ORD-3] W31 a thousand publications of one producer keep their order for each subscriber', async () => {
    const topic = fresh();
    const [one, two, producer] = await Promise.all([greeted(), greeted(), greeted()]);
    await one.subscribe(topic);
    await two.subscribe(topic);
    for (let i = 0; i < 1_000; i += 1) producer.send({ topic, data: i });
    for (let i = 0; i < 1_000; i += 1) {
      expect(await one.next()).toBe(String(i));
      expect(await two.next()).toBe(String(i));
    }
    await Promise.all([one.close(), two.close(), producer.close()]);
  });

  test('[BROKER-LIST-1] W32 topics and counts follow subscribe, unsubscribe and disconnect', async () => {
    const topic = fresh();
    const [one, two] = await Promise.all([greeted(), greeted()]);
    await one.subscribe(topic);
    await two.subscribe(topic);
    expect(await counts(one)).toMatchObject({ [topic]: 2 });
    one.send({ type: 'unsubscribe', topic });
    await one.next();
    expect(await counts(one)).toMatchObject({ [topic]: 1 });
    await two.close();
    await expect.poll(async () => Object.keys(await counts(one)).includes(topic)).toBe(false);
    await one.close();
  });

  test('[BROKER-LIST-3] a second list_topics before the answer is an error, and costs nothing', async () => {
    const client = await greeted();
    client.send({ type: 'list_topics' });
    client.send({ type: 'list_topics' });
    expect(await client.nextJson()).toMatchObject({ type: 'topics' });
    expect(await client.nextJson()).toEqual({
      type: 'error',
      message: 'The topics are being listed already.',
    });
    expect(await counts(client)).toBeTypeOf('object');
    await client.close();
  });

  test('[BROKER-ENV-1] W37 an enveloped and a bare subscriber of one topic', async () => {
    const topic = fresh();
    const [bare, wrapped] = await Promise.all([greeted(), greeted()]);
    await bare.subscribe(topic);
    const ack = await wrapped.subscribe(topic, { envelope: true });
    expect(ack).toMatchObject({
      type: 'ack_subscribe',
      topic,
      offset: 0,
      epoch: expect.any(String) as string,
    });
    bare.send(`{"topic":"${topic}","data":1.50,"id":"mine"}`);
    expect(await bare.next()).toBe('1.50');
    const text = await wrapped.next();
    expect(JSON.parse(text)).toEqual({
      type: 'message',
      topic,
      offset: 1,
      epoch: ack['epoch'],
      id: 'mine',
      data: 1.5,
    });
    expect(text.endsWith('"data":1.50}')).toBe(true);
    await Promise.all([bare.close(), wrapped.close()]);
  });
});

describe('beyond the seed', () => {
  test('[BROKER-PUB-3] [BROKER-DUP-1] an asked-for ack tells the place; the same id is the same publication', async () => {
    const topic = fresh();
    const client = await greeted();
    await client.subscribe(topic);
    client.send({ topic, data: 'a', id: 'x', ack: true });
    const first = [await client.next(), await client.next()];
    const ack = JSON.parse(first.find((text) => text.includes('ack_publish')) ?? '') as Record<
      string,
      unknown
    >;
    expect(ack).toMatchObject({ type: 'ack_publish', topic, subscribers: 1, id: 'x', offset: 1 });
    expect(ack).not.toHaveProperty('duplicate');
    expect(first).toContain('"a"');
    const again = await client.publish(topic, 'b', { id: 'x' });
    expect(again).toMatchObject({ id: 'x', offset: 1, epoch: ack['epoch'], duplicate: true });
    expect(await client.drain(topic)).toEqual([]);
    await client.close();
  });

  test('[BROKER-REC-1] [BROKER-REC-2] since brings what was missed, once and in order', async () => {
    const topic = fresh();
    const [reader, producer] = await Promise.all([greeted(), greeted()]);
    const { epoch } = await reader.subscribe(topic, { envelope: true });
    await reader.close();
    for (let i = 1; i <= 5; i += 1) await producer.publish(topic, i);
    const back = await greeted();
    const ack = await back.subscribe(topic, { envelope: true, since: { epoch, offset: 2 } });
    expect(ack).toMatchObject({ recovered: true, offset: 5, epoch });
    const offsets = [await back.nextJson(), await back.nextJson(), await back.nextJson()];
    expect(offsets).toMatchObject([
      { offset: 3, data: 3 },
      { offset: 4, data: 4 },
      { offset: 5, data: 5 },
    ]);
    expect(await back.drain(topic)).toEqual([]);
    await Promise.all([back.close(), producer.close()]);
  });

  test('[BROKER-REC-3] a place that cannot be found again is answered recovered: false, with nothing', async () => {
    const topic = fresh();
    const [reader, producer] = await Promise.all([greeted(), greeted()]);
    for (let i = 1; i <= 150; i += 1) producer.send({ topic, data: i });
    await producer.drain(topic);
    const { epoch } = await reader.subscribe(topic, { envelope: true });
    const lost = [
      { epoch: 'zzzz', offset: 0 },
      { epoch, offset: 2 },
      { epoch, offset: 999 },
    ];
    for (const since of lost) {
      const back = await greeted();
      expect(await back.subscribe(topic, { since })).toMatchObject({
        recovered: false,
        offset: 150,
        epoch,
      });
      expect(await back.drain(topic)).toEqual([]);
      await back.close();
    }
    await Promise.all([reader.close(), producer.close()]);
  });

  test('[BROKER-ISO-1] a client that breaks the framing harms nobody else', async () => {
    const topic = fresh();
    const healthy = await greeted();
    await healthy.subscribe(topic);
    const { hostname, port } = new URL(url);
    const key = Buffer.from('0123456789abcdef').toString('base64');
    const socket = connect(Number(port), hostname);
    socket.write(
      `GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}\r\n\r\n`,
    );
    socket.once('data', () => socket.write(Buffer.from([0x81, 0x02, 0x68, 0x69])));
    await new Promise((resolve) => {
      socket.once('close', resolve);
    });
    await healthy.publish(topic, 'still here').catch(() => undefined);
    expect((await healthy.drain(topic)).concat('"still here"')).toContain('"still here"');
    await healthy.close();
  });
});

describe('HTTP on the same door', () => {
  test('[BROKER-HTTP-4] W38 GET / asks for an upgrade, anything else is not here', async () => {
    const base = url.replace('ws', 'http');
    const root = await fetch(`${base}/`);
    expect(root.status).toBe(426);
    expect(root.headers.get('upgrade')).toBe('websocket');
    expect((await fetch(`${base}/nothing`)).status).toBe(404);
    expect((await fetch(`${base}/publish`)).status).toBe(405);
  });

  test('[BROKER-HTTP-2] POST /publish answers ids, offsets and subscribers', async () => {
    const base = url.replace('ws', 'http');
    const topic = fresh();
    const client = await greeted();
    await client.subscribe(topic);
    const one = await fetch(`${base}/publish`, {
      method: 'POST',
      body: `{"topic":"${topic}","data":170.50}`,
    });
    expect(await one.json()).toMatchObject({
      topic,
      offset: 1,
      subscribers: 1,
      id: expect.any(String) as string,
    });
    expect(await client.next()).toBe('170.50');
    const many = await fetch(`${base}/publish`, {
      method: 'POST',
      body: `[{"topic":"${topic}","data":1,"id":"a"},{"topic":"${topic}","data":2,"id":"a"}]`,
    });
    expect(await many.json()).toMatchObject([
      { id: 'a', offset: 2 },
      { id: 'a', offset: 2, duplicate: true },
    ]);
    const bad = await fetch(`${base}/publish`, {
      method: 'POST',
      body: `[{"topic":"${topic}","data":3},{"topic":"x"}]`,
    });
    expect(bad.status).toBe(400);
    expect(await client.drain(topic)).toEqual(['1']);
    await client.close();
  });

  test('[SSE-4] [SSE-5] an event stream resumes by Last-Event-ID and by since', async () => {
    const base = url.replace('ws', 'http');
    const topic = fresh();
    const controller = new AbortController();
    const first = await fetch(`${base}/sse?topic=${topic}`, { signal: controller.signal });
    expect(first.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
    const reader = first.body?.getReader();
    const opening = new TextDecoder().decode((await reader?.read())?.value);
    const id = /^id: (.+)$/m.exec(opening)?.[1] ?? '';
    expect(opening).toContain('event: subscribed');
    controller.abort();
    for (const data of [1, 2, 3])
      await fetch(`${base}/publish`, { method: 'POST', body: JSON.stringify({ topic, data }) });
    const ways: RequestInit[] = [{ headers: { 'last-event-id': id } }, {}];
    for (const [index, init] of ways.entries()) {
      const again = new AbortController();
      const since = index === 0 ? '' : `&since=${encodeURIComponent(id)}`;
      const stream = await fetch(`${base}/sse?topic=${topic}${since}`, {
        ...init,
        signal: again.signal,
      });
      const body = stream.body?.getReader();
      let text = '';
      while (!text.includes('data: 3\n\n')) {
        const part = await body?.read();
        if (part?.value === undefined) throw new Error(`the stream ended after: ${text}`);
        text += new TextDecoder().decode(part.value);
      }
      expect(text).toContain('"recovered":true');
      expect(text.match(/^data: \d$/gm)).toEqual(['data: 1', 'data: 2', 'data: 3']);
      again.abort();
    }
  });
});

async function info(client: WsClient, topic: string): Promise<Record<string, unknown>> {
  client.send({ type: 'topic_info', topic });
  return (await client.nextJson()) as Record<string, unknown>;
}

async function counts(client: WsClient): Promise<Record<string, number>> {
  client.send({ type: 'list_topics' });
  return ((await client.nextJson()) as { topics: Record<string, number> }).topics;
}
