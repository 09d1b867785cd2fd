// One order per topic: all readers see the same publication at the same place, no publication has two places in one
// epoch, and what one connection published is in the order in which it said it.

import type { EventOf, TracePosition } from '../../trace.ts';
import { type Invariant, nameOf } from '../invariant.ts';
import { FORGETFUL, isForgotten, type Memory, memoryOf, PERFECT } from '../forgetting.ts';
import { Ages } from './ages.ts';
import { ByEpoch } from './by-epoch.ts';

/** Publications of one topic's epoch, and the places of each. */
interface Order {
  readonly topic: string;
  readonly epoch: string;
  readonly byOffset: number[];
  readonly byPublication: Map<number, number>;
}

/** A publication as it was first sent. */
interface Sent {
  readonly connection: number;
  readonly sequence: number;
  isRepeated: boolean;
}

/** One connection's reading of one topic. */
interface Reading {
  /** The order that it read last: almost always the one that it reads next. */
  order: Order | undefined;
  /** Of each publishing connection, the last sequence seen. */
  last: Map<number, number>;
}

export const oneOrder: Invariant = {
  property: 'one-order',
  requirements: ['BROKER-ORD-3', 'BROKER-ORD-1', 'BROKER-DUP-1', 'BROKER-PUB-3'],
  judge(report) {
    const orders = new ByEpoch<Order>((topic, epoch) => ({
      topic,
      epoch,
      byOffset: [],
      byPublication: new Map(),
    }));
    const sent: Sent[] = [];
    const ages = new Ages();
    const readings: Reading[] = [];
    let memory: Memory = PERFECT;
    return {
      began(event) {
        ages.began(event);
        memory = memoryOf(event.home);
      },
      publishSent(event) {
        const { publication, connection, sequence } = event;
        ages.sent(event);
        const earlier = sent[publication];
        if (earlier === undefined) sent[publication] = { connection, sequence, isRepeated: false };
        else earlier.isRepeated = true;
      },
      subscribed({ following }) {
        readings[following] = { order: undefined, last: new Map() };
      },
      published(event) {
        const { node, topic, position } = event;
        const known = ages.isOver(event) ? FORGETFUL : memory;
        const sentence = place(event, position, orders.of(node, topic, position.epoch), known);
        if (sentence !== undefined) report(event, sentence);
      },
      message(event) {
        const { node, position, saidTopic, following, publication } = event;
        const reading = readings[following];
        let sentence: string | undefined;
        if (position !== undefined) {
          let order = reading?.order;
          if (order?.epoch !== position.epoch || order.topic !== saidTopic) {
            order = orders.of(node, saidTopic, position.epoch);
            if (reading !== undefined) reading.order = order;
          }
          sentence = place(event, position, order, ages.isOver(event) ? FORGETFUL : memory);
        }
        const from = sent[publication];
        // What was said twice has the place of whichever came through first.
        if (sentence === undefined && from?.isRepeated === false && reading !== undefined)
          sentence = inSequence(event, from, reading.last);
        if (sentence !== undefined) report(event, sentence);
      },
    };
  },
};

function place(
  event: EventOf<'message'> | EventOf<'published'>,
  { epoch, offset }: TracePosition,
  { topic, byOffset, byPublication }: Order,
  memory: Memory,
): string | undefined {
  const { publication } = event;
  const there = byOffset[offset];
  if (there === publication) return undefined;
  if (offset < 1) return `${nameOf(event)} has place ${offset} in '${topic}'`;
  if (there !== undefined)
    return `place ${epoch}:${offset} of '${topic}' holds ${nameOf(event)} for some and another for others`;
  byOffset[offset] = publication;
  const where = byPublication.get(publication);
  byPublication.set(publication, offset);
  if (where === undefined || isForgotten(Math.min(where, offset), Math.max(where, offset), memory))
    return undefined;
  return `${nameOf(event)} has places ${where} and ${offset} in epoch ${epoch} of '${topic}'`;
}

function inSequence(
  event: EventOf<'message'>,
  { connection, sequence }: Sent,
  last: Map<number, number>,
): string | undefined {
  const before = last.get(connection);
  last.set(connection, sequence);
  if (before === undefined || before < sequence) return undefined;
  return `client ${event.client} got ${nameOf(event)} of '${event.saidTopic}' after ${event.publisher}/${before} of the same connection`;
}
