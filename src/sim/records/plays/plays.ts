// All plays. Refuses to know who plays them, and when.

import type { House } from './house.ts';
import { endingPlays } from './asked/endings.ts';
import { envelopePlays } from './asked/envelopes.ts';
import { formPlays } from './asked/forms.ts';
import { readerPlays } from './asked/readers.ts';
import { threadPlays } from './asked/threads.ts';
import { tokenPlays } from './asked/tokens.ts';
import { doorPlays } from './doors.ts';
import { mannerPlays } from './manners.ts';
import type { Play } from './play.ts';
import { letterPlays } from './letters.ts';
import { proofPlays } from './proofs.ts';
import { returnPlays } from './returns.ts';
import { talkPlays } from './talks.ts';
import { bridgedPlays } from './narrow/bridged.ts';
import { memoryPlays } from './narrow/memories.ts';
import { pacePlays } from './narrow/paces.ts';
import { policyPlays } from './narrow/policies.ts';
import { waitingPlays } from './narrow/waiting.ts';
import { mishapTours, tours } from './tours/tours.ts';
import { wordPlays } from './words.ts';

const usual: readonly Play[] = [
  ...doorPlays,
  ...proofPlays,
  ...talkPlays,
  ...letterPlays,
  ...wordPlays,
  ...returnPlays,
  ...mannerPlays,
  ...formPlays,
  ...envelopePlays,
  ...endingPlays,
  ...readerPlays,
  ...threadPlays,
  ...tokenPlays,
];

const narrow: readonly Play[] = [
  ...policyPlays,
  ...memoryPlays,
  ...pacePlays,
  ...waitingPlays,
  ...bridgedPlays,
];

/** At the doors of one node. */
export const plays: readonly Play[] = [
  ...usual.map((play) => ({
    ...play,
    fits: (house: House) => !house.isNarrow && play.fits(house),
  })),
  ...narrow.map((play) => ({
    ...play,
    fits: (house: House) => house.isNarrow && play.fits(house),
  })),
];

export function playNamed(name: string): Play | undefined {
  return byName.get(name);
}

const byName: ReadonlyMap<string, Play> = new Map(
  [...plays, ...tours, ...mishapTours].map((play) => [play.name, play]),
);
