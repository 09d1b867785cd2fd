// A client's own reading of WebSocket frames, written from RFC 6455 and apart from the product's codec: an error
// that both shared would hide. Only what a server may send: unmasked frames, whole or fragmented.
// Refuses to know what the payloads mean.

export interface FrameListener {
  textReceived(payload: Uint8Array): void;
  pingReceived(payload: Uint8Array): void;
  closeReceived(code: number, reason: string): void;
  brokenFrame(what: string): void;
}

export class FrameDecoder {
  #pending: Uint8Array | undefined = undefined;
  #fragments: Uint8Array[] | undefined = undefined;

  decode(chunk: Uint8Array, listener: FrameListener): void {
    const bytes = this.#pending === undefined ? chunk : joinTwo(this.#pending, chunk);
    this.#pending = undefined;
    let at = 0;
    while (at < bytes.length) {
      const head = headAt(bytes, at);
      if (head === undefined || at + head.size + head.length > bytes.length) {
        this.#pending = at === 0 ? bytes : bytes.subarray(at);
        return;
      }
      const start = at + head.size;
      const end = start + head.length;
      this.#frame(head.first, head.isMasked, bytes.subarray(start, end), listener);
      at = end;
    }
  }

  #frame(first: number, isMasked: boolean, payload: Uint8Array, listener: FrameListener): void {
    const opcode = first & 0x0f;
    const isFinal = (first & 0x80) !== 0;
    if (isMasked) listener.brokenFrame('a server masks nothing');
    if ((first & 0x70) !== 0) listener.brokenFrame('reserved bits');
    if (opcode === 1 && isFinal && this.#fragments === undefined) listener.textReceived(payload);
    else if (opcode === 1 && this.#fragments === undefined) this.#fragments = [payload];
    else if (opcode === 0 && this.#fragments !== undefined) {
      this.#fragments.push(payload);
      if (!isFinal) return;
      const whole = this.#fragments.reduce(joinTwo);
      this.#fragments = undefined;
      listener.textReceived(whole);
    } else if (opcode === 9 && isFinal) listener.pingReceived(payload);
    else if (opcode === 8 && isFinal) {
      const code =
        payload.length < 2 ? 1005 : (payload[0] as number) * 256 + (payload[1] as number);
      listener.closeReceived(code, decoder.decode(payload.subarray(2)));
    } else if (opcode !== 10) listener.brokenFrame(`opcode ${opcode} out of place`);
  }
}

interface Head {
  readonly first: number;
  readonly isMasked: boolean;
  readonly size: number;
  readonly length: number;
}

function headAt(bytes: Uint8Array, at: number): Head | undefined {
  const left = bytes.length - at;
  if (left < 2) return undefined;
  const first = bytes[at] as number;
  const second = bytes[at + 1] as number;
  const isMasked = second >= 128;
  const short = second % 128;
  const width = short === 126 ? 2 : short === 127 ? 8 : 0;
  const size = 2 + width + (isMasked ? 4 : 0);
  if (left < size) return undefined;
  let length = width === 0 ? short : 0;
  for (let i = 0; i < width; i += 1) length = length * 256 + (bytes[at + 2 + i] as number);
  return { first, isMasked, size, length };
}

export function joinTwo(one: Uint8Array, other: Uint8Array): Uint8Array {
  const whole = new Uint8Array(one.length + other.length);
  whole.set(one);
  whole.set(other, one.length);
  return whole;
}

const decoder = new TextDecoder();
