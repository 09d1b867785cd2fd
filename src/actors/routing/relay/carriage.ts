// How publications of one dialect travel between nodes: what of them is carried, and where one that arrives goes in.
// The roof hands in one for each namespace. Refuses to know dialects. Obeys spec/hp-peer.md, section "Relay".

import type { Topic } from '../topic.ts';
import type { Address } from '../../runtime/actor.ts';
import type { Payload } from '../../runtime/edges.ts';

export type Say = <M>(to: Address<M>, message: NoInfer<M>) => void;

/** A publication that another node made. */
export interface Carried {
  readonly topic: Topic;
  readonly id: string | undefined;
  /** Not looked at. */
  readonly body: unknown;
}

/** One that came as a plain value, which may be anything. */
export function carriedOf(topic: Topic, value: unknown): Carried {
  const { id, body } = (typeof value === 'object' && value !== null ? value : {}) as {
    readonly id?: unknown;
    readonly body?: unknown;
  };
  return { topic, id: typeof id === 'string' ? id : undefined, body };
}

export interface Carriage {
  /** The beginning of its topics. */
  readonly namespace: string;
  /** Plain values and bytes; undefined for what stays at home. */
  pack(data: Payload): unknown;
  /** The id that its sender gave it, where the topic's is another: it goes unchanged over every link. */
  idOf?(data: Payload): string | undefined;
  /** Gives it to those who follow the topic here; false when it is not what it should be. */
  arrive(carried: Carried, say: Say): boolean;
  /** The first other node wants the topic, or no other does any more. */
  wanted?(topic: Topic, isWanted: boolean, say: Say): void;
}
