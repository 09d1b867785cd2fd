// What a held request follows: its channels, as its origin named them last. Each wish goes to the router, which brings
// the items, and to the keeper of the channel, which counts who follows.
// Refuses to know what items do to the client. Obeys spec/grip.md, section "Channels".

import type { Instruct } from '../../codecs/grip/instruct.ts';
import { FewMap } from '../../runtime/memory/few-map.ts';
import { NO_SLOT } from '../../routing/router-messages.ts';
import { type FormatName, TO_OWNER } from '../../routing/subscriptions.ts';
import { homeOf } from '../../routing/topic.ts';
import { logFollowed } from '../access-log.ts';
import { channelOfTopic, topicOfChannel } from '../channel-messages.ts';
import { GRIP_STREAM } from '../formats.ts';
import { keeperOf } from '../gateway-context.ts';
import { needsOwner } from '../rewriting/filters.ts';
import { type Link, resolveLink } from './links.ts';
import type { Hold, HeldChannel, RequestState, Turn } from './request-state.ts';

/**
 * Follows what the instruct names, and nothing else any more; without a hold that is nothing. `slots` takes up those of
 * the subscriptions, where they are awaited.
 */
export function hold(
  state: RequestState,
  instruct: Instruct,
  context: Turn,
  slots?: Set<number>,
): Hold {
  const { admitted } = state;
  const mode = instruct.hold === 'response' ? 'response' : 'stream';
  const before = state.hold;
  const wanted = wantedChannels(state, instruct);
  if (!state.isOpen) open(state, context);
  for (const name of before?.channels.keys() ?? []) {
    if (before?.mode !== mode || !wanted.has(name))
      unfollow(state, before?.mode ?? mode, name, context);
    if (!wanted.has(name)) {
      context.send(admitted.gateway.router, {
        type: 'unsubscribe',
        connection: state.connection,
        slot: NO_SLOT,
        topic: topicOfChannel(name),
      });
    }
  }
  const format = formatOf(instruct, wanted);
  for (const channel of wanted.values()) {
    const { name } = channel;
    if (before?.channels.has(name) !== true || before.mode !== mode)
      follow(state, mode, name, context);
    const slot = slots?.size ?? NO_SLOT;
    slots?.add(slot);
    subscribe(state, format, channel, slot, context);
  }
  const next: Hold = {
    mode,
    instruct,
    channels: wanted,
    // Only a hold's first word on this counts: what began with a promise to tell ends with it.
    gone: before?.mode === 'stream' ? before.gone : goneOf(state, instruct),
    base: before?.base,
    activityAt: context.now,
  };
  state.hold = next;
  return next;
}

/** The router took the wish up: from now on nothing is missed. */
export function attached(state: RequestState, topic: string, context: Turn): void {
  const channel = state.hold?.channels.get(channelOfTopic(topic));
  if (channel !== undefined) askId(state, channel, context);
}

/** [GRIP-SEQ-4] Something was published between the origin's word and our subscription. */
export function checkId(
  state: RequestState,
  name: string,
  lastId: string | undefined,
  context: Turn,
): void {
  const channel = state.hold?.channels.get(name);
  if (channel?.lastId === undefined || lastId === undefined || lastId === channel.lastId) return;
  // What changed the channel's id may be on its way to us, a moment behind.
  context.after('check', CHECK_AFTER_MS); // buggify early-check: context.after('check', 1)
  state.suspected ??= new Map();
  state.suspected.set(name, channel.lastId);
}

/** [GRIP-HOLD-8] [GRIP-STREAM-6] Lets go of everything that is followed. */
export function letGo(state: RequestState, context: Turn): void {
  const { admitted, connection, hold: held } = state;
  if (state.isOpen) context.send(admitted.gateway.router, { type: 'leave', connection });
  state.isOpen = false;
  for (const name of held?.channels.keys() ?? [])
    unfollow(state, held?.mode ?? 'stream', name, context);
  held?.channels.clear();
}

export function followAgain(state: RequestState, shard: number, context: Turn): void {
  const { shards } = state.admitted.gateway;
  for (const name of state.hold?.channels.keys() ?? []) {
    if (homeOf(topicOfChannel(name), shards) === shard)
      follow(state, state.hold?.mode ?? 'stream', name, context);
  }
}

function wantedChannels(state: RequestState, instruct: Instruct): FewMap<string, HeldChannel> {
  const { route, gateway } = state.admitted;
  const most = gateway.options.connectionSubscriptionsMax;
  const channels = new FewMap<string, HeldChannel>();
  if (instruct.hold === 'none') return channels;
  const want = (channel: HeldChannel): void => {
    const { name } = channel;
    // [GRIP-INSTR-8] The others are passed over.
    if (channels.size < most && name !== '' && !channels.has(name)) channels.set(name, channel);
  };
  // [GRIP-HOLD-2]
  for (const { name: shortName, prevId, filters } of instruct.channels)
    want({ name: route.prefix + shortName, shortName, filters, lastId: prevId });
  // [GRIP-STREAM-7] Without the prefix.
  for (const name of route.targets[state.answeredBy]?.subscriptions ?? [])
    want({ name, shortName: name, filters: [], lastId: undefined });
  return channels;
}

/** Where its origin wants to hear that the hold is over. */
export function goneOf(state: RequestState, { gone }: Instruct): Link | undefined {
  return gone === undefined ? undefined : resolveLink(state, gone);
}

function open(state: RequestState, context: Turn): void {
  const { connection, admitted } = state;
  const { router, options } = admitted.gateway;
  state.isOpen = true;
  context.send(router, {
    type: 'open',
    connection,
    owner: context.self,
    outbox: { queueBytesMax: options.queueBytesMax, slowPolicy: 'disconnect' },
    ownFormat: GRIP_STREAM,
    subscriptionsMax: options.connectionSubscriptionsMax + 1,
  });
}

/**
 * A plain stream is written to by the router, the same bytes for all; everything else passes through here. All its
 * channels go the same way: one that is looked at here would be overtaken by another that is not.
 */
function formatOf(
  { hold: mode, next }: Instruct,
  channels: FewMap<string, HeldChannel>,
): FormatName {
  const isPlain = [...channels.values()].every(
    ({ filters, lastId }) => lastId === undefined && !needsOwner(filters),
  );
  return isPlain && mode === 'stream' && next === undefined ? GRIP_STREAM : TO_OWNER;
}

function subscribe(
  state: RequestState,
  format: FormatName,
  { name }: HeldChannel,
  slot: number,
  context: Turn,
): void {
  context.send(state.admitted.gateway.router, {
    type: 'subscribe',
    connection: state.connection,
    slot,
    topic: topicOfChannel(name),
    format,
    since: undefined,
  });
}

function follow(state: RequestState, mode: Hold['mode'], channel: string, context: Turn): void {
  tellKeeper(state, 'follow', mode, channel, context);
  logFollowed(state.admitted, channel, context);
}

function unfollow(state: RequestState, mode: Hold['mode'], channel: string, context: Turn): void {
  tellKeeper(state, 'unfollow', mode, channel, context);
}

/** [GRIP-STATS-1] With the connection's number: to say it twice, because the keeper may be new, changes nothing. */
function tellKeeper(
  { admitted, connection }: RequestState,
  type: 'follow' | 'unfollow',
  mode: Hold['mode'],
  channel: string,
  context: Turn,
): void {
  const { gateway } = admitted;
  const { shard } = gateway;
  context.send(keeperOf(gateway, channel), { type, channel, mode, shard, connection });
}

/** [GRIP-SEQ-4] What was published between the origin's answer and the subscription shows in the channel's last id. */
function askId(state: RequestState, { name: channel, lastId }: HeldChannel, context: Turn): void {
  if (lastId === undefined) return;
  const replyTo = context.self;
  context.send(keeperOf(state.admitted.gateway, channel), { type: 'askId', channel, replyTo });
}

export const CHECK_AFTER_MS = 50;
