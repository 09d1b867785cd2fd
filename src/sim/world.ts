// The world of a run: N nodes of S shards, their clients, the network between them and the faults that befall them,
// all in virtual time and all from one seed. What is started on a shard is what production starts.
// Refuses to judge what happens: that is read from the trace.

import { actorsOf } from '../actors/node.ts';
import type { Address } from '../actors/runtime/actor.ts';
import { WINDOW_BYTES } from '../actors/runtime/edges.ts';
import { Prng } from '../actors/runtime/prng.ts';
import { Connection, type Link, type Pipe } from './edges/network.ts';
import type { Lane } from './edges/web.edge.ts';
import { carryOut } from './mishaps.ts';
import type { Plan } from './plan.ts';
import { copied, Port } from './ports.ts';
import { due, Scheduler } from './scheduler.ts';
import { Shard } from './shard.ts';
import { TraceHash } from './trace-hash.ts';
import type { Trace } from './trace.ts';
import { probe } from './workload/behaviours.ts';
import { Client } from './workload/client.ts';
import type { ClientPlan } from './workload/client-plan.ts';
import { Ledger } from './workload/ledger.ts';
import { Words } from './workload/hearing/words.ts';

/** Phases of a run, as the numbers of their last events. */
const phases = { heal: 0, probe: 1, end: 2 } as const;

export class World {
  readonly plan: Plan;
  readonly trace: Trace;
  readonly hash = new TraceHash();
  readonly words = new Words();
  readonly ledger = new Ledger();
  readonly clients: Client[] = [];
  /** By place: node × shards + shard. */
  readonly shards: Shard[] = [];
  /** By place of the sender × shards + number of the receiver. */
  readonly ports: Port[] = [];
  /** Nodes that let nobody in, with the instant until which. */
  readonly refusingUntil: number[] = [];
  isSettling = false;
  /** By number; a plan made smaller has gaps. */
  readonly #clientOf: (Client | undefined)[] = [];
  readonly #scheduler = new Scheduler();
  readonly #pipes: Pipe[] = [];
  readonly #dirtyPorts: Port[] = [];
  #connections = 0;
  #followings = 0;
  /** Times that a pipe came due, and the segments that arrived then. */
  #arrivals = 0;
  #arrived = 0;
  #takenByDead = 0;
  #isOver = false;

  constructor(plan: Plan, trace: Trace) {
    this.plan = plan;
    this.trace = trace;
    const { seed, nodes, shards } = plan;
    for (let node = 0; node < nodes; node += 1) {
      this.refusingUntil.push(0);
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
    for (const [index, fault] of plan.faults.entries())
      this.#scheduler.push(fault.at, due.fault, index, 0);
    this.#scheduler.push(SAMPLE_EVERY_US, due.sample, 0, 0);
    this.#scheduler.push(plan.horizonUs, due.phase, phases.heal, 0);
    this.#scheduler.push(plan.horizonUs + PROBE_AFTER_US, due.phase, phases.probe, 0);
    this.#scheduler.push(plan.horizonUs + END_AFTER_US, due.phase, phases.end, 0);
  }

  get now(): number {
    return this.#scheduler.now;
  }

  get lane(): Lane {
    return this.plan.lane;
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
      case due.fault:
        this.#faultDue(a, b);
        return;
      case due.notice:
        this.#noticeDue(a);
        return;
      case due.start:
        this.#startDue(a, b);
        return;
      case due.sample:
        this.#sample();
        return;
      case due.phase:
        this.#phaseDue(a);
        return;
      default:
        throw new Error(`nothing is due of kind ${kind}`);
    }
  }

  // --- what shards ask of their world

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

  // --- what clients ask of their world

  wakeClientAt(at: number, client: number, purpose: number): void {
    this.#scheduler.push(at, due.client, client, purpose);
  }

  newFollowing(): number {
    this.#followings += 1;
    return this.#followings - 1;
  }

  connect(plan: ClientPlan, link: Link): Connection | undefined {
    if (this.now < (this.refusingUntil[plan.node] ?? 0)) return undefined;
    const first = plan.node * this.plan.shards;
    const listening: Shard[] = [];
    for (let shard = 0; shard < this.plan.shards; shard += 1) {
      const candidate = this.shards[first + shard];
      if (candidate !== undefined && !candidate.isDead) listening.push(candidate);
    }
    const chosen = listening[link.chance.next() % Math.max(1, listening.length)];
    if (chosen === undefined) return undefined;
    this.#connections += 1;
    const connection = new Connection(this.#connections, link, this);
    this.#addPipe(connection.up);
    this.#addPipe(connection.down);
    chosen.web.accept(connection, `10.0.${plan.client >> 8}.${plan.client & 255}`);
    return connection;
  }

  // --- what the network asks of its world

  arriveAt(at: number, pipe: Pipe): void {
    this.#scheduler.push(at, due.pipe, pipe.place, 0);
  }

  // --- what faults do

  clientOf(client: number): Client | undefined {
    return this.#clientOf[client];
  }

  /** A thread dies now; the others learn it a little later, and then a fresh one takes its place. */
  crash(place: number, isTold: boolean, durationUs: number): void {
    const shard = this.shards[place];
    if (shard === undefined) return;
    const { shards } = this.plan;
    const chance = new Prng(this.plan.seed, `crash ${place}.${shard.incarnation}`);
    shard.crash(isTold);
    this.trace.add({ kind: 'shardCrashed', ...this.#whereOf(place) });
    let lastNoticeAt = this.now;
    for (const other of this.#othersOf(place)) {
      const port = this.ports[other * shards + (place % shards)];
      port?.lose();
      const noticeAt = this.now + 100 + chance.below(5_000);
      lastNoticeAt = Math.max(lastNoticeAt, noticeAt);
      if (port !== undefined)
        this.#scheduler.push(noticeAt, due.notice, port.place, shard.incarnation);
    }
    this.#scheduler.push(lastNoticeAt + durationUs, due.start, place, shard.incarnation);
  }

  #noticeDue(portPlace: number): void {
    const port = this.ports[portPlace];
    const knowing = port === undefined ? undefined : this.shards[port.fromPlace];
    if (port === undefined || knowing === undefined) return;
    port.wait();
    const { shards } = this.plan;
    this.ports[port.toPlace * shards + (port.fromPlace % shards)]?.drop();
    if (knowing.isDead) return;
    const dead = port.toPlace % shards;
    const { home, router } = actorsOf(knowing.plan.shard);
    knowing.deliver(home, { type: 'shardDown', shard: dead });
    knowing.deliver(router, { type: 'shardDown', shard: dead });
  }

  #startDue(place: number, incarnation: number): void {
    const old = this.shards[place];
    if (old === undefined || old.incarnation !== incarnation) return;
    const { shards } = this.plan;
    this.#takenByDead += old.taken;
    this.shards[place] = this.#newShard(place, incarnation + 1);
    this.trace.add({ kind: 'shardStarted', ...this.#whereOf(place) });
    for (const other of this.#othersOf(place)) {
      const out = this.ports[place * shards + (other % shards)];
      const back = this.ports[other * shards + (place % shards)];
      out?.renew();
      if (this.shards[other]?.isDead === true) out?.wait();
      else out?.connect();
      back?.connect();
      if (back !== undefined) this.#flushPort(back);
    }
  }

  #newShard(place: number, incarnation: number): Shard {
    const { seed, shards, lane, broker, home, receiptBytes, serviceUs, fineTurns } = this.plan;
    const where = this.#whereOf(place);
    const plan = {
      place,
      ...where,
      shards,
      seed,
      lane,
      broker,
      home,
      receiptBytes,
      serviceUs,
      fineTurns,
    };
    return new Shard(plan, incarnation, this);
  }

  #othersOf(place: number): number[] {
    const { shards } = this.plan;
    const first = place - (place % shards);
    const others: number[] = [];
    for (let other = first; other < first + shards; other += 1)
      if (other !== place) others.push(other);
    return others;
  }

  #whereOf(place: number): { readonly node: number; readonly shard: number } {
    const { shards } = this.plan;
    return { node: Math.floor(place / shards), shard: place % shards };
  }

  #addPipe(pipe: Pipe): void {
    pipe.place = this.#pipes.length;
    this.#pipes.push(pipe);
  }

  #pipeDue(place: number): void {
    this.#arrivals += 1;
    this.#arrived += this.#pipes[place]?.arrive() ?? 0;
  }

  #flushPorts(): void {
    for (const port of this.#dirtyPorts) this.#flushPort(port);
    this.#dirtyPorts.length = 0;
  }

  #flushPort(port: Port): void {
    const at = port.flush(this.now);
    if (at !== undefined) this.#scheduler.push(at, due.port, port.place, 0);
  }

  #portDue(place: number): void {
    const port = this.ports[place];
    const shard = port === undefined ? undefined : this.shards[port.toPlace];
    const block = port?.take(this.now);
    if (block === undefined || shard === undefined || shard.isDead) return;
    for (const { to, message } of block) shard.deliver(to as Address<unknown>, copied(message));
  }

  #faultDue(index: number, isEnd: number): void {
    const fault = this.plan.faults[index];
    if (fault === undefined || (isEnd === 0 && this.isSettling)) return;
    carryOut(this, fault, isEnd === 1);
    if (isEnd === 0 && fault.durationUs > 0)
      this.#scheduler.push(this.now + fault.durationUs, due.fault, index, 1);
  }

  #sample(): void {
    for (const { plan, system, web, isDead } of this.shards) {
      if (isDead) continue;
      this.trace.add({
        kind: 'sampled',
        node: plan.node,
        shard: plan.shard,
        waiting: system.waiting,
        waitingMax: WAITING_MAX,
        outstandingBytes: web.takeOutstandingMax(),
        outstandingBytesMax: WINDOW_BYTES + PAYLOAD_BYTES_MAX,
      });
    }
    this.#scheduler.push(this.now + SAMPLE_EVERY_US, due.sample, 0, 0);
  }

  #phaseDue(phase: number): void {
    if (phase === phases.heal) this.#heal();
    else if (phase === phases.probe) for (const client of this.clients) probe(client);
    else {
      this.trace.add({ kind: 'quiet' });
      this.#isOver = true;
    }
  }

  /** Faults end, clients do nothing more of their own accord, and everything that waited may move. */
  #heal(): void {
    this.isSettling = true;
    for (let place = 0; place < this.plan.faults.length; place += 1) {
      const fault = this.plan.faults[place];
      if (fault !== undefined && fault.at <= this.now) carryOut(this, fault, true);
    }
    for (const client of this.clients) client.settle();
    this.trace.add({ kind: 'healed' });
  }
}

const SAMPLE_EVERY_US = 250_000;
/** Long enough for a connection that went silent to be given up, and for its client to come back. */
const PROBE_AFTER_US = 12_000_000;
const END_AFTER_US = 15_000_000;
const WAITING_MAX = 50_000;
const PAYLOAD_BYTES_MAX = 65_536;
