// What the server says, read by a client: JSON texts into words, with the data's own bytes named as they came.
// Written from spec/broker.md and apart from the product's codec. Refuses to judge what it reads.

import { nameBytes } from '../../trace-hash.ts';
import type { TracePosition } from '../../trace.ts';
import { readSaid, type Said } from '../payload.ts';
import type { Rewriting, Wire } from './rewriting.ts';

export type Word =
  | { readonly type: 'info' }
  | MessageWord
  | {
      readonly type: 'ack_subscribe';
      readonly topic: string;
      readonly position: TracePosition | undefined;
      readonly recovered: boolean | undefined;
    }
  | { readonly type: 'ack_unsubscribe'; readonly topic: string }
  | {
      readonly type: 'ack_publish';
      readonly topic: string;
      readonly position: TracePosition;
      readonly id: string;
      readonly subscribers: number;
      readonly isDuplicate: boolean;
    }
  | {
      readonly type: 'gap';
      readonly topic: string;
      readonly epoch: string;
      readonly from: number;
      readonly to: number | undefined;
      readonly reason: string;
    }
  | { readonly type: 'error'; readonly message: string }
  | {
      readonly type: 'listing';
      readonly topics: readonly (readonly [topic: string, subscribers: number])[];
    }
  | {
      readonly type: 'info_topic';
      readonly topic: string;
      readonly subscribers: number;
      readonly position: TracePosition | undefined;
      readonly history: number;
    }
  /** Readable, and not in the words that the spec has for it. */
  | { readonly type: 'misworded'; readonly text: string; readonly correction: string }
  | { readonly type: 'unreadable'; readonly text: string };

export interface MessageWord {
  readonly type: 'message';
  readonly topic: string | undefined;
  readonly position: TracePosition | undefined;
  readonly id: string | undefined;
  readonly said: Said;
  readonly bytesName: number;
}

/** Reads texts; what many clients hear is read once, as long as its bytes are the same. */
export class Words {
  /** By the low bits of their names. */
  readonly #recent = new Array<Word | undefined>(RECENT).fill(undefined);
  readonly #names = new Float64Array(RECENT);
  readonly #rewriting: Rewriting;
  /** The name of the text that was read last. */
  name = 0;

  constructor(rewriting: Rewriting) {
    this.#rewriting = rewriting;
  }

  read(bytes: Uint8Array, from = 0, to = bytes.length): Word {
    const name = nameBytes(bytes, from, to);
    this.name = name;
    const place = name % RECENT;
    const known = this.#recent[place];
    if (known !== undefined && this.#names[place] === name) return known;
    const word = readWord(bytes.subarray(from, to), name, this.#rewriting);
    this.#recent[place] = word;
    this.#names[place] = name;
    return word;
  }
}

export function readWord(
  payload: Uint8Array,
  name = nameBytes(payload),
  rewriting?: Rewriting,
): Word {
  const text = decoder.decode(payload);
  const wire = parsed(text);
  if (wire === undefined) return { type: 'unreadable', text };
  const { type, topic, id } = wire;
  if (type !== undefined) {
    const correction = rewriting?.correction(text, wire);
    if (correction !== undefined) return { type: 'misworded', text, correction };
  }
  const { epoch, offset } = wire;
  const isPlaced = typeof epoch === 'string' && typeof offset === 'number';
  const position = isPlaced ? { epoch, offset } : undefined;
  switch (type) {
    case 'message': {
      const said = readSaid(wire.data);
      if (said === undefined) return { type: 'unreadable', text };
      const bytesName = nameBytes(payload, dataStart(payload), payload.length - 1);
      return { type, topic, position, id, said, bytesName };
    }
    case 'ack_subscribe':
      return { type, topic: topic ?? '', position, recovered: wire.recovered };
    case 'ack_unsubscribe':
      return { type, topic: topic ?? '' };
    case 'ack_publish':
      if (position === undefined || id === undefined) return { type: 'unreadable', text };
      return {
        type,
        topic: topic ?? '',
        position,
        id,
        subscribers: wire.subscribers ?? -1,
        isDuplicate: wire.duplicate === true,
      };
    case 'gap': {
      const { from = -1, to, reason = '' } = wire;
      return { type, topic: topic ?? '', epoch: epoch ?? '', from, to: to ?? undefined, reason };
    }
    case 'error':
      return { type, message: wire.message ?? '' };
    case 'info':
      return { type };
    case 'topics':
      return { type: 'listing', topics: Object.entries(wire.topics ?? {}) };
    case 'topic_info': {
      const { subscribers = -1, history = -1 } = wire;
      return { type: 'info_topic', topic: topic ?? '', subscribers, position, history };
    }
    default:
      return readBare(wire, name, text);
  }
}

/** Undefined when it is no JSON object. */
function parsed(text: string): Wire | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Without an envelope the data is the whole text. */
function readBare(value: unknown, bytesName: number, text: string): Word {
  const said = readSaid(value);
  if (said === undefined) return { type: 'unreadable', text };
  return bareWord(said, bytesName);
}

export function bareWord(said: Said, bytesName: number): MessageWord {
  return {
    type: 'message',
    topic: undefined,
    position: undefined,
    id: undefined,
    said,
    bytesName,
  };
}

/** Where the value of `"data":` begins; inside a JSON string that text cannot stand unescaped. */
function dataStart(payload: Uint8Array): number {
  for (let at = 0; at < payload.length - DATA.length; at += 1) {
    if (payload[at] !== COMMA) continue;
    let matched = 0;
    while (matched < DATA.length && payload[at + matched] === DATA[matched]) matched += 1;
    if (matched === DATA.length) return at + DATA.length;
  }
  return payload.length - 1;
}

const decoder = new TextDecoder();
const COMMA = 0x2c;
const DATA: readonly number[] = [...new TextEncoder().encode(',"data":')];
const RECENT = 2_048;
