// The life of one HP session, as the spec draws it. It rules what a client may say and whether it may still come back;
// what is said is the actor's business. Obeys spec/hp.md, section "Sessions".

import { createMachine, lifeOf } from '../runtime/machine.ts';

export type HpState = 'connected' | 'active' | 'draining' | 'detached' | 'closed';
export type HpEvent =
  | 'loggedIn'
  | 'resumed'
  | 'drained'
  | 'lost'
  | 'left'
  | 'refused'
  | 'moved'
  | 'expired';

export const hpSessionMachine = createMachine({
  id: 'hp-session',
  initial: 'connected',
  states: {
    /** Nobody has logged in. */
    connected: {
      on: {
        loggedIn: 'active',
        resumed: 'active',
        lost: 'closed',
        left: 'closed',
        refused: 'closed',
        drained: 'closed',
      },
    },
    active: {
      on: {
        drained: 'draining',
        lost: 'detached',
        left: 'closed',
        refused: 'closed',
        moved: 'closed',
      },
    },
    /** The node goes: the client may finish what it does, and is to come back elsewhere. */
    draining: { on: { lost: 'detached', left: 'closed', refused: 'closed', moved: 'closed' } },
    /** The connection is gone; the client may come back on another one. */
    detached: { on: { moved: 'closed', expired: 'closed', refused: 'closed' } },
    closed: { type: 'final' },
  },
});

export const hpLife = lifeOf<HpState, HpEvent>(
  hpSessionMachine,
  ['connected', 'active', 'draining', 'detached', 'closed'],
  ['loggedIn', 'resumed', 'drained', 'lost', 'left', 'refused', 'moved', 'expired'],
);
