// Every invariant that a gateway's run is judged by beside those of all runs.

import type { Invariant } from '../invariant.ts';
import { answersOnce, patienceOfHolders, prefixes } from './answers.ts';
import { errandsAnswered } from './errands.ts';
import { errandsNoticed } from './notices.ts';
import { delayed, filters } from './filters.ts';
import { followers } from './followers.ts';
import { holdsAlive } from './holds/alive.ts';
import { holdsAll } from './holds/all-heard.ts';
import { holdsLiveness } from './holds/liveness.ts';
import { holdsOrder } from './holds/order.ts';
import { idlers } from './idlers.ts';
import { holdersLastWords } from './last-words.ts';
import { clientsTold, requestsLogged, routesFollowed, sendingsTold } from './operators.ts';
import { paced } from './holds/paced.ts';
import { sceneInvariants } from './scenes/scenes.ts';
import {
  closes,
  fetches,
  intervals,
  leftovers,
  partings,
  retries,
  sentAway,
  words,
} from './origins.ts';

export const gatewayInvariants: readonly Invariant[] = [
  answersOnce,
  prefixes,
  holdsOrder,
  filters,
  delayed,
  holdsAlive,
  fetches,
  retries,
  words,
  intervals,
  closes,
  partings,
  sentAway,
  holdersLastWords,
  patienceOfHolders,
  holdsAll,
  holdsLiveness,
  followers,
  paced,
  leftovers,
  clientsTold,
  routesFollowed,
  sendingsTold,
  ...sceneInvariants,
  requestsLogged,
  errandsAnswered,
  errandsNoticed,
  idlers,
];
