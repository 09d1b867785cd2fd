// What is said to the keeper of channels (channels.actor.ts), which lives on the home shard of each channel and gives
// items their order before they are published. Also what a publication of a channel carries.
// Refuses to know how channels are kept. Obeys spec/grip.md, section "Sequencing".

import type { GripItem } from '../codecs/grip/publish-item.ts';
import type { Address } from '../runtime/actor.ts';
import type { ConnectionId, Payload, ShardDown } from '../runtime/edges.ts';
import type { HoldMode } from '../runtime/gateway-edges.ts';
import type { Topic } from '../routing/topic.ts';

/** Asks everyone who holds a request on the channel to look at its origin again. */
export interface GripUpdate extends Payload {
  readonly isUpdate: true;
}

/** The data of a publication whose topic is a channel. */
export type ChannelData = GripItem | GripUpdate;

export function isUpdate(data: ChannelData): data is GripUpdate {
  return 'isUpdate' in data;
}

export type ChannelsMessage =
  | { readonly type: 'publishItem'; readonly item: GripItem }
  | Following
  /** Asked once a subscription stands: what came before it is told by the last id that the channel has seen. */
  | { readonly type: 'askId'; readonly channel: string; readonly replyTo: Address<ChannelId> }
  /** A hold found that it missed something: the last id is not to be trusted. */
  | { readonly type: 'forgetId'; readonly channel: string }
  /** Other nodes follow the channel, or none does any more. */
  | { readonly type: 'followedElsewhere'; readonly channel: string; readonly isFollowed: boolean }
  /** Forgets all ids and has every held request look again. */
  | { readonly type: 'recover' }
  | ShardDown;

/** A connection of a shard begins or ends to follow; said again to a keeper that is new, which may have heard it. */
interface Following {
  readonly type: 'follow' | 'unfollow';
  readonly channel: string;
  readonly mode: HoldMode;
  readonly shard: number;
  readonly connection: ConnectionId;
}

export interface ChannelId {
  readonly type: 'channelId';
  readonly channel: string;
  readonly lastId: string | undefined;
}

const NAMESPACE = 'grip/';

/** A channel's name may be anything; the namespace keeps it apart from the other dialects' topics. */
export function topicOfChannel(channel: string): Topic {
  return NAMESPACE + channel;
}

export function channelOfTopic(topic: Topic): string {
  return topic.slice(NAMESPACE.length);
}
