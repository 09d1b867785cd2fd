// Sessions as one node tells another: one object for each, or columns, which name once what all of them have and are read
// in half the time. What is unusual about either is left to whoever reads field by field.
// Refuses to know whose they are. Obeys spec/hp-peer.md, sections "Messages" and "Owners and copies".

import { isUserName } from '../hp/names.ts';
import type { Status } from '../hp/requests.ts';
import type { JsonObject } from '../hp/strict-json.ts';
import type { SessionTold } from './peer-messages.ts';

export const SESSIONS_MAX = 10_000;

export const statuses: readonly Status[] = ['online', 'away', 'busy'];

export function isWhole(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

/** [HP-REPL-10] Columns that nobody needs are left out. */
export function inColumns(sessions: readonly SessionTold[]): JsonObject {
  const column = (key: keyof SessionTold): unknown[] =>
    sessions.map((told) => (told[key] === undefined ? null : told[key]));
  const isTold = (key: 'note' | 'since'): boolean =>
    sessions.some((told) => told[key] !== undefined);
  return {
    session: column('session'),
    user: column('user'),
    status: column('status'),
    ...(isTold('note') ? { note: column('note') } : {}),
    lamport: column('lamport'),
    ...(isTold('since') ? { since: column('since') } : {}),
  };
}

/** Undefined when a column is missing, too short or too long, or anything in one is wrong. */
export function fromColumns(columns: JsonObject): readonly SessionTold[] | undefined {
  const { session, user, status, note, lamport, since } = columns;
  if (!isColumn(session, undefined) || session.length > SESSIONS_MAX) return undefined;
  const { length } = session;
  if (!isColumn(user, length) || !isColumn(status, length) || !isColumn(lamport, length))
    return undefined;
  if (note !== undefined && !isColumn(note, length)) return undefined;
  if (since !== undefined && !isColumn(since, length)) return undefined;
  const all: SessionTold[] = [];
  for (let at = 0; at < length; at += 1) {
    const told = {
      session: session[at],
      user: user[at],
      status: status[at],
      note: note?.[at] ?? undefined,
      lamport: lamport[at],
      since: since?.[at] ?? undefined,
    };
    if (!isSession(told)) return undefined;
    all.push(told);
  }
  return all;
}

function isColumn(value: unknown, length: number | undefined): value is readonly unknown[] {
  return Array.isArray(value) && (length === undefined || value.length === length);
}

/** Objects, as they came, when each of them has what it should and nothing else. */
export function plainSessions(sessions: readonly unknown[]): readonly SessionTold[] | undefined {
  if (sessions.length > SESSIONS_MAX) return undefined;
  for (const told of sessions) if (!isPlain(told)) return undefined;
  return sessions as readonly SessionTold[];
}

function isPlain(told: unknown): boolean {
  if (typeof told !== 'object' || told === null || !isSession(told)) return false;
  const { note, since } = told;
  let members = 4 + (note === undefined ? 0 : 1) + (since === undefined ? 0 : 1);
  // What JSON.parse makes inherits nothing that could be enumerated.
  for (const _ in told) members -= 1;
  return members === 0;
}

function isSession(told: { readonly [K in keyof SessionTold]?: unknown }): told is SessionTold {
  const { session, user, status, note, lamport, since } = told;
  if (typeof session !== 'string' || session.length > 128) return false;
  if (typeof user !== 'string' || !isUserName(user)) return false;
  if (!statuses.includes(status as Status)) return false;
  if (note !== undefined && (typeof note !== 'string' || note.length > 512)) return false;
  return isWhole(lamport) && (since === undefined || isWhole(since));
}
