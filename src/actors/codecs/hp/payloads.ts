// What each type of message has in its payload, and what is said when it has something else.
// Refuses to know sessions: whether a message is allowed now was judged before its payload is read.
// Obeys spec/hp.md, section "Messages".

import { utf8Length } from '../utf8-text.ts';
import type { ClientType, Envelope } from './envelope.ts';
import { Fields } from './fields.ts';
import type { Refused } from './mistakes.ts';
import { isRoomName, isUserName, userKey } from './names.ts';
import type { Credentials, GivenPlace, HpRequest, Page, Status } from './requests.ts';
import { checkValues } from './strict-json.ts';

export interface PayloadLimits {
  readonly bodyBytesMax: number;
}

const PAGE_MAX = 100;
const REFS_MAX = 100;
const USERS_MAX = 100;
const ROOMS_MAX = 1_000;
const statuses: readonly Status[] = ['online', 'busy', 'away'];
const idForm = /^[A-Za-z0-9._:-]{1,64}$/;

/** The request of an envelope that is good so far. */
export function readPayload(
  envelope: Envelope,
  limits: PayloadLimits,
): { readonly ok: true; readonly request: HpRequest } | Refused {
  const mistake = checkValues(envelope.payload);
  if (mistake !== undefined) return mistake;
  const fields = new Fields(envelope.payload);
  const request = read(envelope.type, fields, envelope.dataText, limits);
  return fields.mistake === undefined
    ? { ok: true, request }
    : { ok: false, mistake: fields.mistake };
}

function read(
  type: ClientType,
  fields: Fields,
  dataText: string | undefined,
  { bodyBytesMax }: PayloadLimits,
): HpRequest {
  switch (type) {
    case 'HELLO':
      fields.optionalText('agent', 128);
      return { type, caps: fields.caps(), versions: fields.list('versions', 16, () => true) };
    case 'LOGIN':
      return {
        type,
        user: fields.user('user'),
        auth: credentials(fields),
        caps: fields.caps(),
        device: fields.optionalText('device', 64),
        status: fields.oneOf('status', statuses) ?? 'online',
      };
    case 'RESUME':
      return { type, token: fields.text('token', 512), rooms: places(fields) };
    case 'LOGOUT':
    case 'BYE':
      return { type, reason: fields.optionalText('reason', 128) };
    case 'PING':
      return { type, echo: fields.optionalText('echo', 64) };
    case 'PONG':
    case 'WHOAMI':
    case 'STATS':
      return { type };
    case 'JOIN': {
      const room = fields.room('room');
      const history = fields.inner('history');
      const historyMax = history.whole('limit', 0, PAGE_MAX) ?? 0;
      fields.mistake ??= history.mistake;
      return { type, room, historyMax };
    }
    case 'LEAVE':
      return { type, room: fields.room('room') };
    case 'ROOM_LIST':
      return {
        type,
        prefix: fields.optionalText('prefix', 64) ?? '',
        page: page(fields, isRoomName),
      };
    case 'ROOM_MEMBERS':
      return { type, room: fields.room('room'), page: page(fields, isUserName) };
    case 'ROOM_MESSAGE':
      return { type, room: fields.room('room'), body: body(fields, bodyBytesMax), dataText };
    case 'DIRECT_MESSAGE':
      return { type, to: fields.user('to'), body: body(fields, bodyBytesMax), dataText };
    case 'ACK':
      return { type, refs: refs(fields) };
    case 'RECEIPT':
      return {
        type,
        ref: reference(fields),
        to: fields.user('to'),
        state: fields.needed('state', fields.oneOf('state', ['delivered', 'read']), 'read'),
      };
    case 'PRESENCE_SET':
      return {
        type,
        status: fields.needed('status', fields.oneOf('status', statuses), 'online'),
        note: fields.optionalText('note', 128),
      };
    case 'PRESENCE_SUBSCRIBE':
    case 'PRESENCE_UNSUBSCRIBE':
    case 'PRESENCE_QUERY': {
      const users = fields.list('users', USERS_MAX, isUserName);
      if (!fields.has('users')) fields.needed('users', undefined, '');
      // [HP-NAME-1]
      return { type, users: [...new Map(users.map((user) => [userKey(user), user])).values()] };
    }
    case 'HISTORY':
      return {
        type,
        of: either(fields, 'with') ? { with: fields.user('with') } : { room: fields.room('room') },
        after: fields.whole('after', 0, Number.MAX_SAFE_INTEGER),
        before: fields.whole('before', 0, Number.MAX_SAFE_INTEGER),
        limit: fields.whole('limit', 1, PAGE_MAX) ?? 50,
      };
    case 'TYPING':
      return {
        type,
        in: either(fields, 'to') ? { to: fields.user('to') } : { room: fields.room('room') },
        on: fields.yesOrNo('on'),
      };
    default:
      return type satisfies never;
  }
}

/** One of two fields, and not both. */
function either(fields: Fields, other: 'with' | 'to'): boolean {
  const [hasRoom, hasOther] = [fields.has('room'), fields.has(other)];
  if (hasRoom && hasOther) fields.refuse(other, `Give either room or ${other}, not both.`);
  if (!hasRoom && !hasOther)
    fields.refuse('room', `The field room is missing, or ${other}.`, 'MISSING_FIELD');
  return hasOther;
}

/** [HP-LOGIN-2] Without `auth` nothing is proved. */
function credentials(fields: Fields): Credentials {
  const auth = fields.inner('auth');
  const method = fields.has('auth') ? auth.text('method', 64) : 'none';
  const password = method === 'password' ? auth.text('password', 1_024) : '';
  const token = method === 'token' ? auth.text('token', 8_192) : '';
  fields.mistake ??= auth.mistake;
  return { method, password, token };
}

/** [HP-RES-7] */
function places(fields: Fields): ReadonlyMap<string, GivenPlace> {
  const rooms = new Map<string, GivenPlace>();
  const entries = fields.entries('rooms');
  if (entries.length > ROOMS_MAX) fields.refuse('rooms', `rooms has at most ${ROOMS_MAX} entries.`);
  for (const [room, value] of entries) {
    const place = placeOf(value);
    if (!isRoomName(room)) fields.refuse('rooms', 'rooms names rooms.', 'INVALID_ROOM');
    else if (place === undefined)
      fields.refuse('rooms', 'rooms has a seq for each, or {"epoch","seq"}.');
    else rooms.set(room, place);
  }
  return rooms;
}

function placeOf(value: unknown): GivenPlace | undefined {
  if (typeof value === 'number') return value < 0 ? undefined : { seq: value, epoch: undefined };
  if (typeof value !== 'object' || value === null) return undefined;
  const { seq, epoch } = value as { readonly seq?: unknown; readonly epoch?: unknown };
  const isPlace = typeof seq === 'number' && typeof epoch === 'number' && seq >= 0 && epoch >= 1;
  return isPlace ? { seq, epoch } : undefined;
}

/** [HP-MSG-3] */
function body(fields: Fields, bodyBytesMax: number): string {
  const text = fields.text('body', Number.MAX_SAFE_INTEGER, 'body is a text.');
  if (fields.mistake !== undefined) return text;
  if (text === '') fields.refuse('body', 'The body is empty.', 'BODY_EMPTY');
  else if (text.length > bodyBytesMax || utf8Length(text) > bodyBytesMax)
    fields.refuse('body', `The body has at most ${bodyBytesMax} bytes.`, 'BODY_TOO_LONG');
  return text;
}

function reference(fields: Fields): string {
  const ref = fields.text('ref', 64);
  if (!idForm.test(ref)) fields.refuse('ref', 'ref is the id of a message.');
  return ref;
}

function refs(fields: Fields): readonly string[] {
  const list = fields.list('refs', REFS_MAX, (text) => idForm.test(text));
  return fields.has('refs') && !fields.has('ref') ? list : [...list, reference(fields)];
}

function page(fields: Fields, isName: (text: string) => boolean): Page {
  const limit = fields.whole('limit', 1, PAGE_MAX) ?? PAGE_MAX;
  const after = fields.optionalText('after', 64);
  if (after !== undefined && !isName(after)) fields.refuse('after', 'after is a name.');
  return { limit, after };
}
