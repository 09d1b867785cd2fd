// One shard in its thread: an actor system, its edges, and the loop that gives it turns.
// A turn is: fire timers, let actors run until none is ready, then write what they said: sockets and crossings once.
// Refuses to know what the actors do. Obeys ADR 0004.

import type { ClusterNews, ClusterStart } from '../actors/cluster/cluster-options.ts';
import type { ClusterTold } from '../actors/cluster/links/members-state.ts';
import { type Address, addressOf } from '../actors/runtime/actor.ts';
import type { GatewayCommand, ProxyRequested } from '../actors/runtime/gateway-edges.ts';
import type { TcpOpened } from '../actors/runtime/tcp/tcp-edges.ts';
import type { Log } from '../actors/runtime/edges.ts';
import { System } from '../actors/runtime/system.ts';
import { actorsOf, edgesOf, startShard } from '../actors/node.ts';
import { createPasswordEdge } from './auth/password-book.ts';
import { createAuthEdge } from './auth.edge.ts';
import { ClusterDesk } from './cluster/cluster-desk.ts';
import { Crossings } from './crossings.ts';
import { GatewayEdge } from './gateway.edge.ts';
import { createLogEdge } from './log.edge.ts';
import { levelsOf } from './operator/levels.ts';
import { ShardDesk } from './operator/shard-desk.ts';
import { Alarm, nowUs, wallAtZeroMs } from './process/clock.ts';
import type { FromShard, ShardData, ToShard } from './shard-messages.ts';
import type { DoorSettings, ShardStats } from './shards-contract.ts';
import { TcpEdge } from './tcp.edge.ts';
import { WebEdge } from './web.edge.ts';

/** Messages that actors may take before sockets are served again. */
const TURN_MESSAGES_MAX = 20_000;
/** While the node is under pressure, how often a shard looks whether it still is. */
const PRESSURE_EVERY_MS = 5;

export class Shard {
  readonly #data: ShardData;
  readonly #say: (message: FromShard) => void;
  readonly #system: System;
  readonly #web: WebEdge;
  readonly #gateway: GatewayEdge;
  readonly #tcp: TcpEdge;
  readonly #crossings: Crossings;
  readonly #desk: ShardDesk;
  readonly #cluster: ClusterDesk;
  readonly #alarm: Alarm;
  #isScheduled = false;
  #isRunning = false;
  #hasCollapsed = false;
  #isLeaving = false;
  #pressureTimer: NodeJS.Timeout | undefined = undefined;
  #turns = 0;

  constructor(data: ShardData, say: (message: FromShard) => void) {
    const { shard, seed, options, ledger, peers } = data;
    this.#data = data;
    this.#say = say;
    const deliver = (to: string, message: unknown): void => {
      // Edges and peers name addresses that actors gave them: their types were checked where they were sent.
      this.#system.deliver(to as Address<unknown>, message);
    };
    const schedule = (): void => this.#schedule();
    const log = (entry: Log): void => say({ type: 'log', entry });
    const answer = (to: string, message: unknown): void => {
      deliver(to, message);
      schedule();
    };
    this.#crossings = new Crossings({
      shard,
      shards: options.threads,
      ledger,
      deliver,
      schedule,
      runNow: () => this.#turn(),
    });
    for (const peer of peers) this.#crossings.connect(peer.shard, peer.port);
    this.#alarm = new Alarm(schedule);
    this.#system = new System({
      shard,
      seed: (seed + Math.imul(shard, 0x85ebca6b)) >>> 0,
      crossing: (to, address, message) => this.#crossings.send(to, address, message),
      onFailure: (address, error, ended) => {
        const fields = {
          address,
          ended,
          error: error instanceof Error ? (error.stack ?? error.message) : String(error),
        };
        say({ type: 'log', entry: { type: 'log', level: 'error', event: 'actor.failed', fields } });
      },
      onCollapse: (address, error) => this.collapse(error, address),
    });
    this.#web = new WebEdge({
      deliver,
      schedule,
      runNow: () => this.#turn(),
      count: (counter, by) => this.#count(counter, by),
      log,
    });
    this.#gateway = new GatewayEdge({
      ground: this.#web.ground,
      deliver,
      schedule,
      count: (counter, by) => this.#count(counter, by),
      log,
      now: Date.now,
    });
    this.#tcp = new TcpEdge({
      ground: this.#web.ground,
      deliver,
      schedule,
      count: (counter, by) => this.#count(counter, by),
      log,
      callsTls: options.cluster?.tls,
    });
    const edges = edgesOf(shard);
    this.#system.bind(edges.tcp, (command) => this.#tcp.obey(command));
    const { chat } = options;
    const guessesMax = chat?.options.wrongPasswordsPerMinuteMax ?? 0;
    this.#system.bind(
      edges.passwords,
      createPasswordEdge(chat?.passwords, answer, {
        now: () => performance.now(),
        ...{ log, guessesMax },
        reloaded: (text) => say({ type: 'fileReloaded', what: 'passwords', text }),
      }),
    );
    const gateway = addressOf<GatewayCommand>(shard, 'edge/gateway');
    this.#system.bind(gateway, (command) => this.#gateway.obey(command));
    this.#system.bind(edges.web, (command) => this.#web.obey(command));
    this.#system.bind(edges.log, createLogEdge(log));
    const reloaded = (text: string): void => say({ type: 'fileReloaded', what: 'jwks', text });
    const surroundings = { now: Date.now, log, reloaded };
    this.#system.bind(edges.auth, createAuthEdge(options.auth, answer, surroundings));
    const own = addressOf<ClusterTold | ClusterNews>(shard, 'edge/cluster');
    const { members } = actorsOf(shard);
    const hasMembers = options.cluster !== undefined && shard === 0;
    this.#cluster = new ClusterDesk(hasMembers, { own, members, deliver, schedule, say });
    this.#system.bind(own, (message) => this.#cluster.hear(message));
    this.#desk = new ShardDesk(options.operations, {
      actor: actorsOf(shard).control,
      deliver,
      schedule,
      count: (counter, by) => this.#count(counter, by),
      say,
    });
    this.#system.bind(edges.control, (reply) => this.#desk.obey(reply));
    this.#system.bind(edges.operator, (notice) => this.#desk.notice(notice));
    this.#system.wallAtZeroMs = wallAtZeroMs(0);
    startShard(this.#system, {
      shard,
      shards: options.threads,
      broker: options.broker,
      home: options.home,
      gateway: options.gateway,
      bridge: options.bridge ?? [],
      chat: chat === undefined ? undefined : { ...chat, life: data.life },
      cluster: clusterOf(data),
    });
    this.#schedule();
  }

  obey(message: ToShard): void {
    // [SHARD-3] Whoever came through a door that is opened now would meet nobody.
    if (this.#hasCollapsed) return;
    switch (message.type) {
      case 'listen':
        if (message.door === 'control') void this.#desk.listen(message.port);
        else void this.#listen(message.door, message.port);
        return;
      case 'peerDown':
        this.#crossings.disconnect(message.shard);
        this.#peerDown(message.shard);
        return;
      case 'peerUp':
        this.#crossings.connect(message.shard, message.port);
        this.#schedule();
        return;
      case 'reportStats':
        this.#say({ type: 'stats', ref: message.ref, stats: this.#stats() });
        return;
      case 'describeCluster':
        this.#cluster.describe(message.ref);
        return;
      case 'reloadTls':
        this.#web.reloadTls(message.door, message.material);
        this.#gateway.reloadTls(message.door, message.material);
        this.#tcp.reloadTls(message.door, message.material);
        if (message.door === 'cluster') this.#tcp.reloadCallsTls(message.material);
        return;
      case 'changeRoutes':
        this.#system.deliver(actorsOf(this.#data.shard).gateway, {
          type: 'routesChanged',
          text: message.text,
        });
        this.#schedule();
        return;
      case 'itemsReceived':
      case 'commandReceived':
        this.#desk.take(message);
        return;
      case 'drain':
        void this.#drain(message.spreadMs);
        return;
      case 'crash':
        throw new Error('this shard was told to crash');
      default:
        message satisfies never;
    }
  }

  /** [SHARD-3] The shard cannot go on: its clients are told so, and the thread ends. */
  collapse(error: unknown, where = 'thread'): void {
    if (this.#hasCollapsed) return;
    this.#hasCollapsed = true;
    const reason = error instanceof Error ? (error.stack ?? error.message) : String(error);
    this.#say({ type: 'collapsing', reason: `${where}: ${reason}` });
    this.#closeDoors();
    this.#web.abandon(1012, 'service restart');
    this.#gateway.abandon();
    // Words to the main thread and to sockets leave before the thread ends.
    setTimeout(() => process.exit(1), 50);
  }

  #peerDown(shard: number): void {
    this.#crossings.disconnect(shard);
    const { home, router } = actorsOf(this.#data.shard);
    this.#system.deliver(home, { type: 'shardDown', shard });
    this.#system.deliver(router, { type: 'shardDown', shard });
    if (this.#data.options.gateway !== undefined) {
      const { channels, gateway } = actorsOf(this.#data.shard);
      this.#system.deliver(channels, { type: 'shardDown', shard });
      this.#system.deliver(gateway, { type: 'shardDown', shard });
    }
    if (this.#data.options.chat !== undefined) {
      const { rooms, users, chat } = actorsOf(this.#data.shard);
      this.#system.deliver(rooms, { type: 'shardDown', shard });
      this.#system.deliver(users, { type: 'shardDown', shard });
      this.#system.deliver(chat, { type: 'shardDown', shard });
    }
    if (this.#data.options.cluster !== undefined && this.#data.shard === 0) {
      const { members, relay, locations } = actorsOf(0);
      this.#system.deliver(relay, { type: 'shardDown', shard });
      this.#system.deliver(locations, { type: 'shardDown', shard });
      this.#system.deliver(members, { type: 'shardDown', shard });
    }
    this.#schedule();
  }

  async #listen(door: string, port: number): Promise<void> {
    try {
      const address = await this.#open(door, port);
      // Whoever came through a door that opens late would meet nobody.
      if (this.#isLeaving || this.#hasCollapsed) this.#closeDoors();
      this.#say({ type: 'listening', door, ...address });
    } catch (error) {
      const { code = 'UNKNOWN', message } = error as NodeJS.ErrnoException;
      this.#say({ type: 'listenFailed', door, code, message });
    }
  }

  async #open(
    door: string,
    port: number,
  ): Promise<{ readonly host: string; readonly port: number }> {
    const options = this.#data.options.doors[door];
    if (options === undefined) throw new Error(`no door is called ${door}`);
    const { shard } = this.#data;
    const { threads, broker } = this.#data.options;
    const { host, tls, deflate, dialect, local } = options;
    const common = { door, host, port, reusePort: threads > 1, tls, deflate };
    if (dialect === 'chat' || dialect === 'peers') {
      const { chat, members } = actorsOf(shard);
      const isPeers = dialect === 'peers';
      if (!isPeers) await this.#cluster.joined;
      const doorActor: Address<TcpOpened> = isPeers ? members : chat;
      return this.#tcp.listen({ ...common, reusePort: threads > 1 && !isPeers, doorActor });
    }
    if (dialect === 'gateway') {
      const doorActor = addressOf<ProxyRequested>(shard, 'gateway');
      const limits = { ...options.limits, connectionsMax: shareOf(options, threads) };
      return this.#gateway.listen({ ...common, local, doorActor, limits });
    }
    return this.#web.listen({
      ...common,
      doorActor: actorsOf(shard).broker,
      limits: { messageBytesMax: broker.messageBytesMax, bodyBytesMax: broker.bodyBytesMax },
    });
  }

  #closeDoors(): void {
    this.#desk.close();
    this.#web.closeListeners();
    this.#gateway.closeListeners();
    this.#tcp.closeListeners();
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      this.#turn();
    });
  }

  #turn(): void {
    if (this.#isRunning || this.#hasCollapsed) return;
    this.#isRunning = true;
    this.#turns += 1;
    this.#system.wallAtZeroMs = wallAtZeroMs(this.#system.wallAtZeroMs);
    this.#system.run(nowUs(), TURN_MESSAGES_MAX);
    this.#web.flush();
    this.#gateway.flush();
    this.#crossings.flush();
    this.#desk.flush();
    this.#isRunning = false;
    // Writing may have brought receipts, and a long turn may have left work.
    if (this.#system.readyActors > 0) this.#schedule();
    const { nextTimerAt } = this.#system;
    if (nextTimerAt !== undefined) this.#alarm.wakeAt(nextTimerAt);
    this.#watchPressure();
  }

  /** [SHARD-4] While any shard is behind with its crossings, every shard reads nothing new from clients. */
  #watchPressure(): void {
    if (this.#pressureTimer !== undefined) return;
    if (!this.#crossings.updatePressure()) return;
    this.#count('shard.pressure', 1);
    this.#pauseReading(true);
    this.#pressureTimer = setInterval(() => {
      if (this.#crossings.updatePressure()) return;
      clearInterval(this.#pressureTimer);
      this.#pressureTimer = undefined;
      this.#pauseReading(false);
    }, PRESSURE_EVERY_MS);
  }

  #pauseReading(isOn: boolean): void {
    this.#web.pauseReading(isOn);
    this.#gateway.pauseReading(isOn);
  }

  async #drain(spreadMs: number): Promise<void> {
    this.#isLeaving = true;
    this.#closeDoors();
    if (this.#data.options.chat !== undefined) {
      // Sessions say goodbye by themselves, before the web edge closes what is left.
      const { chat } = actorsOf(this.#data.shard);
      this.#system.deliver(chat, { type: 'drain', withinMs: Math.floor(spreadMs / 2) });
      this.#schedule();
    }
    if (this.#data.options.cluster !== undefined && this.#data.shard === 0) {
      // Behind the clients' going, before the links' end.
      const withinMs = Math.floor(spreadMs * 0.7);
      this.#system.deliver(actorsOf(0).members, { type: 'drain', withinMs });
      this.#schedule();
    }
    if (this.#data.options.gateway !== undefined) {
      const { gateway } = actorsOf(this.#data.shard);
      this.#system.deliver(gateway, { type: 'draining', withinMs: spreadMs });
      this.#schedule();
    }
    await Promise.all([
      this.#web.drain(1001, 'going away', spreadMs),
      this.#gateway.drain(spreadMs),
    ]);
    this.#gateway.destroy();
    this.#say({ type: 'drained' });
  }

  #count(counter: string, by: number): void {
    this.#system.counters.add(counter, by);
  }

  #stats(): ShardStats {
    const levels = levelsOf(this.#system.counters);
    const gauges = {
      ...levels.gauges,
      actors: this.#system.actors,
      'mailbox.waiting': this.#system.waiting,
      connections: this.#web.connections,
    };
    const counters = { ...levels.counters, turns: this.#turns };
    return { shard: this.#data.shard, counters, gauges };
  }
}

/** Limits of the node are held in equal shares: no shard asks another before it lets a client in. */
function shareOf({ limits }: DoorSettings, threads: number): number | undefined {
  const most = limits?.connectionsMax;
  return most === undefined ? undefined : Math.ceil(most / threads);
}

/** Links live on shard 0; a shard that takes a dead one's place is a later life of the node for other nodes. */
function clusterOf({ shard, life, options }: ShardData): ClusterStart | undefined {
  const { cluster } = options;
  if (cluster === undefined) return undefined;
  const { incarnation } = cluster;
  return { ...cluster, incarnation: shard === 0 ? incarnation + life : incarnation };
}
