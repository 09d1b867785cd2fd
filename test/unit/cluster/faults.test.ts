// Clusters of three to five nodes under faults drawn from a seed: nodes die and come back, stall, are cut off; links break
// and are slow. When it is over, everybody knows what is true: who is in the cluster, who is online, who is in the room.

import { describe, expect, test } from 'vitest';

import { Prng } from '../../../src/actors/runtime/prng.ts';
import { ClusterStage } from '../../support/cluster-stage.ts';
import { HpClient } from '../../support/hp-client.ts';

const fast = {
  ...{ messagesPerSecondMax: 1e6, messagesBurstMax: 1e6, joinsPerSecondMax: 1e6 },
  ...{ pingEveryMs: 3e6, pingTimeoutMs: 6e6, sessionsPerUserMax: 1_000 },
};
const USERS = ['u0', 'u1', 'u2', 'u3', 'u4', 'u5'];
/** Links, deltas and homes after the last fault: calls come at most every 15 seconds. */
const HEALED_WITHIN_MS = 20_000;

interface Seated {
  readonly user: string;
  readonly node: string;
  readonly life: number;
  readonly client: HpClient;
}

function enter(stage: ClusterStage, user: string, name: string, shard: number): Seated | undefined {
  const node = stage.node(name);
  if (node.isDead || node.stalledUntil > stage.now) return undefined;
  const client = new HpClient(stage.at(name), shard);
  client.ask('LOGIN', { user });
  client.ask('JOIN', { room: 'r' });
  return { user, node: name, life: node.life, client };
}

function isAlive(stage: ClusterStage, { node, life, client }: Seated): boolean {
  const staged = stage.node(node);
  return !staged.isDead && staged.life === life && !client.isClosed;
}

function ask(
  stage: ClusterStage,
  client: HpClient,
  type: string,
  payload: object,
): Record<string, unknown> {
  client.take();
  client.ask(type, payload);
  stage.pass(100);
  const found = client
    .take()
    .find((line) => line.type !== 'ROOM_EVENT' && line.type !== 'ROOM_MESSAGE');
  return { type: found?.type, ...found?.payload };
}

describe('after faults', () => {
  test.each(Array.from({ length: 24 }, (_, at) => at + 1))(
    '[HP-HOME-7] everybody knows what is true (seed %i)',
    (seed) => {
      const chance = new Prng(seed, 'faults');
      const nodes = chance.between(3, 5);
      const shards = chance.between(1, 2);
      const stage = new ClusterStage({ nodes, shards, seed, chat: fast });
      const names = stage.nodes.map(({ name }) => name);
      stage.until(() => stage.isWhole, 10_000);
      let seated: Seated[] = [];
      let died = 0;
      for (let at = 0; at < 40; at += 1) {
        const [one, other] = [chance.pick(names), chance.pick(names)];
        switch (chance.below(10)) {
          case 0:
            if (died < nodes - 1 && !stage.node(one).isDead) {
              stage.kill(one);
              died += 1;
            }
            break;
          case 1:
            if (stage.node(one).isDead) {
              stage.start(one);
              died -= 1;
            }
            break;
          case 2:
            if (!stage.node(one).isDead) stage.stall(one, chance.between(100, 15_000));
            break;
          case 3:
            if (one !== other) stage.cut(one, other, chance.chance(1, 2) ? 'both' : 'there');
            break;
          case 4:
            stage.heal();
            break;
          case 5:
            if (one !== other) stage.sever(one, other);
            break;
          case 6:
            if (one !== other) stage.delay(one, other, chance.between(0, 400));
            break;
          case 7:
            if (seated.length > 0) chance.pick(seated).client.ask('BYE');
            break;
          default: {
            const came = enter(stage, chance.pick(USERS), one, chance.below(shards));
            if (came !== undefined) seated.push(came);
          }
        }
        stage.pass(chance.between(0, 3_000));
      }
      for (const name of names) if (stage.node(name).isDead) stage.start(name);
      stage.heal();
      for (const one of names)
        for (const other of names) if (one !== other) stage.delay(one, other, 0);
      stage.pass(16_000);
      stage.until(() => stage.isWhole, HEALED_WITHIN_MS);
      stage.pass(32_000);
      expect(stage.failures).toEqual([]);

      for (const one of names)
        for (const other of names) if (one < other) expect(stage.linksBetween(one, other)).toBe(1);
      seated = seated.filter((one) => isAlive(stage, one));
      const truth = USERS.map((user) => seated.filter((one) => one.user === user).length);
      // Who was not let in while nobody could let him in is not in the room.
      const lines = new Map(seated.map((one) => [one, one.client.take()]));
      const isIn = (one: Seated): boolean =>
        lines.get(one)?.some(({ type }) => type === 'JOIN_OK') === true;
      const inRoom = USERS.filter((user) => seated.some((one) => one.user === user && isIn(one)));
      for (const name of names) {
        const watcher = HpClient.in(stage.at(name), `w-${name}`);
        stage.pass(300);
        const { users } = ask(stage, watcher, 'PRESENCE_QUERY', { users: USERS });
        const sessions = (users as { sessions: number; status: string }[]).map(
          (one) => one.sessions,
        );
        expect([name, sessions]).toEqual([name, truth]);
        const members =
          ask(stage, watcher, 'ROOM_MEMBERS', { room: 'r', limit: 100 })['members'] ?? [];
        expect([name, (members as { user: string }[]).map(({ user }) => user)]).toEqual([
          name,
          inRoom,
        ]);
        watcher.ask('BYE');
        stage.pass(300);
      }
    },
  );
});
