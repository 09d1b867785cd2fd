// Looks at the routes of each node between turns: whether a home knows who follows its topics, for whom publishers are
// held back, and which topic would have to make room. Refuses to judge, and to change anything.

import type { HomeState } from '../../actors/routing/home.actor.ts';
import type { RouterState } from '../../actors/routing/router-state.ts';
import { homeOf } from '../../actors/routing/topic.ts';
import type { Shard } from '../shard.ts';
import type { EventOf, Trace } from '../trace.ts';

type Seen = EventOf<'routesSeen'>;

export class Routes {
  readonly #trace: Trace;
  readonly #shards: readonly Shard[];
  /** One that is over and one that begins are not the same. */
  readonly #lags = new WeakMap<object, number>();
  #known = 0;

  constructor(trace: Trace, shards: readonly Shard[]) {
    this.#trace = trace;
    this.#shards = shards;
  }

  look(): void {
    for (const shard of this.#shards) {
      const { home, router } = shard;
      const { node, shard: number } = shard.plan;
      if (shard.isDead || home === undefined || router === undefined) continue;
      const peers = this.#shards.filter(({ plan }) => plan.node === node);
      const adrift = adriftOf(router, number, peers);
      const lags = this.#lagsOf(home, peers);
      const next = nextToGo(home);
      if (adrift.length > 0 || lags.length > 0 || next !== undefined)
        this.#trace.add({ kind: 'routesSeen', node, shard: number, adrift, lags, next });
    }
  }

  #lagsOf({ topics }: HomeState, peers: readonly Shard[]): Seen['lags'] {
    const lags: Seen['lags'][number][] = [];
    for (const [topic, { lag }] of topics)
      for (const shard of lag?.shards ?? []) {
        const there = peers.find(({ plan }) => plan.shard === shard);
        if (lag === undefined || there === undefined || there.isDead) continue;
        const behind = [...(there.router?.streams.values() ?? [])].filter(
          ({ outbox }) => outbox.queuedBytes * 16 > outbox.queueBytesMax,
        );
        const tookAt = Math.max(0, ...behind.map(({ progressAt }) => progressAt));
        lags.push({ topic, number: this.#numberOf(lag), shard, readers: behind.length, tookAt });
      }
    return lags;
  }

  #numberOf(lag: object): number {
    const number = this.#lags.get(lag) ?? (this.#known += 1);
    this.#lags.set(lag, number);
    return number;
  }
}

/** Topics that are followed here, and whose home does not know it; those that wait for room are asked for again. */
function adriftOf(
  { subscriptions, homeless }: RouterState,
  shard: number,
  peers: readonly Shard[],
) {
  const adrift: string[] = [];
  for (const { topic, position } of subscriptions.topics) {
    const there = peers.find(({ plan }) => plan.shard === homeOf(topic, peers.length));
    if (there === undefined || there.isDead || position === undefined || homeless.has(topic))
      continue;
    const known = there.home?.topics.get(topic);
    if (known?.interest.has(shard) !== true) adrift.push(topic);
  }
  return adrift;
}

/** Undefined where there is no choice. */
function nextToGo({ topics, unused }: HomeState): Seen['next'] {
  const { first } = unused;
  if (first === undefined) return undefined;
  let idle = 0;
  let earliestAt = Number.POSITIVE_INFINITY;
  for (const { interest, usedAt } of topics.values()) {
    if (interest.size > 0) continue;
    idle += 1;
    earliestAt = Math.min(earliestAt, usedAt);
  }
  return idle < 2 ? undefined : { topic: first.log.topic, usedAt: first.usedAt, earliestAt };
}
