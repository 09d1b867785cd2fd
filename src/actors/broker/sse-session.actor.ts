// One event stream of the broker: follows its topics until the client goes away.
// A stream of one topic is written by the router, encoded once for all its readers. A stream of several gets its
// publications here, because its event ids must tell the place in every topic, not only in the one that spoke.
// Refuses to know sockets and topics' lives. Obeys spec/broker.md, section "Event streams".

import { readWirePosition, type WirePosition, writeWirePosition } from '../codecs/broker.ts';
import { encodeText } from '../codecs/utf8-text.ts';
import type { Position } from '../routing/publication.ts';
import type { RouterReply } from '../routing/router-messages.ts';
import { TO_OWNER } from '../routing/subscriptions.ts';
import type { ActorDefinition, Context } from '../runtime/actor.ts';
import type {
  ConnectionEvent,
  ConnectionId,
  Payload,
  RequestReceived,
  TokenVerdict,
} from '../runtime/edges.ts';
import { corsHeaders, type DoorContext, errorAnswer, noVerdict, tokenOf } from './admittance.ts';
import { sessionLife, type SessionState } from './broker.machine.ts';
import { encodeGapEvent, encodeSse, SSE_BARE, SSE_ENVELOPE } from './broker-formats.ts';
import { nameOf, topicOf } from './broker-topic.ts';
import { ALL_RIGHTS, mayUse, type Rights } from './rights.ts';
import {
  advance,
  askVerdict,
  closeCodes,
  end,
  giveUp,
  refusalFor,
  refuse,
  sayLastWords,
} from './session.ts';

/** What a stream was asked for; read and checked before the session starts. */
export interface SseWish {
  readonly names: readonly string[];
  readonly envelope: boolean;
  /** One place per name, in their order; undefined when the stream starts anew. */
  readonly since: readonly (WirePosition | undefined)[] | undefined;
}

export interface SseSessionArgs {
  readonly door: DoorContext;
  readonly request: RequestReceived;
  readonly wish: SseWish;
}

export type SseSessionMessage = ConnectionEvent | RouterReply | TokenVerdict;

interface SseSessionState {
  readonly door: DoorContext;
  readonly connection: ConnectionId;
  life: SessionState;
  /** Held until the stream is open. */
  opening: { readonly wish: SseWish; readonly cors: Readonly<Record<string, string>> } | undefined;
  readonly envelope: boolean;
  /** The place in each topic, in the order asked for; what event ids of several topics are made of. */
  readonly places: Map<string, WirePosition | undefined>;
  /** Where each topic starts; the first words of all topics leave before any publication. */
  readonly starts: Map<string, WirePosition | undefined>;
  /** What each topic's first words will say, by slot. */
  readonly answers: Map<number, Payload>;
  /** What came of some topics before the places of all were known. */
  early: (Delivered | Gapped)[];
}

type Delivered = Extract<RouterReply, { readonly type: 'delivered' }>;
type Gapped = Extract<RouterReply, { readonly type: 'gapped' }>;

type Turn = Context<SseSessionMessage>;

export const sseSession: ActorDefinition<SseSessionArgs, SseSessionState, SseSessionMessage> = {
  kind: 'broker/sse',
  mailboxMax: 65_536,
  onFailure: 'stop',
  start({ door, request, wish }, context) {
    const since = wish.names.map((name, index) => [topicOf(name), wish.since?.[index]] as const);
    const state: SseSessionState = {
      door,
      connection: request.connection,
      life: sessionLife.initial,
      opening: { wish, cors: corsHeaders(door, request) },
      envelope: wish.envelope,
      places: new Map(since),
      starts: new Map(since),
      answers: new Map(),
      early: [],
    };
    const token = tokenOf(request);
    if (!door.options.requireToken) admit(state, ALL_RIGHTS, context);
    else if (token === undefined)
      refuse(state, refusalFor(undefined), context, state.opening?.cors);
    else askVerdict(door, token, context);
    return state;
  },
  receive(state, message, context) {
    switch (message.type) {
      case 'delivered':
      case 'gapped':
        if (state.life !== 'open') return;
        if (state.answers.size < state.places.size) state.early.push(message);
        else pass(state, message, context);
        return;
      case 'subscribed':
        if (state.life === 'open') subscribed(state, message, context);
        return;
      case 'subscribeRefused':
        subscribeRefused(state, message.topic, context);
        return;
      case 'tooSlow':
        giveUp(state, closeCodes.tooSlow, context);
        return;
      case 'closed':
        end(state, 'closed', context);
        return;
      case 'tokenVerified':
        if (state.life !== 'verifying') return;
        admit(state, message, context);
        if (message.expiresInMs !== undefined) context.after('expiry', message.expiresInMs);
        return;
      case 'tokenRefused':
        if (state.life === 'verifying')
          refuse(state, refusalFor(message), context, state.opening?.cors);
        return;
      case 'timedOut':
        if (message.name === 'verdict' && state.life === 'verifying') {
          refuse(state, noVerdict(), context, state.opening?.cors);
        }
        if (state.life !== 'open') return;
        if (message.name === 'expiry') giveUp(state, closeCodes.tokenExpired, context);
        else if (message.name === 'keep-alive') keepAlive(state, context);
        return;
      default:
    }
  },
  lastWords: sayLastWords,
};

function admit(state: SseSessionState, rights: Rights, context: Turn): void {
  const { connection, door, opening } = state;
  if (opening === undefined) return;
  const { wish, cors } = opening;
  const forbidden = wish.names.find((name) => !mayUse(rights.subscribe, name));
  if (forbidden !== undefined) {
    refuse(state, errorAnswer(403, `Not allowed to subscribe to ${forbidden}`, cors), context);
    return;
  }
  const { edges, router, options } = door;
  state.opening = undefined;
  advance(state, 'admitted');
  const headers = {
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-store',
    ...NO_BUFFERING,
    ...cors,
  };
  context.send(edges.web, {
    type: 'stream',
    connection,
    headers,
    owner: context.self,
    receiptsTo: router,
  });
  context.send(router, {
    type: 'open',
    connection,
    owner: context.self,
    outbox: options,
    ownFormat: SSE_BARE,
    subscriptionsMax: wish.names.length,
  });
  const single = wish.envelope ? SSE_ENVELOPE : SSE_BARE;
  const format = wish.names.length === 1 ? single : TO_OWNER;
  for (const [index, topic] of [...state.places.keys()].entries()) {
    const since = wish.since?.[index];
    context.send(router, { type: 'subscribe', connection, slot: index, topic, format, since });
  }
  context.after('keep-alive', options.sseKeepAliveMs);
}

/**
 * [SSE-4] The stream's first words tell, for each topic, where it starts and whether what was missed follows. They wait
 * for the last topic's answer: an event id that did not name every place would undo the one before it.
 */
function subscribed(
  state: SseSessionState,
  { slot, topic, position, recovered }: Extract<RouterReply, { readonly type: 'subscribed' }>,
  context: Turn,
): void {
  // What was missed is still to be written: until then the client stands where it said.
  if (recovered !== true) {
    state.places.set(topic, plain(position));
    state.starts.set(topic, plain(position));
  }
  const { epoch, offset } = position;
  const data = encodeText(JSON.stringify({ topic: nameOf(topic), epoch, offset, recovered }));
  state.answers.set(slot, data);
  if (state.answers.size < state.places.size) return;
  const id = eventId(state.starts);
  const { connection, door } = state;
  for (const [answered, words] of state.answers) {
    const event = { id, event: 'subscribed', data: words, retry: door.options.sseRetryMs };
    const payload = door.wire.event(event);
    context.send(door.router, { type: 'reply', connection, slot: answered, payload });
  }
  for (const message of state.early) pass(state, message, context);
  state.early = [];
}

/** [SSE-10] No room for one topic ends the stream, and says why first: EventSource would only come back. */
function subscribeRefused(state: SseSessionState, topic: string, context: Turn): void {
  if (state.life !== 'open') return;
  const error = `Too many topics: the node has no room for ${nameOf(topic)}.`;
  const data = encodeText(JSON.stringify({ topic: nameOf(topic), error }));
  const { connection, door } = state;
  // Past the router: the slots of other topics may still be open, and nothing else will be said.
  const payload = door.wire.event({ event: 'refused', data });
  context.send(door.edges.web, { type: 'write', connections: [connection], payload });
  giveUp(state, closeCodes.tooManyTopics, context);
}

/** Only streams of several topics come here: the event id is theirs alone. */
function pass(state: SseSessionState, message: Delivered | Gapped, context: Turn): void {
  const { connection, door } = state;
  if (message.type === 'gapped') {
    const payload = encodeGapEvent(door.wire, message.gap);
    context.send(door.router, { type: 'reply', connection, slot: undefined, payload });
    return;
  }
  const { publication } = message;
  state.places.set(publication.topic, plain(publication));
  const payload = encodeSse(door.wire, publication, state.envelope, eventId(state.places));
  context.send(door.router, { type: 'reply', connection, slot: undefined, payload, publication });
}

function keepAlive(state: SseSessionState, context: Turn): void {
  const { connection, door } = state;
  const payload = door.wire.comment('keep-alive');
  context.send(door.router, { type: 'reply', connection, slot: undefined, payload });
  context.after('keep-alive', door.options.sseKeepAliveMs);
}

/** [SSE-5] `epoch:offset` for each topic in the order asked for; `-` where a topic has no place yet. */
function eventId(places: SseSessionState['places']): string {
  const parts: string[] = [];
  for (const place of places.values()) {
    parts.push(place === undefined ? '-' : writeWirePosition(place));
  }
  return parts.join(',');
}

/** Reads an event id back; undefined when it is none for `count` topics. */
export function readEventId(text: string, count: number): (WirePosition | undefined)[] | undefined {
  const parts = text.split(',');
  if (parts.length !== count) return undefined;
  const places = parts.map((part) => (part === '-' ? undefined : readWirePosition(part)));
  return places.some((place, index) => place === undefined && parts[index] !== '-')
    ? undefined
    : places;
}

/** A publication is a position and more: only the place is kept. */
function plain({ epoch, offset }: Position): WirePosition {
  return { epoch, offset };
}

/** Reverse proxies that buffer by default (nginx) are asked not to. */
const NO_BUFFERING = { 'x-accel-buffering': 'no' };
