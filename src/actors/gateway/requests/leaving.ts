// The end of a request: what it followed is let go, its origin is told when it asked to be, and the actor ends.
// Refuses to know why it ended. Obeys spec/grip.md, section "Links".

import { abandon, askOwn } from './asking.ts';
import { letGo } from './holding.ts';
import { resolveLink } from './links.ts';
import type { RequestState, Turn } from './request-state.ts';

/** Nothing more will be said to the client. */
export function end(state: RequestState, context: Turn): void {
  abandon(state, context);
  letGo(state, context);
  state.queue = [];
  state.life = 'leaving';
  if (!tellGone(state, context)) context.stop();
}

/** [GRIP-GONE] True when an origin is being told that its hold is over; nothing waits for what it says. */
export function tellGone(state: RequestState, context: Turn): boolean {
  const uri = state.hold?.gone;
  const link = uri === undefined ? undefined : resolveLink(state, uri);
  if (link === undefined) return false;
  askOwn(state, 'gone', { ...link, headers: [] }, new Uint8Array(0), context);
  return true;
}
