// What one WebSocket client of the gateway is: its connection, the origin that was found for it, what the origin said
// and the client has not taken yet, and the channels that it follows. The parts of ws-session.actor.ts share it.
// Refuses to know how origins are spoken to. Obeys spec/websocket-over-http.md.

import type { HeaderList } from '../../codecs/grip/header-list.ts';
import type { Target } from '../../codecs/grip/routes-file.ts';
import type { Publication } from '../../routing/publication.ts';
import type { RouterReply } from '../../routing/router-messages.ts';
import type { Context } from '../../runtime/actor.ts';
import type { ConnectionEvent, ConnectionId, Receipt } from '../../runtime/edges.ts';
import type {
  ExchangeEvent,
  MessageKind,
  OriginEvent,
  OriginFailure,
} from '../../runtime/gateway-edges.ts';
import type { Admitted } from '../forward.ts';
import { clientLife, type ClientEvent, type ClientState } from './client.machine.ts';

export type WsSessionMessage =
  | ExchangeEvent
  | OriginEvent
  | ConnectionEvent
  | RouterReply
  | Receipt
  /** An operator wants the origin to be asked now. */
  | { readonly type: 'refresh' }
  /** The shard that kept some channels died: its successor does not know who follows them. */
  | { readonly type: 'followAgain'; readonly shard: number };

export type Turn = Context<WsSessionMessage>;

/** `code` undefined: closes without one. */
export interface Close {
  readonly code: number | undefined;
  readonly reason: string;
}

export type Dismissal =
  | { readonly kind: 'close' | 'break'; readonly code: number; readonly reason: string }
  /** Without a close frame. */
  | { readonly kind: 'cut' };

/** What an origin said to the client, or to the gateway about it. */
export type Word =
  | { readonly kind: 'message'; readonly type: MessageKind; readonly content: Uint8Array }
  | { readonly kind: 'close'; readonly close: Close }
  /** The connection to the origin is lost, or not to be trusted any more. */
  | { readonly kind: 'cut' }
  /** The client broke a rule: it is told so, and for its origin it has vanished. */
  | { readonly kind: 'break'; readonly code: number; readonly reason: string };

/** How a target took the handshake. */
export type Outcome =
  | { readonly kind: 'accepted'; readonly headers: HeaderList }
  | {
      readonly kind: 'refused';
      readonly status: number;
      readonly reason: string;
      readonly headers: HeaderList;
      readonly body: Uint8Array;
    }
  /** Nothing was told to it: another one may be asked. */
  | { readonly kind: 'unreachable' }
  | { readonly kind: 'failed'; readonly why: OriginFailure };

/** The origin's side of a session; what it says is pushed into the session's `words`, or becomes its `outcome`. */
export interface Origin {
  readonly target: Target;
  /** Nothing more comes of it, and nothing more can be said to it. */
  readonly hasEnded: boolean;
  /** What waits for it is as much as may wait. */
  readonly isPressed: boolean;
  start(context: Turn): void;
  hear(event: OriginEvent, context: Turn): void;
  /** A timer of the session came due; those of others are not heard. */
  due(timer: string, context: Turn): void;
  say(kind: MessageKind, content: Uint8Array, context: Turn): void;
  close(close: Close, context: Turn): void;
  /** The client is gone without a close. */
  leave(context: Turn): void;
  refresh(): void;
  /** Does what the turn made possible: says what waits, or asks the origin to wait. */
  pump(context: Turn): void;
  /** Lets go of everything at once. */
  abandon(context: Turn): void;
}

export interface FollowedChannel {
  /** As the origin wrote it. */
  readonly shortName: string;
  readonly filters: readonly string[];
  /** The route follows it: the origin cannot take it back. */
  readonly isImplicit: boolean;
}

/** A publication whose filter is asking an origin. */
export interface Filtering {
  readonly ref: number;
  readonly publication: Publication;
  readonly isModify: boolean;
  readonly rest: readonly string[];
  readonly content: Uint8Array;
  hasAnswered: boolean;
}

export interface Session {
  readonly admitted: Admitted;
  readonly connection: ConnectionId;
  /** The Connection-Id: what the connection is called in requests, commands and statistics. */
  readonly id: string;
  client: ClientState;
  /** Targets of the route that were asked. */
  asked: number;
  refs: number;
  origin: Origin | undefined;
  outcome: Outcome | undefined;
  /** What the origin said and the client cannot take yet, in order. */
  words: Word[];
  /** How many of them, from the front, were passed on. */
  wordsSaid: number;
  /** Bytes (by `writeCost`) that this session wrote and that were not receipted. */
  owedBytes: number;
  /** How the connection is to be closed once all that was written has left. */
  dismissal: Dismissal | undefined;
  /** The client has sent its close. */
  hasClosed: boolean;
  /** The router has written all that it was given, and takes nothing more. */
  hasFinished: boolean;
  isClientHeld: boolean;
  /** Undefined: the origin's messages are passed on as they are. */
  messagePrefix: Uint8Array | undefined;
  /** The origin gave the client up to what is published. */
  isDetached: boolean;
  /** By name with the route's prefix. */
  readonly channels: Map<string, FollowedChannel>;
  /** Some channel has a filter: what is published to any of them passes through here, so that none is overtaken. */
  isFiltering: boolean;
  readonly meta: Map<string, string>;
  /** Subscriptions asked for: each keeps its place among what is written. */
  slots: number;
  /** Waits for its timer. */
  delayed: { readonly kind: MessageKind; readonly content: Uint8Array } | undefined;
  filtering: Filtering | undefined;
  /** Publications behind the one whose filter is asking. */
  filterQueue: Publication[];
  /** Instant (microseconds) at which the running minute of activity began. */
  activeSince: number;
}

/** What may wait for the client before its origin has to wait. */
const CLIENT_BYTES_MAX = 200_000;

export function sessionOf(admitted: Admitted, id: string, now: number): Session {
  return {
    admitted,
    connection: admitted.request.connection,
    id,
    client: clientLife.initial,
    asked: 0,
    refs: 0,
    origin: undefined,
    outcome: undefined,
    words: [],
    wordsSaid: 0,
    owedBytes: 0,
    dismissal: undefined,
    hasClosed: false,
    hasFinished: false,
    isClientHeld: false,
    messagePrefix: undefined,
    isDetached: false,
    channels: new Map(),
    meta: new Map(),
    isFiltering: false,
    slots: 0,
    delayed: undefined,
    filtering: undefined,
    filterQueue: [],
    activeSince: now,
  };
}

export function advance(session: Session, event: ClientEvent): void {
  session.client = clientLife.next(session.client, event) ?? session.client;
}

/** Numbers the questions to origins. */
export function nextRef(session: Session): number {
  session.refs += 1;
  return session.refs;
}

/** Whether the origin may say more. Whoever reads nothing any more has room for everything. */
export function hasRoom(session: Session): boolean {
  const { client, words, wordsSaid } = session;
  if (client === 'closing' || client === 'gone') return true;
  return words.length === wordsSaid && hasWindow(session);
}

/** Whether the client may be written to. */
export function hasWindow({ owedBytes }: Session): boolean {
  return owedBytes < CLIENT_BYTES_MAX;
}

/** Whether something of a request may have come to the origin that did not answer it. */
export function isReached(why: OriginFailure): boolean {
  return why !== 'refused' && why !== 'connectTimeout' && why !== 'tls';
}

/** A client that nobody listens to any more has nobody who speaks to it either. */
export function hearWord(session: Session, word: Word): void {
  if (session.client === 'gone' || session.isDetached) return;
  session.words.push(word);
}

/** Nothing more of what the origin said is passed on. */
export function forgetWords(session: Session): void {
  session.words = [];
  session.wordsSaid = 0;
}

/** Lets go of what was passed on; now and then, or a long answer would be copied for each receipt. */
export function forgetSaid(session: Session): void {
  const { words, wordsSaid } = session;
  if (wordsSaid === words.length) {
    if (wordsSaid > 0) forgetWords(session);
  } else if (wordsSaid > FORGET_AFTER_WORDS) {
    session.words = words.slice(wordsSaid);
    session.wordsSaid = 0;
  }
}

const FORGET_AFTER_WORDS = 4_096;
