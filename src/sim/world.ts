// The world of a run: N nodes of S shards, their clients, the network between them and the faults that befall them,
// all in virtual time and all from one seed. What is started on a shard is what production starts.
// Refuses to judge what happens: that is read from the trace.

import type { BrokerOptions } from '../actors/broker/broker-options.ts';
import type { Address } from '../actors/runtime/actor.ts';
import { areSitesGrown } from '../actors/runtime/sites.ts';
import { Prng } from '../actors/runtime/prng.ts';
import type { Link } from './edges/link.ts';
import type { Connection, Pipe } from './edges/network.ts';
import type { Lane } from './edges/web.edge.ts';
import { closePhase } from './faults/closing.ts';
import { Deaths } from './faults/deaths.ts';
import { Front } from './faults/front.ts';
import { befallPoison } from './faults/poison.ts';
import { Processes } from './faults/processes.ts';
import { carryOut, crashAll, shardsOf, type Party, turns } from './faults/mishaps.ts';
import { recordStart, sampleShards } from './figures.ts';
import type { Marks } from './marks.ts';
import type { Plan } from './plan.ts';
import { phasesAfterUs } from './plan/phases.ts';
import { Routes } from './records/routes.ts';
import { shardPlanOf } from './plan/shard-plan.ts';
import { Port } from './ports.ts';
import { due, Laters, Scheduler } from './scheduler.ts';
import { Shard } from './shard.ts';
import { TraceHash } from './trace-hash.ts';
import type { Trace } from './trace.ts';
import { ChatWorld } from './workload/chat/chat-world.ts';
import { Client } from './workload/client.ts';
import { GatewayWorld } from './workload/gateway/gateway-world.ts';
import { Ledger } from './workload/ledger.ts';
import { Rewriting } from './workload/hearing/rewriting.ts';
import { Words } from './workload/hearing/words.ts';
import { type Way, WaysIn } from './ways-in.ts';

export class World {
  readonly plan: Plan;
  readonly trace: Trace;
  readonly hash = new TraceHash();
  readonly words: Words;
  readonly ledger = new Ledger();
  readonly clients: Client[] = [];
  /** Undefined where nodes have no gateway. */
  readonly gateway: GatewayWorld | undefined;
  /** Undefined where nodes have no chat. */
  readonly chat: ChatWorld | undefined;
  readonly processes: Processes | undefined;
  /** By place: node × shards + shard. */
  readonly shards: Shard[] = [];
  /** By place of the sender × shards + number of the receiver. */
  readonly ports: Port[] = [];
  /** By node. */
  readonly fronts: Front[] = [];
  readonly noticeDelaysUs: number[] = [];
  readonly #deaths = new Deaths(this);
  isSettling = false;
  /** By number; a plan made smaller has gaps. */
  readonly #clientOf: (Client | undefined)[] = [];
  readonly #partyOf: (Party | undefined)[] = [];
  readonly #marks: Marks;
  readonly #scheduler = new Scheduler();
  readonly pipes: Pipe[] = [];
  readonly #routes: Routes;
  readonly #waysIn = new WaysIn(this, (pipe) => this.addPipe(pipe));
  readonly #laters = new Laters();
  readonly #dirtyPorts: Port[] = [];
  #followings = 0;
  /** Times that a pipe came due, and the segments that arrived then. */
  #arrivals = 0;
  #arrived = 0;
  #takenByDead = 0;
  #isOver = false;

  constructor(plan: Plan, trace: Trace, marks: Marks) {
    if (!areSitesGrown({ buggify: () => true }))
      throw new Error('the simulator needs its sites: node --import ./src/sim/search/sites.ts');
    this.plan = plan;
    this.trace = trace;
    this.#marks = marks;
    this.words = new Words(new Rewriting(plan.broker));
    recordStart(trace, plan);
    const { seed, nodes, shards } = plan;
    this.#routes = new Routes(trace, this.shards);
    this.gateway = plan.gateway && new GatewayWorld(plan.gateway, this);
    this.chat = plan.chat && new ChatWorld(plan.chat, this);
    this.processes = plan.chat && new Processes(plan.chat, this);
    for (let node = 0; node < nodes; node += 1) {
      this.fronts.push(new Front());
      this.noticeDelaysUs.push(0);
      for (let shard = 0; shard < shards; shard += 1) {
        const from = node * shards + shard;
        this.shards.push(this.#newShard(from, 0));
        for (let to = 0; to < shards; to += 1) {
          const place = this.ports.length;
          const chance = new Prng(seed, `port ${node}.${shard}.${to}`);
          this.ports.push(new Port(place, from, node * shards + to, plan.portUs, chance));
        }
      }
    }
    for (const client of plan.clients) {
      const joining = new Client(client, this, seed);
      this.clients.push(joining);
      this.#clientOf[client.client] = joining;
    }
    for (const client of this.clients) client.join();
    this.chat?.begin();
    for (const party of this.#others()) this.#partyOf[party.plan.client] = party;
    for (const [index, fault] of plan.faults.entries())
      this.#scheduler.push(fault.at, due.fault, index, 0);
    for (const one of plan.poisons ?? []) this.later(one.at, () => befallPoison(this, one));
    this.#scheduler.push(SAMPLE_EVERY_US, due.sample, 0, 0);
    for (const [phase, afterUs] of phasesAfterUs(plan).entries())
      this.#scheduler.push(plan.horizonUs + afterUs, due.phase, phase, 0);
  }

  get now(): number {
    return this.#scheduler.now;
  }

  get options(): BrokerOptions {
    return this.plan.broker;
  }

  get lane(): Lane {
    return this.plan.lane;
  }

  get hasFewTopics(): boolean {
    return this.plan.home.topicsMax < TOPICS_FEW;
  }

  /**
   * What happened, one by one, however the kernel batches it: what came due (turns, timers, faults, blocks of
   * crossings), segments that reached an end of a connection, messages that actors took, commands that edges obeyed.
   */
  get events(): number {
    let taken = this.#scheduler.taken - this.#arrivals + this.#arrived + this.#takenByDead;
    for (const shard of this.shards) taken += shard.taken;
    return taken;
  }

  /** Lets time pass until the run ends, or `shouldStop` says so. */
  run(shouldStop: () => boolean): void {
    const scheduler = this.#scheduler;
    while (!this.#isOver && !shouldStop() && scheduler.pop()) {
      this.trace.now = scheduler.now;
      this.#happen(scheduler.kind, scheduler.a, scheduler.b);
    }
  }

  #happen(kind: number, a: number, b: number): void {
    switch (kind) {
      case due.shard:
        this.shards[a]?.turn();
        if (this.#dirtyPorts.length > 0) this.#flushPorts();
        return;
      case due.pipe:
        this.#pipeDue(a);
        return;
      case due.port:
        this.#portDue(a);
        return;
      case due.client:
        this.#clientOf[a]?.woken(b);
        return;
      case due.edge:
        this.shards[a]?.remind(b);
        return;
      case due.later:
        this.#laters.due(a);
        return;
      case due.fault:
        this.#faultDue(a, b);
        return;
      case due.notice:
        this.#deaths.noticeDue(a);
        return;
      case due.start:
        this.#deaths.startDue(a, b);
        return;
      case due.sample:
        this.#sample();
        return;
      case due.phase:
        if (closePhase(this, a)) this.#isOver = true;
        return;
      default:
        throw new Error(`nothing is due of kind ${kind}`);
    }
  }

  mark(name: string): void {
    this.#marks.reach(name);
  }

  wakeShardAt(at: number, place: number): void {
    this.#scheduler.push(at, due.shard, place, 0);
  }

  remindShardAt(at: number, place: number, ref: number): void {
    this.#scheduler.push(at, due.edge, place, ref);
  }

  cross(fromPlace: number, toShard: number, to: string, message: unknown): void {
    const port = this.ports[fromPlace * this.plan.shards + toShard];
    if (port?.send(to, message) === true) this.#dirtyPorts.push(port);
  }

  actorFailed(place: number, address: string, error: unknown): void {
    const text = error instanceof Error ? error.message : String(error);
    this.trace.add({ kind: 'actorFailed', ...this.#whereOf(place), address, error: text });
  }

  /** A failure reached the root of a shard: the thread ends, and a fresh one takes its place. */
  collapsed(place: number): void {
    this.crash(place, true, 100_000);
  }

  wakeClientAt(at: number, client: number, purpose: number): void {
    this.#scheduler.push(at, due.client, client, purpose);
  }

  newFollowing(): number {
    this.#followings += 1;
    return this.#followings - 1;
  }

  later(delayUs: number, act: () => void): void {
    this.#scheduler.push(this.now + delayUs, due.later, this.#laters.keep(act), 0);
  }

  connectChat(way: Way, link: Link): Connection | undefined {
    const isOpen = (shard: Shard): boolean => this.chat?.isOpen(shard) === true;
    return this.#waysIn.connect(way, link, (shard, one) => shard.acceptChat(one), isOpen);
  }

  connectBroker(way: Way, link: Link): Connection | undefined {
    return this.#waysIn.connect(way, link, (shard, connection) => shard.web.accept(connection));
  }

  /** Links to other nodes live on the first thread. */
  acceptPeer(node: number, connection: Connection): boolean {
    const first = this.first(node);
    first?.acceptPeer(connection);
    return first !== undefined;
  }

  isDead(node: number): boolean {
    return this.first(node) === undefined;
  }

  stall(node: number, durationUs: number): void {
    for (const shard of shardsOf(this, node)) shard.pause(this.now + durationUs);
  }

  killProcess(node: number, durationUs: number): void {
    crashAll(this, node, false, durationUs);
  }

  drain(node: number, durationUs: number): void {
    for (const shard of shardsOf(this, node)) shard.sendAway((durationUs - 500_000) / 1_000);
  }

  clockJumps(node: number, byMs: number): void {
    this.processes?.clockJumps(node, byMs);
    for (const shard of shardsOf(this, node)) this.#setClock(shard);
  }

  connectGateway(way: Way, link: Link): Connection | undefined {
    return this.#waysIn.connect(way, link, ({ web, actors }, connection) =>
      web.acceptForGateway(connection, actors.gateway),
    );
  }

  changeRoutes(node: number, text: string): void {
    for (const shard of shardsOf(this, node)) shard.changeRoutes(text);
  }

  isWell(node: number): boolean {
    return this.shards.every(({ plan, isDead }) => plan.node !== node || !isDead);
  }

  /** The first thread of a node, while it lives. */
  first(node: number): Shard | undefined {
    const first = this.shards[node * this.plan.shards];
    return first?.isDead === false ? first : undefined;
  }

  arriveAt(at: number, pipe: Pipe): void {
    this.#scheduler.push(at, due.pipe, pipe.place, 0);
  }

  clientOf(client: number): Party | undefined {
    return this.#clientOf[client] ?? this.#partyOf[client];
  }

  get parties(): readonly Party[] {
    return [...this.clients, ...this.#others()];
  }

  #others(): readonly Party[] {
    const { gateway, chat } = this;
    return [...(gateway?.holders ?? []), ...(chat?.talkers ?? []), ...(chat?.crossers ?? [])];
  }

  processDies(node: number): void {
    this.processes?.died(node);
  }

  crash(place: number, isTold: boolean, durationUs: number): void {
    this.#deaths.crash(place, isTold, durationUs);
  }

  kill(node: number): void {
    this.#deaths.kill(node);
  }

  noticeAt(at: number, port: number): void {
    this.#scheduler.push(at, due.notice, port, 0);
  }

  startAt(at: number, place: number, incarnation: number): void {
    this.#scheduler.push(at, due.start, place, incarnation);
  }

  /** A fresh shard takes the place of a dead one. */
  replace(place: number): void {
    const old = this.shards[place];
    if (old === undefined) return;
    this.#takenByDead += old.taken;
    this.shards[place] = this.#newShard(place, old.incarnation + 1);
  }

  flushPort(port: Port): void {
    const at = port.flush(this.now);
    if (at !== undefined) this.#scheduler.push(at, due.port, port.place, 0);
  }

  #newShard(place: number, incarnation: number): Shard {
    const shard = new Shard(shardPlanOf(this, place), incarnation, this);
    this.#setClock(shard);
    return shard;
  }

  #setClock({ system, plan: { node } }: Shard): void {
    system.wallAtZeroMs = this.processes?.wallAtZeroMs(node) ?? 0;
  }

  #whereOf(place: number): { readonly node: number; readonly shard: number } {
    const { shards } = this.plan;
    return { node: Math.floor(place / shards), shard: place % shards };
  }

  addPipe(pipe: Pipe): void {
    pipe.place = this.pipes.length;
    this.pipes.push(pipe);
  }

  #pipeDue(place: number): void {
    this.#arrivals += 1;
    this.#arrived += this.pipes[place]?.arrive() ?? 0;
  }

  #flushPorts(): void {
    for (const port of this.#dirtyPorts) this.flushPort(port);
    this.#dirtyPorts.length = 0;
  }

  #portDue(place: number): void {
    const port = this.ports[place];
    const shard = port === undefined ? undefined : this.shards[port.toPlace];
    const block = port?.take(this.now);
    if (block === undefined || shard === undefined || shard.isDead) return;
    for (const { to, message } of block) shard.deliver(to as Address<unknown>, message);
  }

  #faultDue(index: number, turn: number): void {
    const fault = this.plan.faults[index];
    if (fault === undefined || (turn !== turns.end && this.isSettling)) return;
    const later = carryOut(this, fault, turn);
    if (turn === turns.begin && fault.durationUs > 0)
      this.#scheduler.push(this.now + fault.durationUs, due.fault, index, turns.end);
    const isOver = fault.durationUs > 0 && this.now + (later ?? 0) >= fault.at + fault.durationUs;
    if (
      later !== undefined &&
      (!isOver || fault.kind === 'crashLoop' || fault.kind === 'restartNode')
    )
      this.#scheduler.push(this.now + later, due.fault, index, Math.max(turn, turns.end) + 1);
  }

  #sample(): void {
    sampleShards(this.trace, this.shards);
    this.#routes.look();
    this.#scheduler.push(this.now + SAMPLE_EVERY_US, due.sample, 0, 0);
  }
}

const TOPICS_FEW = 100;
const SAMPLE_EVERY_US = 250_000;
