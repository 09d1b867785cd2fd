// The sentences that refuse a request, written from spec/broker.md and apart from the product's: which of them may
// answer what was asked, and what that means for a publication. Whether it was due, judges find from the trace.

import { type Asked, isGranted, type Token } from '../../trace.ts';

export type Why = 'refused' | 'unknown' | 'forbidden' | 'limited' | 'mistaken';

export interface Refusable {
  readonly asked: Asked;
  readonly topic: string;
}

/** The limits that sentences name. */
export interface Named {
  readonly subscriptionsMax: number;
  readonly messagesPerSecondMax: number;
}

export function mayPublish(
  token: Token | undefined,
  { publish }: { readonly publish: 'all' | 'none' },
  topic: string,
): boolean {
  return publish === 'all' && (token === undefined || isGranted(token.publish, topic));
}

/** Undefined when no such question is answered so. */
export function refusalOf(
  sentence: string,
  { asked, topic }: Refusable,
  { subscriptionsMax, messagesPerSecondMax }: Named,
): Why | undefined {
  if (sentence === `Too many messages: at most ${messagesPerSecondMax} per second.`)
    return 'limited';
  switch (asked) {
    case 'subscribe':
      if (sentence === `Not allowed to subscribe to ${topic}`) return 'forbidden';
      if (sentence === `Too many subscriptions: at most ${subscriptionsMax} per connection.`)
        return 'limited';
      return sentence === 'Too many topics: the node has no room for another.'
        ? 'refused'
        : undefined;
    case 'unsubscribe':
      return sentence === `Not subscribed to ${topic}` ? 'mistaken' : undefined;
    case 'publish':
      if (sentence === `Not allowed to publish to ${topic}`) return 'forbidden';
      if (sentence === noRoom(topic)) return 'refused';
      return sentence.startsWith(`It is not known whether this was published to ${topic}: `)
        ? 'unknown'
        : undefined;
    case 'list':
      return sentence === 'The topics are being listed already.' ? 'mistaken' : undefined;
    case 'info':
      return sentence === `Not allowed to subscribe to ${topic}` ? 'forbidden' : undefined;
    default:
      return asked satisfies never;
  }
}

export function noRoom(topic: string): string {
  return `Not published to ${topic}: the node has no room for another topic.`;
}
