// Whoever runs an errand is answered as the spec says, and in time. Errands are run when nothing is wrong, so nothing is
// excused but the death of a thread. Refuses to know what is right: the errands do.

import { errandNamed } from '../../records/errands/all.ts';
import type { Errand } from '../../records/errands/errand.ts';
import { tnetstring } from '../../records/errands/tnetstring.ts';
import { withoutAddress } from '../../records/errands/ways.ts';
import type { Invariant } from '../invariant.ts';

export const errandsAnswered: Invariant = {
  property: 'errands-answered',
  requirements: [
    ...['GRIP-CTRL-1', 'GRIP-CTRL-3', 'GRIP-CTRL-4', 'GRIP-CTRL-5', 'GRIP-CTRL-6', 'GRIP-PUB-1'],
    ...['GRIP-CMD-1', 'GRIP-CMD-3', 'GRIP-CMD-5', 'GRIP-CMD-6', 'GRIP-ROUTE-1', 'GRIP-ROUTE-2'],
    ...['GRIP-ROUTE-3', 'GRIP-ROUTE-8', 'GRIP-REWRITE-5', 'GRIP-REWRITE-6', 'GRIP-FWD-1'],
    ...['GRIP-FWD-2', 'GRIP-FWD-3', 'GRIP-TRUST-1', 'GRIP-TARGET-6', 'GRIP-JSONP-1'],
    ...[
      'BRIDGE-1',
      'BRIDGE-3',
      'BRIDGE-4',
      'GRIP-JSONP-2',
      'GRIP-JSONP-3',
      'GRIP-JSONP-4',
      'GRIP-JSONP-5',
      'SOCKJS-1',
      'SOCKJS-5',
    ],
    ...['GRIP-HOLD-3', 'GRIP-HOLD-4', 'GRIP-KEEP-4', 'GRIP-NEXT-4', 'GRIP-NEXT-7', 'GRIP-ORDER-2'],
    ...['WOH-KEEP-1', 'WOH-KEEP-2', 'WOH-KEEP-3', 'WOH-OPEN-10', 'WOH-RETRY-1', 'WOH-RETRY-2'],
    ...['SOCKJS-14', 'HP-RELAY-6', 'HP-RELAY-7', 'HP-RELAY-10'],
    ...['GRIP-ROUTE-5', 'GRIP-ROUTE-6', 'GRIP-ROUTE-7', 'GRIP-REWRITE-4', 'GRIP-TARGET-4'],
    ...['GRIP-TARGET-5', 'GRIP-SIG-2', 'GRIP-NEXT-11', 'GRIP-ORDER-5', 'GRIP-PATCH-3'],
    ...['GRIP-ZMQ-1', 'GRIP-ZMQ-2', 'GRIP-ZMQ-3', 'WOH-OPEN-13', 'WOH-REQ-5', 'WOH-REQ-7'],
    ...['WOH-REQ-9', 'WOH-META-1', 'WOH-META-2', 'WOH-META-3', 'WOH-CLOSE-3', 'WOH-CLOSE-4'],
    ...['WOH-CLOSE-5', 'WOH-CLOSE-7', 'WOH-GRIP-13', 'WOH-GRIP-14', 'WOH-TRUST-2', 'WOH-PUB-9'],
    ...['WOH-DIRECT-4', 'WOH-DIRECT-6', 'WOH-DIRECT-8', 'WOH-DIRECT-9', 'WOH-DIRECT-10'],
    ...['SOCKJS-7', 'SOCKJS-8', 'SOCKJS-10', 'SOCKJS-11', 'SOCKJS-12', 'SOCKJS-13', 'SOCKJS-17'],
  ],
  judge(report) {
    /** Errands that are on their way, by node and name. */
    const owed = new Map<string, number>();
    return {
      errandRun: ({ node, errand }) => {
        const key = `${node} ${errand}`;
        owed.set(key, (owed.get(key) ?? 0) + 1);
      },
      errandAnswered(event) {
        const key = `${event.node} ${event.errand}`;
        const left = (owed.get(key) ?? 0) - 1;
        if (left > 0) owed.set(key, left);
        else owed.delete(key);
        const errand = errandNamed(event.errand);
        if (errand === undefined) return;
        const answer = withoutAddress(event.answer);
        const { expected, isRight } = judged(errand, answer);
        if (!isRight)
          report(event, `errand '${event.errand}' is answered '${answer}', and not '${expected}'`);
      },
      shardCrashed: ({ node }) => {
        for (const key of owed.keys()) if (key.startsWith(`${node} `)) owed.delete(key);
      },
      quiet(event) {
        for (const key of owed.keys()) report(event, `errand '${key}' was never answered`);
      },
    };
  },
};

function judged(errand: Errand, answer: string): { expected: string; isRight: boolean } {
  if (errand.to === 'command') {
    const expected = new TextDecoder().decode(tnetstring(errand.answer));
    return { expected, isRight: expected === answer };
  }
  const { answer: wanted } = errand;
  if (typeof wanted === 'string') return { expected: wanted, isRight: wanted === answer };
  return { expected: wanted.source, isRight: wanted.test(answer) };
}
