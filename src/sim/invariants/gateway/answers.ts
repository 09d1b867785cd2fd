// A question is answered once, in one piece, and with what belongs to it: nothing crosses the prefix of a route or comes
// from a channel that was not asked for. When all is well nobody is told of errors, and nobody is left in silence.

import type { EventOf, TraceEvent } from '../../trace.ts';
import type { Invariant, Report } from '../invariant.ts';

export const answersOnce: Invariant = {
  property: 'answers-once',
  requirements: ['GRIP-HOLD-1', 'GRIP-PROXY-1', 'GRIP-PROXY-10', 'GRIP-STREAM-1', 'GRIP-CTRL-2'],
  judge(report) {
    /** Connections that have their answer, or are over. */
    const answered = new Set<number>();
    const over = new Set<number>();
    const ended = (event: TraceEvent, client: number, connection: number): void => {
      if (over.has(connection))
        report(event, `client ${client} hears more on connection ${connection}, which is over`);
    };
    return {
      holdMisheard(event) {
        report(event, `client ${event.client} hears what no answer may hold: ${event.what}`);
      },
      holdAnswered(event) {
        const { client, connection } = event;
        ended(event, client, connection);
        if (answered.has(connection)) report(event, `client ${client} is answered twice`);
        answered.add(connection);
      },
      holdOpened(event) {
        const { client, connection } = event;
        ended(event, client, connection);
        if (answered.has(connection)) report(event, `client ${client} is answered twice`);
        answered.add(connection);
      },
      holdHeard: (event) => ended(event, event.client, event.connection),
      holdEnded(event) {
        ended(event, event.client, event.connection);
        over.add(event.connection);
      },
      controlAnswered(event) {
        if (event.status !== 200) report(event, `a publisher is answered with ${event.status}`);
      },
    };
  },
};

export const prefixes: Invariant = {
  property: 'prefixes',
  requirements: ['GRIP-HOLD-2', 'GRIP-STREAM-2', 'WOH-GRIP-5'],
  judge(report) {
    const asked = new Map<number, ReadonlySet<string>>();
    const judge = (
      event: EventOf<'holdHeard' | 'holdAnswered'>,
      channel: string,
      items: number,
    ): void => {
      const channels = asked.get(event.connection);
      if (items === 0 || channels === undefined || channels.has(channel)) return;
      report(
        event,
        `client ${event.client} hears of ${channel}, and asked for ${listed(channels)}`,
      );
    };
    return {
      holdAsked: ({ connection, channels }) => asked.set(connection, new Set(channels)),
      holdHeard: (event) => judge(event, event.channel, 1),
      holdAnswered(event) {
        for (const { channel, items } of event.lines) judge(event, channel, items.length);
      },
    };
  },
};

export const patienceOfHolders: Invariant = {
  property: 'holders-patience',
  requirements: ['GRIP-HOLD-3', 'GRIP-KEEP-1', 'GRIP-NEXT-1', 'GRIP-TARGET-1'],
  judge(report) {
    const judge = new PatienceJudge(report);
    return {
      healed: ({ at }) => {
        judge.healedAt = at;
      },
      holdAsked: (event) => judge.asked(event),
      originSaid: ({ connection, at }) => judge.saidAt.set(connection, at),
      holderPoisoned: ({ connection }) => judge.forget(connection),
      holdAnswered: (event) => judge.answered(event),
      holdEnded: (event) => judge.ended(event),
    };
  },
};

class PatienceJudge {
  healedAt = Number.POSITIVE_INFINITY;
  readonly #report: Report;
  /** By connection: when an origin answered for it last. One that is asked again holds anew. */
  readonly saidAt = new Map<number, number>();
  readonly #asked = new Map<number, EventOf<'holdAsked'>>();

  constructor(report: Report) {
    this.#report = report;
  }

  asked(event: EventOf<'holdAsked'>): void {
    this.#asked.set(event.connection, event);
  }

  forget(connection: number): void {
    this.#asked.delete(connection);
  }

  answered(event: EventOf<'holdAnswered'>): void {
    const { client, connection, status } = event;
    const asked = this.#asked.get(connection);
    if (asked === undefined || status < 400 || asked.isTooLarge) return;
    if (asked.at > this.healedAt + HEALING_US)
      this.#report(event, `client ${client} is answered with ${status}, and nothing is wrong`);
  }

  ended(event: EventOf<'holdEnded'>): void {
    const { client, connection, by } = event;
    const asked = this.#asked.get(connection);
    this.#asked.delete(connection);
    if (asked === undefined) return;
    const { what } = asked;
    const silentFrom = Math.max(this.healedAt, this.saidAt.get(connection) ?? 0);
    if (by === 'patience' && event.at > silentFrom + HELD_US)
      this.#report(event, `client ${client} (${what}) hears nothing, and nothing is wrong`);
    if (by === 'network' && asked.at > this.healedAt + HEALING_US)
      this.#report(event, `client ${client} (${what}) is cut off, and nothing is wrong`);
  }
}

function listed(names: Iterable<string>): string {
  return [...names].join(', ');
}

/** Threads that died last are back by then, and origins have given up what they could not answer. */
const HEALING_US = 3_000_000;
/** A long-poll's time, and a second for its answer and the next question. */
const HELD_US = 6_500_000;
