// What one client of the chat is: its connection, who it is, the rooms it sits in, and what it was told and has not
// acknowledged. Also how it is spoken to. The parts of hp-session.actor.ts share it.
// Refuses to know what requests mean. Obeys spec/hp.md, sections "Output" and "Sessions".

import { LineSplitter } from '../../codecs/hp/line-splitter.ts';
import type { HpMistake } from '../../codecs/hp/mistakes.ts';
import type { Cap, HpRequest, Status } from '../../codecs/hp/requests.ts';
import { encodeLine, errorPayload, lineText, type Payload } from '../../codecs/hp/writing.ts';
import type { DoorNotice } from '../../routing/relay/relay-seam.ts';
import type { RouterReply } from '../../routing/router-messages.ts';
import { type Address, type Context, secondsNow } from '../../runtime/actor.ts';
import type {
  ConnectionEvent,
  ConnectionId,
  ShardDown,
  TokenVerdict,
} from '../../runtime/edges.ts';
import type { PasswordVerdict, TcpOpened } from '../../runtime/tcp/tcp-edges.ts';
import { type ChatContext, shardOfUser, uuidOf } from '../chat-context.ts';
import { hpLife, type HpEvent, type HpState } from '../hp-session.machine.ts';
import type { Place, RoomReply, RoomWord } from '../rooms/room-messages.ts';
import type {
  HandedOver,
  Luggage,
  Presence,
  UserNotice,
  UserReply,
  Untold,
} from '../users/user-messages.ts';
import { Unacked } from '../unacked.ts';
import { Rate } from './rates.ts';

export type HpSessionMessage =
  | ConnectionEvent
  | RouterReply
  | RoomReply
  | UserReply
  | UserNotice
  | TokenVerdict
  | PasswordVerdict
  | ShardDown
  | Extract<DoorNotice, { readonly type: 'clusterNotice' }>
  /** The node goes; the client has so long to go, too. */
  | {
      readonly type: 'drain';
      readonly withinMs: number;
      /** Where it may go instead. */
      readonly servers: readonly string[];
      /** It does not come back. */
      readonly isForGood: boolean;
    };

/** What the door hears: the session may wait for its client. */
export interface ConnectionGone {
  readonly type: 'connectionGone';
  readonly session: Address<HpSessionMessage>;
}

export type Turn = Context<HpSessionMessage>;

export interface Identity {
  readonly user: string;
  readonly session: string;
  readonly secret: string;
  readonly caps: readonly Cap[];
  status: Status;
  note: string | undefined;
  /** [HP-LOGIN-4] When the token that proved it ends; seconds since 1970. */
  readonly until: number | undefined;
}

export type Joined = Extract<RoomReply, { readonly type: 'joined' }>;

/** A place in a room; on its way there what is said meanwhile waits. */
export interface Seat {
  readonly room: string;
  phase: 'subscribing' | 'asking' | 'ready' | 'switching' | 'seated';
  readonly historyMax: number;
  /** Where a session that came back stood. */
  readonly since: Place | undefined;
  readonly words: RoomWord[];
  joined: Joined | undefined;
  /** Everything that was said before it came in has been heard. */
  isMarked: boolean;
  slot: number | undefined;
  /** The last that the client was told of, as far as it is known here. */
  place: Place;
  /** Told and not acknowledged; used with the cap `ack` alone. */
  readonly unacked: Map<string, Place>;
  /** One of them has been acknowledged before an older one. */
  hasHoles: boolean;
  /** Set while its client comes back. */
  open: Luggage['rooms'][number]['open'];
  /** Of what was told and not acknowledged, the oldest is not known any more. */
  hasGap: boolean;
}

/** What keepers of users and rooms have counted so far. */
export interface Counts {
  users: number;
  rooms: number;
  waiting: number;
  readonly sessions: Map<string, number>;
}

/** A user that the client follows. */
export interface Watched {
  readonly user: string;
  told: string;
  /** Microseconds. */
  toldAt: number;
}

/** The request that is being answered: the next one waits for it. */
export interface Pending {
  /** Comes back with answers of other actors. */
  readonly ref: number;
  /** Since when it waits; microseconds. */
  readonly since: number;
  readonly id: string;
  readonly timestamp: number;
  readonly request: HpRequest;
  /** Answers that have not come. */
  missing: number;
  readonly presences: Presence[];
  readonly rooms: (readonly [room: string, count: number])[];
  hasMore: boolean;
  readonly counts: Counts;
  /** Somebody did not answer. */
  isPartial: boolean;
  /** Whose password or token is judged. */
  user: string;
}

export interface Session {
  readonly chat: ChatContext;
  readonly opened: TcpOpened;
  readonly door: Address<ConnectionGone>;
  readonly connection: ConnectionId;
  readonly splitter: LineSplitter;
  life: HpState;
  who: Identity | undefined;
  pending: Pending | undefined;
  /** Somebody will look whether the request under way is answered. */
  isWatched: boolean;
  /** What HELLO said; undefined before. */
  helloCaps: readonly Cap[] | undefined;
  asked: number;
  slots: number;
  told: number;
  isHeld: boolean;
  /** Until when nothing more is read of what came. */
  isThrottled: boolean;
  hasInputEnded: boolean;
  /** Its connection went while it was coming in: what comes of that is waited for. */
  isGone: boolean;
  /** The shard of its keeper, which was told that it is over, and has not said yet that nothing more comes for it. */
  partsFrom: number | undefined;
  /** Nothing but that is waited for. */
  isStopping: boolean;
  isFirstLine: boolean;
  heardAt: number;
  isPingDue: boolean;
  failedLogins: number;
  /** Instants of lines that were no messages. */
  garbage: number[];
  limited: number;
  readonly seats: Map<string, Seat>;
  /** By key: what the client was told of each user; an empty word where it may know nothing. */
  readonly watched: Map<string, Watched>;
  /** What waits for a client that is away, or comes back just now. */
  untold: Untold[];
  untoldBytes: number;
  /** The node ends for good: what comes for a client that is away is its keeper's to pass on. */
  isLeftBehind: boolean;
  readonly unacked: Unacked;
  readonly changed: Map<string, Presence>;
  /** Set while the session is on its way into this actor. */
  luggage: Luggage | undefined;
  /** [HP-RES-10] Its node was lost with what it knew, and nothing has been heard of the client since it was told. */
  isAnew: boolean;
  /** Something has come from the client since it began to come back: it may have heard how it did. */
  isHeardOf: boolean;
  /** [HP-RES-8] Rooms of whose gaps the client was told, and has not been heard of since. */
  gapsTold: readonly string[];
  /** The router has told where the client stood in its rooms. */
  hasPlaces: boolean;
  /** Who is to become this session. */
  heir: { readonly to: Address<HandedOver>; readonly ref: number } | undefined;
  readonly messageRate: Rate;
  readonly typingRate: Rate;
  readonly joinRate: Rate;
  readonly presenceRate: Rate;
  readonly byteRate: Rate;
}

export function sessionOf(
  chat: ChatContext,
  opened: TcpOpened,
  door: Address<ConnectionGone>,
  now: number,
): Session {
  const { options } = chat;
  return {
    chat,
    opened,
    door,
    connection: opened.connection,
    splitter: new LineSplitter(options.loginLineBytesMax),
    life: hpLife.initial,
    who: undefined,
    pending: undefined,
    isWatched: false,
    helloCaps: undefined,
    asked: 0,
    slots: 0,
    told: 0,
    isHeld: false,
    isThrottled: false,
    hasInputEnded: false,
    isGone: false,
    partsFrom: undefined,
    isStopping: false,
    isFirstLine: true,
    heardAt: now,
    isPingDue: false,
    failedLogins: 0,
    garbage: [],
    limited: 0,
    seats: new Map(),
    watched: new Map(),
    untold: [],
    untoldBytes: 0,
    isLeftBehind: false,
    unacked: new Unacked(),
    changed: new Map(),
    luggage: undefined,
    isAnew: false,
    isHeardOf: true,
    gapsTold: [],
    hasPlaces: false,
    heir: undefined,
    messageRate: new Rate(options.messagesPerSecondMax, options.messagesBurstMax),
    typingRate: new Rate(options.messagesPerSecondMax, options.messagesBurstMax),
    joinRate: new Rate(options.joinsPerSecondMax, options.joinsPerSecondMax),
    presenceRate: new Rate(1_000 / options.presenceEveryMs, 1),
    byteRate: new Rate(options.bytesPerSecondMax, options.bytesBurstMax),
  };
}

export function advance(session: Session, event: HpEvent): void {
  session.life = hpLife.next(session.life, event) ?? session.life;
}

/** Whether the client is here and may be answered. */
export function isHere({ life, isGone }: Session): boolean {
  return !isGone && (life === 'connected' || life === 'active' || life === 'draining');
}

/** Its keeper was asked to let it in: it may have a session by now. */
export function isComing({ life, who, pending }: Session): boolean {
  return life === 'connected' && (who !== undefined || pending?.request.type === 'RESUME');
}

export function has(session: Session, cap: Cap): boolean {
  return session.who?.caps.includes(cap) === true;
}

export function isAdmin({ who, chat }: Session): boolean {
  return chat.options.admins.some((name) => name.toLowerCase() === who?.user.toLowerCase());
}

/** [HP-OUT-1] [HP-OUT-2] A line of the server's own. */
export function say(session: Session, type: string, payload: Payload, context: Turn): void {
  if (!isHere(session)) return;
  write(session, encodeLine(around(session, type, context), payload), context);
}

/** The same as text, to be put together with others. */
export function lineOf(session: Session, type: string, payload: Payload, context: Turn): string {
  return lineText(around(session, type, context), payload);
}

function around(session: Session, type: string, context: Turn) {
  return { type, id: freshId(session), timestamp: secondsNow(context) };
}

/** Bytes as they are, behind all that was said before. */
export function write(session: Session, payload: Uint8Array, context: Turn): void {
  const { connection, chat } = session;
  context.send(chat.router, { type: 'reply', connection, slot: undefined, payload });
}

/** [HP-ERR-1] */
export function sayError(
  session: Session,
  mistake: HpMistake,
  ref: string | null,
  context: Turn,
  fatal?: boolean,
): void {
  context.count(`chat.errors.${mistake.code}`);
  say(session, 'ERROR', errorPayload(mistake, ref, fatal), context);
}

/** The answer to the request under way; the next one may be read. */
export function answer(session: Session, type: string, payload: Payload, context: Turn): void {
  const { pending } = session;
  if (pending === undefined) return;
  session.pending = undefined;
  say(session, type, { ref: pending.id, ...payload }, context);
}

export function answerError(session: Session, mistake: HpMistake, context: Turn): void {
  const { pending } = session;
  if (pending === undefined) return;
  session.pending = undefined;
  sayError(session, mistake, pending.id, context);
}

/** A UUID from the connection's own chance and a number. */
export function freshId(session: Session): string {
  session.told += 1;
  return uuidOf(session.opened.nonce + session.told.toString(16).padStart(12, '0'));
}

/** The number of the request under way, with which answers come back. */
export function refOf({ pending }: Session): number {
  return pending?.ref ?? NO_REF;
}

/** For what is told to others without waiting for an answer. */
export const NO_REF = -1;

/** The keeper of this session's own user. */
export function ownKeeper({ chat, who }: Session) {
  return chat.usersOfShard(shardOfUser(chat, who?.user ?? ''));
}

export function keeperOfUser({ chat }: Session, user: string) {
  return chat.usersOfShard(shardOfUser(chat, user));
}

/** The request under way needs no answer; the next one may be read. */
export function leaveUnanswered(session: Session): void {
  session.pending = undefined;
}
