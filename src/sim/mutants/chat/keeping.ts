// Planted bugs in what a chat keeps and counts: connections and bytes that are counted out twice or not at all, and copies that
// nobody has, or that outlive what they are copies of.

import type { Mutant } from '../mutant.ts';

const dialect = 'chat';

export const keeping: readonly Mutant[] = [
  {
    name: 'connections-counted-out-twice',
    dialect,
    breaks: ['books'],
    requirements: ['HP-CONN-2'],
    file: 'chat/hp-door.actor.ts',
    find: '  admission.leave(guest.remote);\n  guest.remote = undefined;',
    replace: '  admission.leave(guest.remote);',
    story: 'A connection is counted out at its end, and again at that of its session.',
  },
  {
    name: 'acknowledged-bytes-still-weigh',
    dialect,
    breaks: ['books'],
    requirements: ['HP-RELAY-13'],
    file: 'cluster/relay/outgoing.ts',
    find: '    for (const { bytes } of gone) this.#bytes -= bytes;\n    if (this.#isOpen) return;',
    replace: '    if (gone.length < 0 || this.#isOpen) return;',
    story:
      'After some megabytes in all nothing is said any more in rooms that the other node has part in.',
  },
  {
    name: 'patience-looks-at-the-last-room-only',
    dialect,
    breaks: ['copied'],
    requirements: ['HP-ACK-1'],
    file: 'chat/rooms/nodes/replicas.ts',
    find: 'isWaiting ||= copies.waiting.length > 0;',
    replace: 'isWaiting = copies.waiting.length > 0;',
    story:
      'Whoever spoke in another room waits for a node that does not answer, and is told nothing.',
  },
  {
    name: 'holders-not-told-that-the-user-is-back',
    dialect,
    breaks: ['copied'],
    requirements: ['HP-STORE-6'],
    file: 'chat/users/nodes/waiting-room.ts',
    find: '  for (const kept of offline) release(state, user, kept, context);',
    replace: '  for (const kept of user.offline) release(state, user, kept, context);',
    story: 'What a user has had is held on, and told again when the node dies where it waited.',
  },
  {
    name: 'quiet-rooms-are-not-copied',
    dialect,
    breaks: ['copied'],
    requirements: ['HP-STORE-4', 'HP-STORE-7'],
    file: 'chat/rooms/nodes/replicas.ts',
    find: 'room.memory.all.length === 0 && room.count === 0 && known',
    replace: 'room.memory.all.length === 0 && known',
    story:
      'Nobody knows who was in a room in which nothing was said, when its second home dies, too.',
    nodes: 3,
  },
  {
    name: 'copies-keep-those-who-left',
    dialect,
    breaks: ['copied'],
    requirements: ['HP-STORE-7'],
    file: 'chat/rooms/nodes/replicas.ts',
    find: '  else users.delete(userKey(user));',
    replace: '  else users.delete(user);',
    story: 'Those who left, and whose names have capitals, leave once more when the home dies.',
  },
  {
    name: 'holders-forgotten-on-a-second-way',
    dialect,
    breaks: ['copied', 'directs'],
    requirements: ['HP-STORE-6'],
    file: 'chat/users/nodes/elsewhere.ts',
    find: 'fly(state, user, message, nodes, true, context, heldBy);\n    return;',
    replace: 'fly(state, user, message, nodes, true, context);\n    return;',
    story:
      'A user goes on to another node before the message comes; it is told again when the node dies where it waited.',
    nodes: 4,
  },
  {
    name: 'no-place-for-what-waited-elsewhere',
    dialect,
    breaks: ['copied', 'directs'],
    requirements: ['HP-STORE-6', 'HP-DM-6'],
    file: 'chat/users/directs.ts',
    find: '    else if (ask.isDelayed === true) waitOn(state, ask, context);\n',
    replace: '',
    story:
      'Where some wait already, those of a node that dies are dropped, though `queued` was said.',
    nodes: 4,
  },
  {
    name: 'held-is-not-said-again',
    dialect,
    breaks: ['copied', 'directs'],
    requirements: ['HP-STORE-6'],
    file: 'chat/users/users.actor.ts',
    find: '        sayAllHeld(state, node, context);\n',
    replace: '',
    nodes: 4,
    story:
      'A node that stood still goes on holding what the user has had meanwhile, and tells it again.',
  },
  {
    name: 'heir-does-not-know-who-else-holds',
    dialect,
    breaks: ['copied', 'directs'],
    requirements: ['HP-STORE-6'],
    file: 'chat/users/nodes/waiting-room.ts',
    find: "        tellKeeper(state, next, user.name, { say: 'waits', message }, context, message.id);\n      }",
    replace: '      }',
    story:
      'What an heir has told the user is held on by a third node, and told again when the heir dies.',
    nodes: 4,
  },
  {
    name: 'holders-that-are-back-hold-nothing',
    dialect,
    breaks: ['copied'],
    requirements: ['HP-STORE-6'],
    file: 'chat/users/users.actor.ts',
    find: '        // [HP-STORE-6] It may have begun anew before anybody took it for dead: no change of nodes follows.\n        holdAgain(state, context);\n',
    replace: '',
    story: 'A node is back before it was missed, and holds nothing any more of what it held.',
    nodes: 3,
  },
  {
    name: 'a-life-that-is-over-goes-on',
    dialect,
    breaks: ['copied', 'directs'],
    requirements: ['HP-STORE-6', 'HP-RELAY-14'],
    file: 'chat/users/users.actor.ts',
    find: 'before !== undefined && before !== incarnation && !state.gone.has(node)',
    replace: 'before !== undefined && before > incarnation && !state.gone.has(node)',
    story:
      'A relay dies before it tells that another node has died; what waited there is held on for the next life of it, which knows nothing.',
    nodes: 4,
  },
];
