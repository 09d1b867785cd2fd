// Bodies that are too long for one line go in parts, which follow each other, and are put together where they arrive.
// Refuses to know what a body says. Obeys spec/hp-peer.md, section "Forwarding".

/** One part of a body, and where in it the part begins. */
export interface Part {
  readonly part: string;
  readonly at: number;
  readonly more: boolean;
}

/** [HP-RELAY-10] */
export function partsOf(text: string, most: number): readonly Part[] {
  const parts: Part[] = [];
  for (let at = 0; at < text.length; at += most)
    parts.push({ part: text.slice(at, at + most), at, more: at + most < text.length });
  return parts;
}

/** What came of a body that is sent in parts. */
export class Parts {
  #parts: string[] = [];
  #length = 0;
  /** Something of it is missing: the rest of it is passed over. */
  #isBroken = false;

  clear(): void {
    this.#parts = [];
    this.#length = 0;
    this.#isBroken = false;
  }

  /** `more` while parts are missing, `broken` behind the last part of what cannot be put together. */
  take(data: unknown): { readonly data: unknown } | 'more' | 'broken' {
    const { part, at, more } = (typeof data === 'object' && data !== null ? data : {}) as Partial<
      Record<keyof Part, unknown>
    >;
    if (typeof part !== 'string' || typeof more !== 'boolean') return { data };
    // Its sender gave up the rest of the body before.
    if (at === 0) this.clear();
    this.#isBroken ||= at !== undefined && at !== this.#length;
    this.#length += part.length;
    this.#isBroken ||= this.#length > PARTS_LENGTH_MAX;
    if (this.#isBroken) this.#parts = [];
    else this.#parts.push(part);
    if (more) return 'more';
    const text = this.#isBroken ? '' : this.#parts.join('');
    this.clear();
    try {
      return { data: JSON.parse(text) as unknown };
    } catch {
      return 'broken';
    }
  }
}

/** UTF-16 units of one part: at worst six bytes each in a line. */
export const PART_LENGTH = 150_000;
const PARTS_LENGTH_MAX = 67_108_864;
