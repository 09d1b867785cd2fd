// The life of one broker session, WebSocket or event stream, as the spec draws it.
// It rules when a session speaks and when it must fall silent; what is said is the actors' business.
// Obeys spec/broker.md, section "Sessions".

import { createMachine, lifeOf } from '../runtime/machine.ts';

export type SessionState = 'verifying' | 'open' | 'closing' | 'ended';
export type SessionEvent = 'admitted' | 'refused' | 'gaveUp' | 'closed';

export const sessionMachine = createMachine({
  id: 'broker-session',
  initial: 'verifying',
  states: {
    /** The handshake or request is held until auth has spoken. */
    verifying: { on: { admitted: 'open', refused: 'ended', closed: 'ended' } },
    open: { on: { gaveUp: 'closing', closed: 'ended' } },
    /** The close has been sent; what the client still says is not heard. */
    closing: { on: { closed: 'ended' } },
    ended: { type: 'final' },
  },
});

export const sessionLife = lifeOf<SessionState, SessionEvent>(
  sessionMachine,
  ['verifying', 'open', 'closing', 'ended'],
  ['admitted', 'refused', 'gaveUp', 'closed'],
);
