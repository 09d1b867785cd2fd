// Questions that a router has asked of homes and not yet seen answered, by reference number.
// A home that dies takes its answers with it: what was asked of it is found here and asked again, or given up.
// Refuses to know how a question travels.

import type { Asker } from './router-messages.ts';
import type { Position } from './publication.ts';
import type { Subscription } from './subscriptions.ts';
import type { Topic } from './topic.ts';

/** Topics of all homes, gathered for one asker. */
export interface Gathering {
  readonly asker: Asker;
  readonly topics: (readonly [Topic, number])[];
  missing: number;
}

export type Question<Owner> =
  | {
      readonly kind: 'attach';
      readonly subscription: Subscription<Owner>;
      readonly slot: number;
      readonly since: Position | undefined;
    }
  | { readonly kind: 'reattach'; readonly topic: Topic }
  | { readonly kind: 'publish'; readonly topic: Topic; readonly asker: Asker }
  | { readonly kind: 'inform'; readonly topic: Topic; readonly asker: Asker }
  | { readonly kind: 'list'; readonly gathering: Gathering };

export class Pending<Owner> {
  readonly #open = new Map<number, { readonly home: number; readonly question: Question<Owner> }>();
  #asked = 0;

  get size(): number {
    return this.#open.size;
  }

  /** Notes a question to a home; the reference comes back with the answer. */
  add(home: number, question: Question<Owner>): number {
    this.#asked += 1;
    this.#open.set(this.#asked, { home, question });
    return this.#asked;
  }

  /** Undefined for an answer that nobody waits for any more. */
  take(ref: number): Question<Owner> | undefined {
    const found = this.#open.get(ref);
    this.#open.delete(ref);
    return found?.question;
  }

  /** Everything that a dead home will never answer, in the order it was asked. */
  takeAllOf(home: number): Question<Owner>[] {
    const lost: Question<Owner>[] = [];
    for (const [ref, open] of this.#open) {
      if (open.home !== home) continue;
      this.#open.delete(ref);
      lost.push(open.question);
    }
    return lost;
  }
}
