// Control messages: what an origin tells the gateway on a WebSocket, as JSON behind `c:`, to typed values.
// What Pushpin would not understand is no message here either. Refuses to know subscriptions, timers and sockets.
// GRIP protocol, section "Control messages"; numbers are read as Pushpin reads them.

import { encodeText } from '../utf8-text.ts';
import { type Fields, readGripJson } from './fields.ts';
import { decodeLenientBase64 } from './lenient-base64.ts';

type MessageKind = 'text' | 'binary' | 'ping' | 'pong';

export type ControlMessage =
  | {
      readonly type: 'subscribe';
      readonly channel: string;
      readonly filters: readonly string[];
    }
  | { readonly type: 'unsubscribe'; readonly channel: string }
  | { readonly type: 'detach' }
  | { readonly type: 'session'; readonly id: string | undefined }
  | { readonly type: 'set-meta'; readonly name: string; readonly value: string | undefined }
  | {
      readonly type: 'keep-alive';
      /** undefined turns it off. */
      readonly content: Uint8Array | undefined;
      readonly kind: MessageKind;
      readonly timeoutMs: number;
      readonly mode: 'idle' | 'interval';
    }
  | {
      readonly type: 'send-delayed';
      readonly content: Uint8Array;
      readonly kind: MessageKind;
      readonly timeoutMs: number;
    }
  | { readonly type: 'flush-delayed' };

const keepAliveTimeoutMsDefault = 55_000;
const sendDelayedTimeoutMsDefault = 1_000;
/** About 24 days: what one timer can wait. */
const controlTimeoutMsMax = 2_147_483_000;

const prefix = 'c:';
const noBytes = new Uint8Array(0);
const encoder = new TextEncoder();
/** A field that is there, but not as it should be. */
const wrong = Symbol('wrong');

/** Reads a control message with or without its `c:`; undefined for what has to be ignored. */
export function parseControl(text: string): ControlMessage | undefined {
  const fields = objectOf(text.startsWith(prefix) ? text.slice(prefix.length) : text);
  if (fields === undefined) return undefined;
  const type = stringOf(fields, 'type');
  switch (type) {
    case 'subscribe': {
      const channel = nameOf(fields, 'channel');
      const filters = stringsOf(fields, 'filters');
      return channel === wrong || filters === wrong ? undefined : { type, channel, filters };
    }
    case 'unsubscribe': {
      const channel = nameOf(fields, 'channel');
      return channel === wrong ? undefined : { type, channel };
    }
    case 'session': {
      const id = stringOf(fields, 'id');
      return id === wrong ? undefined : { type, id };
    }
    case 'set-meta': {
      const name = nameOf(fields, 'name');
      const value = stringOf(fields, 'value');
      return name === wrong || value === wrong ? undefined : { type, name, value };
    }
    case 'keep-alive': {
      const message = timedOf(fields, keepAliveTimeoutMsDefault);
      const mode = stringOf(fields, 'mode');
      if (message === wrong || mode === wrong) return undefined;
      return { type, ...message, mode: mode === 'interval' ? 'interval' : 'idle' };
    }
    case 'send-delayed': {
      const message = timedOf(fields, sendDelayedTimeoutMsDefault);
      if (message === wrong) return undefined;
      return { type, ...message, content: message.content ?? noBytes };
    }
    case 'detach':
    case 'flush-delayed':
      return { type };
    default:
      return undefined;
  }
}

function objectOf(text: string): Fields | undefined {
  const read = readGripJson(encodeText(text));
  return typeof read === 'string' ? undefined : read;
}

/** undefined where there is no such field; null is a field of the wrong type, not an absent one. */
function stringOf(fields: Fields, name: string): string | undefined | typeof wrong {
  if (!Object.hasOwn(fields, name)) return undefined;
  const value = fields[name];
  return typeof value === 'string' ? value : wrong;
}

/** Must be there, and say something. */
function nameOf(fields: Fields, name: string): string | typeof wrong {
  const value = stringOf(fields, name);
  return value === undefined || value === '' ? wrong : value;
}

function stringsOf(fields: Fields, name: string): readonly string[] | typeof wrong {
  if (!Object.hasOwn(fields, name)) return [];
  const value = fields[name];
  if (!Array.isArray(value)) return wrong;
  return value.every((item) => typeof item === 'string') ? value : wrong;
}

interface Timed {
  readonly content: Uint8Array | undefined;
  readonly kind: MessageKind;
  readonly timeoutMs: number;
}

function timedOf(fields: Fields, timeoutMsDefault: number): Timed | typeof wrong {
  const kind = kindOf(fields);
  const content = contentOf(fields);
  if (kind === wrong || content === wrong) return wrong;
  // Where nothing will be sent, nobody looks at the time.
  if (content === undefined) return { content, kind, timeoutMs: timeoutMsDefault };
  const seconds = Object.hasOwn(fields, 'timeout') ? wholeOf(fields['timeout']) : 0;
  if (seconds === wrong || seconds < 0) return wrong;
  const timeoutMs = seconds === 0 ? timeoutMsDefault : seconds * 1_000;
  return { content, kind, timeoutMs: Math.min(timeoutMs, controlTimeoutMsMax) };
}

/** The bytes of `content-bin` are sent as text too, unless `message-type` says otherwise: origins rely on it. */
function kindOf(fields: Fields): MessageKind | typeof wrong {
  const kind = stringOf(fields, 'message-type');
  if (kind === undefined) return 'text';
  return kind === 'text' || kind === 'binary' || kind === 'ping' || kind === 'pong' ? kind : wrong;
}

function contentOf(fields: Fields): Uint8Array | undefined | typeof wrong {
  const encoded = stringOf(fields, 'content-bin');
  if (encoded === wrong) return wrong;
  if (encoded !== undefined) return decodeLenientBase64(encoded);
  const text = stringOf(fields, 'content');
  return typeof text === 'string' ? encoder.encode(text) : text;
}

/** Numbers are rounded, texts of digits and booleans count too, and any other text is 0. */
function wholeOf(value: unknown): number | typeof wrong {
  if (typeof value === 'number') return Math.round(value);
  if (typeof value === 'boolean') return value ? 1 : 0;
  if (typeof value !== 'string') return wrong;
  return /^\s*[+-]?\d+\s*$/.test(value) ? Number(value) : 0;
}
