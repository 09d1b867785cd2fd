import { describe, expect, test } from 'vitest';

import { closing, control, GRIP, RAW, WsStage, type WsStageOptions } from './ws-stage.ts';

const opened = (options: WsStageOptions = {}, ...accepted: Parameters<WsStage['accept']>) => {
  const stage = new WsStage(options).accept(...accepted);
  expect(stage.upgraded).toBeDefined();
  return stage;
};
const body = (text: string) => new TextEncoder().encode(text);
const names = (stage: WsStage) => stage.open?.headers.map(([name]) => name.toLowerCase());

describe('the handshake over HTTP', () => {
  test('[WOH-OPEN-1] is told with OPEN alone, by POST, to the same address', () => {
    const stage = new WsStage();
    expect(stage.open).toMatchObject({ method: 'POST', target: '/path?q=1' });
    expect(stage.open?.body).toEqual({ kind: 'bytes', bytes: body('OPEN\r\n') });
    expect(stage.upgraded).toBeUndefined();
  });

  test('[WOH-OPEN-2] [WOH-OPEN-3] [WOH-OPEN-5] carries the client’s headers and those of the protocol', () => {
    const stage = new WsStage({
      route: '* 127.0.0.1:80,over_http',
      options: { sigKey: 'changeme', sigIss: 'pushpin' },
    });
    expect(stage.header('Accept')).toBe('application/websocket-events');
    expect(stage.header('Content-Type')).toBe('application/websocket-events');
    expect(stage.header('Connection-Id')).toBe('01234567-89ab-4def-8123-456789abcdef');
    expect(stage.header('Sec-WebSocket-Extensions')).toBe('grip');
    expect(stage.header('Sec-WebSocket-Version')).toBe('13');
    expect(stage.header('Cookie')).toBe('a=b');
    expect(stage.header('Host')).toBe('example.com');
    expect(names(stage)).toContain('grip-feature');
    expect(names(stage)).not.toContain('upgrade');
    expect(names(stage)).not.toContain('connection');
    expect(stage.open?.signature).toEqual({ issuer: 'pushpin', key: 'changeme' });
  });

  test.each([
    ['Meta-User', 'x'],
    ['META-USER', 'x'],
    ['Connection-Id', 'mine'],
    ['Accept', 'text/html'],
    ['Content-Bytes-Replayed', '7'],
    ['Content-Length', '0'],
    ['Sec-WebSocket-Extensions', 'permessage-deflate'],
    ['Grip-Sig', 'forged'],
  ])('[WOH-OPEN-3] [WOH-OPEN-4] does not pass on %s of the client', (name, value) => {
    const headers = [
      ['Host', 'example.com'],
      [name, value],
    ] as const;
    const stage = new WsStage({ request: { headers } });
    const values = stage.open?.headers.filter(([other]) => other === name).map(([, said]) => said);
    expect(values).not.toContain(value);
  });

  test('[WOH-OPEN-5] without GRIP on the route has no extension, and no signature', () => {
    const stage = new WsStage({ route: '*,no_grip 127.0.0.1:80,over_http' });
    expect(names(stage)).not.toContain('sec-websocket-extensions');
    expect(names(stage)).not.toContain('grip-feature');
    stage.accept(
      [
        ['TEXT', 'c:{}'],
        ['TEXT', 'm:x'],
      ],
      GRIP,
    );
    expect(stage.take()).toEqual(['text c:{}', 'text m:x']);
    expect(stage.upgraded).not.toContainEqual(['Sec-WebSocket-Extensions', 'grip']);
  });

  test('[WOH-OPEN-6] [WOH-HAND-5] is accepted with OPEN; the origin’s headers go to the client, but for the protocol’s own', () => {
    const stage = opened(
      {},
      [],
      [
        ...RAW,
        ['Sec-WebSocket-Protocol', 'chat'],
        ['Set-Cookie', 'a=b'],
        ['Content-Length', '6'],
        ['Connection', 'keep-alive'],
        ['Transfer-Encoding', 'chunked'],
        ['Upgrade', 'x'],
        ['Sec-WebSocket-Accept', 'x'],
        ['Keep-Alive-Interval', '30'],
        ['Set-Meta-User', 'x'],
      ],
    );
    expect(stage.upgraded).toEqual([
      ['Sec-WebSocket-Protocol', 'chat'],
      ['Set-Cookie', 'a=b'],
    ]);
  });

  test('[WOH-OPEN-6] [WOH-EVENT-8] brings the events behind OPEN to the client', () => {
    const stage = opened({}, [
      ['TEXT', 'a'],
      ['BINARY', 'b'],
      ['PING', 'c'],
      ['PONG'],
      ['TEXT', ''],
    ]);
    expect(stage.take()).toEqual(['text a', 'binary b', 'ping c', 'pong ', 'text ']);
    expect(stage.open).toBeUndefined();
  });

  test.each<[string, number, string | null]>([
    ['another status', 403, 'application/websocket-events'],
    ['201', 201, 'application/websocket-events'],
    ['another type', 200, 'text/plain'],
    ['a parameter', 200, 'application/websocket-events; charset=utf-8'],
    ['another case', 200, 'Application/WebSocket-Events'],
    ['no type', 200, null],
  ])('[WOH-OPEN-7] is refused by %s: the client sees that answer', (_, status, type) => {
    const stage = new WsStage();
    stage.answer(
      body('no entry\n'),
      [
        ['X-A', 'b'],
        ['Content-Length', '9'],
        ['Sec-WebSocket-Extensions', 'grip'],
      ],
      { status, reason: 'No', type },
    );
    expect(stage.answered).toMatchObject({ status, reason: 'No', body: body('no entry\n') });
    expect(stage.answered?.headers).toContainEqual(['X-A', 'b']);
    const told = stage.answered?.headers.map(([name]) => name);
    expect(told).not.toContain('Content-Length');
    expect(told).not.toContain('Sec-WebSocket-Extensions');
    expect(stage.isOver).toBe(true);
    expect(stage.notices.map(({ type: kind }) => kind)).toEqual([
      'clientConnected',
      'clientDisconnected',
    ]);
  });

  test('[WOH-OPEN-8] is refused with a body of up to 100,000 bytes; more is cut off', () => {
    for (const bytes of [8_193, 100_000, 100_001]) {
      const stage = new WsStage();
      stage.answer(new Uint8Array(bytes), [], { status: 403, reason: 'No' });
      expect(stage.answered?.status).toBe(403);
      expect(stage.answered?.body.byteLength).toBe(Math.min(bytes, 100_000));
      expect(stage.takeSaid()).toEqual(bytes > 100_000 ? ['abandon'] : []);
    }
  });

  test.each<[string, Uint8Array]>([
    ['other events', body('TEXT 1\r\nx\r\n')],
    ['no events', body('')],
    ['words that are no events', body('garbage')],
    ['OPEN and words that are no events', body('OPEN\r\nTEXT zz\r\nx\r\n')],
    ['more than 1,000,000 bytes', new Uint8Array(1_000_001)],
  ])('[WOH-OPEN-9] fails with %s', (_, events) => {
    const stage = new WsStage();
    stage.answer(events);
    expect(stage.answered).toMatchObject({
      status: 502,
      reason: 'Bad Gateway',
      headers: [],
      body: body('Error while proxying to origin.\n'),
    });
    expect(stage.isOver).toBe(true);
  });

  test('fails when the origin breaks off', () => {
    const early = new WsStage();
    early.fail('broken', true);
    expect(early.answered?.status).toBe(502);
    const late = new WsStage();
    late.answerHead(200, 'OK', [['Content-Type', 'application/websocket-events']]);
    late.answerBody(body('OPEN\r\n'), true);
    expect(late.answered?.status).toBe(502);
    expect([early.isOver, late.isOver]).toEqual([true, true]);
  });

  test('[WOH-OPEN-10] is put off by an answer without events and a keep-alive; OPEN is told again', () => {
    const stage = new WsStage();
    stage.answer([], [['Keep-Alive-Interval', '25']]);
    expect(stage.upgraded).toBeUndefined();
    stage.pass(24_999);
    expect(stage.open).toBeUndefined();
    stage.pass(1);
    expect(stage.told).toEqual(['OPEN']);
    // The interval is remembered.
    stage.answer([]);
    stage.pass(25_000);
    expect(stage.told).toEqual(['OPEN']);
    stage.accept([['TEXT', 'hi']]);
    expect(stage.take()).toEqual(['text hi']);
  });

  test('[WOH-OPEN-11] goes to the next target when one cannot be reached, and only then', () => {
    for (const why of ['refused', 'connectTimeout', 'tls'] as const) {
      const stage = new WsStage({ route: '* one:1,over_http two:2,over_http' });
      expect(stage.open?.origin).toMatchObject({ host: 'one', port: 1 });
      stage.fail(why);
      expect(stage.open?.origin).toMatchObject({ host: 'two', port: 2 });
      stage.accept();
      expect(stage.upgraded).toBeDefined();
    }
    for (const why of ['broken', 'timeout', 'blocked'] as const) {
      const stage = new WsStage({ route: '* one:1,over_http two:2,over_http' });
      stage.fail(why);
      expect(stage.answered?.status).toBe(502);
    }
    const refused = new WsStage({ route: '* one:1,over_http two:2,over_http' });
    refused.answer([], [], { status: 500 });
    expect(refused.answered?.status).toBe(500);
  });

  test('[WOH-HAND-6] fails when no target can be reached; who debugs the route learns which were tried', () => {
    const plain = new WsStage({ route: '* one:1,over_http' });
    plain.fail('refused');
    expect(plain.answered?.body).toEqual(body('Error while proxying to origin.\n'));
    const debug = new WsStage({ route: '*,debug one:1,over_http [::1]:2' });
    debug.fail('refused');
    debug.tell({ type: 'originFailed', ref: debug.ref, why: 'refused', wasSent: false });
    expect(debug.answered?.body).toEqual(
      body('Unable to connect to any targets. Tried: one:1, [::1]:2\n'),
    );
    const blocked = new WsStage({ route: '*,debug one:1,over_http,untrusted' });
    expect(blocked.open?.origin.isUntrusted).toBe(true);
    blocked.fail('blocked');
    expect(blocked.answered?.body).toEqual(body('Error: Origin host/IP blocked.\n'));
  });
});

describe('requests', () => {
  test('[WOH-EVENT-1] [WOH-EVENT-8] tell each event with its kind and content', () => {
    const stage = opened();
    stage.say('hello');
    expect(stage.told).toEqual(['TEXT hello']);
    stage.answer();
    stage.say('');
    expect(stage.open?.body).toEqual({ kind: 'bytes', bytes: body('TEXT\r\n') });
    stage.answer();
    stage.say(new Uint8Array([1, 2]), true);
    expect(stage.open?.body).toEqual({
      kind: 'bytes',
      bytes: body('BINARY 2\r\n\u0001\u0002\r\n'),
    });
    stage.answer();
    stage.ping('x');
    expect(stage.open?.body).toEqual({ kind: 'bytes', bytes: body('PING 1\r\nx\r\n') });
    stage.answer();
    stage.ping();
    expect(stage.open?.body).toEqual({ kind: 'bytes', bytes: body('PING\r\n') });
    stage.answer([['PONG', 'y']]);
    stage.pong('z');
    expect(stage.told).toEqual(['PONG z']);
    // The gateway answers no ping itself.
    expect(stage.take()).toEqual(['pong y']);
  });

  test('[WOH-REQ-1] are made one at a time: what comes meanwhile is in the next one', () => {
    const stage = opened();
    for (const text of ['a', 'b', 'c']) stage.say(text);
    expect(stage.asked).toHaveLength(1);
    expect(stage.told).toEqual(['TEXT a']);
    stage.answer();
    expect(stage.asked).toHaveLength(1);
    expect(stage.told).toEqual(['TEXT b', 'TEXT c']);
    stage.answer();
    expect(stage.asked).toHaveLength(0);
  });

  test('[WOH-REQ-2] tell one event each on a target with one_event', () => {
    const stage = opened({ route: '* 127.0.0.1:80,over_http,one_event' });
    for (const text of ['', '', 'c']) stage.say(text);
    stage.close(1_000);
    const told: unknown[] = [];
    for (; stage.open !== undefined; stage.answer()) told.push(stage.told);
    expect(told).toEqual([['TEXT '], ['TEXT '], ['TEXT c'], ['CLOSE 1000']]);
  });

  test('[WOH-REQ-1] have at most 200,000 bytes of content', () => {
    const stage = opened();
    stage.say('first');
    const long = 'x'.repeat(99_999);
    for (const text of [long, long, 'ab', 'next']) stage.say(text);
    stage.answer();
    expect(stage.told?.map((event) => event.length)).toEqual([100_004, 100_004, 7]);
    stage.answer();
    expect(stage.told).toEqual(['TEXT next']);
  });

  test('[WOH-REQ-4] are each signed anew', () => {
    const stage = opened({ options: { sigKey: 'changeme' } });
    stage.say('a');
    expect(stage.open?.signature?.key).toBe('changeme');
    stage.answer();
    stage.leave();
    expect(stage.told).toEqual(['DISCONNECT']);
    expect(stage.open?.signature?.key).toBe('changeme');
  });

  test('[WOH-META-1] [WOH-META-2] remind the origin of what it said by Set-Meta', () => {
    const stage = opened({}, [], [...RAW, ['Set-Meta-User', 'alice'], ['set-meta-Other', '1']]);
    stage.say('a');
    expect(stage.open?.headers.filter(([name]) => /^meta-/i.test(name))).toEqual([
      ['Meta-User', 'alice'],
      ['Meta-Other', '1'],
    ]);
    stage.answer(
      [],
      [
        ['Set-Meta-user', 'bob'],
        ['Set-Meta-Other', ''],
        ['Set-Meta-', 'x'],
      ],
    );
    stage.say('b');
    expect(stage.open?.headers.filter(([name]) => /^meta-/i.test(name))).toEqual([
      ['Meta-user', 'bob'],
    ]);
  });

  test.each([
    ['30', 30_000],
    ['1', 20_000],
    ['20', 20_000],
  ])(
    '[WOH-KEEP-1] [WOH-KEEP-2] come without events when there was none for %s s',
    (interval, everyMs) => {
      const stage = opened({}, [], [...RAW, ['Keep-Alive-Interval', interval]]);
      stage.pass(everyMs - 1);
      expect(stage.open).toBeUndefined();
      stage.pass(1);
      expect(stage.open?.body).toEqual({ kind: 'bytes', bytes: body('') });
      stage.answer();
      // A request of another kind puts it off.
      stage.pass(everyMs - 1);
      stage.say('a');
      stage.answer();
      stage.pass(everyMs - 1);
      expect(stage.open).toBeUndefined();
      stage.pass(1);
      expect(stage.told).toEqual([]);
    },
  );

  test.each(['0', '-1', 'x', ''])(
    '[WOH-KEEP-2] come no more on a Keep-Alive-Interval of “%s”',
    (interval) => {
      const stage = opened({}, [], [...RAW, ['Keep-Alive-Interval', '20']]);
      stage.pass(20_000);
      stage.answer([], [['Keep-Alive-Interval', interval]]);
      stage.pass(3_600_000);
      expect(stage.open).toBeUndefined();
    },
  );

  test('[WOH-PUB-6] come at once for a refresh, or right after the one under way', () => {
    const stage = opened();
    stage.tell({ type: 'refresh' });
    expect(stage.told).toEqual([]);
    stage.tell({ type: 'refresh' });
    stage.answer([['TEXT', 'news']]);
    expect(stage.take()).toEqual(['text news']);
    expect(stage.told).toEqual([]);
    stage.answer();
    expect(stage.open).toBeUndefined();
  });

  test('take what waits with a refresh', () => {
    const stage = opened();
    stage.say('abc');
    stage.answer([], [['Content-Bytes-Accepted', '0']]);
    expect(stage.open).toBeUndefined();
    stage.tell({ type: 'refresh' });
    expect(stage.told).toEqual(['TEXT abc']);
  });
});

describe('what the origin accepts', () => {
  test('[WOH-REQ-9] is taken away; the rest is offered again with what comes', () => {
    const stage = opened();
    stage.say('hello');
    expect(stage.header('Content-Bytes-Replayed')).toBeUndefined();
    stage.answer([], [['Content-Bytes-Accepted', '3']]);
    expect(stage.open).toBeUndefined();
    stage.say('more');
    expect(stage.told).toEqual(['TEXT lo', 'TEXT more']);
    expect(stage.header('Content-Bytes-Replayed')).toBe('2');
    stage.answer();
    stage.say('end');
    expect(stage.told).toEqual(['TEXT end']);
    expect(stage.header('Content-Bytes-Replayed')).toBeUndefined();
  });

  test('may be nothing, again and again', () => {
    const stage = opened();
    for (const [text, told] of [
      ['a', ['TEXT a']],
      ['b', ['TEXT a', 'TEXT b']],
      ['c', ['TEXT a', 'TEXT b', 'TEXT c']],
    ] as const) {
      stage.say(text);
      expect(stage.told).toEqual(told);
      stage.answer([], [['Content-Bytes-Accepted', '0']]);
    }
    expect(stage.open).toBeUndefined();
    stage.say('d');
    expect(stage.header('Content-Bytes-Replayed')).toBe('3');
    stage.answer([], [['Content-Bytes-Accepted', '2']]);
    stage.say('e');
    expect(stage.told).toEqual(['TEXT c', 'TEXT d', 'TEXT e']);
  });

  test('does not take empty messages that were not offered', () => {
    const stage = opened();
    stage.say('ab');
    stage.say('');
    stage.answer([], [['Content-Bytes-Accepted', '2']]);
    expect(stage.told).toEqual(['TEXT ']);
  });

  test('[WOH-REQ-9] cannot be more than was offered', () => {
    const stage = opened();
    stage.say('abc');
    stage.answer([['TEXT', 'x']], [['Content-Bytes-Accepted', '4']]);
    expect(stage.take()).toEqual(['cut']);
    expect(stage.isOver).toBe(true);
  });

  test.each(['x', '-1', ''])('is all where “%s” is said of it', (said) => {
    const stage = opened();
    stage.say('abc');
    stage.answer([], [['Content-Bytes-Accepted', said]]);
    stage.say('d');
    expect(stage.told).toEqual(['TEXT d']);
  });

  test('must be something when the request was full', () => {
    const stage = opened({ route: '* 127.0.0.1:80,over_http,one_event' });
    stage.say('a');
    stage.answer([], [['Content-Bytes-Accepted', '0']]);
    stage.say('b');
    expect(stage.told).toEqual(['TEXT a']);
    stage.answer([], [['Content-Bytes-Accepted', '0']]);
    expect(stage.take()).toEqual(['cut']);
  });

  test('must contain the close, if it contains all before it', () => {
    const stage = opened();
    stage.say('a');
    stage.say('bc');
    stage.close(1_000);
    stage.answer();
    expect(stage.told).toEqual(['TEXT bc', 'CLOSE 1000']);
    stage.answer([closing(1_000)], [['Content-Bytes-Accepted', '3']]);
    expect(stage.take()).toEqual(['cut']);
  });

  test('may end before the close: that is told again as long as there is progress', () => {
    const stage = opened();
    stage.say('abc');
    stage.close(1_000);
    stage.answer([], [['Content-Bytes-Accepted', '1']]);
    expect(stage.told).toEqual(['TEXT bc', 'CLOSE 1000']);
    stage.answer([], [['Content-Bytes-Accepted', '1']]);
    expect(stage.told).toEqual(['TEXT c', 'CLOSE 1000']);
    stage.answer([closing(4_000, 'bye')], [['Content-Bytes-Accepted', '3']]);
    expect(stage.take()).toEqual(['close 4000 bye']);
    expect(stage.isOver).toBe(true);
  });

  test('is not waited for behind a close without progress', () => {
    const stage = opened();
    stage.say('abc');
    stage.close(1_000);
    stage.answer([], [['Content-Bytes-Accepted', '0']]);
    expect(stage.told).toEqual(['TEXT abc', 'CLOSE 1000']);
    stage.answer([], [['Content-Bytes-Accepted', '0']]);
    expect(stage.take()).toEqual(['cut']);
  });
});

describe('requests that fail', () => {
  test('[WOH-RETRY-1] [WOH-RETRY-2] are made again after 1, 2, 4, 8 and 16 s and a bit; then the client is cut', () => {
    const stage = opened();
    stage.say('a');
    for (const seconds of [1, 2, 4, 8, 16]) {
      stage.fail('refused');
      stage.pass(seconds * 1_000 - 1);
      expect(stage.open).toBeUndefined();
      stage.pass(1_000);
      expect(stage.told).toEqual(['TEXT a']);
    }
    expect(stage.take()).toEqual([]);
    stage.fail('refused');
    expect(stage.take()).toEqual(['cut']);
    expect(stage.isOver).toBe(true);
  });

  test('are the same request; what comes meanwhile waits', () => {
    const stage = opened();
    stage.say('a');
    stage.say('b');
    stage.fail('connectTimeout');
    stage.tell({ type: 'refresh' });
    expect(stage.open).toBeUndefined();
    stage.pass(2_000);
    expect(stage.told).toEqual(['TEXT a']);
    stage.answer([['TEXT', 'x']]);
    expect(stage.take()).toEqual(['text x']);
    expect(stage.told).toEqual(['TEXT b']);
  });

  test('begin anew after one that went well', () => {
    const stage = opened();
    for (let n = 0; n < 8; n += 1) {
      stage.say('a');
      stage.fail('tls');
      stage.pass(2_000);
      stage.answer();
    }
    expect(stage.take()).toEqual([]);
    expect(stage.counted('gateway.woh.retries')).toBe(8);
  });

  test.each([
    ['refused', true, true],
    ['broken', false, true],
    ['timeout', false, true],
    ['broken', true, false],
    ['timeout', true, false],
    ['blocked', false, false],
  ] as const)('[WOH-RETRY-3] %s, sent %s: again %s', (why, wasSent, isRetried) => {
    const stage = opened();
    stage.say('a');
    stage.fail(why, wasSent);
    stage.pass(2_000);
    expect(stage.told).toEqual(isRetried ? ['TEXT a'] : undefined);
    expect(stage.take()).toEqual(isRetried ? [] : ['cut']);
  });

  test.each<[string, (stage: WsStage) => void]>([
    ['another status', (stage) => stage.answer([], [], { status: 500 })],
    ['204', (stage) => stage.answer([], [], { status: 204 })],
    ['another type', (stage) => stage.answer([['TEXT', 'x']], [], { type: 'text/plain' })],
    ['words that are no events', (stage) => stage.answer(body('garbage'))],
    ['more than 1,000,000 bytes', (stage) => stage.answer(new Uint8Array(1_000_001))],
    ['OPEN', (stage) => stage.answer([['OPEN']])],
  ])('[WOH-REQ-5] [WOH-REQ-7] %s, once the connection is open, cuts the client', (_, answer) => {
    const stage = opened();
    stage.say('a');
    answer(stage);
    expect(stage.take()).toEqual(['cut']);
    expect(stage.open).toBeUndefined();
    expect(stage.isOver).toBe(true);
  });

  test('[WOH-REQ-7] [WOH-REQ-8] an answer of 1,000,000 bytes is taken', () => {
    const stage = opened();
    stage.say('a');
    stage.answer([['TEXT', 'x'.repeat(1_000_000 - 'TEXT f4232\r\n\r\n'.length)]]);
    expect(stage.take()[0]).toHaveLength(999_991);
  });
});

describe('closes', () => {
  test('[WOH-CLOSE-1] [WOH-CLOSE-2] of the client are told behind what waits, and answered with the origin’s', () => {
    const stage = opened();
    stage.say('a');
    stage.say('b');
    stage.close(4_001, 'bye');
    stage.answer();
    expect(stage.told).toEqual(['TEXT b', 'CLOSE 4001 bye']);
    expect(stage.take()).toEqual([]);
    stage.answer([['TEXT', 'last'], closing(4_002, 'well'), ['TEXT', 'never']]);
    expect(stage.take()).toEqual(['text last', 'close 4002 well']);
    expect(stage.open).toBeUndefined();
    expect(stage.isOver).toBe(true);
  });

  test('[WOH-CLOSE-1] [WOH-CLOSE-2] without a code have no content, and say 1000 to the client', () => {
    const stage = opened();
    stage.close(1_005);
    expect(stage.open?.body).toEqual({ kind: 'bytes', bytes: body('CLOSE\r\n') });
    stage.answer([['CLOSE']]);
    expect(stage.take()).toEqual(['close 1000']);
  });

  test('[WOH-CLOSE-3] that the origin does not answer cut the client', () => {
    const stage = opened();
    stage.close(1_000);
    stage.answer();
    expect(stage.take()).toEqual(['cut']);
    expect(stage.isOver).toBe(true);
  });

  test('[WOH-KEEP-3] that the origin does not answer yet are told again with a keep-alive', () => {
    const stage = opened({}, [], [...RAW, ['Keep-Alive-Interval', '20']]);
    stage.close(1_000);
    stage.answer();
    expect(stage.take()).toEqual([]);
    stage.pass(20_000);
    expect(stage.told).toEqual(['CLOSE 1000']);
    stage.answer([closing(1_000)]);
    expect(stage.take()).toEqual(['close 1000']);
    expect(stage.isOver).toBe(true);
  });

  test('[WOH-FRAME-4] that the edge made for a rule that the client broke are DISCONNECT', () => {
    for (const code of [1_002, 1_007, 1_009]) {
      const stage = opened();
      stage.leave(code);
      expect(stage.told).toEqual(['DISCONNECT']);
    }
  });

  test('that the origin accepts, but does not answer, are over once the client is gone', () => {
    const stage = opened(
      { route: '* 127.0.0.1:80,over_http,sub=a' },
      [],
      [...RAW, ['Keep-Alive-Interval', '20']],
    );
    stage.publish('a', { action: 'close' });
    expect(stage.told).toEqual(['CLOSE']);
    stage.answer();
    expect(stage.isOver).toBe(true);
  });

  test('that the origin cannot take yet are told with the next keep-alive', () => {
    const stage = opened({}, [], [...RAW, ['Keep-Alive-Interval', '20']]);
    stage.say('abc');
    stage.close(1_000);
    const nothing = [['Content-Bytes-Accepted', '0']] as const;
    stage.answer([], nothing);
    expect(stage.told).toEqual(['TEXT abc', 'CLOSE 1000']);
    stage.answer([], nothing);
    expect(stage.open).toBeUndefined();
    stage.pass(20_000);
    expect(stage.told).toEqual(['TEXT abc', 'CLOSE 1000']);
  });

  test('[WOH-CLOSE-5] of the origin are told to the client, whose own is told to the origin', () => {
    const stage = opened();
    stage.isSlowToClose = true;
    stage.say('a');
    stage.answer([closing(4_000, 'go'), ['TEXT', 'never']]);
    expect(stage.take()).toEqual(['close 4000 go']);
    expect(stage.open).toBeUndefined();
    stage.leave(4_000, 'gone');
    expect(stage.told).toEqual(['CLOSE 4000 gone']);
    stage.answer();
    expect(stage.isOver).toBe(true);
  });

  test.each([
    [0, 'close 1000'],
    [999, 'close 1000'],
    [1_000, 'close 1000 why'],
    [1_004, 'close 1000'],
    [1_005, 'close 1000'],
    [1_006, 'close 1000'],
    [1_011, 'close 1011 why'],
    [1_015, 'close 1000'],
    [3_000, 'close 3000 why'],
    [4_999, 'close 4999 why'],
    [5_000, 'close 1000'],
  ])('[WOH-CLOSE-6] of the origin with code %i say %s', (code, seen) => {
    const stage = opened({}, [closing(code, 'why')]);
    expect(stage.take()).toEqual([seen]);
  });

  test('with a reason that no frame can hold are cut between two characters', () => {
    const stage = opened({}, [closing(4_000, 'é'.repeat(100))]);
    expect(stage.take()).toEqual([`close 4000 ${'é'.repeat(61)}`]);
  });

  test('with a reason that is a little too long keep as much as a frame can hold', () => {
    const stage = opened({}, [closing(4_000, 'x'.repeat(130))]);
    expect(stage.take()).toEqual([`close 4000 ${'x'.repeat(123)}`]);
  });

  test('of both sides at once end the session', () => {
    const stage = opened();
    stage.say('a');
    stage.close(4_001);
    stage.answer([closing(4_000)]);
    expect(stage.take()).toEqual(['close 4000']);
    expect(stage.told).toEqual(['CLOSE 4001']);
    stage.answer();
    expect(stage.isOver).toBe(true);
  });

  test('[WOH-CLOSE-7] DISCONNECT of the origin cuts the client behind what came before it', () => {
    const stage = opened();
    stage.say('a');
    stage.answer([['TEXT', 'x'], ['DISCONNECT'], ['TEXT', 'never']]);
    expect(stage.take()).toEqual(['text x', 'cut']);
    expect(stage.open).toBeUndefined();
    expect(stage.isOver).toBe(true);
  });
});

describe('a client that vanishes', () => {
  test('[WOH-CLOSE-4] is told with DISCONNECT alone', () => {
    const stage = opened({}, [control({ type: 'subscribe', channel: 'a' })]);
    stage.leave();
    expect(stage.told).toEqual(['DISCONNECT']);
    expect(stage.isOver).toBe(false);
    stage.answer([['TEXT', 'x']]);
    expect(stage.isOver).toBe(true);
    expect(stage.kept.map(({ type }) => type)).toEqual(['follow', 'unfollow']);
  });

  test('[WOH-REQ-11] [WOH-CLOSE-4] is told once the request under way is answered; what waits is not told any more', () => {
    const stage = opened();
    stage.say('a');
    stage.say('b');
    stage.leave();
    expect(stage.told).toEqual(['TEXT a']);
    stage.answer([['TEXT', 'x']]);
    expect(stage.told).toEqual(['DISCONNECT']);
    stage.answer([], [], { status: 500 });
    expect(stage.take()).toEqual([]);
    expect(stage.isOver).toBe(true);
  });

  test('is told again when the origin cannot be reached, five times', () => {
    const stage = opened();
    stage.leave();
    for (const seconds of [1, 2, 4, 8, 16]) {
      stage.fail('refused');
      stage.pass((seconds + 1) * 1_000);
      expect(stage.told).toEqual(['DISCONNECT']);
    }
    stage.fail('refused');
    expect(stage.isOver).toBe(true);
  });

  test('[WOH-OPEN-13] [WOH-RETRY-4] before its handshake was answered is told if the origin accepts it', () => {
    const accepted = new WsStage();
    accepted.leave();
    expect(accepted.told).toEqual(['OPEN']);
    accepted.answer([['OPEN'], ['TEXT', 'x']]);
    expect(accepted.told).toEqual(['DISCONNECT']);
    accepted.answer();
    expect(accepted.isOver).toBe(true);
    const refused = new WsStage();
    refused.leave();
    refused.answer(body('no'), [], { status: 403, type: null });
    expect(refused.isOver).toBe(true);
    const unreachable = new WsStage({ route: '* one:1,over_http two:2,over_http' });
    unreachable.leave();
    unreachable.fail('refused');
    expect(unreachable.isOver).toBe(true);
    const waiting = new WsStage();
    waiting.answer([], [['Keep-Alive-Interval', '20']]);
    waiting.leave();
    expect(waiting.told).toEqual(['DISCONNECT']);
  });

  test('before its handshake was answered with something else is not told', () => {
    const stage = new WsStage();
    stage.leave();
    stage.answer([['TEXT', 'x']]);
    expect(stage.open).toBeUndefined();
    expect(stage.isOver).toBe(true);
  });

  test('with its close under way is not told twice', () => {
    const stage = opened();
    stage.close(1_000);
    stage.leave();
    expect(stage.told).toEqual(['CLOSE 1000']);
    stage.answer();
    expect(stage.isOver).toBe(true);
  });

  test('[WOH-CLOSE-5] after the origin’s close is told with DISCONNECT', () => {
    const stage = opened();
    stage.isSlowToClose = true;
    stage.say('a');
    stage.answer([closing(1_000)]);
    stage.leave();
    expect(stage.told).toEqual(['DISCONNECT']);
  });
});

describe('back-pressure', () => {
  test('a client whose 200,000 bytes wait is held until its origin took them', () => {
    const stage = opened();
    stage.say('a');
    stage.say('x'.repeat(200_000));
    expect(stage.isHeld).toBe(true);
    stage.answer();
    expect(stage.isHeld).toBe(true);
    stage.answer();
    expect(stage.isHeld).toBe(false);
  });

  test('a client that sends empty messages is held as well: each of them has to be kept', () => {
    const stage = opened();
    stage.say('a');
    let sent = 0;
    for (; !stage.isHeld && sent < 20_000; sent += 1) stage.say('');
    expect(sent).toBeLessThan(20_000);
    stage.answer();
    expect(stage.told).toHaveLength(sent);
    stage.answer();
    expect(stage.isHeld).toBe(false);
  });

  test('a client that does not read what the target `test` says back is held', () => {
    const stage = new WsStage({ route: '* test', request: { path: '/ws' } });
    stage.isStalled = true;
    let sent = 0;
    for (; !stage.isHeld && sent < 1_000; sent += 1) stage.say('x'.repeat(1_000));
    expect(sent).toBeLessThan(1_000);
    stage.resume();
    expect(stage.isHeld).toBe(false);
    expect(stage.take().filter((frame) => frame.startsWith('text'))).toHaveLength(sent);
  });

  test.each([
    ['that has not accepted', undefined],
    ['that has a request', 'x'],
    ['that gave it up', 'detach'],
  ])(
    '[WOH-CLOSE-4] an origin %s and never answers keeps nobody who has left for ever',
    (_, said) => {
      const stage = new WsStage();
      if (said !== undefined) stage.accept([['TEXT', 'hi']], RAW);
      if (said === 'x') stage.say('x');
      else if (said !== undefined) {
        stage.say('x');
        stage.answer([control({ type: 'detach' })]);
      }
      expect(stage.open).toBeDefined();
      stage.leave();
      stage.pass(119_000);
      expect(stage.isOver).toBe(false);
      stage.pass(1_000);
      expect(stage.isOver).toBe(true);
      expect(stage.said.map(({ type }) => type)).toContain('abandon');
      expect(stage.failures).toEqual([]);
    },
  );

  test('[GRIP-TARGET-6] the target `test` is found where its path_beg is written otherwise', () => {
    const stage = new WsStage({ route: '*,path_beg=/t test', request: { path: '/%74/%77s' } });
    expect(stage.answered).toBeUndefined();
    expect(stage.upgraded).toBeDefined();
  });

  test('a client that is to go is not held: its close must be heard', () => {
    const stage = opened({ route: '* 127.0.0.1:80,over_http,sub=a' });
    stage.isSlowToClose = true;
    stage.say('x'.repeat(200_000));
    expect(stage.isHeld).toBe(true);
    stage.publish('a', { action: 'close' });
    expect(stage.isHeld).toBe(false);
  });

  test('an origin is told of the close, however much waits for the client', () => {
    const stage = opened({ route: '* 127.0.0.1:80,over_http,sub=a' });
    stage.isStalled = true;
    stage.say('a');
    stage.answer([['TEXT', 'x'.repeat(300_000)]]);
    stage.publish('a', { action: 'close' });
    expect(stage.told).toEqual(['CLOSE']);
  });

  test('[WOH-REQ-6] [WOH-FRAME-4] a message of more than 200,000 bytes ends the connection; for the origin its client has vanished', () => {
    const stage = opened();
    stage.say('x'.repeat(200_000));
    stage.answer();
    expect(stage.take()).toEqual([]);
    stage.say('x'.repeat(200_001));
    expect(stage.take()).toEqual(['close 1009 message too big']);
    expect(stage.told).toEqual(['DISCONNECT']);
  });

  test('no request is made while 200,000 bytes wait for the client', () => {
    const stage = opened();
    stage.isStalled = true;
    stage.say('a');
    stage.answer([
      ['TEXT', 'x'.repeat(150_000)],
      ['TEXT', 'y'.repeat(150_000)],
      ['TEXT', 'z'],
    ]);
    expect(stage.take().map((frame) => frame.length)).toEqual([150_005, 150_005]);
    stage.say('b');
    expect(stage.open).toBeUndefined();
    stage.read(100_000);
    expect(stage.open).toBeUndefined();
    stage.read(10_000);
    expect(stage.take()).toEqual(['text z']);
    expect(stage.told).toEqual(['TEXT b']);
  });

  test('many small messages in one answer all arrive, however slow the client', () => {
    const stage = opened();
    stage.isStalled = true;
    stage.say('a');
    const many = Array.from({ length: 60_000 }, (_, n) => ['TEXT', String(n)] as const);
    stage.answer(many);
    stage.resume();
    expect(stage.take()).toEqual(many.map(([, text]) => `text ${text}`));
    expect(stage.failures).toEqual([]);
  });

  test('a close waits behind what the client has not taken', () => {
    const stage = opened();
    stage.isStalled = true;
    stage.say('a');
    stage.answer([['TEXT', 'x'.repeat(300_000)], ['TEXT', 'y'], closing(4_000)]);
    expect(stage.take()).toHaveLength(1);
    stage.resume();
    expect(stage.take()).toEqual(['text y', 'close 4000']);
  });

  test('a client that takes nothing for too long is given up', () => {
    const stage = opened();
    stage.isStalled = true;
    stage.say('a');
    stage.answer([['TEXT', 'x'.repeat(300_000)]]);
    stage.take();
    stage.publish('none', {});
    stage.tell({ type: 'tooSlow' });
    expect(stage.take()).toEqual(['close 1013 too slow']);
    expect(stage.told).toEqual(['DISCONNECT']);
  });
});
