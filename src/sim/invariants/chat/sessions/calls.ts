// Whoever calls at the door of a chat hears what the spec says that he hears, and nothing else; and whoever said
// something fatal hears nothing more. Calls are made when nothing is wrong, so nothing is excused but a death.

import { callNamed } from '../../../records/calls/calls.ts';
import type { Invariant } from '../../invariant.ts';

export const callsAnswered: Invariant = {
  property: 'calls-answered',
  requirements: [
    ...['HP-FRAME-3', 'HP-FRAME-5', 'HP-FRAME-7', 'HP-JSON-1', 'HP-ENV-1', 'HP-ENV-3', 'HP-ENV-5'],
    ...['HP-ENV-6', 'HP-ENV-7', 'HP-ENV-8', 'HP-HELLO-1', 'HP-LOGIN-2', 'HP-LOGIN-4'],
    ...['HP-LOGIN-6', 'HP-STATS-1', 'HP-ERR-3'],
  ],
  judge(report) {
    /** Calls that are on, by client. */
    const on = new Map<number, number>();
    return {
      callBegan: ({ node, client }) => on.set(client, node),
      callOver(event) {
        const call = callNamed(event.call);
        if (!on.delete(event.client) || call === undefined) return;
        const heard = [...event.heard, event.isEnded ? 'end' : 'nothing more'].join(', ');
        const hears = [...call.hears.map(plainly), call.isEnded ? 'end' : 'nothing more'].join(
          ', ',
        );
        if (heard !== hears)
          report(event, `call '${event.call}' hears '${heard}', and not '${hears}'`);
      },
      shardCrashed: ({ node }) => {
        for (const [client, at] of on) if (at === node) on.delete(client);
      },
      quiet(event) {
        for (const client of on.keys()) report(event, `the call of client ${client} is never over`);
      },
    };
  },
};

/** Without a field there is one blank. */
function plainly(words: string): string {
  return words.replaceAll(/ +/g, ' ');
}
