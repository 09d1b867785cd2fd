// Planted bugs of links that lead through a third node.

import type { Mutant } from '../mutant.ts';

const dialect = 'chat';

const ofDetours: readonly Omit<Mutant, 'nodes'>[] = [
  {
    name: 'detour-stays-beside-a-link',
    dialect,
    breaks: ['mesh'],
    requirements: ['HP-DETOUR-4'],
    file: 'cluster/links/linking.ts',
    find: 'link.initiator < initiator : areDetours;',
    replace: 'link.initiator < initiator : isDetour;',
    story: 'Two nodes that are reached by a detour refuse the link of their own, for ever.',
  },
  {
    name: 'called-no-more-beside-a-detour',
    dialect,
    breaks: ['mesh'],
    requirements: ['HP-DETOUR-4'],
    file: 'cluster/links/linking.ts',
    find: 'if (link === undefined || link.via !== undefined) return false;',
    replace: 'if (link === undefined) return false;',
    story:
      'Who is reached by a detour is not called any more: the detour stays when the way is open.',
  },
  {
    name: 'early-words-of-a-detour-lost',
    dialect,
    breaks: ['detours'],
    requirements: ['HP-DETOUR-1'],
    file: 'cluster/links/detour.actor.ts',
    find: '      if (stay.owner === undefined) stay.early.push(word.text);\n      else pass',
    replace: '      if (stay.owner !== undefined) pass',
    story: 'The hello comes before anybody owns the connection, and is thrown away.',
  },
  {
    name: 'carried-to-whom-it-came-from',
    dialect,
    breaks: ['detours'],
    requirements: ['HP-DETOUR-2'],
    file: 'cluster/links/detours.ts',
    find: 'const next = state.links.get(message.to);',
    replace: 'const next = state.links.get(message.caller);',
    story: 'The third node passes on what the caller says to the caller.',
  },
];

export const detouring: readonly Mutant[] = ofDetours.map((mutant) => ({ ...mutant, nodes: 3 }));
