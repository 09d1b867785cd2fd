// An HTTP/1.x answer as it arrives, read from the bytes: head, body so far, and whether its end was a clean one.
// Knows no sockets. Written apart from src/, and strict: what it cannot read is a failure of the gateway.

export interface Head {
  readonly version: string;
  readonly status: number;
  readonly reason: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
}

export class AnswerReader {
  readonly #method: string;
  #unread: Buffer = Buffer.alloc(0);
  #head: Head | undefined = undefined;
  #body: Buffer[] = [];
  /** The sizes of the chunks, in order; empty when the body was not chunked. */
  readonly chunks: number[] = [];
  #mode: 'head' | 'length' | 'chunked' | 'trailer' | 'close' | 'whole' | 'broken' = 'head';
  #missing = 0;

  constructor(method: string) {
    this.#method = method;
  }

  get head(): Head | undefined {
    return this.#head;
  }

  get body(): Buffer {
    if (this.#body.length > 1) this.#body = [Buffer.concat(this.#body)];
    return this.#body[0] ?? Buffer.alloc(0);
  }

  get isWhole(): boolean {
    return this.#mode === 'whole';
  }

  get isBroken(): boolean {
    return this.#mode === 'broken';
  }

  get isChunked(): boolean {
    return valuesIn(this.#head, 'transfer-encoding').includes('chunked');
  }

  /** Gives what is left after the end of the answer. */
  read(bytes: Buffer): Buffer {
    this.#unread = this.#unread.length === 0 ? bytes : Buffer.concat([this.#unread, bytes]);
    while (this.#step());
    if (this.#mode !== 'whole') return Buffer.alloc(0);
    const rest = this.#unread;
    this.#unread = Buffer.alloc(0);
    return rest;
  }

  /** The connection has ended. */
  end(): void {
    if (this.#mode === 'close') this.#mode = 'whole';
    else if (this.#mode !== 'whole') this.#mode = 'broken';
  }

  #step(): boolean {
    switch (this.#mode) {
      case 'head':
        return this.#readHead();
      case 'length':
        return this.#readMissing(() => {
          this.#mode = 'whole';
        });
      case 'chunked':
        return this.#readChunk();
      case 'trailer': {
        const line = this.#line();
        if (line === '') this.#mode = 'whole';
        return line !== undefined && line !== '';
      }
      case 'close': {
        this.#body.push(this.#unread);
        this.#unread = Buffer.alloc(0);
        return false;
      }
      default:
        return false;
    }
  }

  #readHead(): boolean {
    const end = this.#unread.indexOf('\r\n\r\n');
    if (end === -1) return false;
    const head = headOf(this.#unread.subarray(0, end).toString('latin1'));
    this.#unread = this.#unread.subarray(end + 4);
    if (head.status >= 100 && head.status < 200 && head.status !== 101) return true;
    this.#head = head;
    const isBare =
      this.#method === 'HEAD' || head.status === 204 || head.status === 304 || head.status === 101;
    const [length] = valuesIn(head, 'content-length');
    if (isBare) this.#mode = 'whole';
    else if (this.isChunked) this.#mode = 'chunked';
    else if (length !== undefined) {
      if (!/^\d+$/.test(length)) throw new Error(`Content-Length: ${length}`);
      this.#missing = Number(length);
      this.#mode = this.#missing === 0 ? 'whole' : 'length';
    } else this.#mode = 'close';
    return this.#mode !== 'whole';
  }

  #readMissing(done: () => void): boolean {
    const part = this.#unread.subarray(0, this.#missing);
    if (part.length === 0) return false;
    this.#body.push(part);
    this.#unread = this.#unread.subarray(part.length);
    this.#missing -= part.length;
    if (this.#missing > 0) return false;
    done();
    return true;
  }

  #readChunk(): boolean {
    if (this.#missing > 0) return this.#readMissing(() => {});
    const line = this.#line();
    if (line === undefined) return false;
    if (line === '' && this.chunks.length > 0) return true;
    const size = /^([0-9a-fA-F]+)(?:;.*)?$/.exec(line)?.[1];
    if (size === undefined) throw new Error(`a chunk begins ${JSON.stringify(line)}`);
    this.#missing = Number.parseInt(size, 16);
    if (this.#missing === 0) this.#mode = 'trailer';
    else this.chunks.push(this.#missing);
    return true;
  }

  #line(): string | undefined {
    const end = this.#unread.indexOf('\r\n');
    if (end === -1) return undefined;
    const line = this.#unread.subarray(0, end).toString('latin1');
    this.#unread = this.#unread.subarray(end + 2);
    return line;
  }
}

function headOf(text: string): Head {
  const [first = '', ...lines] = text.split('\r\n');
  const [, version, status, reason] = /^HTTP\/(1\.[01]) (\d{3})(?: (.*))?$/.exec(first) ?? [];
  if (version === undefined) throw new Error(`an answer begins ${JSON.stringify(first)}`);
  const headers = lines.map((line): [string, string] => {
    const [, name, value] = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+):[ \t]*(.*?)[ \t]*$/.exec(line) ?? [];
    if (name === undefined || value === undefined)
      throw new Error(`a header line is ${JSON.stringify(line)}`);
    return [name, value];
  });
  return { version, status: Number(status), reason: reason ?? '', headers };
}

/** The values of the header lines of a name, in order. */
export function valuesIn(
  head: { readonly headers: readonly (readonly [string, string])[] } | undefined,
  name: string,
): string[] {
  const wanted = name.toLowerCase();
  return (head?.headers ?? []).flatMap(([key, value]) =>
    key.toLowerCase() === wanted ? value : [],
  );
}
