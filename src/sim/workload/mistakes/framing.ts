// Bytes that break the framing, each with the close that spec/broker.md ("WebSocket framing") owes whoever sends
// them; and closes that are well-formed, which are answered with their own code. Written from RFC 6455.
// Refuses to know connections and what else their senders say.

import { joined } from '../../../actors/codecs/joined.ts';
import { encodeText } from '../../../actors/codecs/utf8-text.ts';
import type { BrokerTerms } from '../../trace.ts';
import type { Prng } from '../../../actors/runtime/prng.ts';

export interface Broken {
  readonly what: string;
  readonly bytes: Uint8Array;
  /** Undefined where anything may come of it. */
  readonly code: number | undefined;
  readonly reason: string | undefined;
}

type Chance = Pick<Prng, 'next' | 'below' | 'pick' | 'chance'>;
type Options = Pick<BrokerTerms, 'messageBytesMax'>;

export function drawBroken(chance: Chance, options: Options): Broken {
  const kind = chance.below(8);
  if (kind === 0) return mutated(chance);
  if (kind === 1) return closing(chance);
  if (kind === 2 && options.messageBytesMax <= SMALL_BYTES_MAX) return tooLong(chance, options);
  if (kind === 3 && chance.chance(1, 8)) return crumbled();
  const { what, bytes, code, reason } = chance.pick(RULES);
  return { what, bytes: joined(bytes(chance.next())), code, reason };
}

interface Rule {
  readonly what: string;
  /** The bytes, in parts. */
  readonly bytes: (word: number) => readonly Uint8Array[];
  readonly code: number;
  readonly reason: string;
}

const text = encodeText('{}');
const none = new Uint8Array(0);
const fin = 0x80;
const opcodes = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

/** One masked frame, its head as told and not as it should be. */
function frame(
  first: number,
  payload: Uint8Array,
  length = lengthBytes(payload.length),
): Uint8Array {
  const bytes = new Uint8Array(1 + length.length + 4 + payload.length);
  bytes[0] = first;
  bytes.set(length, 1);
  bytes[1] = (bytes[1] as number) | 0x80;
  bytes.set(MASK, 1 + length.length);
  for (const [index, byte] of payload.entries())
    bytes[1 + length.length + 4 + index] = byte ^ (MASK[index % 4] as number);
  return bytes;
}

const MASK = [0x37, 0xfa, 0x21, 0x3d];

function lengthBytes(length: number): readonly number[] {
  if (length < 126) return [length];
  return length < 65_536 ? [126, length >>> 8, length & 255] : longest(length);
}

function longest(length: number): readonly number[] {
  return [
    127,
    0,
    0,
    0,
    0,
    length >>> 24,
    (length >>> 16) & 255,
    (length >>> 8) & 255,
    length & 255,
  ];
}

function close(code: number, reason: Uint8Array = none): Uint8Array {
  return frame(fin | opcodes.close, joined([new Uint8Array([code >>> 8, code & 255]), reason]));
}

const RESERVED = { code: 1002, reason: 'reserved bit set' };
const OPCODE = { code: 1002, reason: 'reserved opcode' };
const FRAGMENTED = { code: 1002, reason: 'fragmented control frame' };
const LONG_CONTROL = { code: 1002, reason: 'control frame longer than 125 bytes' };
const LONG_FORM = { code: 1002, reason: 'length not in its shortest form' };
const NOT_UTF8 = { code: 1007, reason: 'text is not UTF-8' };
const BAD_CODE = { code: 1002, reason: 'invalid close code' };

const RULES: readonly Rule[] = [
  {
    what: 'a frame without a mask',
    bytes: () => [new Uint8Array([0x81, 2]), text],
    code: 1002,
    reason: 'unmasked frame from a client',
  },
  ...[0x40, 0x20, 0x10].map((bit) => ({
    what: `reserved bit ${bit}`,
    bytes: () => [frame(fin | bit | opcodes.text, text)],
    ...RESERVED,
  })),
  {
    what: 'a reserved bit on a ping',
    bytes: () => [frame(fin | 0x40 | opcodes.ping, none)],
    ...RESERVED,
  },
  ...[3, 4, 5, 6, 7, 11, 12, 13, 14, 15].map((opcode) => ({
    what: `opcode ${opcode}`,
    bytes: () => [frame(fin | opcode, text)],
    ...OPCODE,
  })),
  ...[opcodes.close, opcodes.ping, opcodes.pong].map((opcode) => ({
    what: `the first part of control frame ${opcode}`,
    bytes: () => [frame(opcode, none)],
    ...FRAGMENTED,
  })),
  ...[opcodes.close, opcodes.ping, opcodes.pong].map((opcode) => ({
    what: `control frame ${opcode} of 126 bytes`,
    bytes: () => [frame(fin | opcode, new Uint8Array(126))],
    ...LONG_CONTROL,
  })),
  {
    what: 'a continuation of nothing',
    bytes: () => [frame(fin | opcodes.continuation, text)],
    code: 1002,
    reason: 'continuation of nothing',
  },
  {
    what: 'a continuation after a whole message',
    bytes: () => [frame(fin | opcodes.text, text), frame(opcodes.continuation, text)],
    code: 1002,
    reason: 'continuation of nothing',
  },
  ...[opcodes.text, opcodes.binary].map((opcode) => ({
    what: `opcode ${opcode} inside a fragmented message`,
    bytes: () => [
      frame(opcodes.text, text),
      frame(fin | opcodes.ping, none),
      frame(fin | opcode, text),
    ],
    code: 1002,
    reason: 'new message inside a fragmented one',
  })),
  {
    what: 'a short length in 16 bits',
    bytes: () => [frame(fin | opcodes.text, new Uint8Array(125).fill(0x20), [126, 0, 125])],
    ...LONG_FORM,
  },
  {
    what: 'a short length in 64 bits',
    bytes: () => [frame(fin | opcodes.text, text, longest(text.length))],
    ...LONG_FORM,
  },
  {
    what: 'the longest length of 16 bits in 64',
    bytes: () => [frame(fin | opcodes.text, text, longest(65_535))],
    ...LONG_FORM,
  },
  ...[
    [0xe2, 0x82],
    [0xff],
    [0xc0, 0x80],
    [0xed, 0xa0, 0x80],
    [0xf4, 0x90, 0x80, 0x80],
    [0x7b, 0x80],
  ].map((bytes) => ({
    what: `a text of the bytes ${bytes.join(' ')}`,
    bytes: () => [frame(fin | opcodes.text, new Uint8Array(bytes))],
    ...NOT_UTF8,
  })),
  {
    what: 'a code point that breaks off between fragments',
    bytes: () => [
      frame(opcodes.text, new Uint8Array([0xe2, 0x82])),
      frame(fin | opcodes.continuation, text),
    ],
    ...NOT_UTF8,
  },
  {
    what: 'a close of one byte',
    bytes: () => [frame(fin | opcodes.close, new Uint8Array([3]))],
    code: 1002,
    reason: 'close body of one byte',
  },
  ...[0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65_535].map((code) => ({
    what: `a close with ${code}`,
    bytes: () => [close(code)],
    ...BAD_CODE,
  })),
  {
    what: 'a close whose reason is no text',
    bytes: () => [close(1000, new Uint8Array([0xc3]))],
    code: 1007,
    reason: 'close reason is not UTF-8',
  },
];

/** The node answers with the code that it is given, and gives no reason. */
function closing(chance: Chance): Broken {
  const code = chance.pick(CODES);
  const bytes =
    code === NO_CODE ? frame(fin | opcodes.close, none) : close(code, encodeText('käse'));
  return { what: `a close with ${code}`, bytes, code, reason: '' };
}

const NO_CODE = 1005;
const CODES = [
  1000, 1001, 1002, 1003, 1005, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 4999,
];

/** One byte more than a message may have, in one part or in two. */
function tooLong(chance: Chance, { messageBytesMax }: Options): Broken {
  const blanks = new Uint8Array(messageBytesMax + 1).fill(0x20);
  const first = chance.below(messageBytesMax);
  const bytes = chance.chance(1, 2)
    ? frame(fin | opcodes.text, blanks)
    : joined([
        frame(opcodes.text, blanks.subarray(0, first)),
        frame(fin | opcodes.continuation, blanks.subarray(first)),
      ]);
  const reason = `message exceeds limit of ${messageBytesMax} bytes`;
  return { what: 'a message one byte too long', bytes, code: 1009, reason };
}

/** One fragment more than a message may have. */
function crumbled(): Broken {
  const crumb = frame(opcodes.continuation, none);
  const parts = Array.from({ length: FRAGMENTS_MAX }, () => crumb);
  const bytes = joined([frame(opcodes.text, none), ...parts]);
  const reason = `message exceeds limit of ${FRAGMENTS_MAX} fragments`;
  return { what: 'a message of one fragment too many', bytes, code: 1008, reason };
}

const FRAGMENTS_MAX = 16_384;

/** A well-formed subscribe to a topic that nobody publishes to, with a bit, a part or a byte gone wrong. */
function mutated(chance: Chance): Broken {
  const bytes = frame(fin | opcodes.text, encodeText('{"type":"subscribe","topic":"mutated"}'));
  const at = chance.below(bytes.length);
  const kind = chance.below(4);
  const anything = { code: undefined, reason: undefined };
  if (kind === 0) return { what: `the first ${at} bytes`, bytes: bytes.slice(0, at), ...anything };
  if (kind === 1) {
    const added = new Uint8Array([chance.next() & 255]);
    const parts = [bytes.subarray(0, at), added, bytes.subarray(at)];
    return { what: `a byte more at ${at}`, bytes: joined(parts), ...anything };
  }
  if (kind === 2) {
    const word = chance.next();
    const four = new Uint8Array([word, word >>> 8, word >>> 16, word >>> 24]);
    return { what: 'any four bytes', bytes: joined([four, bytes]), ...anything };
  }
  bytes[at] = (bytes[at] as number) ^ (1 << chance.below(8));
  return { what: `another bit at ${at}`, bytes, ...anything };
}

/** Where a message may be longer, one that is too long is not worth its bytes. */
export const SMALL_BYTES_MAX = 32_768;
