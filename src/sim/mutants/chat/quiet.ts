// Planted bugs of rooms in which nothing was said, or is remembered any more, of what is short, and of what is counted.

import type { Mutant } from '../mutant.ts';

const dialect = 'chat';

export const quiet: readonly Mutant[] = [
  {
    name: 'nothing-missed-is-not-said',
    dialect,
    nodes: 3,
    breaks: ['room-whole', 'room-fresh', 'hp-liveness'],
    requirements: ['HP-HOME-7'],
    file: 'chat/rooms/nodes/moving.ts',
    find: '  else if (room.seq <= place.seq) return;\n',
    replace: '  else return;\n',
    story:
      'A home whose numbers went on without messages has nothing to tell to whoever asks for what he missed, and he waits.',
  },
  {
    name: 'only-words-make-copies-again',
    dialect,
    nodes: 3,
    breaks: ['copied'],
    requirements: ['HP-STORE-4', 'HP-STORE-7'],
    file: 'chat/rooms/nodes/moving.ts',
    find: 'copyAgain(state, room, news.length + members.length > 0, context);',
    replace: 'copyAgain(state, room, news.length > 0, context);',
    story:
      'Who came with another home is not told to those that keep the room, where nothing was said there.',
  },
  {
    name: 'who-was-the-home-is-thought-to-keep',
    dialect,
    nodes: 3,
    breaks: ['copied'],
    requirements: ['HP-STORE-3'],
    file: 'chat/rooms/nodes/moving.ts',
    find: '    state.copies.get(name)?.kept.delete(node);\n',
    replace: '',
    story:
      'A node that was the home itself for a while has kept nothing of what it was given before, and is given no more.',
  },
  {
    name: 'one-seat-for-a-room-forgotten',
    dialect,
    nodes: 3,
    breaks: ['copied'],
    requirements: ['HP-STORE-3'],
    file: 'chat/rooms/nodes/replicas.ts',
    find: "    tellKeeper(state.chat, node, name, { say: 'behind' }, context);\n  else if (isIn)",
    replace: '    void state;\n  else if (isIn)',
    story:
      'A copy that has forgotten a room is told who comes, and says to nobody that it knows no other.',
  },
  {
    name: 'other-words-weigh-the-same',
    dialect,
    breaks: ['books'],
    requirements: ['HP-HIST-4'],
    file: 'chat/rooms/room-memory.ts',
    find: '    this.#bytes += bytes;\n    this.#budget?.grew(this, bytes);\n',
    replace: '    void bytes;\n',
    story: 'What takes the place of a message is thought to be as long as that was.',
  },
  {
    name: 'memories-without-end',
    dialect,
    nodes: 1,
    breaks: ['books'],
    requirements: ['HP-HIST-4'],
    file: 'chat/memory-budget.ts',
    find: '    this.#memories.add(memory);\n',
    replace: '',
    story:
      'Of memories that grow none stands in the row of those that have to forget, and none does.',
  },
  {
    name: 'statistics-of-the-first-shard',
    dialect,
    breaks: ['views'],
    requirements: ['HP-STATS-2'],
    file: 'chat/session/looking.ts',
    find: '    for (const [node, count] of reply.sessions)\n      counts.sessions.set(node, (counts.sessions.get(node) ?? 0) + count);\n',
    replace: '    for (const [node, count] of reply.sessions) counts.sessions.set(node, count);\n',
    story:
      'Each shard tells the sessions of its users, and the last one that is heard is taken for all.',
  },
  {
    name: 'too-full-by-one',
    dialect,
    nodes: 1,
    breaks: ['hp-limits'],
    requirements: ['HP-LIM-2'],
    file: 'chat/rooms/deeds.ts',
    find: '!room.has(member) && room.seats >= roomMembersMax',
    replace: '!room.has(member) && room.seats > roomMembersMax',
    story: 'Where so many may sit, one more is let in.',
  },
  {
    name: 'throttled-for-ever',
    dialect,
    breaks: ['hp-patience', 'hp-liveness'],
    requirements: ['HP-LIM-3'],
    file: 'chat/session/hearing.ts',
    find: '  session.isThrottled = false;\n',
    replace: '  void session;\n',
    story: 'Whoever was read from too fast once is not read from again.',
  },
];
