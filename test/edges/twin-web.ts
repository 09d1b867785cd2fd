// The simulated web edge as a world of the contract: its clients speak over the simulated network, and time passes only
// while somebody waits for something.

import { encodeClose, encodeFrame } from '../../src/actors/codecs/websocket-frames.ts';
import type { Address } from '../../src/actors/runtime/actor.ts';
import {
  type ConnectionEvent,
  type DoorEvent,
  type Receipt,
  WINDOW_BYTES,
  type WebCommand,
} from '../../src/actors/runtime/edges.ts';
import { Prng } from '../../src/actors/runtime/prng.ts';
import { newLink } from '../../src/sim/edges/link.ts';
import {
  Connection,
  isWord,
  type Pipe,
  type Unit,
  type WireWord,
} from '../../src/sim/edges/network.ts';
import { type Lane, WebEdge } from '../../src/sim/edges/web.edge.ts';
import { FrameDecoder } from '../../src/sim/workload/hearing/frame-decoder.ts';
import type { Asked, ClientRequest, ClientWebSocket, WebWorld } from './web-contract.ts';
import { shakeOf } from '../../src/sim/workload/asking/handshakes.ts';

const DOOR = '0/door' as Address<DoorEvent>;
const mask = new Uint8Array([7, 77, 177, 251]);
const encoder = new TextEncoder();
const decoder = new TextDecoder();

interface Due {
  readonly at: number;
  happen(): void;
}

export class TwinWeb implements WebWorld {
  readonly asked: DoorEvent[] = [];
  readonly heard: ConnectionEvent[] = [];
  readonly receipts: Receipt[] = [];
  readonly lane: Lane;
  readonly edge: WebEdge;
  now = 0;
  readonly #chance: Prng;
  #due: Due[] = [];
  #opened = 0;

  constructor(lane: Lane, seed: number) {
    this.lane = lane;
    this.#chance = new Prng(seed, 'twin');
    const now = (): number => this.now;
    this.edge = new WebEdge(
      {
        lane,
        door: DOOR,
        messageBytesMax: 65_536,
        receiptBytes: WINDOW_BYTES / 2,
        closeTimeoutUs: 2_000_000,
      },
      {
        get now() {
          return now();
        },
        deliver: (to: string, message: unknown) => this.#delivered(to, message),
        wake: () => {},
        remindAt: (at, connection) => this.#later(at, () => this.edge.remind(connection)),
      },
    );
  }

  turn(...commands: WebCommand[]): void {
    for (const command of commands) this.edge.obey(command);
    this.edge.flush();
  }

  pauseReading(isOn: boolean): void {
    this.edge.pauseReading(isOn);
  }

  request(asked: Asked): ClientRequest {
    return new TwinRequest(this.connect(), asked);
  }

  webSocket(path: string, subprotocols: readonly string[] = []): ClientWebSocket {
    return new TwinWebSocket(this.connect(), this.lane, path, subprotocols);
  }

  until(sentence: string, isSo: () => boolean): Promise<void> {
    while (!isSo()) {
      if (!this.#step()) return Promise.reject(new Error(`nothing more happens: ${sentence}`));
    }
    return Promise.resolve();
  }

  end(): Promise<void> {
    return Promise.resolve();
  }

  connect(): Connection {
    const plan = {
      latencyUs: 100,
      jitterUs: 300,
      windowBytes: 100_000,
      cutPercent: this.lane === 'byte' ? 20 : 0,
      joinPercent: this.lane === 'byte' ? 20 : 0,
    };
    const link = newLink(plan, this.#chance);
    const now = (): number => this.now;
    this.#opened += 1;
    const connection = new Connection(
      this.#opened,
      link,
      {
        get now() {
          return now();
        },
        arriveAt: (at: number, pipe: Pipe) => this.#later(at, () => pipe.arrive()),
      },
      { shard: 0, remote: '10.0.0.1', askedAt: 0 },
    );
    this.edge.accept(connection);
    return connection;
  }

  /** The next thing that is due, then what the edge makes of it; false when nothing is. */
  #step(): boolean {
    if (!this.edge.hasReadable && !this.edge.hasDirty) {
      const [next, ...rest] = this.#due.toSorted((one, other) => one.at - other.at);
      if (next === undefined) return false;
      this.#due = rest;
      this.now = Math.max(this.now, next.at);
      next.happen();
    }
    this.edge.read();
    this.edge.flush();
    return true;
  }

  #later(at: number, happen: () => void): void {
    this.#due.push({ at, happen });
  }

  #delivered(to: string, message: unknown): void {
    if (to === DOOR) this.asked.push(message as DoorEvent);
    else if ((message as Receipt).type === 'receipt') this.receipts.push(message as Receipt);
    else this.heard.push(message as ConnectionEvent);
  }
}

/** What both kinds of client do with their end. */
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

class TwinRequest implements ClientRequest {
  status: number | undefined = undefined;
  headers: Readonly<Record<string, string>> = {};
  body = '';
  isOver = false;
  readonly #connection: Connection;

  constructor(connection: Connection, { method, path, headers = {}, body = '' }: Asked) {
    this.#connection = connection;
    listen(connection, (unit) => this.#hear(unit));
    const [bare = '', ...query] = path.split('?');
    const head = { method, path: bare, query: query.join('?'), headers };
    connection.say({ word: 'request', head, body: encoder.encode(body) });
  }

  leave(): void {
    this.#connection.reset();
  }

  #hear(unit: Unit): void {
    if (unit instanceof Uint8Array) this.body += decoder.decode(unit);
    else if (!isWord(unit)) throw new Error('this world speaks bytes');
    else if (unit.word === 'response') {
      this.status = unit.status;
      this.headers = unit.headers;
      this.body = unit.body;
    } else if (unit.word === 'stream') {
      this.status = 200;
      this.headers = unit.headers;
    } else if (unit.word === 'fin' || unit.word === 'reset') {
      this.isOver = true;
      this.#connection.say({ word: 'fin' });
    }
  }
}

class TwinWebSocket implements ClientWebSocket {
  status: number | undefined = undefined;
  subprotocol: string | undefined = undefined;
  readonly messages: string[] = [];
  closed: { readonly code: number; readonly reason: string } | undefined = undefined;
  readonly #connection: Connection;
  readonly #isFramed: boolean;
  readonly #decoder = new FrameDecoder();
  readonly #read: () => void;
  #hasClosed = false;

  constructor(connection: Connection, lane: Lane, path: string, subprotocols: readonly string[]) {
    this.#connection = connection;
    this.#isFramed = lane === 'byte';
    this.#read = listen(connection, (unit) => this.#hear(unit));
    const [bare = '', ...query] = path.split('?');
    const headers = shakeOf(0, subprotocols, false);
    const head = { method: 'GET', path: bare, query: query.join('?'), headers };
    connection.say({ word: 'upgrade', head });
  }

  send(text: string): void {
    const payload = encoder.encode(text);
    this.#connection.say(this.#isFramed ? encodeFrame('text', payload, { mask }) : payload);
  }

  close(code: number, reason: string): void {
    if (this.#hasClosed) return;
    this.#hasClosed = true;
    const word: WireWord = { word: 'close', code, reason };
    this.#connection.say(this.#isFramed ? encodeClose(code, reason, mask) : word);
  }

  vanish(): void {
    this.#connection.reset();
  }

  stall(): void {
    this.#connection.down.isReaderPaused = true;
  }

  resume(): void {
    this.#connection.down.isReaderPaused = false;
    this.#read();
  }

  textReceived(bytes: Uint8Array, from = 0, to = bytes.length): void {
    const payload = bytes.subarray(from, to);
    this.messages.push(decoder.decode(payload));
  }

  pingReceived(payload: Uint8Array): void {
    this.#connection.say(encodeFrame('pong', payload, { mask }));
  }

  closeReceived(code: number, reason: string): void {
    this.closed = { code, reason };
    this.close(code, reason);
  }

  brokenFrame(what: string): void {
    throw new Error(what);
  }

  #hear(unit: Unit): void {
    if (unit instanceof Uint8Array) {
      if (this.#isFramed) this.#decoder.decode(unit, this);
      else this.textReceived(unit);
    } else if (!isWord(unit)) {
      // The object lane wraps bytes, so that they count as the frame that would carry them.
      if (!(unit.value instanceof Uint8Array)) throw new Error('this world speaks bytes');
      this.textReceived(unit.value);
    }
    if (!isWord(unit)) return;
    if (unit.word === 'accepted') {
      this.status = 101;
      this.subprotocol = unit.subprotocol;
    } else if (unit.word === 'response') this.status = unit.status;
    else if (unit.word === 'ping') this.#connection.say({ word: 'pong' });
    else if (unit.word === 'close') this.closeReceived(unit.code, unit.reason);
    else if (unit.word === 'fin') this.#connection.say({ word: 'fin' });
  }
}
