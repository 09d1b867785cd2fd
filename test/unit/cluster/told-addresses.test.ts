// Addresses that another node has told of and at which nobody ever answers: they are called for a while, and then forgotten.

import { expect, test } from 'vitest';

import { clusterDefaults } from '../../../src/actors/cluster/cluster-options.ts';
import { membersActor } from '../../../src/actors/cluster/links/membership.actor.ts';
import type {
  MembersArgs,
  MembersMessage,
} from '../../../src/actors/cluster/links/members-state.ts';
import type { PeerOrder } from '../../../src/actors/cluster/links/peer.actor.ts';
import { addressOf } from '../../../src/actors/runtime/actor.ts';
import { System } from '../../../src/actors/runtime/system.ts';
import type { TcpCommand } from '../../../src/actors/runtime/tcp/tcp-edges.ts';

test('[HP-MEMBER-10] [HP-PEER-7] an address of which nobody has told for long is not called any more', () => {
  const system = new System({
    ...{ shard: 0, seed: 1, crossing: () => {} },
    onFailure: (_, error) => {
      throw error;
    },
    onCollapse: () => {},
  });
  const calls: { readonly host: string; readonly at: number }[] = [];
  let now = 0;
  const tcp = addressOf<TcpCommand>(0, 'tcp');
  system.bind(tcp, (command) => {
    if (command.type !== 'connect') return;
    const { host, ref, replyTo } = command;
    calls.push({ host, at: now });
    system.deliver(replyTo, { type: 'tcpFailed', ref, reason: 'timedOut' });
  });
  const quiet = addressOf<PeerOrder>(0, 'quiet');
  system.bind(quiet, () => {});
  const options = { ...clusterDefaults, node: 'n1', peers: ['given:7501'], forgetMs: 60_000 };
  const cluster = {
    options,
    incarnation: 1,
    edges: { tcp, log: quiet, web: quiet },
  };
  const args = { cluster, hearers: [], observers: [], doors: [], news: quiet };
  const members = system.spawn(membersActor, args as unknown as MembersArgs, 'members');
  const deliver = (message: MembersMessage): void => system.deliver(members, message);
  const pass = (ms: number, isTold = false): void => {
    for (const until = now + ms * 1_000; now < until; now += 100_000) {
      system.run(now, 1_000);
      if (now % 1_000_000 !== 0) continue;
      const message = { type: 'HEARTBEAT_ACK', hb: 1 } as const;
      deliver({ type: 'linkHeard', link: 1, message, skewSeconds: 0 });
      if (!isTold) continue;
      const told = { type: 'MEMBERS', members: [third] } as const;
      deliver({ type: 'linkHeard', link: 1, message: told, skewSeconds: 0 });
    }
  };
  const third = { node: 'n3', incarnation: 1, addr: 'told:7501', state: 'up' } as const;
  const other = { node: 'n2', incarnation: 1, addr: 'n2:7501', version: '1.1', caps: ['forward'] };
  const link = { link: 1, address: quiet, role: 'initiator', other, clients: '' } as const;
  deliver({ type: 'linkProved', ...link, members: [third], skewSeconds: 0 });
  const called = (host: string, since: number): number =>
    calls.filter((call) => call.host === host && call.at >= since).length;
  pass(120_000, true);
  expect(called('told', 90_000_000)).toBeGreaterThan(0);
  pass(240_000);
  expect(called('told', 200_000_000)).toBe(0);
  expect(called('given', 200_000_000)).toBeGreaterThan(0);
  expect(called('n2', 0)).toBe(0);
  deliver({
    type: 'linkClosed',
    link: 1,
    node: 'n2',
    code: undefined,
    known: undefined,
    alive: undefined,
  });
  const since = now;
  pass(20_000);
  expect(called('n2', since)).toBeGreaterThan(0);
});
