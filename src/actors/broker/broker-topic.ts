// The broker's names in the node's topic space: what the wire calls `x` is the topic `broker/x`.
// Refuses to know which names are allowed; codecs/broker.ts has read them.

import type { Topic } from '../routing/topic.ts';

const NAMESPACE = 'broker/';

export function topicOf(name: string): Topic {
  return NAMESPACE + name;
}

export function nameOf(topic: Topic): string {
  return topic.slice(NAMESPACE.length);
}

/** The broker shows its own topics only. */
export function isBrokerTopic(topic: Topic): boolean {
  return topic.startsWith(NAMESPACE);
}
