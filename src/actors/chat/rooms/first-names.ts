// A page of names in their order, out of many that have none: what does not come into it is looked at once and not sorted.
// Refuses to know whose names they are. Obeys spec/hp.md, section "Rooms".

/** The first so many after a name, by code units; each once, if each comes once. */
export function firstNames(names: Iterable<string>, after: string, most: number): string[] {
  const found: string[] = [];
  for (const name of names) {
    if (name <= after || (found.length === most && name > (found.at(-1) ?? ''))) continue;
    found.splice(placeOf(name, found), 0, name);
    if (found.length > most) found.pop();
  }
  return found;
}

function placeOf(name: string, sorted: readonly string[]): number {
  let [from, to] = [0, sorted.length];
  while (from < to) {
    const middle = (from + to) >>> 1;
    if ((sorted[middle] ?? '') < name) from = middle + 1;
    else to = middle;
  }
  return from;
}
