// What a shard that dies has been told of the cluster, its next life is told again: who is gone, who does not keep pace, and
// that nobody is to be let in.

import { expect, test } from 'vitest';

import { homeNodeOf } from '../../../src/actors/chat/rendezvous.ts';
import { homeOf } from '../../../src/actors/routing/topic.ts';
import { ClusterStage } from '../../support/cluster-stage.ts';
import { HpClient } from '../../support/hp-client.ts';

function whole(more: ConstructorParameters<typeof ClusterStage>[0] = {}): ClusterStage {
  const stage = new ClusterStage({
    shards: 2,
    chat: { pingEveryMs: 3e6, pingTimeoutMs: 6e6 },
    ...more,
  });
  stage.until(() => stage.isWhole, 5_000);
  stage.pass(500);
  return stage;
}

test('[HP-PART-5] a node that is on the smaller side lets nobody in on a shard that begins anew', () => {
  const stage = whole({ cluster: { partitionPolicy: 'drain-minority', nodesExpected: 3 } });
  stage.split(['n2']);
  stage.pass(40_000);
  expect(new HpClient(stage.at('n2'), 1).isClosed).toBe(true);
  stage.crash('n2', 1);
  stage.pass(100);
  expect(new HpClient(stage.at('n2'), 1).isClosed).toBe(true);
  stage.heal();
  stage.until(() => stage.isWhole, 20_000);
  stage.pass(1_000);
  HpClient.in(stage.at('n2'), 'bob', 1);
});

test('[HP-MEMBER-11] [HP-DM-4] what is said to a user whose node has left waits on a shard that begins anew, too', () => {
  const names = Array.from({ length: 20 }, (_, at) => `u${at}`);
  const user = names.find((name) => homeOf(`chat/user/${name}`, 2) === 1) ?? '';
  const stage = whole();
  const [alice, bob] = [HpClient.in(stage.at('n1'), 'alice'), HpClient.in(stage.at('n2'), user)];
  stage.pass(500);
  stage.leave('n2');
  stage.until(() => stage.seen('n1').includes('n2:left'), 3_000);
  stage.kill('n2');
  stage.crash('n1', 1);
  stage.pass(500);
  alice.ask('DIRECT_MESSAGE', { to: user, body: 'x' });
  stage.pass(1_000);
  expect(alice.told()).toEqual(['ACK queued']);
  const back = new HpClient(stage.at('n3'));
  back.ask('RESUME', { token: bob.token });
  stage.pass(3_000);
  expect(back.told()).toContain('DIRECT_MESSAGE alice x');
});

test('[HP-RELAY-13] what is said is held off on a shard that begins anew, too', () => {
  const rooms = Array.from({ length: 60 }, (_, at) => `room-${at}`);
  const stage = whole({ nodes: 2, cluster: { forwardsMax: 40, partitionPolicy: 'serve' } });
  const alice = HpClient.in(stage.at('n1'), 'alice');
  const [room = ''] = rooms.filter(
    (name) => homeOf(`chat/room/${name}`, 2) === 1 && homeNodeOf(['n1', 'n2'], name) === 'n1',
  );
  const bob = HpClient.in(stage.at('n2'), 'bob');
  for (const one of [alice, bob]) one.ask('JOIN', { room });
  stage.pass(500);
  alice.take();
  stage.stall('n2', 3_900);
  for (let at = 0; at < 40; at += 1)
    HpClient.in(stage.at('n1'), `v${at}`).ask('DIRECT_MESSAGE', { to: 'bob', body: 'x' });
  stage.pass(100);
  expect(stage.counted('n1', 'cluster.pressed')).toBe(1);
  stage.crash('n1', 1);
  stage.pass(600);
  alice.take();
  alice.ask('ROOM_MESSAGE', { room, body: 'm' });
  stage.pass(200);
  expect(alice.told()).toEqual(['ERROR UNAVAILABLE']);
});
