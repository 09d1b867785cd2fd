// What a request shows before it is let in: its token, its page's origin, and the headers that answer it.
// Refuses to know signatures (the auth edge checks them) and what the request wants.
// Obeys spec/broker.md, sections "Doors" and "Browsers".

import type { Address } from '../runtime/actor.ts';
import type { Edges, Receipt, RequestHead } from '../runtime/edges.ts';
import type { RouterRequest } from '../routing/router-messages.ts';
import type { BrokerOptions } from './broker-options.ts';

/** What every session of a door shares. */
export interface DoorContext {
  readonly options: BrokerOptions;
  readonly edges: Edges;
  readonly router: Address<RouterRequest | Receipt>;
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

/** [BROKER-DOOR-3] False when an allow-list is set, the request comes from a page, and the page's origin is not on it. */
export function isOriginAllowed({ options }: DoorContext, head: RequestHead): boolean {
  const { origin } = head.headers as { readonly origin?: string };
  const { allowedOrigins } = options;
  if (origin === undefined || allowedOrigins.length === 0) return true;
  return allowedOrigins.includes('*') || allowedOrigins.includes(origin);
}

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

/** [BROKER-AUTH-2] The answer to one whose token is missing or bad. */
export function unauthorized(reason: string): Answer {
  return errorAnswer(401, reason, { 'www-authenticate': 'Bearer' });
}
