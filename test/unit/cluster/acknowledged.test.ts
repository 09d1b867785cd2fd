// What a client with the cap `ack` has acknowledged it does not hear again, in whatever order it said so, and wherever it
// comes back.

import { expect, test } from 'vitest';

import { ClusterStage } from '../../support/cluster-stage.ts';
import { HpClient, type HpLine } from '../../support/hp-client.ts';

const patient = { pingEveryMs: 3e6, pingTimeoutMs: 6e6 };

const ids = (lines: readonly HpLine[]): string[] =>
  lines.filter(({ type }) => type.endsWith('_MESSAGE')).map(({ id }) => id);

function resumed(stage: ClusterStage, node: string, { token }: HpClient): readonly HpLine[] {
  const client = new HpClient(stage.at(node));
  client.ask('RESUME', { token });
  stage.pass(1_000);
  const told = client.take();
  expect(told[0]?.type).toBe('RESUME_OK');
  client.wire.leave();
  stage.pass(300);
  return told;
}

test.each([
  { acked: '1 2 3 4 5', owed: '' },
  { acked: '5 4 3 2 1', owed: '' },
  { acked: '1 2', owed: '3 4 5' },
  { acked: '3 4', owed: '1 2 5' },
  { acked: '5', owed: '1 2 3 4' },
])(
  '[HP-ACK-3] [HP-RES-7] [HP-RELAY-12] of five messages $acked are acknowledged: told again are $owed',
  ({ acked, owed }) => {
    const stage = new ClusterStage({ chat: patient });
    stage.until(() => stage.isWhole, 5_000);
    stage.pass(500);
    const ann = HpClient.in(stage.at('n2'), 'ann');
    const ben = HpClient.in(stage.at('n1'), 'ben', 0, { caps: ['ack'] });
    for (const one of [ann, ben]) one.ask('JOIN', { room: 'r' });
    stage.pass(500);
    for (let at = 1; at <= 5; at += 1) {
      ann.ask('ROOM_MESSAGE', { room: 'r', body: 'x' }, `r${at}`);
      ann.ask('DIRECT_MESSAGE', { to: 'ben', body: 'x' }, `d${at}`);
      stage.pass(3_000);
    }
    for (const at of acked.split(' ')) for (const kind of 'rd') ben.ask('ACK', { ref: kind + at });
    stage.pass(100);
    ben.wire.leave();
    stage.pass(300);
    const expected = owed === '' ? [] : owed.split(' ');
    const all = [...expected.map((at) => `d${at}`), ...expected.map((at) => `r${at}`)];
    // On the same node, on another one, and back.
    for (const node of ['n1', 'n3', 'n1']) expect(ids(resumed(stage, node, ben))).toEqual(all);
    expect(stage.failures).toEqual([]);
  },
);
