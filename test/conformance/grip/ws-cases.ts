// The cases about WebSockets, over HTTP and direct.

import type { GripCase } from './case.ts';
import { webSocketConfiguredCases } from './ws-configured-cases.ts';
import { webSocketControlCases } from './ws-control-cases.ts';
import { webSocketDirectCases } from './ws-direct-cases.ts';
import { webSocketFrameCases } from './ws-frame-cases.ts';
import { webSocketOpenCases } from './ws-open-cases.ts';
import { webSocketTurnCases } from './ws-turn-cases.ts';

export const webSocketCases: readonly GripCase[] = [
  ...webSocketOpenCases,
  ...webSocketTurnCases,
  ...webSocketControlCases,
  ...webSocketFrameCases,
  ...webSocketDirectCases,
  ...webSocketConfiguredCases,
];
