// A held stream: the client gets what the origin said first, and then every item of its channels, until it goes or an
// item closes it. When it may have missed something, or has been quiet for long, the origin's next link tells what
// comes next, and where the stream stands then.
// Refuses to know long-polls. Obeys spec/grip.md, sections "Stream holds" and "Links".

import { type Instruct, isJsonInstruct, parseInstruct } from '../../codecs/grip/instruct.ts';
import { encodeText } from '../../codecs/utf8-text.ts';
import { isDebug } from '../forward.ts';
import { filterResponseContent } from '../rewriting/filters.ts';
import { dressed, logHeld } from './answers.ts';
import { abandon, askOwn, lastIdHeaders, mayAsk, turnTaken } from './asking.ts';
import { hold } from './holding.ts';
import { dropOld, type ItemWish, nextWish, withoutUpdates } from './items.ts';
import { end } from './leaving.ts';
import { resolveLink } from './links.ts';
import type { OriginEvent } from '../../runtime/gateway-edges.ts';
import type { Question, RequestState, Turn } from './request-state.ts';

/** [GRIP-STREAM-2] Begins the client's answer, which stays open, when what it follows is followed. */
export function startStream(state: RequestState, instruct: Instruct, context: Turn): void {
  const slots = new Set<number>();
  if (instruct.hold === 'stream' && !lacksLink(instruct)) hold(state, instruct, context, slots);
  if (slots.size === 0) {
    begin(state, instruct, context);
    return;
  }
  state.life = 'asking';
  state.opening = { instruct, slots: new Set(slots) };
}

/** One of the subscriptions that a stream waits for stands. */
export function stands(state: RequestState, slot: number, context: Turn): void {
  const { opening, connection, admitted, hold: held } = state;
  if (opening?.slots.delete(slot) !== true || opening.slots.size > 0) return;
  state.opening = undefined;
  begin(state, opening.instruct, context);
  for (let at = 0; at < (held?.channels.size ?? 0); at += 1)
    context.send(admitted.gateway.router, { type: 'skip', connection, slot: at });
}

function begin(state: RequestState, instruct: Instruct, context: Turn): void {
  const { admitted, connection } = state;
  const { response } = instruct;
  state.isStreaming = true;
  logHeld(state, false, context);
  context.send(admitted.gateway.edges.gateway, {
    type: 'startStream',
    connection,
    ...response,
    headers: dressed(state, response.headers),
    owner: context.self,
    receiptsTo: admitted.gateway.router,
  });
  if (state.hold?.instruct === instruct) settleStream(state, instruct, context);
  else followStream(state, instruct, context);
}

/** The stream has begun: what it follows from now on. */
export function followStream(state: RequestState, instruct: Instruct, context: Turn): void {
  if (lacksLink(instruct)) {
    const late = instruct.channels.find(({ prevId }) => prevId !== undefined);
    const message = `channel '${late?.name ?? ''}' specifies prev-id, but no next link found`;
    failStream(state, message, context);
    return;
  }
  hold(state, instruct, context);
  settleStream(state, instruct, context);
}

function lacksLink({ hold: mode, channels, next }: Instruct): boolean {
  return (
    mode === 'stream' && next === undefined && channels.some(({ prevId }) => prevId !== undefined)
  );
}

function settleStream(state: RequestState, instruct: Instruct, context: Turn): void {
  const { next } = instruct;
  state.life = 'streaming';
  state.attempts = 0;
  tellKeepAlive(state, true, context);
  // [GRIP-NEXT-1]
  if (instruct.hold === 'none') {
    if (next === undefined) finishStream(state, context);
    else awaitRoom(state, context);
    return;
  }
  forgetBeginning(state, instruct);
  if (next === undefined) context.cancel('next');
  else context.after('next', Math.max(next.timeoutMs, LINK_EVERY_MS_MIN));
  drainStream(state, context);
}

/** What only the beginning of an answer needs is let go: a stream may last for days, and there are many. */
function forgetBeginning(state: RequestState, instruct: Instruct): void {
  const { admitted, hold: held } = state;
  const { request } = admitted;
  if (held === undefined) return;
  // Whom it follows is in the hold itself.
  const channels = instruct.hold === 'none' ? instruct.channels : NONE;
  held.instruct = { ...instruct, channels, response: NOTHING };
  state.body = undefined;
  if (request.headers.length > 0)
    state.admitted = { ...admitted, request: { ...request, headers: NONE } };
}

/** Looks at what waits, until an origin has to be asked. */
export function drainStream(state: RequestState, context: Turn): void {
  // What comes while a link is asked for in vain, or a turn is waited for, waits, too.
  while (
    state.life === 'streaming' &&
    state.question === undefined &&
    state.attempts === 0 &&
    state.pendingAsk !== 'recover'
  ) {
    const wish = nextWish(state, context);
    if (wish === undefined) return;
    obeyInStream(state, wish, context);
  }
}

export function obeyInStream(state: RequestState, wish: ItemWish, context: Turn): void {
  const { connection, admitted, hold: held } = state;
  switch (wish.kind) {
    case 'nothing':
    case 'waits':
      return;
    case 'send': {
      const { content: payload, publication } = wish;
      if (payload.byteLength === 0) return;
      const words = { connection, slot: undefined, payload, publication };
      context.send(admitted.gateway.router, { type: 'reply', ...words });
      return;
    }
    case 'close':
      finishStream(state, context);
      return;
    case 'hint':
    case 'recover':
    case 'update':
      if (held?.instruct.next === undefined) return;
      // What waited is older than what the origin will say now. [GRIP-NEXT-5] It is asked once for all new channels.
      state.queue = wish.kind === 'update' ? withoutUpdates(state.queue) : [];
      if (mayAsk(state, wish.kind === 'update' ? 'update' : 'recover', context))
        askNext(state, context);
      return;
    case 'error':
      failStream(state, wish.message, context);
      return;
    default:
      wish satisfies never;
  }
}

/** [GRIP-NEXT-4] Quiet for the link's time: it is asked, unless something came meanwhile. */
export function nextIsDue(state: RequestState, context: Turn): void {
  const { hold: held } = state;
  const next = held?.instruct.next;
  if (state.life !== 'streaming' || held === undefined || next === undefined) return;
  if (state.question !== undefined) {
    // A filter asks: the link is looked at again when that is over.
    if (state.question.purpose === 'filter') context.after('next', LINK_EVERY_MS_MIN);
    return;
  }
  const quietMs = (context.now - held.activityAt) / 1_000;
  if (state.attempts > 0 || quietMs >= next.timeoutMs) {
    // [GRIP-LOAD-2] Streams that began together are quiet together.
    if (mayAsk(state, 'update', context)) askNext(state, context);
  } else context.after('next', Math.max(1, Math.ceil(next.timeoutMs - quietMs)));
}

/** [GRIP-NEXT-2] Asks the next link, and tells it what the client has. */
export function askNext(state: RequestState, context: Turn): void {
  const uri = state.hold?.instruct.next?.uri;
  const link = uri === undefined ? undefined : resolveLink(state, uri);
  if (link === undefined) {
    failStream(state, 'Failed to retrieve next link.', context);
    return;
  }
  turnTaken(state, context);
  context.cancel('next');
  context.count('gateway.links.asked');
  tellKeepAlive(state, false, context);
  const own = { ...link, headers: lastIdHeaders(state) };
  askOwn(state, 'next', own, new Uint8Array(0), context);
}

/** The next link's answer came: whole, or the beginning of a long one, or what there is of one that broke off. */
export function nextArrived(
  state: RequestState,
  question: Question,
  { body, isWhole, isBroken }: Extract<OriginEvent, { readonly type: 'originBody' }>,
  context: Turn,
): void {
  if (isBroken) {
    abandon(state, context);
    nextFailed(state, context);
  } else if (isWhole) {
    state.question = undefined;
    nextAnswered(state, question, body, context);
  } else nextIsLong(state, question, context);
}

/** [GRIP-NEXT-8] What the link's answer says is to be; undefined when that ends the stream. */
function instructOf(
  state: RequestState,
  { answer, own }: Question,
  body: Uint8Array,
  context: Turn,
): Instruct | undefined {
  const { hold: held } = state;
  if (answer === undefined || held === undefined) return undefined;
  const parsed = parseInstruct({ ...answer, body });
  if (parsed.ok && parsed.instruct.hold !== 'response') {
    if (own?.href !== undefined) held.base = own.href;
    return parsed.instruct;
  }
  if (!isJsonInstruct(answer.headers)) tell(state, body, context);
  const wrong = parsed.ok ? 'Next link returned non-stream hold.' : parsed.mistake.message;
  failStream(state, wrong, context);
  return undefined;
}

function tell({ connection, admitted }: RequestState, payload: Uint8Array, context: Turn): void {
  if (payload.byteLength === 0) return;
  const words = { connection, slot: undefined, payload };
  context.send(admitted.gateway.router, { type: 'reply', ...words });
}

/** [GRIP-NEXT-6] Its body goes on, and its word is what counts from now on. */
function nextAnswered(
  state: RequestState,
  question: Question,
  body: Uint8Array,
  context: Turn,
): void {
  const instruct = instructOf(state, question, body, context);
  if (instruct === undefined) return;
  const filters = instruct.channels.flatMap((channel) => channel.filters);
  const { meta: subMeta, response } = instruct;
  const filtered = filterResponseContent(filters, response.body, { subMeta });
  if (filtered.kind === 'error') {
    failStream(state, filtered.message, context);
    return;
  }
  tell(state, filtered.content, context);
  dropOld(state, instruct);
  followStream(state, instruct, context);
}

/** [GRIP-NEXT-11] A body too long to be read first passes as it comes, if nothing in it has to be known. */
function nextIsLong(state: RequestState, question: Question, context: Turn): void {
  const headers = question.answer?.headers ?? [];
  const instruct = isJsonInstruct(headers)
    ? undefined
    : instructOf(state, question, NOTHING.body, context);
  if (state.life !== 'streaming') return;
  const hasBuildId = instruct?.channels.some(({ filters }) => filters.includes('build-id'));
  if (instruct === undefined || hasBuildId === true) {
    failStream(state, 'Next response too large.', context);
    return;
  }
  state.life = 'relaying';
  state.pendingStream = instruct;
  // The body must not overtake what the stream was told before.
  awaitRoom(state, context);
}

/** What the stream was told may still wait for a slow client: what comes next waits, too. */
function awaitRoom({ connection, admitted }: RequestState, context: Turn): void {
  context.send(admitted.gateway.router, { type: 'settle', connection });
}

/** The stream has been told all else. */
export function hasRoom(state: RequestState, context: Turn): void {
  if (state.life === 'relaying') pourNext(state, context);
  else if (state.life === 'streaming' && state.hold?.instruct.hold === 'none')
    askNext(state, context);
}

function pourNext(state: RequestState, context: Turn): void {
  const { question, connection, admitted, pendingStream } = state;
  if (question === undefined || pendingStream === undefined) return;
  const { gateway } = admitted.gateway.edges;
  const pouring = { owner: context.self, ref: question.ref, connection };
  context.send(gateway, { type: 'relayInto', ...pouring });
}

/** The long body is with the client, or broke off: then the client sees the stream break. */
export function nextPoured(
  state: RequestState,
  { isWhole }: Extract<OriginEvent, { readonly type: 'relayed' }>,
  context: Turn,
): void {
  const { connection, admitted, pendingStream: instruct } = state;
  state.question = undefined;
  state.pendingStream = undefined;
  if (!isWhole || instruct === undefined) {
    context.send(admitted.gateway.edges.web, { type: 'cut', connection });
    return;
  }
  dropOld(state, instruct);
  followStream(state, { ...instruct, response: NOTHING }, context);
}

/** [GRIP-NEXT-7] A link that cannot be had is asked for again, a few times and ever later; then the stream ends. */
export function nextFailed(state: RequestState, context: Turn): void {
  const waitMs = RETRY_AFTER_MS[state.attempts];
  if (waitMs === undefined) {
    failStream(state, 'Failed to retrieve next link.', context);
    return;
  }
  state.attempts += 1;
  context.after('next', waitMs + (context.random() % 1_000));
  tellKeepAlive(state, true, context);
}

/** [GRIP-STREAM-3] Ends the stream after what was said. */
function finishStream(state: RequestState, context: Turn): void {
  const { connection, admitted } = state;
  state.life = 'finishing';
  abandon(state, context);
  context.send(admitted.gateway.router, { type: 'finish', connection });
}

/** An error can only be told by the end, or in words to whoever debugs the route. */
function failStream(state: RequestState, message: string, context: Turn): void {
  const { connection, admitted } = state;
  context.count('gateway.streams.failed');
  const words = isDebug(admitted) ? `\n\n${message}\n` : '';
  if (words !== '' && state.isOpen) {
    const payload = encodeText(words);
    context.send(admitted.gateway.router, { type: 'reply', connection, slot: undefined, payload });
  }
  if (state.isOpen) finishStream(state, context);
  else {
    const { edges } = admitted.gateway;
    if (words !== '')
      context.send(edges.web, {
        type: 'write',
        connections: [connection],
        payload: encodeText(words),
      });
    closeStream(state, context);
  }
}

/** All was said: the client sees a clean end. */
export function closeStream(state: RequestState, context: Turn): void {
  const { connection, admitted } = state;
  context.send(admitted.gateway.edges.web, { type: 'close', connection, code: 1000, reason: '' });
  end(state, context);
}

/** [GRIP-KEEP-1] While a link is being asked nothing else is written: its body must not be cut in two. */
function tellKeepAlive(state: RequestState, isOn: boolean, context: Turn): void {
  const { connection, hold: held, admitted } = state;
  const wish = held?.instruct.keepAlive;
  if (wish === undefined && isOn) return;
  const keepAlive =
    wish === undefined || !isOn
      ? undefined
      : { payload: wish.content, everyMs: wish.timeoutMs, isIdle: wish.mode === 'idle' };
  context.send(admitted.gateway.router, { type: 'keepAlive', connection, keepAlive });
}

/** However often an origin wants its link to be asked. */
const LINK_EVERY_MS_MIN = 100;
const RETRY_AFTER_MS = [1_000, 2_000, 4_000, 8_000, 16_000];
const NONE = [] as const;
const NOTHING: Instruct['response'] = {
  status: 200,
  reason: '',
  headers: NONE,
  body: new Uint8Array(0),
};
