// While all threads live nothing that was handed to the gateway is lost: a plain stream and a WebSocket that have stood
// for a while hear every item of their channels. Those who are told what they missed are judged by that elsewhere.

import { isSpared } from '../../../records/gateway-traits.ts';
import type { ChannelTraits } from '../../../records/gateway-records.ts';
import type { EventOf, TraceEvent } from '../../../trace.ts';
import type { Invariant } from '../../invariant.ts';

interface Reader {
  readonly asked: EventOf<'holdAsked'>;
  readonly openedAt: number;
  /** What was handed over and has not been heard. */
  readonly owed: Map<string, Set<number>>;
}

export const holdsAll: Invariant = {
  property: 'holds-all',
  requirements: ['GRIP-STREAM-2', 'GRIP-ORDER-2', 'WOH-GRIP-5', 'WOH-PUB-1'],
  judge(report) {
    const traits = new Map<string, ChannelTraits>();
    const asked = new Map<number, EventOf<'holdAsked'>>();
    const readers = new Map<number, Reader>();
    /** [DIFF-24] Items of which an operator was told that they are dropped, by node and channel. */
    const drops = new Map<string, number>();
    /** What a thread knew is lost with it. */
    const crashed = new Set<number>();
    const isPlain = ({ what, channels }: EventOf<'holdAsked'>): boolean =>
      what === 'ws' ||
      (what === 'stream' && channels.every((channel) => traits.get(channel)?.hasIds === false));
    const rest = (event: TraceEvent): void => {
      for (const { asked: its, owed } of readers.values())
        for (const [channel, items] of owed) {
          const [first] = items;
          if (items.size > (drops.get(`${its.node} ${channel}`) ?? 0))
            report(event, `client ${its.client} (${its.what}) never heard ${channel}#${first}`);
        }
    };
    return {
      itemDropped({ node, channel }) {
        const name = `${node} ${channel}`;
        drops.set(name, (drops.get(name) ?? 0) + 1);
      },
      gatewayBegan: ({ channels }) => {
        for (const channel of channels) traits.set(channel.channel, channel);
      },
      holdAsked: (event) => asked.set(event.connection, event),
      holdOpened({ connection, at }) {
        const its = asked.get(connection);
        if (its !== undefined && isPlain(its))
          readers.set(connection, { asked: its, openedAt: at, owed: new Map() });
      },
      itemSent({ node, channel, item, isRepeat, at }) {
        if (isRepeat || crashed.has(node)) return;
        for (const { asked: its, openedAt, owed } of readers.values())
          if (
            its.node === node &&
            its.channels.includes(channel) &&
            at - openedAt > STOOD_US &&
            !isSpared(its, item)
          )
            owed.set(channel, (owed.get(channel) ?? new Set()).add(item));
      },
      holdHeard: ({ connection, channel, item }) =>
        readers.get(connection)?.owed.get(channel)?.delete(item),
      holdEnded: ({ connection }) => readers.delete(connection),
      shardCrashed({ node }) {
        crashed.add(node);
        for (const [connection, reader] of readers)
          if (reader.asked.node === node) readers.delete(connection);
      },
      holdersLeft: rest,
    };
  },
};

/** Longer than any thread is held up between a client's answer and its subscription. */
const STOOD_US = 4_000_000;
