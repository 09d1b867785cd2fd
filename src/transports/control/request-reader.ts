// Reads the one request of a connection to the control door, byte by byte if need be, and judges its framing with
// Pushpin's limits, codes and texts. Chunked bodies are not taken, and nothing may follow the body.
// Refuses to know sockets, paths and what the body says. Obeys spec/grip.md, section "Publishing".

import { Gathered } from '../origins/gathered.ts';

export interface ReaderLimits {
  readonly headBytesMax: number;
  readonly bodyBytesMax: number;
}

export interface ControlRequest {
  readonly method: string;
  readonly target: string;
  /** The values of all Accept lines; undefined without any. */
  readonly accept: string | undefined;
  readonly body: Uint8Array;
}

export type ControlReading =
  | { readonly kind: 'more' }
  | { readonly kind: 'request'; readonly request: ControlRequest }
  | { readonly kind: 'refused'; readonly status: 400 | 411; readonly text: string };

interface Head {
  readonly method: string;
  readonly target: string;
  readonly accept: string | undefined;
  readonly bodyBytes: number;
  readonly isWaiting: boolean;
}

const more: ControlReading = { kind: 'more' };
const requestLine = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+) ([\x21-\x7e]+) HTTP\/1\.([01])$/;
const methodsWithoutBody = ['GET', 'HEAD', 'DELETE', 'OPTIONS'];

export class RequestReader {
  /** `1.0` for a client that speaks it: answers do, too. */
  version: '1.0' | '1.1' = '1.1';
  /** The method, as soon as the head is known. */
  method = '';
  readonly #limits: ReaderLimits;
  #bytes: Buffer = Buffer.alloc(0);
  #head: Head | undefined = undefined;
  readonly #body = new Gathered();
  #mustContinue = false;

  constructor(limits: ReaderLimits) {
    this.#limits = limits;
  }

  /** Takes the next bytes. After a request or a refusal nothing more is to be put in. */
  push(chunk: Uint8Array): ControlReading {
    if (this.#head !== undefined) return this.#addBody(this.#head, chunk);
    const searched = Math.max(0, this.#bytes.length - 3);
    this.#bytes = Buffer.concat([this.#bytes, chunk]);
    const end = endOfHead(this.#bytes, searched);
    if (end === undefined || end > this.#limits.headBytesMax) {
      const isOver = this.#bytes.length >= this.#limits.headBytesMax;
      return isOver ? refused('Request header too large.') : more;
    }
    const head = this.#readHead(this.#bytes.toString('latin1', 0, end));
    if ('kind' in head) return head;
    this.#head = head;
    this.#mustContinue = head.isWaiting;
    const rest = this.#bytes.subarray(end);
    this.#bytes = Buffer.alloc(0);
    return this.#addBody(head, rest);
  }

  /** Says once that the client waits for `100 Continue`. */
  takeContinue(): boolean {
    const must = this.#mustContinue;
    this.#mustContinue = false;
    return must;
  }

  #readHead(text: string): Head | ControlReading {
    const [first = '', ...lines] = text.split(/\r?\n/);
    const [, method, target, minor] = requestLine.exec(first) ?? [];
    if (method === undefined || target === undefined) {
      return refused('Failed to parse request header.');
    }
    this.version = minor === '0' ? '1.0' : '1.1';
    this.method = method;
    const fields = new Map<string, string[]>();
    for (const line of lines) {
      const colon = line.indexOf(':');
      if (colon === -1) continue;
      const name = line.slice(0, colon).toLowerCase();
      const value = line.slice(colon + 1).trim();
      const values = fields.get(name);
      if (values === undefined) fields.set(name, [value]);
      else values.push(value);
    }
    const lengths = new Set(fields.get('content-length') ?? []);
    const [length] = lengths;
    if (length === undefined) {
      const hasBody = fields.has('transfer-encoding') || !methodsWithoutBody.includes(method);
      if (hasBody) {
        return { kind: 'refused', status: 411, text: 'Request requires Content-Length.' };
      }
    } else if (lengths.size > 1 || !/^\d{1,15}$/.test(length)) {
      return refused('Bad Content-Length.');
    }
    const bodyBytes = Number(length ?? 0);
    if (bodyBytes > this.#limits.bodyBytesMax) return refused('Request body too large.');
    const expectations = fields.get('expect') ?? [];
    return {
      method,
      target,
      accept: fields.get('accept')?.join(','),
      bodyBytes,
      isWaiting:
        length !== undefined && expectations.some((word) => word.toLowerCase() === '100-continue'),
    };
  }

  #addBody(head: Head, chunk: Uint8Array): ControlReading {
    if (chunk.byteLength > 0) this.#body.add(Buffer.from(chunk));
    const { method, target, accept, bodyBytes } = head;
    const { byteLength } = this.#body;
    if (byteLength < bodyBytes) return more;
    // What follows a request that announced no body is nobody's: the connection ends with the answer.
    if (bodyBytes > 0 && byteLength > bodyBytes) {
      return refused('Request body exceeded Content-Length.');
    }
    const body = new Uint8Array(Buffer.concat(this.#body.take()).subarray(0, bodyBytes));
    return { kind: 'request', request: { method, target, accept, body } };
  }
}

/** Behind the empty line; lines may end in LF alone. */
function endOfHead(bytes: Buffer, from: number): number | undefined {
  for (let at = bytes.indexOf(10, from); at !== -1; at = bytes.indexOf(10, at + 1)) {
    if (bytes[at + 1] === 10) return at + 2;
    if (bytes[at + 1] === 13 && bytes[at + 2] === 10) return at + 3;
  }
  return undefined;
}

function refused(text: string): ControlReading {
  return { kind: 'refused', status: 400, text };
}
