// All cases of the gateway dialect.

import type { GripCase } from './case.ts';
import { proxyCases } from './proxy-cases.ts';
import { webSocketCases } from './ws-cases.ts';

export const allGripCases: readonly GripCase[] = [...proxyCases, ...webSocketCases];
