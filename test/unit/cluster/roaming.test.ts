// Sessions that go from node to node, again and again: what they have had they do not hear again, nobody is left behind of
// them where they were, and of two nodes that have the same one only one keeps it.

import { describe, expect, test } from 'vitest';

import { homeNodeOf, successorsOf } from '../../../src/actors/chat/rendezvous.ts';
import { ClusterStage } from '../../support/cluster-stage.ts';
import { HpClient, type HpLine } from '../../support/hp-client.ts';

const patient = {
  ...{ pingEveryMs: 3e6, pingTimeoutMs: 6e6, messagesPerSecondMax: 1e6, messagesBurstMax: 1e6 },
};

function whole(more: ConstructorParameters<typeof ClusterStage>[0] = {}): ClusterStage {
  const stage = new ClusterStage({ chat: patient, ...more });
  stage.until(() => stage.isWhole, 5_000);
  stage.pass(500);
  return stage;
}

function resumed(stage: ClusterStage, node: string, { token }: HpClient): HpClient {
  const client = new HpClient(stage.at(node));
  client.token = token;
  client.ask('RESUME', { token });
  return client;
}

const bodies = (lines: readonly HpLine[]): unknown[] =>
  lines.filter(({ type }) => type === 'DIRECT_MESSAGE').map(({ payload }) => payload['body']);

describe('a session that has moved', () => {
  test('[HP-DM-2] [HP-RELAY-12] does not hear again what comes late to the node where it is now', () => {
    const stage = whole();
    const [first, other] = [HpClient.in(stage.at('n1'), 'ben'), HpClient.in(stage.at('n2'), 'ben')];
    const ann = HpClient.in(stage.at('n3'), 'ann');
    stage.pass(500);
    stage.delay('n2', 'n3', 1_500);
    ann.ask('DIRECT_MESSAGE', { to: 'ben', body: 'x' });
    stage.pass(300);
    expect(bodies(first.take())).toEqual(['x']);
    first.wire.leave();
    const back = resumed(stage, 'n2', first);
    stage.pass(3_000);
    const told = back.take();
    expect(told[0]?.type).toBe('RESUME_OK');
    expect(bodies(told)).toEqual([]);
    expect(bodies(other.take())).toEqual(['x']);
    expect(stage.failures).toEqual([]);
  });

  test('[HP-DM-8] [HP-RELAY-12] does not hear again what another session of its user has sent', () => {
    const stage = whole();
    const [first, other] = [HpClient.in(stage.at('n1'), 'ann'), HpClient.in(stage.at('n2'), 'ann')];
    const speaker = HpClient.in(stage.at('n3'), 'ann');
    stage.pass(500);
    stage.delay('n2', 'n3', 1_500);
    speaker.ask('DIRECT_MESSAGE', { to: 'ben', body: 'x' });
    // It waits on two nodes, one of which answers late.
    stage.until(() => bodies(first.take()).length > 0, 4_000);
    first.wire.leave();
    const back = resumed(stage, 'n2', first);
    stage.pass(3_000);
    const told = back.take();
    expect(told[0]?.type).toBe('RESUME_OK');
    expect(bodies(told)).toEqual([]);
    expect(bodies(other.take())).toEqual(['x']);
  });

  test('[HP-DM-8] does not hear from the node that it has left what it sends itself', () => {
    const stage = whole({ cluster: { deltaEveryMs: 500 } });
    const ann = HpClient.in(stage.at('n2'), 'ann');
    stage.pass(1_000);
    ann.wire.leave();
    const back = resumed(stage, 'n1', ann);
    stage.until(() => back.next()?.type === 'RESUME_OK', 1_000);
    back.ask('DIRECT_MESSAGE', { to: 'ben', body: 'x' });
    stage.pass(3_000);
    expect(bodies(back.take())).toEqual([]);
  });

  test('[HP-RCPT-1] [HP-RELAY-12] hears the receipt that came while it was on its way', () => {
    const stage = whole();
    const ben = HpClient.in(stage.at('n1'), 'ben');
    const ann = HpClient.in(stage.at('n3'), 'ann');
    stage.pass(500);
    stage.delay('n1', 'n2', 200);
    ben.wire.leave();
    const back = resumed(stage, 'n2', ben);
    stage.pass(250);
    ann.ask('RECEIPT', { ref: 'm1', to: 'ben', state: 'read' });
    stage.pass(3_000);
    const told = back.take().map(({ type }) => type);
    expect(told).toEqual(['RESUME_OK', 'RECEIPT']);
  });

  test('[HP-RCPT-1] hears it once, though it came to the node that it has left, too', () => {
    const stage = whole({ cluster: { deltaEveryMs: 500 } });
    const ben = HpClient.in(stage.at('n1'), 'ben');
    HpClient.in(stage.at('n2'), 'ben');
    const ann = HpClient.in(stage.at('n3'), 'ann');
    stage.pass(1_000);
    ben.wire.leave();
    const back = resumed(stage, 'n2', ben);
    stage.pass(100);
    ann.ask('RECEIPT', { ref: 'm1', to: 'ben', state: 'read' });
    stage.pass(3_000);
    const told = back.take().map(({ type }) => type);
    expect(told).toEqual(['RESUME_OK', 'RECEIPT']);
  });

  test.each(['n1', 'n2', 'n3'])(
    '[HP-SESS-6] [HP-ROOM-8] [HP-HOME-7] sits nowhere else any more: it leaves a room at home on %s at once',
    (home) => {
      const stage = whole();
      const names = Array.from({ length: 100 }, (_, at) => `r${at}`);
      const room = names.find((name) => homeNodeOf(['n1', 'n2', 'n3'], name) === home) ?? '';
      const ann = HpClient.in(stage.at('n1'), 'ann');
      const bob = HpClient.in(stage.at('n3'), 'bob');
      for (const one of [bob, ann]) one.ask('JOIN', { room });
      stage.pass(500);
      ann.wire.leave();
      const back = resumed(stage, 'n2', ann);
      stage.pass(500);
      back.ask('PRESENCE_SET', { status: 'away' });
      stage.pass(200);
      bob.take();
      bob.ask('ROOM_MEMBERS', { room });
      stage.pass(200);
      const [ann_, bob_] = [
        { user: 'ann', status: 'away' },
        { user: 'bob', status: 'online' },
      ];
      expect(bob.take()[0]?.payload['members']).toEqual([ann_, bob_]);
      back.ask('BYE');
      stage.pass(200);
      expect(bob.told()).toEqual(['ROOM_EVENT leave ann']);
      expect(stage.failures).toEqual([]);
    },
  );

  test('[HP-RES-9] [HP-HOME-7] is in its rooms where it is, and not where it had asked to come in before', () => {
    const stage = whole();
    const nodes = ['n1', 'n2', 'n3'];
    const room =
      Array.from({ length: 100 }, (_, at) => `r${at}`).find(
        (name) => homeNodeOf(nodes, name) === 'n3' && successorsOf(nodes, name, 'n3')[0] === 'n2',
      ) ?? '';
    const ann = HpClient.in(stage.at('n2'), 'ann');
    const bob = HpClient.in(stage.at('n1'), 'bob');
    for (const one of [ann, bob]) one.ask('JOIN', { room });
    stage.pass(1_000);
    ann.wire.leave();
    stage.stall('n3', 3_000);
    const hasty = resumed(stage, 'n2', ann);
    stage.pass(300);
    hasty.wire.leave();
    stage.pass(50);
    const back = resumed(stage, 'n1', ann);
    stage.pass(300);
    stage.kill('n3');
    stage.until(() => stage.seen('n1').includes('n3:down'), 10_000);
    stage.pass(3_000);
    expect(back.take()[0]?.type).toBe('RESUME_OK');
    back.ask('BYE');
    stage.pass(6_000);
    bob.take();
    bob.ask('ROOM_MEMBERS', { room });
    stage.pass(500);
    const [members] = bob.take();
    expect(members?.payload['members']).toEqual([{ user: 'bob', status: 'online' }]);
  });
});

describe('a session that two nodes have', () => {
  test.each(['multi', 'reject', 'replace'] as const)(
    '[HP-RES-4] [HP-RELAY-12] goes on on one of them; a client of the other is told so, and may resume (%s)',
    (sessionPolicy) => {
      const stage = whole({ chat: { ...patient, sessionPolicy } });
      const ann = HpClient.in(stage.at('n2'), 'ann');
      const bob = HpClient.in(stage.at('n3'), 'bob');
      stage.pass(500);
      stage.split(['n2']);
      stage.until(() => stage.seen('n1').includes('n2:down'), 13_000);
      const back = resumed(stage, 'n1', ann);
      stage.pass(1_000);
      expect(back.take()[0]?.payload['anew']).toBe(true);
      stage.heal();
      stage.until(() => stage.isWhole, 20_000);
      stage.pass(2_000);
      const ends = [ann, back].filter(({ isClosed }) => isClosed);
      expect(ends).toHaveLength(1);
      for (const one of ends) expect(one.told().at(-1)).toBe('BYE SESSION_RESUMED');
      bob.take();
      bob.ask('PRESENCE_QUERY', { users: ['ann'] });
      stage.pass(200);
      const [state] = bob.take();
      expect(state?.payload['users']).toMatchObject([{ status: 'online', sessions: 1 }]);
      const again = resumed(stage, 'n3', ann);
      stage.pass(1_000);
      expect(again.take()[0]?.type).toBe('RESUME_OK');
      expect(stage.failures).toEqual([]);
    },
  );
});
