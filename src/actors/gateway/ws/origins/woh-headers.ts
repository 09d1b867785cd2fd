// The headers of WebSocket-over-HTTP: what each request says of its connection, and what an answer decides about it.
// Pure lists; refuses to know when requests are made. Obeys spec/websocket-over-http.md, sections "Opening", "Meta" and "Keep-alive".

import { firstHeader, type HeaderList, withoutHeaders } from '../../../codecs/grip/header-list.ts';
import { EXTENSIONS } from '../extension.ts';

const EVENTS_TYPE = 'application/websocket-events';
/** An origin that wants to be asked more often is asked this often. */
export const KEEP_ALIVE_SECONDS_MIN = 20;

export interface RequestFacts {
  readonly id: string;
  readonly isGrip: boolean;
  readonly replayedBytes: number;
  readonly meta: HeaderList;
}

/** [WOH-OPEN-2] [WOH-OPEN-3] The handshake's headers, as they are forwarded, with those of the protocol in place of what only it may say. */
export function requestHeaders(
  forwarded: HeaderList,
  { id, isGrip, replayedBytes, meta }: RequestFacts,
): HeaderList {
  const extensions: HeaderList = isGrip ? [[EXTENSIONS, 'grip']] : [];
  const replayed: HeaderList =
    replayedBytes > 0 ? [['Content-Bytes-Replayed', String(replayedBytes)]] : [];
  return [
    ...withoutHeaders(forwarded, (name) => OWN.includes(name) || name.startsWith('meta-')),
    ...extensions,
    ['Accept', EVENTS_TYPE],
    ['Connection-Id', id],
    ['Content-Type', EVENTS_TYPE],
    ...replayed,
    ...meta,
  ];
}

/** The answer's headers that are for the client. */
export function handshakeHeaders(headers: HeaderList): HeaderList {
  return withoutHeaders(headers, (name) => PRIVATE.includes(name) || name.startsWith(SET_META));
}

/** [WOH-OPEN-7] Nothing but events under this very type is an answer: parameters are not taken. */
export function isEvents(
  head: { readonly status: number; readonly headers: HeaderList } | undefined,
): boolean {
  return head?.status === 200 && firstHeader(head.headers, 'Content-Type') === EVENTS_TYPE;
}

/** [WOH-KEEP-1] [WOH-KEEP-2] How long the connection may be quiet from now on; undefined: for ever. */
export function keepAliveMsOf(headers: HeaderList, before: number | undefined): number | undefined {
  const said = firstHeader(headers, 'Keep-Alive-Interval');
  if (said === undefined) return before;
  const seconds = wholeOf(said);
  if (seconds === undefined || seconds <= 0) return undefined;
  return Math.min(Math.max(seconds, KEEP_ALIVE_SECONDS_MIN), KEEP_ALIVE_SECONDS_MAX) * 1_000;
}

/** Undefined: all that was offered. */
export function acceptedBytesOf(headers: HeaderList): number | undefined {
  const said = firstHeader(headers, 'Content-Bytes-Accepted');
  const bytes = said === undefined ? undefined : wholeOf(said);
  return bytes === undefined || bytes < 0 ? undefined : bytes;
}

/** [WOH-META-1] What the origin wants to be reminded of with each request; not what filters know. */
export class Meta {
  #headers: HeaderList = [];

  /** As headers of a request. */
  get headers(): HeaderList {
    return this.#headers;
  }

  learn(headers: HeaderList): void {
    for (const [name, value] of headers) {
      if (name.length <= SET_META.length || !name.toLowerCase().startsWith(SET_META)) continue;
      const remembered = `Meta-${name.slice(SET_META.length)}`;
      const others = withoutHeaders(this.#headers, [remembered]);
      this.#headers = value === '' ? others : [...others, [remembered, value]];
    }
  }
}

function wholeOf(text: string): number | undefined {
  return /^\s*[+-]?\d{1,15}\s*$/.test(text) ? Number(text) : undefined;
}

const SET_META = 'set-meta-';
/** What one timer can wait. */
const KEEP_ALIVE_SECONDS_MAX = 2_147_483;
/** A client must not speak for the gateway. */
const OWN: readonly string[] = [
  'upgrade',
  'accept',
  'connection-id',
  'content-length',
  'content-type',
  'content-bytes-replayed',
  'sec-websocket-extensions',
];
const PRIVATE: readonly string[] = ['content-length', 'content-type', 'keep-alive-interval'];
