// The gateway's part of a world: origins, publishers and the clients that hold requests open, and what each phase of a
// run has them do. What they want done later the world's own scheduler keeps.
// Refuses to know shards and how time passes.

import type { ControlEvent } from '../../../actors/runtime/gateway-edges.ts';
import type { AskedOrigin, OriginHearing } from '../../edges/gateway.edge.ts';
import type { Link } from '../../edges/link.ts';
import type { Connection } from '../../edges/network.ts';
import type { OriginLine, SocketHearing } from '../../edges/gateway/origin-socket.ts';
import type { PublishWay } from '../../records/gateway-records.ts';
import type { Trace } from '../../trace.ts';
import { Application } from '../origins/application.ts';
import { OriginLog } from '../origins/origin-log.ts';
import { Origin } from '../origins/origin.ts';
import { handedOver } from '../origins/handing-over.ts';
import { Publisher } from '../origins/publisher.ts';
import { fullName, type GatewayPlan, routesOf } from '../../plan/gateway-plan.ts';
import type { Way } from '../../ways-in.ts';
import { errandNamed } from '../../records/errands/all.ts';
import type { Errand } from '../../records/errands/errand.ts';
import { orderOf } from '../../records/errands/orders.ts';
import { Errander } from '../errands/errander.ts';
import { ERRAND_ORIGINS } from '../errands/errand-origin.ts';
import { DEAD_ORIGIN, SCENE_ORIGIN, Stage } from '../scenes/stage.ts';
import { Holder } from './holder.ts';
import { askIdlersOrigin, IDLE_ORIGIN, Idler } from './idler.ts';

interface ControlDoor {
  control(said: ControlEvent): void;
}

export interface GatewayWorldHost {
  readonly now: number;
  readonly isSettling: boolean;
  readonly trace: Trace;
  readonly plan: { readonly seed: number; readonly nodes: number; readonly shards: number };
  mark(name: string): void;
  later(delayUs: number, act: () => void): void;
  connectGateway(way: Way, link: Link): Connection | undefined;
  connectBroker(way: Way, link: Link): Connection | undefined;
  /** The thread of a node with which publishers speak, while it lives. */
  first(node: number): ControlDoor | undefined;
  isWell(node: number): boolean;
  /** A thread dies, by its place among those of all nodes. */
  crash(place: number, isTold: boolean, durationUs: number): void;
  /** Each thread of a node reads its routes anew. */
  changeRoutes(node: number, text: string): void;
}

export class GatewayWorld {
  readonly holders: Holder[] = [];
  readonly #host: GatewayWorldHost;
  readonly #origins = new Map<string, Origin>();
  readonly #publishers: Publisher[] = [];
  readonly #stage: Stage;
  readonly #idlers: readonly Idler[];
  readonly #errander: Errander | undefined;
  /** By node: how often its routes were written anew. */
  readonly #editions = new Map<number, number>();
  #fetches = 0;

  constructor(plan: GatewayPlan, host: GatewayWorldHost) {
    this.#host = host;
    const { seed } = host.plan;
    const channels = plan.channels.map((channel) => ({
      channel: fullName(channel),
      hasIds: channel.hasIds,
      isOrdered: channel.isOrdered,
    }));
    host.trace.add({ kind: 'gatewayBegan', channels, messageRate: plan.options.messageRate });
    const log = new OriginLog(plan.channels);
    const application = new Application(log, host.trace);
    for (const origin of plan.origins)
      this.#origins.set(origin.host, new Origin(origin, application, this, seed));
    for (const channel of plan.channels)
      this.#publishers.push(new Publisher(channel, log, this, seed));
    const { options, players } = plan;
    const limits = {
      messageWaitMs: options.messageWaitMs,
      subscriptionsMax: options.connectionSubscriptionsMax,
      keptBytesMax: options.keptBodyBytesMax,
      isUpdating: options.updateOnFirstSubscription,
      forwardedFor: options.forwardedFor,
      isLogged: options.logRequests,
      isFromLogged: options.logFrom,
      isAgentLogged: options.logUserAgent,
    };
    this.#stage = new Stage(players ?? [], limits, this, seed);
    this.#errander = plan.errander && new Errander(plan.errander, this, seed);
    for (const { at, node } of plan.reroutings ?? []) this.later(at, () => this.#reroute(node));
    this.#idlers = (plan.idlers ?? []).map((idler) => new Idler(idler, this, seed));
    for (const idler of this.#idlers) idler.begin();
    for (const holder of plan.holders) this.holders.push(new Holder(holder, this, seed));
  }

  get now(): number {
    return this.#host.now;
  }

  get isSettling(): boolean {
    return this.#host.isSettling;
  }

  get trace(): Trace {
    return this.#host.trace;
  }

  get nodes(): number {
    return this.#host.plan.nodes;
  }

  later(delayUs: number, act: () => void): void {
    this.#host.later(delayUs, act);
  }

  mark(name: string): void {
    this.#host.mark(name);
  }

  connect(plan: Way, link: Link): Connection | undefined {
    return this.#host.connectGateway(plan, link);
  }

  connectBroker(plan: Way, link: Link): Connection | undefined {
    return this.#host.connectBroker(plan, link);
  }

  publish(node: number, body: Uint8Array, way: PublishWay, channel?: Uint8Array): void {
    this.#host.first(node)?.control(handedOver(body, way, channel));
  }

  handIn(node: number, input: 'pull' | 'sub', frames: readonly Uint8Array[]): void {
    this.#host.first(node)?.control({ type: 'itemReceived', input, frames });
  }

  order(node: number, errand: Errand, id?: string): void {
    const order = orderOf(errand, id);
    if (order !== undefined) this.#host.first(node)?.control(order);
  }

  recover(node: number): void {
    const recover = errandNamed('recover');
    if (recover !== undefined) this.order(node, recover);
  }

  isWell(node: number): boolean {
    return this.#host.isWell(node);
  }

  crash(node: number, shard: number, durationUs: number): void {
    this.#host.crash(node * this.#host.plan.shards + shard, false, durationUs);
  }

  editionOf(node: number): number {
    return this.#editions.get(node) ?? 0;
  }

  ask(asked: AskedOrigin, hearing: OriginHearing): () => void {
    if (asked.host === SCENE_ORIGIN || asked.host === DEAD_ORIGIN)
      return this.#stage.ask(asked, hearing);
    if (ERRAND_ORIGINS.includes(asked.host) && this.#errander !== undefined)
      return this.#errander.ask(asked, hearing);
    if (asked.host === IDLE_ORIGIN)
      return askIdlersOrigin(asked, hearing, (delayUs, act) => this.later(delayUs, act));
    return this.#originOf(asked).ask(asked, hearing);
  }

  call(asked: AskedOrigin, hearing: OriginHearing & SocketHearing): OriginLine {
    if (ERRAND_ORIGINS.includes(asked.host) && this.#errander !== undefined)
      return this.#errander.call(asked, hearing);
    return this.#originOf(asked).connect(asked, hearing);
  }

  newFetch(): number {
    this.#fetches += 1;
    return this.#fetches - 1;
  }

  heal(): void {
    for (const origin of this.#origins.values()) origin.rise();
    for (const holder of this.holders) holder.settle();
    for (const idler of this.#idlers) idler.settle();
    this.#stage.begin();
    this.#errander?.begin();
  }

  probe(): void {
    for (const publisher of this.#publishers) publisher.probe();
  }

  /** Everybody leaves; what is left then is nobody's. */
  dismiss(): void {
    this.trace.add({ kind: 'holdersLeft' });
    for (const holder of this.holders) holder.leaveForever();
  }

  #reroute(node: number): void {
    const edition = this.editionOf(node) + 1;
    this.#editions.set(node, edition);
    this.trace.add({ kind: 'routesWritten', node, edition });
    this.#host.changeRoutes(node, routesOf(edition));
  }

  #originOf({ host }: AskedOrigin): Origin {
    const origin = this.#origins.get(host);
    if (origin === undefined) throw new Error(`no origin '${host}'`);
    return origin;
  }
}
