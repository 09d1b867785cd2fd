// What a client says to be let in, and what it makes of being turned away: where its token stands, what it asks for,
// and the answer as it came. Refuses to judge whether it should have been let in.

import type { WireHead, WireWord } from '../../edges/network.ts';
import type { Asked, Token } from '../../trace.ts';
import type { Client } from '../client.ts';
import type { ClientPlan } from '../client-plan.ts';

const NO_BYTES = new Uint8Array(0);

/** The first words of a WebSocket or an event stream. */
export function greeting(client: Client): WireWord {
  const { plan, world } = client;
  if (plan.transport === 'sse')
    return {
      word: 'request',
      head: withToken(client.sse.head(), plan, world.isSettling),
      body: NO_BYTES,
    };
  const subprotocol = subprotocolOf(plan, world.isSettling);
  const head = { method: 'GET', path: '/ws', query: '', headers: {} };
  return {
    word: 'upgrade',
    head: withToken(head, plan, world.isSettling),
    subprotocols: subprotocol === undefined ? [] : ['hermes', subprotocol],
  };
}

/** [BROKER-AUTH-1] In the header, or else in the query; some show another where the first one counts. */
export function withToken(head: WireHead, plan: ClientPlan, isSettling: boolean): WireHead {
  const shown = shownBy(plan, isSettling);
  if (shown === undefined) return head;
  if (placeOf(plan) === 'header') {
    const query = plan.client % 2 === 0 ? head.query : queryWith(head.query, NO_TOKEN);
    return { ...head, query, headers: { ...head.headers, authorization: `Bearer ${shown}` } };
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
  const { subscribe, publish, expiresInMs }: Token = token;
  const claims = { subscribe, publish, expiresInMs: isSettling ? undefined : expiresInMs };
  return encodeURIComponent(JSON.stringify(claims));
}

function queryWith(query: string, token: string): string {
  return `${query === '' ? '' : `${query}&`}access_token=${encodeURIComponent(token)}`;
}

const NO_TOKEN = 'no-token';
