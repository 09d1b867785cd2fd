// Planted bugs at the door of a chat, in proofs, and in how sessions end: plays find them.

import type { Mutant } from '../mutant.ts';

const dialect = 'chat';
const breaks = ['plays'];

export const playMutants: readonly Mutant[] = [
  {
    ...{ name: 'arrivals-forgotten-together', dialect, breaks, requirements: ['HP-CONN-3'] },
    file: 'chat/arrivals.ts',
    find: 'this.#instants.set(address, [...recent, now]);',
    replace: 'this.#instants.set(address, [now]);',
    story:
      'Of all who came from an address the last one alone is remembered: nobody is ever too many.',
  },
  {
    ...{ name: 'forgiven-all-at-once', dialect, breaks, requirements: ['HP-LIM-4'] },
    file: 'chat/session/talking.ts',
    find: 'session.limited = Math.max(0, session.limited - 1);',
    replace: 'session.limited = 0;',
    story: 'Who says one thing in time now and then may be too fast for as long as he likes.',
  },
  {
    ...{
      name: 'struck-and-still-there',
      dialect,
      breaks: ['plays', 'views'],
      requirements: ['HP-SESS-7', 'HP-ERR-2'],
    },
    file: 'chat/session/leaving.ts',
    find: "  if (session.who !== undefined && session.life !== 'closed') end(session, 'refused', context);\n",
    replace: '',
    story: 'A session that fails is gone, but its user sits in his rooms, and stays online.',
  },
  {
    ...{ name: 'guesses-on-each-thread', dialect, breaks, requirements: ['HP-LOGIN-8'] },
    file: 'chat/session/arriving.ts',
    find: 'session.chat.passwordsOfShard(shardOfUser(session.chat, user));',
    replace: 'session.chat.passwordsOfShard(session.chat.shard);',
    story:
      'Each thread counts the wrong passwords that it sees: a node of four may be asked four times as often.',
  },
  {
    ...{ name: 'verdict-of-another', dialect, breaks, requirements: ['HP-LOGIN-3'] },
    file: 'chat/session/arriving.ts',
    find: "if (verdict.ref !== refOf(session) || session.pending?.request.type !== 'LOGIN') return;",
    replace: "if (session.pending?.request.type !== 'LOGIN') return;",
    story: 'A verdict that comes too late is taken for that of the login which is under way.',
  },
  {
    ...{
      name: 'short-pages-are-the-last',
      dialect,
      breaks: ['plays', 'pages'],
      requirements: ['HP-HIST-2'],
    },
    file: 'chat/rooms/room.ts',
    find: 'more: found.length > page.length };',
    replace: 'more: found.length > limit };',
    story:
      'A page that is full of long messages has fewer than were asked for, and so looks like the last.',
  },
  {
    ...{
      name: 'empty-lines-are-no-life',
      dialect,
      breaks,
      requirements: ['HP-FRAME-3', 'HP-LIVE-1'],
    },
    file: 'chat/session/hearing.ts',
    find: '  heardSomething(session, context);\n  const isFirst = session.isFirstLine;\n  if (isBlank(taken.bytes)) return; // [HP-FRAME-3]',
    replace:
      '  const isFirst = session.isFirstLine;\n  if (isBlank(taken.bytes)) return; // [HP-FRAME-3]\n  heardSomething(session, context);',
    story:
      'A line that says nothing is thrown away before it is noted that somebody is there: whoever keeps a connection alive with empty lines is asked, and sent away.',
  },
  {
    ...{
      name: 'the-youngest-of-the-absent-makes-way',
      dialect,
      breaks,
      requirements: ['HP-SESS-4'],
    },
    file: 'chat/users/registry.ts',
    find: '    .slice(0, tooMany);',
    replace: '    .slice(-tooMany);',
    story: 'The list of those who are away is taken for one with the youngest first.',
  },
  {
    ...{ name: 'doubt-of-five-milliseconds', dialect, breaks, requirements: ['HP-PRES-6'] },
    file: 'chat/session/presence.ts',
    find: 'const UNSURE_US = 5_000_000;',
    replace: 'const UNSURE_US = 5_000;',
    story:
      'Instants are microseconds, and five seconds are written as if they were milliseconds: what a lost connection may not have heard of users is not told again.',
  },
  {
    ...{
      name: 'no-holes-once-all-is-told',
      dialect,
      breaks,
      requirements: ['HP-ACK-3', 'HP-RES-3'],
    },
    file: 'chat/session/seats.ts',
    find: '  seat.hasHoles = seat.open !== undefined;',
    replace: '  seat.hasHoles = false;',
    story:
      'Whoever has been told all has no holes any more, thinks the programmer: what was acknowledged before its turn comes again when the connection is lost twice.',
  },
  {
    ...{
      name: 'untold-known-by-who-gets-it',
      dialect,
      breaks: ['plays'],
      requirements: ['HP-DM-3'],
    },
    file: 'chat/unacked.ts',
    find: '  has({ message: { from, id }, isSent }: Untold): boolean {\n    const known = this.#byId.get(id) ?? [];\n    return known.some(\n      (one) => one.isSent === isSent && userKey(one.message.from) === userKey(from),\n    );',
    replace:
      '  has({ message: { to, id }, isSent }: Untold): boolean {\n    const known = this.#byId.get(id) ?? [];\n    return known.some(\n      (one) => one.isSent === isSent && userKey(one.message.to) === userKey(to),\n    );',
    story:
      'Two senders gave their messages the same id: whoever has not acknowledged the first one never hears the second.',
  },
];
