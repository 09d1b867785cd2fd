// A reader that takes nothing while something waits for it is closed in time. What waits is known from publications
// that were made, to a topic that it follows, after its window had been full.

import type { EventOf } from '../trace.ts';
import type { Invariant, Report } from './invariant.ts';

interface Made {
  readonly sentAt: number;
}

export const stalls: Invariant = {
  property: 'stalls',
  requirements: ['BROKER-SLOW-5', 'BROKER-CLOSE-2'],
  judge(report) {
    const judge = new Judge(report);
    return {
      began: (event) => judge.began(event),
      closed: ({ connection }) => judge.open.delete(connection),
      subscribed: (event) => judge.subscribed(event),
      unsubscribeSent: ({ connection, topic }) => judge.open.get(connection)?.delete(topic),
      publishSent: ({ publication, at }) => judge.sent(publication, at),
      published: (event) => judge.published(event),
      stalled: (event) => judge.stalled(event),
    };
  },
};

class Judge {
  /** By connection, since when it follows each topic. */
  readonly open = new Map<number, Map<string, number>>();
  readonly #report: Report;
  readonly #sentAt: number[] = [];
  /** By node and topic. */
  readonly #made = new Map<string, Made[]>();
  #began: EventOf<'began'> | undefined = undefined;

  constructor(report: Report) {
    this.#report = report;
  }

  began(event: EventOf<'began'>): void {
    this.#began = event;
  }

  subscribed({ connection, topic, at }: EventOf<'subscribed'>): void {
    let topics = this.open.get(connection);
    if (topics === undefined) {
      topics = new Map();
      this.open.set(connection, topics);
    }
    if (!topics.has(topic)) topics.set(topic, at);
  }

  sent(publication: number, at: number): void {
    this.#sentAt[publication] ??= at;
  }

  published({ node, topic, publication, at, isDuplicate }: EventOf<'published'>): void {
    const sentAt = this.#sentAt[publication];
    if (isDuplicate || sentAt === undefined || at - sentAt > PROMPT_US) return;
    const key = `${node} ${topic}`;
    const made = this.#made.get(key);
    if (made === undefined) this.#made.set(key, [{ sentAt }]);
    else made.push({ sentAt });
  }

  stalled(event: EventOf<'stalled'>): void {
    const { node, connection, since, at } = event;
    if (this.#began === undefined || this.#isExcused(node, at)) return;
    const until = at - this.#began.broker.stallTimeoutMs * 1_000 - SLACK_US;
    for (const [topic, followedAt] of this.open.get(connection) ?? []) {
      if (followedAt > since) continue;
      const waits = this.#made
        .get(`${node} ${topic}`)
        ?.some(({ sentAt }) => sentAt >= since && sentAt + PROMPT_US <= until);
      if (waits !== true) continue;
      this.#report(
        event,
        `connection ${connection} has taken nothing for ${(at - since) / 1e6} s while '${topic}' waits for it`,
      );
      return;
    }
  }

  /** A thread that does nothing closes nobody. */
  #isExcused(node: number, at: number): boolean {
    const { faults = [], shards = 1 } = this.#began ?? {};
    return faults.some(
      ({ kind, target, at: from, durationUs }) =>
        from <= at &&
        at - EXCUSED_US <= from + durationUs &&
        ((OF_SHARDS.includes(kind) && Math.floor(target / shards) === node) ||
          (OF_NODES.includes(kind) && target === node)),
    );
  }
}

const OF_SHARDS: readonly string[] = ['pauseShard', 'lateTimers', 'slowShard'];
const OF_NODES: readonly string[] = ['pauseNode', 'slowPorts'];
/** Looks are taken once a second. */
const SLACK_US = 1_500_000;
const EXCUSED_US = 6_000_000;
/** What was acknowledged so soon after it was sent was made in between. */
const PROMPT_US = 500_000;
