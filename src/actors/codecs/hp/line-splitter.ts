// Bytes to lines: each ends in LF, and a CR before it is cut off. Lines are taken one at a time, so that what nobody
// has asked for yet stays bytes. What a line may hold is bounded; the rest of one that is longer is thrown away unread.
// Refuses to know what a line says. Obeys spec/hp.md, section "Framing".

export type Taken =
  /** Without its ending; a view that holds until the next `push`. */
  | { readonly kind: 'line'; readonly bytes: Uint8Array }
  /** Told once for each line that is too long. */
  | { readonly kind: 'tooLong' }
  /** So much of a line that is too long was thrown away that nobody can mean it well. */
  | { readonly kind: 'flood' };

const LF = 0x0a;
const CR = 0x0d;
/** [HP-FRAME-6] */
const FLOOD_LIMITS = 8;
const CHUNKS_CUT = 1_024;
const PASSED_BYTES = 64;

export class LineSplitter {
  /** The longest line, its LF counted. */
  lineBytesMax: number;
  #chunks: Uint8Array[] = [];
  /** The chunk that is next, and where in it to go on. */
  #first = 0;
  #at = 0;
  #waitingBytes = 0;
  /** The beginning of a line whose end has not come. */
  #begun = NOTHING;
  #begunBytes = 0;
  /** Of a line that is too long; undefined outside of one. */
  #thrownAway: number | undefined = undefined;
  #isFloodDue = false;
  /** What `ahead` has passed by. */
  #passed: Taken[] = [];
  #passedBytes = 0;

  constructor(lineBytesMax: number) {
    this.lineBytesMax = lineBytesMax;
  }

  /** Bytes that came and were not taken. */
  get waitingBytes(): number {
    return this.#passedBytes + this.#waitingBytes + this.#begunBytes;
  }

  push(chunk: Uint8Array): void {
    if (chunk.byteLength === 0) return;
    this.#chunks.push(chunk);
    this.#waitingBytes += chunk.byteLength;
  }

  /** Forgets everything that came and was not taken. */
  clear(): void {
    this.#chunks = [];
    this.#first = 0;
    this.#at = 0;
    this.#waitingBytes = 0;
    this.#begunBytes = 0;
    this.#passed = [];
    this.#passedBytes = 0;
  }

  /** The next line; undefined until more has come. [HP-FRAME-4] A line without its end is never given out. */
  next(): Taken | undefined {
    const passed = this.#passed.shift();
    if (passed === undefined) return this.#cut();
    this.#passedBytes -= bytesOf(passed);
    return passed;
  }

  /** The next line in which something can be read, before those that stand ahead of it: they wait for their turn. */
  ahead<T>(read: (line: Uint8Array) => T | undefined): T | undefined {
    for (;;) {
      const taken = this.#cut();
      if (taken === undefined) return undefined;
      const found = taken.kind === 'line' ? read(taken.bytes) : undefined;
      if (found !== undefined) return found;
      const passed = taken.kind === 'line' ? { ...taken, bytes: taken.bytes.slice() } : taken;
      this.#passed.push(passed);
      this.#passedBytes += bytesOf(passed);
    }
  }

  #cut(): Taken | undefined {
    for (;;) {
      if (this.#isFloodDue) {
        this.#isFloodDue = false;
        return { kind: 'flood' };
      }
      const chunk = this.#chunks[this.#first];
      if (chunk === undefined) return undefined;
      const end = chunk.indexOf(LF, this.#at);
      const piece = chunk.subarray(this.#at, end < 0 ? chunk.length : end + 1);
      this.#advance(chunk, piece.byteLength);
      const before = this.#thrownAway;
      if (before !== undefined) this.#throwAway(before, piece.byteLength, end >= 0);
      else {
        const taken = this.#goOn(piece, end >= 0);
        if (taken !== undefined) return taken;
      }
    }
  }

  #advance(chunk: Uint8Array, bytes: number): void {
    this.#at += bytes;
    this.#waitingBytes -= bytes;
    if (this.#at < chunk.length) return;
    this.#chunks[this.#first] = NOTHING;
    this.#first += 1;
    this.#at = 0;
    // Cut now and then: each time, all that wait behind it would be moved for every byte that came alone.
    if (this.#first < CHUNKS_CUT && this.#first < this.#chunks.length) return;
    this.#chunks.splice(0, this.#first);
    this.#first = 0;
  }

  #goOn(piece: Uint8Array, isEnded: boolean): Taken | undefined {
    const bytes = this.#begunBytes + piece.byteLength;
    // Without its LF a line of the full length is too long already.
    if (bytes > this.lineBytesMax - (isEnded ? 0 : 1)) {
      this.#begunBytes = 0;
      this.#begun = NOTHING;
      this.#throwAway(0, bytes, isEnded);
      return { kind: 'tooLong' };
    }
    if (!isEnded) {
      this.#keep(piece);
      return undefined;
    }
    if (this.#begunBytes === 0) return { kind: 'line', bytes: withoutEnd(piece) };
    this.#keep(piece);
    const line = this.#begun.subarray(0, this.#begunBytes);
    this.#begun = NOTHING;
    this.#begunBytes = 0;
    return { kind: 'line', bytes: withoutEnd(line) };
  }

  #throwAway(before: number, bytes: number, isEnded: boolean): void {
    const limit = this.lineBytesMax * FLOOD_LIMITS;
    this.#thrownAway = isEnded ? undefined : before + bytes;
    if (before <= limit && before + bytes > limit) this.#isFloodDue = true;
  }

  /** Copied into one block that grows: a byte at a time must not cost an object for each. */
  #keep(piece: Uint8Array): void {
    const bytes = this.#begunBytes + piece.byteLength;
    if (bytes > this.#begun.byteLength) {
      const grown = new Uint8Array(Math.max(bytes, Math.min(this.lineBytesMax, bytes * 2)));
      grown.set(this.#begun.subarray(0, this.#begunBytes));
      this.#begun = grown;
    }
    this.#begun.set(piece, this.#begunBytes);
    this.#begunBytes = bytes;
  }
}

/** With what it costs to keep it. */
function bytesOf(taken: Taken): number {
  return PASSED_BYTES + (taken.kind === 'line' ? taken.bytes.byteLength : 0);
}

/** [HP-FRAME-1] One CR before the LF is not part of the line. */
function withoutEnd(line: Uint8Array): Uint8Array {
  const end = line.byteLength - 1;
  return line.subarray(0, end > 0 && line[end - 1] === CR ? end - 1 : end);
}

/** [HP-FRAME-3] Only spaces, tabs and CRs. */
export function isBlank(line: Uint8Array): boolean {
  return line.every((byte) => byte === 0x20 || byte === 0x09 || byte === CR);
}

/** [HP-FRAME-7] A browser that was sent here: lines of a body behind it could be ours. */
export function looksLikeHttp(line: Uint8Array): boolean {
  let text = '';
  for (const byte of line.subarray(0, 8)) text += String.fromCharCode(byte);
  return /^(?:(?:GET|POST|PUT|HEAD|OPTIONS|DELETE|PATCH|CONNECT|TRACE) |host:)/i.test(text);
}

/** False for most lines, as they are written by nearly everybody. */
export function mayBeAck(line: Uint8Array): boolean {
  for (let at = line.indexOf(QUOTE); at >= 0; at = line.indexOf(QUOTE, at + 1))
    if (
      line[at + 1] === 0x41 &&
      line[at + 2] === 0x43 &&
      line[at + 3] === 0x4b &&
      line[at + 4] === QUOTE
    )
      return true;
  return false;
}

const QUOTE = 0x22;
const NOTHING = new Uint8Array(0);
