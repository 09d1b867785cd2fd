// What WebSocket sessions and event streams have in common: how they are let in, and every way in which they end.
// The close codes are those of spec/broker.md "Close codes"; those of the framing itself (1002, 1007, 1009) and of
// shutdown (1001, 1012) are the web edge's. Refuses to know what a session says while it is open.

import type { Context } from '../runtime/actor.ts';
import type { ConnectionId, TokenVerdict } from '../runtime/edges.ts';
import { type Answer, type DoorContext, unauthorized, VERDICT_TIMEOUT_MS } from './admittance.ts';
import { sessionLife, type SessionEvent, type SessionState } from './broker.machine.ts';

export interface Session {
  readonly door: DoorContext;
  readonly connection: ConnectionId;
  life: SessionState;
}

/** Only sessions and requests that may be told verdicts use these. */
type Turn = Context<TokenVerdict>;

export const closeCodes = {
  /** [BROKER-CLOSE-1] */
  internalError: { code: 1011, reason: 'internal error' },
  /** [BROKER-CLOSE-2] The queue or the patience for a slow reader is used up. */
  tooSlow: { code: 1013, reason: 'too slow' },
  /** [BROKER-CLOSE-3] */
  pongTimeout: { code: 1011, reason: 'ping timeout' },
  /** The node has no room for another topic; event streams only, which show no code. */
  tooManyTopics: { code: 1013, reason: 'too many topics' },
  /** [BROKER-CLOSE-4] */
  tokenExpired: { code: 4401, reason: 'token expired' },
} as const;

export function advance(session: Session, event: SessionEvent): void {
  session.life = sessionLife.next(session.life, event) ?? session.life;
}

/** Has a token judged; the verdict comes as a message, or the timer `verdict` instead. */
export function askVerdict(door: DoorContext, token: string, context: Turn): void {
  context.send(door.edges.auth, { type: 'verify', token, ref: 0, replyTo: context.self });
  context.after('verdict', VERDICT_TIMEOUT_MS);
}

/** Lets nobody in. */
export function refuse(
  session: Session,
  answer: Answer,
  context: Turn,
  headers: Readonly<Record<string, string>> = {},
): void {
  const { connection, door } = session;
  const all = { ...headers, ...answer.headers };
  context.send(door.edges.web, { type: 'respond', connection, ...answer, headers: all });
  end(session, 'refused', context);
}

export const refusalFor = (verdict: { readonly reason: string } | undefined): Answer =>
  unauthorized(verdict?.reason ?? 'A token is needed.');

/** The session is over: nothing of it is left in the router. */
export function end(session: Session, event: SessionEvent, context: Turn): void {
  advance(session, event);
  context.send(session.door.router, { type: 'leave', connection: session.connection });
  context.stop();
}

/** Closes the connection from this side; `closed` follows from the edge. */
export function giveUp(
  session: Session,
  why: { readonly code: number; readonly reason: string },
  context: Turn,
): void {
  if (session.life !== 'open') return;
  advance(session, 'gaveUp');
  abandon(session, why, context);
}

/** After a bug: what the failed turn did to the state is not to be trusted, so both are said in any state. */
export function sayLastWords(session: Session, context: Turn): void {
  abandon(session, closeCodes.internalError, context);
}

function abandon(
  { connection, door }: Session,
  why: { readonly code: number; readonly reason: string },
  context: Turn,
): void {
  context.send(door.edges.web, { type: 'close', connection, ...why });
  context.send(door.router, { type: 'leave', connection });
}
