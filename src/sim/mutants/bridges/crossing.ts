// Planted bugs of bridges: what goes over twice or too far, and in whose name it is said in a room.

import type { Mutant } from '../mutant.ts';

const dialect = 'chat';

const ofBridges: readonly Omit<Mutant, 'nodes' | 'dialect'>[] = [
  {
    name: 'bridged-on-every-node',
    breaks: ['crossing', 'room-order', 'bridged'],
    requirements: ['BRIDGE-13'],
    file: 'routing/home.actor.ts',
    find: 'const isBridgedAlready = ask.isBridged === true || ask.isRelayed === true;',
    replace: 'const isBridgedAlready = ask.isBridged === true;',
    story:
      'All nodes have the same bridges, and each of them takes what comes from another one over them once more.',
  },
  {
    name: 'bridged-from-a-room-and-on',
    breaks: ['crossing', 'bridged', 'room-order'],
    requirements: ['BRIDGE-1'],
    file: 'chat/rooms/bridged.ts',
    find: ', context, { isBridged: true });',
    replace: ', context);',
    story: 'What came into a room over a bridge goes back over it, as if it had been said there.',
  },
  {
    name: 'claimed-where-nobody-is-proved',
    breaks: ['bridged'],
    requirements: ['BRIDGE-6'],
    file: 'broker/ws-session.actor.ts',
    find: "state.speaker = message.subject ?? '';",
    replace: 'state.speaker = message.subject;',
    story:
      'A token that is for nobody in particular lets its bearer speak by whatever name the words claim.',
  },
  {
    name: 'bridged-name-unchecked',
    breaks: ['bridged', 'hp-words'],
    requirements: ['BRIDGE-6'],
    file: 'chat/rooms/room-bridge.ts',
    find: "typeof name === 'string' && isUserName(name) ? name : 'guest'",
    replace: "typeof name === 'string' && name !== '' ? name : 'guest'",
    story: 'Names that no user can have speak in rooms: other nodes do not even take the word.',
  },
  {
    name: 'bridged-where-the-room-lives',
    breaks: ['bridged'],
    requirements: ['BRIDGE-13'],
    file: 'chat/rooms/nodes/away.ts',
    find: "  if ('replyTo' in ask || ask.type === 'bridged')\n    state.pending.set(state.lastRef, { ask, askedAt: context.now, isMoved });\n  if (!isMoved) send",
    replace:
      "  if ('replyTo' in ask || ask.type === 'bridged')\n    state.pending.set(state.lastRef, { ask, askedAt: context.now, isMoved });\n  if (!isMoved && ask.type !== 'bridged') send",
    story:
      'What comes over a bridge on another node than the home of the room waits to be asked again, which nobody does.',
  },
];

export const bridging: readonly Mutant[] = ofBridges.map((mutant) => ({
  ...mutant,
  dialect,
  nodes: 3,
}));
