// What a hold brings is in order. Where origins tell what was seen last, nothing is left out and nothing comes twice,
// whatever dies: what was missed is asked for. Where they do not, nothing comes twice or goes back while all threads
// live, and a stream hears one item after the other.

import { isSpared } from '../../../records/gateway-traits.ts';
import type { ChannelTraits, Lines } from '../../../records/gateway-records.ts';
import type { EventOf } from '../../../trace.ts';
import type { Invariant, Report } from '../../invariant.ts';

export const holdsOrder: Invariant = {
  property: 'holds-order',
  requirements: [
    'GRIP-SEQ-1',
    'GRIP-SEQ-2',
    'GRIP-SEQ-5',
    'GRIP-ORDER-1',
    'GRIP-ORDER-5',
    'GRIP-NEXT-6',
    'WOH-PUB-8',
    'DIFF-24',
  ],
  judge(report) {
    const judge = new Judge(report);
    return {
      itemSent: (event) => judge.sent(event),
      itemDropped: (event) => judge.dropped(event),
      gatewayBegan: ({ channels }) => {
        for (const traits of channels) judge.traits.set(traits.channel, traits);
      },
      shardCrashed: ({ node }) => judge.crashed.add(node),
      originSaid: ({ connection, isLie }) => {
        if (isLie) judge.misled.add(connection);
      },
      holdAsked: (event) => judge.asked(event),
      holdOpened: (event) => judge.opened(event),
      holdHeard: (event) => judge.heard(event, event.channel, event.item),
      holdAnswered(event) {
        for (const lines of event.lines) judge.answered(event, lines);
      },
      holdEnded: ({ connection }) => judge.open.delete(connection),
    };
  },
};

interface Reader {
  readonly asked: EventOf<'holdAsked'>;
  readonly isPlain: boolean;
  /** Undefined where nobody knows what comes next. */
  readonly places: Map<string, number>;
  readonly heard: Map<string, Set<number>>;
  /** By channel, the last item that was sent to the node before it could hear: what waited there may come all the same. */
  readonly before: Map<string, number>;
  /** Items that were left out for it, by channel. */
  readonly leftOut: Map<string, number>;
}

class Judge {
  readonly traits = new Map<string, ChannelTraits>();
  /** Nodes whose threads died: what a keeper knew is lost. */
  readonly crashed = new Set<number>();
  /** Connections that an origin told something wrong. */
  readonly misled = new Set<number>();
  readonly open = new Map<number, Reader>();
  /** [DIFF-24] Items of which an operator was told that they are dropped, by node and channel. */
  readonly #drops = new Map<string, number>();
  /** The last item that was sent, by node and channel. */
  readonly #sent = new Map<string, number>();
  readonly #report: Report;

  constructor(report: Report) {
    this.#report = report;
  }

  dropped({ node, channel }: EventOf<'itemDropped'>): void {
    const name = `${node} ${channel}`;
    this.#drops.set(name, (this.#drops.get(name) ?? 0) + 1);
  }

  sent({ node, channel, item }: EventOf<'itemSent'>): void {
    const name = `${node} ${channel}`;
    this.#sent.set(name, Math.max(item, this.#sent.get(name) ?? 0));
  }

  opened({ node, connection }: EventOf<'holdOpened'>): void {
    const reader = this.open.get(connection);
    for (const channel of reader?.asked.channels ?? [])
      reader?.before.set(channel, this.#sent.get(`${node} ${channel}`) ?? 0);
  }

  asked(asked: EventOf<'holdAsked'>): void {
    const { connection, channels, seen, what } = asked;
    const places = new Map<string, number>();
    const isWs = what === 'ws';
    for (const [place, channel] of channels.entries())
      // A WebSocket tells nobody what it has seen.
      if (this.#hasIds(channel) && !isWs) places.set(channel, seen[place] ?? 0);
    const isPlain = isWs || channels.every((channel) => !this.#hasIds(channel));
    this.open.set(connection, {
      ...{ asked, isPlain, places },
      ...{ heard: new Map(), before: new Map(), leftOut: new Map() },
    });
  }

  answered(event: EventOf<'holdAnswered'>, { channel, items }: Lines): void {
    for (const item of items) this.heard(event, channel, item);
  }

  heard(event: EventOf<'holdHeard' | 'holdAnswered'>, channel: string, item: number): void {
    const { connection } = event;
    const reader = this.open.get(connection);
    const traits = this.traits.get(channel);
    if (reader === undefined || traits === undefined) return;
    const place = reader.places.get(channel);
    reader.places.set(channel, Math.max(item, place ?? 0));
    if (traits.hasIds && !reader.isPlain) {
      if (place !== undefined && item !== place + 1 && !this.misled.has(connection))
        this.#say(event, channel, item, place);
      return;
    }
    this.#judgePlain(event, { reader, traits, item, place });
  }

  #judgePlain(
    event: EventOf<'holdHeard' | 'holdAnswered'>,
    {
      reader,
      traits,
      item,
      place,
    }: {
      readonly reader: Reader;
      readonly traits: ChannelTraits;
      readonly item: number;
      readonly place: number | undefined;
    },
  ): void {
    const { channel, isOrdered, hasIds } = traits;
    if (this.crashed.has(event.node)) return;
    const heard = reader.heard.get(channel) ?? new Set();
    reader.heard.set(channel, heard);
    if (heard.has(item))
      this.#report(event, `client ${event.client} hears item ${item} of ${channel} twice`);
    heard.add(item);
    // What has ids may be lost on its way, waited for in vain, and given out late; a WebSocket does not ask for it.
    if (!isOrdered || hasIds || place === undefined) return;
    let leftOut = reader.leftOut.get(channel) ?? 0;
    const from = Math.max(place, reader.before.get(channel) ?? 0);
    for (let next = from + 1; next < item; next += 1)
      if (!isSpared(reader.asked, next)) leftOut += 1;
    reader.leftOut.set(channel, leftOut);
    const isLeftOut =
      reader.isPlain && leftOut > (this.#drops.get(`${event.node} ${channel}`) ?? 0);
    if (item < place || isLeftOut) this.#say(event, channel, item, place);
  }

  #say(
    event: EventOf<'holdHeard' | 'holdAnswered'>,
    channel: string,
    item: number,
    place: number,
  ): void {
    this.#report(event, `client ${event.client} hears item ${item} of ${channel} after ${place}`);
  }

  #hasIds(channel: string): boolean {
    return this.traits.get(channel)?.hasIds ?? false;
  }
}
