// What the shards count, as Prometheus reads it: `hermod_<counter>_total{shard="0"}` and `hermod_<gauge>`, beside the
// usual numbers of the process. Labels are shards only, so the number of series does not grow with clients or topics.
// Refuses to know what is counted and how it is asked for. Obeys spec/process.md, section "Admin door".

import { collectDefaultMetrics, Counter, Gauge, Registry } from 'prom-client';
import type { Shards, ShardStats } from '../shards-contract.ts';

export type MetricSources = Pick<Shards, 'alive' | 'restarts' | 'stats'>;

/** What the main thread itself counts: series without the label of a shard. */
export interface ProcessFigures {
  readonly counters: Readonly<Record<string, number>>;
  readonly gauges: Readonly<Record<string, number>>;
}

/** Every counter gets a series; more names than this must be a bug that makes them up. */
const NAMES_MAX = 1_000;
const LAG_EVERY_MS = 200;

export class Metrics {
  readonly #registry = new Registry();
  readonly #counters = new Map<string, Counter<'shard'>>();
  readonly #gauges = new Map<string, Gauge<'shard'>>();
  readonly #alive: Gauge;
  readonly #restarts: Counter;
  #underway: Promise<string> | undefined = undefined;

  constructor(version: string) {
    const registers = [this.#registry];
    // The main thread carries no traffic: its lag is looked at now and then, and not a hundred times a second.
    collectDefaultMetrics({ register: this.#registry, eventLoopMonitoringPrecision: LAG_EVERY_MS });
    new Gauge({
      name: 'hermod_info',
      help: 'Always 1; the version is in the label.',
      labelNames: ['version'],
      registers,
    }).set({ version }, 1);
    this.#alive = new Gauge({
      name: 'hermod_shards_alive',
      help: 'Shards that run now.',
      registers,
    });
    this.#restarts = new Counter({
      name: 'hermod_shard_restarts_total',
      help: 'Shards that took the place of one that died.',
      registers,
    });
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  /** The text of one scrape. Those who ask meanwhile get the same: shards are not asked twice at once. */
  scrape(sources: MetricSources | undefined, own?: ProcessFigures): Promise<string> {
    this.#underway ??= this.#collect(sources, own).finally(() => {
      this.#underway = undefined;
    });
    return this.#underway;
  }

  async #collect(
    sources: MetricSources | undefined,
    own: ProcessFigures | undefined,
  ): Promise<string> {
    this.#take((await sources?.stats()) ?? []);
    for (const [name, value] of Object.entries(own?.counters ?? {})) {
      this.#counter(name)?.inc(value);
    }
    for (const [name, value] of Object.entries(own?.gauges ?? {})) this.#gauge(name)?.set(value);
    this.#alive.set(sources?.alive ?? 0);
    this.#restarts.reset();
    this.#restarts.inc(sources?.restarts ?? 0);
    return this.#registry.metrics();
  }

  /** A replaced shard counts from zero again, which is what Prometheus expects of counters. */
  #take(stats: readonly ShardStats[]): void {
    for (const counter of this.#counters.values()) counter.reset();
    for (const gauge of this.#gauges.values()) gauge.reset();
    for (const { shard, counters, gauges } of stats) {
      const labels = { shard: String(shard) };
      for (const [name, value] of Object.entries(counters)) this.#counter(name)?.inc(labels, value);
      for (const [name, value] of Object.entries(gauges)) this.#gauge(name)?.inc(labels, value);
    }
  }

  #counter(name: string): Counter<'shard'> | undefined {
    const full = `hermod_${metricName(name)}_total`;
    const known = this.#counters.get(full);
    if (known !== undefined || this.#counters.size >= NAMES_MAX) return known;
    const help = `Counter ${name} of each shard.`;
    const counter = new Counter({
      name: full,
      help,
      labelNames: ['shard'],
      registers: [this.#registry],
    });
    this.#counters.set(full, counter);
    return counter;
  }

  #gauge(name: string): Gauge<'shard'> | undefined {
    const full = `hermod_${metricName(name)}`;
    const known = this.#gauges.get(full);
    if (known !== undefined || this.#gauges.size >= NAMES_MAX) return known;
    const help = `Gauge ${name} of each shard.`;
    const gauge = new Gauge({
      name: full,
      help,
      labelNames: ['shard'],
      registers: [this.#registry],
    });
    this.#gauges.set(full, gauge);
    return gauge;
  }
}

/** `web.acceptFailed` becomes `web_accept_failed`. */
export function metricName(name: string): string {
  return name
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replace(/[^a-zA-Z0-9]+/g, '_')
    .toLowerCase();
}
