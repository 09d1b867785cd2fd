// A long-poll: the client hears nothing until an item comes, or its time is up and it gets what the origin said. What
// it may have missed is found out by asking the origin again, as if the client had.
// Refuses to know streams. Obeys spec/grip.md, section "Response holds".

import { answerStatusMin, type Instruct } from '../../codecs/grip/instruct.ts';
import { patchBody } from '../../codecs/grip/json-patch.ts';
import type { GripItem, ResponseFormat } from '../../codecs/grip/publish-item.ts';
import { type HeaderList, withoutHeaders } from '../../codecs/grip/header-list.ts';
import { answer, answerError, logHeld, mergedHeaders, ORIGIN_ERROR } from './answers.ts';
import { askOrigin, mayAsk, turnTaken } from './asking.ts';
import { hold } from './holding.ts';
import { dropOld, nextWish, type ItemWish } from './items.ts';
import { end, tellGone } from './leaving.ts';
import type { RequestState, Turn } from './request-state.ts';

export function startPoll(state: RequestState, instruct: Instruct, context: Turn): void {
  state.life = 'polling';
  dropOld(state, instruct);
  const isRetry = state.hold !== undefined;
  hold(state, instruct, context);
  logHeld(state, isRetry, context);
  const { isDraining } = state.admitted.gateway;
  const { timeoutMs } = instruct;
  context.after('poll', isDraining ? Math.min(timeoutMs, DRAINING_POLL_MS) : timeoutMs);
  drainPoll(state, context);
}

/** [GRIP-HOLD-3] The time is up: the client gets what its origin prepared. */
export function pollTimedOut(state: RequestState, context: Turn): void {
  const { hold: held } = state;
  if (state.life !== 'polling' || held === undefined) return;
  answer(state, held.instruct.response, true, context);
  end(state, context);
}

/** [PROC-DRAIN-3] The node ends: the client asks elsewhere, and not all do so at once. */
export function hurryPoll(state: RequestState, withinMs: number, context: Turn): void {
  if (state.life === 'polling') context.after('poll', context.random() % Math.max(1, withinMs));
}

/** Looks at what waits, until something ends the poll. */
export function drainPoll(state: RequestState, context: Turn): void {
  while (
    state.life === 'polling' &&
    state.question === undefined &&
    state.pendingAsk !== 'recover'
  ) {
    const wish = nextWish(state, context);
    if (wish === undefined) return;
    obeyInPoll(state, wish, context);
  }
}

export function obeyInPoll(state: RequestState, wish: ItemWish, context: Turn): void {
  switch (wish.kind) {
    case 'nothing':
    case 'waits':
    case 'close':
      return;
    case 'send':
      finishPoll(state, wish.item, wish.content, context);
      return;
    case 'hint':
    case 'recover':
      // What waited is older than what the origin will say now.
      state.queue = [];
      if (mayAsk(state, 'recover', context)) askAgain(state, context);
      return;
    case 'update':
      // What waits behind it may come after what the origin will say: it is looked at then.
      if (mayAsk(state, 'update', context)) askAgain(state, context);
      return;
    case 'error':
      answerError(state, 502, ORIGIN_ERROR, wish.message, context);
      end(state, context);
      return;
    default:
      wish satisfies never;
  }
}

/** [GRIP-HOLD-1] [GRIP-PUB-10] */
function finishPoll(state: RequestState, item: GripItem, content: Uint8Array, context: Turn): void {
  const { hold: held } = state;
  const format = item.response;
  if (held === undefined || format === undefined) return;
  const { status, reason } = format;
  const body = bodyOf(held.instruct, format, content);
  if (body === undefined)
    answerError(state, 502, ORIGIN_ERROR, 'failed to apply body-patch', context);
  else if (status < answerStatusMin)
    answerError(state, 502, ORIGIN_ERROR, `no answer has the status ${status}`, context);
  else {
    const merged = mergedHeaders(preparedHeaders(held.instruct, format), format.headers);
    const headers = withoutHeaders(merged, format.hiddenHeaders);
    answer(state, { status, reason, headers, body }, true, context);
  }
  end(state, context);
}

/** [GRIP-PUB-11] How the origin encoded its own body says nothing of another one. */
function preparedHeaders({ response }: Instruct, { bodyPatch }: ResponseFormat): HeaderList {
  const { headers } = response;
  return bodyPatch === undefined ? withoutHeaders(headers, ['Content-Encoding']) : headers;
}

function bodyOf(
  { response }: Instruct,
  { bodyPatch }: ResponseFormat,
  content: Uint8Array,
): Uint8Array | undefined {
  if (bodyPatch === undefined) return content;
  // [GRIP-PATCH-1]
  const patched = patchBody(response.body, bodyPatch);
  return patched.ok ? patched.body : undefined;
}

/** [GRIP-SEQ-3] [GRIP-PUB-13] The origin is asked the client's question again, and told what the client has. */
export function askAgain(state: RequestState, context: Turn): void {
  turnTaken(state, context);
  context.cancel('poll');
  context.count('gateway.holds.retried');
  state.life = 'asking';
  if (!tellGone(state, context)) askAgainNow(state, context);
}

export function askAgainNow(state: RequestState, context: Turn): void {
  const bytes = state.body ?? new Uint8Array(0);
  askOrigin(state, { kind: 'bytes', bytes }, context);
}

/** Long enough for what is being published, and for whoever asks again and again. */
const DRAINING_POLL_MS = 1_000;
