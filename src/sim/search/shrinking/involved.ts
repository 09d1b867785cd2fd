// Whom a violation is about: a guess from what its sentence names and what its event was caused by, to begin the
// search for a small cast in a good place. Refuses to be right: whoever is left out wrongly is taken in again by the
// next, larger guess.

import { type Member, membersOf } from '../../plan/plainer.ts';
import type { Plan } from '../../plan.ts';
import type { TraceEvent, Violation } from '../../trace.ts';

/** Who and what a violation is about. */
export interface Focus {
  readonly clients: ReadonlySet<number>;
  readonly topics: ReadonlySet<string>;
}

/** What is said of the events, and in the sentence. */
export function focusOf(events: readonly TraceEvent[], { sentence }: Violation): Focus {
  const clients = new Set<number>();
  const topics = new Set<string>();
  // Sentences say `client 3`, and `3/17` for its seventeenth publication.
  for (const [, client, publisher] of sentence.matchAll(/client (\d+)|(\d+)\/\d+/g))
    clients.add(Number(client ?? publisher));
  for (const [, topic] of sentence.matchAll(/'([^']+)'/g)) topics.add(topic ?? '');
  for (const event of events) {
    if ('client' in event) clients.add(event.client);
    if ('publisher' in event) clients.add(event.publisher);
    const topic = topicOf(event);
    if (topic !== undefined) topics.add(topic);
  }
  return { clients, topics };
}

/** The topic or channel that an event is about, where it is about one. */
export function topicOf(event: TraceEvent): string | undefined {
  if (event.kind === 'message') return event.topic ?? event.saidTopic;
  if ('channel' in event) return event.channel;
  if ('room' in event) return event.room;
  return 'topic' in event ? event.topic : undefined;
}

/** Larger and larger casts, by whether a client belongs to them. */
export function* castsFor(
  { clients, topics }: Focus,
  plan: Plan,
): Generator<(client: Member) => boolean> {
  const named = membersOf(plan).filter(({ client }) => clients.has(client));
  const nodes = new Set(named.map(({ node }) => node));
  const isNamed = ({ client }: Member): boolean => clients.has(client);
  const isThere = ({ node }: Member): boolean => nodes.has(node);
  const isOn = (list: readonly string[]): boolean => list.some((topic) => topics.has(topic));
  if (named.length === 0) return;
  yield isNamed;
  if (topics.size > 0) {
    yield (client) => isNamed(client) || (isThere(client) && isOn(client.publishes));
    yield (client) =>
      isNamed(client) || (isThere(client) && (isOn(client.publishes) || isOn(client.topics)));
  }
  yield isThere;
}
