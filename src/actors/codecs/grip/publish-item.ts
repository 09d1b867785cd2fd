// What publishers send: items with a channel and up to three formats, from JSON or tnetstring to typed values.
// Refuses to know subscribers, sequence and limits. grip.md, sections 2.1 to 2.4; every text of a mistake is Pushpin's,
// for publishers show it to people. An item is taken whole or not at all, and a list of items likewise.

import { encodeText } from '../utf8-text.ts';
import {
  FieldReader,
  type Fields,
  type GripMistake,
  has,
  isFields,
  readGripJson,
} from './fields.ts';
import { type HeaderList, headerValue, splitElements } from './header-list.ts';
import { reasonOf } from './reasons.ts';
import { decodeTnetstring } from './tnetstring.ts';

export type GripAction = 'send' | 'hint' | 'close' | 'refresh';

/** A list of content filters, or undefined where the publisher has set none. */
type ContentFilters = readonly string[] | undefined;

export interface ResponseFormat {
  readonly action: GripAction;
  readonly status: number;
  readonly reason: string;
  /** Without `Grip-*`. */
  readonly headers: HeaderList;
  /** Lower-case names that a published `Grip-Expose-Headers` takes away from the answer (quirk Q3). */
  readonly hiddenHeaders: readonly string[];
  /** One of these two is there for `send`. */
  readonly body: Uint8Array | undefined;
  readonly bodyPatch: readonly unknown[] | undefined;
  readonly contentFilters: ContentFilters;
}

export interface StreamFormat {
  readonly action: GripAction;
  readonly content: Uint8Array;
  readonly contentFilters: ContentFilters;
}

export interface WsFormat {
  readonly action: GripAction;
  readonly kind: 'text' | 'binary' | 'ping' | 'pong';
  readonly content: Uint8Array;
  /** Of `close`. */
  readonly code: number | undefined;
  /** Of `close`; empty for none. */
  readonly reason: string;
  readonly contentFilters: ContentFilters;
}

export interface GripItem {
  readonly channel: string;
  readonly id: string | undefined;
  readonly prevId: string | undefined;
  readonly noSeq: boolean;
  readonly size: number | undefined;
  readonly meta: Readonly<Record<string, string>>;
  readonly response: ResponseFormat | undefined;
  readonly stream: StreamFormat | undefined;
  readonly ws: WsFormat | undefined;
  /** Of all contents, headers and names, roughly: what keeping the item costs. */
  readonly byteLength: number;
  /** It was published on another node, and goes to no third one. */
  readonly isRelayed?: true;
}

export type ItemReading =
  | { readonly ok: true; readonly item: GripItem }
  | { readonly ok: false; readonly mistake: GripMistake };

export type ItemsReading =
  | { readonly ok: true; readonly items: readonly GripItem[] }
  | { readonly ok: false; readonly mistake: GripMistake };

type Source = 'json' | 'tnetstring';

/**
 * [GRIP-CTRL-6] [GRIP-PUB-2] The items in the body of a POST to `/publish`; a mistake's message is the answer's text
 * without its newline.
 */
export function itemsFromControlBody(body: Uint8Array): ItemsReading {
  const read = readGripJson(body);
  if (read === 'not-json') return refused('Body is not valid JSON.');
  if (read === 'not-object') return refused('Invalid format.');
  if (!has(read, 'items')) return refused("Invalid format: object does not contain 'items'");
  return itemsFromList(read['items'], 'json');
}

/** The items of a list, as the command socket also gives them. */
export function itemsFromList(list: unknown, from: Source): ItemsReading {
  if (!Array.isArray(list)) {
    return refused("Invalid format: object contains 'items' with wrong type");
  }
  const items: GripItem[] = [];
  for (const value of list as readonly unknown[]) {
    const reading = itemFromValue(value, from);
    if (!reading.ok) return refused(`Invalid format: ${reading.mistake.message}`);
    items.push(reading.item);
  }
  return { ok: true, items };
}

/** [GRIP-ZMQ-1] The item in a ZeroMQ frame: `J` and JSON, `T` and a tnetstring, or a bare tnetstring. */
export function itemFromZmq(frame: Uint8Array, channel?: string): ItemReading {
  if (frame.length === 0) return refused('empty frame');
  if (frame[0] === letterJ) {
    const read = readGripJson(frame.subarray(1));
    if (read === 'not-json') return refused('frame is not valid JSON');
    if (read === 'not-object') return refused('publish item object is not an object');
    return itemFromValue(read, 'json', channel);
  }
  const decoded = decodeTnetstring(frame[0] === letterT ? frame.subarray(1) : frame);
  if (!decoded.ok) return decoded;
  return itemFromValue(decoded.value, 'tnetstring', channel);
}

/** The item in a value as JSON.parse or decodeTnetstring makes it. A channel that is not empty outranks the item's. */
export function itemFromValue(value: unknown, from: Source, channel?: string): ItemReading {
  const reader = new FieldReader(from === 'tnetstring');
  const fields = reader.object(value, itemName);
  const item = readItem(reader, fields, from, channel ?? '');
  if (reader.mistake !== undefined) return refused(reader.mistake);
  return { ok: true, item: { ...item, byteLength: byteLengthOf(item) } };
}

type Unweighed = Omit<GripItem, 'byteLength'>;

const itemName = 'publish item object';

function readItem(reader: FieldReader, fields: Fields, from: Source, channel: string): Unweighed {
  const named =
    channel === ''
      ? reader.required(reader.textAt(fields, itemName, 'channel'), fields, itemName, 'channel')
      : channel;
  const id = reader.idAt(fields, itemName, 'id');
  const prevId = reader.idAt(fields, itemName, 'prev-id');
  const formats = reader.objectAt(fields, itemName, 'formats') ?? formatsOnTop(fields);
  if (Object.keys(formats).length === 0) reader.fail('no formats specified');
  return {
    channel: named ?? '',
    id,
    prevId,
    response: formatAt(formats, 'http-response', (format) => readResponse(reader, format, from)),
    stream: formatAt(formats, 'http-stream', (format) => readStream(reader, format, from)),
    ws: formatAt(formats, 'ws-message', (format) => readWs(reader, format, from)),
    meta: reader.metaAt(fields, itemName),
    size: reader.integerAt(fields, itemName, 'size'),
    noSeq: reader.booleanAt(fields, itemName, 'no-seq') ?? false,
  };
}

/** [GRIP-PUB-3] The old style: formats as members of the item. */
function formatsOnTop(fields: Fields): Fields {
  const names = ['http-response', 'http-stream', 'ws-message'];
  return Object.fromEntries(
    names.filter((name) => has(fields, name)).map((name) => [name, fields[name]]),
  );
}

function formatAt<T>(formats: Fields, name: string, read: (format: unknown) => T): T | undefined {
  return has(formats, name) ? read(formats[name]) : undefined;
}

function readResponse(reader: FieldReader, value: unknown, from: Source): ResponseFormat {
  const name = "'http-response'";
  const format = reader.object(value, name);
  const action = readAction(reader, format, name);
  if (action !== 'send') return { action, ...emptyResponse };
  const status = reader.integerAt(format, name, 'code', 999) ?? 200;
  const reason = reader.textAt(format, name, 'reason') ?? '';
  const lines = reader.headersAt(format, name);
  const contentFilters = readContentFilters(reader, format, name);
  const isBinary = from === 'json' && has(format, 'body-bin');
  const body = isBinary
    ? reader.base64At(format, name, 'body-bin')
    : reader.bytesAt(format, name, 'body');
  const isWhole = isBinary || has(format, 'body');
  const bodyPatch = isWhole ? undefined : reader.listAt(format, name, 'body-patch');
  if (!isWhole && !has(format, 'body-patch')) {
    const names =
      from === 'json' ? `'body', 'body-bin', or 'body-patch'` : `'body' or 'body-patch'`;
    reader.fail(`${name} does not contain ${names}`);
  }
  return {
    action,
    status,
    reason: reason === '' ? reasonOf(status) : headerValue(reason),
    headers: lines.filter(([header]) => !header.toLowerCase().startsWith('grip-')),
    hiddenHeaders: lines
      .filter(([header]) => header.toLowerCase() === 'grip-expose-headers')
      .flatMap(([, names]) => splitElements(names.toLowerCase())),
    body,
    bodyPatch,
    contentFilters,
  };
}

function readStream(reader: FieldReader, value: unknown, from: Source): StreamFormat {
  const name = "'http-stream'";
  const format = reader.object(value, name);
  const action = readAction(reader, format, name);
  if (action !== 'send') return { action, content: noBytes, contentFilters: undefined };
  const contentFilters = readContentFilters(reader, format, name);
  const isBinary = from === 'json' && has(format, 'content-bin');
  const content = isBinary
    ? reader.base64At(format, name, 'content-bin')
    : reader.bytesAt(format, name, 'content');
  if (!isBinary && !has(format, 'content')) {
    const names = from === 'json' ? `'content' or 'content-bin'` : `'content'`;
    reader.fail(`${name} does not contain ${names}`);
  }
  return { action, content: content ?? noBytes, contentFilters };
}

function readWs(reader: FieldReader, value: unknown, from: Source): WsFormat {
  const name = "'ws-message'";
  const format = reader.object(value, name);
  const action = readAction(reader, format, name);
  if (action === 'close') {
    const code = reader.integerAt(format, name, 'code');
    const reason = reader.textAt(format, name, 'reason') ?? '';
    return { action, ...emptyMessage, code, reason };
  }
  if (action !== 'send') return { action, ...emptyMessage };
  const kind = readKind(reader, format, name);
  const contentFilters = readContentFilters(reader, format, name);
  const isBinary = has(format, 'content-bin');
  const content = isBinary
    ? readBinary(reader, format, name, from)
    : reader.bytesAt(format, name, 'content');
  if (!isBinary && !has(format, 'content') && kind !== 'ping' && kind !== 'pong') {
    reader.fail(`${name} does not contain 'content' or 'content-bin'`);
  }
  return {
    ...emptyMessage,
    action,
    kind: kind ?? (isBinary ? 'binary' : 'text'),
    content: content ?? noBytes,
    contentFilters,
  };
}

/** [GRIP-STREAM-4] Base64 in JSON, where a text is all there is; the bytes themselves in a tnetstring. */
function readBinary(
  reader: FieldReader,
  format: Fields,
  name: string,
  from: Source,
): Uint8Array | undefined {
  if (from === 'json') return reader.base64At(format, name, 'content-bin');
  return reader.bytesAt(format, name, 'content-bin');
}

function readKind(reader: FieldReader, format: Fields, name: string): WsFormat['kind'] | undefined {
  const kind = reader.textAt(format, name, 'type');
  switch (kind) {
    case 'text':
    case 'binary':
    case 'ping':
    case 'pong':
    case undefined:
      return kind;
    default:
      reader.fail(`${name} contains 'type' with unknown value`);
      return undefined;
  }
}

function readAction(reader: FieldReader, format: Fields, name: string): GripAction {
  const action = reader.textAt(format, name, 'action');
  switch (action) {
    case 'hint':
    case 'close':
    case 'refresh':
    case 'send':
      return action;
    case undefined:
      return 'send';
    default:
      reader.fail(''); // Pushpin has no words for this
      return 'send';
  }
}

function readContentFilters(reader: FieldReader, format: Fields, name: string): ContentFilters {
  const mistake = 'content-filters contains element with wrong type';
  return reader.textsAt(format, name, 'content-filters', mistake);
}

function byteLengthOf(item: Unweighed): number {
  let size = textsLength(item.channel, item.id, item.prevId);
  for (const [name, value] of Object.entries(item.meta)) size += textsLength(name, value);
  const { response, stream, ws } = item;
  if (response !== undefined) {
    size += (response.body?.length ?? 0) + patchLength(response.bodyPatch);
    for (const [name, value] of response.headers) size += textsLength(name, value);
  }
  return size + (stream?.content.length ?? 0) + (ws?.content.length ?? 0);
}

function textsLength(...texts: readonly (string | undefined)[]): number {
  return texts.reduce((sum, text) => sum + (text?.length ?? 0), 0);
}

/** Counted as the JSON that it came as, or near it. */
function patchLength(value: unknown): number {
  if (typeof value === 'string') return value.length + 2;
  if (value instanceof Uint8Array) return value.length + 2;
  if (Array.isArray(value)) return value.reduce<number>((sum, item) => sum + patchLength(item), 2);
  if (!isFields(value)) return value === undefined ? 0 : 5;
  return Object.keys(value).reduce((sum, key) => sum + key.length + 4 + patchLength(value[key]), 2);
}

function refused(message: string): { readonly ok: false; readonly mistake: GripMistake } {
  return { ok: false, mistake: { message } };
}

const letterJ = 0x4a;
const letterT = 0x54;
const noBytes = encodeText('');
const emptyResponse = {
  status: 200,
  reason: 'OK',
  headers: [],
  hiddenHeaders: [],
  body: undefined,
  bodyPatch: undefined,
  contentFilters: undefined,
} as const;
const emptyMessage = {
  kind: 'text',
  content: noBytes,
  code: undefined,
  reason: '',
  contentFilters: undefined,
} as const;
