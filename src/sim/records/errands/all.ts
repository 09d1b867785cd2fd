// Every errand, by its name and by its number. Refuses to know who runs them, and when.

import { bridgeErrands } from './bridges.ts';
import { commandErrands } from './commands.ts';
import type { Errand } from './errand.ts';
import { furtherErrands } from './further/further.ts';
import { holdErrands } from './holds.ts';
import { linkErrands } from './links.ts';
import { scriptErrands } from './scripts.ts';
import { sockErrands } from './sock-pages.ts';
import { socketErrands } from './sockets.ts';
import { wayErrands } from './ways.ts';

/** Drawn from a stream of their own: runs without the others are the runs that they were before. */
export const firstErrands: readonly Errand[] = [
  ...commandErrands,
  ...scriptErrands,
  ...holdErrands,
  ...linkErrands,
  ...socketErrands,
  ...bridgeErrands,
  ...sockErrands,
  ...wayErrands,
];

export const errands: readonly Errand[] = [...firstErrands, ...furtherErrands];

/** Undefined for one that was renamed since its plan was written. */
export function errandNamed(name: string): Errand | undefined {
  return errands.find((errand) => errand.name === name);
}

/** How many follow the channel of an errand. */
export function crowdOf(channel: string): number {
  const errand = errandNamed(channel.replace(/^e-/, ''));
  return (errand?.to === 'door' ? errand.times : undefined) ?? 1;
}

/** Under which its answer is found, from 1 up. */
export function numberOf(errand: Errand): number {
  return errands.indexOf(errand) + 1;
}
