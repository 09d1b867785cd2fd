// The origins behind the gateway: one script for each case, found by the token in the URL, and a record of what was
// asked. An origin does nothing of its own accord; a script may also write what no HTTP library would.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { Socket } from 'node:net';

import { selfSigned } from '../../support/self-signed.ts';

/** Where an origin listens, counted from the first port. Nobody listens at `DEAD`. */
export const FIRST = 0;
export const SECOND = 1;
export const DEAD = 2;
export const SECURE = 3;
export const PORTS = 4;

/** As many ports as there are, from `first` on. */
export const portsFrom = (first: number): number[] =>
  Array.from({ length: PORTS }, (_, at) => first + at);

export interface Asked {
  readonly method: string;
  /** The request's target, as it came. */
  readonly url: string;
  /** Header lines, as they came. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: Buffer;
  /** `FIRST`, `SECOND` or `SECURE`. */
  readonly origin: number;
  readonly atMs: number;
  readonly socket: Socket;
  /** For scripts that answer themselves; absent on an upgrade. */
  readonly response: ServerResponse | undefined;
  readonly request: IncomingMessage;
  /** The first bytes after an upgrade. */
  readonly upgradeHead: Buffer | undefined;
  header(name: string): string | undefined;
  all(name: string): string[];
}

export interface Reply {
  readonly status?: number;
  readonly reason?: string;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  readonly body?: string | Uint8Array;
}

/** What an origin does when it is asked for the nth time, from 0. Nothing: the script answers by itself, or never. */
export type Script = (asked: Asked, nth: number) => Reply | undefined | Promise<Reply | undefined>;

export interface Part {
  readonly script: Script;
  /** Called when the head is there, instead of when the body is. */
  readonly isEarly: boolean;
  readonly asked: Asked[];
  readonly tell: () => void;
}

const TOKEN = /k[0-9a-f]{12}/;

export class Origins {
  readonly ports: readonly number[];
  readonly #servers: readonly Server[];
  readonly #parts = new Map<string, Part>();
  readonly #sockets = new Set<Socket>();

  private constructor(servers: readonly Server[], ports: readonly number[]) {
    this.#servers = servers;
    this.ports = ports;
    for (const [at, server] of servers.entries()) {
      const origin = at === 2 ? SECURE : at;
      server.on('request', (request: IncomingMessage, response: ServerResponse) => {
        void this.#meet(origin, request, response, undefined);
      });
      server.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) => {
        void this.#meet(origin, request, undefined, { socket, head });
      });
      server.on('connection', (socket: Socket) => {
        this.#sockets.add(socket);
        socket.on('close', () => this.#sockets.delete(socket));
        socket.on('error', () => {});
      });
    }
  }

  /** Listens at all but the dead one of its `PORTS` ports. */
  static async listen(ports: readonly number[]): Promise<Origins> {
    const options = { keepAliveTimeout: 60_000, maxHeaderSize: 65_536, insecureHTTPParser: true };
    const servers: Server[] = [
      createServer(options),
      createServer(options),
      createTlsServer({ ...options, ...selfSigned('localhost') }),
    ];
    const living = ports.filter((_, at) => at !== DEAD);
    await Promise.all(servers.map((server, at) => listening(server, living[at])));
    for (const server of servers) Object.assign(server, { requestTimeout: 0, headersTimeout: 0 });
    return new Origins(servers, ports);
  }

  play(token: string, part: Part): void {
    this.#parts.set(token, part);
  }

  forget(token: string): void {
    this.#parts.delete(token);
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await Promise.all(
      this.#servers.map((server) => new Promise((resolve) => server.close(resolve))),
    );
  }

  async #meet(
    origin: number,
    request: IncomingMessage,
    response: ServerResponse | undefined,
    upgraded: { readonly socket: Socket; readonly head: Buffer } | undefined,
  ): Promise<void> {
    const headers = pairsOf(request.rawHeaders);
    const url = request.url ?? '';
    const place = [url, ...headers.map(([, value]) => value)].join('\n');
    const part = this.#parts.get(TOKEN.exec(place)?.[0] ?? '');
    const chunks: Buffer[] = [];
    request.on('error', () => {});
    if (part?.isEarly !== true && upgraded === undefined) {
      try {
        for await (const chunk of request) chunks.push(chunk as Buffer);
      } catch {
        return;
      }
    }
    const asked: Asked = {
      method: request.method ?? '',
      url,
      headers,
      body: Buffer.concat(chunks),
      origin,
      atMs: performance.now(),
      socket: upgraded?.socket ?? request.socket,
      response,
      request,
      upgradeHead: upgraded?.head,
      header: (name) => valuesOf(headers, name)[0],
      all: (name) => valuesOf(headers, name),
    };
    if (part === undefined) {
      if (response === undefined) upgraded?.socket.destroy();
      else answer(response, { status: 404, body: `no case here: ${url}\n` });
      return;
    }
    part.asked.push(asked);
    const nth = part.asked.length - 1;
    part.tell();
    const reply = await part.script(asked, nth);
    if (reply === undefined) return;
    if (response !== undefined) answer(response, reply);
    else
      asked.socket.end(
        `HTTP/1.1 ${reply.status ?? 404} ${reply.reason ?? 'No'}\r\n${lines(reply)}`,
      );
  }
}

function lines({ headers = {}, body = '' }: Reply): string {
  const own = Object.entries(headers).flatMap(([name, value]) =>
    [value].flat().map((each) => `${name}: ${each}\r\n`),
  );
  return `${own.join('')}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${String(body)}`;
}

function answer(
  response: ServerResponse,
  { status = 200, reason, headers = {}, body = '' }: Reply,
): void {
  const flat = Object.entries(headers).flatMap(([name, value]) =>
    [value].flat().flatMap((each) => [name, each]),
  );
  const names = Object.keys(headers).map((name) => name.toLowerCase());
  const isBare = status === 204 || status === 304;
  if (!isBare && !names.includes('content-length') && !names.includes('transfer-encoding'))
    flat.push('Content-Length', String(Buffer.byteLength(body)));
  response.on('error', () => {});
  if (reason === undefined) response.writeHead(status, flat);
  else response.writeHead(status, reason, flat);
  // As bytes: node:http would write a head before a text in the text's own encoding.
  response.end(typeof body === 'string' ? Buffer.from(body) : body);
}

function pairsOf(raw: readonly string[]): [string, string][] {
  const pairs: [string, string][] = [];
  for (let at = 0; at + 1 < raw.length; at += 2) pairs.push([raw[at] ?? '', raw[at + 1] ?? '']);
  return pairs;
}

function valuesOf(headers: readonly (readonly [string, string])[], name: string): string[] {
  const wanted = name.toLowerCase();
  return headers.flatMap(([key, value]) => (key.toLowerCase() === wanted ? value : []));
}

function listening(server: Server, port: number | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
}
