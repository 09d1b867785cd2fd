// A session on its way between nodes, read as strictly as a client's words.
// Refuses to know what becomes of it. Obeys spec/hp-peer.md, section "Sessions that move".

import { isRoomName, isUserName } from '../../../codecs/hp/names.ts';
import { type Cap, knownCaps } from '../../../codecs/hp/requests.ts';
import { isFields, isId, readDirect, readStatus } from './peer-words.ts';
import type { HadTold, Luggage, Untold } from '../user-messages.ts';

/** Undefined for what is none. */
export function readLuggage(value: unknown): Luggage | undefined {
  if (!isFields(value)) return undefined;
  const { user, session, secret, note, until, unacked } = value;
  const status = readStatus(value['status']);
  if (typeof user !== 'string' || !isUserName(user) || status === undefined) return undefined;
  if (typeof session !== 'string' || typeof secret !== 'string') return undefined;
  const caps = listOf(value['caps'], (one): Cap | undefined =>
    knownCaps.find((cap) => cap === one),
  );
  return {
    ...{ user, session, secret, caps, status },
    note: typeof note === 'string' ? note : undefined,
    until: isCount(until) ? until : undefined,
    rooms: listOf(value['rooms'], readRoom),
    watched: listOf(value['watched'], readWatched),
    untold: listOf(value['untold'], readUntold),
    unacked: isCount(unacked) ? unacked : undefined,
    had: listOf(value['had'], readHad),
    ...(value['isAnew'] === true ? { isAnew: true as const } : {}),
  };
}

function listOf<T>(value: unknown, read: (one: unknown) => T | undefined): readonly T[] {
  if (!Array.isArray(value)) return [];
  return value.flatMap((one: unknown) => read(one) ?? []);
}

function readRoom(value: unknown): Luggage['rooms'][number] | undefined {
  if (!isFields(value)) return undefined;
  const { room, epoch, seq } = value;
  if (typeof room !== 'string' || !isRoomName(room)) return undefined;
  if (!isCount(epoch) || !isCount(seq)) return undefined;
  const open = readOpen(value['open']);
  return {
    ...{ room, epoch, seq },
    ...(value['hasGap'] === true ? { hasGap: true as const } : {}),
    ...(open === undefined ? {} : { open }),
  };
}

function readOpen(value: unknown): Luggage['rooms'][number]['open'] {
  if (!isFields(value)) return undefined;
  const { epoch, seq } = value;
  if (!isCount(epoch) || !isCount(seq)) return undefined;
  return { epoch, seq, ids: listOf(value['ids'], (id) => (isId(id) ? id : undefined)) };
}

function readWatched(value: unknown): Luggage['watched'][number] | undefined {
  if (!isFields(value)) return undefined;
  const { user, told } = value;
  if (typeof user !== 'string' || !isUserName(user) || typeof told !== 'string') return undefined;
  return { user, told };
}

function readUntold(value: unknown): Untold | undefined {
  if (!isFields(value)) return undefined;
  const message = readDirect(value['message']);
  return message === undefined ? undefined : { message, isSent: value['isSent'] === true };
}

function readHad(value: unknown): HadTold | undefined {
  if (!isFields(value)) return undefined;
  const { message, ageMs } = value;
  return typeof message === 'string' && isCount(ageMs) ? { message, ageMs } : undefined;
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}
