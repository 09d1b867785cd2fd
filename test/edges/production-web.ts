// The production web edge as a world of the contract: real sockets on the loopback, the `ws` package and node:http as
// clients. Waits for events with a deadline, never for time.

import { once } from 'node:events';
import { request as httpRequest, type ClientRequest as NodeRequest } from 'node:http';
import type { Socket } from 'node:net';
import { WebSocket } from 'ws';

import type { Address } from '../../src/actors/runtime/actor.ts';
import type {
  ConnectionEvent,
  DoorEvent,
  Log,
  Receipt,
  WebCommand,
} from '../../src/actors/runtime/edges.ts';
import { type ListenOptions, WebEdge } from '../../src/transports/web.edge.ts';
import type { Asked, ClientRequest, ClientWebSocket, WebWorld } from './web-contract.ts';

const DEADLINE_MS = 10_000;
const DOOR = '0/door' as Address<DoorEvent>;

export type DoorChanges = Partial<Omit<ListenOptions, 'limits'>> & {
  readonly limits?: Partial<ListenOptions['limits']>;
};

export class ProductionWeb implements WebWorld {
  readonly asked: DoorEvent[] = [];
  readonly heard: ConnectionEvent[] = [];
  readonly receipts: Receipt[] = [];
  readonly logged: Log[] = [];
  readonly counters = new Map<string, number>();
  readonly edge: WebEdge;
  port = 0;
  /** Turns that the edge wanted, at once and soon. */
  readonly wanted = { now: 0, soon: 0 };
  #watchers: (() => void)[] = [];
  #isScheduled = false;
  #hasChanged = false;
  #hasEnded = false;
  readonly #clients: Socket[] = [];

  private constructor() {
    this.edge = new WebEdge({
      deliver: (to: string, message: unknown) => this.#delivered(to, message),
      schedule: () => this.#schedule(),
      runNow: () => {
        this.wanted.now += 1;
        this.edge.flush();
      },
      count: (name, by) => {
        this.counters.set(name, this.count(name) + by);
        this.changed();
      },
      log: (entry) => this.logged.push(entry),
    });
  }

  static async open(changes: DoorChanges = {}): Promise<ProductionWeb> {
    const world = new ProductionWeb();
    const address = await world.edge.listen({
      door: 'broker',
      host: '127.0.0.1',
      port: 0,
      reusePort: false,
      deflate: false,
      doorActor: DOOR,
      ...changes,
      limits: { messageBytesMax: 65_536, bodyBytesMax: 1_000, ...changes.limits },
    });
    world.port = address.port;
    return world;
  }

  count(name: string): number {
    return this.counters.get(name) ?? 0;
  }

  turn(...commands: WebCommand[]): void {
    for (const command of commands) this.edge.obey(command);
    this.edge.flush();
  }

  pauseReading(isOn: boolean): void {
    this.edge.pauseReading(isOn);
  }

  request(asked: Asked): ClientRequest {
    return new HttpClient(this.port, asked, () => this.changed());
  }

  webSocket(path: string, subprotocols: readonly string[] = []): ClientWebSocket {
    return new WsClient(`ws://127.0.0.1:${this.port}${path}`, subprotocols, () => this.changed());
  }

  /** Something came in: those who wait look again, when whoever says so is done. */
  changed(): void {
    if (this.#hasChanged) return;
    this.#hasChanged = true;
    queueMicrotask(() => {
      this.#hasChanged = false;
      for (const look of this.#watchers) look();
    });
  }

  until(sentence: string, isSo: () => boolean): Promise<void> {
    if (isSo()) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const finish = (): void => {
        clearTimeout(deadline);
        this.#watchers = this.#watchers.filter((watcher) => watcher !== look);
      };
      const look = (): void => {
        if (!isSo()) return;
        finish();
        resolve();
      };
      const deadline = setTimeout(() => {
        finish();
        reject(new Error(`not in time: ${sentence}`));
      }, DEADLINE_MS);
      this.#watchers.push(look);
    });
  }

  /** A client's socket that is to go when the world does. */
  get lastClient(): Socket {
    const last = this.#clients.at(-1);
    if (last === undefined) throw new Error('nobody came');
    return last;
  }

  join(socket: Socket): void {
    this.#clients.push(socket);
  }

  async end(): Promise<void> {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    for (const socket of this.#clients) socket.destroy();
    await this.edge.drain(1001, 'the test is over', 0);
  }

  #delivered(to: string, message: unknown): void {
    if (to === DOOR) this.asked.push(message as DoorEvent);
    else if (to === '0/receipts') this.receipts.push(message as Receipt);
    else this.heard.push(message as ConnectionEvent);
    this.changed();
  }

  #schedule(): void {
    this.wanted.soon += 1;
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      this.edge.flush();
    });
  }
}

class HttpClient implements ClientRequest {
  status: number | undefined = undefined;
  headers: Record<string, string> = {};
  body = '';
  isOver = false;
  readonly #request: NodeRequest;

  constructor(port: number, { method, path, headers = {}, body = '' }: Asked, changed: () => void) {
    this.#request = httpRequest({ port, method, path, headers, agent: false }, (response) => {
      this.status = response.statusCode;
      this.headers = response.headers as Record<string, string>;
      response.setEncoding('utf8');
      response.on('data', (text: string) => {
        this.body += text;
        changed();
      });
      response.on('end', () => {
        this.isOver = true;
        changed();
      });
      response.on('error', () => {});
      changed();
    });
    this.#request.on('error', () => {});
    this.#request.end(body);
  }

  leave(): void {
    this.#request.destroy();
  }
}

class WsClient implements ClientWebSocket {
  status: number | undefined = undefined;
  readonly messages: string[] = [];
  closed: { readonly code: number; readonly reason: string } | undefined = undefined;
  readonly #socket: WebSocket;

  constructor(url: string, subprotocols: readonly string[], changed: () => void) {
    this.#socket = new WebSocket(url, [...subprotocols]);
    this.#socket.on('open', () => {
      this.status = 101;
      changed();
    });
    this.#socket.on('unexpected-response', (request, { statusCode }) => {
      this.status = statusCode;
      request.destroy();
      changed();
    });
    this.#socket.on('message', (payload: Buffer) => {
      this.messages.push(payload.toString());
      changed();
    });
    this.#socket.on('close', (code, reason) => {
      this.closed = { code, reason: reason.toString() };
      changed();
    });
    this.#socket.on('error', () => {});
  }

  get subprotocol(): string | undefined {
    return this.#socket.protocol === '' ? undefined : this.#socket.protocol;
  }

  send(text: string): void {
    this.#socket.send(text);
  }

  close(code: number, reason: string): void {
    this.#socket.close(code, reason);
  }

  vanish(): void {
    this.#socket.terminate();
  }

  stall(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }
}

/** Waits for one event of an emitter, with the deadline of all waiting. */
export async function soon(emitter: NodeJS.EventEmitter, event: string): Promise<unknown[]> {
  return once(emitter, event, { signal: AbortSignal.timeout(DEADLINE_MS) });
}
