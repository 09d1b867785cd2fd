// Planted bugs in what becomes of those who wait when a thread dies in the midst of it. Errands that have threads die find
// them.

import type { Mutant } from '../mutant.ts';

const dialect = 'gateway';
const breaks = ['errands-answered'];

export const dyingMutants: readonly Mutant[] = [
  {
    ...{ name: 'deaths-unnoticed-while-origins-are-asked', dialect, breaks },
    requirements: ['GRIP-LOAD-1'],
    file: 'gateway/requests/request.actor.ts',
    find: "  if (question !== undefined) context.after('gap', TURN_AGAIN_MS);\n  else if (attempts === 0) obey",
    replace: '  if (question === undefined && attempts === 0) obey',
    story:
      'An origin that is being asked is believed to tell all that was lost; it may have answered before, or a filter asks.',
  },
  {
    ...{ name: 'first-thread-speaks-for-all', dialect, breaks, requirements: ['GRIP-CMD-3'] },
    file: 'gateway/control.actor.ts',
    find: '} else if (inquiry.waitingFor.size === 0) {',
    replace: '} else {',
    story:
      'Whoever asks for a connection is told that there is none by the first thread that has it not.',
  },
];
