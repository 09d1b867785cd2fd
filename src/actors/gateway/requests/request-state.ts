// What one client's request is, from its arrival to its end: the question that is open at an origin, and the hold that
// the origin asked for. The parts of request.actor.ts share it.
// Refuses to know what is done with it.

import type { Instruct } from '../../codecs/grip/instruct.ts';
import type { Publication } from '../../routing/publication.ts';
import type { RouterReply } from '../../routing/router-messages.ts';
import type { Context } from '../../runtime/actor.ts';
import type { ConnectionEvent, ConnectionId } from '../../runtime/edges.ts';
import type { ExchangeEvent, OriginEvent, RequestBody } from '../../runtime/gateway-edges.ts';
import type { FewMap } from '../../runtime/memory/few-map.ts';
import type { ChannelId } from '../channel-messages.ts';
import type { Admitted, OwnRequest } from '../forward.ts';
import type { JsonpCall } from './answers.ts';
import type { Link } from './links.ts';

export type RequestMessage =
  | ExchangeEvent
  | OriginEvent
  | ConnectionEvent
  | RouterReply
  | ChannelId
  /** It is the turn of the origin that is built in. */
  | { readonly type: 'testAsked' }
  /** The node ends within this time. */
  | { readonly type: 'draining'; readonly withinMs: number }
  /** The shard that kept some channels died: its successor does not know who follows them. */
  | { readonly type: 'followAgain'; readonly shard: number };

/**
 * asking: the client waits for an origin. relaying: the origin's body is on its way. polling, streaming: held.
 * finishing: nothing follows what a stream was told. leaving: the client is gone or answered, and an origin is told so.
 */
export type RequestLife = 'asking' | 'relaying' | 'polling' | 'streaming' | 'finishing' | 'leaving';

/** A stream that begins when its subscriptions stand: whoever sees it begin may publish to it at once. */
export interface Opening {
  readonly instruct: Instruct;
  /** Subscriptions that are not answered yet. */
  readonly slots: Set<number>;
}

/** A question that is open at an origin; at most one at a time. */
export interface Question {
  readonly ref: number;
  readonly purpose: 'request' | 'next' | 'gone' | 'filter';
  /** Which target of the route is being asked. */
  readonly at: number;
  readonly body: RequestBody;
  /** For those that the gateway asks by itself. */
  readonly own: OwnRequest | undefined;
  /** The head of the answer, once it came. */
  answer: Extract<OriginEvent, { readonly type: 'originAnswered' }> | undefined;
}

export interface HeldChannel {
  /** With the prefix of its route: the channel as publishers know it. */
  readonly name: string;
  /** As the origin wrote it. */
  readonly shortName: string;
  filters: readonly string[];
  /** The id that the client has seen last; undefined when the origin did not care. */
  lastId: string | undefined;
}

export interface Hold {
  readonly mode: 'response' | 'stream';
  instruct: Instruct;
  readonly channels: FewMap<string, HeldChannel>;
  /** Who is to be told when the hold ends, and was not yet. */
  gone: Link | undefined;
  /** Where relative links start from; undefined for what the client asked for. */
  base: string | undefined;
  /** When a channel spoke last; microseconds. */
  activityAt: number;
}

export interface RequestState {
  admitted: Admitted;
  readonly connection: ConnectionId;
  readonly jsonp: JsonpCall | undefined;
  life: RequestLife;
  refs: number;
  question: Question | undefined;
  /** Which target of the route answered the client's request. */
  answeredBy: number;
  /** The client's body, for asking again; undefined when it was too long to keep. */
  body: Uint8Array | undefined;
  hold: Hold | undefined;
  opening: Opening | undefined;
  /** The router knows of the connection. */
  isOpen: boolean;
  /** The client's stream has begun: nothing but more of it can be said. */
  isStreaming: boolean;
  /** Items that wait for an origin's answer. */
  queue: Publication[];
  /** What to do when a filter's question is answered. */
  filtering: Filtering | undefined;
  /** Channels whose ids went on without us, and what we had seen of them. */
  suspected: Map<string, string> | undefined;
  /** What the stream follows once the origin's long body has passed. */
  pendingStream: Instruct | undefined;
  /** Times that a link was asked for in vain. */
  attempts: number;
  /** Waits for its turn to ask its origin. `recover`: what comes meanwhile is looked at after that. */
  pendingAsk: 'update' | 'recover' | undefined;
}

/** An item between two filters. */
export interface Filtering {
  readonly publication: Publication;
  readonly channel: HeldChannel;
  readonly rest: readonly string[];
  readonly content: Uint8Array;
  readonly isModify: boolean;
}

export type Turn = Context<RequestMessage>;
