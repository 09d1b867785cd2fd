// A node that does not keep pace: what is said in its rooms is held off before any of it is lost, and not for longer.

import { describe, expect, test } from 'vitest';

import { ClusterStage } from '../../support/cluster-stage.ts';
import { HpClient, type HpLine } from '../../support/hp-client.ts';

const fast = {
  messagesPerSecondMax: 1e6,
  messagesBurstMax: 1e6,
  pingEveryMs: 3e6,
  pingTimeoutMs: 6e6,
};
const LIMIT = 40;

function whole(): ClusterStage {
  const stage = new ClusterStage({ chat: fast, cluster: { forwardsMax: LIMIT } });
  stage.until(() => stage.isWhole, 5_000);
  stage.pass(500);
  return stage;
}

function joined(stage: ClusterStage, user: string, node: string, room: string): HpClient {
  const client = HpClient.in(stage.at(node), user);
  client.ask('JOIN', { room });
  stage.pass(300);
  client.take();
  return client;
}

/** A room whose messages come from a node. */
function roomAt(stage: ClusterStage, home: string): string {
  for (let at = 0; at < 50; at += 1) {
    const room = `room-${at}`;
    const [one, other] = ['one', 'other'].map((user) => joined(stage, `${user}-${at}`, 'n1', room));
    one?.ask('ROOM_MESSAGE', { room, body: 'where' }, `w${at}`);
    stage.pass(100);
    const told = other?.take().find(({ type }) => type === 'ROOM_MESSAGE');
    for (const client of [one, other]) client?.ask('BYE');
    stage.pass(100);
    if (told?.payload['node'] === home) return room;
  }
  throw new Error(`no room is at home on ${home}`);
}

/** Each says one thing, one after the other: which were taken, and what else was answered. */
function talk(stage: ClusterStage, speakers: readonly HpClient[], room: string, letter: string) {
  const taken: string[] = [];
  const refused: HpLine['payload'][] = [];
  for (const [at, speaker] of speakers.entries()) {
    speaker.ask('ROOM_MESSAGE', { room, body: `${letter}${at}` }, `${letter}${at}`);
    stage.pass(20);
  }
  stage.until(() => {
    for (const { type, payload } of speakers.flatMap((speaker) => speaker.take()))
      if (type === 'ACK') taken.push(String(payload['ref']));
      else if (type === 'ERROR') refused.push(payload);
    return taken.length + refused.length === speakers.length;
  }, 8_000);
  return { taken: taken.toSorted(), refused };
}

const bodies = (client: HpClient): unknown[] =>
  client.take().flatMap(({ type, payload }) => (type === 'ROOM_MESSAGE' ? [payload['body']] : []));
const crowd = (stage: ClusterStage, room: string): HpClient[] =>
  Array.from({ length: LIMIT }, (_, at) => joined(stage, `u${at}`, 'n1', room));

describe('a node that falls behind', () => {
  test('[HP-RELAY-13] holds off what is said in rooms where it has members; nothing is lost', () => {
    const stage = whole();
    const room = roomAt(stage, 'n1');
    const [speakers, bob] = [crowd(stage, room), joined(stage, 'bob', 'n2', room)];
    stage.pass(100);
    bob.take();
    stage.delay('n1', 'n2', 900);
    const { taken, refused } = talk(stage, speakers, room, 'm');
    stage.delay('n1', 'n2', 0);
    expect(refused.length).toBeGreaterThan(5);
    for (const payload of refused)
      expect(payload).toMatchObject({ code: 'UNAVAILABLE', fatal: false, retry_after: 1 });
    expect(stage.counted('n1', 'chat.messages.heldOff')).toBe(refused.length);
    expect(stage.counted('n1', 'cluster.forwards.dropped')).toBe(0);
    stage.until(() => stage.counted('n1', 'cluster.pressed') === 0, 10_000);
    stage.pass(5_000);
    const later = talk(stage, speakers.slice(0, 1), room, 'after');
    expect(later.refused).toEqual([]);
    stage.pass(500);
    const heard = bodies(bob);
    expect(heard.map(String).toSorted()).toEqual([...taken, ...later.taken].toSorted());
    expect(new Set(heard).size).toBe(heard.length);
    expect(stage.failures).toEqual([]);
  });

  test('[HP-RELAY-13] holds off what is said in rooms that it is the home of', () => {
    const stage = whole();
    const room = roomAt(stage, 'n2');
    const speakers = crowd(stage, room);
    for (const speaker of speakers) speaker.take();
    stage.split(['n2']);
    for (const [at, speaker] of speakers.entries()) {
      speaker.ask('ROOM_MESSAGE', { room, body: 'm' }, `m${at}`);
      stage.pass(20);
    }
    const answers = speakers.flatMap((speaker) => speaker.take());
    expect(answers.length).toBeGreaterThan(3);
    for (const { payload } of answers)
      expect(payload).toMatchObject({ code: 'UNAVAILABLE', fatal: false, retry_after: 1 });
    expect(stage.counted('n1', 'chat.messages.heldOff')).toBe(answers.length);
    expect(stage.counted('n1', 'cluster.forwards.dropped')).toBe(0);
  });

  test('[HP-RELAY-13] holds nothing off any more when it is taken for dead', () => {
    const stage = whole();
    const room = roomAt(stage, 'n1');
    const speakers = crowd(stage, room);
    joined(stage, 'bob', 'n2', room);
    stage.split(['n2']);
    expect(talk(stage, speakers, room, 'm').refused.length).toBeGreaterThan(5);
    expect(stage.counted('n1', 'cluster.pressed')).toBe(1);
    // It is taken for dead, and nothing waits for it any more.
    stage.until(() => stage.seen('n1').includes('n2:down'), 12_000);
    expect(stage.counted('n1', 'cluster.pressed')).toBe(0);
    stage.pass(500);
    expect(talk(stage, speakers.slice(0, 1), room, 'after').taken).toEqual(['after0']);
  });

  test('[HP-RELAY-13] nor when whoever counted what waits for it has died', () => {
    const stage = new ClusterStage({
      ...{ shards: 2, chat: { ...fast, joinsPerSecondMax: 100 } },
      cluster: { forwardsMax: LIMIT },
    });
    stage.until(() => stage.isWhole, 5_000);
    stage.pass(500);
    const rooms = Array.from({ length: 16 }, (_, at) => `r${at}`);
    const alice = HpClient.in(stage.at('n1'), 'alice', 1);
    const bob = HpClient.in(stage.at('n2'), 'bob');
    for (const room of rooms) for (const client of [alice, bob]) client.ask('JOIN', { room });
    stage.broker('n2').say({ type: 'subscribe', topic: 't' });
    stage.pass(500);
    stage.split(['n2']);
    const publisher = stage.broker('n1', 1);
    for (let at = 0; at < LIMIT; at += 1) publisher.say({ topic: 't', data: at });
    stage.pass(500);
    expect(stage.counted('n1', 'cluster.pressed')).toBe(1);
    const say = (): readonly unknown[] => {
      alice.take();
      for (const room of rooms) alice.ask('ROOM_MESSAGE', { room, body: 'x' });
      stage.pass(5_000);
      const answers = alice.take().filter(({ type }) => type === 'ACK' || type === 'ERROR');
      return answers.map(({ type, payload }) => (type === 'ACK' ? type : payload['code']));
    };
    // Some are kept by nodes that keep pace.
    expect(say().filter((answer) => answer === 'UNAVAILABLE').length).toBeGreaterThan(2);
    stage.crash('n1', 0);
    stage.pass(15_000);
    expect(say()).toEqual(rooms.map(() => 'ACK'));
  });
});
