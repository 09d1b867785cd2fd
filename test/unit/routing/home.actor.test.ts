import { describe, expect, test } from 'vitest';

import { homeDefaults } from '../../../src/actors/node.ts';
import {
  homeActor,
  type HomeAnswer,
  type HomeLimits,
  type HomeMessage,
} from '../../../src/actors/routing/home.actor.ts';
import type { RouterReply } from '../../../src/actors/routing/router-messages.ts';
import type { Position } from '../../../src/actors/routing/publication.ts';
import { type Address, addressOf } from '../../../src/actors/runtime/actor.ts';
import { System } from '../../../src/actors/runtime/system.ts';

/** A home alone, with three routers that write down what they hear. */
class Homestead {
  readonly heard: [shard: number, answer: HomeAnswer][] = [];
  readonly system: System;
  readonly home: Address<HomeMessage>;
  now = 0;

  constructor(limits: Partial<HomeLimits> = {}, seed = 1) {
    this.system = new System({
      shard: 0,
      seed,
      crossing: () => {},
      onFailure: (address, error) => expect.fail(`${address}: ${String(error)}`),
      onCollapse: () => {},
    });
    const routers = [0, 1, 2].map((shard) => {
      const router = addressOf<HomeAnswer>(0, `router:${shard}`);
      this.system.bind(router, (answer) => this.heard.push([shard, answer]));
      return router;
    });
    this.home = this.system.spawn(
      homeActor,
      {
        limits: { ...homeDefaults, ...limits },
        routerOf: (shard) => routers[shard] ?? expect.fail(`no shard ${shard}`),
      },
      'home',
    );
  }

  tell(...messages: HomeMessage[]): [number, HomeAnswer][] {
    for (const message of messages) this.system.deliver(this.home, message);
    this.system.run(this.now, 10_000);
    return this.heard.splice(0);
  }

  publish(topic: string, more: { id?: string; bytes?: number; ref?: number } = {}) {
    const { id, bytes = 1, ref } = more;
    return this.tell({
      type: 'publish',
      topic,
      id,
      data: new Uint8Array(bytes),
      shard: 0,
      ref,
      publisher: undefined,
    });
  }

  attach(topic: string, more: { shard?: number; subscribers?: number; since?: Position } = {}) {
    const { shard = 0, subscribers = 1, since } = more;
    return this.tell({ type: 'attach', topic, subscribers, since, shard, ref: 1 });
  }

  detach(topic: string, shard = 0, subscribers = 0) {
    return this.tell({ type: 'detach', topic, subscribers, shard });
  }

  /** The answer to one question. */
  ask(message: HomeMessage): HomeAnswer {
    const [answer] = this.tell(message);
    return answer?.[1] ?? expect.fail('no answer');
  }

  list(): unknown {
    const answer = this.ask({ type: 'list', shard: 2, ref: 3 });
    return answer.type === 'listed' ? Object.fromEntries(answer.topics) : answer;
  }

  inform(topic: string) {
    const answer = this.ask({ type: 'inform', topic, shard: 2, ref: 3 });
    return answer.type === 'informed' ? answer.info : expect.fail(answer.type);
  }

  /** Sweeps of ten seconds each. */
  pass(ms: number): void {
    for (const until = this.now + ms * 1_000; this.now < until;) {
      this.now = Math.min(until, this.now + 10_000_000);
      this.system.run(this.now, 10_000);
    }
  }
}

describe('publishing', () => {
  test('[BROKER-PUB-2] goes once to each shard that follows the topic, then to whoever asked', () => {
    const home = new Homestead();
    expect(home.publish('t')).toEqual([]);
    home.attach('t', { shard: 1, subscribers: 5 });
    home.attach('t', { shard: 2, subscribers: 2 });
    const heard = home.publish('t', { id: 'x', ref: 9 });
    expect(heard.map(([shard, { type }]) => `${type} ${shard}`)).toEqual([
      'delivered 1',
      'delivered 2',
      'published 0',
    ]);
    expect(heard[2]?.[1]).toMatchObject({ ref: 9, subscribers: 7, isDuplicate: false });
    expect(heard[0]?.[1]).toMatchObject({ publication: { topic: 't', offset: 2, id: 'x' } });
  });

  test('[BROKER-DUP-1] of an id that is known makes nothing and tells the first place', () => {
    const home = new Homestead();
    home.attach('t');
    const [, first] = home.publish('t', { id: 'x', ref: 1 });
    home.publish('t');
    expect(home.publish('t', { id: 'x' })).toEqual([]);
    expect(home.publish('t', { id: 'x', ref: 2 })).toEqual([
      [0, { ...first?.[1], ref: 2, isDuplicate: true }],
    ]);
    expect(home.system.counters.get('publications.duplicate')).toBe(2);
    // Ids belong to their topic.
    expect(home.publish('u', { id: 'x', ref: 3 })[0]?.[1]).toMatchObject({ isDuplicate: false });
  });
});

describe('interest', () => {
  test('[BROKER-LIST-1] is what each shard said last', () => {
    const home = new Homestead();
    home.attach('t', { shard: 0, subscribers: 1 });
    home.attach('t', { shard: 0, subscribers: 2 });
    home.attach('t', { shard: 1, subscribers: 4 });
    home.attach('u', { shard: 1 });
    home.publish('unfollowed');
    expect(home.list()).toEqual({ t: 6, u: 1 });
    home.detach('t', 0, 1);
    home.detach('u', 1);
    expect(home.list()).toEqual({ t: 5 });
    home.detach('nobody knows it', 1);
  });

  test('of nobody, in an attach that was overtaken, is none', () => {
    const home = new Homestead({ historyAgeMaxMs: 1_000 });
    expect(home.attach('t', { subscribers: 0 })).toMatchObject([[0, { type: 'attached' }]]);
    expect(home.publish('t')).toEqual([]);
    home.pass(20_000);
    expect(home.inform('t')).toEqual({ subscribers: 0, position: undefined, historyCount: 0 });
    home.attach('u', { shard: 1 });
    home.attach('u', { shard: 1, subscribers: 0 });
    expect(home.publish('u')).toEqual([]);
  });

  test('[SHARD-2] of a shard that died is gone', () => {
    const home = new Homestead();
    home.attach('t', { shard: 1 });
    home.attach('t', { shard: 2 });
    home.attach('u', { shard: 1 });
    home.tell({ type: 'shardDown', shard: 1 });
    expect(home.list()).toEqual({ t: 1 });
    expect(home.publish('t').map(([shard]) => shard)).toEqual([2]);
  });
});

describe('a topic', () => {
  test('[BROKER-LIST-2] tells its subscribers, place and history; without a life it has none', () => {
    const home = new Homestead({ historyCountMax: 2 });
    expect(home.inform('t')).toEqual({ subscribers: 0, position: undefined, historyCount: 0 });
    home.attach('t', { subscribers: 3 });
    for (let i = 0; i < 3; i += 1) home.publish('t');
    expect(home.inform('t')).toMatchObject({
      subscribers: 3,
      position: { offset: 3 },
      historyCount: 2,
    });
  });

  test('[BROKER-REC-5] that is quiet keeps its epoch for as long as its history would last', () => {
    const home = new Homestead({ historyAgeMaxMs: 60_000 });
    home.attach('t');
    const { position: since } = home.inform('t');
    home.detach('t');
    home.pass(59_000);
    const asked = since === undefined ? {} : { since };
    expect(home.attach('t', asked)[0]?.[1]).toMatchObject({ recovered: true, position: since });
    home.detach('t');
    home.pass(70_000);
    expect(home.inform('t').position).toBeUndefined();
  });

  test('[BROKER-PUB-6] that has no room for a publication tells the publisher, if nobody else waits', () => {
    const home = new Homestead({ topicsMax: 1 });
    home.attach('a');
    const publisher = addressOf<RouterReply>(0, 'publisher');
    const told: RouterReply[] = [];
    home.system.bind(publisher, (reply) => told.push(reply));
    const publication = { topic: 'b', id: undefined, data: new Uint8Array(1), shard: 0 };
    home.tell({ type: 'publish', ...publication, ref: undefined, publisher });
    expect(told).toEqual([{ type: 'publishRefused', topic: 'b' }]);
    home.tell({ type: 'publish', ...publication, ref: 1, publisher });
    expect(told).toHaveLength(1);
  });

  test('ends when nobody follows it and nothing is remembered; its next life is another epoch', () => {
    const home = new Homestead({ historyAgeMaxMs: 1_000 });
    home.attach('t');
    home.publish('t', { id: 'x' });
    const { position } = home.inform('t');
    home.detach('t');
    home.pass(10_000);
    expect(home.inform('t').position).toBeUndefined();
    const since = position ?? expect.fail('no place');
    const [answer] = home.attach('t', { since });
    expect(answer?.[1]).toMatchObject({
      type: 'attached',
      recovered: false,
      position: { offset: 0 },
    });
    expect(home.inform('t').position?.epoch).not.toBe(since.epoch);
    expect(since.epoch).toMatch(/^[0-9a-z]{1,32}$/);
  });

  test('[BROKER-REC-2] gives all that was missed, or nothing', () => {
    const home = new Homestead({ historyCountMax: 2 });
    home.attach('t', { shard: 1 });
    for (let i = 0; i < 3; i += 1) home.publish('t');
    const { epoch } = home.inform('t').position ?? expect.fail('no place');
    const recovered = (offset: number) => home.attach('t', { since: { epoch, offset } })[0]?.[1];
    expect(recovered(1)).toMatchObject({
      recovered: true,
      position: { epoch, offset: 3 },
      publications: [{ offset: 2 }, { offset: 3 }],
    });
    expect(recovered(0)).toMatchObject({ recovered: false, publications: [] });
  });

  test('[BROKER-REC-3] is not recovered from what is older than allowed, swept or not', () => {
    const home = new Homestead({ historyAgeMaxMs: 1_000 });
    home.attach('t');
    home.publish('t');
    const { epoch } = home.inform('t').position ?? expect.fail('no place');
    home.now = 1_000_000;
    expect(home.attach('t', { since: { epoch, offset: 0 } })[0]?.[1]).toMatchObject({
      recovered: false,
    });
  });
});

describe('[BROKER-LIM-3] one topic more than topicsMax', () => {
  test('takes the place of the unused one that was published to longest ago', () => {
    const home = new Homestead({ topicsMax: 3 });
    for (const topic of ['a', 'b', 'c']) home.publish(topic);
    home.publish('a');
    home.attach('b');
    home.publish('d');
    const living = ['a', 'b', 'c', 'd'].filter((t) => home.inform(t).position !== undefined);
    expect(living).toEqual(['a', 'b', 'd']);
  });

  test('or followed longest ago: a topic that was just left is not the next to go', () => {
    const home = new Homestead({ topicsMax: 3 });
    for (const topic of ['a', 'b', 'c']) home.publish(topic);
    home.attach('a');
    home.detach('a');
    home.publish('d');
    home.publish('e');
    const living = ['a', 'b', 'c', 'd', 'e'].filter((t) => home.inform(t).position !== undefined);
    expect(living).toEqual(['a', 'd', 'e']);
  });

  test('is refused when all are followed, to publishers and to subscribers', () => {
    const home = new Homestead({ topicsMax: 2 });
    home.attach('a');
    home.attach('b');
    expect(home.publish('c', { ref: 5 })).toEqual([[0, { type: 'refused', ref: 5 }]]);
    expect(home.publish('c')).toEqual([]);
    expect(home.attach('c')).toEqual([[0, { type: 'refused', ref: 1 }]]);
    expect(home.system.counters.get('publications.refused')).toBe(2);
    home.detach('a');
    expect(home.attach('c')).toMatchObject([[0, { type: 'attached' }]]);
  });
});

describe('[BROKER-LIM-4] more history than historyBytesTotalMax', () => {
  test('is forgotten by the topic that was published to longest ago, whose order goes on', () => {
    const home = new Homestead({ historyBytesTotalMax: 3 * 132 });
    home.attach('a');
    for (const topic of ['a', 'b', 'c', 'd']) home.publish(topic, { bytes: 100 });
    expect(['a', 'b', 'c', 'd'].map((topic) => home.inform(topic).historyCount)).toEqual([
      0, 1, 1, 1,
    ]);
    home.publish('a', { bytes: 100 });
    expect(home.inform('a').position?.offset).toBe(2);
    expect(home.inform('b')).toMatchObject({ historyCount: 0, position: { offset: 1 } });
  });

  test('counts ids, 128 bytes each', () => {
    const home = new Homestead({ historyBytesTotalMax: 400, historyCountMax: 0 });
    for (const topic of ['a', 'b', 'c', 'd']) home.publish(topic, { id: 'x', ref: 1 });
    const again = ['d', 'a'].map((topic) => home.publish(topic, { id: 'x', ref: 2 })[0]?.[1]);
    expect(again).toMatchObject([{ isDuplicate: true }, { isDuplicate: false }]);
  });

  test('is not kept by one topic alone either, which forgets what is oldest', () => {
    const home = new Homestead({ historyBytesTotalMax: 300 });
    home.attach('a');
    for (let offset = 1; offset <= 3; offset += 1) home.publish('a', { bytes: 100 });
    expect(home.inform('a')).toMatchObject({ historyCount: 2, position: { offset: 3 } });
  });

  test('is forgotten to make room, and not more of it', () => {
    const home = new Homestead({ historyBytesTotalMax: 4 * 132 });
    for (const topic of ['a', 'a', 'a', 'b', 'b']) home.publish(topic, { bytes: 100 });
    expect(['a', 'b'].map((topic) => home.inform(topic).historyCount)).toEqual([2, 2]);
    // The one that has nothing left to forget is passed over.
    for (const topic of ['b', 'c']) home.publish(topic, { bytes: 132 + 100 });
    expect(['a', 'b', 'c'].map((topic) => home.inform(topic).historyCount)).toEqual([0, 1, 1]);
  });

  test('is counted right, whichever way publications are forgotten', () => {
    const home = new Homestead({ historyBytesTotalMax: 2 * 132, historyAgeMaxMs: 1_000 });
    home.attach('a');
    home.attach('b');
    for (let round = 0; round < 20; round += 1) {
      home.publish('a', { bytes: 100 });
      home.now += 2_000_000;
      // Whoever attaches finds the old ones expired: the shard's sum must know of it.
      home.attach('a');
    }
    home.publish('a', { bytes: 100 });
    home.publish('b', { bytes: 100 });
    expect([home.inform('a').historyCount, home.inform('b').historyCount]).toEqual([1, 1]);
  });
});
