// A client's own reading of HP, written from spec/hp.md and apart from the product's codec: an error that both shared would
// hide. Bytes in any pieces become lines, a line becomes a type and a payload, and what no server may say is told apart.
// Refuses to know what the lines mean.

import { flawIn } from './hp-shapes.ts';

export interface HpLine {
  readonly type: string;
  readonly id: string;
  readonly timestamp: number;
  readonly payload: Readonly<Record<string, unknown>>;
}

export class HpReader {
  readonly #lines = new Lines();

  /** The whole lines that have come; a text where one is none that a server may say. */
  read(bytes: Uint8Array): (HpLine | string)[] {
    return this.#lines.cut(bytes).map(readLine);
  }

  get isAmidLine(): boolean {
    return this.#lines.isAmidLine;
  }
}

/** Bytes in any pieces, cut where lines end. */
export class Lines {
  #rest = NOTHING;

  /** The whole lines that have come, without their ends. */
  cut(bytes: Uint8Array): Uint8Array[] {
    const all = this.#rest.length === 0 ? bytes : this.#afterRest(bytes);
    const lines: Uint8Array[] = [];
    let from = 0;
    for (let at = all.indexOf(LF); at >= 0; at = all.indexOf(LF, from)) {
      lines.push(all.subarray(from, at));
      from = at + 1;
    }
    this.#rest = from === all.length ? NOTHING : all.slice(from);
    return lines;
  }

  /** Something has come of a line that has no end. */
  get isAmidLine(): boolean {
    return this.#rest.length > 0;
  }

  #afterRest(bytes: Uint8Array): Uint8Array {
    const all = new Uint8Array(this.#rest.length + bytes.length);
    all.set(this.#rest);
    all.set(bytes, this.#rest.length);
    return all;
  }
}

function readLine(bytes: Uint8Array): HpLine | string {
  let text: string;
  let value: unknown;
  try {
    text = strict.decode(bytes);
    value = JSON.parse(text) as unknown;
  } catch {
    return `no JSON: ${loose.decode(bytes).slice(0, 60)}`;
  }
  if (typeof value !== 'object' || value === null) return 'no object';
  const { version, type, id, timestamp, source, payload } = value as Record<string, unknown>;
  // [HP-OUT-1]
  if (Object.keys(value).join() !== FIELDS) return `other fields: ${Object.keys(value).join()}`;
  if (version !== '1.0' || source !== 'server') return `version or source of ${text.slice(0, 60)}`;
  if (typeof type !== 'string' || typeof id !== 'string' || id === '') return 'no type or id';
  if (typeof timestamp !== 'number' || !Number.isInteger(timestamp)) return 'no timestamp';
  if (typeof payload !== 'object' || payload === null) return 'no payload';
  // [HP-OUT-2]
  if (type !== 'ROOM_MESSAGE' && type !== 'DIRECT_MESSAGE' && !uuid.test(id)) return `the id ${id}`;
  const fields = payload as Record<string, unknown>;
  return flawIn(type, fields) ?? { type, id, timestamp, payload: fields };
}

/** One request. */
export function hpLine(
  type: string,
  id: string,
  payload: object,
  timestamp = TIMESTAMP,
): Uint8Array {
  const envelope = {
    version: '1.0',
    type,
    id,
    timestamp,
    source: 'client',
    payload,
  };
  return encoder.encode(`${JSON.stringify(envelope)}\n`);
}

export function textOf(payload: HpLine['payload'], name: string): string {
  const value = payload[name];
  return typeof value === 'string' ? value : '';
}

/** Of a user: however it is spelled. */
export function nameOf(payload: HpLine['payload'], name: string): string {
  return textOf(payload, name).toLowerCase();
}

export function numberOf(payload: HpLine['payload'], name: string): number {
  const value = payload[name];
  return typeof value === 'number' ? value : -1;
}

export function textsOf(payload: HpLine['payload'], name: string): readonly string[] {
  const value = payload[name];
  return Array.isArray(value) ? value.filter((one) => typeof one === 'string') : [];
}

/** The objects of a list. */
export function listOf(payload: HpLine['payload'], name: string): readonly HpLine['payload'][] {
  const value = payload[name];
  return Array.isArray(value) ? (value as readonly HpLine['payload'][]) : [];
}

/** Of a receipt, or of somebody who types. */
export function signIn({ type, payload }: HpLine) {
  const isReceipt = type === 'RECEIPT';
  const from = nameOf(payload, isReceipt ? 'by' : 'from');
  const room = typeof payload['room'] === 'string' ? payload['room'] : undefined;
  const word = `${textOf(payload, 'ref')} ${textOf(payload, 'state')}`;
  const sign = isReceipt ? word : payload['on'] === true ? 'on' : 'off';
  return { from, room, sign };
}

export function roomEventIn(payload: HpLine['payload']) {
  const [room, event] = [textOf(payload, 'room'), textOf(payload, 'event')];
  const [who, count] = [nameOf(payload, 'user'), numberOf(payload, 'count')];
  return { room, event, who, count, reason: textOf(payload, 'reason') };
}

/** What a client is told of itself. */
export function selfIn(payload: HpLine['payload']) {
  const [of, as] = [nameOf(payload, 'user'), textOf(payload, 'session')];
  const [home, status] = [textOf(payload, 'node'), textOf(payload, 'status')];
  return { of, as, home, status, note: noteOf(payload), rooms: textsOf(payload, 'rooms') };
}

export function sessionsIn(
  payload: HpLine['payload'],
): readonly (readonly [user: string, sessions: number])[] {
  return listOf(payload, 'users').map((one) => [nameOf(one, 'user'), numberOf(one, 'sessions')]);
}

/** What an administrator is told. */
export function statsIn(payload: HpLine['payload']) {
  const counts = payload['sessions'] as Readonly<Record<string, number>>;
  return {
    ...{ users: numberOf(payload, 'users'), sessions: Object.entries(counts) },
    ...{ rooms: numberOf(payload, 'rooms'), waiting: numberOf(payload, 'waiting') },
  };
}

/** What each user is, and writes beside it. */
export function statusesIn(
  payload: HpLine['payload'],
): (readonly [user: string, status: string, note?: string])[] {
  return listOf(payload, 'users').map((one) => {
    const [user, status, note] = [nameOf(one, 'user'), textOf(one, 'status'), noteOf(one)];
    return note === undefined ? [user, status] : [user, status, note];
  });
}

export function noteOf({ note }: HpLine['payload']): string | undefined {
  return typeof note === 'string' ? note : undefined;
}

/** Of whatever is not said to anybody. */
export const TIMESTAMP = 1_700_000_000;
const LF = 0x0a;
const NOTHING = new Uint8Array(0);
const FIELDS = 'version,type,id,timestamp,source,payload';
const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const loose = new TextDecoder();
export const encoder = new TextEncoder();
