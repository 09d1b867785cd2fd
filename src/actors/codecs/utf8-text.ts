// Texts to UTF-8: most texts of the wire are short and plain ASCII, and for those a loop beats the platform's encoder.
// Refuses to know what a text means.

import { joined } from './joined.ts';

const encoder = new TextEncoder();
/** Beyond this many code units the platform's encoder is faster. */
const BY_HAND_MAX = 256;

/** The UTF-8 form of a text; lone surrogates become U+FFFD. */
export function encodeText(text: string): Uint8Array {
  return text.length > BY_HAND_MAX ? encoder.encode(text) : encodeAround(text, NOTHING, '');
}

/** Bytes between two texts, in one buffer of their own. */
export function encodeAround(before: string, bytes: Uint8Array, after: string): Uint8Array {
  const { byteLength } = bytes;
  const afterAt = before.length + byteLength;
  if (before.length + after.length <= BY_HAND_MAX) {
    const whole = new Uint8Array(afterAt + after.length);
    if (writeAscii(before, whole, 0) && writeAscii(after, whole, afterAt)) {
      if (byteLength > 0) whole.set(bytes, before.length);
      return whole;
    }
  }
  return joined([encoder.encode(before), bytes, encoder.encode(after)]);
}

/** False when the text is not ASCII. */
function writeAscii(text: string, into: Uint8Array, at: number): boolean {
  const { length } = text;
  let all = 0;
  for (let i = 0; i < length; i += 1) {
    const code = text.charCodeAt(i);
    into[at + i] = code;
    all |= code;
  }
  return all < 0x80;
}

const NOTHING = new Uint8Array(0);

/** The bytes of a text in UTF-8, without encoding it. */
export function utf8Length(text: string): number {
  let bytes = text.length;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    // A surrogate pair is two code units and four bytes.
    if (code >= 0x800 && (code & 0xf800) !== 0xd800) bytes += 2;
    else if (code >= 0x80) bytes += 1;
  }
  return bytes;
}
