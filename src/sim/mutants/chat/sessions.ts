// Planted bugs of sessions that are left and come back, of what is told again and what is not, and of what goes to other
// nodes for nothing.

import type { Mutant } from '../mutant.ts';

export const returning: readonly Mutant[] = [
  {
    name: 'acknowledged-room-messages-stay-open',
    dialect: 'chat',
    breaks: ['taken'],
    requirements: ['HP-ACK-3', 'HP-RES-7'],
    file: 'chat/session/talking.ts',
    find: '    for (const seat of session.seats.values()) takes(seat, ref);\n',
    replace: '    void takes;\n',
    story:
      'Direct messages are taken off the list of what is not acknowledged, and messages of rooms are not. Who comes back hears them once more.',
  },
  {
    name: 'unacknowledged-lost-behind-untold',
    dialect: 'chat',
    breaks: ['taken', 'directs'],
    requirements: ['HP-ACK-3', 'HP-DM-6'],
    file: 'chat/session/leaving.ts',
    find: 'return [...unacked.all, ...untold];',
    replace: 'return untold.length > 0 ? untold : unacked.all;',
    story:
      'What a client was told and has not acknowledged is thought of only where nothing has come while it was away.',
  },
  {
    name: 'both-limits-end-a-session',
    dialect: 'chat',
    breaks: ['comes-back'],
    requirements: ['HP-RES-6'],
    file: 'chat/session/resuming.ts',
    find: 'session.untold.length > resumeMessagesMax || session.untoldBytes > resumeBytesMax;',
    replace: 'session.untold.length > resumeMessagesMax && session.untoldBytes > resumeBytesMax;',
    story: 'Too many messages may wait for a client that is away, as long as they are short.',
  },
  {
    name: 'away-and-not-registered-again',
    dialect: 'chat',
    breaks: ['comes-back', 'room-whole'],
    requirements: ['HP-RES-1', 'HP-ROOM-9'],
    file: 'chat/hp-session.actor.ts',
    find: '  if (who === undefined) return;\n',
    replace: "  if (who === undefined || session.life === 'detached') return;\n",
    story:
      'A keeper that is new is told who is here by sessions that have a client. One whose client is away is not in its rooms any more, or nowhere.',
  },
  {
    name: 'sessions-elsewhere-not-counted',
    dialect: 'chat',
    nodes: 3,
    breaks: ['hp-welcome'],
    requirements: ['HP-LOGIN-1'],
    file: 'chat/users/registry.ts',
    find: "(sessionPolicy === 'replace' ? 0 : user.elsewhere.length)",
    replace: "(sessionPolicy === 'multi' ? 0 : user.elsewhere.length)",
    story: 'Who logs in is told how many sessions its user has on this node.',
  },
  {
    name: 'relay-counts-as-follower',
    dialect: 'chat',
    nodes: 3,
    breaks: ['wanted'],
    requirements: ['HP-RELAY-1', 'HP-RELAY-3'],
    file: 'routing/relay/wanting.ts',
    find: 'return interest.size > (interest.has(RELAY_SHARD) ? 1 : 0);',
    replace: 'return interest.size > 0;',
    story:
      'That another node wants a topic counts as if somebody followed it here: two nodes keep it wanted for each other for ever.',
  },
  {
    name: 'messages-from-elsewhere-look-fresh',
    dialect: 'chat',
    nodes: 3,
    breaks: ['directs'],
    requirements: ['HP-DM-4'],
    file: 'chat/users/nodes/elsewhere.ts',
    find: 'fly(state, user, message, [node], true, context, heldBy);',
    replace: 'fly(state, user, message, [node], false, context, heldBy);',
    story: 'What has waited on another node than that of the login comes as if it were new.',
  },
];
