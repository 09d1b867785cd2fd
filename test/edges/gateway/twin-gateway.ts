// The simulated gateway edge as a world of the contract: its clients speak over the simulated network, its origins are
// in the hands of the test, and time passes only while somebody waits for something.

import type { Address } from '../../../src/actors/runtime/actor.ts';
import {
  type ConnectionEvent,
  type Receipt,
  WINDOW_BYTES,
  type WebCommand,
} from '../../../src/actors/runtime/edges.ts';
import type {
  ExchangeEvent,
  GatewayCommand,
  HeaderList,
  MessageKind,
  OriginAddress,
  OriginEvent,
  ProxyRequested,
} from '../../../src/actors/runtime/gateway-edges.ts';
import { Prng } from '../../../src/actors/runtime/prng.ts';
import {
  type AskedOrigin,
  GatewayEdge,
  type OriginHearing,
} from '../../../src/sim/edges/gateway.edge.ts';
import type { GatewayWord } from '../../../src/sim/edges/gateway/gateway-words.ts';
import { newLink } from '../../../src/sim/edges/link.ts';
import { Connection, isWord, type Pipe, type Unit } from '../../../src/sim/edges/network.ts';
import {
  costOf,
  type OriginLine,
  type SocketHearing,
} from '../../../src/sim/edges/gateway/origin-socket.ts';
import { type Lane, WebEdge } from '../../../src/sim/edges/web.edge.ts';
import { Trace } from '../../../src/sim/trace.ts';
import {
  type Asked,
  ASKER,
  type ContractWorld,
  EXCHANGE,
  type GatewayClient,
  type GatewaySocket,
  type HttpOrigin,
  type OriginExchange,
  OWNER,
  type WsOrigin,
} from './gateway-contract.ts';
import { addressOf } from './production-gateway.ts';

const DOOR = '0/gateway' as Address<ProxyRequested>;
const WAY_US = 200;
const encoder = new TextEncoder();
const decoder = new TextDecoder();

interface Due {
  readonly at: number;
  happen(): void;
}

type Later = (happen: () => void) => void;

export class TwinGateway implements ContractWorld {
  readonly requests: ProxyRequested[] = [];
  readonly exchange: ExchangeEvent[] = [];
  readonly origin: OriginEvent[] = [];
  readonly heard: ConnectionEvent[] = [];
  readonly receipts: Receipt[] = [];
  readonly web: WebEdge;
  readonly edge: GatewayEdge;
  now = 0;
  readonly #chance: Prng;
  readonly #http = new Map<string, TwinExchange[]>();
  readonly #ws = new Map<string, TwinSocketEnd[]>();
  #due: Due[] = [];
  #opened = 0;
  #fetches = 0;

  constructor(lane: Lane, seed: number) {
    this.#chance = new Prng(seed, 'twin gateway');
    const now = (): number => this.now;
    const deliver = (to: string, message: unknown): void => this.#delivered(to, message);
    this.web = new WebEdge(
      {
        lane,
        door: '0/door' as never,
        messageBytesMax: 65_536,
        receiptBytes: WINDOW_BYTES / 2,
        closeTimeoutUs: 2_000_000,
      },
      {
        get now() {
          return now();
        },
        deliver,
        wake: () => {},
        remindAt: (at, connection) => this.#later(at, () => this.web.remind(connection)),
      },
    );
    this.edge = new GatewayEdge({
      place: { node: 0, shard: 0 },
      trace: new Trace([], false),
      web: this.web,
      deliver,
      ask: (asked, hearing) => this.#asked(asked, hearing),
      call: (asked, hearing) => this.#called(asked, hearing),
      later: (delayUs, act) => this.#later(this.now + delayUs, act),
      newFetch: () => {
        this.#fetches += 1;
        return this.#fetches;
      },
      mark: () => {},
    });
  }

  turn(...commands: GatewayCommand[]): void {
    for (const command of commands) this.edge.obey(command);
    this.web.flush();
  }

  webTurn(...commands: WebCommand[]): void {
    for (const command of commands) this.web.obey(command);
    this.web.flush();
  }

  ask(asked: Asked): GatewayClient {
    return new TwinClient(this.#connect(), asked);
  }

  webSocket(path: string): GatewaySocket {
    return new TwinSocket(this.#connect(), path);
  }

  httpOrigin(): Promise<HttpOrigin> {
    const asked: TwinExchange[] = [];
    const address = this.#address();
    this.#http.set(address.host, asked);
    return Promise.resolve({ address, asked });
  }

  wsOrigin(): Promise<WsOrigin> {
    const sockets: TwinSocketEnd[] = [];
    const address = this.#address();
    this.#ws.set(address.host, sockets);
    return Promise.resolve({ address, sockets });
  }

  nowhere(): Promise<OriginAddress> {
    return Promise.resolve(this.#address());
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

  #address(): OriginAddress {
    return addressOf(80, { host: `origin-${this.#http.size + this.#ws.size}` });
  }

  #asked(asked: AskedOrigin, hearing: OriginHearing): () => void {
    const exchanges = this.#http.get(asked.host);
    if (exchanges === undefined) {
      this.#onItsWay(() => hearing.failed('refused', false));
      return () => {};
    }
    const exchange = new TwinExchange(asked, hearing, (happen) => this.#onItsWay(happen));
    this.#onItsWay(() => {
      if (!exchange.isLetGo) exchanges.push(exchange);
    });
    return () => {
      exchange.isLetGo = true;
    };
  }

  #called(asked: AskedOrigin, hearing: OriginHearing & SocketHearing): OriginLine {
    const sockets = this.#ws.get(asked.host);
    if (sockets === undefined) {
      const cut = this.#asked(asked, hearing);
      return { say: () => {}, close: () => {}, cut };
    }
    const end = new TwinSocketEnd(asked.target, hearing, (happen) => this.#onItsWay(happen));
    this.#onItsWay(() => {
      sockets.push(end);
      hearing.upgraded([['Sec-WebSocket-Extensions', 'grip']]);
    });
    return end.line;
  }

  #connect(): Connection {
    const plan = {
      latencyUs: 100,
      jitterUs: 300,
      windowBytes: 100_000,
      cutPercent: 20,
      joinPercent: 20,
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
    this.web.acceptForGateway(connection, DOOR);
    return connection;
  }

  /** The next thing that is due, then what the edge makes of it; false when nothing is. */
  #step(): boolean {
    if (!this.web.hasReadable && !this.web.hasDirty) {
      const [next, ...rest] = this.#due.toSorted((one, other) => one.at - other.at);
      if (next === undefined) return false;
      this.#due = rest;
      this.now = Math.max(this.now, next.at);
      next.happen();
    }
    this.web.read();
    this.web.flush();
    return true;
  }

  #onItsWay(happen: () => void): void {
    this.#later(this.now + WAY_US, happen);
  }

  #later(at: number, happen: () => void): void {
    this.#due.push({ at, happen });
  }

  #delivered(to: string, message: unknown): void {
    if (to === DOOR) this.requests.push(message as ProxyRequested);
    else if (to === EXCHANGE) this.exchange.push(message as ExchangeEvent);
    else if (to === ASKER) this.origin.push(message as OriginEvent);
    else if (to === OWNER) this.heard.push(message as ConnectionEvent);
    else this.receipts.push(message as Receipt);
  }
}

/** What both kinds of client do with their end. */
function listen(connection: Connection, hear: (unit: Unit) => void): void {
  const { down } = connection;
  const readable = (): void => {
    for (let unit = down.read(); unit !== undefined; unit = down.read()) hear(unit);
    down.drained();
  };
  connection.meet({ readable, taken: () => {} });
}

function tell(connection: Connection, said: GatewayWord): void {
  connection.say({ word: 'gateway', said });
}

class TwinClient implements GatewayClient {
  status: number | undefined = undefined;
  headers: HeaderList = [];
  body = '';
  isWhole = false;
  isBroken = false;
  readonly #connection: Connection;
  #laterBytes: number;

  constructor(
    connection: Connection,
    { method = 'GET', path = '/', headers = [], body = '', laterBytes = 0 }: Asked,
  ) {
    this.#connection = connection;
    this.#laterBytes = laterBytes;
    listen(connection, (unit) => this.#hear(unit));
    const bodyBytes = body.length + laterBytes;
    const [bare = '', ...search] = path.split('?');
    tell(connection, {
      say: 'request',
      method,
      path: bare,
      search: search.length === 0 ? '' : `?${search.join('?')}`,
      host: 'a',
      headers: [['Host', 'a'], ...headers],
      bodyBytes,
      isWebSocket: false,
    });
    if (body !== '') connection.say(encoder.encode(body));
    if (bodyBytes > 0 && laterBytes === 0) tell(connection, { say: 'end' });
  }

  say(text: string): void {
    this.#connection.say(encoder.encode(text));
    this.#laterBytes -= text.length;
    if (this.#laterBytes === 0) tell(this.#connection, { say: 'end' });
  }

  leave(): void {
    this.#connection.reset();
  }

  #hear(unit: Unit): void {
    if (unit instanceof Uint8Array) this.body += decoder.decode(unit);
    else if (!isWord(unit)) throw new Error('a gateway speaks bytes');
    else if (unit.word === 'fin' || unit.word === 'reset') {
      this.isBroken = !this.isWhole;
      this.#connection.say({ word: 'fin' });
    } else if (unit.word !== 'gateway') throw new Error(`a gateway does not say ${unit.word}`);
    else if (unit.said.say === 'end') this.isWhole = true;
    else if (unit.said.say === 'head') {
      this.status = unit.said.status;
      this.headers = unit.said.headers;
    }
  }
}

class TwinSocket implements GatewaySocket {
  isOpen = false;
  readonly heard: string[] = [];
  closed: { readonly code: number; readonly reason: string } | undefined = undefined;
  readonly #connection: Connection;
  #hasClosed = false;

  constructor(connection: Connection, path: string) {
    this.#connection = connection;
    listen(connection, (unit) => this.#hear(unit));
    const [bare = '', search] = path.split('?');
    tell(connection, {
      say: 'request',
      method: 'GET',
      path: bare,
      search: search === undefined ? '' : `?${search}`,
      host: 'a',
      headers: [['Host', 'a']],
      bodyBytes: 0,
      isWebSocket: true,
    });
  }

  say(kind: MessageKind, text: string): void {
    tell(this.#connection, { say: 'frame', kind, bytes: encoder.encode(text) });
  }

  close(code: number, reason: string): void {
    if (this.#hasClosed) return;
    this.#hasClosed = true;
    tell(this.#connection, { say: 'close', code, reason });
  }

  vanish(): void {
    this.#connection.reset();
  }

  #hear(unit: Unit): void {
    if (!isWord(unit)) return;
    if (unit.word === 'fin' || unit.word === 'reset') {
      this.closed ??= { code: 1006, reason: '' };
      this.#connection.say({ word: 'fin' });
    } else if (unit.word === 'gateway') this.#hearWord(unit.said);
  }

  #hearWord(said: GatewayWord): void {
    if (said.say === 'upgraded') this.isOpen = true;
    else if (said.say === 'frame') this.heard.push(`${said.kind} ${decoder.decode(said.bytes)}`);
    else if (said.say === 'close') {
      this.closed = { code: said.code, reason: said.reason };
      this.close(said.code, said.reason);
    }
  }
}

class TwinExchange implements OriginExchange {
  readonly method: string;
  readonly target: string;
  readonly headers: HeaderList;
  readonly body: string;
  isLetGo = false;
  #hasHead = false;
  readonly #hearing: OriginHearing;
  readonly #later: Later;

  constructor(asked: AskedOrigin, hearing: OriginHearing, later: Later) {
    this.method = asked.method;
    this.target = asked.target;
    this.headers = asked.headers;
    this.body = decoder.decode(asked.body);
    this.#hearing = hearing;
    this.#later = later;
  }

  head(status: number, headers: HeaderList = []): void {
    this.#hasHead = true;
    this.#say((hearing) => hearing.answered({ status, reason: 'OK', headers }));
  }

  carry(text: string): void {
    this.#say((hearing) => hearing.carried(encoder.encode(text)));
  }

  end(): void {
    this.#say((hearing) => hearing.ended(true));
  }

  break(): void {
    const hasHead = this.#hasHead;
    this.#say((hearing) => (hasHead ? hearing.ended(false) : hearing.failed('broken', true)));
  }

  #say(say: (hearing: OriginHearing) => void): void {
    this.#later(() => {
      if (!this.isLetGo) say(this.#hearing);
    });
  }
}

class TwinSocketEnd {
  readonly target: string;
  readonly heard: string[] = [];
  closed: { readonly code: number; readonly reason: string } | undefined = undefined;
  readonly line: OriginLine;
  readonly #hearing: SocketHearing;
  readonly #later: Later;
  #isStalled = false;
  #waiting: (() => void)[] = [];
  #hasClosed = false;

  constructor(target: string, hearing: SocketHearing, later: Later) {
    this.target = target;
    this.#hearing = hearing;
    this.#later = later;
    this.line = {
      say: (kind, payload) => this.#take(() => this.#hear(kind, payload)),
      close: (code, reason) => this.#take(() => this.#heardClose(code, reason)),
      cut: () =>
        later(() => {
          this.closed ??= { code: 1006, reason: '' };
        }),
    };
  }

  say(kind: MessageKind, text: string): void {
    this.#later(() => this.#hearing.said(kind, encoder.encode(text)));
  }

  close(code: number, reason: string): void {
    if (this.#hasClosed) return;
    this.#hasClosed = true;
    this.#later(() => this.#hearing.closed(code, reason));
  }

  vanish(): void {
    this.#later(() => this.#hearing.closed(1006, ''));
  }

  stall(): void {
    this.#isStalled = true;
  }

  resume(): void {
    this.#isStalled = false;
    for (const act of this.#waiting.splice(0)) this.#later(act);
  }

  #take(act: () => void): void {
    this.#later(() => {
      if (this.#isStalled) this.#waiting.push(act);
      else act();
    });
  }

  #hear(kind: MessageKind, payload: Uint8Array): void {
    this.heard.push(`${kind} ${decoder.decode(payload)}`);
    this.#hearing.left(costOf(payload));
  }

  #heardClose(code: number, reason: string): void {
    this.closed = { code, reason };
    this.close(code, reason);
  }
}
