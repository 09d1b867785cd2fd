// The operators' side of the gateway on the main thread: opens the ZeroMQ doors, the statistics socket and the
// Prometheus endpoint, and lets them know what the shards noticed.
// Refuses to know what items, commands and figures mean. Obeys spec/grip.md, sections "Publishing" and "Statistics".

import type { ZmqUris } from '../../actors/gateway/control.actor.ts';
import type { ReceivedItem } from '../zmq/intake.ts';
import { StatsSocket } from '../zmq/stats-socket.ts';
import { ZmqDoors, type ZmqOptions } from '../zmq/zmq-doors.ts';
import type { Noticed, NoticeWishes } from './notices.ts';
import { PrometheusDoor, type PrometheusOptions } from './prometheus.ts';
import { Statistics, type StatsOptions } from './statistics.ts';

export interface OperationsOptions {
  readonly zmq: ZmqOptions;
  readonly stats: StatsOptions;
  readonly prometheus: PrometheusOptions | undefined;
}

/** The shards, as the operators' side needs them. */
export interface OperationsShards {
  takeItems(items: readonly ReceivedItem[]): Promise<void>;
  obeyCommand(frame: Uint8Array): Promise<Uint8Array | undefined>;
}

export type OperationsOpening =
  | { readonly ok: true; readonly doors: Readonly<Record<string, string>> }
  | {
      readonly ok: false;
      readonly door: 'zmq-pull' | 'zmq-sub' | 'zmq-command' | 'stats' | 'prometheus';
      /** Where it should have been: a ZeroMQ spec, or host and port. */
      readonly where: string;
      readonly code: string;
      readonly message: string;
    };

const ACTIVITY_AFTER_MS = 100;
const TICK_MS = 1_000;

export class Operations {
  readonly counters: Record<string, number> = {};
  readonly #options: OperationsOptions;
  readonly #zmq: ZmqDoors;
  readonly #statistics: Statistics;
  readonly #stats: StatsSocket | undefined;
  readonly #prometheus: PrometheusDoor | undefined;
  readonly #ticking: NodeJS.Timeout;
  #saying: NodeJS.Timeout | undefined = undefined;

  constructor(options: OperationsOptions, shards: OperationsShards) {
    this.#options = options;
    const count = (counter: string, by: number): void => {
      this.counters[counter] = (this.counters[counter] ?? 0) + by;
    };
    this.#zmq = new ZmqDoors(options.zmq, {
      takeItems: (items) => shards.takeItems(items),
      obeyCommand: (frame) => shards.obeyCommand(frame),
      count,
    });
    this.#stats =
      options.stats.spec === undefined
        ? undefined
        : new StatsSocket(() => count('zmq.stats.dropped', 1));
    this.#statistics = new Statistics(options.stats, `hermod_${process.pid}`, performance.now(), {
      frame: (frame) => this.#stats?.send(frame),
      isHeard: () => this.#stats?.isHeard === true,
      followed: (channel) => this.#zmq.follow(channel),
      left: (channel) => this.#zmq.unfollow(channel),
    });
    this.#prometheus =
      options.prometheus === undefined
        ? undefined
        : new PrometheusDoor(options.prometheus, () => this.#statistics.totals);
    this.#ticking = setInterval(() => this.#statistics.tick(performance.now()), TICK_MS).unref();
  }

  /** Opens everything, or nothing. The shards must be there: what comes in goes to them. */
  async open(): Promise<OperationsOpening> {
    const zmq = await this.#zmq.open();
    if (!zmq.ok) return this.#fail(zmq.door, zmq.spec, zmq);
    const doors: Record<string, string> = { ...zmq.doors };
    const { stats, zmq: zmqOptions, prometheus } = this.#options;
    if (this.#stats !== undefined && stats.spec !== undefined) {
      const bound = await this.#stats.bind(stats.spec, zmqOptions.ipcFileMode);
      if (!bound.ok) return this.#fail('stats', stats.spec, bound);
      doors['stats'] = bound.endpoint;
    }
    if (this.#prometheus !== undefined && prometheus !== undefined) {
      const listening = await this.#prometheus.listen();
      const where = `${prometheus.host}:${prometheus.port}`;
      if (!listening.ok) return this.#fail('prometheus', where, listening);
      doors['prometheus'] = listening.address;
    }
    return { ok: true, doors };
  }

  /** Publishers are to send what is published to these, whoever follows them here. */
  follow(channels: readonly string[]): void {
    for (const channel of channels) this.#zmq.follow(channel);
  }

  noticed(shard: number, notices: readonly Noticed[]): void {
    for (const notice of notices) this.#statistics.noticed(shard, notice);
    if (!this.#statistics.isActive || this.#saying !== undefined) return;
    this.#saying = setTimeout(() => {
      this.#saying = undefined;
      this.#statistics.sayActivity();
    }, ACTIVITY_AFTER_MS).unref();
  }

  shardDied(shard: number): void {
    this.#statistics.shardDied(shard, performance.now());
  }

  get gauges(): Readonly<Record<string, number>> {
    return { 'gateway.channelsFollowed': this.#statistics.channels };
  }

  close(): void {
    clearInterval(this.#ticking);
    clearTimeout(this.#saying);
    this.#zmq.close();
    this.#stats?.close();
    this.#prometheus?.close();
  }

  #fail(
    door: Extract<OperationsOpening, { readonly ok: false }>['door'],
    where: string,
    { code, message }: { readonly code: string; readonly message: string },
  ): OperationsOpening {
    this.close();
    return { ok: false, door, where, code, message };
  }
}

/** What shards must tell, so that nothing crosses threads that nobody wants. */
export function wishesOf({ zmq, stats, prometheus }: OperationsOptions): NoticeWishes {
  const hasStats = stats.spec !== undefined;
  return {
    channels: hasStats || zmq.subSpecs.length > 0,
    figures: hasStats || prometheus !== undefined,
  };
}

/** What is told to whoever asks where to publish, in the words of the configuration. */
export function urisOf({ commandSpec, pullSpec, subSpecs, isSubConnecting }: ZmqOptions): ZmqUris {
  return {
    command: commandSpec,
    publishPull: pullSpec,
    publishSub: isSubConnecting ? undefined : subSpecs[0],
  };
}
