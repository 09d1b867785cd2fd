// Every invariant that a run is judged by, in the order in which they are asked.

import { acks } from './acks.ts';
import { bounds } from './bounds.ts';
import { admission } from './doors/admission.ts';
import { expiry } from './doors/expiry.ts';
import { keepAlive } from './doors/keep-alive.ts';
import { limits } from './doors/limits.ts';
import { rate } from './doors/rate.ts';
import { rights } from './doors/rights.ts';
import { integrity } from './integrity.ts';
import type { Invariant } from './invariant.ts';
import { conversation, isolation, noFailures } from './isolation.ts';
import { liveness } from './liveness.ts';
import { offsetSteps } from './offset-steps.ts';
import { oneOrder } from './one-order.ts';
import { recovery } from './recovery.ts';
import { windows } from './windows.ts';

export const invariants: readonly Invariant[] = [
  noFailures,
  conversation,
  windows,
  offsetSteps,
  recovery,
  oneOrder,
  integrity,
  acks,
  bounds,
  isolation,
  rights,
  expiry,
  admission,
  limits,
  rate,
  keepAlive,
  liveness,
];
