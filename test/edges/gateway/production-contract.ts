// The production gateway edge as a world of the contract: clients of node:http and `ws` on real sockets, and origins of
// the same kind that are in the hands of the test.

import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo, Server, Socket } from 'node:net';
import { onTestFinished } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';

import type { ConnectionEvent, Receipt, WebCommand } from '../../../src/actors/runtime/edges.ts';
import type {
  ExchangeEvent,
  GatewayCommand,
  HeaderList,
  MessageKind,
  OriginAddress,
  OriginEvent,
  ProxyRequested,
} from '../../../src/actors/runtime/gateway-edges.ts';
import type {
  Asked,
  ContractWorld,
  GatewayClient,
  GatewaySocket,
  HttpOrigin,
  OriginExchange,
  WsOrigin,
} from './gateway-contract.ts';
import { addressOf, ProductionGateway } from './production-gateway.ts';

export class ProductionContract implements ContractWorld {
  readonly #world: ProductionGateway;

  constructor(world: ProductionGateway) {
    this.#world = world;
  }

  static async open(): Promise<ProductionContract> {
    return new ProductionContract(await ProductionGateway.open());
  }

  get requests(): readonly ProxyRequested[] {
    return this.#world.requests;
  }

  get exchange(): readonly ExchangeEvent[] {
    return this.#world.exchange;
  }

  get origin(): readonly OriginEvent[] {
    return this.#world.origin;
  }

  get heard(): readonly ConnectionEvent[] {
    return this.#world.heard;
  }

  get receipts(): readonly Receipt[] {
    return this.#world.receipts;
  }

  turn(...commands: GatewayCommand[]): void {
    this.#world.turn(...commands);
  }

  webTurn(...commands: WebCommand[]): void {
    this.#world.webTurn(...commands);
  }

  ask(asked: Asked): GatewayClient {
    return new HttpClient(this.#world, asked);
  }

  webSocket(path: string): GatewaySocket {
    const { port } = this.#world;
    const headers = { Host: 'a' };
    const options = { autoPong: false, perMessageDeflate: false, headers };
    const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`, options);
    return new LibrarySocket(socket, path, this.#changed);
  }

  async httpOrigin(): Promise<HttpOrigin> {
    const asked: HttpExchange[] = [];
    const server = createServer((incoming, response) => {
      const exchange = new HttpExchange(incoming, response, this.#changed);
      incoming.on('end', () => {
        asked.push(exchange);
        this.#world.changed();
      });
    });
    return { address: await this.#listen(server), asked };
  }

  async wsOrigin(): Promise<WsOrigin> {
    const sockets: LibrarySocket[] = [];
    const server = createServer();
    const library = new WebSocketServer({ server, autoPong: false });
    library.on('connection', (socket, { url = '' }) => {
      sockets.push(new LibrarySocket(socket, url, this.#changed));
      this.#world.changed();
    });
    onTestFinished(() => library.close());
    return { address: await this.#listen(server), sockets };
  }

  async nowhere(): Promise<OriginAddress> {
    const server = createServer();
    const address = await this.#listen(server);
    await new Promise((resolve) => server.close(resolve));
    return address;
  }

  until(sentence: string, isSo: () => boolean): Promise<void> {
    return this.#world.until(sentence, isSo);
  }

  /** It ends with the test that opened it. */
  end(): Promise<void> {
    return Promise.resolve();
  }

  readonly #changed = (): void => this.#world.changed();

  async #listen(server: Server): Promise<OriginAddress> {
    server.on('connection', (socket: Socket) => this.#world.join(socket));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => {
      server.close();
    });
    return addressOf((server.address() as AddressInfo).port);
  }
}

class HttpClient implements GatewayClient {
  status: number | undefined = undefined;
  headers: HeaderList = [];
  body = '';
  isWhole = false;
  isBroken = false;
  readonly #request;
  #laterBytes: number;

  constructor(
    world: ProductionGateway,
    { method = 'GET', path = '/', headers = [], body = '', laterBytes = 0 }: Asked,
  ) {
    this.#laterBytes = laterBytes;
    const bytes = body.length + laterBytes;
    const said = [
      ...['Host', 'a'],
      ...headers.flat(),
      ...(bytes === 0 ? [] : ['Content-Length', String(bytes)]),
    ];
    const { port } = world;
    const options = { host: '127.0.0.1', port, method, path, headers: said, agent: false };
    this.#request = request({ ...options, setHost: false }, (answer) => {
      this.status = answer.statusCode;
      this.headers = pairsOf(answer.rawHeaders);
      answer.setEncoding('utf8');
      answer.on('data', (text: string) => {
        this.body += text;
        world.changed();
      });
      answer.on('end', () => {
        this.isWhole = answer.complete;
        world.changed();
      });
      answer.on('error', () => {
        this.isBroken = true;
        world.changed();
      });
      world.changed();
    });
    this.#request.on('socket', (socket) => world.join(socket));
    this.#request.on('error', () => {
      this.isBroken = true;
      world.changed();
    });
    if (body !== '') this.#request.write(body);
    if (laterBytes === 0) this.#request.end();
    else this.#request.flushHeaders();
  }

  say(text: string): void {
    this.#request.write(text);
    this.#laterBytes -= text.length;
    if (this.#laterBytes === 0) this.#request.end();
  }

  leave(): void {
    this.#request.destroy();
  }
}

class HttpExchange implements OriginExchange {
  readonly method: string;
  readonly target: string;
  readonly headers: HeaderList;
  body = '';
  isLetGo = false;
  #hasBroken = false;
  readonly #response: ServerResponse;

  constructor(incoming: IncomingMessage, response: ServerResponse, changed: () => void) {
    this.method = incoming.method ?? '';
    this.target = incoming.url ?? '';
    this.headers = pairsOf(incoming.rawHeaders);
    this.#response = response;
    incoming.setEncoding('utf8');
    incoming.on('data', (text: string) => {
      this.body += text;
    });
    incoming.on('error', () => {});
    response.on('close', () => {
      this.isLetGo = !this.#hasBroken && !response.writableFinished;
      changed();
    });
  }

  head(status: number, headers: HeaderList = []): void {
    this.#response.writeHead(status, 'OK', headers.flat());
    this.#response.flushHeaders();
  }

  carry(text: string): void {
    this.#response.write(text);
  }

  end(): void {
    this.#response.end();
  }

  break(): void {
    this.#hasBroken = true;
    const { socket } = this.#response;
    // What was written before is not lost with it.
    socket?.end(() => socket.destroy());
  }
}

/** Either end of a WebSocket: a client's, or an origin's. */
class LibrarySocket implements GatewaySocket {
  readonly heard: string[] = [];
  closed: { readonly code: number; readonly reason: string } | undefined = undefined;
  isOpen = false;
  readonly target: string;
  readonly #socket: WebSocket;

  constructor(socket: WebSocket, target: string, changed: () => void) {
    this.#socket = socket;
    this.target = target;
    const tell = (kind: MessageKind, data: Buffer): void => {
      this.heard.push(`${kind} ${data.toString()}`);
      changed();
    };
    socket.on('open', () => {
      this.isOpen = true;
      changed();
    });
    socket.on('message', (data: Buffer, isBinary) => tell(isBinary ? 'binary' : 'text', data));
    socket.on('ping', (data) => tell('ping', data));
    socket.on('pong', (data) => tell('pong', data));
    socket.on('error', () => {});
    socket.on('close', (code, reason) => {
      this.closed = { code, reason: reason.toString() };
      changed();
    });
  }

  say(kind: MessageKind, text: string): void {
    if (kind === 'ping') this.#socket.ping(text);
    else if (kind === 'pong') this.#socket.pong(text);
    else this.#socket.send(text, { binary: kind === 'binary' });
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

function pairsOf(raw: readonly string[]): HeaderList {
  const pairs: (readonly [string, string])[] = [];
  for (let at = 0; at + 1 < raw.length; at += 2) pairs.push([raw[at] ?? '', raw[at + 1] ?? '']);
  return pairs;
}
