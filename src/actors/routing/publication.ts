// The one thing that flows: a publication, in its place in its topic's order.
// Refuses to know wire formats: `data` is the publisher's bytes, untouched from door to door.

import type { Payload } from '../runtime/edges.ts';
import type { Topic } from './topic.ts';

/** Where a reader stands in a topic: everything up to `offset` of `epoch` is known. */
export interface Position {
  /** Drawn when the topic comes to life at its home; offsets of different epochs do not compare. */
  readonly epoch: string;
  /** The first publication of an epoch has offset 1; 0 is before it. */
  readonly offset: number;
}

export interface Publication extends Position {
  readonly topic: Topic;
  /** The publisher's own id, when it gave one. */
  readonly id: string | undefined;
  /** A whole JSON text for the broker; bytes owned by the publication. */
  readonly data: Payload;
}

/** The name under which a publication is known: the publisher's id, or its place in the topic. */
export function nameOf(publication: Publication): string {
  return publication.id ?? `${publication.epoch}:${publication.offset}`;
}

/** Why publications are missing for a reader. */
export type GapReason = 'slow' | 'conflated' | 'restarted';

/** Publications `from` to `to` of a topic did not reach a reader; `to` is undefined when nobody knows. */
export interface Gap {
  readonly topic: Topic;
  readonly epoch: string;
  readonly from: number;
  readonly to: number | undefined;
  readonly reason: GapReason;
}
