// What one simulated client is going to be like: data, drawn once from the seed, small enough to print and to shrink.

import type { LinkPlan } from '../edges/link.ts';
import type { Behaviour, Token } from '../trace.ts';

export interface ClientPlan {
  readonly client: number;
  readonly node: number;
  readonly behaviour: Behaviour;
  readonly transport: 'ws' | 'sse' | 'post';
  /** Asks for envelopes, and so learns places. */
  readonly envelope: boolean;
  /** Comes back with the place it had. */
  readonly recovers: boolean;
  /** Follows these whenever it is connected. */
  readonly topics: readonly string[];
  readonly publishes: readonly string[];
  /** Mean pause between two of its actions. */
  readonly everyUs: number;
  /** Publications in one action. */
  readonly burst: number;
  readonly dataBytes: number;
  /** Percent of publications with an id of the publisher's own; some of those are sent again. */
  readonly idPercent: number;
  /** Bytes read per tick by a slow reader; 0 reads nothing until it is let off. */
  readonly readBytes: number;
  /** Pause between two connections of one that comes and goes of its own accord; 0 stays. */
  readonly leavesEveryUs: number;
  /** Undefined where none is asked for. */
  readonly token: Token | undefined;
  /** For how much longer than others it stays away when it has left or lost its connection; microseconds. */
  readonly awayUs: number;
  /** Asks about its topics whenever its time comes. */
  readonly isCurious: boolean;
  /** Speaks for a moment, for long, and not at all, by turns. */
  readonly isPulsing: boolean;
  /** Asks anew for some of its topics, and gives up others, as soon as it has asked for all. */
  readonly isFickle: boolean;
  /** Of what it publishes some is far longer than the rest. */
  readonly isUneven: boolean;
  readonly link: LinkPlan;
}

/** Of one who stays where it is, and asks seldom. */
export const plainHabits = {
  ...{ awayUs: 0, isCurious: false, isPulsing: false, isFickle: false, isUneven: false },
} as const;

/** Why a client is woken. */
export const purposes = { act: 0, connect: 1, read: 2, watch: 3 } as const;

/** Of one who pulses: a moment in which queues fill, time to read them, and time enough to fill them again. */
export const pulse = {
  everyUs: 9_500_000,
  shortFromUs: 600_000,
  shortToUs: 1_050_000,
  longFromUs: 3_000_000,
  longToUs: 6_500_000,
} as const;

/** A slow reader's ticks. */
export const READ_EVERY_US = 50_000;

/** What judges are told of a client before it does anything. */
export function wishesOf({ link, readBytes, ...plan }: ClientPlan) {
  const { client, node, behaviour, topics, publishes, transport, token } = plan;
  const readsPerSecond = (readBytes * 1_000_000) / READ_EVERY_US;
  const { windowBytes } = link;
  const wanted = { topics, publishes, transport, readsPerSecond, windowBytes, token };
  return { client, node, behaviour, ...wanted };
}
