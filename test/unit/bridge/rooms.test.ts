// Rooms that are joined to topics, on a node of two shards and on clusters: what is said on one side is heard on the other
// once, by whom it was said, and nothing is said that a member could not say.

import { assert as check, property, string } from 'fast-check';
import { describe, expect, test } from 'vitest';

import { type GripItem, itemFromValue } from '../../../src/actors/codecs/grip/publish-item.ts';
import { actorsOf } from '../../../src/actors/node.ts';
import { NO_SLOT, type RouterReply } from '../../../src/actors/routing/router-messages.ts';
import { TO_OWNER } from '../../../src/actors/routing/subscriptions.ts';
import { chatDefaults } from '../../../src/actors/chat/chat-options.ts';
import { readSaid } from '../../../src/actors/chat/rooms/room-bridge.ts';
import { isSpeaker, isUserName } from '../../../src/actors/codecs/hp/names.ts';
import { Prng } from '../../../src/actors/runtime/prng.ts';
import { ClusterStage } from '../../support/cluster-stage.ts';
import { HpClient, type HpLine } from '../../support/hp-client.ts';
import { Stage, type StageOptions } from '../../support/stage.ts';
import type { WebClient } from '../../support/staged-web.ts';

const fast = {
  ...{ messagesPerSecondMax: 1e6, messagesBurstMax: 1e6, joinsPerSecondMax: 1e6 },
  ...{ pingEveryMs: 3e6, pingTimeoutMs: 6e6 },
};
const WALL_SECONDS = 1_700_000_000;

function staged(more: StageOptions = {}): Stage {
  return new Stage({ shards: 2, chat: fast, bridge: ['chat/r=broker/t'], ...more });
}

function joined(stage: Stage, user: string, shard = 0): HpClient {
  const client = HpClient.in(stage, user, shard);
  client.ask('JOIN', { room: 'r' });
  stage.settle();
  client.take();
  return client;
}

function followed(stage: Stage, topic = 't', shard = 1): WebClient {
  const client = stage.connect({ shard });
  client.say({ type: 'subscribe', topic });
  client.take();
  return client;
}

function publish(stage: Stage, data: unknown, more: object = {}, topic = 't'): void {
  stage.connect().say({ topic, data, ...more });
  stage.settle();
}

const heard = (lines: readonly HpLine[]): unknown[] =>
  lines
    .filter(({ type }) => type === 'ROOM_MESSAGE')
    .map(({ payload: { from, body } }) => [from, body]);

describe('a room as a topic', () => {
  test('[BRIDGE-5] a message comes with its sender, place and id, and its data as it was written', () => {
    const stage = staged();
    const alice = joined(stage, 'alice');
    const page = followed(stage);
    alice.raw(
      '{"version":"1.0","type":"ROOM_MESSAGE","id":"m1","timestamp":5,"source":"client",' +
        '"payload":{"room":"r","body":"hi\\n\\"you\\"","data":{"price":170.50}}}\n',
    );
    const [ack] = alice.take();
    const { seq, epoch } = ack?.payload ?? {};
    expect(page.take()).toEqual([
      `{"from":"alice","body":"hi\\n\\"you\\"","data":{"price":170.50},"room":"r","id":"m1","timestamp":5,"seq":${String(seq)},"epoch":${String(epoch)}}`,
    ]);
    expect(stage.counted('bridge.publications')).toBe(1);
  });

  test('[BRIDGE-5] who comes, goes and types is not told', () => {
    const stage = staged();
    const page = followed(stage);
    const alice = joined(stage, 'alice');
    const bob = joined(stage, 'bob', 1);
    alice.ask('TYPING', { room: 'r', on: true });
    bob.ask('LEAVE', { room: 'r' });
    expect(page.take()).toEqual([]);
  });

  test('[BRIDGE-5] two people who call their messages the same say two', () => {
    const stage = staged();
    const [alice, bob] = [joined(stage, 'alice'), joined(stage, 'bob', 1)];
    const page = followed(stage);
    for (const client of [alice, bob]) client.ask('ROOM_MESSAGE', { room: 'r', body: 'x' }, '1');
    expect(page.takeJson()).toMatchObject([{ from: 'alice' }, { from: 'bob' }]);
  });

  test('[BRIDGE-1] [BRIDGE-2] what was missed is recovered from the topic, as all else there', () => {
    const stage = staged();
    const alice = joined(stage, 'alice');
    const page = stage.connect();
    page.take();
    page.say({ type: 'subscribe', topic: 't', envelope: true });
    const [{ epoch, offset }] = page.takeJson() as [{ epoch: string; offset: number }];
    page.leave();
    alice.ask('ROOM_MESSAGE', { room: 'r', body: 'meanwhile' });
    const again = stage.connect({ shard: 1 });
    again.take();
    again.say({ type: 'subscribe', topic: 't', since: { epoch, offset } });
    expect(again.takeJson()).toMatchObject([{ recovered: true }, { body: 'meanwhile' }]);
  });
});

describe('a topic as a room', () => {
  test('[BRIDGE-6] [BRIDGE-9] members hear a guest, or whom the page calls itself', () => {
    const stage = staged();
    const alice = joined(stage, 'alice');
    publish(stage, { from: 'bob', body: 'from a page' }, { id: 'p1' });
    publish(stage, { from: 'bob@chat', body: 'a' });
    publish(stage, { from: 7, body: 'b' });
    publish(stage, 'c', { id: 'no id of HP' });
    const lines = alice.take();
    expect(heard(lines)).toEqual([
      ['bob@broker', 'from a page'],
      ['guest@broker', 'a'],
      ['guest@broker', 'b'],
      ['guest@broker', 'c'],
    ]);
    expect(lines[0]).toMatchObject({ id: 'p1', timestamp: WALL_SECONDS + 1, payload: { seq: 1 } });
    expect(lines[3]?.id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4/);
  });

  test('[BRIDGE-6] with tokens it is whom the token was made for', () => {
    const everything = { subscribe: ['*'], publish: ['*'] };
    const stage = staged({
      broker: { requireToken: true },
      tokens: {
        bob: { ...everything, subject: 'bob' },
        strange: { ...everything, subject: 'auth0|7' },
        nameless: everything,
      },
    });
    const alice = joined(stage, 'alice');
    for (const token of ['bob', 'strange', 'nameless'])
      stage
        .connect({ headers: { authorization: `Bearer ${token}` } })
        .say({ topic: 't', data: { from: 'carol', body: token } });
    stage.request({
      ...{ method: 'POST', path: '/publish', headers: { authorization: 'Bearer bob' } },
      body: JSON.stringify({ topic: 't', data: { from: 'carol', body: 'by HTTP' } }),
    });
    expect(heard(alice.take())).toEqual([
      ['bob@broker', 'bob'],
      ['guest@broker', 'strange'],
      ['guest@broker', 'nameless'],
      ['bob@broker', 'by HTTP'],
    ]);
  });

  test('[BRIDGE-9] [BRIDGE-1] the same id of the same speaker is the same message', () => {
    const stage = staged({ bridge: ['chat/r=broker/t', 'chat/r=broker/u'] });
    const alice = joined(stage, 'alice');
    publish(stage, { from: 'bob', body: '1' }, { id: 'x' });
    publish(stage, { from: 'bob', body: '1' }, { id: 'x' });
    publish(stage, { from: 'bob', body: '1' }, { id: 'x' }, 'u');
    publish(stage, { from: 'carol', body: '2' }, { id: 'y' }, 'u');
    publish(stage, { from: 'bob', body: '2' }, { id: 'y' });
    expect(heard(alice.take())).toEqual([
      ['bob@broker', '1'],
      ['carol@broker', '2'],
      ['bob@broker', '2'],
    ]);
  });

  test('[BRIDGE-1] what came over a bridge goes over no other', () => {
    const stage = staged({ bridge: ['chat/r=broker/t', 'chat/r=broker/u', 'chat/q=broker/t'] });
    const [t, u] = [followed(stage, 't'), followed(stage, 'u')];
    const alice = joined(stage, 'alice');
    publish(stage, { body: '1' });
    expect(heard(alice.take())).toEqual([['guest@broker', '1']]);
    expect([t.take(), u.take()]).toEqual([['{"body":"1"}'], []]);
    alice.ask('ROOM_MESSAGE', { room: 'r', body: '2' });
    expect([t.takeJson(), u.takeJson()]).toMatchObject([[{ body: '2' }], [{ body: '2' }]]);
    expect(heard(alice.take())).toEqual([]);
    expect(stage.troubles).toEqual([]);
  });

  test('[BRIDGE-2] the ack is that of the topic, also for what the room does not take', () => {
    const stage = staged();
    const page = stage.connect();
    page.take();
    page.say({ topic: 't', data: { body: '' }, ack: true });
    expect(page.takeJson()).toMatchObject([{ type: 'ack_publish', topic: 't', offset: 1 }]);
    expect(stage.counted('bridge.dropped')).toBe(1);
  });

  test('[BRIDGE-8] more than a room can bear in a second does not pass', () => {
    const stage = staged({ chat: { ...fast, bridgedPerSecondMax: 3 } });
    const alice = joined(stage, 'alice');
    for (let at = 0; at < 5; at += 1) publish(stage, { body: `${at}` });
    expect(heard(alice.take())).toHaveLength(3);
    expect(stage.counted('bridge.dropped')).toBe(2);
    stage.pass(1_000);
    publish(stage, { body: 'later' });
    expect(heard(alice.take())).toEqual([['guest@broker', 'later']]);
  });

  test('[BRIDGE-8] a node without place for another room says nothing in one', () => {
    const stage = staged({ shards: 1, chat: { ...fast, roomsMax: 1 } });
    const bob = HpClient.in(stage, 'bob');
    bob.ask('JOIN', { room: 'other' });
    publish(stage, { body: '1' });
    expect(stage.counted('bridge.dropped')).toBe(1);
  });

  test('[BRIDGE-10] nobody is a member by it; an empty room remembers it for those who come', () => {
    const stage = staged({ chat: { ...fast, emptyRoomMs: 100_000 } });
    publish(stage, { from: 'bob', body: 'anybody here?' });
    stage.pass(90_000);
    publish(stage, { from: 'bob', body: 'hello?' });
    stage.pass(90_000);
    const alice = HpClient.in(stage, 'alice');
    alice.ask('ROOM_LIST', {});
    expect(alice.next()?.payload['rooms']).toEqual([]);
    alice.ask('JOIN', { room: 'r', history: { limit: 5 } });
    alice.ask('ROOM_MEMBERS', { room: 'r' });
    const [join, first, second, members] = alice.take();
    expect(join?.payload).toMatchObject({ seq: 2, count: 1 });
    expect(first).toMatchObject({ payload: { from: 'bob@broker', delayed: true } });
    expect(second).toMatchObject({ payload: { body: 'hello?', delayed: true } });
    expect(members?.payload).toMatchObject({ members: [{ user: 'alice' }], count: 1 });
    alice.ask('DIRECT_MESSAGE', { to: 'bob@broker', body: 'hi' });
    expect(alice.next()?.payload).toMatchObject({ code: 'INVALID_PAYLOAD', field: 'payload.to' });
    expect(followed(stage).isGone).toBe(false);
  });

  test('[BRIDGE-4] [BRIDGE-6] a room and a channel speak with each other, too', () => {
    const stage = staged({ bridge: ['chat/r=grip/c'] });
    const alice = joined(stage, 'alice');
    const { address: owner, heard: told } = stage.probe<RouterReply>(0, 'hold');
    const { router, home } = actorsOf(0);
    stage.tell(router, {
      ...{ type: 'open', connection: 900, owner, ownFormat: 'grip/stream', subscriptionsMax: 1 },
      outbox: { queueBytesMax: 1e6, slowPolicy: 'disconnect' },
    });
    const following = { topic: 'grip/c', format: TO_OWNER, since: undefined };
    stage.tell(router, { type: 'subscribe', connection: 900, slot: NO_SLOT, ...following });
    stage.settle();
    alice.ask('ROOM_MESSAGE', { room: 'r', body: 'hi' }, 'm1');
    const [item] = told.flatMap((one) =>
      one.type === 'delivered' ? (one.publication.data as GripItem) : [],
    );
    const body = '{"from":"alice","body":"hi","room":"r","id":"m1",';
    expect(new TextDecoder().decode(item?.stream?.content)).toContain(`data: ${body}`);
    expect(new TextDecoder().decode(item?.ws?.content)).toContain(body);
    alice.take();
    const reading = itemFromValue(
      { channel: 'c', formats: { 'http-stream': { content: 'snow\n' } } },
      'json',
    );
    if (!reading.ok) throw new Error(reading.mistake.message);
    stage.tell(home, {
      ...{ type: 'publish', topic: 'grip/c', id: undefined, data: reading.item, isKept: false },
      ...{ shard: 0, ref: undefined, publisher: undefined },
    });
    stage.settle();
    expect(heard(alice.take())).toEqual([['guest@grip', 'snow']]);
  });
});

describe('whatever turns are taken', () => {
  test.each([1, 2, 3, 4, 5, 6, 7, 8])(
    '[BRIDGE-1] [BRIDGE-2] each side hears each word once, in its own order (seed %i)',
    (chance) => {
      const stage = staged({ chance, shards: 3 });
      const members = [0, 1].map((shard) => {
        const client = new HpClient(stage, shard);
        client.ask('LOGIN', { user: `member-${shard}`, caps: ['echo'] });
        client.ask('JOIN', { room: 'r' });
        return client;
      });
      const pages = [1, 2].map((shard) => stage.connect({ shard }));
      stage.settle();
      for (const page of pages) page.say({ type: 'subscribe', topic: 't', envelope: true });
      stage.settle();
      for (const client of [...members, ...pages]) client.take();
      const all: string[] = [];
      for (let at = 0; at < 10; at += 1) {
        for (const [who, member] of members.entries()) {
          all.push(`m${who}-${at}`);
          member.ask('ROOM_MESSAGE', { room: 'r', body: `m${who}-${at}` }, `i${at}`);
        }
        for (const [who, page] of pages.entries()) {
          all.push(`p${who}-${at}`);
          page.say({ topic: 't', data: { from: `page-${who}`, body: `p${who}-${at}` } });
        }
        for (let step = 0; step < at * 3; step += 1) stage.step();
      }
      stage.settle();
      const inRoom = members.map((member) =>
        heard(member.take()).map((one) => String((one as string[])[1])),
      );
      const onTopic = pages.map((page) =>
        page
          .takeJson()
          .flatMap((frame) => (frame as { data?: { body?: string } }).data?.body ?? []),
      );
      for (const words of [...inRoom, ...onTopic]) expect(words.toSorted()).toEqual(all.toSorted());
      expect(inRoom[1]).toEqual(inRoom[0]);
      expect(onTopic[1]).toEqual(onTopic[0]);
      // Whoever spoke keeps his order on both sides.
      for (const words of [...inRoom, ...onTopic])
        for (const who of ['m0', 'm1', 'p0', 'p1'])
          expect(words.filter((word) => word.startsWith(who))).toEqual(
            all.filter((word) => word.startsWith(who)),
          );
      expect(stage.troubles).toEqual([]);
    },
  );

  test('a shard that dies takes a room along, and the two sides go on with its successor', () => {
    for (const dead of [0, 1]) {
      const stage = staged();
      const other = 1 - dead;
      const alice = joined(stage, 'alice', other);
      const page = followed(stage, 't', other);
      stage.crash(dead);
      stage.settle();
      for (const client of [alice, page]) client.take();
      alice.ask('ROOM_MESSAGE', { room: 'r', body: 'still here' });
      stage.settle();
      stage.connect({ shard: other }).say({ topic: 't', data: { body: 'me too' } });
      stage.settle();
      stage.pass(6_000);
      expect(heard(alice.take())).toContainEqual(['guest@broker', 'me too']);
      const bodies = page.takeJson().map((frame) => (frame as { body?: string }).body);
      expect(bodies).toContain('me too');
      expect(stage.troubles).toEqual([]);
    }
  });
});

describe('[BRIDGE-7] [BRIDGE-8] what JSON says in a room', () => {
  const limits = { bodyBytesMax: 20, lineBytesMax: 600 };
  const read = (json: string): unknown => {
    const said = readSaid(new TextEncoder().encode(json), limits);
    return said === undefined ? undefined : [said.body, said.dataText];
  };
  const deep = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth);

  test.each<[string, unknown]>([
    ['{"body":"hi"}', ['hi', undefined]],
    ['{"body":"hi","data":170.50}', ['hi', '170.50']],
    ['{"body":"a","data":{\n"x" :\r\n1e400}}', ['a', '{ "x" :  1e400}']],
    ['{"body":"a\\nb"}', ['a\nb', undefined]],
    ['"text"', ['text', undefined]],
    ['"a line\\r\\n"', ['a line', undefined]],
    ['170.50', ['170.50', undefined]],
    ['{"price":170.50}', ['{"price":170.50}', undefined]],
    ['{\n"body":7\n}', ['{ "body":7 }', undefined]],
    ['[1,\n 2]', ['[1,  2]', undefined]],
    ['""', undefined],
    ['"\\n"', undefined],
    ['{"body":""}', undefined],
    [`{"body":"${'x'.repeat(20)}"}`, ['x'.repeat(20), undefined]],
    [`{"body":"${'x'.repeat(21)}"}`, undefined],
    [`{"body":"${'é'.repeat(11)}"}`, undefined],
    ['{"body":"a\\u0000"}', undefined],
    ['{"body":"\\ud800"}', undefined],
    ['{"body":"a","data":"\\udc00"}', undefined],
    ['{"body":"a","data":"\\u0000"}', ['a', '"\\u0000"']],
    [`{"body":"a","data":${deep(30)}}`, ['a', deep(30)]],
    [`{"body":"a","data":${deep(31)}}`, undefined],
    [`{"body":"a","data":"${'x'.repeat(90)}"}`, undefined],
  ])('%s', (json, said) => {
    expect(read(json)).toEqual(said);
  });

  test('whatever is JSON can be read, and what is said fits into a line', () => {
    check(
      property(string({ unit: 'binary', maxLength: 40 }), (body) => {
        const said = readSaid(new TextEncoder().encode(JSON.stringify({ body })), chatDefaults);
        if (said !== undefined) expect(said.body).toBe(body);
      }),
    );
  });

  test('a long text of nothing but line ends and a letter is read as fast as any other', () => {
    // A pattern that tries each of the line ends would take minutes here.
    const text = JSON.stringify(`${'\n'.repeat(200_000)}x`);
    expect(read(text)).toBeUndefined();
    expect(read(JSON.stringify(`x${'\r\n'.repeat(200_000)}`))).toEqual(['x', undefined]);
  });

  test.each(['bob@broker', 'b@grip', 'bob'])('%s may speak in a room', (name) => {
    expect(isSpeaker(name)).toBe(true);
    expect(isUserName(name)).toBe(!name.includes('@'));
  });

  test.each(['@broker', 'bob@', 'bob@a@b', 'a b@broker', 'bob@Broker'])('%s may not', (name) => {
    expect(isSpeaker(name)).toBe(false);
  });
});

describe('[BRIDGE-13] on several nodes', () => {
  function whole(seed = 1, chat: object = {}): ClusterStage {
    const bridge = ['chat/r=broker/t'];
    const stage = new ClusterStage({ shards: 2, seed, chat: { ...fast, ...chat }, bridge });
    stage.until(() => stage.isWhole, 5_000);
    stage.pass(500);
    return stage;
  }

  function member(stage: ClusterStage, user: string, node: string): HpClient {
    const client = HpClient.in(stage.at(node), user);
    client.ask('JOIN', { room: 'r' });
    stage.pass(50);
    client.take();
    return client;
  }

  function page(stage: ClusterStage, node: string): WebClient {
    const client = stage.broker(node, 1);
    client.say({ type: 'subscribe', topic: 't' });
    stage.pass(100);
    client.take();
    return client;
  }

  test('what is said on either side of any node is heard on both sides of all, once', () => {
    const stage = whole();
    const names = stage.nodes.map(({ name }) => name);
    const members = names.map((name) => member(stage, `of-${name}`, name));
    const pages = names.map((name) => page(stage, name));
    stage.pass(100);
    for (const client of members) client.take();
    for (let at = 0; at < 10; at += 1) {
      for (const [who, client] of members.entries())
        client.ask('ROOM_MESSAGE', { room: 'r', body: `m${who}-${at}` });
      for (const [who, client] of pages.entries())
        client.say({ topic: 't', data: { from: `p${who}`, body: `p${who}-${at}` } });
    }
    stage.pass(1_000);
    const all = [0, 1, 2].flatMap((who) =>
      Array.from({ length: 10 }, (_, at) => [`m${who}-${at}`, `p${who}-${at}`]).flat(),
    );
    const orders = members.map((client) => heard(client.take()) as [string, string][]);
    for (const [at, order] of orders.entries()) {
      const others = all.filter((body) => !body.startsWith(`m${at}`));
      expect(order.map(([, body]) => body).toSorted()).toEqual(others.toSorted());
      expect(
        order.filter(([from, body]) => body.startsWith('p') !== from.endsWith('@broker')),
      ).toEqual([]);
    }
    for (const client of pages) {
      const bodies = (client.takeJson() as { body: string }[]).map(({ body }) => body);
      expect(bodies.toSorted()).toEqual(all.toSorted());
    }
    expect(stage.failures).toEqual([]);
  });

  test('a room whose home dies loses nobody who speaks over a bridge afterwards, and says nothing twice', () => {
    const stage = whole(2);
    const probe = member(stage, 'probe', 'n1');
    const echo = member(stage, 'echo', 'n2');
    probe.ask('ROOM_MESSAGE', { room: 'r', body: 'where' });
    stage.pass(50);
    const home = String(echo.take()[0]?.payload['node']);
    const [one, other] = ['n1', 'n2', 'n3'].filter((name) => name !== home);
    if (one === undefined || other === undefined) throw new Error('there are three nodes');
    const [alice, web] = [member(stage, 'alice', one), stage.broker(other)];
    stage.kill(home);
    for (let at = 0; at < 30; at += 1) {
      web.say({ topic: 't', data: { body: `${at}` }, id: `p${at}` });
      stage.pass(500);
    }
    stage.pass(10_000);
    const bodies = (heard(alice.take()) as [string, string][]).map(([, body]) => Number(body));
    expect(new Set(bodies).size).toBe(bodies.length);
    expect(bodies).toEqual(bodies.toSorted((a, b) => a - b));
    expect(bodies.at(-1)).toBe(29);
    expect(bodies.length + stage.counted(other, 'bridge.dropped')).toBeGreaterThanOrEqual(25);
  });

  test('[BRIDGE-8] the smaller part of a split says nothing where it may not', () => {
    const stage = new ClusterStage({
      ...{ shards: 1, chat: fast, bridge: ['chat/r=broker/t'] },
      cluster: { partitionPolicy: 'readonly-minority', nodesExpected: 3 },
    });
    stage.until(() => stage.isWhole, 5_000);
    stage.pass(500);
    const alice = member(stage, 'alice', 'n1');
    stage.split(['n1']);
    stage.pass(15_000);
    stage.broker('n1').say({ topic: 't', data: { body: 'lonely' } });
    stage.pass(100);
    expect(heard(alice.take())).toEqual([]);
    expect(stage.counted('n1', 'bridge.dropped')).toBe(1);
  });

  test.each([1, 2, 3, 4, 5, 6])('under faults nothing comes twice (seed %i)', (seed) => {
    const stage = whole(seed);
    const chance = new Prng(seed, 'bridge');
    const names = stage.nodes.map(({ name }) => name);
    const members = names.map((name) => member(stage, `of-${name}`, name));
    const pages = names.map((name) => page(stage, name));
    let said = 0;
    for (let at = 0; at < 60; at += 1) {
      const [one, two] = [chance.pick(names), chance.pick(names)];
      const who = chance.below(names.length);
      if (chance.below(8) === 0) stage.sever(one, two);
      else if (chance.below(12) === 0) stage.stall(one, chance.between(100, 6_000));
      else if (chance.below(2) === 0)
        members[who]?.ask('ROOM_MESSAGE', { room: 'r', body: `m-${(said += 1)}` }, `i${said}`);
      else pages[who]?.say({ topic: 't', data: { body: `p-${(said += 1)}` }, id: `i${said}` });
      stage.pass(chance.between(0, 300));
    }
    stage.pass(20_000);
    for (const client of members) {
      const bodies = (heard(client.take()) as [string, string][]).map(([, body]) => body);
      expect(new Set(bodies).size).toBe(bodies.length);
      expect(bodies.length).toBeGreaterThan(0);
    }
    for (const client of pages) {
      const bodies = client.takeJson().flatMap((frame) => (frame as { body?: string }).body ?? []);
      expect(new Set(bodies).size).toBe(bodies.length);
    }
    expect(stage.failures).toEqual([]);
  });
});
