// What one turn says to a connection, shared by all connections that are told the same: a tree whose paths are
// sequences of payloads. Each payload is framed once per wire and each sequence is joined once, however many
// connections stand at its end; this is worth six times the throughput of a burst (ADR 0007).
// Refuses to know sockets and credit.

/** One payload after those of its parent. A root is the empty sequence. */
export class Sequence {
  readonly parent: Sequence | undefined;
  /** Compared by identity: the same bytes object is the same word. */
  readonly payload: Uint8Array | undefined;
  /** Of the whole sequence, on the wire. */
  readonly bytes: number;
  /** Of the whole sequence, by `writeCost` of its payloads. */
  readonly cost: number;
  readonly #frame: Uint8Array;
  /** Enough of a memory: within one `write` each node has at most one child that matters. */
  #lastChild: Sequence | undefined = undefined;
  #joined: Buffer | undefined = undefined;

  constructor(
    parent: Sequence | undefined,
    payload: Uint8Array | undefined,
    frame: Uint8Array,
    cost: number,
  ) {
    this.parent = parent;
    this.payload = payload;
    this.#frame = frame;
    this.bytes = frame.byteLength + (parent?.bytes ?? 0);
    this.cost = cost + (parent?.cost ?? 0);
  }

  /** The known sequence that goes on with this payload. */
  next(payload: Uint8Array): Sequence | undefined {
    const child = this.#lastChild;
    return child !== undefined && child.payload === payload ? child : undefined;
  }

  /** Goes on with a payload that is not known here yet. */
  append(payload: Uint8Array, frame: Uint8Array, cost: number): Sequence {
    const child = new Sequence(this, payload, frame, cost);
    this.#lastChild = child;
    return child;
  }

  /** The whole sequence as one buffer; copied only if it has several parts. */
  joined(): Buffer {
    if (this.#joined === undefined) {
      const isSingle = this.parent === undefined || this.parent.parent === undefined;
      const { buffer, byteOffset, byteLength } = isSingle ? this.#frame : this.#join();
      this.#joined = Buffer.from(buffer, byteOffset, byteLength);
    }
    return this.#joined;
  }

  forgetChildren(): void {
    this.#lastChild = undefined;
  }

  #join(): Uint8Array {
    const joined = new Uint8Array(this.bytes);
    this.#copyInto(joined);
    let { parent } = this;
    while (parent !== undefined) {
      parent.#copyInto(joined);
      parent = parent.parent;
    }
    return joined;
  }

  /** Puts the last part where the whole sequence has it. */
  #copyInto(joined: Uint8Array): void {
    joined.set(this.#frame, this.bytes - this.#frame.byteLength);
  }
}

/** One kind of wire: how payloads become frames, and where every connection of that kind begins a turn. */
export class Wire {
  readonly root: Sequence = new Sequence(undefined, undefined, new Uint8Array(0), 0);
  readonly #encode: (payload: Uint8Array) => Uint8Array;
  #payload: Uint8Array | undefined = undefined;
  #frame: Uint8Array = new Uint8Array(0);

  constructor(encode: (payload: Uint8Array) => Uint8Array) {
    this.#encode = encode;
  }

  /** The payload's frame, made once as long as no other payload comes between. */
  frameOf(payload: Uint8Array): Uint8Array {
    if (this.#payload !== payload) {
      this.#frame = this.#encode(payload);
      this.#payload = payload;
    }
    return this.#frame;
  }

  /** Lets go of what the turn said. */
  endTurn(): void {
    this.root.forgetChildren();
    this.#payload = undefined;
    this.#frame = this.root.joined();
  }
}
