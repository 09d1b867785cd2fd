// The control door: an HTTP server for publishers on the thread of shard 0. Each connection carries one request and
// ends with its answer. So many are served at once; those that come beyond wait, unread, for their turn.
// Refuses to know what is published: the control actor answers what can be read at all.
// Obeys spec/grip.md, section "Publishing".

import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { reasonOf } from '../actors/codecs/grip/reasons.ts';
import type { HeaderList } from '../actors/codecs/grip/header-list.ts';
import type { Address } from '../actors/runtime/actor.ts';
import type { ConnectionId } from '../actors/runtime/edges.ts';
import type { ControlEvent, ControlReply } from '../actors/runtime/gateway-edges.ts';
import { type ControlReading, type ReaderLimits, RequestReader } from './control/request-reader.ts';

export interface ControlOptions extends ReaderLimits {
  readonly host: string;
  /** 0 lets the kernel choose. */
  readonly port: number;
}

export const controlDefaults: ControlOptions = {
  host: '127.0.0.1',
  port: 5561,
  headBytesMax: 10_000,
  bodyBytesMax: 1_000_000,
};

export interface ControlSurroundings {
  readonly actor: Address<ControlEvent>;
  deliver(to: Address<ControlEvent>, event: ControlEvent): void;
  schedule(): void;
  count(counter: string, by: number): void;
}

type Answer = Extract<ControlReply, { readonly type: 'controlAnswer' }>;

const SERVED_MAX = 128;
const WAITING_MAX = 4_096;
/** From the turn of a connection until its request is whole. */
const REQUEST_TIMEOUT_MS = 30_000;
/** An answer that does not come by then never comes: the place is needed. */
const ANSWER_TIMEOUT_MS = 10_000;
/** How long a client may take to notice that it was answered. */
const LINGER_MS = 1_000;

interface Exchange {
  readonly socket: Socket;
  readonly reader: RequestReader;
  deadline: NodeJS.Timeout;
  isRead: boolean;
}

export class ControlEdge {
  readonly #options: ControlOptions;
  readonly #surroundings: ControlSurroundings;
  readonly #server: Server;
  readonly #served = new Map<ConnectionId, Exchange>();
  readonly #waiting = new Set<Socket>();
  #connections = 0;

  constructor(options: ControlOptions, surroundings: ControlSurroundings) {
    this.#options = options;
    this.#surroundings = surroundings;
    // A client may close its half behind the request and still wants the answer.
    const settings = { allowHalfOpen: true, pauseOnConnect: true, noDelay: true };
    this.#server = createServer(settings, (socket) => this.#admit(socket));
  }

  /** Rejects with the system's error when the address cannot be had. */
  listen(port: number): Promise<{ readonly host: string; readonly port: number }> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen({ host: this.#options.host, port, exclusive: true }, () => {
        this.#server.removeAllListeners('error');
        // One connection that could not be accepted is the publisher's to repeat.
        this.#server.on('error', () => this.#surroundings.count('control.acceptFailed', 1));
        const { address, port: chosen } = this.#server.address() as AddressInfo;
        resolve({ host: address, port: chosen });
      });
    });
  }

  get connections(): number {
    return this.#served.size + this.#waiting.size;
  }

  obey({ connection, status, headers, body }: Answer): void {
    const exchange = this.#served.get(connection);
    if (exchange !== undefined) this.#answer(connection, exchange, status, headers, body);
  }

  /** Takes no new connections; those that are served get their answers. */
  close(): void {
    if (this.#server.listening) this.#server.close();
    for (const socket of this.#waiting) socket.destroy();
  }

  #admit(socket: Socket): void {
    socket.on('error', () => socket.destroy());
    if (this.#served.size < SERVED_MAX) {
      this.#serve(socket);
      return;
    }
    if (this.#waiting.size >= WAITING_MAX) {
      this.#surroundings.count('control.connectionsRefused', 1);
      socket.destroy();
      return;
    }
    this.#waiting.add(socket);
    socket.once('close', () => this.#waiting.delete(socket));
  }

  #serve(socket: Socket): void {
    const connection = (this.#connections += 1);
    const exchange: Exchange = {
      socket,
      reader: new RequestReader(this.#options),
      deadline: setTimeout(() => socket.destroy(), REQUEST_TIMEOUT_MS).unref(),
      isRead: false,
    };
    this.#served.set(connection, exchange);
    socket.once('close', () => this.#release(connection, exchange));
    socket.on('data', (chunk: Buffer) => {
      // What comes behind the request is taken and dropped, so that the answer is not lost in a reset.
      if (exchange.isRead) return;
      const reading = exchange.reader.push(chunk);
      if (exchange.reader.takeContinue() && reading.kind !== 'refused') {
        socket.write(`HTTP/${exchange.reader.version} 100 Continue\r\n\r\n`);
      }
      this.#take(connection, exchange, reading);
    });
    socket.once('end', () => {
      if (!exchange.isRead) socket.destroy();
    });
    socket.resume();
  }

  #take(connection: ConnectionId, exchange: Exchange, reading: ControlReading): void {
    switch (reading.kind) {
      case 'more':
        return;
      case 'refused': {
        exchange.isRead = true;
        this.#surroundings.count('control.refused', 1);
        const headers: HeaderList = [['Content-Type', 'text/plain']];
        this.#answer(connection, exchange, reading.status, headers, `${reading.text}\n`);
        return;
      }
      case 'request': {
        exchange.isRead = true;
        clearTimeout(exchange.deadline);
        exchange.deadline = setTimeout(() => exchange.socket.destroy(), ANSWER_TIMEOUT_MS).unref();
        const { actor } = this.#surroundings;
        const event = { type: 'controlRequested', connection, ...reading.request } as const;
        this.#surroundings.deliver(actor, event);
        this.#surroundings.schedule();
        return;
      }
      default:
        reading satisfies never;
    }
  }

  #answer(
    connection: ConnectionId,
    exchange: Exchange,
    status: number,
    headers: HeaderList,
    body: string,
  ): void {
    const { socket, reader } = exchange;
    const lines = [
      `HTTP/${reader.version} ${status} ${reasonOf(status)}`,
      ...headers.map(([name, value]) => `${name}: ${value}`),
      'Connection: close',
      `Content-Length: ${Buffer.byteLength(body)}`,
    ];
    const text = reader.method === 'HEAD' ? '' : body;
    socket.end(`${lines.join('\r\n')}\r\n\r\n${text}`, () => {
      this.#release(connection, exchange);
      const linger = setTimeout(() => socket.destroy(), LINGER_MS).unref();
      socket.once('close', () => clearTimeout(linger));
    });
  }

  #release(connection: ConnectionId, exchange: Exchange): void {
    clearTimeout(exchange.deadline);
    if (!this.#served.delete(connection)) return;
    const [next] = this.#waiting;
    if (next === undefined) return;
    this.#waiting.delete(next);
    this.#serve(next);
  }
}
