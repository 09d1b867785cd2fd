// Direct messages that change their place: what waited on one node for a user who comes to another, though that one has
// seen it before, on its way.

import { describe, expect, test } from 'vitest';

import { ClusterStage } from '../../support/cluster-stage.ts';
import { HpClient, type HpLine } from '../../support/hp-client.ts';

const fast = {
  ...{ messagesPerSecondMax: 1e6, messagesBurstMax: 1e6, joinsPerSecondMax: 1e6 },
  ...{ pingEveryMs: 3e6, pingTimeoutMs: 6e6, resumeWindowMs: 2_000 },
};

const bodies = (lines: readonly HpLine[]): unknown[] =>
  lines.filter(({ type }) => type === 'DIRECT_MESSAGE').map(({ payload }) => payload['body']);

/** Ann on n1 has spoken to ben, whose session on n3 ended before anybody took it. */
function waiting(): { readonly stage: ClusterStage; readonly ann: HpClient } {
  const stage = new ClusterStage({ shards: 2, chat: fast });
  stage.until(() => stage.isWhole, 5_000);
  stage.pass(500);
  const [ann, ben] = [HpClient.in(stage.at('n1'), 'ann'), HpClient.in(stage.at('n3'), 'ben')];
  stage.pass(300);
  ben.wire.leave();
  stage.pass(20);
  ann.ask('DIRECT_MESSAGE', { to: 'ben', body: 'x' }, 'm1');
  stage.pass(3_000);
  const [answer] = ann.take();
  expect(answer?.payload['status']).toBe('accepted');
  return { stage, ann };
}

function heard(stage: ClusterStage, node: string): unknown[] {
  const ben = HpClient.in(stage.at(node), 'ben');
  stage.pass(500);
  const told = bodies(ben.take());
  ben.ask('BYE');
  stage.pass(300);
  return told;
}

describe('what waits for a user', () => {
  test.each(['n1', 'n2', 'n3'])(
    '[HP-DM-6] [HP-DM-4] comes once, also where it has been seen before (%s)',
    (node) => {
      const { stage, ann } = waiting();
      expect(heard(stage, node)).toEqual(['x']);
      for (const other of ['n1', 'n2', 'n3']) expect(heard(stage, other)).toEqual([]);
      // Said again, it is the same message.
      ann.ask('DIRECT_MESSAGE', { to: 'ben', body: 'x' }, 'm1');
      stage.pass(300);
      expect(ann.take().find(({ type }) => type === 'ACK')?.payload['duplicate']).toBe(true);
      expect(heard(stage, 'n2')).toEqual([]);
      expect(stage.failures).toEqual([]);
    },
  );

  test('[HP-STORE-6] [HP-DM-6] is inherited also by a node that has seen it before', () => {
    const { stage } = waiting();
    stage.kill('n3');
    stage.until(() => ['n1', 'n2'].every((node) => stage.seen(node).includes('n3:down')), 20_000);
    stage.pass(500);
    expect(heard(stage, 'n2')).toEqual(['x']);
    expect(heard(stage, 'n1')).toEqual([]);
    expect(stage.failures).toEqual([]);
  });

  test.each(['n1', 'n2'])(
    '[HP-DM-6] [HP-RES-10] is told at once to a session that has begun anew (%s)',
    (node) => {
      const stage = new ClusterStage({ shards: 2, chat: fast });
      stage.until(() => stage.isWhole, 5_000);
      stage.pass(500);
      const [ann, ben] = [HpClient.in(stage.at('n1'), 'ann'), HpClient.in(stage.at('n3'), 'ben')];
      stage.pass(300);
      stage.kill('n3');
      ann.ask('DIRECT_MESSAGE', { to: 'ben', body: 'x' }, 'm1');
      const back = new HpClient(stage.at(node));
      back.ask('RESUME', { token: ben.token });
      stage.until(() => ['n1', 'n2'].every((name) => stage.seen(name).includes('n3:down')), 20_000);
      stage.pass(3_000);
      expect(bodies(back.take())).toEqual(['x']);
      expect(heard(stage, 'n1')).toEqual([]);
      expect(stage.failures).toEqual([]);
    },
  );
});
