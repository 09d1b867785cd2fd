// What happens to an actor whose `receive` threw: it ends, starts afresh, or takes its parent down with it.
// Restarts have a budget, so that a bug which returns at once becomes the parent's trouble, not a busy loop.
// Refuses to know what the actor does. Obeys ADR 0003.

import type { FailureRule } from './actor.ts';

/** [RUN-3] At most `restartsMax` restarts within any `windowMs`. */
export const RESTART_BUDGET = { restartsMax: 5, windowMs: 60_000 } as const;

export type Verdict = 'stop' | 'restart' | 'escalate';

/**
 * Decides on a failure at `now` (microseconds), given the instants of earlier restarts.
 * Appends to `restarts` when the verdict is `restart`, and forgets those outside the window.
 */
export function judge(rule: FailureRule, restarts: number[], now: number): Verdict {
  if (rule !== 'restart') return rule;
  const since = now - RESTART_BUDGET.windowMs * 1_000;
  while (restarts.length > 0 && (restarts[0] ?? 0) <= since) restarts.shift();
  if (restarts.length >= RESTART_BUDGET.restartsMax) return 'escalate';
  restarts.push(now);
  return 'restart';
}
