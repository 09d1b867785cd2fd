// One of several values, as the seed would have it; what is to come more often stands there more often.
// Refuses to know what is drawn.

import type { Prng } from '../../../actors/runtime/prng.ts';

/** Nothing is a value like any other. */
export function oneOf<T>(chance: Prng, values: readonly T[]): T {
  return values[chance.below(values.length)] as T;
}
