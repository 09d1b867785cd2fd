// The pages of a SockJS session: those that wait for what comes, and those that send.
// Refuses to know the WebSocket session behind it. spec/websocket-over-http.md, section "SockJS".

import { firstHeader } from '../../codecs/grip/header-list.ts';
import { encodeText } from '../../codecs/utf8-text.ts';
import { shardOf } from '../../runtime/actor.ts';
import type { ConnectionId } from '../../runtime/edges.ts';
import { type Answer, notFoundAnswer, sockJsAnswer } from './sockjs-answers.ts';
import { ANOTHER_FRAME, calledBack, formMessage, messagesFrame, textsIn } from './sockjs-frames.ts';
import type { Page, SockJsAsked, State, Turn } from './sockjs-state.ts';

const SEND_BYTES_MAX = 100_000;
/** Of one list: half of what may wait for the session behind it. */
export const TEXTS_MAX = 8_192;
export const ABSENCE_MS = 5_000;
export const HEARTBEAT_MS = 25_000;

/** Takes a page in. */
export function own(state: State, ask: SockJsAsked, context: Turn): Page {
  state.pages += 1;
  const page = { ...ask, number: state.pages };
  const { edge, connection, number: heardAs } = page;
  context.send(edge, { type: 'own', connection, owner: context.self, heardAs });
  return page;
}

/** A page left before it was answered. */
export function left(state: State, number: ConnectionId, context: Turn): void {
  state.sending.delete(number);
  state.unanswered = state.unanswered.filter((page) => page.number !== number);
  if (state.poll?.number === number) pollEnded(state, context);
}

/** A shard died, and the clients of its pages with it: the one in its place gives their numbers to others. */
export function lostWith(state: State, shard: number, context: Turn): void {
  const pages = [...state.sending.values(), ...state.unanswered];
  if (state.poll !== undefined) pages.push(state.poll);
  for (const { edge, number } of pages) if (shardOf(edge) === shard) left(state, number, context);
}

/** A page wants something. */
export function asked(state: State, said: SockJsAsked, context: Turn): void {
  const ask = own(state, said, context);
  if (ask.transport === 'xhr_send' || ask.transport === 'jsonp_send') {
    state.sending.set(ask.number, ask);
    context.send(ask.edge, {
      type: 'readBody',
      connection: ask.connection,
      bytesMax: SEND_BYTES_MAX,
    });
    return;
  }
  if (state.farewell !== undefined && state.texts.length === 0) {
    tell(ask, state.farewell, context);
    return;
  }
  // [SOCKJS-12] Its origin is being told; there is nothing to wait for.
  if (state.isGone && state.farewell === undefined) {
    cutPage(ask, context);
    return;
  }
  // [SOCKJS-11]
  if (state.poll !== undefined) tell(ask, ANOTHER_FRAME, context);
  else {
    state.poll = ask;
    context.cancel('absence');
    const heartbeatMs = HEARTBEAT_MS; // buggify early-heartbeat: 400
    if (state.life !== 'opening') context.after('heartbeat', heartbeatMs);
    fetchTexts(state, context);
  }
}

/** [SOCKJS-10] [SOCKJS-16] */
export function sent(
  state: State,
  number: ConnectionId,
  body: Uint8Array,
  isWhole: boolean,
  context: Turn,
): void {
  const ask = state.sending.get(number);
  if (ask === undefined) return;
  state.sending.delete(number);
  const { transport, headers } = ask;
  const refuse = (sentence: string): void =>
    say(ask, sockJsAnswer(headers, 400, 'text/plain', sentence), context);
  if (!isWhole) {
    refuse('Request too large.\n');
    return;
  }
  const type = firstHeader(headers, 'Content-Type') ?? '';
  const isForm = type.startsWith('application/x-www-form-urlencoded');
  const said = decoder.decode(body);
  const texts = textsIn(transport === 'jsonp_send' ? formMessage(said, isForm) : said);
  if (texts === undefined) refuse('Payload expected\n');
  else if (texts.length > TEXTS_MAX) refuse('Request too large.\n');
  else if (state.life !== 'open') say(ask, notFoundAnswer(headers), context);
  else {
    for (const text of texts) pass(state, text, context);
    if (state.isHeld) state.unanswered.push(ask);
    else say(ask, sockJsAnswer(headers, 200, 'text/plain', 'ok'), context);
  }
}

/** A page sends again when it was answered: so what it has to say waits with it. */
export function hold(state: State, isHeld: boolean, context: Turn): void {
  state.isHeld = isHeld;
  if (isHeld) return;
  for (const ask of state.unanswered)
    say(ask, sockJsAnswer(ask.headers, 200, 'text/plain', 'ok'), context);
  state.unanswered = [];
}

/** A text of the client. */
export function pass({ child, args }: State, text: string, context: Turn): void {
  const { connection } = args;
  const payload = encodeText(text);
  context.send(child, { type: 'messageReceived', connection, payload, isBinary: false });
}

/** Everything that waits goes with one answer. [SOCKJS-8] */
export function fetchTexts(state: State, context: Turn): void {
  const { poll, texts, farewell, life } = state;
  if (poll === undefined || life === 'opening') return;
  if (texts.length > 0) {
    state.texts = [];
    tell(poll, messagesFrame(texts), context);
    paid(state, state.owedBytes, context);
  } else if (farewell === undefined) return;
  else tell(poll, farewell, context);
  pollEnded(state, context);
}

/** [SOCKJS-12] */
export function pollEnded(state: State, context: Turn): void {
  state.poll = undefined;
  context.cancel('heartbeat');
  context.after('absence', ABSENCE_MS);
}

export function paid(state: State, bytes: number, context: Turn): void {
  state.owedBytes -= bytes;
  const { connection } = state.args;
  if (bytes > 0) context.send(state.child, { type: 'receipt', connection, bytes });
}

export function tell(ask: SockJsAsked, frame: string, context: Turn): void {
  const { headers, transport, callback } = ask;
  const answer =
    transport === 'jsonp'
      ? sockJsAnswer(headers, 200, 'application/javascript', calledBack(callback, frame))
      : sockJsAnswer(headers, 200, 'text/plain', `${frame}\n`);
  say(ask, answer, context);
}

export function say({ edge, connection }: SockJsAsked, answer: Answer, context: Turn): void {
  context.send(edge, { type: 'answer', connection, ...answer });
}

export function cutPage({ edge, connection }: SockJsAsked, context: Turn): void {
  context.send(edge, { type: 'cut', connection });
}

const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
