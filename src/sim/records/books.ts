// Looks into the nodes between turns: what each shard counts, what it holds, and which publishers wait. Only figures of the
// routing are compared, which all dialects share. Refuses to judge, and to change anything.

import type { HomeState } from '../../actors/routing/home.actor.ts';
import type { Shard } from '../shard.ts';
import type { Trace } from '../trace.ts';

/** What of a session tells that it waits. */
interface Waiting {
  readonly holds?: number;
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
      ...{ idleBytes, orphans, keptAliveGone },
    });
  }
}

export function tellWaiting(trace: Trace, shards: readonly Shard[]): void {
  for (const { plan, router, system, web, isDead } of shards) {
    if (isDead) continue;
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
