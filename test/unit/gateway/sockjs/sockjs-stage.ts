// The SockJS sessions of one shard on a stage: a real router and home beside them, edges that record, an origin over
// HTTP that answers when the test says so, and pages that the test speaks for. Time is virtual.
// Refuses to judge: tests look at what pages were answered and what the origin was asked.

import { askingPaceOf } from '../../../../src/actors/gateway/asking-pace.ts';
import { KeptHeaders } from '../../../../src/actors/gateway/rewriting/kept-headers.ts';
import type { HeaderList } from '../../../../src/actors/codecs/grip/header-list.ts';
import type { GripItem } from '../../../../src/actors/codecs/grip/publish-item.ts';
import { parseRoutes, RouteTable } from '../../../../src/actors/codecs/grip/routes-file.ts';
import {
  type ChannelsMessage,
  topicOfChannel,
} from '../../../../src/actors/gateway/channel-messages.ts';
import { gripFormats } from '../../../../src/actors/gateway/formats.ts';
import {
  gatewayDefaults,
  type GatewayOptions,
} from '../../../../src/actors/gateway/gateway-options.ts';
import {
  sockJsActor,
  type SockJsMessage,
  sockJsPlace,
} from '../../../../src/actors/gateway/sockjs/sockjs.actor.ts';
import type { ConnectionsChecked } from '../../../../src/actors/gateway/door-messages.ts';
import { homeDefaults } from '../../../../src/actors/node.ts';
import { homeActor, type HomeMessage } from '../../../../src/actors/routing/home.actor.ts';
import { routerActor } from '../../../../src/actors/routing/router.actor.ts';
import { type Address, addressOf } from '../../../../src/actors/runtime/actor.ts';
import {
  type Log,
  type VerifyToken,
  type WebCommand,
  writeCost,
} from '../../../../src/actors/runtime/edges.ts';
import type {
  ControlReply,
  ExchangeEvent,
  GatewayCommand,
  OperatorNotice,
  ProxyRequested,
} from '../../../../src/actors/runtime/gateway-edges.ts';
import { System } from '../../../../src/actors/runtime/system.ts';
import { bodyOf, EVENTS, type Fetch, RAW, spokenIn, type Spoken } from '../ws/ws-stage.ts';

export interface Answered {
  readonly status: number;
  readonly reason: string;
  readonly headers: HeaderList;
  readonly body: string;
}

const decoder = new TextDecoder();
const encoder = new TextEncoder();

/** One request of a page. */
export class Page {
  readonly shard: number;
  readonly connection: number;
  /** Its number to whoever owns it. */
  heardAs: number;
  answered: Answered | undefined = undefined;
  owner: Address<ExchangeEvent> | undefined = undefined;
  isCut = false;

  constructor(shard: number, connection: number) {
    this.shard = shard;
    this.connection = connection;
    this.heardAs = connection;
  }

  get body(): string | undefined {
    return this.answered?.body;
  }

  header(name: string): string | undefined {
    return this.answered?.headers.find(([other]) => other === name)?.[1];
  }
}

export class SockJsStage {
  now = 1_000_000;
  readonly asked: Fetch[] = [];
  readonly kept: ChannelsMessage[] = [];
  readonly failures: string[] = [];
  /** What WebSockets that carry frames saw. */
  readonly seen: string[] = [];
  readonly #system: System;
  readonly #route;
  /** By shard and number: each shard counts its own. */
  readonly #pages = new Map<string, Page>();
  #connections = 0;
  #collected: { readonly ref: number } | undefined = undefined;
  #socket: Extract<GatewayCommand, { readonly type: 'upgrade' }> | undefined = undefined;
  /** When set, what is written gives no receipts. */
  isStalled = false;

  constructor(
    line = '*,sockjs=/sock 127.0.0.1:80,over_http',
    options: Partial<GatewayOptions> = {},
  ) {
    this.#system = new System({
      shard: 0,
      seed: 1,
      crossing: (to, _, message) => this.#gateway(message as GatewayCommand, to),
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
    this.#system.bind(edges.web, (command) => this.#web(command));
    this.#system.bind(edges.gateway, (command) => this.#gateway(command));
    this.#system.bind(edges.operator, () => {});
    const keeper = addressOf<ChannelsMessage>(0, 'channels');
    this.#system.bind(keeper, (message) => this.kept.push(message));
    const router = this.#system.spawn(
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
    this.#system.spawn(homeActor, { limits: homeDefaults, routerOf: () => router }, 'home');
    const { routes } = parseRoutes(line);
    const [route] = routes;
    if (route === undefined) throw new Error(line);
    this.#route = route;
    const gateway = {
      shard: 0,
      shards: 1,
      directory: '',
      options: { ...gatewayDefaults, sockjsUrl: 'http://script.test/sockjs.js', ...options },
      edges,
      router,
      askingPace: askingPaceOf(1),
      keptHeaders: new KeptHeaders(),
      channelsOfShard: () => keeper,
      routes: new RouteTable(routes),
      isDraining: false,
    };
    this.#system.spawn(sockJsActor, { gateway }, 'gateway/sockjs');
    this.#settle();
  }

  /** Undefined where the request is none of SockJS's business. */
  ask(
    method: string,
    target: string,
    {
      headers = [],
      body,
      isWebSocket = false,
      from = { shard: 0, connection: this.#connections + 1 },
    }: {
      headers?: HeaderList;
      body?: string | Uint8Array;
      isWebSocket?: boolean;
      from?: { readonly shard: number; readonly connection: number };
    } = {},
  ): Page {
    const [path = '', query] = target.split('?');
    this.#connections += 1;
    const { shard, connection } = from;
    const page = new Page(shard, connection);
    this.#pages.set(`${shard}:${connection}`, page);
    const request: ProxyRequested = {
      type: 'proxyRequested',
      connection,
      door: 'gateway',
      method,
      path,
      search: query === undefined ? '' : `?${query}`,
      headers: [['Host', 'example.com'], ...headers],
      host: 'example.com',
      isSecure: false,
      bodyBytes: body === undefined ? 0 : body.length,
      isWebSocket,
      remote: '192.0.2.1',
    };
    if (sockJsPlace(this.#route, request) === undefined) throw new Error('it is proxied');
    const connectionId = `id-${this.#connections}`;
    this.#system.deliver(addressOf(0, 'gateway/sockjs'), {
      type: 'sockJsRequested',
      request,
      route: this.#route,
      isTrusted: false,
      shard,
      connectionId,
    });
    this.#settle();
    if (body !== undefined) this.read(page, body);
    return page;
  }

  /** The body of a page's request has come. */
  read({ owner, heardAs: connection }: Page, body: string | Uint8Array): void {
    if (owner === undefined) return;
    const bytes = typeof body === 'string' ? encoder.encode(body) : body;
    const isWhole = bytes.byteLength <= 100_000;
    this.#system.deliver(owner, {
      type: 'bodyRead',
      connection,
      body: bytes.subarray(0, 100_000),
      isWhole,
    });
    this.#settle();
  }

  /** The node is told to end within this time. */
  drain(withinMs: number): void {
    this.#system.deliver(addressOf(0, 'gateway/sockjs'), { type: 'draining', withinMs });
    this.#settle();
  }

  /** Another shard died, with the pages that came through it. */
  lose(shard: number): void {
    this.#system.deliver(addressOf(0, 'gateway/sockjs'), { type: 'shardDown', shard });
    this.#settle();
  }

  poll(session = 's'): Page {
    return this.ask('POST', `/sock/000/${session}/xhr?q=1`);
  }

  send(body: string | Uint8Array, session = 's'): Page {
    return this.ask('POST', `/sock/000/${session}/xhr_send`, { body });
  }

  /** A session that the origin has accepted. */
  open(events: readonly Spoken[] = []): this {
    const page = this.poll();
    this.answer([['OPEN'], ...events], RAW);
    if (page.body !== 'o\n') throw new Error(`the session was not opened: ${page.body ?? ''}`);
    return this;
  }

  get told(): string[] | undefined {
    const [open] = this.asked;
    return open === undefined ? undefined : spokenIn(open);
  }

  answer(
    events: readonly Spoken[] = [],
    headers: HeaderList = [],
    status = 200,
    type = EVENTS,
  ): void {
    const [open] = this.asked;
    if (open === undefined) throw new Error('no request is under way');
    const { ref, owner } = open;
    this.#system.deliver(owner, {
      type: 'originAnswered',
      ref,
      status,
      reason: status === 200 ? 'OK' : 'No',
      headers: [['Content-Type', type], ...headers],
      requestBody: undefined,
    });
    this.#settle();
    if (this.#collected === undefined) return;
    this.asked.shift();
    this.#collected = undefined;
    this.#system.deliver(owner, {
      type: 'originBody',
      ref,
      body: bodyOf(events),
      isWhole: true,
      isBroken: false,
    });
    this.#settle();
  }

  /** Says something as the WebSocket that carries frames. */
  frame(text: string, isBinary = false): void {
    const socket = this.#socket;
    if (socket === undefined) throw new Error('no WebSocket is open');
    const { owner, connection } = socket;
    const payload = encoder.encode(text);
    this.#system.deliver(owner, { type: 'messageReceived', connection, payload, isBinary });
    this.#settle();
  }

  leave(page: Page): void {
    if (page.owner !== undefined)
      this.#system.deliver(page.owner, { type: 'clientGone', connection: page.heardAs });
    this.#settle();
  }

  publish(channel: string, text: string): void {
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
        action: text === 'close' ? 'close' : 'send',
        kind: 'text',
        content,
        code: undefined,
        reason: '',
        contentFilters: undefined,
      },
      byteLength: content.byteLength,
    };
    this.#system.deliver(addressOf<HomeMessage>(0, 'home'), {
      type: 'publish',
      topic: topicOfChannel(channel),
      id: undefined,
      data,
      shard: 0,
      ref: undefined,
      publisher: undefined,
    });
    this.#settle();
  }

  pass(ms: number): void {
    const until = this.now + ms * 1_000;
    for (;;) {
      const next = this.#system.nextTimerAt ?? Number.POSITIVE_INFINITY;
      if (next > until) break;
      this.now = Math.max(this.now, next);
      this.#system.run(this.now, 1_000_000);
      this.#settle();
    }
    this.now = until;
    this.#settle();
  }

  /** A command of the door, that asks which of these connections are here. */
  check(...ids: readonly string[]): readonly string[] {
    let found: readonly string[] = [];
    const replyTo = addressOf<ConnectionsChecked>(0, 'asker');
    this.#system.bind(replyTo, (answer) => {
      ({ found } = answer);
    });
    const asked = { type: 'checkConnections', ref: 1, ids, areWebSockets: true } as const;
    const keeper = addressOf<SockJsMessage>(0, 'gateway/sockjs');
    this.#system.deliver(keeper, { ...asked, found: ['x'], replyTo });
    this.#settle();
    return found;
  }

  refresh(cid: string): void {
    this.#system.deliver(addressOf<SockJsMessage>(0, 'gateway/sockjs'), { type: 'refresh', cid });
    this.#settle();
  }

  /** Actors that are there beside router, home and the keeper of sessions. */
  get actors(): number {
    return this.#system.actors - 3;
  }

  #settle(): void {
    while (this.#system.readyActors > 0) this.#system.run(this.now, 1_000_000);
  }

  #gateway(command: GatewayCommand, shard = 0): void {
    switch (command.type) {
      case 'own': {
        const { connection, owner, heardAs = connection } = command;
        const page = this.#pages.get(`${shard}:${connection}`);
        if (page !== undefined) Object.assign(page, { owner, heardAs });
        return;
      }
      case 'fetch':
        this.asked.push(command);
        return;
      case 'collect':
        this.#collected = command;
        return;
      case 'answer': {
        const page = this.#pages.get(`${shard}:${command.connection}`);
        if (page === undefined) throw new Error(`nobody asked ${command.connection}`);
        const { status, reason, headers, body } = command;
        page.answered ??= { status, reason, headers, body: decoder.decode(body) };
        return;
      }
      case 'upgrade':
        this.#socket = command;
        return;
      case 'cut': {
        const page = this.#pages.get(`${shard}:${command.connection}`);
        if (page !== undefined) page.isCut = true;
        return;
      }
      case 'abandon':
        this.asked.length = 0;
        return;
      case 'readBody':
        return;
      default:
        throw new Error(`nobody expects ${command.type}`);
    }
  }

  #web(command: WebCommand): void {
    const socket = this.#socket;
    if (socket === undefined) throw new Error(`no WebSocket is open for ${command.type}`);
    const { owner, connection } = socket;
    if (command.type === 'write') {
      this.seen.push(decoder.decode(command.payload as Uint8Array));
      const bytes = writeCost(command.payload);
      if (!this.isStalled)
        this.#system.deliver(socket.receiptsTo, { type: 'receipt', connection, bytes });
    }
    if (command.type === 'close') {
      this.seen.push(`close ${command.code} ${command.reason}`.trimEnd());
      const { code } = command;
      this.#system.deliver(owner, { type: 'closed', connection, code, reason: '' });
    }
    if (command.type === 'cut') {
      this.seen.push('cut');
      this.#system.deliver(owner, { type: 'closed', connection, code: 1_006, reason: '' });
    }
  }
}
