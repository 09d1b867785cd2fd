// What simulated publishers publish: data that says which topic it was meant for, who published it and as which of
// their publications, so that whoever receives it can judge it alone. Its bytes are named when they are sent, and
// named again wherever they arrive. Refuses to know how they travel.

/** What data says of itself. */
export interface Said {
  readonly topic: string;
  readonly from: number;
  readonly n: number;
}

/** One JSON text of about `bytes` bytes; spacing, escapes, code points and numbers that must survive untouched. */
export function writeData({ topic, from, n }: Said, bytes: number, drawn: number): string {
  const spice = SPICES[drawn % SPICES.length] as string;
  const place = `"from":${from},"n":${n},"price":170.50`;
  const head = `{"topic":${JSON.stringify(topic)},${lineEndOf(n)}${place},"text":"${spice}"`;
  return `${head},"pad":"${PADDING.slice(0, paddingFor(head.length, bytes))}"}`;
}

/** The bytes that `writeData` would make, counted without making them. */
export function dataBytes({ topic, from, n }: Said, bytes: number, drawn: number): number {
  const spice = SPICES[drawn % SPICES.length] as string;
  const quoted = JSON.stringify(topic);
  const numbers = digits(from) + digits(n) + lineEndOf(n).length;
  const units = quoted.length + numbers + spice.length + FRAME_UNITS;
  const headBytes = textBytes(quoted) + numbers + textBytes(spice) + FRAME_UNITS;
  return headBytes + paddingFor(units, bytes) + PAD_UNITS;
}

/** A few are written in two lines, in each of the three ways. */
export function lineEndOf(n: number): '' | '\n' | '\r\n' | '\r' {
  if (n % 16 === 5) return '\n';
  if (n % 16 === 3) return '\r';
  return n % 16 === 11 ? '\r\n' : '';
}

/** Undefined when the value is none of ours. */
export function readSaid(value: unknown): Said | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { topic, from, n } = value as {
    readonly topic?: unknown;
    readonly from?: unknown;
    readonly n?: unknown;
  };
  if (typeof topic !== 'string' || typeof from !== 'number' || typeof n !== 'number')
    return undefined;
  return { topic, from, n };
}

/** Bytes of a text in UTF-8. */
export function textBytes(text: string): number {
  const { length } = text;
  let bytes = length;
  for (let i = 0; i < length; i += 1) {
    const code = text.charCodeAt(i);
    // Half a pair is two of the pair's four bytes.
    if (code >= 0x80) bytes += code >= 0x800 && (code < 0xd800 || code > 0xdfff) ? 2 : 1;
  }
  return bytes;
}

/** Bytes of a text as JSON writes it. */
export function quotedBytes(text: string): number {
  const { length } = text;
  for (let i = 0; i < length; i += 1) {
    const code = text.charCodeAt(i);
    if (code < 0x20 || code === 0x22 || code === 0x5c || code >= 0x80)
      return textBytes(JSON.stringify(text));
  }
  return length + 2;
}

/** Digits of a whole number. */
export function digits(value: number): number {
  if (value < 10) return 1;
  return value < 100 ? 2 : String(value).length;
}

function paddingFor(headUnits: number, bytes: number): number {
  return Math.min(Math.max(0, bytes - headUnits - 9), PADDING.length);
}

const SPICES = [
  '',
  ' two  blanks ',
  'käse 🧀 \\u00e9',
  '\\"data\\":{',
  '\\n\\r\\u2028',
  'ﷺ',
  ']}],[{',
];
const PADDING = 'the quick brown fox jumps over the lazy dog 0123456789 '.repeat(1_200);
const FRAME_UNITS = '{"topic":,"from":,"n":,"price":170.50,"text":""'.length;
const PAD_UNITS = ',"pad":""}'.length;
