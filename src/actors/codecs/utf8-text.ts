// Texts to UTF-8: most texts of the wire are short and plain ASCII. They are written into a buffer of just their size,
// without the platform's `encode`, which costs a microsecond whatever the text.
// Refuses to know what a text means.

const encoder = new TextEncoder();
/** Beyond this many code units the platform writes faster than a loop. */
const BY_HAND_MAX = 128;
/** Beyond this many a text is not looked through before it is encoded. */
const LONG_MIN = 256;

/** Gives so many bytes, all zero, that nobody else was or will be given. */
export type TakeBytes = (bytes: number) => Uint8Array;

/** Each piece in memory of its own: whoever keeps it keeps nothing else. */
export const ownMemory: TakeBytes = (bytes) => new Uint8Array(bytes);

/** The UTF-8 form of a text; lone surrogates become U+FFFD. */
export function encodeText(text: string, take?: TakeBytes): Uint8Array {
  return text.length > LONG_MIN ? encoder.encode(text) : encodeAround(text, NOTHING, '', take);
}

/** Bytes between two texts, in one piece of memory. */
export function encodeAround(
  before: string,
  bytes: Uint8Array,
  after: string,
  take: TakeBytes = ownMemory,
): Uint8Array {
  const afterAt = before.length + bytes.length;
  const whole = take(afterAt + after.length);
  if (!writeAscii(before, whole, 0) || !writeAscii(after, whole, afterAt))
    return encodeCounted(before, bytes, after, take);
  if (bytes.length > 0) whole.set(bytes, before.length);
  return whole;
}

/** The same where a text is not ASCII, and has to be counted first. */
function encodeCounted(
  before: string,
  bytes: Uint8Array,
  after: string,
  take: TakeBytes,
): Uint8Array {
  const bytesAt = utf8Length(before);
  const afterAt = bytesAt + bytes.length;
  const whole = take(afterAt + utf8Length(after));
  encoder.encodeInto(before, whole);
  whole.set(bytes, bytesAt);
  if (after !== '') encoder.encodeInto(after, whole.subarray(afterAt));
  return whole;
}

/** False when the text is not ASCII. */
function writeAscii(text: string, into: Uint8Array, at: number): boolean {
  const { length } = text;
  if (length > BY_HAND_MAX) {
    const { read, written } = encoder.encodeInto(text, at === 0 ? into : into.subarray(at));
    // A text that does not fit may fill as many bytes as it has units, and is not read to its end.
    return read === length && written === length;
  }
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
    if (code < 0x80) continue;
    bytes += code < 0x800 ? 1 : 2;
    // A surrogate pair is two code units and four bytes, and half of one is written as U+FFFD.
    if ((code & 0xfc00) === 0xd800 && (text.charCodeAt(at + 1) & 0xfc00) === 0xdc00) at += 1;
  }
  return bytes;
}
