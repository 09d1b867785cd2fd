// What all actors of the chat share: who they are, and where the others are.
// Rooms and users are found by name: each name has a home shard, as a topic has one.
// Refuses to know sessions. Obeys spec/hp.md, sections "Rooms" and "Users".

import type { HomeMessage } from '../routing/home.actor.ts';
import type { RouterRequest } from '../routing/router-messages.ts';
import { homeOf, type Topic } from '../routing/topic.ts';
import type { RelaySeam } from '../routing/relay/relay-seam.ts';
import type { Address } from '../runtime/actor.ts';
import type { Edges, Receipt } from '../runtime/edges.ts';
import type { PasswordCommand, TcpEdges } from '../runtime/tcp/tcp-edges.ts';
import type { Signers } from '../codecs/hp-peer/ticket.ts';
import { userKey } from '../codecs/hp/names.ts';
import type { ChatOptions } from './chat-options.ts';
import type { RoomsMessage } from './rooms/room-messages.ts';
import type { UsersMessage } from './users/user-messages.ts';

/** What the process knows and actors cannot. */
export interface ChatStart {
  readonly options: ChatOptions;
  /** Grows with every start of the node. */
  readonly incarnation: number;
  /** How many shards of the node died before this one: rooms that are born again are told apart by it. */
  readonly life: number;
}

export interface ChatContext extends ChatStart {
  /** Whose resume tickets are believed; undefined for a node that is alone. */
  readonly signers?: Signers | undefined;
  readonly shard: number;
  readonly shards: number;
  readonly edges: Edges & TcpEdges;
  readonly router: Address<RouterRequest | Receipt>;
  readonly home: Address<HomeMessage>;
  readonly roomsOfShard: (shard: number) => Address<RoomsMessage>;
  readonly usersOfShard: (shard: number) => Address<UsersMessage>;
  /** Each user's password is judged on one shard, so that wrong ones are counted once for the node. */
  readonly passwordsOfShard: (shard: number) => Address<PasswordCommand>;
  /** Where other nodes are reached; undefined for a node that is alone. */
  readonly seam?: RelaySeam | undefined;
}

export const ROOMS = 'chat/room/';
const USERS = 'chat/user/';

export function topicOfRoom(room: string): Topic {
  return ROOMS + room;
}

export function roomOfTopic(topic: Topic): string {
  return topic.slice(ROOMS.length);
}

export function shardOfRoom({ shards }: Pick<ChatContext, 'shards'>, room: string): number {
  return homeOf(topicOfRoom(room), shards);
}

export function shardOfUser({ shards }: Pick<ChatContext, 'shards'>, user: string): number {
  return homeOf(USERS + userKey(user), shards);
}

/** The keeper of a room. */
export function keeperOfRoom(chat: ChatContext, room: string): Address<RoomsMessage> {
  return chat.roomsOfShard(shardOfRoom(chat, room));
}

/** A UUID of version 4 from an actor's own chance. */
export function uuidFrom(random: () => number): string {
  const words = [random(), random(), random(), random()];
  return uuidOf(words.map((word) => word.toString(16).padStart(8, '0')).join(''));
}

/** [HP-OUT-2] 32 hexadecimal digits in the form of a UUID. */
export function uuidOf(digits: string): string {
  const variant = ((Number.parseInt(digits[16] ?? '0', 16) & 3) | 8).toString(16);
  return [
    digits.slice(0, 8),
    digits.slice(8, 12),
    `4${digits.slice(13, 16)}`,
    `${variant}${digits.slice(17, 20)}`,
    digits.slice(20, 32),
  ].join('-');
}
