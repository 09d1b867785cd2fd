// Streams hear no more in a second than the rate that is set, but for what a quiet moment has saved up and the last item,
// which goes to all at once. Judged of channels whose streams are told nothing again, until a thread dies.

import type { EventOf } from '../../../trace.ts';
import type { Invariant, Report } from '../../invariant.ts';

export const paced: Invariant = {
  property: 'paced',
  requirements: ['GRIP-LIMIT-4'],
  judge(report) {
    const judge = new Judge(report);
    return {
      gatewayBegan({ channels, messageRate }) {
        judge.rate = messageRate;
        for (const { channel, hasIds } of channels) if (!hasIds) judge.plain.add(channel);
      },
      holdAsked({ what, connection }) {
        if (what === 'stream') judge.streams.add(connection);
      },
      itemSent: (event) => judge.sent(event),
      holdHeard: (event) => judge.heard(event),
      shardCrashed: ({ node }) => judge.died.add(node),
      processDied: ({ node }) => judge.died.add(node),
    };
  },
};

/** What has become of a channel on a node. */
interface Pace {
  readonly since: number;
  readonly clients: Set<number>;
  count: number;
}

class Judge {
  /** Deliveries of a second; undefined: as fast as clients take them. */
  rate: number | undefined = undefined;
  readonly plain = new Set<string>();
  readonly streams = new Set<number>();
  readonly died = new Set<number>();
  readonly #report: Report;
  readonly #paces = new Map<string, Pace>();

  constructor(report: Report) {
    this.#report = report;
  }

  sent({ node, channel, at }: EventOf<'itemSent'>): void {
    const key = `${node} ${channel}`;
    if (!this.#paces.has(key)) this.#paces.set(key, { since: at, clients: new Set(), count: 0 });
  }

  heard(event: EventOf<'holdHeard'>): void {
    const { node, channel, client, connection, at } = event;
    const pace = this.#paces.get(`${node} ${channel}`);
    if (pace === undefined || this.rate === undefined || this.died.has(node)) return;
    if (!this.plain.has(channel) || !this.streams.has(connection)) return;
    pace.count += 1;
    pace.clients.add(client);
    const most = (this.rate * (at - pace.since + SAVED_US)) / 1e6 + pace.clients.size;
    if (pace.count > most + 1)
      this.#report(
        event,
        `streams of node ${node} hear ${pace.count} times of '${channel}' within ${at - pace.since} µs, at ${this.rate} a second`,
      );
  }
}

const SAVED_US = 250_000;
