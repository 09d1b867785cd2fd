import { describe, expect, test } from 'vitest';

import type { HeaderList } from '../../../../src/actors/codecs/grip/header-list.ts';
import { control, GRIP, RAW, type Spoken, WsStage, type WsStageOptions } from './ws-stage.ts';

const opened = (events: readonly Spoken[] = [], options: WsStageOptions = {}) =>
  new WsStage(options).accept(events, RAW);
const subscribe = (channel: string, ...filters: string[]): Spoken =>
  control({ type: 'subscribe', channel, ...(filters.length > 0 ? { filters } : {}) });
const followed = (stage: WsStage) =>
  stage.kept.map((kept) => ('channel' in kept ? `${kept.type} ${kept.channel}` : kept.type));
/** The origin says more, in the answer to a refresh. */
const says = (stage: WsStage, ...events: Spoken[]) => {
  stage.tell({ type: 'refresh' });
  stage.answer(events);
};

describe('[WOH-GRIP-1] [WOH-GRIP-2] the extension', () => {
  const said: readonly Spoken[] = [
    ['TEXT', 'plain'],
    ['TEXT', 'm:text'],
    ['BINARY', 'm:binary'],
    ['BINARY', 'c:binary'],
    ['TEXT', 'x;"text'],
    ['PING', 'p'],
  ];

  test.each<[string, HeaderList, string[]]>([
    ['grip', [['Sec-WebSocket-Extensions', 'grip']], ['text text', 'binary binary', 'ping p']],
    [
      'an empty prefix',
      [['sec-websocket-extensions', 'grip; message-prefix=""']],
      ['text plain', 'text m:text', 'binary m:binary', 'binary c:binary', 'text x;"text', 'ping p'],
    ],
    [
      'a quoted prefix among others',
      [['Sec-WebSocket-Extensions', 'foo, grip; other=1; message-prefix="x;\\""']],
      ['text text', 'ping p'],
    ],
    [
      'two lines',
      [
        ['Sec-WebSocket-Extensions', 'foo'],
        ['Sec-WebSocket-Extensions', 'grip;message-prefix=m:t'],
      ],
      ['text ext', 'ping p'],
    ],
    [
      'none',
      [],
      ['text plain', 'text m:text', 'binary m:binary', 'binary c:binary', 'text x;"text', 'ping p'],
    ],
    [
      'another',
      [['Sec-WebSocket-Extensions', 'gripe']],
      ['text plain', 'text m:text', 'binary m:binary', 'binary c:binary', 'text x;"text', 'ping p'],
    ],
  ])('%s', (_, headers, seen) => {
    const stage = new WsStage().accept(said, headers);
    expect(stage.take()).toEqual(seen);
    expect(stage.upgraded).toEqual([]);
  });

  test('[WOH-GRIP-3] [WOH-GRIP-4] with an empty prefix a text that begins with c: is still for the gateway', () => {
    const stage = opened([['TEXT', 'c:hello'], ['TEXT', 'c:{"type":"unknown"}'], subscribe('a')]);
    expect(stage.take()).toEqual([]);
    expect(stage.counted('gateway.ws.control.ignored')).toBe(2);
    expect(followed(stage)).toEqual(['follow a']);
  });

  test('messages without the prefix are dropped, and counted', () => {
    const stage = new WsStage().accept(
      [
        ['TEXT', 'x'],
        ['TEXT', ''],
      ],
      GRIP,
    );
    expect(stage.take()).toEqual([]);
    expect(stage.counted('gateway.ws.messages.unprefixed')).toBe(2);
  });
});

describe('subscribe', () => {
  test('[WOH-GRIP-5] [WOH-REQ-3] brings what is published, in the order of what the origin says', () => {
    const stage = opened([['TEXT', 'before'], subscribe('a'), ['TEXT', 'after']]);
    stage.publish('a', { text: '1' });
    stage.publish('b', { text: 'other' });
    stage.publish('a', { text: '2', kind: 'binary' });
    stage.publish('a', { text: '3', kind: 'ping' });
    stage.publish('a', { text: '', kind: 'pong' });
    expect(stage.take()).toEqual([
      'text before',
      'text after',
      'text 1',
      'binary 2',
      'ping 3',
      'pong ',
    ]);
  });

  test('[WOH-GRIP-15] a control message of more than 16,384 bytes is obeyed', () => {
    const channel = 'x'.repeat(20_000);
    expect(followed(opened([subscribe(channel)]))).toEqual([`follow ${channel}`]);
  });

  test('[WOH-GRIP-5] [WOH-GRIP-6] puts the route’s prefix in front', () => {
    const stage = opened([subscribe('a')], { route: '*,prefix=pre- 127.0.0.1:80,over_http' });
    stage.publish('a', { text: 'no' });
    stage.publish('pre-a', { text: 'yes' });
    expect(stage.take()).toEqual(['text yes']);
    says(stage, control({ type: 'unsubscribe', channel: 'a' }));
    stage.publish('pre-a', { text: 'no' });
    expect(stage.take()).toEqual([]);
    expect(followed(stage)).toEqual(['follow pre-a', 'unfollow pre-a']);
  });

  test('[WOH-GRIP-5] twice follows once', () => {
    const stage = opened([subscribe('a'), subscribe('a')]);
    stage.publish('a', { text: '1' });
    expect(stage.take()).toEqual(['text 1']);
    expect(followed(stage)).toEqual(['follow a']);
  });

  test('[WOH-GRIP-7] beyond 20 channels is ignored, unless the channel is followed already', () => {
    const many = Array.from({ length: 25 }, (_, n) => subscribe(`c${n}`));
    const stage = opened([
      ...many,
      subscribe('c3', 'skip-self'),
      subscribe('late', '1', '2', '3', '4', '5', '6'),
    ]);
    for (let n = 0; n < 25; n += 1) stage.publish(`c${n}`, { text: String(n) });
    expect(stage.take()).toHaveLength(20);
    expect(stage.counted('gateway.ws.subscriptions.too-many')).toBe(6);
    says(stage, control({ type: 'unsubscribe', channel: 'c0' }), subscribe('c24'));
    stage.publish('c24', { text: 'now' });
    expect(stage.take()).toEqual(['text now']);
    const few = opened(many, { options: { connectionSubscriptionsMax: 2 } });
    expect(followed(few)).toEqual(['follow c0', 'follow c1']);
  });

  test('[WOH-GRIP-17] with more than 5 filters closes both sides with 1011', () => {
    const filters = ['1', '2', '3', '4', '5', '6'];
    const stage = opened([subscribe('a', ...filters.slice(0, 5))]);
    expect(followed(stage)).toEqual(['follow a']);
    says(stage, subscribe('b', ...filters));
    expect(stage.take()).toEqual(['close 1011']);
    expect(stage.told).toEqual(['CLOSE']);
    const debug = opened([subscribe('b', ...filters)], { route: '*,debug 127.0.0.1:80,over_http' });
    expect(debug.take()).toEqual(["close 1011 too many filters for channel 'b'"]);
    // Only the route decides who debugs a WebSocket.
    const all = opened([subscribe('b', ...filters)], { options: { isDebug: true } });
    expect(all.take()).toEqual(['close 1011']);
  });

  test('[WOH-GRIP-16] by the route needs no GRIP of the origin, has no prefix, and cannot be taken back', () => {
    const route = '*,prefix=pre- 127.0.0.1:80,over_http,sub=one,sub=two';
    const plain = new WsStage({ route }).accept([], []);
    plain.publish('one', { text: '1' });
    plain.publish('two', { text: '2' });
    expect(plain.take()).toEqual(['text 1', 'text 2']);
    const bare = '* 127.0.0.1:80,over_http,sub=one';
    const back = control({ type: 'unsubscribe', channel: 'one' });
    const stage = opened([back, subscribe('one'), back], { route: bare });
    stage.publish('one', { text: '1' });
    expect(stage.take()).toEqual(['text 1']);
    stage.leave();
    expect(followed(stage)).toEqual(['follow one', 'unfollow one']);
  });

  test('is let go of with the client, once for each channel', () => {
    const stage = opened([
      subscribe('a'),
      subscribe('b'),
      control({ type: 'unsubscribe', channel: 'a' }),
    ]);
    says(stage, control({ type: 'unsubscribe', channel: 'a' }));
    stage.leave();
    expect(followed(stage)).toEqual(['follow a', 'follow b', 'unfollow a', 'unfollow b']);
    expect(stage.kept.every((kept) => 'mode' in kept && kept.mode === 'ws')).toBe(true);
  });

  test('is told again to a keeper that died', () => {
    const stage = opened([subscribe('a')]);
    stage.tell({ type: 'followAgain', shard: 1 });
    expect(followed(stage)).toEqual(['follow a']);
    stage.tell({ type: 'followAgain', shard: 0 });
    expect(followed(stage)).toEqual(['follow a', 'follow a']);
  });

  test('that no home has room for is taken back', () => {
    const stage = opened([subscribe('a')]);
    stage.tell({ type: 'subscribeRefused', slot: -1, topic: 'grip/a', reason: 'too-many-topics' });
    expect(followed(stage)).toEqual(['follow a', 'unfollow a']);
  });
});

describe('[WOH-GRIP-9] keep-alive', () => {
  test('says something when nothing was said for so long', () => {
    const stage = opened([control({ type: 'keep-alive', content: 'beat', timeout: 2 })]);
    stage.pass(1_000);
    expect(stage.take()).toEqual([]);
    stage.pass(1_000);
    expect(stage.take()).toEqual(['text beat']);
    for (let n = 0; n < 8; n += 1) {
      stage.pass(n === 0 ? 100 : 1_000);
      says(stage, ['TEXT', 'x']);
    }
    expect(stage.take()).toEqual(Array.from({ length: 8 }, () => 'text x'));
  });

  test('at intervals says it whatever else is said', () => {
    const stage = opened([
      control({ type: 'keep-alive', content: 'beat', timeout: 2, mode: 'interval' }),
    ]);
    for (let n = 0; n < 40; n += 1) {
      stage.pass(250);
      says(stage, ['TEXT', 'x']);
    }
    const beats = stage.take().filter((frame) => frame === 'text beat').length;
    expect(beats).toBeGreaterThanOrEqual(4);
    expect(beats).toBeLessThanOrEqual(6);
  });

  test.each([
    [{ 'message-type': 'ping', content: 'a' }, 'ping a'],
    [{ 'message-type': 'binary', content: 'a' }, 'binary a'],
    [{ 'content-bin': 'YWI=' }, 'text ab'],
  ])('%j', (fields, seen) => {
    const stage = opened([control({ type: 'keep-alive', timeout: 1, ...fields })]);
    stage.pass(1_000);
    expect(stage.take()[0]).toBe(seen);
  });

  test('[WOH-GRIP-10] without a content ends it', () => {
    const stage = opened([
      control({ type: 'keep-alive', content: 'beat', timeout: 2 }),
      control({ type: 'keep-alive' }),
    ]);
    stage.pass(60_000);
    expect(stage.take()).toEqual([]);
  });
});

describe('delayed messages', () => {
  const delayed = (content: string, more = {}) =>
    control({ type: 'send-delayed', content, ...more });

  test('[WOH-GRIP-11] are said after a while, and only once', () => {
    const stage = opened([delayed('a'), ['TEXT', 'now']]);
    stage.pass(999);
    expect(stage.take()).toEqual(['text now']);
    stage.pass(1);
    expect(stage.take()).toEqual(['text a']);
    stage.pass(60_000);
    expect(stage.take()).toEqual([]);
  });

  test('[WOH-GRIP-11] [WOH-GRIP-12] are said at once when a second one comes, or when told to flush', () => {
    const stage = opened([
      delayed('a', { timeout: 5 }),
      delayed('b', { 'message-type': 'binary' }),
    ]);
    expect(stage.take()).toEqual(['text a']);
    says(stage, control({ type: 'flush-delayed' }), control({ type: 'flush-delayed' }));
    expect(stage.take()).toEqual(['binary b']);
    stage.pass(60_000);
    expect(stage.take()).toEqual([]);
  });

  test('die with the client', () => {
    const stage = opened([delayed('a')]);
    stage.leave();
    stage.pass(2_000);
    expect(stage.failures).toEqual([]);
  });
});

describe('detach', () => {
  test('[WOH-GRIP-13] [WOH-GRIP-14] closes the origin’s side and keeps the client to what is published', () => {
    const stage = opened([subscribe('a'), control({ type: 'detach' }), ['TEXT', 'said already']]);
    expect(stage.take()).toEqual(['text said already']);
    expect(stage.told).toEqual(['CLOSE']);
    stage.answer([['TEXT', 'not any more'], ['CLOSE']]);
    stage.say('to nobody');
    stage.publish('a', { text: 'news' });
    expect(stage.take()).toEqual(['text news']);
    expect(stage.open).toBeUndefined();
    stage.close(4_000, 'bye');
    expect(stage.take()).toEqual(['close 1000']);
    expect(stage.open).toBeUndefined();
    expect(stage.isOver).toBe(true);
  });

  test('outlives the origin’s own end, if it came with it', () => {
    const stage = opened([control({ type: 'detach' }), ['CLOSE']]);
    expect(stage.take()).toEqual([]);
    stage.answer();
    expect(stage.isOver).toBe(false);
  });

  test('lets go of a client that was held, whose words are for nobody', () => {
    const stage = opened();
    stage.say('x'.repeat(100_000));
    stage.say('y'.repeat(200_000));
    expect(stage.isHeld).toBe(true);
    stage.answer([control({ type: 'detach' })]);
    expect(stage.isHeld).toBe(false);
    expect(stage.told?.at(-1)).toBe('CLOSE');
  });

  test('[WOH-GRIP-14] waits for the origin’s answer when the client is gone, and tells it nothing more', () => {
    const stage = new WsStage().accept(
      [control({ type: 'detach' })],
      [...RAW, ['Keep-Alive-Interval', '20']],
    );
    stage.answer();
    stage.leave();
    expect(stage.open).toBeUndefined();
    stage.pass(20_000);
    expect(stage.told).toEqual(['CLOSE']);
    stage.answer();
    expect(stage.isOver).toBe(true);
  });

  test('outlives an origin that does not answer the close', () => {
    const stage = opened([subscribe('a'), control({ type: 'detach' })]);
    stage.answer();
    stage.publish('a', { text: 'news' });
    expect(stage.take()).toEqual(['text news']);
    stage.leave();
    expect(stage.open).toBeUndefined();
    expect(stage.isOver).toBe(true);
  });

  test('[WOH-DIRECT-10] is a close without a code to a direct origin', () => {
    const stage = new WsStage({ route: '* 127.0.0.1:80' }).upgrade(RAW);
    const { ref } = stage;
    stage.takeSaid();
    stage.tell({
      type: 'originMessage',
      ref,
      kind: 'text',
      payload: new TextEncoder().encode('c:{"type":"detach"}'),
    });
    expect(stage.takeSaid()).toEqual(['close 1005']);
    stage.tell({ type: 'originClosed', ref, code: 1_005, reason: '' });
    expect(stage.take()).toEqual([]);
    stage.leave();
    expect(stage.isOver).toBe(true);
  });

  test('lets the client close without a code', () => {
    const stage = opened([control({ type: 'detach' })]);
    stage.close(1_005);
    expect(stage.take()).toEqual(['close 1000']);
  });
});

describe('what operators hear', () => {
  test('who came, who went, and one activity for each minute in which the client spoke', () => {
    const stage = opened([], { route: '*,id=r 127.0.0.1:80,over_http' });
    stage.say('a');
    stage.answer();
    stage.pass(60_000);
    stage.say('b');
    stage.answer();
    stage.say('c');
    stage.answer();
    stage.leave();
    const id = '01234567-89ab-4def-8123-456789abcdef';
    expect(stage.notices).toEqual([
      { type: 'clientConnected', id, kind: 'ws', route: 'r', remote: '192.0.2.1', isSecure: false },
      { type: 'activity', route: 'r', count: 1 },
      { type: 'clientDisconnected', id, route: 'r' },
    ]);
  });
});
