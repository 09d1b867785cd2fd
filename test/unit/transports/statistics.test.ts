// The statistics: what is noticed in, frames out; time is handed in. Types and fields were read off Pushpin 1.36.

import { expect, test } from 'vitest';
import { decodeTnetstring } from '../../../src/actors/codecs/grip/tnetstring.ts';
import { type Noticed, Notices } from '../../../src/transports/operator/notices.ts';
import { prometheusText } from '../../../src/transports/operator/prometheus.ts';
import {
  Statistics,
  statsDefaults,
  type StatsOptions,
} from '../../../src/transports/operator/statistics.ts';
import { Wheel } from '../../../src/transports/operator/wheel.ts';

class Listener {
  readonly statistics: Statistics;
  readonly channels: string[] = [];
  #frames: string[] = [];
  #now = 0;

  constructor(changed: Partial<StatsOptions> = {}) {
    const options = { ...statsDefaults, spec: 'tcp://*', format: 'json', ...changed } as const;
    this.statistics = new Statistics(options, 'me', 0, {
      frame: (frame) => this.#frames.push(Buffer.from(frame).toString()),
      followed: (channel) => this.channels.push(`+${channel}`),
      left: (channel) => this.channels.push(`-${channel}`),
    });
  }

  notice(notice: Noticed, shard = 0): void {
    this.statistics.noticed(shard, notice);
  }

  pass(seconds: number): void {
    for (let i = 0; i < seconds; i += 1) this.statistics.tick((this.#now += 1_000));
  }

  get now(): number {
    return this.#now;
  }

  /** Frames since the last call, as type and fields, without those types. */
  heard(...without: string[]): unknown[] {
    const frames = this.#frames.map((frame) => {
      const space = frame.indexOf(' ');
      expect(frame[space + 1]).toBe('J');
      const { from, ...fields } = JSON.parse(frame.slice(space + 2)) as Record<string, unknown>;
      expect(from).toBe('me');
      return { is: frame.slice(0, space), ...fields };
    });
    this.#frames = [];
    return frames.filter(({ is }) => !without.includes(is));
  }
}

const followed = (
  channel: string,
  subscribers: number,
  mode: 'ws' | 'stream' | 'response' = 'ws',
) => ({ type: 'channelFollowed', channel, mode, subscribers }) as const;
const connected = (id: string, route?: string) =>
  ({
    type: 'clientConnected',
    connection: id.charCodeAt(0),
    id,
    kind: 'ws',
    route,
    remote: '192.0.2.1',
    isSecure: false,
  }) as const;
const disconnected = (id: string, route?: string) =>
  ({ type: 'clientDisconnected', connection: id.charCodeAt(0), id, route }) as const;
const sent = (receivers: number, transport: 'http-stream' | 'http-response' = 'http-stream') =>
  ({
    type: 'messageSent',
    channel: 'a',
    itemId: undefined,
    transport,
    receivers,
    blocks: undefined,
  }) as const;

test('channels are followed when the first mode is, and left when the last is', () => {
  const listener = new Listener();
  listener.notice(followed('a', 1));
  listener.notice(followed('a', 3));
  listener.notice(followed('a', 1, 'stream'));
  listener.notice(followed('b', 1));
  expect(listener.channels).toEqual(['+a', '+b']);
  expect(listener.heard()).toEqual([
    { is: 'sub', mode: 'ws', channel: 'a', ttl: 60, subscribers: 1 },
    { is: 'sub', mode: 'ws', channel: 'a', ttl: 60, subscribers: 3 },
    { is: 'sub', mode: 'stream', channel: 'a', ttl: 60, subscribers: 1 },
    { is: 'sub', mode: 'ws', channel: 'b', ttl: 60, subscribers: 1 },
  ]);
  listener.notice(followed('a', 0));
  listener.notice(followed('a', 0));
  listener.notice(followed('never', 0));
  expect(listener.channels).toEqual(['+a', '+b']);
  listener.notice(followed('a', 0, 'stream'));
  expect(listener.channels).toEqual(['+a', '+b', '-a']);
  expect(listener.heard()).toEqual([
    { is: 'sub', mode: 'ws', channel: 'a', unavailable: true },
    { is: 'sub', mode: 'stream', channel: 'a', unavailable: true },
  ]);
  expect(listener.statistics.channels).toBe(1);
});

test('what was said of a subscription is said again before it expires', () => {
  const listener = new Listener({ subscriptionTtlSeconds: 20 });
  listener.notice(followed('a', 2));
  listener.heard();
  listener.pass(14);
  expect(listener.heard('report')).toEqual([]);
  listener.pass(1);
  const again = { is: 'sub', mode: 'ws', channel: 'a', ttl: 20, subscribers: 2 };
  expect(listener.heard('report')).toEqual([again]);
  listener.pass(30);
  expect(listener.heard('report')).toEqual([again, again]);
  listener.notice(followed('a', 0));
  listener.pass(30);
  expect(listener.heard('report')).toHaveLength(1);
});

test('what the keeper on a dead shard knew is forgotten, unless its place is taken in time', () => {
  const listener = new Listener();
  listener.notice(followed('kept', 2), 1);
  listener.notice(followed('lost', 2), 1);
  listener.notice(followed('elsewhere', 2), 0);
  listener.statistics.shardDied(1, listener.now);
  listener.notice(followed('kept', 1), 1);
  listener.pass(4);
  expect(listener.channels).toEqual(['+kept', '+lost', '+elsewhere']);
  listener.pass(1);
  expect(listener.channels).toEqual(['+kept', '+lost', '+elsewhere', '-lost']);
});

test('connections come, are told again, and go', () => {
  const listener = new Listener({ connectionTtlSeconds: 40 });
  listener.notice(connected('c', 'r'));
  listener.notice({ ...connected('d'), kind: 'http', isSecure: true, remote: '' });
  expect(listener.heard()).toEqual([
    { is: 'conn', route: 'r', id: 'c', type: 'ws', 'peer-address': '192.0.2.1', ttl: 40 },
    { is: 'conn', id: 'd', type: 'http', ssl: true, ttl: 40 },
  ]);
  listener.pass(30);
  expect(listener.heard('report')).toMatchObject([{ id: 'c' }, { id: 'd' }]);
  listener.notice(disconnected('c', 'r'));
  listener.notice(disconnected('c', 'r'));
  listener.pass(30);
  expect(listener.heard('report')).toEqual([
    { is: 'conn', route: 'r', id: 'c', unavailable: true },
    { is: 'conn', id: 'd', type: 'http', ssl: true, ttl: 40 },
  ]);
  listener.statistics.shardDied(0, listener.now);
  expect(listener.heard()).toEqual([{ is: 'conn', id: 'd', unavailable: true }]);
  expect(listener.statistics.totals.connections).toBe(0);
});

test('connections are not told where nobody wants them, but are counted', () => {
  const listener = new Listener({ isSendingConnections: false });
  listener.notice(connected('c'));
  listener.pass(100);
  listener.notice(disconnected('c', undefined));
  expect(listener.heard('report')).toEqual([]);
  // The minute that began, and the one that began after sixty seconds.
  expect(listener.statistics.totals).toMatchObject({ connections: 0, minutes: 2 });
});

test('messages are told with their receivers', () => {
  const listener = new Listener();
  listener.notice({ ...sent(3), itemId: 'i', blocks: 6 });
  listener.notice(sent(1, 'http-response'));
  expect(listener.heard()).toEqual([
    { is: 'message', channel: 'a', 'item-id': 'i', count: 3, blocks: 6, transport: 'http-stream' },
    { is: 'message', channel: 'a', count: 1, transport: 'http-response' },
  ]);
});

test('activity and requests are added up until they are told', () => {
  const listener = new Listener();
  expect(listener.statistics.isActive).toBe(false);
  listener.notice({ type: 'activity', route: 'r', count: 2 });
  listener.notice({ type: 'activity', route: 'r', count: 1 });
  listener.notice({ type: 'activity', route: undefined, count: 5 });
  listener.notice({ type: 'requestsReceived', count: 4 });
  expect([listener.statistics.isActive, listener.heard()]).toEqual([true, []]);
  listener.statistics.sayActivity();
  expect(listener.heard()).toEqual([
    { is: 'activity', route: 'r', count: 3 },
    { is: 'activity', count: 5 },
    { is: 'counts', 'requests-received': 4 },
  ]);
  listener.statistics.sayActivity();
  expect([listener.statistics.isActive, listener.heard()]).toEqual([false, []]);
});

test('reports say what happened since the last one, by route', () => {
  const listener = new Listener({ reportIntervalSeconds: 5 });
  listener.notice(connected('a', 'r'));
  listener.notice(connected('b', 'r'));
  listener.notice(disconnected('b', 'r'));
  listener.notice({ type: 'itemsPublished', count: 7, blocks: 9 });
  listener.notice(sent(2));
  listener.notice({ ...sent(3, 'http-response'), blocks: 4 });
  listener.pass(4);
  listener.heard('report');
  expect(listener.heard()).toEqual([]);
  listener.pass(1);
  const zero = {
    is: 'report',
    connections: 0,
    minutes: 0,
    received: 0,
    sent: 0,
    'http-response-sent': 0,
  };
  const first = listener.heard();
  expect(first).toHaveLength(2);
  expect(first).toContainEqual({
    ...zero,
    route: 'r',
    connections: 2,
    minutes: 2,
    duration: 5_000,
  });
  expect(first).toContainEqual({
    ...zero,
    received: 7,
    sent: 5,
    'http-response-sent': 3,
    'blocks-received': 9,
    'blocks-sent': 4,
    duration: 5_000,
  });
  listener.notice(disconnected('a', 'r'));
  listener.pass(5);
  const second = listener.heard('conn');
  expect(second).toContainEqual({ ...zero, route: 'r', connections: 1, duration: 5_000 });
  expect(second).toContainEqual({ ...zero, duration: 5_000 });
  listener.pass(5);
  expect(listener.heard()).toEqual([{ ...zero, duration: 5_000 }]);
  const { totals } = listener.statistics;
  expect(totals).toEqual({ requests: 0, connections: 0, minutes: 2, received: 7, sent: 5 });
});

test('frames are tnetstrings where nothing else is said, and none are made without a socket', () => {
  const frames: Buffer[] = [];
  const silent = { followed: () => {}, left: () => {} };
  const options = { ...statsDefaults, spec: 'tcp://*' };
  const events = { ...silent, frame: (frame: Uint8Array) => void frames.push(Buffer.from(frame)) };
  new Statistics(options, 'me', 0, events).noticed(0, followed('é', 1));
  new Statistics({ ...options, spec: undefined }, 'me', 0, events).noticed(0, followed('é', 1));
  expect(frames).toHaveLength(1);
  const [frame = Buffer.alloc(0)] = frames;
  expect(frame.subarray(0, 5).toString()).toBe('sub T');
  const decoded = decodeTnetstring(frame.subarray(5));
  expect(decoded).toMatchObject({ ok: true, value: { ttl: 60, subscribers: 1 } });
  expect(decoded.ok && Object.keys(decoded.value as object)).toEqual([
    'from',
    'mode',
    'channel',
    'ttl',
    'subscribers',
  ]);
});

test('Prometheus reads the names it knows', () => {
  const totals = { requests: 1, connections: 2, minutes: 3, received: 4, sent: 5 };
  const lines = prometheusText(totals, 'pp_').split('\n');
  expect(lines.filter((line) => !line.startsWith('#'))).toEqual([
    'pp_request_received 1',
    'pp_connection_connected 2',
    'pp_connection_minute 3',
    'pp_message_received 4',
    'pp_message_sent 5',
    '',
  ]);
  expect(lines.slice(0, 2)).toEqual([
    '# HELP pp_request_received Number of requests received',
    '# TYPE pp_request_received counter',
  ]);
});

test('a shard tells at the end of a turn what is wanted, added up where that can be', () => {
  const told: (readonly Noticed[])[] = [];
  const all = new Notices({ channels: true, figures: true }, (notices) => told.push(notices));
  const channels = new Notices({ channels: true, figures: false }, (notices) => told.push(notices));
  for (const notices of [all, channels]) {
    notices.notice({ type: 'itemsPublished', count: 1, blocks: 2 });
    notices.notice({ type: 'itemsPublished', count: 2, blocks: 3 });
    notices.notice({ type: 'requestsReceived', count: 3 });
    notices.notice(followed('a', 1));
    notices.notice(sent(1));
    notices.endTurn();
    notices.endTurn();
  }
  expect(told).toEqual([
    [
      followed('a', 1),
      sent(1),
      { type: 'itemsPublished', count: 3, blocks: 5 },
      { type: 'requestsReceived', count: 3 },
    ],
    [followed('a', 1)],
  ]);
});

test('what nobody acts upon is told later, and a client that came and went in one word', () => {
  const told: (readonly Noticed[])[] = [];
  const notices = new Notices({ channels: true, figures: true }, (some) => told.push(some));
  const activity = { type: 'activity', route: 'r', count: 1 } as const;
  const gone = (id: string) => ({ ...disconnected(id, 'r') });
  for (const notice of [connected('a', 'r'), connected('b', 'r'), activity]) notices.notice(notice);
  notices.notice(gone('a'));
  notices.endTurn();
  expect(told).toEqual([]);
  notices.flush();
  notices.notice(gone('b'));
  notices.flush();
  expect(told).toEqual([
    [
      { ...connected('a', 'r'), type: 'clientPassed' },
      connected('b', 'r'),
      { ...activity, count: 3 },
    ],
    [gone('b')],
  ]);
});

test('[GRIP-STATS-7] whoever comes is a unit of activity', () => {
  const told: (readonly Noticed[])[] = [];
  const notices = new Notices({ channels: true, figures: true }, (some) => told.push(some));
  const request = { ...connected('a', 'r'), kind: 'http' } as const;
  notices.notice(request);
  notices.notice(connected('b', 'r'));
  notices.notice(connected('c', undefined));
  notices.flush();
  expect(told).toEqual([
    [
      ...[request, connected('b', 'r'), connected('c', undefined)],
      { type: 'activity', route: 'r', count: 2 },
      { type: 'activity', route: undefined, count: 1 },
    ],
  ]);
});

test('while nobody hears of single clients, those who came and went are counted', () => {
  const told: (readonly Noticed[])[] = [];
  const attention = new Int32Array(new SharedArrayBuffer(4));
  const wishes = { channels: true, figures: true, attention };
  const notices = new Notices(wishes, (some) => told.push(some));
  const pass = (id: string): void => {
    notices.notice(connected(id, 'r'));
    notices.notice(disconnected(id, 'r'));
  };
  pass('a');
  pass('b');
  notices.flush();
  Atomics.store(attention, 0, 1);
  pass('c');
  notices.flush();
  const passed = { type: 'clientsPassed', route: 'r', count: 2 } as const;
  const active = (count: number) => ({ type: 'activity', route: 'r', count });
  expect(told).toEqual([
    [active(2), passed],
    [{ ...connected('c', 'r'), type: 'clientPassed' }, active(1)],
  ]);
  const listener = new Listener();
  listener.notice(passed);
  expect(listener.heard()).toEqual([]);
  expect(listener.statistics.totals).toMatchObject({ connections: 0, minutes: 2 });
});

test('who came and went is told of as others are, and counts', () => {
  const listener = new Listener();
  listener.notice({ ...connected('a', 'r'), type: 'clientPassed' });
  expect(listener.heard()).toEqual([
    { is: 'conn', route: 'r', id: 'a', type: 'ws', 'peer-address': '192.0.2.1', ttl: 120 },
    { is: 'conn', route: 'r', id: 'a', unavailable: true },
  ]);
  expect(listener.statistics.totals).toMatchObject({ connections: 0, minutes: 1 });
});

test('nothing is said while nobody hears it', () => {
  const frames: Uint8Array[] = [];
  let isHeard = false;
  const statistics = new Statistics({ ...statsDefaults, spec: 'tcp://*' }, 'me', 0, {
    frame: (frame) => frames.push(frame),
    followed: () => {},
    left: () => {},
    isHeard: () => isHeard,
  });
  statistics.noticed(0, connected('a'));
  expect(frames.length).toBe(0);
  isHeard = true;
  statistics.noticed(0, connected('b'));
  expect(frames.length).toBe(1);
});

test('a wheel has each thing due once a turn, whenever it was put in', () => {
  const wheel = new Wheel<string>(3.9);
  wheel.add('a');
  expect([...wheel.turn()]).toEqual([]);
  const slot = wheel.add('b');
  expect([...wheel.turn()]).toEqual([]);
  expect([...wheel.turn()]).toEqual(['a']);
  expect([...wheel.turn()]).toEqual(['b']);
  wheel.remove('b', slot);
  expect([...wheel.turn(), ...wheel.turn(), ...wheel.turn()]).toEqual(['a']);
});
