import { describe, expect, test } from 'vitest';

import {
  bodyOf,
  control,
  EVENTS,
  RAW,
  type Spoken,
  WsStage,
  type WsStageOptions,
} from './ws-stage.ts';

const subscribe = (channel: string, ...filters: string[]): Spoken =>
  control({ type: 'subscribe', channel, filters });
const meta = (name: string, value?: string): Spoken =>
  control({ type: 'set-meta', name, ...(value === undefined ? {} : { value }) });
const opened = (events: readonly Spoken[], options: WsStageOptions = {}) =>
  new WsStage(options).accept(events, RAW);
const DEBUG = { route: '*,debug 127.0.0.1:80,over_http' };

test.each(['ping', 'pong'] as const)('[WOH-EVENT-8] a %s fits into its frame', (type) => {
  const [long, short] = ['x'.repeat(126), 'x'.repeat(125)];
  const stage = opened([subscribe('a'), [type.toUpperCase(), long]]);
  stage.publish('a', { kind: type, text: long });
  expect(stage.take()).toEqual([`${type} ${short}`, `${type} ${short}`]);
  const alive = { type: 'keep-alive', 'message-type': type, content: long, timeout: 2 };
  stage.say('x');
  stage.answer([control(alive)]);
  stage.pass(2_000);
  expect(stage.take()).toEqual([`${type} ${short}`]);
});

describe('actions', () => {
  test('[WOH-PUB-4] close closes both sides, the client with its code and reason', () => {
    const stage = opened([subscribe('a')]);
    stage.isSlowToClose = true;
    stage.publish('a', { text: 'first' });
    stage.publish('a', { action: 'close', code: 4_000, reason: 'over' });
    stage.publish('a', { text: 'never' });
    expect(stage.take()).toEqual(['text first', 'close 4000 over']);
    expect(stage.told).toEqual(['CLOSE']);
    stage.answer([['TEXT', 'never'], ['CLOSE']]);
    stage.leave(4_000);
    expect(stage.take()).toEqual([]);
    expect(stage.isOver).toBe(true);
  });

  test('[WOH-PUB-4] [WOH-DIRECT-10] close without a code says 1000 and no reason; to a direct origin it has none', () => {
    const stage = new WsStage({ route: '* 127.0.0.1:80,sub=a' }).upgrade();
    stage.takeSaid();
    stage.publish('a', { action: 'close', reason: 'unheard' });
    expect(stage.take()).toEqual(['close 1000']);
    expect(stage.takeSaid()[0]).toBe('close 1005');
  });

  test.each<[string, Spoken]>([
    ['takes the channel back', control({ type: 'unsubscribe', channel: 'a' })],
    ['lets a filter take it', subscribe('a', 'skip-self')],
  ])('[WOH-PUB-4] close ends a client whose origin %s while it is on its way', (_, word) => {
    const stage = opened([meta('user', 'me'), subscribe('a')]);
    stage.say('x');
    stage.answerHead(200, 'OK', [['Content-Type', EVENTS]]);
    stage.publishing('a', { action: 'close', code: 4_000 }, { meta: { sender: 'me' } });
    // The close has passed the router, and the session does not know of it yet.
    stage.answerBody(bodyOf([word]));
    expect(stage.take()).toEqual(['close 1000']);
    expect(stage.told).toEqual(['CLOSE']);
  });

  test('close waits for what the client has not taken', () => {
    const stage = opened([subscribe('a')]);
    stage.isStalled = true;
    for (let n = 0; n < 6; n += 1) stage.publish('a', { text: 'x'.repeat(60_000) });
    stage.publish('a', { action: 'close', code: 4_000 });
    expect(stage.take().every((frame) => frame.startsWith('text'))).toBe(true);
    stage.resume();
    expect(stage.take().at(-1)).toBe('close 4000');
  });

  test('[WOH-PUB-6] refresh asks an origin over HTTP now, and means nothing to a direct one', () => {
    const stage = opened([subscribe('a')]);
    stage.publish('a', { action: 'refresh' });
    expect(stage.told).toEqual([]);
    stage.answer([['TEXT', 'fresh']]);
    expect(stage.take()).toEqual(['text fresh']);
    const direct = new WsStage({ route: '* 127.0.0.1:80,sub=a' }).upgrade();
    direct.takeSaid();
    direct.publish('a', { action: 'refresh' });
    expect([direct.take(), direct.takeSaid()]).toEqual([[], []]);
  });

  test('[WOH-PUB-5] [WOH-PUB-7] hint means nothing, and so does an item for others', () => {
    for (const filters of [[], ['skip-self']]) {
      const stage = opened([subscribe('a', ...filters)]);
      stage.publish('a', { action: 'hint', text: 'x' });
      stage.publish('a', {}, { ws: undefined });
      expect(stage.take()).toEqual([]);
      expect(stage.open).toBeUndefined();
    }
  });

  test('actions pass through the filters, too', () => {
    const stage = opened([meta('user', 'me'), subscribe('a', 'skip-self')]);
    for (const action of ['close', 'refresh'] as const)
      stage.publish('a', { action }, { meta: { sender: 'me' } });
    expect([stage.take(), stage.open]).toEqual([[], undefined]);
    stage.publish('a', { action: 'close' });
    expect(stage.take()).toEqual(['close 1000']);
  });
});

describe('filters', () => {
  test('[WOH-FILTER-1] [WOH-GRIP-8] skip-self, by the meta that the origin set, until it takes it back', () => {
    const stage = opened([meta('user', 'me'), subscribe('a', 'skip-self')]);
    stage.publish('a', { text: '1' }, { meta: { sender: 'me' } });
    stage.publish('a', { text: '2' }, { meta: { sender: 'you' } });
    expect(stage.take()).toEqual(['text 2']);
    stage.tell({ type: 'refresh' });
    stage.answer([meta('user')]);
    stage.publish('a', { text: '3' }, { meta: { sender: 'me' } });
    expect(stage.take()).toEqual(['text 3']);
  });

  test('[WOH-FILTER-4] require-sub looks at the channels as the origin names them', () => {
    const stage = opened([subscribe('a', 'require-sub'), subscribe('b')], {
      route: '*,prefix=pre- 127.0.0.1:80,over_http',
    });
    stage.publish('pre-a', { text: '1' }, { meta: { require_sub: 'b' } });
    stage.publish('pre-a', { text: '2' }, { meta: { require_sub: 'c' } });
    expect(stage.take()).toEqual(['text 1']);
  });

  test('[WOH-FILTER-1] var-subst fills each client’s own values in, and keeps the kind', () => {
    const stage = opened([meta('name', 'Ann'), subscribe('a', 'var-subst')]);
    stage.publish('a', { text: 'hi %(name)s', kind: 'binary' });
    expect(stage.take()).toEqual(['binary hi Ann']);
  });

  test('unknown ones are passed over', () => {
    const stage = opened([subscribe('a', 'unknown')]);
    stage.publish('a', { text: 'x' });
    expect(stage.take()).toEqual(['text x']);
  });

  test('[WOH-FILTER-2] that fail keep the message from the client, and the client stays', () => {
    const events = [subscribe('a', 'var-subst')];
    const stage = opened(events);
    stage.publish('a', { text: '%(none)s' });
    stage.publish('a', { text: 'next' });
    expect(stage.take()).toEqual(['text next']);
    const debug = opened(events, DEBUG);
    debug.publish('a', { text: '%(none)s' });
    debug.publish('a', { text: 'next' });
    expect(debug.take()).toEqual(['text next']);
  });

  test.each<[string, string[], string[], boolean]>([
    ['those that change contents', ['skip-self', 'var-subst'], ['var-subst'], true],
    ['others', ['var-subst'], ['build-id'], false],
    ['none where some are named', [], ['var-subst'], false],
    ['some where none is named', ['var-subst'], [], false],
    ['none where none is named', [], [], true],
  ])('[WOH-FILTER-3] content-filters: %s', (_, filters, contentFilters, isSent) => {
    const stage = opened([subscribe('a', ...filters)]);
    stage.publish('a', { text: 'x', contentFilters });
    expect(stage.take()).toEqual(isSent ? ['text x'] : []);
  });

  test('a second subscribe changes them', () => {
    const stage = opened([meta('n', '1'), subscribe('a'), subscribe('a', 'var-subst')]);
    stage.publish('a', { text: '%(n)s' });
    stage.tell({ type: 'refresh' });
    stage.answer([subscribe('a')]);
    stage.publish('a', { text: '%(n)s' });
    expect(stage.take()).toEqual(['text 1', 'text %(n)s']);
  });
});

describe('filters that ask', () => {
  const asking = (filter: string, url = '/check?x=1', options: WsStageOptions = {}) =>
    opened([meta('url', url), meta('user', 'me'), subscribe('a', filter)], options);

  test('http-check posts what is known of both sides', () => {
    const stage = asking('http-check', '/check?x=1', { options: { sigKey: 'changeme' } });
    stage.publish('a', { text: 'hi' }, { meta: { sender: 'you' } });
    expect(stage.open).toMatchObject({ method: 'POST', target: '/check?x=1', timeoutMs: 10_000 });
    expect(stage.open?.signature?.key).toBe('changeme');
    expect(stage.open?.body).toEqual({ kind: 'bytes', bytes: new Uint8Array(0) });
    expect(JSON.parse(stage.header('Sub-Meta') ?? '')).toEqual({ url: '/check?x=1', user: 'me' });
    expect(JSON.parse(stage.header('Pub-Meta') ?? '')).toEqual({ sender: 'you' });
    stage.answerHead(200, 'OK', []);
    expect(stage.take()).toEqual(['text hi']);
  });

  test('http-modify posts the content and takes the answer’s', () => {
    const stage = asking('http-modify');
    stage.publish('a', { text: 'hi', kind: 'binary' });
    expect(stage.open?.body).toEqual({ kind: 'bytes', bytes: new TextEncoder().encode('hi') });
    stage.answerHead(200, 'OK', []);
    expect(stage.collected).toMatchObject([{ bytesMax: 100_000 }]);
    stage.answerBody(new TextEncoder().encode('changed'));
    expect(stage.take()).toEqual(['binary changed']);
    stage.publish('a', { text: 'same' });
    stage.answerHead(204, 'No Content', []);
    expect(stage.take()).toEqual(['text same']);
  });

  test.each(['http-check', 'http-modify'])('%s: Action: drop drops', (filter) => {
    const stage = asking(filter);
    stage.publish('a', { text: 'hi' });
    stage.answerHead(200, 'OK', [['Action', 'drop']]);
    expect(stage.take()).toEqual([]);
    expect(stage.collected).toEqual([]);
  });

  test('[WOH-FILTER-1] all that waited behind a question goes on, though none of it asks', () => {
    const stage = opened([
      meta('url', '/check'),
      subscribe('a', 'http-check'),
      subscribe('b', 'x'),
    ]);
    stage.publish('a', { text: 'asked about' });
    for (const text of ['one', 'two', 'three']) stage.publish('b', { text });
    expect(stage.take()).toEqual([]);
    stage.answerHead(200, 'OK', [['Action', 'drop']]);
    expect(stage.take()).toEqual(['text one', 'text two', 'text three']);
  });

  test('errors keep the message from the client', () => {
    const events: ((stage: WsStage) => void)[] = [
      (stage) => stage.answerHead(500, 'No', []),
      (stage) => stage.fail('refused'),
      (stage) => {
        stage.answerHead(200, 'OK', []);
        stage.answerBody(new Uint8Array(100_001));
      },
      (stage) => {
        stage.answerHead(200, 'OK', []);
        stage.answerBody(new Uint8Array(1), true);
      },
    ];
    for (const event of events) {
      const stage = asking('http-modify');
      stage.publish('a', { text: 'hi' });
      event(stage);
      expect(stage.take()).toEqual([]);
      expect(stage.counted('gateway.filters.failed')).toBe(1);
      stage.publish('a', { text: 'next' });
      stage.answerHead(204, 'No Content', []);
      expect(stage.take()).toEqual(['text next']);
    }
  });

  test('later items wait, 100 of them, and keep their order', () => {
    const stage = asking('http-check');
    for (let n = 0; n <= 110; n += 1) stage.publish('a', { text: String(n) });
    expect(stage.asked).toHaveLength(1);
    const seen: string[] = [];
    while (stage.open !== undefined) {
      stage.answerHead(200, 'OK', []);
      seen.push(...stage.take());
    }
    expect(seen).toEqual(Array.from({ length: 101 }, (_, n) => `text ${n}`));
    expect(stage.counted('gateway.items.dropped.queue')).toBe(10);
  });

  test('filters behind it go on with its answer', () => {
    const stage = opened([
      meta('url', '/x'),
      meta('n', '1'),
      subscribe('a', 'http-modify', 'var-subst'),
    ]);
    stage.publish('a', { text: 'hi' });
    stage.answerHead(200, 'OK', []);
    stage.answerBody(new TextEncoder().encode('n is %(n)s'));
    expect(stage.take()).toEqual(['text n is 1']);
  });

  test('an address elsewhere is asked there, with the target’s rights', () => {
    const stage = asking('http-check', 'https://other.example:8443/y?z', {
      route: '*,header=X-Secret:inner 127.0.0.1:80,over_http,untrusted,insecure',
    });
    stage.publish('a', { text: 'hi' });
    expect(stage.open).toMatchObject({
      target: '/y?z',
      origin: {
        host: 'other.example',
        port: 8_443,
        isSecure: true,
        isUntrusted: true,
        isInsecure: true,
      },
    });
    expect(stage.header('Host')).toBe('other.example:8443');
    // What the route adds is for the origins that it names.
    expect(stage.header('X-Secret')).toBe(undefined);
    expect(stage.header('Sub-Meta')).toContain('"user":"me"');
    const same = asking('http-check', 'http://example.com/y');
    same.publish('a', { text: 'hi' });
    expect(same.open).toMatchObject({ target: '/y', origin: { host: '127.0.0.1', port: 80 } });
  });

  test('the connection’s own requests go on meanwhile', () => {
    const stage = asking('http-check');
    stage.publish('a', { text: 'hi' });
    stage.say('x');
    expect(stage.asked).toHaveLength(2);
    stage.answerHead(200, 'OK', []);
    expect(stage.take()).toEqual(['text hi']);
    stage.answer([['TEXT', 'y']]);
    expect(stage.take()).toEqual(['text y']);
  });

  test('are given up with the client', () => {
    const stage = asking('http-check');
    stage.publish('a', { text: 'hi' });
    stage.publish('a', { text: 'ho' });
    stage.leave();
    expect(stage.told).toEqual(['DISCONNECT']);
    stage.answer();
    expect(stage.isOver).toBe(true);
    expect(stage.failures).toEqual([]);
  });

  test('a close that waited for a filter still closes', () => {
    const stage = opened([meta('url', '/x'), subscribe('a', 'http-check'), subscribe('b')]);
    stage.publish('a', { text: 'hi' });
    stage.publish('b', { action: 'close', code: 4_000 });
    expect(stage.take()).toEqual([]);
    stage.answerHead(204, 'No Content', []);
    // What was published before it is said before it, whatever its channel.
    expect(stage.take()).toEqual(['text hi', 'close 4000']);
    expect(stage.isOver).toBe(false);
  });
});
