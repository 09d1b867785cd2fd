// Nobody is given more than his rate, and nobody who keeps to it is refused: of joining, of speaking, of changing what he is.
// When a node has looked at a request is not known, only when it was sent and when it was answered: each bound is taken from
// the side that excuses.

import type { EventOf } from '../../trace.ts';
import type { Invariant, Report } from '../invariant.ts';

export const rates: Invariant = {
  property: 'hp-rates',
  requirements: ['HP-LIM-2', 'HP-LIM-4', 'HP-PRES-4'],
  judge(report) {
    const judge = new Judge(report);
    return {
      chatBegan: ({ terms }) => judge.began(terms),
      talkerConnected: ({ client }) => judge.forget(client),
      talkerAsked: (event) => judge.asked(event),
      talkerAnswered: (event) => judge.answered(event),
    };
  },
};

interface Rate {
  readonly priceUs: number;
  readonly burst: number;
}

/** When all that was taken is earned: no later than that, and no earlier. */
interface Earned {
  least: number;
  most: number;
}

class Judge {
  readonly #report: Report;
  #rates: Readonly<Record<string, Rate>> = {};
  /** By client and request: when each was sent that is not answered. */
  readonly #asked = new Map<string, number[]>();
  /** By client and rate. */
  readonly #earned = new Map<string, Earned>();
  /** By client: messages that were refused, at most, each that was taken since making up for one. */
  readonly #refused = new Map<number, number>();

  constructor(report: Report) {
    this.#report = report;
  }

  began(terms: EventOf<'chatBegan'>['terms']): void {
    const { joinsPerSecondMax, messagesPerSecondMax, messagesBurstMax, presenceEveryMs } = terms;
    const priceUs = (perSecond: number): number => 1_000_000 / perSecond;
    this.#rates = {
      JOIN: { priceUs: priceUs(joinsPerSecondMax), burst: joinsPerSecondMax },
      MESSAGE: { priceUs: priceUs(messagesPerSecondMax), burst: messagesBurstMax },
      PRESENCE_SET: { priceUs: presenceEveryMs * 1_000, burst: 1 },
    };
  }

  /** Each connection has rates of its own. */
  forget(client: number): void {
    this.#refused.delete(client);
    for (const what of WHATS) this.#asked.delete(`${client} ${what}`);
    for (const kind of Object.keys(this.#rates)) this.#earned.delete(`${client} ${kind}`);
  }

  asked({ client, what, at }: EventOf<'talkerAsked'>): void {
    if (!WHATS.includes(what)) return;
    const key = `${client} ${what}`;
    const asked = this.#asked.get(key);
    if (asked === undefined) this.#asked.set(key, [at]);
    else asked.push(at);
  }

  answered(event: EventOf<'talkerAnswered'>): void {
    const { client, asked: what = '', code, at } = event;
    if (!WHATS.includes(what)) return;
    const askedAt = this.#asked.get(`${client} ${what}`)?.shift() ?? at;
    const kind = what.endsWith('MESSAGE') ? 'MESSAGE' : what;
    const rate = this.#rates[kind];
    if (rate === undefined) return;
    if (kind === 'MESSAGE') this.#makeUp(event, rate);
    const key = `${client} ${kind}`;
    const earned = this.#earned.get(key) ?? { least: 0, most: 0 };
    this.#earned.set(key, earned);
    const { priceUs, burst } = rate;
    const toleranceUs = (burst - 1) * priceUs;
    if (code === 'RATE_LIMITED') {
      if (earned.most - askedAt <= toleranceUs)
        this.#report(event, `client ${client} keeps to its rate, and its ${what} is refused`);
      this.#judgeRetry(event, {
        least: earned.least - at - toleranceUs,
        most: earned.most - askedAt - toleranceUs,
      });
      return;
    }
    earned.most = Math.max(earned.most, at) + priceUs;
    // Other refusals may have cost nothing.
    if (code !== undefined) return;
    const earlyUs = Math.max(earned.least, askedAt) - at - toleranceUs;
    earned.least = Math.max(earned.least, askedAt) + priceUs;
    if (earlyUs > priceUs / 2 + SLACK_US)
      this.#report(
        event,
        `client ${client} is granted a ${what}, ${Math.round(earlyUs)} µs before it has earned it`,
      );
  }

  /** When it may ask again is told, to the next second. */
  #judgeRetry(event: EventOf<'talkerAnswered'>, { least, most }: Earned): void {
    const { client, asked = '', retryAfter } = event;
    const waitUs = (retryAfter ?? -1) * 1_000_000;
    if (waitUs >= Math.max(0, least - SLACK_US) && waitUs <= most + SECOND_US) return;
    this.#report(
      event,
      `client ${client} is to ask for ${asked} again in ${retryAfter} s, and may in ${Math.round(most)} µs`,
    );
  }

  /** [HP-LIM-4] */
  #makeUp(event: EventOf<'talkerAnswered'>, { burst }: Rate): void {
    const { client, code, isFatal } = event;
    const before = this.#refused.get(client) ?? 0;
    const refused = code === 'RATE_LIMITED' ? before + 1 : before;
    this.#refused.set(client, code === undefined ? Math.max(0, before - 1) : refused);
    if (code === 'RATE_LIMITED' && isFatal && refused < REFUSED_TIMES * burst)
      this.#report(
        event,
        `client ${client} is sent away for ${refused} messages that were too fast, where ${REFUSED_TIMES * burst} are too many`,
      );
  }
}

const REFUSED_TIMES = 5;
const WHATS: readonly string[] = ['JOIN', 'ROOM_MESSAGE', 'DIRECT_MESSAGE', 'PRESENCE_SET'];
const SECOND_US = 1_000_000;
/** Timers and roundings. */
const SLACK_US = 1_000;
