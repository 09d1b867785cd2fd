// The life of another node as one node sees it, as the spec draws it. Membership keeps hundreds of them in plain code,
// because it looks at each of them twice a second; a property test holds it to this machine.
// Refuses to know times. Obeys spec/hp-peer.md, section "Members".

import { createMachine, lifeOf } from '../../runtime/machine.ts';

export type MemberLife = 'up' | 'suspect' | 'down' | 'left' | 'forgotten';
export type MemberEvent =
  | 'linked'
  | 'heard'
  | 'silent'
  | 'lost'
  | 'silentLong'
  | 'refused'
  | 'outvoted'
  | 'departed'
  | 'forgotten';

export const memberMachine = createMachine({
  id: 'hp-member',
  initial: 'up',
  states: {
    up: { on: { silent: 'suspect', lost: 'suspect', departed: 'left' } },
    /** What is for it waits, and nobody is told. */
    suspect: {
      on: {
        linked: 'up',
        heard: 'up',
        silentLong: 'down',
        refused: 'down',
        outvoted: 'down',
        departed: 'left',
      },
    },
    down: { on: { linked: 'up', departed: 'left', forgotten: 'forgotten' } },
    left: { on: { linked: 'up', forgotten: 'forgotten' } },
    forgotten: { type: 'final' },
  },
});

export const memberLife = lifeOf<MemberLife, MemberEvent>(
  memberMachine,
  ['up', 'suspect', 'down', 'left', 'forgotten'],
  [
    ...(['linked', 'heard', 'silent', 'lost', 'silentLong', 'refused'] as const),
    ...(['outvoted', 'departed', 'forgotten'] as const),
  ],
);
