// Which topics are joined by bridges, as a run was told at its beginning. Refuses to judge.

import type { EventOf } from '../../../trace.ts';

export class Joined {
  readonly #pairs: readonly (readonly [string, string])[];

  constructor({ bridges = [] }: Pick<EventOf<'chatBegan'>, 'bridges'>) {
    this.#pairs = bridges;
  }

  /** By one bridge. */
  has(one: string, other: string): boolean {
    return this.#pairs.some(
      ([here, there]) => (here === one && there === other) || (here === other && there === one),
    );
  }
}
