import { describe, expect, test } from 'vitest';

import { joinedBy, readBridgeRule, writeBridgeRule } from '../../../src/actors/bridge/bridge.ts';
import { brokerSide } from '../../../src/actors/bridge/broker-side.ts';
import { gripSide } from '../../../src/actors/bridge/grip-side.ts';
import { itemFromValue, type GripItem } from '../../../src/actors/codecs/grip/publish-item.ts';
import { channelsActor } from '../../../src/actors/gateway/channels/channels.actor.ts';
import { topicOfChannel } from '../../../src/actors/gateway/channel-messages.ts';
import { gatewayDefaults } from '../../../src/actors/gateway/gateway-options.ts';
import { homeDefaults } from '../../../src/actors/node.ts';
import { homeActor, type HomeMessage } from '../../../src/actors/routing/home.actor.ts';
import { type Bridges, cross, type Published } from '../../../src/actors/routing/home/bridges.ts';
import { addressOf } from '../../../src/actors/runtime/actor.ts';
import type { Payload } from '../../../src/actors/runtime/edges.ts';
import { System } from '../../../src/actors/runtime/system.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const textOf = (data: Payload | undefined): string | undefined =>
  data === undefined ? undefined : new TextDecoder().decode(data as Uint8Array);

function item(formats: object, more: object = {}): GripItem {
  const reading = itemFromValue({ channel: 'news', formats, ...more }, 'json');
  if (!reading.ok) throw new Error(reading.mistake.message);
  return reading.item;
}

test.each([
  '',
  'grip/a',
  'grip/a=grip/a',
  'a=b',
  'grip/=broker/b',
  'brokers=grip/x',
  'gripX=broker/b',
  'chatx=broker/b',
  'chat/=broker/b',
  'chat/Gen eral=broker/b',
  'grip/a=broker/b=c',
])('the pair %j joins nothing', (text) => {
  expect(readBridgeRule(text)).toBeUndefined();
});

test.each([
  [' grip/a b = broker/c:d ', 'grip/a b', 'broker/c:d'],
  ['chat/general=broker/general', 'chat/room/general', 'broker/general'],
  ['grip/x=chat/general', 'grip/x', 'chat/room/general'],
])('the pair %j is written as it was read', (text, one, other) => {
  const rule = readBridgeRule(text);
  expect(rule).toEqual({ one, other });
  expect(rule && writeBridgeRule(rule)).toBe(text.trim().replace(' = ', '='));
});

const home = addressOf<HomeMessage>(0, 'home');
const sides = [brokerSide(1, () => home), gripSide(1, () => home)];
const joined = joinedBy([{ one: 'grip/news', other: 'broker/news' }]);
const bridges: Bridges = { sides, joined };

interface Across {
  readonly said: readonly Extract<HomeMessage, { readonly type: 'publish' }>[];
  readonly counted: readonly string[];
}

function across(published: Published): Across {
  const said: Extract<HomeMessage, { readonly type: 'publish' }>[] = [];
  const counted: string[] = [];
  cross(bridges, published, {
    send: (_, message) => void said.push(message as (typeof said)[number]),
    count: (name) => void counted.push(name),
  });
  return { said, counted };
}

describe('[BRIDGE-3] an item as data', () => {
  test.each<[string, object, string]>([
    ['JSON as it is', { 'ws-message': { content: '{"a": 1}' } }, '{"a": 1}'],
    ['other text as a string', { 'ws-message': { content: 'snow "now"' } }, '"snow \\"now\\""'],
    ['of streams', { 'http-stream': { content: 'x\n' } }, '"x\\n"'],
    ['of polls', { 'http-response': { body: '7' } }, '7'],
    [
      'the message of WebSockets first',
      { 'http-stream': { content: '1' }, 'ws-message': { content: '2' } },
      '2',
    ],
  ])('%s', (_, formats, text) => {
    const data = item(formats, { id: '5' });
    const { said, counted } = across({ topic: 'grip/news', id: undefined, data });
    const [bridged, ...more] = said;
    expect(more).toEqual([]);
    expect(bridged).toMatchObject({ topic: 'broker/news', id: '5', isBridged: true });
    expect(bridged?.isKept).toBeUndefined();
    expect(textOf(bridged?.data)).toBe(text);
    expect(counted).toEqual(['bridge.publications']);
  });

  test('a close says nothing, and what is not UTF-8 cannot be said', () => {
    const close = item({ 'ws-message': { action: 'close' } });
    expect(across({ topic: 'grip/news', id: undefined, data: close })).toEqual({
      ...{ said: [], counted: [] },
    });
    const binary = item({ 'ws-message': { 'content-bin': '//4=' } });
    expect(across({ topic: 'grip/news', id: undefined, data: binary })).toEqual({
      ...{ said: [], counted: ['bridge.dropped'] },
    });
  });
});

test('[BRIDGE-4] data as an item of all formats', () => {
  const { said } = across({ topic: 'broker/news', id: 'id', data: bytes('{\n "a": 1}') });
  const [bridged] = said;
  expect(bridged).toMatchObject({ topic: 'grip/news', isKept: false, id: 'id', isBridged: true });
  if (bridged === undefined) throw new Error('nothing came across');
  const { channel, ws, stream, response } = bridged.data as GripItem;
  expect(channel).toBe('news');
  expect(textOf(ws?.content)).toBe('{\n "a": 1}');
  expect(textOf(stream?.content)).toBe('data: {  "a": 1}\n\n');
  expect(textOf(response?.body)).toBe('{  "a": 1}\n');
});

test('what is joined to nothing, or to a dialect that is not here, goes nowhere', () => {
  expect(across({ topic: 'broker/quiet', id: undefined, data: bytes('1') }).counted).toEqual([]);
  const alone = { sides: sides.slice(0, 1), joined };
  const counted: string[] = [];
  const published = { topic: 'broker/news', id: undefined, data: bytes('1') };
  cross(alone, published, { send: () => {}, count: (name) => void counted.push(name) });
  expect(counted).toEqual(['bridge.dropped']);
});

describe('[BRIDGE-1] [BRIDGE-2] homes', () => {
  function stage() {
    const system = new System({
      shard: 0,
      seed: 1,
      crossing: () => {},
      onFailure: (_, error) => {
        throw error;
      },
      onCollapse: () => {},
    });
    const routerOf = () => addressOf<{ readonly type: string }>(0, 'router');
    const delivered: string[] = [];
    system.bind(routerOf(), (message) => {
      const { publication } = message as unknown as { publication?: { topic: string } };
      if (publication !== undefined) delivered.push(publication.topic);
    });
    for (const edge of ['operator', 'log']) system.bind(addressOf(0, edge), () => {});
    system.spawn(homeActor, { limits: homeDefaults, routerOf, bridges }, 'home');
    const channels = system.spawn(
      channelsActor,
      {
        shard: 0,
        options: gatewayDefaults,
        home,
        operator: addressOf(0, 'operator'),
        log: addressOf(0, 'log'),
        isJoined: (channel: string) => channel === 'news',
      },
      'channels',
    );
    for (const topic of ['broker/news', 'grip/news']) {
      const ask = { topic, subscribers: 1, since: undefined, shard: 0, ref: 1 };
      system.deliver(home, { type: 'attach', ...ask });
    }
    system.run(0, 1_000);
    return { system, channels, delivered };
  }

  test('publish on both sides, once', () => {
    const { system, delivered } = stage();
    const ask = { id: undefined, shard: 0, ref: undefined, publisher: undefined };
    system.deliver(home, { type: 'publish', topic: 'broker/news', data: bytes('1'), ...ask });
    system.run(1, 1_000);
    expect(delivered.splice(0)).toEqual(['broker/news', 'grip/news']);
    const data = item({ 'ws-message': { content: '2' } });
    system.deliver(home, { type: 'publish', topic: 'grip/news', data, ...ask });
    system.run(2, 1_000);
    expect(delivered).toEqual(['grip/news', 'broker/news']);
  });

  test('hear of a joined channel that nobody follows, and of no other', () => {
    const { system, channels, delivered } = stage();
    const said = item({ 'ws-message': { content: '1' } });
    system.deliver(channels, { type: 'publishItem', item: said });
    system.deliver(channels, { type: 'publishItem', item: { ...said, channel: 'quiet' } });
    system.run(1, 1_000);
    expect(delivered).toEqual(['grip/news', 'broker/news']);
    expect(topicOfChannel('news')).toBe('grip/news');
  });
});
