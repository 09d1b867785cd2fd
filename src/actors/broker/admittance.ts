// What a request shows before it is let in: its token, its page's origin, and the headers that answer it.
// Refuses to know signatures (the auth edge checks them) and what the request wants.
// Obeys spec/broker.md, sections "Doors" and "Browsers".

import type { BrokerWire } from '../codecs/broker-wire.ts';
import type { Address } from '../runtime/actor.ts';
import type { Edges, Receipt, RequestHead } from '../runtime/edges.ts';
import type { RouterRequest } from '../routing/router-messages.ts';
import type { BrokerOptions } from './broker-options.ts';

/** What every session of a door shares. */
export interface DoorContext {
  readonly options: BrokerOptions;
  readonly edges: Edges;
  readonly router: Address<RouterRequest | Receipt>;
  /** How sessions read and write. */
  readonly wire: BrokerWire;
}

/** [BROKER-AUTH-1] The token, from `Authorization: Bearer`, the subprotocol `bearer.<token>`, or the query's `access_token`. */
export function tokenOf(
  head: RequestHead,
  subprotocols: readonly string[] = [],
): string | undefined {
  const bearer = /^bearer +(\S+)$/i.exec(head.headers['authorization'] ?? '')?.[1];
  if (bearer !== undefined) return bearer;
  const offered = subprotocols.find((subprotocol) => subprotocol.startsWith(BEARER_SUBPROTOCOL));
  if (offered !== undefined) return offered.slice(BEARER_SUBPROTOCOL.length);
  return new URLSearchParams(head.query).get('access_token') ?? undefined;
}

export const BEARER_SUBPROTOCOL = 'bearer.';

/** [BROKER-DOOR-3] False when an allow-list is set and the request comes from a page that is not on it, nor of this door. */
export function isOriginAllowed({ options }: DoorContext, head: RequestHead): boolean {
  return options.allowedOrigins.length === 0 || isOriginKnown(options, head);
}

/** [BROKER-CORS-3] Pages publish over HTTP only when they are of this door, or on the list: no list means no pages. */
export function mayPageWrite({ options }: DoorContext, head: RequestHead): boolean {
  return isOriginKnown(options, head);
}

function isOriginKnown({ allowedOrigins }: BrokerOptions, head: RequestHead): boolean {
  const { origin, host } = head.headers as { readonly origin?: string; readonly host?: string };
  if (origin === undefined || allowedOrigins.includes('*') || allowedOrigins.includes(origin))
    return true;
  // [BROKER-CORS-4] Whoever has a name may lead it here, but has no certificate for what is found here.
  return origin === `https://${host}` || (origin === `http://${host}` && UNLED.test(host ?? ''));
}

/** Hosts that are no names, or that browsers find on their own machine. */
const UNLED = /^(?:localhost|\d+(?:\.\d+){3}|\[[\da-f:.]+\])(?::\d+)?$/i;

/** [BROKER-CORS-1] The headers that let an allowed page read the answer; none for others. */
export function corsHeaders(
  { options }: DoorContext,
  head: RequestHead,
): Readonly<Record<string, string>> {
  const { origin } = head.headers as { readonly origin?: string };
  const { allowedOrigins } = options;
  if (origin === undefined || allowedOrigins.length === 0) return {};
  if (allowedOrigins.includes('*')) return { 'access-control-allow-origin': '*' };
  if (!allowedOrigins.includes(origin)) return { vary: 'Origin' };
  return { 'access-control-allow-origin': origin, vary: 'Origin' };
}

/** A JSON answer with a sentence for people in it. */
export function jsonAnswer(
  status: number,
  body: object,
  headers: Readonly<Record<string, string>> = {},
): Answer {
  return {
    status,
    headers: {
      'content-type': 'application/json; charset=utf-8',
      'cache-control': 'no-store',
      ...headers,
    },
    body: `${JSON.stringify(body)}\n`,
  };
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export function errorAnswer(
  status: number,
  error: string,
  headers: Readonly<Record<string, string>> = {},
): Answer {
  return jsonAnswer(status, { error }, headers);
}

/** [BROKER-AUTH-5] A token that nobody judged in time lets nobody in. */
export function noVerdict(): Answer {
  return errorAnswer(503, 'The token was not judged in time.', { 'retry-after': '5' });
}

export const VERDICT_TIMEOUT_MS = 10_000;

/** [BROKER-AUTH-2] The answer to one whose token is missing or bad. */
export function unauthorized(reason: string): Answer {
  return errorAnswer(401, reason, { 'www-authenticate': 'Bearer' });
}
