// What can be simulated, by the name that `--only` takes: a dialect brings its way of drawing plans and its judges.
// Also the canary, whose lie every search must find. Refuses to run anything.

import { invariants } from '../invariants/all.ts';
import type { Invariant } from '../invariants/invariant.ts';
import { chatInvariants } from '../invariants/chat/all.ts';
import { gatewayInvariants } from '../invariants/gateway/all.ts';
import { drawPlan, type Plan, type PlanChoices } from '../plan.ts';
import { drawChatPlan } from '../plan/chat.ts';
import { drawGatewayPlan } from '../plan/gateway.ts';

export interface Dialect {
  /** The whole of a run: its world, its workload, its faults. */
  readonly draw: (choices: PlanChoices) => Plan;
  readonly judges: readonly Invariant[];
}

const dialects: Readonly<Record<string, Dialect>> = {
  broker: { draw: drawPlan, judges: invariants },
  gateway: { draw: drawGatewayPlan, judges: [...invariants, ...gatewayInvariants] },
  chat: { draw: drawChatPlan, judges: [...invariants, ...chatInvariants] },
};

export const dialectNames: readonly string[] = Object.keys(dialects);

/** What the canary lies about, and where a planted bug is looked for that names no other. */
export const DIALECT = 'broker';

/** The dialect of a seed's world where none is asked for: they take turns. */
export function dialectInTurn(seed: number): string {
  return dialectNames[seed % dialectNames.length] ?? DIALECT;
}

export function dialectOf(name: string): Dialect {
  const dialect = dialects[name];
  if (dialect === undefined) throw new Error(`there is no dialect '${name}'`);
  return dialect;
}

/**
 * The same judges behind a broken wire: the hundredth message that a client reads has other bytes than were
 * published, which breaks `integrity`. A search that does not fail on it looks at nothing.
 */
export function withCanary(judges: readonly Invariant[]): readonly Invariant[] {
  return judges.map((invariant) => ({
    ...invariant,
    judge(report) {
      const watcher = invariant.judge(report);
      let messages = 0;
      return {
        ...watcher,
        message(event) {
          messages += 1;
          const isLie = messages === CANARY_MESSAGE;
          watcher.message?.(isLie ? { ...event, bytesName: event.bytesName + 1 } : event);
        },
      };
    },
  }));
}

const CANARY_MESSAGE = 100;
