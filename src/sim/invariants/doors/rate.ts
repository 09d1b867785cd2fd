// A connection may say so many messages at once and earns as many for each second: no more are ever obeyed, and none
// is refused that could have been paid for. When the server reads them lies between the sending and the answer, so both
// sides of the bound are judged by what could have been at best and at worst. Where the rate is low, every message has
// an answer.

import type { EventOf, TraceEvent } from '../../trace.ts';
import type { Invariant, Report } from '../invariant.ts';

/** What one connection was obeyed in. */
interface Obeyed {
  /** When each message was answered. */
  readonly answeredAt: number[];
  /** The most of what was earned at a sending, less what had been spent before it. */
  best: number;
}

export const rate: Invariant = {
  property: 'rate',
  requirements: ['BROKER-LIM-1'],
  judge(report) {
    const judge = new Judge(report);
    const sent = (event: TraceEvent): void => judge.sent(event);
    const answered = (event: Answer): void => judge.answered(event);
    return {
      began: ({ broker }) => judge.began(broker.messagesPerSecondMax),
      joined: ({ client, behaviour }) => {
        if (behaviour === 'malformed') judge.babblers.add(client);
      },
      connected: ({ connection, transport }) => {
        if (transport === 'ws') judge.connected(connection);
      },
      publishSent: sent,
      subscribeSent: sent,
      unsubscribeSent: sent,
      inquired: sent,
      published: answered,
      subscribed: answered,
      unsubscribed: answered,
      told: answered,
      refused: (event) => judge.refused(event),
      closed: ({ connection }) => judge.closed(connection),
    };
  },
};

type Answer = EventOf<'published' | 'subscribed' | 'unsubscribed' | 'told' | 'refused'>;

class Judge {
  readonly babblers = new Set<number>();
  readonly #report: Report;
  #perSecond = 0;
  #isLow = false;
  /** By place in the trace. */
  readonly #sentAt = new Map<number, number>();
  /** By connection. */
  readonly #obeyed = new Map<number, Obeyed>();

  constructor(report: Report) {
    this.#report = report;
  }

  began(perSecond: number): void {
    this.#perSecond = perSecond;
    this.#isLow = perSecond < LOW;
  }

  sent({ seq, at }: TraceEvent): void {
    if (this.#isLow) this.#sentAt.set(seq, at);
  }

  connected(connection: number): void {
    this.#obeyed.set(connection, { answeredAt: [], best: Number.NEGATIVE_INFINITY });
  }

  closed(connection: number): void {
    this.#obeyed.delete(connection);
  }

  refused(event: EventOf<'refused'>): void {
    if (!this.#isLow || this.babblers.has(event.client)) return;
    if (!event.error.startsWith('Too many messages')) {
      this.answered(event);
      return;
    }
    const answeredAt = this.#obeyed.get(event.connection)?.answeredAt ?? [];
    const sentAt = this.#sentAt.get(event.cause) ?? 0;
    let spent = 0;
    for (let i = answeredAt.length - 1; i >= 0; i -= 1) {
      const earned = (Math.max(0, sentAt - (answeredAt[i] as number)) / 1e6) * this.#perSecond;
      spent = Math.max(spent, answeredAt.length - i - earned);
    }
    if (spent > this.#perSecond - 1) return;
    this.#report(
      event,
      `client ${event.client} has said ${Math.ceil(spent)} messages and was told '${event.error}'`,
    );
  }

  answered(event: Answer): void {
    const sentAt = this.#sentAt.get(event.cause);
    const obeyed = this.#obeyed.get(event.connection);
    if (sentAt === undefined || obeyed === undefined || this.babblers.has(event.client)) return;
    const { answeredAt } = obeyed;
    const count = answeredAt.length;
    obeyed.best = Math.max(obeyed.best, (sentAt / 1e6) * this.#perSecond - count);
    answeredAt.push(event.at);
    const spent = count + 1 - (event.at / 1e6) * this.#perSecond + obeyed.best;
    if (spent <= this.#perSecond + 1) return;
    this.#report(
      event,
      `client ${event.client} was obeyed in ${Math.floor(spent)} messages more than it had earned, at most ${this.#perSecond} may be at once`,
    );
  }
}

/** From here on nobody comes near it. */
const LOW = 10_000;
