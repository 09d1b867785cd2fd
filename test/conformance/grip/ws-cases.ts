// The cases about WebSockets, over HTTP and direct.

import type { GripCase } from './case.ts';

export const webSocketCases: readonly GripCase[] = [];
