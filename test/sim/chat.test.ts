// Whole runs of simulated chats, alone and in clusters: seeds that must pass, twice the same, in both lanes; and that what is
// planned leaves the plans of other dialects as they are.

import { describe, expect, test } from 'vitest';

import type { ClusterFault, ClusterFaultKind } from '../../src/sim/faults/cluster-faults.ts';
import { drawPlan } from '../../src/sim/plan.ts';
import { clusterSiteNames } from '../../src/sim/plan/casting/sites.ts';
import { drawChatPlan } from '../../src/sim/plan/chat.ts';
import { chatMarks, clusterMarks } from '../../src/sim/records/chat-marks.ts';
import { registeredMarks } from '../../src/sim/marks.ts';
import { dialectOf } from '../../src/sim/search/dialects.ts';
import { simulate } from '../../src/sim/simulate.ts';
import { HpReader } from '../../src/sim/workload/chat/hp-lines.ts';

const { judges } = dialectOf('chat');
const run = (seed: number, lane: 'byte' | 'object', nodes?: number) =>
  simulate(drawChatPlan({ seed, lane, nodes }), undefined, judges);

describe('a simulated chat', { timeout: 120_000 }, () => {
  test.each([
    ['byte', 1],
    ['byte', 3],
    ['object', 1],
    ['object', 4],
  ] as const)('keeps its promises (%s lane, nodes: %i)', (lane, nodes) => {
    for (let seed = 1; seed <= 2; seed += 1) expect(run(seed, lane, nodes).violations).toEqual([]);
  });

  test('runs the same way twice, and another seed another way', () => {
    const { hash, trace } = run(3, 'byte', 3);
    const again = run(3, 'byte', 3);
    expect(again.hash).toBe(hash);
    expect(again.trace).toEqual(trace);
    expect(run(4, 'byte', 3).hash).not.toBe(hash);
  });

  test('meets only marks that are registered, and most of them', () => {
    const sites = clusterSiteNames.map((site) => `site ${site}`);
    const known = new Set([...registeredMarks, ...chatMarks, ...clusterMarks, ...sites]);
    const met = new Set<string>();
    for (let seed = 11; seed <= 18; seed += 1)
      for (const [name, times] of run(seed, 'byte').marks) if (times > 0) met.add(name);
    expect([...met].filter((name) => !known.has(name))).toEqual([]);
    const some = [...chatMarks, ...clusterMarks].filter((name) => met.has(name));
    expect(some.length).toBeGreaterThan((chatMarks.length + clusterMarks.length) / 2);
  });

  test('[HP-MEMBER-4] has processes that end where another life of their node is alive, and are started again', () => {
    const drawn = drawChatPlan({ seed: 3, lane: 'byte', nodes: 2, shards: 1 });
    if (drawn.chat === undefined) throw new Error('no chat was drawn');
    const fault = (at: number, kind: ClusterFaultKind, more: object = {}): ClusterFault => ({
      ...{ at: at * 1_000, kind, one: 0, other: 1, durationUs: 0, amount: 0, ...more },
    });
    const faults = [
      fault(4_000, 'clockJump', { amount: -50_000 }),
      ...[fault(5_000, 'halfOpenLink'), fault(5_001, 'killProcess', { durationUs: 100_000 })],
    ];
    const plan = { ...drawn, faults: [], chat: { ...drawn.chat, faults } };
    const { violations, trace } = simulate(plan, undefined, judges);
    const told = trace.flatMap((event) => {
      const { kind } = event;
      if (kind === 'nodeTold' && event.news === 'nodeSuperseded') return [event.news];
      const isLife = kind === 'processDied' || kind === 'processBegan';
      return isLife && event.node === 0 ? [kind] : [];
    });
    expect(told).toEqual([
      ...['processBegan', 'processDied', 'processBegan', 'nodeSuperseded'],
      ...['processDied', 'processBegan'],
    ]);
    expect(violations).toEqual([]);
  });

  test('is no part of other runs', () => {
    expect(drawPlan({ seed: 3, lane: 'byte' }).chat).toBeUndefined();
    const { trace } = simulate(drawPlan({ seed: 3, lane: 'byte', clients: 4 }));
    const kinds = new Set(trace.map(({ kind }) => kind));
    expect([...kinds].filter((kind) => /^(?:talker|peer|cross|chat)/.test(kind))).toEqual([]);
  });

  test('has clients with numbers of their own, on nodes that there are', () => {
    for (let seed = 1; seed <= 30; seed += 1) {
      const { chat, nodes } = drawChatPlan({ seed, lane: 'byte' });
      const clients = [...(chat?.talkers ?? []), ...(chat?.crossers ?? [])];
      expect(new Set(clients.map(({ client }) => client)).size).toBe(clients.length);
      expect(clients.filter(({ node }) => node >= nodes)).toEqual([]);
      for (const { one, other } of chat?.faults ?? [])
        expect([one < nodes, other < nodes]).toEqual([true, true]);
    }
  });

  test('is drawn with and without a cluster, of up to seven nodes', () => {
    const sizes = new Set<number>();
    for (let seed = 1; seed <= 200; seed += 1) {
      const { chat, nodes } = drawChatPlan({ seed, lane: 'byte' });
      sizes.add(chat?.cluster === undefined ? 0 : nodes);
    }
    expect([...sizes].toSorted((one, other) => one - other)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  });
});

describe('what a node says is read', () => {
  const read = (type: string, payload: object): unknown => {
    const id = '5f0c7a9e-3c1d-4b7e-9a52-0d8e6b1f2a34';
    const line = { version: '1.0', type, id, timestamp: 1, source: 'server', payload };
    return new HpReader().read(new TextEncoder().encode(`${JSON.stringify(line)}\n`))[0];
  };
  const members = {
    ref: 'q1',
    room: 'r',
    members: [{ user: 'u', status: 'online' }],
    ...{ count: 1, more: false, partial: false },
  };

  test('with all its fields', () => {
    expect(read('ROOM_MEMBERS_OK', members)).toMatchObject({ payload: members });
  });

  test.each([
    ['one too few', 'ROOM_MEMBERS_OK', { ...members, room: undefined }],
    ['one too many', 'ROOM_MEMBERS_OK', { ...members, rooms: 1 }],
    ['one of another form', 'ROOM_MEMBERS_OK', { ...members, count: '1' }],
    ['one too few within', 'ROOM_MEMBERS_OK', { ...members, members: [{ user: 'u' }] }],
    ['no words for people', 'NOTICE', { code: 'PARTITION', message: 'PARTITION' }],
    ['another type', 'ROOM_MEMBERS', members],
    [
      'an answer to nothing',
      'ERROR',
      { ref: null, code: 'TIMEOUT', message: 'No answer.', fatal: false },
    ],
  ])('and not with %s', (_, type, payload) => {
    expect(read(type, payload)).toBeTypeOf('string');
  });
});
