// When all is well every hold that an origin wants is there again: whoever is told what it missed has everything that
// was ever written down, and what is published then reaches everybody who waits for it.

import { isSpared } from '../../../records/gateway-traits.ts';
import type { ChannelTraits } from '../../../records/gateway-records.ts';
import type { EventOf, TraceEvent } from '../../../trace.ts';
import type { Invariant, Report } from '../../invariant.ts';

export const holdsLiveness: Invariant = {
  property: 'holds-liveness',
  requirements: [
    'GRIP-SEQ-2',
    'GRIP-SEQ-3',
    'GRIP-SEQ-4',
    'GRIP-HOLD-5',
    'GRIP-HOLD-6',
    'GRIP-NEXT-6',
  ],
  judge(report) {
    const judge = new Judge(report);
    return {
      gatewayBegan: ({ channels }) => {
        for (const traits of channels) judge.traits.set(traits.channel, traits);
      },
      itemMade: (event) => judge.made(event),
      holdAsked: (event) => judge.asked(event),
      originSaid: (event) => judge.said(event),
      holdOpened: ({ client, at }) => judge.stands(client, at),
      holdHeard: ({ client, channel, item }) => judge.heard(client, channel, item),
      holdAnswered({ client, lines }) {
        judge.standing.delete(client);
        for (const { channel, items } of lines)
          for (const item of items) judge.heard(client, channel, item);
      },
      holdEnded: ({ client, at }) => judge.ended(client, at),
      left: ({ client }) => judge.gone(client),
      nodeKilled: ({ node }) => judge.killed.add(node),
      rested: (event) => judge.rest(event),
      holdersLeft: (event) => judge.end(event),
    };
  },
};

interface Holder {
  readonly asked: EventOf<'holdAsked'>;
  readonly seen: Map<string, number>;
}

class Judge {
  readonly traits = new Map<string, ChannelTraits>();
  readonly killed = new Set<number>();
  /** Clients whose holds stand, and since when. */
  readonly standing = new Map<number, number>();
  readonly #report: Report;
  readonly #holders = new Map<number, Holder>();
  readonly #endedAt = new Map<number, number>();
  readonly #tops = new Map<string, number>();
  #probedAt = Number.POSITIVE_INFINITY;
  readonly #probes = new Map<string, number>();
  /** Clients whose holds stood when probes were made, and who has to hear of one of them. */
  #owed = new Set<number>();

  constructor(report: Report) {
    this.#report = report;
  }

  made({ channel, item, isProbe, at }: EventOf<'itemMade'>): void {
    this.#tops.set(channel, item);
    if (!isProbe) return;
    if (this.#probes.size === 0) {
      this.#probedAt = at;
      this.#owed = new Set(
        [...this.standing].filter(([, since]) => at - since > STOOD_US).map(([client]) => client),
      );
    }
    this.#probes.set(channel, item);
  }

  asked(event: EventOf<'holdAsked'>): void {
    const seen = this.#holders.get(event.client)?.seen ?? new Map<string, number>();
    this.#holders.set(event.client, { asked: event, seen });
  }

  /** A long-poll shows nothing of being held. */
  said({ client, hold, at }: EventOf<'originSaid'>): void {
    if (this.#holders.get(client)?.asked.what !== 'poll') return;
    if (hold === 'response') this.stands(client, at);
    else this.standing.delete(client);
  }

  stands(client: number, at: number): void {
    this.standing.set(client, at);
  }

  ended(client: number, at: number): void {
    this.standing.delete(client);
    this.#endedAt.set(client, at);
    // It may have gone of its own accord.
    if (this.#probes.size > 0) this.#owed.delete(client);
  }

  heard(client: number, channel: string, item: number): void {
    const seen = this.#holders.get(client)?.seen;
    if (seen === undefined) return;
    if (item > (seen.get(channel) ?? 0)) seen.set(channel, item);
    if (this.#probes.get(channel) === item) this.#owed.delete(client);
  }

  gone(client: number): void {
    this.#holders.delete(client);
    this.standing.delete(client);
    this.#owed.delete(client);
  }

  rest(event: TraceEvent): void {
    this.#judge(event, this.#tops);
  }

  end(event: TraceEvent): void {
    if (this.#probedAt === Number.POSITIVE_INFINITY) return;
    this.#judge(event, this.#probes);
    for (const client of this.#owed) {
      const holder = this.#holders.get(client);
      if (holder === undefined || this.#isExcused(holder)) continue;
      const { what, channels } = holder.asked;
      const isAnything = channels.some((channel) => {
        const item = this.#probes.get(channel);
        return item !== undefined && !isSpared(holder.asked, item);
      });
      if (!isAnything) continue;
      this.#report(event, `client ${client} (${what}) was held, and heard nothing published then`);
    }
    for (const holder of this.#holders.values()) {
      const { what, client } = holder.asked;
      if (what !== 'stream' && what !== 'ws') continue;
      // Whoever was told just now that there is no more asks again.
      if (event.at - (this.#endedAt.get(client) ?? 0) < BACK_US) continue;
      if (!this.#isExcused(holder) && !this.standing.has(client))
        this.#report(event, `client ${client} has no ${what} in the end`);
    }
  }

  /** Whoever is told what it missed has all of it. */
  #judge(event: TraceEvent, tops: ReadonlyMap<string, number>): void {
    for (const holder of this.#holders.values()) {
      const { asked, seen } = holder;
      const { what, client, channels } = asked;
      if ((what !== 'poll' && what !== 'stream') || this.#isExcused(holder)) continue;
      for (const channel of channels) {
        const top = tops.get(channel) ?? 0;
        const place = seen.get(channel) ?? 0;
        if (this.traits.get(channel)?.hasIds === true && place < top)
          this.#report(
            event,
            `client ${client} (${what}) has come to ${place} of ${channel}, which is at ${top}`,
          );
      }
    }
  }

  #isExcused({ asked }: Holder): boolean {
    return asked.isTooLarge || this.killed.has(asked.node);
  }
}

/** From one stream's end to the next one's beginning. */
const BACK_US = 2_500_000;
/** From an origin's word to a subscription that stands. */
const STOOD_US = 500_000;
