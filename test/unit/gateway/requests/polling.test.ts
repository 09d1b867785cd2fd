// Long-polls, from the origin's instruct to the answer: on a stage where what is published really travels.

import { describe, expect, test } from 'vitest';

import type { HeaderList } from '../../../../src/actors/codecs/grip/header-list.ts';
import type { GatewayOptions } from '../../../../src/actors/gateway/gateway-options.ts';
import { topicOfChannel } from '../../../../src/actors/gateway/channel-messages.ts';
import { actorsOf } from '../../../../src/actors/node.ts';
import { homeOf } from '../../../../src/actors/routing/topic.ts';
import { type AskedOfGateway, GatewayStage } from '../../../support/gateway-stage.ts';
import type { OriginScript, Reply } from '../../../support/staged-origin.ts';

const hold = (channel = 'a', ...more: HeaderList): HeaderList => [
  ['Grip-Hold', 'response'],
  ['Grip-Channel', channel],
  ...more,
];
const reply = (headers: HeaderList, body = 'stored\n'): Reply => ({ headers, body });
const item = (channel: string, body: string, more: object = {}) => ({
  channel,
  formats: { 'http-response': { body } },
  ...more,
});

interface Setting {
  readonly routes?: string;
  readonly options?: Partial<GatewayOptions>;
  readonly request?: AskedOfGateway;
}

/** A client whose origin says the replies one after the other, and then the last again. */
function polled(replies: readonly Reply[], { routes, options, request }: Setting = {}) {
  let at = 0;
  const origin: OriginScript = () => replies[Math.min(at++, replies.length - 1)];
  const stage = new GatewayStage({
    origin,
    // The look after the first subscription is a test of its own.
    options: { updateOnFirstSubscription: false, ...options },
    ...(routes === undefined ? {} : { routes }),
  });
  const client = stage.request(request);
  return { stage, client };
}

/** Nothing of it is left. */
function expectOver(stage: GatewayStage): void {
  stage.pass(120_000);
  expect(stage.wrongs).toEqual([]);
  expect(stage.living).toBe(0);
  expect([...stage.opened]).toEqual([]);
  expect(stage.subscribed()).toEqual({});
  expect(stage.followed).toEqual({});
  expect(stage.questions.filter(({ hasEnded }) => !hasEnded)).toEqual([]);
}

describe('a held request', () => {
  test('[GRIP-PUB-11] is answered without the encoding of what its origin prepared', () => {
    const replies = [reply(hold('a', ['Content-Encoding', 'gzip'], ['X-A', '1']), 'zipped')];
    const published = polled(replies);
    published.stage.publish(item('a', 'plain'));
    expect(published.client.answered?.headers).toEqual([['X-A', '1']]);
    const encoded = polled(replies);
    const format = { body: 'br', headers: { 'Content-Encoding': 'br' } };
    encoded.stage.publish({ channel: 'a', formats: { 'http-response': format } });
    expect(encoded.client.header('Content-Encoding')).toBe('br');
    const late = polled(replies);
    late.stage.pass(60_000);
    expect(late.client.header('Content-Encoding')).toBe('gzip');
  });

  test('[GRIP-HOLD-3] hears nothing until its time is up, and then what its origin prepared', () => {
    const { stage, client } = polled([
      reply(hold('a', ['Grip-Timeout', '7'], ['Grip-Status', '404 Nope'], ['X-A', '1'])),
    ]);
    stage.pass(6_999);
    expect(client.answered).toBeUndefined();
    stage.pass(1);
    expect(client.answered).toEqual({
      status: 404,
      reason: 'Nope',
      headers: [['X-A', '1']],
      body: 'stored\n',
    });
    expectOver(stage);
  });

  test.each([
    ['none', 55_000],
    ['1', 5_000],
    ['6', 6_000],
  ])('waits, with a timeout of %s, %i ms', (timeout, ms) => {
    const more: HeaderList = timeout === 'none' ? [] : [['Grip-Timeout', timeout]];
    const { stage, client } = polled([reply(hold('a', ...more))]);
    stage.pass(ms - 1);
    expect(client.answered).toBeUndefined();
    stage.pass(1);
    expect(client.answered?.body).toBe('stored\n');
  });

  test('[GRIP-HOLD-1] is ended by the first item of any of its channels', () => {
    const { stage, client } = polled([
      reply(hold('a, b', ['X-A', '1'], ['Content-Type', 'text/a'], ['Content-Length', '7'])),
    ]);
    stage.publish({
      channel: 'b',
      formats: {
        'http-response': {
          code: '201',
          reason: 'Yes',
          headers: [
            ['content-type', 'text/b'],
            ['X-B', '1'],
            ['X-B', '2'],
            ['Grip-Foo', 'x'],
          ],
          body: 'hi',
        },
      },
    });
    expect(client.answered).toEqual({
      status: 201,
      reason: 'Yes',
      headers: [
        ['X-A', '1'],
        ['content-type', 'text/b'],
        ['X-B', '1'],
        ['X-B', '2'],
      ],
      body: 'hi',
    });
    stage.publish(item('a', 'late'));
    expectOver(stage);
  });

  test('may be ended by nothing at all', () => {
    const { stage, client } = polled([reply(hold())]);
    stage.publish(item('a', ''));
    expect(client.answered).toMatchObject({ status: 200, reason: 'OK', body: '' });
    expectOver(stage);
  });

  test('[GRIP-INSTR-3] hides what a published Grip-Expose-Headers names', () => {
    const { stage, client } = polled([reply(hold('a', ['X-A', '1'], ['X-B', '2']))]);
    const headers = { 'Grip-Expose-Headers': 'x-a' };
    stage.publish({ channel: 'a', formats: { 'http-response': { body: 'x', headers } } });
    expect(client.answered?.headers).toEqual([['X-B', '2']]);
  });

  test('is not ended by what is not for it', () => {
    const { stage, client } = polled([reply(hold())]);
    stage.publish(
      {
        channel: 'a',
        formats: { 'http-stream': { content: 'x' }, 'ws-message': { content: 'y' } },
      },
      { channel: 'a', formats: { 'http-response': { action: 'close' } } },
      { channel: 'a', formats: { 'http-response': { action: 'refresh' } } },
      item('b', 'x'),
    );
    expect(client.answered).toBeUndefined();
    expect(stage.questions).toHaveLength(1);
  });

  test('[GRIP-HOLD-4] waits without a channel, too', () => {
    const { stage, client } = polled([reply([['Grip-Hold', 'response']])]);
    stage.pass(55_000);
    expect(client.answered?.body).toBe('stored\n');
    expectOver(stage);
  });

  test('[GRIP-JSON-1] of the JSON form holds as well', () => {
    const body = JSON.stringify({
      hold: { channels: [{ name: 'a' }], timeout: 9 },
      response: { code: 404, headers: { 'X-A': '1' }, body: 'later' },
    });
    const { stage, client } = polled([
      reply([['Content-Type', 'application/grip-instruct']], body),
    ]);
    stage.pass(9_000);
    expect(client.answered).toEqual({
      status: 404,
      reason: 'Not Found',
      headers: [['X-A', '1']],
      body: 'later',
    });
  });

  test('[GRIP-HOLD-7] [DIFF-8] of a HEAD is held, and its answer has no body but the edge’s to leave out', () => {
    const { stage, client } = polled([reply(hold())], { request: { method: 'HEAD' } });
    stage.publish(item('a', 'x'));
    expect(client.answered?.status).toBe(200);
    expectOver(stage);
  });

  test('[GRIP-INSTR-8] [GRIP-LIMIT-1] follows no more channels than it may, and each once', () => {
    const names = Array.from({ length: 25 }, (_, at) => `c${at}, c${at}`).join(', ');
    const { stage } = polled([reply(hold(names))]);
    expect(Object.keys(stage.followed)).toHaveLength(20);
    expect(Object.values(stage.subscribed())).toEqual(Array.from({ length: 20 }, () => 1));
  });

  test('[GRIP-HOLD-2] [GRIP-STREAM-7] of a route with a prefix follows prefixed channels, but not those of the target', () => {
    const { stage, client } = polled([reply(hold())], { routes: '*,prefix=x- origin:80,sub=s' });
    expect(stage.followed).toEqual({ 'x-a response': 1, 's response': 1 });
    stage.publish(item('a', 'no'));
    expect(client.answered).toBeUndefined();
    stage.publish(item('x-a', 'yes'));
    expect(client.answered?.body).toBe('yes');
    expectOver(stage);
  });

  test('that finds no room for its channels is told so', () => {
    const stage = new GatewayStage({
      shards: 1,
      home: { topicsMax: 1 },
      origin: () => reply(hold('a, b')),
    });
    const client = stage.request();
    expect(client.answered?.status).toBe(502);
    expectOver(stage);
  });

  test('[GRIP-HOLD-8] lets go of everything when its client goes', () => {
    const { stage, client } = polled([reply(hold())]);
    client.leave();
    expect(client.answered).toBeUndefined();
    expectOver(stage);
  });
});

test('[GRIP-PUB-10] a published status that no answer has is told as an error', () => {
  const { stage, client } = polled([reply(hold())], { routes: '*,debug o:80' });
  stage.publish({ channel: 'a', formats: { 'http-response': { code: 99, body: 'x' } } });
  expect(client.answered).toMatchObject({ status: 502, body: 'no answer has the status 99\n' });
  expectOver(stage);
});

describe('a body patch', () => {
  const patched = (stored: string, ops: readonly object[], routes?: string) => {
    const setting = routes === undefined ? {} : { routes };
    const { stage, client } = polled([reply(hold(), stored)], setting);
    stage.publish({ channel: 'a', formats: { 'http-response': { 'body-patch': ops } } });
    expectOver(stage);
    return client.answered;
  };
  const replace = { op: 'replace', path: '/b', value: 5 };

  test('[GRIP-PATCH-1] changes what the origin prepared', () => {
    expect(patched('{"b":1,"a":2}\n', [replace])).toMatchObject({
      status: 200,
      body: '{"a":2,"b":5}\n',
    });
  });

  test.each([
    ['no json', [replace]],
    ['{}', [{ op: 'remove', path: '/x' }]],
  ])('[GRIP-PATCH-3] that does not fit %s is an error', (stored, ops) => {
    expect(patched(stored, ops)?.status).toBe(502);
    expect(patched(stored, ops, '*,debug o:80')?.body).toBe('failed to apply body-patch\n');
  });
});

describe('a poll is asked again', () => {
  const request: AskedOfGateway = { method: 'POST', body: 'abc', path: '/p', search: '?q' };

  test('[GRIP-PUB-13] at a hint, as the client asked, and the client sees nothing of it', () => {
    const { stage, client } = polled([reply(hold('a; prev-id=1')), reply(hold())], { request });
    stage.publish({
      channel: 'a',
      id: '2',
      'prev-id': '1',
      formats: { 'http-response': { action: 'hint' } },
    });
    expect(stage.questions).toHaveLength(2);
    const [, again] = stage.questions;
    expect([again?.method, again?.target, again?.body]).toEqual(['POST', '/p?q', 'abc']);
    // A hint counts as had: the origin is asked for what comes after it.
    expect(again?.header('Grip-Last')).toEqual(['a; last-id=2']);
    expect(client.answered).toBeUndefined();
    stage.publish(item('a', 'x'));
    expect(client.answered?.body).toBe('x');
    expectOver(stage);
  });

  test('[GRIP-SEQ-3] when it missed something, and may get a whole answer', () => {
    const { stage, client } = polled([reply(hold('a; prev-id=1')), { body: 'all' }], { request });
    stage.publish(item('a', 'x', { id: '3', 'prev-id': '2' }));
    expect(stage.questions[1]?.header('Grip-Last')).toEqual(['a; last-id=1']);
    expect(client.answered?.body).toBe('all');
    expect(stage.counted('gateway.holds.conflicts')).toBe(1);
    expectOver(stage);
  });

  test('[GRIP-SEQ-2] also when an item does not say what it follows', () => {
    const { stage } = polled([reply(hold('a; prev-id=1'))]);
    stage.publish(item('a', 'x', { id: '3' }));
    expect(stage.questions).toHaveLength(2);
  });

  test('[GRIP-SEQ-7] but not behind the empty id, which it follows', () => {
    const { stage, client } = polled([reply(hold('a; prev-id='))]);
    stage.publish({ channel: 'a', id: '1', formats: { 'http-stream': { content: 'x' } } });
    stage.publish(item('a', 'y', { id: '2', 'prev-id': '1' }));
    expect(client.answered?.body).toBe('y');
    expect(stage.questions).toHaveLength(1);
  });

  test('[GRIP-FILTER-5] and its own body is no template', () => {
    const headers = hold('a; filter=build-id', ['Grip-Set-Meta', 'id_format=x']);
    const { stage, client } = polled([reply(headers, '50% of %I')]);
    expect(client.answered).toBeUndefined();
    stage.pass(55_000);
    expect(client.answered).toMatchObject({ status: 200, body: '50% of %I' });
  });

  test('with ids that are no headers, without adding one', () => {
    const { stage } = polled([reply(hold('a; prev-id=1'))]);
    const id = 'x\r\nEvil: 1';
    stage.publish({
      channel: 'a',
      id,
      'prev-id': '1',
      formats: { 'http-response': { action: 'hint' } },
    });
    expect(stage.questions[1]?.header('Grip-Last')).toEqual(['a; last-id=x Evil: 1']);
  });

  test('[GRIP-SEQ-1] when the item that follows comes, it is had', () => {
    const { stage, client } = polled([reply(hold('a; prev-id=1'))]);
    stage.publish(item('a', 'x', { id: '2', 'prev-id': '1' }));
    expect(client.answered?.body).toBe('x');
    expect(stage.questions).toHaveLength(1);
  });

  test('not because of items without words for polls', () => {
    const { stage, client } = polled([reply(hold('a; prev-id=1'))]);
    const formats = { 'ws-message': { content: 'x' } };
    stage.publish({ channel: 'a', id: '2', 'prev-id': '1', formats });
    stage.publish(item('a', 'x', { id: '3', 'prev-id': '2' }));
    expect(client.answered?.body).toBe('x');
    expect(stage.questions).toHaveLength(1);
  });

  test('[GRIP-SEQ-4] when the channel went on before it was followed', () => {
    const replies = [reply(hold()), reply(hold('a; prev-id=1')), reply(hold('a; prev-id=2'))];
    const { stage } = polled(replies);
    stage.publish({ channel: 'a', id: '2', formats: { 'http-stream': { content: 'x' } } });
    const late = stage.request();
    expect(stage.questions).toHaveLength(2);
    stage.pass(50);
    expect(stage.questions).toHaveLength(3);
    expect(stage.questions[2]?.header('Grip-Last')).toEqual(['a; last-id=1']);
    stage.pass(1_000);
    expect(stage.questions).toHaveLength(3);
    expect(late.answered).toBeUndefined();
  });

  test('once for an origin that stays behind: its word is believed then', () => {
    const { stage } = polled([reply(hold()), reply(hold('a; prev-id=1'))]);
    stage.publish({ channel: 'a', id: '2', formats: { 'http-stream': { content: 'x' } } });
    stage.request();
    stage.pass(5_000);
    expect(stage.questions).toHaveLength(3);
  });

  test('[GRIP-HOLD-6] [DIFF-7] and loses nothing of what comes meanwhile', () => {
    const stage = new GatewayStage({ options: { updateOnFirstSubscription: false } });
    const client = stage.request();
    stage.open.answer(reply(hold()));
    stage.publish({ channel: 'a', formats: { 'http-response': { action: 'hint' } } });
    stage.publish(item('a', 'meanwhile'));
    expect(client.answered).toBeUndefined();
    stage.open.answer(reply(hold()));
    expect(client.answered?.body).toBe('meanwhile');
    expectOver(stage);
  });

  test('and does not hear twice what the origin knew of', () => {
    const stage = new GatewayStage({ options: { updateOnFirstSubscription: false } });
    const client = stage.request();
    stage.open.answer(reply(hold('a; prev-id=1')));
    stage.publish(item('a', 'x', { id: '3', 'prev-id': '2' }));
    stage.publish(item('a', 'four', { id: '4', 'prev-id': '3' }));
    stage.publish(item('a', 'five', { id: '5', 'prev-id': '4' }));
    stage.open.answer(reply(hold('a; prev-id=4')));
    expect(client.answered?.body).toBe('five');
    expectOver(stage);
  });

  test('with no more waiting than may wait', () => {
    const stage = new GatewayStage({
      options: { updateOnFirstSubscription: false, queuedItemsMax: 2 },
    });
    const client = stage.request();
    stage.open.answer(reply(hold('a; prev-id=0')));
    stage.publish({ channel: 'a', formats: { 'http-response': { action: 'hint' } } });
    for (const at of [1, 2, 3]) stage.publish(item('a', `${at}`, { id: `${at}` }));
    expect(stage.counted('gateway.items.dropped.queue')).toBe(1);
    stage.open.answer(reply(hold()));
    expect(client.answered?.body).toBe('1');
  });

  test('its time begins anew, and the old one is over', () => {
    const timed = reply(hold('a', ['Grip-Timeout', '10']));
    const stage = new GatewayStage({ options: { updateOnFirstSubscription: false } });
    const client = stage.request();
    stage.open.answer(timed);
    stage.pass(9_000);
    stage.publish({ channel: 'a', formats: { 'http-response': { action: 'hint' } } });
    stage.pass(5_000);
    expect(client.answered).toBeUndefined();
    stage.open.answer(timed);
    stage.pass(9_999);
    expect(client.answered).toBeUndefined();
    stage.pass(1);
    expect(client.answered?.body).toBe('stored\n');
  });

  test('its client may go meanwhile', () => {
    const stage = new GatewayStage();
    const client = stage.request();
    stage.open.answer(reply(hold()));
    stage.publish({ channel: 'a', formats: { 'http-response': { action: 'hint' } } });
    client.leave();
    expectOver(stage);
  });

  test('its origin may fail then, or ask for something else', () => {
    const failing = polled([reply(hold()), { headers: [['Grip-Hold', 'x']] }]);
    failing.stage.publish({ channel: 'a', formats: { 'http-response': { action: 'hint' } } });
    expect(failing.client.answered?.status).toBe(502);
    expectOver(failing.stage);
    const stream: HeaderList = [
      ['Grip-Hold', 'stream'],
      ['Grip-Channel', 'a'],
    ];
    const { stage, client } = polled([reply(hold()), reply(stream, 'open')]);
    stage.publish({ channel: 'a', formats: { 'http-response': { action: 'hint' } } });
    expect(client.take()).toBe('open');
    stage.publish({ channel: 'a', formats: { 'http-stream': { content: '!' } } });
    expect(client.take()).toBe('!');
    client.leave();
    expectOver(stage);
  });
});

describe('a second after a channel is followed first', () => {
  const options = { updateOnFirstSubscription: true };

  test('[GRIP-HOLD-5] its polls are asked again; others of the next minute are not', () => {
    const { stage, client } = polled([reply(hold('a', ['Grip-Timeout', '5']))], { options });
    stage.pass(999);
    expect(stage.questions).toHaveLength(1);
    stage.pass(1);
    expect(stage.questions).toHaveLength(2);
    stage.pass(4_999);
    expect(client.answered).toBeUndefined();
    stage.pass(1);
    expect(client.answered?.body).toBe('stored\n');
    stage.request();
    stage.pass(3_000);
    expect(stage.questions).toHaveLength(3);
  });

  test('[GRIP-HOLD-5] once for all channels that were new, and not for what comes while it is asked', () => {
    const stage = new GatewayStage({ options });
    stage.request();
    stage.open.answer(reply(hold('a, b, c')));
    stage.pass(1_000);
    expect(stage.questions).toHaveLength(2);
    for (const [shard] of stage.shards.entries()) stage.recover(shard);
    stage.open.answer(reply(hold('a, b, c')));
    stage.pass(3_000);
    expect(stage.questions).toHaveLength(2);
  });

  test('after the minute they are again', () => {
    const { stage } = polled([reply(hold('a', ['Grip-Timeout', '5']))], { options });
    stage.pass(6_000 + 61_000);
    stage.request();
    stage.pass(1_000);
    expect(stage.questions).toHaveLength(4);
  });

  test('[GRIP-HOLD-5] [DIFF-18] an operator may do without it', () => {
    const { stage } = polled([reply(hold())], { options: { updateOnFirstSubscription: false } });
    stage.pass(5_000);
    expect(stage.questions).toHaveLength(1);
  });

  test('[GRIP-HOLD-6] what is published while they are asked is not lost', () => {
    const stage = new GatewayStage();
    const client = stage.request();
    stage.open.answer(reply(hold()));
    stage.pass(1_000);
    stage.publish(item('a', 'x'));
    stage.open.answer(reply(hold()));
    expect(client.answered?.body).toBe('x');
    expectOver(stage);
  });
});

describe('the link for who is gone', () => {
  const gone: HeaderList = [['Grip-Link', '</gone>; rel=gone']];
  const posts = (stage: GatewayStage) =>
    stage.questions
      .filter(({ method }) => method === 'POST')
      .map(({ target, body }) => target + body);

  test.each<[string, (stage: GatewayStage, leave: () => void) => void]>([
    ['the client goes', (_, leave) => leave()],
    ['an item ends it', (stage) => stage.publish(item('a', 'x'))],
    ['its time is up', (stage) => stage.pass(55_000)],
  ])('[GRIP-HOLD-9] [DIFF-9] is told when %s', (_, finish) => {
    const { stage, client } = polled([reply(hold('a', ...gone)), { status: 500 }]);
    finish(stage, () => client.leave());
    expect(posts(stage)).toEqual(['/gone']);
    const [, told] = stage.questions;
    expect(told?.header('Cookie')).toEqual([]);
    expect(told?.header('Grip-Last')).toEqual([]);
    expect(told?.asked.signature).toEqual({ issuer: 'hermod', key: '' });
    expectOver(stage);
  });

  test('is told before a poll is asked again, each time once, and by its own word', () => {
    const { stage, client } = polled([
      reply(hold('a', ['Grip-Link', '</one>; rel=gone'])),
      {},
      reply(hold('a', ['Grip-Link', '</two>; rel=gone'])),
      {},
      { body: 'final' },
    ]);
    const hint = { channel: 'a', formats: { 'http-response': { action: 'hint' } } };
    stage.publish(hint);
    expect(stage.questions.map(({ target }) => target)).toEqual(['/', '/one', '/']);
    stage.publish(hint);
    expect(stage.questions.map(({ target }) => target)).toEqual(['/', '/one', '/', '/two', '/']);
    expect(client.answered?.body).toBe('final');
    expectOver(stage);
  });

  test('is told although the client goes while it is told', () => {
    const stage = new GatewayStage();
    const client = stage.request();
    stage.open.answer(reply(hold('a', ...gone)));
    stage.publish({ channel: 'a', formats: { 'http-response': { action: 'hint' } } });
    client.leave();
    expect(stage.open.target).toBe('/gone');
    stage.open.answer({});
    expect(posts(stage)).toEqual(['/gone']);
    expectOver(stage);
  });

  test('may lead elsewhere, and nobody waits for long', () => {
    const link: HeaderList = [['Grip-Link', '<https://other.example:8443/g?x>; rel=gone']];
    const stage = new GatewayStage({ options: { sigKey: 'k' } });
    const client = stage.request();
    stage.open.answer(reply(hold('a', ...link)));
    client.leave();
    expect(stage.open.asked).toMatchObject({
      method: 'POST',
      target: '/g?x',
      timeoutMs: 10_000,
      origin: { host: 'other.example', port: 8443, isSecure: true, isUntrusted: false },
      signature: { issuer: 'hermod', key: 'k' },
    });
    expect(stage.open.header('Host')).toEqual(['other.example:8443']);
    stage.open.fail('refused');
    expectOver(stage);
  });
});

describe('filters', () => {
  const filtered = (filter: string, meta = 'user=u', setting: Setting = {}) =>
    polled([reply(hold(`a; filter=${filter}`, ['Grip-Set-Meta', meta]))], setting);

  test('[GRIP-FILTER-1] leave out who published', () => {
    const { stage, client } = filtered('skip-self');
    stage.publish(item('a', 'own', { meta: { sender: 'u' } }));
    expect(client.answered).toBeUndefined();
    stage.publish(item('a', 'other', { meta: { sender: 'v' } }));
    expect(client.answered?.body).toBe('other');
  });

  test('[GRIP-FILTER-3] leave out who does not follow what is required, by its unprefixed name', () => {
    const routes = '*,prefix=p- origin:80';
    const { stage, client } = filtered('require-sub', 'user=u', { routes });
    stage.publish(item('p-a', 'no', { meta: { require_sub: 'b' } }));
    expect(client.answered).toBeUndefined();
    stage.publish(item('p-a', 'yes', { meta: { require_sub: 'a' } }));
    expect(client.answered?.body).toBe('yes');
  });

  test('[GRIP-FILTER-4] put in what is the client’s own', () => {
    const { stage, client } = filtered('var-subst');
    stage.publish(item('a', 'for %(user)s'));
    expect(client.answered?.body).toBe('for u');
  });

  test.each([
    [item('a', '%(nobody)s'), "filter error: var-subst: No such variable 'nobody' at position 9\n"],
    [
      {
        channel: 'a',
        formats: { 'http-response': { body: 'x', 'content-filters': ['build-id'] } },
      },
      'content filter mismatch: subscription=var-subst message=build-id\n',
    ],
    [
      { channel: 'a', formats: { 'http-response': { body: 'x', 'content-filters': [] } } },
      'content filter mismatch: subscription=var-subst message=\n',
    ],
  ])('that go wrong end the poll: %j', (published, text) => {
    const { stage, client } = filtered('var-subst');
    stage.publish(published);
    expect(client.answered).toMatchObject({
      status: 502,
      body: 'Error while proxying to origin.\n',
    });
    expectOver(stage);
    const debugged = filtered('var-subst', 'user=u', { routes: '*,debug origin:80' });
    debugged.stage.publish(published);
    expect(debugged.client.answered?.body).toBe(text);
  });

  test('still count what they leave out', () => {
    const { stage, client } = polled([
      reply(hold('a; prev-id=1; filter=skip-self', ['Grip-Set-Meta', 'user=u'])),
    ]);
    stage.publish(item('a', 'own', { id: '2', 'prev-id': '1', meta: { sender: 'u' } }));
    stage.publish(item('a', 'x', { id: '3', 'prev-id': '2' }));
    expect(client.answered?.body).toBe('x');
    expect(stage.questions).toHaveLength(1);
  });

  const asking = (filter: string, options: Partial<GatewayOptions> = {}) => {
    const stage = new GatewayStage({ options: { updateOnFirstSubscription: false, ...options } });
    const client = stage.request({ path: '/dir/x' });
    const channel = `a; prev-id=0; filter=${filter}; filter=var-subst`;
    stage.open.answer(
      reply(hold(channel, ['Grip-Set-Meta', 'url=look'], ['Grip-Set-Meta', 'user=ü'])),
    );
    stage.publish(item('a', 'it %(user)s', { id: '1', 'prev-id': '0', meta: { k: 'é\n' } }));
    return { stage, client };
  };

  test('[GRIP-FILTER-8] that ask while the home of the channel dies have the origin asked again after that', () => {
    const home = homeOf(topicOfChannel('a'), 2);
    const stage = new GatewayStage({ options: { updateOnFirstSubscription: false } });
    const client = stage.request({ shard: 1 - home, path: '/x' });
    stage.open.answer(reply(hold('a; filter=http-check', ['Grip-Set-Meta', 'url=/look'])));
    stage.publish(item('a', 'one'));
    const asked = stage.open;
    expect(asked.target).toBe('/look');
    // What was on its way then is lost.
    stage.crash(home);
    asked.answer({ headers: [['Action', 'drop']] });
    stage.pass(1_000);
    expect(stage.open.target).toBe('/x');
    stage.open.answer({ body: 'what was missed' });
    expect(client.answered?.body).toBe('what was missed');
    expectOver(stage);
  });

  test.each<[string, HeaderList]>([
    ['a poll', hold('a')],
    [
      'a stream',
      [
        ['Grip-Hold', 'stream'],
        ['Grip-Channel', 'a'],
        ['Grip-Link', '</x>; rel=next'],
      ],
    ],
  ])(
    'the home of the channel dies while the origin of %s is asked: it is asked again after that',
    (_, headers) => {
      const home = homeOf(topicOfChannel('a'), 2);
      const stage = new GatewayStage({ options: { updateOnFirstSubscription: false } });
      const client = stage.request({ shard: 1 - home, path: '/x' });
      stage.open.answer(reply(headers));
      const formats = { 'http-response': { action: 'hint' }, 'http-stream': { action: 'hint' } };
      stage.publish({ channel: 'a', formats });
      // What was published behind the origin's word, and was on its way then, is lost.
      const asked = stage.open;
      stage.crash(home);
      asked.answer(reply(headers));
      stage.pass(1_000);
      expect(stage.open.target).toBe('/x');
      client.leave();
      expectOver(stage);
    },
  );

  test('[GRIP-FILTER-8] [DIFF-15] may ask an origin whether', () => {
    const { stage, client } = asking('http-check');
    const { open } = stage;
    expect([open.method, open.target, open.body]).toEqual(['POST', '/dir/look', '']);
    expect(open.asked.timeoutMs).toBe(10_000);
    expect(open.header('Sub-Meta')).toEqual(['{"url":"look","user":"Ã¼"}']);
    expect(open.header('Pub-Meta')).toEqual(['{"k":"Ã©\\n"}']);
    expect(open.header('Grip-Last')).toEqual(['a; last-id=1']);
    // The next one waits its turn.
    stage.publish(item('a', 'later', { id: '2', 'prev-id': '1' }));
    open.answer({ headers: [['Action', 'drop']] });
    expect(client.answered).toBeUndefined();
    expect(stage.open.header('Grip-Last')).toEqual(['a; last-id=2']);
    stage.open.answer({ status: 204 });
    expect(client.answered?.body).toBe('later');
    expectOver(stage);
  });

  test.each([
    [{ status: 200, body: 'new %(user)s' }, 'new ü'],
    [{ status: 204, body: 'ignored' }, 'it ü'],
  ])('[GRIP-FILTER-8] may ask an origin what to say: %j', (answer, body) => {
    const { stage, client } = asking('http-modify');
    expect(stage.open.body).toBe('it %(user)s');
    stage.open.answer(answer);
    expect(client.answered?.body).toBe(body);
    expectOver(stage);
  });

  test.each<[Reply, string]>([
    [{ status: 500 }, 'filter error: unexpected network request status: code=500\n'],
    [{ body: 'x'.repeat(100_001) }, 'filter error: network response too large\n'],
    [{ body: 'x', isBroken: true }, 'filter error: network request failed\n'],
  ])('whose origin errs end the poll', (answer, text) => {
    const { stage, client } = asking('http-modify', { isDebug: true });
    stage.open.answer(answer);
    expect(client.answered).toMatchObject({ status: 502, body: text });
    expectOver(stage);
    const failing = asking('http-check', { isDebug: true });
    failing.stage.open.fail('refused');
    expect(failing.client.answered?.body).toBe('filter error: network request failed\n');
  });

  test('that ask do not keep a poll from its time, nor its client from going', () => {
    const timed = asking('http-check');
    timed.stage.pass(55_000);
    expect(timed.client.answered?.body).toBe('stored\n');
    expectOver(timed.stage);
    const left = asking('http-check');
    left.client.leave();
    expectOver(left.stage);
  });
});

test('[GRIP-JSONP-6] a page that asked by JSON-P gets what was published as a script', () => {
  const { stage, client } = polled([reply(hold('a', ['Grip-Status', '404 Nope']))], {
    routes: '*,aco origin:80',
    request: { search: '?callback=cb' },
  });
  stage.publish(item('a', 'hi'));
  expect(client.answered).toMatchObject({
    status: 200,
    body: '/**/cb({"body":"hi","code":200,"headers":{},"reason":"OK"});\n',
  });
  expect(client.header('Content-Type')).toBe('application/javascript');
  // [GRIP-CORS-6]
  expect(client.header('Access-Control-Allow-Origin')).toBeUndefined();
  expectOver(stage);
});

test('[PROC-DRAIN-3] polls of a node that ends are answered within its time, and no gone link is asked', () => {
  const gone: HeaderList = [['Grip-Link', '</gone>; rel=gone']];
  const { stage, client } = polled([reply(hold('a', ...gone))]);
  const others = Array.from({ length: 20 }, () => stage.request());
  stage.tell(actorsOf(0).gateway, { type: 'draining', withinMs: 2_000 });
  stage.pass(1_000);
  const early = others.filter(({ answered }) => answered !== undefined).length;
  expect(early).toBeGreaterThan(0);
  expect(early).toBeLessThan(20);
  stage.pass(1_000);
  for (const each of [client, ...others]) expect(each.answered?.body).toBe('stored\n');
  const late = stage.request();
  stage.pass(999);
  expect(late.answered).toBeUndefined();
  stage.pass(1);
  expect(late.answered?.body).toBe('stored\n');
  expect(stage.questions.filter(({ target }) => target === '/gone')).toEqual([]);
  expectOver(stage);
});

test('[GRIP-CTRL-8] recover makes all polls ask again', () => {
  const { stage } = polled([reply(hold('a; prev-id=1'))]);
  for (const [shard] of stage.shards.entries()) stage.recover(shard);
  expect(stage.questions).toHaveLength(2);
});

test('the death of a channel’s home makes its polls ask again, whatever was on the way', () => {
  const { stage, client } = polled([reply(hold('a, f'))], { request: { shard: 1 } });
  // All channels are at home on the shard that dies.
  stage.crash(0);
  // Once for each channel.
  expect(stage.questions).toHaveLength(3);
  expect(Object.keys(stage.subscribed())).toHaveLength(2);
  for (const channel of ['f', 'a']) stage.publish(item(channel, channel));
  expect(client.answered?.body).toBe('f');
  expect(stage.living).toBe(0);
  expect(stage.subscribed()).toEqual({});
});
