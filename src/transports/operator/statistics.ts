// Turns what shards notice into the frames of the statistics socket, in Pushpin's words: a type, a space, and a
// dictionary as tnetstring or JSON. Also tells who is followed, for the SUB socket, and counts for Prometheus.
// Refuses to know sockets and clocks: frames are handed out, time is handed in. Obeys spec/grip.md, "Statistics".

import { encodeTnetstring } from '../../actors/codecs/grip/tnetstring.ts';
import type { OperatorNotice } from '../../actors/runtime/gateway-edges.ts';
import { Figures, type RouteReport, type Totals } from './figures.ts';
import type { Noticed } from './notices.ts';
import { FollowedChannels } from './followed-channels.ts';

export interface StatsOptions {
  /** Binds PUB; undefined opens none, and what is counted is counted for Prometheus alone. */
  readonly spec: string | undefined;
  readonly format: 'tnetstring' | 'json';
  /** How long what is said of a connection holds; it is said again within three quarters of that. */
  readonly connectionTtlSeconds: number;
  readonly isSendingConnections: boolean;
  readonly subscriptionTtlSeconds: number;
  /** 0 sends no reports. */
  readonly reportIntervalSeconds: number;
}

export const statsDefaults: StatsOptions = {
  spec: undefined,
  format: 'tnetstring',
  connectionTtlSeconds: 120,
  isSendingConnections: true,
  subscriptionTtlSeconds: 60,
  reportIntervalSeconds: 10,
};

export interface StatisticsEvents {
  frame(frame: Uint8Array): void;
  followed(channel: string): void;
  left(channel: string): void;
  /** Whether anybody hears frames; when it is not known, somebody does. */
  isHeard?(): boolean;
}

type Fields = Readonly<Record<string, string | number | boolean | undefined>>;

export class Statistics {
  readonly #options: StatsOptions;
  readonly #from: string;
  readonly #events: StatisticsEvents;
  readonly #figures: Figures;
  readonly #followed: FollowedChannels;
  #activity = new Map<string, number>();
  #requests = 0;
  #reportedAt: number;

  /** `from` names this node to whoever listens to several. */
  constructor(options: StatsOptions, from: string, nowMs: number, events: StatisticsEvents) {
    this.#options = options;
    this.#from = from;
    this.#events = events;
    this.#reportedAt = nowMs;
    this.#figures = new Figures((options.connectionTtlSeconds * 3) / 4);
    this.#followed = new FollowedChannels((options.subscriptionTtlSeconds * 3) / 4, {
      followed: (channel) => events.followed(channel),
      left: (channel) => events.left(channel),
      told: (mode, channel, subscribers) =>
        this.#say(
          'sub',
          subscribers === 0
            ? { mode, channel, unavailable: true }
            : { mode, channel, ttl: options.subscriptionTtlSeconds, subscribers },
        ),
    });
  }

  get totals(): Readonly<Totals> {
    return this.#figures.totals;
  }

  get channels(): number {
    return this.#followed.channels;
  }

  noticed(shard: number, notice: Noticed): void {
    switch (notice.type) {
      case 'channelFollowed':
        this.#followed.noticed(shard, notice);
        return;
      case 'messageSent': {
        const { channel, itemId, receivers, blocks, transport } = notice;
        this.#figures.sent(notice);
        this.#say('message', {
          channel,
          'item-id': itemId,
          count: receivers,
          blocks,
          transport,
        });
        return;
      }
      case 'clientConnected':
        this.#figures.connected(shard, notice);
        this.#sayConnected(notice);
        return;
      case 'clientDisconnected':
        if (this.#figures.disconnected(notice.id)) this.#sayDisconnected(notice);
        return;
      case 'clientPassed':
        this.#figures.passed(notice.route, 1);
        this.#sayConnected(notice);
        this.#sayDisconnected(notice);
        return;
      case 'clientsPassed':
        this.#figures.passed(notice.route, notice.count);
        return;
      case 'activity': {
        const { route = '', count } = notice;
        this.#activity.set(route, (this.#activity.get(route) ?? 0) + count);
        return;
      }
      case 'itemsPublished':
        this.#figures.published(notice);
        return;
      case 'requestsReceived':
        this.#figures.requested(notice.count);
        this.#requests += notice.count;
        return;
      default:
        notice satisfies never;
    }
  }

  shardDied(shard: number, nowMs: number): void {
    this.#followed.shardDied(shard, nowMs);
    for (const notice of this.#figures.takeConnectionsOf(shard)) this.#sayDisconnected(notice);
  }

  /** Whether `sayActivity` has something to say. */
  get isActive(): boolean {
    return this.#activity.size > 0 || this.#requests > 0;
  }

  /** To be called soon after something was noticed, and not for each single notice. */
  sayActivity(): void {
    for (const [route, count] of this.#activity) this.#say('activity', { ...named(route), count });
    this.#activity = new Map();
    if (this.#requests > 0) this.#say('counts', { 'requests-received': this.#requests });
    this.#requests = 0;
  }

  /** To be called each second. */
  tick(nowMs: number): void {
    this.#followed.tick(nowMs);
    for (const notice of this.#figures.tick()) this.#sayConnected(notice);
    const { reportIntervalSeconds } = this.#options;
    const duration = nowMs - this.#reportedAt;
    // A second that is a little short must not cost a report another one.
    if (reportIntervalSeconds === 0 || duration < reportIntervalSeconds * 1_000 - 500) return;
    this.#reportedAt = nowMs;
    for (const report of this.#figures.takeReports()) this.#sayReport(report, duration);
  }

  #sayReport(report: RouteReport, duration: number): void {
    const { route, connections, minutes, received, sent, responsesSent } = report;
    this.#say('report', {
      ...named(route),
      connections,
      minutes,
      received,
      sent,
      'http-response-sent': responsesSent,
      'blocks-received': report.blocksReceived,
      'blocks-sent': report.blocksSent,
      duration: Math.round(duration),
    });
  }

  #sayConnected(
    notice: Omit<Extract<OperatorNotice, { readonly type: 'clientConnected' }>, 'type'>,
  ): void {
    const { isSendingConnections, connectionTtlSeconds } = this.#options;
    if (!isSendingConnections) return;
    const { id, kind, route, remote, isSecure } = notice;
    this.#say('conn', {
      ...named(route),
      id,
      type: kind,
      'peer-address': remote === '' ? undefined : remote,
      ssl: isSecure ? true : undefined,
      ttl: connectionTtlSeconds,
    });
  }

  #sayDisconnected({
    id,
    route,
  }: {
    readonly id: string;
    readonly route: string | undefined;
  }): void {
    if (!this.#options.isSendingConnections) return;
    this.#say('conn', { ...named(route), id, unavailable: true });
  }

  #say(type: string, fields: Fields): void {
    if (this.#options.spec === undefined || this.#events.isHeard?.() === false) return;
    const said = Object.entries({ from: this.#from, ...fields }).filter(
      ([, value]) => value !== undefined,
    );
    const packet = Object.fromEntries(said);
    const frame =
      this.#options.format === 'json'
        ? Buffer.from(`${type} J${JSON.stringify(packet)}`)
        : Buffer.concat([Buffer.from(`${type} T`), encodeTnetstring(packet)]);
    this.#events.frame(frame);
  }
}

/** Only routes with a name of their own are named. */
function named(route: string | undefined): Fields {
  return route === undefined || route === '' ? {} : { route };
}
