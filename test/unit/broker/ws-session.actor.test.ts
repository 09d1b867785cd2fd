import { describe, expect, test } from 'vitest';

import { type BrokerOptions, brokerDefaults } from '../../../src/actors/broker/broker-options.ts';
import { actorsOf } from '../../../src/actors/node.ts';
import type { RouterReply } from '../../../src/actors/routing/router-messages.ts';
import { addressOf } from '../../../src/actors/runtime/actor.ts';
import { Stage } from '../../support/stage.ts';

const info = `{"type": "info", "message": "Connected to HERMES WebSocket server. Send {'type': 'subscribe', 'topic': 'stock:TICKER'} to subscribe."}`;
const malformed = `{"type": "error", "message": "Malformed message or unknown type. Expected {'type': 'subscribe/unsubscribe', 'topic': '...' } or {'topic': '...', 'data': {...}}"}`;
const notJson = '{"type": "error", "message": "Message must be valid JSON."}';
const errorOf = (message: string) => `{"type": "error", "message": ${JSON.stringify(message)}}`;
const acked = (topic: string) =>
  `{"type": "ack_subscribe", "topic": "${topic}", "message": "Successfully subscribed to ${topic}"}`;
const unacked = (topic: string) =>
  `{"type": "ack_unsubscribe", "topic": "${topic}", "message": "Successfully unsubscribed from ${topic}"}`;

const stageOf = (broker: Partial<BrokerOptions> = {}, more = {}) =>
  new Stage({ broker: { welcome: false, ...broker }, ...more });

/** A session that says one thing: what it hears. */
function answersTo(message: unknown, broker: Partial<BrokerOptions> = {}): string[] {
  const client = stageOf(broker).connect();
  client.say(message);
  expect(client.closed).toBeUndefined();
  return client.take();
}

describe('Hermes’ frames', () => {
  test('[BROKER-WS-1] the first frame is the info frame', () => {
    const client = new Stage().connect({ path: '/any', query: 'x=y' });
    expect(client.accepted).toEqual({ subprotocol: undefined });
    expect(client.take()).toEqual([info]);
  });

  test('[BROKER-WS-1] with welcome off there is none', () => {
    expect(stageOf({ welcome: false }).connect().take()).toEqual([]);
  });

  test('[BROKER-FRAME-1] subscribe, unsubscribe, and once more', () => {
    const client = stageOf().connect();
    client.say('{"type": "subscribe", "topic": "stock:GOOGL"}');
    client.say('{"type": "unsubscribe", "topic": "stock:GOOGL"}');
    client.say('{"type": "unsubscribe", "topic": "news:sports"}');
    expect(client.take()).toEqual([
      '{"type": "ack_subscribe", "topic": "stock:GOOGL", "message": "Successfully subscribed to stock:GOOGL"}',
      '{"type": "ack_unsubscribe", "topic": "stock:GOOGL", "message": "Successfully unsubscribed from stock:GOOGL"}',
      '{"type": "error", "message": "Not subscribed to news:sports"}',
    ]);
  });

  test('[BROKER-PUB-1] a publication reaches its two subscribers, nobody else, and is not answered', () => {
    const stage = stageOf();
    const [one, two, other, producer] = Array.from({ length: 4 }, () => stage.connect());
    for (const client of [one, two]) client?.say({ type: 'subscribe', topic: 'stock:AAPL' });
    other?.say({ type: 'subscribe', topic: 'stock:MSFT' });
    producer?.say(
      '{"topic": "stock:AAPL", "data": {"price": 170.50, "timestamp": "2024-10-27T10:00:00Z"}}',
    );
    const data = '{"price": 170.50, "timestamp": "2024-10-27T10:00:00Z"}';
    expect(one?.take()).toEqual([acked('stock:AAPL'), data]);
    expect(two?.take()).toEqual([acked('stock:AAPL'), data]);
    expect([other?.take(), producer?.take()]).toEqual([[acked('stock:MSFT')], []]);
  });

  test('[BROKER-PUB-1] a producer that subscribed, even twice, hears itself once', () => {
    const client = stageOf().connect();
    client.say({ type: 'subscribe', topic: 't' });
    client.say({ type: 'subscribe', topic: 't' });
    client.say({ topic: 't', data: 1 });
    expect(client.take()).toEqual([acked('t'), acked('t'), '1']);
  });
});

describe('[BROKER-REQ-1] what a message is', () => {
  const following = (message: unknown): string[] => {
    const client = stageOf().connect();
    client.say({ type: 'subscribe', topic: 't' });
    client.take();
    client.say(message);
    return client.take();
  };

  test.each([
    ['"publish" publishes', { type: 'publish', topic: 't', data: 1 }, ['1']],
    ['any type publishes', { type: 'SUBSCRIBE', topic: 't', data: 1 }, ['1']],
    ['a type of any kind publishes', { type: [7], topic: 't', data: 1 }, ['1']],
    ['subscribe with data subscribes', { type: 'subscribe', topic: 't', data: 1 }, [acked('t')]],
    [
      'unsubscribe with data unsubscribes',
      { type: 'unsubscribe', topic: 't', data: 1 },
      [unacked('t')],
    ],
    [
      'list_topics with topic and data lists',
      { type: 'list_topics', topic: 't', data: 1 },
      ['{"type":"topics","topics":{"t":1}}'],
    ],
  ])('%s', (_, message, heard) => {
    expect(following(message)).toEqual(heard);
  });

  test.each([
    'null',
    '"str"',
    '[1, 2]',
    '7',
    'false',
    '{}',
    '12345678901234567890',
    '1.0',
    '170.50',
    '1e400',
    '"h\\u00e9😀"',
    '{"a" : 1,\t"a": 2}',
    '""',
  ])('[BROKER-DATA-1] data %s arrives as it was written', (data) => {
    expect(following(`{"topic":"t","data":  ${data}  }`)).toEqual([data]);
  });

  test('a publication to nobody is silent', () => {
    expect(answersTo({ topic: 'nobody', data: 1 })).toEqual([]);
  });

  test('[BROKER-REQ-5] unknown members are ignored, the last of two counts', () => {
    expect(following('{"topic":"x","topic":"t","data":1,"data":2,"more":{}}')).toEqual(['2']);
  });

  test('[BROKER-WS-2] a binary message is read as text', () => {
    const bytes = new TextEncoder().encode('{"type":"subscribe","topic":"t"}');
    expect(answersTo(bytes)).toEqual([acked('t')]);
  });
});

describe('mistakes are answered and the session stays open', () => {
  test.each<[string, unknown]>([
    ['empty', ''],
    ['blanks', '  '],
    ['nope', 'nope'],
    ['unquoted', '{a:1}'],
    ['two documents', '{}{}'],
    ['trailing comma', '{"topic":"t","data":1,}'],
    ['byte order mark', '\ufeff{"topic":"t","data":1}'],
    ['NaN', '{"topic":"t","data":NaN}'],
    ['Infinity', '{"topic":"t","data":Infinity}'],
    ['binary ff fe', new Uint8Array([0xff, 0xfe])],
    ['a byte ff within', new Uint8Array([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d])],
  ])('[BROKER-REQ-3] %s', (_, message) => {
    expect(answersTo(message)).toEqual([notJson]);
  });

  test.each([
    ...['[]', 'null', '5', '"x"'].map((text) => ['W16', text]),
    ...['{}', '{"type":"subscribe"}', '{"type":"subscribe","topic":""}'].map((t) => ['W17', t]),
    ...['null', '0', '5', 'true', '[]', '{}', '["a"]'].flatMap((topic) => [
      ['W18', `{"type":"subscribe","topic":${topic}}`],
      ['W18', `{"type":"unsubscribe","topic":${topic}}`],
      ['W18', `{"topic":${topic},"data":1}`],
    ]),
    ['W19', '{"type":"SUBSCRIBE","topic":"a"}'],
    ['W19', '{"type":"ping"}'],
    ['W20', '{"topic":"a"}'],
    ['W20', '{"data":1}'],
  ])('[BROKER-REQ-2] %s %s', (_, text) => {
    expect(answersTo(text)).toEqual([malformed]);
  });

  test('[JSON-2] nesting of 100,000 is told, and the session goes on', () => {
    const client = stageOf().connect();
    client.say(`{"topic":"t","data":${'['.repeat(100_000)}${']'.repeat(100_000)}}`);
    client.say(`{"topic":"t","data":${'['.repeat(512)}${']'.repeat(512)}}`);
    client.say(`{"topic":"t","ack":true,"data":${'['.repeat(511)}${']'.repeat(511)}}`);
    const tooDeep = errorOf('Message is nested too deeply: at most 512 levels.');
    expect(client.take()).toEqual([tooDeep, tooDeep, expect.stringContaining('ack_publish')]);
    expect(answersTo('{"topic":"t","data":[[]]}', { jsonDepthMax: 2 })).toEqual([
      errorOf('Message is nested too deeply: at most 2 levels.'),
    ]);
  });

  test('[BROKER-TOPIC-1] half a surrogate pair is no topic, and half subscribes nothing', () => {
    const client = stageOf().connect();
    client.say('{"type":"subscribe","topic":"\\ud800"}');
    client.say('{"type":"subscribe","topic":"a\\u0000"}');
    client.say('{"type":"list_topics"}');
    const sentence = errorOf('Topic must be well-formed Unicode without control characters.');
    expect(client.take()).toEqual([sentence, sentence, '{"type":"topics","topics":{}}']);
  });

  test('[BROKER-TOPIC-1] a topic of 256 characters is one, of 257 it is not', () => {
    expect(answersTo({ type: 'subscribe', topic: 'x'.repeat(256) })).toEqual([
      acked('x'.repeat(256)),
    ]);
    expect(answersTo({ type: 'subscribe', topic: 'x'.repeat(257) })).toEqual([
      errorOf('Topic too long: at most 256 characters.'),
    ]);
    expect(answersTo({ topic: 'xxxx', data: 1 }, { topicLengthMax: 3 })).toEqual([
      errorOf('Topic too long: at most 3 characters.'),
    ]);
  });

  test('[BROKER-LIM-2] the 1,001st topic is refused', () => {
    const client = stageOf().connect();
    for (let n = 0; n <= 1_000; n += 1) client.say({ type: 'subscribe', topic: `t${n}` });
    const heard = client.take();
    expect(heard).toHaveLength(1_001);
    expect(heard.at(-2)).toBe(acked('t999'));
    expect(heard.at(-1)).toBe(errorOf('Too many subscriptions: at most 1000 per connection.'));
  });

  test.each([
    [{ type: 'subscribe', topic: 't', envelope: 1 }, '"envelope" must be true or false.'],
    [{ type: 'subscribe', topic: 't', envelope: null }, '"envelope" must be true or false.'],
    [
      { type: 'subscribe', topic: 't', since: 5 },
      '"since" must be {"epoch": "...", "offset": N} as a message or an ack gave it.',
    ],
    [
      { type: 'subscribe', topic: 't', since: { epoch: 'e', offset: -1 } },
      '"since" must be {"epoch": "...", "offset": N} as a message or an ack gave it.',
    ],
    [
      { topic: 't', data: 1, id: '' },
      '"id" must be a string of 1 to 128 characters without control characters.',
    ],
    [
      { topic: 't', data: 1, id: 'x'.repeat(129) },
      '"id" must be a string of 1 to 128 characters without control characters.',
    ],
    [{ topic: 't', data: 1, ack: 'yes' }, '"ack" must be true or false.'],
  ])('[BROKER-REQ-6] %j', (message, sentence) => {
    expect(answersTo(message)).toEqual([errorOf(sentence)]);
  });
});

describe('beyond Hermes', () => {
  test('[BROKER-ORD-3] 1,000 publications of one producer arrive in order', () => {
    const stage = stageOf();
    const [reader, producer] = [stage.connect(), stage.connect()];
    reader.say({ type: 'subscribe', topic: 't' });
    reader.take();
    for (let n = 0; n < 1_000; n += 1) producer.say({ topic: 't', data: n });
    expect(reader.takeJson()).toEqual(Array.from({ length: 1_000 }, (_, n) => n));
  });

  test('[BROKER-LIST-1] list_topics follows subscribe, unsubscribe and disconnect', () => {
    const stage = stageOf();
    const [one, two] = [stage.connect(), stage.connect()];
    const listed = (): unknown => {
      two.say({ type: 'list_topics' });
      return two.takeJson().at(-1);
    };
    one.say({ type: 'subscribe', topic: 't' });
    two.say({ type: 'subscribe', topic: 't' });
    two.say({ type: 'subscribe', topic: '__proto__' });
    two.say({ type: 'list_topics' });
    expect(two.take().at(-1)).toBe('{"type":"topics","topics":{"t":2,"__proto__":1}}');
    two.say({ type: 'unsubscribe', topic: '__proto__' });
    expect(listed()).toEqual({ type: 'topics', topics: { t: 2 } });
    one.leave();
    expect(listed()).toEqual({ type: 'topics', topics: { t: 1 } });
    two.say({ type: 'unsubscribe', topic: 't' });
    expect(listed()).toEqual({ type: 'topics', topics: {} });
  });

  test('[BROKER-ENV-1] who asks for envelopes gets them, others do not', () => {
    const stage = stageOf();
    const [plain, wrapped] = [stage.connect(), stage.connect()];
    plain.say({ type: 'subscribe', topic: 't' });
    wrapped.say({ type: 'subscribe', topic: 't', envelope: true });
    plain.say('{"topic":"t","data": {"price": 170.50},"id":"order-7"}');
    plain.say({ topic: 't', data: 2 });
    expect(plain.take()).toEqual([acked('t'), '{"price": 170.50}', '2']);
    const [ack, one, two] = wrapped.take();
    const { epoch } = JSON.parse(ack ?? '') as { epoch: string };
    expect(ack).toBe(
      `{"type":"ack_subscribe","topic":"t","message":"Successfully subscribed to t","epoch":"${epoch}","offset":0}`,
    );
    expect(one).toBe(
      `{"type":"message","topic":"t","offset":1,"epoch":"${epoch}","id":"order-7","data":{"price": 170.50}}`,
    );
    expect(two).toBe(
      `{"type":"message","topic":"t","offset":2,"epoch":"${epoch}","id":"${epoch}:2","data":2}`,
    );
  });

  test('[BROKER-FRAME-2] an ack tells its place only to who asked for more than Hermes knows', () => {
    const client = stageOf().connect();
    client.say({ type: 'subscribe', topic: 'a', envelope: false });
    client.say({ type: 'subscribe', topic: 'b', since: { epoch: 'x', offset: 0 } });
    expect(client.takeJson()).toEqual([
      expect.objectContaining({ topic: 'a', offset: 0 }),
      expect.objectContaining({ topic: 'b', offset: 0, recovered: false }),
    ]);
    expect(answersTo({ type: 'subscribe', topic: 'a', envelope: false })[0]).not.toContain(
      'recovered',
    );
  });

  test('[BROKER-FRAME-3] [BROKER-DUP-1] ack_publish tells the place, and what was known already', () => {
    const stage = stageOf();
    const [client, reader] = [stage.connect(), stage.connect()];
    reader.say({ type: 'subscribe', topic: 't' });
    client.say({ topic: 't', data: 1, id: 'x', ack: true });
    client.say({ topic: 't', data: 'other', id: 'x', ack: true });
    client.say({ topic: 't', data: 2, ack: true });
    const [first = '', second, third] = client.take();
    const { epoch } = JSON.parse(first) as { epoch: string };
    expect(first).toBe(
      `{"type":"ack_publish","topic":"t","subscribers":1,"id":"x","epoch":"${epoch}","offset":1}`,
    );
    expect(second).toBe(`${first.slice(0, -1)},"duplicate":true}`);
    expect(third).toBe(
      `{"type":"ack_publish","topic":"t","subscribers":1,"id":"${epoch}:2","epoch":"${epoch}","offset":2}`,
    );
    expect(reader.take().slice(1)).toEqual(['1', '2']);
  });

  test('[BROKER-LIST-2] topic_info tells of a life, or that there is none', () => {
    const client = stageOf().connect();
    client.say({ type: 'topic_info', topic: 't' });
    client.say({ topic: 't', data: 1 });
    client.say({ type: 'topic_info', topic: 't' });
    const [none, some = ''] = client.take();
    expect(none).toBe(
      '{"type":"topic_info","topic":"t","subscribers":0,"epoch":null,"offset":null,"history":0}',
    );
    const { epoch } = JSON.parse(some) as { epoch: string };
    expect(some).toBe(
      `{"type":"topic_info","topic":"t","subscribers":0,"epoch":"${epoch}","offset":1,"history":1}`,
    );
  });

  test('[BROKER-TOPIC-2] topics match exactly', () => {
    const stage = stageOf();
    const [reader, producer] = [stage.connect(), stage.connect()];
    for (const topic of ['a', 'a/*', '*']) reader.say({ type: 'subscribe', topic });
    reader.take();
    for (const topic of ['a/b', 'A', 'a ', 'b']) producer.say({ topic, data: topic });
    expect(reader.take()).toEqual([]);
  });
});

describe('[BROKER-LIM-1] messages per second', () => {
  const tooMany = errorOf('Too many messages: at most 10 per second.');
  const refusedOf = (times: readonly number[]): number => {
    const stage = stageOf({ messagesPerSecondMax: 10, pingEveryMs: 600_000 });
    const client = stage.connect();
    let refused = 0;
    let at = 0;
    for (const time of times) {
      stage.pass(time - at);
      at = time;
      client.say({ topic: 't', data: 1 });
      refused += client.take().filter((frame) => frame === tooMany).length;
    }
    return refused;
  };
  const at = (ms: number, count: number) => Array.from({ length: count }, () => ms);

  test('ten at once are obeyed, each further one is refused and does nothing', () => {
    const stage = stageOf({ messagesPerSecondMax: 10 });
    const client = stage.connect();
    client.say({ type: 'subscribe', topic: 't' });
    for (let n = 1; n <= 11; n += 1) client.say({ topic: 't', data: n });
    const heard = client.take().slice(1);
    expect(heard).toEqual(['1', '2', '3', '4', '5', '6', '7', '8', '9', tooMany, tooMany]);
    expect(stage.counted('broker.messages.limited')).toBe(2);
  });

  test('a pause earns ten again, however long it was, and not twice ten', () => {
    expect(refusedOf(at(0, 12))).toBe(2);
    expect(refusedOf([...at(0, 10), ...at(1_000, 11)])).toBe(1);
    expect(refusedOf([...at(60_000, 20)])).toBe(10);
    expect(refusedOf([...at(0, 5), ...at(60_000, 20)])).toBe(10);
  });

  test('ten per second are earned whatever their rhythm', () => {
    const every = (ms: number, until: number) =>
      Array.from({ length: until / ms }, (_, index) => index * ms);
    expect(refusedOf(every(100, 20_000))).toBe(0);
    const taken = every(75, 30_000).length - refusedOf(every(75, 30_000));
    expect(Math.abs(taken - 310)).toBeLessThanOrEqual(1);
  });
});

describe('[BROKER-KEEP-1] pings', () => {
  test('come at first between half of pingEveryMs and the whole, not for all at once', () => {
    const stage = stageOf();
    const clients = Array.from({ length: 20 }, () => stage.connect());
    stage.pass(9_999);
    expect(clients.map(({ pings }) => pings)).toEqual(clients.map(() => 0));
    const seen = new Set<number>();
    for (let second = 10; second <= 20; second += 1) {
      stage.pass(second === 10 ? 1 : 1_000);
      seen.add(clients.filter(({ pings }) => pings > 0).length);
    }
    expect(clients.every(({ pings }) => pings === 1)).toBe(true);
    expect(seen.size).toBeGreaterThan(4);
  });

  test('that are answered come again pingEveryMs after the pong', () => {
    const stage = stageOf();
    const client = stage.connect();
    stage.pass(20_000);
    client.pong();
    stage.pass(19_999);
    expect(client.pings).toBe(1);
    stage.pass(1);
    expect(client.pings).toBe(2);
    stage.pass(19_999);
    client.pong();
    stage.pass(20_000);
    expect([client.pings, client.closed]).toEqual([3, undefined]);
  });

  test('[BROKER-CLOSE-3] that are not answered in time end the session', () => {
    const stage = stageOf();
    const client = stage.connect();
    client.say({ type: 'subscribe', topic: 't' });
    stage.pass(40_000);
    expect(client.closed).toEqual({ code: 1011, reason: 'ping timeout' });
    const other = stage.connect();
    other.say({ type: 'list_topics' });
    expect(other.take()).toEqual(['{"type":"topics","topics":{}}']);
  });
});

test('[BROKER-KEEP-1] [BROKER-PACE-1] a pong that waits because nobody reads it is not too late', () => {
  const stage = stageOf({ pongTimeoutMs: 1_000 });
  const client = stage.connect();
  const session = addressOf<RouterReply>(0, `broker/ws:${client.id}`);
  const isHeldBehindPing = (pings: number): void => {
    while (client.pings < pings) stage.pass(100);
    for (const isHeld of [true, false]) {
      stage.tell(session, { type: 'publisherHeld', isHeld });
      stage.settle();
      stage.pass(isHeld ? 1_900 : 900);
    }
  };
  isHeldBehindPing(1);
  expect(client.closed).toBeUndefined();
  client.pong();
  isHeldBehindPing(2);
  expect(client.closed).toBeUndefined();
  stage.pass(100);
  expect(client.closed).toEqual({ code: 1011, reason: 'ping timeout' });
});

test('[BROKER-KEEP-1] messages are no sign of life, only pongs are', () => {
  const stage = stageOf();
  const client = stage.connect();
  for (let second = 0; second < 40; second += 1) {
    stage.pass(1_000);
    client.say({ topic: 't', data: second });
  }
  expect(client.closed).toEqual({ code: 1011, reason: 'ping timeout' });
});

describe('refusals and lists', () => {
  test('[BROKER-PUB-6] a publication without room is refused, also when nobody asked', () => {
    const stage = stageOf({}, { home: { topicsMax: 1 } });
    const client = stage.connect();
    client.say({ type: 'subscribe', topic: 'a' });
    client.take();
    client.say({ topic: 'b', data: 1 });
    expect(client.take()).toEqual([
      errorOf('Not published to b: the node has no room for another topic.'),
    ]);
  });

  test('[BROKER-LIST-1] one list at a time is made for a client', () => {
    const stage = stageOf({}, { shards: 2, chance: 1 });
    const client = stage.connect();
    stage.settle();
    const lists = (): void => {
      for (let n = 0; n < 3; n += 1) client.say({ type: 'list_topics' });
      stage.settle();
    };
    lists();
    lists();
    const kinds = client.takeJson().map((frame) => (frame as { type: string }).type);
    expect(kinds.slice(0, 2)).toEqual(['topics', 'error']);
    expect(kinds.filter((kind) => kind === 'topics').length).toBeGreaterThanOrEqual(2);
    expect(kinds).toHaveLength(6);
  });
});

describe('rights', () => {
  const tokens = {
    full: { subscribe: ['*'], publish: ['*'] },
    some: { subscribe: ['news:*', 'exact'], publish: ['news:in'] },
    short: { subscribe: ['*'], publish: [], expiresInMs: 5_000 },
  };
  const guarded = (broker: Partial<BrokerOptions> = {}) =>
    new Stage({ broker: { welcome: false, requireToken: true, ...broker }, tokens });

  test('[BROKER-AUTH-1] a token is taken from the header, the subprotocol or the query', () => {
    const stage = guarded();
    const ways = [
      stage.connect({ headers: { authorization: 'Bearer full' } }),
      stage.connect({ headers: { authorization: 'bearer   full' }, query: 'access_token=bad' }),
      stage.connect({ subprotocols: ['chat', 'bearer.full'] }),
      stage.connect({ query: 'a=b&access_token=full' }),
    ];
    expect(ways.map(({ accepted }) => accepted?.subprotocol)).toEqual([
      undefined,
      undefined,
      'bearer.full',
      undefined,
    ]);
    expect(ways.map(({ answered }) => answered)).toEqual(ways.map(() => undefined));
  });

  test('[BROKER-AUTH-2] without a good one no handshake is completed', () => {
    const stage = guarded();
    const none = stage.connect();
    const bad = stage.connect({ headers: { authorization: 'Bearer bad' } });
    expect([none.accepted, bad.accepted]).toEqual([undefined, undefined]);
    expect([none.answered, bad.answered]).toMatchObject([
      {
        status: 401,
        headers: { 'www-authenticate': 'Bearer' },
        body: '{"error":"A token is needed."}\n',
      },
      { status: 401, body: '{"error":"The token is not good."}\n' },
    ]);
    expect(stage.counted('broker.sessions')).toBe(0);
  });

  test('[BROKER-AUTH-3] a right is a topic or a beginning; without it nothing is done and nothing shown', () => {
    const stage = guarded();
    const full = stage.connect({ query: 'access_token=full' });
    const some = stage.connect({ query: 'access_token=some' });
    for (const topic of ['news:a', 'exact', 'exactly', 'other'])
      full.say({ type: 'subscribe', topic });
    full.take();
    for (const topic of ['news:a', 'exact', 'exactly']) some.say({ type: 'subscribe', topic });
    some.say({ type: 'topic_info', topic: 'other' });
    some.say({ topic: 'news:a', data: 1 });
    some.say({ topic: 'news:in', data: 1, ack: true });
    some.say({ type: 'list_topics' });
    expect(some.takeJson()).toMatchObject([
      { type: 'ack_subscribe' },
      { type: 'ack_subscribe' },
      { type: 'error', message: 'Not allowed to subscribe to exactly' },
      { type: 'error', message: 'Not allowed to subscribe to other' },
      { type: 'error', message: 'Not allowed to publish to news:a' },
      { type: 'ack_publish' },
      { topics: { 'news:a': 2, exact: 2 } },
    ]);
    expect(full.take()).toEqual([]);
  });

  test('[BROKER-AUTH-5] a token that is not judged in time lets nobody in', () => {
    const stage = guarded();
    stage.auth.isSlow = true;
    const ways = [
      stage.connect({ query: 'access_token=full' }),
      stage.sse('topic=a&access_token=full'),
      stage.request({ path: '/topics', query: 'access_token=full' }),
    ];
    stage.pass(9_999);
    expect(ways.map(({ answered }) => answered)).toEqual(ways.map(() => undefined));
    stage.pass(1);
    for (const { answered } of ways) {
      expect(answered).toMatchObject({
        status: 503,
        body: '{"error":"The token was not judged in time."}\n',
      });
    }
    stage.judge();
    stage.settle();
    expect(stage.shards[0]?.system.actors).toBe(3);
    expect(stage.counted('broker.sessions')).toBe(0);
    expect(stage.troubles).toEqual([]);
  });

  test('[BROKER-AUTH-5] a verdict in time is not taken back', () => {
    const stage = guarded();
    const client = stage.connect({ query: 'access_token=full' });
    const stream = stage.sse('topic=a&access_token=full');
    stage.pass(10_000);
    client.pong();
    expect([client.closed, stream.closed, client.pings <= 1]).toEqual([undefined, undefined, true]);
    expect(stream.take().join('')).not.toContain('keep-alive');
  });

  test('[BROKER-AUTH-4] with publish none nobody publishes', () => {
    expect(answersTo({ topic: 't', data: 1 }, { publish: 'none' })).toEqual([
      errorOf('Not allowed to publish to t'),
    ]);
  });

  test('[BROKER-CLOSE-4] a session ends with its token', () => {
    const stage = guarded();
    const client = stage.connect({ query: 'access_token=short' });
    stage.pass(4_999);
    expect(client.closed).toBeUndefined();
    stage.pass(1);
    expect(client.closed).toEqual({ code: 4401, reason: 'token expired' });
  });

  test('[BROKER-SESS-1] a client that leaves while auth looks at its token leaves nothing', () => {
    const stage = guarded();
    stage.auth.isSlow = true;
    const client = stage.connect({ query: 'access_token=short' });
    expect([client.accepted, client.answered]).toEqual([undefined, undefined]);
    // The edge knows no owner yet: it tells the one that accepts.
    stage.judge();
    stage.settle();
    expect(client.accepted).toBeDefined();
    client.leave();
    expect(stage.counted('broker.sessions')).toBe(0);
    expect(stage.shards[0]?.system.actors).toBe(3);
    stage.pass(10_000);
    expect(stage.troubles).toEqual([]);
  });
});

describe('the end of a session', () => {
  test('[BROKER-SUB-4] takes its subscriptions with it, once, and leaves no actor', () => {
    const stage = stageOf();
    const client = stage.connect();
    client.say({ type: 'subscribe', topic: 't' });
    expect(stage.shards[0]?.system.actors).toBe(4);
    client.leave();
    client.leave();
    expect(stage.shards[0]?.system.actors).toBe(3);
    const other = stage.connect();
    other.say({ type: 'list_topics' });
    expect(other.take()).toEqual(['{"type":"topics","topics":{}}']);
  });

  test('[BROKER-SESS-1] while it closes, what the client says is not heard', () => {
    const stage = stageOf();
    const web = stage.shards[0]?.web ?? expect.fail('no shard');
    web.isSlowToClose = true;
    const [client, other] = [stage.connect(), stage.connect()];
    stage.pass(20_000);
    other.pong();
    stage.pass(20_000);
    expect(client.closed).toEqual({ code: 1011, reason: 'ping timeout' });
    other.say({ type: 'subscribe', topic: 't' });
    other.take();
    client.say({ topic: 't', data: 'unheard' });
    client.pong();
    expect(other.take()).toEqual([]);
    client.leave();
    stage.pass(100_000);
    expect(stage.troubles).toEqual([]);
  });

  test('[BROKER-CLOSE-1] by a bug is told with 1011, and nobody else notices', () => {
    const stage = stageOf();
    const [client, other] = [stage.connect(), stage.connect()];
    for (const one of [client, other]) one.say({ type: 'subscribe', topic: 't' });
    other.take();
    // Words that no router says: the session does not know what to make of them.
    stage.tell(addressOf<unknown>(0, `broker/ws:${client.id}`), { type: 'planted', slot: 1 });
    stage.settle();
    expect(client.closed).toEqual({ code: 1011, reason: 'internal error' });
    expect(stage.troubles).toEqual([expect.stringContaining('no answer is known for planted')]);
    other.say({ topic: 't', data: 1, ack: true });
    expect(other.takeJson()).toMatchObject([{ subscribers: 1 }, 1]);
    expect(stage.counted('deliveries')).toBe(1);
    expect(stage.counted('broker.sessions')).toBe(1);
    expect(stage.shards[0]?.system.actors).toBe(4);
  });

  test('[BROKER-CLOSE-1] by a bug before it was open is answered 500', () => {
    const stage = new Stage({ broker: { requireToken: true }, tokens: {} });
    stage.auth.isSlow = true;
    const client = stage.connect({ query: 'access_token=x' });
    // A verdict without rights in it, and with an end that is no time.
    stage.tell(addressOf<unknown>(0, `broker/ws:${client.id}`), {
      type: 'tokenVerified',
      ref: 0,
      expiresInMs: Number.NaN,
    });
    stage.settle();
    expect(client.answered).toMatchObject({ status: 500, body: '{"error":"Internal error."}\n' });
    expect([client.accepted, client.closed]).toEqual([undefined, undefined]);
    expect(stage.counted('broker.sessions')).toBe(0);
  });

  test('[RUN-1] comes with 1011 when more is said at once than it can hold', () => {
    const stage = stageOf();
    const client = stage.connect();
    const owner = client.owner ?? expect.fail('not open');
    const payload = new TextEncoder().encode('{}');
    for (let n = 0; n <= 16_384; n += 1) {
      stage.tell(owner, { type: 'messageReceived', connection: client.id, payload });
    }
    stage.settle();
    expect(client.closed).toEqual({ code: 1011, reason: 'internal error' });
    expect(stage.shards[0]?.hasCollapsed).toBe(false);
  });
});

test('every option of the broker is known here, so that none is without its test', () => {
  expect(Object.keys(brokerDefaults).toSorted((a, b) => (a < b ? -1 : 1))).toEqual([
    'allowedOrigins',
    'batchMax',
    // The edge's business, crossed in test/conformance and test/edges.
    'bodyBytesMax',
    'connectionsMax',
    'connectionsPerAddressMax',
    'idLengthMax',
    'jsonDepthMax',
    // The edge's, too.
    'messageBytesMax',
    'messagesPerSecondMax',
    'pingEveryMs',
    'pongTimeoutMs',
    'publish',
    'queueBytesMax',
    'requireToken',
    'slowPolicy',
    'sseKeepAliveMs',
    'sseRetryMs',
    'sseTopicsMax',
    'stallTimeoutMs',
    'subscriptionsMax',
    'topicLengthMax',
    'welcome',
  ]);
  expect(actorsOf(2).broker).toBe('2/broker');
});
