// One WebSocket client of the gateway, from its handshake to the last word that its origin hears of it.
// Each message moves one part of the session; then what the origin said goes to the client as far as there is room,
// and what the client said to the origin. Refuses to know sockets, and how origins are spoken to.
// Obeys spec/websocket-over-http.md; the client's life is client.machine.ts.

import type { ActorDefinition } from '../../runtime/actor.ts';
import type { MessageKind } from '../../runtime/gateway-edges.ts';
import { channelOfTopic } from '../channel-messages.ts';
import type { Admitted } from '../forward.ts';
import { dismiss, finished, giveUp, holdClient, receipted, sayDisconnected } from './client.ts';
import {
  closeBoth,
  DELAYED_TIMER,
  flushDelayed,
  followAgain,
  letGo,
  relay,
  unfollowed,
  stands,
} from './grip-control.ts';
import { askNextTarget, conclude } from './opening.ts';
import { forgetFilter, hearFilter, hearPublication } from './publications.ts';
import {
  advance,
  forgetWords,
  type Session,
  sessionOf,
  type Turn,
  type WsSessionMessage,
} from './session.ts';

export type { WsSessionMessage } from './session.ts';

export interface WsSessionArgs {
  readonly admitted: Admitted;
  /** A UUID: what origins and operators know the connection by. */
  readonly connectionId: string;
}

export const wsSession: ActorDefinition<WsSessionArgs, Session, WsSessionMessage> = {
  kind: 'gateway/ws',
  // One read of a socket (64 KiB) can hold this many of the shortest messages.
  mailboxMax: 16_384,
  onFailure: 'stop',
  start({ admitted, connectionId }, context) {
    const session = sessionOf(admitted, connectionId, context.now);
    const { connection, gateway, request, route } = { ...session, ...admitted };
    context.send(gateway.edges.gateway, { type: 'own', connection, owner: context.self });
    context.send(gateway.edges.operator, {
      type: 'clientConnected',
      connection,
      id: session.id,
      kind: 'ws',
      route: route.id,
      remote: request.remote,
      isSecure: request.isSecure,
    });
    askNextTarget(session, context);
    settle(session, context);
    return session;
  },
  receive(session, message, context) {
    switch (message.type) {
      case 'messageReceived': {
        const kind = message.isBinary === true ? 'binary' : 'text';
        hear(session, kind, message.payload as Uint8Array, context);
        break;
      }
      case 'pingReceived':
        hear(session, 'ping', message.payload, context);
        break;
      case 'pongReceived':
        hear(session, 'pong', message.payload ?? NO_BYTES, context);
        break;
      case 'closeReceived':
        closeAsked(session, message.code, message.reason, context);
        break;
      case 'closed':
        left(session, message.code, message.reason, context);
        break;
      case 'clientGone':
        left(session, GONE, '', context);
        break;
      case 'receipt':
        receipted(session, message, context);
        break;
      case 'originAnswered':
      case 'originFailed':
      case 'originBody':
      case 'originUpgraded':
      case 'originMessage':
      case 'originClosed':
      case 'originPressed':
        if (!hearFilter(session, message, context)) session.origin?.hear(message, context);
        break;
      case 'delivered':
        hearPublication(session, message.publication, context);
        break;
      case 'finished':
        finished(session, context);
        break;
      case 'tooSlow':
        giveUp(session, context);
        break;
      case 'subscribed':
        stands(session, message.slot, context);
        break;
      case 'subscribeRefused':
        stands(session, message.slot, context);
        unfollowed(session, channelOfTopic(message.topic), context);
        break;
      case 'refresh':
        session.origin?.refresh();
        break;
      case 'followAgain':
        followAgain(session, message.shard, context);
        break;
      case 'timedOut':
        if (message.name === LEFT_TIMER) {
          // [WOH-CLOSE-4] Whoever waited for an origin that hangs would take the room of those who come.
          session.origin?.abandon(context);
          context.stop();
          return;
        }
        if (message.name === DELAYED_TIMER) flushDelayed(session, context);
        else session.origin?.due(message.name, context);
        break;
      // Nothing of these was asked for.
      case 'bodyRead':
      case 'relayed':
      case 'unsubscribed':
      case 'publishAnswered':
      case 'publisherHeld':
      case 'publishRefused':
      case 'topicsListed':
      case 'topicInformed':
      case 'gapped':
      case 'settled':
      case 'streamLeft':
      case 'childStopped':
        return;
      default:
        message satisfies never;
    }
    settle(session, context);
  },
  /** After a bug: what the failed turn did to the state is not to be trusted, so all is said in any state. */
  lastWords(session, context) {
    const { connection, admitted, origin } = session;
    const { edges } = admitted.gateway;
    if (session.client === 'waiting') context.send(edges.gateway, { type: 'cut', connection });
    else context.send(edges.web, { type: 'close', connection, ...INTERNAL_ERROR });
    letGo(session, context);
    origin?.abandon(context);
    sayDisconnected(session, context);
  },
};

/** What the turn made possible, and who is not needed any more. */
function settle(session: Session, context: Turn): void {
  for (;;) {
    const { outcome } = session;
    if (outcome === undefined) break;
    session.outcome = undefined;
    if (session.client === 'waiting') conclude(session, outcome, context);
  }
  // [WOH-PUB-4] Who published a close has ended what the router takes, whatever the session makes of it meanwhile.
  if (session.hasFinished && session.filtering === undefined)
    closeBoth(session, { code: undefined, reason: '' }, context);
  relay(session, context);
  const { origin } = session;
  origin?.pump(context);
  // Whoever is to go is read from, or its close would never be seen.
  const isHeard = session.client === 'open' && !session.isDetached;
  holdClient(session, isHeard && origin?.isPressed === true, context);
  if (session.client !== 'gone') return;
  if (session.outcome === undefined && origin?.hasEnded !== false) context.stop();
}

function hear(session: Session, kind: MessageKind, content: Uint8Array, context: Turn): void {
  if (session.client !== 'open') return;
  tellActivity(session, context);
  if (!session.isDetached) session.origin?.say(kind, content, context);
}

/** The close goes to the origin, and its answer closes the client; without an origin there is no other answer. */
function closeAsked(session: Session, code: number, reason: string, context: Turn): void {
  if (session.client !== 'open') return;
  session.hasClosed = true;
  const close = { code: code === WITHOUT_CODE ? undefined : code, reason };
  // [WOH-GRIP-14]
  if (session.isDetached) dismiss(session, { code: undefined, reason: '' }, context);
  else session.origin?.close(close, context);
}

function left(session: Session, code: number, reason: string, context: Turn): void {
  if (session.client === 'gone') return;
  // [WOH-FRAME-4] Whoever was sent away by the edge, for a rule that it broke, has not closed.
  const hasClosed = session.hasClosed || session.dismissal?.kind === 'close';
  advance(session, 'left');
  letGo(session, context);
  forgetFilter(session, context);
  forgetWords(session);
  session.delayed = undefined;
  sayDisconnected(session, context);
  context.after(LEFT_TIMER, LEFT_MAX_MS);
  if (session.isDetached) return;
  if (code === GONE || !hasClosed) session.origin?.leave(context);
  else {
    const close = { code: code === WITHOUT_CODE ? undefined : code, reason };
    session.origin?.close(close, context);
  }
}

/** One for each minute in which the client spoke. */
function tellActivity(session: Session, context: Turn): void {
  const minutes = Math.floor((context.now - session.activeSince) / ACTIVITY_US);
  if (minutes < 1) return;
  session.activeSince += minutes * ACTIVITY_US;
  const { gateway, route } = session.admitted;
  context.send(gateway.edges.operator, { type: 'activity', route: route.id, count: 1 });
}

const NO_BYTES = new Uint8Array(0);
const LEFT_TIMER = 'left';
/** What an origin may take for its last words about a client that is gone. */
const LEFT_MAX_MS = 120_000;
/** The client vanished, or was cut. */
const GONE = 1_006;
const WITHOUT_CODE = 1_005;
const ACTIVITY_US = 60_000_000;
const INTERNAL_ERROR = { code: 1_011, reason: 'internal error' } as const;
