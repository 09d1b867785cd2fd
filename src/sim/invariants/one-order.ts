// One order per topic: all readers see the same publication at the same place, no publication has two places in one
// epoch, and what one connection published is in the order in which it said it.

import type { EventOf } from '../trace.ts';
import { type Invariant, numberOf, PerSubscription } from './invariant.ts';

/** Publications of one topic's epoch. */
interface Order {
  readonly byOffset: Map<number, number>;
  readonly byNumber: Map<number, number>;
}

interface Sent {
  readonly connection: number;
  isRepeated: boolean;
}

export const oneOrder: Invariant = {
  property: 'one-order',
  requirements: ['BROKER-ORD-3', 'BROKER-ORD-1', 'BROKER-DUP-1', 'BROKER-PUB-3'],
  judge(report) {
    const orders: Map<string, Map<string, Order>>[] = [];
    const sent = new Map<number, Sent>();
    const lastSequences = new PerSubscription<Map<number, number>>();
    return (event) => {
      if (event.kind === 'publishSent') noteSent(event, sent);
      else if (event.kind === 'subscribed')
        lastSequences.set(event.connection, event.topic, new Map());
      else if (event.kind === 'closed') lastSequences.forget(event.connection);
      else if (event.kind === 'published') {
        const sentence = place(event, orders);
        if (sentence !== undefined) report(event, sentence);
      } else if (event.kind === 'message') {
        const sentence = place(event, orders) ?? inSequence(event, sent, lastSequences);
        if (sentence !== undefined) report(event, sentence);
      }
    };
  },
};

function noteSent(event: EventOf<'publishSent'>, sent: Map<number, Sent>): void {
  const number = numberOf(event);
  const earlier = sent.get(number);
  if (earlier === undefined) sent.set(number, { connection: event.connection, isRepeated: false });
  else earlier.isRepeated = true;
}

function place(
  event: EventOf<'message'> | EventOf<'published'>,
  orders: Map<string, Map<string, Order>>[],
): string | undefined {
  const { position, node } = event;
  if (position === undefined) return undefined;
  const topic = event.kind === 'message' ? event.saidTopic : event.topic;
  const { epoch, offset } = position;
  const order = orderOf(orders, node, topic, epoch);
  const number = numberOf(event);
  const there = order.byOffset.get(offset);
  if (there === undefined) order.byOffset.set(offset, number);
  else if (there !== number)
    return `place ${epoch}:${offset} of '${topic}' holds ${nameOf(event)} for some and another for others`;
  const where = order.byNumber.get(number);
  if (where === undefined) order.byNumber.set(number, offset);
  else if (where !== offset)
    return `${nameOf(event)} has places ${where} and ${offset} in epoch ${epoch} of '${topic}'`;
  return offset >= 1 ? undefined : `${nameOf(event)} has place ${offset} in '${topic}'`;
}

function orderOf(
  orders: Map<string, Map<string, Order>>[],
  node: number,
  topic: string,
  epoch: string,
): Order {
  const epochs = (orders[node] ??= new Map());
  let topics = epochs.get(epoch);
  if (topics === undefined) {
    topics = new Map();
    epochs.set(epoch, topics);
  }
  let order = topics.get(topic);
  if (order === undefined) {
    order = { byOffset: new Map(), byNumber: new Map() };
    topics.set(topic, order);
  }
  return order;
}

function inSequence(
  event: EventOf<'message'>,
  sent: ReadonlyMap<number, Sent>,
  lastSequences: PerSubscription<Map<number, number>>,
): string | undefined {
  const from = sent.get(numberOf(event));
  const last = lastSequences.get(event.connection, event.saidTopic);
  // What was said twice has the place of whichever came through first.
  if (from === undefined || from.isRepeated || last === undefined) return undefined;
  const before = last.get(from.connection);
  last.set(from.connection, event.sequence);
  if (before === undefined || before < event.sequence) return undefined;
  return `client ${event.client} got ${nameOf(event)} of '${event.saidTopic}' after ${event.publisher}/${before} of the same connection`;
}

function nameOf({
  publisher,
  sequence,
}: {
  readonly publisher: number;
  readonly sequence: number;
}): string {
  return `${publisher}/${sequence}`;
}
