// The broker's door on one shard: counts who comes in, turns away who is too many or not allowed, and starts
// one actor for each WebSocket, event stream and request. A subscribe never passes here: sessions talk to the router.
// Refuses to know the protocol beyond the request line. Obeys spec/broker.md, section "Doors".

import { readTopic } from '../codecs/broker.ts';
import type { ActorDefinition, ChildStopped, Context } from '../runtime/actor.ts';
import { Admission } from '../runtime/admission.ts';
import type { DoorEvent, RequestReceived, UpgradeRequested } from '../runtime/edges.ts';
import {
  type Answer,
  corsHeaders,
  type DoorContext,
  errorAnswer,
  isOriginAllowed,
  mayPageWrite,
} from './admittance.ts';
import type { BrokerOptions } from './broker-options.ts';
import { httpRequest } from './http-request.actor.ts';
import { readEventId, sseSession, type SseWish } from './sse-session.actor.ts';
import { wsSession } from './ws-session.actor.ts';

export type BrokerDoorMessage = DoorEvent;

interface BrokerDoorState {
  readonly door: DoorContext;
  readonly admission: Admission;
  /** Which network address each session came from, to count it out again. */
  readonly remotes: Map<string, string>;
}

type Turn = Context<BrokerDoorMessage>;

export const brokerDoor: ActorDefinition<DoorContext, BrokerDoorState, BrokerDoorMessage> = {
  kind: 'broker/door',
  mailboxMax: 100_000,
  onFailure: 'escalate',
  start(args) {
    return { door: args, admission: new Admission(args.options), remotes: new Map() };
  },
  receive(state, message, context) {
    switch (message.type) {
      case 'upgradeRequested':
        upgrade(state, message, context);
        return;
      case 'requestReceived':
        request(state, message, context);
        return;
      case 'childStopped':
        left(state, message, context);
        return;
      case 'timedOut':
        return;
      default:
        message satisfies never;
    }
  },
};

function upgrade(state: BrokerDoorState, asked: UpgradeRequested, context: Turn): void {
  const { door } = state;
  if (!isOriginAllowed(door, asked))
    respond(state, asked, errorAnswer(403, 'This origin is not allowed.'), context);
  else if (enter(state, asked, context)) {
    const child = context.spawn(
      wsSession,
      { door, request: asked },
      `broker/ws:${asked.connection}`,
    );
    state.remotes.set(child, asked.remote);
  }
}

function request(state: BrokerDoorState, asked: RequestReceived, context: Turn): void {
  const { door } = state;
  const isRead = asked.method === 'GET' || asked.method === 'HEAD';
  const isAllowed = isRead ? isOriginAllowed(door, asked) : mayPageWrite(door, asked);
  if (!isAllowed && asked.method !== 'OPTIONS') {
    respond(state, asked, errorAnswer(403, 'This origin is not allowed.'), context);
    return;
  }
  if (asked.path !== '/sse' || asked.method !== 'GET') {
    // Short-lived, and bounded by the requests that the edge holds at once: not counted as a session.
    context.spawn(httpRequest, { door, request: asked }, `broker/http:${asked.connection}`);
    return;
  }
  const wish = readSseWish(asked, door.options);
  if ('error' in wish) respond(state, asked, errorAnswer(400, wish.error), context);
  else if (enter(state, asked, context)) {
    const child = context.spawn(
      sseSession,
      { door, request: asked, wish },
      `broker/sse:${asked.connection}`,
    );
    state.remotes.set(child, asked.remote);
  }
}

/** [BROKER-DOOR-2] One too many is told to come back later; what is open stays open. */
function enter(state: BrokerDoorState, asked: DoorEvent, context: Turn): boolean {
  const refusal = state.admission.enter(asked.remote);
  if (refusal === undefined) {
    context.count('broker.sessions');
    return true;
  }
  context.count(`broker.sessions.refused.${refusal}`);
  const status = refusal === 'full' ? 503 : 429;
  const error =
    refusal === 'full' ? 'Too many connections.' : 'Too many connections from this address.';
  respond(state, asked, errorAnswer(status, error, { 'retry-after': '5' }), context);
  return false;
}

function left(state: BrokerDoorState, { child, failed }: ChildStopped, context: Turn): void {
  if (failed) {
    // Whoever waits for an answer still has none; the others are past that, and the edge takes no second one.
    const connection = Number(child.slice(child.lastIndexOf(':') + 1));
    context.send(state.door.edges.web, {
      type: 'respond',
      connection,
      ...errorAnswer(500, 'Internal error.'),
    });
  }
  const remote = state.remotes.get(child);
  if (remote === undefined) return;
  state.remotes.delete(child);
  state.admission.leave(remote);
  context.count('broker.sessions', -1);
}

function respond(state: BrokerDoorState, asked: DoorEvent, answer: Answer, context: Turn): void {
  const { connection } = asked;
  const headers = { ...answer.headers, ...corsHeaders(state.door, asked) };
  context.send(state.door.edges.web, { type: 'respond', connection, ...answer, headers });
}

/** [SSE-6] `topic` once for each topic; `envelope`; and `since`, unless `Last-Event-ID` is newer. */
function readSseWish(
  asked: RequestReceived,
  options: BrokerOptions,
): SseWish | { readonly error: string } {
  if (!isPercentEncoded(asked.query)) return { error: 'The query must be percent-encoded UTF-8.' };
  const query = new URLSearchParams(asked.query);
  const names: string[] = [];
  for (const name of query.getAll('topic')) {
    const topic = readTopic(name, options);
    if (!topic.ok) return { error: name === '' ? 'A topic must not be empty.' : topic.message };
    if (!names.includes(name)) names.push(name);
  }
  if (names.length === 0) return { error: 'Name at least one topic: /sse?topic=a&topic=b' };
  if (names.length > options.sseTopicsMax)
    return { error: `Too many topics: at most ${options.sseTopicsMax} in one stream.` };
  const envelope = query.get('envelope') ?? 'false';
  if (!['true', 'false', '1', '0'].includes(envelope))
    return { error: '"envelope" must be true or false.' };
  const resumeFrom = asked.headers['last-event-id'] ?? query.get('since') ?? undefined;
  // An id that cannot be read is a place that cannot be found: the stream says `recovered: false`.
  const since =
    resumeFrom === undefined
      ? undefined
      : (readEventId(resumeFrom, names.length) ?? names.map(() => NOWHERE));
  return { names, envelope: envelope === 'true' || envelope === '1', since };
}

/** What is not would be read as U+FFFD, and different bytes would name one topic. */
function isPercentEncoded(query: string): boolean {
  try {
    decodeURIComponent(query);
    return true;
  } catch {
    return false;
  }
}

/** A place of no epoch: epochs are longer. */
const NOWHERE = { epoch: '0', offset: 0 };
