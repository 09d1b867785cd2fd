// What a client says to be let in, and what it makes of being turned away: where its token stands, what it asks for,
// and the answer as it came. Refuses to judge whether it should have been let in.

import type { WireWord } from '../../edges/network.ts';
import type { AcceptedWord, WireHead } from '../../edges/doors/heads.ts';
import type { Asked, Token } from '../../trace.ts';
import { PAGE } from '../../plan/settings.ts';
import type { Client } from '../client.ts';
import { correctedGrant, shakeOf } from './handshakes.ts';
import type { ClientPlan } from '../client-plan.ts';

const NO_BYTES = new Uint8Array(0);

/** The first words of a WebSocket or an event stream. */
export function greeting(client: Client, turn: number): WireWord {
  const { plan, world } = client;
  if (plan.transport === 'sse')
    return {
      word: 'request',
      head: withToken(withPage(client.sse.head(), client), plan, world.isSettling),
      body: NO_BYTES,
    };
  const subprotocol = subprotocolOf(plan, world.isSettling);
  const offered = subprotocol === undefined ? [] : ['hermes', subprotocol];
  const headers = shakeOf(turn, offered, mayDeflate(plan));
  const head = { method: 'GET', path: '/ws', query: '', headers };
  return {
    word: 'upgrade',
    head: withToken(withPage(head, client), plan, world.isSettling),
  };
}

/** Lets it in, in the words that its handshake is owed. */
export function granted(
  client: Client,
  { head = new Uint8Array(0) }: AcceptedWord,
  turn: number,
  subprotocol: string | undefined,
): void {
  const correction = correctedGrant(head, turn, subprotocol, mayDeflate(client.plan));
  if (correction !== undefined) client.misworded(decoder.decode(head), correction);
}

const decoder = new TextDecoder();

/** Whoever breaks rules has no deflate, in which another bit may be set. */
function mayDeflate({ behaviour }: ClientPlan): boolean {
  return behaviour !== 'malformed';
}

/** [BROKER-AUTH-1] In the header, or else in the query; some show another where the first one counts. */
export function withToken(head: WireHead, plan: ClientPlan, isSettling: boolean): WireHead {
  const shown = shownBy(plan, isSettling);
  if (shown === undefined) return head;
  if (placeOf(plan) === 'header') {
    const query = plan.client % 2 === 0 ? head.query : queryWith(head.query, NO_TOKEN);
    // Schemes are the same in any case of letters.
    const authorization = `${plan.client % 5 === 0 ? 'bearer' : 'Bearer'} ${shown}`;
    return { ...head, query, headers: { ...head.headers, authorization } };
  }
  if (placeOf(plan) === 'subprotocol')
    return plan.client % 2 === 0 ? head : { ...head, query: queryWith(head.query, NO_TOKEN) };
  return { ...head, query: queryWith(head.query, shown) };
}

/** The one that must be chosen of those that are offered. */
export function subprotocolOf(plan: ClientPlan, isSettling: boolean): string | undefined {
  const shown = shownBy(plan, isSettling);
  return shown === undefined || placeOf(plan) !== 'subprotocol' ? undefined : `bearer.${shown}`;
}

/** Lets nobody in: recorded with all that a client sees of it. */
export function turnedAway(
  client: Client,
  { status, headers, body }: Extract<WireWord, { readonly word: 'response' }>,
  asked: Asked,
  topics: readonly string[],
): void {
  const { transport } = client.plan;
  const error = errorOf(body);
  client.world.trace.add({
    ...client.at(),
    kind: 'turnedAway',
    transport,
    asked,
    topics,
    status,
    error,
    headers,
    ...client.met(),
    askedAt: client.connection?.met.askedAt ?? 0,
  });
}

function errorOf(body: string): string {
  try {
    const { error } = JSON.parse(body) as { readonly error?: unknown };
    return typeof error === 'string' ? error : body;
  } catch {
    return body;
  }
}

type Place = 'header' | 'subprotocol' | 'query';

function placeOf({ client, transport }: ClientPlan): Place {
  const places: readonly Place[] = ['header', 'query', 'subprotocol'];
  return places[client % (transport === 'ws' ? 3 : 2)] as Place;
}

/** Whoever settles comes with a token that lasts. */
function shownBy({ token }: ClientPlan, isSettling: boolean): string | undefined {
  if (token === undefined || token.flaw === 'missing') return undefined;
  if (token.flaw === 'broken') return NO_TOKEN;
  const { subscribe, publish, expiresInMs, judgedAfterMs }: Token = token;
  const passing = isSettling ? {} : { expiresInMs, judgedAfterMs };
  const claims = { subscribe, publish, ...passing };
  return encodeURIComponent(JSON.stringify(claims));
}

function queryWith(query: string, token: string): string {
  return `${query === '' ? '' : `${query}&`}access_token=${encodeURIComponent(token)}`;
}

const NO_TOKEN = 'no-token';
/** [BROKER-AUTH-5] */
export const NO_VERDICT = 'The token was not judged in time.';

/** It shows a token that nobody judges in time. */
export function isUnjudged({ plan, world }: Client): boolean {
  const { flaw, judgedAfterMs = 0 } = plan.token ?? {};
  return flaw === undefined && judgedAfterMs > VERDICT_MS && !world.isSettling;
}

const VERDICT_MS = 10_000;

/** [BROKER-DOOR-3] [BROKER-CORS-4] Some come from pages: of the door itself, or on its list. Undefined for a program. */
function pageOf({ plan, world }: Client): Page | undefined {
  const { allowedOrigins } = world.options;
  const isListed = allowedOrigins.includes(PAGE) || allowedOrigins.includes('*');
  const page = PAGES[plan.client % PAGES_EVERY];
  return page?.origin === PAGE && !isListed ? undefined : page;
}

/** [BROKER-CORS-1] */
export function corsOf(client: Client): Readonly<Record<string, string>> {
  const { allowedOrigins } = client.world.options;
  const page = pageOf(client);
  if (page === undefined || allowedOrigins.length === 0) return {};
  if (allowedOrigins.includes('*')) return { 'access-control-allow-origin': '*' };
  const isListed = allowedOrigins.includes(page.origin);
  return { ...(isListed ? { 'access-control-allow-origin': page.origin } : {}), vary: 'Origin' };
}

export function withPage(head: WireHead, client: Client): WireHead {
  const page = pageOf(client);
  return page === undefined ? head : { ...head, headers: { ...head.headers, ...page } };
}

interface Page {
  readonly origin: string;
  readonly host: string;
}

const PAGES_EVERY = 9;
const PAGES: readonly (Page | undefined)[] = [
  undefined,
  { origin: 'https://door.example:8443', host: 'door.example:8443' },
  undefined,
  { origin: PAGE, host: 'door.example' },
  undefined,
  { origin: 'http://[::1]:8080', host: '[::1]:8080' },
  { origin: 'http://localhost', host: 'localhost' },
];
