// Lines between nodes to messages and back. The framing and the envelope are those of clients; the source is always
// `server`. What a peer says is looked at as strictly as what a client says: a node that is broken breaks its own link.
// Refuses to know the order in which messages may come. Obeys spec/hp-peer.md, sections "Lines" and "Messages".

import { checkValues, type JsonObject, readStrictJson } from '../hp/strict-json.ts';
import { encodeLine, type Payload } from '../hp/writing.ts';
import { PeerFields } from './peer-fields.ts';
import type { PeerMessage, PeerType, SessionTold } from './peer-messages.ts';
import { fromColumns, inColumns, plainSessions } from './told-sessions.ts';

export type PeerReading =
  | { readonly ok: true; readonly message: PeerMessage; readonly timestamp: number }
  | {
      readonly ok: false;
      readonly code: string;
      readonly message: string;
      /** A newer node may say more: it is counted, and the link stays. */
      readonly isIgnored: boolean;
    };

const versionForm = /^1\.(0|[1-9]\d{0,3})$/;
const anyVersionForm = /^(0|[1-9]\d{0,3})\.(0|[1-9]\d{0,3})$/;
const typeForm = /^[A-Z][A-Z0-9_]{0,47}$/;
const idForm = /^[A-Za-z0-9._:-]{1,64}$/;

/** Reads one line without its ending. */
export function readPeerLine(line: Uint8Array): PeerReading {
  const json = readStrictJson(line);
  if (!json.ok) return wrong(json.mistake.code, json.mistake.message);
  const { version, type, id, source, timestamp, payload } = json.value;
  if (typeof version !== 'string' || !anyVersionForm.test(version))
    return wrong('INVALID_VERSION', 'A version is a text like "1.0".');
  if (!versionForm.test(version)) return wrong('UNSUPPORTED_VERSION', 'This node speaks 1.0.');
  if (typeof type !== 'string' || !typeForm.test(type))
    return wrong('INVALID_TYPE', 'A type is in capitals.');
  if (typeof id !== 'string' || !idForm.test(id)) return wrong('INVALID_ID', 'There is no id.');
  if (source !== 'server') return wrong('INVALID_SOURCE', 'Between nodes the source is "server".');
  if (typeof timestamp !== 'number' || !Number.isSafeInteger(timestamp) || timestamp < 0)
    return wrong('INVALID_TIMESTAMP', 'A timestamp is a whole number of seconds.');
  if (typeof payload !== 'object' || payload === null || Array.isArray(payload))
    return wrong('INVALID_PAYLOAD', 'A payload is an object.');
  // What is forwarded is opaque: whoever it is for looks at it.
  const { data: _, ...rest } = payload as JsonObject;
  const { sessions, ...others } = rest;
  const told = sessionsOf(sessions);
  const areSeen = told === sessions && !json.hasEscapes;
  const values = checkValues(areSeen ? others : rest, json.hasEscapes);
  if (values !== undefined) return wrong(values.mistake.code, values.mistake.message);
  const fields = new PeerFields(payload as JsonObject, told);
  const message = messageOf(type as PeerType, fields, id);
  // [HP-PEER-8]
  if (message === undefined)
    return { ...wrong('UNKNOWN_TYPE', `${type} is not known.`), isIgnored: true };
  if (fields.wrong !== undefined)
    return wrong('INVALID_PAYLOAD', `${type} has a wrong ${fields.wrong}.`);
  return { ok: true, message, timestamp };
}

/** Read as a whole, where nothing about them is unusual. */
function sessionsOf(sessions: unknown): readonly SessionTold[] | undefined {
  if (Array.isArray(sessions)) return plainSessions(sessions);
  const areColumns = typeof sessions === 'object' && sessions !== null;
  return areColumns ? fromColumns(sessions as JsonObject) : undefined;
}

function wrong(code: string, message: string): Extract<PeerReading, { readonly ok: false }> {
  return { ok: false, code, message, isIgnored: false };
}

function messageOf(type: PeerType, fields: PeerFields, id: string): PeerMessage | undefined {
  const owned = () => ({ node: fields.name('node'), incarnation: fields.whole('incarnation') });
  switch (type) {
    case 'SERVER_HELLO': {
      const [cluster, nonce] = [fields.name('cluster'), fields.nonce('nonce')];
      const [versions, caps] = [fields.texts('versions', 16), fields.texts('caps', 64)];
      const [key, advertise] = [fields.text('key', 64), fields.optionalText('advertise', 260)];
      const more = { cluster, versions, caps, nonce, key, advertise: advertise ?? '' };
      return { type, ...owned(), ...more };
    }
    case 'SERVER_CHALLENGE': {
      const [cluster, nonce] = [fields.name('cluster'), fields.nonce('nonce')];
      const [version, caps] = [fields.text('version', 9), fields.texts('caps', 64)];
      const [key, proof] = [fields.text('key', 64), fields.text('proof', 86)];
      const advertise = fields.optionalText('advertise', 260) ?? '';
      return { type, ...owned(), cluster, version, caps, nonce, key, proof, advertise };
    }
    case 'SERVER_AUTH':
      return { type, proof: fields.text('proof', 86) };
    case 'SERVER_WELCOME':
    case 'SERVER_READY':
      return {
        ...{ type, members: fields.members(), heartbeatMs: fields.whole('heartbeat_ms') },
        clients: fields.optionalText('clients', 260) ?? '',
      };
    case 'HEARTBEAT':
      return {
        ...{ type, incarnation: fields.whole('incarnation'), ver: fields.whole('ver') },
        ...{ digest: fields.text('digest', 32), hb: fields.whole('hb') },
        ...{ echo: fields.whole('echo'), draining: fields.truth('draining') },
        links: fields.has('links') ? fields.texts('links', 1_024) : undefined,
        have: fields.has('have') ? haveOf(fields) : undefined,
      };
    case 'HEARTBEAT_ACK':
      return { type, hb: fields.whole('hb') };
    case 'MEMBERS':
      return { type, members: fields.members() };
    case 'PRESENCE_DELTA': {
      const [from, to] = [fields.whole('from'), fields.whole('to')];
      return { type, ...owned(), from, to, ops: fields.ops(from, to) };
    }
    case 'PRESENCE_SYNC_REQUEST':
      return { type, ...owned(), have: fields.whole('have') };
    case 'PRESENCE_SYNC': {
      const [chunk, chunks] = [fields.whole('chunk'), fields.whole('chunks')];
      const ver = fields.whole('ver');
      return { type, ...owned(), ver, chunk, chunks, sessions: fields.sessions() };
    }
    case 'SYNC_DONE':
      return { type, ...owned(), ver: fields.whole('ver') };
    case 'INTEREST': {
      const whole = fields.oneOf('whole', ['no', 'begun', 'ended']);
      const topics = fields.object('data');
      const [add, remove] = [topics.texts('add', LIST_MAX), topics.texts('remove', LIST_MAX)];
      fields.wrong ??= topics.wrong;
      return { type, add, remove, whole };
    }
    case 'FORWARD': {
      const kind = fields.oneOf('kind', ['publication', 'room', 'user']);
      const n = fields.whole('n');
      const carried = fields.object('data');
      const [key, data] = [carried.text('key', 65_536), carried.any('body')];
      fields.wrong ??= carried.wrong;
      return { type, n, kind, key, id: fields.truth('own_id') ? id : undefined, data };
    }
    case 'FORWARD_ACK':
      return { type, n: fields.whole('n') };
    case 'DETOUR': {
      const [from, to] = [fields.name('from'), fields.name('to')];
      const ends = { type, from, to, caller: fields.name('caller'), call: fields.whole('call') };
      const say = fields.oneOf('say', ['open', 'text', 'taken', 'end']);
      if (say !== 'text') return { ...ends, say };
      const carried = fields.object('data');
      const text = carried.text('text', DETOUR_TEXT_MAX);
      fields.wrong ??= carried.wrong;
      return { ...ends, say, text };
    }
    case 'DRAIN':
      return { type, graceMs: fields.whole('grace_ms') };
    case 'LEAVE':
      return { type, reason: fields.text('reason', 256), lingerMs: fields.whole('linger_ms') };
    case 'ERROR': {
      const [code, message] = [fields.text('code', 48), fields.text('message', 1_024)];
      return {
        type,
        code,
        message,
        known: fields.has('known') ? fields.whole('known') : undefined,
        alive: fields.has('alive') ? fields.truth('alive') : undefined,
      };
    }
    case 'BYE':
      return { type, code: fields.optionalText('code', 48) ?? '' };
    default:
      // A newer node may know more.
      return undefined;
  }
}

function haveOf(fields: PeerFields): { readonly incarnation: number; readonly ver: number } {
  const have = fields.object('have');
  const read = { incarnation: have.whole('incarnation'), ver: have.whole('ver') };
  fields.wrong ??= have.wrong;
  return read;
}

/** [HP-PEER-1] One message as a line; `id` is new but where a message brings its own. */
export function encodePeerLine(
  message: PeerMessage,
  id: string,
  timestamp: number,
  hasColumns = false,
): Uint8Array {
  return encodeLine({ type: message.type, id, timestamp }, payloadOf(message, hasColumns));
}

function payloadOf(message: PeerMessage, hasColumns: boolean): Payload {
  const { type: _, ...members } = message;
  switch (message.type) {
    case 'PRESENCE_SYNC':
      return hasColumns ? { ...members, sessions: inColumns(message.sessions) } : members;
    case 'SERVER_WELCOME':
    case 'SERVER_READY':
      return {
        ...{ members: message.members, heartbeat_ms: message.heartbeatMs },
        clients: message.clients === '' ? undefined : message.clients,
      };
    case 'FORWARD': {
      const { n, kind, key, id, data } = message;
      return { n, kind, ttl: 0, own_id: id !== undefined, data: { key, body: data } };
    }
    case 'INTEREST': {
      const { add, remove, whole } = message;
      return { whole, data: { add, remove } };
    }
    case 'DETOUR': {
      if (message.say !== 'text') return members;
      const { from, to, caller, call, say, text } = message;
      return { from, to, caller, call, say, data: { text } };
    }
    case 'DRAIN':
      return { grace_ms: message.graceMs };
    case 'LEAVE':
      return { reason: message.reason, linger_ms: message.lingerMs };
    case 'ERROR': {
      const { code, message: text, known, alive } = message;
      return { code, message: text, ref: null, fatal: true, known, alive };
    }
    default:
      return members;
  }
}

const LIST_MAX = 10_000;
/** UTF-16 units. */
export const DETOUR_TEXT_MAX = 32_768;
