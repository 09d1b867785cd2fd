// The running hash of a run: every byte of every message that reaches a mailbox, an edge or a client, with its
// instant and address. Two runs of one seed must end with equal hashes; checkpoints tell where they parted.
// Refuses to know what messages mean. A hash of headers only misses a clock that leaks into a payload.

import type { Publication } from '../actors/routing/publication.ts';
import type { RouterReply, RouterRequest } from '../actors/routing/router-messages.ts';
import type { ConnectionEvent, Payload, Receipt, Write } from '../actors/runtime/edges.ts';
import { finish } from '../actors/runtime/prng.ts';
import { ObjectPayload } from './edges/object-payload.ts';

/** Messages between two checkpoints. */
export const CHECKPOINT_EVERY = 1_024;

/** What was absorbed, for the search for the first difference. */
export interface Absorbed {
  readonly place: number;
  readonly at: number;
  readonly address: string;
  /** Of everything up to and with this one. */
  readonly hash: string;
  /** The message in words. */
  readonly said: string;
}

export class TraceHash {
  readonly checkpoints: number[] = [];
  /** Set to see what was absorbed between two places. */
  watch: { readonly from: number; readonly to: number; readonly seen: Absorbed[] } | undefined =
    undefined;
  #low = 0x2545f491;
  #high = 0x6c078965;
  #absorbed = 0;
  #at = -1;

  /** Messages absorbed so far. */
  get absorbed(): number {
    return this.#absorbed;
  }

  /** One message: its instant, the shard's place in the world, its address and everything in it. */
  message(at: number, place: number, address: string, message: unknown): void {
    this.instant(at);
    this.#word(place);
    this.#spell(address);
    if (!this.#frequent(message as Frequent)) this.#value(message);
    this.#close(at, address, message);
  }

  /**
   * Something that reached a client, by number, and its size. What it says is absorbed as soon as the client has read
   * it, by `named`: to hash the bytes that a frame came in once more would cost as much as the frame.
   */
  reached(at: number, client: number, bytes: number, what: unknown): void {
    this.instant(at);
    this.#word(client);
    this.#word(bytes);
    this.#close(at, client, what);
  }

  /** A payload that a client has read, by the name of its bytes. */
  named(name: number): void {
    this.#word(name | 0);
    this.#word((name / 0x100000000) | 0);
  }

  instant(at: number): void {
    // Instants of one moment come in rows.
    if (at === this.#at) return;
    this.#at = at;
    this.#word(at | 0);
    this.#word((at / 0x100000000) | 0);
  }

  /** Sixteen hexadecimal digits. */
  digest(): string {
    return hex(finish(this.#low)) + hex(finish(this.#high ^ this.#absorbed));
  }

  #close(at: number, address: string | number, message: unknown): void {
    const place = this.#absorbed;
    this.#absorbed += 1;
    this.#high = (Math.imul(this.#high, 0x85ebca6b) + this.#low) | 0;
    if (this.#absorbed % CHECKPOINT_EVERY === 0)
      this.checkpoints.push(finish(this.#low ^ this.#high));
    const { watch } = this;
    if (watch === undefined || place < watch.from || place >= watch.to) return;
    watch.seen.push({
      place,
      at,
      address: typeof address === 'string' ? address : `client ${address}`,
      hash: this.digest(),
      said: inWords(message),
    });
  }

  /**
   * The messages that come most often, field by field: to walk over them costs five times as much. One that has more
   * in it than is known here is walked over.
   */
  #frequent(message: Frequent): boolean {
    switch (message.type) {
      case 'write': {
        if (fieldsOf(message) !== 3) return false;
        const { connections, payload } = message;
        this.#word(WRITE ^ connections.length);
        for (const connection of connections) this.#word(connection);
        this.#bytesOrObject(payload);
        return true;
      }
      case 'delivered':
        if (fieldsOf(message) !== 2 || fieldsOf(message.publication) !== PUBLICATION_FIELDS)
          return false;
        this.#word(DELIVERED);
        this.#publication(message.publication);
        return true;
      case 'reply': {
        const { connection, slot, payload, publication } = message;
        if (fieldsOf(message) !== (publication === undefined ? 4 : 5)) return false;
        if (publication !== undefined && fieldsOf(publication) !== PUBLICATION_FIELDS) return false;
        this.#word(REPLY ^ connection);
        this.#word(slot ?? -1);
        this.#bytesOrObject(payload);
        if (publication !== undefined) this.#publication(publication);
        return true;
      }
      case 'messageReceived':
        if (fieldsOf(message) !== 3) return false;
        this.#word(RECEIVED ^ message.connection);
        this.#bytesOrObject(message.payload);
        return true;
      case 'receipt':
        if (fieldsOf(message) !== 3) return false;
        this.#word(RECEIPT ^ message.connection);
        this.#word(message.bytes);
        return true;
      default:
        return false;
    }
  }

  #publication({ topic, epoch, offset, id, data }: Publication): void {
    this.#spell(topic);
    this.#spell(epoch);
    this.#word(offset);
    if (id !== undefined) this.#spell(id);
    this.#bytesOrObject(data);
  }

  #bytesOrObject(payload: Payload): void {
    if (payload instanceof ObjectPayload) this.#word(this.#payload(payload));
    else this.#object(payload);
  }

  #value(value: unknown): void {
    if (typeof value === 'string') this.#spell(value);
    else if (typeof value === 'number') this.#number(value);
    else if (typeof value === 'object') this.#object(value);
    else if (typeof value === 'boolean') this.#word(value ? 3 : 5);
    else this.#word(7);
  }

  #object(value: object | null): void {
    if (value === null) this.#word(11);
    else if (value instanceof Uint8Array) this.named(nameBytes(value));
    else if (value instanceof ObjectPayload) this.#word(this.#payload(value));
    else if (Array.isArray(value)) {
      this.#word(value.length ^ 0x5bd1e995);
      for (let i = 0; i < value.length; i += 1) this.#value(value[i]);
    } else {
      // Keys stand in the order of the code that made the message: their values tell all. Were they read by key in a loop,
      // the engine would compile this for one key, throw it away at the next, and begin again, without end.
      for (const field of Object.values(value) as unknown[]) this.#value(field);
      this.#word(13);
    }
  }

  #number(value: number): void {
    if ((value | 0) === value) this.#word(value);
    else if (Number.isInteger(value)) this.named(value);
    else this.#spell(String(value));
  }

  /** Unit by unit: to look a text up among those that are known costs more than its few units. */
  #spell(text: string): void {
    const { length } = text;
    let low = this.#low ^ length ^ 0x3ade68b1;
    let i = 0;
    for (; i < length - 1; i += 2) {
      low = Math.imul(low ^ (text.charCodeAt(i) | (text.charCodeAt(i + 1) << 16)), 0x9e3779b1);
      low ^= low >>> 15;
    }
    if (i < length) {
      low = Math.imul(low ^ text.charCodeAt(i), 0x9e3779b1);
      low ^= low >>> 15;
    }
    this.#low = low;
  }

  #word(word: number): void {
    const low = Math.imul(this.#low ^ word, 0x9e3779b1);
    this.#low = low ^ (low >>> 15);
  }

  /** A value that goes from hand to hand is absorbed whole once; whoever has it next shows the same value. */
  #payload(payload: ObjectPayload): number {
    if (payload.name === undefined) {
      const low = this.#low;
      this.#low = payload.byteLength;
      this.#value(payload.value);
      payload.name = this.#low;
      this.#low = low;
    }
    return payload.name;
  }
}

type Frequent = Write | RouterReply | RouterRequest | ConnectionEvent | Receipt;

function fieldsOf(value: object): number {
  let fields = 0;
  for (const _ in value) fields += 1;
  return fields;
}

const PUBLICATION_FIELDS = 5;
const WRITE = 0x51ed2701;
const DELIVERED = 0x2c1b3c6d;
const REPLY = 0x297a2d39;
const RECEIVED = 0x1b56c4e9;
const RECEIPT = 0x7fb5d329;

/** Names bytes by 52 bits that every one of them has touched: equal names mean equal bytes. */
export function nameBytes(bytes: Uint8Array, from = 0, to = bytes.length): number {
  // Four chains: none waits for another one.
  let one = 0x2545f491;
  let two = 0x6c078965 ^ (to - from);
  let three = 0x1b56c4e9;
  let four = 0x51ed2701;
  // Bytes may begin anywhere, and can be read word by word only where a word begins.
  for (let at = from; at < to; at += ROOM_BYTES) {
    const length = Math.min(to - at, ROOM_BYTES);
    room.set(length === bytes.length ? bytes : bytes.subarray(at, at + length));
    for (let i = 0; i < 3; i += 1) room[length + i] = 0;
    const count = (length + 3) >> 2;
    let i = 0;
    for (; i < count - 3; i += 4) {
      one = Math.imul(one ^ (words[i] as number), 0x9e3779b1);
      two = Math.imul(two ^ (words[i + 1] as number), 0x85ebca6b);
      three = Math.imul(three ^ (words[i + 2] as number), 0x9e3779b1);
      four = Math.imul(four ^ (words[i + 3] as number), 0x85ebca6b);
      one ^= one >>> 15;
      two ^= two >>> 13;
      three ^= three >>> 15;
      four ^= four >>> 13;
    }
    for (; i < count; i += 1) {
      one = Math.imul(one ^ (words[i] as number), 0x9e3779b1);
      two = (Math.imul(two, 0x85ebca6b) + (words[i] as number)) | 0;
      one ^= one >>> 15;
    }
  }
  one ^= finish(three);
  two ^= finish(four);
  const low = finish(one ^ Math.imul(two, 0xc2b2ae35));
  return (finish(two ^ low) & 0xfffff) * 0x100000000 + low;
}

/** Where bytes are looked at; nothing in it outlives a call. In words as little-endian machines read them, which all are. */
const ROOM_BYTES = 65_536;
const room = new Uint8Array(ROOM_BYTES + 4);
const words = new Int32Array(room.buffer);

/** A message as people read it: bytes as text, where they are text. At once, since senders use objects again. */
function inWords(message: unknown): string {
  return JSON.stringify(message, (_, value: unknown) =>
    value instanceof Uint8Array ? bytesInWords(value) : value,
  );
}

function bytesInWords(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes)
    text +=
      byte >= 0x20 && byte < 0x7f
        ? String.fromCharCode(byte)
        : `<${byte.toString(16).padStart(2, '0')}>`;
  return text;
}

function hex(word: number): string {
  return word.toString(16).padStart(8, '0');
}
