// The keeper of channels, stepped with messages and judged by what it said to its home and to operators.

import { describe, expect, test } from 'vitest';

import { itemFromValue } from '../../../../src/actors/codecs/grip/publish-item.ts';
import {
  channelOfTopic,
  type ChannelData,
  type ChannelId,
  type ChannelsMessage,
  isUpdate,
} from '../../../../src/actors/gateway/channel-messages.ts';
import { channelsActor } from '../../../../src/actors/gateway/channels/channels.actor.ts';
import {
  gatewayDefaults,
  type GatewayOptions,
} from '../../../../src/actors/gateway/gateway-options.ts';
import type { HomeMessage } from '../../../../src/actors/routing/home.actor.ts';
import { addressOf } from '../../../../src/actors/runtime/actor.ts';
import type { Log } from '../../../../src/actors/runtime/edges.ts';
import type { HoldMode, OperatorNotice } from '../../../../src/actors/runtime/gateway-edges.ts';
import { System } from '../../../../src/actors/runtime/system.ts';

class Keeper {
  now = 1_000_000;
  /** Contents, or `update`, with the channel. */
  readonly published: string[] = [];
  readonly notices: OperatorNotice[] = [];
  readonly logs: Log[] = [];
  readonly system: System;
  readonly #address;
  readonly #followers: {
    readonly channel: string;
    readonly mode: HoldMode;
    readonly shard: number;
    readonly connection: number;
  }[] = [];
  #connections = 0;

  constructor(options: Partial<GatewayOptions> = {}) {
    this.system = new System({
      shard: 0,
      seed: 1,
      crossing: () => expect.fail('nothing crosses'),
      onFailure: (_, error) => {
        throw error;
      },
      onCollapse: () => {},
    });
    const home = addressOf<HomeMessage>(0, 'home');
    const operator = addressOf<OperatorNotice>(0, 'operator');
    const log = addressOf<Log>(0, 'log');
    this.system.bind(home, (message) => this.#hear(message));
    this.system.bind(operator, (notice) => this.notices.push(notice));
    this.system.bind(log, (line) => this.logs.push(line));
    const whole = { ...gatewayDefaults, ...options };
    const isJoined = (channel: string): boolean => channel === 'joined';
    const args = { shard: 0, options: whole, home, operator, log, isJoined };
    this.#address = this.system.spawn(channelsActor, args, 'channels');
    this.system.run(this.now, 1_000);
  }

  tell(message: ChannelsMessage): void {
    this.system.deliver(this.#address, message);
    this.system.run(this.now, 1_000_000);
  }

  follow(channel: string, mode: HoldMode = 'stream', shard = 0): void {
    const connection = (this.#connections += 1);
    this.#followers.push({ channel, mode, shard, connection });
    this.tell({ type: 'follow', channel, mode, shard, connection });
  }

  unfollow(channel: string, mode: HoldMode = 'stream', shard = 0): void {
    const at = this.#followers.findLastIndex(
      (one) => one.channel === channel && one.mode === mode && one.shard === shard,
    );
    const [follower] = this.#followers.splice(at, 1);
    if (at < 0 || follower === undefined) throw new Error(`nobody follows ${channel}`);
    this.tell({ type: 'unfollow', ...follower });
  }

  publish(channel: string, content: string, more: object = {}): void {
    const reading = itemFromValue(
      { channel, formats: { 'http-stream': { content } }, ...more },
      'json',
    );
    if (!reading.ok) throw new Error(reading.mistake.message);
    this.tell({ type: 'publishItem', item: reading.item });
  }

  idOf(channel: string): string | undefined {
    const replyTo = addressOf<ChannelId>(0, 'asker');
    let id: string | undefined;
    this.system.bind(replyTo, ({ lastId }: ChannelId) => {
      id = lastId;
    });
    this.tell({ type: 'askId', channel, replyTo });
    return id;
  }

  pass(ms: number): void {
    const until = this.now + ms * 1_000;
    for (;;) {
      const next = this.system.nextTimerAt ?? Number.POSITIVE_INFINITY;
      if (next > until) break;
      this.now = Math.max(this.now, next);
      this.system.run(this.now, 1_000_000);
    }
    this.now = until;
    this.system.run(this.now, 1_000_000);
  }

  take(): string[] {
    return this.published.splice(0);
  }

  /** Who operators were told to follow, since the last look. */
  told(): string[] {
    return this.notices
      .splice(0)
      .flatMap((notice) =>
        notice.type === 'channelFollowed'
          ? [`${notice.channel} ${notice.mode} ${notice.subscribers}`]
          : [],
      );
  }

  #hear(message: HomeMessage): void {
    if (message.type !== 'publish') throw new Error(`unexpected ${message.type}`);
    expect(message).toMatchObject({ isKept: false, ref: undefined });
    const data = message.data as ChannelData;
    const content = isUpdate(data) ? 'update' : new TextDecoder().decode(data.stream?.content);
    this.published.push(`${channelOfTopic(message.topic)}:${content}`);
  }
}

const quiet = { updateOnFirstSubscription: false };

describe('an item', () => {
  test('[GRIP-PUB-5] goes to the home of a channel that is followed, and nowhere else', () => {
    const keeper = new Keeper(quiet);
    keeper.publish('a', '0');
    keeper.follow('a');
    keeper.publish('a', '1');
    keeper.unfollow('a');
    keeper.publish('a', '2');
    expect(keeper.take()).toEqual(['a:1']);
  });

  test('[GRIP-ORDER-5] is known again by its id, even if nobody listened when it came first', () => {
    const keeper = new Keeper(quiet);
    keeper.publish('a', 'x', { id: '1' });
    keeper.follow('a');
    keeper.publish('a', 'x', { id: '1' });
    keeper.publish('a', 'y', { id: '2', 'no-seq': true });
    keeper.publish('a', 'y', { id: '2', 'no-seq': true });
    expect(keeper.take()).toEqual(['a:y']);
    expect(keeper.system.counters.get('gateway.items.duplicate')).toBe(2);
    keeper.pass(60_000);
    keeper.publish('a', 'x', { id: '1' });
    expect(keeper.take()).toEqual(['a:x']);
  });

  test('[GRIP-ORDER-1] [GRIP-ORDER-2] waits for the one before it, 5 to 6 seconds', () => {
    const keeper = new Keeper(quiet);
    keeper.follow('a');
    keeper.publish('a', '1', { id: '1' });
    keeper.publish('a', '3', { id: '3', 'prev-id': '2' });
    expect(keeper.take()).toEqual(['a:1']);
    keeper.publish('a', '2', { id: '2', 'prev-id': '1' });
    expect(keeper.take()).toEqual(['a:2', 'a:3']);
    keeper.pass(500);
    keeper.publish('a', '9', { id: '9', 'prev-id': '8' });
    keeper.pass(5_000);
    expect(keeper.take()).toEqual([]);
    keeper.pass(1_000);
    expect(keeper.take()).toEqual(['a:9']);
    expect(keeper.idOf('a')).toBe('9');
  });

  test('[GRIP-STATS-2] is told to operators, by transport and with its receivers', () => {
    const keeper = new Keeper({ ...quiet, messageBlockBytes: 10 });
    keeper.follow('a');
    keeper.follow('a');
    keeper.follow('a', 'ws');
    keeper.notices.length = 0;
    keeper.publish('a', 'x', {
      id: '1',
      size: 25,
      formats: {
        'http-stream': { content: 'x' },
        'ws-message': { content: 'x' },
        'http-response': { body: 'x' },
      },
    });
    const of = { type: 'messageSent', channel: 'a', itemId: '1' };
    expect(keeper.notices).toEqual([
      { ...of, transport: 'http-stream', receivers: 2, blocks: 6 },
      { ...of, transport: 'ws-message', receivers: 1, blocks: 3 },
    ]);
  });

  test('[GRIP-LIMIT-4] to 5,000 clients comes whole, and the next one when that is paid for', () => {
    const keeper = new Keeper({ ...quiet, messageRate: 2_500, messageHwm: 25_000 });
    for (let at = 0; at < 5_000; at += 1) keeper.follow('a');
    keeper.pass(1_000);
    keeper.publish('a', '1');
    expect(keeper.take()).toEqual(['a:1']);
    expect(keeper.system.counters.get('gateway.deliveries')).toBe(5_000);
    for (const content of ['2', '3', '4', '5', '6']) keeper.publish('a', content);
    keeper.pass(1_749);
    expect(keeper.take()).toEqual([]);
    keeper.pass(1);
    expect(keeper.take()).toEqual(['a:2']);
    keeper.pass(8_000);
    expect(keeper.take()).toEqual(['a:3', 'a:4', 'a:5', 'a:6']);
    expect(keeper.logs).toEqual([]);
  });

  test('[GRIP-LIMIT-4] to more clients than may wait waits all the same, if it is the only one', () => {
    const keeper = new Keeper({ ...quiet, messageRate: 100, messageHwm: 50 });
    for (let at = 0; at < 60; at += 1) keeper.follow('a');
    keeper.pass(1_000);
    for (const content of ['1', '2', '3']) keeper.publish('a', content);
    keeper.pass(5_000);
    expect(keeper.take()).toEqual(['a:1', 'a:2']);
    expect(keeper.logs).toMatchObject([{ fields: { channel: 'a', receivers: 60 } }]);
  });

  test('[GRIP-LIMIT-4] weighs as much as it has blocks', () => {
    const limits = { messageRate: 10, messageHwm: 100, messageBlockBytes: 10 };
    const keeper = new Keeper({ ...quiet, ...limits });
    keeper.follow('a');
    keeper.pass(1_000);
    keeper.publish('a', '1', { size: 95 });
    keeper.publish('a', '2');
    keeper.pass(749);
    expect(keeper.take()).toEqual(['a:1']);
    keeper.pass(1);
    expect(keeper.take()).toEqual(['a:2']);
  });

  test('[DIFF-24] beyond the rate waits its turn; beyond the bound it is dropped, counted and told', () => {
    const keeper = new Keeper({ ...quiet, messageRate: 10, messageHwm: 2 });
    keeper.follow('a');
    keeper.pass(10_000);
    for (let at = 0; at < 8; at += 1) keeper.publish('a', `${at}`);
    expect(keeper.take()).toEqual(['a:0', 'a:1', 'a:2']);
    expect(keeper.system.counters.get('gateway.deliveries.dropped.hwm')).toBe(3);
    expect(keeper.logs).toHaveLength(3);
    const fields = { channel: 'a', receivers: 1 };
    expect(keeper.logs[0]).toMatchObject({ level: 'warn', event: 'gateway.hwmExceeded', fields });
    keeper.pass(1_000);
    expect(keeper.take()).toEqual(['a:3', 'a:4']);
  });

  test('[GRIP-STATS-2] is told with those who follow when its turn comes', () => {
    const keeper = new Keeper({ ...quiet, messageRate: 10 });
    keeper.follow('a');
    keeper.pass(1_000);
    for (const content of ['1', '2', '3', '4', '5']) keeper.publish('a', content);
    expect(keeper.take()).toEqual(['a:1', 'a:2', 'a:3']);
    keeper.unfollow('a');
    for (let at = 0; at < 2; at += 1) keeper.follow('a');
    keeper.notices.length = 0;
    keeper.pass(1_000);
    expect(keeper.take()).toEqual(['a:4', 'a:5']);
    const sent = keeper.notices.filter(({ type }) => type === 'messageSent');
    expect(sent).toMatchObject([
      { channel: 'a', receivers: 2 },
      { channel: 'a', receivers: 2 },
    ]);
  });

  test('[DIFF-24] without a rate never waits and is never dropped', () => {
    const keeper = new Keeper(quiet);
    for (let at = 0; at < 1_000; at += 1) keeper.follow('a');
    for (let at = 0; at < 1_000; at += 1) keeper.publish('a', `${at}`);
    expect(keeper.take()).toHaveLength(1_000);
    expect(keeper.system.counters.get('gateway.deliveries')).toBe(1_000_000);
    expect(keeper.logs).toEqual([]);
  });
});

describe('who follows', () => {
  test('[GRIP-STATS-1] is told to operators: the first and the last at once, others within a second', () => {
    const keeper = new Keeper(quiet);
    keeper.follow('a');
    expect(keeper.told()).toEqual(['a stream 1']);
    keeper.follow('a', 'stream', 1);
    keeper.follow('a', 'stream', 1);
    expect(keeper.told()).toEqual([]);
    keeper.pass(1_000);
    expect(keeper.told()).toEqual(['a stream 3']);
    keeper.unfollow('a', 'stream', 1);
    keeper.unfollow('a', 'stream', 1);
    keeper.unfollow('a');
    expect(keeper.told()).toEqual(['a stream 1', 'a stream 0']);
    keeper.pass(2_000);
    expect(keeper.told()).toEqual([]);
  });

  test('[GRIP-ZMQ-4] by a long-poll is told for another minute', () => {
    const keeper = new Keeper(quiet);
    keeper.follow('a', 'response');
    keeper.follow('a', 'response');
    keeper.unfollow('a', 'response');
    keeper.unfollow('a', 'response');
    expect(keeper.told()).toEqual(['a response 1', 'a response 1']);
    keeper.pass(59_000);
    expect(keeper.told()).toEqual([]);
    keeper.publish('a', 'x', { id: '1' });
    expect(keeper.take()).toEqual(['a:x']);
    expect(keeper.idOf('a')).toBe('1');
    keeper.pass(2_000);
    expect(keeper.told()).toEqual(['a response 0']);
    expect(keeper.idOf('a')).toBeUndefined();
  });

  test('by a long-poll that comes back within the minute is followed on', () => {
    const keeper = new Keeper(quiet);
    keeper.follow('a', 'response');
    keeper.unfollow('a', 'response');
    keeper.pass(30_000);
    keeper.follow('a', 'response');
    keeper.pass(60_000);
    expect(keeper.told()).not.toContain('a response 0');
    keeper.publish('a', 'x');
    expect(keeper.take()).toEqual(['a:x']);
  });

  test('by a stream does not end the minute of the polls', () => {
    const keeper = new Keeper(quiet);
    keeper.follow('a', 'response');
    keeper.unfollow('a', 'response');
    keeper.follow('a', 'stream');
    keeper.told();
    keeper.pass(61_000);
    expect(keeper.told()).toEqual(['a response 0']);
    keeper.unfollow('a', 'stream');
    expect(keeper.told()).toEqual(['a stream 0']);
  });

  test('is counted for each shard, and one that dies takes its own along', () => {
    const keeper = new Keeper(quiet);
    keeper.follow('a', 'stream', 0);
    keeper.follow('a', 'stream', 1);
    keeper.follow('a', 'ws', 1);
    keeper.follow('b', 'stream', 1);
    keeper.told();
    keeper.tell({ type: 'shardDown', shard: 1 });
    expect(keeper.told()).toEqual(['a stream 1', 'a ws 0', 'b stream 0']);
    // Late words of the dead are not counted twice.
    keeper.unfollow('a', 'stream', 1);
    keeper.publish('a', 'x');
    keeper.publish('b', 'y');
    expect(keeper.take()).toEqual(['a:x']);
  });

  test('[GRIP-STATS-1] and says it twice, because the keeper may be new, counts once', () => {
    const keeper = new Keeper(quiet);
    const said = { channel: 'a', mode: 'stream', shard: 1, connection: 7 } as const;
    keeper.tell({ type: 'follow', ...said });
    keeper.tell({ type: 'follow', ...said });
    keeper.tell({ type: 'follow', ...said, shard: 0 });
    keeper.pass(1_000);
    expect(keeper.told()).toEqual(['a stream 1', 'a stream 2']);
    keeper.tell({ type: 'unfollow', ...said });
    keeper.tell({ type: 'unfollow', ...said });
    expect(keeper.told()).toEqual(['a stream 1']);
    keeper.tell({ type: 'unfollow', ...said, shard: 0 });
    expect(keeper.told()).toEqual(['a stream 0']);
  });
});

describe('what has been missed', () => {
  test('[GRIP-HOLD-5] [GRIP-NEXT-5] is looked for a second after a channel is followed anew, by those who hold requests then', () => {
    const keeper = new Keeper();
    keeper.follow('a', 'response');
    keeper.pass(500);
    keeper.follow('a', 'response');
    keeper.follow('b', 'ws');
    keeper.follow('c');
    keeper.unfollow('c');
    keeper.pass(499);
    expect(keeper.take()).toEqual([]);
    keeper.pass(1);
    expect(keeper.take()).toEqual(['a:update']);
    keeper.follow('b');
    keeper.pass(500);
    // The channel was new a second ago, and there is a stream now.
    expect(keeper.take()).toEqual(['b:update']);
    keeper.pass(10_000);
    expect(keeper.take()).toEqual([]);
  });

  test('[GRIP-HOLD-5] is not looked for within the minute of a long-poll', () => {
    const keeper = new Keeper();
    keeper.follow('a', 'response');
    keeper.unfollow('a', 'response');
    keeper.pass(50_000);
    keeper.follow('a', 'response');
    keeper.pass(5_000);
    expect(keeper.take()).toEqual([]);
  });

  test('[GRIP-CTRL-8] is looked for by everybody at recover, and no id is trusted any more', () => {
    const keeper = new Keeper(quiet);
    keeper.follow('a');
    keeper.follow('b', 'ws');
    keeper.publish('a', 'x', { id: '1' });
    keeper.tell({ type: 'recover' });
    expect(keeper.take()).toEqual(['a:x', 'a:update']);
    expect(keeper.idOf('a')).toBeUndefined();
  });

  test('by one makes the channel’s id forgotten', () => {
    const keeper = new Keeper(quiet);
    keeper.follow('a');
    keeper.publish('a', 'x', { id: '1' });
    keeper.tell({ type: 'forgetId', channel: 'a' });
    keeper.tell({ type: 'forgetId', channel: 'nobody' });
    expect(keeper.idOf('a')).toBeUndefined();
  });
});
