// One WebSocket session of the gateway on a stage: a real router and home beside it, edges that record, an origin that
// answers when the test says so, and a client that the test speaks for. Time is virtual.
// Refuses to judge: tests look at what the client saw and what the origin was asked.

import { askingPaceOf } from '../../../../src/actors/gateway/asking-pace.ts';
import { KeptHeaders } from '../../../../src/actors/gateway/rewriting/kept-headers.ts';
import type { HeaderList } from '../../../../src/actors/codecs/grip/header-list.ts';
import type { GripItem, WsFormat } from '../../../../src/actors/codecs/grip/publish-item.ts';
import { parseRoutes, RouteTable } from '../../../../src/actors/codecs/grip/routes-file.ts';
import { decodeWsEvents, encodeWsEvents } from '../../../../src/actors/codecs/grip/ws-events.ts';
import {
  type ChannelsMessage,
  topicOfChannel,
} from '../../../../src/actors/gateway/channel-messages.ts';
import { gripFormats } from '../../../../src/actors/gateway/formats.ts';
import {
  type GatewayOptions,
  gatewayDefaults,
} from '../../../../src/actors/gateway/gateway-options.ts';
import {
  wsSession,
  type WsSessionMessage,
} from '../../../../src/actors/gateway/ws/ws-session.actor.ts';
import { homeDefaults } from '../../../../src/actors/node.ts';
import { homeActor, type HomeMessage } from '../../../../src/actors/routing/home.actor.ts';
import { routerActor } from '../../../../src/actors/routing/router.actor.ts';
import { type Address, addressOf } from '../../../../src/actors/runtime/actor.ts';
import {
  type Log,
  type Receipt,
  type VerifyToken,
  type WebCommand,
  writeCost,
} from '../../../../src/actors/runtime/edges.ts';
import type {
  ControlReply,
  FramedPayload,
  GatewayCommand,
  OperatorNotice,
  OriginFailure,
  ProxyRequested,
} from '../../../../src/actors/runtime/gateway-edges.ts';
import { System } from '../../../../src/actors/runtime/system.ts';

export const EVENTS = 'application/websocket-events';
export const CONNECTION_ID = '01234567-89ab-4def-8123-456789abcdef';

export type Fetch = Extract<GatewayCommand, { readonly type: 'fetch' }>;
export type Said = Extract<
  GatewayCommand,
  { readonly type: 'sayToOrigin' | 'closeOrigin' | 'holdOrigin' | 'abandon' | 'connectWs' }
>;

/** An event as tests write it: `TEXT hello`, `CLOSE` with a code and a reason. */
export type Spoken = readonly [type: string, content?: string | Uint8Array];

export interface WsStageOptions {
  /** One line of a routes file. */
  readonly route?: string;
  readonly request?: Partial<ProxyRequested>;
  readonly options?: Partial<GatewayOptions>;
  readonly isTrusted?: boolean;
  readonly seed?: number;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const bytesOf = (content: string | Uint8Array): Uint8Array =>
  typeof content === 'string' ? encoder.encode(content) : content;

export class WsStage {
  now = 1_000_000;
  readonly system: System;
  /** What the client saw: `text hello`, `binary …`, `ping …`, `close 1000 reason`, `cut`. */
  readonly seen: string[] = [];
  readonly asked: Fetch[] = [];
  readonly said: Said[] = [];
  readonly notices: OperatorNotice[] = [];
  readonly kept: ChannelsMessage[] = [];
  readonly failures: string[] = [];
  upgraded: HeaderList | undefined = undefined;
  answered: Extract<GatewayCommand, { readonly type: 'answer' }> | undefined = undefined;
  collected: { readonly ref: number; readonly bytesMax: number }[] = [];
  isHeld = false;
  /** When set, what is written gives no receipts, and closes are not completed. */
  isStalled = false;
  isSlowToClose = false;
  owed = 0;
  readonly session: Address<WsSessionMessage>;
  readonly #connection = 7;
  #isOpen = false;
  #isGone = false;
  #receiptsTo: Address<Receipt> | undefined = undefined;

  constructor(options: WsStageOptions = {}) {
    this.system = new System({
      shard: 0,
      seed: options.seed ?? 1,
      crossing: () => {},
      onFailure: (address, error) => this.failures.push(`${address}: ${String(error)}`),
      onCollapse: (address) => this.failures.push(`${address} collapsed`),
    });
    const edges = {
      web: addressOf<WebCommand>(0, 'edge/web'),
      auth: addressOf<VerifyToken>(0, 'edge/auth'),
      log: addressOf<Log>(0, 'edge/log'),
      gateway: addressOf<GatewayCommand>(0, 'edge/gateway'),
      operator: addressOf<OperatorNotice>(0, 'edge/operator'),
      control: addressOf<ControlReply>(0, 'edge/control'),
    };
    this.system.bind(edges.web, (command) => this.#web(command));
    this.system.bind(edges.gateway, (command) => this.#gateway(command));
    this.system.bind(edges.operator, (notice) => this.notices.push(notice));
    this.system.bind(edges.log, () => {});
    const keeper = addressOf<ChannelsMessage>(0, 'channels');
    this.system.bind(keeper, (message) => this.kept.push(message));
    const router = this.system.spawn(
      routerActor,
      {
        shard: 0,
        shards: 1,
        web: edges.web,
        homeOfShard: () => addressOf(0, 'home'),
        formats: gripFormats(),
        stallTimeoutMs: 30_000,
      },
      'router',
    );
    this.system.spawn(homeActor, { limits: homeDefaults, routerOf: () => router }, 'home');
    const { routes, warnings } = parseRoutes(options.route ?? '* 127.0.0.1:80,over_http');
    const [route] = routes;
    if (route === undefined) throw new Error(JSON.stringify(warnings));
    const gateway = {
      shard: 0,
      shards: 1,
      directory: '',
      options: { ...gatewayDefaults, ...options.options },
      edges,
      router,
      askingPace: askingPaceOf(1),
      keptHeaders: new KeptHeaders(),
      channelsOfShard: () => keeper,
      routes: new RouteTable(routes),
      isDraining: false,
    };
    const request: ProxyRequested = {
      type: 'proxyRequested',
      connection: this.#connection,
      door: 'gateway',
      method: 'GET',
      path: '/path',
      search: '?q=1',
      headers: [
        ['Host', 'example.com'],
        ['Upgrade', 'websocket'],
        ['Connection', 'Upgrade'],
        ['Sec-WebSocket-Key', 'a2V5a2V5a2V5a2V5a2V5YQ=='],
        ['Sec-WebSocket-Version', '13'],
        ['Cookie', 'a=b'],
      ],
      host: 'example.com',
      isSecure: false,
      bodyBytes: 0,
      isWebSocket: true,
      remote: '192.0.2.1',
      ...options.request,
    };
    const admitted = { gateway, request, route, isTrusted: options.isTrusted ?? false };
    this.session = this.system.spawn(
      wsSession,
      { admitted, connectionId: CONNECTION_ID },
      'gateway/ws:7',
    );
    this.settle();
  }

  settle(): void {
    while (this.system.readyActors > 0) this.system.run(this.now, 1_000_000);
  }

  pass(ms: number): void {
    const until = this.now + ms * 1_000;
    for (;;) {
      const next = this.system.nextTimerAt ?? Number.POSITIVE_INFINITY;
      if (next > until) break;
      this.now = Math.max(this.now, next);
      this.system.run(this.now, 1_000_000);
      this.settle();
    }
    this.now = until;
    this.settle();
  }

  tell(message: WsSessionMessage): void {
    this.system.deliver(this.session, message);
    this.settle();
  }

  /** The session is over, and its actor gone. */
  get isOver(): boolean {
    const before = this.system.counters.get('messages.undeliverable') ?? 0;
    this.tell({ type: 'refresh' });
    return (this.system.counters.get('messages.undeliverable') ?? 0) > before;
  }

  counted(counter: string): number {
    return this.system.counters.get(counter) ?? 0;
  }

  take(): string[] {
    return this.seen.splice(0);
  }

  // The client.

  say(content: string | Uint8Array, isBinary = false): void {
    this.#hear({ type: 'messageReceived', payload: bytesOf(content), isBinary });
  }

  ping(content = ''): void {
    this.#hear({ type: 'pingReceived', payload: bytesOf(content) });
  }

  pong(content = ''): void {
    this.#hear({ type: 'pongReceived', payload: bytesOf(content) });
  }

  close(code: number, reason = ''): void {
    this.#hear({ type: 'closeReceived', code, reason });
  }

  /** The connection ends; 1006 without a close. */
  leave(code = 1_006, reason = ''): void {
    if (this.#isGone) return;
    this.#isGone = true;
    const connection = this.#connection;
    if (this.#isOpen) this.tell({ type: 'closed', connection, code, reason });
    else this.tell({ type: 'clientGone', connection });
  }

  /** Reads so many bytes of what is owed, or all of it. */
  read(bytes = this.owed): void {
    const taken = Math.min(bytes, this.owed);
    this.owed -= taken;
    if (taken === 0 || this.#receiptsTo === undefined) return;
    const connection = this.#connection;
    this.system.deliver(this.#receiptsTo, { type: 'receipt', connection, bytes: taken });
    this.settle();
  }

  resume(): void {
    this.isStalled = false;
    while (this.owed > 0) this.read();
  }

  // The origin.

  /** The request under way; there is never more than one. */
  get open(): Fetch | undefined {
    return this.asked.at(0);
  }

  /** What the open request tells, as tests write it. */
  get told(): string[] | undefined {
    return this.open === undefined ? undefined : spokenIn(this.open);
  }

  header(name: string): string | undefined {
    const lower = name.toLowerCase();
    return this.open?.headers.find(([other]) => other.toLowerCase() === lower)?.[1];
  }

  /** Answers the open request. */
  answer(
    events: readonly Spoken[] | Uint8Array = [],
    headers: HeaderList = [],
    head: { status?: number; reason?: string; type?: string | null } = {},
  ): void {
    const body = events instanceof Uint8Array ? events : bodyOf(events);
    const { status = 200, reason = 'OK', type = EVENTS } = head;
    const typed: HeaderList = type === null ? headers : [['Content-Type', type], ...headers];
    this.answerHead(status, reason, typed);
    this.answerBody(body);
  }

  answerHead(status: number, reason: string, headers: HeaderList): void {
    const { ref } = this.#openNow();
    this.tell({ type: 'originAnswered', ref, status, reason, headers, requestBody: undefined });
  }

  answerBody(body: Uint8Array, isBroken = false): void {
    const wanted = this.collected.shift();
    if (wanted === undefined) return;
    this.asked.shift();
    const { ref, bytesMax } = wanted;
    const isWhole = body.byteLength <= bytesMax;
    this.tell({ type: 'originBody', ref, body: body.subarray(0, bytesMax), isWhole, isBroken });
  }

  fail(why: OriginFailure, wasSent = false): void {
    const { ref } = this.#openNow();
    this.asked.shift();
    this.tell({ type: 'originFailed', ref, why, wasSent });
  }

  /** Opens with OPEN, GRIP and an empty prefix, unless told otherwise. */
  accept(events: readonly Spoken[] = [], headers: HeaderList = RAW): this {
    this.answer([['OPEN'], ...events], headers);
    return this;
  }

  /** The direct connection under way. */
  get ref(): number {
    const last = this.said.findLast(({ type }) => type === 'connectWs');
    if (last === undefined) throw new Error('no origin was connected to');
    return last.ref;
  }

  upgrade(headers: HeaderList = RAW): this {
    this.tell({ type: 'originUpgraded', ref: this.ref, headers });
    return this;
  }

  originSays(
    content: string | Uint8Array,
    kind: 'text' | 'binary' | 'ping' | 'pong' = 'text',
  ): void {
    this.tell({ type: 'originMessage', ref: this.ref, kind, payload: bytesOf(content) });
  }

  originCloses(code: number, reason = ''): void {
    this.tell({ type: 'originClosed', ref: this.ref, code, reason });
  }

  /** What was said to the origin since the last call. */
  takeSaid(): string[] {
    return this.said.splice(0).map(wordsOf);
  }

  // Publishers.

  publish(
    channel: string,
    ws: Partial<WsFormat> & { text?: string },
    item: Partial<GripItem> = {},
  ): void {
    this.publishing(channel, ws, item);
    this.settle();
  }

  /** As `publish`, but nobody has heard of it yet. */
  publishing(
    channel: string,
    ws: Partial<WsFormat> & { text?: string },
    item: Partial<GripItem> = {},
  ): void {
    const { text = '', ...format } = ws;
    const content = encoder.encode(text);
    const data: GripItem = {
      channel,
      id: undefined,
      prevId: undefined,
      noSeq: false,
      size: undefined,
      meta: {},
      response: undefined,
      stream: undefined,
      ws: {
        action: 'send',
        kind: 'text',
        content,
        code: undefined,
        reason: '',
        contentFilters: undefined,
        ...format,
      },
      byteLength: content.byteLength,
      ...item,
    };
    this.system.deliver(addressOf<HomeMessage>(0, 'home'), {
      type: 'publish',
      topic: topicOfChannel(channel),
      id: undefined,
      data,
      shard: 0,
      ref: undefined,
      publisher: undefined,
    });
  }

  #openNow(): Fetch {
    const { open } = this;
    if (open === undefined) throw new Error('no request is under way');
    return open;
  }

  #hear(
    event:
      | { type: 'messageReceived'; payload: Uint8Array; isBinary: boolean }
      | { type: 'pingReceived' | 'pongReceived'; payload: Uint8Array }
      | { type: 'closeReceived'; code: number; reason: string },
  ): void {
    if (!this.#isGone) this.tell({ ...event, connection: this.#connection });
  }

  #gateway(command: GatewayCommand): void {
    switch (command.type) {
      case 'own':
        return;
      case 'fetch':
        this.asked.push(command);
        return;
      case 'collect':
        this.collected.push(command);
        return;
      case 'abandon':
        this.asked.splice(
          0,
          this.asked.length,
          ...this.asked.filter(({ ref }) => ref !== command.ref),
        );
        this.collected = this.collected.filter(({ ref }) => ref !== command.ref);
        this.said.push(command);
        return;
      case 'connectWs':
      case 'sayToOrigin':
      case 'closeOrigin':
      case 'holdOrigin':
        this.said.push(command);
        return;
      case 'answer':
        this.answered = command;
        return;
      case 'upgrade':
        this.upgraded = command.headers;
        this.#isOpen = true;
        this.#receiptsTo = command.receiptsTo;
        return;
      case 'cut':
        this.seen.push('cut');
        return;
      default:
        throw new Error(`nobody expects ${command.type}`);
    }
  }

  #web(command: WebCommand): void {
    if (this.#isGone) return;
    const connection = this.#connection;
    switch (command.type) {
      case 'write': {
        this.seen.push(frameOf(command.payload as Uint8Array | FramedPayload));
        this.owed += writeCost(command.payload);
        if (!this.isStalled) this.#receiptLater();
        return;
      }
      case 'close': {
        this.seen.push(`close ${command.code}${command.reason === '' ? '' : ` ${command.reason}`}`);
        if (this.isSlowToClose) return;
        this.#isGone = true;
        const { code } = command;
        this.system.deliver(this.session, { type: 'closed', connection, code, reason: '' });
        return;
      }
      case 'cut':
        this.seen.push('cut');
        this.#isGone = true;
        this.system.deliver(this.session, { type: 'closed', connection, code: 1_006, reason: '' });
        return;
      case 'hold':
        this.isHeld = command.isHeld;
        return;
      default:
        throw new Error(`nobody expects ${command.type}`);
    }
  }

  #receiptLater(): void {
    const bytes = this.owed;
    this.owed = 0;
    if (this.#receiptsTo === undefined) throw new Error('nothing is open');
    const connection = this.#connection;
    this.system.deliver(this.#receiptsTo, { type: 'receipt', connection, bytes });
  }
}

export const RAW: HeaderList = [['Sec-WebSocket-Extensions', 'grip; message-prefix=""']];
export const GRIP: HeaderList = [['Sec-WebSocket-Extensions', 'grip']];

export const control = (fields: Readonly<Record<string, unknown>>): Spoken => [
  'TEXT',
  `c:${JSON.stringify(fields)}`,
];
export const closing = (code: number, reason = ''): Spoken => [
  'CLOSE',
  new Uint8Array([code >> 8, code & 255, ...encoder.encode(reason)]),
];

export function bodyOf(events: readonly Spoken[]): Uint8Array {
  return encodeWsEvents(
    events.map(([type, content]) => ({
      type: type as 'TEXT',
      content: content === undefined ? undefined : bytesOf(content),
    })),
  );
}

/** The events of a request: `TEXT hello`, `CLOSE 1000 reason`. */
export function spokenIn({ body }: Fetch): string[] {
  if (body.kind !== 'bytes') throw new Error('a body of bytes was expected');
  const reading = decodeWsEvents(body.bytes);
  if (!reading.ok) throw new Error(reading.mistake.message);
  return reading.events.map(({ type, content }) => {
    // An empty message may be told without a length.
    if (content === undefined) return type === 'TEXT' || type === 'BINARY' ? `${type} ` : type;
    if (type !== 'CLOSE') return `${type} ${decoder.decode(content)}`;
    const code = ((content[0] ?? 0) << 8) | (content[1] ?? 0);
    return `CLOSE ${code} ${decoder.decode(content.subarray(2))}`.trimEnd();
  });
}

function frameOf(payload: Uint8Array | FramedPayload): string {
  return payload instanceof Uint8Array
    ? `text ${decoder.decode(payload)}`
    : `${payload.frame} ${decoder.decode(payload.bytes)}`;
}

function wordsOf(command: Said): string {
  switch (command.type) {
    case 'sayToOrigin':
      return `${command.kind} ${decoder.decode(command.payload)}`;
    case 'closeOrigin':
      return `close ${command.code}${command.reason === '' ? '' : ` ${command.reason}`}`;
    case 'holdOrigin':
      return command.isHeld ? 'hold' : 'let go';
    default:
      return command.type;
  }
}
