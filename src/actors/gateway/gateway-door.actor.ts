// The gateway's door on one shard: finds the route of each request, and starts one actor for it. It knows who is here,
// by number and by Connection-Id, and passes on what concerns one of them.
// Refuses to know origins and instructs. Obeys spec/grip.md, section "Routes".

import { SteadyMap } from '../runtime/memory/steady-map.ts';
import { firstHeader } from '../codecs/grip/header-list.ts';
import { parseRoutes, type Route, RouteTable } from '../codecs/grip/routes-file.ts';
import {
  type ActorDefinition,
  type Address,
  addressOf,
  type ChildStopped,
  type Context,
} from '../runtime/actor.ts';
import type { Log, ShardDown } from '../runtime/edges.ts';
import type { ProxyRequested, SignatureVerdict } from '../runtime/gateway-edges.ts';
import type { DoorOrder } from './door-messages.ts';
import { type Admitted, hostOf } from './forward.ts';
import { type GatewayContext, keyFrom } from './gateway-context.ts';
import { type Answer, errorAnswer, pageAnswer } from './requests/answers.ts';
import { requestActor } from './requests/request.actor.ts';
import { plainPath } from './rewriting/plain-path.ts';
import {
  sockJsActor,
  type SockJsMessage,
  sockJsPlace,
  sockJsShard,
  withOriginPath,
} from './sockjs/sockjs.actor.ts';
import { wsSession } from './ws/ws-session.actor.ts';

export type GatewayDoorMessage =
  | ProxyRequested
  | SignatureVerdict
  | DoorOrder
  | ShardDown
  | Draining
  /** The routes file changed. Who is here keeps the route that led here. */
  | { readonly type: 'routesChanged'; readonly text: string };

export interface GatewayDoorArgs {
  readonly gateway: GatewayContext;
  readonly routes: string;
}

interface FollowAgain {
  readonly type: 'followAgain';
  readonly shard: number;
}

/** The node ends within this time. */
interface Draining {
  readonly type: 'draining';
  readonly withinMs: number;
}

interface WsSession {
  readonly address: Address<FollowAgain | { readonly type: 'refresh' }>;
  readonly connectionId: string;
}

interface GatewayDoorState {
  readonly gateway: GatewayContext;
  readonly requests: SteadyMap<string, Address<FollowAgain | Draining>>;
  readonly sockets: SteadyMap<string, WsSession>;
  /** The same by their Connection-Id. */
  readonly sessions: Map<string, WsSession>;
  /** Requests whose signature is being looked at. */
  readonly judged: Map<number, { readonly request: ProxyRequested; readonly route: Route }>;
  refs: number;
}

type Turn = Context<GatewayDoorMessage>;

export const gatewayDoor: ActorDefinition<GatewayDoorArgs, GatewayDoorState, GatewayDoorMessage> = {
  kind: 'gateway/door',
  mailboxMax: 200_000,
  onFailure: 'escalate',
  start({ gateway, routes }, context) {
    const state: GatewayDoorState = {
      gateway,
      requests: new SteadyMap(),
      sockets: new SteadyMap(),
      sessions: new Map(),
      judged: new Map(),
      refs: 0,
    };
    context.spawn(sockJsActor, { gateway }, SOCKJS);
    changeRoutes(state, routes, context);
    return state;
  },
  receive(state, message, context) {
    switch (message.type) {
      case 'proxyRequested':
        requested(state, message, context);
        return;
      case 'signatureVerified':
        judged(state, message, context);
        return;
      case 'routesChanged':
        changeRoutes(state, message.text, context);
        return;
      case 'refresh': {
        const session = state.sessions.get(message.cid);
        if (session !== undefined) context.send(session.address, { type: 'refresh' });
        else context.send(sockJsOf(state.gateway.shard), message);
        return;
      }
      case 'checkConnections': {
        const { ids, areWebSockets } = message;
        const found = ids.filter(
          (id) => state.sessions.has(id) || (!areWebSockets && isRequestHere(state, id)),
        );
        // The sessions of SockJS are known elsewhere.
        context.send(sockJsOf(state.gateway.shard), { ...message, found });
        return;
      }
      case 'shardDown':
        for (const address of everybody(state))
          context.send(address, { type: 'followAgain', shard: message.shard });
        context.send(sockJsOf(state.gateway.shard), message);
        context.send(state.gateway.edges.gateway, { type: 'cutOwned', shard: message.shard });
        return;
      case 'draining':
        state.gateway.isDraining = true;
        // WebSockets are sent away by the edge.
        for (const request of state.requests.values()) context.send(request, message);
        context.send(sockJsOf(state.gateway.shard), message);
        return;
      case 'childStopped':
        left(state, message);
        return;
      case 'timedOut':
        return;
      default:
        message satisfies never;
    }
  },
};

/** [GRIP-ROUTE-6] [GRIP-ROUTE-7] Lines that cannot be read are told and passed over; the others count. */
function changeRoutes(state: GatewayDoorState, text: string, context: Turn): void {
  const { gateway } = state;
  const { routes, warnings } = parseRoutes(text);
  gateway.routes = new RouteTable(routes);
  // Every shard reads the same text: one of them tells.
  if (gateway.shard !== 0) return;
  for (const { line, sentence } of warnings)
    log(state, 'warn', 'gateway.routeSkipped', { line, sentence }, context);
  log(state, 'info', 'gateway.routesLoaded', { routes: routes.length }, context);
}

function requested(state: GatewayDoorState, request: ProxyRequested, context: Turn): void {
  const { gateway, requests, sockets } = state;
  context.send(gateway.edges.operator, { type: 'requestsReceived', count: 1 });
  if (requests.size + sockets.size >= gateway.options.connectionsMax) {
    context.count('gateway.requests.refused.full');
    answer(state, request, errorAnswer(503, 'Too many connections.'), context);
    return;
  }
  const asked = secured(gateway, request);
  const route = routeOf(gateway, asked);
  if (route === undefined) {
    context.count('gateway.requests.unrouted');
    const { name } = hostOf(request.host);
    log(state, 'info', 'gateway.noRoute', { host: name, path: request.path }, context);
    const said = errorAnswer(502, `No route for host: ${name}`);
    const { isCrossOrigin } = gateway.options;
    answer(state, request, isCrossOrigin ? pageAnswer(request, said) : said, context);
    return;
  }
  const { upstreamKey } = gateway.options;
  const signature = firstHeader(request.headers, 'grip-sig');
  if (upstreamKey === undefined || upstreamKey === '' || signature === undefined) {
    admit(state, { gateway, request: asked, route, isTrusted: false }, context);
    return;
  }
  state.refs += 1;
  state.judged.set(state.refs, { request: asked, route });
  context.send(gateway.edges.gateway, {
    type: 'verifySignature',
    ref: state.refs,
    token: signature,
    key: keyFrom(gateway, upstreamKey),
    replyTo: context.self,
  });
}

function judged(state: GatewayDoorState, { ref, isValid }: SignatureVerdict, context: Turn): void {
  const waiting = state.judged.get(ref);
  if (waiting === undefined) return;
  state.judged.delete(ref);
  admit(state, { gateway: state.gateway, ...waiting, isTrusted: isValid }, context);
}

function admit(state: GatewayDoorState, admitted: Admitted, context: Turn): void {
  const { request, route, isTrusted, gateway } = admitted;
  const place = sockJsPlace(route, request);
  if (place !== undefined) {
    const { shard, shards, edges } = gateway;
    const keeper = sockJsOf(sockJsShard(place, shard, shards));
    const connectionId = uuid(context);
    const asked = { request, route, isTrusted, shard, connectionId };
    // Where it is on its way to is known if that shard dies.
    const { connection } = request;
    context.send(edges.gateway, { type: 'own', connection, owner: keeper });
    context.send(keeper, { type: 'sockJsRequested', ...asked });
    return;
  }
  if (!request.isWebSocket) {
    const name = nameOfRequest(request.connection);
    const address = context.spawn(requestActor, { admitted }, name);
    state.requests.set(address, address);
    return;
  }
  const connectionId = uuid(context);
  const name = `gateway/ws:${request.connection}`;
  const asked = { ...admitted, request: withOriginPath(route, request) };
  const address = context.spawn(wsSession, { admitted: asked, connectionId }, name);
  const session = { address, connectionId };
  state.sockets.set(address, session);
  state.sessions.set(connectionId, session);
}

function* everybody({ requests, sockets }: GatewayDoorState): Generator<Address<FollowAgain>> {
  yield* requests.values();
  for (const { address } of sockets.values()) yield address;
}

/** [GRIP-CMD-3] Under the id that operators know a request by. */
function isRequestHere({ gateway, requests }: GatewayDoorState, id: string): boolean {
  const { shard } = gateway;
  const prefix = `${shard}:`;
  const name = nameOfRequest(id.slice(prefix.length));
  return id.startsWith(prefix) && requests.has(addressOf(shard, name));
}

function nameOfRequest(connection: number | string): string {
  return `gateway/request:${connection}`;
}

/** Who keeps the SockJS sessions of a shard. */
function sockJsOf(shard: number): Address<SockJsMessage> {
  return addressOf(shard, SOCKJS);
}

function left(state: GatewayDoorState, { child }: ChildStopped): void {
  if (state.requests.delete(child)) return;
  const gone = state.sockets.get(child);
  state.sockets.delete(child);
  if (gone !== undefined) state.sessions.delete(gone.connectionId);
}

function routeOf(gateway: GatewayContext, request: ProxyRequested): Route | undefined {
  const { routes, options } = gateway;
  const wanted = options.acceptPushpinRoute
    ? firstHeader(request.headers, 'pushpin-route')
    : undefined;
  if (wanted !== undefined && wanted !== '') {
    // [GRIP-ROUTE-8] Whatever its other conditions.
    return routes.byId(wanted);
  }
  const { name: host } = hostOf(request.host);
  const { isSecure, isWebSocket } = request;
  return routes.match({ host, path: plainPath(request.path), isSecure, isWebSocket });
}

/** What a proxy in front of us says of the client's connection, where it is to be believed. */
function secured({ options }: GatewayContext, request: ProxyRequested): ProxyRequested {
  if (!options.acceptForwardedProtocol || request.isSecure) return request;
  const said =
    firstHeader(request.headers, 'x-forwarded-proto') ??
    firstHeader(request.headers, 'x-forwarded-protocol');
  return said === 'https' || said === 'wss' ? { ...request, isSecure: true } : request;
}

function answer(
  state: GatewayDoorState,
  { connection, isWebSocket }: ProxyRequested,
  said: Answer,
  context: Turn,
): void {
  // As Pushpin refuses handshakes, without saying of what kind its words are.
  const headers = isWebSocket ? [] : said.headers;
  context.send(state.gateway.edges.gateway, { type: 'answer', connection, ...said, headers });
}

function log(
  { gateway }: GatewayDoorState,
  level: Log['level'],
  event: string,
  fields: Log['fields'],
  context: Turn,
): void {
  context.send(gateway.edges.log, { type: 'log', level, event, fields });
}

/** A version 4 UUID, from the actor's own chance. */
function uuid(context: Turn): string {
  const words = [context.random(), context.random(), context.random(), context.random()];
  const hex = words.map((word) => word.toString(16).padStart(8, '0')).join('');
  const variant = ((Number.parseInt(hex[16] ?? '0', 16) & 3) | 8).toString(16);
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `4${hex.slice(13, 16)}`,
    `${variant}${hex.slice(17, 20)}`,
    hex.slice(20),
  ].join('-');
}

const SOCKJS = 'gateway/sockjs';
