// How threads and processes die and come back: a thread is gone at once, the others of its node learn it one by one,
// and then a fresh one takes its place, as transports/shards.ts has it. Refuses to know why they die.

import { Prng } from '../../actors/runtime/prng.ts';
import type { Port } from '../ports.ts';
import type { Shard } from '../shard.ts';
import type { Trace } from '../trace.ts';

export interface DyingWorld {
  readonly now: number;
  readonly plan: { readonly seed: number; readonly nodes: number; readonly shards: number };
  readonly trace: Trace;
  readonly shards: readonly Shard[];
  readonly ports: readonly Port[];
  /** By node: how much later than usual deaths are noticed. */
  readonly noticeDelaysUs: readonly number[];
  /** Have `noticeDue` and `startDue` called at an instant. */
  noticeAt(at: number, port: number): void;
  startAt(at: number, place: number, incarnation: number): void;
  replace(place: number): void;
  processDies(node: number): void;
  flushPort(port: Port): void;
}

export class Deaths {
  readonly #world: DyingWorld;
  /** Nodes that died for ever. */
  readonly #killed = new Set<number>();

  constructor(world: DyingWorld) {
    this.#world = world;
  }

  /** A thread dies now; the others learn it a little later, and then a fresh one takes its place. */
  crash(place: number, isTold: boolean, durationUs: number): void {
    const world = this.#world;
    const { now, ports, plan } = world;
    const shard = world.shards[place];
    if (shard === undefined) return;
    const { node } = shard.plan;
    const chance = new Prng(plan.seed, `crash ${place}.${shard.incarnation}`);
    shard.crash(isTold);
    world.trace.add({ kind: 'shardCrashed', node, shard: shard.plan.shard });
    let lastNoticeAt = now;
    for (const other of this.#othersOf(place)) {
      const port = ports[other * plan.shards + (place % plan.shards)];
      port?.lose();
      const noticeAt = now + 100 + chance.below(5_000) + (world.noticeDelaysUs[node] ?? 0);
      lastNoticeAt = Math.max(lastNoticeAt, noticeAt);
      if (port !== undefined) world.noticeAt(noticeAt, port.place);
    }
    world.startAt(lastNoticeAt + durationUs, place, shard.incarnation);
  }

  /** A process dies for ever, unless no other is left. */
  kill(node: number): void {
    const { plan, shards, trace } = this.#world;
    if (this.#killed.has(node) || this.#killed.size + 1 >= plan.nodes) return;
    this.#killed.add(node);
    this.#world.processDies(node);
    for (const shard of shards)
      if (shard.plan.node === node && !shard.isDead) this.crash(shard.plan.place, false, 0);
    trace.add({ kind: 'nodeKilled', node, shards: plan.shards });
  }

  /** One thread learns that another, at the far end of its port, is dead. */
  noticeDue(portPlace: number): void {
    const { ports, shards, plan } = this.#world;
    const port = ports[portPlace];
    const knowing = port === undefined ? undefined : shards[port.fromPlace];
    if (port === undefined || knowing === undefined) return;
    port.wait();
    ports[port.toPlace * plan.shards + (port.fromPlace % plan.shards)]?.drop();
    if (knowing.isDead) return;
    const dead = port.toPlace % plan.shards;
    const { actors, plan: own } = knowing;
    const down = { type: 'shardDown', shard: dead } as const;
    knowing.deliver(actors.home, down);
    knowing.deliver(actors.router, down);
    if (own.gateway !== undefined) {
      knowing.deliver(actors.channels, down);
      knowing.deliver(actors.gateway, down);
    }
    if (own.chat !== undefined) {
      knowing.deliver(actors.rooms, down);
      knowing.deliver(actors.users, down);
      knowing.deliver(actors.chat, down);
    }
    if (own.cluster === undefined || own.shard !== 0) return;
    knowing.deliver(actors.relay, down);
    knowing.deliver(actors.locations, down);
    knowing.deliver(actors.members, down);
  }

  startDue(place: number, incarnation: number): void {
    const world = this.#world;
    const old = world.shards[place];
    if (old === undefined || old.incarnation !== incarnation) return;
    const { node, shard, shards } = old.plan;
    if (this.#killed.has(node)) return;
    world.replace(place);
    world.trace.add({ kind: 'shardStarted', node, shard });
    for (const other of this.#othersOf(place)) {
      const out = world.ports[place * shards + (other % shards)];
      const back = world.ports[other * shards + (place % shards)];
      out?.renew();
      if (world.shards[other]?.isDead === true) {
        // What it had gathered has gone with it.
        out?.wait();
        continue;
      }
      out?.connect();
      back?.connect();
      if (back !== undefined) world.flushPort(back);
    }
  }

  #othersOf(place: number): number[] {
    const { shards } = this.#world.plan;
    const first = place - (place % shards);
    const others: number[] = [];
    for (let other = first; other < first + shards; other += 1)
      if (other !== place) others.push(other);
    return others;
  }
}
