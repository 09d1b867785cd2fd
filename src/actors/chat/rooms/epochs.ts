// Numbers of epochs. Each life of a keeper of rooms gives such as nobody else gives: above all that it knows, with last digits
// of its own. So no two homes of a room, and no two lives of one, give the same place, whoever does not hear whom.
// Refuses to know rooms. Obeys spec/hp-peer.md, [HP-HOME-12]; see ADR 0036.

import type { ChatContext } from '../chat-context.ts';

export interface Epochs {
  /** The first that may be given. */
  readonly first: number;
  /** From one to the next. */
  readonly step: number;
  /** What is left of each when it is divided by that. */
  readonly own: number;
}

/** `drawn` is any whole number. */
export function epochsOf({ seam, life, incarnation }: ChatContext, drawn: number): Epochs {
  // A node that is alone meets nobody, and people read its numbers.
  if (seam === undefined) return { first: life * ALONE_PER_LIFE + 1, step: 1, own: 0 };
  const own = drawn % STEP;
  return { first: (incarnation + life) * STEP + own, step: STEP, own };
}

/** The next that this life may give. */
export function epochAfter(epoch: number, { first, step, own }: Epochs): number {
  const near = epoch - (epoch % step) + own;
  return Math.max(first, near > epoch ? near : near + step);
}

const STEP = 1_000;
const ALONE_PER_LIFE = 1_000_000;
