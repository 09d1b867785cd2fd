// Things in a row, each once: the first is found, and any is taken out or put behind all others, at the same cost
// however many there are. A Set walks over the holes of all that have gone before it comes to its first.
// Refuses to know what they are.

interface Place<T> {
  readonly thing: T;
  before: Place<T> | undefined;
  behind: Place<T> | undefined;
}

export class Row<T> {
  readonly #places = new Map<T, Place<T>>();
  #first: Place<T> | undefined = undefined;
  #last: Place<T> | undefined = undefined;

  get size(): number {
    return this.#places.size;
  }

  get first(): T | undefined {
    return this.#first?.thing;
  }

  /** Puts it behind all others, unless it stands in the row. */
  add(thing: T): void {
    if (this.#places.has(thing)) return;
    const place: Place<T> = { thing, before: this.#last, behind: undefined };
    if (this.#last === undefined) this.#first = place;
    else this.#last.behind = place;
    this.#last = place;
    this.#places.set(thing, place);
  }

  delete(thing: T): void {
    const place = this.#places.get(thing);
    if (place === undefined) return;
    const { before, behind } = place;
    if (before === undefined) this.#first = behind;
    else before.behind = behind;
    if (behind === undefined) this.#last = before;
    else behind.before = before;
    this.#places.delete(thing);
  }
}
