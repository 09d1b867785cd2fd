// One link: heartbeats before everything else, and what they say and heal.

import { describe, expect, test } from 'vitest';

import { Calls } from '../../../src/actors/cluster/links/calls.ts';
import { Spout } from '../../../src/actors/cluster/links/spout.ts';
import { Interest } from '../../../src/actors/cluster/relay/interest.ts';
import { Outgoing } from '../../../src/actors/cluster/relay/outgoing.ts';
import { PART_LENGTH, Parts, partsOf } from '../../../src/actors/cluster/relay/parts.ts';
import type { Context } from '../../../src/actors/runtime/actor.ts';
import { addressOf } from '../../../src/actors/runtime/actor.ts';
import { type WebCommand, WINDOW_BYTES } from '../../../src/actors/runtime/edges.ts';
import { actorsOf } from '../../../src/actors/node.ts';
import type { Topic } from '../../../src/actors/routing/topic.ts';
import { ClusterStage } from '../../support/cluster-stage.ts';
import { HpClient } from '../../support/hp-client.ts';

describe('what waits for a link', () => {
  function spout() {
    const written: string[] = [];
    const web = addressOf<WebCommand>(0, 'web');
    const send = (_: unknown, message: unknown): void => {
      const { payload } = message as { payload: Uint8Array };
      written.push(new TextDecoder().decode(payload));
    };
    const context = { send } as unknown as Context<never>;
    return { written, context, spout: new Spout(1, web, 10_000_000) };
  }

  const line = (text: string): Uint8Array => new TextEncoder().encode(text);

  test('[HP-BEAT-2] a heartbeat goes before it', () => {
    const { written, context, spout: out } = spout();
    const long = 'x'.repeat(WINDOW_BYTES / 2);
    for (const text of [long, 'b', 'c']) out.say(line(text), false, context);
    out.say(line('heartbeat,'), true, context);
    expect(written).toEqual([long]);
    out.receipt(WINDOW_BYTES, context);
    expect(written[1]).toBe('heartbeat,bc');
  });

  test('has a limit', () => {
    const { context, spout: out } = spout();
    let taken = 0;
    while (out.say(line('x'.repeat(1_000_000)), false, context)) taken += 1;
    expect(taken).toBe(11);
  });

  test('[HP-RELAY-4] is numbered, and sent again from the first that did not come', () => {
    const out = new Outgoing({ forwardsMax: 100, forwardBytesMax: 1_000 });
    const add = (key: string): boolean =>
      out.add([{ kind: 'room', key, id: undefined, data: 1 }], 10);
    for (const key of ['a', 'b', 'c']) add(key);
    expect(out.take()).toEqual([]);
    out.acknowledged(0);
    expect(out.take().map(({ n }) => n)).toEqual([1, 2, 3]);
    out.acknowledged(1);
    add('d');
    expect(out.take().map(({ n }) => n)).toEqual([4]);
    out.relinked();
    add('e');
    expect(out.take()).toEqual([]);
    out.acknowledged(2);
    expect(out.take().map(({ n, key }) => `${n}${key}`)).toEqual(['3c', '4d', '5e']);
    expect(out.clear()).toBe(3);
    add('f');
    out.relinked();
    out.acknowledged(0);
    expect(out.take().map(({ n }) => n)).toEqual([6]);
  });

  test('[HP-RELAY-5] [HP-RELAY-10] all parts find room, or none', () => {
    const forward = { kind: 'room', key: 'a', id: undefined, data: 1 } as const;
    for (const limits of [
      { forwardsMax: 3, forwardBytesMax: 1_000 },
      { forwardsMax: 100, forwardBytesMax: 35 },
    ]) {
      const out = new Outgoing(limits);
      expect(out.add([forward, forward], 10)).toBe(true);
      expect(out.add([forward, forward], 10)).toBe(false);
      expect(out.add([forward], 10)).toBe(true);
      expect(out.waiting).toBe(3);
    }
  });

  test('[HP-RELAY-10] a body of which a part is missing is broken, and the next one is whole', () => {
    const text = JSON.stringify('x'.repeat(400_000));
    const [first, second, third] = partsOf(text, PART_LENGTH);
    const said = (parts: Parts, all: readonly unknown[]): unknown[] =>
      all.map((part) => parts.take(part));
    const whole = { data: JSON.parse(text) as unknown };
    for (const [before, outcome] of [
      [[first], []],
      [[first, second], []],
      [[third], ['broken']],
      [
        [first, third],
        ['more', 'broken'],
      ],
      [
        [first, first, third],
        ['more', 'more', 'broken'],
      ],
    ] as const) {
      const parts = new Parts();
      const answers = said(parts, before);
      expect(answers).toEqual(outcome.length > 0 ? outcome : before.map(() => 'more'));
      expect(said(parts, [first, second, third])).toEqual(['more', 'more', whole]);
      expect(parts.take(7)).toEqual({ data: 7 });
    }
    // As a node of an earlier version sends them.
    const parts = new Parts();
    const old = partsOf(text, PART_LENGTH).map(({ part, more }) => ({ part, more }));
    expect(said(parts, old)).toEqual(['more', 'more', whole]);
  });

  test('[HP-RELAY-2] a list of topics that a broken link has cut begins anew', () => {
    const interest = new Interest();
    interest.told('n2', ['a', 'b'] as Topic[], [], 'begun');
    interest.relinked('n2');
    interest.told('n2', ['c'] as Topic[], [], 'ended');
    expect(interest.wanted).toEqual(['c']);
  });
});

describe('calls', () => {
  test('[HP-PEER-7] wait for half of the least time at least, and for no more than the time of their turn', () => {
    const [dialMinMs, dialMaxMs] = [500, 4_000];
    const most = [500, 1_000, 2_000, 4_000, 4_000, 4_000];
    for (const chance of [0, 1, 249, 250, 251, 500, 3_750, 3_751, 2 ** 32 - 1]) {
      const calls = new Calls({ dialMinMs, dialMaxMs });
      calls.add('192.0.2.1:7501', 0);
      let now = 0;
      for (const mostMs of most) {
        expect(calls.due(now, () => false)).toHaveLength(1);
        calls.ended('192.0.2.1:7501', now, chance);
        expect(calls.due(now + dialMinMs * 500 - 1, () => false)).toEqual([]);
        now += mostMs * 1_000;
      }
    }
  });
});

describe('heartbeats', () => {
  test('[HP-BEAT-1] come once a second, count, name who is heard, and are answered', () => {
    const stage = new ClusterStage({ nodes: 3 });
    stage.until(() => stage.isWhole, 5_000);
    stage.pass(2_000);
    stage.said.length = 0;
    stage.pass(10_000);
    const beats = stage.said
      .filter(({ from, to }) => from === 'n1' && to === 'n2')
      .flatMap(({ text }) => text.trim().split('\n'))
      .map((text) => JSON.parse(text) as { type: string; payload: Record<string, unknown> });
    const own = beats.filter(({ type }) => type === 'HEARTBEAT').map(({ payload }) => payload);
    expect(own.length).toBeGreaterThanOrEqual(9);
    expect(own.length).toBeLessThanOrEqual(11);
    const counts = own.map(({ hb }) => Number(hb));
    expect(counts).toEqual(counts.map((_, at) => (counts[0] ?? 0) + at));
    expect(own.every(({ links }) => links === undefined)).toBe(true);
    expect(beats.filter(({ type }) => type === 'HEARTBEAT_ACK').length).toBeGreaterThanOrEqual(9);
    expect(stage.view('n1').members[0]?.rttMs).toBeLessThan(10);
    stage.kill('n3');
    stage.pass(5_000);
    const last = stage.said.filter(({ text }) => text.includes('"links"')).at(-1)?.text;
    expect(last).toMatch(/"links":\["n[12]"\]/);
  });

  test('[HP-BEAT-3] [HP-REPL-8] a copy that differs is told everything anew', () => {
    const stage = new ClusterStage({ nodes: 2, chat: {} });
    stage.until(() => stage.isWhole, 5_000);
    const client = HpClient.in(stage.at('n1'), 'alice');
    stage.pass(1_500);
    // What no bug may do: a change that others are not told of as it is.
    const { locations } = actorsOf(0);
    const system = stage.node('n2').shards[0]?.system;
    system?.deliver(locations, {
      ...{ type: 'peerHeard', node: 'n1' },
      message: {
        ...{ type: 'PRESENCE_DELTA', node: 'n1', incarnation: 1_000, from: 1, to: 2 },
        ops: [{ op: 'down', session: 'nobody', reason: undefined }],
      },
    });
    system?.deliver(locations, {
      ...{ type: 'peerHeard', node: 'n1' },
      message: {
        ...{ type: 'PRESENCE_SYNC', node: 'n1', incarnation: 1_000, ver: 1, chunk: 0, chunks: 1 },
        sessions: [],
      },
    });
    stage.pass(3_000);
    expect(stage.counted('n2', 'cluster.presence.digestsDiffer')).toBe(1);
    const bob = HpClient.in(stage.at('n2'), 'bob');
    bob.ask('PRESENCE_QUERY', { users: ['alice'] });
    stage.pass(50);
    expect(bob.take()[0]?.payload['users']).toMatchObject([{ user: 'alice', status: 'online' }]);
    expect(client.isClosed).toBe(false);
  });
});

test('[HP-MEMBER-2] [HP-MEMBER-3] nobody is suspect because one of two links is ended', () => {
  for (let seed = 1; seed <= 30; seed += 1) {
    const stage = new ClusterStage({ seed });
    stage.until(() => stage.isWhole, 10_000);
    stage.pass(2_000);
    const suspected = stage.nodes.map(({ name }) => stage.counted(name, 'cluster.members.suspect'));
    expect([seed, ...suspected]).toEqual([seed, 0, 0, 0]);
    expect(stage.isWhole).toBe(true);
  }
});
