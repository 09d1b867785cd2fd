// The production gateway edge on real sockets: a web edge and a gateway edge of one shard, tiny origins, and clients
// that say exactly the bytes they are given. Waits for events with a deadline, never for time.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, createServer as createTcpServer, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';

import type { Address } from '../../../src/actors/runtime/actor.ts';
import type {
  ConnectionEvent,
  Log,
  Receipt,
  WebCommand,
} from '../../../src/actors/runtime/edges.ts';
import type {
  ExchangeEvent,
  GatewayCommand,
  OriginAddress,
  OriginEvent,
  ProxyRequested,
  SignatureVerdict,
} from '../../../src/actors/runtime/gateway-edges.ts';
import { GatewayEdge, type GatewayListenOptions } from '../../../src/transports/gateway.edge.ts';
import { WebEdge } from '../../../src/transports/web.edge.ts';

const DEADLINE_MS = 10_000;
const DOOR = '0/gateway' as Address<ProxyRequested>;
export const EXCHANGE = '0/exchange' as Address<ExchangeEvent>;
export const ASKER = '0/asker' as Address<OriginEvent>;
export const OWNER = '0/owner' as Address<ConnectionEvent>;
export const RECEIPTS = '0/receipts' as Address<Receipt>;
export const VERDICTS = '0/verdicts' as Address<SignatureVerdict>;

export type Heard<T extends string, E = ExchangeEvent | OriginEvent> = Extract<
  E,
  { readonly type: T }
>;

export class ProductionGateway {
  readonly requests: ProxyRequested[] = [];
  readonly exchange: ExchangeEvent[] = [];
  readonly origin: OriginEvent[] = [];
  readonly heard: ConnectionEvent[] = [];
  readonly receipts: Receipt[] = [];
  readonly verdicts: SignatureVerdict[] = [];
  readonly logged: Log[] = [];
  readonly counters = new Map<string, number>();
  readonly web: WebEdge;
  readonly edge: GatewayEdge;
  port = 0;
  /** Called for each request, once it is known. */
  answering: ((request: ProxyRequested) => void) | undefined = undefined;
  /** Called for each answer of an origin. */
  relaying: ((event: Heard<'originAnswered'>) => void) | undefined = undefined;
  #watchers: (() => void)[] = [];
  #hasChanged = false;
  #isScheduled = false;
  readonly #sockets = new Set<Socket>();

  private constructor() {
    const options = {
      deliver: (to: string, message: unknown) => this.#delivered(to, message),
      schedule: () => this.#schedule(),
      runNow: () => this.turn(),
      count: (name: string, by: number) => {
        this.counters.set(name, this.count(name) + by);
        this.changed();
      },
      log: (entry: Log) => this.logged.push(entry),
    };
    this.web = new WebEdge(options);
    this.edge = new GatewayEdge({ ...options, ground: this.web.ground, now: Date.now });
  }

  static async open(changes: Partial<GatewayListenOptions> = {}): Promise<ProductionGateway> {
    const world = new ProductionGateway();
    const address = await world.edge.listen({
      door: 'gateway',
      host: '127.0.0.1',
      port: 0,
      reusePort: false,
      deflate: false,
      doorActor: DOOR,
      ...changes,
    });
    world.port = address.port;
    onTestFinished(() => world.end());
    return world;
  }

  count(name: string): number {
    return this.counters.get(name) ?? 0;
  }

  turn(...commands: GatewayCommand[]): void {
    for (const command of commands) this.edge.obey(command);
    this.#flush();
  }

  webTurn(...commands: WebCommand[]): void {
    for (const command of commands) this.web.obey(command);
    this.#flush();
  }

  /** The nth request, once it has come. */
  async request(nth: number): Promise<ProxyRequested> {
    await this.until(`request ${nth} came`, () => this.requests.length > nth);
    const request = this.requests[nth];
    if (request === undefined) throw new Error('unreachable');
    return request;
  }

  /** The first event of this type among what the owner of exchanges and the asker heard, after `from` such events. */
  async event<T extends (ExchangeEvent | OriginEvent)['type']>(
    type: T,
    from = 0,
  ): Promise<Heard<T>> {
    const all = (): Heard<T>[] =>
      [...this.exchange, ...this.origin].filter((event) => event.type === type) as Heard<T>[];
    await this.until(`${type} was heard`, () => all().length > from);
    const found = all()[from];
    if (found === undefined) throw new Error('unreachable');
    return found;
  }

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

  join(socket: Socket): void {
    this.#sockets.add(socket);
  }

  async end(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.edge.destroy();
    await this.web.drain(1001, 'the test is over', 0);
  }

  #flush(): void {
    this.web.flush();
    this.edge.flush();
  }

  #delivered(to: string, message: unknown): void {
    if (to === DOOR) {
      const request = message as ProxyRequested;
      this.requests.push(request);
      if (this.answering !== undefined) setImmediate(() => this.answering?.(request));
    } else if (to === EXCHANGE) this.exchange.push(message as ExchangeEvent);
    else if (to === ASKER) {
      const event = message as OriginEvent;
      this.origin.push(event);
      if (event.type === 'originAnswered' && this.relaying !== undefined)
        setImmediate(() => this.relaying?.(event));
    } else if (to === OWNER) this.heard.push(message as ConnectionEvent);
    else if (to === VERDICTS) this.verdicts.push(message as SignatureVerdict);
    else this.receipts.push(message as Receipt);
    this.changed();
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      this.#flush();
    });
  }
}

/** A client that says exactly the bytes it is given. */
export class Caller {
  readonly socket: Socket;
  #chunks: Buffer[] = [];
  hasEnded = false;
  isClosed = false;
  wasReset = false;

  constructor(world: ProductionGateway, ...said: readonly (string | Uint8Array)[]) {
    this.socket = connect({ port: world.port, host: '127.0.0.1' });
    this.socket.setNoDelay(true);
    world.join(this.socket);
    this.socket.on('data', (chunk: Buffer) => {
      this.#chunks.push(chunk);
      world.changed();
    });
    this.socket.on('end', () => {
      this.hasEnded = true;
      world.changed();
    });
    this.socket.on('error', () => {
      this.wasReset = true;
    });
    this.socket.on('close', () => {
      this.isClosed = true;
      world.changed();
    });
    for (const bytes of said) this.say(bytes);
  }

  get bytes(): Buffer {
    if (this.#chunks.length > 1) this.#chunks = [Buffer.concat(this.#chunks)];
    return this.#chunks[0] ?? Buffer.alloc(0);
  }

  get text(): string {
    return this.bytes.toString('latin1');
  }

  get size(): number {
    return this.socket.bytesRead;
  }

  say(bytes: string | Uint8Array): void {
    this.socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes);
  }
}

/** Says something of which the answer does not matter. */
export function call(world: ProductionGateway, ...said: readonly string[]): Caller {
  return new Caller(world, ...said);
}

/** An origin of node:http. */
export async function origin(
  world: ProductionGateway,
  answers: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<{ readonly address: OriginAddress; readonly server: Server }> {
  const server = createServer(answers);
  server.on('connection', (socket: Socket) => world.join(socket));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', 2_048, resolve));
  onTestFinished(() => {
    server.close();
  });
  return { address: addressOf((server.address() as AddressInfo).port), server };
}

/** An origin that answers with bytes of its own. */
export async function rawOrigin(
  world: ProductionGateway,
  greet: (socket: Socket) => void,
): Promise<OriginAddress> {
  const server = createTcpServer((socket) => {
    world.join(socket);
    socket.on('error', () => {});
    greet(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.close();
  });
  return addressOf((server.address() as AddressInfo).port);
}

export function addressOf(port: number, changes: Partial<OriginAddress> = {}): OriginAddress {
  return {
    host: '127.0.0.1',
    port,
    isSecure: false,
    isInsecure: false,
    serverName: '',
    isUntrusted: false,
    clientCertFile: undefined,
    clientKeyFile: undefined,
    ...changes,
  };
}

export function get(path = '/', ...lines: readonly string[]): string {
  return `${[`GET ${path} HTTP/1.1`, 'Host: a', ...lines].join('\r\n')}\r\n\r\n`;
}

export function own(connection: number): GatewayCommand {
  return { type: 'own', connection, owner: EXCHANGE };
}

export function answer(
  connection: number,
  text = '',
  changes: Partial<Extract<GatewayCommand, { readonly type: 'answer' }>> = {},
): GatewayCommand {
  const body = Buffer.from(text);
  return { type: 'answer', connection, status: 200, reason: 'OK', headers: [], body, ...changes };
}

export function fetchFor(
  { connection, method, path, search, headers, bodyBytes }: ProxyRequested,
  address: OriginAddress,
  changes: Partial<Extract<GatewayCommand, { readonly type: 'fetch' }>> = {},
): GatewayCommand {
  const first = new Uint8Array(0);
  return {
    type: 'fetch',
    ref: connection,
    owner: ASKER,
    origin: address,
    method,
    target: `${path}${search}`,
    headers,
    body:
      bodyBytes === 0
        ? { kind: 'bytes', bytes: first }
        : { kind: 'client', connection, first, keepBytesMax: 100_000 },
    signature: undefined,
    timeoutMs: undefined,
    ...changes,
  };
}

export function relay(
  connection: number,
  { ref, status, reason, headers }: Heard<'originAnswered'>,
  changes: Partial<Extract<GatewayCommand, { readonly type: 'relay' }>> = {},
): GatewayCommand {
  return {
    type: 'relay',
    owner: ASKER,
    ref,
    connection,
    status,
    reason,
    headers,
    thenHold: undefined,
    ...changes,
  };
}

export function startStream(
  connection: number,
  text = '',
  changes: Partial<Extract<GatewayCommand, { readonly type: 'startStream' }>> = {},
): GatewayCommand {
  const body = Buffer.from(text);
  const opening = { connection, owner: OWNER, receiptsTo: RECEIPTS };
  const head = { status: 200, reason: 'OK', headers: [] };
  return { type: 'startStream', ...opening, ...head, body, ...changes };
}

/** Passes every request on to the origin, and every answer back. */
export function proxyTo(world: ProductionGateway, address: OriginAddress): void {
  world.answering = (request) => world.turn(own(request.connection), fetchFor(request, address));
  world.relaying = (event) => world.turn(relay(event.ref, event));
}
