// What the answers to requests say that change nothing in the client: who is where, what was said, what became of a word.
// Refuses to know connections. Obeys spec/hp.md, section "Messages".

import type { JsonObject } from '../actors/codecs/hp/strict-json.ts';
import type { Payload } from '../actors/codecs/hp/writing.ts';
import { type Happening, numberIn, objectsIn, type Place, textIn } from './happenings.ts';
import type { Request } from './asking.ts';

/** What an answer tells; `timestamp` is the server's, in seconds. */
export function happeningsIn(
  request: Request,
  type: string,
  payload: JsonObject,
  timestamp: number,
): readonly Happening[] {
  const room = textIn(request.payload, 'room');
  switch (type) {
    case 'ACK': {
      const place = placeOf(request);
      if (place === undefined) return [{ kind: 'done', what: request.type }];
      const body = textIn(request.payload, 'body');
      return [{ kind: 'sent', place, status: textIn(payload, 'status'), body, timestamp }];
    }
    case 'LEAVE_OK':
      return [{ kind: 'left', room }];
    case 'ROOM_LIST_OK': {
      const rooms = objectsIn(payload, 'rooms');
      return [
        { kind: 'rooms', count: rooms.length, hasMore: payload['more'] === true },
        ...rooms.map((one) => ({
          ...{ kind: 'room' as const, room: textIn(one, 'room') },
          count: numberIn(one, 'count') ?? 0,
        })),
      ];
    }
    case 'ROOM_MEMBERS_OK':
      return [
        { kind: 'members', room, count: numberIn(payload, 'count') ?? 0 },
        ...objectsIn(payload, 'members').map((one) => ({
          ...{ kind: 'member' as const, room, user: textIn(one, 'user') },
          status: textIn(one, 'status'),
        })),
      ];
    case 'PRESENCE_STATE':
      return objectsIn(payload, 'users').map(presenceOf);
    case 'HISTORY_OK':
      return objectsIn(payload, 'messages').map((one) => ({
        ...{ kind: 'past', place: placeOf(request) ?? '', from: textIn(one, 'from') },
        ...{ body: textIn(one, 'body'), timestamp: numberIn(one, 'timestamp') ?? 0 },
      }));
    default:
      return [];
  }
}

/** What the server tells unasked. */
export function eventIn(
  type: 'ROOM_EVENT' | 'PRESENCE_EVENT' | 'NOTICE',
  payload: JsonObject,
): Happening {
  if (type === 'PRESENCE_EVENT') return presenceOf(payload);
  if (type === 'NOTICE')
    return { kind: 'notice', code: textIn(payload, 'code'), text: textIn(payload, 'message') };
  const room = textIn(payload, 'room');
  const user = textIn(payload, 'user');
  const event = textIn(payload, 'event');
  const count = numberIn(payload, 'count') ?? 0;
  if (event === 'join') return { kind: 'came', room, user, count };
  return event === 'leave' ? { kind: 'went', room, user, count } : { kind: 'counted', room, count };
}

function presenceOf(payload: JsonObject): Happening {
  const user = textIn(payload, 'user');
  return {
    kind: 'presence',
    user,
    status: textIn(payload, 'status'),
    note: textIn(payload, 'note'),
  };
}

/** What a user is, in one word. */
export function wordOf({ status, note }: Extract<Happening, { kind: 'presence' }>): string {
  return `${status} ${note}`;
}

/** Where something is said. */
export function placeIn(payload: Payload): Place {
  return textIn(payload, 'room') || `@${textIn(payload, 'to')}`;
}

/** Where something is said or looked at; undefined for requests that are about nothing of the kind. */
function placeOf({ type, payload }: Request): Place | undefined {
  if (type === 'ROOM_MESSAGE') return textIn(payload, 'room');
  if (type === 'DIRECT_MESSAGE') return `@${textIn(payload, 'to')}`;
  if (type !== 'HISTORY') return undefined;
  const user = textIn(payload, 'with');
  return user === '' ? textIn(payload, 'room') : `@${user}`;
}

/** A request in a few words, for when it is refused. */
export function wordsFor({ type, payload }: Request): string {
  const body = textIn(payload, 'body');
  if (body !== '') return body;
  const about = textIn(payload, 'room') || textIn(payload, 'with');
  return about === '' ? type : `${type} ${about}`;
}
