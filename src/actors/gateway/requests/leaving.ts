// The end of a request: what it followed is let go, its origin is told when it asked to be, and the actor ends.
// Refuses to know why it ended. Obeys spec/grip.md, section "Links".

import { abandon, askOwn } from './asking.ts';
import { letGo } from './holding.ts';
import type { RequestState, Turn } from './request-state.ts';

/** Nothing more will be said to the client. */
export function end(state: RequestState, context: Turn): void {
  const isTelling = state.question?.purpose === 'gone';
  if (!isTelling) abandon(state, context);
  letGo(state, context);
  state.queue = [];
  // Its subscriptions may stand yet, and nobody is there to begin for.
  state.opening = undefined;
  state.life = 'leaving';
  sayGone(state, context);
  if (!isTelling && !tellGone(state, context)) context.stop();
}

/** True when an origin is being told that its hold is over, which it is told once. */
export function tellGone(state: RequestState, context: Turn): boolean {
  const link = state.hold?.gone;
  if (state.hold === undefined || link === undefined) return false;
  state.hold.gone = undefined;
  // [PROC-DRAIN-3] The clients are not gone: the node is, and they will be back.
  if (state.admitted.gateway.isDraining) return false;
  askOwn(state, 'gone', { ...link, headers: [] }, new Uint8Array(0), context);
  return true;
}

/** Operators hear that the client is gone. */
export function sayGone(state: RequestState, context: Turn): void {
  const { gateway, route } = state.admitted;
  const id = connectionIdOf(state);
  context.send(gateway.edges.operator, { type: 'clientDisconnected', id, route: route.id });
}

/** Under which operators know the client. */
export function connectionIdOf({ admitted, connection }: RequestState): string {
  return `${admitted.gateway.shard}:${connection}`;
}
