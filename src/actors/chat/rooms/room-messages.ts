// What is said to the keeper of rooms (rooms.actor.ts), which lives on the home shard of each room and gives messages
// their order, and what it answers. Also what a publication of a room carries.
// Refuses to know how rooms are kept. Obeys spec/hp.md, section "Rooms".

import type { HpMistake } from '../../codecs/hp/mistakes.ts';
import type { Status } from '../../codecs/hp/requests.ts';
import type { Address } from '../../runtime/actor.ts';
import type { KeeperIsNew, SessionsOver } from '../users/user-messages.ts';
import type { PeerNotice } from '../../routing/relay/relay-seam.ts';
import type { ConnectionId, Payload, ShardDown } from '../../runtime/edges.ts';

/** One message of a room, in its place. */
export interface RoomEntry {
  readonly seq: number;
  readonly epoch: number;
  readonly id: string;
  /** The sender's own, in seconds. */
  readonly timestamp: number;
  readonly from: string;
  /** The sender's session, which does not hear it again. */
  readonly session: string;
  readonly body: string;
  readonly dataText: string | undefined;
  /** Where it got its place. */
  readonly node?: string;
}

/** The data of a publication whose topic is a room. */
export interface RoomWord extends Payload {
  /** A whole line, as all members read it. */
  readonly line: Uint8Array;
  /** `typing` is the first to be dropped; a `mark` says nothing on any wire. */
  readonly kind: 'message' | 'event' | 'typing' | 'mark';
  /** Where it came from: that connection does not hear it. */
  readonly shard: number;
  readonly connection: ConnectionId;
  /** The node where that is; undefined for this one. */
  readonly node?: string | undefined;
  /** For messages. */
  readonly entry: RoomEntry | undefined;
  /** For a mark: what was asked when somebody came in here. What was said before it was said before he came. */
  readonly marked?: string | undefined;
}

/** One question to be let in: the same session may have asked before, on another connection or in vain. */
export function markOf(
  { session, shard, connection }: Pick<Member, 'session' | 'shard' | 'connection'>,
  ref: number,
): string {
  return `${session} ${shard}.${connection} ${ref}`;
}

export interface Member {
  readonly session: string;
  readonly user: string;
  readonly status: Status;
  readonly shard: number;
  readonly connection: ConnectionId;
  /** The node where it is; undefined for this one. */
  readonly node?: string;
}

/** A keeper on another node that asks for one of its sessions. */
export interface PeerAsker {
  readonly node: string;
  readonly ref: number;
}

interface Asked {
  readonly replyTo: Address<RoomReply>;
  /** Comes back with the answer. */
  readonly ref: number;
  /** Is answered instead. */
  readonly peer?: PeerAsker;
}

/** Those of one shard, or those of all other nodes. */
export interface ListRooms {
  readonly type: 'listRooms' | 'listElsewhere';
  readonly prefix: string;
  readonly after: string | undefined;
  readonly limit: number;
  readonly replyTo: Address<RoomsListed>;
  readonly ref: number;
}

export type RoomsMessage =
  | (Asked & {
      readonly type: 'join';
      readonly room: string;
      readonly member: Member;
      /** The latest messages that are wanted with it. */
      readonly historyMax: number;
      /** Wants all messages of others after this place instead. */
      readonly since: Place | undefined;
      /** Wants a mark in the room's topic at the place where it comes in. */
      readonly isMarked: boolean;
      /** What its node knows of the room. */
      readonly place?: Place;
    })
  | (Asked & {
      readonly type: 'leave';
      readonly room: string;
      readonly session: string;
      readonly reason: string | undefined;
    })
  | (Asked & {
      readonly type: 'say';
      readonly room: string;
      readonly session: string;
      readonly connection: ConnectionId;
      readonly shard: number;
      readonly id: string;
      readonly timestamp: number;
      readonly body: string;
      readonly dataText: string | undefined;
    })
  | {
      readonly type: 'typing';
      readonly room: string;
      readonly session: string;
      readonly connection: ConnectionId;
      readonly shard: number;
      readonly on: boolean;
      readonly peer?: PeerAsker;
    }
  | {
      readonly type: 'setStatus';
      readonly room: string;
      readonly session: string;
      readonly status: Status;
      readonly peer?: PeerAsker;
    }
  | ListRooms
  | RoomsListed
  /** How many of them somebody is in, of those that are at home here. */
  | (Asked & { readonly type: 'countRooms' })
  | (Asked & {
      readonly type: 'listMembers';
      readonly room: string;
      readonly after: string | undefined;
      readonly limit: number;
    })
  | (Asked & {
      readonly type: 'readHistory';
      readonly room: string;
      readonly session: string;
      readonly after: number | undefined;
      readonly before: number | undefined;
      readonly limit: number;
    })
  /** Somebody said it on another side of a bridge. */
  | {
      readonly type: 'bridged';
      readonly room: string;
      readonly from: string;
      /** Drawn by the keeper when undefined. */
      readonly id: string | undefined;
      readonly body: string;
      readonly dataText: string | undefined;
      /** Set by the home that another node's keeper asked. */
      readonly peer?: PeerAsker;
    }
  /** A session of this node is on another one now, and stays in the room. */
  | {
      readonly type: 'memberMoved';
      readonly room: string;
      readonly session: string;
      readonly node: string;
    }
  | SessionsOver
  | KeeperIsNew
  /** One that keeps rooms on another node has lost them. */
  | { readonly type: 'keeperLost'; readonly node: string }
  /** What was said in a room whose home is on another node. */
  | { readonly type: 'heard'; readonly room: string; readonly word: RoomWord }
  | PeerNotice
  | ShardDown;

export type RoomAsk = Extract<RoomsMessage, { readonly room: string; readonly type: AskType }>;
export type AskType =
  | 'join'
  | 'leave'
  | 'say'
  | 'bridged'
  | 'typing'
  | 'setStatus'
  | 'listMembers'
  | 'readHistory';

export interface Place {
  readonly epoch: number;
  readonly seq: number;
}

export interface RoomsListed {
  readonly type: 'roomsListed';
  readonly ref: number;
  readonly rooms: readonly (readonly [room: string, count: number])[];
  readonly more: boolean;
  /** Some node did not answer. */
  readonly isPartial: boolean;
  /** Which shard lists its own; undefined for a whole list. */
  readonly shard: number | undefined;
}

export type RoomReply =
  | {
      readonly type: 'joined';
      readonly ref: number;
      readonly room: string;
      readonly seq: number;
      readonly epoch: number;
      readonly count: number;
      readonly entries: readonly RoomEntry[];
      /** Some of what was asked for is not remembered any more. */
      readonly hasGap: boolean;
    }
  | { readonly type: 'leftRoom'; readonly ref: number }
  | { readonly type: 'roomsCounted'; readonly ref: number; readonly rooms: number }
  | {
      readonly type: 'said';
      readonly ref: number;
      readonly seq: number;
      readonly epoch: number;
      readonly isDuplicate: boolean;
      /** More than half of the nodes have it. */
      readonly isStored: boolean;
    }
  | RoomsListed
  | {
      readonly type: 'membersListed';
      readonly ref: number;
      readonly members: readonly { readonly user: string; readonly status: Status }[];
      readonly count: number;
      readonly more: boolean;
      /** Some node of the cluster is not heard. */
      readonly isPartial: boolean;
    }
  | {
      readonly type: 'historyRead';
      readonly ref: number;
      readonly entries: readonly RoomEntry[];
      readonly more: boolean;
    }
  | { readonly type: 'roomRefused'; readonly ref: number; readonly mistake: HpMistake };
