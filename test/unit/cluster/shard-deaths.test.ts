// A shard of a node dies, and the node lives: what other nodes keep of its rooms comes back to it, and it finds out again
// where all other rooms are at home.

import { describe, expect, test } from 'vitest';

import { homeNodeOf } from '../../../src/actors/chat/rendezvous.ts';
import { shardOfRoom, shardOfUser } from '../../../src/actors/chat/chat-context.ts';
import { ClusterStage } from '../../support/cluster-stage.ts';
import { HpClient, type HpLine } from '../../support/hp-client.ts';

const fast = {
  ...{ messagesPerSecondMax: 1e6, messagesBurstMax: 1e6, joinsPerSecondMax: 1e6 },
  ...{ pingEveryMs: 3e6, pingTimeoutMs: 6e6 },
};
const names = ['n1', 'n2', 'n3'];

function whole(shards = 2): ClusterStage {
  const stage = new ClusterStage({ shards, chat: fast });
  stage.until(() => stage.isWhole, 10_000);
  stage.pass(500);
  return stage;
}

/** A room that the nodes have in this order, the home first, and that is on a shard. */
function roomOf(order: readonly string[], shard: number, shards = 2): string {
  for (let at = 0; at < 1_000; at += 1) {
    const room = `room-${at}`;
    const left = [...names];
    const found = names.map(() => {
      const home = homeNodeOf(left, room) ?? '';
      left.splice(left.indexOf(home), 1);
      return home;
    });
    if (
      order.every((node, rank) => found[rank] === node) &&
      shardOfRoom({ shards }, room) === shard
    )
      return room;
  }
  throw new Error('there is no such room');
}

function joined(stage: ClusterStage, user: string, node: string, room: string): HpClient {
  const client = HpClient.in(stage.at(node), user);
  client.ask('JOIN', { room });
  stage.pass(50);
  expect(client.take().map(({ type }) => type)).toContain('JOIN_OK');
  return client;
}

const ids = (lines: readonly HpLine[]): string[] =>
  lines.filter(({ type }) => type === 'ROOM_MESSAGE').map(({ id }) => id);
const told = (lines: readonly HpLine[]): unknown[] =>
  lines
    .filter(({ type }) => type === 'ACK' || type === 'ERROR')
    .map(({ payload }) => payload['status'] ?? payload['code']);

function history(stage: ClusterStage, client: HpClient, room: string): string[] {
  client.take();
  client.ask('HISTORY', { room, limit: 100 });
  stage.pass(100);
  const answer = client.take().find(({ type }) => type === 'HISTORY_OK');
  const found = (answer?.payload['messages'] ?? []) as readonly { readonly id: string }[];
  return found.map(({ id }) => id);
}

describe('a shard that dies alone', () => {
  test('[HP-HOME-10] [HP-ACK-1] [HP-ROOM-9] what was stored in its rooms is there at once, and so are their members', () => {
    const stage = whole();
    const room = roomOf(['n1'], 1);
    const [ann, ben, cat] = [
      joined(stage, 'ann', 'n1', room),
      joined(stage, 'ben', 'n2', room),
      joined(stage, 'cat', 'n3', room),
    ];
    for (const id of ['m1', 'm2']) ben.ask('ROOM_MESSAGE', { room, body: id }, id);
    stage.pass(100);
    expect(told(ben.take())).toEqual(['stored', 'stored']);
    for (const client of [ann, cat]) expect(ids(client.take())).toEqual(['m1', 'm2']);
    stage.crash('n1', 1);
    ben.ask('ROOM_MESSAGE', { room, body: 'm3' }, 'm3');
    stage.pass(1_000);
    const heard = ben.take();
    expect(told(heard)).toEqual(['stored']);
    expect(heard.map(({ type }) => type)).not.toContain('ROOM_EVENT');
    for (const client of [ann, cat]) {
      const lines = client.take();
      expect(ids(lines)).toEqual(['m3']);
      expect(lines.map(({ type }) => type)).not.toContain('ROOM_EVENT');
    }
    for (const client of [ann, ben, cat])
      expect(history(stage, client, room)).toEqual(['m1', 'm2', 'm3']);
    // The id is known, too.
    ben.ask('ROOM_MESSAGE', { room, body: 'm1' }, 'm1');
    stage.pass(100);
    expect(ben.take()[0]?.payload).toMatchObject({ seq: 1, duplicate: true, status: 'stored' });
    expect(stage.failures).toEqual([]);
  });

  test('[HP-HOME-1] [HP-HOME-10] who takes its place knows where rooms are at home', () => {
    const stage = whole();
    const room = roomOf(['n2'], 1);
    const [ann, ben] = [joined(stage, 'ann', 'n1', room), joined(stage, 'ben', 'n2', room)];
    stage.crash('n1', 1);
    stage.pass(100);
    for (const client of [ann, ben]) client.take();
    ann.ask('ROOM_MESSAGE', { room, body: 'm1' }, 'm1');
    ben.ask('ROOM_MESSAGE', { room, body: 'm2' }, 'm2');
    stage.pass(100);
    expect([ids(ann.take()), ids(ben.take())]).toEqual([['m2'], ['m1']]);
    const cat = joined(stage, 'cat', 'n1', room);
    expect(history(stage, cat, room).toSorted()).toEqual(['m1', 'm2']);
  });

  test('[HP-STORE-4] [HP-HOME-10] it is given again what it is to keep', () => {
    const stage = whole();
    const room = roomOf(['n1', 'n2'], 1);
    const ann = joined(stage, 'ann', 'n3', room);
    ann.ask('ROOM_MESSAGE', { room, body: 'm1' }, 'm1');
    stage.pass(100);
    expect(told(ann.take())).toEqual(['stored']);
    stage.crash('n2', 1);
    stage.pass(1_000);
    ann.ask('BYE');
    stage.kill('n1');
    stage.until(() => stage.seen('n2').includes('n1:down'), 10_000);
    stage.pass(1_000);
    const ben = joined(stage, 'ben', 'n2', room);
    expect(history(stage, ben, room)).toEqual(['m1']);
  });
});

describe('a home that dies with those who followed there', () => {
  test('[HP-RELAY-1] [HP-RELAY-3] wants no more what they followed alone, and still what others follow', () => {
    const stage = whole();
    const [alone, shared] = [roomOf(['n1', 'n2'], 1), roomOf(['n1', 'n3'], 1)];
    const [ann, ben, cat] = [
      HpClient.in(stage.at('n2'), 'ann', 1),
      HpClient.in(stage.at('n2'), 'ben', 0),
      HpClient.in(stage.at('n1'), 'cat', 0),
    ];
    for (const client of [ann, cat]) client.ask('JOIN', { room: alone });
    for (const client of [ann, ben, cat]) client.ask('JOIN', { room: shared });
    stage.pass(500);
    ann.wire.leave();
    stage.crash('n2', 1);
    stage.pass(10_000);
    for (const client of [ben, cat]) client.take();
    const before = stage.said.length;
    for (const room of [alone, shared]) cat.ask('ROOM_MESSAGE', { room, body: 'x' }, room);
    stage.pass(500);
    expect(ids(ben.take())).toEqual([shared]);
    const keys = stage.said.slice(before).flatMap(({ from, to, text }) => {
      const { type, payload } = JSON.parse(text) as HpLine;
      if (from !== 'n1' || to !== 'n2' || type !== 'FORWARD') return [];
      return payload['kind'] === 'publication' ? [(payload['data'] as { key: string }).key] : [];
    });
    expect(keys).toEqual([`chat/room/${shared}`]);
    expect(stage.failures).toEqual([]);
  });
});

describe('what waits for a user at a shard that dies', () => {
  const directs = (lines: readonly HpLine[]): string[] =>
    lines.filter(({ type }) => type === 'DIRECT_MESSAGE').map(({ id }) => id);

  /** Somebody at home on a shard, to whom a message was said on a node; nobody else remembers it but those that hold it. */
  function waiting(shard: number): { stage: ClusterStage; user: string } {
    const stage = whole();
    const user = Array.from({ length: 50 }, (_, at) => `user-${at}`).find(
      (name) => shardOfUser({ shards: 2 }, name) === shard,
    );
    const ann = HpClient.in(stage.at('n1'), 'ann');
    for (const id of ['m1', 'm2']) ann.ask('DIRECT_MESSAGE', { to: user, body: id }, id);
    stage.pass(200);
    expect(told(ann.take())).toEqual(['queued', 'queued']);
    return { stage, user: user ?? '' };
  }

  test('[HP-STORE-8] [HP-ACK-2] waits there again, and comes once, wherever the user comes', () => {
    for (const node of ['n1', 'n2', 'n3']) {
      const { stage, user } = waiting(1);
      stage.crash('n1', 1);
      stage.pass(500);
      const client = HpClient.in(stage.at(node), user);
      stage.pass(500);
      expect(directs(client.take())).toEqual(['m1', 'm2']);
      // Nothing of it is held anywhere any more.
      client.ask('BYE');
      stage.pass(200);
      stage.kill('n1');
      stage.until(() => stage.seen('n2').includes('n1:down'), 10_000);
      stage.pass(2_000);
      const again = HpClient.in(stage.at('n2'), user);
      stage.pass(500);
      expect([node, directs(again.take())]).toEqual([node, []]);
      expect(stage.failures).toEqual([]);
    }
  });

  test('[HP-STORE-8] is told to a user who was sooner there', () => {
    const { stage, user } = waiting(1);
    stage.split(['n1']);
    stage.crash('n1', 1);
    const client = HpClient.in(stage.at('n1'), user);
    stage.heal();
    stage.until(() => stage.isWhole, 20_000);
    stage.pass(1_000);
    expect(directs(client.take()).toSorted()).toEqual(['m1', 'm2']);
  });

  test('[HP-STORE-8] is held there again for others', () => {
    const { stage, user } = waiting(1);
    for (const node of ['n2', 'n3']) stage.crash(node, 1);
    stage.pass(1_000);
    stage.kill('n1');
    stage.until(() => ['n2', 'n3'].every((node) => stage.seen(node).includes('n1:down')), 10_000);
    stage.pass(1_000);
    const client = HpClient.in(stage.at('n3'), user);
    stage.pass(500);
    expect(directs(client.take())).toEqual(['m1', 'm2']);
  });
});

describe('a home that comes back and knows nothing', () => {
  test('[HP-HOME-12] gives no place again that somebody may remember who is not there', () => {
    const stage = whole(1);
    const room = roomOf(['n2', 'n3', 'n1'], 0, 1);
    const [ann, ben] = [joined(stage, 'ann', 'n2', room), joined(stage, 'ben', 'n3', room)];
    ann.ask('ROOM_MESSAGE', { room, body: 'm1' }, 'm1');
    stage.pass(100);
    expect(told(ann.take())).toEqual(['stored']);
    const heard = ben.take().filter(({ type }) => type === 'ROOM_MESSAGE');
    ben.wire.leave();
    stage.split(['n3']);
    stage.kill('n2');
    stage.start('n2');
    stage.until(() => stage.seen('n2').includes('n1:up'), 3_000);
    const cat = joined(stage, 'cat', 'n2', room);
    cat.ask('ROOM_MESSAGE', { room, body: 'm2' }, 'm2');
    stage.pass(100);
    expect(told(cat.take())).toEqual(['stored']);
    stage.heal();
    stage.until(() => stage.isWhole, 20_000);
    stage.pass(5_000);
    // What he has is not what stands there now.
    const [{ payload } = { payload: {} as HpLine['payload'] }] = heard;
    const again = new HpClient(stage.at('n3'));
    const place = { epoch: payload['epoch'], seq: payload['seq'] };
    again.ask('RESUME', { token: ben.token, rooms: { [room]: place } });
    stage.pass(500);
    expect(ids(again.take())).toEqual(['m2']);
    expect(history(stage, again, room)).toEqual(['m1', 'm2']);
  });
});

describe('a home that others did not take for one', () => {
  test('[HP-HOME-3] [HP-ACK-1] when it dies, whoever kept the room for it tells the home that all see', () => {
    const stage = whole(1);
    const room = roomOf(['n3', 'n2', 'n1'], 0, 1);
    stage.split(['n3']);
    stage.kill('n2');
    stage.start('n2');
    // To the one that has just come the third does not exist yet; to the other it is silent, and not dead.
    stage.until(() => stage.seen('n2').includes('n1:up'), 3_000);
    const ann = joined(stage, 'ann', 'n2', room);
    ann.ask('ROOM_MESSAGE', { room, body: 'm1' }, 'm1');
    stage.pass(100);
    expect(told(ann.take())).toEqual(['stored']);
    expect(stage.seen('n1')).not.toContain('n3:down');
    stage.kill('n2');
    stage.heal();
    stage.start('n2');
    stage.until(() => stage.isWhole, 20_000);
    stage.pass(5_000);
    const ben = joined(stage, 'ben', 'n2', room);
    expect(history(stage, ben, room)).toEqual(['m1']);
    expect(stage.failures).toEqual([]);
  });
});

describe('a relay that dies', () => {
  /** Of those whose keeper is not on the shard that dies. */
  const far = Array.from({ length: 20 }, (_, at) => `user${at}`).filter(
    (user) => shardOfUser({ shards: 2 }, user) === 1,
  );

  test.each([false, true])(
    '[HP-RELAY-14] [HP-DM-2] takes no direct message with it (said after its death: %s)',
    (isAfter) => {
      const stage = whole();
      const [ann = '', ben = ''] = far;
      const speaker = HpClient.in(stage.at('n1'), ann, 1);
      const hearer = HpClient.in(stage.at('n2'), ben, 1);
      stage.pass(500);
      // What is said is on its way, and has not come.
      stage.cut('n1', 'n2', 'there');
      if (!isAfter) speaker.ask('DIRECT_MESSAGE', { to: ben, body: 'x' }, 'm1');
      stage.pass(50);
      stage.crash('n1', 0);
      if (isAfter) speaker.ask('DIRECT_MESSAGE', { to: ben, body: 'x' }, 'm1');
      stage.pass(50);
      stage.heal();
      stage.until(() => stage.isWhole, 20_000);
      stage.pass(3_000);
      const heard = hearer.take().filter(({ type }) => type === 'DIRECT_MESSAGE');
      expect(heard.map(({ id }) => id)).toEqual(['m1']);
      const [answer] = speaker.take();
      expect(['delivered', 'accepted']).toContain(answer?.payload['status']);
      stage.pass(20_000);
      expect(hearer.take()).toEqual([]);
      expect(stage.failures).toEqual([]);
    },
  );

  test('[HP-RELAY-14] [HP-STORE-6] nor one for somebody on a node that is not there any more', () => {
    const stage = whole();
    const [ann = '', ben = ''] = far;
    const speaker = HpClient.in(stage.at('n1'), ann, 1);
    HpClient.in(stage.at('n2'), ben, 1);
    stage.pass(500);
    stage.cut('n1', 'n2', 'there');
    speaker.ask('DIRECT_MESSAGE', { to: ben, body: 'x' }, 'm1');
    stage.pass(50);
    stage.kill('n2');
    stage.crash('n1', 0);
    stage.pass(20_000);
    const again = HpClient.in(stage.at('n3'), ben);
    stage.pass(500);
    expect(again.take().map(({ id }) => id)).toEqual(['m1']);
    expect(stage.failures).toEqual([]);
  });
});
