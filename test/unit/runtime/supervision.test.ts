import { expect, test } from 'vitest';

import { judge, RESTART_BUDGET } from '../../../src/actors/runtime/supervision.ts';

const windowUs = RESTART_BUDGET.windowMs * 1_000;

test('[RUN-3] the rules stop and escalate need no budget', () => {
  const restarts: number[] = [];
  expect(judge('stop', restarts, 0)).toBe('stop');
  expect(judge('escalate', restarts, 0)).toBe('escalate');
  expect(restarts).toEqual([]);
});

test('[RUN-3] five fresh starts fit into a minute, and the sixth failure is the supervisor’s', () => {
  const restarts: number[] = [];
  for (let at = 0; at < 5; at += 1) expect(judge('restart', restarts, at)).toBe('restart');
  expect(judge('restart', restarts, windowUs - 1)).toBe('escalate');
});

test('[RUN-3] a start that lies a whole minute back is forgotten', () => {
  const restarts: number[] = [];
  for (let at = 0; at < 5; at += 1) judge('restart', restarts, at);
  expect(judge('restart', restarts, windowUs)).toBe('restart');
  expect(judge('restart', restarts, windowUs)).toBe('escalate');
  expect(judge('restart', restarts, windowUs + 1)).toBe('restart');
  expect(restarts).toHaveLength(RESTART_BUDGET.restartsMax);
});
