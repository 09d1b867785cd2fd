// Every invariant that a run is judged by, in the order in which they are asked.

import { acks } from './acks.ts';
import { bounds } from './bounds.ts';
import { census } from './census.ts';
import { books } from './delivery/books.ts';
import { conservation } from './delivery/conservation.ts';
import { epochs } from './delivery/epochs.ts';
import { integrity } from './delivery/integrity.ts';
import { admission } from './doors/admission.ts';
import { dropping } from './doors/dropping.ts';
import { expiry } from './doors/expiry.ts';
import { keepAlive } from './doors/keep-alive.ts';
import { limits } from './doors/limits.ts';
import { rate } from './doors/rate.ts';
import { rights } from './doors/rights.ts';
import type { Invariant } from './invariant.ts';
import { conversation, isolation, noFailures } from './isolation.ts';
import { lastWords } from './doors/last-words.ts';
import { liveness } from './liveness.ts';
import { offsetSteps } from './delivery/offset-steps.ts';
import { oneOrder } from './delivery/one-order.ts';
import { memory } from './delivery/memory.ts';
import { pacing } from './doors/pacing.ts';
import { patience } from './patience.ts';
import { recovery } from './delivery/recovery.ts';
import { rest } from './rest.ts';
import { routes } from './routing/routes.ts';
import { unknown } from './unknown.ts';
import { windows } from './delivery/windows.ts';
import { closeCodes, frames, mistakes, requests, welcome } from './wording.ts';

export const invariants: readonly Invariant[] = [
  noFailures,
  lastWords,
  frames,
  mistakes,
  requests,
  closeCodes,
  welcome,
  conversation,
  windows,
  offsetSteps,
  recovery,
  memory,
  epochs,
  oneOrder,
  integrity,
  acks,
  unknown,
  patience,
  pacing,
  bounds,
  dropping,
  isolation,
  rest,
  census,
  conservation,
  books,
  routes,
  rights,
  expiry,
  admission,
  limits,
  rate,
  keepAlive,
  liveness,
];
