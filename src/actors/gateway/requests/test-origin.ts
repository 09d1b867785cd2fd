// The origin that is built in: a route's target `test` shows that the gateway works before there is an application.
// It answers with instructs like any other. Refuses to know who asks. Obeys spec/grip.md, section "Targets".

import { isGripResponse } from '../../codecs/grip/instruct.ts';
import { reasonOf } from '../../codecs/grip/reasons.ts';
import { encodeText } from '../../codecs/utf8-text.ts';
import type { Admitted } from '../forward.ts';
import { plainPath } from '../rewriting/plain-path.ts';
import { type Answer, answer, answerError } from './answers.ts';
import { bodyArrived } from './answering.ts';
import { end } from './leaving.ts';
import type { Question, RequestMessage, RequestState, Turn } from './request-state.ts';

/** [GRIP-TARGET-6] The route's built-in origin is not asked; it only looks how long the body is. */
export function askTestOrigin(state: RequestState, context: Turn): void {
  const { admitted, connection, body: known } = state;
  if (known !== undefined) testOriginAnswers(state, context);
  else {
    const { edges } = admitted.gateway;
    const bytesMax = TEST_BODY_BYTES_MAX;
    context.send(edges.gateway, { type: 'readBody', connection, bytesMax });
  }
}

export function testOriginHeard(
  state: RequestState,
  { body: read, isWhole }: Extract<RequestMessage, { readonly type: 'bodyRead' }>,
  context: Turn,
): void {
  state.body = read;
  if (isWhole) testOriginAnswers(state, context);
  else {
    answerError(state, 400, 'request too large', undefined, context);
    end(state, context);
  }
}

function testOriginAnswers(state: RequestState, context: Turn): void {
  const answered = testAnswer(state.admitted);
  const { status, reason, headers, body: whole } = answered;
  if (!isGripResponse(headers)) {
    answer(state, answered, false, context);
    end(state, context);
    return;
  }
  const ref = 0;
  const head = { status, reason, headers, requestBody: noBytes };
  const question: Question = {
    ref,
    purpose: 'request',
    at: 0,
    body: { kind: 'bytes', bytes: noBytes },
    own: undefined,
    answer: { type: 'originAnswered', ref, ...head },
  };
  const arrived = { ref, body: whole, isWhole: true, isBroken: false };
  bodyArrived(state, question, { type: 'originBody', ...arrived }, context);
}

function testAnswer({ request, route }: Admitted): Answer {
  const asked = plainPath(request.path);
  const whole = asked.startsWith(route.pathPrefix) ? asked.slice(route.pathPrefix.length) : asked;
  const path = whole.length > 1 && whole.endsWith('/') ? whole.slice(0, -1) : whole;
  const named = new URLSearchParams(request.search).getAll('channel');
  const channels = named.length === 0 ? ['test'] : named;
  switch (path) {
    case '/':
      return said(200, 'Hello from the Pushpin test handler!\n');
    case '/response':
      return held('response', channels, 'nothing for now\n');
    case '/stream':
      return held('stream', channels, '[stream opened]\n');
    default:
      return said(404, 'no such test resource\n');
  }
}

/** As JSON, for a channel may have any name. */
function held(mode: 'response' | 'stream', channels: readonly string[], body: string): Answer {
  const instruct = {
    hold: { mode, channels: channels.map((name) => ({ name })) },
    response: { headers: { 'Content-Type': 'text/plain' }, body },
  };
  return said(200, JSON.stringify(instruct), 'application/grip-instruct');
}

function said(status: number, text: string, type = 'text/plain'): Answer {
  return {
    status,
    reason: reasonOf(status),
    headers: [['Content-Type', type]],
    body: encodeText(text),
  };
}

const noBytes = encodeText('');
/** More of a body than it takes. */
const TEST_BODY_BYTES_MAX = 100_000;
