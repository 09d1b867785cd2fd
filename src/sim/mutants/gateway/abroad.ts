// Planted bugs in how items travel between gateways of one cluster. Errands that are told from abroad find them.

import type { Mutant } from '../mutant.ts';

const dialect = 'gateway';
const breaks = ['errands-answered'];

export const abroadMutants: readonly Mutant[] = [
  {
    ...{ name: 'relayed-items-go-on', dialect, breaks, requirements: ['HP-RELAY-7'] },
    file: 'gateway/channels/channels.actor.ts',
    find: "    ...('isRelayed' in data ? { isRelayed: true } : {}),\n",
    replace: '',
    story:
      'What came from another node is told to those that want it, and so comes back: without an id it goes round for ever.',
  },
  {
    ...{ name: 'patches-stay-at-home', dialect, breaks, requirements: ['HP-RELAY-6'] },
    file: 'gateway/grip-carriage.ts',
    find: '(bodyPatch === undefined || Array.isArray(bodyPatch))',
    replace:
      "(bodyPatch === undefined || typeof bodyPatch === 'object') &&\n    body !== undefined",
    story:
      'An answer is taken for one that always has a body: what is published as a patch reaches nobody at another node.',
  },
];
