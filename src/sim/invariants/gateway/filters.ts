// What a filter keeps from a client does not come, and what an origin has said is to come later comes, once. That the rest
// comes is judged with all else that is published.

import { isDelaying, isSpared } from '../../records/gateway-traits.ts';
import type { EventOf } from '../../trace.ts';
import type { Invariant } from '../invariant.ts';

export const filters: Invariant = {
  property: 'filters',
  requirements: ['GRIP-FILTER-1', 'GRIP-FILTER-2', 'GRIP-FILTER-3', 'WOH-FILTER-1', 'WOH-GRIP-8'],
  judge(report) {
    const asked = new Map<number, EventOf<'holdAsked'>>();
    return {
      holdAsked: (event) => asked.set(event.connection, event),
      holdHeard(event) {
        const { client, connection, channel, item } = event;
        const its = asked.get(connection);
        if (its !== undefined && isSpared(its, item))
          report(
            event,
            `client ${client} hears ${channel}#${item}, which ${its.filter} keeps from it`,
          );
      },
    };
  },
};

export const delayed: Invariant = {
  property: 'delayed',
  requirements: ['WOH-GRIP-11'],
  judge(report) {
    /** By connection and word: the echo with which it was promised. */
    const owed = new Map<string, EventOf<'wordEchoed'>>();
    const heard = new Set<string>();
    return {
      wordEchoed(event) {
        const key = `${event.connection} ${event.word}`;
        if (isDelaying(event.word) && !heard.has(key)) owed.set(key, event);
      },
      delayHeard(event) {
        const { client, connection, word } = event;
        const key = `${connection} ${word}`;
        if (heard.has(key) || !isDelaying(word))
          report(event, `client ${client} hears late what was promised with word ${word}, again`);
        heard.add(key);
        owed.delete(key);
      },
      holdEnded({ connection }) {
        for (const [key, echoed] of owed) if (echoed.connection === connection) owed.delete(key);
      },
      holdersLeft(event) {
        for (const { client, word, at } of owed.values())
          if (event.at - at > LATE_US)
            report(event, `client ${client} never heard what was promised with word ${word}`);
      },
    };
  },
};

/** A second, and whatever holds a thread up. */
const LATE_US = 6_000_000;
