// What an origin's answer means for the client's own request: it is passed on as it comes, or it is an instruct, which
// is read whole before anything is said. Refuses to know what a hold does later. Obeys spec/grip.md, "Proxying".

import type { HeaderList } from '../../codecs/grip/header-list.ts';
import {
  type Instruct,
  isGripResponse,
  isJsonInstruct,
  mayStreamOn,
  parseInstruct,
} from '../../codecs/grip/instruct.ts';
import { responseHeaders } from '../rewriting/forward-headers.ts';
import { filterResponseContent } from '../rewriting/filters.ts';
import { speaksGrip } from '../forward.ts';
import { answer, answerError, dressed, logHeld, logRelayed, ORIGIN_ERROR } from './answers.ts';
import { end } from './leaving.ts';
import { startPoll } from './polling.ts';
import type { Question, RequestState, Turn } from './request-state.ts';
import { followStream, startStream } from './streaming.ts';
import type { OriginEvent } from '../../runtime/gateway-edges.ts';

export type Answered = Extract<OriginEvent, { readonly type: 'originAnswered' }>;
type Relayed = Extract<OriginEvent, { readonly type: 'relayed' }>;
type Body = Extract<OriginEvent, { readonly type: 'originBody' }>;

/** [GRIP-PROXY-6] The head of the origin's answer came. */
export function headArrived(state: RequestState, question: Question, context: Turn): void {
  const said = question.answer;
  if (said === undefined) return;
  state.answeredBy = question.at;
  const isGrip = isInstruct(state, said.headers);
  if (!isGrip && state.jsonp === undefined) {
    relay(state, said, responseHeaders(said.headers), context);
    return;
  }
  if (isGrip && state.body === undefined) {
    // [GRIP-INSTR-7] A hold may have to ask again, and what was not kept cannot be asked again.
    answerError(state, 400, 'Request too large to accept GRIP instruct.', undefined, context);
    end(state, context);
    return;
  }
  collect(state, question, context);
}

/** The body that was asked for came, whole or in part. */
export function bodyArrived(
  state: RequestState,
  question: Question,
  body: Body,
  context: Turn,
): void {
  const said = question.answer;
  if (said === undefined) return;
  if (body.isBroken) {
    fail(state, 'The origin broke off.', context);
    return;
  }
  if (!isInstruct(state, said.headers)) {
    // Only a script is collected that is no instruct, and half of one is none.
    if (body.isWhole) {
      state.question = undefined;
      const headers = responseHeaders(said.headers);
      answer(state, { ...said, headers, body: body.body }, false, context);
      end(state, context);
    } else fail(state, 'JSON-P response too large.', context);
    return;
  }
  const isJson = isJsonInstruct(said.headers);
  if (isJson && !body.isWhole) {
    failTooLarge(state, context);
    return;
  }
  if (isJson && isHead(state)) {
    // The instruct was in the body that a HEAD does not get.
    state.question = undefined;
    const { status, reason } = said;
    answer(state, { status, reason, headers: [], body: noBytes }, false, context);
    end(state, context);
    return;
  }
  const parsed = parseInstruct({ ...said, body: body.isWhole ? body.body : noBytes });
  if (!parsed.ok) {
    const { message } = parsed.mistake;
    fail(state, `Failed to parse accept instructions: ${message}`, context);
    return;
  }
  if (body.isWhole) {
    state.question = undefined;
    obey(state, parsed.instruct, context);
  } else obeyLarge(state, said, parsed.instruct, context);
}

function isInstruct({ admitted }: RequestState, headers: HeaderList): boolean {
  return speaksGrip(admitted) && isGripResponse(headers);
}

function obey(state: RequestState, instruct: Instruct, context: Turn): void {
  // [GRIP-FILTER-5] What a poll ends with when nothing comes is the origin's word, as it stands.
  if (instruct.hold === 'response') {
    startPoll(state, instruct, context);
    return;
  }
  const filters = instruct.channels.flatMap((channel) => channel.filters);
  const filtered = filterResponseContent(filters, instruct.response.body, {
    subMeta: instruct.meta,
  });
  if (filtered.kind === 'error') {
    fail(state, filtered.message, context);
    return;
  }
  const response = { ...instruct.response, body: filtered.content };
  if ((instruct.hold === 'stream' || instruct.next !== undefined) && !isHead(state))
    startStream(state, { ...instruct, response }, context);
  else {
    answer(state, response, false, context);
    end(state, context);
  }
}

/**
 * [GRIP-INSTR-6] [GRIP-STREAM-5] A body too long to be read first: it may pass only if nothing in it has to be known
 * or kept.
 */
function obeyLarge(state: RequestState, said: Answered, instruct: Instruct, context: Turn): void {
  const hasBuildId = instruct.channels.some(({ filters }) => filters.includes('build-id'));
  if (instruct.hold === 'response' || hasBuildId || state.jsonp !== undefined) {
    failTooLarge(state, context);
    return;
  }
  const { status, reason, headers } = instruct.response;
  if (!mayStreamOn(said.headers)) {
    relay(state, { ...said, status, reason }, headers, context);
    return;
  }
  const { admitted, connection, question } = state;
  if (question === undefined) return;
  state.life = 'relaying';
  state.pendingStream = instruct;
  state.isStreaming = true;
  context.send(admitted.gateway.edges.gateway, {
    type: 'relay',
    owner: context.self,
    ref: question.ref,
    connection,
    status,
    reason,
    headers: dressed(state, headers),
    thenHold: { owner: context.self, receiptsTo: admitted.gateway.router },
  });
}

function failTooLarge(state: RequestState, context: Turn): void {
  const target = state.admitted.route.targets[state.answeredBy];
  const from = `${target?.host ?? ''}:${target?.port ?? 0}`;
  fail(state, `GRIP instruct response too large from ${from}`, context);
}

function isHead(state: RequestState): boolean {
  return state.admitted.request.method === 'HEAD';
}

/** [GRIP-PROXY-10] The body is with the client, or broke off and took the connection along. */
export function relayed(state: RequestState, { isWhole, bytes }: Relayed, context: Turn): void {
  const status = state.question?.answer?.status;
  if (state.pendingStream !== undefined) logHeld(state, false, context);
  else if (status !== undefined) logRelayed(state, status, bytes, context);
  state.question = undefined;
  const instruct = state.pendingStream;
  if (isWhole && instruct !== undefined) {
    const { response } = instruct;
    state.pendingStream = undefined;
    followStream(state, { ...instruct, response: { ...response, body: noBytes } }, context);
  } else end(state, context);
}

/** [GRIP-PROXY-9] [GRIP-INSTR-4] Nothing good came of asking. */
export function fail(state: RequestState, details: string, context: Turn): void {
  const { admitted } = state;
  context.count('gateway.errors.origin');
  context.send(admitted.gateway.edges.log, {
    type: 'log',
    level: 'info',
    event: 'gateway.originFailed',
    fields: {
      method: admitted.request.method,
      path: admitted.request.path,
      host: admitted.request.host,
      why: details,
    },
  });
  answerError(state, 502, ORIGIN_ERROR, details, context);
  end(state, context);
}

function relay(
  state: RequestState,
  said: Answered,
  headers: Answered['headers'],
  context: Turn,
): void {
  state.life = 'relaying';
  if (state.question !== undefined) state.question.answer = said;
  context.send(state.admitted.gateway.edges.gateway, {
    type: 'relay',
    owner: context.self,
    ref: said.ref,
    connection: state.connection,
    status: said.status,
    reason: said.reason,
    headers: dressed(state, headers),
    thenHold: undefined,
  });
}

export function collect(state: RequestState, question: Question, context: Turn): void {
  const { gateway } = state.admitted;
  const { ref, purpose, answer: said } = question;
  const isScript = purpose === 'request' && !isInstruct(state, said?.headers ?? []);
  const nextBytesMax = LONG_BODY_BYTES_MAX; // buggify long-next: 1
  const longBytesMax = isScript ? LONG_BODY_BYTES_MAX : gateway.options.keptBodyBytesMax;
  const bytesMax = purpose === 'next' ? nextBytesMax : longBytesMax;
  context.send(gateway.edges.gateway, { type: 'collect', owner: context.self, ref, bytesMax });
}

const noBytes = new Uint8Array(0);
/** The body of a next link, or of an answer that becomes a script. */
const LONG_BODY_BYTES_MAX = 1_000_000;
