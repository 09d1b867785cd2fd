// All cases of the gateway dialect.

import type { GripCase } from './case.ts';
import { answerCases, holdCases, instructCases, jsonCases } from './hold-cases.ts';
import { headCases, proxyCases, signatureCases } from './proxy-cases.ts';
import { keepAliveCases, streamCases } from './stream-cases.ts';
import { nextCases, orderCases, positionCases } from './next-cases.ts';
import { routeCases } from './route-cases.ts';
import { webSocketCases } from './ws-cases.ts';

export const allGripCases: readonly GripCase[] = [
  ...routeCases,
  ...proxyCases,
  ...headCases,
  ...signatureCases,
  ...holdCases,
  ...answerCases,
  ...instructCases,
  ...jsonCases,
  ...streamCases,
  ...keepAliveCases,
  ...nextCases,
  ...positionCases,
  ...orderCases,
  ...webSocketCases,
];
