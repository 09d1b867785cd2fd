// The SockJS sessions of one shard, by name: a page's requests come over any connection, to any shard, and are passed to
// the one where its session lives. What needs no session is answered here.
// Refuses to know what sessions do. spec/websocket-over-http.md, section "SockJS".

import type { Route } from '../../codecs/grip/routes-file.ts';
import { homeOf } from '../../routing/topic.ts';
import {
  type ActorDefinition,
  type Address,
  addressOf,
  type ChildStopped,
  type Context,
} from '../../runtime/actor.ts';
import type { ShardDown } from '../../runtime/edges.ts';
import type { ExchangeEvent, GatewayCommand, ProxyRequested } from '../../runtime/gateway-edges.ts';
import type { DoorOrder } from '../door-messages.ts';
import type { GatewayContext } from '../gateway-context.ts';
import {
  type Answer,
  iframeAnswer,
  infoAnswer,
  notFoundAnswer,
  optionsAnswer,
  sockJsAnswer,
} from './sockjs-answers.ts';
import { placeOf, type SockJsPlace } from './sockjs-paths.ts';
import { sockJsSession } from './sockjs-session.actor.ts';
import type { SockJsSessionMessage } from './sockjs-state.ts';

/** A request under the SockJS prefix of its route; all of it may cross shards. */
export interface SockJsRequested {
  readonly type: 'sockJsRequested';
  readonly request: ProxyRequested;
  readonly route: Route;
  readonly isTrusted: boolean;
  /** Where its exchange is. */
  readonly shard: number;
  /** A UUID, for the session that it may begin. */
  readonly connectionId: string;
}

export type SockJsMessage =
  | SockJsRequested
  | { readonly type: 'refresh'; readonly cid: string }
  /** [GRIP-CMD-3] What the door found is told with what is found here. */
  | (Extract<DoorOrder, { readonly type: 'checkConnections' }> & {
      readonly found: readonly string[];
    })
  /** The node ends within this time. */
  | { readonly type: 'draining'; readonly withinMs: number }
  /** Of requests that are on their way to a session, which hears it again. */
  | ExchangeEvent
  | ShardDown;

interface SockJsState {
  readonly gateway: GatewayContext;
  readonly sessions: Map<string, Address<SockJsSessionMessage>>;
  /** By the address of the session's actor. */
  readonly names: Map<string, { readonly name: string; readonly connectionId: string }>;
  connections: number;
}

type Turn = Context<SockJsMessage>;

/** Undefined for what is not SockJS's business: it is proxied, and `/websocket` at the prefix is a plain WebSocket. */
export function sockJsPlace(route: Route, request: ProxyRequested): SockJsPlace | undefined {
  const place = route.sockjsPath === undefined ? undefined : placeOf(route.sockjsPath, request);
  return place?.kind === 'raw' ? undefined : place;
}

/** [SOCKJS-18] A plain WebSocket at the prefix, as the origin sees it. */
export function withOriginPath(route: Route, request: ProxyRequested): ProxyRequested {
  const { sockjsPath, sockjsAsPath } = route;
  if (sockjsPath === undefined || sockjsAsPath === undefined) return request;
  const isRaw = placeOf(sockjsPath, request)?.kind === 'raw';
  return isRaw ? { ...request, path: sockjsAsPath } : request;
}

/** The shard that serves it: a session that polls is at home where its name says. */
export function sockJsShard(place: SockJsPlace, shard: number, shards: number): number {
  return place.kind === 'transport' ? homeOf(place.session, shards) : shard;
}

export const sockJsActor: ActorDefinition<
  { readonly gateway: GatewayContext },
  SockJsState,
  SockJsMessage
> = {
  kind: 'gateway/sockjs',
  mailboxMax: 200_000,
  onFailure: 'escalate',
  start: ({ gateway }) => ({ gateway, sessions: new Map(), names: new Map(), connections: 0 }),
  receive(state, message, context) {
    switch (message.type) {
      case 'sockJsRequested':
        requested(state, message, context);
        return;
      case 'refresh':
        for (const [address, { connectionId }] of state.names) {
          if (connectionId === message.cid)
            context.send(address as Address<SockJsSessionMessage>, { type: 'refresh' });
        }
        return;
      case 'checkConnections':
        checkConnections(state, message, context);
        return;
      case 'shardDown':
        for (const address of state.names.keys()) {
          const { shard } = message;
          context.send(address as Address<SockJsSessionMessage>, { type: 'followAgain', shard });
        }
        return;
      case 'draining':
        for (const address of state.names.keys())
          context.send(address as Address<SockJsSessionMessage>, message);
        return;
      case 'childStopped':
        left(state, message);
        return;
      case 'timedOut':
      case 'clientGone':
      case 'bodyRead':
        return;
      default:
        message satisfies never;
    }
  },
};

function checkConnections(
  { gateway, names }: SockJsState,
  { ref, ids, found, replyTo }: Extract<SockJsMessage, { readonly type: 'checkConnections' }>,
  context: Turn,
): void {
  const here = new Set(Array.from(names.values(), ({ connectionId }) => connectionId));
  const all = [...found, ...ids.filter((id) => here.has(id))];
  const { shard } = gateway;
  context.send(replyTo, { type: 'connectionsChecked', ref, shard, found: all });
}

function requested(state: SockJsState, message: SockJsRequested, context: Turn): void {
  const { request, route } = message;
  const { headers } = request;
  const place = sockJsPlace(route, request);
  switch (place?.kind) {
    case 'info':
      answer(state, message, infoAnswer(headers, context.random()), context);
      return;
    case 'iframe':
      answer(state, message, iframeAnswer(headers, state.gateway.options.sockjsUrl), context);
      return;
    case 'options':
      answer(state, message, optionsAnswer(headers), context);
      return;
    case 'transport':
      transported(state, message, place, context);
      return;
    case 'framed':
      begin(state, message, `framed ${request.connection}`, undefined, context);
      return;
    default:
      answer(state, message, notFoundAnswer(headers), context);
  }
}

function transported(
  state: SockJsState,
  message: SockJsRequested,
  { transport, session }: Extract<SockJsPlace, { readonly kind: 'transport' }>,
  context: Turn,
): void {
  const { request, route } = message;
  const { headers, connection, search } = request;
  const callback = new URLSearchParams(search).get('c') ?? '';
  // [SOCKJS-15] What is called back must be a name, or pages could be made to run anything.
  if (transport === 'jsonp' && !/^[\w$.]{1,256}$/.test(callback)) {
    answer(state, message, sockJsAnswer(headers, 400, 'text/plain', 'Bad Request\n'), context);
    return;
  }
  const name = `${route.sockjsPath ?? ''} ${session}`;
  const edge = edgeOf(state, message);
  const asked = { type: 'sockJsAsked', transport, connection, edge, headers, callback } as const;
  const known = state.sessions.get(name);
  if (known !== undefined) context.send(known, asked);
  else if (transport === 'xhr' || transport === 'jsonp')
    begin(state, message, name, asked, context);
  else answer(state, message, notFoundAnswer(headers), context);
}

function begin(
  state: SockJsState,
  message: SockJsRequested,
  name: string,
  first: Extract<SockJsSessionMessage, { readonly type: 'sockJsAsked' }> | undefined,
  context: Turn,
): void {
  const { gateway } = state;
  const { request, route, isTrusted, connectionId } = message;
  if (state.sessions.size >= gateway.options.connectionsMax) {
    context.count('gateway.requests.refused.full');
    const refusal = sockJsAnswer(request.headers, 503, 'text/plain', 'Too many connections.\n');
    answer(state, message, refusal, context);
    return;
  }
  state.connections += 1;
  // Connections that exist have numbers above zero.
  const connection = first === undefined ? request.connection : -state.connections;
  const admitted = { gateway, request, route, isTrusted };
  const address = context.spawn(
    sockJsSession,
    { admitted, connectionId, connection, first },
    `gateway/sockjs:${connectionId}`,
  );
  state.sessions.set(name, address);
  state.names.set(address, { name, connectionId });
}

function left(state: SockJsState, { child }: ChildStopped): void {
  const gone = state.names.get(child);
  state.names.delete(child);
  if (gone !== undefined) state.sessions.delete(gone.name);
}

function answer(state: SockJsState, message: SockJsRequested, said: Answer, context: Turn): void {
  const { connection } = message.request;
  context.send(edgeOf(state, message), { type: 'answer', connection, ...said });
}

/** The same edge of another shard has the same name. */
function edgeOf({ gateway }: SockJsState, { shard }: SockJsRequested): Address<GatewayCommand> {
  const own: string = gateway.edges.gateway;
  return addressOf(shard, own.slice(own.indexOf('/') + 1));
}
