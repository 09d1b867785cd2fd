// What the server says, read by a client: JSON texts into words, with the data's own bytes named as they came.
// Written from spec/broker.md and apart from the product's codec. Refuses to judge what it reads.

import { nameBytes } from '../../trace-hash.ts';
import type { TracePosition } from '../../trace.ts';
import { readSaid, type Said } from '../payload.ts';

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
      readonly asked: 'list' | 'info';
      readonly topics: readonly string[];
    }
  | { readonly type: 'unreadable'; readonly text: string };

export interface MessageWord {
  readonly type: 'message';
  readonly topic: string | undefined;
  readonly position: TracePosition | undefined;
  readonly id: string | undefined;
  readonly said: Said;
  readonly bytesName: number;
}

interface Wire {
  readonly type?: unknown;
  readonly topic?: string;
  readonly topics?: Readonly<Record<string, number>>;
  readonly epoch?: string;
  readonly offset?: number;
  readonly id?: string;
  readonly recovered?: boolean;
  readonly duplicate?: boolean;
  readonly from?: number;
  readonly to?: number | null;
  readonly reason?: string;
  readonly message?: string;
  readonly data?: unknown;
}

/** Reads texts; what many clients hear is read once, as long as its bytes are the same. */
export class Words {
  readonly #recent = new Map<number, Word>();
  /** The name of the text that was read last. */
  name = 0;

  read(bytes: Uint8Array, from = 0, to = bytes.length): Word {
    const name = nameBytes(bytes, from, to);
    this.name = name;
    let word = this.#recent.get(name);
    if (word === undefined) {
      word = readWord(bytes.subarray(from, to), name);
      if (this.#recent.size >= RECENT_MAX) this.#recent.clear();
      this.#recent.set(name, word);
    }
    return word;
  }
}

export function readWord(payload: Uint8Array, name = nameBytes(payload)): Word {
  const text = decoder.decode(payload);
  let wire: Wire;
  try {
    wire = JSON.parse(text) as Wire;
  } catch {
    return { type: 'unreadable', text };
  }
  const { type, topic, epoch, offset, id } = wire;
  const position = epoch === undefined || offset === undefined ? undefined : { epoch, offset };
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
      return { type, topic: topic ?? '', position, id, isDuplicate: wire.duplicate === true };
    case 'gap': {
      const { from = -1, to, reason = '' } = wire;
      return { type, topic: topic ?? '', epoch: epoch ?? '', from, to: to ?? undefined, reason };
    }
    case 'error':
      return { type, message: wire.message ?? '' };
    case 'info':
      return { type };
    case 'topics':
      return { type: 'listing', asked: 'list', topics: Object.keys(wire.topics ?? {}) };
    case 'topic_info':
      return { type: 'listing', asked: 'info', topics: [topic ?? ''] };
    default:
      return readBare(wire, name, text);
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
const RECENT_MAX = 1_024;
