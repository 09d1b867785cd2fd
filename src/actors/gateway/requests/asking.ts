// Asks origins: the client's own request along its route, target after target while they cannot be reached, and the
// requests that the gateway makes in its name. One question is open at a time.
// Refuses to know what the answers mean. Obeys spec/grip.md, sections "Targets" and "Forwarding".

import { headerLine, type HeaderList } from '../../codecs/grip/header-list.ts';
import type { Target } from '../../codecs/grip/routes-file.ts';
import type { OriginFailure, RequestBody } from '../../runtime/gateway-edges.ts';
import { forward, type Forwarded, forwardOwn, originOf, type OwnRequest } from '../forward.ts';
import type { Question, RequestState, Turn } from './request-state.ts';

type Fresh = Omit<Question, 'ref' | 'answer'>;

/** The client's request, at the first target; `lastIds` when it is asked again. */
export function askOrigin(state: RequestState, body: RequestBody, context: Turn): void {
  ask(state, { purpose: 'request', at: 0, body, own: undefined }, context);
}

/**
 * [GRIP-LOAD-1] Whether the origin may be asked on behalf of a held client now. Otherwise the client waits for its turn,
 * behind those who learnt of the same thing.
 */
export function mayAsk(state: RequestState, why: 'update' | 'recover', context: Turn): boolean {
  if (state.pendingAsk !== undefined) {
    if (why === 'recover') state.pendingAsk = why;
    return false;
  }
  const waitMs = state.admitted.gateway.askingPace.take(context.now);
  if (waitMs === 0) return true;
  context.count('gateway.origins.spared');
  state.pendingAsk = why;
  context.after(TURN_TIMER, waitMs);
  return false;
}

/** Whatever a turn was waited for, the origin is being asked. */
export function turnTaken(state: RequestState, context: Turn): void {
  if (state.pendingAsk !== undefined) context.cancel(TURN_TIMER);
  state.pendingAsk = undefined;
}

/** A request of the gateway's own, along the client's route. */
export function askOwn(
  state: RequestState,
  purpose: 'next' | 'gone' | 'filter',
  own: OwnRequest,
  body: Uint8Array,
  context: Turn,
): void {
  ask(state, { purpose, at: 0, body: { kind: 'bytes', bytes: body }, own }, context);
}

/** [GRIP-TARGET-1] True when the next target is being asked instead. */
export function askNextTarget(state: RequestState, question: Question, context: Turn): boolean {
  const at = question.at + 1;
  const target = state.admitted.route.targets[at];
  if (target === undefined || question.own?.elsewhere !== undefined) return false;
  if (target.kind === 'test' && question.purpose !== 'request') return false;
  ask(state, { ...question, at }, context);
  return true;
}

/** [GRIP-TARGET-2] Only what was never sent may be sent to somebody else. */
export function mayAskElsewhere(why: OriginFailure, wasSent: boolean): boolean {
  return !wasSent && (why === 'refused' || why === 'connectTimeout' || why === 'tls');
}

export function targetOf(state: RequestState, { at }: Question): Target | undefined {
  return state.admitted.route.targets[at];
}

/** Lets go of what is being asked. */
export function abandon(state: RequestState, context: Turn): void {
  const { question } = state;
  if (question === undefined) return;
  state.question = undefined;
  const { edges } = state.admitted.gateway;
  context.send(edges.gateway, { type: 'abandon', owner: context.self, ref: question.ref });
}

function ask(state: RequestState, fresh: Fresh, context: Turn): void {
  const { admitted } = state;
  const target = admitted.route.targets[fresh.at];
  if (target === undefined) return;
  if (target.kind === 'test') {
    state.question = undefined;
    state.answeredBy = fresh.at;
    context.send(context.self, { type: 'testAsked' });
    return;
  }
  state.refs += 1;
  const question = { ...fresh, ref: state.refs, answer: undefined };
  state.question = question;
  const {
    target: path,
    headers,
    areHeadersKept,
    signature,
  } = forwardedFor(state, question, target);
  context.send(admitted.gateway.edges.gateway, {
    type: 'fetch',
    ref: question.ref,
    owner: context.self,
    origin: question.own?.elsewhere?.origin ?? originOf(admitted, target),
    method: methodOf(state, question),
    target: path,
    headers,
    areHeadersKept,
    body: question.body,
    signature,
    // A client may be waiting for the end of these, and the origin's own time is long.
    timeoutMs:
      question.purpose === 'filter' || question.purpose === 'gone' ? OWN_TIMEOUT_MS : undefined,
  });
}

function forwardedFor(state: RequestState, { own }: Question, target: Target): Forwarded {
  if (own !== undefined) return forwardOwn(state.admitted, target, own);
  return forward(state.admitted, target, lastIdsOf(state));
}

/** What a hold has seen, as the origin wrote the channels. */
export function lastIdsOf(state: RequestState): readonly (readonly [string, string])[] {
  const ids: (readonly [string, string])[] = [];
  for (const { shortName, lastId } of state.hold?.channels.values() ?? []) {
    if (lastId !== undefined) ids.push([shortName, lastId]);
  }
  const { instruct } = state.hold ?? {};
  // What is not held is not followed, but the next link is told of it.
  for (const { name, prevId } of instruct?.hold === 'none' ? instruct.channels : []) {
    if (prevId !== undefined) ids.push([name, prevId]);
  }
  return ids;
}

/** [GRIP-SEQ-5] The same as headers. */
export function lastIdHeaders(state: RequestState): HeaderList {
  const lines = lastIdsOf(state).map(([channel, id]) =>
    headerLine('Grip-Last', `${channel}; last-id=${id}`),
  );
  return lines.filter((line) => line !== undefined);
}

function methodOf({ admitted }: RequestState, { purpose }: Question): string {
  if (purpose === 'request') return admitted.request.method;
  return purpose === 'next' ? 'GET' : 'POST';
}

export const TURN_TIMER = 'turn';
const OWN_TIMEOUT_MS = 10_000;
