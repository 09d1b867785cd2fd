// A topic begins anew only when the thread that is its home died: it has no more epochs than deaths explain. A topic
// that nobody uses may be forgotten when its history has aged, so what is judged ends at that age.

import type { EventOf } from '../../trace.ts';
import type { Invariant, Report } from '../invariant.ts';

export const epochs: Invariant = {
  property: 'epochs',
  requirements: ['BROKER-REC-3', 'BROKER-ORD-1'],
  judge(report) {
    const judge = new Judge(report);
    return {
      began: (event) => judge.began(event),
      shardCrashed: ({ node }) => judge.died(node),
      subscribed: (event) => judge.saw(event, event.topic),
      published: (event) => judge.saw(event, event.topic),
      message: (event) => judge.saw(event, event.saidTopic),
    };
  },
};

class Judge {
  readonly #report: Report;
  readonly #deaths: number[] = [];
  /** By node, the epochs of each topic. */
  readonly #known: Map<string, Set<string>>[] = [];
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

  saw(event: EventOf<'subscribed' | 'published' | 'message'>, topic: string): void {
    const { node, position, at } = event;
    if (position === undefined || at >= this.#ageMaxUs || !this.#isRoomy) return;
    const topics = (this.#known[node] ??= new Map<string, Set<string>>());
    const known = topics.get(topic);
    if (known === undefined) {
      topics.set(topic, new Set([position.epoch]));
      return;
    }
    if (known.has(position.epoch)) return;
    known.add(position.epoch);
    const deaths = this.#deaths[node] ?? 0;
    if (known.size > 1 + deaths)
      this.#report(
        event,
        `'${topic}' began ${known.size} times, and ${deaths} threads of its node died`,
      );
  }
}

/** With fewer, topics may have to make room for others. */
const TOPICS_MANY = 1_000;
