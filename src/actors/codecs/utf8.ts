// Strict UTF-8 in pieces: the check may stop after any byte and go on with the next chunk.
// Refuses overlong forms, surrogates and anything above U+10FFFF, as TextDecoder with `fatal` does.
// Knows nothing of frames, JSON or strings: it only says whether bytes may stand where they stand.
// The Unicode Standard, table 3-7 (well-formed UTF-8 byte sequences); spec: WS-FRAME-8, JSON-1.

/**
 * Where a check stands between two bytes: 0 between characters, 1 to 7 inside one, 8 broken for good.
 * A text is whole only if it ends in `utf8Between`.
 */
export type Utf8State = number;

export const utf8Between: Utf8State = 0;
export const utf8Broken: Utf8State = 8;

// States 1, 2, 3 await that many plain continuation bytes. States 4 to 7 follow the leads E0, ED, F0 and F4,
// whose first continuation byte has a narrower range.
const lowest: readonly number[] = [0, 0x80, 0x80, 0x80, 0xa0, 0x80, 0x90, 0x80];
const highest: readonly number[] = [0, 0xbf, 0xbf, 0xbf, 0xbf, 0x9f, 0xbf, 0x8f];
const following: readonly Utf8State[] = [0, 0, 1, 2, 1, 1, 2, 2];

/** Goes on with a check over bytes[from, to) and says where it stands then; a broken check stays broken. */
export function continueUtf8(
  state: Utf8State,
  bytes: Uint8Array,
  from: number,
  to: number,
): Utf8State {
  if (state === utf8Broken) return utf8Broken;
  let now = state;
  let at = from;
  while (at < to) {
    if (now === utf8Between) {
      at = skipWhole(bytes, at, to);
      if (at === to) break;
      now = afterLead(bytes[at] as number);
      if (now === utf8Broken) return utf8Broken;
    } else {
      const byte = bytes[at] as number;
      if (byte < (lowest[now] as number) || byte > (highest[now] as number)) return utf8Broken;
      now = following[now] as number;
    }
    at += 1;
  }
  return now;
}

/** Says whether the bytes are one whole well-formed text; an inflated message is checked with this. */
export function isUtf8(bytes: Uint8Array): boolean {
  return continueUtf8(utf8Between, bytes, 0, bytes.length) === utf8Between;
}

/**
 * The offset of the first byte that cannot stand where it stands, the length if the text ends inside a character,
 * or undefined for a well-formed text. Slow: for telling a client about its mistake.
 */
export function firstUtf8Fault(bytes: Uint8Array): number | undefined {
  let state = utf8Between;
  for (let at = 0; at < bytes.length; at += 1) {
    state = continueUtf8(state, bytes, at, at + 1);
    if (state === utf8Broken) return at;
  }
  return state === utf8Between ? undefined : bytes.length;
}

/**
 * Passes over whole characters quickly, while four bytes can be seen at once. Stops at the first that is broken or
 * too near the end: the states above judge that one.
 */
function skipWhole(bytes: Uint8Array, from: number, to: number): number {
  const last = to - 4;
  let at = from;
  while (at <= last) {
    const lead = bytes[at] as number;
    const second = bytes[at + 1] as number;
    if ((lead | second) < 0x80) {
      at += 2;
    } else if (lead < 0x80) {
      at += 1;
    } else if (lead < 0xe0) {
      if (lead < 0xc2 || (second & 0xc0) !== 0x80) return at;
      at += 2;
    } else if (lead < 0xf0) {
      const code = ((lead & 0x0f) << 12) | ((second & 0x3f) << 6);
      // An overlong form stays below U+0800; surrogates are U+D800 to U+DFFF.
      if (code < 0x800 || (code & 0xf800) === 0xd800) return at;
      if ((second & 0xc0) !== 0x80 || ((bytes[at + 2] as number) & 0xc0) !== 0x80) return at;
      at += 3;
    } else {
      const code = ((lead & 0x0f) << 18) | ((second & 0x3f) << 12);
      if (code < 0x10000 || code > 0x10ffff || (second & 0xc0) !== 0x80) return at;
      if (
        (((bytes[at + 2] as number) & 0xc0) | (((bytes[at + 3] as number) & 0xc0) << 8)) !==
        0x8080
      )
        return at;
      at += 4;
    }
  }
  return at;
}

function afterLead(byte: number): Utf8State {
  if (byte < 0x80) return utf8Between;
  if (byte < 0xc2) return utf8Broken;
  if (byte < 0xe0) return 1;
  if (byte === 0xe0) return 4;
  if (byte === 0xed) return 5;
  if (byte < 0xf0) return 2;
  if (byte === 0xf0) return 6;
  if (byte < 0xf4) return 3;
  if (byte === 0xf4) return 7;
  return utf8Broken;
}
