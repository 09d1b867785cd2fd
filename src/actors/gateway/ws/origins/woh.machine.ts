// The life of one WebSocket-over-HTTP connection, as its origin sees it.
// It rules which events may be told to the origin; how they are told is woh.ts's business.
// Obeys spec/websocket-over-http.md, sections "Opening" and "Closing".

import { createMachine, lifeOf } from '../../../runtime/machine.ts';

export type WohState = 'opening' | 'open' | 'closing' | 'leaving' | 'ended';
export type WohEvent =
  | 'accepted'
  | 'refused'
  | 'closeAsked'
  | 'closed'
  | 'clientLeft'
  | 'told'
  | 'lost';

export const wohMachine = createMachine({
  id: 'gateway-woh',
  initial: 'opening',
  states: {
    /** OPEN is told until the origin answers it; no other event is. */
    opening: { on: { accepted: 'open', refused: 'ended', clientLeft: 'leaving' } },
    open: { on: { closeAsked: 'closing', clientLeft: 'leaving', lost: 'ended' } },
    /** CLOSE is told behind what waits; messages of the client are not taken any more. */
    closing: { on: { closed: 'ended', clientLeft: 'leaving', lost: 'ended' } },
    /** The client is gone without a close: DISCONNECT is told, and nothing else. */
    leaving: { on: { told: 'ended', closed: 'ended', lost: 'ended' } },
    ended: { type: 'final' },
  },
});

export const wohLife = lifeOf<WohState, WohEvent>(
  wohMachine,
  ['opening', 'open', 'closing', 'leaving', 'ended'],
  ['accepted', 'refused', 'closeAsked', 'closed', 'clientLeft', 'told', 'lost'],
);
