// The routes of a node lead somewhere: a home knows of everybody who follows its topics, publishers are held back for
// readers that are behind and take something, and the topic that makes room is the one that was used longest ago.
// What is seen once may be on its way; what stays is wrong, where nothing has troubled the node for a while.

import type { EventOf } from '../../trace.ts';
import { Troubles } from '../chat/troubles.ts';
import type { Invariant, Report } from '../invariant.ts';

type Seen = EventOf<'routesSeen'>;

export const routes: Invariant = {
  property: 'routes',
  requirements: ['BROKER-LIVE-1', 'BROKER-PACE-1', 'BROKER-PACE-2', 'BROKER-LIM-3'],
  judge(report) {
    const judge = new Judge(report);
    return {
      ...judge.troubles.watcher,
      shardCrashed: ({ node, at }) => judge.troubledAt.set(node, at),
      shardStarted: ({ node, at }) => judge.troubledAt.set(node, at),
      routesSeen: (event) => judge.see(event),
    };
  },
};

/** What is seen at every look since then. */
interface Lasting {
  readonly since: number;
  lastAt: number;
}

class Judge {
  readonly troubles = new Troubles();
  /** By node: when a thread died, or began. */
  readonly troubledAt = new Map<number, number>();
  readonly #report: Report;
  readonly #adrift = new Map<string, Lasting>();
  readonly #lags = new Map<string, Lasting>();
  /** Since when nobody is behind for whom publishers are held. */
  readonly #vain = new Map<string, Lasting>();

  constructor(report: Report) {
    this.#report = report;
  }

  see(event: Seen): void {
    const { node, shard, adrift, lags, next, at } = event;
    const where = `shard ${node}.${shard}`;
    // [BROKER-LIM-3]
    if (next !== undefined && next.usedAt > next.earliestAt)
      this.#report(
        event,
        `${where} would forget '${next.topic}' first, and another was used ${next.usedAt - next.earliestAt} µs before`,
      );
    for (const topic of adrift) {
      const forUs = lasting(this.#adrift, `${where} ${topic}`, at);
      if (forUs > ADRIFT_US && !this.#isTroubled(node, at))
        this.#report(
          event,
          `${where} follows '${topic}', and its home has not known for ${forUs} µs`,
        );
    }
    for (const lag of lags) this.#paced(event, lag);
  }

  /** [BROKER-PACE-2] Each reader that takes nothing may hold publishers for two looks. */
  #paced(event: Seen, { topic, number, shard, readers, tookAt }: Seen['lags'][number]): void {
    const { node, at } = event;
    const key = `${node}.${shard} ${number}`;
    const lagUs = lasting(this.#lags, key, at);
    const vainUs = readers === 0 ? lasting(this.#vain, key, at) : 0;
    if (this.#isTroubled(node, at)) return;
    if (vainUs > VAIN_US)
      this.#report(
        event,
        `publishers to '${topic}' wait for readers of ${node}.${shard}, and none is behind`,
      );
    else if (readers > 0 && Math.min(lagUs, at - tookAt) > VAIN_US + readers * STALL_US)
      this.#report(
        event,
        `publishers to '${topic}' wait for ${readers} readers of ${node}.${shard}, who have taken nothing for ${at - tookAt} µs`,
      );
  }

  #isTroubled(node: number, at: number): boolean {
    const troubledAt = this.troubledAt.get(node) ?? Number.NEGATIVE_INFINITY;
    return at - troubledAt < CALM_US || this.troubles.ofNode(node, at - CALM_US, at);
  }
}

/** For how long it has been seen at every look. */
function lasting(seen: Map<string, Lasting>, key: string, at: number): number {
  const before = seen.get(key);
  const now =
    before === undefined || at - before.lastAt > LOOK_US ? { since: at, lastAt: at } : before;
  now.lastAt = at;
  seen.set(key, now);
  return at - now.since;
}

/** Between two looks, and a little more. */
const LOOK_US = 300_000;
const ADRIFT_US = 1_200_000;
/** What is on its way, and two looks. */
const VAIN_US = 600_000;
const STALL_US = 400_000;
/** Threads that died are back, and have heard of each other. */
const CALM_US = 1_000_000;
