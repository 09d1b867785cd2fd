// Held streams, from the origin's instruct to the end: on a stage where what is published really travels.

import { describe, expect, test } from 'vitest';

import type { HeaderList } from '../../../../src/actors/codecs/grip/header-list.ts';
import type { GatewayOptions } from '../../../../src/actors/gateway/gateway-options.ts';
import { addressOf } from '../../../../src/actors/runtime/actor.ts';
import { type AskedOfGateway, GatewayStage } from '../../../support/gateway-stage.ts';
import type { Reply } from '../../../support/staged-origin.ts';

const hold = (channel = 'a', ...more: HeaderList): HeaderList => [
  ['Grip-Hold', 'stream'],
  ['Grip-Channel', channel],
  ...more,
];
const next = (link = '</n>; rel=next'): readonly [string, string] => ['Grip-Link', link];
const item = (channel: string, content: string, more: object = {}) => ({
  channel,
  formats: { 'http-stream': { content } },
  ...more,
});
const act = (action: string, more: object = {}) => ({
  channel: 'a',
  formats: { 'http-stream': { action } },
  ...more,
});

interface Setting {
  readonly routes?: string;
  readonly options?: Partial<GatewayOptions>;
  readonly request?: AskedOfGateway;
}

/** A client whose stream has begun. */
function streamed(first: Reply, { routes, options, request }: Setting = {}) {
  const stage = new GatewayStage({
    // The look after the first subscription is a test of its own.
    options: { updateOnFirstSubscription: false, ...options },
    ...(routes === undefined ? {} : { routes }),
  });
  const client = stage.request(request);
  stage.open.answer(first);
  return { stage, client };
}

/** Nothing of it is left. */
function expectOver(stage: GatewayStage): void {
  stage.pass(5_000);
  expect(stage.wrongs).toEqual([]);
  expect(stage.living).toBe(0);
  expect([...stage.opened]).toEqual([]);
  expect(stage.subscribed()).toEqual({});
  expect(stage.followed).toEqual({});
  expect(stage.questions.filter(({ hasEnded }) => !hasEnded)).toEqual([]);
}

/** Of different channels, which have no order among them. */
const letters = (text: string) => text.split('').toSorted().join('');
const targets = (stage: GatewayStage) => stage.questions.map(({ target }) => target);

describe('a held stream', () => {
  test('[GRIP-STREAM-1] [GRIP-STREAM-2] says at once what its origin said, and then every item, in order', () => {
    const { stage, client } = streamed({
      status: 404,
      headers: hold('a, b', ['Grip-Status', '201 Yes'], ['X-A', '1'], ['Content-Length', '4']),
      body: 'open',
    });
    expect(client.streaming).toEqual({ status: 201, reason: 'Yes', headers: [['X-A', '1']] });
    stage.publish(item('a', '1'), item('b', '2'), item('c', 'no'), item('a', '3'), item('a', ''));
    stage.publish({ channel: 'a', formats: { 'http-response': { body: 'no' } } }, act('refresh'));
    expect(client.take()).toBe('open123');
    client.leave();
    expectOver(stage);
  });

  test('[GRIP-STREAM-3] ends cleanly at a close, after all that was before it', () => {
    const { stage, client } = streamed({ headers: hold() });
    client.isStalled = true;
    stage.publish(item('a', 'x'.repeat(300_000)), item('a', 'y'));
    stage.publish(act('close'), item('a', 'late'));
    expect(client.closed).toBeUndefined();
    client.resume();
    expect(client.closed).toBe('clean');
    expect(client.take()).toBe(`${'x'.repeat(300_000)}y`);
    expectOver(stage);
  });

  test('ends at a close also where items pass through its own hands', () => {
    for (const headers of [hold('a; filter=skip-self'), hold('a', next())]) {
      const { stage, client } = streamed({ headers });
      stage.publish(item('a', 'x'), act('close'), item('a', 'late'));
      expect(client.take()).toBe('x');
      expect(client.closed).toBe('clean');
      expectOver(stage);
    }
  });

  test('[GRIP-STREAM-9] [DIFF-39] of a slow client is cut when too much waits, and lets go', () => {
    const { stage, client } = streamed({ headers: hold() }, { options: { queueBytesMax: 10_000 } });
    client.isStalled = true;
    stage.publish(item('a', 'x'.repeat(300_000)));
    for (let at = 0; at < 20; at += 1) stage.publish(item('a', 'y'.repeat(1_000)));
    expect(client.closed).toBe('cut');
    expectOver(stage);
  });

  test('of two clients on two shards is the same for both', () => {
    const { stage, client } = streamed({ headers: hold('a, f') });
    const other = stage.request({ shard: 1 });
    stage.open.answer({ headers: hold('a, f') });
    for (let at = 0; at < 9; at += 1) stage.publish(item(at % 2 === 0 ? 'a' : 'f', `${at}`));
    expect(letters(client.take())).toBe('012345678');
    expect(letters(other.take())).toBe('012345678');
    client.leave();
    other.leave();
    expectOver(stage);
  });

  test('that finds no room for its channels does not begin', () => {
    const stage = new GatewayStage({
      shards: 1,
      home: { topicsMax: 1 },
      origin: () => ({ headers: hold('a, b'), body: 'open' }),
    });
    expect(stage.request().answered).toMatchObject({ status: 502 });
    expectOver(stage);
  });
});

describe('keep-alives', () => {
  const keepAlive = (mode: string, timeout = 10): readonly [string, string] => [
    'Grip-Keep-Alive',
    `\\n; format=cstring; timeout=${timeout}; mode=${mode}`,
  ];
  /** Milliseconds at which something was said. */
  const times = (mode: string, ms: number, each: (at: number, stage: GatewayStage) => void) => {
    const { stage, client } = streamed({ headers: hold('a', keepAlive(mode)) });
    const heard: [number, string][] = [];
    for (let at = 50; at <= ms; at += 50) {
      stage.pass(50);
      each(at, stage);
      const text = client.take();
      if (text !== '') heard.push([at, text]);
    }
    client.leave();
    expectOver(stage);
    return heard;
  };

  test.each(['idle', 'interval'])(
    '[GRIP-KEEP-1] %s: come in silence, up to a second early',
    (mode) => {
      const heard = times(mode, 31_000, () => {});
      expect(heard.map(([, text]) => text)).toEqual(['\n', '\n', '\n']);
      let last = 0;
      for (const [at] of heard) {
        expect(at - last).toBeGreaterThanOrEqual(9_000);
        expect(at - last).toBeLessThanOrEqual(10_000);
        last = at;
      }
    },
  );

  test('[GRIP-KEEP-1] idle: are put off by every item', () => {
    const heard = times('idle', 60_000, (at, stage) => {
      if (at % 5_000 === 0) stage.publish(item('a', '.'));
    });
    expect(heard.every(([, text]) => text === '.')).toBe(true);
  });

  test('[GRIP-KEEP-2] interval: are put off by nothing', () => {
    const heard = times('interval', 31_000, (at, stage) => {
      if (at % 5_000 === 0) stage.publish(item('a', '.'));
    });
    expect(heard.filter(([, text]) => text.includes('\n'))).toHaveLength(3);
  });

  test('wait while a link is asked, and are those of its answer then', () => {
    const { stage, client } = streamed({
      headers: hold('a', keepAlive('idle', 5), next('</n>; rel=next; timeout=8')),
    });
    stage.pass(8_000);
    expect(client.take()).toBe('\n');
    stage.pass(20_000);
    expect(client.take()).toBe('');
    stage.open.answer({ headers: hold('a'), body: 'n' });
    stage.pass(20_000);
    expect(client.take()).toBe('n');
    client.leave();
    expectOver(stage);
  });

  test('[GRIP-KEEP-1] [GRIP-NEXT-7] come while a link that could not be had is waited for', () => {
    const { stage, client } = streamed({
      headers: hold('a', keepAlive('idle', 2), next('</n>; rel=next; timeout=1000')),
    });
    stage.publish(act('hint'));
    stage.origin = () => ({ status: 503 });
    stage.open.answer({ status: 503 });
    stage.pass(29_000);
    expect(client.take().length).toBeGreaterThan(10);
    stage.origin = undefined;
    client.leave();
    expectOver(stage);
  });
});

describe('prev-id without a next link', () => {
  test('[GRIP-SEQ-2] ends the stream after what the origin said', () => {
    const { stage, client } = streamed({ headers: hold('a; prev-id=1'), body: 'open' });
    expect([client.take(), client.closed]).toEqual(['open', 'clean']);
    expectOver(stage);
  });

  test('is told to whoever debugs', () => {
    const reply = { headers: hold('a; prev-id=1'), body: 'open' };
    const { client } = streamed(reply, { routes: '*,debug origin:80' });
    expect(client.take()).toBe("open\n\nchannel 'a' specifies prev-id, but no next link found\n");
  });
});

describe('the next link', () => {
  const request: AskedOfGateway = {
    path: '/dir/x',
    search: '?q',
    headers: [
      ['Host', 'example.com'],
      ['Cookie', 'c'],
    ],
  };

  test('[GRIP-NEXT-4] is asked when the stream was quiet for its time, and goes on with what it says', () => {
    const { stage, client } = streamed(
      { headers: hold('a; prev-id=1, b', next('<n?p=1>; rel=next; timeout=5')) },
      { request, options: { sigKey: 'k' } },
    );
    stage.pass(4_999);
    expect(stage.questions).toHaveLength(1);
    stage.pass(1);
    const { open } = stage;
    expect([open.method, open.target, open.body]).toEqual(['GET', '/dir/n?p=1', '']);
    expect(open.header('Cookie')).toEqual([]);
    expect(open.header('Host')).toEqual(['example.com']);
    expect(open.header('Grip-Last')).toEqual(['a; last-id=1']);
    expect(open.header('Grip-Feature')[0]).toContain('link:next');
    expect(open.asked.signature).toEqual({ issuer: 'hermod', key: 'k' });
    open.answer({ headers: hold('c', next('<../m>; rel=next; timeout=7')), body: 'more' });
    expect(client.take()).toBe('more');
    expect(stage.followed).toEqual({ 'c stream': 1 });
    stage.publish(item('a', 'no'), item('b', 'no'), item('c', 'yes'));
    expect(client.take()).toBe('yes');
    stage.pass(7_000);
    expect(stage.open.target).toBe('/m');
    expect(stage.open.header('Grip-Last')).toEqual([]);
    client.leave();
    expectOver(stage);
  });

  test('[GRIP-NEXT-4] is asked 120 s later where it has no time of its own, and not while items come', () => {
    const { stage, client } = streamed({ headers: hold('a', next()) });
    stage.pass(100_000);
    stage.publish(item('a', 'x'));
    stage.pass(119_999);
    expect(stage.questions).toHaveLength(1);
    stage.pass(1);
    expect(stage.questions).toHaveLength(2);
    client.leave();
    expectOver(stage);
  });

  test('of no time at all is not asked in a busy circle', () => {
    const { stage } = streamed({ headers: hold('a', next('</n>; rel=next; timeout=0')) });
    stage.origin = () => ({ headers: hold('a', next('</n>; rel=next; timeout=0')) });
    stage.pass(1_000);
    expect(stage.questions.length).toBeGreaterThan(5);
    expect(stage.questions.length).toBeLessThan(15);
  });

  test('[GRIP-SEQ-2] is asked when something was missed, and what waits is looked at after it', () => {
    const { stage, client } = streamed({ headers: hold('a; prev-id=1', next()), body: '1' });
    stage.publish(item('a', '2', { id: '2', 'prev-id': '1' }));
    stage.publish(item('a', '4', { id: '4', 'prev-id': '3', 'no-seq': true }));
    expect(client.take()).toBe('12');
    expect(stage.open.header('Grip-Last')).toEqual(['a; last-id=2']);
    stage.publish(item('a', '5', { id: '5', 'prev-id': '4', 'no-seq': true }));
    stage.publish(item('a', '6', { id: '6', 'prev-id': '5', 'no-seq': true }));
    stage.open.answer({ headers: hold('a; prev-id=5', next()), body: '345' });
    expect(client.take()).toBe('3456');
    expect(stage.questions).toHaveLength(2);
    stage.publish(item('a', '7', { id: '7', 'prev-id': '6', 'no-seq': true }));
    expect(client.take()).toBe('7');
    client.leave();
    expectOver(stage);
  });

  test('[GRIP-SEQ-4] is asked when the channel went on before it was followed', () => {
    const { stage, client } = streamed({ headers: hold('a') });
    stage.publish(item('a', 'x', { id: '2' }));
    const late = stage.request();
    stage.open.answer({ headers: hold('a; prev-id=1', next()) });
    stage.pass(50);
    expect(stage.open.header('Grip-Last')).toEqual(['a; last-id=1']);
    stage.open.answer({ headers: hold('a; prev-id=2', next()), body: 'x' });
    stage.pass(1_000);
    expect(targets(stage)).toEqual(['/', '/', '/n']);
    expect(late.take()).toBe('x');
    client.leave();
    late.leave();
    expectOver(stage);
  });

  test('is asked of every channel that went on', () => {
    const { stage, client } = streamed({ headers: hold('a, b') });
    stage.publish(item('a', 'x', { id: '2' }), item('b', 'x', { id: '2' }));
    const late = stage.request();
    stage.open.answer({ headers: hold('a; prev-id=1, b; prev-id=1', next()) });
    stage.publish(item('b', 'y', { id: '3', 'prev-id': '2' }));
    stage.pass(50);
    expect(targets(stage)).toEqual(['/', '/', '/n']);
    client.leave();
    late.leave();
    expectOver(stage);
  });

  test('[GRIP-NEXT-9] is asked at a hint, what waited is forgotten, and what comes after waits', () => {
    const { stage, client } = streamed({ headers: hold('a', next()) });
    stage.publish(act('hint'), item('a', 'after'));
    expect(client.take()).toBe('');
    stage.open.answer({ headers: hold('a', next()), body: 'n' });
    expect(client.take()).toBe('nafter');
    client.leave();
    expectOver(stage);
  });

  test('[GRIP-NEXT-5] is asked a second after the first subscription, where there is one', () => {
    const options = { updateOnFirstSubscription: true };
    const { stage, client } = streamed({ headers: hold('a', next()) }, { options });
    stage.pass(999);
    expect(stage.questions).toHaveLength(1);
    stage.pass(1);
    expect(stage.open.target).toBe('/n');
    client.leave();
    expectOver(stage);
    const plain = streamed({ headers: hold() }, { options });
    plain.stage.publish(act('hint'));
    plain.stage.pass(2_000);
    expect(plain.stage.questions).toHaveLength(1);
    plain.client.leave();
    expectOver(plain.stage);
  });

  test('[GRIP-NEXT-5] is asked once more for all channels that were new while it could not be had', () => {
    const options = { updateOnFirstSubscription: true };
    const headers = [...hold('a', next()), ['Grip-Channel', 'b'] as const];
    const { stage, client } = streamed({ headers }, { options });
    stage.pass(900);
    stage.publish(act('hint'));
    stage.open.answer({ status: 503 });
    const asked: number[] = [];
    stage.origin = () => {
      asked.push(stage.now);
      return { headers };
    };
    stage.pass(10_000);
    expect(asked).toHaveLength(2);
    client.leave();
    expectOver(stage);
  });

  test.each<Reply>([{ status: 500 }, { status: 302 }, { body: 'half', isBroken: true }])(
    '[GRIP-NEXT-7] that cannot be had is asked again, ever later, and then the stream ends: %j',
    (reply) => {
      const { stage, client } = streamed(
        { headers: hold('a; prev-id=0', next()) },
        { routes: '*,debug origin:80' },
      );
      const asked: number[] = [];
      stage.origin = () => {
        asked.push(stage.now);
        return reply;
      };
      stage.publish(act('hint', { id: '1', 'prev-id': '0' }));
      // What comes meanwhile does not hurry it.
      stage.publish(item('a', 'x', { id: '9', 'prev-id': '8', 'no-seq': true }));
      stage.pass(60_000);
      const gaps = asked.slice(1).map((at, index) => (at - (asked[index] ?? 0)) / 1_000);
      expect(gaps).toHaveLength(5);
      for (const [at, gap] of gaps.entries()) {
        expect(gap).toBeGreaterThanOrEqual(1_000 * 2 ** at);
        expect(gap).toBeLessThan(1_000 * 2 ** at + 1_000);
      }
      expect(client.take()).toBe('\n\nFailed to retrieve next link.\n');
      expect(client.closed).toBe('clean');
      expectOver(stage);
    },
  );

  test('that is had again begins to count anew, and finds what waited', () => {
    const { stage, client } = streamed({ headers: hold('a', next()) });
    stage.publish(act('hint'));
    stage.open.fail('refused');
    stage.publish(item('a', 'waited'));
    expect(client.take()).toBe('');
    stage.pass(2_000);
    stage.open.answer({ headers: hold('a', next()), body: 'n' });
    expect(client.take()).toBe('nwaited');
    expect(stage.questions).toHaveLength(3);
    client.leave();
    expectOver(stage);
  });

  test('is not asked any more when the client has gone between two tries', () => {
    const { stage, client } = streamed({ headers: hold('a', next()) });
    stage.publish(act('hint'));
    stage.open.answer({ status: 503 });
    client.leave();
    expectOver(stage);
    expect(stage.questions).toHaveLength(2);
  });

  test.each<[Reply, string]>([
    [
      { headers: [['Grip-Hold', 'response']], body: 'n' },
      'n\n\nNext link returned non-stream hold.',
    ],
    [{ headers: [['Grip-Hold', 'x']], body: 'n' }, 'n\n\nGrip-Hold must be'],
    [
      { headers: [['Content-Type', 'application/grip-instruct']], body: '{"hold":1}' },
      "\n\ninstruct contains 'hold' with wrong type",
    ],
    [{ headers: hold('a; prev-id=1'), body: 'n' }, "n\n\nchannel 'a' specifies prev-id"],
    [
      { headers: hold('a; filter=build-id', next()), body: 'x'.repeat(1_000_001) },
      'Next response too large.',
    ],
    [
      { headers: [['Content-Type', 'application/grip-instruct']], body: 'x'.repeat(1_000_001) },
      'Next response too large.',
    ],
    [
      { headers: [['Grip-Hold', 'response']], body: 'x'.repeat(1_000_001) },
      'Next link returned non-stream hold.',
    ],
    [{ headers: [['Grip-Hold', 'x']], body: 'x'.repeat(1_000_001) }, '\n\nGrip-Hold must be'],
    [
      { headers: hold('a; filter=build-id', next()), body: 'n' },
      "filter error: build-id: no sub meta 'id_format'",
    ],
  ])('[GRIP-NEXT-8] whose answer is wrong ends the stream', (reply, text) => {
    const { stage, client } = streamed(
      { headers: hold('a', next()) },
      { routes: '*,debug origin:80' },
    );
    stage.publish(act('hint'));
    stage.open.answer(reply);
    expect(client.take()).toContain(text);
    expect(client.closed).toBe('clean');
    expectOver(stage);
  });

  describe('[GRIP-NEXT-11] whose answer is long', () => {
    const long = 'x'.repeat(1_000_001);

    test('passes, and what it says of the stream counts', () => {
      const { stage, client } = streamed({ headers: hold('a', next()) });
      stage.publish(act('hint'));
      stage.open.answer({ headers: hold('b', next('</m>; rel=next')), body: long });
      expect(client.take()).toBe(long);
      stage.publish(item('a', 'gone'), item('b', 'b'), {
        ...{ channel: 'b', formats: { 'http-stream': { action: 'hint' } } },
      });
      expect(client.take()).toBe('b');
      expect(targets(stage)).toEqual(['/', '/n', '/m']);
      client.leave();
      expectOver(stage);
    });

    test('is the end where nothing follows, and goes on where a link does', () => {
      const { stage, client } = streamed({ headers: hold('a', next()) });
      stage.publish(act('hint'));
      stage.open.answer({ headers: [next('</m>; rel=next')], body: long });
      stage.open.answer({ body: long });
      expect(client.take()).toBe(long + long);
      expect(client.closed).toBe('clean');
      expect(targets(stage)).toEqual(['/', '/n', '/m']);
      expectOver(stage);
    });

    test('is not cut in two by items, which follow it', () => {
      const { stage, client } = streamed({ headers: hold('a', next()) });
      stage.publish(act('hint'));
      const { open } = stage;
      open.answer({ headers: hold('a', next()), body: long, isSlow: true });
      stage.publish(item('a', '1'), act('hint'), item('a', '2'));
      stage.pass(60_000);
      expect(client.take()).toBe('');
      open.pour();
      expect(client.take()).toBe(`${long}1`);
      stage.open.answer({ headers: hold('a', next()), body: 'n' });
      expect(client.take()).toBe('n');
      client.leave();
      expectOver(stage);
    });

    test('waits for what a slow client has still to be told', () => {
      const { stage, client } = streamed({ headers: hold('a', next()) });
      client.isStalled = true;
      stage.publish(item('a', 'y'.repeat(300_000)), item('a', 'z'), act('hint'));
      stage.open.answer({ headers: hold('a', next()), body: long });
      expect(client.take()).toBe('y'.repeat(300_000));
      client.resume();
      expect(client.take()).toBe(`z${long}`);
      client.leave();
      expectOver(stage);
    });

    test.each([[true], [false]])(
      'and broke off, or whose client went, leaves nothing (%s)',
      (isBroken) => {
        const { stage, client } = streamed({ headers: hold('a', next()) });
        stage.publish(act('hint'));
        const { open } = stage;
        open.answer({ headers: hold('a', next()), body: long, isSlow: true, isBroken });
        if (isBroken) open.pour();
        else client.leave();
        expect(client.closed).toBe(isBroken ? 'cut' : undefined);
        expectOver(stage);
      },
    );
  });

  test('may have ids built into what it says', () => {
    const { stage, client } = streamed({ headers: hold('a', next()) });
    stage.publish(act('hint'));
    stage.open.answer({
      headers: hold('a; filter=build-id', next(), ['Grip-Set-Meta', 'id_format=x']),
      body: '%(7)I',
    });
    expect(client.take()).toBe('7');
  });

  test('[GRIP-NEXT-1] chains without a hold, in order, until nothing follows', () => {
    const stage = new GatewayStage({
      origin: ({ target }) => {
        const at = target === '/' ? 0 : Number(target.slice(1));
        const link = next(`</${at + 1}>; rel=next`);
        const channel: readonly [string, string] = ['Grip-Channel', `a; prev-id=${at}`];
        return { headers: at < 4 ? [link, channel] : [], body: `${at};` };
      },
    });
    const client = stage.request();
    expect(client.take()).toBe('0;1;2;3;4;');
    expect(client.closed).toBe('clean');
    expect(stage.questions[2]?.header('Grip-Last')).toEqual(['a; last-id=1']);
    // Nobody followed anything.
    expect(stage.notices.filter(({ type }) => type === 'channelFollowed')).toEqual([]);
    expectOver(stage);
  });

  test('[GRIP-NEXT-1] chains no faster than the client reads', () => {
    const pages = ['1', '2', '3', '4'].map((digit) => digit.repeat(700_000));
    const { stage, client } = streamed({ headers: [next('</1>; rel=next')], body: '0' });
    client.isStalled = true;
    stage.origin = ({ target }) => {
      const at = Number(target.slice(1));
      const headers = at < pages.length ? [next(`</${at + 1}>; rel=next`)] : [];
      return { headers, body: pages[at - 1] ?? '' };
    };
    stage.open.answer({ headers: [next('</2>; rel=next')], body: pages[0] ?? '' });
    stage.pass(1_000);
    expect(client.closed).toBeUndefined();
    expect(client.text.length).toBeLessThan(2 * 700_000);
    client.resume();
    expect(client.take()).toBe(`0${pages.join('')}`);
    expect(client.closed).toBe('clean');
    expectOver(stage);
  });

  test('[GRIP-NEXT-6] chains into a hold', () => {
    const stage = new GatewayStage({
      origin: ({ target }) =>
        target === '/' ? { headers: [next()], body: '1' } : { headers: hold(), body: '2' },
    });
    const client = stage.request();
    stage.publish(item('a', '3'));
    expect(client.take()).toBe('123');
    client.leave();
    expectOver(stage);
  });

  test('[GRIP-NEXT-3] may lead elsewhere, and is relative to where it led', () => {
    const { stage, client } = streamed(
      { headers: hold('a', next('<http://other:81/d/e>; rel=next')) },
      { routes: '* origin:80,untrusted' },
    );
    stage.publish(act('hint'));
    expect(stage.open.asked.origin).toMatchObject({ host: 'other', port: 81, isUntrusted: true });
    expect(stage.open.target).toBe('/d/e');
    stage.open.answer({ headers: hold('a', next('<f>; rel=next')) });
    stage.publish(act('hint'));
    expect(stage.open.asked.origin).toMatchObject({ host: 'other', port: 81 });
    expect(stage.open.target).toBe('/d/f');
    client.leave();
    expectOver(stage);
  });

  test('of no protocol that is spoken ends the stream when its time comes', () => {
    const { stage, client } = streamed({ headers: hold('a', next('<ftp://x/>; rel=next')) });
    stage.publish(act('hint'));
    expect(client.closed).toBe('clean');
    expectOver(stage);
  });

  test('keeps to the route’s rewriting', () => {
    const { stage } = streamed(
      { headers: hold('a', next('</in/n>; rel=next')) },
      { routes: '*,path_beg=/in,replace_beg=/out origin:80', request: { path: '/in/x' } },
    );
    stage.publish(act('hint'));
    expect(targets(stage)).toEqual(['/out/x', '/out/n']);
  });

  test('waits for no more items than may wait', () => {
    const { stage, client } = streamed(
      { headers: hold('a', next()) },
      { options: { queuedItemsMax: 3 } },
    );
    stage.publish(act('hint'));
    for (let at = 0; at < 5; at += 1) stage.publish(item('a', `${at}`));
    stage.open.answer({ headers: hold('a', next()) });
    expect(client.take()).toBe('012');
    expect(stage.counted('gateway.items.dropped.queue')).toBe(2);
  });
});

describe('the link for who is gone', () => {
  const gone: readonly [string, string] = ['Grip-Link', '</gone>; rel=gone'];

  test.each<[string, (stage: GatewayStage, leave: () => void) => void]>([
    ['its client goes', (_, leave) => leave()],
    ['it is closed', (stage) => stage.publish(act('close'))],
  ])('[GRIP-HOLD-9] is told when %s', (_, finish) => {
    const { stage, client } = streamed({ headers: hold('a', gone) });
    finish(stage, () => client.leave());
    expect([stage.open.method, stage.open.target, stage.open.body]).toEqual(['POST', '/gone', '']);
    expect(stage.subscribed()).toEqual({});
    stage.open.answer({ status: 204 });
    expectOver(stage);
  });

  test('[PROC-DRAIN-3] is not told when its client is sent away, though the node is not known to go yet', () => {
    const { stage, client } = streamed({ headers: hold('a', gone) });
    client.leave(1001);
    expect(targets(stage)).toEqual(['/']);
    expectOver(stage);
  });

  test('is the one that was said first, from where it was said', () => {
    const relative: readonly [string, string] = ['Grip-Link', '<gone>; rel=gone'];
    const { stage, client } = streamed(
      { headers: hold('a', relative, next('</else/n>; rel=next')) },
      { request: { path: '/dir/x' } },
    );
    stage.publish(act('hint'));
    stage.open.answer({ headers: hold('a', ['Grip-Link', '</other>; rel=gone']) });
    client.leave();
    expect(stage.open.target).toBe('/dir/gone');
    stage.open.fail('refused');
    expectOver(stage);
  });

  test('is told once when the client goes while another link is asked', () => {
    const { stage, client } = streamed({ headers: hold('a', gone, next()) });
    stage.publish(act('hint'));
    client.leave();
    expect(stage.open.target).toBe('/gone');
    stage.open.answer({});
    expectOver(stage);
    expect(targets(stage)).toEqual(['/', '/n', '/gone']);
  });
});

describe('filters', () => {
  test('decide for each client what it hears', () => {
    const stage = new GatewayStage();
    const client = (user: string) => {
      const heard = stage.request();
      const meta: readonly [string, string] = ['Grip-Set-Meta', `user=${user}`];
      stage.open.answer({ headers: hold('a; filter=skip-self; filter=var-subst', meta) });
      return heard;
    };
    const [one, two] = [client('1'), client('2')];
    stage.publish(item('a', 'to %(user)s;', { meta: { sender: '1' } }), item('a', '%(user)s.'));
    expect([one.take(), two.take()]).toEqual(['1.', 'to 2;2.']);
  });

  test('[GRIP-STREAM-2] [GRIP-FILTER-1] of one channel do not let those of another overtake it', () => {
    const { stage, client } = streamed({ headers: hold('a; filter=skip-self, f') });
    client.take();
    stage.publish(item('a', '1'), item('f', '2'), item('a', '3'), item('f', '4'));
    expect(client.take()).toBe('1234');
  });

  test('[GRIP-FILTER-6] that are not known are passed over, and cost nothing', () => {
    const { stage, client } = streamed({ headers: hold('a; filter=new') });
    stage.publish(item('a', 'x'));
    expect(client.take()).toBe('x');
    expect(stage.counted('gateway.streams.failed')).toBe(0);
  });

  test('[GRIP-FILTER-5] build ids in', () => {
    const headers = hold('a; prev-id=1; filter=build-id', next(), [
      'Grip-Set-Meta',
      'id_format="%(a)s!", id_encoding=hex',
    ]);
    const { stage, client } = streamed({ headers });
    stage.publish(item('a', 'id: %I', { id: '2', 'prev-id': '1' }));
    expect(client.take()).toBe('id: 3221');
  });

  test.each([
    item('a', '%(x)s'),
    { channel: 'a', formats: { 'http-stream': { content: 'x', 'content-filters': ['build-id'] } } },
  ])('that go wrong end the stream: %j', (published) => {
    const { stage, client } = streamed({ headers: hold('a; filter=var-subst') });
    stage.publish(published, item('a', 'late'));
    expect([client.take(), client.closed]).toEqual(['', 'clean']);
    expectOver(stage);
  });

  test('[GRIP-FILTER-7] that a publisher expects, and that nobody has, end the stream', () => {
    const { stage, client } = streamed({ headers: hold() }, { routes: '*,debug origin:80' });
    stage.publish({
      channel: 'a',
      formats: { 'http-stream': { content: 'x', 'content-filters': ['build-id'] } },
    });
    expect(client.take()).toContain('content filter mismatch: subscription= message=build-id');
    expect(client.closed).toBe('clean');
    expectOver(stage);
  });

  test('that ask keep the order, the next link’s time, and let a client go', () => {
    const asked = () =>
      streamed({
        headers: hold('a; filter=http-modify', next('</n>; rel=next; timeout=3'), [
          'Grip-Set-Meta',
          'url=/f',
        ]),
      });
    const { stage, client } = asked();
    stage.publish(item('a', '1'), item('a', '2'));
    stage.pass(5_000);
    expect(targets(stage)).toEqual(['/', '/f']);
    stage.open.answer({ body: 'one' });
    stage.open.answer({ status: 204 });
    expect(client.take()).toBe('one2');
    stage.pass(3_000);
    expect(stage.open.target).toBe('/n');
    client.leave();
    expectOver(stage);
    const left = asked();
    left.stage.publish(item('a', '1'));
    left.client.leave();
    expectOver(left.stage);
  });
});

test('the death of a shard is survived: who follows is told again, and hears on', () => {
  const { stage, client } = streamed({ headers: hold('a, f', next()) }, { request: { shard: 1 } });
  const before = Object.keys(stage.subscribed()).length;
  stage.crash(0);
  expect(Object.keys(stage.subscribed())).toHaveLength(before);
  // What was on the way may be lost: the link knows.
  expect(stage.open.target).toBe('/n');
  stage.open.answer({ headers: hold('a, f', next()) });
  for (const channel of ['a', 'f']) stage.publish(item(channel, channel));
  expect(letters(client.take())).toBe('af');
  client.leave();
  expectOver(stage);
});

test('[GRIP-CTRL-8] recover makes streams with a next link ask it', () => {
  const { stage, client } = streamed({ headers: hold('a; prev-id=1', next()) });
  for (const [shard] of stage.shards.entries()) stage.recover(shard);
  expect(stage.open.header('Grip-Last')).toEqual(['a; last-id=1']);
  client.leave();
  expectOver(stage);
});

test('one bug is one client’s loss: its stream is cut, and nothing stays behind', () => {
  const { stage, client } = streamed({ headers: hold() });
  // No edge says this: it stands for a bug.
  const bug = { type: 'delivered', publication: { topic: 'grip/a' } };
  stage.tell(addressOf<unknown>(0, 'gateway/request:1'), bug);
  expect(client.closed).toBe('cut');
  expect(stage.troubles.splice(0)).toHaveLength(1);
  expectOver(stage);
});

test('a stream that is to end asks nothing more, however long its end takes', () => {
  const { stage, client } = streamed({
    headers: hold('a; prev-id=0', next('</n>; rel=next; timeout=5')),
  });
  client.isStalled = true;
  stage.publish(item('a', 'x'.repeat(300_000), { id: '1', 'prev-id': '0' }));
  stage.publish(
    item('a', 'y', { id: '2', 'prev-id': '1' }),
    act('close', { id: '3', 'prev-id': '2' }),
  );
  stage.publish(item('a', 'z', { id: '9', 'prev-id': '8', 'no-seq': true }));
  stage.pass(20_000);
  expect(stage.questions).toHaveLength(1);
  client.resume();
  expect(client.closed).toBe('clean');
  expectOver(stage);
});

describe('a stream that waits for its channels', () => {
  /** The origin has answered, and the home of the channel has not. */
  function opening(headers: HeaderList) {
    const options = { updateOnFirstSubscription: false };
    const stage = new GatewayStage({ chance: 2, options });
    const client = stage.request();
    stage.settle();
    stage.open.answer({ headers, body: 'open' });
    while (stage.opened.size === 0) stage.step();
    expect(client.streaming).toBeUndefined();
    return { stage, client };
  }

  test('does not begin for a client that has gone meanwhile', () => {
    const { stage, client } = opening(hold('f', ['Grip-Link', '</gone>; rel=gone']));
    client.leave();
    stage.settle();
    expect(client.streaming).toBeUndefined();
    expect(stage.open.target).toBe('/gone');
    stage.open.answer({});
    stage.settle();
    expectOver(stage);
  });

  test('hears what comes meanwhile after what its origin said', () => {
    for (const more of [[], [next()]] satisfies HeaderList[]) {
      const { stage, client } = opening(hold('f', ...more));
      stage.publish(item('f', '1'));
      stage.settle();
      stage.publish(item('f', '2'), act('close', { channel: 'f' }));
      stage.settle();
      expect(client.take()).toMatch(/^open1?2$/);
      expect(client.closed).toBe('clean');
      expectOver(stage);
    }
  });

  test('does not forget what it missed, however long it waits', () => {
    const { stage, client } = opening(hold('a; prev-id=1, f; prev-id=1', next()));
    stage.publish(item('a', 'x', { id: '2' }), item('f', 'x', { id: '2' }));
    stage.pass(1_000);
    expect(stage.open.target).toBe('/n');
    client.leave();
    stage.settle();
    expectOver(stage);
  });
});
