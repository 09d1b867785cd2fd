// What the keeper of rooms keeps, and what its parts have in common: making and forgetting rooms, saying something in one,
// and answering whoever asked, on this node or on another. Refuses to know what is asked.
// Obeys spec/hp.md, section "Rooms".

import type { HpMistake } from '../../codecs/hp/mistakes.ts';
import type { Address, Context } from '../../runtime/actor.ts';
import { type ChatContext, topicOfRoom } from '../chat-context.ts';
import { Room } from './room.ts';
import type {
  Member,
  PeerAsker,
  Place,
  RoomAsk,
  RoomEntry,
  RoomReply,
  RoomsMessage,
  RoomWord,
} from './room-messages.ts';
import type { RoomTold } from './room-told.ts';
import type { Rate } from '../session/rates.ts';

export interface RoomsState {
  readonly chat: ChatContext;
  /** Whose home is here. */
  readonly rooms: Map<string, Room>;
  /** Whose home is on another node, and in which sessions of this node are. */
  readonly guests: Map<string, Guests>;
  /** What was asked of homes on other nodes. */
  readonly pending: Map<number, PendingAsk>;
  lastRef: number;
  /** When each node last said who of it sits in each room whose home is here; microseconds. */
  readonly seatedAt: Map<string, number>;
  /** The next room that is made has at least this epoch. */
  nextEpoch: number;
  /** Who may be a home; empty for a node that is alone. */
  nodes: readonly string[];
  /** Crowds whose number of members has changed. */
  readonly crowds: Set<Room>;
  /** False on the smaller side of a cluster that is split, where the operator wants that. */
  isServing: boolean;
  /** How fast rooms are spoken to over bridges on this node; only for rooms that an operator joined. */
  readonly bridgedRates: Map<string, Rate>;
}

/** One room elsewhere. */
export interface Guests {
  home: string;
  readonly members: Map<string, Member>;
  /** The last that was heard of it. */
  place: Place;
  /** The last messages, for a home that may have to come here. */
  entries: RoomEntry[];
}

export interface PendingAsk {
  readonly ask: RoomAsk;
  readonly askedAt: number;
  /** The home has moved: it is asked again a little later. */
  isMoved: boolean;
}

export type Turn = Context<RoomsMessage>;
export type Ask<T extends RoomsMessage['type']> = Extract<RoomsMessage, { readonly type: T }>;

export function open(state: RoomsState, name: string, context: Turn): Room | undefined {
  const { options, shards } = state.chat;
  if (state.rooms.size >= Math.ceil(options.roomsMax / shards) && !evict(state)) return undefined;
  const room = new Room(name, state.nextEpoch, options, context.now);
  state.rooms.set(name, room);
  return room;
}

/** The room that has been empty for longest. */
function evict(state: RoomsState): boolean {
  let oldest: Room | undefined;
  for (const room of state.rooms.values())
    if (room.count === 0 && room.emptySince < (oldest?.emptySince ?? Infinity)) oldest = room;
  if (oldest !== undefined) forget(state, oldest);
  return oldest !== undefined;
}

/** [HP-ROOM-6] A room that is made again must not look like the one that was forgotten. */
export function forget(state: RoomsState, room: Room): void {
  state.rooms.delete(room.name);
  state.nextEpoch = Math.max(state.nextEpoch, room.epoch + 1);
}

/** Other than by a member here. */
export interface Way {
  readonly isRelayed?: true;
  readonly isBridged?: true;
}

/** Through the topic's own home, so that whoever follows the topic, in whatever dialect, hears one order. */
export function publish(
  state: RoomsState,
  room: string,
  word: Omit<RoomWord, 'byteLength'>,
  context: Turn,
  way: Way = {},
): void {
  const data: RoomWord = { ...word, byteLength: word.line.byteLength };
  const { entry } = word;
  context.send(state.chat.home, {
    type: 'publish',
    topic: topicOfRoom(room),
    id: entry === undefined ? undefined : `${entry.epoch}:${entry.seq}`,
    data,
    isKept: false,
    ...way,
    shard: state.chat.shard,
    ref: undefined,
    publisher: undefined,
  });
}

export function mark(
  state: RoomsState,
  room: string,
  { session: marked, shard, connection }: Member,
  context: Turn,
  way: Way = {},
): void {
  const word = {
    kind: 'mark',
    line: NOTHING,
    shard,
    connection,
    entry: undefined,
    marked,
  } as const;
  publish(state, room, word, context, way);
}

interface Asked {
  readonly replyTo: Address<RoomReply>;
  readonly ref: number;
  readonly peer?: PeerAsker;
}

/** To whoever asked, here or on another node. */
export function answer(
  { chat }: RoomsState,
  { replyTo, peer, ...ask }: Asked & { readonly room?: string },
  reply: RoomReply,
  context: Turn,
): void {
  if (peer !== undefined) {
    tellKeeper(chat, peer.node, ask.room ?? '', { say: 'answer', ref: peer.ref, reply }, context);
  } else context.send(replyTo, reply);
}

export function deny(
  state: RoomsState,
  ask: Asked & { readonly room?: string },
  mistake: HpMistake,
  context: Turn,
): void {
  answer(state, ask, { type: 'roomRefused', ref: ask.ref, mistake }, context);
}

/** [HP-HOME-6] To the keeper of the same room on another node, behind what was published before. */
export function tellKeeper(
  { seam, home }: ChatContext,
  node: string,
  room: string,
  body: RoomTold,
  context: Turn,
): void {
  if (seam === undefined) return;
  const id = undefined;
  const message = { type: 'forward', node, kind: 'room', key: room, id, body } as const;
  context.send(home, { type: 'passOn', to: seam.relay as Address<unknown>, message });
}

const NOTHING = new Uint8Array(0);
