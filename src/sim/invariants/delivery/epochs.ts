// A topic begins anew only when the thread that is its home died, or when nobody had used it for as long as its history
// would last: it has no more epochs than deaths and silences explain. A use is known by the time at which its word was
// sent, because nobody outside knows when it arrived.

import type { EventOf } from '../../trace.ts';
import type { Invariant, Report } from '../invariant.ts';

export const epochs: Invariant = {
  property: 'epochs',
  requirements: ['BROKER-REC-3', 'BROKER-REC-5', 'BROKER-ORD-1'],
  judge(report) {
    const judge = new Judge(report);
    return {
      began: (event) => judge.began(event),
      healed: ({ at }) => {
        judge.calmAt = at + CALM_AFTER_US;
      },
      shardCrashed: ({ node }) => judge.died(node),
      publishSent: ({ publication, at }) => {
        judge.sentAt[publication] ??= at;
      },
      subscribeSent: (event) => judge.asks(event),
      subscribed: (event) => judge.subscribed(event),
      unsubscribed: ({ connection, topic }) => judge.follows.get(connection)?.delete(topic),
      closed: (event) => judge.closed(event),
      published: (event) => judge.saw(event, event.topic, judge.sentAt[event.publication]),
      message: (event) => judge.saw(event, event.saidTopic, judge.sentAt[event.publication]),
    };
  },
};

interface Known {
  readonly epochs: Set<string>;
  /** It was used then, or later. */
  usedAt: number;
  /** How often it may have been forgotten. */
  silences: number;
}

class Judge {
  /** By publication, when it was sent first. */
  readonly sentAt: number[] = [];
  /** By connection, the topics that it follows. */
  readonly follows = new Map<number, Set<string>>();
  /** From then on nothing is on its way for long. */
  calmAt = Number.POSITIVE_INFINITY;
  readonly #report: Report;
  readonly #deaths: number[] = [];
  /** By node. */
  readonly #known: Map<string, Known>[] = [];
  /** By connection and topic, when the oldest wish that is not answered was sent. */
  readonly #askedAt = new Map<string, number>();
  #ageMaxUs = 0;
  #isRoomy = false;

  constructor(report: Report) {
    this.#report = report;
  }

  began({ home }: EventOf<'began'>): void {
    this.#ageMaxUs = home.historyAgeMaxMs * 1_000;
    this.#isRoomy = home.topicsMax >= TOPICS_MANY;
  }

  died(node: number): void {
    this.#deaths[node] = (this.#deaths[node] ?? 0) + 1;
  }

  asks({ connection, topic, at }: EventOf<'subscribeSent'>): void {
    const key = `${connection} ${topic}`;
    if (!this.#askedAt.has(key)) this.#askedAt.set(key, at);
  }

  subscribed(event: EventOf<'subscribed'>): void {
    const { connection, topic } = event;
    const key = `${connection} ${topic}`;
    const askedAt = this.#askedAt.get(key);
    this.#askedAt.delete(key);
    const topics = this.follows.get(connection);
    if (topics === undefined) this.follows.set(connection, new Set([topic]));
    else topics.add(topic);
    this.saw(event, topic, askedAt);
  }

  /** Whoever goes when all is well has followed its topics until then. */
  closed({ connection, node, by, at }: EventOf<'closed'>): void {
    if (by === 'client' && at >= this.calmAt)
      for (const topic of this.follows.get(connection) ?? [])
        this.#used(this.#known[node]?.get(topic), at);
    this.follows.delete(connection);
  }

  saw(
    event: EventOf<'subscribed' | 'published' | 'message'>,
    topic: string,
    usedAt: number | undefined,
  ): void {
    const { node, position, at } = event;
    if (position === undefined || !this.#isRoomy) return;
    const topics = (this.#known[node] ??= new Map<string, Known>());
    const known = topics.get(topic);
    if (known === undefined) {
      topics.set(topic, { epochs: new Set([position.epoch]), usedAt: usedAt ?? 0, silences: 0 });
      return;
    }
    if (!known.epochs.has(position.epoch)) {
      known.epochs.add(position.epoch);
      if (at - known.usedAt >= this.#ageMaxUs) known.silences += 1;
      this.#judge(event, topic, known);
    }
    this.#used(known, usedAt);
  }

  #judge(
    event: EventOf<'subscribed' | 'published' | 'message'>,
    topic: string,
    known: Known,
  ): void {
    const { size } = known.epochs;
    const deaths = this.#deaths[event.node] ?? 0;
    if (size > 1 + deaths + known.silences)
      this.#report(event, `'${topic}' began ${size} times, and ${deaths} threads of its node died`);
  }

  #used(known: Known | undefined, at: number | undefined): void {
    if (known !== undefined && at !== undefined) known.usedAt = Math.max(known.usedAt, at);
  }
}

/** With fewer, topics may have to make room for others. */
const TOPICS_MANY = 1_000;
/** By then what waited at a fault has arrived. */
const CALM_AFTER_US = 2_000_000;
