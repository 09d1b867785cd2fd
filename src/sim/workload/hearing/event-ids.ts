// The ids of one event stream, as a client follows them: a place for each topic, in the order asked for, of which an
// event moves its own topic's alone, save where a policy dropped what lay between. Refuses to know data.

import type { TracePosition } from '../../trace.ts';

export class EventIds {
  readonly #topics: readonly string[];
  /** Nothing is dropped: each id follows from the one before. */
  readonly #isExact: boolean;
  #parts: readonly string[] | undefined = undefined;

  constructor(topics: readonly string[], isExact: boolean) {
    this.#topics = topics;
    this.#isExact = isExact;
  }

  /** The id of a first word; each topic's has the same. Returns what is wrong with it. */
  begin(id: string): string | undefined {
    const parts = id.split(',');
    const wrong = this.#malformed(id, parts);
    if (wrong !== undefined) return wrong;
    if (this.#parts !== undefined && this.#parts.join(',') !== id)
      return `the first words have the ids '${this.#parts.join(',')}' and '${id}'`;
    this.#parts = parts;
    return undefined;
  }

  /** The id of a publication, and its place where its envelope tells it. Returns what is wrong with it. */
  next(id: string, topic: string, position: TracePosition | undefined): string | undefined {
    const before = this.#parts;
    if (before === undefined) return `the id '${id}' before the first words`;
    const own = this.#topics.indexOf(topic);
    const parts = this.#topics.length === 1 ? [id] : id.split(',');
    const wrong = this.#malformed(id, parts);
    if (wrong !== undefined) return wrong;
    if (position !== undefined && parts[own] !== `${position.epoch}:${position.offset}`)
      return `the id '${id}' of a publication of '${topic}' at ${position.epoch}:${position.offset}`;
    for (const [index, part] of parts.entries()) {
      const last = before[index];
      if (index !== own && part !== last && !this.#mayFollow(last ?? '-', part))
        return `the id '${id}' of a publication of '${topic}' after '${before.join(',')}'`;
    }
    this.#parts = parts;
    return undefined;
  }

  #malformed(id: string, parts: readonly string[]): string | undefined {
    return parts.length === this.#topics.length && parts.every((part) => PLACE.test(part))
      ? undefined
      : `the id '${id}' in a stream of ${this.#topics.length} topics`;
  }

  /** A place of another topic that nobody told of: it was dropped, and lies further on. */
  #mayFollow(last: string, part: string): boolean {
    if (this.#isExact) return false;
    const [epoch, offset] = part.split(':');
    const [lastEpoch, lastOffset] = last.split(':');
    return epoch !== lastEpoch || Number(offset) > Number(lastOffset);
  }
}

const PLACE = /^[0-9a-z]{1,32}:(?:0|[1-9]\d*)$/;
