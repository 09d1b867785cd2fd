// Where a name is at home among the nodes of a cluster, and who comes after: the same order wherever it is looked at, and a
// node that comes or goes moves only the names that are its own.
// Refuses to know who is alive. Obeys spec/hp-peer.md, section "Homes of rooms".

import { finish, hashText, mix } from '../runtime/prng.ts';

/** [HP-HOME-1] The highest weight among the nodes; undefined when there is none. */
export function homeNodeOf(nodes: readonly string[], name: string): string | undefined {
  const hash = hashText(name, HOME_SEED);
  let home: string | undefined;
  let highest = -1;
  for (const node of nodes) {
    const weight = weightOf(hash, node);
    if (weight > highest) [home, highest] = [node, weight];
  }
  return home;
}

/** [HP-STORE-1] All nodes but one, the nearest to the home first: whoever follows a home is the first of them. */
export function successorsOf(
  nodes: readonly string[],
  name: string,
  except: string,
): readonly string[] {
  const hash = hashText(name, HOME_SEED);
  return nodes
    .filter((node) => node !== except)
    .map((node) => [weightOf(hash, node), node] as const)
    .toSorted(([one], [other]) => other - one)
    .map(([, node]) => node);
}

function weightOf(hash: number, node: string): number {
  return finish(mix(hash, hashText(node, HOME_SEED)));
}

const HOME_SEED = 7;
