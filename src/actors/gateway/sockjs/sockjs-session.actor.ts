// One SockJS session: between a page that polls, or talks in frames, and a WebSocket session of the gateway, which it
// serves as its edge and its router. So whatever a WebSocket can do behind the gateway, a SockJS session can.
// Refuses to know origins and what is said. spec/websocket-over-http.md, section "SockJS".

import { encodeText } from '../../codecs/utf8-text.ts';
import { NO_SLOT, type RouterReply } from '../../routing/router-messages.ts';
import { TO_OWNER, type WireFormat } from '../../routing/subscriptions.ts';
import type { ActorDefinition, Address } from '../../runtime/actor.ts';
import { type Payload, WINDOW_BYTES, writeCost } from '../../runtime/edges.ts';
import type { FramedPayload, GatewayCommand } from '../../runtime/gateway-edges.ts';
import type { Admitted } from '../forward.ts';
import { GRIP_WS, gripFormats } from '../formats.ts';
import { wsSession } from '../ws/ws-session.actor.ts';
import {
  ABSENCE_MS,
  asked,
  cutPage,
  fetchTexts,
  hold,
  left,
  lostWith,
  own,
  paid,
  pass,
  pollEnded,
  say,
  sent,
  tell,
  TEXTS_MAX,
} from './polling.ts';
import { notFoundAnswer, sockJsAnswer } from './sockjs-answers.ts';
import {
  closeFrame,
  HEARTBEAT_FRAME,
  messagesFrame,
  OPEN_FRAME,
  textsIn,
} from './sockjs-frames.ts';
import {
  isFramed,
  type SockJsSessionArgs,
  type SockJsSessionMessage,
  type State,
  type Turn,
} from './sockjs-state.ts';

export const sockJsSession: ActorDefinition<SockJsSessionArgs, State, SockJsSessionMessage> = {
  kind: 'gateway/sockjs-session',
  mailboxMax: 16_384,
  onFailure: 'stop',
  start(args, context) {
    const child = context.spawn(
      wsSession,
      { admitted: asWebSocket(args, context.self), connectionId: args.connectionId },
      `gateway/sockjs-ws:${args.connectionId}`,
    );
    const state: State = {
      args,
      child,
      life: 'opening',
      texts: [],
      owedBytes: 0,
      farewell: undefined,
      pages: 0,
      poll: undefined,
      sending: new Map(),
      formats: new Map(),
      keepAlive: undefined,
      isHeld: false,
      unanswered: [],
      isGone: false,
      isChildGone: false,
    };
    if (args.first !== undefined) state.poll = own(state, args.first, context);
    return state;
  },
  receive(state, message, context) {
    const { gateway } = state.args.admitted;
    switch (message.type) {
      case 'sockJsAsked':
        asked(state, message, context);
        return;
      case 'bodyRead':
        sent(state, message.connection, message.body, message.isWhole, context);
        return;
      case 'clientGone':
        if (isFramed(state)) gone(state, 1_006, '', context);
        else left(state, message.connection, context);
        return;
      // What the session says to its edge.
      case 'own':
        if (isFramed(state))
          context.send(gateway.edges.gateway, { ...message, owner: context.self });
        return;
      case 'upgrade':
        opened(state, message.headers, context);
        return;
      case 'answer':
        refused(state, message, context);
        return;
      case 'fetch':
      case 'collect':
      case 'abandon':
      case 'connectWs':
      case 'sayToOrigin':
      case 'closeOrigin':
      case 'holdOrigin':
        context.send(gateway.edges.gateway, message);
        return;
      case 'cut':
        cut(state, context);
        return;
      case 'close':
        closed(state, message.code, message.reason, context);
        return;
      case 'hold':
        if (isFramed(state)) context.send(gateway.edges.web, message);
        else hold(state, message.isHeld, context);
        return;
      // What the session says to its router.
      case 'open':
        context.send(gateway.router, { ...message, owner: context.self });
        return;
      case 'leave':
        state.keepAlive = undefined;
        armKeepAlive(state, context);
        context.send(gateway.router, message);
        return;
      case 'subscribe':
        state.formats.set(message.topic, message.format);
        context.send(gateway.router, { ...message, slot: NO_SLOT, format: TO_OWNER });
        return;
      case 'unsubscribe':
        state.formats.delete(message.topic);
        context.send(gateway.router, message);
        return;
      case 'reply':
        hear(state, message.payload, context);
        return;
      case 'receipt':
        if (isFramed(state)) state.owedBytes = Math.max(0, state.owedBytes - message.bytes);
        return;
      case 'keepAlive':
        state.keepAlive = message.keepAlive;
        armKeepAlive(state, context);
        return;
      case 'finish':
        context.send(state.child, { type: 'finished' });
        return;
      // What the router says to the session.
      case 'delivered':
        delivered(state, message, context);
        return;
      case 'followAgain':
        lostWith(state, message.shard, context);
        context.send(state.child, message);
        return;
      case 'subscribeRefused':
      case 'refresh':
        context.send(state.child, message);
        return;
      case 'draining':
        // A WebSocket is closed by the edge.
        if (!isFramed(state))
          context.after('drain', context.random() % Math.max(1, message.withinMs));
        return;
      // What a WebSocket that carries frames says.
      case 'messageReceived':
        framesReceived(state, message.payload as Uint8Array, message.isBinary === true, context);
        return;
      case 'closeReceived':
        context.send(state.child, message);
        return;
      case 'closed':
        gone(state, message.code, message.reason, context);
        return;
      case 'timedOut':
        due(state, message.name, context);
        return;
      case 'childStopped':
        // [SOCKJS-13] Who asks late is still told how it ended.
        state.isChildGone = true;
        if (state.farewell === undefined || state.isGone) stop(state, context);
        return;
      default:
        return;
    }
  },
};

/** The gateway as the WebSocket session sees it: all its ways to a client lead here. */
function asWebSocket(
  { admitted, connection, first }: SockJsSessionArgs,
  self: Address<SockJsSessionMessage>,
): Admitted {
  const { gateway, request, route } = admitted;
  const rest =
    first === undefined ? `${route.sockjsPath ?? ''}/websocket` : (route.sockjsPath ?? '');
  return {
    ...admitted,
    // [SOCKJS-6]
    request: { ...request, connection, path: route.sockjsAsPath ?? rest, isWebSocket: true },
    gateway: { ...gateway, edges: { ...gateway.edges, web: self, gateway: self }, router: self },
  };
}

/** [SOCKJS-17] */
function framesReceived(state: State, bytes: Uint8Array, isBinary: boolean, context: Turn): void {
  const texts = isBinary ? undefined : textsIn(decoder.decode(bytes));
  if (texts === undefined || texts.length > TEXTS_MAX) cut(state, context);
  else for (const text of texts) pass(state, text, context);
}

/** Without a word; of a WebSocket `closed` follows. */
function cut(state: State, context: Turn): void {
  const { connection, admitted } = state.args;
  const { edges } = admitted.gateway;
  if (!isFramed(state)) gone(state, 1_006, '', context);
  else if (state.life === 'opening') context.send(edges.gateway, { type: 'cut', connection });
  else context.send(edges.web, { type: 'cut', connection });
}

function opened(state: State, headers: Admitted['request']['headers'], context: Turn): void {
  state.life = 'open';
  const { connection, admitted } = state.args;
  if (isFramed(state)) {
    const self = context.self;
    context.send(admitted.gateway.edges.gateway, {
      type: 'upgrade',
      connection,
      headers,
      owner: self,
      receiptsTo: state.child,
    });
    write(state, OPEN_FRAME, context);
    return;
  }
  if (state.poll !== undefined) tell(state.poll, OPEN_FRAME, context);
  pollEnded(state, context);
}

/** [SOCKJS-7] */
function refused(
  state: State,
  answer: Extract<GatewayCommand, { readonly type: 'answer' }>,
  context: Turn,
): void {
  state.life = 'closed';
  if (isFramed(state)) {
    context.send(state.args.admitted.gateway.edges.gateway, answer);
    return;
  }
  const { poll } = state;
  state.poll = undefined;
  if (poll === undefined) return;
  const { status, reason, headers, body } = answer;
  const shared = sockJsAnswer(poll.headers, status, undefined, '').headers;
  say(poll, { status, reason, headers: [...shared, ...headers], body }, context);
}

/** A message for the page; pings and pongs are for WebSockets only. [SOCKJS-9] */
function hear(state: State, payload: Payload, context: Turn): void {
  // [SOCKJS-13] Behind a close there is nothing.
  if (state.life === 'closed') return;
  const isText = payload instanceof Uint8Array;
  const framed = payload as FramedPayload;
  const isPassed = isText || framed.frame === 'binary';
  const text = isPassed ? decoder.decode(isText ? payload : framed.bytes) : '';
  if (state.keepAlive?.isIdle === true) armKeepAlive(state, context);
  if (isFramed(state)) {
    if (isPassed) write(state, messagesFrame([text]), context);
    return;
  }
  state.owedBytes += writeCost(payload);
  if (!isPassed) paid(state, writeCost(payload), context);
  else if (state.owedBytes > state.args.admitted.gateway.options.queueBytesMax) {
    context.count('gateway.sockjs.overflows');
    gone(state, 1_006, '', context);
  } else {
    state.texts.push(text);
    fetchTexts(state, context);
  }
}

function delivered(
  state: State,
  message: Extract<RouterReply, { readonly type: 'delivered' }>,
  context: Turn,
): void {
  const { publication } = message;
  const isPlain = state.formats.get(publication.topic) === GRIP_WS;
  if (!isPlain || plain.toOwner?.(publication) !== undefined) {
    context.send(state.child, message);
    return;
  }
  const payload = plain.encode(publication);
  if (payload !== undefined) hear(state, payload, context);
}

/** [SOCKJS-13] The WebSocket session says 1000 where its origin gave no code. */
function closed(state: State, code: number, reason: string, context: Turn): void {
  const { connection, admitted } = state.args;
  if (isFramed(state)) {
    context.send(admitted.gateway.edges.web, { type: 'close', connection, code, reason });
    return;
  }
  const hasCode = code !== 1_000 || reason !== '';
  state.farewell = closeFrame(hasCode ? code : undefined, reason);
  state.life = 'closed';
  fetchTexts(state, context);
  // Nobody answers a close for a page.
  context.send(state.child, { type: 'closed', connection, code: WITHOUT_CODE, reason: '' });
  if (state.poll === undefined) context.after('absence', ABSENCE_MS);
}

/** The client is no more. */
function gone(state: State, code: number, reason: string, context: Turn): void {
  if (state.isGone) return;
  state.isGone = true;
  state.life = 'closed';
  hold(state, false, context);
  if (state.poll !== undefined) cutPage(state.poll, context);
  state.poll = undefined;
  const { connection } = state.args;
  if (state.isChildGone) stop(state, context);
  else context.send(state.child, { type: 'closed', connection, code, reason });
}

/** Nobody would answer those who still send. */
function stop({ sending }: State, context: Turn): void {
  for (const page of sending.values()) say(page, notFoundAnswer(page.headers), context);
  context.stop();
}

function due(state: State, timer: string, context: Turn): void {
  if (timer === 'heartbeat' && state.poll !== undefined) {
    // [SOCKJS-14]
    tell(state.poll, HEARTBEAT_FRAME, context);
    pollEnded(state, context);
  } else if (timer === 'absence' && state.poll === undefined) {
    gone(state, 1_006, '', context);
  } else if (timer === 'drain') {
    // [SOCKJS-20] What is being opened is told that it is open before it is told anything else.
    if (state.life === 'opening') context.after('drain', DRAIN_AGAIN_MS);
    else if (state.life === 'open') closed(state, 1_001, 'going away', context);
  } else if (timer === 'keep-alive' && state.keepAlive !== undefined) {
    hear(state, state.keepAlive.payload, context);
    armKeepAlive(state, context);
  }
}

function armKeepAlive({ keepAlive }: State, context: Turn): void {
  if (keepAlive === undefined) context.cancel('keep-alive');
  else context.after('keep-alive', Math.max(0, keepAlive.everyMs - (context.random() % 1_000)));
}

function write(state: State, frame: string, context: Turn): void {
  const { connection, admitted } = state.args;
  const payload = encodeText(frame);
  state.owedBytes += writeCost(payload);
  if (state.owedBytes > WINDOW_BYTES + admitted.gateway.options.queueBytesMax) {
    context.count('gateway.sockjs.overflows');
    state.life = 'closed';
    cut(state, context);
    return;
  }
  context.send(admitted.gateway.edges.web, { type: 'write', connections: [connection], payload });
}

const DRAIN_AGAIN_MS = 100;
const WITHOUT_CODE = 1_005;
const plain: WireFormat = ((): WireFormat => {
  const format = gripFormats().get(GRIP_WS);
  if (format === undefined) throw new Error('the format of WebSockets is missing');
  return format;
})();
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
