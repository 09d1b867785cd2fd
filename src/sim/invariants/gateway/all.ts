// Every invariant that a gateway's run is judged by beside those of all runs.

import type { Invariant } from '../invariant.ts';

export const gatewayInvariants: readonly Invariant[] = [];
