import { describe, expect, test } from 'vitest';

import { EVENTS, GRIP, RAW, WsStage, type WsStageOptions } from './ws-stage.ts';

const DIRECT = '* 127.0.0.1:80';
const opened = (options: WsStageOptions = {}, headers = RAW) => {
  const stage = new WsStage({ route: DIRECT, ...options }).upgrade(headers);
  expect(stage.upgraded).toBeDefined();
  stage.takeSaid();
  // The reference of the connection is needed no more than once: it is the first.
  Object.defineProperty(stage, 'ref', { value: 1 });
  return stage;
};
const body = (text: string) => new TextEncoder().encode(text);

function connectOf(stage: WsStage) {
  const command = stage.said.findLast(({ type }) => type === 'connectWs');
  if (command?.type !== 'connectWs') throw new Error('no origin was connected to');
  return command;
}

describe('the handshake with an origin', () => {
  test('[WOH-DIRECT-1] is made anew, with the client’s headers and the extension of GRIP', () => {
    const stage = new WsStage({
      route: '* 127.0.0.1:80,ssl',
      request: {
        headers: [
          ['Host', 'example.com'],
          ['Upgrade', 'websocket'],
          ['Connection', 'Upgrade'],
          ['Sec-WebSocket-Key', 'k'],
          ['Sec-WebSocket-Version', '13'],
          ['Sec-WebSocket-Protocol', 'chat'],
          ['Sec-WebSocket-Extensions', 'permessage-deflate'],
          ['Cookie', 'a=b'],
        ],
      },
      options: { sigKey: 'changeme' },
    });
    const { headers, target, origin, signature } = connectOf(stage);
    expect(target).toBe('/path?q=1');
    expect(origin).toMatchObject({ host: '127.0.0.1', port: 80, isSecure: true });
    expect(signature?.key).toBe('changeme');
    const kept = headers.filter(([name]) => !name.startsWith('Grip-'));
    expect(kept).toEqual([
      ['Host', 'example.com'],
      ['Sec-WebSocket-Protocol', 'chat'],
      ['Cookie', 'a=b'],
      ['Sec-WebSocket-Extensions', 'grip'],
    ]);
  });

  test('has no extension on a route without GRIP, and nothing of it is obeyed', () => {
    const stage = new WsStage({ route: '*,no_grip 127.0.0.1:80' });
    expect(connectOf(stage).headers.map(([name]) => name)).not.toContain(
      'Sec-WebSocket-Extensions',
    );
    stage.upgrade(GRIP);
    stage.originSays('c:{"type":"subscribe","channel":"a"}');
    expect(stage.take()).toEqual(['text c:{"type":"subscribe","channel":"a"}']);
    expect(stage.kept).toEqual([]);
  });

  test('gives the client the origin’s headers', () => {
    const stage = opened({}, [
      ['Sec-WebSocket-Protocol', 'chat'],
      ['Sec-WebSocket-Accept', 'x'],
      ['Upgrade', 'websocket'],
      ['Connection', 'Upgrade'],
      ['X-A', 'b'],
    ]);
    expect(stage.upgraded).toEqual([
      ['Sec-WebSocket-Protocol', 'chat'],
      ['X-A', 'b'],
    ]);
  });

  test('lets a trusted gateway in front of us obey GRIP', () => {
    const stage = opened({ isTrusted: true }, RAW);
    expect(stage.upgraded).toEqual(RAW);
    stage.originSays('c:{"type":"subscribe","channel":"a"}');
    expect(stage.take()).toEqual(['text c:{"type":"subscribe","channel":"a"}']);
    expect(stage.kept).toEqual([]);
  });

  test('[WOH-DIRECT-4] [WOH-DIRECT-5] that is refused refuses the client’s with the same answer', () => {
    const stage = new WsStage({ route: DIRECT });
    const { ref } = stage;
    const headers = [
      ['X-A', 'b'],
      ['Content-Type', 'text/plain'],
    ] as const;
    const head = { status: 401, reason: 'Who', headers, requestBody: undefined };
    stage.tell({ type: 'originAnswered', ref, ...head });
    expect(stage.collected).toMatchObject([{ ref, bytesMax: 100_000 }]);
    stage.tell({ type: 'originBody', ref, body: body('no\n'), isWhole: true, isBroken: false });
    expect(stage.answered).toMatchObject({
      status: 401,
      reason: 'Who',
      headers,
      body: body('no\n'),
    });
    expect(stage.isOver).toBe(true);
  });

  test.each([
    ['cut', false, false, 401],
    ['not known whole', true, true, 502],
  ])('[WOH-DIRECT-5] that is refused with a body that is %s', (_, isWhole, isBroken, status) => {
    const stage = new WsStage({ route: DIRECT });
    const { ref } = stage;
    const head = { status: 401, reason: 'Who', headers: [], requestBody: undefined };
    stage.tell({ type: 'originAnswered', ref, ...head });
    stage.tell({ type: 'originBody', ref, body: body('no\n'), isWhole, isBroken });
    expect(stage.answered?.status).toBe(status);
  });

  test('[WOH-DIRECT-6] goes to the next target when one cannot be reached, whatever it speaks', () => {
    const stage = new WsStage({ route: '* one:1 two:2,over_http three:3' });
    stage.tell({ type: 'originFailed', ref: stage.ref, why: 'refused', wasSent: false });
    expect(stage.told).toEqual(['OPEN']);
    stage.fail('tls');
    expect(connectOf(stage).origin).toMatchObject({ host: 'three', port: 3 });
    stage.tell({ type: 'originFailed', ref: stage.ref, why: 'connectTimeout', wasSent: false });
    expect(stage.answered).toMatchObject({
      status: 502,
      headers: [],
      body: body('Error while proxying to origin.\n'),
    });
    expect(stage.isOver).toBe(true);
  });

  test('[WOH-DIRECT-6] that breaks off fails', () => {
    const stage = new WsStage({ route: '* one:1 two:2' });
    stage.tell({ type: 'originFailed', ref: stage.ref, why: 'broken', wasSent: true });
    expect(stage.answered?.status).toBe(502);
  });

  test('is given up with its client', () => {
    const stage = new WsStage({ route: DIRECT });
    stage.leave();
    expect(stage.takeSaid()).toEqual(['connectWs', 'abandon']);
    expect(stage.isOver).toBe(true);
  });
});

describe('an open connection', () => {
  test('[WOH-DIRECT-2] [WOH-DIRECT-3] passes everything on in both directions', () => {
    const stage = opened();
    stage.say('a');
    stage.say('b', true);
    stage.ping('c');
    stage.pong('d');
    expect(stage.takeSaid()).toEqual(['text a', 'binary b', 'ping c', 'pong d']);
    stage.originSays('a');
    stage.originSays('b', 'binary');
    stage.originSays('c', 'ping');
    stage.originSays('d', 'pong');
    expect(stage.take()).toEqual(['text a', 'binary b', 'ping c', 'pong d']);
  });

  test('[WOH-DIRECT-2] takes messages of any length', () => {
    const stage = opened();
    stage.say('x'.repeat(5_000_000));
    expect(stage.takeSaid()[0]).toHaveLength(5_000_005);
    stage.originSays('x'.repeat(5_000_000));
    expect(stage.take()[0]).toHaveLength(5_000_005);
    expect(stage.failures).toEqual([]);
  });

  test('holds the client while what it said piles up', () => {
    const stage = opened();
    stage.tell({ type: 'originPressed', ref: stage.ref, isPressed: true });
    expect(stage.isHeld).toBe(true);
    stage.tell({ type: 'originPressed', ref: stage.ref, isPressed: false });
    expect(stage.isHeld).toBe(false);
  });

  test('holds the origin while 200,000 bytes wait for the client', () => {
    const stage = opened();
    stage.isStalled = true;
    stage.originSays('x'.repeat(199_967));
    expect(stage.takeSaid()).toEqual([]);
    stage.originSays('y');
    expect(stage.takeSaid()).toEqual(['hold']);
    // What is on its way already waits in its order.
    stage.originSays('z');
    expect(stage.take().map((frame) => frame.slice(-1))).toEqual(['x', 'y']);
    stage.resume();
    expect(stage.take()).toEqual(['text z']);
    expect(stage.takeSaid()).toEqual(['let go']);
  });

  test('[WOH-DIRECT-7] obeys the origin like one over HTTP', () => {
    const stage = opened({}, GRIP);
    stage.originSays('c:{"type":"subscribe","channel":"a"}');
    stage.originSays('m:for the client');
    stage.originSays('for nobody');
    stage.publish('a', { text: 'published' });
    expect(stage.take()).toEqual(['text for the client', 'text published']);
    stage.leave();
    expect(stage.kept.map(({ type }) => type)).toEqual(['follow', 'unfollow']);
  });

  test('a refresh means nothing', () => {
    const stage = opened();
    stage.tell({ type: 'refresh' });
    expect(stage.takeSaid()).toEqual([]);
  });
});

describe('the two closes', () => {
  test('[WOH-DIRECT-8] of a client that closes first', () => {
    const stage = opened();
    stage.close(4_001, 'bye');
    expect(stage.takeSaid()).toEqual(['close 4001 bye']);
    stage.say('late');
    expect(stage.takeSaid()).toEqual([]);
    stage.originSays('last');
    stage.originCloses(4_002, 'well');
    expect(stage.take()).toEqual(['text last', 'close 4002 well']);
    expect(stage.isOver).toBe(true);
  });

  test('[WOH-DIRECT-8] of an origin that closes first', () => {
    const stage = opened();
    stage.isSlowToClose = true;
    stage.originCloses(4_001, 'bye');
    expect(stage.take()).toEqual(['close 4001 bye']);
    expect(stage.takeSaid()).toEqual([]);
    stage.leave(4_001);
    expect(stage.takeSaid()).toEqual(['close 4001']);
    expect(stage.isOver).toBe(true);
  });

  test('of a client that closes first and does not wait', () => {
    const stage = opened();
    stage.isSlowToClose = true;
    stage.close(4_001);
    stage.originCloses(4_001);
    stage.takeSaid();
    stage.leave();
    expect(stage.takeSaid()).toEqual([]);
    expect(stage.isOver).toBe(true);
  });

  test('[WOH-DIRECT-8] without codes', () => {
    const stage = opened();
    stage.close(1_005);
    expect(stage.takeSaid()).toEqual(['close 1005']);
    stage.originCloses(1_005);
    expect(stage.take()).toEqual(['close 1000']);
  });

  test('[WOH-DIRECT-9] of an origin that vanishes', () => {
    const stage = opened();
    stage.originSays('a');
    stage.originCloses(1_006);
    expect(stage.take()).toEqual(['text a', 'cut']);
    expect(stage.takeSaid()).toEqual([]);
    expect(stage.isOver).toBe(true);
  });

  test('[WOH-DIRECT-9] of a client that vanishes', () => {
    const stage = opened();
    stage.leave();
    expect(stage.takeSaid()).toEqual(['close 1006']);
    expect(stage.isOver).toBe(true);
  });
});

describe('the target `test`', () => {
  const testing = (path: string, search = '', prefix = '') =>
    new WsStage({
      route: `*${prefix === '' ? '' : `,path_beg=${prefix}`} test`,
      request: { path, search },
    });

  test('says back what it hears, and follows the channel `test`', () => {
    const stage = testing('/ws');
    expect(stage.upgraded).toEqual([]);
    expect(stage.kept).toMatchObject([{ type: 'follow', channel: 'test', mode: 'ws' }]);
    stage.say('hello');
    stage.say('c:{"type":"subscribe","channel":"b"}');
    stage.say('x', true);
    stage.publish('test', { text: 'news' });
    expect(stage.take()).toEqual([
      'text hello',
      'text c:{"type":"subscribe","channel":"b"}',
      'binary x',
      'text news',
    ]);
    expect(stage.kept).toHaveLength(1);
    stage.close(1_000);
    expect(stage.take()).toEqual(['close 1000']);
    expect(stage.isOver).toBe(true);
  });

  test('follows the channels that are asked for', () => {
    const stage = testing('/deep/ws/', '?channel=a&channel=b', '/deep');
    expect(stage.kept).toMatchObject([{ channel: 'a' }, { channel: 'b' }]);
    expect(testing('/deep/ws', '', '/deep/').upgraded).toBeDefined();
  });

  test('knows no other resource', () => {
    const stage = testing('/other');
    expect(stage.answered).toMatchObject({
      status: 404,
      headers: [['Content-Type', 'text/plain']],
      body: body('no such test resource\n'),
    });
    expect(stage.isOver).toBe(true);
  });
});

test('events under a type of their own are WebSocket-over-HTTP’s: a direct origin that sends them refuses', () => {
  const stage = new WsStage({ route: DIRECT });
  const { ref } = stage;
  const headers = [['Content-Type', EVENTS]] as const;
  stage.tell({
    type: 'originAnswered',
    ref,
    status: 200,
    reason: 'OK',
    headers,
    requestBody: undefined,
  });
  stage.tell({ type: 'originBody', ref, body: body('OPEN\r\n'), isWhole: true, isBroken: false });
  expect(stage.answered).toMatchObject({ status: 200, body: body('OPEN\r\n') });
});
