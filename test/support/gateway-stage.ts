// A stage for the gateway: the real router, home, keeper and door of each shard of one node, with virtual time, and
// edges that keep their promises. What is published really travels. With chance, whose turn is next and which crossing
// arrives next are drawn from a seed.
// Refuses to judge: tests look at what clients and origins heard.

import { type AskingPace, askingPaceOf } from '../../src/actors/gateway/asking-pace.ts';
import { KeptHeaders } from '../../src/actors/gateway/rewriting/kept-headers.ts';
import { itemFromValue } from '../../src/actors/codecs/grip/publish-item.ts';
import { RouteTable } from '../../src/actors/codecs/grip/routes-file.ts';
import { channelsActor } from '../../src/actors/gateway/channels/channels.actor.ts';
import { topicOfChannel } from '../../src/actors/gateway/channel-messages.ts';
import { gripFormats } from '../../src/actors/gateway/formats.ts';
import type { GatewayContext } from '../../src/actors/gateway/gateway-context.ts';
import { gatewayDoor } from '../../src/actors/gateway/gateway-door.actor.ts';
import { gatewayDefaults, type GatewayOptions } from '../../src/actors/gateway/gateway-options.ts';
import { actorsOf, edgesOf, homeDefaults } from '../../src/actors/node.ts';
import { homeActor, type HomeLimits } from '../../src/actors/routing/home.actor.ts';
import { routerActor } from '../../src/actors/routing/router.actor.ts';
import type { RouterReply } from '../../src/actors/routing/router-messages.ts';
import { homeOf } from '../../src/actors/routing/topic.ts';
import { type Address, addressOf } from '../../src/actors/runtime/actor.ts';
import type { Log } from '../../src/actors/runtime/edges.ts';
import type {
  HoldMode,
  OperatorNotice,
  ProxyRequested,
} from '../../src/actors/runtime/gateway-edges.ts';
import { Prng } from '../../src/actors/runtime/prng.ts';
import { System } from '../../src/actors/runtime/system.ts';
import {
  bytesOf,
  type GatewayClient,
  type OriginQuestion,
  type OriginScript,
  StagedOrigin,
} from './staged-origin.ts';

export interface GatewayStageOptions {
  readonly shards?: number;
  readonly routes?: string;
  readonly options?: Partial<GatewayOptions>;
  readonly home?: Partial<HomeLimits>;
  readonly origin?: OriginScript;
  /** One for all shards; undefined: each has its own, as in a node. */
  readonly pace?: AskingPace;
  readonly seed?: number;
  readonly chance?: number;
}

export type AskedOfGateway = Partial<Omit<ProxyRequested, 'type' | 'connection'>> & {
  readonly shard?: number;
  readonly body?: string | Uint8Array;
};

interface StagedShard {
  readonly system: System;
  readonly edge: StagedOrigin;
}

type Crossing = readonly [to: string, message: unknown];

export class GatewayStage {
  now = 1_000_000;
  readonly shards: StagedShard[] = [];
  readonly troubles: string[] = [];
  readonly notices: OperatorNotice[] = [];
  readonly logs: Log[] = [];
  /** Streams that routers know of. */
  readonly opened = new Set<string>();
  readonly #options: GatewayStageOptions;
  readonly #chance: Prng | undefined;
  readonly #crossings: Crossing[][][] = [];
  #connections = 0;
  #lives = 0;

  constructor(options: GatewayStageOptions = {}) {
    this.#options = options;
    this.#chance = options.chance === undefined ? undefined : new Prng(options.chance, 'stage');
    const count = options.shards ?? 2;
    for (let from = 0; from < count; from += 1)
      this.#crossings.push(Array.from({ length: count }, () => []));
    for (let shard = 0; shard < count; shard += 1) this.shards.push(this.#start(shard));
    this.settle();
  }

  settle(): void {
    while (this.step());
  }

  step(): boolean {
    const work: (() => void)[] = [];
    for (const { system } of this.shards)
      if (system.readyActors > 0) work.push(() => this.#turn(system));
    for (const [from, row] of this.#crossings.entries()) {
      for (const [to, queue] of row.entries())
        if (queue.length > 0) work.push(() => this.#arrive(from, to));
    }
    const next = this.#chance === undefined ? work[0] : work[this.#chance.below(work.length || 1)];
    next?.();
    return next !== undefined;
  }

  /** Moves time on, stopping at every timer on the way. */
  pass(ms: number): void {
    const until = this.now + ms * 1_000;
    for (;;) {
      const due = this.shards.map(({ system }) => system.nextTimerAt ?? Number.POSITIVE_INFINITY);
      const next = Math.min(...due);
      if (next > until) break;
      this.now = Math.max(this.now, next);
      for (const { system } of this.shards) system.run(this.now, 1_000_000);
      this.settle();
    }
    this.now = until;
    this.settle();
  }

  request(asked: AskedOfGateway = {}): GatewayClient {
    const { shard = 0, body = '', ...head } = asked;
    this.#connections += 1;
    const connection = this.#connections;
    const staged = this.#shard(shard);
    const bytes = bytesOf(body);
    const client = staged.edge.expect(connection, bytes);
    staged.system.deliver(actorsOf(shard).gateway, {
      type: 'proxyRequested',
      connection,
      door: 'gateway',
      method: 'GET',
      path: '/',
      search: '',
      host: 'example.com',
      isSecure: false,
      isWebSocket: false,
      remote: '192.0.2.1',
      bodyBytes: bytes.length,
      headers: [['Host', asked.host ?? 'example.com']],
      ...head,
    });
    if (this.#chance === undefined) this.settle();
    return client;
  }

  /** Publishes an item as the control door would have read it. */
  publish(...items: object[]): void {
    for (const value of items) {
      const reading = itemFromValue(value, 'json');
      if (!reading.ok) throw new Error(reading.mistake.message);
      const { item } = reading;
      const shard = homeOf(topicOfChannel(item.channel), this.shards.length);
      this.#shard(shard).system.deliver(actorsOf(shard).channels, { type: 'publishItem', item });
    }
    if (this.#chance === undefined) this.settle();
  }

  tell<M>(to: Address<M>, message: NoInfer<M>): void {
    this.#shard(Number(to.slice(0, to.indexOf('/')))).system.deliver(to, message);
    if (this.#chance === undefined) this.settle();
  }

  /** A shard dies with all that was under way to and from it; a fresh one takes its place; the others are told. */
  crash(shard: number): void {
    for (const [from, row] of this.#crossings.entries()) {
      for (const [to, queue] of row.entries()) if (from === shard || to === shard) queue.length = 0;
    }
    for (const key of this.opened) if (key.startsWith(`${shard}:`)) this.opened.delete(key);
    // So does the main thread forget what a dead shard told of its channels.
    for (const key of Object.keys(this.followed)) {
      const [channel = '', mode] = key.split(' ');
      if (homeOf(topicOfChannel(channel), this.shards.length) !== shard) continue;
      const gone = { channel, mode: mode as HoldMode, subscribers: 0 };
      this.notices.push({ type: 'channelFollowed', ...gone });
    }
    this.shards[shard] = this.#start(shard);
    for (const other of this.shards.keys()) {
      if (other === shard) continue;
      const { home, router, channels, gateway } = actorsOf(other);
      for (const actor of [home, router, channels, gateway] as const)
        this.#shard(other).system.deliver(actor as Address<unknown>, { type: 'shardDown', shard });
    }
    if (this.#chance === undefined) this.settle();
  }

  /** Says to one keeper what publishers say who lost track. */
  recover(shard: number): void {
    this.tell(actorsOf(shard).channels, { type: 'recover' });
  }

  get questions(): OriginQuestion[] {
    return this.shards.flatMap(({ edge }) => edge.questions);
  }

  /** The one question that is open. */
  get open(): OriginQuestion {
    const open = this.shards.flatMap(({ edge }) => edge.open);
    if (open.length !== 1 || open[0] === undefined) throw new Error(`${open.length} are open`);
    return open[0];
  }

  set origin(script: OriginScript | undefined) {
    for (const { edge } of this.shards) edge.script = script;
  }

  counted(counter: string): number {
    let sum = 0;
    for (const { system } of this.shards) sum += system.counters.get(counter) ?? 0;
    return sum;
  }

  /** What operators were last told of who follows: by channel and mode, without those that nobody follows. */
  get followed(): Readonly<Record<string, number>> {
    const last = new Map<string, number>();
    for (const notice of this.notices) {
      if (notice.type !== 'channelFollowed') continue;
      const { channel, mode, subscribers } = notice;
      if (subscribers > 0) last.set(`${channel} ${mode}`, subscribers);
      else last.delete(`${channel} ${mode}`);
    }
    return Object.fromEntries(last);
  }

  /** Topics with subscribers, as the homes count them. */
  subscribed(): Readonly<Record<string, number>> {
    const replyTo = addressOf<RouterReply>(0, 'probe/list');
    let topics: Record<string, number> = {};
    this.#shard(0).system.bind(replyTo, (reply: RouterReply) => {
      if (reply.type === 'topicsListed') topics = Object.fromEntries(reply.topics);
    });
    const asker = { replyTo, slot: 1, connection: undefined };
    this.#shard(0).system.deliver(actorsOf(0).router, { type: 'list', asker });
    this.settle();
    return topics;
  }

  /** Requests and sessions that live. */
  get living(): number {
    return this.shards.reduce((sum, { system }) => sum + system.actors - ACTORS_OF_SHARD, 0);
  }

  get wrongs(): string[] {
    return [...this.troubles, ...this.shards.flatMap(({ edge }) => edge.wrongs)];
  }

  #shard(shard: number): StagedShard {
    const staged = this.shards[shard];
    if (staged === undefined) throw new Error(`there is no shard ${shard}`);
    return staged;
  }

  #start(shard: number): StagedShard {
    const {
      seed = 1,
      options = {},
      home = {},
      routes = '* origin:80',
      origin,
      pace,
    } = this.#options;
    const shards = this.#options.shards ?? 2;
    this.#lives += 1;
    const system = new System({
      shard,
      seed: seed + this.#lives * 1_000,
      crossing: (to, address, message) => {
        this.#crossings[shard]?.[to]?.push([address, structuredClone(message)]);
      },
      onFailure: (address, error) => this.troubles.push(`${address}: ${String(error)}`),
      onCollapse: (address) => this.troubles.push(`${address} collapsed`),
      tap: {
        received: (address, message) => this.#note(shard, address, message),
        sent: () => {},
      },
    });
    const settle = () => {
      if (this.#chance === undefined) this.settle();
    };
    const edge = new StagedOrigin(shard, (to, message) => system.deliver(to, message), settle);
    edge.script = origin;
    const edges = edgesOf(shard);
    system.bind(edges.gateway, (command) => edge.obey(command));
    system.bind(edges.web, (command) => edge.obeyWeb(command));
    system.bind(edges.log, (log) => this.logs.push(log));
    system.bind(edges.operator, (notice) => this.notices.push(notice));
    const actors = actorsOf(shard);
    system.spawn(
      routerActor,
      {
        shard,
        shards,
        web: edges.web,
        homeOfShard: (other) => actorsOf(other).home,
        formats: gripFormats(),
        stallTimeoutMs: 30_000,
      },
      'router',
    );
    const limits = { ...homeDefaults, ...home };
    system.spawn(homeActor, { limits, routerOf: (other) => actorsOf(other).router }, 'home');
    const whole = { ...gatewayDefaults, ...options };
    const gateway: GatewayContext = {
      shard,
      shards,
      options: whole,
      directory: '',
      edges,
      router: actors.router,
      askingPace: pace ?? askingPaceOf(shards),
      keptHeaders: new KeptHeaders(),
      channelsOfShard: (other) => actorsOf(other).channels,
      routes: new RouteTable([]),
      isDraining: false,
    };
    const { operator, log } = edges;
    const isJoined = (): boolean => false;
    const keeper = { shard, options: whole, home: actors.home, operator, log, isJoined };
    system.spawn(channelsActor, keeper, 'channels');
    system.spawn(gatewayDoor, { gateway, routes }, 'gateway');
    return { system, edge };
  }

  #note(shard: number, address: string, message: unknown): void {
    if (address !== actorsOf(shard).router) return;
    const { type, connection } = message as { type: string; connection: number };
    if (type === 'open') this.opened.add(`${shard}:${connection}`);
    if (type === 'leave') this.opened.delete(`${shard}:${connection}`);
  }

  #turn(system: System): void {
    const chance = this.#chance;
    if (chance === undefined) system.run(this.now, 100_000);
    else system.run(this.now, chance.between(1, 3), (ready) => chance.below(ready));
  }

  #arrive(from: number, to: number): void {
    const crossing = this.#crossings[from]?.[to]?.shift();
    if (crossing === undefined) return;
    const [address, message] = crossing;
    this.#shard(to).system.deliver(address as Address<unknown>, message);
  }
}

/** Router, home, keeper and door. */
const ACTORS_OF_SHARD = 5;
