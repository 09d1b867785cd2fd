// Operators are told of an errand what it has written down, all of it and nothing else, in its order. What a dead thread
// knew nobody is told. Refuses to know what is right: the errands do.

import { errandNamed } from '../../records/errands/all.ts';
import type { Invariant } from '../invariant.ts';

export const errandsNoticed: Invariant = {
  property: 'errands-noticed',
  requirements: ['GRIP-STATS-1', 'GRIP-STATS-2', 'GRIP-STATS-3', 'GRIP-STATS-4', 'GRIP-STATS-7'],
  judge(report) {
    /** What was told of those that have been run, by node and name. */
    const told = new Map<string, string[]>();
    return {
      errandRun({ node, errand }) {
        if (errandNamed(errand)?.noticed !== undefined) told.set(`${node} ${errand}`, []);
      },
      errandNoticed: ({ node, errand, words }) => told.get(`${node} ${errand}`)?.push(words),
      shardCrashed({ node }) {
        for (const key of told.keys()) if (key.startsWith(`${node} `)) told.delete(key);
      },
      quiet(event) {
        for (const [key, words] of told) {
          const errand = key.slice(key.indexOf(' ') + 1);
          const wanted = errandNamed(errand)?.noticed?.join(' / ') ?? '';
          const all = words.join(' / ');
          if (all !== wanted)
            report(
              event,
              `of errand '${errand}' its operator is told '${all}', and not '${wanted}'`,
            );
        }
      },
    };
  },
};
