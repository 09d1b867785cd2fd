// What routers and homes do for the gateway's held requests: keep-alives, ends that follow what waits, formats that leave
// some publications to the owner, questions without a place in line, and publications that are not remembered.

import { describe, expect, test } from 'vitest';

import type { HomeMessage } from '../../../src/actors/routing/home.actor.ts';
import { routerActor } from '../../../src/actors/routing/router.actor.ts';
import type { RouterMessage } from '../../../src/actors/routing/router-state.ts';
import { NO_SLOT, type RouterReply } from '../../../src/actors/routing/router-messages.ts';
import { TO_OWNER, type WireFormat } from '../../../src/actors/routing/subscriptions.ts';
import { TopicLog } from '../../../src/actors/routing/home/topic-log.ts';
import { addressOf } from '../../../src/actors/runtime/actor.ts';
import { WINDOW_BYTES, type WebCommand } from '../../../src/actors/runtime/edges.ts';
import { System } from '../../../src/actors/runtime/system.ts';

const bytes = (text: string) => new TextEncoder().encode(text);
const textOf = (payload: unknown) => new TextDecoder().decode(payload as Uint8Array);

/** `!` is told to owners, `.` ends the stream, nothing is written for `-`. */
const wire: WireFormat = {
  encode: ({ data }) => (textOf(data) === '-' ? undefined : data),
  encodeGap: () => undefined,
  toOwner({ data }) {
    const text = textOf(data);
    if (text === '.') return 'end';
    return text === '!' ? 'tell' : undefined;
  },
};

class Router {
  now = 1_000_000;
  readonly heard: RouterReply[] = [];
  /** What each connection was told. */
  readonly written = new Map<number, string[]>();
  readonly system: System;
  readonly #router;
  #offset = 0;

  constructor() {
    this.system = new System({
      shard: 0,
      seed: 1,
      crossing: () => expect.fail('nothing crosses'),
      onFailure: (_, error) => {
        throw error;
      },
      onCollapse: () => {},
    });
    const web = addressOf<WebCommand>(0, 'web');
    const home = addressOf<HomeMessage>(0, 'home');
    this.system.bind(web, (command) => this.#write(command));
    this.system.bind(home, (message) => this.#attach(message));
    const args = {
      shard: 0,
      shards: 1,
      web,
      homeOfShard: () => home,
      formats: new Map([['wire', wire]]),
      stallTimeoutMs: 30_000,
    };
    this.#router = this.system.spawn(routerActor, args, 'router');
    this.system.bind(this.owner, (reply) => this.heard.push(reply));
    this.run();
  }

  get owner() {
    return addressOf<RouterReply>(0, 'owner');
  }

  run(): void {
    this.system.run(this.now, 1_000_000);
  }

  tell(message: RouterMessage): void {
    this.system.deliver(this.#router, message);
    this.run();
  }

  open(connection: number, format = 'wire'): void {
    const outbox = { queueBytesMax: 1_000_000, slowPolicy: 'disconnect' } as const;
    const opening = { owner: this.owner, ownFormat: 'wire', subscriptionsMax: 5, outbox };
    this.tell({ type: 'open', connection, ...opening });
    this.subscribe(connection, format);
  }

  subscribe(connection: number, format: string): void {
    const wish = { slot: NO_SLOT, topic: 't', format, since: undefined };
    this.tell({ type: 'subscribe', connection, ...wish });
  }

  publish(...texts: string[]): void {
    for (const text of texts) {
      this.#offset += 1;
      const publication = { topic: 't', epoch: 'e', offset: this.#offset, id: undefined };
      this.tell({ type: 'delivered', publication: { ...publication, data: bytes(text) } });
    }
  }

  keepAlive(connection: number, everyMs: number, isIdle: boolean): void {
    const keepAlive = { payload: bytes('~'), everyMs, isIdle };
    this.tell({ type: 'keepAlive', connection, keepAlive });
  }

  pass(ms: number): void {
    const until = this.now + ms * 1_000;
    for (;;) {
      const next = this.system.nextTimerAt ?? Number.POSITIVE_INFINITY;
      if (next > until) break;
      this.now = Math.max(this.now, next);
      this.run();
    }
    this.now = until;
    this.run();
  }

  take(connection: number): string {
    const texts = this.written.get(connection) ?? [];
    this.written.delete(connection);
    return texts.join('');
  }

  /** The kinds of what owners heard, since the last look. */
  types(): string[] {
    return this.heard.splice(0).map(({ type }) => type);
  }

  #write(command: WebCommand): void {
    if (command.type !== 'write') throw new Error(`unexpected ${command.type}`);
    for (const connection of command.connections) {
      const texts = this.written.get(connection) ?? [];
      texts.push(textOf(command.payload));
      this.written.set(connection, texts);
    }
  }

  #attach(message: HomeMessage): void {
    if (message.type !== 'attach') return;
    const position = { epoch: 'e', offset: this.#offset };
    const answer = { ref: message.ref, position, recovered: false, publications: [] };
    this.system.deliver(this.#router, { type: 'attached', ...answer });
  }
}

describe('a question without a place', () => {
  test('is answered to the owner, and holds nothing up', () => {
    const router = new Router();
    router.open(1);
    expect(router.types()).toEqual(['subscribed']);
    router.publish('x');
    expect(router.take(1)).toBe('x');
    router.tell({ type: 'unsubscribe', connection: 1, slot: NO_SLOT, topic: 't' });
    expect(router.types()).toEqual(['unsubscribed']);
    router.publish('y');
    expect(router.take(1)).toBe('');
  });

  test('changes the format without a loss', () => {
    const router = new Router();
    router.open(1);
    router.publish('x');
    router.subscribe(1, TO_OWNER);
    router.publish('y');
    router.subscribe(1, 'wire');
    router.publish('z');
    expect(router.take(1)).toBe('xz');
    expect(router.types()).toEqual(['subscribed', 'subscribed', 'delivered', 'subscribed']);
  });
});

describe('a format', () => {
  test('may say nothing, leave it to the owner, or end the stream', () => {
    const router = new Router();
    for (const connection of [1, 2]) router.open(connection);
    router.types();
    router.publish('a', '-', '!', 'b');
    expect(router.types()).toEqual(['delivered', 'delivered']);
    router.publish('.', 'c', '!');
    expect([router.take(1), router.take(2)]).toEqual(['ab', 'ab']);
    expect(router.types().filter((type) => type === 'finished')).toHaveLength(2);
  });
});

describe('a stream whose owner waits until all has left', () => {
  test('is told at once where nothing waits, and else when it has been written', () => {
    const router = new Router();
    router.open(1);
    router.types();
    router.tell({ type: 'settle', connection: 1 });
    router.tell({ type: 'settle', connection: 9 });
    expect(router.types()).toEqual(['settled']);
    router.publish('x'.repeat(WINDOW_BYTES), 'y');
    router.tell({ type: 'settle', connection: 1 });
    expect(router.types()).toEqual([]);
    router.tell({ type: 'receipt', connection: 1, bytes: WINDOW_BYTES + 32 });
    expect(router.types()).toEqual(['settled']);
    router.publish('x'.repeat(WINDOW_BYTES), 'y');
    router.tell({ type: 'receipt', connection: 1, bytes: WINDOW_BYTES + 32 });
    expect(router.types()).toEqual([]);
  });
});

describe('a stream that is to end', () => {
  test('ends at once where nothing waits, and once', () => {
    const router = new Router();
    router.open(1);
    router.types();
    router.tell({ type: 'finish', connection: 1 });
    router.tell({ type: 'finish', connection: 1 });
    router.publish('x');
    router.tell({ type: 'reply', connection: 1, slot: undefined, payload: bytes('y') });
    router.tell({ type: 'finish', connection: 9 });
    expect(router.types()).toEqual(['finished']);
    expect(router.take(1)).toBe('');
  });

  test('ends when what waited has been written', () => {
    const router = new Router();
    router.open(1);
    router.types();
    router.publish('x'.repeat(WINDOW_BYTES), 'y');
    router.tell({ type: 'finish', connection: 1 });
    router.publish('z');
    expect(router.types()).toEqual([]);
    router.tell({ type: 'receipt', connection: 1, bytes: WINDOW_BYTES + 32 });
    expect(router.types()).toEqual(['finished']);
    expect(router.take(1)).toBe(`${'x'.repeat(WINDOW_BYTES)}y`);
    router.tell({ type: 'receipt', connection: 1, bytes: 33 });
    expect(router.types()).toEqual([]);
  });

  test('does not take its neighbours along', () => {
    const router = new Router();
    for (const connection of [1, 2]) router.open(connection);
    router.tell({ type: 'finish', connection: 1 });
    router.publish('x');
    expect([router.take(1), router.take(2)]).toEqual(['', 'x']);
  });

  test('is given up when its reader stalls', () => {
    const router = new Router();
    router.open(1);
    router.publish('x'.repeat(WINDOW_BYTES), 'y');
    router.tell({ type: 'finish', connection: 1 });
    router.types();
    router.pass(32_000);
    expect(router.types()).toEqual(['tooSlow']);
  });
});

describe('keep-alives', () => {
  test('come up to a second early and never late, again and again', () => {
    const router = new Router();
    router.open(1);
    router.keepAlive(1, 5_000, true);
    for (let round = 0; round < 5; round += 1) {
      router.pass(4_000 - (round === 0 ? 0 : 500));
      expect(router.take(1)).toBe('');
      router.pass(round === 0 ? 1_000 : 1_500);
      expect(router.take(1)).toMatch(/^~$/);
      // From here on the beat is up to half a second early.
      router.keepAlive(1, 5_000, true);
    }
  });

  test.each([
    [true, ''],
    [false, '~'],
  ])('of an idle stream (%s) are put off by what else is written', (isIdle, heard) => {
    const router = new Router();
    router.open(1);
    router.keepAlive(1, 3_000, isIdle);
    let text = '';
    for (let at = 0; at < 8; at += 1) {
      router.pass(500);
      if (at % 2 === 0) router.publish('x');
      text += router.take(1);
    }
    expect(text.replaceAll('x', '')).toBe(heard);
    router.pass(500);
    router.tell({ type: 'reply', connection: 1, slot: undefined, payload: bytes('r') });
    router.pass(2_000);
    expect(router.take(1)).toBe(isIdle ? 'r' : 'r~');
  });

  test('wait while the reader is behind', () => {
    const router = new Router();
    router.open(1);
    router.keepAlive(1, 1_000, false);
    router.publish('x'.repeat(WINDOW_BYTES), 'y');
    router.take(1);
    router.pass(10_000);
    expect(router.take(1)).toBe('');
    router.tell({ type: 'receipt', connection: 1, bytes: WINDOW_BYTES + 32 });
    router.pass(1_000);
    expect(router.take(1)).toMatch(/^y~+$/);
  });

  test('end when they are taken back, when the stream leaves, and when it is to end', () => {
    const router = new Router();
    for (const connection of [1, 2, 3, 4]) {
      router.open(connection);
      router.keepAlive(connection, 1_000, true);
    }
    router.tell({ type: 'keepAlive', connection: 1, keepAlive: undefined });
    router.tell({ type: 'leave', connection: 2 });
    router.tell({ type: 'finish', connection: 3 });
    router.tell({ type: 'keepAlive', connection: 9, keepAlive: undefined });
    router.pass(900);
    expect([1, 2, 3, 4].map((connection) => router.take(connection))).toEqual(['', '', '', '~']);
    expect(router.system.counters.get('keepAlives.sent')).toBe(1);
  });
});

test('what is not kept has its place in the order, and nothing else', () => {
  const limits = {
    historyCountMax: 10,
    historyBytesMax: 1_000,
    historyAgeMaxMs: 1_000,
    dedupeIdsMax: 10,
  };
  const log = new TopicLog('t', 'e', limits);
  expect(log.append('id', bytes('x'), 0, false)).toMatchObject({ offset: 1, id: 'id' });
  expect(log.append('id', bytes('x'), 0, false).offset).toBe(2);
  expect([log.historyCount, log.bytes, log.isForgettable]).toEqual([0, 0, true]);
  expect(log.offsetOf('id')).toBeUndefined();
  expect(log.recover({ epoch: 'e', offset: 1 })).toEqual({ recovered: false, publications: [] });
  expect(log.recover({ epoch: 'e', offset: 2 })).toEqual({ recovered: true, publications: [] });
});
