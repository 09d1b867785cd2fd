// Servers side by side, driven one after the other in short slices, forwards and backwards in turn: what else the machine
// does meets all of them alike. Whoever drives is on another processor than what is measured.
// Refuses to know what is driven, and how.

import { median } from './table.ts';

export interface Driven<N extends string> {
  readonly name: N;
  cpuSeconds(): number;
  /** For so long; tells what came of it. */
  drive(durationMs: number): Promise<number>;
}

const SLICE_MS = 1_000;

/** What came of each CPU-second, by name, one figure for each slice. */
export async function takeTurns<N extends string>(
  all: readonly Driven<N>[],
  slices: number,
): Promise<Map<N, number[]>> {
  const figures = new Map<N, number[]>(all.map(({ name }) => [name, []]));
  for (let slice = 0; slice < slices; slice += 1)
    for (const driven of slice % 2 === 0 ? all : all.toReversed()) {
      const before = driven.cpuSeconds();
      const units = await driven.drive(SLICE_MS);
      figures.get(driven.name)?.push(units / (driven.cpuSeconds() - before));
    }
  return figures;
}

export function thousands(figures: readonly number[]): string {
  return `${(median(figures) / 1_000).toFixed(1)} k`;
}

/** The median of the ratios of neighbours, and the range in which they lie. */
export function ratio(ours: readonly number[], theirs: readonly number[]): string {
  const ratios = ours.map((figure, at) => figure / (theirs[at] ?? NaN));
  const range = `${Math.min(...ratios).toFixed(2)}–${Math.max(...ratios).toFixed(2)}`;
  return `${median(ratios).toFixed(2)}x (${range})`;
}
