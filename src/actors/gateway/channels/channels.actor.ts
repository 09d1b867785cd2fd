// The keeper of channels, one on each shard for those whose home is there: knows items again by their ids, puts them in
// the order of their `prev-id`s, and gives them to the home, which gives them to all who follow.
// It knows how many follow a channel and in which mode, because a channel that nobody follows remembers nothing.
// Refuses to know clients and wires. Obeys spec/grip.md, sections "Sequencing" and "Publishing".

import type { GripItem } from '../../codecs/grip/publish-item.ts';
import type { HomeMessage } from '../../routing/home.actor.ts';
import type { ActorDefinition, Address, Context } from '../../runtime/actor.ts';
import type { HoldMode, OperatorNotice } from '../../runtime/gateway-edges.ts';
import type { ConnectionId, Log } from '../../runtime/edges.ts';
import { type ChannelsMessage, type GripUpdate, topicOfChannel } from '../channel-messages.ts';
import { Followers } from './followers.ts';
import type { GatewayOptions } from '../gateway-options.ts';
import { blocksOf } from './blocks.ts';
import { Pacer } from './pacer.ts';
import { type Release, Sequencer } from './sequencer.ts';

export interface ChannelsArgs {
  readonly shard: number;
  readonly options: GatewayOptions;
  readonly home: Address<HomeMessage>;
  readonly operator: Address<OperatorNotice>;
  readonly log: Address<Log>;
  /** A topic of another dialect gets what is published to the channel. */
  readonly isJoined: (channel: string) => boolean;
}

interface Channel {
  readonly name: string;
  readonly followers: Followers;
  /** Until when it is kept although nobody follows it; microseconds. */
  lingersUntil: number;
  /** Changed since the operator was told. */
  readonly untold: Set<HoldMode>;
  /** Other nodes follow it, too. */
  isFollowedElsewhere: boolean;
}

interface ChannelsState {
  readonly args: ChannelsArgs;
  readonly channels: Map<string, Channel>;
  readonly sequencer: Sequencer;
  readonly pacer: Pacer<GripItem>;
  /** Channels that were followed anew, oldest first, and when their holds are to look again. */
  readonly updates: { readonly channel: Channel; readonly at: number }[];
  readonly lingering: Set<Channel>;
  readonly untold: Set<Channel>;
}

type Turn = Context<ChannelsMessage>;
type Following = Extract<ChannelsMessage, { readonly connection: ConnectionId }>;

export const channelsActor: ActorDefinition<ChannelsArgs, ChannelsState, ChannelsMessage> = {
  kind: 'gateway/channels',
  mailboxMax: 1_000_000,
  onFailure: 'escalate',
  start(args, context) {
    context.after('tick', TICK_EVERY_MS);
    return {
      args,
      channels: new Map(),
      sequencer: new Sequencer(args.options),
      pacer: new Pacer(args.options),
      updates: [],
      lingering: new Set(),
      untold: new Set(),
    };
  },
  receive(state, message, context) {
    switch (message.type) {
      case 'publishItem':
        publish(state, message.item, context);
        return;
      case 'follow':
        follow(state, message, context);
        return;
      case 'unfollow':
        unfollow(state, message, context);
        return;
      case 'askId':
        context.send(message.replyTo, {
          type: 'channelId',
          channel: message.channel,
          lastId: state.sequencer.lastIdOf(message.channel),
        });
        return;
      case 'forgetId':
        state.sequencer.forgetId(message.channel);
        return;
      case 'followedElsewhere':
        followedElsewhere(state, message.channel, message.isFollowed);
        return;
      case 'recover':
        recover(state, context);
        return;
      case 'shardDown':
        shardDown(state, message.shard, context);
        return;
      case 'timedOut':
        if (message.name === 'tick') tick(state, context);
        else if (message.name === 'update') update(state, context);
        else pace(state, context);
        return;
      case 'childStopped':
        return;
      default:
        message satisfies never;
    }
  },
};

function publish(state: ChannelsState, item: GripItem, context: Turn): void {
  context.count('gateway.items');
  const { sequencer } = state;
  // [GRIP-ORDER-5]
  if (sequencer.isKnown(item, context.now)) {
    context.count('gateway.items.duplicate');
    return;
  }
  const channel = state.channels.get(item.channel);
  if (channel === undefined) {
    // [GRIP-PUB-5] What nobody follows goes nowhere, and is not asked for later; but for what others are joined to.
    if (state.args.isJoined(item.channel)) toHome(state, item.channel, item, context);
    return;
  }
  release(state, channel, sequencer.take(item, context.now), context);
}

function release(state: ChannelsState, channel: Channel, out: Release, context: Turn): void {
  if (out.dropped > 0) context.count('gateway.items.dropped.sequence', out.dropped);
  for (const item of out.items) {
    const receivers = receiversOf(channel.followers, item);
    const weight = (blocksOf(item, state.args.options) ?? 1) * receivers;
    if (state.pacer.isOpen(weight, context.now)) deliver(state, item, context);
    else if (state.pacer.wait(item, weight, item.byteLength)) pace(state, context);
    else {
      // [DIFF-24] No silent loss: whoever is dropped is counted and told of.
      context.count('gateway.deliveries.dropped.hwm', receivers);
      context.send(state.args.log, {
        type: 'log',
        level: 'warn',
        event: 'gateway.hwmExceeded',
        fields: { channel: channel.name, receivers },
      });
    }
  }
}

function pace(state: ChannelsState, context: Turn): void {
  for (const item of state.pacer.take(context.now)) deliver(state, item, context);
  const waitMs = state.pacer.waitMs(context.now);
  if (waitMs !== undefined) context.after('pace', waitMs);
}

/** It may have waited for its turn: what counts is who follows now. */
function deliver(state: ChannelsState, item: GripItem, context: Turn): void {
  const { channel: name } = item;
  const followers = state.channels.get(name)?.followers ?? NOBODY;
  const { operator, options, log } = state.args;
  if (options.logRequests) {
    // [GRIP-LOG-3]
    const fields = { channel: name, receivers: receiversOf(followers, item) };
    context.send(log, { type: 'log', level: 'info', event: 'gateway.published', fields });
  }
  const blocks = blocksOf(item, options);
  for (const [mode, transport, format] of [
    ['response', 'http-response', item.response],
    ['stream', 'http-stream', item.stream],
    ['ws', 'ws-message', item.ws],
  ] as const) {
    const receivers = followers.count(mode);
    if (format === undefined || receivers === 0) continue;
    context.count('gateway.deliveries', receivers);
    context.send(operator, {
      type: 'messageSent',
      channel: name,
      itemId: item.id,
      transport,
      receivers,
      blocks: blocks === undefined ? undefined : blocks * receivers,
    });
  }
  toHome(state, item.channel, item, context);
}

function toHome(
  state: ChannelsState,
  channel: string,
  data: GripItem | GripUpdate,
  context: Turn,
): void {
  context.send(state.args.home, {
    type: 'publish',
    topic: topicOfChannel(channel),
    id: undefined,
    data,
    isKept: false,
    ...('isRelayed' in data ? { isRelayed: true } : {}),
    shard: state.args.shard,
    ref: undefined,
    publisher: undefined,
  });
}

function follow(
  state: ChannelsState,
  { channel: name, mode, shard, connection }: Following,
  context: Turn,
): void {
  const isFirst = !isFollowedHere(state, name);
  const channel = madeChannel(state, name);
  if (!channel.followers.add(mode, shard, connection)) return;
  if (mode === 'response') state.lingering.delete(channel);
  tell(state, channel, mode, context);
  if (isFirst && state.args.options.updateOnFirstSubscription) {
    if (state.updates.length === 0) context.after('update', UPDATE_AFTER_MS);
    state.updates.push({ channel, at: context.now + UPDATE_AFTER_MS * 1_000 });
  }
}

function isFollowedHere({ channels, lingering }: ChannelsState, name: string): boolean {
  const known = channels.get(name);
  if (known === undefined) return false;
  return !known.isFollowedElsewhere || known.followers.total > 0 || lingering.has(known);
}

function madeChannel(state: ChannelsState, name: string): Channel {
  const known = state.channels.get(name);
  if (known !== undefined) return known;
  const channel: Channel = {
    ...{ name, followers: new Followers(), lingersUntil: 0, untold: new Set() },
    isFollowedElsewhere: false,
  };
  state.channels.set(name, channel);
  state.sequencer.follow(name);
  return channel;
}

/** What is published here is kept in order for the followers of other nodes, too. */
function followedElsewhere(state: ChannelsState, name: string, isFollowed: boolean): void {
  if (!isFollowed && !state.channels.has(name)) return;
  const channel = madeChannel(state, name);
  channel.isFollowedElsewhere = isFollowed;
  forgetUnfollowed(state, channel);
}

function forgetUnfollowed(state: ChannelsState, channel: Channel): void {
  const isFollowed = channel.followers.total > 0 || channel.isFollowedElsewhere;
  if (!isFollowed && !state.lingering.has(channel)) forget(state, channel);
}

function unfollow(
  state: ChannelsState,
  { channel: name, mode, shard, connection }: Following,
  context: Turn,
): void {
  const channel = state.channels.get(name);
  if (channel?.followers.remove(mode, shard, connection) !== true) return;
  settle(state, channel, mode, context);
}

/**
 * [GRIP-ZMQ-4] A channel that is left is forgotten; one that was left by a long-poll waits for the client to come
 * back.
 */
function settle(state: ChannelsState, channel: Channel, mode: HoldMode, context: Turn): void {
  if (mode === 'response' && channel.followers.count('response') === 0) {
    channel.lingersUntil = context.now + state.args.options.subscriptionLingerMs * 1_000;
    state.lingering.add(channel);
    channel.untold.delete(mode);
  } else tell(state, channel, mode, context);
  forgetUnfollowed(state, channel);
}

function forget(state: ChannelsState, channel: Channel): void {
  state.channels.delete(channel.name);
  state.sequencer.unfollow(channel.name);
}

/** [GRIP-STATS-1] The first and the last of a mode are told at once, for publishers that send only what is followed. */
function tell(state: ChannelsState, channel: Channel, mode: HoldMode, context: Turn): void {
  const subscribers = channel.followers.count(mode);
  if (subscribers > 1) {
    channel.untold.add(mode);
    state.untold.add(channel);
    return;
  }
  channel.untold.delete(mode);
  context.send(state.args.operator, {
    type: 'channelFollowed',
    channel: channel.name,
    mode,
    subscribers,
  });
}

/** [GRIP-CTRL-8] [GRIP-CMD-2] */
function recover(state: ChannelsState, context: Turn): void {
  for (const channel of state.channels.values()) {
    state.sequencer.forgetId(channel.name);
    if (channel.followers.http > 0) toHome(state, channel.name, UPDATE, context);
  }
}

/**
 * [GRIP-HOLD-5] [GRIP-NEXT-5] Those who followed first may have missed what was published before the world knew that
 * they follow.
 */
function update(state: ChannelsState, context: Turn): void {
  const { updates } = state;
  const early = updates.findIndex(({ at }) => at > context.now);
  // All at once: to take the first of many, again and again, moves all the others each time.
  for (const { channel } of updates.splice(0, early < 0 ? updates.length : early)) {
    if (channel.followers.http > 0) toHome(state, channel.name, UPDATE, context);
  }
  const next = updates[0];
  if (next !== undefined)
    context.after('update', Math.max(1, Math.ceil((next.at - context.now) / 1_000)));
}

function tick(state: ChannelsState, context: Turn): void {
  for (const [name, out] of state.sequencer.overdue(context.now)) {
    const channel = state.channels.get(name);
    if (channel !== undefined) release(state, channel, out, context);
  }
  for (const channel of state.lingering) {
    if (channel.lingersUntil > context.now) continue;
    state.lingering.delete(channel);
    tell(state, channel, 'response', context);
    forgetUnfollowed(state, channel);
  }
  for (const channel of state.untold) {
    for (const mode of channel.untold) {
      const subscribers = channel.followers.count(mode);
      const notice = { type: 'channelFollowed', channel: channel.name, mode, subscribers } as const;
      context.send(state.args.operator, notice);
    }
    channel.untold.clear();
  }
  state.untold.clear();
  context.after('tick', TICK_EVERY_MS);
}

function shardDown(state: ChannelsState, shard: number, context: Turn): void {
  for (const channel of [...state.channels.values()]) {
    for (const mode of channel.followers.removeAllOf(shard)) settle(state, channel, mode, context);
  }
}

function receiversOf(followers: Pick<Followers, 'count'>, item: GripItem): number {
  return (
    (item.response === undefined ? 0 : followers.count('response')) +
    (item.stream === undefined ? 0 : followers.count('stream')) +
    (item.ws === undefined ? 0 : followers.count('ws'))
  );
}

const NOBODY: Pick<Followers, 'count'> = { count: () => 0 };
const UPDATE: GripUpdate = { isUpdate: true, byteLength: 0 };
const TICK_EVERY_MS = 1_000;
const UPDATE_AFTER_MS = 1_000;
