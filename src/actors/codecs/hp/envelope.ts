// The six fields that every message has, read and judged in the order that the specification gives: an old client
// learns about the version before anything else. Lenient listeners let people leave out what a program would say.
// Refuses to know payloads. Obeys spec/hp.md, section "Envelope".

import { isLineCode, refused, shown, type HpMistake } from './mistakes.ts';
import { nearest } from './spelling.ts';
import { readStrictJson, type JsonObject } from './strict-json.ts';

/** What a client may send. */
const clientTypes = [
  'HELLO',
  'LOGIN',
  'RESUME',
  'LOGOUT',
  'BYE',
  'PING',
  'PONG',
  'JOIN',
  'LEAVE',
  'ROOM_LIST',
  'ROOM_MEMBERS',
  'ROOM_MESSAGE',
  'DIRECT_MESSAGE',
  'ACK',
  'RECEIPT',
  'PRESENCE_SET',
  'PRESENCE_SUBSCRIBE',
  'PRESENCE_UNSUBSCRIBE',
  'PRESENCE_QUERY',
  'HISTORY',
  'TYPING',
  'WHOAMI',
  'STATS',
] as const;

export type ClientType = (typeof clientTypes)[number];

export interface Envelope {
  readonly type: ClientType;
  /** Undefined where a lenient listener let it be missing. */
  readonly id: string | undefined;
  /** Seconds since 1970; undefined where a lenient listener let it be missing. */
  readonly timestamp: number | undefined;
  readonly payload: JsonObject;
  /** The source text of `payload.data`. */
  readonly dataText: string | undefined;
}

export type EnvelopeReading =
  | { readonly ok: true; readonly envelope: Envelope }
  | {
      readonly ok: false;
      readonly mistake: HpMistake;
      /** The id of the message, where it has one. */
      readonly ref: string | null;
    };

export const VERSION = '1.0';
const versionForm = /^(0|[1-9]\d{0,3})\.(0|[1-9]\d{0,3})$/;
const typeForm = /^[A-Z][A-Z0-9_]{0,47}$/;
const idForm = /^[A-Za-z0-9._:-]{1,64}$/;
/** The last second of the year 9999. */
const TIMESTAMP_MAX = 253_402_300_799;
/** What is later than this was counted in milliseconds. */
const SECONDS_MAX = 100_000_000_000;

/** Reads one line without its ending. */
export function readEnvelope(line: Uint8Array, isLenient: boolean): EnvelopeReading {
  const json = readStrictJson(line);
  if (!json.ok) return { ...json, ref: null };
  const { value, dataText } = json;
  const { version, type, id, source, timestamp, payload } = value;
  const ref = typeof id === 'string' && idForm.test(id) ? id : null;
  const mistake =
    versionMistake(value, version) ??
    typeMistake(value, type) ??
    idMistake(value, id, isLenient) ??
    sourceMistake(value, source, isLenient) ??
    timestampMistake(value, timestamp, isLenient) ??
    payloadMistake(value, payload, isLenient);
  if (mistake !== undefined) return { ok: false, mistake, ref };
  return {
    ok: true,
    envelope: {
      type: type as ClientType,
      id: id as string | undefined,
      timestamp: timestamp as number | undefined,
      payload: (payload ?? {}) as JsonObject,
      dataText,
    },
  };
}

/** [HP-ENV-1] [HP-ENV-2] */
function versionMistake(value: JsonObject, version: unknown): HpMistake | undefined {
  if (!Object.hasOwn(value, 'version')) return missing('version');
  const major = typeof version === 'string' ? versionForm.exec(version)?.[1] : undefined;
  if (major === undefined)
    return wrong('INVALID_VERSION', 'A version is a text like "1.0".', 'version');
  if (major !== '1')
    return wrong('UNSUPPORTED_VERSION', `This server speaks version ${VERSION}.`, 'version');
  return undefined;
}

/** [HP-ENV-3] [HP-ENV-4] */
function typeMistake(value: JsonObject, type: unknown): HpMistake | undefined {
  if (!Object.hasOwn(value, 'type')) return missing('type');
  if (typeof type !== 'string' || !typeForm.test(type)) {
    const meant =
      typeof type === 'string' ? clientTypes.find((one) => one === type.toUpperCase()) : undefined;
    return wrong('INVALID_TYPE', `A type is in capitals.${hint(meant)}`, 'type');
  }
  if ((clientTypes as readonly string[]).includes(type)) return undefined;
  // [HP-ENV-7] Of what one node says to another its source is what is wrong here.
  if (value['source'] === 'server') return undefined;
  const text = `The type ${shown(type)} is not known here.${hint(nearest(type, clientTypes))}`;
  return wrong('UNKNOWN_TYPE', text, 'type');
}

/** [HP-ENV-5] */
function idMistake(value: JsonObject, id: unknown, isLenient: boolean): HpMistake | undefined {
  if (!Object.hasOwn(value, 'id')) return isLenient ? undefined : missing('id');
  return typeof id === 'string' && idForm.test(id)
    ? undefined
    : wrong('INVALID_ID', 'An id is a text of 1 to 64 letters, digits, and . _ : -', 'id');
}

/** [HP-ENV-7] */
function sourceMistake(
  value: JsonObject,
  source: unknown,
  isLenient: boolean,
): HpMistake | undefined {
  if (!Object.hasOwn(value, 'source')) return isLenient ? undefined : missing('source');
  return source === 'client'
    ? undefined
    : wrong('INVALID_SOURCE', 'Clients say "client". Nodes have a port of their own.', 'source');
}

/** [HP-ENV-6] */
function timestampMistake(
  value: JsonObject,
  timestamp: unknown,
  isLenient: boolean,
): HpMistake | undefined {
  if (!Object.hasOwn(value, 'timestamp')) return isLenient ? undefined : missing('timestamp');
  const isWhole = typeof timestamp === 'number' && Number.isInteger(timestamp);
  if (isWhole && timestamp > SECONDS_MAX)
    return wrong('INVALID_TIMESTAMP', 'A timestamp counts seconds, not milliseconds.', 'timestamp');
  if (isWhole && timestamp >= 0 && timestamp <= TIMESTAMP_MAX) return undefined;
  return wrong('INVALID_TIMESTAMP', 'A timestamp is a whole number of seconds.', 'timestamp');
}

/** [HP-ENV-8] */
function payloadMistake(
  value: JsonObject,
  payload: unknown,
  isLenient: boolean,
): HpMistake | undefined {
  if (!Object.hasOwn(value, 'payload')) return isLenient ? undefined : missing('payload');
  const isObject = typeof payload === 'object' && payload !== null && !Array.isArray(payload);
  return isObject ? undefined : wrong('INVALID_PAYLOAD', 'A payload is an object.', 'payload');
}

function missing(field: string): HpMistake {
  return wrong('MISSING_FIELD', `The field ${field} is missing.`, field);
}

function wrong(code: HpMistake['code'], message: string, field: string): HpMistake {
  return refused(code, message, field).mistake;
}

function hint(meant: string | undefined): string {
  return meant === undefined ? '' : ` Did you mean ${meant}?`;
}

/** Whether the mistake is one of those that a stranger's garbage makes. */
export function isGarbage({ code }: HpMistake): boolean {
  return isLineCode(code);
}
