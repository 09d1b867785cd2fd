// WebSocket-over-HTTP events: what a WebSocket said, as the body of an HTTP request or answer, and back.
// A codec of whole bodies; refuses to know which event may follow which, and what a message means.
// WebSocket-over-HTTP protocol, section "Event encoding".

export type WsEventType = 'OPEN' | 'TEXT' | 'BINARY' | 'PING' | 'PONG' | 'CLOSE' | 'DISCONNECT';

/** `undefined` is an event without content. */
export type WsEvent = { readonly type: WsEventType; readonly content: Uint8Array | undefined };

export interface WsEventsMistake {
  readonly message: string;
  /** Byte offset of the line that cannot be read. */
  readonly at: number;
}

export type WsEventsReading =
  | { readonly ok: true; readonly events: readonly WsEvent[] }
  | { readonly ok: false; readonly mistake: WsEventsMistake };

const types: readonly WsEventType[] = [
  'OPEN',
  'TEXT',
  'BINARY',
  'PING',
  'PONG',
  'CLOSE',
  'DISCONNECT',
];
const carriageReturn = 0x0d;
const lineFeed = 0x0a;
/** No type line that means anything is longer: `DISCONNECT ` and a length of eight digits. */
const typeLineBytesMax = 1_024;
const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
const asciiDecoder = new TextDecoder('latin1');

/** The events as one body. [WOH-EVENT-1] A length stands only where there is content. */
export function encodeWsEvents(events: readonly WsEvent[]): Uint8Array {
  const parts = events.map(partOf);
  let size = 0;
  for (const { head, content } of parts) size += head.length + contentSize(content);
  const body = new Uint8Array(size);
  let at = 0;
  for (const { head, content } of parts) {
    at += encoder.encodeInto(head, body.subarray(at)).written;
    if (content === undefined) continue;
    body.set(content, at);
    at += content.length;
    body[at] = carriageReturn;
    body[at + 1] = lineFeed;
    at += 2;
  }
  return body;
}

/**
 * The known events of a whole body, their contents as views of it. Content that is shorter than announced is taken as
 * it is, as Pushpin does: nothing can follow it.
 */
export function decodeWsEvents(bytes: Uint8Array): WsEventsReading {
  const events: WsEvent[] = [];
  let at = 0;
  while (at < bytes.length) {
    const end = lineEnd(bytes, at);
    if (end === undefined) return mistake('an event line does not end in CR LF', at);
    const line = asciiDecoder.decode(bytes.subarray(at, end));
    const space = line.indexOf(' ');
    const name = space < 0 ? line : line.slice(0, space);
    const type = types.find((known) => known === name);
    const lineAt = at;
    at = end + 2;
    let content: Uint8Array | undefined;
    if (space >= 0) {
      const digits = line.slice(space + 1);
      // Seven digits are 256 MiB, and no body is that long.
      if (!/^0*[0-9a-fA-F]{1,7}$/.test(digits))
        return mistake('a content length is not a hexadecimal number', lineAt);
      const size = Number.parseInt(digits, 16);
      content = bytes.subarray(at, Math.min(at + size, bytes.length));
      at += size + 2;
    }
    if (type !== undefined) events.push({ type, content });
  }
  return { ok: true, events };
}

/** The content of a CLOSE event; a code that does not fit two bytes, or none, gives none. */
export function closeContent(code: number | undefined, reason: string): Uint8Array | undefined {
  if (code === undefined || !Number.isInteger(code) || code < 0 || code > 0xffff) return undefined;
  const words = encoder.encode(reason);
  const content = new Uint8Array(2 + words.length);
  content[0] = code >>> 8;
  content[1] = code;
  content.set(words, 2);
  return content;
}

/**
 * What a CLOSE event says. The code is not judged: 0 comes from origins that close without one, and those who write
 * close frames know which codes may stand there.
 */
export function readCloseContent(content: Uint8Array | undefined): {
  readonly code: number | undefined;
  readonly reason: string;
} {
  if (content === undefined || content.length < 2) return { code: undefined, reason: '' };
  const code = ((content[0] as number) << 8) | (content[1] as number);
  return { code, reason: decoder.decode(content.subarray(2)) };
}

interface Part {
  readonly head: string;
  readonly content: Uint8Array | undefined;
}

function partOf({ type, content }: WsEvent): Part {
  const size = content?.length ?? 0;
  if (size === 0) return { head: `${type}\r\n`, content: undefined };
  return { head: `${type} ${size.toString(16)}\r\n`, content };
}

function contentSize(content: Uint8Array | undefined): number {
  return content === undefined ? 0 : content.length + 2;
}

/** Where the CR LF of the line begins. */
function lineEnd(bytes: Uint8Array, from: number): number | undefined {
  const last = Math.min(bytes.length - 1, from + typeLineBytesMax);
  for (let at = from; at < last; at += 1) {
    if (bytes[at] === carriageReturn && bytes[at + 1] === lineFeed) return at;
  }
  return undefined;
}

function mistake(message: string, at: number): WsEventsReading {
  return { ok: false, mistake: { message, at } };
}
