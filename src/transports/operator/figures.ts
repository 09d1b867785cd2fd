// What is counted of the gateway, over all shards: connections and the minutes that they last, requests, messages
// taken and sent; in all since the start, and by route since the last report. Connections are told again before
// what was said of them expires.
// Refuses to know clocks and formats. Obeys spec/grip.md, section "Statistics".

import type { OperatorNotice } from '../../actors/runtime/gateway-edges.ts';
import { Wheel } from './wheel.ts';

type Notice<T> = Extract<OperatorNotice, { readonly type: T }>;

/** Everything since the node started; the connections are those of now. */
export interface Totals {
  requests: number;
  connections: number;
  minutes: number;
  received: number;
  sent: number;
}

/** A route's share since the last report; the empty name stands for what no named route had a part in. */
export interface RouteReport {
  readonly route: string;
  /** The most at a time. */
  readonly connections: number;
  readonly minutes: number;
  readonly received: number;
  readonly sent: number;
  readonly responsesSent: number;
  readonly blocksReceived: number | undefined;
  readonly blocksSent: number | undefined;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };
interface RouteFigures extends Mutable<RouteReport> {
  connectionsNow: number;
}

interface Connection extends Notice<'clientConnected'> {
  readonly shard: number;
  minuteSlot: number;
  refreshSlot: number;
}

const SECONDS_OF_MINUTE = 60;

export class Figures {
  readonly totals: Totals = { requests: 0, connections: 0, minutes: 0, received: 0, sent: 0 };
  readonly #connections = new Map<string, Connection>();
  readonly #minutes = new Wheel<Connection>(SECONDS_OF_MINUTE);
  readonly #refreshes: Wheel<Connection>;
  readonly #routes = new Map<string, RouteFigures>();

  constructor(refreshSeconds: number) {
    this.#refreshes = new Wheel(refreshSeconds);
  }

  connected(shard: number, notice: Notice<'clientConnected'>): void {
    const { connection: number, id, kind, route, remote, isSecure } = notice;
    this.disconnected(id);
    const figures = this.#figuresOf(route);
    const connection: Connection = {
      type: 'clientConnected',
      connection: number,
      id,
      // What crossed from another thread brought copies of words that are always the same.
      kind: kind === 'ws' ? 'ws' : 'http',
      route: route === undefined ? undefined : figures.route,
      remote,
      isSecure,
      shard,
      minuteSlot: 0,
      refreshSlot: 0,
    };
    connection.minuteSlot = this.#minutes.add(connection);
    connection.refreshSlot = this.#refreshes.add(connection);
    this.#connections.set(id, connection);
    figures.connectionsNow += 1;
    figures.connections = Math.max(figures.connections, figures.connectionsNow);
    this.totals.connections += 1;
    // A minute that has begun counts.
    this.#lasts(figures);
  }

  /** So many came and went. */
  passed(route: string | undefined, count: number): void {
    const figures = this.#figuresOf(route);
    figures.connections = Math.max(figures.connections, figures.connectionsNow + 1);
    this.#lasts(figures, count);
  }

  /** False for one that is not known. */
  disconnected(id: string): boolean {
    const connection = this.#connections.get(id);
    if (connection === undefined) return false;
    this.#connections.delete(id);
    this.#minutes.remove(connection, connection.minuteSlot);
    this.#refreshes.remove(connection, connection.refreshSlot);
    this.#figuresOf(connection.route).connectionsNow -= 1;
    this.totals.connections -= 1;
    return true;
  }

  published({ count, blocks }: Notice<'itemsPublished'>): void {
    this.totals.received += count;
    const figures = this.#figuresOf(undefined);
    figures.received += count;
    if (blocks !== undefined) figures.blocksReceived = (figures.blocksReceived ?? 0) + blocks;
  }

  requested(count: number): void {
    this.totals.requests += count;
  }

  sent({ receivers, transport, blocks }: Notice<'messageSent'>): void {
    this.totals.sent += receivers;
    const figures = this.#figuresOf(undefined);
    figures.sent += receivers;
    if (transport === 'http-response') figures.responsesSent += receivers;
    if (blocks !== undefined) figures.blocksSent = (figures.blocksSent ?? 0) + blocks;
  }

  /** Those that a dead shard took with it; nobody else tells of their end. */
  takeConnectionsOf(shard: number): readonly Notice<'clientConnected'>[] {
    const gone = [...this.#connections.values()].filter((connection) => connection.shard === shard);
    for (const { id } of gone) this.disconnected(id);
    return gone;
  }

  /** To be called each second; gives the connections that are to be told again. */
  tick(): Iterable<Notice<'clientConnected'>> {
    for (const { route } of this.#minutes.turn()) this.#lasts(this.#figuresOf(route));
    return [...this.#refreshes.turn()];
  }

  /** What happened since the last report; counting begins anew. */
  takeReports(): readonly RouteReport[] {
    this.#figuresOf(undefined);
    const reports: RouteReport[] = [];
    for (const [route, figures] of [...this.#routes]) {
      const { connectionsNow, ...report } = figures;
      reports.push(report);
      if (connectionsNow === 0) this.#routes.delete(route);
      else this.#routes.set(route, beginning(route, connectionsNow));
    }
    return reports;
  }

  #lasts(figures: RouteFigures, count = 1): void {
    figures.minutes += count;
    this.totals.minutes += count;
  }

  #figuresOf(route = ''): RouteFigures {
    const known = this.#routes.get(route);
    if (known !== undefined) return known;
    const figures = beginning(route, 0);
    this.#routes.set(route, figures);
    return figures;
  }
}

function beginning(route: string, connectionsNow: number): RouteFigures {
  return {
    route,
    connections: connectionsNow,
    connectionsNow,
    minutes: 0,
    received: 0,
    sent: 0,
    responsesSent: 0,
    blocksReceived: undefined,
    blocksSent: undefined,
  };
}
