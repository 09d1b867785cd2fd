// The last words that a client hears: whole answers, and the errors of the gateway's own, dressed for pages that asked
// across origins or by JSON-P. Refuses to know where an answer came from. Obeys spec/grip.md, section "Errors".

import { jsonpDefaults, type Target } from '../../codecs/grip/routes-file.ts';
import { type HeaderList, isNamedLike } from '../../codecs/grip/header-list.ts';
import { reasonOf } from '../../codecs/grip/reasons.ts';
import { encodeText } from '../../codecs/utf8-text.ts';
import type { ProxyRequested } from '../../runtime/gateway-edges.ts';
import { logRequest } from '../access-log.ts';
import { isCrossOrigin, isDebug } from '../forward.ts';
import { addCrossOrigin } from '../rewriting/cross-origin.ts';
import { readJsonp, wrapHeldJsonp, wrapJsonp } from '../rewriting/jsonp.ts';
import type { RequestState, Turn } from './request-state.ts';

export interface Answer {
  readonly status: number;
  readonly reason: string;
  readonly headers: HeaderList;
  readonly body: Uint8Array;
}

/** What a page that asked by JSON-P wants around its answer. */
export interface JsonpCall {
  readonly callback: string;
  readonly mode: 'basic' | 'extended';
}

/** A whole answer; `isHeld` when it ends a hold. */
export function answer(
  state: RequestState,
  said: Answer,
  isHeld: boolean,
  context: Turn,
  error?: string,
): void {
  const { admitted, connection, jsonp } = state;
  const wrap = isHeld ? wrapHeldJsonp : wrapJsonp;
  const wrapped = jsonp === undefined ? said : wrap(jsonp.callback, jsonp.mode, said);
  const { status, reason, body } = wrapped;
  // A script is read by any page.
  const headers = jsonp === undefined ? dressed(state, wrapped.headers) : wrapped.headers;
  const whole = { status, reason, headers, body };
  context.send(admitted.gateway.edges.gateway, { type: 'answer', connection, ...whole });
  // That it is held was told.
  if (!isHeld) {
    const logged = { code: status, bytes: body.byteLength, ...retryOf(state) };
    logRequest(admitted, targetAnswering(state), { ...logged, ...(error && { error }) }, context);
  }
}

/** The client is held from now on. */
export function logHeld(state: RequestState, isRetry: boolean, context: Turn): void {
  logRequest(state.admitted, targetAnswering(state), { isRetry }, context);
}

/** The origin's own answer has passed. */
export function logRelayed(state: RequestState, code: number, bytes: number, context: Turn): void {
  const logged = { code, bytes, ...retryOf(state) };
  logRequest(state.admitted, targetAnswering(state), logged, context);
}

function targetAnswering({ admitted, answeredBy }: RequestState): Target | undefined {
  return admitted.route.targets[answeredBy];
}

function retryOf({ hold }: RequestState): { readonly isRetry: boolean } {
  return { isRetry: hold !== undefined };
}

/** [GRIP-CORS-4] [GRIP-CORS-5] Headers as the client's page may read them. */
export function dressed({ admitted }: RequestState, headers: HeaderList): HeaderList {
  return isCrossOrigin(admitted) ? addCrossOrigin(admitted.request.headers, headers) : headers;
}

/** [GRIP-INSTR-5] [GRIP-CONF-3] An error of the gateway's own; the details are for whoever debugs the route. */
export function answerError(
  state: RequestState,
  status: number,
  sentence: string,
  details: string | undefined,
  context: Turn,
): void {
  const text = details !== undefined && isDebug(state.admitted) ? details : sentence;
  const said = errorAnswer(status, text);
  const told = state.jsonp === undefined ? said : withLength(said);
  answer(state, told, false, context, details ?? sentence);
}

/** [GRIP-CORS-5] For pages of other sites, where no route says otherwise how they are served. */
export function pageAnswer(request: ProxyRequested, said: Answer): Answer {
  const reading = readJsonp(request, jsonpDefaults);
  if (reading.kind === 'jsonp') return wrapJsonp(reading.callback, reading.mode, withLength(said));
  return { ...said, headers: addCrossOrigin(request.headers, said.headers) };
}

/** What a script tells of it is not framed by the edge. */
function withLength(said: Answer): Answer {
  const length = ['Content-Length', String(said.body.byteLength)] as const;
  return { ...said, headers: [...said.headers, length] };
}

export function errorAnswer(status: number, sentence: string): Answer {
  return {
    status,
    reason: reasonOf(status),
    headers: [['Content-Type', 'text/plain']],
    body: encodeText(`${sentence}\n`),
  };
}

/**
 * [GRIP-PUB-11] Published headers take the place of those that the origin gave of the same name. Each is looked at once:
 * a publisher may have thousands.
 */
export function mergedHeaders(stored: HeaderList, published: HeaderList): HeaderList {
  const sent = published.filter(([name]) => !isNamedLike(name, 'grip-'));
  const firsts = new Map<string, HeaderList[number]>();
  for (const line of sent.toReversed()) firsts.set(line[0].toLowerCase(), line);
  const placed = new Set<HeaderList[number]>();
  const headers = stored.flatMap((line) => {
    const first = firsts.get(line[0].toLowerCase());
    if (first === undefined) return [line];
    const isPlaced = placed.has(first);
    placed.add(first);
    return isPlaced ? [] : [first];
  });
  return [...headers, ...sent.filter((line) => !placed.has(line))];
}

/** Why no origin answered, for whoever debugs the route. */
export function detailsOf({ admitted }: RequestState, why: string): string {
  if (why === 'blocked') return 'Error: Origin host/IP blocked.';
  if (why === 'broken' || why === 'timeout') return `The origin failed: ${why}.`;
  const tried = admitted.route.targets.map(({ host, port }) => `${host}:${port}`).join(', ');
  return `Unable to connect to any targets. Tried: ${tried}`;
}

export const ORIGIN_ERROR = 'Error while proxying to origin.';
