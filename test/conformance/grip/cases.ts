// All cases of the gateway dialect.

import type { GripCase } from './case.ts';
import { answerCases, holdCases, instructCases, jsonCases } from './hold-cases.ts';
import { endingCases } from './ending-cases.ts';
import { headCases, proxyCases, signatureCases } from './proxy-cases.ts';
import { controlCases, itemCases } from './publish-cases.ts';
import { filterCases } from './filter-cases.ts';
import { commandCases, statsCases, zeromqCases } from './zeromq-cases.ts';
import { clientCases, smugglingCases } from './client-cases.ts';
import { corsCases, jsonpCases } from './page-cases.ts';
import { configuredCases } from './configured-cases.ts';
import { sockjsCases } from './sockjs-cases.ts';
import { keepAliveCases, streamCases } from './stream-cases.ts';
import { nextCases, orderCases, positionCases } from './next-cases.ts';
import { routeCases } from './route-cases.ts';
import { otherwiseCases } from './otherwise-cases.ts';
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
  ...endingCases,
  ...streamCases,
  ...keepAliveCases,
  ...nextCases,
  ...positionCases,
  ...orderCases,
  ...controlCases,
  ...itemCases,
  ...filterCases,
  ...zeromqCases,
  ...commandCases,
  ...statsCases,
  ...clientCases,
  ...smugglingCases,
  ...corsCases,
  ...jsonpCases,
  ...sockjsCases,
  ...configuredCases,
  ...otherwiseCases,
  ...webSocketCases,
];
