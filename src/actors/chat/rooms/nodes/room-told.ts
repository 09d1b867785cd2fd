// What the keepers of one room on different nodes say to each other, read as strictly as a client's words.
// Refuses to know links. Obeys spec/hp-peer.md, section "Homes of rooms".

import { isRoomName, isSpeaker, isUserName } from '../../../codecs/hp/names.ts';
import type { Status } from '../../../codecs/hp/requests.ts';
import { isFields, isId, isJson } from '../../users/nodes/peer-words.ts';
import type { Member, Place, RoomAsk, RoomEntry, RoomReply } from '../room-messages.ts';

export type RoomTold =
  | { readonly say: 'ask'; readonly ref: number; readonly ask: RoomAsk }
  | { readonly say: 'answer'; readonly ref: number; readonly reply: RoomReply }
  /** The room's home is not here. */
  | { readonly say: 'moved'; readonly ref: number }
  /** How many of the speaking node sit in the room, and up to where they were told everything. */
  | {
      readonly say: 'seated';
      readonly count: number;
      readonly digest: number;
      /** Undefined of a node that does not tell it. */
      readonly place: Place | undefined;
    }
  | { readonly say: 'whoSits' }
  /** A keeper of the speaking node begins anew. */
  | { readonly say: 'lost' }
  | { readonly say: 'sitting'; readonly place: Place; readonly members: readonly Member[] }
  /** What is known of a room, to a home that is new. Without `more` it is all. */
  | {
      readonly say: 'adopt';
      /** The last that its members were told. */
      readonly place: Place;
      /** The last that it knows. */
      readonly last: Place;
      /** Whom the speaking node followed; empty when that is gone. */
      readonly former: string;
      readonly members: readonly Member[];
      /** Who was in the room when its home last said so. */
      readonly users: readonly string[];
      readonly entries: readonly RoomEntry[];
      readonly more: boolean;
    }
  /** What the speaking home knows and the other does not. */
  | { readonly say: 'missed'; readonly entries: readonly RoomEntry[]; readonly more: boolean }
  /** To be kept behind `from`; up to `place` nothing is missing then, and `last` is where the room is. */
  | {
      readonly say: 'keep';
      readonly from: Place;
      readonly place: Place;
      readonly last: Place;
      readonly entries: readonly RoomEntry[];
      /** Who is in the room; with the first piece of everything. */
      readonly users?: readonly string[];
    }
  /** To be kept, too: somebody came into the room, or left it. */
  | { readonly say: 'seat'; readonly user: string; readonly isIn: boolean }
  | { readonly say: 'kept'; readonly place: Place }
  /** What is before `from` is not here. */
  | { readonly say: 'behind' }
  | {
      readonly say: 'list';
      readonly ref: number;
      readonly prefix: string;
      readonly after: string | undefined;
      readonly limit: number;
    }
  | {
      readonly say: 'listed';
      readonly ref: number;
      readonly rooms: readonly (readonly [room: string, count: number])[];
      readonly more: boolean;
    };

type Fields = Readonly<Record<string, unknown>>;

/** Undefined for what is none. `node` is the one that says it. */
export function readRoomTold(value: unknown, room: string, node: string): RoomTold | undefined {
  if (!isFields(value)) return undefined;
  const { say, ref } = value;
  if (say === 'adopt' || say === 'missed') return readMemory(say, value, node);
  if (say === 'keep') return readKeep(value);
  if (say === 'kept') {
    const place = readPlace(value['place']);
    return place === undefined ? undefined : { say, place };
  }
  if (say === 'behind' || say === 'lost') return { say };
  if (say === 'seat') {
    const { user, isIn } = value;
    const isOne = typeof user === 'string' && isUserName(user) && typeof isIn === 'boolean';
    return isOne ? { say, user, isIn } : undefined;
  }
  if (say === 'whoSits') return { say };
  if (say === 'seated') {
    const { count, digest } = value;
    const place = readPlace(value['place']);
    return isWhole(count) && isWhole(digest) ? { say, count, digest, place } : undefined;
  }
  if (say === 'sitting') {
    const [place, members] = [readPlace(value['place']), readMembers(value['members'], node)];
    return place === undefined || members === undefined ? undefined : { say, place, members };
  }
  if (!isWhole(ref)) return undefined;
  if (say === 'moved') return { say, ref };
  if (say === 'ask') {
    const ask = readAsk(value['ask'], room, node);
    return ask === undefined ? undefined : { say, ref, ask };
  }
  if (say === 'list') {
    const { prefix, after, limit } = value;
    if (typeof prefix !== 'string' || !isWhole(limit)) return undefined;
    return { say, ref, prefix, after: typeof after === 'string' ? after : undefined, limit };
  }
  if (say === 'listed') {
    const rooms = readCounts(value['rooms']);
    return rooms === undefined ? undefined : { say, ref, rooms, more: value['more'] === true };
  }
  if (say !== 'answer') return undefined;
  const reply = readReply(value['reply'], room);
  return reply === undefined ? undefined : { say, ref, reply };
}

function readMemory(say: 'adopt' | 'missed', value: Fields, node: string): RoomTold | undefined {
  const entries = readEntries(value['entries']);
  const more = value['more'] === true;
  if (entries === undefined) return undefined;
  if (say === 'missed') return { say, entries, more };
  const [place, last] = [readPlace(value['place']), readPlace(value['last'])];
  const members = readMembers(value['members'], node);
  const { former } = value;
  if (place === undefined || last === undefined || members === undefined) return undefined;
  if (typeof former !== 'string') return undefined;
  return { say, place, last, former, members, users: readUsers(value['users']), entries, more };
}

function readKeep(value: Fields): RoomTold | undefined {
  const [from, place, last] = [value['from'], value['place'], value['last']].map(readPlace);
  const entries = readEntries(value['entries']);
  if (from === undefined || place === undefined || last === undefined) return undefined;
  if (entries === undefined) return undefined;
  return { say: 'keep', from, place, last, entries, users: readUsers(value['users']) };
}

function readUsers(value: unknown): readonly string[] {
  const names: readonly unknown[] = Array.isArray(value) ? value : [];
  return names.flatMap((one) => (typeof one === 'string' && isUserName(one) ? [one] : []));
}

function readMembers(value: unknown, node: string): readonly Member[] | undefined {
  if (!Array.isArray(value)) return undefined;
  return value.flatMap((one: unknown) => readMember(one, node) ?? []);
}

function readCounts(value: unknown): readonly (readonly [string, number])[] | undefined {
  if (!Array.isArray(value)) return undefined;
  return value.flatMap((one: unknown) => {
    const [room, count]: readonly unknown[] = Array.isArray(one) ? one : [];
    return typeof room === 'string' && isRoomName(room) && isWhole(count) ? [[room, count]] : [];
  });
}

function readAsk(value: unknown, room: string, node: string): RoomAsk | undefined {
  if (!isFields(value)) return undefined;
  const { type, session, shard, connection, ref = 0 } = value;
  const asked = { room, ref: Number(ref), replyTo: '' as never };
  if (type === 'join') {
    const { historyMax } = value;
    const member = readMember(value['member'], node);
    const [since, place] = [readPlace(value['since']), readPlace(value['place'])];
    if (member === undefined || !isWhole(historyMax)) return undefined;
    const known = place === undefined ? {} : { place };
    return { type, ...asked, member, historyMax, since, isMarked: false, ...known };
  }
  if (type === 'listMembers') {
    const { after, limit } = value;
    if (!isWhole(limit) || !(after === undefined || typeof after === 'string')) return undefined;
    return { type, ...asked, after, limit };
  }
  if (type === 'bridged') {
    const { from, id, body, dataText } = value;
    if (typeof from !== 'string' || !isSpeaker(from) || !isId(id)) return undefined;
    if (typeof body !== 'string' || !(dataText === undefined || isJson(dataText))) return undefined;
    return { type, room, from, id, body, dataText };
  }
  if (typeof session !== 'string') return undefined;
  const spoken = isWhole(shard) && isWhole(connection) ? { shard, connection } : undefined;
  switch (type) {
    case 'leave': {
      const { reason } = value;
      return { type, ...asked, session, reason: typeof reason === 'string' ? reason : undefined };
    }
    case 'say': {
      const { id, timestamp, body, dataText } = value;
      if (!isId(id) || !isWhole(timestamp) || typeof body !== 'string') return undefined;
      if (spoken === undefined || !(dataText === undefined || isJson(dataText))) return undefined;
      return { type, ...asked, ...spoken, session, id, timestamp, body, dataText };
    }
    case 'typing': {
      const { on } = value;
      if (spoken === undefined || typeof on !== 'boolean') return undefined;
      return { type, room, ...spoken, session, on };
    }
    case 'setStatus': {
      const status = statusOf(value['status']);
      return status === undefined ? undefined : { type, room, session, status };
    }
    case 'readHistory': {
      const { after, before, limit } = value;
      if (!isWhole(limit)) return undefined;
      return { type, ...asked, session, after: whole(after), before: whole(before), limit };
    }
    default:
      return undefined;
  }
}

function readMember(value: unknown, node: string): Member | undefined {
  if (!isFields(value)) return undefined;
  const { session, user, shard, connection } = value;
  const status = statusOf(value['status']);
  if (typeof session !== 'string' || typeof user !== 'string' || !isUserName(user))
    return undefined;
  if (status === undefined || !isWhole(shard) || !isWhole(connection)) return undefined;
  return { session, user, status, shard, connection, node };
}

function readReply(value: unknown, room: string): RoomReply | undefined {
  if (!isFields(value)) return undefined;
  const { type, seq, epoch, count, more } = value;
  const isTrue = (key: string): boolean => value[key] === true;
  const ref = 0;
  switch (type) {
    case 'joined': {
      const entries = readEntries(value['entries']);
      if (!isWhole(seq) || !isWhole(epoch) || !isWhole(count) || entries === undefined)
        return undefined;
      return { type, ref, room, seq, epoch, count, entries, hasGap: isTrue('hasGap') };
    }
    case 'leftRoom':
      return { type, ref };
    case 'said':
      if (!isWhole(seq) || !isWhole(epoch)) return undefined;
      return {
        ...{ type, ref, seq, epoch },
        ...{ isDuplicate: isTrue('isDuplicate'), isStored: isTrue('isStored') },
      };
    case 'membersListed': {
      const { members } = value;
      if (!Array.isArray(members) || !isWhole(count)) return undefined;
      const read = members.flatMap((one: unknown) => {
        const status = isFields(one) ? statusOf(one['status']) : undefined;
        const user = isFields(one) ? one['user'] : undefined;
        return status === undefined || typeof user !== 'string' ? [] : [{ user, status }];
      });
      const isPartial = isTrue('isPartial');
      return { type, ref, members: read, count, more: more === true, isPartial };
    }
    case 'historyRead': {
      const entries = readEntries(value['entries']);
      return entries === undefined ? undefined : { type, ref, entries, more: more === true };
    }
    case 'roomRefused': {
      const { mistake } = value;
      if (!isFields(mistake) || typeof mistake['code'] !== 'string') return undefined;
      const { code, message, field, retryAfter } = mistake;
      const at = typeof field === 'string' ? { field } : {};
      const after = isWhole(retryAfter) ? { retryAfter } : {};
      const read = { code: code as never, message: String(message), ...at, ...after };
      return { type, ref, mistake: read };
    }
    default:
      return undefined;
  }
}

function readEntries(value: unknown): readonly RoomEntry[] | undefined {
  if (!Array.isArray(value)) return undefined;
  const entries = value.map(readEntry);
  return entries.every((entry) => entry !== undefined) ? entries : undefined;
}

export function readEntry(value: unknown): RoomEntry | undefined {
  if (!isFields(value)) return undefined;
  const { seq, epoch, id, timestamp, from, session, body, dataText, node } = value;
  if (!isWhole(seq) || !isWhole(epoch) || !isId(id) || !isWhole(timestamp)) return undefined;
  if (typeof from !== 'string' || !isSpeaker(from) || typeof session !== 'string') return undefined;
  if (typeof body !== 'string' || !(dataText === undefined || isJson(dataText))) return undefined;
  const home = typeof node === 'string' ? { node } : {};
  return { seq, epoch, id, timestamp, from, session, body, dataText, ...home };
}

function readPlace(value: unknown): Place | undefined {
  if (!isFields(value)) return undefined;
  const { epoch, seq } = value satisfies Fields;
  return isWhole(epoch) && isWhole(seq) ? { epoch, seq } : undefined;
}

function statusOf(value: unknown): Status | undefined {
  return (['online', 'busy', 'away'] as const).find((one) => one === value);
}

function whole(value: unknown): number | undefined {
  return isWhole(value) ? value : undefined;
}

export function isWhole(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}
