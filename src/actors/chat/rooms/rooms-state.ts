// What the keeper of rooms keeps, and what its parts have in common: making and forgetting rooms, saying something in one,
// and answering whoever asked, on this node or on another. Refuses to know what is asked.
// Obeys spec/hp.md, section "Rooms".

import type { HpMistake } from '../../codecs/hp/mistakes.ts';
import type { Address, Context } from '../../runtime/actor.ts';
import type { Row } from '../../runtime/memory/row.ts';
import { encodeLine } from '../../codecs/hp/writing.ts';
import { type ChatContext, topicOfRoom } from '../chat-context.ts';
import { entryPayload } from '../chat-formats.ts';
import { epochAfter, type Epochs } from './epochs.ts';
import type { Meeting } from './meeting.ts';
import { Room } from './room.ts';
import type { MemoryBudget } from '../memory-budget.ts';
import type { RoomMemory } from './room-memory.ts';
import {
  type ListRooms,
  markOf,
  type Member,
  type PeerAsker,
  type Place,
  type RoomAsk,
  type RoomEntry,
  type RoomReply,
  type RoomsMessage,
  type RoomWord,
} from './room-messages.ts';
import type { RoomTold } from './nodes/room-told.ts';
import type { Rate } from '../session/rates.ts';

export interface RoomsState {
  readonly chat: ChatContext;
  /** Whose home is here. */
  readonly rooms: Map<string, Room>;
  /** Those of them that nobody is in, the one that has been empty for longest first. */
  readonly empty: Row<Room>;
  /** Of all memories of this keeper. */
  readonly budget: MemoryBudget;
  /** Whose home came here a moment ago: what is asked of them waits. */
  readonly settling: Map<string, Settling>;
  /** Which other nodes keep the rooms whose home is here. */
  readonly copies: Map<string, Copies>;
  /** Whose home is on another node, and in which sessions of this node are, or which this node keeps for their home. */
  readonly guests: Map<string, Guests>;
  /** Those of them that have a new home, which has not told yet what it knows. */
  readonly catching: Set<string>;
  /** What was asked of homes on other nodes. */
  readonly pending: Map<number, PendingAsk>;
  /** Lists that are being put together. */
  readonly gatherings: Map<number, Gathering>;
  lastRef: number;
  /** When each node last said who of it sits in each room whose home is here; microseconds. */
  readonly seatedAt: Map<string, number>;
  /** What came before it was known who is in the cluster; undefined since. */
  early: RoomsMessage[] | undefined;
  /** Until then other nodes are telling what a keeper that died here knew; microseconds. */
  newUntil: number;
  /** Those that this keeper may give. */
  readonly epochs: Epochs;
  /** The next room that is made has at least this epoch. */
  nextEpoch: number;
  /** Who may be a home; empty for a node that is alone. */
  nodes: readonly string[];
  /** How many nodes the cluster has, those that are down among them. */
  size: number;
  /** And how many of them are down. */
  down: number;
  /** When one was down last; microseconds. */
  downAt: number;
  /** Nodes that do not keep pace with what is said to them. */
  readonly pressed: Set<string>;
  /** Nodes that are gone, and have not come back. */
  readonly gone: Set<string>;
  /** Shards whose keepers of users have died: of their users somebody may be gone without a word. */
  readonly doubted: Set<number>;
  /** Those that wait for another home to tell everything. */
  readonly late: Set<Room>;
  /** Rooms of which another home was met lately, by name. */
  readonly meetings: Map<string, Meeting>;
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
  /** The home before that; empty when it is gone. */
  former: string;
  readonly members: Map<string, Member>;
  /** The last that those who are here were told. */
  place: Place;
  /** The home that said it. */
  heardFrom: string | undefined;
  /** Up to where it was asked for what had not come. */
  lackedTo: Place | undefined;
  /** The last messages, for a home that may have to come here. */
  readonly memory: RoomMemory;
  /** Up to where it is kept without a gap; undefined when the home has not asked for it. */
  keptTo: Place | undefined;
  keptAt: number;
  /** The home that has asked for it last, in its own view. */
  keptFor: string;
  /** Who is in it, as its home has told; by key. */
  users: Map<string, string>;
  /** What was said since the home is new; undefined once that has told what it knows. */
  catching: Catching | undefined;
}

export interface Catching {
  readonly words: RoomWord[];
  askedAt: number;
  /** The node that was told is not the home. */
  isMoved: boolean;
}

/** A room whose home has just come here. */
export interface Settling {
  /** It has not told yet what it remembers; undefined when it cannot. */
  former: string | undefined;
  /** No later than this it goes on without. */
  until: number;
  /** The last that those who are here were told; undefined when nobody is. */
  readonly told: Place | undefined;
  asks: RoomAsk[];
  /** Who is here, when two homes of the room meet, by key; undefined when there was one alone. */
  readonly here: ReadonlySet<string> | undefined;
  /** Who came since. */
  readonly there: Set<string>;
  /** Nodes that wait to hear what they lack. */
  readonly behind: Map<string, Behind>;
  /** What another home has said, and came meanwhile. */
  readonly news: RoomEntry[];
}

export interface Behind {
  /** The last that those who are there were told. */
  readonly place: Place;
  /** The messages that it has. */
  readonly names: ReadonlySet<string>;
}

/** Who keeps a room beside its home. */
export interface Copies {
  replicas: readonly string[];
  /** Up to where each of them has it; undefined when it was sent and not confirmed. */
  readonly kept: Map<string, Place | undefined>;
  /** Messages that not enough of them have yet, in their order. */
  waiting: Storing[];
}

export interface Storing {
  readonly ask: Ask<'say'>;
  readonly place: Place;
  readonly isDuplicate: boolean;
  readonly since: number;
}

/** A list to which several contribute. */
export interface Gathering {
  readonly ask: ListRooms;
  /** The node for which it is; undefined for a session of this one. */
  readonly peer: PeerAsker | undefined;
  readonly missing: Set<string>;
  readonly rooms: (readonly [room: string, count: number])[];
  hasMore: boolean;
  readonly since: number;
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
  const room = new Room(name, state.nextEpoch, state.epochs, options, context.now, state);
  state.rooms.set(name, room);
  return room;
}

/** The room that has been empty for longest. */
function evict(state: RoomsState): boolean {
  const { first } = state.empty;
  if (first !== undefined) forget(state, first);
  return first !== undefined;
}

/** [HP-ROOM-6] A room that is made again must not look like the one that was forgotten. */
export function forget(state: RoomsState, room: Room): void {
  state.rooms.delete(room.name);
  state.empty.delete(room);
  room.memory.end();
  state.copies.delete(room.name);
  state.nextEpoch = Math.max(state.nextEpoch, epochAfter(room.epoch, state.epochs));
}

export function forgetGuests({ guests }: RoomsState, room: string): void {
  guests.get(room)?.memory.end();
  guests.delete(room);
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
    id: entry === undefined ? undefined : `${entry.epoch}:${entry.seq}:${entry.node ?? ''}`,
    data,
    isKept: false,
    ...way,
    shard: state.chat.shard,
    ref: undefined,
    publisher: undefined,
  });
}

/** [HP-HOME-4] A message that those who are here may not have heard; who said it does not hear it again. */
export function publishEntry(
  state: RoomsState,
  room: string,
  entry: RoomEntry,
  speaker: Member | undefined,
  context: Turn,
): void {
  const { id, timestamp } = entry;
  const payload = entryPayload(room, entry, state.chat.options.node, true);
  const line = encodeLine({ type: 'ROOM_MESSAGE', id, timestamp }, payload);
  const { shard, connection } = speaker ?? { shard: state.chat.shard, connection: NOBODY };
  publish(state, room, { kind: 'message', line, shard, connection, entry }, context, {
    isRelayed: true,
  });
}

export function mark(
  state: RoomsState,
  room: string,
  { member, ref }: Pick<Ask<'join'>, 'member' | 'ref'>,
  context: Turn,
  way: Way = {},
): void {
  const { shard, connection } = member;
  const marked = markOf(member, ref);
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
  ask: Asked & { readonly room?: string },
  reply: RoomReply,
  context: Turn,
): void {
  const { replyTo, peer } = ask;
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

/** No connection has this number. */
export const NOBODY = 0;
const NOTHING = new Uint8Array(0);
