// A reader that takes what comes at a good pace is not sent away for being slow, however much is published to its topic: whoever
// publishes over a connection that can be held back is. Judged where the reader follows one topic, and nothing else is wrong.

import type { EventOf, TracedFault } from '../../trace.ts';
import type { Invariant, Report } from '../invariant.ts';
import { mayBeTroubled } from '../patience.ts';

export const pacing: Invariant = {
  property: 'pacing',
  requirements: ['BROKER-PACE-1', 'BROKER-PACE-2'],
  judge(report) {
    const judge = new Judge(report);
    return {
      began: (event) => judge.began(event),
      joined: (event) => judge.joined(event),
      connected: ({ client, at }) => judge.caughtUpAt.set(client, at - BEFORE_US),
      publishSent: (event) => judge.sent(event),
      message: (event) => judge.heard(event),
      closed: (event) => judge.closed(event),
      // Ways are wide then, and all that was held back comes at once.
      healed: () => judge.healed(),
    };
  },
};

class Judge {
  /** By client: since when it has everything, if it was behind before. */
  readonly caughtUpAt = new Map<number, number>();
  readonly #report: Report;
  #faults: readonly TracedFault[] = [];
  #shards = 1;
  /** Queues are long, and what does not fit ends the connection. */
  #isJudged = false;
  readonly #readers = new Map<number, string>();
  /** Topics to which somebody publishes who cannot be held back, by node. */
  readonly #free = new Set<string>();
  /** By node and topic: how many publish to it, and what was published last. */
  readonly #speakers = new Map<string, number>();
  readonly #last = new Map<string, number>();

  constructor(report: Report) {
    this.#report = report;
  }

  began({ broker, sites, faults, shards }: EventOf<'began'>): void {
    const { slowPolicy, queueBytesMax } = broker;
    this.#faults = faults;
    this.#shards = shards;
    this.#isJudged =
      slowPolicy === 'disconnect' && queueBytesMax >= LONG_BYTES && !sites.includes('tiny-window');
  }

  healed(): void {
    this.#isJudged = false;
  }

  joined({ client, node, topics, publishes, transport, readsPerSecond }: EventOf<'joined'>): void {
    for (const topic of publishes) {
      const spoken = `${node} ${topic}`;
      this.#speakers.set(spoken, (this.#speakers.get(spoken) ?? 0) + 1);
    }
    if (transport === 'post') for (const topic of publishes) this.#free.add(`${node} ${topic}`);
    const [topic, another] = topics;
    if (topic === undefined || another !== undefined || readsPerSecond < GOOD_BYTES) return;
    this.#readers.set(client, `${node} ${topic}`);
  }

  sent({ node, topic, publication }: EventOf<'publishSent'>): void {
    this.#last.set(`${node} ${topic}`, publication);
  }

  /** [BROKER-PACE-2] Where one speaks, the last that was said is behind all others. */
  heard({ client, publication, at }: EventOf<'message'>): void {
    const followed = this.#readers.get(client);
    if (followed === undefined || this.#speakers.get(followed) !== 1) return;
    if (this.#last.get(followed) === publication) this.caughtUpAt.set(client, at);
  }

  closed(event: EventOf<'closed'>): void {
    const { client, node, by, code, at } = event;
    const followed = this.#readers.get(client);
    if (!this.#isJudged || by !== 'server' || code !== TOO_SLOW || followed === undefined) return;
    // Who was slow once paces nobody until he has caught up.
    const since = this.caughtUpAt.get(client) ?? -BEFORE_US;
    const isTroubled = mayBeTroubled(
      this.#faults,
      { from: since, to: at },
      client,
      node,
      this.#shards,
    );
    if (!isTroubled && !this.#free.has(followed))
      this.#report(event, `client ${client} reads at a good pace, and was closed as too slow`);
  }
}

const TOO_SLOW = 1013;
const LONG_BYTES = 1_048_576;
/** Twice what the spec asks for, so that every look finds it. */
const GOOD_BYTES = 1_200_000;
const BEFORE_US = 1_000_000;
