// The simulator: events per CPU-second of one thread in both lanes, as drawn, under guard and with every property on,
// against its own bare event loop and fast-check's scheduler; and what a second thread and a second core add on the wall.

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

import { type Contestant, startContestant } from './support/rounds.ts';
import { withSites } from '../src/sim/search/with-sites.ts';
import { median, table } from './support/table.ts';

/** A search is long: what the engine has compiled after two rounds is what most of its seeds run. */
const WARM_UPS = 2;
const ROUNDS = 5;
const POOL_ROUNDS = 3;
/** Each thread compiles the simulator for itself, which is most of a short search. */
const POOL_SEEDS = 240;

const contestants: readonly (readonly [name: string, script: string, args: readonly string[]])[] = [
  ['byte lane', 'bench/support/sim-lane.ts', ['byte']],
  ['object lane', 'bench/support/sim-lane.ts', ['object']],
  ['the event loop alone', 'bench/peers/bare-scheduler.ts', []],
  ['fast-check, fc.scheduler', 'bench/peers/fast-check-scheduler.ts', []],
];

export async function run(): Promise<void> {
  await oneThread();
  await twoThreads();
}

async function oneThread(): Promise<void> {
  const started = contestants.map(([name, script, args]) => ({
    name,
    rates: [] as number[],
    contestant: startContestant(script, args),
  }));
  for (let round = 0; round < WARM_UPS + ROUNDS; round += 1) {
    for (const { contestant, rates } of started) {
      const rate = await rateOf(contestant);
      if (round >= WARM_UPS) rates.push(rate);
    }
  }
  for (const { contestant } of started) await contestant.stop();
  const base = median(started[0]?.rates ?? []);
  const rows = started.map(({ name, rates }) => [
    name,
    thousands(median(rates)),
    `${thousands(Math.min(...rates))} to ${thousands(Math.max(...rates))}`,
    (median(rates) / base).toFixed(2),
  ]);
  console.log(table(['one thread', 'events per CPU-second', 'rounds', 'of the byte lane'], rows));
}

async function rateOf(contestant: Contestant): Promise<number> {
  const { units, cpuSeconds } = await contestant.round();
  return units / cpuSeconds;
}

/**
 * On one core a thread shares it with its collector and its compilers, which otherwise find the second one idle. The
 * machine gives no more than two processes get, each on a core of its own.
 */
async function twoThreads(): Promise<void> {
  const rows: string[][] = [];
  for (const lane of ['byte', 'object']) {
    const alone: number[] = [];
    const ratios: number[][] = [[], [], []];
    for (let round = 0; round < POOL_ROUNDS; round += 1) {
      const base = await poolRate(lane, 1, '0');
      const both = await poolRate(lane, 1);
      const pooled = await poolRate(lane, 2);
      const apart = await Promise.all([poolRate(lane, 1, '0'), poolRate(lane, 1, '1')]);
      alone.push(base);
      for (const [i, rate] of [both, pooled, apart[0] + apart[1]].entries())
        ratios[i]?.push(rate / base);
    }
    rows.push([`${lane} lane`, thousands(median(alone)), ...ratios.map(spread)]);
  }
  const times = ['1 thread, both cores', '2 threads', '2 processes'];
  console.log(
    table(['events per second', 'one core', ...times.map((what) => `times it, ${what}`)], rows),
  );
}

function spread(ratios: readonly number[]): string {
  const [middle, least, most] = [median(ratios), Math.min(...ratios), Math.max(...ratios)];
  return `${middle.toFixed(2)} (${least.toFixed(2)} to ${most.toFixed(2)})`;
}

/** Events per second on the wall, of the simulator as its users start it; `core` is the only one that it may use. */
async function poolRate(lane: string, threads: number, core?: string): Promise<number> {
  const search = ['--only', 'broker', '--runs', `${POOL_SEEDS}`, '--lane', lane];
  const words = [...search, '--threads', `${threads}`, '--json'];
  const command = [process.execPath, ...withSites, 'src/sim/main.ts', ...words];
  const [file = '', ...args] = core === undefined ? command : ['taskset', '-c', core, ...command];
  const { stdout } = await promisify(execFile)(file, args);
  const last = stdout.trimEnd().split('\n').at(-1) ?? '';
  const { eventsPerSecond, failures } = JSON.parse(last) as {
    eventsPerSecond: number;
    failures: number;
  };
  if (failures > 0) throw new Error('a seed fails, and measures nothing');
  return eventsPerSecond;
}

function thousands(rate: number): string {
  return `${Math.round(rate / 1_000)} k`;
}
