// The end of a request: what it followed is let go, its origin is told when it asked to be, and the actor ends.
// Refuses to know why it ended. Obeys spec/grip.md, section "Links".

import { abandon, askOwn } from './asking.ts';
import { goneOf, letGo } from './holding.ts';
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

/**
 * [GRIP-HOLD-9] True when an origin is being told that its hold is over, which it is told once. So is one whose client
 * went while it read the answer's long body, behind which the hold would have begun.
 */
export function tellGone(state: RequestState, context: Turn): boolean {
  const { hold, pendingStream } = state;
  const link = hold === undefined ? pendingStream && goneOf(state, pendingStream) : hold.gone;
  if (link === undefined) return false;
  if (hold !== undefined) hold.gone = undefined;
  state.pendingStream = undefined;
  // [PROC-DRAIN-3] The clients are not gone: the node is, and they will be back.
  if (state.admitted.gateway.isDraining) return false;
  askOwn(state, 'gone', { ...link, headers: [] }, new Uint8Array(0), context);
  return true;
}

/** [PROC-DRAIN-3] A client may be seen to have been sent away before it is known here that the node goes. */
export function noteVerdict(state: RequestState, code: number): void {
  if (code !== GOING_AWAY) return;
  if (state.hold !== undefined) state.hold.gone = undefined;
  state.pendingStream = undefined;
}

/** [GRIP-STATS-3] Operators hear that the client is gone. */
export function sayGone(state: RequestState, context: Turn): void {
  const { gateway, route } = state.admitted;
  const id = connectionIdOf(state);
  context.send(gateway.edges.operator, {
    type: 'clientDisconnected',
    connection: state.connection,
    id,
    route: route.id,
  });
}

/** Under which operators know the client. */
export function connectionIdOf({ admitted, connection }: RequestState): string {
  return `${admitted.gateway.shard}:${connection}`;
}

/** [GRIP-STREAM-9] A client that does not read is let go, and counted: nothing is left out of a stream. */
export function tooSlow(state: RequestState, context: Turn): void {
  const { connection, admitted } = state;
  if (state.life === 'leaving') return;
  context.count('gateway.streams.tooSlow');
  context.send(admitted.gateway.edges.web, { type: 'cut', connection });
}

const GOING_AWAY = 1001;
