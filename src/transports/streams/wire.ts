// What one turn says to the connections of one wire: a tree whose paths are sequences of payloads, each known by a
// number. Connections that are told the same stand at the same number; a payload is framed once, a sequence is
// joined once, however many connections stand there. Worth six times the throughput of a burst (ADR 0009).
// Numbers, because an old object that points to a new one costs more than all the rest of the walk.
// Refuses to know sockets and credit.

import type { Payload } from '../../actors/runtime/edges.ts';

/** The number of the empty sequence, where every connection begins a turn. */
export const SILENCE = 0;

const noBytes = new Uint8Array(0);

/** One payload, after those of its parent. */
class Sequence {
  readonly parent: number;
  readonly frame: Uint8Array;
  /** Of the whole sequence, on the wire. */
  readonly bytes: number;
  /** Of the whole sequence, by `writeCost` of its payloads. */
  readonly cost: number;
  /** The last payload that followed, and where it led. Within one `write` no other one matters. */
  nextPayload: Payload | undefined = undefined;
  next: number = SILENCE;
  joined: Buffer | undefined = undefined;

  constructor(parent: number, frame: Uint8Array, bytes: number, cost: number) {
    this.parent = parent;
    this.frame = frame;
    this.bytes = bytes;
    this.cost = cost;
  }
}

export class Wire {
  readonly #encode: (payload: Payload) => Uint8Array;
  readonly #sequences: Sequence[] = [new Sequence(SILENCE, noBytes, 0, 0)];
  #payload: Payload = noBytes;
  #frame: Uint8Array = noBytes;

  constructor(encode: (payload: Payload) => Uint8Array) {
    this.#encode = encode;
  }

  /** The sequence that goes on with a payload; the same payload is the same object. */
  goOn(from: number, payload: Payload, cost: number): number {
    const before = this.#at(from);
    if (before.nextPayload === payload) return before.next;
    return this.#append(before, from, payload, this.#frameOf(payload), cost);
  }

  /** The sequence that goes on with bytes as they are, which cost no credit. */
  goOnRaw(from: number, bytes: Uint8Array): number {
    const before = this.#at(from);
    if (before.nextPayload === bytes) return before.next;
    return this.#append(before, from, bytes, bytes, 0);
  }

  /** A payload as it stands on the wire, for those who write it alone. */
  encode(payload: Payload): Uint8Array {
    return this.#encode(payload);
  }

  bytesOf(sequence: number): number {
    return this.#at(sequence).bytes;
  }

  costOf(sequence: number): number {
    return this.#at(sequence).cost;
  }

  /** A whole sequence as one buffer; copied only if it has several parts. */
  joined(sequence: number): Buffer {
    const last = this.#at(sequence);
    if (last.joined === undefined) {
      const isSingle = last.parent === SILENCE;
      const { buffer, byteOffset, byteLength } = isSingle ? last.frame : this.#join(last);
      last.joined = Buffer.from(buffer, byteOffset, byteLength);
    }
    return last.joined;
  }

  /** Forgets what the turn said; numbers lose their meaning. */
  endTurn(): void {
    if (this.#sequences.length === 1) return;
    this.#sequences.length = 1;
    this.#at(SILENCE).nextPayload = undefined;
    this.#payload = noBytes;
    this.#frame = noBytes;
  }

  #at(number: number): Sequence {
    return this.#sequences[number] as Sequence;
  }

  #append(
    before: Sequence,
    from: number,
    payload: Payload,
    frame: Uint8Array,
    cost: number,
  ): number {
    const bytes = before.bytes + frame.byteLength;
    const next = this.#sequences.push(new Sequence(from, frame, bytes, before.cost + cost)) - 1;
    before.nextPayload = payload;
    before.next = next;
    return next;
  }

  #frameOf(payload: Payload): Uint8Array {
    if (this.#payload !== payload) {
      this.#frame = this.#encode(payload);
      this.#payload = payload;
    }
    return this.#frame;
  }

  #join(last: Sequence): Uint8Array {
    const whole = new Uint8Array(last.bytes);
    let sequence = last;
    while (sequence.bytes > 0) {
      whole.set(sequence.frame, sequence.bytes - sequence.frame.byteLength);
      sequence = this.#at(sequence.parent);
    }
    return whole;
  }
}
