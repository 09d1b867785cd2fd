// What a client may follow and publish: topic patterns from its token, or everything where no token is asked.
// A pattern is a topic, or a beginning that ends in `*`. Refuses to know tokens and signatures.
// Obeys spec/process.md, section "Auth".

import { isBrokerTopic, nameOf } from './broker-topic.ts';

export interface Rights {
  readonly subscribe: readonly string[];
  readonly publish: readonly string[];
}

export const ALL_RIGHTS: Rights = { subscribe: ['*'], publish: ['*'] };

export function mayUse(patterns: readonly string[], topic: string): boolean {
  for (const pattern of patterns) {
    // Most rights are to everything.
    if (pattern === topic || pattern === '*') return true;
    if (pattern.endsWith('*') && topic.startsWith(pattern.slice(0, -1))) return true;
  }
  return false;
}

/** The broker's topics that these rights may follow, by the names that the wire knows. */
export function visibleTopics(
  topics: readonly (readonly [string, number])[],
  rights: Rights,
): (readonly [string, number])[] {
  const visible: (readonly [string, number])[] = [];
  for (const [topic, subscribers] of topics) {
    if (!isBrokerTopic(topic)) continue;
    const name = nameOf(topic);
    if (mayUse(rights.subscribe, name)) visible.push([name, subscribers]);
  }
  return visible;
}
