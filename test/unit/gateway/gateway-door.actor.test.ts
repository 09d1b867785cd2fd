// The gateway's door: which route a request takes, who is let in, and who is known here.

import { describe, expect, test } from 'vitest';

import { firstHeader, type HeaderList } from '../../../src/actors/codecs/grip/header-list.ts';
import type { ConnectionsChecked, DoorOrder } from '../../../src/actors/gateway/door-messages.ts';
import type { GatewayDoorMessage } from '../../../src/actors/gateway/gateway-door.actor.ts';
import type { GatewayOptions } from '../../../src/actors/gateway/gateway-options.ts';
import { actorsOf } from '../../../src/actors/node.ts';
import { homeOf } from '../../../src/actors/routing/topic.ts';
import { addressOf } from '../../../src/actors/runtime/actor.ts';
import { type AskedOfGateway, GatewayStage } from '../../support/gateway-stage.ts';

const door = actorsOf(0).gateway;

/** Which origin is asked; undefined when none is. */
function originOf(routes: string, asked: AskedOfGateway, options: Partial<GatewayOptions> = {}) {
  const stage = new GatewayStage({ routes, options, origin: () => ({}) });
  stage.request(asked);
  expect(stage.wrongs).toEqual([]);
  return stage.questions[0]?.asked.origin.host;
}

describe('a route', () => {
  test.each<[string, AskedOfGateway, string | undefined]>([
    ['* one:80', { host: 'anything:8080' }, 'one'],
    ['a.example one:80\n* two:80', { host: 'A.Example:80' }, 'one'],
    ['a.example one:80\n* two:80', { host: 'a.example:' }, 'one'],
    ['a.example,path_beg=/x one:80\n* two:80', { host: 'a.example' }, undefined],
    ['* one:80\n*,path_beg=/x two:80', { path: '/xy' }, 'two'],
    ['* one:80\n*,ssl=yes two:80', { isSecure: true }, 'two'],
    ['*,proto=ws one:80', {}, undefined],
  ])('%j is taken by %j: %s', (routes, asked, host) => {
    expect(originOf(routes, asked)).toBe(host);
  });

  const pushpin = (id: string): HeaderList => [
    ['Host', 'example.com'],
    ['Pushpin-Route', id],
  ];

  test.each<[string, AskedOfGateway, string | undefined]>([
    ['* one:80\nid=b two:80', { headers: pushpin('b') }, 'two'],
    ['* one:80\nid=b,path_beg=/x two:80', { headers: pushpin('b') }, 'two'],
    ['* one:80', { headers: pushpin('nobody') }, undefined],
    ['* one:80', {}, 'one'],
  ])('may be named by a client that is believed: %j by %j is %s', (routes, asked, host) => {
    expect(originOf(routes, asked, { acceptPushpinRoute: true })).toBe(host);
  });

  test('is not named by a client that is not believed', () => {
    expect(originOf('* one:80\nid=b two:80', { headers: pushpin('b') })).toBe('one');
  });

  test.each([
    ['X-Forwarded-Proto', 'https', 'two'],
    ['X-Forwarded-Protocol', 'wss', 'two'],
    ['X-Forwarded-Proto', 'http', 'one'],
  ])('is chosen by %s: %s where that is believed', (name, value, host) => {
    const routes = '*,ssl=no one:80\n*,ssl=yes two:80';
    const headers: HeaderList = [[name, value]];
    expect(originOf(routes, { headers }, { acceptForwardedProtocol: true })).toBe(host);
    expect(originOf(routes, { headers })).toBe('one');
  });

  test('to a SockJS session on another shard ends with that shard', () => {
    const name = ['s', 't', 'u'].find((session) => homeOf(session, 2) === 1) ?? '';
    const stage = new GatewayStage({ routes: '*,sockjs=/sock one:80,over_http' });
    const asked = { method: 'POST', path: `/sock/000/${name}/xhr` };
    const page = stage.request(asked);
    expect(stage.open.shard).toBe(1);
    stage.crash(1);
    expect(page.closed).toBe('cut');
    const after = stage.request(asked);
    expect(after.closed).toBeUndefined();
    expect(stage.open.shard).toBe(1);
  });

  test('that changes counts for those who come, not for those who are here', () => {
    const stage = new GatewayStage({
      routes: '* one:80',
      origin: () => ({
        headers: [
          ['Grip-Hold', 'response'],
          ['Grip-Channel', 'a'],
        ],
      }),
    });
    stage.request();
    stage.tell(door, { type: 'routesChanged', text: '* two:80' });
    stage.publish({ channel: 'a', formats: { 'http-response': { action: 'hint' } } });
    stage.request();
    expect(stage.questions.map(({ asked: { origin } }) => origin.host)).toEqual([
      'one',
      'one',
      'two',
    ]);
  });

  test('that changes counts for a head that comes again, too', () => {
    const stage = new GatewayStage({ routes: '*,as_host=first one:80', origin: () => ({}) });
    const again = { headers: [['Host', 'example.com']] as HeaderList, isRepeated: true };
    stage.request(again);
    stage.request(again);
    stage.tell(door, { type: 'routesChanged', text: '*,as_host=second one:80' });
    stage.request(again);
    stage.request({ ...again, isSecure: true });
    const hosts = stage.questions.map(({ asked: { headers } }) => firstHeader(headers, 'host'));
    expect(hosts).toEqual(['first', 'first', 'second', 'second']);
    const [first, second, , secure] = stage.questions.map(({ asked }) => asked.headers);
    expect(second).toBe(first);
    expect(firstHeader(secure ?? [], 'x-forwarded-proto')).toBe('https');
  });

  test('that cannot be read is told of by one shard, and the others count', () => {
    const stage = new GatewayStage({ routes: 'broken\n* one:80' });
    expect(stage.logs.map(({ event }) => event)).toEqual([
      'gateway.routeSkipped',
      'gateway.routesLoaded',
    ]);
    expect(stage.logs[0]?.fields).toMatchObject({ line: 1 });
    expect(stage.logs[1]?.fields).toEqual({ routes: 1 });
  });
});

describe('who finds no way in', () => {
  test.each([
    [false, [['Content-Type', 'text/plain']]],
    [true, []],
  ])('is told so (WebSocket: %s)', (isWebSocket, headers) => {
    const stage = new GatewayStage({ routes: 'other.example one:80' });
    const client = stage.request({ isWebSocket, host: 'a.example:81' });
    expect(client.answered).toEqual({
      status: 502,
      reason: 'Bad Gateway',
      headers,
      body: 'No route for host: a.example\n',
    });
    expect(stage.living).toBe(0);
    expect(stage.logs.at(-1)).toMatchObject({ event: 'gateway.noRoute' });
  });

  test('[GRIP-CORS-5] in words that a page of another site may read', () => {
    const options = { isCrossOrigin: true };
    const stage = new GatewayStage({ routes: 'other.example one:80', options });
    const page = stage.request({ host: 'a.example', headers: [['Origin', 'http://b.example']] });
    expect(page.answered?.headers).toContainEqual([
      'Access-Control-Allow-Origin',
      'http://b.example',
    ]);
    const script = stage.request({ host: 'a.example', search: '?callback=call' });
    expect(script.answered).toMatchObject({
      status: 200,
      body: expect.stringMatching(/^\/\*\*\/call\(\{"code": 502, .*No route for host: a\.example/),
    });
  });

  test('because too many are here is told so', () => {
    const stage = new GatewayStage({ options: { connectionsMax: 2 } });
    const [first] = [stage.request(), stage.request()];
    expect(stage.request().answered?.status).toBe(503);
    first?.leave();
    expect(stage.request().answered).toBeUndefined();
    expect(stage.counted('gateway.requests.refused.full')).toBe(1);
  });
});

describe('a connection', () => {
  test('[GRIP-CMD-3] is known by the id that operators are told, until it ends', () => {
    const stage = new GatewayStage();
    stage.request({ isWebSocket: true });
    const request = stage.request();
    const replyTo = addressOf<ConnectionsChecked>(0, 'probe/control');
    const heard: ConnectionsChecked[] = [];
    stage.shards[0]?.system.bind(replyTo, (checked: ConnectionsChecked) => heard.push(checked));
    const check = (ids: readonly string[], areWebSockets = false): readonly string[] => {
      const ask: DoorOrder = { type: 'checkConnections', ref: 7, ids, areWebSockets, replyTo };
      stage.tell<GatewayDoorMessage>(door, ask);
      const answer = heard.pop() ?? expect.fail('no answer');
      expect(answer).toMatchObject({ ref: 7, shard: 0 });
      return answer.found;
    };
    const [socket, held] = stage.notices.flatMap((notice) =>
      notice.type === 'clientConnected' ? [notice.id] : [],
    );
    if (socket === undefined || held === undefined) expect.fail('two were told of');
    expect(check([held, socket, 'nobody', '1:2', '0:'])).toEqual([held, socket]);
    // [GRIP-CMD-5] Nobody could be refreshed but a WebSocket.
    expect(check([held, socket], true)).toEqual([socket]);
    request.leave();
    expect(check([held, socket])).toEqual([socket]);
    expect(stage.living).toBe(1);
    stage.tell<GatewayDoorMessage>(door, { type: 'refresh', cid: 'nobody' });
    expect(stage.wrongs).toEqual([]);
  });
});

test('a client whose signature is being looked at is let in when that is known', () => {
  const stage = new GatewayStage({ options: { upstreamKey: 'k' } });
  stage.request({ headers: [['Grip-Sig', 'signed k']] });
  stage.request({ headers: [['Grip-Sig', 'nonsense']] });
  const features = stage.questions.map((question) => question.header('Grip-Feature').length);
  expect(features).toEqual([0, 1]);
  // An answer to what was never asked.
  stage.tell(door, { type: 'signatureVerified', ref: 99, isValid: true });
  expect(stage.wrongs).toEqual([]);
});
