// The life of one connection between two nodes, as the spec draws it: nothing is told before the other side has proved
// itself. Refuses to know bytes and secrets. Obeys spec/hp-peer.md, section "Links".

import { createMachine, lifeOf } from '../../runtime/machine.ts';

export type PeerState = 'greeting' | 'proving' | 'judged' | 'up' | 'closed';
export type PeerEvent = 'greeted' | 'proved' | 'welcomed' | 'refused' | 'lost';

export const peerMachine = createMachine({
  id: 'hp-peer',
  initial: 'greeting',
  states: {
    /** Nobody has said anything that could be believed. */
    greeting: { on: { greeted: 'proving', refused: 'closed', lost: 'closed' } },
    /** The proofs are on their way. */
    proving: { on: { proved: 'judged', refused: 'closed', lost: 'closed' } },
    /** The other side is what it says; whether the link is wanted is being decided. */
    judged: { on: { welcomed: 'up', refused: 'closed', lost: 'closed' } },
    up: { on: { refused: 'closed', lost: 'closed' } },
    closed: { type: 'final' },
  },
});

export const peerLife = lifeOf<PeerState, PeerEvent>(
  peerMachine,
  ['greeting', 'proving', 'judged', 'up', 'closed'],
  ['greeted', 'proved', 'welcomed', 'refused', 'lost'],
);
