// All plays. Refuses to know who plays them, and when.

import { doorPlays } from './doors.ts';
import { mannerPlays } from './manners.ts';
import type { Play } from './play.ts';
import { letterPlays } from './letters.ts';
import { proofPlays } from './proofs.ts';
import { returnPlays } from './returns.ts';
import { talkPlays } from './talks.ts';
import { mishapTours, tours } from './tours/tours.ts';
import { wordPlays } from './words.ts';

/** At the doors of one node. */
export const plays: readonly Play[] = [
  ...doorPlays,
  ...proofPlays,
  ...talkPlays,
  ...letterPlays,
  ...wordPlays,
  ...returnPlays,
  ...mannerPlays,
];

export function playNamed(name: string): Play | undefined {
  return byName.get(name);
}

const byName: ReadonlyMap<string, Play> = new Map(
  [...plays, ...tours, ...mishapTours].map((play) => [play.name, play]),
);
