// Planted bugs of who may come into a cluster and how one goes: strangers, joining, leaving, forgetting, the smaller side.

import type { Mutant } from '../mutant.ts';

const dialect = 'chat';

export const memberMutants: readonly Mutant[] = [
  {
    name: 'other-clusters-are-answered',
    dialect,
    breaks: ['unproved'],
    requirements: ['HP-PEER-5'],
    file: 'cluster/links/handshake.ts',
    find: "    if (message.cluster !== cluster) return wrong('CLUSTER_MISMATCH', 'This is another cluster.');\n",
    replace: '',
    story: 'A node of another cluster that dials in is challenged, as if it could prove itself.',
  },
  {
    name: 'other-clusters-are-believed-when-called',
    dialect,
    breaks: ['unproved'],
    requirements: ['HP-PEER-5'],
    file: 'cluster/links/handshake.ts',
    find: "    if (message.cluster !== options.cluster)\n      return wrong('CLUSTER_MISMATCH', 'This is another cluster.');\n",
    replace: '',
    story:
      'Who is called by mistake is told that its proof is wrong, and not that it is elsewhere.',
  },
  {
    name: 'any-version-will-do',
    dialect,
    breaks: ['unproved'],
    requirements: ['HP-PEER-5', 'HP-PEER-9'],
    file: 'cluster/links/handshake.ts',
    find: '    const version = spoken.find((one) => message.versions.includes(one));',
    replace: "    const version = spoken.find((one) => message.versions.includes(one)) ?? '1.0';",
    story: 'With a node that speaks none of its versions a node speaks the first one.',
  },
  {
    name: 'gone-without-a-word',
    dialect,
    breaks: ['draining'],
    requirements: ['HP-MEMBER-11'],
    file: 'cluster/links/membership.actor.ts',
    find: "    context.send(link.address, { type: 'say', message, isUrgent: false });\n",
    replace: '',
    story: 'A node drains, and ends without LEAVE: others wait for it as for one that died.',
  },
  {
    name: 'clients-before-others-are-found',
    dialect,
    breaks: ['joining', 'room-order', 'hp-answers'],
    requirements: ['HP-JOIN-1'],
    file: 'cluster/notices/joining.ts',
    find: '  const isWhole = hasJoined(state);',
    replace: '  const isWhole = true;',
    story: 'A node that begins opens its door at once, and calls people offline who are not.',
  },
  {
    name: 'clients-of-the-smaller-side-stay',
    dialect,
    breaks: ['minority'],
    requirements: ['HP-PART-5'],
    file: 'cluster/notices/watching.ts',
    find: "  tellDoors(state, { type: 'retreat', withinMs: RETREAT_WITHIN_MS }, context);\n",
    replace: '',
    story: 'A node on the smaller side says in its log that its clients go, and tells no door.',
  },
  {
    name: 'the-dead-are-never-forgotten',
    dialect,
    breaks: ['members-told'],
    requirements: ['HP-MEMBER-10'],
    file: 'cluster/links/membership.ts',
    find: '    for (const { node } of gone) this.#members.delete(node);\n',
    replace: '',
    story: 'Who has been down for long is told of as forgotten, and counted for ever.',
  },
];
