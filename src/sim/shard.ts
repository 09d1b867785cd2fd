// One simulated thread: an actor system with its edges, the time that its work takes, and its ends of the ports to
// the other shards of its node. Turns follow transports/shard.ts: sockets are read, actors run, then what they
// said leaves. How far a turn goes, and which ready actor is next, is drawn from the seed.
// Refuses to know topics and clients.

import {
  actorsOf,
  edgesOf,
  type GatewayStart,
  type ShardActors,
  startShard,
} from '../actors/node.ts';
import type { BridgeRule } from '../actors/bridge/bridge.ts';
import type { BrokerOptions } from '../actors/broker/broker-options.ts';
import type { ChatStart } from '../actors/chat/chat-context.ts';
import type { ClusterNews, ClusterStart } from '../actors/cluster/cluster-options.ts';
import type { ClusterTold } from '../actors/cluster/links/members-state.ts';
import type { HomeLimits, HomeState } from '../actors/routing/home.actor.ts';
import type { RouterState } from '../actors/routing/router-state.ts';
import { type Address, addressOf } from '../actors/runtime/actor.ts';
import type { ControlEvent } from '../actors/runtime/gateway-edges.ts';
import { Prng } from '../actors/runtime/prng.ts';
import { System } from '../actors/runtime/system.ts';
import { AuthEdge } from './edges/auth.edge.ts';
import { GatewayEars } from './edges/gateway/gateway-ears.ts';
import { GatewayEdge } from './edges/gateway.edge.ts';
import { LogEdge } from './edges/log.edge.ts';
import type { Connection } from './edges/network.ts';
import { objectWire } from './edges/object-wire.ts';
import { PasswordDesk } from './edges/tcp/password-desk.ts';
import { TcpEdge } from './edges/tcp.edge.ts';
import { type Lane, WebEdge } from './edges/web.edge.ts';
import { RouterTap } from './records/tapped/router-tap.ts';
import type { Trace } from './trace.ts';
import type { TraceHash } from './trace-hash.ts';
import type { ChatWorld } from './workload/chat/chat-world.ts';
import type { GatewayWorld } from './workload/gateway/gateway-world.ts';

/** What a simulated thread needs of its world. */
export interface ShardWorld {
  readonly now: number;
  readonly hash: TraceHash;
  readonly trace: Trace;
  /** Undefined where nodes have no gateway. */
  readonly gateway: GatewayWorld | undefined;
  /** Undefined where nodes have no chat. */
  readonly chat: ChatWorld | undefined;
  /** Counts something worth meeting. */
  mark(name: string): void;
  /** Has `turn` called on this shard at an instant; earlier calls are kept, too. */
  wakeShardAt(at: number, place: number): void;
  remindShardAt(at: number, place: number, ref: number): void;
  /** Takes what this shard's turn sent to another shard of its node. */
  cross(fromPlace: number, toShard: number, to: string, message: unknown): void;
  actorFailed(place: number, address: string, error: unknown): void;
  collapsed(place: number): void;
}

export interface ShardPlan {
  readonly place: number;
  readonly node: number;
  readonly shard: number;
  readonly shards: number;
  readonly seed: number;
  readonly lane: Lane;
  readonly broker: BrokerOptions;
  readonly home: HomeLimits;
  readonly receiptBytes: number;
  /** Microseconds that one message keeps the thread busy. */
  readonly serviceUs: number;
  /** Of ten turns, how many take one message only; the others run until nothing is ready. */
  readonly fineTurns: number;
  /** Buggify sites that may fire. */
  readonly sites: readonly string[];
  readonly gateway: GatewayStart | undefined;
  readonly bridge: readonly BridgeRule[];
  readonly chat: ChatStart | undefined;
  /** Undefined for a node that is alone. */
  readonly cluster: ClusterStart | undefined;
}

/** Life of one thread: from its start to its crash. */
export class Shard {
  readonly plan: ShardPlan;
  readonly incarnation: number;
  readonly actors: ShardActors;
  readonly system: System;
  readonly web: WebEdge;
  /** What its operator and its publishers heard; undefined without a gateway. */
  readonly ears: GatewayEars | undefined;
  readonly #gateway: GatewayEdge | undefined;
  readonly #tcp: TcpEdge | undefined;
  readonly #auth: AuthEdge;
  readonly #log = new LogEdge();
  readonly routerTap: RouterTap;
  readonly #world: ShardWorld;
  readonly #chance: Prng;
  readonly #choose: (ready: number) => number;
  /** The thread does something else until then. */
  busyUntil = 0;
  /** How many times slower than planned. */
  slowness = 1;
  isDead = false;
  /** [HP-JOIN-1] Of a first thread: its door to clients of the chat is open. */
  hasJoined = false;
  /** How late its timers may come. */
  timerLagUs = 0;
  #wakeAt = Number.POSITIVE_INFINITY;
  #isTurning = false;
  /** Messages that actors took, and commands that edges obeyed. */
  taken = 0;

  constructor(plan: ShardPlan, incarnation: number, world: ShardWorld) {
    const { place, shard, shards, node, lane, broker, home } = plan;
    this.plan = plan;
    this.incarnation = incarnation;
    this.#world = world;
    this.actors = actorsOf(shard);
    this.routerTap = new RouterTap(world.trace, this);
    const seed =
      (plan.seed +
        Math.imul(node, 0x632be5ab) +
        Math.imul(incarnation, 0x9e3779b9) +
        Math.imul(shard, 0x85ebca6b)) >>>
      0;
    const label = `shard ${node}.${shard}.${incarnation}`;
    this.#chance = new Prng(plan.seed, `${label} turns`);
    this.#choose = (ready) => (ready === 1 ? 0 : this.#chance.next() % ready);
    const sites = new Set(plan.sites);
    const mischief = new Prng(plan.seed, `${label} sites`);
    this.system = new System({
      shard,
      seed,
      buggify: (site) => {
        if (!sites.has(site)) return false;
        const oneIn = SITES_ONE_IN.get(site) ?? SITE_FIRES_ONE_IN;
        if (mischief.next() % oneIn !== 0) return false;
        world.mark(`site ${site}`);
        return true;
      },
      crossing: (to, address, message) => world.cross(place, to, address, message),
      onFailure: (address, error) => world.actorFailed(place, address, error),
      onCollapse: () => {
        this.isDead = true;
        world.collapsed(place);
      },
      tap: {
        received: (address, message, now) => {
          world.hash.message(now, place, address, message);
          this.routerTap.received(address, message, now);
        },
        sent: () => {},
      },
    });
    const edges = edgesOf(shard);
    this.web = new WebEdge(
      {
        lane,
        door: this.actors.broker,
        messageBytesMax: broker.messageBytesMax,
        // A receipt that gathers more than the smallest window would never come.
        receiptBytes: sites.has('tiny-window') ? 1 : plan.receiptBytes,
        closeTimeoutUs: CLOSE_TIMEOUT_US,
        tap: (connection, isCaller, bytes) => world.chat?.tapped(connection, isCaller, bytes),
      },
      this,
    );
    this.#auth = new AuthEdge(
      {
        get now() {
          return world.now;
        },
        remindAt: (at, ref) => this.#remindAt(at, ref * 2 + 1),
        deliver: (to, verdict) => this.deliver(to, verdict),
      },
      new Prng(plan.seed, `${label} auth`),
    );
    this.#bind(edges.web, (command) => this.web.obey(command));
    this.#bind(edges.auth, (command) => this.#auth.obey(command));
    this.#bind(edges.log, (entry) => {
      this.#log.obey(entry);
      this.ears?.hearLog(entry);
      world.chat?.logged(node, entry);
    });
    this.ears = plan.gateway && new GatewayEars(world.trace, node, shard);
    this.#gateway = world.gateway && this.#bindGateway(world.gateway);
    this.#tcp = world.chat && this.#bindTcp(world.chat, new Prng(plan.seed, `${label} tcp`));
    if (plan.shard === 0 && world.chat !== undefined)
      this.#bind(NEWS, (news) => {
        this.hasJoined ||= news.type === 'clusterJoined';
        world.chat?.told(plan, news);
      });
    const wire = lane === 'object' ? { brokerWire: objectWire } : { take: this.web.arena.take };
    const { gateway, chat, cluster, bridge } = plan;
    const apart = { gateway, chat, cluster, bridge };
    startShard(this.system, { ...{ shard, shards, broker, home }, ...apart, ...wire });
    this.wake();
  }

  get now(): number {
    return this.#world.now;
  }

  /** What its home and its router keep, for records alone, which must not change it. */
  get home(): HomeState | undefined {
    return this.system.stateOf(this.actors.home) as HomeState | undefined;
  }

  get router(): RouterState | undefined {
    return this.system.stateOf(this.actors.router) as RouterState | undefined;
  }

  /** Something outside spoke to an actor. */
  deliver<M>(to: Address<M>, message: NoInfer<M>): void {
    this.system.deliver(to, message);
    this.wake();
  }

  acceptChat(connection: Connection): void {
    this.#tcp?.accept(connection, 'chat', this.actors.chat);
  }

  acceptPeer(connection: Connection): void {
    this.#tcp?.accept(connection, 'peers', this.actors.members);
  }

  /** An operator asks about the cluster. */
  describeCluster(): void {
    if (!this.isDead)
      this.deliver(this.actors.members, { type: 'describe', ref: 0, replyTo: NEWS });
  }

  /** Publishers and operators speak to the control actor. */
  control(said: ControlEvent): void {
    this.deliver(this.actors.control, said);
  }

  changeRoutes(text: string): void {
    if (!this.isDead) this.deliver(this.actors.gateway, { type: 'routesChanged', text });
  }

  wake(): void {
    // A turn looks for itself, when it ends, whether there is more to do.
    if (this.#isTurning) return;
    this.#wakeAtLatest(Math.max(this.now, this.busyUntil));
  }

  remindAt(at: number, connection: number): void {
    this.#remindAt(at, connection * 2);
  }

  /** An edge's instant came; of a dead shard's it hears nothing. */
  remind(sealed: number): void {
    if (this.isDead || sealed % LIVES !== this.incarnation % LIVES) return;
    const ref = (sealed / LIVES) | 0;
    if ((ref & 1) === 1) this.#auth.remind(ref >> 1);
    else this.web.remind(ref >> 1);
  }

  #remindAt(at: number, ref: number): void {
    this.#world.remindShardAt(at, this.plan.place, ref * LIVES + (this.incarnation % LIVES));
  }

  /** The thread does nothing until then; an instant in the past lets it go on. */
  pause(until: number): void {
    this.busyUntil = until;
    this.wake();
  }

  /** One turn of the thread's loop. */
  turn(): void {
    const { now, system, web } = this;
    if (this.isDead || now < this.#wakeAt) return;
    this.#wakeAt = Number.POSITIVE_INFINITY;
    if (now < this.busyUntil) {
      this.#wakeAtLatest(this.busyUntil);
      return;
    }
    this.#isTurning = true;
    const drawn = this.#chance.next();
    // A backlog makes the thread look at its sockets less often, as a loop under load does.
    if (web.hasReadable && (system.readyActors < 8 || (drawn & 0x300) === 0)) web.read();
    const isFine = drawn % 10 < this.plan.fineTurns;
    const most = isFine ? 1 + ((drawn >>> 12) & 3) : TURN_MESSAGES_MAX;
    const taken = system.run(now, most, this.#choose);
    this.taken += taken;
    web.flush();
    this.#isTurning = false;
    if (this.isDead) return;
    this.busyUntil =
      now + TURN_US + taken * this.plan.serviceUs * this.slowness + ((drawn >>> 16) & 7);
    if (system.readyActors > 0 || web.hasReadable || web.hasDirty)
      this.#wakeAtLatest(this.busyUntil);
    const { nextTimerAt } = system;
    if (nextTimerAt === undefined) return;
    const lagUs = this.timerLagUs === 0 ? 0 : this.#chance.below(this.timerLagUs);
    this.#wakeAtLatest(Math.max(nextTimerAt + lagUs, this.busyUntil));
  }

  /** The process is about to end: every client is told so. */
  sendAway(withinMs = DRAIN_MS): void {
    if (this.isDead) return;
    const { chat, members, gateway } = this.actors;
    if (this.plan.gateway !== undefined) {
      const { node, shard } = this.plan;
      this.#world.trace.add({ kind: 'gatewayDrains', node, shard });
      this.deliver(gateway, { type: 'draining', withinMs });
    }
    if (this.plan.chat !== undefined)
      this.deliver(chat, { type: 'drain', withinMs: withinMs >> 1 });
    if (this.plan.cluster !== undefined && this.plan.shard === 0)
      this.deliver(members, { type: 'drain', withinMs });
    this.web.closeAll(1001, 'going away');
  }

  /** The thread is gone, and with it everything that it held. */
  crash(isTold: boolean): void {
    this.isDead = true;
    this.#gateway?.abandon();
    this.web.abandon(isTold);
  }

  #bindGateway(gateway: GatewayWorld): GatewayEdge {
    const { ears, plan, web } = this;
    const { trace } = this.#world;
    const { node, shard } = plan;
    const edges = edgesOf(shard);
    const edge = new GatewayEdge({
      place: { node, shard },
      trace,
      web,
      deliver: (to, message) => this.deliver(to, message),
      ask: (asked, hearing) => gateway.ask(asked, hearing),
      call: (asked, hearing) => gateway.call(asked, hearing),
      later: (delayUs, act) =>
        gateway.later(delayUs, () => {
          if (!this.isDead) act();
        }),
      newFetch: () => gateway.newFetch(),
      mark: (name) => this.#world.mark(name),
    });
    this.#bind(edges.gateway, (command) => edge.obey(command));
    this.#bind(edges.operator, (notice) => ears?.hearNotice(notice));
    this.#bind(edges.control, (reply) => ears?.hearReply(reply));
    return edge;
  }

  #bindTcp(chat: ChatWorld, chance: Prng): TcpEdge {
    const { node, shard } = this.plan;
    const edges = edgesOf(shard);
    const isHere = (): boolean => !this.isDead;
    const edge = new TcpEdge({
      web: this.web,
      chance,
      deliver: (to, message) => this.deliver(to, message),
      call: (host, port, timeoutMs, then) =>
        chat.call({ node, host, port }, timeoutMs, isHere, (dialed) => {
          if (isHere()) then(dialed);
        }),
    });
    this.#bind(edges.tcp, (command) => edge.obey(command));
    const desk = new PasswordDesk(chat, this.plan.chat?.options, (to, verdict) =>
      this.deliver(to, verdict),
    );
    this.#bind(edges.passwords, (command) => desk.obey(command));
    return edge;
  }

  #bind<M>(address: Address<M>, obey: (message: M) => void): void {
    const { hash } = this.#world;
    this.system.bind(address, (message) => {
      this.taken += 1;
      hash.message(this.now, this.plan.place, address, message);
      obey(message);
    });
  }

  #wakeAtLatest(at: number): void {
    if (at >= this.#wakeAt || this.isDead) return;
    this.#wakeAt = at;
    this.#world.wakeShardAt(at, this.plan.place);
  }
}

/** What the keeper of members tells its process. */
const NEWS = addressOf<ClusterNews | ClusterTold>(0, 'edge/cluster');
const SITE_FIRES_ONE_IN = 4;
/** What is of little use when it comes over a thread now and then. */
const SITES_ONE_IN: ReadonlyMap<string, number> = new Map([
  ['early-expiry', 1],
  ['tiny-window', 2],
]);
/** Lives of a shard that are told apart in what it is reminded of. */
const LIVES = 16;
const TURN_US = 3;
const TURN_MESSAGES_MAX = 20_000;
const CLOSE_TIMEOUT_US = 3_000_000;
/** As long as a process that is sent away has for its chat's goodbyes. */
const DRAIN_MS = 200;
