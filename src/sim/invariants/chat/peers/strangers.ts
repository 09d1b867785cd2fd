// Whoever has not proved himself is told nothing but why, in the code that is for it, and is sent away; and nodes say nothing to each
// other before both have.

import type { Invariant } from '../../invariant.ts';
import { Troubles } from '../troubles.ts';

/** What may be said before the caller is believed, by who says it. */
const OF_CALLER: readonly string[] = ['SERVER_HELLO', 'SERVER_AUTH', 'ERROR', 'BYE'];
const OF_CALLED: readonly string[] = ['SERVER_CHALLENGE', 'ERROR', 'BYE'];

export const unproved: Invariant = {
  property: 'unproved',
  requirements: ['HP-PEER-1', 'HP-PEER-2', 'HP-PEER-3', 'HP-PEER-4', 'HP-PEER-5', 'HP-PEER-12'],
  judge(report) {
    const troubles = new Troubles();
    /** Connections on which the caller has shown its proof. */
    const proved = new Set<number>();
    /** And those on which it was let in. */
    const welcomed = new Set<number>();
    return {
      ...troubles.watcher,
      strangerHeard(event) {
        const { node, what, type, code, expected, isTelling, at } = event;
        const { codes, words = [] } = treatmentOf(what, expected);
        const isSlow = code === 'TIMEOUT' && troubles.ofNode(node, at - STAYS_US, at);
        const isAllowed =
          type === 'ERROR' ? codes.includes(code ?? '') || isSlow : words.includes(type);
        if (!isAllowed || isTelling)
          report(
            event,
            `node ${node} tells a stranger (${what}) ${code ?? type}${isTelling ? ', and who is here' : ''}`,
          );
      },
      strangerSentAway(event) {
        const { node, what, expected, isTold, at } = event;
        const isExcused = troubles.isLeaving(node, at) || troubles.ofNode(node, at - STAYS_US, at);
        if (!isTold && treatmentOf(what, expected).codes.length > 0 && !isExcused)
          report(event, `node ${node} sends a stranger (${what}) away without a word`);
      },
      strangerStands(event) {
        const { node, what, at } = event;
        if (!troubles.ofNode(node, at - STAYS_US, at))
          report(event, `node ${node} lets a stranger (${what}) stand at its door`);
      },
      peerSpoke(event) {
        const { node, to, connection, isCaller, type } = event;
        if (isCaller && type === 'SERVER_AUTH') proved.add(connection);
        if (!isCaller && type === 'SERVER_WELCOME' && proved.has(connection))
          welcomed.add(connection);
        if (welcomed.has(connection)) return;
        const isAllowed = isCaller ? OF_CALLER.includes(type) : OF_CALLED.includes(type);
        if (!isAllowed)
          report(event, `node ${node} says ${type} to node ${to} before it has proved itself`);
      },
    };
  },
};

interface Treatment {
  /** Of the error that he is told. */
  readonly codes: readonly string[];
  /** What he may hear beside it. */
  readonly words?: readonly string[];
}

/** One who says a wrong word, at once or when he was challenged, knows what he is to be told. */
function treatmentOf(what: string, expected: string | undefined): Treatment {
  if (expected === undefined) return treatments[what] ?? { codes: [] };
  return { codes: [expected], words: what.startsWith('then: ') ? ['SERVER_CHALLENGE'] : [] };
}

/** By what a stranger does, or an impostor that was called. */
const treatments: Readonly<Record<string, Treatment>> = {
  silent: { codes: ['TIMEOUT'] },
  http: { codes: [] },
  garbage: { codes: ['INVALID_JSON'] },
  long: { codes: ['LINE_TOO_LONG'] },
  unproved: { codes: ['INVALID_MESSAGE'], words: ['SERVER_CHALLENGE'] },
  wrongProof: { codes: ['PEER_AUTH_FAILED'], words: ['SERVER_CHALLENGE'] },
  otherCluster: { codes: ['CLUSTER_MISMATCH'] },
  otherVersion: { codes: ['UNSUPPORTED_VERSION'] },
  otherKey: { codes: ['PEER_AUTH_FAILED'] },
  eager: { codes: ['INVALID_MESSAGE'] },
  calledSilent: { codes: ['TIMEOUT'], words: ['SERVER_HELLO'] },
  calledMirror: { codes: ['INVALID_MESSAGE'], words: ['SERVER_HELLO'] },
  calledOther: { codes: ['CLUSTER_MISMATCH'], words: ['SERVER_HELLO'] },
  calledWrong: { codes: ['PEER_AUTH_FAILED'], words: ['SERVER_HELLO'] },
};
/** For so long, and then it has been there for more than twice what a handshake may take. */
const STAYS_US = 12_000_000;
