// One WebSocket client of the broker: reads its requests, asks the router, and passes the answers on.
// Each request is answered in its order, because the router keeps the answer's slot while homes are asked.
// Refuses to know sockets (the web edge has them), topics' lives and other sessions.
// Obeys spec/broker.md, sections "Requests", "Frames" and "Keep-alive"; its life is broker.machine.ts.

import type { BrokerRequest } from '../codecs/broker.ts';
import type { RouterReply } from '../routing/router-messages.ts';
import type { ActorDefinition, Context } from '../runtime/actor.ts';
import type {
  ConnectionEvent,
  ConnectionId,
  Payload,
  TokenVerdict,
  UpgradeRequested,
} from '../runtime/edges.ts';
import { BEARER_SUBPROTOCOL, type DoorContext, tokenOf, noVerdict } from './admittance.ts';
import { encodeAnswer, type Note, publishAnswerText, type SlottedReply } from './answers.ts';
import { sessionLife, type SessionState } from './broker.machine.ts';
import { WS_BARE, WS_ENVELOPE } from './broker-formats.ts';
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

export interface WsSessionArgs {
  readonly door: DoorContext;
  readonly request: UpgradeRequested;
}

export type WsSessionMessage = ConnectionEvent | RouterReply | TokenVerdict;

interface WsSessionState {
  readonly door: DoorContext;
  readonly connection: ConnectionId;
  readonly subprotocol: string | undefined;
  life: SessionState;
  rights: Rights;
  /** Whom its token was made for; undefined where none is asked for. */
  speaker: string | undefined;
  /** Numbers the questions; also the slot of each answer. */
  asked: number;
  isPongDue: boolean;
  /** Instant (microseconds) at which all that was sent so far is earned: each message moves it on. */
  earnedAt: number;
  /** Questions whose answers need more than the router knows; empty for almost all sessions. */
  notes: Map<number, Note> | undefined;
  /** All homes are being asked for their topics: one such question at a time, because its answer may be large. */
  isListing: boolean;
  /** Topics whose readers this client has to wait for. */
  holds: number;
}

type Turn = Context<WsSessionMessage>;

export const wsSession: ActorDefinition<WsSessionArgs, WsSessionState, WsSessionMessage> = {
  kind: 'broker/ws',
  // One read of a socket (64 KiB) can hold this many of the shortest messages.
  mailboxMax: 16_384,
  onFailure: 'stop',
  start({ door, request }, context) {
    const state: WsSessionState = {
      door,
      connection: request.connection,
      // A token offered as a subprotocol must be chosen, or browsers give the connection up.
      subprotocol: request.subprotocols.find((offered) => offered.startsWith(BEARER_SUBPROTOCOL)),
      life: sessionLife.initial,
      ...{ rights: ALL_RIGHTS, speaker: undefined },
      asked: 0,
      isPongDue: false,
      earnedAt: context.now,
      notes: undefined,
      isListing: false,
      holds: 0,
    };
    const token = tokenOf(request, request.subprotocols);
    if (!door.options.requireToken) admit(state, context);
    else if (token === undefined) refuse(state, refusalFor(undefined), context);
    else askVerdict(door, token, context);
    return state;
  },
  receive(state, message, context) {
    switch (message.type) {
      case 'messageReceived':
        if (state.life !== 'open') return;
        hear(state, message.payload, context);
        return;
      case 'pongReceived':
        state.isPongDue = false;
        context.after('ping', state.door.options.pingEveryMs);
        return;
      case 'closed':
        end(state, 'closed', context);
        return;
      case 'tokenVerified':
        if (state.life !== 'verifying') return;
        state.rights = message;
        state.speaker = message.subject ?? '';
        admit(state, context);
        if (message.expiresInMs !== undefined) context.after('expiry', message.expiresInMs);
        return;
      case 'tokenRefused':
        if (state.life === 'verifying') refuse(state, refusalFor(message), context);
        return;
      case 'timedOut':
        if (state.life === 'open') due(state, message.name, context);
        else if (state.life === 'verifying') refuse(state, noVerdict(), context);
        return;
      case 'tooSlow':
        giveUp(state, closeCodes.tooSlow, context);
        return;
      case 'publisherHeld':
        if (state.life === 'open')
          hold(state, message.isHeld ? state.holds + 1 : state.holds - 1, context);
        return;
      case 'publishRefused':
        if (state.life === 'open') {
          say(
            state,
            state.door.wire.error(publishAnswerText(nameOf(message.topic), 'refused')),
            context,
          );
        }
        return;
      case 'childStopped':
      case 'delivered':
      case 'gapped':
      case 'streamLeft':
      case 'finished':
      case 'settled':
      case 'pingReceived':
      case 'closeReceived':
        return;
      default:
        if (state.life === 'open') answer(state, message, context);
    }
  },
  lastWords: sayLastWords,
};

function admit(state: WsSessionState, context: Turn): void {
  const { connection, subprotocol, door } = state;
  const { options, router, edges } = door;
  advance(state, 'admitted');
  context.send(edges.web, {
    type: 'accept',
    connection,
    subprotocol,
    owner: context.self,
    receiptsTo: router,
  });
  context.send(router, {
    type: 'open',
    connection,
    owner: context.self,
    outbox: options,
    ownFormat: WS_BARE,
    subscriptionsMax: options.subscriptionsMax,
  });
  if (options.welcome) say(state, door.wire.welcome(), context); // [BROKER-WS-1]
  // The first ping comes early by chance, so that clients who came together are not pinged together.
  const half = options.pingEveryMs >> 1;
  const pingMs = half + (context.random() % (half + 1)); // buggify early-ping: 1
  context.after('ping', pingMs);
}

/** [BROKER-KEEP-1] A client that does not answer a ping in time is gone. */
function due(state: WsSessionState, timer: string, context: Turn): void {
  const { connection, door } = state;
  if (timer === 'expiry') {
    giveUp(state, closeCodes.tokenExpired, context);
    return;
  }
  if (timer === 'hold') hold(state, 0, context);
  if (timer !== 'ping') return;
  if (state.isPongDue && state.holds === 0) {
    giveUp(state, closeCodes.pongTimeout, context);
    return;
  }
  // While it is held its pong waits in the network, where nobody reads it.
  if (!state.isPongDue) context.send(door.edges.web, { type: 'ping', connection });
  state.isPongDue = true;
  context.after('ping', door.options.pongTimeoutMs);
}

/** [BROKER-PACE-1] What the client sends waits in the network; never for longer than `HOLD_MAX_MS`. */
function hold(state: WsSessionState, holds: number, context: Turn): void {
  const { connection, door } = state;
  const wasHeld = state.holds > 0;
  state.holds = Math.max(0, holds);
  const isHeld = state.holds > 0;
  if (wasHeld === isHeld) return;
  context.send(door.edges.web, { type: 'hold', connection, isHeld });
  if (isHeld) context.after('hold', HOLD_MAX_MS);
  else context.cancel('hold');
  if (!isHeld && state.isPongDue) context.after('ping', door.options.pongTimeoutMs);
}

function hear(state: WsSessionState, payload: Payload, context: Turn): void {
  const { options, wire } = state.door;
  context.count('broker.messages.in');
  if (!isWithinRate(state, context.now)) {
    context.count('broker.messages.limited');
    say(
      state,
      wire.error(`Too many messages: at most ${options.messagesPerSecondMax} per second.`),
      context,
    );
    return;
  }
  const request = wire.readRequest(payload, options);
  if (request.ok) obey(state, request.value, context);
  else {
    context.count('broker.messages.mistaken');
    say(state, wire.error(request.message), context);
  }
}

/** [BROKER-LIM-1] More messages than allowed are refused with an error, each of them. */
function isWithinRate(state: WsSessionState, now: number): boolean {
  const priceUs = 1_000_000 / state.door.options.messagesPerSecondMax;
  const earnedAt = Math.max(state.earnedAt, now);
  // Half a price of tolerance, so that rounding never costs the last message of a burst.
  if (earnedAt - now > 1_000_000 - priceUs / 2) return false;
  state.earnedAt = earnedAt + priceUs;
  return true;
}

function obey(state: WsSessionState, request: BrokerRequest, context: Turn): void {
  const { connection, door, rights } = state;
  const { router, options } = door;
  switch (request.type) {
    case 'subscribe': {
      const { topic: name, envelope, since, isExtended } = request;
      if (!mayUse(rights.subscribe, name)) {
        say(state, state.door.wire.error(`Not allowed to subscribe to ${name}`), context);
        return;
      }
      const slot = nextSlot(state);
      if (isExtended) note(state, slot, { type: 'subscribe' });
      const format = envelope ? WS_ENVELOPE : WS_BARE;
      context.send(router, {
        type: 'subscribe',
        connection,
        slot,
        topic: topicOf(name),
        format,
        since,
      });
      return;
    }
    case 'unsubscribe':
      context.send(router, {
        type: 'unsubscribe',
        connection,
        slot: nextSlot(state),
        topic: topicOf(request.topic),
      });
      return;
    case 'publish': {
      const { topic: name, id, data, ack } = request;
      if (options.publish === 'none' || !mayUse(rights.publish, name)) {
        say(state, state.door.wire.error(`Not allowed to publish to ${name}`), context);
        return;
      }
      let asker;
      if (ack) {
        asker = { replyTo: context.self, slot: nextSlot(state), connection };
        note(state, asker.slot, { type: 'publish', id });
      }
      const [topic, publisher] = [topicOf(name), context.self];
      const { speaker } = state;
      context.send(router, { type: 'publish', topic, id, data, speaker, asker, publisher });
      return;
    }
    case 'list_topics':
      if (state.isListing) {
        say(state, state.door.wire.error('The topics are being listed already.'), context);
        return;
      }
      state.isListing = true;
      context.send(router, { type: 'list', asker: askerOf(state, context) });
      return;
    case 'topic_info':
      if (!mayUse(rights.subscribe, request.topic)) {
        say(state, state.door.wire.error(`Not allowed to subscribe to ${request.topic}`), context);
        return;
      }
      context.send(router, {
        type: 'inform',
        topic: topicOf(request.topic),
        asker: askerOf(state, context),
      });
      return;
    default:
      request satisfies never;
  }
}

/** Puts the router's answer, worded, into its slot. */
function answer(state: WsSessionState, reply: SlottedReply, context: Turn): void {
  const { connection, door, notes, rights } = state;
  const { slot } = reply;
  const noted = notes?.get(slot);
  notes?.delete(slot);
  if (reply.type === 'topicsListed') state.isListing = false;
  const payload = encodeAnswer(door.wire, reply, { noted, rights, options: door.options });
  context.send(door.router, { type: 'reply', connection, slot, payload });
}

/** Words of the session's own, behind the answers that are still awaited. */
function say(state: WsSessionState, payload: Payload, context: Turn): void {
  context.send(state.door.router, {
    type: 'reply',
    connection: state.connection,
    slot: undefined,
    payload,
  });
}

function askerOf(state: WsSessionState, context: Turn) {
  return { replyTo: context.self, slot: nextSlot(state), connection: state.connection };
}

function nextSlot(state: WsSessionState): number {
  state.asked += 1;
  return state.asked;
}

function note(state: WsSessionState, slot: number, noted: Note): void {
  state.notes ??= new Map();
  state.notes.set(slot, noted);
}

/** A home that dies cannot let its publishers go. */
const HOLD_MAX_MS = 2_000;
