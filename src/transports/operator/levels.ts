// Which of the numbers that actors count go up and down: for operators these are gauges, all others are counters.
// Refuses to know what is counted. Obeys spec/process.md, section "Admin door".

const levels: readonly string[] = [
  'broker.sessions',
  'chat.sessions',
  'cluster.linked',
  'cluster.lagging',
  'cluster.pressed',
  'cluster.cutOff',
  'cluster.detoured',
  'cluster.clocks.skewed',
];

export interface Levels {
  readonly counters: Readonly<Record<string, number>>;
  readonly gauges: Readonly<Record<string, number>>;
}

/** Sessions are told of even before there was one. */
export function levelsOf(counted: Iterable<readonly [name: string, value: number]>): Levels {
  const gauges: Record<string, number> = { 'broker.sessions': 0, 'chat.sessions': 0 };
  const counters: Record<string, number> = {};
  for (const [name, value] of counted)
    if (levels.includes(name)) gauges[name] = value;
    else counters[name] = value;
  return { counters, gauges };
}
