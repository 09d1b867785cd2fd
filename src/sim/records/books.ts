// Looks into the nodes between turns: what each shard counts, what it holds, and which publishers wait. Only figures of the
// routing, the doors, what waits for its rate and what a chat keeps are compared. Refuses to judge, and to change anything.

import type { Pacer } from '../../actors/gateway/channels/pacer.ts';
import type { HomeState } from '../../actors/routing/home.actor.ts';
import type { Admission } from '../../actors/runtime/admission.ts';
import type { Shard } from '../shard.ts';
import type { EventOf, Trace } from '../trace.ts';
import { sumsOfChat, tellAway, tellDelays } from './chat-books.ts';

/** What of a session tells that it waits. */
interface Waiting {
  readonly holds?: number;
}

interface Door {
  readonly admission: Admission;
  readonly remotes: ReadonlyMap<string, string>;
}

interface GatewayDoor {
  readonly sockets: { readonly size: number };
  readonly sessions: { readonly size: number };
}

interface Channels {
  readonly pacer: Pacer<unknown>;
}

export function tellBooks(trace: Trace, shards: readonly Shard[]): void {
  for (const shard of shards) {
    const { plan, home, router, web, isDead } = shard;
    if (isDead) continue;
    if (home === undefined || router === undefined) continue;
    let [historyBytesThere, lagging] = [0, 0];
    for (const { log, lag } of home.topics.values()) {
      historyBytesThere += log.bytes;
      if (lag !== undefined) lagging += 1;
    }
    let [wanted, wantedThere, idleBytes, keptAliveGone] = [0, 0, 0, 0];
    for (const topic of router.subscriptions.topics) wanted += topic.wanted;
    const orphans: number[] = [];
    for (const { connection, subscriptions, outbox } of router.streams.values()) {
      wantedThere += subscriptions.size;
      if (!outbox.isWaiting) idleBytes += Math.abs(outbox.queuedBytes);
      if (!web.has(connection)) orphans.push(connection);
    }
    for (const stream of router.keptAlive)
      if (router.streams.get(stream.connection) !== stream) keptAliveGone += 1;
    trace.add({
      ...{ kind: 'booksKept', node: plan.node, shard: plan.shard },
      ...{ historyBytes: home.bytes, historyBytesThere, lagging, wanted, wantedThere },
      ...{ idleBytes, orphans, keptAliveGone, sums: sumsOf(shard), pacedUntil: pacedUntil(shard) },
    });
  }
}

function pacedUntil({ system, actors }: Shard): number | undefined {
  const { items, dueAt } =
    (system.stateOf(actors.channels) as Channels | undefined)?.pacer.waiting ?? {};
  return items === undefined || items.length === 0 ? undefined : dueAt;
}

function sumsOf(shard: Shard): EventOf<'booksKept'>['sums'] {
  const { system, actors } = shard;
  const door = system.stateOf(actors.broker) as Door | undefined;
  const pacer = (system.stateOf(actors.channels) as Channels | undefined)?.pacer;
  const { most } = shard.routerTap;
  const sums: EventOf<'booksKept'>['sums'][number][] = [
    // [BROKER-REC-6]
    { what: 'recoveries under way of one reader', counted: most, there: most, most: 4 },
  ];
  if (door !== undefined)
    sums.push({ what: 'sessions', counted: door.admission.open, there: door.remotes.size });
  const gateway = system.stateOf(actors.gateway) as GatewayDoor | undefined;
  if (gateway !== undefined) {
    const { sockets, sessions } = gateway;
    sums.push({ what: 'WebSockets by id', counted: sessions.size, there: sockets.size });
  }
  if (pacer !== undefined) {
    const { items, receivers, bytes } = pacer.waiting;
    const there = { receivers: 0, bytes: 0 };
    for (const item of items) {
      there.receivers += item.receivers;
      there.bytes += item.bytes;
    }
    sums.push(
      { what: 'deliveries that wait', counted: receivers, there: there.receivers },
      { what: 'bytes that wait for their rate', counted: bytes, there: there.bytes },
    );
  }
  return [...sums, ...sumsOfChat(shard)];
}

export function tellWaiting(trace: Trace, shards: readonly Shard[]): void {
  for (const one of shards) {
    const { plan, router, system, web, isDead } = one;
    if (isDead) continue;
    tellDelays(trace, one);
    tellAway(trace, one);
    const { node, shard } = plan;
    for (const { connection, owner } of router?.streams.values() ?? []) {
      const { holds = 0 } = (system.stateOf(owner) ?? {}) as Waiting;
      if (holds === 0) continue;
      const isKnown = shards.some(
        (other) => other.plan.node === node && !other.isDead && isHeldBy(other.home, owner),
      );
      trace.add({
        kind: 'publisherWaits',
        node,
        shard,
        serverConnection: connection,
        heldSince: web.heldSince(connection),
        holds,
        isKnown,
      });
    }
  }
}

function isHeldBy(home: HomeState | undefined, publisher: string): boolean {
  for (const { lag } of home?.topics.values() ?? [])
    for (const held of lag?.held ?? []) if (held === publisher) return true;
  return false;
}
