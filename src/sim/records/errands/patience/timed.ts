// What is heard and told with its time, as an expression: whole seconds since the thing before, and the words.
// Refuses to know who hears.

/** `to` where chance has a part in it: up to a second, as a rule. */
export type TimedWords = readonly [seconds: number, words: string, to?: number];

export function timed(heard: readonly TimedWords[], told?: readonly TimedWords[]): RegExp {
  const all = told === undefined ? '' : ` // ${told.map(timedWords).join(' / ')}`;
  return new RegExp(`^${heard.map(timedWords).join(' / ')}${all}$`);
}

function timedWords([from, words, to = from]: TimedWords): string {
  const seconds = Array.from({ length: to - from + 1 }, (_, at) => from + at).join('|');
  const escaped = words.replaceAll(/[.*+?^${}()|[\]\\/]/g, String.raw`\$&`);
  return `\\+(?:${seconds})${words === '' ? '' : ` ${escaped}`}`;
}
