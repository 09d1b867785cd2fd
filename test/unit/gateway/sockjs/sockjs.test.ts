import { describe, expect, test } from 'vitest';

import { placeOf } from '../../../../src/actors/gateway/sockjs/sockjs-paths.ts';
import { sockJsShard } from '../../../../src/actors/gateway/sockjs/sockjs.actor.ts';
import { closing, control, RAW } from '../ws/ws-stage.ts';
import { SockJsStage } from './sockjs-stage.ts';

const body = (answer: { readonly body: string | undefined }) => answer.body;

describe('places', () => {
  test.each<[string, string, boolean, string | undefined]>([
    ['GET', '/sock/info', false, 'info'],
    ['GET', '/sock/iframe.html', false, 'iframe'],
    ['GET', '/sock/iframe-0.3.4.html', false, 'iframe'],
    ['OPTIONS', '/sock/000/s/xhr', false, 'options'],
    ['POST', '/sock/000/s/xhr', false, 'transport'],
    ['POST', '/sock/000/s/xhr_send', false, 'transport'],
    ['GET', '/sock/000/s/jsonp', false, 'transport'],
    ['POST', '/sock/000/s/jsonp_send', false, 'transport'],
    ['GET', '/sock/000/s/websocket', true, 'framed'],
    ['GET', '/sock/websocket', true, 'raw'],
    ['GET', '/sock', false, 'unknown'],
    ['GET', '/sock/', false, 'unknown'],
    ['POST', '/sock/info', false, 'unknown'],
    ['GET', '/sock/iframexyz', false, 'unknown'],
    ['GET', '/sock/000/s/xhr', false, 'unknown'],
    ['POST', '/sock/000/s/xhr_streaming', false, 'unknown'],
    ['POST', '/sock/000//xhr', false, 'unknown'],
    ['POST', '/sock//s/xhr', false, 'unknown'],
    ['GET', '/sock/websocket', false, 'unknown'],
    ['GET', '/sock/000/s/websocket', false, 'unknown'],
    ['GET', '/other', false, undefined],
  ])('[SOCKJS-5] [SOCKJS-18] %s %s (WebSocket: %s) is %s', (method, path, isWebSocket, kind) => {
    expect(placeOf('/sock', { method, path, isWebSocket })?.kind).toBe(kind);
  });

  test('a session that polls has one home, whichever shard is asked; a WebSocket stays where it is', () => {
    const place = placeOf('/sock', { method: 'POST', path: '/sock/0/s/xhr', isWebSocket: false });
    const framed = placeOf('/sock', {
      method: 'GET',
      path: '/sock/0/s/websocket',
      isWebSocket: true,
    });
    if (place === undefined || framed === undefined) throw new Error('no places');
    expect(sockJsShard(place, 0, 4)).toBe(sockJsShard(place, 3, 4));
    expect([0, 3].map((shard) => sockJsShard(framed, shard, 4))).toEqual([0, 3]);
  });
});

describe('pages of the gateway’s own', () => {
  test('[SOCKJS-1] [SOCKJS-2] info', () => {
    const stage = new SockJsStage();
    const page = stage.ask('GET', '/sock/info', { headers: [['Origin', 'http://page.test']] });
    const { entropy, ...rest } = JSON.parse(page.body ?? '') as { readonly entropy: number };
    expect(rest).toEqual({ websocket: true, origins: ['*:*'], cookie_needed: false });
    expect(entropy).not.toBe(JSON.parse(stage.ask('GET', '/sock/info').body ?? '').entropy);
    expect(page.header('Cache-Control')).toBe('no-store, no-cache, must-revalidate, max-age=0');
    expect(page.header('Access-Control-Allow-Origin')).toBe('http://page.test');
    expect(page.header('Access-Control-Allow-Credentials')).toBe('true');
  });

  test('[SOCKJS-3] [SOCKJS-5] options, and what is not there', () => {
    const stage = new SockJsStage();
    expect(stage.ask('OPTIONS', '/sock/info').answered?.status).toBe(204);
    const missing = stage.ask('GET', '/sock/other');
    expect(missing.answered).toMatchObject({ status: 404, body: 'Not Found\n' });
    expect(missing.header('Access-Control-Allow-Origin')).toBe('*');
    expect(stage.send('["a"]').answered?.status).toBe(404);
  });

  test('[SOCKJS-4] the iframe', () => {
    const stage = new SockJsStage();
    const page = stage.ask('GET', '/sock/iframe-a.html?t=5');
    expect(page.body).toContain('<script src="http://script.test/sockjs.js">');
    expect(page.header('Content-Type')).toBe('text/html; charset=UTF-8');
    expect(page.header('Cache-Control')).toBe('public, max-age=31536000');
    const tag = page.header('ETag') ?? '';
    expect(tag).toMatch(/^"[0-9a-f]{40}"$/);
    const again = stage.ask('GET', '/sock/iframe.html', { headers: [['If-None-Match', tag]] });
    expect(again.answered).toMatchObject({ status: 304, body: '' });
  });
});

describe('a session that polls', () => {
  test('[SOCKJS-6] begins with a poll, and is a WebSocket client to the origin', () => {
    const stage = new SockJsStage('*,sockjs=/sock,sockjs_as_path=/inner 127.0.0.1:80,over_http');
    const page = stage.poll();
    expect(stage.asked[0]?.target).toBe('/inner?q=1');
    expect(stage.told).toEqual(['OPEN']);
    expect(page.answered).toBeUndefined();
    stage.answer([['OPEN']], RAW);
    expect(page.body).toBe('o\n');
    expect(new SockJsStage().poll().answered).toBeUndefined();
    const plain = new SockJsStage();
    plain.poll();
    expect(plain.asked[0]?.target).toBe('/sock?q=1');
  });

  test('[SOCKJS-7] is refused with the origin’s answer', () => {
    const stage = new SockJsStage();
    const page = stage.poll();
    stage.answer([['TEXT', 'no']], [['X-A', 'b']], 403, 'text/plain');
    expect(page.answered).toMatchObject({ status: 403, reason: 'No', body: 'TEXT 2\r\nno\r\n' });
    expect(page.header('X-A')).toBe('b');
    expect(page.header('Access-Control-Allow-Origin')).toBe('*');
    expect(stage.actors).toBe(0);
  });

  test('[SOCKJS-8] [SOCKJS-9] brings what came, in order, with one answer', () => {
    const stage = new SockJsStage().open([
      ['TEXT', 'early'],
      ['PING', 'p'],
      ['BINARY', 'b'],
    ]);
    expect(stage.poll().body).toBe('a["early","b"]\n');
    const waiting = stage.poll();
    expect(waiting.answered).toBeUndefined();
    stage.send('["say"]');
    stage.answer([
      ['TEXT', 'one "é"'],
      ['TEXT', 'two'],
    ]);
    expect(waiting.body).toBe('a["one \\"é\\""]\n');
    expect(stage.poll().body).toBe('a["two"]\n');
  });

  test('[SOCKJS-10] sends each text as a message', () => {
    const stage = new SockJsStage().open();
    const page = stage.send('["a","bé",""]');
    expect(page.answered).toMatchObject({ status: 200, body: 'ok' });
    expect(stage.told).toEqual(['TEXT a']);
    stage.answer();
    expect(stage.told).toEqual(['TEXT bé', 'TEXT ']);
  });

  test.each(['["a', '', '"x"', '[5]', '{}', 'null'])('[SOCKJS-10] %j is a mistake', (text) => {
    const stage = new SockJsStage().open();
    expect(stage.send(text).answered).toMatchObject({ status: 400, body: 'Payload expected\n' });
    expect(stage.send('["still"]').body).toBe('ok');
  });

  test('a body of more than 100,000 bytes is too large', () => {
    const stage = new SockJsStage().open();
    expect(stage.send(`["${'x'.repeat(99_996)}"]`).body).toBe('ok');
    stage.answer();
    const page = stage.send(`["${'x'.repeat(99_997)}"]`);
    expect(page.answered).toMatchObject({ status: 400, body: 'Request too large.\n' });
  });

  test.each([
    [8_192, 200, 'ok'],
    [8_193, 400, 'Request too large.\n'],
    [33_000, 400, 'Request too large.\n'],
  ])('a list of %s texts is answered %s', (size, status, said) => {
    const stage = new SockJsStage().open();
    const page = stage.send(JSON.stringify(Array.from({ length: size }, () => '')));
    expect(page.answered).toMatchObject({ status, body: said });
    expect(stage.failures).toEqual([]);
    expect(stage.told === undefined).toBe(status !== 200);
  });

  test('waits with its answers while too much waits for the origin', () => {
    const stage = new SockJsStage().open();
    const long = `["${'x'.repeat(90_000)}"]`;
    const pages = Array.from({ length: 6 }, () => stage.send(long));
    expect(pages.map(body)).toEqual(['ok', 'ok', 'ok', undefined, undefined, undefined]);
    for (let n = 0; n < 3; n += 1) stage.answer();
    expect(pages.map(body)).toEqual(['ok', 'ok', 'ok', 'ok', 'ok', 'ok']);
  });

  test('[SOCKJS-11] has one poll at a time', () => {
    const stage = new SockJsStage().open();
    const first = stage.poll();
    expect(stage.poll().body).toBe('c[2010,"Another connection still open"]\n');
    expect(first.answered).toBeUndefined();
    stage.leave(first);
    expect(stage.poll().answered).toBeUndefined();
  });

  test('[SOCKJS-12] has vanished when nobody asked for five seconds', () => {
    const stage = new SockJsStage().open([control({ type: 'subscribe', channel: 'a' })]);
    stage.pass(4_999);
    expect(stage.told).toBeUndefined();
    stage.pass(1);
    expect(stage.told).toEqual(['DISCONNECT']);
    stage.answer();
    expect(stage.actors).toBe(0);
    expect(stage.kept.map(({ type }) => type)).toEqual(['follow', 'unfollow']);
    expect(stage.send('["a"]').answered?.status).toBe(404);
  });

  test('[SOCKJS-12] that has vanished cuts who asks for it late, and its end answers who still sends', () => {
    const stage = new SockJsStage().open();
    const sending = stage.ask('POST', '/sock/000/s/xhr_send');
    stage.pass(5_000);
    expect(stage.told).toEqual(['DISCONNECT']);
    const late = stage.poll();
    expect([late.answered, late.isCut]).toEqual([undefined, true]);
    stage.answer();
    expect(stage.actors).toBe(0);
    expect(sending.answered).toMatchObject({ status: 404, body: 'Not Found\n' });
  });

  test('[SOCKJS-13] is told of its close behind what came before, for five seconds', () => {
    const stage = new SockJsStage().open();
    const poll = stage.poll();
    stage.send('["say"]');
    stage.answer([['TEXT', 'last'], closing(4_001, 'go')]);
    expect(poll.body).toBe('a["last"]\n');
    expect([stage.poll(), stage.poll()].map(body)).toEqual(['c[4001,"go"]\n', 'c[4001,"go"]\n']);
    expect(stage.told?.[0]).toMatch(/^CLOSE(?! 4001)/);
    stage.answer();
    stage.pass(5_000);
    expect(stage.actors).toBe(0);
  });

  test('[SOCKJS-20] is told that the node goes, behind what came before, and so is its origin', () => {
    const stage = new SockJsStage().open();
    const poll = stage.poll();
    stage.drain(1_000);
    expect(poll.answered).toBeUndefined();
    stage.pass(1_000);
    expect(poll.body).toBe('c[1001,"going away"]\n');
    expect(stage.poll().body).toBe('c[1001,"going away"]\n');
    stage.answer();
    stage.pass(5_000);
    expect(stage.actors).toBe(0);
    expect(stage.failures).toEqual([]);
  });

  test('[SOCKJS-20] hears what came before it hears that, and is opened first', () => {
    const stage = new SockJsStage().open();
    stage.send('["say"]');
    stage.answer([['TEXT', 'last']]);
    const opening = stage.poll('other');
    stage.drain(1_000);
    stage.pass(1_000);
    expect(stage.poll().body).toBe('a["last"]\n');
    expect(stage.poll().body).toBe('c[1001,"going away"]\n');
    expect(opening.answered).toBeUndefined();
  });

  test('[SOCKJS-13] without a code', () => {
    const stage = new SockJsStage().open();
    const poll = stage.poll();
    stage.send('["say"]');
    stage.answer([['CLOSE']]);
    expect(poll.body).toBe('c[0,"Connection closed"]\n');
  });

  test('outlives its answers as long as its origin is being told', () => {
    const stage = new SockJsStage().open();
    stage.send('["say"]');
    stage.answer([closing(4_001)]);
    stage.pass(6_000);
    expect(stage.told?.[0]).toMatch(/^CLOSE/);
    stage.answer();
    expect(stage.actors).toBe(0);
  });

  test('[SOCKJS-14] hears a heartbeat after 25 seconds', () => {
    const stage = new SockJsStage().open();
    const poll = stage.poll();
    stage.pass(24_999);
    expect(poll.answered).toBeUndefined();
    stage.pass(1);
    expect(poll.body).toBe('h\n');
  });

  test('[SOCKJS-15] [SOCKJS-16] of scripts and forms', () => {
    const stage = new SockJsStage();
    const path = '/sock/000/j/jsonp?c=call';
    const first = stage.ask('GET', path);
    stage.answer([['OPEN']], RAW);
    expect(first.body).toBe('/**/call("o");\n');
    expect(first.header('Content-Type')).toBe('application/javascript');
    const poll = stage.ask('GET', path);
    const form = [['Content-Type', 'application/x-www-form-urlencoded; charset=utf-8']] as const;
    const send = (data: string) =>
      stage.ask('POST', '/sock/000/j/jsonp_send', { headers: form, body: data });
    expect(send(`d=${encodeURIComponent('["x+é"]')}`).body).toBe('ok');
    expect(stage.told).toEqual(['TEXT x+é']);
    stage.answer([['TEXT', 'a"b']]);
    expect(poll.body).toBe('/**/call("a[\\"a\\\\\\"b\\"]");\n');
    expect(send('d=').answered?.status).toBe(400);
    const plain = (data: string) =>
      stage.ask('POST', '/sock/000/j/jsonp_send', {
        headers: [['Content-Type', 'text/plain']],
        body: data,
      });
    expect(plain('d=%5B%22y%22%5D').body).toBe('ok');
    expect(plain('["d=z"]').body).toBe('ok');
    expect(plain('x=["z"]').answered?.status).toBe(400);
    for (const bad of ['', '?c=', '?c=alert(1)', '?c=a%0a'])
      expect(stage.ask('GET', `/sock/000/k/jsonp${bad}`).answered).toMatchObject({
        status: 400,
        body: 'Bad Request\n',
      });
  });

  test('[SOCKJS-19] hears publications, with filters and without, keep-alives and closes', () => {
    const stage = new SockJsStage().open([
      control({ type: 'set-meta', name: 'n', value: '1' }),
      control({ type: 'subscribe', channel: 'a' }),
      control({ type: 'subscribe', channel: 'b', filters: ['var-subst'] }),
      control({ type: 'keep-alive', content: 'alive', timeout: 3 }),
    ]);
    const poll = stage.poll();
    stage.publish('a', 'plain');
    expect(poll.body).toBe('a["plain"]\n');
    stage.publish('b', 'n=%(n)s');
    expect(stage.poll().body).toBe('a["n=1"]\n');
    const quiet = stage.poll();
    stage.pass(3_000);
    expect(quiet.body).toBe('a["alive"]\n');
    stage.publish('a', 'close');
    expect(stage.poll().body).toBe('c[0,"Connection closed"]\n');
    expect(stage.told).toEqual(['CLOSE']);
    expect(stage.failures).toEqual([]);
  });

  test('[SOCKJS-8] [SOCKJS-10] takes its pages for what they are, though two shards gave them one number', () => {
    const stage = new SockJsStage().open();
    const path = '/sock/000/s/xhr_send';
    const poll = stage.ask('POST', '/sock/000/s/xhr', { from: { shard: 0, connection: 77 } });
    const one = stage.ask('POST', path, { from: { shard: 0, connection: 78 } });
    const other = stage.ask('POST', path, { from: { shard: 1, connection: 78 } });
    stage.read(other, 'wrong');
    expect([one.answered, other.answered?.status]).toEqual([undefined, 400]);
    stage.read(one, '["a"]');
    expect(one.answered?.status).toBe(200);
    stage.leave(stage.ask('POST', path, { from: { shard: 1, connection: 77 } }));
    stage.answer([['TEXT', 'b']]);
    expect(poll.body).toBe('a["b"]\n');
    expect(stage.failures).toEqual([]);
  });

  test('[SOCKJS-8] tells nothing to whoever has the number of a page that a dead shard took along', () => {
    const stage = new SockJsStage().open();
    const from = { shard: 1, connection: 77 };
    stage.ask('POST', '/sock/000/s/xhr', { from });
    const sending = stage.ask('POST', '/sock/000/s/xhr_send', {
      from: { shard: 1, connection: 78 },
    });
    stage.lose(1);
    const stranger = stage.ask('POST', '/sock/000/other/xhr', { from });
    stage.send('["x"]');
    expect(stage.asked).toHaveLength(2);
    stage.asked.reverse();
    stage.answer([['TEXT', 'secret']]);
    stage.read(sending, '["x"]');
    expect([stranger.answered, sending.answered]).toEqual([undefined, undefined]);
    expect(stage.poll().body).toBe('a["secret"]\n');
    stage.lose(1);
    stage.pass(5_000);
    expect(stage.failures).toEqual([]);
  });

  test('[SOCKJS-10] forgets a page that leaves before it has said what it sends', () => {
    const stage = new SockJsStage().open();
    const left = stage.ask('POST', '/sock/000/s/xhr_send');
    stage.leave(left);
    // Nobody would say so of a page that is gone: what is still told of it is told of nobody.
    stage.read(left, '["a"]');
    expect([left.answered, stage.told]).toEqual([undefined, undefined]);
  });

  test('[GRIP-CMD-3] [GRIP-CMD-5] is a connection as any, and its origin is asked for a refresh', () => {
    const stage = new SockJsStage().open();
    expect(stage.check('id-1', 'id-2')).toEqual(['x', 'id-1']);
    stage.refresh('id-2');
    expect(stage.told).toBeUndefined();
    stage.refresh('id-1');
    expect(stage.told).toEqual([]);
  });

  test('is refused where too many are here', () => {
    const stage = new SockJsStage(undefined, { connectionsMax: 1 }).open();
    expect(stage.poll('other').answered).toMatchObject({
      status: 503,
      body: 'Too many connections.\n',
    });
    expect(stage.poll().answered).toBeUndefined();
  });

  test('[SOCKJS-13] is told nothing behind its close', () => {
    const stage = new SockJsStage().open([
      control({ type: 'keep-alive', content: 'alive', timeout: 1, mode: 'interval' }),
    ]);
    const poll = stage.poll();
    stage.publish('a', 'x');
    stage.send('["x"]');
    stage.answer([closing(4_001, 'go')]);
    expect(poll.body).toBe('c[4001,"go"]\n');
    stage.pass(3_000);
    expect(stage.poll().body).toBe('c[4001,"go"]\n');
  });

  test('that fetches nothing of much is ended', () => {
    const stage = new SockJsStage().open([control({ type: 'subscribe', channel: 'a' })]);
    for (let n = 0; n < 20; n += 1) stage.publish('a', 'x'.repeat(100_000));
    expect(stage.told).toEqual(['DISCONNECT']);
    stage.answer();
    expect(stage.actors).toBe(0);
  });
});

describe('a WebSocket that carries frames', () => {
  const opened = () => {
    const stage = new SockJsStage();
    stage.ask('GET', '/sock/000/s/websocket', { isWebSocket: true });
    expect(stage.asked[0]?.target).toBe('/sock/websocket');
    stage.answer([['OPEN'], ['TEXT', 'hi'], control({ type: 'subscribe', channel: 'a' })], RAW);
    expect(stage.seen.splice(0)).toEqual(['o', 'a["hi"]']);
    return stage;
  };

  test('[SOCKJS-17] [SOCKJS-19] talks in frames both ways', () => {
    const stage = opened();
    stage.frame('["one","two"]');
    expect(stage.told).toEqual(['TEXT one']);
    stage.answer([['BINARY', 'b']]);
    expect(stage.told).toEqual(['TEXT two']);
    stage.publish('a', 'news');
    stage.answer([closing(4_001, 'go')]);
    expect(stage.seen).toEqual(['a["b"]', 'a["news"]', 'close 4001 go']);
    stage.answer();
    expect(stage.actors).toBe(0);
  });

  test('[SOCKJS-17] a list of too many texts cuts it', () => {
    const stage = opened();
    stage.frame(JSON.stringify(Array.from({ length: 33_000 }, () => '')));
    expect(stage.seen).toEqual(['cut']);
    expect(stage.failures).toEqual([]);
  });

  test.each(['', 'x', '"x"', '[5]', '{}'])('[SOCKJS-17] %j cuts it', (text) => {
    const stage = opened();
    stage.frame(text);
    expect(stage.seen).toEqual(['cut']);
    expect(stage.told).toEqual(['DISCONNECT']);
  });

  test('that does not read is cut before too much waits for it', () => {
    const stage = opened();
    stage.isStalled = true;
    for (let n = 0; n < 30; n += 1) stage.publish('a', 'x'.repeat(100_000));
    expect(stage.seen.at(-1)).toBe('cut');
    expect(stage.seen.length).toBeLessThan(20);
    expect(stage.told).toEqual(['DISCONNECT']);
  });

  test('that reads is told as much as it likes', () => {
    const stage = opened();
    for (let n = 0; n < 30; n += 1) stage.publish('a', 'x'.repeat(100_000));
    expect(stage.seen).toHaveLength(30);
  });

  test('is refused with the origin’s answer', () => {
    const stage = new SockJsStage();
    const page = stage.ask('GET', '/sock/000/s/websocket', { isWebSocket: true });
    stage.answer([], [], 403);
    expect(page.answered?.status).toBe(403);
    expect(stage.actors).toBe(0);
  });
});
