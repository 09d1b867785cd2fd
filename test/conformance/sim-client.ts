// The clients of simulated cases: the words of door.ts over simulated connections. In the byte lane a WebSocket's
// frames are written and read by frames.ts, in the object lane messages travel as they are.

import { type Connection, isWord, type Unit, type WireWord } from '../../src/sim/edges/network.ts';
import { ObjectPayload } from '../../src/sim/edges/object-payload.ts';
import type { Lane } from '../../src/sim/edges/web.edge.ts';
import type { Answer, Asked, Closed, Handshake, StreamEnd, WebSocketEnd } from './door.ts';
import { closeFrame, frame, FrameReader, opcodes, type ServerFrame } from './frames.ts';
import { shakeOf } from '../../src/sim/workload/asking/handshakes.ts';

/** What clients need of the case that they belong to. */
export interface SimCase {
  readonly lane: Lane;
  /** A new way to the node. */
  connect(): Connection;
  /** Lets the world go on until `look` finds something; rejects when it does not come to be. */
  until<T>(what: string, look: () => T | undefined): Promise<T>;
  /** What a client understands of a text that came. */
  readonly heard: (text: string) => string;
}

/** The page's own door, as simulated clients call it. */
export const HOST = 'simulated';

/** What both kinds of client do with their end; what comes while it is paused waits in the network. */
function listen(connection: Connection, hear: (unit: Unit) => void): () => void {
  const { down } = connection;
  const read = (): void => {
    while (!down.isReaderPaused) {
      const unit = down.read();
      if (unit === undefined) break;
      hear(unit);
    }
    down.drained();
  };
  connection.meet({ readable: read, taken: () => {} });
  return read;
}

function headOf(
  method: string,
  target: string,
  given: Readonly<Record<string, string>> = {},
): { method: string; path: string; query: string; headers: Record<string, string> } {
  const mark = target.indexOf('?');
  const path = mark === -1 ? target : target.slice(0, mark);
  const headers: Record<string, string> = { host: HOST };
  for (const [name, value] of Object.entries(given)) headers[name.toLowerCase()] = value;
  return { method, path: path || '/', query: mark === -1 ? '' : target.slice(mark + 1), headers };
}

/** A request whose answer is whole, or whose body goes on. */
export class SimRequest {
  answer: Answer | undefined = undefined;
  stream: StreamEnd | undefined = undefined;
  readonly #case: SimCase;
  readonly #connection: Connection;
  readonly #read: () => void;
  readonly #decoder = new TextDecoder();
  #text = '';
  #isOver = false;

  constructor(simCase: SimCase, asked: Asked) {
    const { method = 'GET', path, headers, body = '' } = asked;
    this.#case = simCase;
    this.#connection = simCase.connect();
    this.#read = listen(this.#connection, (unit) => this.#hear(unit));
    const bytes = typeof body === 'string' ? new TextEncoder().encode(body) : body;
    this.#connection.say({ word: 'request', head: headOf(method, path, headers), body: bytes });
  }

  #hear(came: Unit): void {
    const unit = bare(came);
    if (unit instanceof Uint8Array) this.#text += this.#decoder.decode(unit, { stream: true });
    else if (!isWord(unit)) throw new Error(NO_BYTES);
    else if (unit.word === 'response') this.answer = answerOf(unit, this.#case);
    else if (unit.word === 'stream') {
      this.#connection.down.isReaderPaused = true;
      this.stream = {
        headers: new Headers(unit.headers),
        nextBlock: () => this.#nextBlock(),
        vanish: () => this.#connection.reset(),
      };
    } else if (unit.word === 'fin' || unit.word === 'reset') {
      this.#isOver = true;
      this.#connection.say({ word: 'fin' });
    }
  }

  async #nextBlock(): Promise<string | undefined> {
    const { down } = this.#connection;
    down.isReaderPaused = false;
    this.#read();
    const end = await this.#case.until('a block of the stream', () => {
      const at = this.#text.indexOf('\n\n');
      return at === -1 && !this.#isOver ? undefined : at;
    });
    down.isReaderPaused = true;
    if (end === -1) return undefined;
    const block = this.#text.slice(0, end);
    this.#text = this.#text.slice(end + 2);
    return this.#case.heard(block);
  }
}

export class SimWebSocket implements WebSocketEnd {
  /** Set when the handshake was answered otherwise. */
  refusal: Answer | undefined = undefined;
  isOpen = false;
  subprotocol = '';
  readonly #case: SimCase;
  readonly #connection: Connection;
  readonly #read: () => void;
  readonly #reader: FrameReader | undefined;
  readonly #answersPings: boolean;
  readonly #messages: string[] = [];
  readonly #fragments: Buffer[] = [];
  #pings = 0;
  #hasSaidClose = false;
  #heardClose: Closed | undefined = undefined;
  #closed: Closed | undefined = undefined;

  constructor(simCase: SimCase, handshake: Handshake) {
    const { path = '/', headers, subprotocols = [], answersPings = true } = handshake;
    this.#case = simCase;
    this.#connection = simCase.connect();
    this.#reader = simCase.lane === 'byte' ? new FrameReader() : undefined;
    this.#answersPings = answersPings;
    this.#read = listen(this.#connection, (unit) => this.#hear(unit));
    const head = headOf('GET', path, { ...headers, ...shakeOf(0, subprotocols, false) });
    this.#say({ word: 'upgrade', head });
  }

  send(message: string | Uint8Array): void {
    if (this.#hasSaidClose || this.#closed !== undefined) return;
    const isText = typeof message === 'string';
    if (this.#reader !== undefined) this.#say(frame(isText ? 'text' : 'binary', message));
    else this.#say(isText ? new TextEncoder().encode(message) : message);
  }

  next(): Promise<string> {
    return this.#case.until('a message', () => {
      const message = this.#messages.shift();
      if (message === undefined && this.#closed !== undefined)
        throw new Error('the connection closed before a message came');
      return message === undefined ? undefined : this.#case.heard(message);
    });
  }

  async pinged(): Promise<void> {
    await this.#case.until('a ping', () => this.#pings > 0 || undefined);
    this.#pings -= 1;
  }

  pause(): void {
    this.#connection.down.isReaderPaused = true;
  }

  resume(): void {
    this.#connection.down.isReaderPaused = false;
    this.#read();
  }

  close(code = 1000, reason = ''): void {
    if (this.#hasSaidClose) return;
    this.#hasSaidClose = true;
    const word: WireWord = { word: 'close', code, reason };
    this.#say(this.#reader === undefined ? word : closeFrame(code, reason));
  }

  vanish(): void {
    this.#connection.reset();
  }

  ended(): Promise<Closed> {
    return this.#case.until('the end of the connection', () => this.#closed);
  }

  #say(unit: Unit): void {
    this.#connection.say(unit);
  }

  #hear(came: Unit): void {
    const unit = bare(came);
    if (unit instanceof Uint8Array) {
      if (this.#reader === undefined) this.#messages.push(new TextDecoder().decode(unit));
      else for (const each of this.#reader.read(unit)) this.#hearFrame(each);
      return;
    }
    if (!isWord(unit)) throw new Error(NO_BYTES);
    if (unit.word === 'accepted') {
      this.isOpen = true;
      this.subprotocol = unit.subprotocol ?? '';
    } else if (unit.word === 'response') this.refusal = answerOf(unit, this.#case);
    else if (unit.word === 'ping') this.#pinged({ word: 'pong' });
    else if (unit.word === 'close') this.#hearClose(unit.code, unit.reason);
    else if (unit.word === 'fin' || unit.word === 'reset') {
      this.#closed ??= this.#heardClose ?? { code: 1006, reason: '' };
      this.#say({ word: 'fin' });
    }
  }

  #hearFrame({ opcode, isLast, payload }: ServerFrame): void {
    switch (opcode) {
      case opcodes.text:
      case opcodes.continuation:
        this.#fragments.push(payload);
        if (isLast) this.#messages.push(Buffer.concat(this.#fragments.splice(0)).toString());
        return;
      case opcodes.ping:
        this.#pinged(frame('pong', payload));
        return;
      case opcodes.close:
        this.#hearClose(payload.readUInt16BE(0), payload.toString('utf8', 2));
        return;
      case opcodes.pong:
        return;
      default:
        throw new Error(`a frame with the opcode ${opcode} came`);
    }
  }

  #pinged(pong: Unit): void {
    this.#pings += 1;
    if (this.#answersPings) this.#say(pong);
  }

  #hearClose(code: number, reason: string): void {
    this.#heardClose = { code, reason };
    this.close(code, reason);
  }
}

/** Both lanes of these cases speak the wire's bytes; in the object lane they are not framed. */
const NO_BYTES = 'a value came where bytes were to come';

/** In the object lane bytes come as a value, which counts as much as their frame. */
function bare(unit: Unit): Unit {
  return unit instanceof ObjectPayload && unit.value instanceof Uint8Array ? unit.value : unit;
}

function answerOf(unit: Extract<WireWord, { word: 'response' }>, { heard }: SimCase): Answer {
  const { status, headers, body } = unit;
  const line = heard(`HTTP/1.1 ${status}`);
  return {
    status: Number(line.slice('HTTP/1.1 '.length)),
    headers: new Headers(headers),
    body: heard(body),
  };
}
