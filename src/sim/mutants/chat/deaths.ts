// Planted bugs of what nodes make of the deaths of others.

import type { Mutant } from '../mutant.ts';

const dialect = 'chat';

const ofDeaths: readonly Omit<Mutant, 'nodes'>[] = [
  {
    name: 'downs-forgotten-with-each-life',
    dialect,
    breaks: ['timely-deaths'],
    requirements: ['HP-MEMBER-9'],
    file: 'cluster/links/membership.ts',
    find: "const { downs = [], clients = '', skewSeconds = 0 } = known ?? {};",
    replace:
      "const { downs: were = [], clients = '', skewSeconds = 0 } = known ?? {};\n    const downs = known?.incarnation === comer.incarnation ? were : [];",
    story: 'A process that dies again and again is waited for no longer than one that never did.',
  },
  {
    name: 'nobody-expected-by-a-new-home',
    dialect,
    breaks: ['gone-with-node'],
    requirements: ['HP-STORE-7'],
    file: 'chat/rooms/nodes/moving.ts',
    find: '  expect(room, guests.users.values(), context);\n  const told',
    replace: '  const told',
    story:
      'A node that takes a room over forgets who else was there: nobody hears that those have left who died with the home before.',
  },
];

export const deaths: readonly Mutant[] = ofDeaths.map((mutant) => ({ ...mutant, nodes: 3 }));
