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
];
