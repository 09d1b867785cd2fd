// The client's side of the wire: requests as lines, and the server's lines as messages, held to the same strict rules
// that a server holds its clients to. Types that nobody here knows are read like others: a newer server may say more.
// Refuses to know what messages mean. Obeys spec/hp.md, sections "Envelope" and "Output".

import { type ClientType, VERSION } from './envelope.ts';
import { shown } from './mistakes.ts';
import { type JsonObject, readStrictJson } from './strict-json.ts';
import type { Payload } from './writing.ts';

export interface ServerMessage {
  readonly type: string;
  readonly id: string;
  /** Seconds since 1970. */
  readonly timestamp: number;
  readonly payload: JsonObject;
}

export type ServerReading =
  | { readonly ok: true; readonly message: ServerMessage }
  | { readonly ok: false; readonly problem: string };

/** One line with its LF. */
export function requestLine(
  { type, id, timestamp }: { type: ClientType; id: string; timestamp: number },
  payload: Payload,
): string {
  const envelope = { version: VERSION, type, id, timestamp, source: 'client', payload };
  return `${JSON.stringify(envelope)}\n`;
}

/** [HP-OUT-1] Reads one line of a server without its ending. */
export function readServerLine(line: Uint8Array): ServerReading {
  const json = readStrictJson(line);
  if (!json.ok) return wrong(json.mistake.message);
  const { version, type, id, timestamp, source, payload } = json.value;
  if (typeof version !== 'string' || !/^1\.\d{1,4}$/.test(version))
    return wrong(`The version is not ${VERSION}.`);
  if (typeof type !== 'string' || type === '') return wrong('The type is no text.');
  if (typeof id !== 'string' || id === '') return wrong(`The id of ${shown(type)} is no text.`);
  if (!Number.isInteger(timestamp)) return wrong(`The timestamp of ${shown(type)} is no number.`);
  if (source !== 'server') return wrong(`The source of ${shown(type)} is not a server.`);
  if (typeof payload !== 'object' || payload === null || Array.isArray(payload))
    return wrong(`The payload of ${shown(type)} is no object.`);
  const message = { type, id, timestamp: timestamp as number, payload: payload as JsonObject };
  return { ok: true, message };
}

function wrong(problem: string): ServerReading {
  return { ok: false, problem };
}
