// Every errand, by its name and by its number. Refuses to know who runs them, and when.

import { bridgeErrands } from './bridges.ts';
import { commandErrands } from './commands.ts';
import type { Errand } from './errand.ts';
import { holdErrands } from './holds.ts';
import { linkErrands } from './links.ts';
import { retryErrands } from './patience/retries.ts';
import { timeoutErrands } from './patience/timeouts.ts';
import { scriptErrands } from './scripts.ts';
import { sockErrands } from './talks/sock-pages.ts';
import { socketErrands } from './talks/sockets.ts';
import { itemErrands } from './spellings/items.ts';
import { lineErrands } from './spellings/lines.ts';
import { activityErrand, noticeErrands } from './patience/notices.ts';
import { otherErrands } from './talks/others.ts';
import { routeErrands } from './spellings/routes.ts';
import { mortalErrands } from './patience/deaths.ts';
import { narrowErrands } from './patience/narrow.ts';
import { abroadErrands } from './talks/abroad.ts';
import { closingErrands } from './talks/closings.ts';
import { directErrands } from './talks/directs.ts';
import { eventErrands } from './talks/events.ts';
import { frameErrands } from './talks/frames.ts';
import { pageErrands } from './talks/pages.ts';
import { wayErrands } from './ways.ts';

/** Each group is drawn from a stream of its own: runs without the others are the runs that they were before. */
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

export const laterErrands: readonly Errand[] = [
  ...itemErrands,
  ...lineErrands,
  ...routeErrands,
  ...eventErrands,
  ...closingErrands,
  ...directErrands,
  ...pageErrands,
  ...frameErrands,
];

/** They take their time: a run lasts longer for them. */
export const patientErrands: readonly Errand[] = [
  ...retryErrands,
  ...timeoutErrands,
  activityErrand,
];

/** Others, that came later still. */
export const latestErrands: readonly Errand[] = [...noticeErrands, ...otherErrands];

export { abroadErrands, mortalErrands, narrowErrands };

export const errands: readonly Errand[] = [
  ...firstErrands,
  ...laterErrands,
  ...patientErrands,
  ...latestErrands,
  ...abroadErrands,
  ...narrowErrands,
  ...mortalErrands,
];

const byName: ReadonlyMap<string, Errand> = new Map(errands.map((errand) => [errand.name, errand]));

/** Undefined for one that was renamed since its plan was written. */
export function errandNamed(name: string): Errand | undefined {
  return byName.get(name);
}

/** Whose own channel it is. */
export function errandOf(channel: string): Errand | undefined {
  return channel.startsWith('e-') ? errandNamed(channel.slice(2)) : undefined;
}

/** How many follow the channel of an errand. */
export function crowdOf(channel: string): number {
  const errand = errandOf(channel);
  return (errand?.to === 'door' ? errand.times : undefined) ?? 1;
}

/** Under which its answer is found, from 1 up. */
export function numberOf(errand: Errand): number {
  return errands.indexOf(errand) + 1;
}
