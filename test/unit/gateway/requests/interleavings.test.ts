// Whatever happens in whatever order: requests, answers, items, clients that go, shards whose turns come as chance has
// it. Nothing throws, nobody is answered twice, and of what is over nothing is left.

import * as fc from 'fast-check';
import { expect, test } from 'vitest';

import { AskingPace } from '../../../../src/actors/gateway/asking-pace.ts';
import type { HeaderList } from '../../../../src/actors/codecs/grip/header-list.ts';
import { GatewayStage } from '../../../support/gateway-stage.ts';
import type { GatewayClient, Reply } from '../../../support/staged-origin.ts';

/** At home on different shards. */
const channels = ['a', 'f'];
/** The first one most of the time. */
const mostly = <T>(usual: T, ...rare: readonly T[]) =>
  fc.oneof(
    { weight: 8, arbitrary: fc.constant(usual) },
    { weight: 1, arbitrary: fc.constantFrom(...rare) },
  );
const itemId = fc.integer({ min: 0, max: 3 }).map(String);
const optional = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });

const channelHeader = fc
  .record({
    name: fc.constantFrom(...channels),
    prevId: optional(itemId),
    filter: optional(fc.constantFrom('skip-self', 'http-check', 'http-modify', 'new')),
  })
  .map(({ name, prevId, filter }): readonly [string, string] => [
    'Grip-Channel',
    name +
      (prevId === undefined ? '' : `; prev-id=${prevId}`) +
      (filter === undefined ? '' : `; filter=${filter}`),
  ]);

const reply: fc.Arbitrary<Reply> = fc
  .record({
    status: mostly(200, 204, 404, 500),
    hold: fc.constantFrom('stream', 'stream', 'stream', 'response', 'response', 'none', 'wrong'),
    named: fc.array(channelHeader, { minLength: 1, maxLength: 3 }),
    links: fc.subarray(['</n>; rel=next; timeout=3', '</g>; rel=gone']),
    keepAlive: fc.boolean(),
    size: mostly(3, 0, 100_001),
    isBroken: mostly(false, true),
  })
  .map(({ status, hold, named, links, keepAlive, size, isBroken }) => ({
    status,
    headers: [
      ...(hold === 'none' ? [] : [['Grip-Hold', hold] as const]),
      ...named,
      ...links.map((link) => ['Grip-Link', link] as const),
      ...(keepAlive ? [['Grip-Keep-Alive', 'k; timeout=2'] as const] : []),
      ['Grip-Set-Meta', 'url=/f'] as const,
    ] satisfies HeaderList,
    body: 'x'.repeat(size),
    isBroken,
  }));

const format = fc.constantFrom(
  { 'http-response': { body: 'r' }, 'http-stream': { content: 's' } },
  { 'http-response': { body: '%(x)s' }, 'http-stream': { content: '%(url)s' } },
  { 'http-response': { action: 'hint' }, 'http-stream': { action: 'hint' } },
  { 'http-stream': { action: 'close' } },
  { 'http-response': { 'body-patch': [] } },
  { 'http-stream': { content: 's', 'content-filters': ['var-subst'] } },
  { 'ws-message': { content: 'w' } },
);

const nth = fc.nat({ max: 20 });

const happening = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      type: fc.constant('request' as const),
      shard: fc.nat({ max: 1 }),
      method: mostly('GET', 'POST', 'HEAD'),
      body: mostly('', 'abc', 'x'.repeat(100_001)),
    }),
  },
  { weight: 8, arbitrary: fc.record({ type: fc.constant('answer' as const), nth, reply }) },
  {
    weight: 1,
    arbitrary: fc.record({
      type: fc.constant('fail' as const),
      nth,
      why: fc.constantFrom('refused' as const, 'broken' as const, 'blocked' as const),
      wasSent: fc.boolean(),
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      type: fc.constant('publish' as const),
      channel: fc.constantFrom(...channels),
      ids: fc.record({ id: optional(itemId), 'prev-id': optional(itemId) }),
      noSeq: fc.boolean(),
      formats: format,
    }),
  },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('leave' as const), nth }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('stall' as const), nth }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('recover' as const) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      type: fc.constant('pass' as const),
      ms: fc.constantFrom(1, 60, 1_000, 1_000, 3_000, 3_000, 60_000),
    }),
  },
);

/** Also the deaths of shards, which take what they knew along. */
const withDeaths = fc.oneof(
  { weight: 30, arbitrary: happening },
  {
    weight: 1,
    arbitrary: fc.record({ type: fc.constant('crash' as const), shard: fc.nat({ max: 1 }) }),
  },
);

type Event = typeof withDeaths extends fc.Arbitrary<infer E> ? E : never;

/** What happens, and how much is done about it before the next thing happens. */
const storyOf = (event: fc.Arbitrary<Event>) =>
  fc.array(fc.tuple(event, fc.constantFrom(0, 2, 40, 40)), { maxLength: 60, size: 'max' });

class World {
  readonly stage: GatewayStage;
  clients: GatewayClient[] = [];

  constructor(chance: number) {
    this.stage = new GatewayStage({
      chance,
      // So slow that some always wait for their turn.
      ...(chance % 2 === 0 ? { pace: new AskingPace(700_000, 0) } : {}),
      routes: '* one:80 two:80',
      options: { queueBytesMax: 50, idCacheTtlMs: 1_000 },
    });
  }

  obey(event: Event): void {
    const { stage, clients } = this;
    const pick = <T>(from: readonly T[], at: number): T | undefined => from[at % from.length];
    const open = stage.shards.flatMap(({ edge }) => edge.open);
    switch (event.type) {
      case 'request': {
        const { shard, method, body } = event;
        clients.push(stage.request({ shard, method, body }));
        return;
      }
      case 'answer':
        pick(open, event.nth)?.answer(event.reply);
        return;
      case 'fail':
        pick(open, event.nth)?.fail(event.why, event.wasSent);
        return;
      case 'publish': {
        const { channel, ids, noSeq, formats } = event;
        const known = Object.entries(ids).filter(([, value]) => value !== undefined);
        stage.publish({ channel, ...Object.fromEntries(known), 'no-seq': noSeq, formats });
        return;
      }
      case 'leave':
        pick(clients, event.nth)?.leave();
        return;
      case 'stall': {
        const client = pick(clients, event.nth);
        if (client?.isStalled === true) client.resume();
        else if (client !== undefined) client.isStalled = true;
        return;
      }
      case 'recover':
        for (const shard of stage.shards.keys()) stage.recover(shard);
        return;
      case 'crash':
        // Its clients are gone with it, and nobody hears of them.
        this.clients = clients.filter(({ id }) => !stage.shards[event.shard]?.edge.clients.has(id));
        stage.crash(event.shard);
        return;
      case 'pass':
        stage.pass(event.ms);
        return;
      default:
        event satisfies never;
    }
  }

  /** Everybody goes, every origin answers, and time passes. */
  finish(): void {
    const { stage } = this;
    stage.origin = () => ({});
    for (const client of this.clients) client.leave();
    for (const { edge } of stage.shards) for (const question of edge.open) question.answer({});
    stage.settle();
    stage.pass(130_000);
  }
}

test('nothing that is said to a request, in whatever order, leaves it in two minds or half alive', () => {
  fc.assert(
    fc.property(storyOf(happening), fc.nat(), (events, chance) => {
      const world = new World(chance);
      for (const [each, steps] of events) {
        world.obey(each);
        for (let at = 0; at < steps; at += 1) world.stage.step();
      }
      const { stage } = world;
      expect(stage.wrongs).toEqual([]);
      world.finish();
      expect(stage.wrongs).toEqual([]);
      expect(stage.living).toBe(0);
      expect([...stage.opened]).toEqual([]);
      expect(stage.subscribed()).toEqual({});
      expect(stage.followed).toEqual({});
      const told = (type: string) => stage.notices.filter((notice) => notice.type === type).length;
      expect(told('clientDisconnected')).toBe(told('clientConnected'));
      // Every answer's body was taken or let go, and every question came to an end.
      for (const { reply: said, isTaken, hasEnded } of stage.questions)
        expect([hasEnded, said === undefined || isTaken]).toEqual([true, true]);
    }),
    { numRuns: 300 },
  );
});

test('[GRIP-STATS-1] shards that die leave nothing behind of requests that are over', () => {
  fc.assert(
    fc.property(storyOf(withDeaths), fc.nat(), (events, chance) => {
      const world = new World(chance);
      for (const [each, steps] of events) {
        world.obey(each);
        for (let at = 0; at < steps; at += 1) world.stage.step();
      }
      const { stage } = world;
      expect(stage.wrongs).toEqual([]);
      world.finish();
      expect(stage.wrongs).toEqual([]);
      expect(stage.living).toBe(0);
      expect([...stage.opened]).toEqual([]);
      expect(stage.subscribed()).toEqual({});
      // No keeper counts anybody twice, whoever died when.
      expect(stage.followed).toEqual({});
    }),
    { numRuns: 300 },
  );
});
