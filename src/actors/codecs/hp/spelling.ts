// The known word that was probably meant. Refuses to know what the words are for.

/** The nearest of the words, when it is near: at most two letters wrong, missing or too many, or all before its first `_`. */
export function nearest<T extends string>(word: string, known: readonly T[]): T | undefined {
  let best: T | undefined;
  let least = DISTANCE_MAX + 1;
  for (const candidate of known) {
    const distance = distanceOf(word, candidate);
    if (distance >= least) continue;
    least = distance;
    best = candidate;
  }
  return best ?? known.find((candidate) => candidate.startsWith(`${word}_`));
}

function distanceOf(one: string, other: string): number {
  if (Math.abs(one.length - other.length) > DISTANCE_MAX) return DISTANCE_MAX + 1;
  let row = Array.from({ length: other.length + 1 }, (_, at) => at);
  for (let i = 1; i <= one.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= other.length; j += 1) {
      const isSame = one[i - 1] === other[j - 1];
      const changed = (row[j - 1] ?? 0) + (isSame ? 0 : 1);
      next.push(Math.min(changed, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[other.length] ?? DISTANCE_MAX + 1;
}

const DISTANCE_MAX = 2;
