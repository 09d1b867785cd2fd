// Planted bugs in what nodes know of each other's users and rooms: plays of several nodes find them.

import type { Mutant } from '../mutant.ts';

const dialect = 'chat';
const breaks = ['plays'];

export const tourMutants: readonly Mutant[] = [
  {
    ...{ name: 'moved-and-still-there', dialect, breaks },
    requirements: ['HP-HOME-7', 'HP-SESS-6', 'HP-ROOM-8'],
    file: 'chat/rooms/deeds.ts',
    find: "  for (const node of room.nodesOf(member))\n    tellKeeper(state.chat, node, room.name, { say: 'whoSits' }, context);\n",
    replace: '',
    story:
      'Nobody asks the node that a session has left: it sits there for its room, and is seen for seconds after its goodbye.',
  },
  {
    ...{ name: 'one-session-for-each-node', dialect, breaks, requirements: ['HP-LOGIN-1'] },
    file: 'chat/users/registry.ts',
    find: "(sessionPolicy === 'replace' ? 0 : user.elsewhere.length)",
    replace: "(sessionPolicy === 'replace' ? 0 : user.nodes.length)",
    story: 'Of two sessions of a user on another node one is counted.',
  },
];
