// Planted bugs of people who come back twice, step out, show tokens that end or use an id for two, and of sides of a cluster.

import type { Mutant } from '../mutant.ts';

export const again: readonly Mutant[] = [
  {
    name: 'gap-told-at-each-resume',
    dialect: 'chat',
    breaks: ['gaps'],
    requirements: ['HP-RES-8'],
    file: 'chat/session/seats.ts',
    find: '  seat.open = undefined;\n  seat.hasGap = false;',
    replace: '  seat.open = undefined;',
    story:
      'That a room has a gap is remembered until somebody is told, and nobody thinks of forgetting it then. Whoever comes back is told again and again that something is missing.',
  },
  {
    name: 'first-unwritten-message-not-replayed',
    dialect: 'chat',
    breaks: ['room-whole'],
    requirements: ['HP-RES-7'],
    file: 'chat/session/resuming.ts',
    find: '    if (unwritten !== undefined) seat.place = { ...unwritten, seq: unwritten.seq - 1 };',
    replace: '    if (unwritten !== undefined) seat.place = unwritten;',
    story:
      'What comes back begins behind the first message that was not written, as it does behind the last that was.',
  },
  {
    name: 'lost-again-while-coming-back',
    dialect: 'chat',
    breaks: ['room-whole'],
    requirements: ['HP-RES-3'],
    file: 'chat/session/resuming.ts',
    find: "    if (seat.phase !== 'seated' && session.luggage !== undefined)\n      seat.place = seat.since ?? seat.place;\n",
    replace: '    void seat;\n',
    story:
      'A room where a client that comes back has arrived before it was told anything keeps the place where it arrived, when the connection is lost again.',
  },
  {
    name: 'refused-messages-never-made-up-for',
    dialect: 'chat',
    breaks: ['hp-rates'],
    requirements: ['HP-LIM-4'],
    file: 'chat/session/talking.ts',
    find: '    session.limited = Math.max(0, session.limited - 1);\n    return false;',
    replace: '    return false;',
    story: 'Refusals are counted, and what is taken between them makes up for none.',
  },
  {
    name: 'carbon-with-an-id-used-to-another',
    dialect: 'chat',
    breaks: ['directs', 'hp-liveness'],
    requirements: ['HP-DM-8'],
    file: 'chat/users/user.ts',
    find: '    const to = message.to.toLowerCase();\n    const isKnown = this.#affairs?.history?.some(\n      (one) => one.id === message.id && one.at > since && one.to.toLowerCase() === to,\n    );',
    replace:
      '    const isKnown = this.#affairs?.history?.some(\n      (one) => one.id === message.id && one.at > since,\n    );',
    story:
      'An id is taken for that of one message, whoever it was sent to: the second receiver of it hears it, and the sender’s own sessions do not.',
  },
  {
    name: 'room-made-again-in-its-old-epoch',
    dialect: 'chat',
    breaks: ['room-order'],
    requirements: ['HP-ROOM-6'],
    file: 'chat/rooms/epochs.ts',
    find: '  return Math.max(first, near > epoch ? near : near + step);',
    replace: '  return Math.max(first, near >= epoch ? near : near + step);',
    story:
      'A room that was forgotten begins in the epoch in which it ended, and gives the same places to other messages.',
  },
  {
    name: 'revived-session-outlives-its-token',
    dialect: 'chat',
    nodes: 3,
    breaks: ['hp-tokens'],
    requirements: ['HP-LOGIN-4', 'HP-RES-10'],
    file: 'chat/users/nodes/moving.ts',
    find: "  const { session, secret, caps, until } = ask;\n  const offline = takeOffline(state, user, context);\n  const untold = offline.map((message) => ({ message, isSent: false }));\n  user.lost.delete(session);\n  context.count('chat.sessions.revived');\n  log(state, 'chat.sessionRevived', { session }, context);\n  enter(\n    state,\n    ask,\n    {\n      // As it was signed: others may spell its user in another way.\n      ...{ user: ask.user, session, secret, caps, status: 'online', note: undefined, until },",
    replace:
      "  const { session, secret, caps } = ask;\n  const offline = takeOffline(state, user, context);\n  const untold = offline.map((message) => ({ message, isSent: false }));\n  user.lost.delete(session);\n  context.count('chat.sessions.revived');\n  log(state, 'chat.sessionRevived', { session }, context);\n  enter(\n    state,\n    ask,\n    {\n      // As it was signed: others may spell its user in another way.\n      ...{ user: ask.user, session, secret, caps, status: 'online', note: undefined },",
    story: 'A session that begins anew is made of what its client shows, but for when that ends.',
  },
  {
    name: 'sessions-counted-by-node',
    dialect: 'chat',
    nodes: 3,
    breaks: ['hp-welcome'],
    requirements: ['HP-SESS-4'],
    file: 'chat/users/registry.ts',
    find: 'sessions.size + elsewhere.length + 1 - sessionsPerUserMax;',
    replace: 'sessions.size + 1 - sessionsPerUserMax;',
    story:
      'Sessions of a user are counted where he logs in: in a cluster he has as many on each node.',
  },
  {
    name: 'revived-session-stays-lost',
    dialect: 'chat',
    nodes: 3,
    breaks: ['comes-back'],
    requirements: ['HP-RES-2'],
    file: 'chat/users/nodes/moving.ts',
    find: "  user.lost.delete(session);\n  context.count('chat.sessions.revived');",
    replace: "  context.count('chat.sessions.revived');",
    story:
      'A session that has begun anew still counts as one that was lost: its client ends it, and it begins anew again.',
  },
  {
    name: 'half-is-taken-for-more',
    dialect: 'chat',
    nodes: 2,
    breaks: ['room-memory'],
    requirements: ['HP-STORE-1', 'HP-ACK-1'],
    file: 'chat/rooms/nodes/replicas.ts',
    find: '  return Math.floor(size / 2);',
    replace: '  return Math.floor((size - 1) / 2);',
    story:
      'With its home, half of the nodes keep a message where there is an even number of them. Of two nodes one is enough.',
  },
  {
    name: 'half-of-the-cluster-serves',
    dialect: 'chat',
    nodes: 2,
    breaks: ['minority'],
    requirements: ['HP-PART-1'],
    file: 'cluster/links/members-state.ts',
    find: '(membership.present.length + 1) * 2 > nodesExpected',
    replace: '(membership.present.length + 1) * 2 >= nodesExpected',
    story: 'Each of two equal sides takes itself for the larger one.',
  },
  {
    name: 'minority-since-an-earlier-split',
    dialect: 'chat',
    nodes: 2,
    breaks: ['minority'],
    requirements: ['HP-PART-5'],
    file: 'cluster/notices/watching.ts',
    find: '    state.minoritySince = undefined;\n    if (!state.hasRetreated) return;',
    replace: '    if (!state.hasRetreated) return;',
    story:
      'Since when a node is on the smaller side it notes once, and does not forget it when that is over: in the next split its clients have to go at once.',
  },
  {
    name: 'forward-overtakes-interest',
    dialect: 'chat',
    nodes: 3,
    breaks: ['room-fresh', 'room-whole'],
    requirements: ['HP-RELAY-1'],
    file: 'cluster/relay/relay.actor.ts',
    find: '        tellInterest(state, context);\n        if (peer !== undefined && !peer.isGone)',
    replace: '        if (peer !== undefined && !peer.isGone)',
    story:
      'A join is carried to the home at once, and that its node wants to hear the room a few milliseconds later.',
  },
  {
    name: 'left-by-two-waits-twice',
    dialect: 'chat',
    breaks: ['directs'],
    requirements: ['HP-RES-6', 'HP-DM-2'],
    file: 'chat/users/directs.ts',
    find: "    if (user === undefined || user.seen(message)?.status === 'delivered') continue;\n    if (user.kept(message) !== undefined) continue;",
    replace: "    if (user === undefined || user.seen(message)?.status === 'delivered') continue;",
    story:
      'What two sessions of a user leave unacknowledged waits once for each of them, and the next one hears it twice.',
  },
  {
    name: 'told-all-behind-the-first-again',
    dialect: 'chat',
    breaks: ['acknowledged'],
    requirements: ['HP-ACK-3'],
    file: 'chat/session/seats.ts',
    find: '  if (seat.hasHoles) seat.open = { ...seat.place, ids: [...seat.unacked.keys()] };\n  seat.place = { ...oldest, seq: oldest.seq - 1 };\n',
    replace:
      '  seat.place = { ...oldest, seq: oldest.seq - 1 };\n  if (seat.hasHoles) seat.open = { ...seat.place, ids: [...seat.unacked.keys()] };\n',
    story:
      'Whoever has said of a later message that he has it, and not of an earlier one, is told both again: the place up to which single messages count is taken when it has been moved.',
  },
  {
    name: 'told-again-is-acknowledged',
    dialect: 'chat',
    breaks: ['acknowledged', 'room-whole'],
    requirements: ['HP-ACK-3'],
    file: 'chat/session/resuming.ts',
    find: "      if (has(session, 'ack')) tookEntry(session, seat, entry);\n",
    replace: "      if (!has(session, 'ack')) tookEntry(session, seat, entry);\n",
    story:
      'What a client is told as it comes back counts as acknowledged. When its connection is lost again before it has said anything, it is not told once more.',
  },
  {
    name: 'delivered-waits-again',
    dialect: 'chat',
    nodes: 1,
    breaks: ['directs', 'heard-in-time'],
    requirements: ['HP-DM-6'],
    file: 'chat/users/directs.ts',
    find: "    if (seen?.status === 'delivered') continue;\n",
    replace: '',
    story:
      'What one session has taken waits all the same when another one ends that was away, and comes at the next login.',
  },
];
