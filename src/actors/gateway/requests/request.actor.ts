// One client's request, from its arrival to its end: asks the origin along its route, passes the answer on, or holds
// the request as the origin instructs. One actor for each; a hold is the same actor, which waits.
// This room only says who does what; the rest is in its neighbours. Refuses to know sockets and routes files.
// Obeys spec/grip.md; the life is asking → relaying | polling | streaming → leaving.

import { firstHeader } from '../../codecs/grip/header-list.ts';
import type { ActorDefinition } from '../../runtime/actor.ts';
import type { OriginEvent } from '../../runtime/gateway-edges.ts';
import { type Admitted, claimsEvents, isCrossOrigin } from '../forward.ts';
import { keeperOf } from '../gateway-context.ts';
import { readJsonp } from '../rewriting/jsonp.ts';
import { askTestOrigin, testOriginHeard } from './test-origin.ts';
import { detailsOf, answer, answerError, errorAnswer } from './answers.ts';
import { bodyArrived, collect, fail, headArrived, relayed } from './answering.ts';
import { abandon, askNextTarget, askOrigin, mayAskElsewhere, TURN_TIMER } from './asking.ts';
import { attached, CHECK_AFTER_MS, checkId, followAgain, letGo } from './holding.ts';
import { afterFilter, enqueue } from './items.ts';
import { connectionIdOf, end, noteVerdict, sayGone, tooSlow } from './leaving.ts';
import {
  askAgain,
  askAgainNow,
  drainPoll,
  hurryPoll,
  obeyInPoll,
  pollTimedOut,
} from './polling.ts';
import {
  askNext,
  closeStream,
  drainStream,
  hasRoom,
  nextArrived,
  nextFailed,
  nextIsDue,
  nextPoured,
  obeyInStream,
  stands,
} from './streaming.ts';
import type { Question, RequestMessage, RequestState, Turn } from './request-state.ts';

export interface RequestArgs {
  readonly admitted: Admitted;
}

export const requestActor: ActorDefinition<RequestArgs, RequestState, RequestMessage> = {
  kind: 'gateway/request',
  mailboxMax: 65_536,
  onFailure: 'stop',
  start({ admitted }, context) {
    const { request, gateway } = admitted;
    const state: RequestState = {
      admitted,
      connection: request.connection,
      jsonp: undefined,
      life: 'asking',
      refs: 0,
      question: undefined,
      answeredBy: 0,
      body: undefined,
      hold: undefined,
      opening: undefined,
      isOpen: false,
      isStreaming: false,
      queue: [],
      filtering: undefined,
      suspected: undefined,
      pendingStream: undefined,
      attempts: 0,
      pendingAsk: undefined,
    };
    const { connection } = request;
    const { operator } = gateway.edges;
    const { id: route } = admitted.route;
    context.send(gateway.edges.gateway, { type: 'own', connection, owner: context.self });
    context.send(operator, {
      type: 'clientConnected',
      connection,
      id: connectionIdOf(state),
      kind: 'http',
      route,
      remote: request.remote,
      isSecure: request.isSecure,
    });
    return begin(state, context);
  },
  receive(state, message, context) {
    switch (message.type) {
      case 'originAnswered':
      case 'originBody':
      case 'originFailed':
      case 'relayed':
        // An answer to what nobody waits for any more is none.
        if (state.question?.ref === message.ref) heard(state, state.question, message, context);
        return;
      case 'bodyRead':
        if (state.life === 'asking') testOriginHeard(state, message, context);
        return;
      case 'delivered':
        enqueue(state, message.publication, context);
        drain(state, context);
        return;
      case 'testAsked':
        if (state.life === 'asking') askTestOrigin(state, context);
        return;
      case 'gapped':
        gapped(state, context);
        return;
      case 'subscribed':
        attached(state, message.topic, context);
        stands(state, message.slot, context);
        return;
      case 'subscribeRefused':
        refused(state, context);
        return;
      case 'channelId':
        checkId(state, message.channel, message.lastId, context);
        return;
      case 'followAgain':
        followAgain(state, message.shard, context);
        return;
      case 'draining':
        hurryPoll(state, message.withinMs, context);
        return;
      case 'settled':
        hasRoom(state, context);
        return;
      case 'finished':
        if (state.life !== 'leaving') closeStream(state, context);
        return;
      case 'tooSlow':
        tooSlow(state, context);
        return;
      case 'clientGone':
      case 'closed':
        if (message.type === 'closed') noteVerdict(state, message.code);
        if (state.life !== 'leaving') end(state, context);
        return;
      case 'timedOut':
        timedOut(state, message.name, context);
        return;
      default:
    }
  },
  /** After a bug nobody is left waiting: an unanswered client gets an error, a stream ends. */
  lastWords(state, context) {
    const { admitted, connection, isStreaming } = state;
    const { edges } = admitted.gateway;
    abandon(state, context);
    letGo(state, context);
    if (state.life !== 'leaving') sayGone(state, context);
    if (isStreaming) context.send(edges.web, { type: 'cut', connection });
    else {
      const said = errorAnswer(500, 'Internal error.');
      context.send(edges.gateway, { type: 'answer', connection, ...said, isLast: true });
    }
  },
};

function begin(state: RequestState, context: Turn): RequestState {
  const { admitted, connection } = state;
  const { request, route } = admitted;
  if (isCrossOrigin(admitted)) {
    const reading = readJsonp(request, route.jsonp);
    if (reading.kind === 'mistake') {
      answer(state, errorAnswer(400, reading.message), false, context);
      end(state, context);
      return state;
    }
    if (reading.kind === 'jsonp') {
      const { callback, mode, request: rewritten } = reading;
      const { body: bytes } = rewritten;
      const meant = { ...state, admitted: { ...admitted, request: rewritten }, body: bytes };
      return ask({ ...meant, jsonp: { callback, mode } }, { kind: 'bytes', bytes }, context);
    }
  }
  if (request.bodyBytes === 0) {
    state.body = noBytes;
    return ask(state, NO_BODY, context);
  }
  const { keptBodyBytesMax: keepBytesMax } = admitted.gateway.options;
  return ask(state, { kind: 'client', connection, first: noBytes, keepBytesMax }, context);
}

function ask(state: RequestState, asked: Question['body'], context: Turn): RequestState {
  const { route, request, isTrusted } = state.admitted;
  const [target] = route.targets;
  if (target?.overHttp === true && !isTrusted && claimsEvents(request.headers)) {
    // [WOH-OPEN-12] Only the gateway speaks for WebSockets; a client that does would speak for others.
    const sentence = 'Client not allowed to send WebSocket events directly.';
    answerError(state, 403, sentence, undefined, context);
    end(state, context);
  } else askOrigin(state, asked, context);
  return state;
}

function heard(
  state: RequestState,
  question: Question,
  said: Extract<
    RequestMessage,
    { readonly type: 'originAnswered' | 'originBody' | 'originFailed' | 'relayed' }
  >,
  context: Turn,
): void {
  switch (said.type) {
    case 'originAnswered':
      question.answer = said;
      answered(state, question, context);
      return;
    case 'originBody':
      body(state, question, said, context);
      return;
    case 'originFailed':
      failed(state, question, said, context);
      return;
    case 'relayed':
      if (question.purpose === 'next') nextPoured(state, said, context);
      else relayed(state, said, context);
      return;
    default:
      said satisfies never;
  }
}

function answered(state: RequestState, question: Question, context: Turn): void {
  const { answer: said } = question;
  switch (question.purpose) {
    case 'request':
      if (question.body.kind === 'client') state.body = said?.requestBody;
      headArrived(state, question, context);
      return;
    case 'gone':
      abandon(state, context);
      gone(state, context);
      return;
    case 'next':
      if (said !== undefined && (said.status < 200 || said.status > 299)) {
        abandon(state, context);
        nextFailed(state, context);
      } else collect(state, question, context);
      return;
    case 'filter':
      collect(state, question, context);
      return;
    default:
      question.purpose satisfies never;
  }
}

function body(
  state: RequestState,
  question: Question,
  said: Extract<OriginEvent, { readonly type: 'originBody' }>,
  context: Turn,
): void {
  if (question.purpose === 'request') {
    bodyArrived(state, question, said, context);
    return;
  }
  if (question.purpose === 'next') {
    nextArrived(state, question, said, context);
    return;
  }
  if (said.isWhole) state.question = undefined;
  else abandon(state, context);
  if (question.purpose === 'filter') filterAnswered(state, question, said, context);
}

function failed(
  state: RequestState,
  question: Question,
  { why, wasSent }: Extract<OriginEvent, { readonly type: 'originFailed' }>,
  context: Turn,
): void {
  if (mayAskElsewhere(why, wasSent) && askNextTarget(state, question, context)) return;
  state.question = undefined;
  switch (question.purpose) {
    case 'request':
      fail(state, detailsOf(state, why), context);
      return;
    case 'gone':
      gone(state, context);
      return;
    case 'next':
      nextFailed(state, context);
      return;
    case 'filter':
      filterFailed(state, context);
      return;
    default:
      question.purpose satisfies never;
  }
}

/** The origin knows that its hold is over; a long-poll that was only paused goes on. */
function gone(state: RequestState, context: Turn): void {
  state.question = undefined;
  if (state.life === 'asking') askAgainNow(state, context);
  else context.stop();
}

function filterAnswered(
  state: RequestState,
  { answer: head }: Question,
  said: Extract<OriginEvent, { readonly type: 'originBody' }>,
  context: Turn,
): void {
  const { filtering } = state;
  state.filtering = undefined;
  if (filtering === undefined || head === undefined) return;
  const isDropped = firstHeader(head.headers, 'action') === 'drop';
  const problem = said.isBroken ? 'network request failed' : 'network response too large';
  const wish = said.isWhole
    ? afterFilter(state, filtering, { status: head.status, isDropped, body: said.body }, context)
    : ({ kind: 'error', message: `filter error: ${problem}` } as const);
  obey(state, wish, context);
}

function filterFailed(state: RequestState, context: Turn): void {
  state.filtering = undefined;
  obey(state, { kind: 'error', message: 'filter error: network request failed' }, context);
}

function obey(state: RequestState, wish: Parameters<typeof obeyInPoll>[1], context: Turn): void {
  if (state.life === 'polling') obeyInPoll(state, wish, context);
  else if (state.life === 'streaming') obeyInStream(state, wish, context);
  drain(state, context);
}

function drain(state: RequestState, context: Turn): void {
  if (state.life === 'polling') drainPoll(state, context);
  else if (state.life === 'streaming') drainStream(state, context);
}

/** The home of a channel died, and what was on its way with it. */
function gapped(state: RequestState, context: Turn): void {
  const { question, attempts } = state;
  // A filter asks, or the origin, who may have answered before that: it is asked when this is over.
  if (question !== undefined) context.after('gap', TURN_AGAIN_MS);
  else if (attempts === 0) obey(state, { kind: 'update' }, context);
}

function timedOut(state: RequestState, name: string, context: Turn): void {
  if (name === 'poll') pollTimedOut(state, context);
  else if (name === 'next') nextIsDue(state, context);
  else if (name === 'check') recoverSuspected(state, context);
  else if (name === 'gap') gapped(state, context);
  else if (name === TURN_TIMER) turnCame(state, context);
}

/** [GRIP-LOAD-1] */
function turnCame(state: RequestState, context: Turn): void {
  const { pendingAsk, question, life } = state;
  if (pendingAsk === undefined) return;
  // A filter asks: the origin is asked when that is over.
  if (question !== undefined) context.after(TURN_TIMER, TURN_AGAIN_MS);
  else if (life === 'polling') askAgain(state, context);
  else if (life === 'streaming') askNext(state, context);
}

function recoverSuspected(state: RequestState, context: Turn): void {
  const { suspected, hold, question, admitted } = state;
  if (question?.purpose === 'filter' || state.opening !== undefined) {
    context.after('check', CHECK_AFTER_MS);
    return;
  }
  const missed = [...(suspected ?? [])].filter(
    ([name, seen]) => hold?.channels.get(name)?.lastId === seen,
  );
  state.suspected = undefined;
  // Who asks an origin now is told where it stands, and looks anew.
  if (missed.length === 0 || question !== undefined || state.attempts > 0) return;
  for (const [channel] of missed)
    context.send(keeperOf(admitted.gateway, channel), { type: 'forgetId', channel });
  obey(state, { kind: 'recover' }, context);
}

/** There is no room for another channel: a hold that would wait in vain is none. */
function refused(state: RequestState, context: Turn): void {
  context.count('gateway.holds.refused');
  if (state.opening !== undefined) {
    state.opening = undefined;
    fail(state, 'too many channels', context);
    return;
  }
  obey(state, { kind: 'error', message: 'too many channels' }, context);
}

const noBytes = new Uint8Array(0);
const NO_BODY = { kind: 'bytes', bytes: noBytes } as const;
const TURN_AGAIN_MS = 100;
