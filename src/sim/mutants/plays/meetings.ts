// Planted bugs in what nodes say to each other, which do no harm where all nodes make them: meetings find them.

import type { Mutant } from '../mutant.ts';

const dialect = 'chat';
const breaks = ['plays'];

export const meetingMutants: readonly Mutant[] = [
  {
    ...{ name: 'newest-strangers-crowded-out', dialect, breaks, requirements: ['HP-PEER-12'] },
    file: 'cluster/links/linking.ts',
    find: '  const [oldest] = strangers;\n',
    replace: '  const oldest = strangers.at(-1);\n',
    story:
      'Of too many who have not proved themselves the last one makes room: whoever came first stands there for as long as he may.',
    nodes: 3,
  },
  {
    ...{ name: 'forwards-before-a-word-of-them', dialect, breaks, requirements: ['HP-RELAY-4'] },
    file: 'cluster/relay/outgoing.ts',
    find: '    this.#isOpen = false;\n  }\n\n  /** [HP-RELAY-4] */',
    replace: '    this.#isOpen = this.#last > 0;\n  }\n\n  /** [HP-RELAY-4] */',
    story:
      'On a new link a node goes on at once with what it has to forward, behind what was lost on the last one.',
    nodes: 3,
  },
  {
    ...{ name: 'held-and-not-said', dialect, breaks, requirements: ['HP-STORE-6'] },
    file: 'chat/users/nodes/waiting-room.ts',
    find: '  user.putHeld(`${node} ${keyOf(message)}`, held);\n  sayHeld(state, user, node, message, context);',
    replace: '  user.putHeld(`${node} ${keyOf(message)}`, held);',
    story:
      'A node holds a direct message for another one and does not say so: whoever sent it waits for two seconds.',
    nodes: 3,
  },
  {
    ...{ name: 'differing-copies-ask-for-news', dialect, breaks, requirements: ['HP-REPL-8'] },
    file: 'cluster/locations/locations.actor.ts',
    find: '  copy.ver = 0;\n  askAgain',
    replace: '  askAgain',
    story:
      'A copy that differs asks for what came behind it, which is nothing: it differs for ever.',
    nodes: 3,
  },
];
