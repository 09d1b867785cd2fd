// Topics that are joined: what a home publishes to one is said on the others as well, each in its dialect's own words.
// Refuses to know dialects: each hands in its side, which hears what its publications say and says what comes over.
// Obeys spec/bridge.md.

import type { Context } from '../../runtime/actor.ts';
import type { Payload } from '../../runtime/edges.ts';
import type { Say } from '../relay/carriage.ts';
import type { Topic } from '../topic.ts';

/** What is published to a topic, as its own dialect knows it. */
export interface Published {
  readonly topic: Topic;
  readonly id: string | undefined;
  readonly data: Payload;
  /** Whom the door took the publisher for: empty for nobody in particular, undefined where no door asks. */
  readonly speaker?: string | undefined;
}

/** The same, as every other dialect can say it. */
export interface Spoken {
  /** One JSON value; undefined for what cannot be said elsewhere. */
  readonly json: Uint8Array | undefined;
  readonly id: string | undefined;
  readonly speaker: string | undefined;
  /** The side that it comes from. */
  readonly side: string;
}

/** One dialect at all its bridges. */
export interface BridgeSide {
  /** As rules and people name it. */
  readonly name: string;
  /** The beginning of its topics. */
  readonly namespace: string;
  /** Undefined for what says nothing. */
  hear(published: Published): Omit<Spoken, 'side'> | undefined;
  /** False when it cannot be said there. */
  say(topic: Topic, json: Uint8Array, spoken: Spoken, say: Say): boolean;
}

export interface Bridges {
  readonly sides: readonly BridgeSide[];
  /** Both ways. */
  readonly joined: ReadonlyMap<Topic, readonly Topic[]>;
}

/** [BRIDGE-1] */
export function cross(
  { sides, joined }: Bridges,
  published: Published,
  context: Pick<Context<never>, 'send' | 'count'>,
): void {
  const others = joined.get(published.topic);
  // Almost every topic is joined to none.
  if (others === undefined) return;
  const sideOf = (topic: Topic): BridgeSide | undefined =>
    sides.find(({ namespace }) => topic.startsWith(namespace));
  const from = sideOf(published.topic);
  const heard = from?.hear(published);
  if (from === undefined || heard === undefined) return;
  const spoken = { ...heard, side: from.name };
  const { json } = spoken;
  const say: Say = (to, message) => context.send(to, message);
  for (const other of others) {
    const isSaid = json !== undefined && sideOf(other)?.say(other, json, spoken, say) === true;
    context.count(isSaid ? 'bridge.publications' : 'bridge.dropped');
  }
}
