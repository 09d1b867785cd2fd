// The way into the simulator: `npm run sim -- --seed 42`. Reads the command line, runs each seed twice and compares,
// and tells people, or with --json programs, what came of it. The simulator's only door to the platform.

import { parseArgs } from 'node:util';
import type { Lane } from './edges/web.edge.ts';
import { drawPlan } from './plan.ts';
import { type Difference, firstDifference, type Report, simulate } from './simulate.ts';

const USAGE = `Usage: npm run sim -- [options]

  --seed N        first seed (default 1)
  --runs N        seeds to run, one after the other (default 1)
  --lane L        byte (default) or object
  --nodes N --shards N --clients N
                  sizes, instead of drawing them from the seed
  --once          run each seed once; without it each runs twice and the hashes are compared
  --json          the last line of the output is one JSON object
  --trace         write the trace of a failing run

Exit status 1 when an invariant is broken or two runs differ.
`;

process.exitCode = main();

function main(): number {
  const { values } = parseArgs({
    options: {
      seed: { type: 'string', default: '1' },
      runs: { type: 'string', default: '1' },
      lane: { type: 'string', default: 'byte' },
      nodes: { type: 'string' },
      shards: { type: 'string' },
      clients: { type: 'string' },
      once: { type: 'boolean', default: false },
      twice: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      trace: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(USAGE);
    return 0;
  }
  const lane: Lane = values.lane === 'object' ? 'object' : 'byte';
  const sizes = {
    nodes: numberOf(values.nodes),
    shards: numberOf(values.shards),
    clients: numberOf(values.clients),
  };
  const first = Number(values.seed);
  const runs = Number(values.runs);
  const totals = { events: 0, virtualUs: 0, failures: 0, cpuUs: 0 };
  const marks = new Map<string, number>();
  let hash = '';
  for (let seed = first; seed < first + runs; seed += 1) {
    const plan = drawPlan({ seed, lane, ...sizes });
    const cpu = process.cpuUsage();
    const report = simulate(plan);
    const spent = process.cpuUsage(cpu);
    totals.cpuUs += spent.user + spent.system;
    totals.events += report.events;
    totals.virtualUs += report.virtualUs;
    hash = runs === 1 ? report.hash : combined(hash, report.hash);
    for (const [name, count] of report.marks) marks.set(name, (marks.get(name) ?? 0) + count);
    const difference = values.once ? undefined : firstDifference(report, simulate(plan));
    if (difference !== undefined || report.violations.length > 0) totals.failures += 1;
    if (!values.json || difference !== undefined || report.violations.length > 0)
      tell(report, difference, values.trace);
  }
  const eventsPerSecond = Math.round((totals.events * 1_000_000) / Math.max(1, totals.cpuUs));
  const timesRealTime = Math.round(totals.virtualUs / Math.max(1, totals.cpuUs));
  if (!values.json) say(summary(marks, totals.events, eventsPerSecond, timesRealTime));
  else {
    const { failures, events } = totals;
    say(
      JSON.stringify({
        seed: first,
        runs,
        lane,
        failures,
        events,
        eventsPerSecond,
        timesRealTime,
        hash,
        marks: Object.fromEntries(marks),
      }),
    );
  }
  return totals.failures === 0 ? 0 : 1;
}

function tell(report: Report, difference: Difference | undefined, isTraced: boolean): void {
  const { plan, hash, events, virtualUs, violations } = report;
  const { seed, lane, mood, nodes, shards, clients, faults } = plan;
  const size = `${nodes}×${shards} shards, ${clients.length} clients, ${faults.length} faults`;
  say(
    `seed ${seed} ${lane} ${mood}: ${size}, ${events} events in ${(virtualUs / 1e6).toFixed(1)} s, hash ${hash}`,
  );
  const [violation] = violations;
  if (violation !== undefined) {
    const { property, requirements, at, seq, sentence } = violation;
    say(
      `  VIOLATION ${property} [${requirements.join(', ')}] at ${(at / 1e6).toFixed(6)} s, trace ${seq}: ${sentence}`,
    );
    say(`  again with: npm run sim -- --seed ${seed} --lane ${lane}`);
    if (isTraced) for (const event of report.trace) say(JSON.stringify(event));
  }
  if (difference !== undefined) {
    const { place, one, other } = difference;
    say(
      `  NOT DETERMINISTIC: message ${place} differs: ${JSON.stringify(one)} and ${JSON.stringify(other)}`,
    );
  }
}

function summary(
  marks: ReadonlyMap<string, number>,
  events: number,
  eventsPerSecond: number,
  timesRealTime: number,
): string {
  const lines = [...marks].toSorted(([one], [other]) => (one < other ? -1 : 1));
  const width = Math.max(0, ...lines.map(([name]) => name.length));
  const table = lines.map(([name, count]) => `  ${name.padEnd(width)} ${count}`).join('\n');
  return `${table}\n${events} events, ${eventsPerSecond} per CPU second, ${timesRealTime} times real time`;
}

function combined(one: string, other: string): string {
  let low = 0;
  for (const character of one + other) low = (Math.imul(low, 31) + character.charCodeAt(0)) >>> 0;
  return other.slice(8) + low.toString(16).padStart(8, '0');
}

function numberOf(text: string | undefined): number | undefined {
  return text === undefined ? undefined : Number(text);
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
