// A planted bug is data: a mistake that a programmer could make in one place of src/actors, with the property that it
// must break. Production code knows nothing of it; its text is changed when a worker loads it (ADR 0018).
// Refuses to know how sources are loaded and who runs them.

export interface Mutant {
  readonly name: string;
  /** The dialect whose runs find it; the broker's, where nothing is said. */
  readonly dialect?: string;
  /** Of the small worlds in which it is looked for first; one, where nothing is said. */
  readonly nodes?: number;
  /** Properties, or ways to end badly (see search/mutate.ts), by which it may be found; the likeliest first. */
  readonly breaks: readonly string[];
  /** What it breaks, by the ids of spec/. */
  readonly requirements: readonly string[];
  /** Below src/actors. */
  readonly file: string;
  /** Stands in the file exactly once. */
  readonly find: string;
  readonly replace: string;
  /** What the programmer thought, or forgot, and who notices. */
  readonly story: string;
}

/** The source with the bug in it; throws when the place is not there, or there more than once. */
export function planted(source: string, { name, file, find, replace }: Mutant): string {
  const at = source.indexOf(find);
  if (at < 0) throw new Error(`${name}: ${file} has no such place any more: ${find}`);
  if (source.indexOf(find, at + 1) >= 0)
    throw new Error(`${name}: ${file} has more than one such place: ${find}`);
  return source.slice(0, at) + replace + source.slice(at + find.length);
}
