// Planted bugs in what is remembered, and for how long, and in how fast somebody may be: plays in narrow houses find them.

import type { Mutant } from '../mutant.ts';

const dialect = 'chat';
const breaks = ['plays'];

export const narrowMutants: readonly Mutant[] = [
  {
    ...{ name: 'refused-and-remembered', dialect, breaks, requirements: ['HP-DM-3', 'HP-DM-4'] },
    file: 'chat/users/directs.ts',
    find: "      deny(ask, 'QUEUE_FULL', context);\n      return;\n    }\n    context.count",
    replace:
      "      user?.remember(message, 'queued', context.now, true);\n      deny(ask, 'QUEUE_FULL', context);\n      return;\n    }\n    context.count",
    story:
      'The id of a letter is noted before there is a place for it: said again when there is one, it is taken for the same, and nobody ever hears it.',
  },
  {
    ...{ name: 'questions-cost-nothing', dialect, breaks, requirements: ['HP-LIM-3'] },
    file: 'chat/session/hearing.ts',
    find: 'if (dear.includes(envelope.type)) charge(session, DEAR_BYTES, context);',
    replace: '',
    story: 'Whoever asks for pages of history as fast as he can costs a node more than who speaks.',
  },
  {
    ...{ name: 'gaps-told-once', dialect, breaks, requirements: ['HP-RES-8'] },
    file: 'chat/session/seats.ts',
    find: '...(hasGap || gapsTold.includes(room) ? { hasGap: true as const } : {}),',
    replace: '...(hasGap ? { hasGap: true as const } : {}),',
    story:
      'A client whose connection is lost with the words that something is missing never hears them.',
  },
  {
    ...{ name: 'crowds-counted-for-ever', dialect, breaks, requirements: ['HP-ROOM-5'] },
    file: 'chat/rooms/deeds.ts',
    find: '  state.crowds.clear();\n',
    replace: '',
    story:
      'Crowds that were told stay on the list, and whoever finds somebody on it takes the clock for set: crowds are told how many they are once, and never again.',
  },
  {
    ...{ name: 'letters-of-one-name', dialect, breaks, requirements: ['HP-ACK-3', 'HP-DM-3'] },
    file: 'chat/unacked.ts',
    find: '    else same.push(untold);',
    replace: '    else this.#byId.set(id, [untold]);',
    story:
      'Two who write to one may call their letters alike: the later takes the place of the earlier among those that were not acknowledged, which is never told again.',
  },
  {
    ...{ name: 'told-twice-and-still-heavy', dialect, breaks, requirements: ['HP-RES-6'] },
    file: 'chat/session/resuming.ts',
    find: '  session.untoldBytes = 0;\n',
    replace: '',
    story:
      'What a client was told when it came back goes on counting as what waits for it: after some returns its session ends early.',
  },
  {
    ...{
      name: 'watchers-forgotten',
      dialect,
      breaks: ['plays', 'watching'],
      requirements: ['HP-PRES-1'],
    },
    file: 'chat/hp-session.actor.ts',
    find: '      watchAgain(session, context);\n',
    replace: '',
    story:
      'The keeper that takes the place of one that died is told who is here, and not who wants to hear of it: nobody is told of changes any more.',
  },
  {
    ...{ name: 'any-name-over-a-bridge', dialect, breaks, requirements: ['BRIDGE-6'] },
    file: 'chat/rooms/room-bridge.ts',
    find: "isUserName(name) ? name : 'guest'",
    replace: "name !== '' ? name : 'guest'",
    story:
      'Whoever publishes calls himself as he likes, and is called so in the room, with blanks and all.',
  },
  {
    ...{ name: 'data-of-any-length-over-a-bridge', dialect, breaks, requirements: ['BRIDGE-8'] },
    file: 'chat/rooms/room-bridge.ts',
    find: "const length = utf8Length(JSON.stringify(body)) + utf8Length(dataText ?? '') + AROUND_BYTES;",
    replace: 'const length = utf8Length(JSON.stringify(body)) + AROUND_BYTES;',
    story:
      'What goes with a body is not counted: a line is longer than clients were told that lines are.',
  },
];
