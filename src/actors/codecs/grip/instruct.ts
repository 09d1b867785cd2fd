// What an origin's answer asks of the gateway: hold the client or not, on which channels, and what to say first.
// Refuses to know requests, routes and their prefixes. grip.md, sections 1.1 to 1.4 and quirks Q1, Q2; every text of a
// mistake is Pushpin's, for origins' authors see it in debug mode.

import { encodeText } from '../utf8-text.ts';
import {
  FieldReader,
  type Fields,
  type GripMistake,
  has,
  isFields,
  readGripJson,
  recordOf,
} from './fields.ts';
import { firstHeader, type HeaderList, headerValue, isNamedLike } from './header-list.ts';
import {
  elementsOf,
  filtersOf,
  filtersPerChannelMax,
  hasNextLink,
  type InstructDraft,
  type KeepAliveDraft,
  keepAliveTimeoutSecondsDefault,
  readInstructHeaders,
  unescape,
  withoutUnsendable,
} from './instruct-headers.ts';
import { decodeLenientBase64 } from './lenient-base64.ts';
import { reasonOf } from './reasons.ts';

export interface InstructChannel {
  /** As the origin wrote it, without the route's prefix. */
  readonly name: string;
  readonly prevId: string | undefined;
  readonly filters: readonly string[];
}

export interface KeepAlive {
  readonly content: Uint8Array;
  readonly timeoutMs: number;
  readonly mode: 'idle' | 'interval';
}

export interface Instruct {
  readonly hold: 'none' | 'response' | 'stream';
  readonly channels: readonly InstructChannel[];
  /** Of a response hold: from 5 s up, 55 s by default. */
  readonly timeoutMs: number;
  readonly keepAlive: KeepAlive | undefined;
  readonly meta: Readonly<Record<string, string>>;
  /** In lower case; undefined for all. */
  readonly exposeHeaders: readonly string[] | undefined;
  readonly next: { readonly uri: string; readonly timeoutMs: number } | undefined;
  readonly gone: string | undefined;
  /**
   * What the client gets first, or when the time is up: Grip-* and hop headers are gone already, Grip-Status applied,
   * exposeHeaders applied. The status may be anything from 200 to 999.
   */
  readonly response: {
    readonly status: number;
    readonly reason: string;
    readonly headers: HeaderList;
    readonly body: Uint8Array;
  };
}

export interface OriginAnswer {
  readonly status: number;
  readonly reason: string;
  readonly headers: HeaderList;
  readonly body: Uint8Array;
}

export type InstructReading =
  | { readonly ok: true; readonly instruct: Instruct }
  | { readonly ok: false; readonly mistake: GripMistake };

/** What is below comes before an answer, and is none. */
export const answerStatusMin = 200;
const holdTimeoutSecondsDefault = 55;
const holdTimeoutSecondsMin = 5;
const keepAliveTimeoutSecondsMin = 1;
const jsonType = 'application/grip-instruct';

/**
 * Says whether an answer is for the gateway to read: it has a `Grip-*` header, even an unknown one, or is JSON for
 * it.
 */
export function isGripResponse(headers: HeaderList): boolean {
  for (const [name, value] of headers) {
    if (isNamedLike(name, 'grip-')) return true;
    // Hardly any begins so: the type itself, which is the first line's, is looked for only then.
    if (value.startsWith(jsonType) && contentType(headers) === jsonType) return true;
  }
  return false;
}

/** [GRIP-JSON-1] Says whether the instructions are in the body. */
export function isJsonInstruct(headers: HeaderList): boolean {
  return contentType(headers).trim() === jsonType;
}

/**
 * Says whether the body may go on to the client while it comes, however large: a stream follows, and no filter wants
 * to see the body first. Instructions in the body never may.
 */
export function mayStreamOn(headers: HeaderList): boolean {
  if (isJsonInstruct(headers)) return false;
  const hold = firstHeader(headers, 'grip-hold');
  if (hold === undefined ? !hasNextLink(headers) : hold !== 'stream') return false;
  return !elementsOf(headers, 'grip-channel').some((channel) =>
    filtersOf(channel).includes('build-id'),
  );
}

/** Reads an answer whose headers and, unless it may stream on, whole body are there. */
export function parseInstruct(answer: OriginAnswer): InstructReading {
  const reader = new FieldReader();
  const fromHeaders = readInstructHeaders(reader, answer);
  const draft = isJsonInstruct(answer.headers)
    ? readJson(reader, answer, fromHeaders)
    : fromHeaders;
  const { keepAlive, response, timeoutSeconds } = draft;
  // [DIFF-29]
  if (response.status < answerStatusMin) reader.fail(`no answer has the status ${response.status}`);
  if (reader.mistake !== undefined) return { ok: false, mistake: { message: reader.mistake } };
  const reason = response.reason === '' ? reasonOf(response.status) : response.reason;
  return {
    ok: true,
    instruct: {
      hold: draft.hold,
      channels: draft.channels,
      timeoutMs:
        Math.max(timeoutSeconds ?? holdTimeoutSecondsDefault, holdTimeoutSecondsMin) * 1000,
      keepAlive:
        keepAlive === undefined || keepAlive.content.length === 0
          ? undefined
          : {
              content: keepAlive.content,
              timeoutMs: Math.max(keepAlive.timeoutSeconds, keepAliveTimeoutSecondsMin) * 1000,
              mode: keepAlive.mode,
            },
      meta: draft.meta.length === 0 ? NO_META : recordOf(draft.meta),
      exposeHeaders: draft.exposeHeaders,
      next: draft.next,
      gone: draft.gone,
      response: { ...response, reason },
    },
  };
}

/** [GRIP-JSON-5] The JSON form: what the headers said stands, but for what it says itself. */
function readJson(reader: FieldReader, answer: OriginAnswer, draft: InstructDraft): InstructDraft {
  if (answer.status !== 200) {
    reader.fail(`response code for ${jsonType} content must be 200`);
    return draft;
  }
  const fields = readGripJson(answer.body);
  if (fields === 'not-json') reader.fail(`failed to parse ${jsonType} content as JSON`);
  if (fields === 'not-object') reader.fail('instruct must be an object');
  if (typeof fields === 'string') return draft;
  const hold = reader.objectAt(fields, 'instruct', 'hold');
  const held = hold === undefined ? draft : readJsonHold(reader, hold, draft);
  return { ...held, response: readJsonResponse(reader, fields, draft.response) };
}

function readJsonHold(reader: FieldReader, fields: Fields, draft: InstructDraft): InstructDraft {
  const mode = reader.textAt(fields, 'hold', 'mode') ?? 'response';
  if (mode !== 'response' && mode !== 'stream') {
    reader.fail("hold 'mode' must be set to either 'response' or 'stream'");
  }
  const list = reader.listAt(fields, 'hold', 'channels');
  const channels = reader.required(list, fields, 'hold', 'channels') ?? [];
  const own = channels.map((channel) => readJsonChannel(reader, channel));
  const timeoutSeconds = reader.integerAt(fields, 'hold', 'timeout') ?? draft.timeoutSeconds;
  const keepAlive = reader.objectAt(fields, 'hold', 'keep-alive');
  return {
    ...draft,
    hold: mode === 'stream' ? 'stream' : 'response',
    channels: [...draft.channels, ...own],
    timeoutSeconds,
    keepAlive:
      keepAlive === undefined
        ? draft.keepAlive
        : readJsonKeepAlive(reader, keepAlive, draft.keepAlive),
    meta: [...draft.meta, ...Object.entries(reader.metaAt(fields, 'hold'))],
  };
}

function readJsonChannel(reader: FieldReader, value: unknown): InstructChannel {
  const fields = reader.object(value, 'channel');
  const name = reader.required(reader.textAt(fields, 'channel', 'name'), fields, 'channel', 'name');
  const prevId = reader.textAt(fields, 'channel', 'prev-id');
  const mistake = 'filters contains value with wrong type';
  const filters = reader.textsAt(fields, 'channel', 'filters', mistake) ?? [];
  return { name: name ?? '', prevId, filters: filters.slice(0, filtersPerChannelMax) };
}

/** Without a mode it fires however much goes by, as in Pushpin, which knows neither `mode` nor `format` here. */
function readJsonKeepAlive(
  reader: FieldReader,
  fields: Fields,
  fromHeader: KeepAliveDraft | undefined,
): KeepAliveDraft {
  const name = 'keep-alive';
  const isBinary = has(fields, 'content-bin');
  const text = isBinary ? undefined : reader.textAt(fields, name, 'content');
  const own = isBinary
    ? reader.base64At(fields, name, 'content-bin')
    : readJsonContent(fields, text);
  const seconds = reader.integerAt(fields, name, 'timeout') ?? keepAliveTimeoutSecondsDefault;
  const mode = fields['mode'];
  return {
    content: own ?? fromHeader?.content ?? noBytes,
    timeoutSeconds: seconds,
    mode: mode === 'idle' || mode === 'interval' ? mode : (fromHeader?.mode ?? 'interval'),
  };
}

function readJsonContent(fields: Fields, text: string | undefined): Uint8Array | undefined {
  if (text === undefined) return undefined;
  if (fields['format'] === 'base64') return decodeLenientBase64(text);
  const unescaped = fields['format'] === 'cstring' ? unescape(text) : text;
  return encodeText(unescaped ?? text);
}

/**
 * [GRIP-JSON-2] The origin's own headers and body were for the gateway: the client gets what is in here, or nothing.
 */
function readJsonResponse(
  reader: FieldReader,
  instruct: Fields,
  fromHeaders: Instruct['response'],
): Instruct['response'] {
  const bare = { ...fromHeaders, headers: [], body: noBytes };
  if (!has(instruct, 'response')) return bare;
  const fields = instruct['response'];
  if (!isFields(fields)) {
    reader.fail(''); // Pushpin has no words for this
    return bare;
  }
  const name = 'response';
  const code = reader.integerAt(fields, name, 'code', 999);
  const reason = headerValue(reader.textAt(fields, name, 'reason') ?? '');
  const headers = withoutUnsendable(reader.headersAt(fields, name));
  const body = has(fields, 'body-bin')
    ? reader.base64At(fields, name, 'body-bin')
    : reader.bytesAt(fields, name, 'body');
  return {
    status: code ?? fromHeaders.status,
    reason: reason === '' && code === undefined ? fromHeaders.reason : reason,
    headers,
    body: body ?? noBytes,
  };
}

function contentType(headers: HeaderList): string {
  return (firstHeader(headers, 'content-type') ?? '').replace(/;.*$/s, '');
}

const noBytes = new Uint8Array(0);
/** One for all: there are many, and most have none. */
const NO_META: Instruct['meta'] = recordOf([]);
